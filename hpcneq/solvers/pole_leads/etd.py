"""Exponential Runge-Kutta steps with the diagonal exact, as a TS of type ``python``.

The levels' own turning and decay, e^{-i (a_i - a_j^*) h} for every entry of R, is exact at any h;
Hamiltonian and couplings are explicit (choose h times the band width below 2). Fourth order in h;
for far poles the order drops, their error is small. A stationary state is an exact fixed point.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...maths.arrays import ComplexArray
from ...maths.exponentials import Tables, advance
from ...parallel import Part
from ..auxiliary_modes.stepping import Ends, Read, Stepper
from .state import PoleState


class PoleStepper(Stepper):
    """What the integrators of a `PoleState` share: the mean field at the ends, rolling back."""

    def __init__(self, state: PoleState, corrector: int = 0):
        super().__init__()
        self.state, self.system = state, state.system
        self.corrector = corrector
        self.before: tuple[ComplexArray, Ends, tuple | None] | None = None

    def start(self, t: float, step: float | None = None) -> None:
        """Forget the history: where the drive jumps and before the first step. **Collective.**"""
        self.begin_grid(t, step)
        self.before = None
        self.now = self.end(t, +1)

    def end(self, t: float, side: int) -> Ends:
        """The mean field of the state. **Collective.**"""
        c = self.state.field(self.state.flat, t)
        return Ends(c, np.zeros_like(c))

    def rollback(self, ts: Any) -> None:
        """Return to the state before the last step."""
        if self.before is None:
            raise RuntimeError("exponential integrator: there is no step to roll back")
        self.rollbacks += 1
        self.state.flat[:], self.now, self.history = self.before
        self.before = None
        ts.getSolution().stateIncrease()

    def saved(self) -> tuple[dict, dict, dict[str, Part]]:
        """(numbers, replicated arrays, distributed arrays) that the next step reads."""
        numbers, shared = self.saved_ends()
        return numbers, shared, {}

    def restore(self, numbers: Mapping, shared: Mapping, read: Read, step_grid: float) -> None:
        """Take up the history that `saved` gave."""
        self.origin, self.step_grid = numbers["origin"], step_grid
        self.before = None
        self.now = Ends(shared["c"], shared["v"])
        self.history = None
        if numbers["last_step"] is not None:
            self.history = (numbers["last_step"], Ends(shared["old_c"], shared["old_v"]))


class DiagonalExact(PoleStepper):
    """Context of the python TS for a `PoleState`."""

    def __init__(self, state: PoleState, corrector: int = 0):
        super().__init__(state, corrector)
        self.tables: Tables | None = None
        self.made_for: tuple = ()

    def advance(self, t: float, step: float) -> None:
        """R(t) -> R(t + step). **Collective.**"""
        state = self.state
        exact = state.diagonal(np.asarray(self.system.shifts(t + 0.5 * step), float))
        key = (step, exact.tobytes())
        if self.tables is None or key != self.made_for:
            self.tables, self.made_for = Tables.of(state.rates(exact), step), key

        def rest(part: float, local: ComplexArray) -> ComplexArray:
            return state.rest(t + part * step, 1 - 2 * int(part == 1.0), local, exact)

        local = state.view(state.flat)
        old = state.flat.copy()
        local[:] = advance(local, self.tables, rest)
        self.before = (old, self.now, self.history)
        self.now = self.bounded(self.end(t + step, -1), step)
        self.steps += 1
        self.passes += 4
