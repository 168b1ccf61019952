"""Few-node quadrature for thermal sums T sum_n f(width + (2n+1) pi T), and at T = 0.

A function smoothed by the Fermi function and a Lorentzian is a sum over Matsubara frequencies
pushed up by the width. f is smooth on the scale of y itself and falls off like y^-2, so blocks of
frequencies that grow geometrically need a fixed number of nodes each: under a hundred nodes replace
thousands of frequencies, and at T = 0 the integral (1/2pi) int_width^inf f dy.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import zeta

from ..errors import InputError
from .arrays import FloatArray

_ORDER = 12  # nodes per block
# Ratio of a block's upper to its lower end; with 12 nodes the relative error is 3^-24.
_GROWTH = 4.0
_TAIL = 12  # terms y^-2 ... y^-13 that the last block integrates exactly
_MANY = 1e18  # frequencies below the tail from which on its sum is an integral to rounding


@lru_cache(maxsize=256)
def nodes(T: float, width: float, scale: float) -> tuple[FloatArray, FloatArray]:
    """Nodes y and weights w with sum_j w_j f(y_j) = T sum_{n>=0} f(width + (2n+1) pi T).

    At T = 0 the integral (1/2pi) int_width^inf f dy.
    f : analytic for Re y > 0, with all singularities at |y| < scale, and O(y^-2) at infinity. T,
    width : >= 0, not both 0 (InputError). Returns y, w (n,), read-only. Relative error about 1e-11.
    """
    if not (T >= 0 and width >= 0 and T + width > 0):
        raise InputError(f"T = {T:g}, width = {width:g}: both must be >= 0 and one of them > 0")
    blocks, edge = _cold_blocks(width, scale) if T == 0 else _warm_blocks(T, width, scale)
    blocks.append(_tail(T, edge))
    y, w = (np.concatenate(parts) for parts in zip(*blocks))
    y.flags.writeable = w.flags.writeable = False
    return y, w


Blocks = list[tuple[FloatArray, FloatArray]]  # nodes and weights of each block


def _cold_blocks(width: float, scale: float) -> tuple[Blocks, float]:
    """The blocks from ``width`` on at T = 0, and where the tail begins."""
    blocks, edge = [], width
    while edge < 4 * scale:
        points, share = _block(np.inf, edge, _GROWTH * edge)
        blocks.append((points, share / (2 * np.pi)))
        edge *= _GROWTH
    return blocks, edge


def _warm_blocks(T: float, width: float, scale: float) -> tuple[Blocks, float]:
    """The blocks of Matsubara frequencies at T > 0, and the first frequency of the tail."""
    blocks: Blocks = []
    start, step = 0, 2 * np.pi * T

    def bottom(index: int) -> float:
        """Lower edge of the cell that belongs to a frequency."""
        return width + step * index

    while bottom(start) < 4 * scale:
        last = ((bottom(start) + 0.5 * step) * _GROWTH - width) / step
        count = max(_ORDER, int(last) - start)
        points, share = _block(count, bottom(start), bottom(start + count))
        blocks.append((points, share / (2 * np.pi)))
        start += count
    return blocks, bottom(start) + 0.5 * step


def _block(count: float, low: float, high: float) -> tuple[FloatArray, FloatArray]:
    """Gauss quadrature of ``count`` points in the middle of equal cells between low and high.

    The orthogonal polynomials are Gram's; count = inf gives Legendre's. Weights add up to high -
    low.
    """
    k = np.arange(1, min(count, _ORDER))
    share = k / float(count)  # an int of any size
    off = 0.5 * k * np.sqrt((1 - share**2) / (4 * k**2 - 1))
    points, vectors = eigh_tridiagonal(np.zeros(len(k) + 1), off)
    return 0.5 * (low + high) + points * (high - low), vectors[0] ** 2 * (high - low)


def _tail(T: float, edge: float) -> tuple[FloatArray, FloatArray]:
    """Nodes y >= edge and weights for sums over edge, edge + 2 pi T, ...

    Exact for y^-2 ... y^-(_TAIL+1).
    """
    powers = np.arange(2, _TAIL + 2)
    # Chebyshev points of s = edge/y in (0, 1)
    s = 0.5 * (1 - np.cos(np.pi * (np.arange(_TAIL) + 0.5) / _TAIL))
    if edge >= _MANY * 2 * np.pi * T:
        moments = edge / (2 * np.pi * (powers - 1))
    else:
        cell = edge / (2 * np.pi * T)
        moments = T * cell**powers * zeta(powers, cell)
    share = np.linalg.solve(s ** powers[:, None], moments)
    return edge / s, share
