"""The compiled kernel that carries the modes of all planes: see `sweeps` for what it is given."""

from __future__ import annotations

from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...maths.arrays import IntArray
from ...maths.compiled import lazily
from ..site_columns.terms import next_term, rotated, rotation_of, start_of, swept
from ..vector_code import Code
from .sweeps import (
    ALL,
    add_modes,
    ask,
    before_last,
    equal_hops,
    fields_around,
    last_term,
    lines_at_once,
    lines_within,
    set_modes,
    sites_of,
    sourced,
    together_before_last,
)


@intrinsic
def _lift(typing, M, factor, cosine, q, j, C, ur, ui):
    """M[j] = K^-1 factor M[j] and C[j] = u M[j], the first term; factor (2, lanes) real."""

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args, 512 // signature.args[0].dtype.bitwidth)
        M, factor, cosine, q = (code.array(k) for k in range(4))
        C = code.array(5)
        ur, ui = code.spread(args[6]), code.spread(args[7])
        j, vector = args[4], code.vector(0)
        parts = []
        re, im = (code.read(factor, code.whole(k * code.count), vector) for k in (0, 1))
        for a in (0, 1):
            x, y = (code.read(M, code.row(j, 2 * a + k), vector) for k in (0, 1))
            real = code.fma(code.less(im), y, builder.fmul(re, x))
            parts.append((real, code.fma(im, x, builder.fmul(re, y))))
        turned = rotated(code, rotation_of(code, cosine, q, j, True), *parts)
        first = [
            *start_of(code, ur, ui, turned[:2], None),
            *start_of(code, ur, ui, turned[2:], None),
        ]
        for array, values in ((M, turned), (C, first)):
            for k, value in enumerate(values):
                code.write(value, array, code.row(j, k))
        return code.nothing()

    return types.void(M, factor, cosine, q, j, C, ur, ui), write


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


