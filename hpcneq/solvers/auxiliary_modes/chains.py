"""Compiled kernels for the Nambu Hamiltonian of a chain and for the matrices it acts on.

A row of the chain's H has its own two levels, the pairing between them and the same with both
neighbours on a ring. Its coefficients (n, 10): hop to the left, to the right, level of up, of hole,
then real and imaginary parts of what couples up to hole of the same site, of the left, of the right
one. Levels that move in time make hops complex: their imaginary parts, up left, right, hole left,
right, follow (n, 14).
"""

from __future__ import annotations

import numpy as np

from ...maths.arrays import ComplexArray, FloatArray
from ...maths.compiled import lazily

LANES = 8  # columns of modes that `sweeps` works on at a time
# real operations of a term of the polynomial for a complex entry, multiply and add counted as two
FLOPS = {10: 40.0, 14: 48.0}


def _bessel(reach: float, c: FloatArray) -> None:
    """c_k of exp(-i reach x) = sum_k c_k (-i)^k T_k(x) on [-1, 1]: 2 J_k(reach), J_0.

    By Miller's recursion from far above the last of them downwards.
    """
    last = max(len(c), int(reach)) + 30
    last += last % 2
    above, value = 0.0, 1e-300
    total = 0.0
    for k in range(last, 0, -1):
        if k < len(c):
            c[k] = value
        if k % 2 == 0:
            total += 2 * value
        below = 2 * k / reach * value - above
        above, value = value, below
        if abs(value) > 1e200:
            above, value = above * 1e-200, value * 1e-200
            total *= 1e-200
            for m in range(k, len(c)):
                c[m] *= 1e-200
    total += value
    c[0] = value / total
    for k in range(1, len(c)):
        c[k] *= 2 / total


@lazily(calls=(_bessel,))
def bessel_coefficients(reach: float, c: FloatArray) -> None:
    """c_k (terms,) of exp(-i reach x) = sum_k c_k (-i)^k T_k(x) on [-1, 1]."""
    _bessel(reach, c)


def _finish(
    coef: FloatArray,
    by: float,
    slope: ComplexArray,
    moving: FloatArray,
    slopes: ComplexArray,
) -> None:
    """coef[0] times ``by``, half of it into coef[1]; the entries of Hdot, see `effective`."""
    n = len(slope)
    for j in range(n):
        slopes[j, 0], slopes[n + j, 0] = moving[0, j], moving[1, j]
        slopes[j, 1], slopes[n + j, 1] = -slope[j].conjugate(), -slope[j]
    for j in range(coef.shape[1]):
        for k in range(coef.shape[2]):
            coef[0, j, k] *= by
            coef[1, j, k] = 0.5 * coef[0, j, k]


def _norm_bound(H, hop, largest):
    """A bound of the norm of H (n, 10), which is not above ``largest``, another one.

    Where holes have minus the levels of electrons, H = [[A, B], [B^+, -A]], and the norm of H^2 is
    at most A^2 + B^2 + [A, B]: for a pairing that varies slowly that is less than (A + B)^2.
    """
    n = len(hop)
    levels = pairs = apart = turn = 0.0
    for j in range(n):
        w, e = j - 1, (j + 1) % n
        if w < 0:
            w = n - 1
        if H[j, 2] != -H[j, 3]:
            return largest
        near = np.hypot(H[j, 6], H[j, 7]) + np.hypot(H[j, 8], H[j, 9])
        levels = max(levels, abs(H[j, 2]) + abs(hop[w]) + abs(hop[j]))
        pairs = max(pairs, np.hypot(H[j, 4], H[j, 5]) + near)
        apart = max(apart, near)
        left = abs(hop[w]) * np.hypot(H[w, 4] - H[j, 4], H[w, 5] - H[j, 5])
        turn = max(turn, left + abs(hop[j]) * np.hypot(H[e, 4] - H[j, 4], H[e, 5] - H[j, 5]))
    return min(largest, np.sqrt(levels**2 + pairs**2 + turn + 2 * levels * apart))


def effective_of(
    hop: FloatArray,
    level: FloatArray,
    pairing: ComplexArray,
    slope: ComplexArray,
    moving: FloatArray,
    step: float,
    coef: FloatArray,
    slopes: ComplexArray,
    c: FloatArray,
) -> float:
    """H_eff = H + i (step^2/12) [H, Hdot] of a chain; returns a bound r of its norm.

    hop (n,) to the right, level (2, n), pairing (n,) of H; slope (n,), moving (2, n) of the pairing
    and the levels in Hdot. coef (2, n, 10 or 14): coefficients of (2/r) H_eff and of half of it.
    slopes (2n, 2): entries of Hdot in a column's own row and in the other component's. c : see
    `bessel_coefficients`, with reach = r step.
    """
    n, largest = len(hop), 0.0
    H, small = coef[0], step * step / 12
    for j in range(n):
        w, e = j - 1, j + 1
        if w < 0:
            w = n - 1
        if e == n:
            e = 0
        turn = 2 * small * (pairing[j] * slope[j].conjugate()).imag
        own = -pairing[j] + 1j * small * (
            slope[j] * (level[1, j] - level[0, j]) + pairing[j] * (moving[0, j] - moving[1, j])
        )
        left = -1j * small * hop[w] * (slope[w] + slope[j])
        right = -1j * small * hop[j] * (slope[j] + slope[e])
        H[j, 0], H[j, 1] = hop[w], hop[j]
        H[j, 2], H[j, 3] = level[0, j] - turn, level[1, j] + turn
        for k, couples in enumerate((own, left, right)):
            H[j, 4 + 2 * k], H[j, 5 + 2 * k] = couples.real, couples.imag
        pairs = abs(own) + abs(left) + abs(right)
        for a in range(2):
            gl = small * hop[w] * (moving[a, w] - moving[a, j])
            gr = small * hop[j] * (moving[a, e] - moving[a, j])
            row = pairs + abs(H[j, 2 + a]) + np.hypot(hop[w], gl) + np.hypot(hop[j], gr)
            if row > largest:
                largest = row
            if H.shape[1] == 14:
                H[j, 10 + 2 * a], H[j, 11 + 2 * a] = (1 - 2 * a) * gl, (1 - 2 * a) * gr
    if H.shape[1] == 10:
        largest = _norm_bound(H, hop, largest)
    _finish(coef, 2 / largest, slope, moving, slopes)
    _bessel(largest * step, c)
    return largest


EFFECTIVE = (_bessel, _finish, _norm_bound, effective_of)
effective = lazily(calls=EFFECTIVE)(effective_of)
