"""Time evolution of a mean field through PETSc TS, in segments between the drive's jumps.

Works on any `protocols.State`. With bath modes (`BlockState`, `SiteState`) ``ts_type`` is
"exponential" by default, a TS of type python; "rk" and "arkimex" run on the same equations, with
the modes in the Vec and only the rates lambda_g implicit (the mean field is not holomorphic, a
Jacobian of the rest would be wrong). "rk" of order 4 with steps of one length is done by the
system's own kernel where it has one (`repeated_steps`) and no option of PETSc asks for another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
from mpi4py import MPI

from .. import interrupts, petsc
from ..errors import InputError, NotConverged
from .checkpointing import Checkpoints, StateKeeper
from .integrators import integrator
from .mean_field import FieldState
from .output_times import SAME, Row, aligned, row_interval, row_times, segments
from .protocols import ModeState, State
from .repeated_steps import Repeated, Repeating

DEFAULTS: dict[str, dict] = {
    "exponential": {},
    "rk": {"ts_rk_type": "5dp", "ts_adapt_type": "basic", "ts_rtol": 1e-9, "ts_atol": 1e-11},
    "arkimex": {
        "ts_arkimex_type": "4",
        "ts_adapt_type": "basic",
        "ts_rtol": 1e-8,
        "ts_atol": 1e-10,
        "snes_type": "ksponly",
        "ksp_type": "preonly",
        "pc_type": "jacobi",
    },
}
PREFIX = "evolve_"
KERNEL = "rk4"  # the type of an evolution by `repeated_steps`, in checkpoints
CLASSICAL = {"ts_rk_type": "4", "ts_adapt_type": "none"}  # the method of such a kernel
DRIFT = 1e-4  # of a step: how far sums of steps of one length may drift from their multiples
HUGE = 1e100  # beyond it numbers count as infinite: their squares would be
REMEMBERING = ("dsp", "glee", "history")  # step controllers with a history of their own


@dataclass
class Counts:
    """What an evolution did, its flops on this rank."""

    steps: int = 0
    monitored: int = 0
    rollbacks: int = 0
    passes: int = 0
    flops: float = 0.0
    rejected: int = 0


class Evolution:
    """One run of a state from t = 0 to ``t_max``. Methods are **Collective**.

    step : length of the time steps, for adaptive types of the first. options : the run's
    `petsc.Options`. corrector : further corrections of the exponential integrator. keeper : saves
    and restores the run. defaults : PETSc options of this system in place of ``DEFAULTS``,
    {"ts_adapt_type": "none"}. ``method`` is the exponential integrator, None for PETSc's own types.
    ``reached`` is the time of the checkpoint that the run goes on from. Raises InputError for
    options that do not fit the state.
    """

    def __init__(
        self,
        state: State,
        t_max: float,
        step: float,
        options: petsc.Options,
        corrector: int = 0,
        keeper: StateKeeper | None = None,
        defaults: Mapping[str, object] | None = None,
    ):
        self.state, self.comm, self.t_max, self.step = state, state.comm, t_max, step
        self.options, self.counts = options, Counts()
        self.type = self._type()
        self.defaults = DEFAULTS[self.type] | dict(defaults or {})
        if self.type == "rk" and self._has_kernel(keeper):
            self.type = KERNEL
        self.end, self.reached = t_max, None
        self.failure = ""
        self.ts, self.vec = self._create(corrector)
        adapt = options.get(PREFIX + "ts_adapt_type", self.defaults.get("ts_adapt_type", ""))
        # from a step's end, an output time so near is that end
        self.near = SAME * step
        if self.method is None and adapt == "none":
            self.near = DRIFT * step
        self.checkpoints = Checkpoints(self, keeper)

    # -- making the TS -----------------------------------------------------------------------------
    def _type(self):
        """The type of TS; InputError if the state cannot be integrated by it."""
        allowed = self.state.ts_types
        name = self.options.get(PREFIX + "ts_type", allowed[0])
        if name not in allowed:
            raise InputError(
                f'[petsc] {PREFIX}ts_type = "{name}": must be one of {", ".join(allowed)}'
            )
        if name != "exponential" and isinstance(self.state, ModeState):
            if self.state.dtype != complex:
                raise InputError(
                    f'[numerics] precision = "mixed": {PREFIX}ts_type = "{name}" works in double '
                    'precision only; use "double" or the exponential integrator'
                )
        return name

    def _has_kernel(self, keeper):
        """Whether the system's own kernel does the steps that are asked for."""
        if keeper is not None and keeper.saved is not None:
            return keeper.saved.meta["solver"]["type"] == KERNEL
        system = self.state.system
        if not (isinstance(self.state, FieldState) and isinstance(system, Repeating)):
            return False
        asked = any(name.startswith(PREFIX) for name in self.options.given())
        same = all(self.defaults.get(name) == value for name, value in CLASSICAL.items())
        return system.autonomous and same and not asked

    def _create(self, corrector):
        """(TS, Vec) that views the state; sets ``method``."""
        PETSc = petsc.start()
        petsc.hold(self.comm)
        ts = PETSc.TS().create(self.comm)
        ts.setOptionsPrefix(PREFIX)
        self.method, array = None, self.state.flat
        if self.type == "exponential":
            array = array[: self.state.green_count]
        vec = PETSc.Vec().createWithArray(array, comm=self.comm)
        if self.type == "exponential":
            self._set_exponential(ts, corrector)
        elif self.type == KERNEL:
            ts.setType("python")
            self.method = Repeated(self.state, self.state.system)
            ts.setPythonContext(self.method)
        else:
            ts.setType(self.type)
            ts.setRHSFunction(self._rhs)
            self._refuse_memory()
        if self.type == "arkimex":
            ts.setIFunction(self._implicit, vec.duplicate())
            ts.setIJacobian(self._jacobian, self._diagonal(PETSc))
        ts.setSolution(vec)
        ts.setTimeStep(self.step)
        ts.setMaxSteps(2**31 - 1)
        ts.setErrorIfStepFails(False)  # the reason is looked at instead
        ts.setExactFinalTime(PETSc.TS.ExactFinalTime.MATCHSTEP)
        with petsc.Options(
            {
                PREFIX + key: value
                for key, value in self.defaults.items()
                if not self.options.base.hasName(PREFIX + key)
            }
        ):
            petsc.configure(ts)
        return ts, vec

    def _set_exponential(self, ts, corrector):
        """Make the state's own integrator the method of the TS."""
        self.options.table.pop(PREFIX + "ts_type", None)
        self.options.base.delValue(PREFIX + "ts_type")  # PETSc would look for a TS of this name
        ts.setType("python")
        self.method = integrator(self.state, corrector)
        ts.setPythonContext(self.method)

    def _refuse_memory(self):
        """InputError for what would make a step depend on more than state, time and step length."""
        adapt = self.options.get(PREFIX + "ts_adapt_type", "")
        if adapt in REMEMBERING:
            raise InputError(_forgotten("ts_adapt_type", adapt))
        name = "ts_arkimex_initial_guess_extrapolate"
        extrapolate = self.options.get(PREFIX + name, "")
        if extrapolate and extrapolate.lower() not in ("0", "false", "no", "off"):
            raise InputError(_forgotten(name, extrapolate) + " and no extrapolation")

    # -- running -----------------------------------------------------------------------------------
    def run(
        self,
        on_row: Callable[[Row], object],
        on_step: Callable[[float], object] | None = None,
        every: float | None = None,
        align: bool = False,
    ) -> float:
        """Go to ``t_max``; ``on_row(row)`` at each output time, ``on_step(t)`` after each step.

        ``on_step`` may return True to stop at this step, on all ranks alike. Returns the time
        reached. every : time between rows, each step if None. align : its rows shall also be rows
        of the run with half the step and half of ``every``. Raises NotConverged if a step fails,
        StoppedEarly if the run is to stop and nobody keeps this evolution.
        """
        interval = row_interval(self.step, every)
        if isinstance(self.method, Repeated):
            self.method.stride = round(interval / self.step)
        beyond = interval * ceil(self.t_max / interval - 1e-6)
        breakpoints = self.state.system.breakpoints(max(beyond, self.t_max))
        if align:
            breakpoints = aligned(self.t_max, breakpoints, self.step)
        self.rows = list(row_times(self.t_max, breakpoints, self.step, every))
        if self.reached is not None:
            self.rows = [t for t in self.rows if t > self.reached + self.near]
        work, self.stopped = self.vec.duplicate(), False

        def monitor(ts, number, t, u):
            if self.failure:
                return
            self.counts.monitored += 1
            while self.rows and self.rows[0] <= t + self.near:
                on_row(self._row(ts, self.rows.pop(0), t, u, work))
            self.checkpoints.write(t)

        self.ts.setMonitor(monitor)
        self.ts.setPostStep(lambda ts: self._after_step(ts, on_step))
        try:
            for a, b in segments(self.t_max, breakpoints, self.step):
                if self.reached is not None and b <= self.reached + SAME * self.step:
                    continue
                self._segment(a, b)
                if self.stopped:
                    break
        finally:
            self._count()
            work.destroy()
        if self.checkpoints.halted:
            raise interrupts.stopped(self.checkpoints.halted)
        return self.ts.getTime()

    def _after_step(self, ts, on_step):
        """What follows a step: a new start for PETSc's own types, the caller's turn, stopping."""
        t = ts.getTime()
        self.failure = self._failure()
        if self.failure:
            ts.setConvergedReason(petsc.start().TS.ConvergedReason.CONVERGED_USER)
            return
        if self.method is None:
            # or the last stage's slope comes from before the drive's jump, or is lost in a
            # checkpoint
            ts.restartStep()
        stop = on_step is not None and on_step(t)
        if t < self.t_max - SAME * self.step:
            stop = self.checkpoints.stop(t) or stop
        if stop:
            self.stopped = True
            ts.setConvergedReason(petsc.start().TS.ConvergedReason.CONVERGED_USER)

    def _failure(self):
        """Why the state after a step is none, or "". **Collective.**"""
        if self.method is not None and self.method.failure:
            return str(self.method.failure)
        with np.errstate(all="ignore"):
            finite = bool(np.abs(self.vec.getArray(readonly=True).sum()) < HUGE)
        if self.method is not None:
            finite = finite and bool(np.isfinite(self.method.now.c).all())
        if self.comm.allreduce(finite, MPI.LAND):
            return ""
        return "the numbers grow without bounds; try a smaller [numerics] dt"

    def _segment(self, a, b):
        """Solve from a, or from where a checkpoint left it, to b. Raises NotConverged."""
        reasons = petsc.start().TS.ConvergedReason
        self.end = b
        self._begin(a, b)
        with petsc.plain_errors(), np.errstate(over="ignore", invalid="ignore"):
            self.ts.solve(self.vec)  # what is not finite ends the run
        t, reason = self.ts.getTime(), self.ts.getConvergedReason()
        if self.failure:
            raise NotConverged(f"evolve: stopped at t={t:g}: {self.failure}")
        petsc.check(
            reasons,
            reason,
            f"evolve: TS stopped at t={t:g}",
            "try a smaller [numerics] dt, [petsc] evolve.ts_rtol=1e-6, or the exponential "
            "integrator",
        )
        if not self.stopped and t < b - SAME * self.step:
            raise NotConverged(
                f"evolve: TS stopped at t={t:g} ({petsc.reason(reasons, reason)}); try a larger "
                "[petsc] evolve.ts_max_steps"
            )

    def _begin(self, a, b):
        """Set the TS to the start of a segment, or to where a checkpoint left it."""
        t, h, going_on = a, min(self.step, b - a), False
        if self.reached is not None and self.reached > a + SAME * self.step:
            numbers, going_on = self.checkpoints.take_up(), True
            t, h = numbers["t"], numbers["h"]
        self.ts.setTime(t)
        self.ts.setMaxTime(b)
        self.ts.setTimeStep(h)
        self.ts.setConvergedReason(petsc.start().TS.ConvergedReason.CONVERGED_ITERATING)
        if self.method is not None:
            if not going_on:
                self.method.start(a, self.step)
            return
        self.ts.restartStep()
        self.ts.setPreStep(None)
        if going_on:
            self._first_step(h)

    def _first_step(self, h):
        """TSSolve would begin with a last step that is shorter than the saved one by rounding."""

        def restore(ts):
            ts.setTimeStep(h)
            ts.setPreStep(None)

        self.ts.setPreStep(restore)

    def _row(self, ts, row, t, u, work):
        """The `Row` of an output time at or before t, where the Vec is ``u``."""
        side = -1 if abs(row - self.end) < SAME * self.step else +1
        state = self.state
        if isinstance(self.method, Repeated):
            return Row(row, side, state.flat, self.method.now.c, None, None)
        if self.method is not None:
            modes = self.method.row_modes(state)
            return Row(row, side, state.flat, self.method.now.c, state.green, modes)
        if abs(row - t) > self.near:
            ts.interpolate(min(row, t), work)
            u = work
        array = u.getArray(readonly=True)
        green = modes = None
        if isinstance(state, ModeState):
            green = state.view_green(array)
            modes = state.view_modes(array[state.green_count :])
        return Row(row, side, array, state.field(array, row), green, modes)

    def _count(self):
        self.counts = Counts(
            steps=self.ts.getStepNumber(),
            monitored=self.counts.monitored,
            **self.checkpoints.counts(),
        )

    def destroy(self) -> None:
        """Free PETSc's objects now: collected later than MPI they would crash the exit."""
        self.ts.monitorCancel()
        self.ts.setPostStep(None)
        self.ts.setPreStep(None)
        # an error's traceback may keep the TS until there is no Python left to ask
        if self.method is not None:
            self.ts.setType("euler")
        self.ts.destroy()
        self.vec.destroy()

    # -- callbacks of PETSc's own integrators ------------------------------------------------------
    def _side(self, t):
        return -1 if t >= self.end - 1e-12 * max(1.0, abs(self.end)) else +1

    def _rhs(self, ts, t, u, f):
        explicit = self.type != "arkimex"
        self.state.rhs(t, self._side(t), u.getArray(readonly=True), f.getArray(), explicit)

    def _implicit(self, ts, t, u, udot, f):
        stiff = self.state.stiff(t, self._side(t))
        f.setArray(udot.getArray(readonly=True) - stiff * u.getArray(readonly=True))

    def _jacobian(self, ts, t, u, udot, shift, J, P):
        diagonal = self.vec.duplicate()
        diagonal.setArray(shift - self.state.stiff(t, self._side(t)))
        P.setDiagonal(diagonal)
        P.assemble()
        diagonal.destroy()
        return True

    def _diagonal(self, PETSc):
        """An empty diagonal matrix of the size of the state."""
        n = self.state.flat.size
        J = PETSc.Mat().createAIJ(((n, None), (n, None)), nnz=1, comm=self.comm)
        for i in range(*J.getOwnershipRange()):
            J.setValue(i, i, 1.0)
        J.assemble()
        return J


def _forgotten(name, value):
    """What is said of an option whose effect no checkpoint could restore."""
    return (
        f'[petsc] {PREFIX}{name} = "{value}": its history is not kept in checkpoints, so '
        "that a stopped "
        'run would not go on as it was; use ts_adapt_type "basic" or "none"'
    )
