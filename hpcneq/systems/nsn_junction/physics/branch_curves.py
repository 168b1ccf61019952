"""The curves F(D; x) = 1/U of uniform states over one parameter x, followed from end to end.

Kawamura and Ohashi (2025), Eq. (47). x is eV, h or T. A curve leaves D = 0 at an onset of uniform
pairing and ends at another one or at a bound of x, or it is closed. With B = (1/D) dF/dD a fold is
a change of sign of B along a curve, also next to D = 0: between an onset and its fold there may be
any distance, however short.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq

from .gap_roots import scan
from .operating_point import Point
from .uniform_states import Grid, gap_bend, gap_slopes, gap_sum

LONGEST = {"eV": 0.05, "h": 0.025, "T": 0.0125}  # step along a curve where x is that parameter
SHORTEST = 1e-6  # of the longest step
STRAIGHT = 0.98  # least cosine between the tangents of neighbouring points
NUDGE = 1e-5  # for derivatives in h and T
MOST = 5000  # points of one curve


@dataclass(frozen=True)
class Family:
    """f = U F - 1 over (D, x), D and x in units of the longest step of a curve."""

    point: Point
    grid: Grid
    along: str
    fineness: float = 1.0

    @property
    def scale(self) -> np.ndarray:
        """Longest steps in (D, x)."""
        return np.array([LONGEST["eV"], LONGEST[self.along]]) / self.fineness

    def at(self, x: float) -> Point:
        """The point at one value of the parameter."""
        return self.point.at(**{self.along: abs(float(x)) if self.along == "T" else float(x)})

    def excess(self, D: float, x: float) -> float:
        """U F - 1."""
        return self.point.U * float(gap_sum(abs(D), self.at(x), self.grid)) - 1

    def bend(self, D: float, x: float) -> float:
        """(U/D) dF/dD."""
        return self.point.U * float(gap_bend(abs(D), self.at(x), self.grid))

    def gradient(self, D: float, x: float) -> tuple[float, np.ndarray]:
        """f and its gradient (2,) in units of the scale."""
        F, by_gap, by_bias = gap_slopes(abs(D), self.at(x), self.grid)
        by_x = float(by_bias)
        if self.along != "eV":
            change = self.excess(D, x + NUDGE) - self.excess(D, x - NUDGE)
            by_x = change / (2 * NUDGE * self.point.U)
        slopes = np.array([np.copysign(1.0, D) * float(by_gap), by_x])
        return self.point.U * float(F) - 1, self.point.U * slopes * self.scale

    def states(self, x: float) -> tuple[np.ndarray, ...]:
        """(D, f, df/dD, B) at the values of D of a scan."""
        at = self.at(x)
        D = scan(at, self.grid)
        F, by_gap, _ = gap_slopes(D, at, self.grid)
        bend = np.divide(by_gap, D, out=np.zeros_like(D), where=D > 0)
        bend[0] = gap_bend(0.0, at, self.grid)
        U = self.point.U
        return D, U * F - 1, U * by_gap, U * bend


@dataclass
class BranchCurve:
    """A curve's points D, x and B (n,) each in order; how it ends at either side.

    ends : "onset", "bound", "closed" or "lost". folds : (x, D) of each, in order.
    """

    D: np.ndarray
    x: np.ndarray
    bend: np.ndarray
    ends: tuple[str, str]
    folds: list[tuple[float, float]] = field(default_factory=list)

    def passages(self, x: float) -> list[tuple[float, float]]:
        """(D, length of the chord) where the curve's chords pass a value of x."""
        before, after = self.x[:-1] - x, self.x[1:] - x
        hits = np.flatnonzero((before * after <= 0) & (before != after))
        share = before[hits] / (before[hits] - after[hits])
        places = (1 - share) * self.D[hits] + share * self.D[hits + 1]
        lengths = np.hypot(np.diff(self.D), np.diff(self.x))[hits]
        return list(zip(places.tolist(), lengths.tolist()))


# ---- following one curve ------------------------------------------------------------------------


def follow(
    family: Family, D: float, x: float, sense: int, low: float, high: float
) -> tuple[list[np.ndarray], str]:
    """Points (D, x) from a root along the curve, and how it ends; sense : +-1.

    At D = 0 the curve is followed towards D > 0 whatever the sense.
    """
    scale = family.scale
    y = np.array([D, x]) / scale
    tangent = sense * _tangent(family, y)
    if D == 0:
        tangent = np.array([1.0, 0.0])
    points, step = [np.array([D, x])], 0.25
    for _ in range(MOST):
        new = _step(family, y, tangent, step)
        if new is None:
            step /= 2
            if step < SHORTEST:
                return points, "lost"
            continue
        ahead, ahead_tangent = new
        real = ahead * scale
        if real[0] < 0:
            return _at_onset(family, points, y, ahead)
        if not low <= real[1] <= high:
            return _at_bound(family, points, y, ahead, low if real[1] < low else high)
        if len(points) > 5 and _closes(points[0] / scale, y, ahead):
            return [*points, points[0]], "closed"
        points.append(real)
        if ahead_tangent @ tangent > 0.995:
            step = min(1.5 * step, 1.0)
        y, tangent = ahead, ahead_tangent
    return points, "lost"


def _tangent(family: Family, y: np.ndarray) -> np.ndarray:
    """Unit vector along the curve."""
    _, slopes = family.gradient(*(y * family.scale))
    along = np.array([slopes[1], -slopes[0]])
    return along / max(np.hypot(*along), 1e-300)


