"""Functions of a Hermitian matrix as Chebyshev series: how many terms, their coefficients."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy import fft, sparse
from scipy.special import jv

from ...maths.arrays import ArrayLike, ComplexArray, FloatArray

MANY = 512  # terms from which on coefficients are found by a cosine transform
Matrix = ComplexArray | sparse.csr_matrix


def degree(reach: float, smallest: float = 1e-17) -> int:
    """Terms that give exp(-i x) on [-reach, reach] to rounding: J_k(reach) < ``smallest``."""
    k = np.arange(1, 60 + int(2 * reach))
    small = np.abs(jv(k, reach)) < smallest
    return int(k[small & (k > reach)][0]) + 2


def bound(matrix: Matrix) -> float:
    """An upper bound of the spectral radius (largest absolute row sum)."""
    return float(abs(matrix).sum(axis=1).max())


def coefficients(
    function: Callable[[FloatArray], ComplexArray], radius: float, terms: int
) -> ComplexArray:
    """Chebyshev coefficients (..., terms) on [-radius, radius]; function maps (n,) to (..., n)."""
    if terms > MANY:
        n = 2 * terms
        transform = fft.dct(function(radius * np.cos(_angles(n))), 2, axis=-1)[..., :terms] / n
        transform[..., 0] *= 0.5
        return np.asarray(transform)
    places, basis = nodes(terms)
    return function(radius * places) @ basis


def _angles(n):
    """Angles of n Chebyshev nodes."""
    return np.pi * (np.arange(n) + 0.5) / n


@lru_cache(maxsize=64)
def nodes(terms: int) -> tuple[FloatArray, FloatArray]:
    """The nodes (2 terms,) in [-1, 1] and the matrix from values there to coefficients."""
    theta = _angles(2 * terms)
    basis = np.cos(np.outer(theta, np.arange(terms))) / terms
    basis[:, 0] *= 0.5
    return np.cos(theta), basis


def bessel_coefficients(reach: float, terms: int) -> FloatArray:
    """c_k (terms,) of exp(-i reach x) = sum_k c_k (-i)^k T_k(x) on [-1, 1]: 2 J_k, J_0."""
    c = 2 * jv(np.arange(terms), reach)
    c[0] *= 0.5
    return np.asarray(c)


def phi1(z: ArrayLike) -> ComplexArray:
    """(e^z - 1)/z, entire."""
    z = np.asarray(z, complex)
    small = np.abs(z) < 1e-5
    safe = np.where(small, 1.0, z)
    return np.where(small, 1 + z / 2 + z * z / 6, np.expm1(safe) / safe)


GAUSS = np.polynomial.legendre.leggauss(24)


def kappa(z: ArrayLike) -> ComplexArray:
    """int_0^1 e^{zx} x (1-x)/2 dx / phi1(z): 1/12 for slow modes, -> -1/(2z) for fast ones.

    The weight of the first moment of a time-dependent rate in the source of a fourth-order Magnus
    step, kept correct for |z| >> 1 where the textbook 1/12 is not.
    """
    z = np.asarray(z, complex)
    x, w = 0.5 * (1 + GAUSS[0]), 0.5 * GAUSS[1]
    direct = 0.5 * (np.exp(z[..., None] * x) * x * (1 - x)) @ w
    big = np.abs(z) > 6
    safe = np.where(big, z, 1.0)
    closed = 0.5 * (np.exp(safe) * (safe - 2) + safe + 2) / safe**3
    return np.where(big, closed, direct) / phi1(z)
