"""Fourth-order commutator-free steps: exponentials of whole matrices, as a TS of type ``python``.

Two frozen half steps with A and C from two Gauss points (S. Blanes and P. C. Moan, Appl. Numer.
Math. 56, 1519 (2006)); within a step the mean field is the cubic Hermite polynomial of its ends,
the later one predicted from the history. A stationary state is an exact fixed point at any step;
maps of an unchanged generator are used again.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ...maths.arrays import ComplexArray
from ..auxiliary_modes.stepping import Ends, hermite
from .affine import Affine, frozen
from .etd import PoleStepper
from .state import PoleState

NODES = 0.5 - np.sqrt(3) / 6, 0.5 + np.sqrt(3) / 6
HEAVY, LIGHT = 0.5 + np.sqrt(3) / 3, 0.5 - np.sqrt(3) / 3
Generator = tuple[sparse.csr_matrix, ComplexArray, sparse.csr_matrix, sparse.csr_matrix]


class Frozen(PoleStepper):
    """Context of the python TS for a `PoleState`.

    corrector : further passes of each step with the mean field that the one before found.
    """

    def __init__(self, state: PoleState, corrector: int = 0):
        super().__init__(state, corrector)
        self.maps: dict[bytes, Affine] = {}
        leads = state.leads
        component, modes = leads.tail_couplings(), np.arange(leads.tail)
        self.W = sparse.csr_matrix(
            (np.ones(leads.tail, complex), (component, modes)), shape=(leads.core, leads.tail)
        )
        in_core = state.columns < state.rows
        self.core_here, self.tail_here = np.flatnonzero(in_core), np.flatnonzero(~in_core)

    def end(self, t: float, side: int) -> Ends:
        """The mean field of the state and its velocity. **Collective.**"""
        state = self.state
        c = state.field(state.flat, t)
        if not len(c):
            return Ends(c, c)
        slope = state.rest(t, side, state.view(state.flat))
        v = state.field(slope.ravel(), t) - state.field(np.zeros_like(state.flat), t)
        return Ends(c, v)

    def advance(self, t: float, step: float) -> None:
        """R(t) -> R(t + step). **Collective.**"""
        state, start = self.state, self.now
        old, density = state.flat.copy(), state.gathered()
        passes = 1
        if len(start.c):
            passes += self.corrector + 2 * int(self.history is None)
        end = self.bounded(self.guess(step), step)
        for _ in range(passes):
            first, second = (self._generator(t, step, part, start, end) for part in NODES)
            middle = self._map(first, second, step).of(density)
            self._take(self._map(second, first, step), middle)
            end = self.bounded(self.end(t + step, -1), step)
        self.before = (old, start, self.history)
        self.history = None
        if len(start.c):
            self.history = (step, start)
        self.now = end
        self.steps += 1
        self.passes += passes

    def _generator(self, t, step, part, start, end) -> Generator:
        """(A, levels of the tail, sources) at a part of the step."""
        system, leads = self.system, self.state.leads
        at = t + part * step
        weights = hermite(part)
        c = weights[0] * start.c + weights[2] * end.c
        c = c + step * (weights[1] * start.v + weights[3] * end.v)
        H = sparse.csr_matrix(system.hamiltonian(at, +1, c))
        shifts, phases = system.shifts(at, +1), system.phases(at)
        A = leads.matrix(H, shifts, phases)
        sources = leads.core_source(phases), leads.tail_source(phases)
        return A, leads.tail_levels(shifts), *sources

    def _map(self, heavy: Generator, light: Generator, step: float) -> Affine:
        """That of half a step with the weights of the method, kept for the next steps."""
        A, x, core, tail = (HEAVY * a + LIGHT * b for a, b in zip(heavy, light))
        A = sparse.csr_matrix(A)
        A.sort_indices()
        sources = np.asarray(core.toarray()), np.asarray(tail.toarray())
        key = b"".join(part.tobytes() for part in (A.indices, A.data, x, *sources))
        key += np.float64(step).tobytes()
        if key not in self.maps:
            while len(self.maps) > 3:
                self.maps.pop(next(iter(self.maps)))
            self.maps[key] = frozen(A, self.W, x, *sources, 0.5 * step, self.state.comm)
        return self.maps[key]

    def _take(self, step_map, density):
        """This rank's columns of the map of a density."""
        state = self.state
        core, tail = step_map.columns(
            density,
            state.columns[self.core_here],
            state.columns[self.tail_here] - state.rows,
        )
        local = state.view(state.flat)
        local[self.core_here] = 0.5 * core.T
        local[self.tail_here] = tail.T
