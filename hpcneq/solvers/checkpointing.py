"""What of an evolution a checkpoint keeps, when it is written, and how the evolution goes on from it."""

from __future__ import annotations

import numpy as np

REACH = 21  # an adaptive step grows at most tenfold, and PETSc fits the last two steps to the end


class Keeping:
    """Saves and restores one `Evolution` through a keeper; without one it only counts. Methods are **Collective**.

    The keeper (protocol) has ``saved``, None or something with ``meta`` {"solver", "shared"} and
    ``read(name, flat, start, size)``; ``moved``, whether the end of the run has moved since; ``decide() -> (stop, save)``
    and ``save(numbers, shared, arrays, free)``.
    """

    def __init__(self, evolution, keeper):
        self.run, self.keeper = evolution, keeper
        self.before = {
            "rejected": 0,
            "passes": 0,
            "rollbacks": 0,
            "flops": 0.0,
        }  # counted up to the checkpoint
        self.parked = False  # a state from which a later end can be reached has been written
        # The first checkpoint, before the first step, shows that they can be written and what they cost.
        self.due = keeper is not None and keeper.saved is None
        if keeper is not None and keeper.saved is not None:
            self._restore(keeper.saved)

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

    def counts(self):
        """What has been counted since the run was begun, ``flops`` on this rank."""
        run = self.run
        found = {"rejected": run.ts.getStepRejections()}
        if run.method is not None:
            found.update(
                passes=run.method.passes, rollbacks=run.method.rollbacks, flops=run.method.flops
            )
        return {name: value + found.get(name, 0) for name, value in self.before.items()}

    def take_up(self):
        """Give the integrator its history back, in the middle of a segment; returns the saved numbers."""
        saved, run = self.keeper.saved, self.run
        if run.method is not None:
            run.method.restore(
                saved.meta["solver"]["method"], saved.meta["shared"], saved.read, run.step
            )
        return saved.meta["solver"]

    def stop(self, t):
        """After a step: True if all ranks are to stop here; a checkpoint is then written, as when one is due."""
        if self.keeper is None:
            return False
        stop, due = self.keeper.decide()
        self.due = stop or due or (not self.parked and self._near(t))
        return stop

    def write(self, t):
        """Write a checkpoint if one is due; the rows up to here are out."""
        if not self.due:
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

    # -- the end of the run: its last step is cut to fit, and a later end must not begin with that ----------------
    def _near(self, t):
        """Is the next step, or for PETSc's own types one soon, one that the end of the run may shorten?"""
        run = self.run
        reach = 1 if run.method is not None else REACH
        return (
            run.end >= run.t_max and t + reach * run.ts.getTimeStep() >= run.t_max - 1e-9 * run.step
        )

    def _free(self, t):
        """Would the next step be the same if the run went on for longer?"""
        run = self.run
        if run.method is not None or run.end < run.t_max or run.ts.getStepNumber() == 0:
            return True
        return t + 2 * run.ts.getTimeStep() < run.t_max - 1e-9 * run.step
