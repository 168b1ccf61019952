"""Modes of a block of few levels, by products of matrices.

The matrices T[k] = (-i)^k T_k(H), transposed, are made once for all groups of modes of a block.
U is their sum with the coefficients of the exponential, the functions of H on the sources are one
product of all coefficients with all T[k], and every group is multiplied by U. Up to a hundred
levels that takes less than the recursions of `sweeps` for each group.

numba is needed at once: this module is imported when the first block is advanced so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.compiled import lazily
from .columns import following, mirror, put, unit_columns
from .product_code import (
    blend_four,
    blend_one,
    blend_two,
    follow_few,
    follow_many,
    unfold_few,
    unfold_many,
)

# Up to so many levels products of real matrices of twice the size are faster than those of complex
# ones, in pieces of up to so many products of numbers: OpenBLAS's kernels for small matrices, for
# processors with AVX-512, copy neither first. Elsewhere both ways take as long.
REAL_UP_TO, PIECE = 56, 10**6


def _first_terms(half, T):
    """T[0] and T[1] of `_chebyshev_rows`."""
    n = len(half)
    T[:2] = 0
    for j in range(n):
        left, right = (j - 1) % n, (j + 1) % n
        T[0, j, 2 * j] = 1
        T[1, j, 2 * left + 1] -= half[j, 0]
        T[1, j, 2 * right + 1] -= half[j, 1]
        T[1, j, 2 * j + 1] -= half[j, 2]
        for part, i in enumerate((j, left, right)):
            T[1, j, 2 * (n + i)] -= half[j, 5 + 2 * part]
            T[1, j, 2 * (n + i) + 1] -= half[j, 4 + 2 * part]


def _add_terms(a, A, b, B, out):
    """out = a A + b B of rows."""
    for i in range(len(out)):
        out[i] = a * A[i] + b * B[i]


def _chebyshev_rows(c, coef, half, T, UT):
    """`_chebyshev_matrices` where the columns of holes are told by those of electrons.

    T[k + 1] is T[k - 1] - i T[k] H, whose rows in memory are sums of rows of T[k].
    """
    n, U = len(coef), UT[0]
    _first_terms(half, T)
    one = T[0, 0, 0]  # 1 in their precision
    for j in range(min(n, n * len(c))):
        _add_terms(c[0], T[0, j], c[1], T[1, j], U[j])
    for k in range(1, len(T) - 1):
        factor = one - one
        if k + 1 < len(c):
            factor = c[k + 1]
        left = n - 1
        for j in range(n):
            right = j + 1
            if right == n:
                right = 0
            for begin in range(0, 2 * n - 7, 8):
                follow_many(T, k, left, j, right, begin, coef, one, U, factor)
            for begin in range(2 * n & ~7, 2 * n, 2):
                follow_few(T, k, left, j, right, begin, coef, one, U, factor)
            left = j
    if len(c):
        mirror(UT)


def _chebyshev_matrices(c, coef, half, T, UT, planes):
    """T[k] = (-i)^k T_k(H), transposed, and UT = sum_k c_k T[k]; none where c is empty.

    T (terms, columns, 4n), UT (1, 2n, 4n) real. With n columns, those of electrons alone,
    those of holes are told by them, see `Polynomial.propagator`. coef, half : coefficients of H,
    see `chains`, and half of them. planes : (n, 4 lanes).
    """
    B, C, S, _ = planes
    n, width = B.shape[0], B.shape[1] // 4
    columns = T.shape[1]
    if columns == n and n >= 4 and coef.shape[1] == 10:
        _chebyshev_rows(c, coef, half, T, UT)
        return
    for begin in range(0, columns, width):
        unit_columns(B, begin, columns - 1)
        C[:] = 0
        S[:] = 0
        for k in range(len(T)):
            put(B, T, k, begin)
            if k < len(c):
                for j in range(n):
                    for q in range(4 * width):
                        S[j, q] += c[k] * B[j, q]
            if k == 0:
                following(B, C, half)
            else:
                following(B, C, coef)
            B, C = C, B
        if len(c):
            put(S, UT[:, :columns], 0, begin)
    if len(c) and columns == n:
        mirror(UT)


def _unfolded(parts, S, count, signs):
    """S (count, 2n, 4n) from real and imaginary coefficients' sums, parts (2 count, columns, 4n).

    signs : 1, -1.
    """
    columns, width = parts.shape[1], parts.shape[2]
    n, one = width // 4, signs[0]
    for g in range(count):
        for j in range(columns):
            k = n + j
            if columns > n:
                k = -1
            for half in range(2):
                turn = signs[1 - half]
                at, last = 2 * n * half, 2 * n * (half + 1)
                away = 2 * n * (1 - 2 * half)
                while at + 8 <= last:
                    unfold_many(parts, g, count + g, j, at, S, g, k, at + away, one, turn)
                    at += 8
                while at < last:
                    unfold_few(parts, g, count + g, j, at, S, g, k, at + away, one, turn)
                    at += 2


def _functions_of_H(functions, T, S, parts, signs):
    """S (groups, 2n, 4n) = functions (groups, terms) of H; T (terms, columns, 4n) real."""
    rows, terms = functions.shape
    size = T.shape[1] * T.shape[2]
    both = np.empty((2 * rows, terms), T.dtype)
    for g in range(rows):
        for k in range(terms):
            both[g, k], both[rows + g, k] = functions[g, k].real, functions[g, k].imag
    sums = parts[: 2 * rows * size].reshape(2 * rows, size)
    np.dot(both, T[:terms].reshape(terms, size), sums)
    _unfolded(sums.reshape(2 * rows, T.shape[1], T.shape[2]), S, rows, signs)


def _weights(step, radius, mean, own, fast, nodes, out):
    """`source_weights`."""
    places, basis = nodes
    last, terms = len(places) - 1, out.shape[1]
    turn = np.exp(-1j * (step * radius) * places)
    for g in range(len(mean)):
        grown = np.exp(step * mean[g])
        out[g] = 0
        for i in range(len(places) // 2):  # a node and its opposite
            values = 0j, 0j
            for q in (i, last - i):
                z = step * (mean[g] - 1j * (radius * places[q]))
                if fast:
                    value = -1 / z
                elif z.real * z.real + z.imag * z.imag > 0.25:
                    value = (grown * turn[q] - 1) / z
                else:
                    value = 1 + 0j
                    for k in range(14, 0, -1):
                        value = 1 + value * z / (k + 1)
                values = values[1], value
            even, odd = values[0] + values[1], values[0] - values[1]
            for k in range(0, terms, 2):
                out[g, k] += even * basis[i, k]
            for k in range(1, terms, 2):
                out[g, k] += odd * basis[i, k]
        power = step * own[g]
        for k in range(terms):
            out[g, k] *= power
            power *= 1j


@lazily(calls=(_weights,))
def source_weights(
    step: float,
    radius: float,
    mean: ComplexArray,
    own: ComplexArray,
    fast: bool,
    nodes: tuple[FloatArray, ...],
    out: ComplexArray,
) -> None:
    """Coefficients (groups, terms) of own step phi1(step (mean - i x)), x in [-radius, radius].

    Those of (-i)^k T_k(x/radius); nodes : see `chebyshev.nodes`. fast : of -own/(mean - i x), what
    is left of it without e^{step mean}.
    """
    _weights(step, radius, mean, own, fast, nodes, out)


def _fast_sums(weights, functions, kinds, slopes, T, sums, scratch, few):
    """Add the sums over groups that are functions of H, plain and times their rates, to ``sums``.

    weights (4 kinds, groups): for each kind of column, of the plain sum, of what is multiplied by
    Hdot there, of the same of the other sum; functions (groups, terms) of H. kinds (2n,) of the
    columns. sums (2, 2n, 4n) real view.
    """
    S, _, _, parts = scratch
    numbers, signs, _ = few
    N = len(kinds)
    _functions_of_H(np.dot(weights, functions), T, S, parts, signs)
    rows = S.reshape(-1, 2 * N)
    numbers[0, 0], numbers[0, 3] = 1, 0
    for p in range(2):
        Q, L = sums[p], sums[1 - p]
        for col in range(N):
            numbers[0, 1], numbers[0, 2] = slopes[col, 0], slopes[col, 1]
            first = (4 * kinds[col] + 2 * p) * N
            own, other = first + N + col, first + N + (col + N // 2) % N
            place = first + col, 0, own, other, col
            blend_one(rows, S, rows, Q, L, place, numbers, rows)


def _merge(P, S, places, groups, rates, slopes, new, sums, numbers, ahead):
    """new = factor P + S on the sources of some groups; adds it to the sums.

    P, new (rows, 4n) real, one group behind the other; ahead : of their shape, what is read next.
    All groups have as many columns, the same first one and the same pair of sums.
    """
    factor, bend, strength = groups
    N = S.shape[1]
    _, columns, first, pair = places[0]
    Q, L = sums[pair, 0], sums[pair, 1]
    for col in range(columns):
        own, other = first + col, first + col + N // 2
        if other >= N:
            other -= N
        for g in range(len(places)):
            numbers[g, 0], numbers[g, 3] = factor[g], rates[g]
            numbers[g, 1] = strength[g, col] * (1 + bend[g] * slopes[own, 0])
            numbers[g, 2] = strength[g, col] * bend[g] * slopes[own, 1]
        place = col, columns, own, other, own
        if len(places) == 4:
            blend_four(P, S, new, Q, L, place, numbers, ahead)
        elif len(places) == 2:
            blend_two(P, S, new, Q, L, place, numbers, ahead)
        else:
            blend_one(P, S, new, Q, L, place, numbers, ahead)


def _as_real(U, out):
    """The real matrix (4n, 4n) that does to real and imaginary parts in turn what U does to rows of
    complex numbers.
    """
    for i in range(len(U)):
        for j in range(len(U)):
            real, imag = U[i, j].real, U[i, j].imag
            out[2 * i, 2 * j], out[2 * i, 2 * j + 1] = real, imag
            out[2 * i + 1, 2 * j], out[2 * i + 1, 2 * j + 1] = -imag, real


def _times(rows, U, real_U, out, real_out):
    """out = rows U of complex matrices; (rows, 4n) real views, real_U of `_as_real`."""
    count, width = len(rows), rows.shape[1]
    if width > 2 * REAL_UP_TO:
        np.dot(rows.view(U.dtype), U, out[:count])
        return
    step = max(1, PIECE // width**2)
    for begin in range(0, count, step):
        end = min(begin + step, count)
        np.dot(rows[begin:end], real_U, real_out[begin:end])


def _alike(places):
    """Whether groups have as many columns, the same first one and the same pair of sums."""
    for g in range(1, len(places)):
        for k in range(1, 4):
            if places[g, k] != places[0, k]:
                return False
    return True


def _advance_groups(modes, places, groups, rates, functions, slopes, sums, T, UT, scratch, few):
    """`advance` of the groups, four at a time, which stay in the cache.

    They are merged in one pass where they have the same columns, not between unequal leads.
    """
    old, new = modes
    factor, bend, strength = groups
    S, P, product, parts = scratch
    numbers, signs, real_U = few
    N, flat = len(UT), old.view(T.dtype)
    if N <= REAL_UP_TO:
        _as_real(UT, real_U)
    for begin in range(0, len(functions), 4):
        some = functions[begin : begin + 4]
        end = begin + len(some)
        _functions_of_H(some, T, S, parts, signs)
        at, last = places[begin, 0], places[end - 1, 0] + places[end - 1, 1] * N
        rows = (last - at) // N
        _times(flat[2 * at : 2 * last].reshape(rows, 2 * N), UT, real_U, P, product)
        target = new[2 * at : 2 * last].reshape(rows, 2 * N)
        ahead = product
        if end + 4 <= len(functions):
            ahead = flat[2 * last :].reshape(-1, 2 * N)
        step = 1
        if len(some) % 2 == 0 and _alike(places[begin:end]):
            step = len(some)
        for g in range(begin, end, step):
            own, k = slice(g, g + step), g - begin
            first = (places[g, 0] - at) // N
            there = slice(first, first + step * places[g, 1])
            given = (factor[own], bend[own], strength[own]), rates[own], slopes, target[there]
            _merge(
                product[there], S[k : k + step], places[own], *given, sums, numbers, ahead[there]
            )


def advance_block(
    modes: tuple[NDArray, NDArray],
    places: IntArray,
    groups: tuple[NDArray, ...],
    rates: tuple[ComplexArray, ...],
    fast: tuple[ComplexArray, ...],
    step: float,
    radius: float,
    nodes: tuple[FloatArray, ...],
    kinds: IntArray,
    sums: FloatArray,
    matrix: tuple[NDArray, ...],
    c: NDArray,
    T: NDArray,
    UT: NDArray,
    scratch: tuple[NDArray, ...],
    few: tuple[NDArray, ...],
    planes: tuple[NDArray, ...],
) -> None:
    """new = factor U old + the functions of H on the sources, for each group; see `sweeps.advance`.

    modes : old, and new as real numbers: those of a block one behind the other. places (groups, 4):
    where a group begins, its columns, its first one, the pair of sums it is added to. groups :
    factor, bend (groups,), strength (groups, 2n) of its columns. rates : mean, own, see
    `polynomials.RateMoments`, and those at the end (groups,). fast : mean and own of the fast
    groups and their weights, see `_fast_sums`. radius : H's. nodes : of the terms of groups, of
    fast ones. sums (pairs, 2, 2n, 4n) real view. matrix : Hdot, the coefficients of H,
    half of them. c, T, UT : see `_chebyshev_matrices`; without c UT is given. scratch : S (groups,
    2n, 4n), P (8n, 2n) complex with its real view, room for 2 (2n, 4n) for each group. few :
    (4, 4) complex numbers; 1, -1; (4n, 4n) real.
    """
    slopes, coef, half = matrix
    mean, own, after = rates
    target = UT.view(T.dtype).reshape(1, len(UT), 2 * len(UT))
    _chebyshev_matrices(c, coef, half, T, target, planes)
    if len(fast[0]):
        functions = np.empty((len(fast[0]), nodes[3].shape[1]), np.complex128)
        _weights(step, radius, fast[0], fast[1], True, (nodes[2], nodes[3]), functions)
        _fast_sums(fast[2], functions, kinds, slopes, T, sums[0], scratch, few)
    functions = np.empty((len(mean), nodes[1].shape[1]), np.complex128)
    _weights(step, radius, mean, own, False, (nodes[0], nodes[1]), functions)
    given = groups, after, functions, slopes, sums, T, UT, scratch, few
    _advance_groups(modes, places, *given)


BLOCK = (
    *(unit_columns, following, put, mirror, _first_terms, _add_terms, _chebyshev_rows),
    *(_chebyshev_matrices, _unfolded, _functions_of_H, _weights, _fast_sums, _merge, _alike),
    *(_as_real, _times, _advance_groups, advance_block),
)
advance = lazily(calls=BLOCK)(advance_block)
