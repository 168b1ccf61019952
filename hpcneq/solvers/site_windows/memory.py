"""Compiled kernels for what drives Y: Z from the sums over modes, and Y at the end of a step.

See `sweeps` for what they are given.
"""

from __future__ import annotations

from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.compiled import lazily
from .sweeps import entry


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


def _within(Q, Z, own):
    """Z = i L + Q H in place of L, of H what couples sites of the strip."""
    for r in range(Z.shape[0]):
        for lane in range(8):
            other, after, before = lane ^ 4, min(lane + 1, 7), max(lane - 1, 0)
            re, im = -Z[r, 1, lane], Z[r, 0, lane]
            re += own[0, lane] * Q[r, 0, lane] + own[1, lane] * Q[r, 0, other]
            re += own[3, lane] * Q[r, 0, after] + own[5, lane] * Q[r, 0, before]
            re += own[4, lane] * Q[r, 1, after] + own[6, lane] * Q[r, 1, before]
            im += own[0, lane] * Q[r, 1, lane] + own[1, lane] * Q[r, 1, other]
            im += own[3, lane] * Q[r, 1, after] + own[5, lane] * Q[r, 1, before]
            im -= own[4, lane] * Q[r, 0, after] + own[6, lane] * Q[r, 0, before]
            Z[r, 0, lane] = re - own[2, lane] * Q[r, 1, other]
            Z[r, 1, lane] = im + own[2, lane] * Q[r, 0, other]


def _hops(t, n, sites, hop, lanes):
    """re, im of the hop from neighbour n in every lane, lanes (2, 8); those of holes are -hop^*."""
    for s in range(4):
        i, value = sites[t, s], 0j
        if i >= 0:
            value = hop[i, n]
        lanes[0, s], lanes[0, s + 4] = value.real, -value.real
        lanes[1, s], lanes[1, s + 4] = value.imag, value.imag


def _added(Q, Z, q, r, count, source, target, lanes):
    """Z[r..] += Q[q..] times a hop, for all lanes, or from site ``source`` to ``target`` >= 0."""
    for row in range(count):
        if target < 0:
            for lane in range(8):
                a, b = Q[q + row, 0, lane], Q[q + row, 1, lane]
                Z[r + row, 0, lane] += lanes[0, lane] * a + lanes[1, lane] * b
                Z[r + row, 1, lane] += lanes[0, lane] * b - lanes[1, lane] * a
        else:
            for lane in (0, 4):
                re, im = lanes[0, target + lane], lanes[1, target + lane]
                a, b = Q[q + row, 0, source + lane], Q[q + row, 1, source + lane]
                Z[r + row, 0, target + lane] += re * a + im * b
                Z[r + row, 1, target + lane] += re * b - im * a


def _from_strip(x, y, geometry, Q, Z, source, target, lanes):
    """`_added` in all rows that a strip shares with one that begins at x, y from it."""
    Lx, Ly, _, _, wx, wy = geometry
    for dx in range(wx):
        ex = (x + dx) % Lx
        if ex >= wx:
            continue
        dy = 0
        while dy < wy:
            ey = (y + dy) % Ly
            if ey >= wy:
                dy += 1
                continue
            run = min(wy - dy, wy - ey)
            q, r = 2 * (ex * wy + ey), 2 * (dx * wy + dy)
            _added(Q, Z, q, r, 2 * run, source, target, lanes)
            dy += run


