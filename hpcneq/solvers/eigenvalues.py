"""Eigenvalues of the largest modulus of an operator that is only applied, by SLEPc or ARPACK."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import linalg

from .. import petsc
from ..maths.arrays import ComplexArray

Apply = Callable[[ComplexArray], ComplexArray]
BASIS = 60  # vectors of Krylov's space, at least
RESTARTS = 100


def largest(
    apply: Apply,
    size: int,
    count: int,
    tolerance: float = 1e-8,
    basis: int = BASIS,
    restarts: int = RESTARTS,
) -> tuple[ComplexArray, ComplexArray]:
    """(values (k,), vectors (size, k)) of those that converged, k may differ from ``count``.

    apply : the operator on a vector (size,). basis : vectors of Krylov's space, begun anew at most
    ``restarts`` times. Every rank computes for itself. The start is fixed, so that all ranks and
    runs get the same numbers.
    """
    start = np.random.Generator(np.random.Philox(1)).normal(size=size) + 0j
    count = min(count, max(1, size - 2))
    basis = min(size, max(basis, 3 * count))
    module = petsc.eigensolvers()
    if module is None:
        return _by_arpack(apply, start, count, basis, tolerance, restarts)
    return _by_slepc(module, apply, start, count, basis, tolerance, restarts)


class _Operator:
    """What PETSc calls a shell. Errors wait: SLEPc cannot be left in the middle."""

    def __init__(self, apply: Apply):
        self.apply = apply
        self.error: Exception | None = None

    def mult(self, matrix, x, y):
        """y = apply(x); 0 after an error."""
        y.set(0.0)
        if self.error is not None:
            return
        try:
            y.setArray(self.apply(x.getArray(readonly=True).copy()))
        except Exception as error:
            self.error = error


def _by_slepc(module, apply, start, count, basis, tolerance, restarts):
    """Krylov-Schur of SLEPc."""
    PETSc = petsc.start()
    comm = PETSc.COMM_SELF
    size = len(start)
    operator = _Operator(apply)
    matrix = PETSc.Mat().createPython((size, size), context=operator, comm=comm)
    matrix.setUp()
    solver = module.EPS().create(comm)
    solver.setOperators(matrix)
    solver.setProblemType(module.EPS.ProblemType.NHEP)
    solver.setType("krylovschur")
    solver.setDimensions(count, basis)
    solver.setTolerances(tolerance, restarts)
    solver.setWhichEigenpairs(module.EPS.Which.LARGEST_MAGNITUDE)
    first = matrix.createVecRight()
    first.setArray(start)
    solver.setInitialSpace([first])
    try:
        solver.solve()
        if operator.error is not None:
            raise operator.error
        return _converged(solver, first)
    finally:
        for made in (solver, matrix, first):
            made.destroy()


def _converged(solver, place):
    """(values, vectors) that SLEPc has."""
    number = solver.getConverged()
    values = np.array([solver.getEigenvalue(k) for k in range(number)], complex)
    vectors = np.empty((place.getSize(), number), complex)
    for k in range(number):
        solver.getEigenvector(k, place)
        vectors[:, k] = place.getArray(readonly=True)
    return values, vectors


def _by_arpack(apply, start, count, basis, tolerance, restarts):
    """Implicitly restarted Arnoldi of ARPACK."""
    size = len(start)
    operator = linalg.LinearOperator((size, size), lambda x: apply(x.ravel()), dtype=complex)
    wanted = {"v0": start, "ncv": basis, "tol": tolerance, "maxiter": restarts, "which": "LM"}
    try:
        return linalg.eigs(operator, k=count, **wanted)
    except linalg.ArpackNoConvergence as error:
        return error.eigenvalues, error.eigenvectors
