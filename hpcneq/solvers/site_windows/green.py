"""Compiled kernels that carry Y from the left: see `sweeps` for what they are given.

Eight columns are carried at a time; where windows are rings along y, so that two strips of a line
have the same rows, in single precision sixteen. Y, Q, Z, W are (strips, 2n, 2, 8), each within its
window.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...maths.arrays import IntArray
from ...maths.compiled import lazily
from ..site_columns.terms import (
    fetch,
    first_term,
    first_term_of_8,
    phase_second,
    phase_second_of_8,
    phase_term,
    phase_term_of_8,
    plain_second,
    plain_second_of_8,
    plain_term,
    plain_term_of_8,
    rotated,
    swept,
)
from ..vector_code import Code
from .carrying import (
    PARTS,
    begun,
    carried,
    closed,
    line_of,
    moved,
    shift_of,
    together,
)
from .sweeps import ALL, before_last, equal_hops, fields_around, last_term, sourced

__all__ = [
    "fetch",
    "first_term",
    "first_term_of_8",
    "phase_second",
    "phase_second_of_8",
    "phase_term",
    "phase_term_of_8",
    "plain_second",
    "plain_second_of_8",
    "plain_term",
    "plain_term_of_8",
    "sourced",
    "before_last",
    "last_term",
    "swept",
]  # PARTS are compiled with the names of this module


@intrinsic
def _combined(typing, Y, Q, Z, r, m, scale, right, e, x, y, P, n, o):
    """P[n], from lane o on, = K^-1 (keep Y + w0 i Q + w1 Z) K of one site's rows.

    r, m : first row in Y, in Q and Z, (rows, 2, 8). scale (3,): keep, w0, w1. right (3, 8): of each
    column of K its own factor, re and im of the other's. e, (x, y): cosine and q of the rows' site.
    """

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        Y, Q, Z, scale, right, P = (code.array(k) for k in (0, 1, 2, 5, 6, 10))
        vector, lanes = code.vector(10), cgutils.unpack_tuple(builder, P.shape)[2]
        keep, w0, w1 = (code.number(scale, code.whole(k)) for k in range(3))
        own, fr, fi = (code.read(right, code.whole(8 * k), vector) for k in range(3))
        rows = []
        for a in (0, 1):
            parts = []
            for array, row in ((Y, args[3]), (Q, args[4]), (Z, args[4])):
                at = code.product(code.sum(row, code.whole(a)), code.whole(16))
                for k in (0, 8):
                    parts.append(code.read(array, code.sum(at, code.whole(k)), vector))
            yr, yi, qr, qi, zr, zi = parts
            re = code.fma(w1, zr, code.fma(code.less(w0), qi, builder.fmul(keep, yr)))
            im = code.fma(w1, zi, code.fma(w0, qr, builder.fmul(keep, yi)))
            turn = [4, 5, 6, 7, 0, 1, 2, 3]
            other = code.shuffle(re, re, turn), code.shuffle(im, im, turn)
            scaled = builder.fmul(own, re), builder.fmul(own, im)
            rows.append(code.couple(*scaled, [(*other, fr, fi)]))
        back = [code.spread(args[7]), *(code.less(code.spread(args[k])) for k in (8, 9))]
        for k, value in enumerate(rotated(code, back, *rows)):
            row = code.sum(code.product(args[11], code.whole(4)), code.whole(k))
            code.write(value, P, code.sum(code.product(row, lanes), args[12]))
        return code.nothing()

    return types.void(Y, Q, Z, r, m, scale, right, e, x, y, P, n, o), write


def _factors(t, sites, rotation, right):
    """K on the columns of strip t, see `_combined`."""
    cosine, q = rotation
    for s in range(4):
        j = max(sites[t, s], 0)
        right[0, s], right[0, s + 4] = cosine[j], cosine[j]
        right[1, s], right[1, s + 4] = -q[j, 0], q[j, 0]
        right[2, s], right[2, s + 4] = q[j, 1], q[j, 1]


def _loaded(t, inner, own, sites, Y, Q, Z, weights, right, around, P, geometry, dx, o, shift):
    """P = K^-1 [keep Y + w0 i Q + w1 Z + constant i 1] K of strip t on line dx, places ``inner``.

    o : first lane. shift : of the strip's window, see `shift_of`; lines are those before.
    """
    cosines, qs = around[3], around[4]
    line = geometry[5]
    scales = np.zeros((2, 3), P.dtype)
    for k in range(3):
        scales[0, k] = weights[k]
    scales[1, 0] = weights[0]
    begin = line_of(dx, shift, geometry) * line
    n = dx * line + shift[1]
    for p in range(begin, begin + line):
        r, m = 2 * inner[0, p], 2 * inner[1, p]
        e = cosines[n]
        x, y = qs[n, 0], qs[n, 1]
        if m >= 0:
            _combined(Y[t], Q[t], Z[t], r, m, scales[0], right, e, x, y, P, n, o)
        else:
            _combined(Y[t], Q[t], Z[t], r, 0, scales[1], right, e, x, y, P, n, o)
        n += 1
        if n == dx * line + line:
            n = dx * line
    if begin != own[0] - own[0] % line:
        return
    for s in range(4):
        if sites[t, s] >= 0:  # K leaves a site's own unit matrix alone
            n = moved(own[s], shift, geometry)
            P[2 * n, 1, o + s] += weights[3]
            P[2 * n + 1, 1, o + s + 4] += weights[3]


@lazily(calls=(*PARTS, _factors, _loaded))
def left(
    place: tuple[NDArray, ...],
    matrix: tuple[NDArray, ...],
    plain: bool,
    rotation: tuple[NDArray, NDArray],
    inner: IntArray,
    sites: IntArray,
    Y: NDArray,
    Q: NDArray,
    Z: NDArray,
    weights: tuple[float, float, float, float],
    scratch: tuple[NDArray, ...],
    W: NDArray,
) -> None:
    """W = U K^-1 [keep Y + w0 i Q + w1 Z + constant i 1] K, (strips, 2n, 2, 8).

    inner (2, n): places in Y, and in Q and Z, -1 where there is none. W may be Y itself.
    sites (strips, 4) of own strips. While the last term of one or two strips is made, line by line,
    each line goes to W and the next strips' comes from Y.
    """
    xs, ys, geometry, near, own = place
    hop, onsite, c, u = matrix
    P, B, C, fields, others = scratch
    strips = W.shape[0]
    right = np.empty((2, 3, 8), P.dtype)
    done = t = made = 0
    equal_hops(hop, plain, fields[0], others[0])
    while True:
        count = together(t, strips, xs, geometry, P)
        if count > 0:
            fields_around(xs[t], ys[t], geometry, hop, onsite, c, rotation, plain, others)
        for k in range(count):
            _factors(t + k, sites, rotation, right[k])
        for dx in range(geometry[4]):
            if made > 0:
                closed(near, fields, u, P, B, C, dx, xs, ys, geometry, plain, W, done, made)
            for k in range(count):
                given = Y, Q, Z, weights, right[k], others, P, geometry
                shift = shift_of(t, k, xs, ys, geometry)
                _loaded(t + k, inner, own, sites, *given, dx, 8 * k, shift)
            if count > 0:
                begun(u, P, C, dx * geometry[5], (dx + 1) * geometry[5])
        if count == 0:
            break
        fields, others = others, fields
        done, made = t, count
        t += count
        B, C = carried(near, own, fields, u, P, B, C, plain, Y[min(t, strips - 1)], geometry, ALL)
