"""Curves of steady states: F(x, p) = 0 along the parameter or arclength, folds, bifurcations.

A family (`protocols.Family`) gives the equations at each value of the control parameter p. The
curve lives in y = (x, p), measured in units of ``scale``; its tangent t spans the kernel of J =
[F_x, F_p]. A step goes along t and is corrected by SNES on F = 0 with t . (y - y_before) = step
(pseudo-arclength), or at fixed p. Where t_p changes sign there is a fold, F_x v = 0; where det [J;
t] does, a simple bifurcation, J^T w = 0. Both are solved for as equations:

    fold         F = 0,  F_x v = 0,  l . v = 1                       unknowns x, p, v
    bifurcation  F + m w = 0,  J^T w = 0,  w . w = 1                 unknowns x, p, w, m

(Keller's and Moore's systems; m = 0 at a true bifurcation). At a bifurcation the directions a of
all branches obey w . F_yy[a, a] = 0 in the kernel of J. Jacobians are fourth-order differences of
the residual: right for two or three unknowns, which is what this is made for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import NotConverged
from ..maths.arrays import ArrayLike, FloatArray, IntArray
from ..parallel import Communicator
from .curves import BIFURCATION, END, FOLD, START, Curve, Spot
from .newton import Solution, Work, solve_equations
from .protocols import Family

# Of a scale: fourth-order differences lose 1e-13 to rounding and as much to truncation.
DIFFERENCE = 1e-3
TURN = 0.9  # least cosine between the tangents of neighbouring points
STRAIGHT = 0.995  # cosine from which on steps grow
Bound = tuple[int, float, float]  # a component, the value it is bounded by, the distance to there


@dataclass(frozen=True)
class Follower:
    """How a family's curves are followed. Methods are **Collective**.

    low, high : bounds (n + 1,) of (x, p), inf allowed; a curve ends on them. scale : (n + 1,)
    lengths in which x and p are measured. control : "arclength" or "parameter". step, smallest,
    largest : in units of the scale. most : steps of one curve. label(x, p) : stored with each spot,
    such as its stability.
    """

    family: Family
    comm: Communicator
    low: Sequence[float]
    high: Sequence[float]
    scale: Sequence[float]
    control: str = "arclength"
    step: float = 0.02
    smallest: float = 1e-6
    largest: float = 0.05
    most: int = 4000
    label: Callable[[FloatArray, float], object] | None = None
    prefix: str = "branches_"

    # ---- the curve's equations -------------------------------------------------------------------

    def residual(self, y: ArrayLike) -> FloatArray:
        """F (n,) at y = (x, p) in units of the scale."""
        real = np.asarray(y) * self.scale
        return Work(self.family.at(float(real[-1])), self.comm).residual(real[:-1])

    def jacobian(self, y: FloatArray) -> FloatArray:
        """J = [F_x, F_p] (n, n + 1) at y in units of the scale, by differences."""
        columns = []
        for unit in np.eye(len(y)) * DIFFERENCE:
            far = self.residual(y + 2 * unit) - self.residual(y - 2 * unit)
            near = self.residual(y + unit) - self.residual(y - unit)
            columns.append((8 * near - far) / (12 * DIFFERENCE))
        return np.array(columns).T

    def tangent(self, J: FloatArray, before: FloatArray | None = None) -> FloatArray:
        """Unit kernel vector of J (n + 1,), turned along ``before``; towards larger p without."""
        t = np.linalg.svd(J)[2][-1]
        along = t[-1] or t[0]
        if before is not None:
            along = t @ before
        if along >= 0:
            return t
        return -t

    def solve(self, extra: Callable[[FloatArray], ArrayLike], y: FloatArray) -> Solution:
        """SNES on F = 0 and ``extra(y)`` = 0."""
        return solve_equations(
            lambda u: np.append(self.residual(u), extra(u)), y, prefix=self.prefix
        )

    def spot(self, solution: Solution, before: FloatArray | None = None, kind: str = "") -> Spot:
        """The Spot of a solution in units of the scale."""
        y = solution.x[: len(self.scale)]
        real = y * self.scale
        x, p = real[:-1], float(real[-1])
        tangent = self.tangent(self.jacobian(y), before)
        label = self.label(x, p) if self.label else None
        return Spot(x, p, tangent, kind, solution.residual, solution.reason, label)

    # ---- following -------------------------------------------------------------------------------

    def start(self, x: FloatArray, p: float, direction: FloatArray | None = None) -> Spot:
        """The Spot next to x at p. Raises NotConverged if SNES finds none.

        direction : (n + 1,) along the curve, if it is known.
        """
        y = np.append(x, p) / self.scale
        fixed = -1
        if direction is not None:  # along a vertical curve p is not the thing to fix
            fixed = int(np.argmax(np.abs(direction)))
        solution = self.solve(lambda u: u[fixed] - y[fixed], y)
        if not solution.converged:
            raise NotConverged(
                f"continuation: no steady state next to x = {np.round(x, 6)} at p = {p:g} "
                f"({solution.reason}, residual {solution.residual:.1e}); try [petsc] "
                f"{self.prefix.rstrip('_')}.snes_max_it or another start"
            )
        return self.spot(solution, direction, START)

    def follow(self, begin: Spot, sense: int = 1) -> Curve:
        """The Curve from a Spot, along its tangent or against it (sense = -1)."""
        last, step = replace(begin, tangent=sense * begin.tangent), self.step
        curve, side = Curve([last]), self.side(last)
        for _ in range(self.most):
            new, step, reason = self.advance(last, step)
            if new is None:
                curve.ends = (START, reason)
                return curve
            new_side = self.side(new)
            curve.spots += self.events(last, new, side, new_side)
            curve.spots.append(new)
            if new.kind == END:
                curve.ends = (START, reason)
                return curve
            if self.closes(begin, last, new, sense) and len(curve.spots) > 5:
                curve.ends = (START, "closed")
                return curve
            last, side = new, new_side
        curve.ends = (START, "most")
        return curve

    def trace(self, begin: Spot) -> Curve:
        """The whole Curve through a Spot: backwards, then forwards; a closed one once."""
        ahead = self.follow(begin)
        if ahead.ends[1] == "closed":
            return ahead
        back = self.follow(begin, -1)
        turned = [replace(spot, tangent=-spot.tangent) for spot in back.spots[:0:-1]]
        return Curve(turned + ahead.spots, (back.ends[1], ahead.ends[1]))

    def side(self, spot: Spot) -> tuple[float, float]:
        """(t_p, det [J; t]): what changes sign at folds and at bifurcations."""
        J = self.jacobian(spot.y / self.scale)
        return spot.tangent[-1], np.linalg.det(np.vstack([J, spot.tangent]))

    def advance(self, spot: Spot, step: float) -> tuple[Spot | None, float, str]:
        """(next Spot, next step, why it is the last).

        The step is halved until the corrector converges next to the predictor; None if it gets too
        short.
        """
        y, t = spot.y / self.scale, spot.tangent
        low, high = np.array(self.low) / self.scale, np.array(self.high) / self.scale
        while step >= self.smallest:
            length = step
            if self.control == "parameter":
                length = step / max(abs(t[-1]), 1e-12)
            guess = y + min(length, 10 * step) * t
            out = np.flatnonzero((guess < low) | (guess > high))
            fixed = self.boundary(y, t, low, high, out) if len(out) else None
            new = self._accepted(self.correct(y, t, guess, step, fixed), low, high, t, fixed)
            if new is not None:
                if new.tangent @ t > STRAIGHT:
                    step = min(1.5 * step, self.largest)
                return new, step, "bounds" if fixed else ""
            step /= 2
        return None, step, "step"

    def _accepted(self, solution, low, high, t, fixed):
        """The Spot of a solution inside the bounds, its tangent not turned too far, or None."""
        if solution is None:
            return None
        if not (np.all(solution.x >= low - 1e-12) and np.all(solution.x <= high + 1e-12)):
            return None
        new = self.spot(solution, t, END if fixed else "")
        if fixed or new.tangent @ t > TURN:
            return new
        return None

    @staticmethod
    def boundary(
        y: FloatArray, t: FloatArray, low: FloatArray, high: FloatArray, out: IntArray
    ) -> Bound:
        """(component, value, distance) of the first bound the tangent meets."""
        hits = []
        for i in out:
            edge, distance = low[i] if t[i] < 0 else high[i], 0.0
            if t[i]:
                distance = max(0.0, (edge - y[i]) / t[i])
            hits.append((distance, int(i), edge))
        distance, component, edge = min(hits)
        return component, edge, distance

    def correct(
        self, y: FloatArray, t: FloatArray, guess: FloatArray, step: float, fixed: Bound | None
    ) -> Solution | None:
        """The solution next to the predictor, None if there is none."""
        if fixed is not None:
            component, edge, distance = fixed
            guess = y + distance * t
            guess[component] = edge
            solution = self.solve(lambda u: u[component] - edge, guess)
        elif self.control == "parameter":
            solution = self.solve(lambda u: u[-1] - guess[-1], guess)
        else:
            solution = self.solve(across(t, guess), guess)
        if not solution.converged:
            return None
        reach = 0.5 * max(step, float(np.linalg.norm(guess - y)))
        if np.linalg.norm(solution.x - guess) < reach:
            return solution
        if fixed is not None and np.linalg.norm(solution.x - y) < 2 * step:
            return solution
        return None

    def closes(self, begin: Spot, last: Spot, new: Spot, sense: int) -> bool:
        """Whether the curve is back where it began, between its last spot and a new one."""
        a, b, y = (spot.y / self.scale for spot in (last, new, begin))
        chord = b - a
        share = (y - a) @ chord / (chord @ chord)
        if not 0 < share <= 1:
            return False
        distance = np.linalg.norm(a + share * chord - y)
        along = sense * (begin.tangent @ new.tangent)
        return bool(distance < 0.2 * np.linalg.norm(chord) and along > TURN)

    # ---- folds and bifurcations ------------------------------------------------------------------

    def events(
        self, last: Spot, new: Spot, side: tuple[float, float], new_side: tuple[float, float]
    ) -> list[Spot]:
        """Spots of the fold or the bifurcation between two neighbours, if there is one."""
        if side[1] * new_side[1] < 0:
            bifurcation = self.bifurcation(last, new, side[1], new_side[1])
            if bifurcation is not None:
                return [bifurcation]
        if side[0] * new_side[0] < 0:
            fold = self.fold(last, new)
            if fold is not None:
                return [fold]
        return []

    def between(self, last: Spot, new: Spot, a: float, b: float) -> tuple[FloatArray, FloatArray]:
        """The point where a quantity that is a at one spot and b at the other vanishes, linearly.

        Returns it and the tangent there, in units of the scale.
        """
        share = a / (a - b)
        y = ((1 - share) * last.y + share * new.y) / self.scale
        t = (1 - share) * last.tangent + share * new.tangent
        return y, t / np.linalg.norm(t)

    def near(self, y: FloatArray, last: Spot, new: Spot) -> bool:
        """Whether a point lies about as close to two spots as they do to each other."""
        a, b = last.y / self.scale, new.y / self.scale
        return bool(np.linalg.norm(y - 0.5 * (a + b)) < 2 * np.linalg.norm(b - a))

    def fold(self, last: Spot, new: Spot) -> Spot | None:
        """The Spot of the fold between two spots, None if SNES does not find it there."""
        y, t = self.between(last, new, last.tangent[-1], new.tangent[-1])
        n = len(y) - 1
        v = t[:n] / np.linalg.norm(t[:n])

        def equations(u):
            y, w = u[: n + 1], u[n + 1 :]
            return np.concatenate([self.residual(y), self.jacobian(y)[:, :n] @ w, [v @ w - 1]])

        start = np.concatenate([y, v])
        solution = solve_equations(equations, start, {"snes_atol": 1e-11}, self.prefix)
        if solution.residual > 1e-8 or not self.near(solution.x[: n + 1], last, new):
            return None
        return self.spot(solution, t, FOLD)

    def bifurcation(self, last: Spot, new: Spot, a: float, b: float) -> Spot | None:
        """The Spot of the simple bifurcation between two spots, None if SNES finds none there.

        a, b : det [J; t] at them.
        """
        y, t = self.between(last, new, a, b)
        n = len(y) - 1
        w = np.linalg.svd(self.jacobian(y))[0][:, -1]

        def equations(u):
            y, w, m = u[: n + 1], u[n + 1 : 2 * n + 1], u[-1]
            return np.concatenate([self.residual(y) + m * w, self.jacobian(y).T @ w, [w @ w - 1]])

        start = np.concatenate([y, w, [0.0]])
        solution = solve_equations(equations, start, {"snes_atol": 1e-11}, self.prefix)
        if solution.residual > 1e-8 or abs(solution.x[-1]) > 1e-8:
            return None
        if not self.near(solution.x[: n + 1], last, new):
            return None
        spot = self.spot(solution, t, BIFURCATION)
        return replace(spot, tangent=t, normal=solution.x[n + 1 : 2 * n + 1])

    def directions(self, spot: Spot) -> list[FloatArray]:
        """Unit directions (n + 1,) of the two branches that cross at a bifurcation.

        The one least like its tangent comes last. Raises NotConverged if the branches do not cross
        (an isolated point, or tangent to each other).
        """
        y = spot.y / self.scale
        a, b = np.linalg.svd(self.jacobian(y))[2][-2:]
        aa, bb = self._bend(spot, y, a), self._bend(spot, y, b)
        plus, minus = (a + b) / np.sqrt(2), (a - b) / np.sqrt(2)
        ab = 0.5 * (self._bend(spot, y, plus) - self._bend(spot, y, minus))
        values, vectors = np.linalg.eigh(np.array([[aa, ab], [ab, bb]]))
        if not values[0] < 0 < values[1]:
            raise NotConverged(
                f"continuation: no two branches cross at p = {spot.p:g} "
                f"(curvatures {values[0]:.1e}, {values[1]:.1e})"
            )
        halves = np.sqrt(-values[0]) * vectors[:, 1], np.sqrt(values[1]) * vectors[:, 0]
        both = [
            (c[0] * a + c[1] * b) / np.linalg.norm(c)
            for c in (halves[0] + halves[1], halves[0] - halves[1])
        ]
        return sorted(both, key=lambda d: -abs(d @ spot.tangent))

    def _bend(self, spot, y, d):
        """w . F_yy[d, d] at a bifurcation, by fourth-order differences along d."""
        e = 30 * DIFFERENCE
        values = [spot.normal @ self.residual(y + k * e * d) for k in (-2, -1, 0, 1, 2)]
        sum_ = -values[0] + 16 * values[1] - 30 * values[2] + 16 * values[3] - values[4]
        return sum_ / (12 * e * e)

    def switch(self, spot: Spot) -> list[Spot]:
        """Spots on the other branch at a bifurcation, one on each side, leading away from it.

        A side that lies outside the bounds is left out.
        """
        away, y = self.directions(spot)[-1], spot.y / self.scale
        low, high = np.array(self.low) / self.scale, np.array(self.high) / self.scale
        spots = []
        for d in (away, -away):
            guess = y + self.step * d
            if not (np.all(guess >= low) and np.all(guess <= high)):
                continue
            solution = self.solve(across(d, guess), guess)
            if solution.converged:
                spots.append(self.spot(solution, d, START))
        return spots


def across(d: FloatArray, point: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """The function that vanishes on the plane through a point across a direction."""
    return lambda u: d @ (u - point)
