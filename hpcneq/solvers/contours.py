"""Around a box in the complex plane: how many roots of det M it holds, and where.

M(z) is analytic for Im z > ``samples.low``, and the boxes lie above. Where ``samples.places``, the
real parts of the points on Im z = low at which M is singular, are known, M varies on the scale of
the distance to the line next to them alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ..errors import NotConverged
from ..maths.arrays import ArrayLike, ComplexArray, FloatArray

TURN = np.pi / 4  # largest phase of det M over half an interval
# Largest distance of log det M at an interval's middle from the mean of its ends; half that of its
# slope.
BEND = 0.15
FIRST = 8  # intervals a side to begin with, at least
SPACING = 3.0  # their largest length in units of the distance to Im z = low, on which M can vary
SMOOTH = 0.5  # times |low|: that scale far from the places where M is singular
MOST_SAMPLES = 20000  # around one box
SMALLEST = 2.0**-26  # part of a side that still is not resolved: a root on the boundary
# Where boxes are split: not in the middle, where symmetric M have roots.
SPLITS = (0.4637, 0.5281, 0.3719, 0.6173)


class Sampled(Protocol):
    """A matrix M(z), analytic for Im z > ``low``; `modes.Samples` is one."""

    low: float
    places: FloatArray | None  # real parts (n,) of the points on Im z = low where M is singular

    def many(self, points: Iterable[complex]) -> ComplexArray:
        """M at n points, (n, m, m)."""


class RootOnContour(NotConverged):
    """A root lies on the boundary, or too close to be told apart from it."""


@dataclass(frozen=True)
class Box:
    """left <= Re z <= right, bottom <= Im z <= top."""

    left: float
    right: float
    bottom: float
    top: float

    def contains(self, z: complex) -> bool:
        """Whether z lies inside."""
        return self.left < z.real < self.right and self.bottom < z.imag < self.top

    @property
    def corners(self) -> ComplexArray:
        """Counterclockwise from the lower left, (4,)."""
        x = np.array([self.left, self.right, self.right, self.left])
        return x + 1j * np.array([self.bottom, self.bottom, self.top, self.top])

    @property
    def size(self) -> float:
        """The longer side."""
        return max(self.right - self.left, self.top - self.bottom)

    def at(self, s: ArrayLike) -> tuple[ComplexArray, ComplexArray]:
        """z and dz/ds a distance s in [0, 4] around the box, one unit a side, denser at corners."""
        s = np.asarray(s, float)
        side = np.minimum(s.astype(int), 3)
        start, end = self.corners[side], np.roll(self.corners, -1)[side]
        u = np.pi * (s - side)
        z = start + 0.5 * (end - start) * (1 - np.cos(u))
        return z, 0.5 * np.pi * (end - start) * np.sin(u)

    def split(self, fraction: float) -> tuple[Box, Box]:
        """The two parts of the box cut across its longer side."""
        if self.right - self.left > self.top - self.bottom:
            cut = self.left + fraction * (self.right - self.left)
            return replace(self, right=cut), replace(self, left=cut)
        cut = self.bottom + fraction * (self.top - self.bottom)
        return replace(self, top=cut), replace(self, bottom=cut)


@dataclass(frozen=True)
class Path:
    """A sampled boundary: intervals (n, 2) that resolve log det M, and how many roots it holds."""

    box: Box
    intervals: FloatArray
    count: int

    def points(self) -> FloatArray:
        """s (n, 3): both ends and the middle of each interval."""
        ends = self.intervals
        return np.stack([ends[:, 0], ends.mean(axis=1), ends[:, 1]], axis=1)

    def finer(self) -> Path:
        """Every interval halved."""
        s = self.points()
        return replace(self, intervals=np.concatenate([s[:, :2], s[:, 1:]]))


def winding(samples: Sampled, box: Box, fineness: float = 1.0) -> Path:
    """The Path around a box, its intervals halved until the phase of det M turns slowly.

    Roots next to the boundary can hide between samples in pairs, their turns adding up to whole
    ones: so the slope of log det M has to agree too, and the first intervals (``fineness`` times
    shorter) follow the scale of M. Raises RootOnContour where halving does not end, NotConverged
    beyond MOST_SAMPLES. **Collective.**
    """
    open_ = _first(box, samples.low, SPACING / fineness, samples.places)
    closed: list[FloatArray] = []
    turned = 0.0
    while len(open_):
        if 3 * (len(open_) + sum(map(len, closed))) > MOST_SAMPLES:
            raise NotConverged(
                f"modes: more than {MOST_SAMPLES} samples around {box}; take a smaller box "
                "or a higher floor"
            )
        good, turns = _resolved(samples, box, open_)
        turned += turns[good].sum()
        closed.append(open_[good])
        rest = open_[~good]
        if len(rest) and np.min(rest[:, 1] - rest[:, 0]) < SMALLEST:
            where = rest[np.argmin(rest[:, 1] - rest[:, 0])].mean()
            raise RootOnContour(
                f"a root at or next to the boundary, near z = {box.at(where)[0]:.6g}"
            )
        open_ = Path(box, rest, 0).finer().intervals
    return Path(box, np.concatenate(closed), round(turned / (2 * np.pi)))


def _resolved(samples, box, intervals):
    """Whether intervals (n, 2) resolve log det M, (n,), and its phase over their halves, (n, 2)."""
    z = box.at(Path(box, intervals, 0).points())[0]
    step = z[:, 2] - z[:, 0]
    # for the slope in the middle: mirrored where M(-z*) = M(z)* may save it
    aside = np.where(z[:, 1].real < 0, 1e-4, -1e-4)
    beside = z[:, 1] + aside * step
    f = np.linalg.det(samples.many(np.concatenate([z.ravel(), beside])))
    f, ahead = f[: z.size].reshape(z.shape), f[z.size :]
    if np.any(f == 0) or np.any(ahead == 0):
        where = z[np.abs(f).min(axis=1) == np.abs(f).min()][0, 1]
        raise RootOnContour(f"a root on the boundary, near z = {where:.6g}")
    halves = np.log(f[:, 1:] / f[:, :-1])
    slope = (ahead / f[:, 1] - 1) / aside
    good = (
        (np.abs(halves.imag).max(axis=1) < TURN)
        & (np.abs(halves[:, 1] - halves[:, 0]) / 2 < BEND)
        & (np.abs(slope - halves.sum(axis=1)) < 2 * BEND)
    )
    return good, halves.imag


def _first(box, low, spacing, places=None):
    """Intervals (n, 2) of s no longer in z than ``spacing`` times the scale of M.

    That is the distance to Im z = low, or to ``places`` on it if they are known.
    """
    grid = np.arange(4 * FIRST + 1) / FIRST
    closed, open_ = [], np.stack([grid[:-1], grid[1:]], axis=1)
    while len(open_):
        z = box.at(open_)[0]
        scale = z.imag.min(axis=1) - low
        if places is not None:
            distance = _distance(z, np.asarray(places) + 1j * low)
            scale = np.maximum(scale, np.minimum(distance, -SMOOTH * low))
        long_ = np.abs(z[:, 1] - z[:, 0]) > spacing * scale
        closed.append(open_[~long_])
        open_ = Path(box, open_[long_], 0).finer().intervals
    return np.concatenate(closed)


def _distance(ends, points):
    """(n,) : of straight lines between ends (n, 2) from the nearest of ``points`` (m,)."""
    start, along = ends[:, :1], np.diff(ends, axis=1)
    part = np.clip(((points - start) * along.conj()).real / np.abs(along) ** 2, 0.0, 1.0)
    return np.abs(start + part * along - points).min(axis=1)


def split(samples: Sampled, box: Box, fineness: float = 1.0) -> list[Path]:
    """The paths around both parts of a box; the cut is moved off a root. **Collective.**"""
    for fraction in SPLITS:
        try:
            return [winding(samples, part, fineness) for part in box.split(fraction)]
        except RootOnContour as trouble:
            fault = trouble
    raise NotConverged(f"modes: {fault}")


def beyn(samples: Sampled, path: Path) -> ComplexArray:
    """``path.count`` estimates of the roots inside a path, (n,) complex. **Collective.**

    Moments A_k = (1/2 pi i) int z^k M^-1 dz by Simpson's rule on the path's intervals, as a block
    Hankel matrix with as many blocks as there are roots, so that roots may share their null
    vectors: W.-J. Beyn, Linear Algebra Appl. 436, 3839 (2012).
    """
    n, s = path.count, path.points()
    z, dz = path.box.at(s)
    # at the end of a side the next one begins: dz = 0 there from both, as the map is flat at
    # corners
    weight = (s[:, 2] - s[:, 0])[:, None] * np.array([1, 4, 1]) / 6 * dz / (2j * np.pi)
    centre, scale = path.box.corners.mean(), 0.5 * path.box.size
    inverse = np.linalg.inv(samples.many(z.ravel()))
    powers = ((z.ravel() - centre) / scale) ** np.arange(2 * n)[:, None]
    moments = np.einsum("ks,sxy->kxy", powers * weight.ravel(), inverse)
    H0, H1 = (
        np.block([[moments[i + j + shift] for j in range(n)] for i in range(n)]) for shift in (0, 1)
    )
    U, singular, Vh = np.linalg.svd(H0)
    small = U[:, :n].conj().T @ H1 @ Vh[:n].conj().T / np.maximum(singular[:n], 1e-300)
    return centre + scale * np.linalg.eigvals(small)


def circle(samples: Sampled, centre: complex, radius: float, points: int = 32) -> list[complex]:
    """Roots of det M inside a circle: power sums s_k = sum (z - centre)^k, k = 0 ... 4.

    **Collective.**

    s_0 is their number.

    f'/f by Fourier series on the circle: exact to rounding if no root lies between radius/2 and 2
    radius.
    """
    turn = np.exp(2j * np.pi * np.arange(points) / points)
    f = np.linalg.det(samples.many(centre + radius * turn))
    series = np.fft.fft(f) / points
    order = np.rint(np.fft.fftfreq(points, 1.0) * points)
    logarithmic = np.fft.ifft(series * order) * points / f  # zeta f'/f at zeta = turn
    sums = [np.mean(logarithmic * turn**k) * radius**k for k in range(5)]
    return sums
