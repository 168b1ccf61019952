"""Branches of condensates between leads that do not mirror each other: D and mu_pair over a line.

Both unknowns are followed together by arclength. Branches begin at the roots of a scan at some
values of the line, at both its ends among them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from ....errors import NotConverged
from ....parallel import solo
from ....solvers import newton
from ....solvers.continuation import FOLD, Curve, Follower
from ....solvers.curves import Spot
from ....solvers.modes import spectrum
from ....tasks import Given
from ..inputs import BranchNumerics
from ..physics import turning_states
from ..physics.operating_point import Point
from ..physics.response import UniformResponse
from ..physics.rotating_condensate import frame, levels
from ..physics.uniform_states import Grid
from .branch_records import (
    COLUMNS,
    Root,
    add_piece,
    arrays_of,
    empty_record,
    fold_record,
    is_same,
    lost_ends,
    merged,
    passes_through,
)
from .operating_point import point_of
from .polished_roots import polished

SCANS = 16  # values of a line at which roots are sought
VANISHED = 1e-3  # order parameters below this are the normal state
LENGTH = {"eV": 1.0, "h": 0.5}  # in which a line is measured
SAME = 1e-6  # two solutions closer than this are one
TURNING = (
    "leads that do not mirror each other turn the phase of a condensate, at 2 mu_pair; branches "
    "are followed from roots at some of the values: a closed one between two of them may be missing"
)
FLOOR_SHARE = 0.3  # of the decay rate of free pairs: modes are counted down to there


def is_mirrored(given: Given, along: str) -> bool:
    """Whether the leads mirror each other at every swept value, so that no condensate turns."""
    axes = [[(key, float(x)) for x in values] for key, values in given.sweep.items()]
    if along not in given.sweep:
        axes.append([(along, 0.5)])
    return all(point_of(given, **dict(place)).mirrored for place in itertools.product(*axes))


def roots(point: Point, grid: Grid) -> list[newton.Solution]:
    """Every condensate (D, mu_pair) that a scan hints at, by SNES, ascending in D."""
    solutions: list[newton.Solution] = []
    for seed in turning_states.scan(point, turning_states.coarser(point, grid)):
        solution = newton.solve_equations(turning_states.state(point, grid), seed, prefix="steady_")
        new = all(np.abs(solution.x - other.x).max() > SAME for other in solutions)
        if solution.converged and solution.x[0] > VANISHED and new:
            solutions.append(solution)
    return sorted(solutions, key=lambda solution: solution.x[0])


def turning_record(
    point: Point, grid: Grid, along: str, values: np.ndarray, numerics: BranchNumerics
) -> dict:
    """What a sweep keeps of one line, as `branch_record`, and mu, the chemical potential.

    complete : whether every branch was followed to an end; a closed one between two of the values
    scanned is not excluded.
    """
    rough = turning_states.coarser(point, grid)
    curves = follow_all(point, rough, along, values, numerics)
    columns: dict[str, list] = {name: [] for name in (*COLUMNS, "mu")}
    stable: list[tuple[float, float]] = []
    lost = 0
    for number, curve in enumerate(curves):
        for spots in _pieces(curve):
            stability = _stability(spots, point, rough, along)
            add_piece(columns, stable, number, spots, stability)
            columns["delta"] += [abs(float(spot.x[0])) for spot in spots]
            columns["mu"] += [float(spot.x[1]) for spot in spots]
        lost += lost_ends(curve)
    solutions = folds_of(curves, point, grid, along)
    record = empty_record() | arrays_of(columns) | fold_record(solutions)
    record["folds_mu"] = [float(solution.x[2]) for solution, _ in solutions]
    if numerics.control == "parameter":  # it stops at folds
        lost = 0
    return record | {"lost": lost, "stable": merged(stable), "complete": not lost}


def single_record(point: Point, grid: Grid, eV: float) -> dict:
    """The record of one bias: no branch; stable is the largest condensate without growing modes."""
    at, record = point.at(eV=eV), empty_record() | {"mu": np.zeros(0), "folds_mu": []}
    for root in roots(at, grid)[::-1]:
        D, m = map(float, root.x)
        if growing_modes(D, m, at, turning_states.coarser(at, grid)) == 0:
            return record | {"stable": [(eV, eV)], "only": (D, m)}
    return record


def follow_all(
    point: Point, grid: Grid, along: str, values: np.ndarray, numerics: BranchNumerics
) -> list[Curve]:
    """The curves through the roots at some of the values."""
    ends = [point.at(**{along: float(x)}) for x in values[[0, -1]]]
    low = min(levels(at)[0] for at in ends) - 0.1
    high = max(levels(at)[1] for at in ends) + 0.1
    follower = Follower(
        turning_states.TurningFamily(point, grid, along),
        solo(),
        (0.0, low, float(values.min())),
        (0.6 * point.U, high, float(values.max())),
        (1.0, 1.0, LENGTH[along]),
        control=numerics.control,
        step=numerics.step,
        smallest=1e-5,
        largest=2 * numerics.step,
    )
    curves: list[Curve] = []
    picked = np.unique(np.linspace(0, len(values) - 1, SCANS).round().astype(int))
    for x in map(float, values[picked]):
        for root in roots(point.at(**{along: x}), grid):
            if any(passes_through(curve, root.x[0], x) for curve in curves):
                continue
            curve = follower.trace(follower.start(root.x, x))
            if not any(is_same(curve, other) for other in curves):
                curves.append(curve)
    return sorted(curves, key=lambda curve: -curve.x[:, 0].max())


def _pieces(curve: Curve) -> list[list]:
    """A curve cut at its folds, which belong to both sides."""
    cuts = [i for i, spot in enumerate(curve.spots) if is_fold(spot)]
    cuts = [0, *cuts, len(curve.spots) - 1]
    return [curve.spots[a : b + 1] for a, b in zip(cuts, cuts[1:]) if b > a]


def is_fold(spot: Spot) -> bool:
    """Whether a spot is a fold; where D vanishes the branch meets its mirror image instead."""
    return spot.kind == FOLD and abs(spot.x[0]) > VANISHED


def _stability(spots: Sequence, point: Point, grid: Grid, along: str) -> str:
    """Of a piece: unstable if modes at q = 0 grow in its middle; else by where it leads.

    Stable if the normal state pairs uniformly at one of its ends or halfway, else metastable.
    Unknown where the modes cannot be counted.
    """
    middle = spots[len(spots) // 2]
    at = point.at(**{along: float(middle.p)})
    try:
        growing = growing_modes(float(middle.x[0]), float(middle.x[1]), at, grid)
    except NotConverged:
        return "unknown"
    if growing:
        return "unstable"
    places = {float(spots[k].p) for k in (0, len(spots) // 2, -1)}
    excess = [turning_states.normal_excess(point.at(**{along: x}), grid)[1] for x in places]
    return "stable" if max(excess) > 0 else "metastable"


def growing_modes(D: float, m: float, point: Point, grid: Grid) -> int:
    """Number of growing modes at q = 0 of a condensate, by winding; the neutral phase is none."""
    response = UniformResponse(abs(D), frame(point, m), grid)
    found = spectrum(response, 0.0, solo(), floor=-FLOOR_SHARE * response.analytic_below)
    return int(found.growing)


def folds_of(curves: Sequence[Curve], point: Point, grid: Grid, along: str) -> list[Root]:
    """Folds (value, D, m) of curves, polished, with errors; the value ascends."""
    seeds = [[spot.p, *spot.x] for curve in curves for spot in curve.spots if is_fold(spot)]
    return [
        polished(lambda g: turning_states.fold(point, g, along), seed, grid)
        for seed in sorted(seeds)
    ]


def stable_states(record: dict, point: Point, grid: Grid, values: np.ndarray) -> list:
    """(Solution, error (2,)) of the largest stable condensate at each value of eV, or None."""
    states = []
    for x in map(float, values):
        states.append(None)
        if any(low - 1e-9 <= x <= high + 1e-9 for low, high in record["stable"]):
            seed = _nearest(record, x)
            states[-1] = polished(
                lambda g, x=x: turning_states.state(point.at(eV=x), g), seed, grid
            )
    return states


def _nearest(record: dict, x: float) -> np.ndarray:
    """(D, m) of the largest stable condensate at x, linearly between a branch's points."""
    if "only" in record:
        return np.array(record["only"])
    best = np.array([0.0, 0.0])
    code, branch = record["code"], record["branch"]
    for k in range(len(code) - 1):
        if branch[k] != branch[k + 1] or code[k] != 1 or code[k + 1] != 1:
            continue
        a, b = record["x"][k : k + 2]
        if a == b or not min(a, b) - 1e-9 <= x <= max(a, b) + 1e-9:
            continue
        share = (x - a) / (b - a)
        place = [
            (1 - share) * record[name][k] + share * record[name][k + 1] for name in ("delta", "mu")
        ]
        if place[0] > best[0]:
            best = np.array(place)
    return best


def transported(D: float, m: float, point: Point, grid: Grid) -> np.ndarray:
    """(I_L, dI_L/dV, I_R, dI_R/dV) of a condensate along its branch; D = 0: the normal state."""
    numbers = turning_states.carried(D, m, point, grid)
    slopes = turning_states.conductance(D, m, point, grid)
    return np.array([numbers.current_left, slopes[0], numbers.current_right, slopes[1]])
