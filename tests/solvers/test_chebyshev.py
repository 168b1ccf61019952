"""Coefficients of Chebyshev series."""

import numpy as np
import pytest

from hpcneq.solvers.auxiliary_modes import chebyshev


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
