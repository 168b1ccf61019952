"""Lines through the junction's phase diagram: where to scan, boundaries, regions.

Kawamura and Ohashi (2025), Figs. 3, 5(a), 8. The boundaries are solved for; between two of them
the region is asked for at a few points only, and everywhere if those differ (a first-order line,
which no onset shows). What is found here by scans and steps are seeds; the tasks polish them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import onsets
from .branch_search import CurveSearch
from .operating_point import Point
from .uniform_states import Grid

REGIONS = ("normal", "bcs", "fflo", "bistable-with-fflo", "bistable-with-normal")
SPACING = {"eV": 0.04, "h": 0.02, "T": 0.01}  # of the scans for boundaries
# pairs are gone where every |h -+ eV/2| exceeds this times the gap at rest; 0.9 is enough on the
# square lattice
MARGIN = 1.25


def scan_values(
    point: Point, grid: Grid, along: str, step: float, to: float | None = None
) -> np.ndarray:
    """Values (n >= 2,) of ``along`` in which onsets are sought: to ``to`` or the last pair."""
    if to is None:
        to = _end_of_pairing(point, grid, along)
    low = 0.0 if along != "T" or point.width > 0 else 0.01 * to
    return np.append(np.arange(low, to, step), to)


def _end_of_pairing(point: Point, grid: Grid, along: str) -> float:
    """Where no pair survives, judged by the gap at rest."""
    coldest = 0.0 if point.width > 0 else 1e-3
    gaps = onsets.roots(point.at(h=0.0, eV=0.0, T=coldest), grid)
    gap = max(gaps, default=0.5 * point.U)
    ends = {
        "eV": 2 * (abs(point.h) + MARGIN * gap),
        "h": 0.5 * abs(point.eV) + MARGIN * gap,
        "T": 0.8 * gap,
    }
    return ends[along]


def scan_of(along: str, values: np.ndarray) -> np.ndarray:
    """Where onsets are sought on a line with these values."""
    if len(values) < 2:
        return np.asarray(values)
    count = int(np.ceil((values[-1] - values[0]) / SPACING[along])) + 1
    return np.linspace(values[0], values[-1], count)


def line(point: Point, grid: Grid, along: str, values: np.ndarray) -> dict:
    """Boundaries and regions along one parameter ("eV", "h" or "T") through ``point``.

    values : (n,) ascending. Returns {"regions": (n,) indices into `REGIONS`, "bcs_onset",
    "fflo_onset", "fflo_Q", "fold", "fold_delta", "h_cc", "doubts": lists}; ``h_cc`` (the
    Chandrasekhar-Clogston field) for along = "h" at eV = 0 only, where there is a first-order
    transition. An FFLO onset has Q > 0. doubts : why folds may be missing.
    """
    scanned = scan_of(along, values)
    curves = CurveSearch([])
    if len(values) > 1:
        curves = onsets.uniform_curves(point, grid, scanned, along)
    fflo = [(x, Q) for x, Q in zip(*onsets.fflo_onsets(point, grid, scanned, along)) if Q > 1e-6]
    limit = np.nan
    if along == "h" and point.eV == 0:
        limit = onsets.clogston_limit(point, grid)
    boundaries = {
        "bcs_onset": curves.onsets,
        "fflo_onset": [float(x) for x, _ in fflo],
        "fold": [x for x, _ in curves.folds],
        "h_cc": [h for h in (limit,) if values[0] <= h <= values[-1]],
    }
    edges = sorted(x for places in boundaries.values() for x in places)
    return {
        "regions": regions(point, grid, along, values, edges),
        **boundaries,
        "fflo_Q": [float(Q) for _, Q in fflo],
        "fold_delta": [D for _, D in curves.folds],
        "doubts": curves.doubts,
    }


def regions(
    point: Point, grid: Grid, along: str, values: np.ndarray, edges: Sequence[float]
) -> np.ndarray:
    """Region of each value, (n,) int64; ``edges`` are values where it may change."""
    code = np.full(len(values), -1, np.int64)

    def region_at(i: int) -> int:
        if code[i] < 0:
            name = onsets.region(point.at(**{along: float(values[i])}), grid)
            code[i] = REGIONS.index(name)
        return code[i]

    def fill(first: int, last: int) -> None:
        middle = (first + last) // 2
        if region_at(first) == region_at(last) and region_at(middle) == region_at(first):
            code[first : last + 1] = code[first]
        elif last - first > 1:
            fill(first, middle)
            fill(middle, last)

    starts = np.concatenate([[0], np.searchsorted(values, edges), [len(values)]])
    for first, end in zip(starts, starts[1:]):
        if end > first:
            fill(first, end - 1)
    return code
