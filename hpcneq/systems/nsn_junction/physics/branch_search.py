"""Every curve of uniform states along one line, and whether none is missing.

Curves start from the onsets of uniform pairing and from the roots of the gap equation at sampled
values of the parameter x; extrema of F in D that nearly touch 1/U between two samples are solved
for, which shows closed curves that no sample meets. The search is complete if every root of every
sample lies on a curve, every curve ends where it may, and every onset is an end of a curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq, minimize_scalar, root

from .branch_curves import BranchCurve, Family, trace
from .operating_point import Point
from .uniform_states import Grid

FINENESS = (1.0, 3.0, 9.0)  # of the steps along a curve
SAMPLES = {"eV": 0.04, "h": 0.02, "T": 0.01}  # spacing of the sampled values


@dataclass
class CurveSearch:
    """All curves of one line.

    doubts : what shows that some may be missing. known : onsets from which they were sought.
    """

    curves: list[BranchCurve]
    doubts: list[str] = field(default_factory=list)
    known: Sequence[float] = ()

    @property
    def folds(self) -> list[tuple[float, float]]:
        """(x, D) of every fold, ascending in x."""
        return sorted({place for curve in self.curves for place in curve.folds})

    @property
    def onsets(self) -> list[float]:
        """Values of x at which F(0) = 1/U, ascending: where curves end, and those known before."""
        ends = [
            float(curve.x[side])
            for curve in self.curves
            for side, end in ((0, curve.ends[0]), (-1, curve.ends[1]))
            if end == "onset"
        ]
        lone = [x for x in self.known if all(abs(x - end) > 1e-7 for end in ends)]
        return sorted([*ends, *lone])


def search(
    point: Point, grid: Grid, along: str, low: float, high: float, onsets: Sequence[float] = ()
) -> CurveSearch:
    """Every curve with low <= x <= high; ``onsets`` : known values of x at which F(0) = 1/U.

    Where something shows that a step went from one curve to another, again with shorter steps.
    """
    curves = CurveSearch([])
    for fineness in FINENESS:
        curves = _search(Family(point, grid, along, fineness), low, high, onsets)
        if not curves.doubts:
            break
    return curves


def _search(family: Family, low: float, high: float, onsets: Sequence[float]) -> CurveSearch:
    """The curves for one length of the steps."""
    curves: list[BranchCurve] = []
    for x in onsets:
        if low <= x <= high and not _is_end(curves, x):
            curves.append(trace(family, 0.0, float(x), low, high))
    count = int(np.ceil((high - low) / SAMPLES[family.along])) + 1
    samples = np.linspace(low, high, max(count, 2))
    scans = [family.states(x) for x in samples]
    doubts: list[str] = []
    for x, states in zip(samples, scans):
        doubts += _add_missing(family, curves, float(x), states, low, high)
    for x, top, value in _islands(family, samples, scans):
        D, f, _, _ = family.states(x)
        place = int(np.searchsorted(D, top))
        finer = np.insert(D, place, top), np.insert(f, place, value)
        doubts += _add_missing(family, curves, x, finer, low, high)
    doubts += _doubts(family, curves, onsets, low, high)
    return CurveSearch(curves, doubts, [float(x) for x in onsets])


def _is_end(curves: Sequence[BranchCurve], x: float) -> bool:
    """Whether a curve ends at an onset."""
    return any(
        end == "onset" and abs(curve.x[side] - x) < 1e-7
        for curve in curves
        for side, end in ((0, curve.ends[0]), (-1, curve.ends[1]))
    )


def _add_missing(
    family: Family, curves: list[BranchCurve], x: float, states: tuple, low: float, high: float
) -> list[str]:
    """Trace the curves through the roots in ``states`` that lie on none; what failed."""
    D, f = states[:2]
    doubts = []
    for i in np.flatnonzero(f[:-1] * f[1:] < 0):
        if any(D[i] <= place <= D[i + 1] for c in curves for place, _ in c.passages(x)):
            continue
        root_D = brentq(lambda d: family.excess(d, x), D[i], D[i + 1], xtol=1e-13)
        if root_D < 1e-6 or _lies_on_one(family, curves, root_D, x):
            continue
        curve = trace(family, root_D, x, low, high)
        if not any(_is_same(curve, other) for other in curves):
            curves.append(curve)
        if len(curve.D) < 3:
            doubts.append(f"a branch cannot be followed at {family.along} = {x:.6g}")
    return doubts


def _lies_on_one(family: Family, curves: Sequence[BranchCurve], D: float, x: float) -> bool:
    """Whether a root lies on a curve: on the chord next to it, or by Newton's method from there."""
    for curve in curves:
        for place, chord in curve.passages(x):
            if abs(place - D) > 2e-4 + 0.3 * chord:
                continue
            for _ in range(8):
                f, slopes = family.gradient(place, x)
                change = -f * family.scale[0] / (slopes[0] or 1e-300)
                place += float(np.clip(change, -0.1 * chord, 0.1 * chord))
            if abs(place - D) < max(1e-6, 1e-3 * chord):
                return True
    return False


