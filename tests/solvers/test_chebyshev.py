"""Functions of sparse Hermitian matrices by Chebyshev stacks."""

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import expm

from hpcneq.solvers.auxiliary_modes import chebyshev


@pytest.mark.parametrize("N", [12, 130])
def test_exponential_and_source_functions(N):
    """exp(-i H t) and t phi1(t(lambda - i H)) against dense algebra, below and above the dense
    switch, slow and stiff rates.

    Mutation: the zeroth coefficient not halved.
    """
    rng = np.random.default_rng(1)
    H = np.diag(rng.normal(size=N)) + np.diag(np.ones(N - 1), 1) + np.diag(np.ones(N - 1), -1)
    t, matrix = 0.5, sparse.csr_matrix(H, dtype=complex)
    radius = chebyshev.bound(matrix)
    T = chebyshev.stack(matrix, radius, chebyshev.degree(radius * t))
    U = chebyshev.combine(chebyshev.coefficients(lambda x: np.exp(-1j * t * x), radius, len(T)), T)[
        0
    ]
    assert np.abs(U - expm(-1j * t * H)).max() < 1e-13
    for rate in (-0.02 + 0.3j, -5.0, -300.0 + 2j):
        weights = t * chebyshev.coefficients(
            lambda x, rate=rate: chebyshev.phi1(t * (rate - 1j * x)), radius, len(T)
        )
        A = rate * np.eye(N) - 1j * H
        exact = np.linalg.solve(A, expm(A * t) - np.eye(N))
        assert np.abs(chebyshev.combine(weights, T)[0] - exact).max() < 1e-13


def test_many_coefficients_are_those_of_the_plain_sum(monkeypatch):
    """By a cosine transform, without a matrix of terms squared."""
    terms, rates = 40, np.array([[0.3], [2.0]])
    plain = chebyshev.coefficients(lambda x: np.exp(-1j * rates * x), 5.0, terms)
    monkeypatch.setattr(chebyshev, "MANY", terms - 1)
    fast = chebyshev.coefficients(lambda x: np.exp(-1j * rates * x), 5.0, terms)
    np.testing.assert_allclose(fast, plain, atol=1e-14)


def test_kappa_limits():
    """kappa -> 1/12 for slow modes and -1/(2 z) for fast ones; both branches agree where they meet.

    Mutation: the closed form doubled.
    """
    assert chebyshev.kappa(np.array([0.0]))[0] == pytest.approx(1 / 12, abs=1e-14)
    assert chebyshev.kappa(np.array([-1e4]))[0] == pytest.approx(0.5e-4, rel=1e-3)
    x, w = np.polynomial.legendre.leggauss(80)
    x, w = 0.5 * (1 + x), 0.5 * w
    for z in (-5.9, -6.1, -3 + 4j, -5 + 5j, -20.0):
        direct = 0.5 * (w * np.exp(z * x) * x * (1 - x)).sum() / (w * np.exp(z * x)).sum()
        assert chebyshev.kappa(np.array([z]))[0] == pytest.approx(direct, abs=1e-12)
