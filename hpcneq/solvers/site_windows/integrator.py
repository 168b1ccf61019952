"""The exponential integrator of `site_columns.integrator` for matrices within windows.

G = Y - Y^+ is carried by U = exp(-i dt Hbar) as U X U^+: from the left on the columns of every
strip, and then, from the left again, on the transposed rows of its sites, which no other strip
needs: (U (U X)^+)^+ takes the place of U X. A prediction needs entries of Y between sites no
further apart than twice what a step reaches, and is made on windows of that size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import jv

from ...maths.arrays import ComplexArray
from ...parallel import Part
from ..aligned import aligned_zeros
from ..auxiliary_modes import chebyshev
from ..auxiliary_modes.stepping import Ends, Read, Stepper, source_coefficients
from ..site_columns.integrator import (
    DOUBLE,
    FLOPS,
    GUESS,
    SINGLE,
    Columns,
    Kick,
    Weights,
)
from .exchange import Exchange
from .layout import STRIP, by_lanes, by_parts
from .ranges import VELOCITY, together_in
from .state import WindowState

# amplitude of a step beyond which a prediction does not look, by bytes: dropped is its square
FAR = {4: 1e-3, 8: 1e-6}


class Windows(Columns):
    """Context of the python TS for a `WindowState`; see `Columns` for the scheme of a step."""

    def __init__(self, state: WindowState, corrector: int = 0):
        """corrector : ignored, this integrator always makes one correction."""
        Stepper.__init__(self)
        self.state, self.system = state, state.system
        self.missed: ComplexArray | None = None
        self.used = self.now.c, self.now.v  # mean field with which H entered Z, and its velocity
        self.Q, self.Z = state.sums(np.zeros(len(self.system.groups), complex))
        self.time, window = 0.0, state.window
        self.exchange = Exchange(state.comm, state.layout, state.strips, window)
        self.small = self.exchange
        self.rooms: dict[tuple[int, ...], np.ndarray] = {}  # by shape
        held = np.full(state.strips.count, -1)
        begin, end = state.layout.bounds()
        held[begin:end] = np.arange(end - begin)
        near, own = state.halo.near, state.strips.near[begin:end]
        held[own.ravel()] = near.ravel()
        strips = state.strips
        self.lookup = held, strips.strip, strips.slot, strips.x, strips.y

    def start(self, t: float, step: float | None = None) -> None:
        """Forget the history: where the drive jumps and before the first step. **Collective.**"""
        super().start(t, step)
        self.time = t
        state, far = self.state, FAR[self.state.real.itemsize]
        reach = np.flatnonzero(np.abs(jv(range(200), VELOCITY * self.step_grid)) > far)[-1]
        window = state.strips.window(min(2 * int(reach), state.window.reach))
        self.small = Exchange(state.comm, state.layout, state.strips, window)

    def saved(self) -> tuple[dict, dict, dict[str, Part]]:
        """(numbers, replicated arrays, distributed arrays) that the next step reads: no further
        arrays, Q and Z are found again from the modes.
        """
        numbers, shared = self.saved_ends()
        if self.history:
            shared.update(missed=self.missed, used_c=self.used[0], used_v=self.used[1])
        return numbers | {"time": self.time}, shared, {}

    def restore(self, numbers: Mapping, shared: Mapping, read: Read, step_grid: float) -> None:
        """Take up the history that `saved` gave. **Collective.**"""
        t = numbers["time"]
        self.start(t, step_grid)
        self.origin, self.now = numbers["origin"], Ends(shared["c"], shared["v"])
        if numbers["last_step"] is None:
            return
        self.history = (numbers["last_step"], Ends(shared["old_c"], shared["old_v"]))
        self.missed = shared["missed"]
        self.Q[:], self.Z[:] = 0, 0
        self.state.sums(self.system.rates_at(t, -1), self.Q, self.Z)
        self._memory(self.system.hop_at(t, -1), shared["used_c"], shared["used_v"])

    def advance(self, t: float, step: float) -> None:
        """(Pi, Y)(t) -> (t + step). **Collective.**"""
        super().advance(t, step)
        state, self.time = self.state, t + step
        state.flat[:] = self.now.c[state.sites[state.inside]]

    def _memory(self, hop, c, v=None, ends=None):
        """Z = i L + Q H in place of L, with modes that follow in Q and L. **Collective.**

        ends : what acts on Y at the end of a step, see `_ends`; None: nothing.
        """
        from . import memory

        state, system = self.state, self.system
        self.used = c, np.zeros_like(c) if v is None else v
        state.follow(hop, *self.used, self.Q, self.Z)
        state.halo.fill(self.Q)
        place, lookup = state.place(state.memory), self.lookup
        given = hop, system.onsite, c, state.sites, system.near, lookup, self.Q, self.Z
        scratch = tuple(np.empty(shape, state.real) for shape in ((7, 8), (4, 2, 2, 8)))
        ending = ends is not None
        if ends is None:
            ends = self._ends(_Still(1), np.zeros(4), 0.0)
        memory.memory(place, *given, scratch, ending, ends)

    def _end(self, hop, end, kick, W, white):
        """What drives Y at the end of the step, and Y there. **Collective.**"""
        self._memory(hop, end.c, end.v, self._ends(kick, W, white))

    def _ends(self, kick, W, white):
        """What `memory.memory` asks of the end of a step."""
        state, strips = self.state, self.state.strips
        inner, partner = state.window.inside(state.memory), (strips.strip, strips.x, strips.y)
        rotation = kick.cosine.astype(state.real), _parts(kick.q.astype(state.dtype))
        weights = float(W[2]), float(W[3]), float(white * W[2])
        scratch = tuple(np.empty(shape, state.real) for shape in ((3, 8), (2, 8), 8))
        return state.place(state.window), inner, partner, rotation, weights, scratch, state.green

    def _matrix_of(self, kick, smallest, kind):
        """Fields of a kick over its radius as kernels take them, and u of its polynomial."""
        hop, onsite, c, u = self._scaled(kick, smallest)
        real = np.empty(0, kind).real.dtype
        hop = np.ascontiguousarray(hop, kind).view(real)
        return hop, onsite.astype(real), _parts(c.astype(kind)), u.astype(kind)

    def predicted(self, kicks: Sequence[Kick], weights: Weights) -> ComplexArray:
        """The mean field (N,) of what `carry` makes of Y with these weights. **Collective.**"""
        from ...parallel import all_rows

        state = self.state
        own = self._sandwich(kicks, weights, self.small, False)
        K = kicks[-1].rotations(state.sites[state.inside])
        own = K @ own @ K.conj().transpose(0, 2, 1)
        return self.system.coupling * all_rows(state.comm, own[:, 0, 1] - own[:, 1, 0].conj())

    def carry(self, kicks: Sequence[Kick], weights: Weights, smallest: float) -> np.ndarray:
        """Y = U K^+ (w0 Y + w1 i Q + w2 Z + w3 i) K U^+ by one after the other of ``kicks``.

        **Collective.**
        """
        self._sandwich(kicks, weights, self.exchange, True)
        return self.state.green

    def _sandwich(self, kicks, weights, exchange, store):
        """`carry` within the windows of ``exchange``: own blocks; ``store`` : Y as well."""
        from . import green

        state, window = self.state, exchange.window
        plain = self.system.plain
        place, smallest = state.place(window), self._smallest(store)
        matrices = [self._matrix_of(kick, smallest, state.dtype) for kick in kicks]
        W, V = self._rooms_of(window, store, len(matrices) > 1)
        lanes = W.shape[3]
        if window.ring[1]:  # all strips of a line have the same rows, or all strips
            lanes = 64 // state.real.itemsize
        scratch = state.scratch(window, state.real, lanes)
        inner = np.array([window.inside(state.window), window.inside(state.memory)])
        given = inner, state.sites, state.green, self.Q, self.Z, weights
        alone, once = np.array([np.arange(window.size)] * 2), (1.0, 0.0, 0.0, 0.0)
        still = _rotation(_Still(len(kicks[0].cosine)))
        turn = _rotation(kicks[0])
        for matrix in matrices:
            green.left(place, matrix, plain, turn, *given, scratch, W)
            turn, given = still, (alone, state.sites, W, W, W, once)
        blocks = self._turned(exchange, matrices, scratch, W, V, store)
        if window.whole:  # what is carried is -Y^+, which is as good
            for matrix in matrices[1:]:
                given = alone, state.sites, V, V, V, once, scratch, V
                green.left(place, matrix, plain, still, *given)
            if len(matrices) > 1:
                blocks = state.own_blocks(V, window)
        terms = [len(matrix[-1]) for matrix in matrices]
        work = 2.0 * sum(terms)
        if not (store or window.ring[0]):  # lines that no own row asks for are left out
            lines = window.shape[0] - 1 - 2 * np.arange(min(terms[-1], window.reach))
            work -= lines.sum() / window.shape[0]
        self.flops += FLOPS[self._hops] * len(W) * window.size * 2 * W.shape[3] * work
        return blocks

    def _turned(self, exchange, matrices, scratch, W, V, store):
        """The own blocks of -W^+ carried from the left, and V or W; see `_sandwich`.

        Where windows hold the lattice V is -W^+ carried by the first polynomial. Else it is turned
        back into W after each, since what a window leaves out depends on it.
        """
        from . import turning

        state, window = self.state, exchange.window
        place, plain = state.place(window), self.system.plain
        still = _rotation(_Still(len(self.system.onsite)))
        blocks = np.zeros((len(W), 4, 2, 2), complex)

        def turned(matrix, source, target, kept):
            rows = source.reshape(-1, 2, 2, source.shape[3])
            given = state.sites, exchange.lookup, rows, exchange.fill(source), scratch
            turning.turned(place, matrix, plain, still, *given, kept, target, blocks)

        if window.whole:
            turned(matrices[0], W, V, store or len(matrices) > 1)
            return blocks[state.inside]
        one = np.array([1, 0, 0], matrices[0][-1].dtype)
        for k, matrix in enumerate(matrices):
            kept = store or k + 1 < len(matrices)
            turned(matrix, W, V, kept)
            if kept:
                turned((*matrix[:3], one), V, W, True)
        return blocks[state.inside]

    def _rooms_of(self, window, store, twice):
        """Room for U times Y, and to turn it; Y is the second if the window holds the lattice.

        twice : whether a prediction needs the second.
        """
        state = self.state
        shape = len(state.sites), 2 * window.size, *state.green.shape[2:]
        if store and shape == self.Z.shape:
            room = self.Z  # is not asked for again
        else:
            if shape not in self.rooms:
                self.rooms[shape] = aligned_zeros(shape, state.real)
            room = self.rooms[shape]
        if store and window.whole:
            return room, state.green
        if store:
            return state.green, room
        return room, np.empty_like(room) if twice else room

    def _smallest(self, final):
        """Smallest coefficient of the polynomials that carry Y."""
        if self.state.real.itemsize == 8:
            return DOUBLE if final else GUESS
        return GUESS if final else SINGLE

    def _carry_modes(self, kicks, rates, after):
        """The modes through all kicks, in the last of which they are added to Q and Z = L."""
        self._clear()
        if not self.state.modes:
            return
        passes = self._passes(kicks, rates)
        for kick, moments_of_rates in passes:
            last = kick is passes[-1][0]
            self.mode_pass(kick, *moments_of_rates, after if last else None)

    def _clear(self):
        """Q and Z are 0 in all rows that the modes of the first plane do not set."""
        rows = np.ones((self.state.memory.size, 2), bool)
        for plane in self.state.modes[:1]:
            rows[plane.window.inside(self.state.memory)] = False
        if rows.any():
            self.Q[:, rows.ravel()], self.Z[:, rows.ravel()] = 0, 0

    def mode_pass(
        self,
        kick: Kick,
        mean: ComplexArray,
        slope: ComplexArray,
        after: ComplexArray | None = None,
    ) -> None:
        """The modes of the own columns to the end of a kick, with rates of this mean and slope.

        after : rates with which they are added to L in Z, and they themselves to Q; None: not.
        """
        from . import mode_kernel

        state, step = self.state, kick.step
        if after is not None:
            state.rates = np.asarray(after)
        kind = state.dtype
        smallest = SINGLE if kind.itemsize == 8 else DOUBLE
        matrix = self._matrix_of(kick, smallest, kind)
        terms = len(matrix[-1])
        rotation = kick.cosine.astype(state.real), _parts(kick.q.astype(kind))
        factor, functions, rates = (
            np.array([plane.lanes(values) for plane in state.modes])
            for values in (
                np.exp(step * mean),
                source_coefficients(step, mean, kick.radius, terms),
                state.rates,
            )
        )
        lanes = 2 * STRIP * together_in(kind.itemsize)
        scratch = state.scratch(state.stack.windows[0], state.real, lanes)
        given = by_parts(factor, state.real), by_lanes(functions, state.real)
        given = *given, self._sources(kick, mean, slope, lanes), scratch
        inner = np.zeros(0, int)
        if after is not None:
            inner = state.stack.inside(state.memory)
        added = inner, by_parts(rates, state.real), self.Q, self.Z
        place, windows = state.place(state.window)[:2], state.stack.arrays
        given = matrix, self.system.plain, rotation, state.mode_flat, *given, added
        mode_kernel.modes(place, windows, *given)
        self.flops += FLOPS[self._hops] * terms * state.mode_flat.size / 2
        self.passes += 1

    def _sources(self, kick, mean, slope, lanes):
        """K^-1 (1 + bend (-i Hdot + slope)) s of every plane, (planes, strips, row, 2, lanes)."""
        state = self.state
        bend = kick.step**2 * chebyshev.kappa(kick.step * mean)
        own, other = self._turned_sources(kick)
        shape = len(state.modes), len(state.sites), 2, 2, lanes
        sources = aligned_zeros(shape, state.real)
        for plane, of_plane in zip(state.modes, sources):
            plane.sources(own, other, 1 + bend * slope, bend, of_plane)
        return sources

    def _turned_sources(self, kick):
        """What K^-1 (own - i bend Hdot) is made of, on the two rows of each site's columns.

        (strips, row, column, slot): the factor of own, and that of bend.
        """
        sites = np.maximum(self.state.sites, 0)
        d = kick.slope[sites]
        e, q = kick.cosine[sites], kick.q[sites]
        up, hole = np.array([e, q.conj()]), np.array([-q, e])  # K^-1 of a source in either row
        own, other = np.array([up, hole]), 1j * np.array([d.conj() * hole, d * up])
        inside = self.state.inside[:, None, None]
        return [np.transpose(part, (2, 1, 0, 3)) * inside for part in (own, other)]


class _Still:
    """The rotation by nothing at n sites."""

    def __init__(self, n: int) -> None:
        self.cosine, self.q = np.ones(n), np.zeros(n, complex)


def _rotation(kick):
    """K of a kick as kernels take it."""
    return kick.cosine, _parts(kick.q)


def _parts(values):
    """Real and imaginary parts (n, 2) of complex numbers."""
    return np.ascontiguousarray(values).view(values.real.dtype).reshape(-1, 2)