def _ending(plain):
    """The intrinsic of the last term, see `_left` of `terms`, that goes to the modes at once."""

    @intrinsic
    def end(typing, near, hop, onsite, c, P, B, C, j, ur, ui, f, cosine, q, M):
        """M[j] = K (u P + f H B - C)[j]."""

        def write(context, builder, signature, args):
            code = Code(context, builder, signature, args, 512 // signature.args[4].dtype.bitwidth)
            cosine, q, M = (code.array(k) for k in (11, 12, 13))
            parts = next_term(code, args[7], args[8:11], plain)
            rotation = rotation_of(code, cosine, q, args[7], False)
            for k, value in enumerate(rotated(code, rotation, parts[:2], parts[2:])):
                code.write(value, M, code.row(args[7], k))
            return code.nothing()

        return types.void(near, hop, onsite, c, P, B, C, j, ur, ui, f, cosine, q, M), write

    return end


plain_end, phase_end = _ending(True), _ending(False)


def _lifted(
    M: NDArray,
    factor: NDArray,
    fields: tuple[NDArray, ...],
    u: NDArray,
    C: NDArray,
    begin: int,
    end: int,
) -> None:
    """M = K^-1 factor M and C = u M, the first term, in the rows of sites from begin to end."""
    for j in range(begin, end):
        _lift(M, factor, fields[3], fields[4], j, C, u[-1].real, u[-1].imag)


def _closed(
    near: IntArray,
    fields: tuple[NDArray, ...],
    u: NDArray,
    M: NDArray,
    B: NDArray,
    C: NDArray,
    begin: int,
    end: int,
    plain: bool,
) -> None:
    """M = K times the last term in the rows of sites from begin to end."""
    hop, level, pair, cosine, q = fields
    one, last = level.dtype.type(1), u[0]
    x, y = last.real, last.imag
    if plain:
        for j in range(begin, end):
            plain_end(near, hop, level, pair, M, B, C, j, x, y, one, cosine, q, M)
    else:
        for j in range(begin, end):
            phase_end(near, hop, level, pair, M, B, C, j, x, y, one, cosine, q, M)


def _lowered(
    C: NDArray,
    fields: tuple[NDArray, ...],
    M: NDArray,
    begin: int,
    end: int,
) -> None:
    """M = K C in the rows of sites from begin to end."""
    for j in range(begin, end):
        _lower(C, j, fields[3], fields[4], M)


def _summed(
    M: NDArray,
    begin: int,
    end: int,
    inner: IntArray,
    rates: NDArray,
    Q: NDArray,
    L: NDArray,
    fresh: bool,
) -> None:
    """Q and L of modes in the rows of sites from begin to end; they begin with M if ``fresh``."""
    if len(inner) and fresh:
        for j in range(begin, end):
            set_modes(M, j, rates, Q, L, inner[j])
    elif len(inner):
        for j in range(begin, end):
            add_modes(M, j, rates, Q, L, inner[j])


def _by_lines(done, coming, B, C, u, plain, added, fresh):
    """The last term of modes, which are ``done``, and what comes next from memory, line by line."""
    places, fields, geometry, own, functions, sources, M = done
    factor, around, following = coming
    line, count = geometry[5], following.shape[0] // 2
    lifted = 0
    for begin in range(0, M.shape[0] // 2, line):
        end = begin + line
        if begin == geometry[2] * line:
            last_term(places, fields, u, M, B, C, begin, end, plain)
            sourced(C, own, functions, 0, sources)
            _lowered(C, fields, M, begin, end)
        else:
            _closed(places, fields, u, M, B, C, begin, end, plain)
        _summed(M, begin, end, *added, fresh)
        _lifted(following, factor, around, u, C, lifted, min(end, count))
        lifted = min(end, count)
    _lifted(following, factor, around, u, C, lifted, count)
    B[2 * count : 2 * count + 2] = 0
    C[2 * count : 2 * count + 2] = 0


def _following(item, strips, first):
    """(strip, plane, first of its sites in M, their number) of an item; behind the last: none."""
    planes = len(first) - 1
    s, m = item // planes, item % planes
    if s == strips:
        return s, 0, 0, 0
    count = first[m + 1] - first[m]
    return s, m, strips * first[m] + s * count, count


@lazily(
    calls=(
        *(swept, fields_around, equal_hops, lines_within, lines_at_once, sites_of),
        *(ask, together_before_last, before_last, last_term),
        *(_lifted, _closed, _lowered, _summed, _by_lines, _following),
    )
)
def modes(
    place: tuple[NDArray, NDArray],
    windows: tuple[NDArray, ...],
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
    """M = K [sum_k u_k T_k(H) K^-1 factor M + f_k T_k(H) source] of the modes of all planes.

    windows : those of the planes, see `layout.Stack`. M flat, plane by plane (strips, 2n, 2,
    lanes). Of each plane factor (2, lanes), functions f (K, 2, lanes), sources (strips, 2 rows, 2,
    lanes) on the rows of a lane's own site, all real and imaginary parts. added : inner, rates
    (planes, 2, lanes), Q, L of `sums`, which begin with the new M of the first plane; an empty
    inner: they are left. A strip's planes follow each other: its Q and L stay in a cache.
    """
    inner, rates, Q, L = added
    xs, ys = place
    geometries, near, own, first = windows
    hop, onsite, c, u = matrix
    _, B, C, fields, others = scratch
    lanes, planes = B.shape[2], len(geometries)
    items = len(xs) * planes
    t = k = 0
    last = M[:0].reshape((0, 2, lanes))
    equal_hops(hop, plain, fields[0], others[0])
    for item in range(-min(items, 1), items):
        s, m, start, count = _following(item + 1, len(xs), first)
        ahead = M[4 * lanes * start : 4 * lanes * (start + count)]
        places = near[first[k] : first[k + 1]]
        if item >= 0:
            given = own[k], functions[k], sources[k, t], plain, ahead, geometries[k], ALL
            B, C = before_last(places, fields, u, last, B, C, *given)
        around = fields
        if item < 0 or s != t or (geometries[m] != geometries[k]).any():
            around, others = others, fields
            if count > 0:
                where = xs[s], ys[s], geometries[m]
                fields_around(*where, hop, onsite, c, rotation, plain, around)
        following = ahead.reshape((2 * count, 2, lanes))
        done = places, fields, geometries[k], own[k], functions[k], sources[k, t], last
        into = inner[first[k] : first[k + 1]], rates[k], Q[t], L[t]
        _by_lines(done, (factor[m], around, following), B, C, u, plain, into, k == 0)
        fields, last = around, following
        t, k = s, m
