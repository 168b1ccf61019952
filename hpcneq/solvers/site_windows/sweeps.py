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

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...maths.arrays import IntArray
from ...maths.compiled import lazily
from ..site_columns.terms import (
    fetch,
    phase_second,
    phase_term,
    plain_second,
    plain_term,
    swept,
)
from ..vector_code import Code

BLOCK = 128  # sites of a term between which memory is asked for what comes next, or a line's
CACHE = 3 << 19  # bytes of what is swept again and again: most of a core's own cache
ALL = (0, 0)  # no cone, see `before_last`
__all__ = [
    "phase_second",
    "phase_term",
    "plain_second",
    "plain_term",
]  # `swept` is compiled with the names of this module


def _adding(fresh):
    """The intrinsic that adds modes to sums, or with ``fresh`` begins these."""

    @intrinsic
    def add(typing, M, j, rates, Q, L, k):
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
                if not fresh:
                    value = builder.fadd(code.read(array, at, sums), value)
                code.write(value, array, at)

            for a in (0, 1):
                x, y = (code.read(M, code.row(args[1], 2 * a + n), vector) for n in (0, 1))
                added(x, Q, 2 * a)
                added(y, Q, 2 * a + 1)
                added(code.fma(code.less(im), y, builder.fmul(re, x)), L, 2 * a)
                added(code.fma(im, x, builder.fmul(re, y)), L, 2 * a + 1)
            return code.nothing()

        return types.void(M, j, rates, Q, L, k), write

    return add


add_modes, set_modes = _adding(False), _adding(True)


