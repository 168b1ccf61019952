"""Compiled kernels for a step of many blocks of as many levels, in one call.

Chains and polynomials are those of all blocks, their first index. Green functions, what acts on
them and modes are flat arrays with those of a block from a place on: ``places`` (blocks, 4) are the
places of its matrices, its modes' begin and end, its number among all.

numba is needed at once: this module is imported when the first step is done so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.compiled import lazily
from .chains import EFFECTIVE, effective_of
from .columns import EXPONENTIAL, exponential_of
from .greens import CARRY, PREDICT, SOURCES, carry_block, predict_block, sources_of
from .products import BLOCK, advance_block


def _matrix(flat, at, N):
    """The (N, N) matrix that begins at a place of a flat array."""
    return flat[at : at + N * N].reshape(N, N)


def _convert(A, out):
    """out = A in its precision."""
    for i in range(len(A)):
        for j in range(len(A)):
            out[i, j] = A[i, j]


def _tell(rows, i, probes, table):
    """Add what the mean field reads of the i-th block, rows (2, 3 n), to table (2, unknowns)."""
    entries, sites, factors = probes
    for r in range(2):
        for p in range(entries.shape[1]):
            table[r, sites[i, p]] += factors[i, p] * rows[r, entries[i, p]]


@lazily(calls=EFFECTIVE)
def expand(
    chains: tuple[NDArray, ...],
    motion: tuple[NDArray, ...],
    step: float,
    coef: FloatArray,
    slopes: ComplexArray,
    c: FloatArray,
    radii: FloatArray,
) -> None:
    """`chains.effective` of all blocks, see there. chains : hops, levels, pairing. motion : slopes
    of pairing and levels.
    """
    hop, level, pairing = chains
    slope, moving = motion
    for i in range(len(hop)):
        given = hop[i], level[i], pairing[i], slope[i], moving[i]
        radii[i] = effective_of(*given, step, coef[i], slopes[i], c[i])


@lazily(calls=(*EXPONENTIAL, *PREDICT, _matrix, _tell, _convert))
def predict(
    places: IntArray,
    terms: IntArray,
    polynomials: tuple[NDArray, ...],
    columns: int,
    chains: tuple[NDArray, ...],
    weights: tuple[FloatArray, FloatArray],
    damping: float,
    before: tuple[NDArray, ...],
    history: tuple[NDArray, ...],
    keeps: tuple[ComplexArray, ...],
    probes: tuple[NDArray, ...],
    table: ComplexArray,
    UT: NDArray,
    planes: tuple[NDArray, ...],
    work: tuple[NDArray, ...],
    near: tuple[NDArray, ...],
) -> None:
    """`greens.predict` of all blocks, in the precision of UT, and what the mean field reads.

    terms (blocks,) of U. polynomials : c, the coefficients of H. columns : see
    `columns.exponential`. chains : of the guessed end. weights : times and W. before : G, X, Z.
    history : U and X of the step before. keeps : what U carries to the end, and G, are written.
    probes : entries of rows, unknowns, factors (blocks, probes) each. table (all blocks, 2,
    unknowns). UT (N, N), planes, work, near : scratch.
    """
    c, coef = polynomials
    hop, level, pairing = chains
    N = len(UT)
    target = UT.view(c.dtype).reshape(1, N, 2 * N)
    for i in range(len(places)):
        at = places[i, 0]
        exponential_of(c[i, : terms[i]], coef[i, 0], coef[i, 1], columns, target, planes)
        green = _matrix(before[0], at, N), _matrix(before[1], at, N), _matrix(before[2], at, N)
        past = _matrix(history[0], at, N), _matrix(history[1], at, N)
        _convert(green[0], _matrix(keeps[1], at, N))
        given = UT, green, past, weights[0], weights[1], (hop[i], level[i], pairing[i]), damping
        predict_block(*given, _matrix(keeps[0], at, N), near[0], near[1], work)
        _tell(near[1].reshape(2, -1), i, probes, table[places[i, 3]])


def _nodes(bank, order):
    """Nodes and matrices of `chebyshev.nodes` for carried and fast groups: terms and places."""
    terms, first, most, second = order
    middle, last = first + 2 * terms, second + 2 * most
    return (
        bank[first:middle],
        bank[middle : middle + 2 * terms * terms].reshape(2 * terms, terms),
        bank[second:last],
        bank[last : last + 2 * most * most].reshape(2 * most, most),
    )


def _exact(i, orders, exact, columns, U, UT, planes):
    """U of the i-th block in double precision, and rounded."""
    N = len(U)
    c, coef = exact
    target = U.view(np.float64).reshape(1, N, 2 * N)
    exponential_of(c[i, : orders[i, 4]], coef[i, 0], coef[i, 1], columns, target, planes)
    _convert(U, UT)


def _modes(i, blocks, step, columns, modes, layout, groups, rates, fast, matrix, own, scratch, few):
    """`products.advance` of the i-th block; U in the precision of UT, first or then."""
    places, orders, radii, bank = blocks
    old, new = modes
    slopes, c, coef = matrix
    T, UT, sums, planes = own
    N, order = len(UT), orders[i, :4]
    count = order[0]
    if UT.itemsize < 16:  # U has been made in double precision
        count = 0
    shape = order[2], columns, 2 * N
    sums[:] = 0
    begin, end = places[i, 1], places[i, 2]
    advance_block(
        (old[begin:end], new[2 * begin : 2 * end]),
        layout[0],
        groups,
        rates,
        fast,
        step,
        radii[i],
        _nodes(bank, order),
        layout[1],
        sums.view(np.float64),
        (slopes[i], coef[i, 0], coef[i, 1]),
        c[i, :count],
        T[: shape[0] * shape[1] * shape[2]].reshape(shape),
        UT,
        scratch,
        few,
        planes,
    )


def _end(i, at, sums, chains, W, numbers, green, base, work, near):
    """`greens.sources` and `greens.carry` of the i-th block."""
    N = sums.shape[3]
    X, Z = _matrix(green[1], at, N), _matrix(green[2], at, N)
    chain = chains[0][i], chains[1][i], chains[2][i]
    sources_of(sums[0, 0], sums[0, 1], chain[0], chain[1], chain[2], numbers[2], X, Z, work)
    given = _matrix(green[0], at, N), _matrix(base, at, N), W, X, Z, _matrix(green[3], at, N)
    carry_block(*given, work, chain, numbers[1], near[0], near[1])


_ALL = (*EXPONENTIAL, *SOURCES, *CARRY, *BLOCK, _matrix, _convert, _tell, _nodes, _exact, _modes)


@lazily(calls=(*dict.fromkeys(_ALL), _end))
def advance(
    blocks: tuple[NDArray, ...],
    numbers: tuple[float, ...],
    columns: int,
    modes: tuple[NDArray, ...],
    layout: tuple[IntArray, ...],
    groups: tuple[NDArray, ...],
    rates: tuple[ComplexArray, ...],
    fast: tuple[ComplexArray, ...],
    matrix: tuple[NDArray, ...],
    exact: tuple[NDArray, ...],
    chains: tuple[NDArray, ...],
    W: FloatArray,
    green: tuple[ComplexArray, ...],
    base: ComplexArray,
    probes: tuple[NDArray, ...],
    table: ComplexArray,
    own: tuple[NDArray, ...],
    scratch: tuple[NDArray, ...],
    few: tuple[NDArray, ...],
    planes: tuple[NDArray, ...],
    exact_planes: tuple[NDArray, ...],
    work: tuple[NDArray, ...],
    near: tuple[NDArray, ...],
) -> None:
    """`products.advance`, `greens.sources` and `greens.carry` of all blocks, see there.

    blocks : places; orders (blocks, 5), terms of carried and of fast groups with their places in
    the bank of nodes, see `_nodes`, terms of U in double precision; radii; bank. numbers : step,
    damping, white. layout : of the groups, see ``places`` of `products.advance`, and kinds of
    columns. matrix : Hdot, c, the coefficients of H; exact : the latter two in double precision.
    chains : of the end. green : U, X, Z and G of the end. base, table : see `predict`. own : T
    (terms columns 2N,), UT (N, N), sums (1, 2, N, N); they and what follows are scratch.
    """
    T, UT, sums = own
    N, of_modes = len(UT), (T, UT, sums, planes)
    for i in range(len(blocks[0])):
        at = blocks[0][i, 0]
        U = _matrix(green[0], at, N)
        if UT.itemsize < 16:
            _exact(i, blocks[1], exact, columns, U, UT, exact_planes)
        given = layout, groups, rates, fast, matrix, of_modes, scratch, few
        _modes(i, blocks, numbers[0], columns, modes, *given)
        if UT.itemsize == 16:
            _convert(UT, U)
        _end(i, at, sums, chains, W, numbers, green, base, work, near)
        _tell(near[1].reshape(2, -1), i, probes, table[blocks[0][i, 3]])
