"""A mean field with bath modes on lattice sites, each mode within its own range of its site.

The equations of `site_columns.state`. A mode of rate lambda falls off as exp(-kappa r) from the
site whose lead it comes from, sinh kappa = |Re lambda|/v with the band's largest velocity v = 2
along an axis; it is kept within ``range / kappa`` sites, along x and along y, and H acts within
these rows (hops out of them are left out). Y is kept within a range of its own. Windows belong to
strips of four sites (`layout`), which ranks share out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from mpi4py import MPI
from numpy.typing import DTypeLike, NDArray

from ...maths.arrays import ComplexArray
from ...parallel import Communicator, Layout, Part, all_rows, placed
from ..aligned import aligned_zeros
from ..output_times import Row
from ..protocols import Observables
from ..site_columns.halo import Halo
from ..site_columns.state import DENSE, around_sites, lanczos
from . import whole_start
from .layout import STRIP, Stack, Strips, Window, by_lanes, by_parts
from .ranges import (
    START,
    PlanarModes,
    Ranges,
    planned,
    resolvent_coefficients,
    resolvent_terms,
    together_in,
)


@dataclass
class Plane:
    """Modes of one group or two that share their windows.

    groups : None where there is no second one. strength (groups, 2) of the sources of columns.
    """

    groups: tuple[int | None, ...]
    window: Window
    strength: ComplexArray
    modes: NDArray
    own: ComplexArray | None = None

    def lanes(self, values: NDArray) -> NDArray:
        """Values (all groups, ...) of each lane's group, (lanes, ...); 0 where there is none."""
        rows = [np.zeros_like(values[0]) if g is None else values[g] for g in self.groups]
        return np.repeat(np.array(rows), 2 * STRIP, axis=0)

    def alike(self, rates: ComplexArray) -> list[list[int]]:
        """Numbers of its groups, in lists of those with the same stationary modes."""
        found: dict[tuple[complex, ...], list[int]] = {}
        for k, g in enumerate(self.groups):
            if g is not None:
                found.setdefault((complex(rates[g]), *self.strength[k]), []).append(k)
        return list(found.values())

    def sources(
        self,
        own: ComplexArray,
        other: ComplexArray,
        factor: ComplexArray,
        bend: ComplexArray,
        parts: NDArray,
    ) -> None:
        """factor own + bend other of each lane's group, times its strength, into ``parts``.

        own, other (strips, row, column, slot), factor, bend (all groups,). parts (strips, row, 2,
        lanes): real and imaginary parts.
        """
        groups = [0 if g is None else g for g in self.groups]
        f, b = (
            values[groups][:, None, None] * self.strength[:, :, None] for values in (factor, bend)
        )
        both = f * own[:, :, None] + b * other[:, :, None]
        both = both.reshape(*own.shape[:2], parts.shape[3])
        parts[:, :, 0], parts[:, :, 1] = both.real, both.imag


