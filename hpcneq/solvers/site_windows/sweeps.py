"""Compiled kernels on strips of columns within windows of rows (see `layout`).

A plane (n + 1, 2 components, re|im, lanes) holds columns on the n sites of a window; behind them a
site that is always 0 stands for all neighbours outside. Lanes of Y, Q, Z: column component, site of
the strip. Lanes of modes: those eight for each of one (double) or two groups (single precision).

``place`` : x, y (strips,) of own strips, the window's `geometry`, near (n, 4), own (4,).
``matrix`` : hop (N, 4), onsite (N,), c (N,) of H over its radius, u (K,) of the polynomial, all
hops are one real number. ``rotation`` : cosine (N,), q (N,) of K. Complex fields of sites are real
views. ``scratch`` : see `scratch_of`.

numba is needed at once: this module is imported when the first polynomial is applied.
"""

from __future__ import annotations

from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.compiled import lazily
from ..site_columns.sweeps import phase_term, plain_term, recursion, rotated, rotation_of
from ..vector_code import Code

__all__ = ["phase_term", "plain_term"]  # `recursion` is compiled with the names of this module


@intrinsic
def _lift(typing, M, factor, cosine, q, P, j):
    """P[j] = K^-1 factor M[j]; factor (2, lanes) real."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args, 512 // signature.args[0].dtype.bitwidth)
        M, factor, cosine, q, P = (code.array(k) for k in range(5))
        j, vector, parts = args[5], code.vector(0), []
        re, im = (code.read(factor, code.whole(k * code.count), vector) for k in (0, 1))
        for a in (0, 1):
            x, y = (code.read(M, code.row(j, 2 * a + k), vector) for k in (0, 1))
            real = code.fma(code.less(im), y, builder.fmul(re, x))
            parts.append((real, code.fma(im, x, builder.fmul(re, y))))
        turned = rotated(code, rotation_of(code, cosine, q, j, True), *parts)
        for k, value in enumerate(turned):
            code.write(value, P, code.row(j, k))
        return code.nothing()

    return types.void(M, factor, cosine, q, P, j), write


@intrinsic
def _lower(typing, B, j, cosine, q, M):
    """M[j] = K B[j]."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args, 512 // signature.args[0].dtype.bitwidth)
        B, cosine, q, M = (code.array(k) for k in (0, 2, 3, 4))
        j, vector = args[1], code.vector(0)
        parts = [code.read(B, code.row(j, k), vector) for k in range(4)]
        turned = rotated(code, rotation_of(code, cosine, q, j, False), parts[:2], parts[2:])
        for k, value in enumerate(turned):
            code.write(value, M, code.row(j, k))
        return code.nothing()

    return types.void(B, j, cosine, q, M), write


