"""Compiled kernels on strips of columns within windows of rows (see `layout`).

Those that carry Y are in `green`. A plane (n + 1, 2 components, re|im, lanes) holds columns on the
n sites of a window; behind them a site that is always 0 stands for all neighbours outside. Lanes of
Y, Q, Z: column component, site of the strip. Lanes of modes: those eight for each of one (double)
or two groups (single precision).

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

from ...maths.arrays import IntArray
from ...maths.compiled import lazily
from ..site_columns.sweeps import (
    first_term,
    phase_term,
    plain_term,
    recursion,
    rotated,
    rotation_of,
)
from ..vector_code import Code

__all__ = [
    "first_term",
    "phase_term",
    "plain_term",
]  # `recursion` is compiled with the names of this module


@intrinsic
def _lift(typing, M, factor, cosine, q, P, j):
    """P[j] = K^-1 factor M[j]; factor (2, lanes) real."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args, 512 // signature.args[0].dtype.bitwidth)
        M, factor, cosine, q, P = (code.array(k) for k in range(5))
        j, vector = args[5], code.vector(0)
        parts = []
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


def fields_around(
    x: int,
    y: int,
    geometry: IntArray,
    hop: NDArray,
    onsite: NDArray,
    c: NDArray,
    rotation: tuple[NDArray, NDArray],
    plain: bool,
    around: tuple[NDArray, ...],
) -> None:
    """The fields of sites on the window around the strip at x, y, into ``around``."""
    hops, levels, pairs, cosines, qs = around
    cosine, q = rotation
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


@lazily(calls=(recursion, fields_around))
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
    added: tuple[NDArray, ...],
) -> None:
    """M = K [sum_k u_k T_k(H) K^-1 factor M + f_k T_k(H) source] of modes.

    M (strips, 2n, 2, lanes); factor (2, lanes) real, functions f (lanes, K), sources (strips,
    lanes, 2) on the two rows of a lane's own site. added : inner, rates, Q, L of `sums`, to which
    the new M are added while they are in a core's cache; an empty inner: they are not.
    """
    inner, rates, Q, L = added
    xs, ys, geometry, near, own = place
    hop, onsite, c, u = matrix
    P, B, C, at, w, around = scratch
    for lane in range(M.shape[3]):
        at[lane, 0] = 2 * own[lane % 4]
        at[lane, 1] = at[lane, 0] + 1
    for t in range(M.shape[0]):
        fields_around(xs[t], ys[t], geometry, hop, onsite, c, rotation, plain, around)
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
            if len(inner):
                _add(M[t], j, rates, Q[t], L[t], inner[j])


@lazily
def sums(M: NDArray, inner: IntArray, rates: NDArray, Q: NDArray, L: NDArray) -> None:
    """Q += M, L += rates M in the places ``inner`` (n,) of their windows, groups added up.

    M (strips, 2n, 2, lanes), rates (2, lanes) real, Q, L (strips, 2m, 2, 8).
    """
    for t in range(M.shape[0]):
        for j in range(len(inner)):
            _add(M[t], j, rates, Q[t], L[t], inner[j])
