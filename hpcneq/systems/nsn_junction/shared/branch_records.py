"""The branches of uniform states along one line: followed, cut at their folds, kept as columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ....parallel import solo
from ....solvers.continuation import FOLD, Curve, Follower
from ....solvers.curves import Spot
from ....solvers.newton import Solution
from ..inputs import BranchNumerics
from ..physics import gap_equations, onsets
from ..physics.branch_search import CurveSearch
from ..physics.operating_point import Point
from ..physics.uniform_states import Grid
from ..quantities import STABILITY_CODES
from .polished_roots import polished

NEAR = 1e-4  # a state this close to a branch lies on it
Root = tuple[Solution, np.ndarray]  # with its errors
COLUMNS = ("branch", "x", "delta", "code", "residual")


def empty_record() -> dict:
    """The record of a line without branches."""
    numbers = {name: np.zeros(0) for name in ("x", "delta", "residual")}
    codes = {name: np.zeros(0, int) for name in ("branch", "code")}
    folds = ("folds", "folds_delta", "folds_error", "folds_delta_error", "fold_reasons")
    return (
        numbers
        | codes
        | {name: [] for name in folds}
        | {
            "stable": [],
            "lost": 0,
            "complete": True,
        }
    )


def follow_all(
    point: Point,
    grid: Grid,
    along: str,
    values: np.ndarray,
    numerics: BranchNumerics,
    known: CurveSearch,
) -> list[Curve]:
    """The curves of uniform states between the values, from the roots at each of them.

    A root at one of the values that lies on no curve yet starts another, and so does a place on a
    branch of ``known`` that lives between two values. numerics : control and step of the
    continuation.
    """
    follower = Follower(
        gap_equations.GapFamily(point, grid, along),
        solo(),
        (0.0, float(values.min())),
        (0.6 * point.U, float(values.max())),
        (1.0, 1.0),
        control=numerics.control,
        step=numerics.step,
        smallest=1e-5,
        largest=2 * numerics.step,
    )
    curves: list[Curve] = []

    def add(D: float, x: float) -> None:
        curve = follower.trace(follower.start([D], x))
        if not any(is_same(curve, other) for other in curves):
            curves.append(curve)

    for x in map(float, values):
        for D in onsets.roots(point.at(**{along: x}), grid):
            if not any(passes_through(curve, D, x) for curve in curves):
                add(D, x)
    for branch in known.curves:
        places = [(float(D), float(x)) for D, x in zip(branch.D, branch.x) if D > NEAR]
        if places and not any(passes_through(curve, *at) for curve in curves for at in places):
            add(*places[len(places) // 2])
    return sorted(curves, key=lambda curve: -curve.x.max())


def passes_through(curve: Curve, D: float, x: float) -> bool:
    """Whether a curve goes through (D, x), between two of its points."""
    start = np.column_stack([curve.x[:-1, 0], curve.p[:-1]])
    chord = np.column_stack([curve.x[1:, 0], curve.p[1:]]) - start
    along = ((np.array([D, x]) - start) * chord).sum(1)
    share = np.clip(along / np.maximum((chord**2).sum(1), 1e-300), 0, 1)
    distance = np.hypot(*(start + share[:, None] * chord - [D, x]).T)
    return bool(np.any(distance < NEAR + 0.1 * np.hypot(*chord.T)))


def is_same(first: Curve, second: Curve) -> bool:
    """Whether two curves are one: the same ends, or, if they are closed, the same folds."""
    if "closed" in first.ends or "closed" in second.ends:
        places = [sorted((spot.p, spot.x[0]) for spot in c.of_kind(FOLD)) for c in (first, second)]
    else:
        places = [sorted((c.p[k], c.x[k, 0]) for k in (0, -1)) for c in (first, second)]
    if len(places[0]) != len(places[1]):
        return False
    return bool(np.all(np.abs(np.ravel(places[0]) - np.ravel(places[1])) < 1e-6))


def pieces(curve: Curve, point: Point, grid: Grid, along: str) -> list[tuple[int, int, str]]:
    """[(first, last + 1, stability)]: a curve cut at its folds; a piece has one stability.

    It is asked for in the middle of the piece.
    """
    folds = [i for i, spot in enumerate(curve.spots) if spot.kind == FOLD]
    cuts = [0, *folds, len(curve.spots) - 1]
    parts = []
    for a, b in zip(cuts, cuts[1:]):
        if b <= a:
            continue
        middle = curve.spots[(a + b) // 2]
        D, x = float(middle.x[0]), middle.p
        if b - a == 1:  # between two cuts only: stand between them
            D = float(0.5 * (curve.x[a, 0] + curve.x[b, 0]))
            x = float(0.5 * (curve.p[a] + curve.p[b]))
        stability = onsets.stability(max(D, 1e-9), point.at(**{along: x}), grid)
        parts.append((a, b + 1, stability))
    return parts


def branch_record(
    point: Point, grid: Grid, along: str, values: np.ndarray, numerics: BranchNumerics
) -> dict:
    """What a sweep keeps of one line: columns over the branches' points, folds, stable intervals.

    Columns (points,): number of the branch, parameter x, delta, code of the stability, residual.
    complete : whether the folds are those of a second search. Where they differ a step has crossed
    from one branch to another close by, and the step is halved, up to three times.
    """
    known = CurveSearch([])
    if len(values) > 1:
        known = onsets.uniform_curves(point, grid, values, along)
    for _ in range(4):
        curves = follow_all(point, grid, along, values, numerics, known)
        record = _columns(curves, point, grid, along, numerics)
        record["complete"] = not known.doubts and same_folds(record, known)
        if same_folds(record, known) or numerics.control == "parameter":
            break
        numerics = dataclasses.replace(numerics, step=0.5 * numerics.step)
    return record


def _columns(
    curves: Sequence[Curve], point: Point, grid: Grid, along: str, numerics: BranchNumerics
) -> dict:
    """The record of curves: columns, folds, stable intervals, ends that were not reached."""
    columns: dict[str, list] = {name: [] for name in COLUMNS}
    folds, stable, lost = [], [], 0
    for number, curve in enumerate(curves):
        for first, end, stability in pieces(curve, point, grid, along):
            spots = curve.spots[first:end]
            add_piece(columns, stable, number, spots, stability)
            columns["delta"] += [float(spot.x[0]) for spot in spots]
        folds += [(spot.p, float(spot.x[0]), spot.reason) for spot in curve.of_kind(FOLD)]
        if numerics.control == "arclength":
            lost += lost_ends(curve)
    solutions = [
        polished(lambda g: gap_equations.fold(point, g, along), [x, D], grid)
        for x, D, _ in sorted(folds)
    ]
    record = arrays_of(columns) | fold_record(solutions)
    return record | {"lost": lost, "stable": merged(stable)}


def add_piece(
    columns: dict[str, list], stable: list, number: int, spots: Sequence[Spot], stability: str
) -> None:
    """Append the points of one piece of a branch, but delta, and its interval if it is stable."""
    columns["branch"] += [number] * len(spots)
    columns["x"] += [float(spot.p) for spot in spots]
    columns["code"] += [STABILITY_CODES[stability]] * len(spots)
    columns["residual"] += [float(spot.residual) for spot in spots]
    if stability == "stable":
        stable.append((min(spot.p for spot in spots), max(spot.p for spot in spots)))


def arrays_of(columns: dict[str, list]) -> dict:
    """The columns as arrays, numbers of branches and codes as integers."""
    record: dict = {name: np.array(column) for name, column in columns.items()}
    return record | {name: record[name].astype(int) for name in ("branch", "code")}


def same_folds(record: dict, known: CurveSearch) -> bool:
    """Whether two searches have the same folds."""
    places = sorted(zip(record["folds"], record["folds_delta"]))
    if len(places) != len(known.folds):
        return False
    return bool(np.all(np.abs(np.ravel(places) - np.ravel(known.folds)) < 1e-5))


def fold_record(solutions: Sequence[Root]) -> dict:
    """What a sweep keeps of polished folds (value, D, ...)."""
    return {
        "folds": [float(solution.x[0]) for solution, _ in solutions],
        "folds_delta": [abs(float(solution.x[1])) for solution, _ in solutions],
        "folds_error": [float(error[0]) for _, error in solutions],
        "folds_delta_error": [float(error[1]) for _, error in solutions],
        "fold_reasons": [solution.reason for solution, _ in solutions],
    }


def lost_ends(curve: Curve) -> int:
    """How many ends of a curve are none: the steps became too small, or were too many."""
    return sum(end in ("step", "most") for end in curve.ends)


def merged(intervals: Sequence[tuple[float, float]]) -> list[list[float]]:
    """Overlapping intervals joined, ascending."""
    joined: list[list[float]] = []
    for low, high in sorted(intervals):
        if joined and low <= joined[-1][1] + 1e-9:
            joined[-1][1] = max(joined[-1][1], high)
        else:
            joined.append([low, high])
    return joined
