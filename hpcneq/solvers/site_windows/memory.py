"""Compiled kernels for what drives Y: Z from the sums over modes, and Y at the end of a step.

See `sweeps` for what they are given.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.compiled import lazily
from ..site_columns.terms import rotated
from ..vector_code import Code


def _of_strip(t, sites, near, hop, onsite, c, own):
    """Coefficients of column i of H from the same site and from those of its strip, by lanes.

    own (7, 8): level; re, im of the other component; of the next, of the last site of the strip.
    """
    own[:] = 0
    for s in range(4):
        i = sites[t, s]
        if i < 0:
            continue
        for up, lane in ((True, s), (False, s + 4)):
            sign = 1.0 if up else -1.0
            own[0, lane] = sign * onsite[i]
            own[1, lane], own[2, lane] = -c[i].real, sign * c[i].imag
            for n, place, other in ((2, 3, s + 1), (3, 5, s - 1)):
                if 0 <= other < 4 and sites[t, other] >= 0 and near[i, n] == sites[t, other]:
                    own[place, lane], own[place + 1, lane] = sign * hop[i, n].real, hop[i, n].imag


def _within(code, x, y, inside):
    """Couplings of a row to the columns of the strip itself; inside: `_of_strip`'s vectors."""
    couplings = [(x, y, inside[0], None)]
    orders = [4, 5, 6, 7, 0, 1, 2, 3], [1, 2, 3, 4, 5, 6, 7, 7], [0, 0, 1, 2, 3, 4, 5, 6]
    for k, order in enumerate(orders):
        moved = code.shuffle(x, x, order), code.shuffle(y, y, order)
        imag = inside[2 + 2 * k]
        couplings.append((*moved, inside[1 + 2 * k], code.less(imag) if k else imag))
    return couplings


@intrinsic
def _driven(typing, Q, Z, r, q, own, rows, around, lanes):
    """Z = i L + Q H in place of L in the rows r.. of one site, (rows, 2, 8), of its strip q.. in Q.

    own (7, 8): see `_of_strip`. rows (4, 2): of each neighbour the first one in Q, and which of its
    two sets of ``lanes`` (4, 2, 2, 8), nothing or the hops from there. around (4, 4): see
    `_neighbours`.
    """

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        Q, Z, own, rows, around, lanes = (code.array(k) for k in (0, 1, 4, 5, 6, 7))
        vector = code.vector(0)

        def entry(array, n):
            return builder.load(builder.gep(array.data, [code.whole(n)]))

        def parts(array, row, a):
            at = code.product(code.sum(row, code.whole(a)), code.whole(16))
            return [code.sum(at, code.whole(k)) for k in (0, 8)]

        def of_site(at, source):
            first = code.sum(at, source)
            both = code.number(Q, first), code.number(Q, code.sum(first, code.whole(4)))
            return code.shuffle(*both, [0, 1, 2, 3, 8, 9, 10, 11])

        inside = [code.read(own, code.whole(8 * k), vector) for k in range(7)]
        near = [entry(rows, 2 * n) for n in range(4)]
        slots = [entry(around, 4 * n + 3) for n in range(4)]
        hops = []
        for n in range(4):
            place = code.sum(entry(rows, 2 * n + 1), code.whole(2 * n))
            first = code.product(place, code.whole(16))
            for k in (0, 8):
                hops.append(code.read(lanes, code.sum(first, code.whole(k)), vector))
        for a in (0, 1):
            places = parts(Z, args[2], a)
            re, im = (code.read(Z, at, vector) for at in places)
            own_row = [code.read(Q, at, vector) for at in parts(Q, args[3], a)]
            couplings = _within(code, *own_row, inside)
            for n in range(4):
                values = [code.read(Q, at, vector) for at in parts(Q, near[n], a)]
                if n > 1:
                    values = [of_site(at, slots[n]) for at in parts(Q, near[n], a)]
                couplings.append((*values, hops[2 * n], code.less(hops[2 * n + 1])))
            for value, at in zip(code.couple(code.less(im), re, couplings), places):
                code.write(value, Z, at)
        return code.nothing()

    return types.void(Q, Z, r, q, own, rows, around, lanes), write


