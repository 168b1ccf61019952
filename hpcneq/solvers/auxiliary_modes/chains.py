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


@lazily
def effective(
    hop: FloatArray,
    level: FloatArray,
    pairing: ComplexArray,
    slope: ComplexArray,
    moving: FloatArray,
    small: float,
    H: FloatArray,
) -> float:
    """H_eff = H + i small [H, Hdot] of a chain as coefficients H (n, 10 or 14); its row sum bound.

    hop (n,) to the right, level (2, n), pairing (n,) of H; slope (n,), moving (2, n) of the pairing
    and the levels in Hdot.
    """
    n, largest = len(hop), 0.0
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
    return largest


@lazily
def source_weights(
    step: float,
    radius: float,
    mean: ComplexArray,
    own: ComplexArray,
    fast: bool,
    places: FloatArray,
    basis: FloatArray,
    out: ComplexArray,
) -> None:
    """Coefficients (groups, terms) of own step phi1(step (mean - i x)), x in [-radius, radius].

    Those of (-i)^k T_k(x/radius), from the values at ``places`` (2 terms,) in [-1, 1] by ``basis``
    (2 terms, terms). fast : of -own/(mean - i x), what is left of it without e^{step mean}.
    """
    turn = np.exp(-1j * (step * radius) * places)
    for g in range(len(mean)):
        grown = np.exp(step * mean[g])
        out[g] = 0
        for i in range(len(places)):
            z = step * (mean[g] - 1j * (radius * places[i]))
            if fast:
                value = -1 / z
            elif z.real * z.real + z.imag * z.imag > 0.25:
                value = (grown * turn[i] - 1) / z
            else:
                value = 1 + 0j
                for k in range(14, 0, -1):
                    value = 1 + value * z / (k + 1)
            for k in range(out.shape[1]):
                out[g, k] += value * basis[i, k]
        power = step * own[g]
        for k in range(out.shape[1]):
            out[g, k] *= power
            power *= 1j


@lazily
def band(UT: ComplexArray, T: ComplexArray, wide: bool, out: ComplexArray) -> None:
    """Entries of U T next to the diagonal, for the transposed U, into (3, 3, n).

    The first index: (up, hole), (up, up), (hole, hole); the second: rows of the left neighbour
    site, the own, the right one of the column's site; where not ``wide`` the own ones alone.
    """
    n = out.shape[2]
    out[:] = 0
    for k in range(T.shape[0]):
        for j in range(n):
            y, z = T[k, j], T[k, n + j]
            out[0, 1, j] += UT[k, j] * z
            out[1, 1, j] += UT[k, j] * y
            out[2, 1, j] += UT[k, n + j] * z
            if wide:
                w, e = j - 1, j + 1
                if w < 0:
                    w = n - 1
                if e == n:
                    e = 0
                out[0, 0, j] += UT[k, w] * z
                out[0, 2, j] += UT[k, e] * z
                out[1, 0, j] += UT[k, w] * y
                out[1, 2, j] += UT[k, e] * y
                out[2, 0, j] += UT[k, n + w] * z
                out[2, 2, j] += UT[k, n + e] * z


