"""How far from its lead each mode is kept, in which planes, and what an evolution so takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import asinh, ceil, log
from typing import Protocol

import numpy as np

from ...maths.arrays import ComplexArray, IntArray
from ..auxiliary_modes import chebyshev
from ..protocols import SiteModes
from .layout import STRIP, Strips

LONGER = 1.4  # times the range, in the run that tells its error
VELOCITY = 2.0  # largest along an axis, of hops of modulus 1
GREEN = 2.0  # time of an entry of Y, in double precision, in units of one of modes
PREDICTED = 14  # reach of the windows of a prediction, about
STEP_TERMS = 14.0  # of the polynomial of a step
START = {4: 1e-8, 8: 1e-14}  # largest Chebyshev term left out of the stationary start


class PlanarModes(SiteModes, Protocol):
    """Modes on a lattice whose sites have places: number x Ly + y, neighbours +x, -x, +y, -y."""

    @property
    def shape(self) -> tuple[int, int]:
        """(Lx, Ly)."""


@dataclass(frozen=True)
class Ranges:
    """How far matrices are kept.

    modes : in units of 1/kappa; inf: all rows are, and the start is exact. green : sites, None for
    all. fast : modes whose |Re rate| is not below have no matrix: they follow the mean field.
    beyond : reaches are by a site at least longer than those.
    """

    modes: float
    green: int | None = None
    fast: float = np.inf
    beyond: Ranges | None = None

    def longer(self, factor: float) -> Ranges:
        """The same, so many times as far."""
        green = None if self.green is None else ceil(factor * self.green)
        return Ranges(factor * self.modes, green, self.fast, self)

    def of_green(self, system: PlanarModes) -> int:
        """The reach of Y."""
        whole = max(system.shape) // 2 + 1
        return whole if self.green is None else min(self.green, whole)

    def reaches(self, system: PlanarModes) -> IntArray:
        """The reach of each group's modes, (groups,)."""
        fall = [asinh(abs(rate.real) / VELOCITY) for rate in system.rates_at(0.0, -1)]
        most = self.of_green(system)
        reaches = np.array([max(1, ceil(min(self.modes / kappa, most))) for kappa in fall])
        if self.beyond is not None:
            reaches = np.maximum(reaches, self.beyond.reaches(system) + 1)
        return np.minimum(reaches, most)


WHOLE = Ranges(np.inf)


def planned(
    system: PlanarModes, ranges: Ranges, together: int, fast: bool = False
) -> list[tuple[tuple, int]]:
    """(groups, reach) of the planes; ``together`` : groups of a plane; fast : those that follow."""
    reaches, rates = ranges.reaches(system), system.rates_at(0.0, -1)
    order = np.argsort(-reaches, kind="stable")
    order = order[(np.abs(rates[order].real) >= ranges.fast) == fast]
    planes = []
    for k in range(0, len(order), together):
        groups: list[int | None] = [int(g) for g in order[k : k + together]]
        reach = int(reaches[groups[0]])
        planes.append((tuple(groups + [None] * (together - len(groups))), reach))
    return planes


def together_in(itemsize: int) -> int:
    """Groups of a plane, by the bytes of a complex number: as many as fill a vector."""
    return max(1, 16 // itemsize)


def resolvent_terms(rate: complex, radius: float, smallest: float) -> int:
    """Chebyshev terms of 1/(i x - rate) on [-radius, radius] down to ``smallest``."""
    a = abs(rate.real) / radius
    return ceil(-log(smallest * min(a, 1.0)) / asinh(a)) + 4


def resolvent_coefficients(rate: complex, radius: float, terms: int) -> ComplexArray:
    """The coefficients of so many terms."""
    return chebyshev.coefficients(lambda x: 1 / (1j * x - rate), radius, terms)


def matrices_of(system: PlanarModes, ranges: Ranges) -> int:
    """Groups of modes that have a matrix."""
    return len(planned(system, ranges, 1))


@dataclass(frozen=True)
class Work:
    """What an evolution takes: on the fullest rank bytes of the state and in all.

    entries : complex entries that a step advances, in units of those of modes; start : the same of
    the stationary start. share : of the entries of all modes and Y without ranges.
    """

    state: int
    bytes: int
    entries: float
    start: float
    share: float
    strips: int


def work_of(system: PlanarModes, ranges: Ranges, itemsize: int, ranks: int) -> Work:
    """The `Work` of a lattice; itemsize : bytes of a complex number of the modes."""
    strips = Strips(*system.shape)
    together = together_in(itemsize)
    columns = 2 * STRIP * strips.count
    planes = [
        (groups, 2 * strips.window(reach).size * columns * together)
        for groups, reach in planned(system, ranges, together)
    ]
    modes = sum(entries for _, entries in planes)
    green = 2 * strips.window(ranges.of_green(system)).size * columns
    part = -(-strips.count // min(ranks, strips.count)) / strips.count
    passes = 2.0 * GREEN
    start = following = 0.0
    rates, radius = system.rates_at(0.0, -1), system.field_bound + 1.0
    for groups, entries in planes:
        known = {complex(rates[g]) for g in groups if g is not None}
        terms = resolvent_terms(rates[groups[0]], radius, START[itemsize // 2])
        start += GREEN * len(known) / together * entries * terms / STEP_TERMS
    most = int(max(reach for reach in ranges.reaches(system)))
    memory = 2 * strips.window(min(most + 1, ranges.of_green(system))).size * columns
    for groups, reach in planned(system, ranges, together, True):
        terms = resolvent_terms(rates[groups[0]], radius, START[itemsize // 2])
        following += 2 * strips.window(reach).size * columns * together * terms / STEP_TERMS
    further = 2.0 * memory + 2 * strips.window(PREDICTED).size * columns
    if memory < green:
        further += green
    if ranks > 1:
        further += 1.5 * green
    whole = 2 * columns * len(system.near) * (len(system.groups) + 1)
    return Work(
        int(part * itemsize * (modes + green)),
        int(part * itemsize * (modes + green + further)),
        modes + following + passes * green,
        start,
        (modes + green) / whole,
        strips.count,
    )
