"""Time evolution of a mean field through PETSc TS, in segments between the drive's jumps.

Works on a state with the face of :class:`.mean_field.FieldState`: ``flat``, ``rhs``, ``field`` and, for "arkimex", ``stiff``.
With bath modes (:class:`hpcneq.solvers.auxiliary_modes.state.State`) ``ts_type`` is "exponential" by default, a TS of type python
(:mod:`hpcneq.solvers.auxiliary_modes.integrator`); "rk" and "arkimex" run on the same equations, with the modes in the Vec and only the rates
lambda_g implicit (the mean field is not holomorphic, a Jacobian of the rest would be wrong).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import petsc
from ..errors import InputError, NotConverged
from .auxiliary_modes.integrator import Exponential
from .checkpointing import Keeping
from .output_times import row_times, segments

DEFAULTS = {
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
SAME, DRIFT = (
    1e-9,
    1e-4,
)  # of a step: times no further apart are one; how far sums of steps of one length may have drifted from their multiples


@dataclass(frozen=True)
class Row:
    """The state at an output time: local array, mean field and, with bath modes, Green functions and modes.

    side : -1 at the end of a segment (values of the drive before its jump), else +1.
    """

    t: float
    side: int
    array: np.ndarray
    c: np.ndarray
    green: dict | None
    modes: dict | None


@dataclass
class Counts:
    """What an evolution did: steps, monitor calls, rollbacks, passes over the modes, flops of this rank."""

    steps: int = 0
    monitored: int = 0
    rollbacks: int = 0
    passes: int = 0
    flops: float = 0.0
    rejected: int = 0


class Evolution:
    """One run of a state from t = 0 to ``t_max``. Methods are **Collective**.

    on_row, on_step of :meth:`run` see the state through ``green``/``modes`` views or the local array, see :class:`Row`.
    """

    def __init__(self, state, t_max, step, options, corrector=0, keeper=None, defaults=None):
        """defaults : PETSc options of this system that take the place of ``DEFAULTS``, {"ts_adapt_type": "none"}."""
        self.defaults = defaults or {}
        self.state, self.comm, self.t_max, self.step = state, state.comm, t_max, step
        self.options, self.counts = options, Counts()
        self.type = self._type()
        self.end, self.reached = t_max, None
        self.ts, self.vec = self._create(corrector)
        fixed = (
            self.method is None
            and options.get(
                PREFIX + "ts_adapt_type", (DEFAULTS[self.type] | self.defaults).get("ts_adapt_type")
            )
            == "none"
        )
        self.near = (
            DRIFT if fixed else SAME
        ) * step  # from a step's end, an output time is that end
        self.keeping = Keeping(self, keeper)

    def _type(self):
        modes = hasattr(self.state, "modes")
        name = self.options.get(PREFIX + "ts_type", "exponential" if modes else "rk")
        allowed = [kind for kind in DEFAULTS if modes or kind != "exponential"]
        if not hasattr(self.state, "stiff"):
            allowed.remove("arkimex")
        if name not in allowed:
            raise InputError(
                f'[petsc] {PREFIX}ts_type = "{name}": must be one of {", ".join(allowed)}'
            )
        if name != "exponential" and modes and self.state.dtype != complex:
            raise InputError(
                f'[numerics] precision = "mixed": {PREFIX}ts_type = "{name}" works in double precision only; '
                'use "double" or the exponential integrator'
            )
        return name

    def _create(self, corrector):
        PETSc = petsc.start()
        ts = PETSc.TS().create(self.comm)
        ts.setOptionsPrefix(PREFIX)
        state, self.method = self.state, None
        array = state.flat if self.type != "exponential" else state.flat[: state.green_count]
        vec = PETSc.Vec().createWithArray(array, comm=self.comm)
        if self.type == "exponential":
            self.options.table.pop(PREFIX + "ts_type", None)
            self.options.base.delValue(PREFIX + "ts_type")  # PETSc would look for a TS of this name
            ts.setType("python")
            self.method = getattr(state, "integrator", Exponential)(state, corrector)
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
                for key, value in (DEFAULTS[self.type] | self.defaults).items()
                if not self.options.base.hasName(PREFIX + key)
            }
        ):
            petsc.configure(ts)
        return ts, vec

    def _refuse_memory(self):
        """InputError for what would make a step depend on more than the state, the time and the step's length."""
        for name, wrong in (
            ("ts_adapt_type", ("dsp", "glee", "history")),
            ("ts_arkimex_initial_guess_extrapolate", None),
        ):
            value = self.options.get(PREFIX + name, "")
            if value and (
                value in wrong if wrong else value.lower() not in ("0", "false", "no", "off")
            ):
                raise InputError(
                    f'[petsc] {PREFIX}{name} = "{value}": its history is not kept in checkpoints, so that a stopped run '
                    'would not go on as it was; use ts_adapt_type "basic" or "none"'
                    + ("" if wrong else " and no extrapolation")
                )

    def run(self, on_row, on_step=None, every=None):
        """Go to ``t_max``; ``on_row(row)`` at each output time, ``on_step(t)`` after each step.

        ``on_step`` may return True to stop at this step, on all ranks alike. Returns the time reached.
        """
        PETSc = petsc.start()
        breakpoints = self.state.system.breakpoints(self.t_max)
        small, near = SAME * self.step, self.near
        rows = [
            t
            for t in row_times(self.t_max, breakpoints, self.step, every)
            if self.reached is None or t > self.reached + near
        ]
        work = self.vec.duplicate()
        stopped = []

        def monitor(ts, number, t, u):
            self.counts.monitored += 1
            while rows and rows[0] <= t + near:
                self._row(ts, rows.pop(0), t, u, work, on_row)
            self.keeping.write(t)

        def after_step(ts):
            t = ts.getTime()
            if self.method is None:
                ts.restartStep()  # or the last stage's slope comes from before the drive's jump, or is lost in a checkpoint
            stop = on_step is not None and on_step(t)
            if t < self.t_max - small:
                stop = self.keeping.stop(t) or stop
            if stop:
                stopped.append(t)
                ts.setConvergedReason(PETSc.TS.ConvergedReason.CONVERGED_USER)

        self.ts.setMonitor(monitor)
        self.ts.setPostStep(after_step)
        for a, b in segments(self.t_max, breakpoints):
            if self.reached is not None and b <= self.reached + small:
                continue
            self.end = b
            self._begin(a, b)
            self.ts.solve(self.vec)
            petsc.check(
                PETSc.TS.ConvergedReason,
                self.ts.getConvergedReason(),
                f"evolve: TS stopped at t={self.ts.getTime():g}",
                "try a smaller [numerics] dt, [petsc] evolve.ts_rtol=1e-6, or the exponential integrator",
            )
            if not stopped and self.ts.getTime() < b - small:
                raise NotConverged(
                    f"evolve: TS stopped at t={self.ts.getTime():g} "
                    f"({petsc.reason(PETSc.TS.ConvergedReason, self.ts.getConvergedReason())}); try a larger "
                    "[petsc] evolve.ts_max_steps"
                )
            if stopped:
                break
        self._count()
        work.destroy()
        return self.ts.getTime()

    def _begin(self, a, b):
        """Set the TS to the start of a segment, or to where a checkpoint left it."""
        PETSc, numbers = petsc.start(), None
        if self.reached is not None and self.reached > a + 1e-9 * self.step:
            numbers = self.keeping.take_up()
        self.ts.setTime(numbers["t"] if numbers else a)
        self.ts.setMaxTime(b)
        h = numbers["h"] if numbers else min(self.step, b - a)
        self.ts.setTimeStep(h)
        self.ts.setConvergedReason(PETSc.TS.ConvergedReason.CONVERGED_ITERATING)
        if self.method is None:
            self.ts.restartStep()
            # TSSolve would begin with a last step that is shorter than the saved one by rounding
            self.ts.setPreStep(
                (lambda ts: (ts.setTimeStep(h), ts.setPreStep(None))) if numbers else None
            )
        elif numbers is None:
            self.method.start(a, self.step)

    def _row(self, ts, row, t, u, work, on_row):
        side = -1 if abs(row - self.end) < 1e-9 * self.step else +1
        if self.method is not None:
            on_row(
                Row(
                    row,
                    side,
                    self.state.flat,
                    self.method.now.c,
                    self.state.green,
                    self.state.modes,
                )
            )
            return
        if abs(row - t) > self.near:
            ts.interpolate(min(row, t), work)
            u = work
        array = u.getArray(readonly=True)
        views = (
            (self.state.view_green(array), self.state.view_modes(array[self.state.green_count :]))
            if hasattr(self.state, "modes")
            else (None, None)
        )
        on_row(Row(row, side, array, self.state.field(array, row), *views))

    def _count(self):
        self.counts.steps = self.ts.getStepNumber()
        for name, value in self.keeping.counts().items():
            setattr(self.counts, name, value)

    def destroy(self):
        """Free PETSc's objects now: collected later than MPI they would crash the exit."""
        self.ts.monitorCancel()
        self.ts.setPostStep(None)
        self.ts.setPreStep(None)
        if (
            self.method is not None
        ):  # an error's traceback may keep the TS until there is no Python left to ask
            self.ts.setType("euler")
        self.ts.destroy()
        self.vec.destroy()

    # -- callbacks of PETSc's own integrators ---------------------------------------------------------------
    def _side(self, t):
        return -1 if t >= self.end - 1e-12 * max(1.0, abs(self.end)) else +1

    def _rhs(self, ts, t, u, f):
        self.state.rhs(
            t, self._side(t), u.getArray(readonly=True), f.getArray(), self.type != "arkimex"
        )

    def _implicit(self, ts, t, u, udot, f):
        f.setArray(
            udot.getArray(readonly=True)
            - self.state.stiff(t, self._side(t)) * u.getArray(readonly=True)
        )

    def _jacobian(self, ts, t, u, udot, shift, J, P):
        diagonal = self.vec.duplicate()
        diagonal.setArray(shift - self.state.stiff(t, self._side(t)))
        P.setDiagonal(diagonal)
        P.assemble()
        diagonal.destroy()
        return True

    def _diagonal(self, PETSc):
        n = self.state.flat.size
        J = PETSc.Mat().createAIJ(((n, None), (n, None)), nnz=1, comm=self.comm)
        for i in range(*J.getOwnershipRange()):
            J.setValue(i, i, 1.0)
        J.assemble()
        return J
