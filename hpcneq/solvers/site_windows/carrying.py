"""Polynomials on eight or sixteen columns of Y, term by term: what `green` and `turning` share.

Sixteen columns, in single precision, are those of two strips of one line whose windows are rings
along y. ``fields`` : those around the first strip, see `sweeps`.
"""

from __future__ import annotations

from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from ...maths.arrays import IntArray
from ..site_columns.terms import (
    fetch,
    first_term,
    first_term_of_8,
    next_term,
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
from .sweeps import (
    ask,
    before_last,
    equal_hops,
    fields_around,
    last_term,
    lines_at_once,
    lines_within,
    sites_of,
    sourced,
    together_before_last,
)

__all__ = [
    "fetch",
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
]  # PARTS are compiled with the names of this module


def swept_of_8(
    near: IntArray,
    fields: tuple[NDArray, ...],
    u: complex,
    second: bool,
    f: float,
    P: NDArray,
    B: NDArray,
    C: NDArray,
    begin: int,
    end: int,
    plain: bool,
) -> None:
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


def begun(u: NDArray, P: NDArray, C: NDArray, begin: int, end: int) -> None:
    """C = u P, the first term, in the rows of sites from ``begin`` to ``end``."""
    if P.shape[2] > 8:
        for j in range(begin, end):
            first_term(P, C, j, u[-1].real, u[-1].imag)
    else:
        for j in range(begin, end):
            first_term_of_8(P, C, j, u[-1].real, u[-1].imag)


def carried(
    near: IntArray,
    own: IntArray,
    fields: tuple[NDArray, ...],
    u: NDArray,
    P: NDArray,
    B: NDArray,
    C: NDArray,
    plain: bool,
    ahead: NDArray,
    geometry: IntArray,
    cone: tuple[int, int],
) -> tuple[NDArray, NDArray]:
    """`before_last` without sources."""
    if P.shape[2] > 8:
        return before_last(
            near, fields, u, P, B, C, own, P[:0], P[:0], plain, ahead, geometry, cone
        )
    n, last = near.shape[0], len(u) - 1
    two, ring = fields[1].dtype.type(2), geometry[0] == geometry[4]
    sites, most = lines_at_once(n, geometry, P)
    B, C = C, B
    for top in range(last - 1, 0, -most):
        count = min(most, top)
        for step in range((n + sites - 1) // sites + (1 + ring) * (count - 1)):
            for behind in range(count):
                k = top - behind
                start, stop = sites_of(step - behind, k, n, sites, cone, behind * ring)
                old, new = B, C
                if behind % 2:
                    old, new = C, B
                given = u[k], k == last - 1, two, P, old, new, start, stop, plain
                swept_of_8(near, fields, *given)
        if count % 2:
            B, C = C, B
    return B, C


def ended(
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
    """The last term in the rows of sites from ``begin`` to ``end``."""
    if P.shape[2] > 8:
        last_term(near, fields, u, P, B, C, begin, end, plain)
    else:
        one = fields[1].dtype.type(1)
        swept_of_8(near, fields, u[0], False, one, P, B, C, begin, end, plain)


def together(t: int, strips: int, xs: IntArray, geometry: IntArray, P: NDArray) -> int:
    """How many strips are carried from strip t on: two of the same rows where lanes are enough."""
    if t >= strips:
        return 0
    joint = P.shape[2] > 8 and t + 1 < strips
    return 1 + (joint and (geometry[0] == geometry[4] or xs[t + 1] == xs[t]))


def shift_of(t: int, k: int, xs: IntArray, ys: IntArray, geometry: IntArray) -> tuple[int, int]:
    """Where the window of strip t + k begins in that of strip t, for strips carried together."""
    return (xs[t + k] - xs[t]) % geometry[0], (ys[t + k] - ys[t]) % geometry[1]


def line_of(dx: int, shift: tuple[int, int], geometry: IntArray) -> int:
    """The line of a shifted window that is line dx."""
    line = dx - shift[0]
    if line < 0:
        line += geometry[4]
    return line


def moved(p: int, shift: tuple[int, int], geometry: IntArray) -> int:
    """Place p of a shifted window."""
    wx, wy = geometry[4], geometry[5]
    dx, dy = p // wy + shift[0], p % wy + shift[1]
    if dx >= wx:
        dx -= wx
    if dy >= wy:
        dy -= wy
    return dx * wy + dy


def _ending(plain, count):
    """The intrinsic of the last term, see `terms.next_term`, on eight or sixteen lanes."""

    @intrinsic
    def end(typing, near, hop, onsite, c, P, B, C, j, ur, ui, f, W, p, q):
        """W[p] = (u P + f H B - C)[j] in a site's rows of W, of sixteen lanes eight in W[q]."""

        def write(context, builder, signature, args):
            code = Code(context, builder, signature, args, count)
            W = code.array(11)
            for k, value in enumerate(next_term(code, args[7], args[8:11], plain)):
                for half in range(count // 8 - 1, -1, -1):
                    part = code.shuffle(value, value, range(8 * half, 8 * half + 8))
                    row = code.product(args[12 + half], code.whole(32))
                    code.write(part, W, code.sum(row, code.whole(8 * k)))
            return code.nothing()

        return types.void(near, hop, onsite, c, P, B, C, j, ur, ui, f, W, p, q), write

    return end


_plain_end, _phase_end = _ending(True, 16), _ending(False, 16)
_plain_end_of_8, _phase_end_of_8 = _ending(True, 8), _ending(False, 8)


def closed(
    near: IntArray,
    fields: tuple[NDArray, ...],
    u: NDArray,
    P: NDArray,
    B: NDArray,
    C: NDArray,
    dx: int,
    xs: IntArray,
    ys: IntArray,
    geometry: IntArray,
    plain: bool,
    W: NDArray,
    done: int,
    made: int,
) -> None:
    """W = the last term on line dx of ``made`` strips from ``done`` on; W (strips, 2n, 2, 8)."""
    hop, level, pair, _, _ = fields
    one, last = level.dtype.type(1), u[0]
    x, y = last.real, last.imag
    n, line = near.shape[0], geometry[5]
    shift = shift_of(done, made - 1, xs, ys, geometry)
    start = (done + made - 1) * n
    end = start + (line_of(dx, shift, geometry) + 1) * line
    q, p = end - shift[1], done * n + dx * line
    if q == end:
        q -= line
    for j in range(dx * line, dx * line + line):
        if P.shape[2] > 8 and plain:
            _plain_end(near, hop, level, pair, P, B, C, j, x, y, one, W, p, q)
        elif P.shape[2] > 8:
            _phase_end(near, hop, level, pair, P, B, C, j, x, y, one, W, p, q)
        elif plain:
            _plain_end_of_8(near, hop, level, pair, P, B, C, j, x, y, one, W, p, q)
        else:
            _phase_end_of_8(near, hop, level, pair, P, B, C, j, x, y, one, W, p, q)
        p += 1
        q += 1
        if q == end:
            q -= line


PARTS = (
    swept_of_8,
    swept,
    fields_around,
    equal_hops,
    lines_within,
    lines_at_once,
    sites_of,
    ask,
    together_before_last,
    before_last,
    last_term,
    begun,
    carried,
    ended,
    together,
    shift_of,
    line_of,
    moved,
    closed,
)
