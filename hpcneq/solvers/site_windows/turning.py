"""Compiled kernels that carry the rows of Y: see `sweeps` for what they are given, and `green`."""

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
    swept,
)
from ..vector_code import Code
from .carrying import (
    PARTS,
    begun,
    carried,
    closed,
    ended,
    line_of,
    moved,
    shift_of,
    together,
)
from .sweeps import ALL, before_last, equal_hops, fields_around, last_term, sourced

__all__ = [
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
    "swept",
    "before_last",
    "last_term",
]  # PARTS are compiled with the names of this module


HERE, THERE = 1, 2  # kinds of entries, see `_listed`
ONE = 0


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


@intrinsic
def _block(typing, W, w, P, p, k, o, spare):
    """P = -W^+ of a block: rows p[k, :4] of P, lanes from o on, of four sites' rows w[k, :4] of W.

    Between 2 x 4 rows and lanes each, those of components and of sites. Rows of W that are negative
    are those of ``spare``.
    """

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args)
        W, places, P, others, spare = (code.array(m) for m in (0, 1, 2, 3, 6))
        vector, lanes = code.vector(0), cgutils.unpack_tuple(builder, P.shape)[2]

        def place(array, i):
            at = code.sum(code.product(args[4], code.whole(4)), code.whole(i))
            return builder.load(builder.gep(array.data, [at]))

        own, sites = [], [place(others, i) for i in range(4)]
        for i in range(4):
            row = place(places, i)
            inside = builder.icmp_signed(">=", row, code.whole(0))
            row = builder.select(inside, code.product(row, code.whole(32)), code.whole(0))
            own.append(builder.gep(builder.select(inside, W.data, spare.data), [row]))
        for part in (0, 1):
            rows = []
            for m in range(8):
                at = builder.gep(own[m % 4], [code.whole(m // 4 * 16 + part * 8)])
                rows.append(code.taken(builder.bitcast(at, vector.as_pointer())))
            for n, value in enumerate(_transposed(code, rows)):
                row = code.sum(code.product(sites[n % 4], code.whole(2)), code.whole(n // 4))
                row = code.sum(code.product(row, code.whole(2)), code.whole(part))
                at = code.sum(code.product(row, lanes), args[5])
                code.write(value if part else code.less(value), P, at)
        return code.nothing()

    return types.void(W, w, P, p, k, o, spare), write


def _turn_site(there, shift, s, geometry, own, W, R, P, r, o):
    """`_turn` between the sites ``own`` (4,) of a strip and site s of another, rows r of P."""
    Ly, wy = geometry[1], geometry[5]
    for i in range(4):
        d = (shift + i) % Ly
        inside = there != -1 and d < wy and own[i] >= 0
        for a in range(2):
            for b in range(2):
                row, m = r + b, o + 4 * a + i
                n = 4 * b + s
                if not inside:
                    P[row, 0, m], P[row, 1, m] = 0, 0
                elif there >= 0:
                    P[row, 0, m], P[row, 1, m] = -W[there + d, a, 0, n], W[there + d, a, 1, n]
                else:
                    P[row, 0, m] = -R[d - there - 2, a, 0, n]
                    P[row, 1, m] = R[d - there - 2, a, 1, n]


def _listed(t, xs, ys, geometry, sites, lookup, move, listed):
    """What `_turn` takes of strip t, by lines of its window, into ``listed``.

    listed : begin (lines + 1,) of each line's entries; kind (n,) of an entry, ONE, HERE or THERE;
    rows, places (n, 4). All sites of another strip are turned at once where all are in the window:
    rows of the own four sites in W (HERE) or R (THERE), -1 where there is none, places of the
    strip's in P, behind the window's where it has fewer. Else sites come by ONE, with (there,
    shift, slot) and (place,). move : `moved`'s shift.
    """
    base, first, strip, slot, y0 = lookup
    Lx, Ly, ox, oy, wx, wy = geometry
    begins, kinds, rows, places = listed
    row, e = xs[t] - first, 0
    for dx in range(wx):
        begins[dx], begin = e, (dx + move[0]) % wx * wy
        line, dy = (xs[t] - ox + dx) % Lx * Ly, 0
        y = (ys[t] - oy) % Ly
        while dy < wy:
            other, s = strip[line + y], slot[line + y]
            there, shift = base[other, row], (ys[t] - y0[other] + oy) % Ly
            many = 1
            while dy + many < wy and y + many < Ly and strip[line + y + many] == other:
                many += 1
            if s == 0 and (y + many == Ly or strip[line + y + many] != other):
                kinds[e] = HERE if there > -2 else THERE
                for i in range(4):
                    d = shift + i
                    if d >= Ly:
                        d -= Ly
                    inside = there != -1 and d < wy and sites[t, i] >= 0
                    rows[e, i] = -1
                    if inside:
                        rows[e, i] = d + there if there >= 0 else d - there - 2
                    places[e, i] = wx * wy
                    if i < many:
                        place = dy + i + move[1]
                        if place >= wy:
                            place -= wy
                        places[e, i] = begin + place
            else:
                kinds[e], many = ONE, 1
                rows[e, 0], rows[e, 1] = there, shift
                rows[e, 2] = s
                places[e, 0] = begin + (dy + move[1]) % wy
            dy += many
            y += many
            if y >= Ly:
                y -= Ly
            e += 1
    begins[wx] = e


def _all_listed(t, count, xs, ys, geometry, sites, lookup, listed):
    """`_listed` of strips that are carried together, from t on."""
    for k in range(count):
        shift = shift_of(t, k, xs, ys, geometry)
        _listed(t + k, xs, ys, geometry, sites, lookup, shift, listed[k])


def _cone(store, geometry):
    """The line whose rows are wanted, for `before_last`."""
    if store or geometry[0] == geometry[4]:
        return ALL
    return geometry[2], geometry[5]


def _asked(dx, t, count, xs, ys, geometry, listed, W):
    """W is asked for what `_turn` takes of a line."""
    for m in range(count):
        begins, kinds, rows, _ = listed[m]
        line = line_of(dx, shift_of(t, m, xs, ys, geometry), geometry)
        for e in range(begins[line], begins[line + 1]):
            if kinds[e] == HERE:
                for i in range(4):
                    if rows[e, i] >= 0:
                        for k in range(0, 32, 64 // W.itemsize):
                            fetch(W, 32 * rows[e, i] + k)


def _turn(t, count, dx, xs, ys, geometry, sites, listed, W, R, P, spare):
    """P = -W^+ of strips from t on, on line dx.

    What others own is in R. listed : what `_listed` gave of each. spare : rows of zeros.
    """
    for m in range(count):
        begins, kinds, rows, places = listed[m]
        line = line_of(dx, shift_of(t, m, xs, ys, geometry), geometry)
        for e in range(begins[line], begins[line + 1]):
            if kinds[e] == ONE:
                r, o = 2 * places[e, 0], 8 * m
                there, shift = rows[e, 0], rows[e, 1]
                _turn_site(there, shift, rows[e, 2], geometry, sites[t + m], W, R, P, r, o)
            elif kinds[e] == HERE:
                _block(W, rows, P, places, e, 8 * m, spare)
            else:
                _block(R, rows, P, places, e, 8 * m, spare)


def _room(n, lines):
    """Room for `_listed`."""
    rows, places = np.empty((n, 4), np.int64), np.empty((n, 4), np.int64)
    return np.zeros(lines + 1, np.int64), np.empty(n, np.int64), rows, places


def _own_rows(t, count, dx, B, xs, ys, own, geometry, own_rows):
    """The own rows of strips in B, from t on, those on line dx."""
    for k in range(count):
        shift = shift_of(t, k, xs, ys, geometry)
        if line_of(dx, shift, geometry) != own[0] // geometry[5]:
            continue
        for s in range(4):
            r = 2 * moved(own[s], shift, geometry)
            for a in range(2):
                for b in range(2):
                    lane = 8 * k + 4 * b + s
                    own_rows[t + k, s, a, b] = complex(B[r + a, 0, lane], B[r + a, 1, lane])


@lazily(calls=(*PARTS, _turn_site, _listed, _all_listed, _cone, _asked, _turn, _room, _own_rows))
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
    V: NDArray,
    own_rows: NDArray,
) -> None:
    """V = -U W^+ (strips, 2n, 2, 8) if ``store``; else its own rows, (strips, 4, 2, 2) complex.

    W, R (sites of windows, 2, 2, 8): matrices of own strips, rows of others'. An entry that has no
    partner behind the diagonal is taken for 0. lookup : see `exchange.Exchange`. Lines come and go
    as in `left`.
    """
    xs, ys, geometry, near, own = place
    hop, onsite, c, u = matrix
    P, B, C, fields, others = scratch
    n, line = near.shape[0], geometry[5]
    whole, cone = geometry[0] == geometry[4], _cone(store, geometry)
    listed = _room(n, geometry[4]), _room(n, geometry[4])
    spare = np.zeros((1, 2, 2, 8), W.dtype)
    done = t = made = 0
    equal_hops(hop, plain, fields[0], others[0])
    while True:
        count = together(t, own_rows.shape[0], xs, geometry, P)
        if count > 0:
            fields_around(xs[t], ys[t], geometry, hop, onsite, c, rotation, plain, others)
        _all_listed(t, count, xs, ys, geometry, sites, lookup, listed)
        for dx in range(geometry[4]):
            _asked(dx, t, count, xs, ys, geometry, listed, W)
            if made > 0 and store:
                closed(near, fields, u, P, B, C, dx, xs, ys, geometry, plain, V, done, made)
            elif made > 0 and (whole or dx == geometry[2]):
                ended(near, fields, u, P, B, C, dx * line, (dx + 1) * line, plain)
                _own_rows(done, made, dx, C, xs, ys, own, geometry, own_rows)
            _turn(t, count, dx, xs, ys, geometry, sites, listed, W, R, P, spare)
            if count > 0:
                begun(u, P, C, dx * line, (dx + 1) * line)
        if count == 0:
            break
        fields, others = others, fields
        done, made = t, count
        t += count
        B, C = carried(near, own, fields, u, P, B, C, plain, P[:0], geometry, cone)
