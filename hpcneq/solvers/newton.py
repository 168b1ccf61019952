"""Coupled self-consistent equations by PETSc SNES: real unknowns, zero modes fixed by bordering.

What a problem has to give is `protocols.Steady`; it may have a `SteadyTangent` and
`SteadySymmetries`. The unknown is replicated: every rank runs the same solver on the same broadcast
sums, so that all take the same branch. Symmetry directions t_k of the start are fixed by asking t_k
. (x - x_start) = 0 with one multiplier each, sum mu_k t_k added to the residual; at a true root of
a symmetric problem the multipliers vanish, and their size is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np

from .. import interrupts, petsc
from ..errors import StoppedEarly
from ..maths.arrays import ArrayLike, FloatArray
from ..parallel import Communicator, Layout, ordered_sum, solo
from .protocols import Prepared, Steady, SteadySymmetries, SteadyTangent

NEWTON = {
    "snes_type": "newtonls",
    "snes_linesearch_type": "bt",
    "snes_rtol": 1e-14,
    "snes_atol": 1e-12,
    "snes_stol": 0.0,
    "snes_max_it": 40,
    "ksp_type": "gmres",
    "ksp_rtol": 1e-8,
    "ksp_gmres_restart": 300,
    "ksp_max_it": 600,
    "pc_type": "none",
}
PICARD = {
    "snes_type": "nrichardson",
    "snes_linesearch_type": "basic",
    "snes_rtol": 1e-14,
    "snes_atol": 1e-3,
    "snes_stol": 0.0,
    "snes_max_it": 120,
}
Options = Mapping[str, object]  # PETSc options without the prefix
# told of the largest residual of every x, and of every product of the Jacobian, None
Watch = Callable[[float | None], None]


@dataclass(frozen=True)
class Solution:
    """A root, its largest |residual|, what SNES said, and the multipliers of fixed symmetries."""

    x: FloatArray
    residual: float
    reason: str
    converged: bool
    iterations: int
    multipliers: FloatArray


def differences(work: Work | Direct, x: FloatArray, dx: FloatArray) -> FloatArray:
    """Jacobian times ``dx`` by central differences of ``work.residual``."""
    size = np.abs(dx).max()
    if size == 0:
        return np.zeros(len(x))
    e = 6e-6 * max(np.abs(x).max(), 1e-3) / size
    return (work.residual(x + e * dx) - work.residual(x - e * dx)) / (2 * e)


class Work(Generic[Prepared]):
    """Residual and tangent of a problem with its items spread over ranks.

    Methods are **Collective**.
    """

    prepared: Prepared  # what the problem prepared at ``point``

    def __init__(self, problem: Steady[Prepared], comm: Communicator):
        self.problem, self.comm = problem, comm
        self.layout = Layout.over(problem.items, comm)
        self.part = range(self.layout.start, self.layout.stop)
        self.point: FloatArray | None = None

    def prepare(self, x: FloatArray) -> FloatArray:
        """Rank 0's x on all ranks; what residual and tangent share is computed once for each.

        Raises StoppedEarly, on all ranks, if the run is to stop.
        """
        interrupts.stop_if_asked()
        x = np.array(x, float)
        self.comm.Bcast(x, root=0)
        if self.point is None or not np.array_equal(self.point, x):
            self.point, self.prepared = x, self.problem.prepare(x, self.part)
        return x

    def residual(self, x: FloatArray) -> FloatArray:
        """F (n,) at x (n,)."""
        x = self.prepare(x)
        rows = self.problem.partials(self.prepared)
        return self.problem.residual(x, ordered_sum(self.comm, self.layout, rows))

    def tangent(self, x: FloatArray, dx: FloatArray) -> FloatArray:
        """Jacobian times ``dx``: the problem's own, or central differences where it has none."""
        dx = np.array(dx, float)
        self.comm.Bcast(dx, root=0)
        if not isinstance(self.problem, SteadyTangent):
            return differences(self, x, dx)
        self.prepare(x)
        rows = self.problem.tangent_partials(self.prepared, dx)
        return self.problem.residual(dx, ordered_sum(self.comm, self.layout, rows))


class Direct:
    """What `Work` is, for a plain function."""

    def __init__(
        self, function: Callable[[FloatArray], ArrayLike], slopes: FloatArray | None = None
    ):
        self.function, self.slopes = function, slopes

    def residual(self, x: FloatArray) -> FloatArray:
        """F (n,) at x (n,). Raises StoppedEarly if the run is to stop."""
        interrupts.stop_if_asked()
        return np.asarray(self.function(np.array(x)), float)

    def tangent(self, x: FloatArray, dx: FloatArray) -> FloatArray:
        """Jacobian times ``dx``: by the slopes, if any are given, else central differences."""
        if self.slopes is not None:
            return np.asarray(self.slopes @ dx, float)
        return differences(self, x, dx)


def relax(
    problem: Steady[Prepared],
    comm: Communicator,
    x: FloatArray,
    options: Options | None = None,
    prefix: str = "initial_relax_",
    watch: Watch | None = None,
) -> Solution:
    """Plain iterations x <- x - residual towards a root. **Collective.**

    For a gap equation they go downhill in free energy, so that they leave unstable roots; an
    accelerated iteration (or Newton) is as happy to converge to those. Raises nothing: look at
    ``converged``.
    """
    work = Work(problem, comm)
    equations = Bordered(work, x, np.zeros((0, len(x))), watch)
    return _solve(equations, PICARD | dict(options or {}), prefix, newton=False)


