"""Steps of `columns.ColumnState` as a TS of type ``python``: S. Krogstad's of order 4.

The turning and decay of the modes is exact, one number for each column; Hamiltonian and widths are
explicit (keep h times the band width below 2). A stationary state is an exact fixed point. Five
arrays of the size of the columns are in use.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...maths.exponentials import Tables
from ...maths.subnormals import without_subnormals
from ..auxiliary_modes.stepping import Ends, Stepper
from .column_kernels import mix
from .columns import ColumnState

ARRAYS = 5  # of the columns, in use


class ColumnSteps(Stepper):
    """Context of the python TS for a `ColumnState`."""

    def __init__(self, state: ColumnState, corrector: int = 0):
        super().__init__()
        self.state, self.system = state, state.system
        self.stage = state.empty()
        self.slopes = [np.zeros(state.count, state.dtype) for _ in range(3)]

    def start(self, t: float, step: float | None = None) -> None:
        """Forget the history: where the drive jumps and before the first step. **Collective.**"""
        self.begin_grid(t, step)
        self.now = self._end(t)

    def _end(self, t: float) -> Ends:
        c = self.state.field(self.state.flat, t)
        return Ends(c, np.zeros_like(c))

    @without_subnormals
    def advance(self, t: float, step: float) -> None:
        """R(t) -> R(t + step). **Collective.**"""
        state, (n1, n2, n3) = self.state, self.slopes
        u, a = state.values, self.stage
        count = state.count
        exact = state.rates(np.asarray(self.system.shifts(t + 0.5 * step), float))
        f = Tables.of(exact, step)
        one = np.ones(state.own, complex)

        def slope(part: float, values: Any, out: Any) -> None:
            state.derivative(t + part * step, 1 - 2 * int(part == 1.0), values, exact, out)

        slope(0.0, u, n1)
        a[:count] = u[:count]
        self._mix(a, f.half, n1, f.half_first)
        slope(0.5, a, n2)
        self._mix(a, one, n2, f.half_second)
        self._mix(a, one, n1, -f.half_second)
        slope(0.5, a, n3)
        a[:count] = u[:count]
        self._mix(a, f.whole, n1, f.first - 2 * f.second)
        self._mix(a, one, n3, 2 * f.second)
        self._mix(u, f.whole, n1, f.first - 3 * f.second + 4 * f.third)
        for middle in (n2, n3):
            self._mix(u, one, middle, 2 * f.second - 4 * f.third)
        slope(1.0, a, n1)
        self._mix(u, one, n1, 4 * f.third - f.second)
        self.now = self.bounded(self._end(t + step), step)
        self.steps += 1
        self.passes += 4

    def _mix(self, out, keep, x, factor):
        dtype, state = self.state.dtype, self.state
        mix(out, keep.astype(dtype), x, factor.astype(dtype), state.first, state.own)

    def rollback(self, ts: Any) -> None:
        """No copy of the state before a step is kept."""
        raise RuntimeError("columns: a step cannot be taken back")