@lazily(calls=(_of_strip, _within, _hops, _added, _from_strip))
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
    (7, 8) and (2, 8) of Q's precision.
    """
    held, strip, slot, all_x, all_y = lookup
    own, lanes = scratch
    for t in range(Z.shape[0]):
        _of_strip(t, sites, near, hop, onsite, c, own)
        _within(Q[t], Z[t], own)
        for n in range(4):
            _hops(t, n, sites, hop, lanes)
            for s in range(4):
                i = sites[t, s]
                if i < 0 or (n < 2 and s > 0):  # along x all sites of the strip have one neighbour
                    continue
                k, target = near[i, n], s
                if n < 2:
                    target = -1
                elif n == 2 and s < 3 and sites[t, s + 1] == k:  # is in `_within`
                    continue
                elif n == 3 and s > 0 and sites[t, s - 1] == k:
                    continue
                other = strip[k]
                x, y = place[0][t] - all_x[other], place[1][t] - all_y[other]
                there = Q[held[other]]
                _from_strip(x, y, place[2], there, Z[t], slot[k], target, lanes)


def _ended(t, r, m, s, e, x, kc, kq, Q, Z, weights, keep, Y):
    """See `finish`: the four entries of rows r, r + 1 and of site s; m of Q and Z, or < 0."""
    w2, w3, constant = weights
    v = s + 4
    a = b = c = d = 0j
    if keep:
        a, b = entry(Y, t, r, s, 1.0), entry(Y, t, r, v, 1.0)
        c, d = entry(Y, t, r + 1, s, 1.0), entry(Y, t, r + 1, v, 1.0)
    a, b = kc * a + kq.conjugate() * b, kc * b - kq * a
    c, d = kc * c + kq.conjugate() * d, kc * d - kq * c
    a, c = e * a + x * c + 1j * constant, e * c - x.conjugate() * a
    b, d = e * b + x * d, e * d - x.conjugate() * b + 1j * constant
    if m >= 0:
        a += entry(Q, t, m, s, 1j * w2) + entry(Z, t, m, s, w3)
        b += entry(Q, t, m, v, 1j * w2) + entry(Z, t, m, v, w3)
        c += entry(Q, t, m + 1, s, 1j * w2) + entry(Z, t, m + 1, s, w3)
        d += entry(Q, t, m + 1, v, 1j * w2) + entry(Z, t, m + 1, v, w3)
    Y[t, r, 0, s], Y[t, r, 1, s] = a.real, a.imag
    Y[t, r, 0, v], Y[t, r, 1, v] = b.real, b.imag
    Y[t, r + 1, 0, s], Y[t, r + 1, 1, s] = c.real, c.imag
    Y[t, r + 1, 0, v], Y[t, r + 1, 1, v] = d.real, d.imag


@lazily(calls=(entry, _ended))
def finish(
    place: tuple[NDArray, ...],
    sites: IntArray,
    inner: IntArray,
    partner: tuple[NDArray, ...],
    rotation: tuple[NDArray, NDArray],
    Q: NDArray,
    Z: NDArray,
    weights: tuple[float, float, float],
    Y: NDArray,
) -> None:
    """Y = K Y K^-1 + w2 i Q + w3 Z + constant i 1, (strips, 2n, 2, 8).

    inner (n,): places in Q and Z, -1 where there is none. partner : strip (N,), x, y of all strips;
    Y is set to 0 where it has no partner behind the diagonal.
    """
    xs, ys, geometry, _, own = place
    strip, all_x, all_y = partner
    cosine, q = rotation
    Lx, Ly, ox, oy, wx, wy = geometry
    whole = wx == Lx and wy == Ly
    w2, w3, constant = weights
    for t in range(Y.shape[0]):
        for p in range(wx * wy):
            dx = p // wy
            j = (xs[t] - ox + dx) % Lx * Ly + (ys[t] - oy + p - dx * wy) % Ly
            x = complex(q[j, 0], q[j, 1])
            across = whole or (xs[t] - all_x[strip[j]] + ox) % Lx < wx
            for s in range(4):
                i, one = max(sites[t, s], 0), 0.0
                if p == own[s] and sites[t, s] >= 0:
                    one = constant
                keep = whole or (across and (ys[t] + s - all_y[strip[j]] + oy) % Ly < wy)
                kq = complex(q[i, 0], q[i, 1])
                given = (w2, w3, one)
                m = 2 * inner[p]
                _ended(t, 2 * p, m, s, cosine[j], x, cosine[i], kq, Q, Z, given, keep, Y)
