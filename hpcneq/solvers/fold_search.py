"""Curves of states of many unknowns past their folds, without a search for bifurcations.

As `continuation.Follower`; but where the Jacobian is dear, a fold is bracketed between two points
and found by the secant rule on the tangent's component along the parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..errors import NotConverged
from ..maths.arrays import ArrayLike, FloatArray
from .continuation import Follower, across
from .curves import FOLD, Spot

SMALL = 1e-4  # of a scale: central differences of second order
FLAT = 1e-7  # component of the tangent along the parameter at a fold
REFINEMENTS = 12


@dataclass(frozen=True)
class Equations:
    """One value of the parameter: ``function(x, p)`` (n,) as a `protocols.Steady` of one item."""

    function: Callable[[FloatArray, float], ArrayLike]
    p: float
    items: int = 1

    def prepare(self, x: FloatArray, part: range) -> FloatArray:
        """The residual, on the rank that has the item."""
        return np.asarray(self.function(x, self.p) if len(part) else np.zeros(len(x)))

    def partials(self, prepared: FloatArray) -> FloatArray:
        """Its row."""
        return prepared[None]

    def residual(self, x: FloatArray, sums: FloatArray) -> FloatArray:
        """Nothing is added to it."""
        return np.asarray(sums)


@dataclass(frozen=True)
class Equal:
    """The family of `Equations` of one function."""

    function: Callable[[FloatArray, float], ArrayLike]

    def at(self, p: float) -> Equations:
        """Those of a value of the parameter."""
        return Equations(self.function, p)


@dataclass(frozen=True)
class FoldFollower(Follower):
    """Follows a curve and marks its folds. Methods are **Collective**."""

    def jacobian(self, y: FloatArray) -> FloatArray:
        """[F_x, F_p] (n, n + 1) at y in units of the scale, by central differences.

        Raises NotConverged where F is not a number nearby.
        """
        rows = [self.residual(y + e) - self.residual(y - e) for e in SMALL * np.eye(len(y))]
        J = np.array(rows).T / (2 * SMALL)
        if not np.all(np.isfinite(J)):
            raise NotConverged(f"continuation: no equations next to p = {y[-1] * self.scale[-1]:g}")
        return J

    def side(self, spot: Spot) -> tuple[float, float]:
        """(t_p, 1): no bifurcations."""
        return float(spot.tangent[-1]), 1.0

    def fold(self, last: Spot, new: Spot) -> Spot | None:
        """The Spot of the fold between two spots, None if it is not found there."""
        a = last
        b = new
        found = None
        for _ in range(REFINEMENTS):
            y, t = self.between(a, b, a.tangent[-1], b.tangent[-1])
            solution = self.solve(across(t, y), y)
            if not solution.converged or not self.near(solution.x[: len(y)], last, new):
                return found
            found = replace(self.spot(solution, t), kind=FOLD)
            if abs(found.tangent[-1]) < FLAT:
                break
            if found.tangent[-1] * a.tangent[-1] > 0:
                a = found
            else:
                b = found
        return found