def _is_same(first: BranchCurve, second: BranchCurve) -> bool:
    """Whether two open curves have both ends in common."""
    if "closed" in (*first.ends, *second.ends):
        return False
    places = [sorted((c.x[k], c.D[k]) for k in (0, -1)) for c in (first, second)]
    return bool(np.all(np.abs(np.ravel(places[0]) - np.ravel(places[1])) < 1e-7))


def _islands(
    family: Family, samples: np.ndarray, scans: Sequence[tuple]
) -> list[tuple[float, float, float]]:
    """(x, D, f) inside closed curves that no sample may meet.

    Extrema of F in D between two values of a scan, and those between two samples which an extremum
    is near enough to reach.
    """
    reach, places = samples[1] - samples[0], []
    for x, (D, f, slope, _) in zip(samples, scans):
        for i in np.flatnonzero(slope[1:-1] * slope[2:] < 0) + 1:
            share = slope[i] / (slope[i] - slope[i + 1])
            top = float((1 - share) * D[i] + share * D[i + 1])
            value = family.excess(top, x)
            if (value > 0) == (slope[i] > 0):  # a maximum above: its two roots are known
                if f[i] * value < 0 and f[i] * f[i + 1] > 0:
                    places.append((float(x), top, value))
                continue
            _, slopes = family.gradient(top, x)
            if abs(value) > 0.5 * reach / family.scale[1] * abs(slopes[1]):
                continue
            summit = _summit(family, top, float(x), reach)
            if summit[2] * value < 0:
                places.append((min(max(summit[1], samples[0]), samples[-1]), *summit[::2]))
    return sorted(set(places))


def _summit(family: Family, D: float, x: float, reach: float) -> tuple[float, float, float]:
    """(D, x, f) next to a place, x within ``reach``: the extremum over D that is nearest to 0.

    By Newton's method where both derivatives vanish, else by two bounded searches.
    """
    low, high = np.array([0.0, x - reach]), np.array([family.point.U, x + reach])

    def equations(u: np.ndarray) -> np.ndarray:
        return family.gradient(*np.clip(u * family.scale, low, high))[1]

    solution = root(equations, np.array([D, x]) / family.scale, tol=1e-8)
    gap, place = map(float, solution.x * family.scale)
    if solution.success and abs(place - x) < reach and 0 < abs(gap - D) < 0.1 and gap > 0:
        return gap, place, family.excess(gap, place)
    sign = np.sign(family.excess(D, x))  # -1: a maximum below 1/U

    def extremum(at: float) -> tuple[float, float]:
        best = minimize_scalar(
            lambda d: sign * family.excess(d, at), bounds=(max(D - 0.1, 0.0), D + 0.1)
        )
        return float(best.fun), float(best.x)

    best = minimize_scalar(
        lambda at: extremum(at)[0], bounds=(max(x - reach, 0.0), x + reach), options={"xatol": 1e-5}
    )
    value, gap = extremum(best.x)
    return gap, float(best.x), float(sign * value)


def _doubts(
    family: Family, curves: Sequence[BranchCurve], onsets: Sequence[float], low: float, high: float
) -> list[str]:
    """What shows that curves may be missing."""
    doubts = [
        f"a branch is lost at {family.along} = {curve.x[side]:.6g}, D = {curve.D[side]:.4g}"
        for curve in curves
        for side, end in ((0, curve.ends[0]), (-1, curve.ends[1]))
        if end == "lost"
    ]
    for x in onsets:
        if low <= x <= high and not _is_end(curves, x):
            doubts.append(f"no branch leaves the onset at {family.along} = {x:.6g}")
    ends = CurveSearch(list(curves)).onsets
    if len(ends) != len({round(x, 6) for x in ends}):
        doubts.append("two branches end at one onset")
    return doubts
