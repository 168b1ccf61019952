"""A mean field with bath modes on lattice sites, each mode within its own range of its site.

The equations of `site_columns.state`. A mode of rate lambda falls off as exp(-kappa r) from the
site whose lead it comes from, sinh kappa = |Re lambda|/v with the band's largest velocity v = 2
along an axis; it is kept within ``range / kappa`` sites, along x and along y, and H acts within
these rows (hops out of them are left out). Y is kept within a range of its own. Windows belong to
strips of four sites (`layout`), which ranks share out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asinh, ceil, log
from typing import Protocol

import numpy as np
from mpi4py import MPI
from numpy.typing import DTypeLike, NDArray

from ...maths.arrays import ComplexArray, IntArray
from ...parallel import Communicator, Layout, Part, all_rows, placed
from ..auxiliary_modes import chebyshev
from ..output_times import Row
from ..protocols import Observables, SiteModes
from ..site_columns.halo import Halo
from ..site_columns.state import around_sites, lanczos
from .layout import STRIP, Strips, Window

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

    modes : in units of 1/kappa. green : sites, None for all. beyond : reaches are by a site at
    least longer than those.
    """

    modes: float
    green: int | None = None
    beyond: Ranges | None = None

    def longer(self, factor: float) -> Ranges:
        """The same, so many times as far."""
        green = None if self.green is None else ceil(factor * self.green)
        return Ranges(factor * self.modes, green, self)

    def of_green(self, system: PlanarModes) -> int:
        """The reach of Y."""
        whole = max(system.shape) // 2 + 1
        return whole if self.green is None else min(self.green, whole)

    def reaches(self, system: PlanarModes) -> IntArray:
        """The reach of each group's modes, (groups,)."""
        fall = [asinh(abs(rate.real) / VELOCITY) for rate in system.rates_at(0.0, -1)]
        reaches = np.array([max(1, ceil(self.modes / kappa)) for kappa in fall])
        if self.beyond is not None:
            reaches = np.maximum(reaches, self.beyond.reaches(system) + 1)
        return np.minimum(reaches, self.of_green(system))


@dataclass
class Plane:
    """Modes of one group or two that share their windows.

    groups : None where there is no second one. strength (groups, 2) of the sources of columns.
    """

    groups: tuple[int | None, ...]
    window: Window
    strength: ComplexArray
    modes: NDArray

    def lanes(self, values: NDArray) -> NDArray:
        """Values (all groups, ...) of each lane's group, (lanes, ...); 0 where there is none."""
        rows = [np.zeros_like(values[0]) if g is None else values[g] for g in self.groups]
        return np.repeat(np.array(rows), 2 * STRIP, axis=0)


def planned(system: PlanarModes, ranges: Ranges, together: int) -> list[tuple[tuple, int]]:
    """(groups, reach) of the planes; ``together`` : groups of a plane."""
    reaches = ranges.reaches(system)
    order = np.argsort(-reaches, kind="stable")
    planes = []
    for k in range(0, len(order), together):
        groups: list[int | None] = [int(g) for g in order[k : k + together]]
        reach = int(reaches[groups[0]])
        planes.append((tuple(groups + [None] * (together - len(groups))), reach))
    return planes


