"""Curves of steady states as lists of points: what `continuation.Follower` finds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..maths.arrays import FloatArray

FOLD, BIFURCATION, START, END = "fold", "bifurcation", "start", "end"


@dataclass(frozen=True)
class Spot:
    """A point of a curve: unknowns x (n,), parameter p, unit tangent (n + 1,) in scaled units.

    kind : "" | fold | bifurcation | start | end. residual, reason : what SNES said. label : what
    the caller's ``label`` says of it. normal : w (n,) at a bifurcation.
    """

    x: FloatArray
    p: float
    tangent: FloatArray
    kind: str = ""
    residual: float = 0.0
    reason: str = ""
    label: object = None
    normal: FloatArray | None = None

    @property
    def y(self) -> FloatArray:
        """(x, p) as one array."""
        return np.append(self.x, self.p)


@dataclass
class Curve:
    """Spots in order along a curve, and why it ends at either side.

    ends : each one of "bounds", "closed", "step", "most", "start".
    """

    spots: list[Spot] = field(default_factory=list)
    ends: tuple[str, str] = (START, "")

    @property
    def x(self) -> FloatArray:
        """(spots, n)"""
        return np.array([spot.x for spot in self.spots])

    @property
    def p(self) -> FloatArray:
        """(spots,)"""
        return np.array([spot.p for spot in self.spots])

    def of_kind(self, kind: str) -> list[Spot]:
        """The folds or bifurcations."""
        return [spot for spot in self.spots if spot.kind == kind]
