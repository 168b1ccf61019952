"""What of an evolution a checkpoint stores, when it is written, and how the evolution goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .. import interrupts
from ..parallel import Part

REACH = 21  # an adaptive step grows at most tenfold, and PETSc fits the last two steps to the end


class Saved(Protocol):
    """The content of a checkpoint."""

    @property
    def meta(self) -> Mapping:
        """Has the solver's numbers as "solver" and its replicated arrays as "shared"."""

    def read(self, name: str, flat: NDArray, start: int, size: int) -> None:
        """Fill this rank's flat array with the entries from ``start`` on of an array of
        ``size``.
        """


class StateKeeper(Protocol):
    """Saves and restores a solver; collective."""

    @property
    def saved(self) -> Saved | None:
        """The checkpoint to go on from."""

    @property
    def moved(self) -> bool:
        """Whether the end of the run has moved since then."""

    def decide(self) -> tuple[bool, bool]:
        """(whether to stop here, whether to write a checkpoint) after a step."""

    def save(
        self,
        numbers: Mapping[str, object],
        shared: Mapping[str, object],
        arrays: Mapping[str, Part],
        free: bool,
    ) -> int:
        """Write a checkpoint; returns its bytes. free : the next step does not depend on where the
        run ends.
        """


class Checkpoints:
    """Saves and restores one `evolution.Evolution` through a keeper; without one it only counts.

    Methods are **Collective**.
    """

    def __init__(self, evolution, keeper: StateKeeper | None):
        self.run, self.keeper = evolution, keeper
        # counted up to the checkpoint
        self.before = {"rejected": 0, "passes": 0, "rollbacks": 0, "flops": 0.0}
        self.parked = False  # a state from which a later end can be reached has been written
        # The first checkpoint, before the first step, shows that they can be written and what they
        # cost.
        self.due = keeper is not None and keeper.saved is None
        self.saved = None
        self.halted: str | None = None  # what asked to stop an evolution that nobody keeps
        if keeper is not None and keeper.saved is not None:
            self.saved = keeper.saved
            self._restore(self.saved)

    def _restore(self, saved):
        numbers, run = saved.meta["solver"], self.run
        if numbers["type"] != run.type:
            raise ValueError(f"a checkpoint of type {numbers['type']} for a TS of type {run.type}")
        self.parked = numbers["parked"] and not self.keeper.moved
        for name, (flat, start, size) in run.state.placed().items():
            saved.read(name, flat, start, size)
        run.reached = numbers["t"]
        run.ts.setTime(numbers["t"])
        run.ts.setStepNumber(numbers["step"])
        self.before = dict(numbers["counts"])
        if run.comm.rank:  # the sum over all ranks goes on from one of them
            self.before["flops"] = 0.0

    def counts(self) -> dict[str, float]:
        """What has been counted since the run was begun, ``flops`` on this rank."""
        run = self.run
        new = {"rejected": run.ts.getStepRejections()}
        if run.method is not None:
            new.update(
                passes=run.method.passes, rollbacks=run.method.rollbacks, flops=run.method.flops
            )
        return {name: value + new.get(name, 0) for name, value in self.before.items()}

    def take_up(self) -> Mapping:
        """Give the integrator its history back, in the middle of a segment; returns the numbers."""
        run, saved = self.run, self.saved
        if saved is None:
            raise ValueError("there is no checkpoint to go on from")
        if run.method is not None:
            run.method.restore(
                saved.meta["solver"]["method"], saved.meta["shared"], saved.read, run.step
            )
        return saved.meta["solver"]

    def stop(self, t: float) -> bool:
        """After a step: whether all ranks stop here; then, or if it is due, `write` writes."""
        if self.keeper is None:  # of a map's point: it is lost, and is not waited for
            self.halted = interrupts.agreed()
            return self.halted is not None
        stop, due = self.keeper.decide()
        self.due = stop or due or (not self.parked and self._near(t))
        return stop

    def write(self, t: float) -> None:
        """Write a checkpoint if one is due; the rows up to here are out."""
        if self.keeper is None or not self.due:
            return
        run, self.due = self.run, False
        free = self._free(t)
        self.parked = self.parked or (free and self._near(t))
        counts = self.counts()
        counts["flops"] = run.comm.allreduce(counts["flops"])
        numbers = {
            "type": run.type,
            "t": t,
            "step": run.ts.getStepNumber(),
            "h": run.ts.getTimeStep(),
            "parked": self.parked,
            "counts": counts,
        }
        shared, arrays = {}, dict(run.state.placed())
        if run.method is not None:
            numbers["method"], shared, history = run.method.saved()
            arrays.update(history)
        arrays = {
            name: (np.ascontiguousarray(flat), start, size)
            for name, (flat, start, size) in arrays.items()
        }
        self.keeper.save(numbers, shared, arrays, free)

    # -- the end of the run: its last step is cut to fit, and a later end must not begin with that -
    def _near(self, t):
        """Is the next step, or soon one for PETSc's types, one that the run's end may shorten?"""
        run = self.run
        if run.end < run.t_max:
            return False
        reach = REACH
        if run.method is not None:
            reach = 1
        return t + reach * run.ts.getTimeStep() >= run.t_max - 1e-9 * run.step

    def _free(self, t):
        """Would the next step be the same if the run went on for longer?"""
        run = self.run
        if run.method is not None or run.end < run.t_max or run.ts.getStepNumber() == 0:
            return True
        return t + 2 * run.ts.getTimeStep() < run.t_max - 1e-9 * run.step