class WindowState:
    """Y and the modes of this rank's strips.

    flat : the mean field of the own sites, what PETSc sees. green : Y (strips, 2n, 2, 8) real.
    modes : the planes. memory : the window of their sum Q and of Z. dtype complex64: modes and Y
    are kept and advanced in single precision. start : whether to set the
    stationary start.
    """

    ts_types = ("exponential",)

    def __init__(
        self,
        system: PlanarModes,
        comm: Communicator,
        ranges: Ranges,
        dtype: DTypeLike = complex,
        start: bool = True,
    ):
        self.system, self.comm, self.dtype = system, comm, np.dtype(dtype)
        self.strips = Strips(*system.shape)
        self.halo = Halo(comm, self.strips.near)
        self.layout: Layout = self.halo.layout
        self.real = np.empty(0, self.dtype).real.dtype
        begin, end = self.layout.bounds()
        self.own, own = slice(begin, end), end - begin
        self.sites = self.strips.sites[begin:end]
        self.inside = self.sites >= 0
        self.window = self.strips.window(ranges.of_green(system))
        self.green = np.zeros((own, 2 * self.window.size, 2, 2 * STRIP), self.real)
        strength = self._strengths()
        self.modes = []
        for groups, reach in planned(system, ranges, together_in(self.dtype.itemsize)):
            window = self.strips.window(reach)
            shape = own, 2 * window.size, 2, 2 * STRIP * len(groups)
            rows = [np.zeros(2, complex) if g is None else strength[g] for g in groups]
            self.modes.append(Plane(groups, window, np.array(rows), np.zeros(shape, self.real)))
        furthest = max(plane.window.reach for plane in self.modes)
        self.memory = self.strips.window(min(furthest + 1, self.window.reach))
        self.flat = np.zeros(int(self.inside.sum()), complex)
        self.green_count = self.flat.size
        near = system.near
        self.back = np.array(
            [[int(np.flatnonzero(near[k] == j)[0]) for k in near[j]] for j in range(len(near))]
        )
        if start:
            self.fill()

    def _strengths(self):
        """Sources of all groups in up and hole columns, (groups, 2)."""
        strength = np.zeros((len(self.system.groups), 2), complex)
        for a in (0, 1):
            strength[list(self.system.held[a]), a] = self.system.strength[a]
        return strength

    def place(self, window: Window) -> tuple[NDArray, ...]:
        """What kernels ask of a window around the own strips."""
        strips, own = self.strips, self.own
        return strips.x[own], strips.y[own], window.geometry, window.near, window.own

    def scratch(self, window: Window, real: np.dtype, lanes: int, terms: int) -> tuple:
        """Three planes, own rows of lanes, sources, and fields around a strip."""
        n, kind = window.size, np.result_type(real, np.complex64)
        planes = [np.zeros((2 * n + 2, 2, lanes), real) for _ in range(3)]
        around = [np.empty(shape, real) for shape in ((n, 8), n, (n, 2), n, (n, 2))]
        at, w = np.zeros((lanes, 2), np.int64), np.zeros((terms, lanes, 2), kind)
        return (*planes, at, w, tuple(around))

    # -- the stationary start ----------------------------------------------------------------------
    def fill(self) -> None:
        """Set the stationary start: resolvents within the windows, Y = i (Q + white/2)/damping.

        **Collective.**
        """
        system, rates = self.system, self.system.rates_at(0.0, -1)
        for plane in self.modes:
            self._resolve(plane, rates)
        Q, _ = self.sums(rates)
        Y, d = self.green, system.damping
        rows = 2 * self.memory.inside(self.window)[:, None] + np.arange(2)
        Y[:, rows.ravel(), 0], Y[:, rows.ravel(), 1] = -Q[: len(Y), :, 1] / d, Q[: len(Y), :, 0] / d
        for s, place in enumerate(self.window.own):
            for a in (0, 1):
                Y[self.inside[:, s], 2 * place + a, 1, STRIP * a + s] += 0.5 * system.white / d
        own = self.own_blocks(self.green, self.window)
        c = own[:, 0, 1] - own[:, 1, 0].conj()
        self.flat[:] = self.system.coupling[self.sites[self.inside]] * c

    def _resolve(self, plane, rates):
        """Stationary modes of a plane: a Chebyshev series of H within the window, in double."""
        from . import sweeps

        system, window, done = self.system, plane.window, {}
        hop, c = system.hop_at(0.0, -1), system.pattern
        longer = max(0.0, float(np.abs(hop).max()) - 1)
        radius = float(system.field_bound + 4 * longer + np.abs(c).max())
        N, lanes = len(c), 2 * STRIP
        rotation = np.ones(N), np.zeros((N, 2))
        hops = np.ascontiguousarray(hop / radius).view(float)
        field = np.ascontiguousarray(c / radius).view(float).reshape(-1, 2)
        M = np.zeros((1, 2 * window.size, 2, lanes))
        for k, g in enumerate(plane.groups):
            part = slice(k * lanes, (k + 1) * lanes)
            key = None if g is None else (complex(rates[g]), *plane.strength[k])
            if key is None or key in done:
                if key is not None:
                    plane.modes[..., part] = plane.modes[..., done[key]]
                continue
            done[key] = part
            f = resolvent_coefficients(rates[g], radius, START[self.real.itemsize])
            u = np.zeros(len(f), complex)
            scratch = self.scratch(window, np.dtype(float), lanes, len(f))
            matrix = hops, system.onsite / radius, field, u
            functions = np.tile(f, (lanes, 1))
            for t in range(len(self.sites)):
                sources = self._plain_sources(t, plane.strength[k])[None]
                where = self.strips.x[self.own][t : t + 1], self.strips.y[self.own][t : t + 1]
                place = (*where, *self.place(window)[2:])
                nothing = np.zeros((2, lanes))
                given = rotation, M, nothing, functions, sources, scratch
                sweeps.modes(place, matrix, system.plain, *given)
                plane.modes[t, ..., part] = M[0]

    def _plain_sources(self, t, strength):
        """Sources (lanes, 2) of the columns of a strip."""
        sources = np.zeros((2, STRIP, 2), complex)
        for a in (0, 1):
            sources[a, :, a] = strength[a] * self.inside[t]
        return sources.reshape(2 * STRIP, 2)

    def sums(
        self, rates: ComplexArray, Q: NDArray | None = None, L: NDArray | None = None
    ) -> tuple[NDArray, NDArray]:
        """Q = sum Pi_g and L = sum lambda_g Pi_g, (strips, 2n, 2, 8) in the window ``memory``.

        Q has room for the strips of neighbours behind the own ones. Added to the Q and L that are
        given, if any.
        """
        from . import sweeps

        shape = len(self.sites), 2 * self.memory.size, *self.green.shape[2:]
        if Q is None:
            Q = np.zeros((self.halo.count, *shape[1:]), self.real)
        if L is None:
            L = np.zeros(shape, self.real)
        for plane in self.modes:
            lanes = plane.lanes(np.asarray(rates))
            both = np.array([lanes.real, lanes.imag], self.real)
            sweeps.sums(plane.modes, plane.window.inside(self.memory), both, Q, L)
        return Q, L

    def placed(self) -> dict[str, Part]:
        """What a checkpoint stores, in an order that does not depend on the ranks.

        **Collective.**
        """
        arrays = {"field": self.flat, "green": self.green.reshape(-1)}
        for k, plane in enumerate(self.modes):
            arrays[f"modes_{k}"] = plane.modes.reshape(-1)
        return {name: placed(self.comm, flat) for name, flat in arrays.items()}

    @property
    def nbytes(self) -> int:
        """Bytes of Y and modes on this rank."""
        return self.green.nbytes + sum(plane.modes.nbytes for plane in self.modes)

    # -- what the mean field and the observables read ----------------------------------------------
    def own_blocks(self, Y: NDArray, window: Window) -> ComplexArray:
        """Entries between the components of each own site, (sites, row, column) complex."""
        rows = 2 * window.own[:, None] + np.arange(2)  # (slot, row)
        slots = np.arange(STRIP)[:, None, None]
        lanes = STRIP * np.arange(2) + slots  # (slot, 1, column)
        own, at = Y[: len(self.sites)], rows[:, :, None]
        return (own[:, at, 0, lanes] + 1j * own[:, at, 1, lanes])[self.inside].astype(complex)

    def band(self, Y: NDArray) -> ComplexArray:
        """Y between each own site, its neighbours and itself, (sites, 2 columns, 5, 2 rows)."""
        own = self.window.own
        places = np.concatenate([self.window.near[own], own[:, None]], axis=1)  # (slot, 5)
        rows = 2 * places[:, None, :, None] + np.arange(2)
        lanes = STRIP * np.arange(2)[:, None, None] + np.arange(STRIP)[:, None, None, None]
        part = Y[: len(self.sites)]
        band = part[:, rows, 0, lanes] + 1j * part[:, rows, 1, lanes]
        return band[self.inside].astype(complex)

    def mean_field(
        self, Y: NDArray, Q: NDArray, hop: ComplexArray, c: ComplexArray
    ) -> tuple[ComplexArray, ComplexArray]:
        """(c, dc/dt) at all sites, with H taken at ``c``. **Collective.**"""
        G, velocity, _ = self._everywhere(Y, self.own_blocks(Q, self.memory), hop, c)
        return self.system.coupling * G[:, 0, 1], self.system.coupling * velocity[:, 0, 1]

    def _everywhere(self, Y, block, hop, c):
        """G, dG/dt of all sites (N, 2, 2), and G to neighbours (N, 4, 2, 2). **Collective.**"""
        system = self.system
        band, block = all_rows(self.comm, self.band(Y)), all_rows(self.comm, block)
        return around_sites(system, band, system.near, self.back, hop, c, system.onsite, block)

    def field(self, array: ComplexArray, t: float = 0.0) -> ComplexArray:
        """The mean field at all sites. **Collective.**"""
        return all_rows(self.comm, array)

    def observe(self, row: Row) -> Observables:
        """The system's observables at an output, an `output_times.Row`. **Collective.**"""
        system, block = self.system, 0.0
        named: dict[tuple[int, int], NDArray] = {}
        for plane in row.modes:
            own = self._own_modes(plane)
            block = block + own.sum(axis=1)
            for k, g in enumerate(plane.groups):
                for a in (0, 1):
                    named[g, a] = own[:, k, a, a]
        traces = np.array([named[int(g), a] for a in (0, 1) for g in system.held[a]]).T
        parts = self._everywhere(row.green, block, system.hop_at(row.t, row.side), row.c)
        modes = all_rows(self.comm, system.observe_modes(traces))
        return system.observables(row.t, row.side, modes, *parts)

    def _own_modes(self, plane):
        """Modes between the components of each own site, (sites, groups, row, column)."""
        rows = 2 * plane.window.own[:, None, None, None] + np.arange(2)[:, None]
        lanes = np.arange(plane.modes.shape[3]).reshape(-1, 2, STRIP).transpose(2, 0, 1)
        lanes = lanes[:, :, None, :]
        own = plane.modes[:, rows, 0, lanes] + 1j * plane.modes[:, rows, 1, lanes]
        return own[self.inside].astype(complex)

    def extremes(self, Y: NDArray | None = None) -> tuple[float, float, float]:
        """(0, smallest, largest eigenvalue of -i G); G = Y - Y^+ is anti-Hermitian. **Collective.**

        By forty Lanczos steps, from inside: they find what left [0, 1], not the last digit of what
        stayed.
        """
        from . import green

        if Y is None:
            Y = self.green
        place, N = self.place(self.window), len(self.system.near)

        def multiplied(x):
            y = np.zeros((N, 2), complex)
            green.product(place, self.sites, Y, x.reshape(N, 2), y)
            self.comm.Allreduce(MPI.IN_PLACE, y)
            return -1j * y.ravel()

        return 0.0, *lanczos(multiplied, 2 * N)

    def rhs(self, *given: object) -> None:
        """Raises NotImplementedError: PETSc's own integrators are not offered."""
        raise NotImplementedError("windows: the exponential integrator only")


