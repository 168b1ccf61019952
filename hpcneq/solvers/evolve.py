"""Time evolution of a mean field with bath modes through PETSc TS, in segments between the drive's jumps.

``ts_type`` "exponential" (the default: a TS of type python, see :mod:`.exponential`), "rk" or "arkimex" on the
same equations; with the latter two the Vec holds Green functions and modes, and only the rates lambda_g are
treated implicitly (the mean field is not holomorphic, a Jacobian of the rest would be wrong).
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import petsc
from ..errors import InputError
from .bathmodes import State, memory_terms
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
    """One run of a system from its stationary start to ``t_max``. Methods are **Collective**."""

    def __init__(self, system, comm, t_max, step, options, precision="double", corrector=0):
        self.system, self.comm, self.t_max, self.step = system, comm, t_max, step
        self.options, self.counts = options, Counts()
        self.type = self._type()
        dtype = complex if precision == "double" else np.complex64
        if self.type != "exponential" and dtype != complex:
            raise InputError(f'[numerics] precision = "mixed": {PREFIX}ts_type = "{self.type}" works in double precision only; '
                             'use "double" or the exponential integrator')
        self.state = State(system, comm, dtype)
        self.ts, self.vec = self._create(corrector)
        self.end = t_max

    def _type(self):
        name = self.options.get(PREFIX + "ts_type", "exponential")
        if name not in DEFAULTS:
            raise InputError(f'[petsc] {PREFIX}ts_type = "{name}": must be one of {", ".join(DEFAULTS)}')
        return name

    def _create(self, corrector):
        PETSc = petsc.start()
        ts = PETSc.TS().create(self.comm)
        ts.setOptionsPrefix(PREFIX)
        state = self.state
        array = state.flat if self.type != "exponential" else state.flat[:state.green_count]
        vec = PETSc.Vec().createWithArray(array, comm=self.comm)
        for key, value in DEFAULTS[self.type].items():
            if not self.options.base.hasName(PREFIX + key):
                self.options.base.setValue(PREFIX + key, str(value))
        if self.type == "exponential":
            self.options.base.delValue(PREFIX + "ts_type")  # PETSc would look for a TS of this name
            self.options.table.pop(PREFIX + "ts_type", None)
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
        ts.setFromOptions()
        return ts, vec

    def run(self, on_row, on_step=None, every=None):
        """Go to ``t_max``; ``on_row(t, side, green, modes, c)`` at each output time, ``on_step(t)`` after each step.

        ``on_step`` may return True to stop at this step, on all ranks alike. Returns the time reached.
        """
        PETSc = petsc.start()
        breakpoints = self.system.breakpoints(self.t_max)
        rows = list(row_times(self.t_max, breakpoints, self.step, every))
        work = self.vec.duplicate()
        stopped = []

        def monitor(ts, number, t, u):
            self.counts.monitored += 1
            while rows and rows[0] <= t + 1e-9 * self.step:
                row = rows.pop(0)
                self._row(ts, row, t, u, work, on_row)
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
            if self.type == "exponential":
                self.method.start(a, self.step)
            self.ts.solve(self.vec)
            code = self.ts.getConvergedReason()
            petsc.check(PETSc.TS.ConvergedReason, code, f"evolve: TS stopped at t={self.ts.getTime():g}",
                        "try [petsc] evolve.ts_dt or evolve.ts_rtol=1e-6, or the exponential integrator")
            if stopped:
                break
        self._count()
        work.destroy()
        return self.ts.getTime()

    def _row(self, ts, row, t, u, work, on_row):
        state = self.state
        side = -1 if abs(row - self.end) < 1e-9 * self.step else +1
        if self.type == "exponential":
            on_row(row, side, state.green, state.modes, self.method.now.c)
            return
        if abs(row - t) > 1e-9 * self.step:
            ts.interpolate(row, work)
            u = work
        array = u.getArray(readonly=True)
        green, modes = state.view_green(array), state.view_modes(array[state.green_count:])
        on_row(row, side, green, modes, state.mean_field(green)[0])

    def _count(self):
        self.counts.steps = self.ts.getStepNumber()
        self.counts.rejected = self.ts.getStepRejections()
        if self.type == "exponential":
            self.counts.rollbacks, self.counts.passes, self.counts.flops = self.method.rollbacks, self.method.passes, self.method.flops

    def destroy(self):
        """Free PETSc's objects."""
        self.ts.destroy()
        self.vec.destroy()

    # -- the same equations for PETSc's own integrators ---------------------------------------------------
    def _rhs(self, ts, t, u, f):
        state, system = self.state, self.system
        array, out = u.getArray(readonly=True), f.getArray()
        green, modes = state.view_green(array), state.view_modes(array[state.green_count:])
        dgreen, dmodes = state.view_green(out), state.view_modes(out[state.green_count:])
        rates = system.rates_at(t, -1 if t >= self.end - 1e-12 * max(1.0, abs(self.end)) else +1)
        explicit = 0.0 if self.type == "arkimex" else 1.0
        c, = state.mean_field(green)
        sums = state.mode_sums(modes, rates)
        hamiltonians = {b: system.hamiltonian(b, c) for b in state.share.mine}
        for b, G in green.items():
            H = hamiltonians[b]
            X, _ = memory_terms(system, sums[b], H)
            HG = H @ G
            dgreen[b][:] = -1j * HG + 1j * (H.conj() @ np.ascontiguousarray(G.T)).T + X - explicit * system.damping * G
        for (b, chunk), runs in modes.items():
            HT = np.ascontiguousarray(hamiltonians[b].toarray().T)
            for (groups, cols, M), (_, _, dM) in zip(runs, dmodes[b, chunk]):
                dM[:] = -1j * (M @ HT) + explicit * rates[groups][:, None, None] * M
                for k, g in enumerate(groups):
                    j = np.arange(cols.stop - cols.start)
                    dM[k, j, cols.start + j] += system.sources(b, g)

    def _stiff(self, t):
        """The diagonal handled implicitly: lambda_g for modes, -damping for Green functions."""
        state = self.state
        out = np.empty(state.flat.size, complex)
        out[:state.green_count] = -self.system.damping
        rates = self.system.rates_at(t, -1 if t >= self.end - 1e-12 * max(1.0, abs(self.end)) else +1)
        for runs in state.view_modes(out[state.green_count:]).values():
            for groups, _, array in runs:
                array[:] = rates[groups][:, None, None]
        return out

    def _implicit(self, ts, t, u, udot, f):
        f.setArray(udot.getArray(readonly=True) - self._stiff(t) * u.getArray(readonly=True))

    def _jacobian(self, ts, t, u, udot, shift, J, P):
        diagonal = self.vec.duplicate()
        diagonal.setArray(shift - self._stiff(t))
        P.setDiagonal(diagonal)
        P.assemble()
        diagonal.destroy()
        return True

    def _diagonal(self, PETSc):
        n = self.state.flat.size
        J = PETSc.Mat().createAIJ(((n, None), (n, None)), nnz=1, comm=self.comm)
        start, stop = J.getOwnershipRange()
        for i in range(start, stop):
            J.setValue(i, i, 1.0)
        J.assemble()
        return J
