"""Few-node quadrature for thermal sums T sum_n f(width + (2n+1) pi T), and for what they become at T = 0.

A function smoothed by the Fermi function and a Lorentzian is a sum over Matsubara frequencies pushed up by the width.
f is smooth on the scale of y itself and falls off like y^-2, so blocks of frequencies that grow geometrically need a
fixed number of nodes each: under a hundred nodes replace thousands of frequencies, and at T = 0 the
integral (1/2pi) int_width^inf f dy.
"""

from functools import lru_cache

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import zeta

from hpcneq.errors import InputError

_ORDER = 12  # nodes per block
_GROWTH = (
    4.0  # ratio of a block's upper to its lower end; with 12 nodes the relative error is 3^-24
)
_TAIL = 12  # terms y^-2 ... y^-13 that the last block integrates exactly


@lru_cache(maxsize=256)
def nodes(T, width, scale):
    """Nodes y and weights w with sum_j w_j f(y_j) = T sum_{n>=0} f(width + (2n+1) pi T), or its T = 0 integral.

    f : analytic for Re y > 0, with all singularities at |y| < scale, and O(y^-2) at infinity.
    T, width : >= 0, not both 0 (InputError). Returns y, w (n,), read-only. Relative error about 1e-11.
    """
    if not (T >= 0 and width >= 0 and T + width > 0):
        raise InputError(f"T = {T:g}, width = {width:g}: both must be >= 0 and one of them > 0")
    y, w, start = [], [], 0
    step = 2 * np.pi * T
    bottom = lambda index: (
        width + step * index
    )  # lower edge of the cell that belongs to a frequency
    if T == 0:
        edge = width
        while edge < 4 * scale:
            points, share = _block(np.inf, edge, _GROWTH * edge)
            y.append(points), w.append(share / (2 * np.pi))
            edge *= _GROWTH
    else:
        while bottom(start) < 4 * scale:
            last = ((bottom(start) + 0.5 * step) * _GROWTH - width) / step
            count = max(_ORDER, int(last) - start)
            points, share = _block(count, bottom(start), bottom(start + count))
            y.append(points), w.append(share / (2 * np.pi))
            start += count
        edge = bottom(start) + 0.5 * step
    points, share = _tail(T, edge)
    found = np.concatenate([*y, points]), np.concatenate([*w, share])
    for array in found:
        array.flags.writeable = False
    return found


def _block(count, low, high):
    """Gauss quadrature of the measure with ``count`` equal cells between low and high, a point in the middle of each.

    The orthogonal polynomials are Gram's; count = inf gives Legendre's. Weights add up to high - low.
    """
    k = np.arange(1, min(count, _ORDER))
    off = 0.5 * k * np.sqrt((1 - (k / count) ** 2) / (4 * k**2 - 1))
    points, vectors = eigh_tridiagonal(np.zeros(len(k) + 1), off)
    return 0.5 * (low + high) + points * (high - low), vectors[0] ** 2 * (high - low)


def _tail(T, edge):
    """Nodes y >= edge and weights exact for y^-2 ... y^-(_TAIL+1), summed over edge, edge + 2 pi T, ..."""
    powers = np.arange(2, _TAIL + 2)
    s = 0.5 * (
        1 - np.cos(np.pi * (np.arange(_TAIL) + 0.5) / _TAIL)
    )  # Chebyshev points of s = edge/y in (0, 1)
    if T == 0:
        moments = edge / (2 * np.pi * (powers - 1))
    else:
        cell = edge / (2 * np.pi * T)
        moments = T * cell**powers * zeta(powers, cell)
    share = np.linalg.solve(s ** powers[:, None], moments)
    return edge / s, share
