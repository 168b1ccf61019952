"""Polynomials of a chain's Nambu matrix on columns of modes, in vector instructions.

Eight columns are worked on at a time, in planes (n, 4 lanes): up re, im, hole re, im of each site.
One vector instruction does all eight, and the three planes of a recursion stay in a core's cache
while a whole polynomial of H is applied.

The coefficients of exp(-i x) are (-i)^k times real numbers: Clenshaw's recursion is done for
beta_k = i^k b_k, with beta_k = c_k P - i (2/r) H beta_{k+1} + beta_{k+2} and real c_k.

numba is needed at once: this module is imported when the first polynomial is applied.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray
from ...maths.compiled import lazily
from ..vector_code import LANES, Code


def _columns(code, array, g, begin, last, row):
    """Offsets of a row (of real and imaginary parts) in the columns of all lanes."""
    _, columns, rows = cgutils.unpack_tuple(code.builder, array.shape)
    first = code.product(g, columns)
    for m in range(LANES):
        column = code.sum(begin, code.whole(m))
        inside = code.builder.icmp_signed("<", column, last)
        column = code.sum(first, code.builder.select(inside, column, last))
        yield code.sum(code.product(column, rows), row)


@intrinsic
def _load(typing, old, g, begin, last, row, re, im, P, j, part):
    """P[j, part] = (re + i im) old[g, begin .., row] of complex numbers; 2 parts."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        array, plane = code.array(0), code.array(7)
        pair = code.vector(0, 2)
        places = _columns(code, array, args[1], args[2], args[3], args[4])
        both = code.joined([code.read(array, place, pair) for place in places])
        x, y = code.every_second(both, 0), code.every_second(both, 1)
        real, imag = code.spread(args[5]), code.spread(args[6])
        at = code.row(args[8], 0)
        at = code.sum(at, code.product(args[9], code.whole(LANES)))
        code.write(code.fma(code.less(imag), y, builder.fmul(real, x)), plane, at)
        code.write(code.fma(imag, x, builder.fmul(real, y)), plane, code.sum(at, code.whole(LANES)))
        return code.nothing()

    return types.void(old, g, begin, last, row, re, im, P, j, part), write


@intrinsic
def store(
    typing: Any,
    B: Any,
    j: Any,
    part: Any,
    new: Any,
    g: Any,
    begin: Any,
    last: Any,
    row: Any,
) -> Any:
    """new[g, begin .., row] = B[j, part] of complex numbers."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        plane, array = code.array(0), code.array(3)
        vector = code.vector(0)
        at = code.sum(code.row(args[1], 0), code.product(args[2], code.whole(LANES)))
        x, y = (code.read(plane, code.sum(at, code.whole(k)), vector) for k in (0, LANES))
        columns = _columns(code, array, args[4], args[5], args[6], args[7])
        for m, offset in enumerate(columns):
            code.write(code.shuffle(x, y, (m, LANES + m)), array, offset)
        return code.nothing()

    return types.void(B, j, part, new, g, begin, last, row), write


@intrinsic
def _add(typing, B, j, re, im, S):
    """S[j] += the plane B[j], then S[j] += (re + i im) B[j], in S's precision; 8 parts."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        plane, sums = code.array(0), code.array(4)
        vector, wide = code.vector(0), code.vector(4)
        parts = [code.read(plane, code.row(args[1], k), vector) for k in range(4)]
        if wide != vector:
            parts = [builder.fpext(part, wide) for part in parts]
        real, imag = code.spread(args[2]), code.spread(args[3])
        turned = []
        for x, y in (parts[:2], parts[2:]):
            turned += [(x, code.less(y)), (y, x)]
        for k in range(8):
            at = code.row(args[1], k, 8)
            value = code.read(sums, at, wide)
            if k < 4:
                value = builder.fadd(value, parts[k])
            else:
                own, other = turned[k - 4]
                value = code.fma(imag, other, code.fma(real, own, value))
            code.write(value, sums, at)
        return code.nothing()

    return types.void(B, j, re, im, S), write


def _couplings(code, H, j, left, right, columns):
    """Of each component: (site, component it couples to, real, imaginary part or None)."""
    at = code.product(j, code.whole(columns))
    number = [code.number(H, code.sum(at, code.whole(k))) for k in range(columns)]
    tl, tr, up, hole, qr, qi, lr, li, rr, ri = number[:10]
    phases = number[10:] or [None] * 4
    return (
        [
            (left, 0, tl, phases[0]),
            (right, 0, tr, phases[1]),
            (j, 0, up, None),
            (j, 1, qr, qi),
            (left, 1, lr, li),
            (right, 1, rr, ri),
        ],
        [
            (left, 1, code.less(tl), phases[2]),
            (right, 1, code.less(tr), phases[3]),
            (j, 1, hole, None),
            (j, 0, qr, code.less(qi)),
            (left, 0, lr, code.less(li)),
            (right, 0, rr, code.less(ri)),
        ],
    )


