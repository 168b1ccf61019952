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
from .sweeps import _sourced, before_last, fields_around

__all__ = [
    "_sourced",
    "phase_second",
    "phase_term",
    "plain_second",
    "plain_term",
]  # `swept` and `before_last` are compiled with the names of this module


def _swept_of_8(near, fields, u, second, f, P, B, C, begin, end, plain):
    """`swept` on eight lanes."""
    hop, onsite, c, _, _ = fields
    if second and plain:
        for j in range(begin, end):
            plain_second_of_8(near, hop, onsite, c, P, B, C, j, u.real, u.imag, f)
    elif second:
        for j in range(begin, end):
            phase_second_of_8(near, hop, onsite, c, P, B, C, j, u.real, u.imag, f)
    elif plain:
        for j in range(begin, end):
            plain_term_of_8(near, hop, onsite, c, P, B, C, j, u.real, u.imag, f)
    else:
        for j in range(begin, end):
            phase_term_of_8(near, hop, onsite, c, P, B, C, j, u.real, u.imag, f)


def _begun(u, P, C, begin, end):
    """C = u P, the first term, in the rows of sites from ``begin`` to ``end``."""
    if P.shape[2] > 8:
        for j in range(begin, end):
            first_term(P, C, j, u[-1].real, u[-1].imag)
    else:
        for j in range(begin, end):
            first_term_of_8(P, C, j, u[-1].real, u[-1].imag)


def _carried(near, own, fields, u, P, B, C, plain, ahead):
    """`before_last` without sources."""
    if P.shape[2] > 8:
        return before_last(near, fields, u, P, B, C, own, P[:0], P[:0], plain, ahead)
    n, last = near.shape[0], len(u) - 1
    two = fields[1].dtype.type(2)
    B, C = C, B
    for k in range(last - 1, 0, -1):
        _swept_of_8(near, fields, u[k], k == last - 1, two, P, B, C, 0, n, plain)
        B, C = C, B
    return B, C


def _ended(near, fields, u, P, B, C, begin, end, plain):
    """The last term in the rows of sites from ``begin`` to ``end``."""
    hop, onsite, c, _, _ = fields
    one = onsite.dtype.type(1)
    if P.shape[2] > 8:
        swept(near, hop, onsite, c, P, B, C, u[0], False, one, begin, end, plain)
    else:
        _swept_of_8(near, fields, u[0], False, one, P, B, C, begin, end, plain)


def _together(t, strips, xs, P):
    """How many strips are carried from strip t on."""
    if t >= strips:
        return 0
    return 1 + (P.shape[2] > 8 and t + 1 < strips and xs[t + 1] == xs[t])


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


def _factors(t, sites, rotation, right):
    """K on the columns of strip t, see `_combined`."""
    cosine, q = rotation
    for s in range(4):
        j = max(sites[t, s], 0)
        right[0, s], right[0, s + 4] = cosine[j], cosine[j]
        right[1, s], right[1, s + 4] = -q[j, 0], q[j, 0]
        right[2, s], right[2, s + 4] = q[j, 1], q[j, 1]


def _loaded(t, inner, own, sites, Y, Q, Z, weights, right, around, P, line, begin, o, shift):
    """P = K^-1 [keep Y + w0 i Q + w1 Z + constant i 1] K of strip t, on a line of places ``inner``.

    begin : the first place. o : first lane. shift : see `_moved`.
    """
    cosines, qs, scales = around[3], around[4], np.zeros((2, 3), P.dtype)
    for k in range(3):
        scales[0, k] = weights[k]
    scales[1, 0] = weights[0]
    for p in range(begin, begin + line):
        n = _moved(p, line, shift)
        r, m = 2 * inner[0, p], 2 * inner[1, p]
        e = cosines[n]
        x, y = qs[n, 0], qs[n, 1]
        if m >= 0:
            _combined(Y[t], Q[t], Z[t], r, m, scales[0], right, e, x, y, P, n, o)
        else:
            _combined(Y[t], Q[t], Z[t], r, 0, scales[1], right, e, x, y, P, n, o)
    if begin != own[0] - own[0] % line:
        return
    for s in range(4):
        if sites[t, s] >= 0:  # K leaves a site's own unit matrix alone
            n = _moved(own[s], line, shift)
            P[2 * n, 1, o + s] += weights[3]
            P[2 * n + 1, 1, o + s + 4] += weights[3]


