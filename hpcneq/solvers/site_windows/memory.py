"""Compiled kernels for what drives Y: Z from the sums over modes, and Y at the end of a step.

See `sweeps` for what they are given.
"""

from __future__ import annotations

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


@intrinsic
def _within(typing, Q, Z, r, own):
    """Z = i L + Q H in place of L in row r, of H what couples sites of the strip; own (7, 8)."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        Q, Z, own = (code.array(k) for k in (0, 1, 3))
        vector, first = code.vector(0), code.product(args[2], code.whole(16))
        places = [first, code.sum(first, code.whole(8))]
        x, y = (code.read(Q, at, vector) for at in places)
        re, im = (code.read(Z, at, vector) for at in places)
        real = [code.read(own, code.whole(8 * k), vector) for k in range(7)]
        couplings = [(x, y, real[0], None)]
        orders = [4, 5, 6, 7, 0, 1, 2, 3], [1, 2, 3, 4, 5, 6, 7, 7], [0, 0, 1, 2, 3, 4, 5, 6]
        for k, order in enumerate(orders):
            moved = code.shuffle(x, x, order), code.shuffle(y, y, order)
            imag = real[2 + 2 * k]
            couplings.append((*moved, real[1 + 2 * k], code.less(imag) if k else imag))
        for value, at in zip(code.couple(code.less(im), re, couplings), places):
            code.write(value, Z, at)
        return code.nothing()

    return types.void(Q, Z, r, own), write


@intrinsic
def _all_added(typing, Q, q, Z, r, lanes):
    """Z[r] += Q[q] times the conjugate of ``lanes`` (2, 8) in every lane."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        Q, Z, lanes = (code.array(k) for k in (0, 2, 4))
        vector, eight = code.vector(0), code.whole(8)
        there, here = (code.product(args[k], code.whole(16)) for k in (1, 3))
        x, y = (code.read(Q, at, vector) for at in (there, code.sum(there, eight)))
        places = here, code.sum(here, eight)
        re, im = (code.read(Z, at, vector) for at in places)
        real, imag = code.read(lanes, code.whole(0), vector), code.read(lanes, eight, vector)
        for value, at in zip(code.couple(re, im, [(x, y, real, code.less(imag))]), places):
            code.write(value, Z, at)
        return code.nothing()

    return types.void(Q, q, Z, r, lanes), write