@intrinsic
def _add(typing, M, j, rates, Q, L, k):
    """Q[k] += M[j], L[k] += rates M[j], groups of the lanes added up; rates (2, lanes) real."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args, 512 // signature.args[0].dtype.bitwidth)
        M, rates, Q, L = (code.array(n) for n in (0, 2, 3, 4))
        vector, sums = code.vector(0), code.vector(3, 8)
        re, im = (code.read(rates, code.whole(n * code.count), vector) for n in (0, 1))

        def added(value, array, part):
            if code.count > 8:
                halves = [code.shuffle(value, value, range(n, n + 8)) for n in (0, 8)]
                value = builder.fadd(*halves)
            at = code.sum(code.product(args[5], code.whole(32)), code.whole(8 * part))
            code.write(builder.fadd(code.read(array, at, sums), value), array, at)

        for a in (0, 1):
            x, y = (code.read(M, code.row(args[1], 2 * a + n), vector) for n in (0, 1))
            added(x, Q, 2 * a)
            added(y, Q, 2 * a + 1)
            added(code.fma(code.less(im), y, builder.fmul(re, x)), L, 2 * a)
            added(code.fma(im, x, builder.fmul(re, y)), L, 2 * a + 1)
        return code.nothing()

    return types.void(M, j, rates, Q, L, k), write


def _fields(x, y, geometry, hop, onsite, c, cosine, q, plain, around):
    """The fields of sites on the window around the strip at x, y, into ``around``."""
    hops, levels, pairs, cosines, qs = around
    Lx, Ly, ox, oy, wx, wy = geometry
    at = 0
    for dx in range(wx):
        row = (x - ox + dx) % Lx * Ly
        for dy in range(wy):
            j = row + (y - oy + dy) % Ly
            levels[at] = onsite[j]
            cosines[at] = cosine[j]
            for k in range(2):
                pairs[at, k], qs[at, k] = c[j, k], q[j, k]
            if not plain or at == 0:
                for k in range(8):
                    hops[at, k] = hop[j, k]
            at += 1
    if plain:
        for at in range(1, wx * wy):
            for k in range(8):
                hops[at, k] = hops[0, k]


@lazily(calls=(recursion, _fields))
def modes(
    place: tuple[NDArray, ...],
    matrix: tuple[NDArray, ...],
    plain: bool,
    rotation: tuple[NDArray, NDArray],
    M: NDArray,
    factor: NDArray,
    functions: NDArray,
    sources: NDArray,
    scratch: tuple[NDArray, ...],
) -> None:
    """M = K [sum_k u_k T_k(H) K^-1 factor M + f_k T_k(H) source] of modes.

    M (strips, 2n, 2, lanes); factor (2, lanes) real, functions f (lanes, K), sources (strips,
    lanes, 2) on the two rows of a lane's own site.
    """
    xs, ys, geometry, near, own = place
    hop, onsite, c, u = matrix
    P, B, C, at, w, around = scratch
    for lane in range(M.shape[3]):
        at[lane, 0] = 2 * own[lane % 4]
        at[lane, 1] = at[lane, 0] + 1
    for t in range(M.shape[0]):
        _fields(xs[t], ys[t], geometry, hop, onsite, c, rotation[0], rotation[1], plain, around)
        hops, levels, pairs, cosines, qs = around
        for k in range(len(u)):
            for lane in range(M.shape[3]):
                w[k, lane, 0] = functions[lane, k] * sources[t, lane, 0]
                w[k, lane, 1] = functions[lane, k] * sources[t, lane, 1]
        for j in range(len(levels)):
            _lift(M[t], factor, cosines, qs, P, j)
        done = recursion(near, hops, levels, pairs, u, P, B, C, at, w, plain)
        for j in range(len(levels)):
            _lower(done, j, cosines, qs, M[t])


@lazily
def sums(M: NDArray, inner: IntArray, rates: NDArray, Q: NDArray, L: NDArray) -> None:
    """Q += M, L += rates M in the places ``inner`` (n,) of their windows, groups added up.

    M (strips, 2n, 2, lanes), rates (2, lanes) real, Q, L (strips, 2m, 2, 8).
    """
    for t in range(M.shape[0]):
        for j in range(len(inner)):
            _add(M[t], j, rates, Q[t], L[t], inner[j])


def _loaded(t, inner, own, sites, Y, Q, Z, weights, rotation, cosines, qs, P):
    """P = K^-1 [keep Y + w0 i Q + w1 Z + constant i 1] K of strip t, on places ``inner``."""
    keep, w0, w1, constant = weights
    cosine, q = rotation
    for p in range(len(inner)):
        r, e, x = 2 * inner[p], cosines[p], complex(qs[p, 0], qs[p, 1])
        for s in range(4):
            j = max(sites[t, s], 0)
            kc, kq = cosine[j], complex(q[j, 0], q[j, 1])
            v = s + 4
            a = complex(
                keep * Y[t, r, 0, s] - w0 * Q[t, r, 1, s] + w1 * Z[t, r, 0, s],
                keep * Y[t, r, 1, s] + w0 * Q[t, r, 0, s] + w1 * Z[t, r, 1, s],
            )
            b = complex(
                keep * Y[t, r, 0, v] - w0 * Q[t, r, 1, v] + w1 * Z[t, r, 0, v],
                keep * Y[t, r, 1, v] + w0 * Q[t, r, 0, v] + w1 * Z[t, r, 1, v],
            )
            c = complex(
                keep * Y[t, r + 1, 0, s] - w0 * Q[t, r + 1, 1, s] + w1 * Z[t, r + 1, 0, s],
                keep * Y[t, r + 1, 1, s] + w0 * Q[t, r + 1, 0, s] + w1 * Z[t, r + 1, 1, s],
            )
            d = complex(
                keep * Y[t, r + 1, 0, v] - w0 * Q[t, r + 1, 1, v] + w1 * Z[t, r + 1, 0, v],
                keep * Y[t, r + 1, 1, v] + w0 * Q[t, r + 1, 0, v] + w1 * Z[t, r + 1, 1, v],
            )
            if p == own[s] and sites[t, s] >= 0:
                a += 1j * constant
                d += 1j * constant
            a, b = kc * a - kq.conjugate() * b, kq * a + kc * b
            c, d = kc * c - kq.conjugate() * d, kq * c + kc * d
            a, c = e * a - x * c, x.conjugate() * a + e * c
            b, d = e * b - x * d, x.conjugate() * b + e * d
            P[2 * p, 0, s], P[2 * p, 1, s] = a.real, a.imag
            P[2 * p, 0, v], P[2 * p, 1, v] = b.real, b.imag
            P[2 * p + 1, 0, s], P[2 * p + 1, 1, s] = c.real, c.imag
            P[2 * p + 1, 0, v], P[2 * p + 1, 1, v] = d.real, d.imag


@lazily(calls=(recursion, _fields, _loaded))
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

    Y, Q, Z (strips, 2m, 2, 8), of which places ``inner`` (n,) are taken; W may be Y itself.
    sites (strips, 4) of own strips.
    """
    xs, ys, geometry, near, own = place
    hop, onsite, c, u = matrix
    P, B, C, at, w, around = scratch
    for t in range(W.shape[0]):
        _fields(xs[t], ys[t], geometry, hop, onsite, c, rotation[0], rotation[1], plain, around)
        hops, levels, pairs, cosines, qs = around
        _loaded(t, inner, own, sites, Y, Q, Z, weights, rotation, cosines, qs, P)
        done = recursion(near, hops, levels, pairs, u, P, B, C, at, w, plain)
        W[t] = done[: 2 * len(levels)]


