"""Radial momentum sums: panels that end at every kink and shorten towards whatever is sharp.

The last panel reaches to infinity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hpcneq.maths.panels import beyond, far, halved, halved_rows, on_panels, without_doubles

FAR_NODES = 32  # of the panel beyond the last end
SHELL = (0.7, 1.3)
COARSE = 0.4  # longest panel outside the shell
LAST = 3.0  # the last panel is p = LAST/t, 0 < t < 1
SHARPEST = 1e-4  # kinks are breakpoints; panels need not be shorter than this
Feature = tuple[float, float, bool]  # (p, width, whether it is a breakpoint) of what is sharp
Nodes = tuple[np.ndarray, np.ndarray]  # (p, weight) of a sum over momenta


def kinks(
    gaps: Sequence[float], Q: float, dmu: float, mu: float = 1.0
) -> list[list[tuple[float, float]]]:
    """[[(p, distance), ...] for each gap] : momenta where E(p) -+ p Q = +-dmu.

    E^2 = (p^2 + Q^2/4 - mu)^2 + D^2; distance : how far from the real axis.
    """
    m = mu - 0.25 * Q**2
    companion = np.zeros((len(gaps), 2, 4, 4))
    companion[..., [1, 2, 3], [0, 1, 2]] = 1
    companion[..., 0, 1] = 2 * m + Q**2
    companion[..., 0, 2] = 2 * dmu * Q * np.array([1, -1])
    companion[..., 0, 3] = -(m**2 + np.asarray(gaps)[:, None] ** 2 - dmu**2)
    return [
        [(z.real, abs(z.imag)) for z in row if z.real > 0]
        for row in np.linalg.eigvals(companion).reshape(len(gaps), 8)
    ]


def features(D: float, Q: float, dmu: float, blur: float, mu: float = 1.0) -> list[Feature]:
    """What is sharp in sums with and without D.

    Where levels meet an edge of the reservoirs, and where E is least.
    """
    least = np.sqrt(max(mu - 0.25 * Q**2, 1e-6))
    known = [(least, max(0.5 * np.hypot(D, blur), SHARPEST), False)]
    for row in kinks(sorted({D, 0.0}), Q, dmu, mu):
        known += [
            (p, max(np.hypot(0.4 * blur / max(p, 0.2), away), SHARPEST), away < 1e-7)
            for p, away in row
        ]
    return known


def divide(
    ends: np.ndarray, place: np.ndarray, width: np.ndarray, longest: Callable, fine: float = 1
) -> np.ndarray:
    """Ends of intervals made by halving those between ``ends`` until none is too long.

    The limits are ``longest(low, high)`` (n,), and 1.2 times the width or the distance of any
    feature at ``place`` (k,) with ``width`` (k,), all over ``fine``.
    """

    def short(low, high):
        distance = np.maximum(np.maximum(low[:, None] - place, place - high[:, None]), 0.0)
        near = np.maximum(1.2 * distance, 1.2 * width).min(axis=1, initial=np.inf)
        return high - low <= np.minimum(longest(low, high), near) / fine

    return halved(ends, short)


def panels_of(
    known: Sequence[Feature], dp: float, cuts: Sequence[float] = (), fine: float = 1
) -> np.ndarray:
    """Ends (n + 1,) of the panels of 0 < p < LAST, ascending, for what is sharp."""
    return panels_of_rows([known], dp, cuts, fine)[0]


def panels_of_rows(
    rows: Sequence[Sequence[Feature]], dp: float, cuts: Sequence[float] = (), fine: float = 1
) -> list[np.ndarray]:
    """`panels_of` for each of several rows of features."""
    rows = [[f for f in known if 0 < f[0] < LAST] for known in rows]
    shape = len(rows), max(map(len, rows))
    place, width = np.zeros(shape), np.full(shape, np.inf)
    parts = []
    for k, known in enumerate(rows):
        place[k, : len(known)] = [f[0] for f in known]
        width[k, : len(known)] = [f[1] for f in known]
        breaks = [[0.0, *SHELL, LAST], [f[0] for f in known if f[2]], np.asarray(cuts, float)]
        ends = without_doubles(np.unique(np.concatenate(breaks)), 1e-12)
        parts.append((ends[:-1], ends[1:], np.full(len(ends) - 1, k)))

    def longest(low, high):
        return np.where((high > SHELL[0]) & (low < SHELL[1]), dp, COARSE)

    def short(low, high, k):
        outside = np.maximum(low[:, None] - place[k], place[k] - high[:, None])
        near = np.maximum(1.2 * np.maximum(outside, 0.0), 1.2 * width[k])
        nearest = near.min(axis=1, initial=np.inf)
        return high - low <= np.minimum(longest(low, high), nearest) / fine

    return halved_rows(*map(np.concatenate, zip(*parts)), len(rows), short)


def panels(
    D: float,
    Q: float,
    dmu: float,
    blur: float,
    dp: float,
    cuts: Sequence[float] = (),
    fine: float = 1,
) -> np.ndarray:
    """Ends (n + 1,) of the panels of 0 < p < LAST, ascending."""
    return panels_of(features(D, Q, dmu, blur), dp, cuts, fine)


def nodes(ends: np.ndarray, cut: float | None = None) -> Nodes:
    """Nodes of int_0^infinity dp on these panels and beyond the last, (n,) each, ascending.

    cut : > LAST; with it the sum beyond the panels is made of two, to the cut and beyond it.
    """
    parts = [on_panels(ends)]
    if cut is None:
        parts.append(outer(LAST))
    else:
        parts += [far(LAST, cut, FAR_NODES), outer(cut)]
    momenta, weights = zip(*parts)
    return np.concatenate(momenta), np.concatenate(weights)


def outer(start: float) -> Nodes:
    """(p, weight) : nodes of the panel p = start/t, 0 < t < 1."""
    return beyond(start, FAR_NODES)


def grid(
    D: float,
    Q: float,
    dmu: float,
    blur: float,
    dp: float = 0.05,
    fine: float = 1,
    cut: float | None = None,
) -> Nodes:
    """(p, weight) : nodes of int_0^infinity dp for one state; ``fine`` divides the panels."""
    return nodes(panels(D, Q, dmu, blur, dp, fine=fine), cut)


@dataclass(frozen=True, eq=False)
class Mesh:
    """The panels of one state, for states nearby: sums over it are smooth functions.

    Breakpoints move with their kinks.
    """

    ends: np.ndarray
    breaks: np.ndarray
    blur: float

    @classmethod
    def of(cls, D: float, Q: float, dmu: float, blur: float, dp: float, fine: float) -> Mesh:
        """The mesh of a state."""
        return cls(panels(D, Q, dmu, blur, dp, fine=fine), breakpoints(D, Q, dmu, blur), blur)

    def grid(self, D: float, Q: float, dmu: float, cut: float | None = None) -> Nodes:
        """(p, weight) at a state nearby."""
        breaks = breakpoints(D, Q, dmu, self.blur)
        if len(breaks) != len(self.breaks) or np.array_equal(breaks, self.breaks):
            return nodes(self.ends, cut)
        return nodes(np.interp(self.ends, self.breaks, breaks), cut)


def breakpoints(D: float, Q: float, dmu: float, blur: float) -> np.ndarray:
    """0, the kinks of levels of no width, LAST: ascending."""
    if blur > 0:
        return np.array([0.0, LAST])
    points = np.unique(
        [0.0, LAST]
        + [
            p
            for row in kinks(sorted({D, 0.0}), Q, dmu)
            for p, away in row
            if away < 1e-7 and p < LAST
        ]
    )
    return without_doubles(points, 1e-9)
