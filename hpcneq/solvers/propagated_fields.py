"""Exponential steps of a mean field whose items are propagated over a whole step at once.

A system with that ability (`Propagating`) moves its items from the mean fields at both ends of a
step, and has a Newton step for the mean field at the end. The context of the TS of type ``python``
takes passes of both until the mean field no longer moves.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..errors import NotConverged
from ..maths.arrays import ComplexArray, NumberArray
from ..parallel import Communicator, ordered_sum
from .auxiliary_modes.stepping import Ends, Stepper
from .mean_field import FieldState
from .protocols import Fields, MeanField

MOVED = 1e-7  # of the mean field: move after which no pass follows; one leaves a few percent of it
MOST = 12  # passes of a step
FAR = 1e-4  # of the mean field: a move that is too large after so many
Last = tuple[float, ComplexArray] | None  # length of the step before, mean field where it began


@runtime_checkable
class Propagating(Protocol):
    """A `MeanField` whose items move over a step at once; c : the mean field (m,) at an end."""

    def begin(self, t: float, c: ComplexArray, local: Fields, part: range) -> Any:
        """What all passes of a step from here share."""

    def opened(
        self, t: float, c: ComplexArray, local: Fields, begun: Any, part: range
    ) -> NumberArray:
        """The rows whose sums `opening` needs, c that of `MeanField.close`."""

    def opening(self, t: float, step: float, c: ComplexArray, sums: NumberArray) -> ComplexArray:
        """The mean field (m,) where steps of this length begin."""

    def predicted(self, step: float, c: ComplexArray, last: Last) -> ComplexArray:
        """A guess of the mean field at the end of a step."""

    def propagate(
        self,
        t: float,
        step: float,
        ends: tuple[ComplexArray, ComplexArray],
        begun: Any,
        fields: tuple[Fields, Fields],
        part: range,
    ) -> NumberArray:
        """From fields at t to those at t + step; the rows whose sums `settle` needs."""

    def settle(
        self,
        t: float,
        step: float,
        ends: tuple[ComplexArray, ComplexArray],
        sums: NumberArray,
        before: Last,
    ) -> tuple[ComplexArray, float]:
        """(the mean field at the end t, its move from that of ``ends`` over its size)."""

    def carry(self, c: ComplexArray, local: Fields) -> None:
        """Write the mean field into the fields that hold it."""


class PropagatedState(FieldState):
    """A `FieldState` that exponential steps exchange with a second one.

    green_count : none of it is seen by PETSc while they do.
    """

    ts_types = ("exponential", "rk")
    green_count = 0
    green = None
    modes = None

    def __init__(self, system: MeanField, comm: Communicator, start: bool = True):
        super().__init__(system, comm, start)
        self.spare = np.empty(0, complex)

    def exchange(self) -> None:
        """Take the fields of the spare array."""
        self.flat, self.spare = self.spare, self.flat


class Propagated(Stepper):
    """Context of the python TS for a `PropagatedState`."""

    def __init__(self, state: PropagatedState):
        super().__init__()
        self.state = state
        self.system: Any = state.system
        state.spare = np.empty_like(state.flat)

    def start(self, t: float, step: float | None = None) -> None:
        """Where the drive jumps and before the first step: no history. **Collective.**"""
        self.begin_grid(t, step)
        state, system = self.state, self.system
        local = state.view(state.flat)
        c = state.field(state.flat, t)
        rows = system.opened(t, c, local, system.begin(t, c, local, state.part), state.part)
        sums = ordered_sum(state.comm, state.layout, rows)
        self.now = self.ends(system.opening(t, self.step_grid, c, sums))

    @staticmethod
    def ends(c: ComplexArray) -> Ends:
        """The end of a step; what moves is in c."""
        return Ends(c, np.zeros_like(c))

    def advance(self, t: float, step: float) -> None:
        """The state from t to t + step. **Collective.**"""
        state, system = self.state, self.system
        part = state.part
        last = None
        if self.history is not None:
            last = self.history[0], self.history[1].c
        c = self.now.c
        fields = state.view(state.flat), state.view(state.spare)
        begun = system.begin(t, c, fields[0], part)
        end = system.predicted(step, c, last)
        for _ in range(MOST):
            rows = system.propagate(t, step, (c, end), begun, fields, part)
            sums = ordered_sum(state.comm, state.layout, rows)
            end, moved = system.settle(t + step, step, (c, end), sums, last)
            self.passes += 1
            self.refuse_turn(moved)
            if moved < MOVED:
                break
        if moved > FAR:
            raise NotConverged(
                f"the mean field of a step moves by {moved:.1e} after {MOST} passes; "
                "try a smaller [numerics] dt"
            )
        system.carry(end, fields[1])
        state.exchange()
        self.history = (step, self.now)
        self.now = self.bounded(self.ends(end), step)
        self.steps += 1
