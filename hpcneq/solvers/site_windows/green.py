"""Compiled kernels that carry Y within windows: see `sweeps` for what they are given.

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

from ...maths.arrays import ComplexArray, IntArray
from ...maths.compiled import lazily
from ..site_columns.sweeps import (
    first_term,
    first_term_of_8,
    phase_term,
    phase_term_of_8,
    plain_term,
    plain_term_of_8,
    recursion,
    rotated,
)
from ..vector_code import Code
from .sweeps import fields_around

__all__ = [
    "first_term",
    "phase_term",
    "plain_term",
]  # `recursion` is compiled with the names of this module


def _carried(near, hop, onsite, c, u, P, B, C, plain):
    """`recursion` on eight lanes, without sources."""
    one, last = onsite.dtype.type(1), len(u) - 1
    for j in range(near.shape[0]):
        first_term_of_8(P, B, C, j, u[last].real, u[last].imag)
    B[2 * near.shape[0] :] = 0
    C[2 * near.shape[0] :] = 0
    for k in range(last - 1, -1, -1):
        f = one
        if k > 0:
            f = one + one
        if plain:
            for j in range(near.shape[0]):
                plain_term_of_8(near, hop, onsite, c, P, B, C, j, u[k].real, u[k].imag, f)
        else:
            for j in range(near.shape[0]):
                phase_term_of_8(near, hop, onsite, c, P, B, C, j, u[k].real, u[k].imag, f)
        B, C = C, B
    return B


def _moved(p, line, shift):
    """Place p where lines of a ring begin ``shift`` sites later."""
    if shift == 0:
        return p
    dx = p // line
    dy = p - dx * line + shift
    if dy >= line:
        dy -= line
    return dx * line + dy


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


def _loaded(t, inner, own, sites, Y, Q, Z, weights, rotation, around, P, line, o, shift):
    """P = K^-1 [keep Y + w0 i Q + w1 Z + constant i 1] K of strip t, on places ``inner``.

    o : first lane. shift : see `_moved`.
    """
    cosines, qs = around[3], around[4]
    right, scales = np.empty((3, 8), P.dtype), np.zeros((2, 3), P.dtype)
    for k in range(3):
        scales[0, k] = weights[k]
    scales[1, 0] = weights[0]
    for s in range(4):
        j = max(sites[t, s], 0)
        q = rotation[1]
        right[0, s], right[0, s + 4] = rotation[0][j], rotation[0][j]
        right[1, s], right[1, s + 4] = -q[j, 0], q[j, 0]
        right[2, s], right[2, s + 4] = q[j, 1], q[j, 1]
    for p in range(inner.shape[1]):
        n = _moved(p, line, shift)
        r, m = 2 * inner[0, p], 2 * inner[1, p]
        e = cosines[n]
        x, y = qs[n, 0], qs[n, 1]
        if m >= 0:
            _combined(Y[t], Q[t], Z[t], r, m, scales[0], right, e, x, y, P, n, o)
        else:
            _combined(Y[t], Q[t], Z[t], r, 0, scales[1], right, e, x, y, P, n, o)
    for s in range(4):
        if sites[t, s] >= 0:  # K leaves a site's own unit matrix alone
            n = _moved(own[s], line, shift)
            P[2 * n, 1, o + s] += weights[3]
            P[2 * n + 1, 1, o + s + 4] += weights[3]


def _stored(t, B, W, line, o, shift):
    """W[t] = B in eight lanes from o on."""
    for p in range(W.shape[1] // 2):
        n = _moved(p, line, shift)
        for a in range(2):
            for part in range(2):
                for lane in range(8):
                    W[t, 2 * p + a, part, lane] = B[2 * n + a, part, o + lane]


@lazily(calls=(_carried, recursion, fields_around, _moved, _loaded, _stored))
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
    sites (strips, 4) of own strips.
    """
    xs, ys, geometry, near, own = place
    hop, onsite, c, u = matrix
    P, B, C, at, w, around = scratch
    t, line = 0, geometry[5]
    while t < W.shape[0]:
        both = P.shape[2] > 8 and t + 1 < W.shape[0] and xs[t + 1] == xs[t]
        fields_around(xs[t], ys[t], geometry, hop, onsite, c, rotation, plain, around)
        _loaded(t, inner, own, sites, Y, Q, Z, weights, rotation, around, P, line, 0, 0)
        if both:
            shift = ys[t + 1] - ys[t]
            _loaded(t + 1, inner, own, sites, Y, Q, Z, weights, rotation, around, P, line, 8, shift)
        if P.shape[2] > 8:
            done = recursion(near, around[0], around[1], around[2], u, P, B, C, at, w, plain)
        else:
            done = _carried(near, around[0], around[1], around[2], u, P, B, C, plain)
        _stored(t, done, W, line, 0, 0)
        if both:
            _stored(t + 1, done, W, line, 8, ys[t + 1] - ys[t])
            t += 1
        t += 1