@lazily
def weighted(
    a: float,
    A: ComplexArray,
    b: float,
    B: ComplexArray,
    c: float,
    C: ComplexArray,
    out: ComplexArray,
) -> None:
    """out = a A + b B + c C, of (N, N) complex matrices and real weights."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = a * A[i, j] + b * B[i, j] + c * C[i, j]


@lazily
def ahead(
    base: ComplexArray,
    X: ComplexArray,
    Z: ComplexArray,
    carried: ComplexArray,
    step: float,
    last: float,
    curve: float,
    W: FloatArray,
    out: ComplexArray,
) -> None:
    """What a step carries to its end for G, and X there: the rows of ``out`` (2N, N).

    X goes on as a parabola in the frame that H carries: X + s Z + (s/step)^2 bend with
    bend = curve (carried - X + last Z), ``carried`` the X of ``last`` before.
    """
    N = out.shape[1]
    slope, third = W[2] * step + W[3], W[2] + 2 * W[3] / step
    for i in range(N):
        for j in range(N):
            bend = curve * (carried[i, j] - X[i, j] + last * Z[i, j])
            out[i, j] = base[i, j] + W[2] * X[i, j] + slope * Z[i, j] + third * bend
            out[N + i, j] = X[i, j] + step * Z[i, j] + bend


@lazily
def memory(
    Q: ComplexArray,
    L: ComplexArray,
    hop: FloatArray,
    level: FloatArray,
    pairing: ComplexArray,
    white: float,
    H: ComplexArray,
    X: ComplexArray,
    Z: ComplexArray,
) -> None:
    """X = i (white + Q + Q^+) and Z = Q H - H Q^+ + i (L + L^+), see `state.memory_terms`.

    Q, L transposed; hop (n,) to the right, level (2, n), pairing (n,) of H; H (N, N) scratch.
    """
    n = len(hop)
    for j in range(n):
        w, e = j - 1, j + 1
        if w < 0:
            w = n - 1
        if e == n:
            e = 0
        for i in range(2 * n):  # rows of H Q^+
            H[j, i] = (
                hop[w] * Q[w, i] + hop[j] * Q[e, i] + level[0, j] * Q[j, i]
            ).conjugate() - pairing[j] * Q[n + j, i].conjugate()
            H[n + j, i] = (
                level[1, j] * Q[n + j, i] - hop[w] * Q[n + w, i] - hop[j] * Q[n + e, i]
            ).conjugate() - pairing[j].conjugate() * Q[j, i].conjugate()
    for ib in range(0, 2 * n, 16):
        for jb in range(0, 2 * n, 16):
            for i in range(ib, min(ib + 16, 2 * n)):
                for j in range(jb, min(jb + 16, 2 * n)):
                    X[i, j] = 1j * (Q[j, i] + Q[i, j].conjugate())
                    Z[i, j] = H[j, i].conjugate() - H[i, j] + 1j * (L[j, i] + L[i, j].conjugate())
    for i in range(2 * n):
        X[i, i] += 1j * white


@lazily
def near_diagonal(G: ComplexArray, out: ComplexArray) -> None:
    """`band` of a matrix G (2n, 2n) itself, wide."""
    n = out.shape[2]
    for j in range(n):
        w, e = j - 1, j + 1
        if w < 0:
            w = n - 1
        if e == n:
            e = 0
        for d, i in ((0, w), (1, j), (2, e)):
            out[0, d, j] = G[i, n + j]
            out[1, d, j] = G[i, j]
            out[2, d, j] = G[n + i, n + j]


@lazily
def velocity(
    hop: FloatArray,
    level: FloatArray,
    pairing: ComplexArray,
    damping: float,
    G: ComplexArray,
    X: ComplexArray,
    out: ComplexArray,
) -> None:
    """-i [H, G] - damping G + X in the own rows of the `band` G (3, 3, n), into out (3, n).

    hop, level, pairing : of H, as for `memory`. X (3, n). G is anti-Hermitian.
    """
    n = len(hop)
    for j in range(n):
        w, e = j - 1, j + 1
        if w < 0:
            w = n - 1
        if e == n:
            e = 0
        tl, tr = hop[w], hop[j]
        a, b = level[0, j], level[1, j]
        d, pair = pairing[j], G[0, 1, j]
        up, hole = G[1, 1, j], G[2, 1, j]
        first = tl * G[0, 0, j] + tr * G[0, 2, j] + a * pair - d * hole
        first -= b * pair - tl * G[0, 2, w] - tr * G[0, 0, e] - d * up
        second = tl * G[1, 0, j] + tr * G[1, 2, j] + a * up + d * pair.conjugate()
        third = b * hole - tl * G[2, 0, j] - tr * G[2, 2, j] - d.conjugate() * pair
        out[0, j] = -1j * first - damping * pair + X[0, j]
        out[1, j] = -2j * second.real - damping * up + X[1, j]
        out[2, j] = -2j * third.real - damping * hole + X[2, j]
