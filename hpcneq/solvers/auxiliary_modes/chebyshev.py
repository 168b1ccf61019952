"""Functions of a sparse Hermitian matrix by Chebyshev recursion: one stack of T_k for all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import fft, sparse
from scipy.special import jv

from ...maths.arrays import ArrayLike, ComplexArray, FloatArray

PIECE = 4096  # columns of a product with the whole stack
DENSE = 96  # below this size a dense product beats a sparse one
MANY = 512  # terms from which on coefficients are found by a cosine transform
Matrix = ComplexArray | sparse.csr_matrix
Allocate = Callable[[str, tuple[int, ...]], ComplexArray]  # (name, shape) -> uninitialised array


def degree(reach: float, smallest: float = 1e-17) -> int:
    """Terms that give exp(-i x) on [-reach, reach] to rounding: J_k(reach) < ``smallest``."""
    k = np.arange(1, 60 + int(2 * reach))
    small = np.abs(jv(k, reach)) < smallest
    return int(k[small & (k > reach)][0]) + 2


def bound(matrix: Matrix) -> float:
    """An upper bound of the spectral radius (largest absolute row sum)."""
    return float(abs(matrix).sum(axis=1).max())


class Scratch:
    """Memory that is used again: new pages of large arrays cost as much as arithmetic on them."""

    def __init__(self) -> None:
        self._arrays: dict[str, ComplexArray] = {}

    def __call__(self, name: str, shape: tuple[int, ...]) -> ComplexArray:
        """An uninitialised complex array; the last one of that name is no longer valid."""
        size = int(np.prod(shape))
        if name not in self._arrays or self._arrays[name].size < size:
            self._arrays[name] = np.empty(size, complex)
        return self._arrays[name][:size].reshape(shape)


def fresh(name: str, shape: tuple[int, ...]) -> ComplexArray:
    """In place of a `Scratch`: a new array."""
    return np.empty(shape, complex)


def stack(matrix: Matrix, radius: float, terms: int, scratch: Allocate = fresh) -> ComplexArray:
    """T_0 .. T_{terms-1} of ``matrix / radius``: (terms, N, N) complex."""
    N = matrix.shape[0]
    T = scratch("stack", (terms, N, N))
    T[0] = 0
    T[0][np.diag_indices(N)] = 1
    A = (_dense(matrix) if N <= DENSE else matrix) * (2 / radius)
    if terms > 1:
        T[1] = 0.5 * _dense(A)
    for k in range(2, terms):
        np.subtract(A @ T[k - 1], T[k - 2], out=T[k])
    return T


def _dense(matrix):
    return matrix.toarray() if sparse.issparse(matrix) else matrix


def coefficients(
    function: Callable[[FloatArray], ComplexArray], radius: float, terms: int
) -> ComplexArray:
    """Chebyshev coefficients (..., terms) on [-radius, radius]; function maps (n,) to (..., n)."""
    n = 2 * terms
    theta = np.pi * (np.arange(n) + 0.5) / n
    values = function(radius * np.cos(theta))
    if terms > MANY:
        transform = fft.dct(values, 2, axis=-1)[..., :terms] / n
        transform[..., 0] *= 0.5
        return np.asarray(transform)
    basis = np.cos(np.outer(theta, np.arange(terms))) * (2.0 / n)
    basis[:, 0] *= 0.5
    return values @ basis


def combine(weights: ArrayLike, T: ComplexArray, scratch: Allocate = fresh) -> ComplexArray:
    """sum_k weights[..., k] T_k: (..., N, N), by matrix products of pieces that fit the cache."""
    terms, N, _ = T.shape
    weights, flat = np.atleast_2d(weights), T.reshape(terms, N * N)
    functions = scratch("functions", (len(weights), N * N))
    for begin in range(0, N * N, PIECE):
        piece = slice(begin, begin + PIECE)
        np.matmul(weights, flat[:, piece], out=functions[:, piece])
    return functions.reshape(-1, N, N)


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