def _transposed(code, rows):
    """Eight vectors of eight, the rows of a matrix, as those of its transpose."""
    for step in (1, 2, 4):
        turned = list(rows)
        for k in range(8):
            if k & step:
                continue
            low = [m if not m & step else 8 + m - step for m in range(8)]
            high = [m + step if not m & step else 8 + m for m in range(8)]
            turned[k] = code.shuffle(rows[k], rows[k + step], low)
            turned[k + step] = code.shuffle(rows[k], rows[k + step], high)
        rows = turned
    return rows


def _between(back):
    """The intrinsic that takes a block of W to P, or with ``back`` one of P to W."""

    @intrinsic
    def between(typing, W, w, P, p, k, o):
        """Block of four sites' rows w[k, :4] of W and rows p[k, :4] of P, lanes from o on.

        P = -W^+ : between 2 x 4 rows and lanes each, those of components and of sites.
        """

        def write(context, builder, signature, args):
            code = Code(context, builder, signature, args)
            W, places, P, others = (code.array(m) for m in range(4))
            vector, lanes = code.vector(0), cgutils.unpack_tuple(builder, P.shape)[2]

            def place(array, i):
                at = code.sum(code.product(args[4], code.whole(4)), code.whole(i))
                return builder.load(builder.gep(array.data, [at]))

            own, other = ([place(array, i) for i in range(4)] for array in (places, others))
            for part in (0, 1):
                here = [
                    code.sum(
                        code.product(own[m % 4], code.whole(32)), code.whole(m // 4 * 16 + part * 8)
                    )
                    for m in range(8)
                ]
                there = []
                for n in range(8):
                    row = code.sum(code.product(other[n % 4], code.whole(2)), code.whole(n // 4))
                    row = code.sum(code.product(row, code.whole(2)), code.whole(part))
                    there.append(code.sum(code.product(row, lanes), args[5]))
                source, target = (P, W) if back else (W, P)
                start, end = (there, here) if back else (here, there)
                rows = _transposed(code, [code.read(source, at, vector) for at in start])
                for value, at in zip(rows, end):
                    code.write(value if part else code.less(value), target, at)
            return code.nothing()

        return types.void(W, w, P, p, k, o), write

    return between


_block_in, _block_back = _between(False), _between(True)


def _turn_site(there, shift, s, geometry, own, W, R, P, r, back, o):
    """`_turn` between the sites ``own`` (4,) of a strip and site s of another, rows r of P."""
    Ly, wy = geometry[1], geometry[5]
    for i in range(4):
        d = (shift + i) % Ly
        inside = there != -1 and d < wy and own[i] >= 0
        for a in range(2):
            for b in range(2):
                row, n = r + b, 4 * b + s
                m = o + 4 * a + i
                if not inside:
                    if not back:
                        P[row, 0, m], P[row, 1, m] = 0, 0
                elif back:
                    if there >= 0:
                        W[there + d, a, 0, n] = -P[row, 0, m]
                        W[there + d, a, 1, n] = P[row, 1, m]
                    else:
                        R[d - there - 2, a, 0, n] = -P[row, 0, m]
                        R[d - there - 2, a, 1, n] = P[row, 1, m]
                elif there >= 0:
                    P[row, 0, m] = -W[there + d, a, 0, n]
                    P[row, 1, m] = W[there + d, a, 1, n]
                else:
                    P[row, 0, m] = -R[d - there - 2, a, 0, n]
                    P[row, 1, m] = R[d - there - 2, a, 1, n]


def _turn(t, xs, ys, geometry, sites, lookup, W, R, P, back, o, move):
    """P = -W^+ of strip t, or with ``back`` W = -P^+; what others own is in R.

    o : first lane. move : `_moved`'s shift. Four sites of a strip are turned at once where all are
    in the window, in own columns.
    """
    base, first, strip, slot, y0 = lookup
    Lx, Ly, ox, oy, wx, wy = geometry
    row, begin = xs[t] - first, (ys[t] - oy) % Ly
    rows, places = np.empty((1, 4), np.int64), np.empty((1, 4), np.int64)
    dx = dy = 0
    while dx < wx:
        line, y = (xs[t] - ox + dx) % Lx * Ly, (begin + dy) % Ly
        other = strip[line + y]
        there, s = base[other, row], slot[line + y]
        shift = ys[t] - y0[other] + oy
        block = there >= 0 and s == 0 and dy + 3 < wy and y + 3 < Ly
        block = block and strip[line + y + 3] == other and sites[t].min() >= 0
        if block:
            for i in range(4):
                d = (shift + i) % Ly
                block = block and d < wy
                rows[0, i] = there + d
                places[0, i] = _moved(dx * wy + dy + i, wy, move)
        if not block:
            r = 2 * _moved(dx * wy + dy, wy, move)
            _turn_site(there, shift, s, geometry, sites[t], W, R, P, r, back, o)
        elif back:
            _block_back(W, rows, P, places, 0, o)
        else:
            _block_in(W, rows, P, places, 0, o)
        dy += 1 + 3 * block
        if dy == wy:
            dx, dy = dx + 1, 0


@lazily(calls=(_carried, recursion, fields_around, _moved, _turn_site, _turn))
def turned(
    place: tuple[NDArray, ...],
    matrix: tuple[NDArray, ...],
    plain: bool,
    rotation: tuple[NDArray, NDArray],
    sites: IntArray,
    lookup: tuple[NDArray, ...],
    W: NDArray,
    R: NDArray,
    scratch: tuple[NDArray, ...],
    store: bool,
    own_rows: NDArray,
) -> None:
    """W = W U^+, row by row of the own sites, if ``store``; of -U W^+ the own rows.

    own_rows (strips, 4, 2, 2) complex: the latter. W, R (sites of windows, 2, 2, 8): matrices of
    own strips, rows of others'. An entry that has no partner behind the diagonal is left. lookup :
    see `exchange.Exchange`.
    """
    xs, ys, geometry, near, own = place
    hop, onsite, c, u = matrix
    P, B, C, at, w, around = scratch
    t, line = 0, geometry[5]
    while t < own_rows.shape[0]:
        count = 1
        if P.shape[2] > 8 and t + 1 < own_rows.shape[0] and xs[t + 1] == xs[t]:
            count = 2
        fields_around(xs[t], ys[t], geometry, hop, onsite, c, rotation, plain, around)
        for k in range(count):
            shift = ys[t + k] - ys[t]
            _turn(t + k, xs, ys, geometry, sites, lookup, W, R, P, False, 8 * k, shift)
        if P.shape[2] > 8:
            done = recursion(near, around[0], around[1], around[2], u, P, B, C, at, w, plain)
        else:
            done = _carried(near, around[0], around[1], around[2], u, P, B, C, plain)
        for k in range(count):
            shift = ys[t + k] - ys[t]
            if store:
                _turn(t + k, xs, ys, geometry, sites, lookup, W, R, done, True, 8 * k, shift)
            for s in range(4):
                r = 2 * _moved(own[s], line, shift)
                for a in range(2):
                    for b in range(2):
                        lane = 8 * k + 4 * b + s
                        z = complex(done[r + a, 0, lane], done[r + a, 1, lane])
                        own_rows[t + k, s, a, b] = z
        t += count


@lazily
def product(
    place: tuple[NDArray, ...], sites: IntArray, Y: NDArray, x: ComplexArray, y: ComplexArray
) -> None:
    """y += (Y - Y^+) x, the share of the own columns; x, y (N, 2), Y (strips, 2n, 2, 8)."""
    xs, ys, geometry, _, _ = place
    Lx, Ly, ox, oy, wx, wy = geometry
    for t in range(Y.shape[0]):
        p = 0
        for dx in range(wx):
            for dy in range(wy):
                j = (xs[t] - ox + dx) % Lx * Ly + (ys[t] - oy + dy) % Ly
                for s in range(4):
                    i = sites[t, s]
                    if i >= 0:
                        for a in range(2):
                            for b in range(2):
                                lane = 4 * b + s
                                z = complex(Y[t, 2 * p + a, 0, lane], Y[t, 2 * p + a, 1, lane])
                                y[j, a] += z * x[i, b]
                                y[i, b] -= z.conjugate() * x[j, a]
                p += 1