def _term(columns):
    """The intrinsic for that many coefficients of a site."""

    @intrinsic
    def term(typing, P, B, C, H, j, left, right, c):
        """C[j] = c P[j] - i H B in row j + C[j]."""

        def write(context, builder, signature, args):
            code = Code(context, builder, signature, args)
            P, B, C, H = (code.array(k) for k in range(4))
            j, left, right, c = args[4:]
            vector, c = code.vector(0), code.spread(c)
            results = []
            for component, couplings in enumerate(_couplings(code, H, j, left, right, columns)):
                at = [code.row(j, 2 * component + k) for k in (0, 1)]
                re, im = (code.fma(c, code.read(P, k, vector), code.read(C, k, vector)) for k in at)
                for site, other, real, imag in couplings:
                    x, y = (code.read(B, code.row(site, 2 * other + k), vector) for k in (0, 1))
                    re, im = code.fma(real, y, re), code.fma(code.less(real), x, im)
                    if imag is not None:
                        re, im = code.fma(imag, x, re), code.fma(imag, y, im)
                results += [(re, at[0]), (im, at[1])]
            for value, place in results:
                code.write(value, C, place)
            return code.nothing()

        return types.void(P, B, C, H, j, left, right, c), write

    return term


term_plain = _term(10)
term_phases = _term(14)


def _recursion(P, B, C, matrix, omega, R, own):
    """Clenshaw's recursion on the plane P, with source R (2, lanes) of a lane at its ``own`` row.

    own (lanes,): the source's second row is that of the other component. matrix : see `advance`.
    Returns B or C.
    """
    c, _, coef, half = matrix
    n, width = P.shape[0], P.shape[1] // 4
    B[:] = 0
    C[:] = 0
    for k in range(len(c) - 1, -1, -1):
        h = coef
        if k == 0:
            h = half
        left = n - 1
        for j in range(n):
            right = j + 1
            if right == n:
                right = 0
            if coef.shape[1] == 10:
                term_plain(P, B, C, h, j, left, right, c[k])
            else:
                term_phases(P, B, C, h, j, left, right, c[k])
            left = j
        for q in range(width):
            j, at = own[q], q
            other = 2 * width + q
            if j >= n:
                j -= n
                at, other = other, at
            first = omega[k] * R[0, q]
            second = omega[k] * R[1, q]
            C[j, at] += first.real
            C[j, at + width] += first.imag
            C[j, other] += second.real
            C[j, other + width] += second.imag
        B, C = C, B
    return B


def _add_lanes(S, count, first, sums):
    """The lanes of S (n, 8 lanes) to the columns from ``first`` on of sums (2, 2n, 4n)."""
    n, width = S.shape[0], S.shape[1] // 8
    for p in range(len(sums)):
        for q in range(count):
            for j in range(n):
                at = 4 * p * width + q
                sums[p, first + q, 2 * j] += S[j, at]
                sums[p, first + q, 2 * j + 1] += S[j, at + width]
                sums[p, first + q, 2 * (n + j)] += S[j, at + 2 * width]
                sums[p, first + q, 2 * (n + j) + 1] += S[j, at + 3 * width]


@lazily(calls=(_recursion, _add_lanes))
def advance(
    old: NDArray,
    new: NDArray,
    factor: NDArray,
    omega: NDArray,
    strength: NDArray,
    bend: NDArray,
    first: int,
    rates: ComplexArray,
    sums: FloatArray,
    matrix: tuple[NDArray, ...],
    planes: tuple[NDArray, ...],
    sources: tuple[NDArray, ...],
) -> None:
    """new = sum_k c_k (-i)^k T_k(H) factor old + omega_k (-i)^k T_k(H) source, for each group.

    The source of a column is strength (1 + bend Hdot) on its own row and the other component's.

    old, new (groups, columns, 4n) real views; factor, bend (groups,), omega (groups, terms),
    strength (groups, columns); ``first`` is the own row of column 0. sums (2, 2n, 4n), or (0, ...)
    for none: the new modes and ``rates`` (groups,) times them are added. matrix : c (terms,), the
    entries of Hdot (2n, 2) in a column's own row and the other's, the coefficients of H (see
    `chains`), half of them. planes : P, B, C (n, 4 lanes), S (n, 8 lanes) double. sources : R (2,
    lanes) complex, own (lanes,) int.
    """
    slopes = matrix[1]
    P, B, C, S = planes
    R, own = sources
    n, width = P.shape[0], P.shape[1] // 4
    last, one = old.shape[1] - 1, 0 * matrix[0][0] + 1
    for begin in range(0, last + 1, width):
        S[:] = 0
        for g in range(old.shape[0]):
            for j in range(n):
                _load(old, g, begin, last, 2 * j, factor[g].real, factor[g].imag, P, j, 0)
                _load(old, g, begin, last, 2 * (n + j), factor[g].real, factor[g].imag, P, j, 2)
            for q in range(width):
                col = min(begin + q, last)
                own[q] = first + col
                R[0, q] = strength[g, col] * (one + bend[g] * slopes[own[q], 0])
                R[1, q] = strength[g, col] * bend[g] * slopes[own[q], 1]
            done = _recursion(P, B, C, matrix, omega[g], R, own)
            for j in range(n):
                store(done, j, 0, new, g, begin, last, 2 * j)
                store(done, j, 2, new, g, begin, last, 2 * (n + j))
            if len(sums):
                for j in range(n):
                    _add(done, j, rates[g].real, rates[g].imag, S)
        _add_lanes(S, min(width, last + 1 - begin), first + begin, sums)