def solve(
    problem: Steady[Prepared],
    comm: Communicator,
    x: ArrayLike,
    options: Options | None = None,
    prefix: str = "initial_",
    fix: bool = True,
    watch: Watch | None = None,
) -> Solution:
    """Newton-Krylov root of ``problem`` from ``x`` (n,). **Collective.**

    fix : whether to fix the problem's symmetries. Raises nothing: look at ``converged``.
    """
    start = np.array(x, float)
    borders = np.zeros((0, len(start)))
    if fix and isinstance(problem, SteadySymmetries):
        borders = problem.symmetries(start)
    equations = Bordered(Work(problem, comm), start, borders, watch)
    return _solve(equations, NEWTON | dict(options or {}), prefix, newton=True)


def solve_equations(
    function: Callable[[FloatArray], ArrayLike],
    x: ArrayLike,
    options: Options | None = None,
    prefix: str = "steady_",
    slopes: FloatArray | None = None,
) -> Solution:
    """Newton root of a few equations given as one function (n,) -> (n,), the same on every rank.

    slopes : the Jacobian (n, n) next to ``x``, kept in all steps; without it differences are taken
    in each. Raises nothing: look at ``converged``.
    """
    start = np.array(x, float)
    equations = Bordered(Direct(function, slopes), start, np.zeros((0, len(start))))
    return _solve(equations, NEWTON | dict(options or {}), prefix, newton=True)


class Bordered:
    """The equations of x (n,) and the multipliers mu (k,) as SNES's callbacks, and as a matrix.

    F(x) + mu . borders = 0 and borders . (x - start) = 0 with orthonormal ``borders`` (k, n). Once
    the run is to stop the values are not numbers, which ends any iteration: an exception would be
    an error of PETSc.
    """

    def __init__(
        self,
        work: Work | Direct,
        start: FloatArray,
        borders: FloatArray,
        watch: Watch | None = None,
    ):
        self.work, self.watch = work, watch
        self.start, self.borders = start, borders
        self.point = np.zeros(len(start) + len(borders))  # where the Jacobian is taken
        self.halted: StoppedEarly | None = None

    def unless_halted(self, value: Callable[..., FloatArray], *at: FloatArray) -> FloatArray:
        """``value(*at)`` (n,), not a number once the run is to stop."""
        if self.halted is None:
            try:
                return value(*at)
            except StoppedEarly as error:
                self.halted = error
        return np.full(len(self.start), np.nan)

    def function(self, snes: Any, x: Any, f: Any) -> None:
        """The residual at ``x`` into ``f``."""
        a, n = x.getArray(readonly=True).real, len(self.start)
        first = self.unless_halted(self.work.residual, a[:n]) + a[n:] @ self.borders
        value = np.concatenate([first, self.borders @ (a[:n] - self.start)])
        f.setArray(value.astype(complex))
        if self.watch is not None:
            self.watch(float(np.abs(value).max()))

    def jacobian(self, snes: Any, x: Any, J: Any, P: Any) -> bool:
        """Note where the Jacobian is wanted."""
        self.point[:] = x.getArray(readonly=True).real
        return True

    def mult(self, mat: Any, x: Any, y: Any) -> None:
        """Jacobian times ``x`` into ``y``."""
        a, n = x.getArray(readonly=True).real, len(self.start)
        tangent = self.unless_halted(self.work.tangent, self.point[:n], a[:n])
        first = tangent + a[n:] @ self.borders
        y.setArray(np.concatenate([first, self.borders @ a[:n]]).astype(complex))
        if self.watch is not None:
            self.watch(None)


def _solve(equations, defaults, prefix, newton):
    """The Solution that SNES finds, with options from the database, else the ``defaults``."""
    PETSc = petsc.start()
    n, size = len(equations.start), len(equations.point)
    snes = PETSc.SNES().create(solo())
    vec = PETSc.Vec().createSeq(size, comm=solo())
    vec.setArray(np.concatenate([equations.start, np.zeros(size - n)]).astype(complex))
    objects = [snes, vec]
    try:
        with petsc.Options(
            {
                prefix + key: value
                for key, value in defaults.items()
                if not PETSc.Options().hasName(prefix + key)
            }
        ):
            snes.setOptionsPrefix(prefix)
            snes.setFunction(equations.function, vec.duplicate())
            if newton:
                J = PETSc.Mat().createPython((size, size), context=equations, comm=solo())
                J.setUp()
                snes.setJacobian(equations.jacobian, J)
                objects.append(J)
            petsc.configure(snes)
            with petsc.plain_errors():
                snes.solve(None, vec)
        if equations.halted is not None:
            raise equations.halted
        return _solution(equations, snes, vec.getArray(readonly=True).real.copy())
    finally:
        for item in objects:
            item.destroy()


def _solution(equations, snes, x):
    """The Solution of an SNES that has ended at x (n + k,)."""
    n, code = len(equations.start), snes.getConvergedReason()
    return Solution(
        x[:n],
        float(np.abs(equations.work.residual(x[:n])).max()),
        petsc.reason(petsc.start().SNES.ConvergedReason, code),
        code > 0,
        snes.getIterationNumber(),
        x[n:],
    )
