"""Curves of steady states: F(x, p) = 0 followed by the control parameter or by arclength, folds, bifurcations, other branches.

A family gives ``at(p)``, a problem of :mod:`.newton` for each value of the control parameter p (all with as many items). The
curve lives in y = (x, p), measured in units of ``scale``; its tangent t spans the kernel of J = [F_x, F_p]. A step goes along t
and is corrected by SNES on F = 0 with t . (y - y_before) = step (pseudo-arclength), or at fixed p. Where t_p changes sign there
is a fold, F_x v = 0; where det [J; t] does, a simple bifurcation, J^T w = 0. Both are solved for as equations:

    fold         F = 0,  F_x v = 0,  l . v = 1                       unknowns x, p, v
    bifurcation  F + m w = 0,  J^T w = 0,  w . w = 1                 unknowns x, p, w, m   (m = 0 at a true one)

(Keller's and Moore's systems). At a bifurcation the directions a of all branches obey w . F_yy[a, a] = 0 in the kernel of J.
Jacobians are fourth-order differences of the residual: right for two or three unknowns, which is what this is made for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import NotConverged
from .newton import Work, solve_equations

DIFFERENCE = (
    1e-3  # of a scale: fourth-order differences lose 1e-13 to rounding and as much to truncation
)
TURN = 0.9  # least cosine between the tangents of neighbouring points
FOLD, BIFURCATION, START, END = "fold", "bifurcation", "start", "end"


@dataclass(frozen=True)
class Spot:
    """A point of a curve: unknowns x (n,), parameter p, unit tangent (n + 1,) in units of the scale, what SNES said.

    kind : "" | fold | bifurcation | start | end. label : what the caller's ``label`` says of it. normal : w (n,) at a bifurcation.
    """

    x: np.ndarray
    p: float
    tangent: np.ndarray
    kind: str = ""
    residual: float = 0.0
    reason: str = ""
    label: object = None
    normal: np.ndarray | None = None

    @property
    def y(self):
        """(x, p) as one array."""
        return np.append(self.x, self.p)


@dataclass
class Curve:
    """Spots in order along a curve, and why it ends at either side ("bounds", "closed", "step", "most", "start")."""

    spots: list = field(default_factory=list)
    ends: tuple = (START, "")

    @property
    def x(self):
        """(spots, n)"""
        return np.array([spot.x for spot in self.spots])

    @property
    def p(self):
        """(spots,)"""
        return np.array([spot.p for spot in self.spots])

    def of_kind(self, kind):
        """The folds or bifurcations."""
        return [spot for spot in self.spots if spot.kind == kind]


@dataclass(frozen=True)
class Follower:
    """How a family's curves are followed. Methods are **Collective**.

    family : ``at(p)`` gives a steady problem. low, high : bounds (n + 1,) of (x, p), inf allowed; a curve ends on them.
    scale : (n + 1,) lengths in which x and p are measured. control : "arclength" or "parameter". step, smallest, largest : in
    units of the scale. most : steps of one curve. label(x, p) : kept with each spot, such as its stability.
    """

    family: object
    comm: object
    low: tuple
    high: tuple
    scale: tuple
    control: str = "arclength"
    step: float = 0.02
    smallest: float = 1e-6
    largest: float = 0.05
    most: int = 4000
    label: object = None
    prefix: str = "branches_"

    # ---- the curve's equations ------------------------------------------------------------------------------------

    def residual(self, y):
        """F (n,) at y = (x, p) in units of the scale."""
        y = np.asarray(y) * self.scale
        return Work(self.family.at(float(y[-1])), self.comm).residual(y[:-1])

    def jacobian(self, y):
        """J = [F_x, F_p] (n, n + 1) at y in units of the scale, by differences."""
        columns = []
        for unit in np.eye(len(y)) * DIFFERENCE:
            far = self.residual(y + 2 * unit) - self.residual(y - 2 * unit)
            near = self.residual(y + unit) - self.residual(y - unit)
            columns.append((8 * near - far) / (12 * DIFFERENCE))
        return np.array(columns).T

    def tangent(self, J, before=None):
        """Unit kernel vector of J (n + 1,), turned along ``before``; towards larger p without."""
        t = np.linalg.svd(J)[2][-1]
        along = t @ before if before is not None else t[-1] or t[0]
        return t if along >= 0 else -t

    def solve(self, extra, y):
        """SNES on F = 0 and ``extra(y)`` = 0."""
        return solve_equations(
            lambda u: np.append(self.residual(u), extra(u)), y, prefix=self.prefix
        )

    def spot(self, found, before=None, kind=""):
        """The Spot of a solution in units of the scale."""
        y = found.x[: len(self.scale)]
        real = y * self.scale
        return Spot(
            real[:-1],
            float(real[-1]),
            self.tangent(self.jacobian(y), before),
            kind,
            found.residual,
            found.reason,
            self.label(real[:-1], float(real[-1])) if self.label else None,
        )

    # ---- following ------------------------------------------------------------------------------------------------

    def start(self, x, p, direction=None):
        """The Spot next to x at p. Raises NotConverged if SNES finds none."""
        y = np.append(x, p) / self.scale
        fixed = (
            np.argmax(np.abs(direction)) if direction is not None else -1
        )  # along a vertical curve p is not the thing to fix
        found = self.solve(lambda u: u[fixed] - y[fixed], y)
        if not found.converged:
            raise NotConverged(
                f"continuation: no steady state next to x = {np.round(x, 6)} at p = {p:g} ({found.reason}, "
                f"residual {found.residual:.1e}); try [petsc] {self.prefix.rstrip('_')}.snes_max_it or another start"
            )
        return self.spot(found, direction, START)

    def follow(self, begin, sense=1):
        """The Curve from a Spot, along its tangent or against it (sense = -1)."""
        curve, here, step = Curve([begin]), replace(begin, tangent=sense * begin.tangent), self.step
        curve.spots[0] = here
        side = self.side(here)
        for _ in range(self.most):
            there, step, reason = self.advance(here, step)
            if there is None:
                curve.ends = (START, reason)
                return curve
            new_side = self.side(there)
            curve.spots += self.events(here, there, side, new_side)
            curve.spots.append(there)
            if there.kind == END:
                curve.ends = (START, reason)
                return curve
            if self.closes(begin, here, there, sense) and len(curve.spots) > 5:
                curve.ends = (START, "closed")
                return curve
            here, side = there, new_side
        curve.ends = (START, "most")
        return curve

    def trace(self, begin):
        """The whole Curve through a Spot: backwards, then forwards; a closed one once."""
        ahead = self.follow(begin)
        if ahead.ends[1] == "closed":
            return ahead
        back = self.follow(begin, -1)
        turned = [replace(spot, tangent=-spot.tangent) for spot in back.spots[:0:-1]]
        return Curve(turned + ahead.spots, (back.ends[1], ahead.ends[1]))

    def side(self, spot):
        """(t_p, det [J; t]): what changes sign at folds and at bifurcations."""
        J = self.jacobian(spot.y / self.scale)
        return spot.tangent[-1], np.linalg.det(np.vstack([J, spot.tangent]))

    def advance(self, here, step):
        """(next Spot, next step, why it is the last). The step is halved until the corrector converges next to the predictor."""
        y, t = here.y / self.scale, here.tangent
        low, high = np.array(self.low) / self.scale, np.array(self.high) / self.scale
        while step >= self.smallest:
            length = step / max(abs(t[-1]), 1e-12) if self.control == "parameter" else step
            guess = y + min(length, 10 * step) * t
            out = np.flatnonzero((guess < low) | (guess > high))
            fixed = self.boundary(y, t, low, high, out) if len(out) else None
            found = self.correct(y, t, guess, step, fixed)
            if found is not None:
                inside = np.all(found.x >= low - 1e-12) and np.all(found.x <= high + 1e-12)
                there = self.spot(found, t, END if fixed else "") if inside else None
                if there is not None and (there.tangent @ t > TURN or fixed):
                    easy = there.tangent @ t > 0.995
                    return (
                        there,
                        min(1.5 * step, self.largest) if easy else step,
                        "bounds" if fixed else "",
                    )
            step /= 2
        return None, step, "step"

    @staticmethod
    def boundary(y, t, low, high, out):
        """(component, value, distance) of the first bound the tangent meets."""
        hits = []
        for i in out:
            edge = low[i] if t[i] < 0 else high[i]
            hits.append((max(0.0, (edge - y[i]) / t[i]) if t[i] else 0.0, int(i), edge))
        distance, component, edge = min(hits)
        return component, edge, distance

    def correct(self, y, t, guess, step, fixed):
        """The solution next to the predictor, None if there is none."""
        if fixed is not None:
            component, edge, distance = fixed
            guess = y + distance * t
            guess[component] = edge
            found = self.solve(lambda u: u[component] - edge, guess)
        elif self.control == "parameter":
            found = self.solve(lambda u: u[-1] - guess[-1], guess)
        else:
            found = self.solve(lambda u: t @ (u - guess), guess)
        near = np.linalg.norm(found.x - guess) < 0.5 * max(step, np.linalg.norm(guess - y))
        return (
            found
            if found.converged
            and (near or (fixed is not None and np.linalg.norm(found.x - y) < 2 * step))
            else None
        )

    def closes(self, begin, here, there, sense):
        """Whether the curve has come back to where it began."""
        a, b, y = (spot.y / self.scale for spot in (here, there, begin))
        chord = b - a
        share = (y - a) @ chord / (chord @ chord)
        return (
            0 < share <= 1
            and np.linalg.norm(a + share * chord - y) < 0.2 * np.linalg.norm(chord)
            and sense * (begin.tangent @ there.tangent) > TURN
        )

    # ---- folds and bifurcations -------------------------------------------------------------------------------------

    def events(self, here, there, side, new_side):
        """Spots of the fold or the bifurcation between two neighbours, if there is one."""
        if side[1] * new_side[1] < 0:
            found = self.bifurcation(here, there, side[1], new_side[1])
            if found is not None:
                return [found]
        if side[0] * new_side[0] < 0:
            found = self.fold(here, there)
            if found is not None:
                return [found]
        return []

    def between(self, here, there, a, b):
        """The point where a quantity that is a here and b there vanishes, linearly, and its tangent."""
        share = a / (a - b)
        y = ((1 - share) * here.y + share * there.y) / self.scale
        t = (1 - share) * here.tangent + share * there.tangent
        return y, t / np.linalg.norm(t)

    def near(self, y, here, there):
        """Whether a point lies about as close as its neighbours do to each other."""
        a, b = here.y / self.scale, there.y / self.scale
        return np.linalg.norm(y - 0.5 * (a + b)) < 2 * np.linalg.norm(b - a)

    def fold(self, here, there):
        """The Spot of the fold between two spots, None if SNES does not find it there."""
        y, t = self.between(here, there, here.tangent[-1], there.tangent[-1])
        n = len(y) - 1
        v = t[:n] / np.linalg.norm(t[:n])

        def equations(u):
            J = self.jacobian(u[: n + 1])
            return np.concatenate(
                [self.residual(u[: n + 1]), J[:, :n] @ u[n + 1 :], [v @ u[n + 1 :] - 1]]
            )

        found = solve_equations(
            equations, np.concatenate([y, v]), {"snes_atol": 1e-11}, self.prefix
        )
        if found.residual > 1e-8 or not self.near(found.x[: n + 1], here, there):
            return None
        return self.spot(found, t, FOLD)

    def bifurcation(self, here, there, a, b):
        """The Spot of the simple bifurcation between two spots, None if SNES does not find it there."""
        y, t = self.between(here, there, a, b)
        n = len(y) - 1
        w = np.linalg.svd(self.jacobian(y))[0][:, -1]

        def equations(u):
            y, w, m = u[: n + 1], u[n + 1 : 2 * n + 1], u[-1]
            return np.concatenate([self.residual(y) + m * w, self.jacobian(y).T @ w, [w @ w - 1]])

        found = solve_equations(
            equations, np.concatenate([y, w, [0.0]]), {"snes_atol": 1e-11}, self.prefix
        )
        if (
            found.residual > 1e-8
            or abs(found.x[-1]) > 1e-8
            or not self.near(found.x[: n + 1], here, there)
        ):
            return None
        spot = self.spot(found, t, BIFURCATION)
        return replace(spot, tangent=t, normal=found.x[n + 1 : 2 * n + 1])

    def directions(self, spot):
        """Unit directions (n + 1,) of the two branches that cross at a bifurcation, the one least like its tangent last.

        Raises NotConverged if the branches do not cross (an isolated point, or tangent to each other).
        """
        y = spot.y / self.scale
        a, b = np.linalg.svd(self.jacobian(y))[2][-2:]
        e = 30 * DIFFERENCE

        def bend(d):
            values = [spot.normal @ self.residual(y + k * e * d) for k in (-2, -1, 0, 1, 2)]
            return (-values[0] + 16 * values[1] - 30 * values[2] + 16 * values[3] - values[4]) / (
                12 * e * e
            )

        aa, bb = bend(a), bend(b)
        ab = 0.5 * (bend((a + b) / np.sqrt(2)) - bend((a - b) / np.sqrt(2)))
        matrix = np.array([[aa, ab], [ab, bb]])
        values, vectors = np.linalg.eigh(matrix)
        if not values[0] < 0 < values[1]:
            raise NotConverged(
                f"continuation: no two branches cross at p = {spot.p:g} (curvatures {values[0]:.1e}, {values[1]:.1e})"
            )
        halves = np.sqrt(-values[0]) * vectors[:, 1], np.sqrt(values[1]) * vectors[:, 0]
        found = [
            (c[0] * a + c[1] * b) / np.linalg.norm(c)
            for c in (halves[0] + halves[1], halves[0] - halves[1])
        ]
        return sorted(found, key=lambda d: -abs(d @ spot.tangent))

    def switch(self, spot):
        """Spots on the other branch at a bifurcation, one on each side of it, their tangents leading away from it.

        A side that lies outside the bounds is left out.
        """
        away, y = self.directions(spot)[-1], spot.y / self.scale
        low, high = np.array(self.low) / self.scale, np.array(self.high) / self.scale
        found = []
        for d in (away, -away):
            guess = y + self.step * d
            if np.all(guess >= low) and np.all(guess <= high):
                solution = self.solve(lambda u: d @ (u - guess), guess)
                if solution.converged:
                    found.append(self.spot(solution, d, START))
        return found