def _turn(t, xs, ys, geometry, sites, lookup, W, R, P):
    """P = -W^+ of strip t; what others own is in R."""
    base, first, strip, slot, y0 = lookup
    Lx, Ly, ox, oy, wx, wy = geometry
    row = xs[t] - first
    for dx in range(wx):
        for dy in range(wy):
            j = (xs[t] - ox + dx) % Lx * Ly + (ys[t] - oy + dy) % Ly
            there, s = base[strip[j], row], slot[j]
            shift = ys[t] - y0[strip[j]] + oy
            p = 2 * (dx * wy + dy)
            for i in range(4):
                d = (shift + i) % Ly
                if there == -1 or d >= wy or sites[t, i] < 0:
                    for b in range(2):
                        for part in range(2):
                            P[p + b, part, i] = 0
                            P[p + b, part, i + 4] = 0
                elif there >= 0:
                    for a in range(2):
                        for b in range(2):
                            P[p + b, 0, 4 * a + i] = -W[there + d, a, 0, 4 * b + s]
                            P[p + b, 1, 4 * a + i] = W[there + d, a, 1, 4 * b + s]
                else:
                    for a in range(2):
                        for b in range(2):
                            P[p + b, 0, 4 * a + i] = -R[d - there - 2, a, 0, 4 * b + s]
                            P[p + b, 1, 4 * a + i] = R[d - there - 2, a, 1, 4 * b + s]


@lazily(calls=(recursion, _fields, _turn))
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
    V: NDArray,
    own_rows: NDArray,
) -> None:
    """V = -U W^+, (strips, 2n, 2, 8), and what of it is in the own rows, (strips, 4, 2, 2) complex.

    V may be (0, ...): only the latter is wanted. W, R (n sites of all strips, 2, 2, 8): matrices of
    own strips and rows of others'. lookup : see `exchange.Exchange`.
    """
    xs, ys, geometry, near, own = place
    hop, onsite, c, u = matrix
    P, B, C, at, w, around = scratch
    for t in range(own_rows.shape[0]):
        _fields(xs[t], ys[t], geometry, hop, onsite, c, rotation[0], rotation[1], plain, around)
        hops, levels, pairs, cosines, qs = around
        _turn(t, xs, ys, geometry, sites, lookup, W, R, P)
        done = recursion(near, hops, levels, pairs, u, P, B, C, at, w, plain)
        if len(V):
            V[t] = done[: 2 * len(levels)]
        for s in range(4):
            for a in range(2):
                for b in range(2):
                    r, lane = 2 * own[s] + a, 4 * b + s
                    own_rows[t, s, a, b] = complex(done[r, 0, lane], done[r, 1, lane])


