"""Where the lines of a diagram end or turn back, solved for: tricritical and Lifshitz points.

A line is a kind of root x over the slow key y: onsets of uniform and of FFLO pairing, folds. It is
sought between two neighbouring values of y where the number or the order of the roots changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import root

from ..physics import gap_equations
from ..physics.operating_point import Point
from ..physics.uniform_states import Grid, Infinite, gap_bend
from .onset_roots import SLACK
from .polished_roots import polished

NAMES = ("tricritical", "lifshitz", "fold_ends", "bcs_ends", "fflo_ends")
FAR = 0.25  # of x, and of D or Q: a solution farther than this from its seed is another
LEAST = 1e-3  # of D and Q: what vanishes belongs to a tricritical or a Lifshitz point


@dataclass(frozen=True)
class Row:
    """The roots at one value y of the slow key; fflo : (x, Q), folds : (x, D)."""

    y: float
    bcs: Sequence[float]
    fflo: Sequence[tuple[float, float]]
    folds: Sequence[tuple[float, float]]


@dataclass
class EndPoints:
    """Points [x, y] or [x, y, D or Q] of one kind, and their errors."""

    points: list[list[float]] = field(default_factory=list)
    errors: list[list[float]] = field(default_factory=list)

    def solve(
        self,
        equations: Callable[[Grid], Callable],
        seeds: Iterable[Sequence[float]],
        grid: Grid,
        rows: tuple[Row, Row],
    ) -> None:
        """Keep the solutions next to the seeds, between two rows or one row's distance beyond."""
        low, high = sorted(row.y for row in rows)
        low, high = 2 * low - high, 2 * high - low
        for seed in seeds:
            start = np.abs(root(equations(grid), seed, options={"maxfev": 60}).x)
            moved = np.abs(start - seed)
            moved[1] = 0.0
            vanished = len(start) > 2 and start[2] < LEAST
            if vanished or not low <= start[1] <= high or moved.max() > FAR or self.has(start):
                continue
            solution, error = polished(equations, start, grid)
            place = np.abs(solution.x)
            if solution.residual < 1e-9 and np.abs(place - start).max() < 1e-4:
                self.points.append(place.tolist())
                self.errors.append((error + 100 * SLACK).tolist())

    def has(self, place: np.ndarray) -> bool:
        """Whether a point is kept already."""
        return any(np.abs(place - other).max() < 1e-6 for other in self.points)


def line_ends(
    point: Point, grid: Grid, keys: tuple[str, str], rows: Sequence[Row]
) -> tuple[dict[str, list], dict[str, list]]:
    """({name: points}, {name: errors}) of every name in `NAMES` that this lattice has.

    keys : (that of x, that of y). Q is free on the infinite lattice only.
    """
    names = NAMES
    if not isinstance(grid, Infinite):
        names = ("tricritical", "fold_ends", "bcs_ends")
    ends = {name: EndPoints() for name in names}
    for pair in zip(rows, rows[1:]):
        _folds_and_onsets(ends, point, grid, keys, pair)
        if isinstance(grid, Infinite):
            _fflo_onsets(ends, point, grid, keys, pair)
    return (
        {name: kind.points for name, kind in ends.items()},
        {name: kind.errors for name, kind in ends.items()},
    )


def _folds_and_onsets(ends, point: Point, grid: Grid, keys, rows: tuple[Row, Row]) -> None:
    """Tricritical points, and ends of the lines of folds and of uniform onsets."""
    ends["tricritical"].solve(
        lambda g: gap_equations.tricritical(point, g, keys),
        _changes_of_order(point, grid, keys, rows),
        grid,
        rows,
    )
    if len(rows[0].folds) != len(rows[1].folds):
        more = max(rows, key=lambda row: len(row.folds))
        seeds = [[x, more.y, D] for x, D in _and_middles(more.folds)]
        for equations in (gap_equations.fold_end, gap_equations.cusp):
            ends["fold_ends"].solve(lambda g, e=equations: e(point, g, keys), seeds, grid, rows)
    if len(rows[0].bcs) != len(rows[1].bcs):
        more = max(rows, key=lambda row: len(row.bcs))
        seeds = [[x, more.y] for (x,) in _and_middles([(x,) for x in more.bcs])]
        ends["bcs_ends"].solve(lambda g: gap_equations.onset_end(point, g, keys), seeds, grid, rows)


def _fflo_onsets(ends, point: Point, grid: Grid, keys, rows: tuple[Row, Row]) -> None:
    """Lifshitz points, and where lines of FFLO onsets turn back."""
    if len(rows[0].fflo) == len(rows[1].fflo):
        return
    more = max(rows, key=lambda row: len(row.fflo))
    ends["lifshitz"].solve(
        lambda g: gap_equations.lifshitz(point, g, keys),
        [[x, more.y] for x, _ in more.fflo],
        grid,
        rows,
    )
    seeds = [[x, more.y, Q] for x, Q in _and_middles(more.fflo)]
    ends["fflo_ends"].solve(lambda g: gap_equations.fflo_end(point, g, keys), seeds, grid, rows)


def _changes_of_order(point: Point, grid: Grid, keys, rows: tuple[Row, Row]) -> list[list[float]]:
    """Seeds [x, y]: onsets of uniform pairing that are of first order in one row only."""

    def bend(x: float, row: Row) -> float:
        return float(gap_bend(0.0, point.at(**dict(zip(keys, (x, row.y)))), grid))

    seeds = []
    for row, other in (rows, rows[::-1]):
        for x in row.bcs:
            nearest = min(other.bcs, key=lambda y, x=x: abs(x - y), default=None)
            if nearest is None or abs(nearest - x) > FAR:
                seeds.append([x, row.y])
            elif bend(x, row) * bend(nearest, other) < 0:
                seeds.append([0.5 * (x + nearest), 0.5 * (row.y + other.y)])
    return seeds


def _and_middles(places: Sequence[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """The places, and the middles of neighbouring ones."""
    middles = [tuple(0.5 * (a + b) for a, b in zip(*pair)) for pair in zip(places, places[1:])]
    return [*places, *middles]
