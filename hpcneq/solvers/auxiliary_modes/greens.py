"""Compiled kernels for the Green function of a chain over a step, and for what acts on it.

Matrices are (2n, 2n) complex; U, Q, L are transposed. A chain is given by its hops (n,) to the
right, levels (2, n) and pairing (n,), see `chains`. What a kernel gets as one tuple has at most
four arrays, see `polynomials.Planes`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray
from ...maths.compiled import lazily

Matrices = tuple[ComplexArray, ...]


def _band(UT: ComplexArray, T: ComplexArray, wide: bool, out: ComplexArray) -> None:
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


def _weighted(
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


def _ahead(
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


def _memory(
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
    for ib in range(0, 2 * n, 16):  # both are anti-Hermitian
        for jb in range(0, ib + 1, 16):
            for i in range(ib, min(ib + 16, 2 * n)):
                for j in range(jb, min(jb + 16, i + 1)):
                    x = 1j * (Q[j, i] + Q[i, j].conjugate())
                    z = H[j, i].conjugate() - H[i, j] + 1j * (L[j, i] + L[i, j].conjugate())
                    X[i, j], Z[i, j] = x, z
                    X[j, i], Z[j, i] = -x.conjugate(), -z.conjugate()
    for i in range(2 * n):
        X[i, i] += 1j * white


def _near_diagonal(G: ComplexArray, out: ComplexArray) -> None:
    """`_band` of a matrix G (2n, 2n) itself, wide."""
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


def _velocity(
    hop: FloatArray,
    level: FloatArray,
    pairing: ComplexArray,
    damping: float,
    G: ComplexArray,
    X: ComplexArray,
    out: ComplexArray,
) -> None:
    """-i [H, G] - damping G + X in the own rows of the `_band` G (3, 3, n), into out (3, n).

    hop, level, pairing : of H, as for `_memory`. X (3, n). G is anti-Hermitian.
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


def _conjugate(matrix: ComplexArray, out: ComplexArray) -> None:
    """out = matrix^*."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            out[i, j] = matrix[i, j].conjugate()


def _carried(UT: ComplexArray, inside: ComplexArray, work: Matrices, out: ComplexArray) -> None:
    """out = U inside U^+ for the transposed U."""
    _, product, conjugate, _ = work
    half = product[: len(UT)]
    _conjugate(UT, conjugate)
    np.dot(inside, conjugate, half)
    np.dot(UT.T, half, out)


def sources_of(
    Q: ComplexArray,
    L: ComplexArray,
    hop: FloatArray,
    level: FloatArray,
    pairing: ComplexArray,
    white: float,
    X: ComplexArray,
    Z: ComplexArray,
    work: Matrices,
) -> None:
    """X and Z of the sums Q and L over the modes, see `state.memory_terms`."""
    _memory(Q, L, hop, level, pairing, white, work[2], X, Z)


SOURCES = (_memory, sources_of)
sources = lazily(calls=SOURCES)(sources_of)


@lazily(calls=(_near_diagonal, _velocity))
def field(
    G: ComplexArray,
    X: ComplexArray,
    hop: FloatArray,
    level: FloatArray,
    pairing: ComplexArray,
    damping: float,
    near: ComplexArray,
    rows: ComplexArray,
) -> None:
    """What the mean field reads of G and of dG/dt, into rows (2, 3, n); near (2, 3, 3, n) scratch.

    Components in the order of `_band`.
    """
    _near_diagonal(G, near[0])
    _near_diagonal(X, near[1])
    rows[0] = near[0, :, 1]
    within = near[1, :, 1].copy()
    _velocity(hop, level, pairing, damping, near[0], within, rows[1])


def carry_block(
    UT: ComplexArray,
    base: ComplexArray,
    W: FloatArray,
    X: ComplexArray,
    Z: ComplexArray,
    G: ComplexArray,
    work: Matrices,
    chain: tuple[NDArray, ...],
    damping: float,
    near: ComplexArray,
    rows: ComplexArray,
) -> None:
    """G = U base U^+ + W2 X + W3 Z, and what `field` tells of it. chain : hop, level, pairing."""
    carried = work[3]
    _carried(UT, base, work, carried)
    _weighted(1.0, carried, W[2], X, W[3], Z, G)
    _near_diagonal(G, near[0])
    _near_diagonal(X, near[1])
    rows[0] = near[0, :, 1]
    within = near[1, :, 1].copy()
    _velocity(chain[0], chain[1], chain[2], damping, near[0], within, rows[1])


CARRY = (_conjugate, _carried, _weighted, _near_diagonal, _velocity, carry_block)
carry = lazily(calls=CARRY)(carry_block)


def predict_block(
    UT: ComplexArray,
    before: Matrices,
    history: Matrices,
    times: FloatArray,
    W: FloatArray,
    chain: tuple[NDArray, ...],
    damping: float,
    base: ComplexArray,
    near: ComplexArray,
    rows: ComplexArray,
    work: Matrices,
) -> None:
    """`field` at the end of a step of which only U is known, and the ``base`` that U carries there.

    In the precision of U. before : G, X, Z at its start. history : U and X of the step before.
    times : lengths of the step and of that before, 0 without one; decay of G within the step.
    chain : hop, level, pairing.
    """
    G, X, Z = before
    past, old = history
    step, last = times[0], times[1]
    decay = times[2]
    pair, product, conjugate, carried = work
    N, curve = len(UT), 0.0
    _weighted(decay, G, W[0], X, W[1], Z, base)
    if last > 0:
        curve = (step / last) ** 2
        _carried(past, old, work, carried)
    else:
        carried[:] = 0
    _ahead(base, X, Z, carried, step, last, curve, W, pair)
    _conjugate(UT, conjugate)
    np.dot(pair, conjugate, product)
    _band(UT, product[:N], True, near[0])
    _band(UT, product[N:], False, near[1])
    rows[0] = near[0, :, 1]
    within = near[1, :, 1].copy()
    _velocity(chain[0], chain[1], chain[2], damping, near[0], within, rows[1])


PREDICT = (_conjugate, _carried, _weighted, _ahead, _band, _velocity, predict_block)
predict = lazily(calls=PREDICT)(predict_block)
