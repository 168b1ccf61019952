"""Integrals over panels: Gauss-Legendre nodes between given ends, beyond the last end, and the
dividing of panels.

Where panels have to end, and how short they must be, is for each grid to say: a Gauss rule
converges geometrically on a panel that is about as long as its distance from the nearest
singularity.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from .arrays import BoolArray, FloatArray, IntArray

NODES = 12  # of a panel, unless a grid asks for another number


@functools.lru_cache
def gauss(nodes: int = NODES) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights on [-1, 1], (nodes,) each, read-only."""
    x, weight = np.polynomial.legendre.leggauss(nodes)
    x.flags.writeable = weight.flags.writeable = False
    return x, weight


def on_panels(ends: FloatArray, nodes: int = NODES) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of the integral over all panels between ``ends`` (n + 1,), ascending.

    Returns x, weight, (n nodes,) each, ascending: middle + half length times the rule's own nodes.
    """
    x, share = gauss(nodes)
    half = 0.5 * np.diff(ends)
    middle = ends[:-1] + half
    return (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * share).ravel()


def on_rows(ends: FloatArray, nodes: int = NODES) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights on the panels of many integrals at once, ``ends`` (..., n + 1).

    Returns x, weight, (..., n nodes) each. Nodes are counted from the lower ends, so that none of
    them rounds to below it; panels of no length have weight 0.
    """
    x, share = gauss(nodes)
    half = 0.5 * np.diff(ends)[..., None]
    shape = (*ends.shape[:-1], -1)
    return (ends[..., :-1, None] + half * (1 + x)).reshape(shape), (half * share).reshape(shape)


def beyond(start: float, nodes: int) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of the integral from ``start`` > 0 to infinity, (nodes,) each, ascending.

    One panel in t, x = start/t with 0 < t < 1: exact for powers x^-2 ... x^-(2 nodes + 1).
    """
    x, share = gauss(nodes)
    t = 0.5 * (1 - x)
    return start / t, 0.5 * share * start / t**2


def far(start: float, stop: float, nodes: int) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of the integral from ``start`` > 0 to ``stop`` as in `beyond`."""
    x, share = gauss(nodes)
    last = start / stop
    t = 1 - 0.5 * (1 - last) * (1 + x)
    return start / t, 0.5 * (1 - last) * share * start / t**2


def without_doubles(ends: FloatArray, apart: float) -> FloatArray:
    """The ascending ``ends`` (n,) without those closer than ``apart`` to the one before them."""
    far = np.concatenate([[True], np.diff(ends) > apart])
    return np.asarray(ends[far])


def halved(ends: FloatArray, short: Callable[[FloatArray, FloatArray], BoolArray]) -> FloatArray:
    """Ends of the panels made by halving those between ``ends`` (n + 1,) until all are short.

    short : ``short(low, high) -> (k,) bool`` of k panels, whether they may stay. Ascending.
    """
    open_, closed = np.stack([ends[:-1], ends[1:]], axis=1), []
    while len(open_):
        low, high = open_.T
        good = short(low, high)
        closed.append(open_[good])
        low, high = open_[~good].T
        middle = 0.5 * (low + high)
        halves = np.concatenate([low, middle]), np.concatenate([middle, high])
        open_ = np.stack(halves, axis=1)
    return np.append(np.sort(np.concatenate(closed)[:, 0]), ends[-1])


def halved_rows(
    low: FloatArray,
    high: FloatArray,
    row: IntArray,
    rows: int,
    short: Callable[[FloatArray, FloatArray, IntArray], BoolArray],
) -> list[FloatArray]:
    """`halved` for several rows at once: ends of each row's panels.

    low, high, row (n,) : panels, each with its row. short : ``short(low, high, row) -> (k,) bool``.
    """
    closed, last = [], np.zeros(rows)
    np.maximum.at(last, row, high)
    while len(low):
        good = short(low, high, row)
        closed.append((row[good], low[good]))
        low, high = low[~good], high[~good]
        row = np.tile(row[~good], 2)
        middle = 0.5 * (low + high)
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
    where, starts = map(np.concatenate, zip(*closed))
    order = np.lexsort((starts, where))
    parts = np.split(starts[order], np.searchsorted(where[order], np.arange(1, rows)))
    return [np.append(part, end) for part, end in zip(parts, last)]


def divided(ends: FloatArray, parts: int) -> FloatArray:
    """Ends of the panels between ``ends`` (n + 1,), each cut into equally long ``parts``."""
    if parts == 1:
        return ends
    low, length = ends[:-1], ends[1:] - ends[:-1]
    inner = [low + length * k / parts for k in range(parts)]
    ends = np.unique(np.concatenate([*inner, ends[-1:]]))
    return ends