def _neighbours(t, sites, hop, near, lookup, place, lanes, around):
    """Lanes (4, 2, 2, 8) of nothing and of the hops to strip t, and its neighbours (4, 4).

    lanes : re, im; hops of holes are -hop^*. around : place in Q, x, y from there to the strip,
    site; along y one site of the neighbour is hopped from, to one of the strip.
    """
    held, strip, slot, all_x, all_y = lookup
    Lx, Ly = place[2][0], place[2][1]
    last = 3
    while sites[t, last] < 0:
        last -= 1
    lanes[:] = 0
    for n in range(4):
        begin, end = 0, last + 1  # along x all sites of the strip have one neighbour
        if n == 2:
            begin = last
        elif n == 3:
            end = 1
        for m in range(begin, end):
            value = hop[sites[t, m], n]
            lanes[n, 1, 0, m], lanes[n, 1, 0, m + 4] = value.real, -value.real
            lanes[n, 1, 1, m] = lanes[n, 1, 1, m + 4] = value.imag
        k = near[sites[t, begin], n]
        other = strip[k]
        around[n, 0], around[n, 3] = held[other], slot[k]
        around[n, 1] = (place[0][t] - all_x[other]) % Lx
        around[n, 2] = (place[1][t] - all_y[other]) % Ly


def _of_line(t, dx, geometry, around, Q, Z, own, lanes, rows):
    """`_driven` on line dx of strip t, rows (4, 2) scratch."""
    Lx, Ly, _, _, wx, wy = geometry
    for dy in range(wy):
        r = 2 * (dx * wy + dy)
        q = t * Q.shape[1] + r
        for n in range(4):
            ex, ey = around[n, 1] + dx, around[n, 2] + dy
            if ex >= Lx:
                ex -= Lx
            if ey >= Ly:
                ey -= Ly
            rows[n, 0], rows[n, 1] = q, 0
            if ex < wx and ey < wy:
                rows[n, 0] = around[n, 0] * Q.shape[1] + 2 * (ex * wy + ey)
                rows[n, 1] = 1
        _driven(Q, Z[t], r, q, own, rows, around, lanes)


@intrinsic
def _ended(typing, Y, Q, Z, r, m, scale, right, keep, e, x, y):
    """Y = K keep Y K^-1 + w2 i Q + w3 Z in one site's rows: r of Y, m of Q and Z, (rows, 2, 8).

    scale (2,): w2, w3. right (3, 8): of each column of K^-1 its own factor, re and im of the
    other's. keep (8,): 0 where Y is to be forgotten. e, (x, y): cosine and q of the rows' site.
    """

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        Y, Q, Z, scale, right, keep = (code.array(k) for k in (0, 1, 2, 5, 6, 7))
        vector, turn = code.vector(0), [4, 5, 6, 7, 0, 1, 2, 3]
        w2, w3 = (code.number(scale, code.whole(k)) for k in range(2))
        own, fr, fi = (code.read(right, code.whole(8 * k), vector) for k in range(3))
        kept = code.read(keep, code.whole(0), vector)

        def at(row, k):
            return code.sum(code.product(row, code.whole(16)), code.whole(8 * k))

        rows = []
        for a in (0, 2):
            re, im = (builder.fmul(kept, code.read(Y, at(args[3], a + k), vector)) for k in (0, 1))
            other = code.shuffle(re, re, turn), code.shuffle(im, im, turn)
            scaled = builder.fmul(own, re), builder.fmul(own, im)
            rows.append(code.couple(*scaled, [(*other, fr, fi)]))
        ended = rotated(code, [code.spread(args[k]) for k in (8, 9, 10)], *rows)
        for k, value in enumerate(ended):
            driven = code.read(Q, at(args[4], k ^ 1), vector)
            if k % 2 == 0:
                driven = code.less(driven)
            value = code.fma(w3, code.read(Z, at(args[4], k), vector), code.fma(w2, driven, value))
            code.write(value, Y, at(args[3], k))
        return code.nothing()

    return types.void(Y, Q, Z, r, m, scale, right, keep, e, x, y), write


