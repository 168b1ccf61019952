"""Polynomials on eight or sixteen columns of Y, term by term: what `green` and `turning` share.

Sixteen columns, in single precision, are those of two strips of one line whose windows are rings
along y. ``fields`` : those around the first strip, see `sweeps`.
"""

from __future__ import annotations

from numpy.typing import NDArray

from ...maths.arrays import IntArray
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
from .sweeps import before_last, equal_hops, fields_around, last_term, sourced

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
) -> tuple[NDArray, NDArray]:
    """`before_last` without sources."""
    if P.shape[2] > 8:
        return before_last(near, fields, u, P, B, C, own, P[:0], P[:0], plain, ahead)
    n, last = near.shape[0], len(u) - 1
    two = fields[1].dtype.type(2)
    B, C = C, B
    for k in range(last - 1, 0, -1):
        swept_of_8(near, fields, u[k], k == last - 1, two, P, B, C, 0, n, plain)
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


def together(t: int, strips: int, xs: IntArray, P: NDArray) -> int:
    """How many strips are carried from strip t on."""
    if t >= strips:
        return 0
    return 1 + (P.shape[2] > 8 and t + 1 < strips and xs[t + 1] == xs[t])


def moved(p: int, line: int, shift: int) -> int:
    """Place p where lines of a ring begin ``shift`` sites later."""
    if shift == 0:
        return p
    dx = p // line
    dy = p - dx * line + shift
    if dy >= line:
        dy -= line
    return dx * line + dy


PARTS = (
    swept_of_8,
    swept,
    fields_around,
    equal_hops,
    before_last,
    last_term,
    begun,
    carried,
    ended,
    together,
    moved,
)