@intrinsic
def sourced(typing: Any, C: Any, own: Any, functions: Any, k: Any, sources: Any) -> Any:
    """C += f_k source in the rows of the strip's sites, in the lanes of each.

    own (4,) places, functions (K, 2, lanes), sources (2 rows, 2, lanes) real.
    """

    def write(context, builder, signature, args):
        code = Code(context, builder, signature, args, 512 // signature.args[0].dtype.bitwidth)
        C, own, functions, sources = (code.array(n) for n in (0, 1, 2, 4))
        vector, count = code.vector(0), code.count
        first = code.product(args[3], code.whole(2 * count))
        fr, fi = (
            code.read(functions, code.sum(first, code.whole(n * count)), vector) for n in (0, 1)
        )
        parts = []
        for a in (0, 1):
            x, y = (code.read(sources, code.whole((2 * a + n) * count), vector) for n in (0, 1))
            parts.append(code.fma(code.less(fi), y, builder.fmul(fr, x)))
            parts.append(code.fma(fi, x, builder.fmul(fr, y)))
        nothing = ir.Constant(vector, None)
        for slot in range(4):
            lanes = [m if m % 4 == slot else count + m for m in range(count)]
            row = builder.load(builder.gep(own.data, [code.whole(slot)]))
            for n, part in enumerate(parts):
                at = code.row(row, n)
                value = builder.fadd(code.read(C, at, vector), code.shuffle(part, nothing, lanes))
                code.write(value, C, at)
        return code.nothing()

    return types.void(C, own, functions, k, sources), write


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
        j = row + (y - oy) % Ly
        for _ in range(wy):
            levels[at] = onsite[j]
            cosines[at] = cosine[j]
            for k in range(2):
                pairs[at, k], qs[at, k] = c[j, k], q[j, k]
            if not plain:
                for k in range(8):
                    hops[at, k] = hop[j, k]
            at += 1
            j += 1
            if j == row + Ly:
                j = row


def equal_hops(hop: NDArray, plain: bool, one: NDArray, other: NDArray) -> None:
    """Hops that are all one number, once into the fields of two windows."""
    if plain:
        one[:], other[:] = hop[0, 0], hop[0, 0]


def lines_within(k: int, n: int, cone: tuple[int, int]) -> tuple[int, int]:
    """First and last of n sites that term k needs, see `before_last`."""
    line, sites = cone
    if sites == 0:
        return 0, n
    return max(0, line - k) * sites, min(n, (line + k + 1) * sites)


def lines_at_once(n: int, geometry: IntArray, P: NDArray) -> tuple[int, int]:
    """(sites of some lines, terms that are swept together) of a window of n sites.

    Terms of a window that fits into a cache follow one another. Of a larger one some are swept
    together, each a few lines behind the one before, so that only these lines are in the cache.
    """
    line, bytes_of_one = geometry[5], 6 * P.shape[1] * P.shape[2] * P.itemsize
    sites = max(1, BLOCK // line) * line
    if n * bytes_of_one <= CACHE:
        return sites, 1
    return sites, max(2, CACHE // (sites * bytes_of_one) - 2)


def sites_of(
    part: int, k: int, n: int, sites: int, cone: tuple[int, int], behind: int
) -> tuple[int, int]:
    """First and last of the sites in a part of a sweep that term k takes.

    behind : parts by which the term began later, on a ring: its last parts are those left out.
    """
    parts = (n + sites - 1) // sites
    if part < behind or part >= parts + behind:
        return 0, 0
    while part >= parts:
        part -= parts
    start, stop = lines_within(k, n, cone)
    return max(part * sites, start), min(part * sites + sites, stop)


def before_last(
    near: IntArray,
    fields: tuple[NDArray, ...],
    u: NDArray,
    P: NDArray,
    B: NDArray,
    C: NDArray,
    own: IntArray,
    functions: NDArray,
    sources: NDArray,
    plain: bool,
    ahead: NDArray,
    geometry: IntArray,
    cone: tuple[int, int],
) -> tuple[NDArray, NDArray]:
    """(B, C) before the last term of the recursion, given C = u P of the first.

    ahead : what will be read next, and is asked for meanwhile. cone : (line, sites of one) if the
    last term is wanted on that line alone: each term then in as many lines around it as it takes.
    """
    hops, levels, pairs, _, _ = fields
    n, last = near.shape[0], len(u) - 1
    two, line = levels.dtype.type(2), 64 // ahead.itemsize
    blocks = (n + BLOCK - 1) // BLOCK
    each = (ahead.size // line + blocks * (last - 1) - 1) // (blocks * (last - 1))
    place = 0
    if len(functions):
        sourced(C, own, functions, last, sources)
    B, C = C, B
    sites, most = lines_at_once(n, geometry, P)
    if most > 1:
        given = own, functions, sources, plain, ahead, geometry, cone, sites, most
        return together_before_last(near, fields, u, P, B, C, *given)
    for k in range(last - 1, 0, -1):
        start, stop = lines_within(k, n, cone)
        for begin in range(start, stop, BLOCK):
            for _ in range(each):
                fetch(ahead, place)
                place += line
            end = min(begin + BLOCK, stop)
            swept(near, hops, levels, pairs, P, B, C, u[k], k == last - 1, two, begin, end, plain)
        if len(functions):
            sourced(C, own, functions, k, sources)
        B, C = C, B
    return B, C


def ask(P: NDArray, B: NDArray, C: NDArray, place: int, count: int) -> None:
    """Ask memory for ``count`` of its lines of each plane, from a place on."""
    for _ in range(count):
        fetch(P, place)
        fetch(B, place)
        fetch(C, place)
        place += 64 // P.itemsize


def together_before_last(
    near: IntArray,
    fields: tuple[NDArray, ...],
    u: NDArray,
    P: NDArray,
    B: NDArray,
    C: NDArray,
    own: IntArray,
    functions: NDArray,
    sources: NDArray,
    plain: bool,
    ahead: NDArray,
    geometry: IntArray,
    cone: tuple[int, int],
    sites: int,
    most: int,
) -> tuple[NDArray, NDArray]:
    """`before_last` of a large window: ``most`` terms swept together, parts of ``sites`` at a time.

    A term goes on where the one before has done the next part.
    """
    hops, levels, pairs, _, _ = fields
    n, last = near.shape[0], len(u) - 1
    two, line = levels.dtype.type(2), 64 // P.itemsize
    parts, ring = (n + sites - 1) // sites, geometry[0] == geometry[4]
    each = ahead.size // (line * parts * (last - 1)) + 1
    asked, place = 2 * P.shape[1] * P.shape[2] * sites, 0
    for top in range(last - 1, 0, -most):
        count = min(most, top)
        share = asked // (line * count) + 1
        for step in range(parts + (1 + ring) * (count - 1)):
            for behind in range(count):
                k, first = top - behind, behind * ring
                begin, end = sites_of(step - behind, k, n, sites, cone, first)
                if begin >= end:
                    continue
                for _ in range(each):
                    fetch(ahead, place)
                    place += line
                ask(P, B, C, (step + 2) * asked + behind * share * line, share)
                old, new = B, C
                if behind % 2:
                    old, new = C, B
                given = u[k], k == last - 1, two, begin, end, plain
                swept(near, hops, levels, pairs, P, old, new, *given)
                if len(functions) and begin <= own[0] < end:  # own sites are on one line
                    sourced(new, own, functions, k, sources)
        if count % 2:
            B, C = C, B
    return B, C


def last_term(
    near: IntArray,
    fields: tuple[NDArray, ...],
    u: NDArray,
    P: NDArray,
    B: NDArray,
    C: NDArray,
    begin: int,
    end: int,
    plain: bool,
) -> None:
    """C = the recursion's result, less sources, in the rows of sites from ``begin`` to ``end``."""
    hops, levels, pairs, _, _ = fields
    one = levels.dtype.type(1)
    swept(near, hops, levels, pairs, P, B, C, u[0], False, one, begin, end, plain)


@lazily
def sums(M: NDArray, inner: IntArray, rates: NDArray, Q: NDArray, L: NDArray) -> None:
    """Q += M, L += rates M in the places ``inner`` (n,) of their windows, groups added up.

    M (strips, 2n, 2, lanes), rates (2, lanes) real, Q, L (strips, 2m, 2, 8).
    """
    for t in range(M.shape[0]):
        for j in range(len(inner)):
            add_modes(M[t], j, rates, Q[t], L[t], inner[j])