@intrinsic
def _edge_added(typing, Q, q, source, Z, r, lanes):
    """Z[r] += the columns of site ``source`` in Q[q] times the conjugate of ``lanes`` (2, 8)."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        Q, Z, lanes = (code.array(k) for k in (0, 3, 5))
        vector, eight = code.vector(0), code.whole(8)
        there, here = code.product(args[1], code.whole(16)), code.product(args[4], code.whole(16))
        parts = []
        for k in (0, 8):
            first = code.sum(code.sum(there, code.whole(k)), args[2])
            both = code.number(Q, first), code.number(Q, code.sum(first, code.whole(4)))
            parts.append(code.shuffle(*both, [0, 1, 2, 3, 8, 9, 10, 11]))
        places = here, code.sum(here, eight)
        re, im = (code.read(Z, at, vector) for at in places)
        real, imag = code.read(lanes, code.whole(0), vector), code.read(lanes, eight, vector)
        for value, at in zip(code.couple(re, im, [(*parts, real, code.less(imag))]), places):
            code.write(value, Z, at)
        return code.nothing()

    return types.void(Q, q, source, Z, r, lanes), write


def _hops(t, n, s, sites, hop, lanes):
    """re, im of the hop from neighbour n in every lane, lanes (2, 8); those of holes are -hop^*.

    s : the only site that is reached from there, or -1.
    """
    lanes[:] = 0
    for m in range(4):
        i = sites[t, m]
        if i >= 0 and (s < 0 or m == s):
            value = hop[i, n]
            lanes[0, m], lanes[0, m + 4] = value.real, -value.real
            lanes[1, m], lanes[1, m + 4] = value.imag, value.imag


def _from_line(dx, x, y, geometry, Q, source, Z, lanes):
    """Z += Q times a hop in the rows of line dx that a strip shares with one at x, y from it.

    source : the only site there that is hopped from, or -1.
    """
    Lx, Ly, _, _, wx, wy = geometry
    ex = (x + dx) % Lx
    dy = wy if ex >= wx else 0
    while dy < wy:
        ey = (y + dy) % Ly
        if ey >= wy:
            dy += 1
            continue
        run = min(wy - dy, wy - ey)
        q, r = 2 * (ex * wy + ey), 2 * (dx * wy + dy)
        if source < 0:
            for k in range(2 * run):
                _all_added(Q, q + k, Z, r + k, lanes)
        else:
            for k in range(2 * run):
                _edge_added(Q, q + k, source, Z, r + k, lanes)
        dy += run


def _neighbours(t, sites, hop, near, lookup, place, lanes, around):
    """Lanes (4, 2, 8) of the hops to strip t, and of its neighbours (4, 4): number in Q, x, y, site.

    x, y : from there to the strip. site : the only one that is hopped from, or -1.
    """
    held, strip, slot, all_x, all_y = lookup
    last = 3
    while sites[t, last] < 0:
        last -= 1
    for n in range(4):
        target = -1  # along x all sites of the strip have one neighbour
        if n == 2:
            target = last
        elif n == 3:
            target = 0
        _hops(t, n, target, sites, hop, lanes[n])
        k = near[sites[t, max(target, 0)], n]
        other = strip[k]
        around[n, 0] = held[other]
        around[n, 1], around[n, 2] = place[0][t] - all_x[other], place[1][t] - all_y[other]
        around[n, 3] = slot[k] if n > 1 else -1


@lazily(calls=(_of_strip, _hops, _from_line, _neighbours))
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
) -> None:
    """Z = i L + Q H in place of L.

    hop (N, 4), onsite, c (N,). near (N, 4). lookup : place in Q of every strip or -1, strip (N,),
    slot (N,), x, y of every strip. Q holds the strips of neighbours behind the own ones. scratch :
    (7, 8) and (4, 2, 8) of Q's precision.
    """
    own, lanes = scratch
    around = np.empty((4, 4), np.int64)
    geometry = place[2]
    line = 2 * geometry[5]
    for t in range(Z.shape[0]):
        _of_strip(t, sites, near, hop, onsite, c, own)
        _neighbours(t, sites, hop, near, lookup, place, lanes, around)
        for dx in range(geometry[4]):
            for r in range(dx * line, dx * line + line):
                _within(Q[t], Z[t], r, own)
            for n in range(4):
                x, y = around[n, 1], around[n, 2]
                _from_line(dx, x, y, geometry, Q[around[n, 0]], around[n, 3], Z[t], lanes[n])


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


@lazily(calls=(_columns,))
def finish(
    place: tuple[NDArray, ...],
    sites: IntArray,
    inner: IntArray,
    partner: tuple[NDArray, ...],
    rotation: tuple[NDArray, NDArray],
    Q: NDArray,
    Z: NDArray,
    weights: tuple[float, float, float],
    scratch: tuple[NDArray, ...],
    Y: NDArray,
) -> None:
    """Y = K Y K^-1 + w2 i Q + w3 Z + constant i 1, (strips, 2n, 2, 8).

    inner (n,): places in Q and Z, -1 where there is none. partner : strip (N,), x, y of all strips;
    Y is set to 0 where it has no partner behind the diagonal. scratch : (3, 8), (2, 8), (8,).
    """
    xs, ys, geometry, _, own = place
    strip, all_x, all_y = partner
    right, scales, keep = scratch
    cosine, q = rotation
    Lx, Ly, ox, oy, wx, wy = geometry
    whole = wx == Lx and wy == Ly
    scales[0, 0], scales[0, 1] = weights[0], weights[1]
    scales[1, :], keep[:] = 0, 1
    one = keep[0]
    for t in range(Y.shape[0]):
        _columns(t, sites, rotation, right)
        for p in range(wx * wy):
            dx = p // wy
            j = (xs[t] - ox + dx) % Lx * Ly + (ys[t] - oy + p - dx * wy) % Ly
            if not whole:
                across = (xs[t] - all_x[strip[j]] + ox) % Lx < wx
                for s in range(4):
                    inside = across and (ys[t] + s - all_y[strip[j]] + oy) % Ly < wy
                    keep[s] = keep[s + 4] = 1.0 if inside else 0.0
            m, scale = 2 * inner[p], scales[0]
            if m < 0:
                m, scale = 0, scales[1]
            e = one * cosine[j]
            x, y = one * q[j, 0], one * q[j, 1]
            _ended(Y[t], Q[t], Z[t], 2 * p, m, scale, right, keep, e, x, y)
        for s in range(4):
            if sites[t, s] >= 0:  # K leaves a site's own unit matrix alone
                Y[t, 2 * own[s], 1, s] += weights[2]
                Y[t, 2 * own[s] + 1, 1, s + 4] += weights[2]