@intrinsic
def _taken(typing, B, n, o, W, p):
    """W[p] = B[n] in one site's rows, eight lanes from o on."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        B, W = code.array(0), code.array(3)
        lanes = cgutils.unpack_tuple(builder, B.shape)[2]
        for k in range(4):
            row = code.sum(code.product(args[1], code.whole(4)), code.whole(k))
            value = code.read(B, code.sum(code.product(row, lanes), args[2]), code.vector(0))
            code.write(value, W, code.row(args[4], k))
        return code.nothing()

    return types.void(B, n, o, W, p), write


def _stored(t, B, W, line, begin, o, shift):
    """W[t] = B in eight lanes from o on, a line of places."""
    for p in range(begin, begin + line):
        _taken(B, _moved(p, line, shift), o, W[t], p)


PARTS = (
    _swept_of_8,
    swept,
    fields_around,
    before_last,
    _begun,
    _carried,
    _ended,
    _together,
    _moved,
)


@lazily(calls=(*PARTS, _factors, _loaded, _stored))
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
    n, line, strips = near.shape[0], geometry[5], W.shape[0]
    right = np.empty((2, 3, 8), P.dtype)
    B[2 * n :] = 0
    C[2 * n :] = 0
    done = t = made = 0
    while True:
        count = _together(t, strips, xs, P)
        if count > 0:
            fields_around(xs[t], ys[t], geometry, hop, onsite, c, rotation, plain, others)
        for k in range(count):
            _factors(t + k, sites, rotation, right[k])
        for begin in range(0, n, line):
            if made > 0:
                _ended(near, fields, u, P, B, C, begin, begin + line, plain)
            for k in range(made):
                _stored(done + k, C, W, line, begin, 8 * k, ys[done + k] - ys[done])
            for k in range(count):
                given = Y, Q, Z, weights, right[k], others
                shift = ys[t + k] - ys[t]
                _loaded(t + k, inner, own, sites, *given, P, line, begin, 8 * k, shift)
            if count > 0:
                _begun(u, P, C, begin, begin + line)
        if count == 0:
            break
        fields, others = others, fields
        done, made = t, count
        t += count
        B, C = _carried(near, own, fields, u, P, B, C, plain, Y[min(t, strips - 1)])


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


FETCH, IN, BACK = 0, 1, 2  # what `_turn` does


def _turn(t, dx, xs, ys, geometry, sites, lookup, W, R, P, how, o, move, rows, places):
    """P = -W^+ of strip t on line dx of its window, or BACK: W = -P^+; what others own is in R.

    FETCH : W is asked for. o : first lane. move : `_moved`'s shift. Four sites of a strip are
    turned at once where all are in the window, in own columns. rows, places : scratch (1, 4).
    """
    base, first, strip, slot, y0 = lookup
    Lx, Ly, ox, oy, wx, wy = geometry
    row, y = xs[t] - first, (ys[t] - oy) % Ly
    line = (xs[t] - ox + dx) % Lx * Ly
    whole, dy = sites[t].min() >= 0, 0
    while dy < wy:
        other = strip[line + y]
        there, s = base[other, row], slot[line + y]
        shift = (ys[t] - y0[other] + oy) % Ly
        block = whole and there >= 0 and s == 0 and dy + 3 < wy and y + 3 < Ly
        block = block and strip[line + y + 3] == other
        if block:
            for i in range(4):
                d = shift + i
                if d >= Ly:
                    d -= Ly
                block = block and d < wy
                rows[0, i] = there + d
                places[0, i] = _moved(dx * wy + dy + i, wy, move)
        if how == FETCH:
            if block:
                for i in range(4):
                    for k in range(0, 32, 64 // W.itemsize):
                        fetch(W, 32 * rows[0, i] + k)
        elif not block:
            r = 2 * _moved(dx * wy + dy, wy, move)
            _turn_site(there, shift, s, geometry, sites[t], W, R, P, r, how == BACK, o)
        elif how == BACK:
            _block_back(W, rows, P, places, 0, o)
        else:
            _block_in(W, rows, P, places, 0, o)
        dy += 1 + 3 * block
        y += 1 + 3 * block
        if y >= Ly:
            y -= Ly


def _own_rows(k, B, own, line, shift, own_rows):
    """The own rows of the k-th of the strips in B."""
    for s in range(4):
        r = 2 * _moved(own[s], line, shift)
        for a in range(2):
            for b in range(2):
                lane = 8 * k + 4 * b + s
                own_rows[s, a, b] = complex(B[r + a, 0, lane], B[r + a, 1, lane])


@lazily(calls=(*PARTS, _turn_site, _turn, _own_rows))
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
    see `exchange.Exchange`. Lines come and go as in `left`.
    """
    xs, ys, geometry, near, own = place
    hop, onsite, c, u = matrix
    P, B, C, fields, others = scratch
    n, line, strips = near.shape[0], geometry[5], own_rows.shape[0]
    rows, places = np.empty((1, 4), np.int64), np.empty((1, 4), np.int64)
    B[2 * n :] = 0
    C[2 * n :] = 0
    done = t = made = 0
    while True:
        count = _together(t, strips, xs, P)
        if count > 0:
            fields_around(xs[t], ys[t], geometry, hop, onsite, c, rotation, plain, others)
        for dx in range(geometry[4]):
            given, begin = (xs, ys, geometry, sites, lookup, W, R), dx * line
            for k in range(count):
                _turn(t + k, dx, *given, P, FETCH, 8 * k, 0, rows, places)
            if made > 0:
                _ended(near, fields, u, P, B, C, begin, begin + line, plain)
            for k in range(made):
                shift = ys[done + k] - ys[done]
                if dx == geometry[2]:
                    _own_rows(k, C, own, line, shift, own_rows[done + k])
                if store:
                    _turn(done + k, dx, *given, C, BACK, 8 * k, shift, rows, places)
            for k in range(count):
                shift = ys[t + k] - ys[t]
                _turn(t + k, dx, *given, P, IN, 8 * k, shift, rows, places)
            if count > 0:
                _begun(u, P, C, begin, begin + line)
        if count == 0:
            break
        fields, others = others, fields
        done, made = t, count
        t += count
        B, C = _carried(near, own, fields, u, P, B, C, plain, P[:0])


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
