"""A mean field with bath modes on lattice sites, each mode within its own range of its site.

The equations of `site_columns.state`. A mode of rate lambda falls off as exp(-kappa r) from the site
whose lead it comes from, sinh kappa = |Re lambda|/v with the band's largest velocity v = 2 along an
axis; it is kept within ``reach / kappa`` sites, along x and along y, and H acts within these rows
(hops out of them are left out). Y is kept within a range of its own. Windows belong to strips of
four sites (`layout`), which ranks share out.
"""

from __future__ import annotations

from collections.abc import Sequence
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

VELOCITY = 2.0  # largest along an axis, of hops of modulus 1
START = {4: 1e-8, 8: 1e-14}  # largest Chebyshev term left out of the stationary start


class PlanarModes(SiteModes, Protocol):
    """Modes on a lattice whose sites have places: number x Ly + y, neighbours +x, -x, +y, -y."""

    @property
    def shape(self) -> tuple[int, int]:
        """(Lx, Ly)."""


@dataclass(frozen=True)
class Ranges:
    """How far matrices are kept. modes : in units of 1/kappa. green : sites, None for all."""

    modes: float
    green: int | None = None

    def longer(self, factor: float) -> Ranges:
        """The same, so many times as far."""
        green = None if self.green is None else ceil(factor * self.green)
        return Ranges(factor * self.modes, green)

    def of_green(self, system: PlanarModes) -> int:
        """The reach of Y."""
        whole = max(system.shape) // 2 + 1
        return whole if self.green is None else min(self.green, whole)

    def reaches(self, system: PlanarModes) -> IntArray:
        """The reach of each group's modes, (groups,)."""
        fall = [asinh(abs(rate.real) / VELOCITY) for rate in system.rates_at(0.0, -1)]
        most = self.of_green(system)
        return np.array([min(most, max(1, ceil(self.modes / kappa))) for kappa in fall])


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
    modes : the planes. dtype complex64: modes and Y are kept in single precision, Y is advanced in
    double precision. start : whether to set the stationary start.
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
        for groups, reach in planned(system, ranges, 64 // self.dtype.itemsize // 4 or 1):
            window = self.strips.window(reach)
            shape = own, 2 * window.size, 2, 2 * STRIP * len(groups)
            rows = [np.zeros(2, complex) if g is None else strength[g] for g in groups]
            self.modes.append(Plane(groups, window, np.array(rows), np.zeros(shape, self.real)))
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
        Y[:, :, 0], Y[:, :, 1] = -Q[: len(Y), :, 1] / d, Q[: len(Y), :, 0] / d
        for s, place in enumerate(self.window.own):
            for a in (0, 1):
                Y[self.inside[:, s], 2 * place + a, 1, STRIP * a + s] += 0.5 * system.white / d
        own = self.own_blocks(self.green)
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
        """Q = sum Pi_g and L = sum lambda_g Pi_g like Y; Q has room for the strips of neighbours.

        Added to the Q and L that are given, if any.
        """
        from . import sweeps

        shape = self.green.shape
        if Q is None:
            Q = np.zeros((self.halo.count, *shape[1:]), self.real)
        if L is None:
            L = np.zeros(shape, self.real)
        for plane in self.modes:
            lanes = plane.lanes(np.asarray(rates))
            both = np.array([lanes.real, lanes.imag], self.real)
            sweeps.sums(plane.modes, plane.window.inside(self.window), both, Q, L)
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
    def own_blocks(self, Y: NDArray) -> ComplexArray:
        """Entries between the components of each own site, (sites, row, column) complex."""
        rows = 2 * self.window.own[:, None] + np.arange(2)  # (slot, row)
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
        G, velocity, _ = self._everywhere(Y, self.own_blocks(Q), hop, c)
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
        from . import sweeps

        if Y is None:
            Y = self.green
        place, N = self.place(self.window), len(self.system.near)

        def multiplied(x):
            y = np.zeros((N, 2), complex)
            sweeps.product(place, self.sites, Y, x.reshape(N, 2), y)
            self.comm.Allreduce(MPI.IN_PLACE, y)
            return -1j * y.ravel()

        return 0.0, *lanczos(multiplied, 2 * N)

    def rhs(self, *given: object) -> None:
        """Raises NotImplementedError: PETSc's own integrators are not offered."""
        raise NotImplementedError("windows: the exponential integrator only")


def resolvent_coefficients(rate: complex, radius: float, smallest: float) -> ComplexArray:
    """Chebyshev coefficients of 1/(i x - rate) on [-radius, radius] down to ``smallest``."""
    a = abs(rate.real) / radius
    terms = ceil(-log(smallest * min(a, 1.0)) / asinh(a)) + 4
    return chebyshev.coefficients(lambda x: 1 / (1j * x - rate), radius, terms)


def window_bytes(
    system: PlanarModes, ranges: Ranges, itemsize: int, ranks: int
) -> tuple[int, Sequence[int]]:
    """(bytes of modes, of an array like Y) of the fullest rank; itemsize : of complex numbers."""
    strips = Strips(*system.shape)
    own = -(-strips.count // min(ranks, strips.count))
    together = 64 // itemsize // 4 or 1
    each = 2 * 2 * STRIP * itemsize * own
    planes = planned(system, ranges, together)
    modes = sum(strips.window(reach).size * each * together for _, reach in planes)
    return modes, strips.window(ranges.of_green(system)).size * each
