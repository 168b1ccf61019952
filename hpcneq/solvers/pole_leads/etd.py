"""Exponential Runge-Kutta steps with the diagonal exact, as a TS of type ``python``.

The levels' own turning and decay, e^{-i (a_i - a_j^*) h} for every entry of R, is exact at any h;
Hamiltonian and couplings are explicit (choose h times the band width below 2). Fourth order in h;
for far poles the order drops, their error is small. A stationary state is an exact fixed point.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...maths.arrays import ComplexArray, FloatArray
from ...maths.exponentials import Tables
from ...parallel import Part
from ..auxiliary_modes.stepping import Ends, Read, Stepper
from . import kernels
from .state import PoleState

PIECE = 4000  # entries of R whose coefficients are made at once
# kinds of steps whose coefficients are kept: of a small R as many as steps of one length differ by
# rounding, and of any one
KEPT, SMALL = 4, 36000
TABLES = 7  # coefficients of an entry


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


class Steps:
    """Steps of the columns of a `PoleState`, with the coefficients of the last kinds of them."""

    def __init__(self, state: PoleState):
        self.state = state
        self.most = kept_tables(state.flat.size)
        self.tables: dict[tuple, tuple[ComplexArray, tuple[ComplexArray, ...]]] = {}

    def take(self, t: float, step: float) -> None:
        """R(t) -> R(t + step). **Collective.**"""
        state = self.state
        shifts = np.asarray(state.system.shifts(t + 0.5 * step), float)
        exact, weights = self._table(step, shifts)

        def rest(part: float, columns: ComplexArray) -> ComplexArray:
            side = 1 - 2 * int(part == 1.0)
            return state.rest(t + part * step, side, state.view(columns), exact).ravel()

        u = state.flat
        half, whole, half_first, half_second, first, second, third = weights
        n1 = rest(0.0, u)
        carried = np.empty_like(u)
        inner = np.empty_like(u)
        kernels.combine(carried, half, u, half_first, n1)
        n2 = rest(0.5, carried)
        kernels.correct(inner, carried, half_second, 1.0, n2, n1)
        n3 = rest(0.5, inner)
        kernels.combine(carried, whole, u, first, n1)
        kernels.correct(inner, carried, second, 2.0, n3, n1)
        n4 = rest(1.0, inner)
        kernels.finish(carried, (second, third), n1, n2, n3, n4)
        u[:] = carried

    def _table(
        self, step: float, shifts: FloatArray
    ) -> tuple[ComplexArray, tuple[ComplexArray, ...]]:
        """(the exact diagonal, coefficients) of a step, the ones used last kept."""
        key = (step, shifts.tobytes())
        table = self.tables.pop(key, None)
        if table is None:
            while len(self.tables) >= self.most:
                self.tables.pop(next(iter(self.tables)))
            exact = self.state.diagonal(shifts)
            table = exact, _weights(self.state, exact, step)
        self.tables[key] = table
        return table


def kept_tables(entries: int) -> int:
    """Kinds of steps whose coefficients are kept for so many entries of R on a rank."""
    if entries > SMALL:
        return 1
    return KEPT


def _weights(state, exact, step):
    """The coefficients of `Tables` for the columns here as flat arrays, made in pieces."""
    columns = len(state.columns)
    rows = state.rows
    parts = np.empty((TABLES, columns, rows), complex)
    piece = max(1, PIECE // max(rows, 1))
    for first in range(0, columns, piece):
        some = slice(first, first + piece)
        f = Tables.of(state.rates(exact, some), step)
        each = f.half, f.whole, f.half_first, f.half_second, f.first, f.second, f.third
        for part, values in zip(parts, each):
            part[some] = values
    return tuple(parts.reshape(TABLES, -1))


class DiagonalExact(PoleStepper):
    """Context of the python TS for a `PoleState`."""

    def __init__(self, state: PoleState, corrector: int = 0):
        super().__init__(state, corrector)
        self.columns = Steps(state)

    def advance(self, t: float, step: float) -> None:
        """R(t) -> R(t + step). **Collective.**"""
        old = self.state.flat.copy()
        self.columns.take(t, step)
        self.before = (old, self.now, self.history)
        self.now = self.bounded(self.end(t + step, -1), step)
        self.steps += 1
        self.passes += 4
