"""The kernels of `kernels` in vector instructions: see `terms` for their recursions.

numba is needed at once: this module is imported when the first polynomial is applied. ``hop`` and
``c`` are real views, (N, 8) and (N, 2).
"""

from __future__ import annotations

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.compiled import lazily
from ..vector_code import Code
from .terms import (
    Site,
    first_term,
    phase_second,
    phase_term,
    plain_second,
    plain_term,
    recursion,
    rotated,
    rotation_of,
    start_of,
    swept,
)

__all__ = [
    "first_term",
    "phase_second",
    "phase_term",
    "plain_second",
    "plain_term",
]  # `swept` and `recursion` are compiled with the names of this module


@intrinsic
def _right(typing, near, hop, onsite, c, V, B, C, j, i, ur, ui, f):
    """C[j] = u V[j] + f (B H)[j] - C[j] for 8 rows from i on of columns (sites, 2, 2, rows)."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        V, B, C = (code.array(k) for k in (4, 5, 6))
        j, i, ur, ui, f = args[7:]
        vector, site = code.vector(4), Site(code, j, f, transposed=True)
        ur, ui = code.spread(ur), code.spread(ui)
        rows = cgutils.unpack_tuple(builder, V.shape)[3]

        def place(at, k):
            whole = code.sum(code.product(at, code.whole(4)), code.whole(k))
            return code.sum(code.product(whole, rows), i)

        def read(array, at, component):
            return [code.read(array, place(at, 2 * component + k), vector) for k in (0, 1)]

        results = []
        for a in (0, 1):
            start = start_of(code, ur, ui, read(V, j, a), read(C, j, a))
            results += site.product(*start, a, False, lambda at, b: read(B, at, b))
        for k, value in enumerate(results):
            code.write(value, C, place(j, k))
        return code.nothing()

    return types.void(near, hop, onsite, c, V, B, C, j, i, ur, ui, f), write


@intrinsic
def _add(typing, M, mode, k, i, re, im, Q, L):
    """Q[k] += M[mode], L[k] += (re + i im) M[mode] in 8 rows from i on."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        M, Q, L = (code.array(n) for n in (0, 6, 7))
        mode, k, i, re, im = args[1:6]
        rows, wide = cgutils.unpack_tuple(builder, M.shape)[2], code.vector(6)
        re, im = code.spread(re), code.spread(im)

        def place(at, part):
            whole = code.sum(code.product(at, code.whole(2)), code.whole(part))
            return code.sum(code.product(whole, rows), i)

        x, y = (code.read(M, place(mode, part), code.vector(0)) for part in (0, 1))
        if wide != code.vector(0):
            x, y = builder.fpext(x, wide), builder.fpext(y, wide)
        sums = [code.read(array, place(k, part), wide) for array in (Q, L) for part in (0, 1)]
        turned = code.couple(*sums[2:], [(x, y, re, im)])
        added = builder.fadd(sums[0], x), builder.fadd(sums[1], y)
        for array, values in ((Q, added), (L, turned)):
            for part, value in enumerate(values):
                code.write(value, array, place(k, part))
        return code.nothing()

    return types.void(M, mode, k, i, re, im, Q, L), write


def _places(code, M, begin, last, j):
    """Offsets of a site's two rows, real and then imaginary parts, in the modes of all lanes."""
    rows = cgutils.unpack_tuple(code.builder, M.shape)[2]
    site = code.product(j, code.whole(2))
    for m in range(code.count):
        mode = code.sum(begin, code.whole(m))
        inside = code.builder.icmp_signed("<", mode, last)
        mode = code.product(code.builder.select(inside, mode, last), code.whole(2))
        yield [code.sum(code.product(code.sum(mode, code.whole(p)), rows), site) for p in (0, 1)]


