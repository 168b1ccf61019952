"""Radial momentum sums: panels that end at every kink and shorten towards whatever is sharp, the last one to infinity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(12)
FAR_NODES, FAR_WEIGHTS = np.polynomial.legendre.leggauss(32)
SHELL = (0.7, 1.3)
COARSE = 0.4  # longest panel outside the shell
LAST = 3.0  # the last panel is p = LAST/t, 0 < t < 1
SHARPEST = 1e-4  # kinks are breakpoints; panels need not be shorter than this


def kinks(gaps, Q, dmu, mu=1.0):
    """[[(p, distance), ...] for each gap] : momenta where E(p) -+ p Q = +-dmu, and how far from the real axis; E^2 = (p^2 + Q^2/4 - mu)^2 + D^2."""
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


def features(D, Q, dmu, blur, mu=1.0):
    """[(p, width, breakpoint?)] of the sums with and without D: where levels meet an edge of the reservoirs, and E is least."""
    found = [(np.sqrt(max(mu - 0.25 * Q**2, 1e-6)), max(0.5 * np.hypot(D, blur), SHARPEST), False)]
    for row in kinks(sorted({D, 0.0}), Q, dmu, mu):
        found += [
            (p, max(np.hypot(0.4 * blur / max(p, 0.2), away), SHARPEST), away < 1e-7)
            for p, away in row
        ]
    return found


def divide(ends, place, width, longest, fine=1):
    """Ends of intervals made by halving those between ``ends`` until none is longer than ``longest(low, high)`` (n,), nor than 1.2 times
    the width or the distance of any feature at ``place`` (k,) with ``width`` (k,), both over ``fine``."""
    open_, closed = np.stack([ends[:-1], ends[1:]], axis=1), []
    while len(open_):
        low, high = open_.T
        distance = np.maximum(np.maximum(low[:, None] - place, place - high[:, None]), 0.0)
        near = np.maximum(1.2 * distance, 1.2 * width).min(axis=1) if len(place) else np.inf
        good = high - low <= np.minimum(longest(low, high), near) / fine
        closed.append(open_[good])
        low, high = open_[~good].T
        middle = 0.5 * (low + high)
        open_ = np.stack([np.concatenate([low, middle]), np.concatenate([middle, high])], axis=1)
    return np.append(np.sort(np.concatenate(closed)[:, 0]), ends[-1])


def panels_of(known, dp, cuts=(), fine=1):
    """Ends (n + 1,) of the panels of 0 < p < LAST, ascending, for features [(p, width, breakpoint?)]."""
    known = [f for f in known if 0 < f[0] < LAST]
    ends = np.unique(
        np.concatenate(
            [[0.0, *SHELL, LAST], [f[0] for f in known if f[2]], np.asarray(cuts, float)]
        )
    )
    ends = ends[np.concatenate([[True], np.diff(ends) > 1e-12])]
    place, width = (np.array([f[k] for f in known]) for k in (0, 1))

    def longest(low, high):
        return np.where((high > SHELL[0]) & (low < SHELL[1]), dp, COARSE)

    return divide(ends, place, width, longest, fine)


def panels(D, Q, dmu, blur, dp, cuts=(), fine=1):
    """Ends (n + 1,) of the panels of 0 < p < LAST, ascending."""
    return panels_of(features(D, Q, dmu, blur), dp, cuts, fine)


def nodes(ends):
    """(p, weight) : nodes of int_0^infinity dp on these panels and beyond the last, (n,) each, ascending."""
    p, weight = inner(ends)
    far, share = outer(LAST)
    return np.concatenate([p, far]), np.concatenate([weight, share])


def inner(ends):
    """(p, weight) : Gauss nodes on the panels between ``ends``."""
    half = 0.5 * np.diff(ends)
    return ((ends[:-1] + half)[:, None] + half[:, None] * NODES).ravel(), (
        half[:, None] * WEIGHTS
    ).ravel()


def outer(start, points=FAR_NODES, weights=FAR_WEIGHTS):
    """(p, weight) : nodes of the panel p = start/t, 0 < t < 1."""
    t = 0.5 * (1 - points)
    return start / t, 0.5 * weights * start / t**2


def grid(D, Q, dmu, blur, dp=0.05, fine=1):
    """(p, weight) : nodes of int_0^infinity dp for one state; ``fine`` divides the panels."""
    return nodes(panels(D, Q, dmu, blur, dp, fine=fine))


@dataclass(frozen=True, eq=False)
class Mesh:
    """The panels of one state, for states nearby: sums over it are smooth functions. Breakpoints move with their kinks."""

    ends: np.ndarray
    breaks: np.ndarray
    blur: float

    @classmethod
    def of(cls, D, Q, dmu, blur, dp, fine):
        """The mesh of a state."""
        return cls(panels(D, Q, dmu, blur, dp, fine=fine), breakpoints(D, Q, dmu, blur), blur)

    def grid(self, D, Q, dmu):
        """(p, weight) at a state nearby."""
        breaks = breakpoints(D, Q, dmu, self.blur)
        if len(breaks) != len(self.breaks) or np.array_equal(breaks, self.breaks):
            return nodes(self.ends)
        return nodes(np.interp(self.ends, self.breaks, breaks))


def breakpoints(D, Q, dmu, blur):
    """0, the kinks of levels of no width, LAST: ascending."""
    if blur > 0:
        return np.array([0.0, LAST])
    found = np.unique(
        [0.0, LAST]
        + [
            p
            for row in kinks(sorted({D, 0.0}), Q, dmu)
            for p, away in row
            if away < 1e-7 and p < LAST
        ]
    )
    return found[np.concatenate([[True], np.diff(found) > 1e-9])]
