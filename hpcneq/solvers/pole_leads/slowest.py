"""The level of a large sparse system that its leads damp least."""

from __future__ import annotations

import time

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs

from ...maths.arrays import ComplexArray

STEP = 4.0  # of the exponential, over the bound of all levels
ORDER = 22  # of its series: 1e-8
STEPS = 150  # of one product
APPLIED = 70  # products that are taken, about
TIMED = 100  # multiplications by A, of which the time is taken
KRYLOV = {"k": 1, "which": "LM", "ncv": 24, "maxiter": 8, "tol": 1e-3}


def slowest_level(A: sparse.spmatrix) -> tuple[complex, ComplexArray] | None:
    """(level, its vector) of the largest imaginary part of A (size, size); None if not found.

    By Krylov's method on e^{-iAt}, where the least damped levels are the largest: among the levels
    themselves they are inner ones. Those that differ by 1e-3 / t or less may be taken for it.
    """
    A = sparse.csr_matrix(A, dtype=complex)
    size = A.shape[0]
    if size < 4 * KRYLOV["ncv"]:
        levels, vectors = np.linalg.eig(A.toarray())
        first = int(levels.imag.argmax())
        return complex(levels[first]), vectors[:, first]
    factor = -1j * STEP / float(abs(A).sum(axis=1).max())
    step = sparse.csr_matrix(factor * A)

    def grown(v: ComplexArray) -> ComplexArray:
        for _ in range(STEPS):
            term = v
            for n in range(1, ORDER + 1):
                term = step @ term / n
                v = v + term
        return v

    operator = LinearOperator((size, size), matvec=grown, dtype=complex)
    first = np.random.default_rng(0).normal(size=size) + 0j
    try:
        _, vectors = eigs(operator, v0=first, **KRYLOV)
    except ArpackNoConvergence:
        return None
    v = vectors[:, 0]
    return complex(np.vdot(v, A @ v) / np.vdot(v, v)), v


def slowest_seconds(A: sparse.spmatrix) -> float:
    """About the processor seconds of `slowest_level`."""
    A = sparse.csr_matrix(A, dtype=complex)
    v = np.ones(A.shape[0], complex)
    begun = time.process_time()
    for _ in range(TIMED):
        v = (A @ v) / 8.0
    return (time.process_time() - begun) / TIMED * ORDER * STEPS * APPLIED