@lazily
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
) -> None:
    """Z = i L + Q H in place of L.

    hop (N, 4), onsite, c (N,). near (N, 4). lookup : place in Q of every strip or -1, strip (N,),
    slot (N,), x, y of every strip. Q holds the strips of neighbours behind the own ones.
    """
    xs, ys, geometry, _, _ = place
    held, strip, slot, all_x, all_y = lookup
    Lx, Ly, ox, oy, wx, wy = geometry
    for t in range(Z.shape[0]):
        for r in range(Z.shape[1]):
            for lane in range(8):
                re, im = Z[t, r, 0, lane], Z[t, r, 1, lane]
                Z[t, r, 0, lane], Z[t, r, 1, lane] = -im, re
        for s in range(4):
            i = sites[t, s]
            if i < 0:
                continue
            v, pair = onsite[i], c[i]
            for r in range(Z.shape[1]):
                a = complex(Q[t, r, 0, s], Q[t, r, 1, s])
                b = complex(Q[t, r, 0, s + 4], Q[t, r, 1, s + 4])
                a, b = v * a - pair.conjugate() * b, -v * b - pair * a
                Z[t, r, 0, s] += a.real
                Z[t, r, 1, s] += a.imag
                Z[t, r, 0, s + 4] += b.real
                Z[t, r, 1, s + 4] += b.imag
            for n in range(4):
                amplitude = hop[i, n]
                if amplitude == 0:
                    continue
                k = near[i, n]
                other, m = held[strip[k]], slot[k]
                x, y = xs[t] - all_x[strip[k]], ys[t] - all_y[strip[k]]
                re, im = amplitude.real, amplitude.imag
                for dx in range(wx):
                    ex = (x + dx) % Lx
                    if ex >= wx:
                        continue
                    for dy in range(wy):
                        ey = (y + dy) % Ly
                        if ey >= wy:
                            continue
                        for component in range(2):
                            r = 2 * (dx * wy + dy) + component
                            q = 2 * (ex * wy + ey) + component
                            # columns from k to i: conj(hop) of up, -hop of hole
                            a, b = Q[other, q, 0, m], Q[other, q, 1, m]
                            Z[t, r, 0, s] += re * a + im * b
                            Z[t, r, 1, s] += re * b - im * a
                            a, b = Q[other, q, 0, m + 4], Q[other, q, 1, m + 4]
                            Z[t, r, 0, s + 4] -= re * a - im * b
                            Z[t, r, 1, s + 4] -= re * b + im * a


@lazily
def finish(
    place: tuple[NDArray, ...],
    sites: IntArray,
    rotation: tuple[NDArray, NDArray],
    V: NDArray,
    Q: NDArray,
    Z: NDArray,
    w2: float,
    w3: float,
    constant: float,
    Y: NDArray,
) -> None:
    """Y = K V K^-1 + w2 i Q + w3 Z + constant i 1, all (strips, 2n, 2, 8)."""
    xs, ys, geometry, _, own = place
    cosine, q = rotation
    Lx, Ly, ox, oy, wx, wy = geometry
    for t in range(Y.shape[0]):
        p = 0
        for dx in range(wx):
            for dy in range(wy):
                j = (xs[t] - ox + dx) % Lx * Ly + (ys[t] - oy + dy) % Ly
                e, x = cosine[j], complex(q[j, 0], q[j, 1])
                r = 2 * p
                for s in range(4):
                    i = max(sites[t, s], 0)
                    kc, kq, v = cosine[i], complex(q[i, 0], q[i, 1]), s + 4
                    a, b = (
                        complex(V[t, r, 0, s], V[t, r, 1, s]),
                        complex(V[t, r, 0, v], V[t, r, 1, v]),
                    )
                    c, d = (
                        complex(V[t, r + 1, 0, s], V[t, r + 1, 1, s]),
                        complex(V[t, r + 1, 0, v], V[t, r + 1, 1, v]),
                    )
                    a, b = kc * a + kq.conjugate() * b, kc * b - kq * a
                    c, d = kc * c + kq.conjugate() * d, kc * d - kq * c
                    a, c = e * a + x * c, e * c - x.conjugate() * a
                    b, d = e * b + x * d, e * d - x.conjugate() * b
                    if p == own[s] and sites[t, s] >= 0:
                        a += 1j * constant
                        d += 1j * constant
                    for row, lane, z in ((r, s, a), (r, v, b), (r + 1, s, c), (r + 1, v, d)):
                        Y[t, row, 0, lane] = (
                            z.real - w2 * Q[t, row, 1, lane] + w3 * Z[t, row, 0, lane]
                        )
                        Y[t, row, 1, lane] = (
                            z.imag + w2 * Q[t, row, 0, lane] + w3 * Z[t, row, 1, lane]
                        )
                p += 1


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
