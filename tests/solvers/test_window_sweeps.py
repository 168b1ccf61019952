"""Terms of a polynomial of H swept together have every bit of terms that follow one another."""

from __future__ import annotations

import numpy as np
import pytest

from hpcneq.maths.compiled import lazily
from hpcneq.solvers.site_columns.terms import (
    fetch,
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
from hpcneq.solvers.site_windows.carrying import carried, swept_of_8
from hpcneq.solvers.site_windows.sweeps import (
    ALL,
    ask,
    before_last,
    lines_at_once,
    lines_within,
    sites_of,
    sourced,
    together_before_last,
)

__all__ = [
    "fetch",
    "phase_second",
    "phase_second_of_8",
    "phase_term",
    "phase_term_of_8",
    "plain_second",
    "plain_second_of_8",
    "plain_term",
    "plain_term_of_8",
    "sourced",
]
TERMS = 9


@lazily(
    calls=(
        *(swept, lines_within, lines_at_once, sites_of, ask, together_before_last),
        before_last,
    )
)
def after(near, fields, u, planes, own, functions, sources, plain, geometry, cone, most):
    """B and C before the last term, into the first two planes; most = 0: by `before_last`."""
    P, B, C = planes[0], planes[1], planes[2]
    given = own, functions, sources, plain, P, geometry, cone
    if most == 0:
        B, C = before_last(near, fields, u, P, B, C, *given)
    else:
        if len(functions):
            sourced(C, own, functions, len(u) - 1, sources)
        line = geometry[5]
        B, C = together_before_last(near, fields, u, P, C, B, *given, line, most)
    found = np.stack((B, C))
    planes[:2] = found


@lazily(
    calls=(
        *(swept, swept_of_8, lines_within, lines_at_once, sites_of, ask),
        *(together_before_last, before_last, carried),
    )
)
def of_strips(near, fields, u, planes, own, geometry, cone):
    """B and C before the last term by `carried`, into the first two of three planes."""
    P, B, C = planes[0], planes[1], planes[2]
    B, C = carried(near, own, fields, u, P, B, C, True, P[:0], geometry, cone)
    found = np.stack((B, C))
    planes[:2] = found


def window(Lx, wx, line):
    """near (n, 4) of a window of wx lines in Lx, rings along y: neighbours outside are site n."""
    n = wx * line
    x, y = np.divmod(np.arange(n), line)
    near = []
    for step in (1, -1):
        at = (x + step) % Lx
        near.append(np.where(at < wx, at * line + y, n))
    near += [x * line + (y + step) % line for step in (1, -1)]
    return np.stack(near, 1).astype(np.int32)


@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize(
    "Lx, wx, line, cone",
    [(9, 9, 7, ALL), (3, 3, 5, ALL), (20, 8, 5, ALL), (20, 12, 5, (4, 5)), (1, 1, 6, ALL)],
)
def test_terms_swept_together_have_the_same_bits(Lx, wx, line, cone, plain, real):
    """Rings, windows with edges, a cone of lines; with and without sources; 1 to all at once."""
    rng, n, lanes = np.random.default_rng(0), wx * line, 64 // np.dtype(real).itemsize
    kind = np.result_type(real, np.complex64)
    hops, levels, pairs = (rng.normal(size=shape).astype(real) for shape in ((n, 8), n, (n, 2)))
    if plain:
        hops[:] = -0.2
    u = (rng.normal(size=TERMS) + 1j * rng.normal(size=TERMS)).astype(kind)
    begun = np.zeros((3, 2 * n + 2, 2, lanes), real)
    begun[0, :-2], begun[2, :-2] = rng.normal(size=(2, 2 * n, 2, lanes))
    own = np.arange(4) + wx // 2 * line
    sources = rng.normal(size=(2, 2, lanes)).astype(real)
    for functions in (
        np.zeros((0, 2, lanes), real),
        rng.normal(size=(TERMS, 2, lanes)).astype(real),
    ):
        if cone != ALL and len(functions):
            continue  # Y alone is wanted on one line, and has no sources
        found = []
        for most in (0, 1, 2, 3, 5, TERMS - 1, 40):
            planes = begun.copy()
            geometry = np.array([Lx, line, wx // 2, 0, wx, line])
            fields = hops, levels, pairs, levels, pairs
            given = own, functions, sources, plain, geometry, cone, most
            after(window(Lx, wx, line), fields, u, planes, *given)
            rows = slice(*(2 * k for k in (lines_within(1, n, cone))))
            found.append(planes[:2, rows])
        assert abs(found[0]).max() > 1.0
        for other in found[1:]:
            np.testing.assert_array_equal(other, found[0])


@pytest.mark.parametrize("cone", [ALL, (40, 60)])
def test_eight_columns_of_a_large_window_have_the_bits_of_sixteen(cone):
    """Single precision; the window is larger than a cache, so that terms are swept together."""
    rng, wx, line = np.random.default_rng(0), 80, 60
    n = wx * line
    levels, pairs = rng.normal(size=n).astype(np.float32), np.zeros((n, 2), np.float32)
    fields = np.full((n, 8), -0.2, np.float32), levels, pairs, levels, pairs
    geometry, own = np.array([101, 101, 40, 30, wx, line]), np.arange(4) + 40 * line
    assert lines_at_once(n, geometry, np.zeros((1, 2, 8), np.float32))[1] > 1
    u = rng.normal(size=TERMS).astype(np.complex64)
    eight = np.zeros((3, 2 * n + 2, 2, 8), np.float32)
    eight[0, :-2], eight[2, :-2] = rng.normal(size=(2, 2 * n, 2, 8))
    sixteen = np.concatenate((eight, eight), 3)
    for planes in (eight, sixteen):
        of_strips(window(101, wx, line), fields, u, planes, own, geometry, cone)
    rows = slice(*(2 * k for k in lines_within(1, n, cone)))
    np.testing.assert_array_equal(eight[:2, rows], sixteen[:2, rows, :, :8])
    assert abs(eight[0, rows]).max() > 1.0
