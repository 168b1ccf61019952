"""The square lattice with hopping 1: its momenta, density of states, Green functions.

Band eps_k = -2 (cos kx + cos ky), half-width 4, one level per site and spin; energies in units of
the hopping. A sum over k is always a mean, (1/N) sum_k. The infinite lattice has closed forms: the
chain is algebraic, the square lattice a complete elliptic integral, written here through Gauss's
arithmetic-geometric mean because scipy's takes real arguments only.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import ellipkm1

from . import panels
from .arrays import ArrayLike, ComplexArray, FloatArray, IntArray

BANDWIDTH = 4.0  # half of it: the band is [-4, 4]
_GRADING = 4  # e = 4 u^4 resolves the logarithm of the density of states at the band centre


def momenta(L: int) -> tuple[FloatArray, IntArray]:
    """Distinct |k| of a periodic chain and how often each occurs.

    Returns k (L//2 + 1,) in [0, pi] and the multiplicity (L//2 + 1,) int: 1 for k = 0 and k = pi,
    else 2; adds up to L.
    """
    n = np.arange(L // 2 + 1)
    return 2 * np.pi * n / L, np.where((n == 0) | (2 * n == L), 1, 2)


def square_levels(Lx: int, Ly: int) -> tuple[FloatArray, FloatArray]:
    """Band energies of the Lx x Ly periodic lattice, one for each (|kx|, |ky|), and their shares.

    Returns eps, weight, each ((Lx//2 + 1) (Ly//2 + 1),); the weights are the multiplicities over N
    and add up to 1.
    """
    (kx, nx), (ky, ny) = momenta(Lx), momenta(Ly)
    eps = -2 * (np.cos(kx)[:, None] + np.cos(ky))
    return eps.ravel(), (nx[:, None] * ny / (Lx * Ly)).ravel()


def density_of_states(e: ArrayLike) -> FloatArray:
    """Density of states of the infinite lattice per site and spin, 0 outside the band.

    K(1 - (e/4)^2) / (2 pi^2). e : any shape. Diverges as -ln|e| at e = 0, where inf is returned.
    """
    m = (np.asarray(e, float) / BANDWIDTH) ** 2
    return np.where(m <= 1, ellipkm1(np.minimum(m, 1.0)), 0.0) / (2 * np.pi**2)


@lru_cache(maxsize=16)
def dos_nodes(n: int = 512) -> tuple[FloatArray, FloatArray]:
    """Quadrature for means over the infinite lattice of functions of its band energy.

    n : even number of nodes, half of them below the band centre. Returns e, w (n,), read-only; the
    weights add up to 1. Gauss-Legendre in u, e = +-4 u^4: the substitution makes the logarithm
    harmless (error O(n^-16)); what limits it in use is the narrowest feature of f, about 0.03 at n
    = 512. Doubling n squares the error of an analytic f.
    """
    u, w = panels.gauss(n // 2)
    u, w = 0.5 * (1 + u), 0.5 * w
    e = BANDWIDTH * u**_GRADING
    w = w * BANDWIDTH * _GRADING * u ** (_GRADING - 1) * density_of_states(e)
    e, w = np.concatenate([-e[::-1], e]), np.concatenate([w[::-1], w])
    e.flags.writeable = w.flags.writeable = False
    return e, w


def chain_green(x: ComplexArray) -> ComplexArray:
    """Mean of 1/(x - 2 cos k) over the infinite chain, 1/sqrt(x^2 - 4), decaying like 1/x.

    x : complex, any shape, Im x != 0.
    """
    side = np.where(x.imag > 0, 1.0, -1.0)
    return np.asarray(-1j * side / np.sqrt(4 - x * x))


def square_green(x: ArrayLike) -> tuple[ComplexArray, ComplexArray]:
    """Site Green function of the infinite lattice, mean of 1/(x - eps_k), and its derivative.

    x : complex, any shape, Im x != 0. Returns (G, dG/dx) of the same shape, relative error 1e-14
    away from x = 0, +-4. G = (2/(pi x)) K(m = 16/x^2) = 1/agm(x, sqrt(x^2 - 16)).
    """
    x = np.asarray(x, complex)
    side = np.where(x.imag > 0, 1.0, -1.0)
    root = 1j * side * np.sqrt(16 - x * x)
    mean, defect = _agm(x, root, side)
    # with m = 16/x^2: E = K (1 - defect) and dK/dm = [E/(1 - m) - K]/(2m),
    # so dG/dx = -(G/x) E/(K (1 - m))
    return 1 / mean, -(x / mean) * (1 - defect) / root**2


def _agm(a: ComplexArray, b: ComplexArray, side: FloatArray) -> tuple[ComplexArray, ComplexArray]:
    """Arithmetic-geometric mean of a and b in the same half-plane, and 1 - E/K.

    E/K is that of the modulus (a^2 - b^2)/a^2. The half-plane, side = +-1, fixes the root: the
    geometric mean has to lie between a and b, by angle.
    """
    # now both in the right half-plane, where principal roots are right
    a, b = a * (-1j * side), b * (-1j * side)
    first = a * a
    defect, power = 0.5 * (first - b * b), 0.5
    for _ in range(30):
        c = 0.5 * (a - b)
        a, b = 0.5 * (a + b), np.sqrt(a) * np.sqrt(b)
        power *= 2
        defect = defect + power * c * c
        if np.all(np.abs(c) < 1e-8 * np.abs(a)):  # quadratic: the next correction is of order c^2
            break
    return 0.5 * (a + b) * (1j * side), defect / first