@intrinsic
def _load(typing, M, begin, last, factor, cosine, q, P, j):
    """P[j] = K^-1 factor M[begin .., j] of modes (modes, 2, rows); factor (2, lanes) real."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args, 512 // signature.args[0].dtype.bitwidth)
        M, factor, cosine, q, P = (code.array(k) for k in (0, 3, 4, 5, 6))
        pair, places = code.vector(0, 2), list(_places(code, M, args[1], args[2], args[7]))
        halves = []
        for p in (0, 1):
            joined = code.joined([code.read(M, place[p], pair) for place in places])
            halves.append([code.every_second(joined, k) for k in (0, 1)])
        re, im = (code.read(factor, code.whole(k * code.count), code.vector(0)) for k in (0, 1))
        parts = []
        for x, y in zip(*halves):  # of up, of hole
            parts.append(
                (
                    code.fma(code.less(im), y, builder.fmul(re, x)),
                    code.fma(im, x, builder.fmul(re, y)),
                )
            )
        turned = rotated(code, rotation_of(code, cosine, q, args[7], True), *parts)
        for k, value in enumerate(turned):
            code.write(value, P, code.row(args[7], k))
        return code.nothing()

    return types.void(M, begin, last, factor, cosine, q, P, j), write


@intrinsic
def _store(typing, B, j, cosine, q, M, begin, last):
    """M[begin .., j] = K B[j], the reverse of `_load`."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args, 512 // signature.args[0].dtype.bitwidth)
        B, cosine, q, M = (code.array(k) for k in (0, 2, 3, 4))
        parts = [code.read(B, code.row(args[1], k), code.vector(0)) for k in range(4)]
        rotation = rotation_of(code, cosine, q, args[1], False)
        turned = rotated(code, rotation, parts[:2], parts[2:])
        for m, place in enumerate(_places(code, M, args[5], args[6], args[1])):
            for p in (0, 1):
                both = code.shuffle(turned[p], turned[2 + p], (m, code.count + m))
                code.write(both, M, place[p])
        return code.nothing()

    return types.void(B, j, cosine, q, M, begin, last), write


@lazily(calls=(swept, recursion))
def clenshaw(
    near: IntArray,
    hop: NDArray,
    onsite: NDArray,
    c: NDArray,
    u: NDArray,
    P: NDArray,
    B: NDArray,
    C: NDArray,
    at: IntArray,
    w: NDArray,
    plain: bool,
) -> NDArray:
    """See `kernels.clenshaw`."""
    return recursion(near, hop, onsite, c, u, P, B, C, at, w, plain)


@lazily(calls=(swept, recursion))
def modes(
    matrix: tuple[NDArray, ...],
    plain: bool,
    M: NDArray,
    group: IntArray,
    row: IntArray,
    factor: NDArray,
    functions: NDArray,
    sources: NDArray,
    rotation: tuple[NDArray, NDArray],
    planes: tuple[NDArray, ...],
) -> None:
    """See `kernels.modes`."""
    near, hop, onsite, c, u = matrix
    cosine, q = rotation
    P, B, C, lanes, at, w = planes
    width, last = P.shape[2], M.shape[0] - 1
    for begin in range(0, last + 1, width):
        for m in range(width):
            mode = min(begin + m, last)
            g = group[mode]
            lanes[0, m], lanes[1, m] = factor[g].real, factor[g].imag
            at[m, 0] = row[mode] - row[mode] % 2
            at[m, 1] = at[m, 0] + 1
            for k in range(len(u)):
                w[k, m, 0] = functions[g, k] * sources[mode, 0]
                w[k, m, 1] = functions[g, k] * sources[mode, 1]
        for j in range(len(onsite)):
            _load(M, begin, last, lanes, cosine, q, P, j)
        done = recursion(near, hop, onsite, c, u, P, B, C, at, w, plain)
        for j in range(len(onsite)):
            _store(done, j, cosine, q, M, begin, last)


@lazily
def right(
    near: IntArray,
    hop: FloatArray,
    onsite: FloatArray,
    c: FloatArray,
    ur: float,
    ui: float,
    f: float,
    V: FloatArray,
    B: FloatArray,
    C: FloatArray,
) -> None:
    """See `kernels.right`."""
    for j in range(near.shape[0]):
        for i in range(0, V.shape[3], 8):
            _right(near, hop, onsite, c, V, B, C, j, i, ur, ui, f)


@lazily
def sums(M: NDArray, column: IntArray, rate: ComplexArray, Q: FloatArray, L: FloatArray) -> None:
    """See `kernels.sums`."""
    for mode in range(M.shape[0]):
        for i in range(0, M.shape[2], 8):
            _add(M, mode, column[mode], i, rate[mode].real, rate[mode].imag, Q, L)
