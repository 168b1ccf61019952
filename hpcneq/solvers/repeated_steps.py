"""Many steps of the classical Runge-Kutta method in one call of a compiled kernel.

For a mean field whose equations do not depend on time and which has such a kernel (`Repeating`):
the method of PETSc's ``rk`` with ``ts_rk_type 4`` and ``ts_adapt_type none``, without
a call of Python for each right-hand side. Every rank computes all items, which are few, so that no
step waits for a message and all numbers of ranks give the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..parallel import Part, all_rows
from .auxiliary_modes.stepping import Ends, Read, Stepper
from .mean_field import FieldState
from .output_times import SAME
from .protocols import Fields

MOST = 2000  # steps of one call, behind which progress is told and a run can be stopped


@runtime_checkable
class Repeating(Protocol):
    """A mean field with a compiled kernel of fourth-order Runge-Kutta steps.

    autonomous : whether its equations do not depend on time, which the kernel needs.
    """

    @property
    def autonomous(self) -> bool:
        """Whether the equations do not depend on time."""

    def repeat(self, fields: Fields, step: float, count: int) -> None:
        """``count`` steps of the fields of all items, in place."""


class Repeated(Stepper):
    """Context of a TS of type ``python``: one of its steps is all steps up to the next row.

    stride : steps between two rows of output. How many steps one call does changes no bit of them.
    """

    def __init__(self, state: FieldState, system: Repeating) -> None:
        super().__init__()
        self.state, self.system = state, system
        self.stride = 1

    def start(self, t: float, step: float | None = None) -> None:
        """Steps lie on t + k ``step`` from now on. **Collective.**"""
        self.begin_grid(t, step)
        self._look(t)

    def step(self, ts: Any) -> None:
        """The steps to the next row, or the first `MOST` of them. **Collective.**"""
        t, last = ts.getTime(), ts.getMaxTime()
        done = round((t - self.origin) / self.step_grid)
        behind = done % self.stride
        count = min(self.stride - behind, MOST - behind % MOST)
        whole = int((last - t) / self.step_grid + SAME)
        end = last
        if count <= whole:
            end = self.origin + (done + count) * self.step_grid
        if abs(end - last) < SAME * self.step_grid:
            end = last
        self.advance(t, end - t)
        ts.setStepNumber(ts.getStepNumber() + self.steps - 1)  # PETSc adds one
        ts.setTimeStep(min(self.stride, MOST) * self.step_grid)
        ts.setTime(end)
        ts.getSolution().stateIncrease()

    def advance(self, t: float, step: float) -> None:
        """The state from t to t + step, in whole steps and what is left. **Collective.**"""
        state = self.state
        count = int(step / self.step_grid + SAME)
        rest = step - count * self.step_grid
        fields = {name: all_rows(state.comm, own) for name, own in state.view(state.flat).items()}
        self.steps = count
        if count:
            self.system.repeat(fields, self.step_grid, count)
        if rest > SAME * self.step_grid:
            self.system.repeat(fields, rest, 1)
            self.steps += 1
        for name, own in state.view(state.flat).items():
            own[:] = fields[name][state.part.start : state.part.stop]
        self._look(t + step)

    def _look(self, t: float) -> None:
        """Set ``now`` to the mean field of the state at t. **Collective.**"""
        c = self.state.field(self.state.flat, t)
        self.now = Ends(c, np.zeros_like(c))

    def saved(self) -> tuple[dict, dict, dict[str, Part]]:
        """Where the steps lie; they have no history."""
        return {"origin": self.origin}, {}, {}

    def restore(self, numbers: Mapping, shared: Mapping, read: Read, step_grid: float) -> None:
        """Take up the place of the steps; the state is there. **Collective.**"""
        self.begin_grid(numbers["origin"], step_grid)
        self._look(self.origin)
