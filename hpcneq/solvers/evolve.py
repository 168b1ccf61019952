"""Time evolution of a mean field through PETSc TS, in segments between the drive's jumps.

Works on a state with the face of :class:`.meanfield.FieldState`: ``flat``, ``rhs``, ``field`` and, for "arkimex", ``stiff``.
With bath modes (:class:`.bathmodes.State`) ``ts_type`` is "exponential" by default, a TS of type python
(:mod:`.exponential`); "rk" and "arkimex" run on the same equations, with the modes in the Vec and only the rates
lambda_g implicit (the mean field is not holomorphic, a Jacobian of the rest would be wrong).
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import petsc
from ..errors import InputError
from .exponential import Exponential

DEFAULTS = {
    "exponential": {},
    "rk": {"ts_rk_type": "5dp", "ts_adapt_type": "basic", "ts_rtol": 1e-9, "ts_atol": 1e-11},
    "arkimex": {"ts_arkimex_type": "4", "ts_adapt_type": "basic", "ts_rtol": 1e-8, "ts_atol": 1e-10,
                "snes_type": "ksponly", "ksp_type": "preonly", "pc_type": "jacobi"},
}
PREFIX = "evolve_"


def segments(t_max, breakpoints):
    """[(start, end)] between the times at which the drive jumps."""
    edges = [0.0, *breakpoints, t_max]
    return list(zip(edges[:-1], edges[1:]))


def row_times(t_max, breakpoints, step, every):
    """Times of the output rows: every ``round(every / step)`` steps of each segment, and its end.

    They lie on the lattice of steps, so that asking for output never changes a step.
    """
    stride = max(1, round((every or step) / step)) * step
    times = [0.0]
    for a, b in segments(t_max, breakpoints):
        count = int(np.floor((b - a) / stride * (1 + 1e-12) - 1e-9))
        times.extend(a + k * stride for k in range(1, count + 1))
        times.append(b)
    return np.array(times)


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

    def __init__(self, state, t_max, step, options, corrector=0):
        self.state, self.comm, self.t_max, self.step = state, state.comm, t_max, step
        self.options, self.counts = options, Counts()
        self.type = self._type()
        self.end, self.first = t_max, 0
        self.ts, self.vec = self._create(corrector)

    def _type(self):
        modes = hasattr(self.state, "modes")
        name = self.options.get(PREFIX + "ts_type", "exponential" if modes else "rk")
        allowed = [kind for kind in DEFAULTS if modes or kind != "exponential"]
        if not hasattr(self.state, "stiff"):
            allowed.remove("arkimex")
        if name not in allowed:
            raise InputError(f'[petsc] {PREFIX}ts_type = "{name}": must be one of {", ".join(allowed)}')
        if name != "exponential" and modes and self.state.dtype != complex:
            raise InputError(f'[numerics] precision = "mixed": {PREFIX}ts_type = "{name}" works in double precision only; '
                             'use "double" or the exponential integrator')
        return name

    def _create(self, corrector):
        PETSc = petsc.start()
        ts = PETSc.TS().create(self.comm)
        ts.setOptionsPrefix(PREFIX)
        state, self.method = self.state, None
        array = state.flat if self.type != "exponential" else state.flat[:state.green_count]
        vec = PETSc.Vec().createWithArray(array, comm=self.comm)
        if self.type == "exponential":
            self.options.table.pop(PREFIX + "ts_type", None)
            self.options.base.delValue(PREFIX + "ts_type")  # PETSc would look for a TS of this name
            ts.setType("python")
            self.method = Exponential(state, corrector)
            ts.setPythonContext(self.method)
        else:
            ts.setType(self.type)
            ts.setRHSFunction(self._rhs)
            if self.type == "arkimex":
                ts.setIFunction(self._implicit, vec.duplicate())
                ts.setIJacobian(self._jacobian, self._diagonal(PETSc))
        ts.setSolution(vec)
        ts.setTimeStep(self.step)
        ts.setMaxSteps(2 ** 31 - 1)
        ts.setExactFinalTime(PETSc.TS.ExactFinalTime.MATCHSTEP)
        with petsc.Options({PREFIX + key: value for key, value in DEFAULTS[self.type].items()
                            if not self.options.base.hasName(PREFIX + key)}):
            ts.setFromOptions()
        return ts, vec

    def run(self, on_row, on_step=None, every=None):
        """Go to ``t_max``; ``on_row(row)`` at each output time, ``on_step(t)`` after each step.

        ``on_step`` may return True to stop at this step, on all ranks alike. Returns the time reached.
        """
        PETSc = petsc.start()
        breakpoints = self.state.system.breakpoints(self.t_max)
        rows = list(row_times(self.t_max, breakpoints, self.step, every))
        work = self.vec.duplicate()
        stopped = []

        def monitor(ts, number, t, u):
            self.counts.monitored += 1
            while rows and rows[0] <= t + 1e-9 * self.step:
                self._row(ts, rows.pop(0), t, u, work, on_row)
            if on_step is not None and number > self.first and on_step(t):
                stopped.append(t)
                ts.setConvergedReason(PETSc.TS.ConvergedReason.CONVERGED_USER)

        self.ts.setMonitor(monitor)
        for a, b in segments(self.t_max, breakpoints):
            self.end, self.first = b, self.ts.getStepNumber()
            self.ts.setTime(a)
            self.ts.setMaxTime(b)
            self.ts.setTimeStep(min(self.step, b - a))
            self.ts.setConvergedReason(PETSc.TS.ConvergedReason.CONVERGED_ITERATING)
            if self.method is not None:
                self.method.start(a, self.step)
            self.ts.solve(self.vec)
            petsc.check(PETSc.TS.ConvergedReason, self.ts.getConvergedReason(), f"evolve: TS stopped at t={self.ts.getTime():g}",
                        "try [petsc] evolve.ts_dt or evolve.ts_rtol=1e-6, or the exponential integrator")
            if stopped:
                break
        self._count()
        work.destroy()
        return self.ts.getTime()

    def _row(self, ts, row, t, u, work, on_row):
        side = -1 if abs(row - self.end) < 1e-9 * self.step else +1
        if self.method is not None:
            on_row(Row(row, side, self.state.flat, self.method.now.c, self.state.green, self.state.modes))
            return
        if abs(row - t) > 1e-9 * self.step:
            ts.interpolate(row, work)
            u = work
        array = u.getArray(readonly=True)
        views = ((self.state.view_green(array), self.state.view_modes(array[self.state.green_count:]))
                 if hasattr(self.state, "modes") else (None, None))
        on_row(Row(row, side, array, self.state.field(array), *views))

    def _count(self):
        self.counts.steps, self.counts.rejected = self.ts.getStepNumber(), self.ts.getStepRejections()
        if self.method is not None:
            self.counts.rollbacks, self.counts.passes, self.counts.flops = self.method.rollbacks, self.method.passes, self.method.flops

    def destroy(self):
        """Free PETSc's objects now: collected later than MPI they would crash the exit."""
        self.ts.destroy()
        self.vec.destroy()

    # -- callbacks of PETSc's own integrators ---------------------------------------------------------------
    def _side(self, t):
        return -1 if t >= self.end - 1e-12 * max(1.0, abs(self.end)) else +1

    def _rhs(self, ts, t, u, f):
        self.state.rhs(t, self._side(t), u.getArray(readonly=True), f.getArray(), self.type != "arkimex")

    def _implicit(self, ts, t, u, udot, f):
        f.setArray(udot.getArray(readonly=True) - self.state.stiff(t, self._side(t)) * u.getArray(readonly=True))

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