def _step(
    family: Family, y: np.ndarray, tangent: np.ndarray, step: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """The next point and its tangent by Newton's method across the tangent; None if too far."""
    guess = y + step * tangent
    u = guess.copy()
    for _ in range(8):
        f, slopes = family.gradient(*(u * family.scale))
        matrix = np.array([slopes, tangent])
        if abs(np.linalg.det(matrix)) < 1e-14:
            return None
        change = np.linalg.solve(matrix, [-f, tangent @ (guess - u)])
        u = u + change
        if np.hypot(*(u - guess)) > 0.3 * step:
            return None
        if np.hypot(*change) < 1e-9:
            new = np.array([slopes[1], -slopes[0]]) / max(np.hypot(*slopes), 1e-300)
            new *= np.sign(new @ tangent) or 1.0
            return (u, new) if new @ tangent > STRAIGHT else None
    return None


def _at_onset(family, points, y, ahead) -> tuple[list[np.ndarray], str]:
    """The end of a curve at D = 0, between a point and the next one beyond."""
    share = y[0] / (y[0] - ahead[0])
    x = float(((1 - share) * y + share * ahead)[1] * family.scale[1])
    for _ in range(20):
        f, slopes = family.gradient(0.0, x)
        if slopes[1] == 0:
            return points, "lost"
        change = f / slopes[1] * family.scale[1]
        x -= change
        if abs(change) < 1e-11:
            return [*points, np.array([0.0, x])], "onset"
    return points, "lost"


def _at_bound(family, points, y, ahead, bound: float) -> tuple[list[np.ndarray], str]:
    """The end of a curve at a bound of x."""
    at = bound / family.scale[1]
    share = (at - y[1]) / (ahead[1] - y[1])
    D = float(((1 - share) * y + share * ahead)[0] * family.scale[0])
    for _ in range(20):
        f, slopes = family.gradient(D, bound)
        if slopes[0] == 0 or not 0 <= D < family.point.U:
            break
        change = f / slopes[0] * family.scale[0]
        D -= change
        if abs(change) < 1e-11 and D > 0:
            return [*points, np.array([D, bound])], "bound"
    # a fold at the bound itself: the interpolated point is as good
    return [*points, np.array([max(D, 0.0), bound])], "bound"


def _closes(begin: np.ndarray, y: np.ndarray, ahead: np.ndarray) -> bool:
    """Whether a step passes the point where the curve began."""
    chord = ahead - y
    share = (begin - y) @ chord / (chord @ chord)
    return bool(0 < share <= 1 and np.hypot(*(y + share * chord - begin)) < 0.1 * np.hypot(*chord))


def trace(family: Family, D: float, x: float, low: float, high: float) -> BranchCurve:
    """The whole curve through a root, with its folds."""
    ahead, end = follow(family, D, x, 1, low, high)
    begin = "onset" if D == 0 else end
    if D > 0 and end != "closed":
        back, begin = follow(family, D, x, -1, low, high)
        ahead = [*back[:0:-1], *ahead]
    places = np.array(ahead)
    bend = np.array([family.bend(*place) for place in places])
    places, bend = _refined(family, places, bend)
    curve = BranchCurve(places[:, 0], places[:, 1], bend, (begin, end))
    curve.folds = list(_folds(family, curve))
    return curve


def _refined(
    family: Family, places: np.ndarray, bend: np.ndarray, rounds: int = 7
) -> tuple[np.ndarray, np.ndarray]:
    """More points where B nearly touches zero between its neighbours, as it does at a cusp."""
    for _ in range(rounds):
        size = np.abs(bend)
        near = [
            i
            for i in range(1, len(bend) - 1)
            if bend[i - 1] * bend[i] > 0
            and bend[i] * bend[i + 1] > 0
            and touches(size[i - 1 : i + 2])
        ]
        new = sorted({i for k in near for i in (k - 1, k)})
        if not new:
            break
        middles = [on_curve(family, places[i], places[i + 1], 0.5) for i in new]
        middles_bend = [family.bend(*place) for place in middles]
        places = np.insert(places, [i + 1 for i in new], middles, axis=0)
        bend = np.insert(bend, [i + 1 for i in new], middles_bend)
    return places, bend


def touches(size: np.ndarray) -> bool:
    """Whether the parabola through three sizes (3,), equally spaced, dips below half the middle."""
    left, middle, right = size
    if not middle <= min(left, right) or left + right - 2 * middle <= 0:
        return False
    return bool(middle - (right - left) ** 2 / (8 * (left + right - 2 * middle)) < 0.5 * middle)


def on_curve(family: Family, a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """The point of the curve across its chord at a share of it."""
    place = (1 - share) * a + share * b
    for _ in range(8):
        f, slopes = family.gradient(*place)
        change = -f * slopes / max(slopes @ slopes, 1e-300)
        place = place + change * family.scale
        if np.hypot(*change) < 1e-11:
            break
    return np.array([abs(place[0]), place[1]])


def _folds(family: Family, curve: BranchCurve) -> Iterator[tuple[float, float]]:
    """(x, D) of the changes of sign of B between neighbouring points of a curve."""
    for i in np.flatnonzero(curve.bend[:-1] * curve.bend[1:] < 0):
        a, b = (np.array([curve.D[k], curve.x[k]]) for k in (i, i + 1))

        def bend(share: float, a: np.ndarray = a, b: np.ndarray = b) -> float:
            if share in (0.0, 1.0):
                return family.bend(*(b if share else a))
            return family.bend(*on_curve(family, a, b, share))

        D, x = on_curve(family, a, b, brentq(bend, 0.0, 1.0, xtol=1e-12))
        yield float(x), float(D)
