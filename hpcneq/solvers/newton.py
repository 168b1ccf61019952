"""Coupled self-consistent equations by PETSc SNES: real unknowns, zero modes fixed by bordering.

A problem gives ``items`` (independent pieces of work, distributed over ranks), ``prepare(x, part)``,
``partials(prepared) -> rows``, ``residual(x, sums)``, and, if it has them, ``tangent_partials(prepared, dx)`` (its residual
then being linear in (x, sums)) and ``symmetries(x) -> rows``. The unknown is replicated: every rank runs the same solver on the same broadcast
sums, so that all take the same branch. Symmetry directions t_k of the start are fixed by asking
t_k . (x - x_start) = 0 with one multiplier each, sum mu_k t_k added to the residual; at a true root of a
symmetric problem the multipliers vanish, and their size is returned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import petsc
from ..parallel import Layout, ordered_sum, solo

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


@dataclass(frozen=True)
class Solution:
    """A root: ``x``, largest |residual|, SNES reason and iterations, multipliers of the fixed symmetries."""

    x: np.ndarray
    residual: float
    reason: str
    converged: bool
    iterations: int
    multipliers: np.ndarray


def differences(work, x, dx):
    """Jacobian times ``dx`` by central differences of ``work.residual``."""
    size = np.abs(dx).max()
    if size == 0:
        return np.zeros(len(x))
    e = 6e-6 * max(np.abs(x).max(), 1e-3) / size
    return (work.residual(x + e * dx) - work.residual(x - e * dx)) / (2 * e)


class Work:
    """Residual and tangent of a problem with its items spread over a communicator. **Collective.**"""

    def __init__(self, problem, comm):
        self.problem, self.comm = problem, comm
        self.layout = Layout.over(problem.items, comm)
        self.part = range(self.layout.start, self.layout.stop)
        self.point = self.prepared = None

    def prepare(self, x):
        x = self.comm.bcast(np.array(x), root=0)
        if self.point is None or not np.array_equal(self.point, x):
            self.point, self.prepared = x, self.problem.prepare(x, self.part)
        return x

    def residual(self, x):
        x = self.prepare(x)
        return self.problem.residual(
            x, ordered_sum(self.comm, self.layout, self.problem.partials(self.prepared))
        )

    def tangent(self, x, dx):
        """Jacobian times ``dx``: the problem's own, or central differences where it has none."""
        dx = self.comm.bcast(np.array(dx), root=0)
        if not hasattr(self.problem, "tangent_partials"):
            return differences(self, x, dx)
        self.prepare(x)
        return self.problem.residual(
            dx,
            ordered_sum(self.comm, self.layout, self.problem.tangent_partials(self.prepared, dx)),
        )


def relax(problem, comm, x, options=None, prefix="initial_relax_"):
    """Plain iterations x <- x - residual towards a root. **Collective.**

    For a gap equation they go downhill in free energy, so that they leave unstable roots; an accelerated
    iteration (or Newton) is as happy to converge to those.
    """
    work = Work(problem, comm)
    return _solve(work, x, np.zeros((0, len(x))), PICARD | (options or {}), prefix, newton=False)


def solve(problem, comm, x, options=None, prefix="initial_", fix=True):
    """Newton-Krylov root of ``problem`` from ``x``. **Collective.** Raises nothing: look at ``converged``."""
    work = Work(problem, comm)
    borders = (
        problem.symmetries(x) if fix and hasattr(problem, "symmetries") else np.zeros((0, len(x)))
    )
    return _solve(work, np.array(x, float), borders, NEWTON | (options or {}), prefix, newton=True)


def solve_equations(function, x, options=None, prefix="steady_"):
    """Newton root of a few equations given as one function (n,) -> (n,), the same on every rank. Raises nothing: look at ``converged``."""
    return _solve(
        Direct(function),
        np.array(x, float),
        np.zeros((0, len(x))),
        NEWTON | (options or {}),
        prefix,
        newton=True,
    )


class Direct:
    """What `Work` is, for a plain function."""

    def __init__(self, function):
        self.function = function

    def residual(self, x):
        return np.asarray(self.function(np.array(x)), float)

    tangent = differences


def _solve(work, start, borders, defaults, prefix, newton):
    PETSc = petsc.start()
    n, k = len(start), len(borders)

    def function(snes, x, f):
        a = x.getArray(readonly=True).real
        value = np.concatenate([work.residual(a[:n]) + a[n:] @ borders, borders @ (a[:n] - start)])
        f.setArray(value.astype(complex))

    class Jacobian:
        def mult(self, mat, x, y):
            a = x.getArray(readonly=True).real
            y.setArray(
                np.concatenate(
                    [work.tangent(current[:n], a[:n]) + a[n:] @ borders, borders @ a[:n]]
                ).astype(complex)
            )

    current = np.zeros(n + k)

    def jacobian(snes, x, J, P):
        current[:] = x.getArray(readonly=True).real
        return True

    snes = PETSc.SNES().create(solo())
    vec = PETSc.Vec().createSeq(n + k, comm=solo())
    vec.setArray(np.concatenate([start, np.zeros(k)]).astype(complex))
    with petsc.Options(
        {
            prefix + key: value
            for key, value in defaults.items()
            if not petsc.start().Options().hasName(prefix + key)
        }
    ):
        snes.setOptionsPrefix(prefix)
        snes.setFunction(function, vec.duplicate())
        if newton:
            J = PETSc.Mat().createPython((n + k, n + k), context=Jacobian(), comm=solo())
            J.setUp()
            snes.setJacobian(jacobian, J)
        petsc.configure(snes)
        snes.solve(None, vec)
    x = vec.getArray(readonly=True).real.copy()
    code = snes.getConvergedReason()
    left = float(np.abs(work.residual(x[:n])).max())
    found = Solution(
        x[:n],
        left,
        petsc.reason(PETSc.SNES.ConvergedReason, code),
        code > 0,
        snes.getIterationNumber(),
        x[n:],
    )
    for thing in (snes, vec) + ((J,) if newton else ()):
        thing.destroy()
    return found