class WindowState:
    """Y and the modes of this rank's strips.

    flat : the mean field of the own sites, what PETSc sees. green : Y (strips, 2n, 2, 8) real.
    modes : the planes. followers : planes of the modes that follow the mean field, whose entries
    between the components of own sites alone are kept. memory : the window of the sum Q of all and
    of Z. dtype complex64: modes and Y are kept and advanced in single precision. start : whether to
    set the stationary start. told : of the share of its modes that is done.
    """

    ts_types = ("exponential",)

    def __init__(
        self,
        system: PlanarModes,
        comm: Communicator,
        ranges: Ranges,
        dtype: DTypeLike = complex,
        start: bool = True,
        told: Callable[[float], None] | None = None,
    ):
        self.system, self.comm = system, comm
        self.ranges = ranges
        self.dtype = np.dtype(dtype)
        self.strips = Strips(*system.shape)
        self.halo = Halo(comm, self.strips.near)
        self.layout: Layout = self.halo.layout
        self.real = np.empty(0, self.dtype).real.dtype
        begin, end = self.layout.bounds()
        self.own = slice(begin, end)
        self.sites = self.strips.sites[begin:end]
        self.inside = self.sites >= 0
        self.window = self.strips.window(ranges.of_green(system))
        shape = end - begin, 2 * self.window.size, 2, 2 * STRIP
        self.green = aligned_zeros(shape, self.real)
        self.modes, self.stack, self.mode_flat = self._planes(ranges, False)
        self.followers = self._planes(ranges, True)[0]
        self.rates = system.rates_at(0.0, -1)
        furthest = max(plane.window.reach for plane in self.modes + self.followers)
        self.memory = self.strips.window(min(furthest + 1, self.window.reach))
        self.flat = np.zeros(int(self.inside.sum()), complex)
        self.green_count = self.flat.size
        near = system.near
        self.back = np.array(
            [[int(np.flatnonzero(near[k] == j)[0]) for k in near[j]] for j in range(len(near))]
        )
        if start:
            self.fill(told)

    def _planes(self, ranges, fast):
        """The planes of the modes that have a matrix, or of those that follow.

        With them their windows, and the array that holds the modes of all.
        """
        strength, together = self._strengths(), together_in(self.dtype.itemsize)
        plan = planned(self.system, ranges, together, fast)
        stack = Stack([self.strips.window(reach) for _, reach in plan])
        lanes, strips = 2 * STRIP * together, 0 if fast else len(self.sites)
        flat = aligned_zeros(4 * lanes * strips * stack.first[-1], self.real)
        planes = []
        for (groups, _), window, first in zip(plan, stack.windows, stack.first):
            rows = [np.zeros(2, complex) if g is None else strength[g] for g in groups]
            begin, size = 4 * lanes * strips * first, 4 * lanes * strips * window.size
            modes = flat[begin : begin + size].reshape(strips, 2 * window.size, 2, lanes)
            planes.append(Plane(groups, window, np.array(rows), modes))
        return planes, stack, flat

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

    def scratch(self, window: Window, real: np.dtype, lanes: int) -> tuple:
        """Three planes, and fields around two strips."""
        n = window.size
        planes = [aligned_zeros((2 * n + 2, 2, lanes), real) for _ in range(3)]
        shapes = (n, 8), n, (n, 2), n, (n, 2)
        fields = [tuple(np.empty(shape, real) for shape in shapes) for _ in range(2)]
        return (*planes, *fields)

    # -- the stationary start ----------------------------------------------------------------------
    def fill(self, told: Callable[[float], None] | None = None) -> None:
        """Set the stationary start: resolvents within the windows, Y = i (Q + white/2)/damping.

        **Collective.**
        """
        system, rates = self.system, self.system.rates_at(0.0, -1)
        if self.ranges.modes == np.inf:
            whole_start.solve(self, rates, told)
        else:
            self._resolve(rates, told)
        Q, L = self.sums(rates)
        self.follow(system.hop_at(0.0, -1), system.pattern, 0 * system.pattern, Q, L)
        Y, d = self.green, system.damping
        rows = 2 * self.memory.inside(self.window)[:, None] + np.arange(2)
        Y[:, rows.ravel(), 0], Y[:, rows.ravel(), 1] = -Q[: len(Y), :, 1] / d, Q[: len(Y), :, 0] / d
        for s, place in enumerate(self.window.own):
            for a in (0, 1):
                Y[self.inside[:, s], 2 * place + a, 1, STRIP * a + s] += 0.5 * system.white / d
        if self.ranges.modes == np.inf and not system.commuting:
            whole_start.settle(self)
        own = self.own_blocks(self.green, self.window)
        c = own[:, 0, 1] - own[:, 1, 0].conj()
        self.flat[:] = self.system.coupling[self.sites[self.inside]] * c

    def _resolve(self, rates, told):
        """Stationary modes: a Chebyshev series of H within each plane's window, in double."""
        lanes, done = 2 * STRIP, 0
        matrix = self._matrix(self.system.hop_at(0.0, -1), self.system.pattern, float)
        work = []
        for plane in self.modes:
            for places in plane.alike(rates):
                own = rates[[plane.groups[places[0]]]]
                terms = resolvent_terms(own[0], matrix[1], START[self.real.itemsize])
                work.append((plane, places, own, plane.window.size * terms))
        whole = len(self.sites) * sum(size for *_, size in work)
        for plane, places, own, size in work:
            M = aligned_zeros((1, *plane.modes.shape[1:3], lanes))
            for t in range(len(self.sites)):
                self._resolvent(plane.window, matrix, own, plane.strength[places[:1]], t, M)
                for k in places:
                    plane.modes[t, ..., k * lanes : (k + 1) * lanes] = M[0]
                done += size
                if told is not None:
                    told(done / whole)

    def _matrix(self, hop, c, real):
        """((hop, onsite, c) over the radius for kernels in a precision, the radius)."""
        system, kind = self.system, np.result_type(real, np.complex64)
        radius = float(system.field_bound + max(0.0, float(np.abs(hop).max()) - 1) * 4)
        radius += float(np.abs(c).max())
        hops = np.ascontiguousarray(hop / radius, kind).view(real)
        field = np.ascontiguousarray(c / radius, kind).view(real).reshape(-1, 2)
        return (hops, (system.onsite / radius).astype(real), field), radius

    def _resolvent(self, window, matrix, rates, strength, first, M):
        """M (strips from ``first``, 2n, 2, 8 groups) = s (i H - rate)^-1, (groups,) of both."""
        from . import mode_kernel

        (hop, onsite, c), radius = matrix
        N, kind = len(onsite), np.result_type(onsite, np.complex64)
        slowest = rates[np.argmin(np.abs(rates.real))]
        terms = resolvent_terms(slowest, radius, START[self.real.itemsize])
        series = [resolvent_coefficients(rate, radius, terms) for rate in rates]
        functions = np.repeat(series, 2 * STRIP, axis=0)
        lanes, part = len(functions), slice(first, first + len(M))
        sources = np.zeros((len(M), len(rates), 2, STRIP, 2), complex)
        for a in (0, 1):
            sources[:, :, a, :, a] = strength[:, a, None] * self.inside[part, None]
        strips, own = self.strips, slice(self.own.start + first, self.own.start + first + len(M))
        place = strips.x[own], strips.y[own]
        rotation = np.ones(N, onsite.dtype), np.zeros((N, 2), onsite.dtype)
        given = np.zeros((1, 2, lanes), onsite.dtype), by_lanes(functions, onsite.dtype)[None]
        given += (by_lanes(sources.reshape(len(M), lanes, 2), onsite.dtype)[None],)
        none = np.zeros(0, int), np.zeros((1, 2, 0), onsite.dtype), M, M
        given += self.scratch(window, onsite.dtype, lanes), none
        matrix, plain = (hop, onsite, c, np.zeros(terms, kind)), self.system.plain
        mode_kernel.modes(
            place, Stack([window]).arrays, matrix, plain, rotation, M.reshape(-1), *given
        )

    def follow(
        self, hop: ComplexArray, c: ComplexArray, v: ComplexArray, Q: NDArray, L: NDArray
    ) -> None:
        """Add to Q and L the modes that follow the mean field c, dc/dt = v: s (i H - rate)^-1.

        H is that of the time 1/|Re rate| before, which is right to first order in both; the rates
        are those that `sums` was given last.
        """
        from . import sweeps

        for plane in self.followers:
            delay = 1 / abs(self.rates[plane.groups[0]].real)
            matrix = self._matrix(hop, c - delay * v, self.real)
            M = aligned_zeros((len(self.sites), *plane.modes.shape[1:]), self.real)
            known = [g for g in plane.groups if g is not None]
            rates = self.rates[known + known[:1] * (len(plane.groups) - len(known))]
            self._resolvent(plane.window, matrix, rates, plane.strength, 0, M)
            rates = by_parts(plane.lanes(self.rates), self.real)
            sweeps.sums(M, plane.window.inside(self.memory), rates, Q, L)
            plane.own = self._own_modes(plane.window, M)

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
            Q = aligned_zeros((self.halo.count, *shape[1:]), self.real)
        if L is None:
            L = aligned_zeros(shape, self.real)
        self.rates = np.asarray(rates)
        for plane in self.modes:
            rates = by_parts(plane.lanes(self.rates), self.real)
            sweeps.sums(plane.modes, plane.window.inside(self.memory), rates, Q, L)
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
        for plane in row.modes + self.followers:
            own = plane.own
            if own is None:
                own = self._own_modes(plane.window, plane.modes)
            block = block + own.sum(axis=1)
            for k, g in enumerate(plane.groups):
                for a in (0, 1):
                    named[g, a] = own[:, k, a, a]
        traces = np.array([named[int(g), a] for a in (0, 1) for g in system.held[a]]).T
        parts = self._everywhere(row.green, block, system.hop_at(row.t, row.side), row.c)
        modes = all_rows(self.comm, system.observe_modes(traces))
        return system.observables(row.t, row.side, modes, *parts)

    def _own_modes(self, window, modes):
        """Modes between the components of each own site, (sites, groups, row, column)."""
        rows = 2 * window.own[:, None, None, None] + np.arange(2)[:, None]
        lanes = np.arange(modes.shape[3]).reshape(-1, 2, STRIP).transpose(2, 0, 1)[:, :, None, :]
        return (modes[:, rows, 0, lanes] + 1j * modes[:, rows, 1, lanes])[self.inside].astype(
            complex
        )

    def extremes(self, Y: NDArray | None = None) -> tuple[float, float, float]:
        """(0, smallest, largest eigenvalue of -i G); G = Y - Y^+ is anti-Hermitian. **Collective.**

        Of a large matrix by forty Lanczos steps, from inside: they find what left [0, 1], not the
        last digit of what stayed.
        """
        from .products import product

        if Y is None:
            Y = self.green
        place, N = self.place(self.window), len(self.system.near)

        def multiplied(x):
            y = np.zeros((N, 2), complex)
            product(place, self.sites, Y, x.reshape(N, 2), y)
            self.comm.Allreduce(MPI.IN_PLACE, y)
            return -1j * y.ravel()

        if 2 * N <= DENSE:
            G = np.array([multiplied(row) for row in np.eye(2 * N, dtype=complex)]).T
            e = np.linalg.eigvalsh(0.5 * (G + G.conj().T))
            return 0.0, float(e[0]), float(e[-1])
        return 0.0, *lanczos(multiplied, 2 * N)

    def rhs(self, *given: object) -> None:
        """Raises NotImplementedError: PETSc's own integrators are not offered."""
        raise NotImplementedError("windows: the exponential integrator only")