def together_in(itemsize: int) -> int:
    """Groups of a plane, by the bytes of a complex number: as many as fill a vector."""
    return max(1, 16 // itemsize)


def _resolvent_terms(rate, radius, smallest):
    """Terms of `resolvent_coefficients`."""
    a = abs(rate.real) / radius
    return ceil(-log(smallest * min(a, 1.0)) / asinh(a)) + 4


def resolvent_coefficients(rate: complex, radius: float, smallest: float) -> ComplexArray:
    """Chebyshev coefficients of 1/(i x - rate) on [-radius, radius] down to ``smallest``."""
    terms = _resolvent_terms(rate, radius, smallest)
    return chebyshev.coefficients(lambda x: 1 / (1j * x - rate), radius, terms)


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
    passes, start = 2.0 * GREEN, 0.0
    rates, radius = system.rates_at(0.0, -1), system.field_bound + 1.0
    for groups, entries in planes:
        known = {complex(rates[g]) for g in groups if g is not None}
        terms = _resolvent_terms(rates[groups[0]], radius, START[itemsize // 2])
        start += GREEN * len(known) / together * entries * terms / STEP_TERMS
    most = int(max(reach for reach in ranges.reaches(system)))
    memory = 2 * strips.window(min(most + 1, ranges.of_green(system))).size * columns
    further = 2.0 * memory + 2 * strips.window(PREDICTED).size * columns + (ranks > 1) * green
    whole = 2 * columns * len(system.near) * (len(system.groups) + 1)
    return Work(
        int(part * itemsize * (modes + green)),
        int(part * itemsize * (modes + green + further)),
        modes + passes * green,
        start,
        (modes + green) / whole,
        strips.count,
    )