def _columns(t, sites, rotation, right):
    """K^-1 on the columns of strip t, see `_ended`."""
    cosine, q = rotation
    for s in range(4):
        j = max(sites[t, s], 0)
        right[0, s], right[0, s + 4] = cosine[j], cosine[j]
        right[1, s], right[1, s + 4] = q[j, 0], -q[j, 0]
        right[2, s], right[2, s + 4] = -q[j, 1], -q[j, 1]


def _ended_strip(t, sites, Q, Z, ends):
    """Y = K Y K^-1 + w2 i Q + w3 Z + constant i 1 of strip t; ``ends`` : see `memory`."""
    place, inner, partner, rotation, weights, scratch, Y = ends
    xs, ys, geometry, _, own = place
    strip, all_x, all_y = partner
    right, scales, keep = scratch
    cosine, q = rotation
    Lx, Ly, ox, oy, wx, wy = geometry
    whole = wx == Lx and wy == Ly
    scales[0, 0], scales[0, 1] = weights[0], weights[1]
    scales[1, :], keep[:] = 0, 1
    one, p = keep[0], 0
    _columns(t, sites, rotation, right)
    for dx in range(wx):
        line, y = (xs[t] - ox + dx) % Lx * Ly, (ys[t] - oy) % Ly
        for _ in range(wy):
            j = line + y
            if not whole:
                across = (xs[t] - all_x[strip[j]] + ox) % Lx < wx
                for s in range(4):
                    inside = across and (ys[t] + s - all_y[strip[j]] + oy) % Ly < wy
                    keep[s] = keep[s + 4] = 1.0 if inside else 0.0
            m, scale = 2 * inner[p], scales[0]
            if m < 0:
                m, scale = 0, scales[1]
            turn = one * cosine[j], one * q[j, 0], one * q[j, 1]
            _ended(Y[t], Q[t], Z[t], 2 * p, m, scale, right, keep, *turn)
            p += 1
            y += 1
            if y == Ly:
                y = 0
    for s in range(4):
        if sites[t, s] >= 0:  # K leaves a site's own unit matrix alone
            Y[t, 2 * own[s], 1, s] += weights[2]
            Y[t, 2 * own[s] + 1, 1, s + 4] += weights[2]


@lazily(calls=(_of_strip, _neighbours, _of_line, _columns, _ended_strip))
def memory(
    place: tuple[NDArray, ...],
    hop: ComplexArray,
    onsite: FloatArray,
    c: ComplexArray,
    sites: IntArray,
    near: IntArray,
    lookup: tuple[NDArray, ...],
    Q: NDArray,
    Z: NDArray,
    scratch: tuple[NDArray, NDArray],
    ending: bool,
    ends: tuple[Any, ...],
) -> None:
    """Z = i L + Q H in place of L; if ``ending``, Y = K Y K^-1 + w2 i Q + w3 Z + constant i 1.

    hop (N, 4), onsite, c (N,). near (N, 4). lookup : place in Q of every strip or -1, strip (N,),
    slot (N,), x, y of every strip. Q holds the strips of neighbours behind the own ones. scratch :
    (7, 8) and (4, 2, 2, 8) of Q's precision. ends : place of the window of Y; inner (n,), its
    places in Q and Z, -1 where there is none; strip (N,), x, y of all strips: Y is set to 0 where
    it has no partner behind the diagonal; cosine and q of K; w2, w3 and the constant; scratch
    (3, 8), (2, 8), (8,); Y (strips, 2n, 2, 8).
    """
    own, lanes = scratch
    around, rows = np.empty((4, 4), np.int64), np.empty((4, 2), np.int64)
    for t in range(Z.shape[0]):
        _of_strip(t, sites, near, hop, onsite, c, own)
        _neighbours(t, sites, hop, near, lookup, place, lanes, around)
        for dx in range(place[2][4]):
            _of_line(t, dx, place[2], around, Q, Z, own, lanes, rows)
        if ending:
            _ended_strip(t, sites, Q, Z, ends)
