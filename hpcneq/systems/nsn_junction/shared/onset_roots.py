"""Onsets, folds and critical fields along one line, each polished by SNES, with errors."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ....solvers import newton
from ..physics import fflo_state, gap_equations, onsets
from ..physics.operating_point import Point
from ..physics.uniform_states import Grid
from .polished_roots import FLOOR, polished

SLACK = 1e-10  # of Q and of D at a fold, where derivatives vanish


@dataclass
class PolishedRoots:
    """Roots of one kind with errors, SNES reasons and residuals.

    partners : what belongs to each root, such as Q at an onset or D at a fold. lost : how many SNES
    left unsolved; they are kept all the same.
    """

    values: list[float] = field(default_factory=list)
    partners: list[float | None] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    partner_errors: list[float] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    residuals: list[float] = field(default_factory=list)
    lost: int = 0

    def add(
        self, solution: newton.Solution, errors: Sequence[float], partner: float | None = None
    ) -> None:
        """Keep a root; ``partner`` where the solution's second unknown is not it."""
        self.values.append(abs(float(solution.x[0])))
        self.errors.append(float(errors[0]))
        if len(solution.x) > 1:
            self.partners.append(abs(float(solution.x[1])))
            self.partner_errors.append(float(errors[1]) + SLACK)
        else:
            self.partners.append(partner)
            self.partner_errors.append(FLOOR)
        self.reasons.append(solution.reason)
        self.residuals.append(solution.residual)
        self.lost += not solution.converged and solution.residual > 1e-10

    def record(self) -> dict:
        """What a sweep keeps of it."""
        return {key: value for key, value in vars(self).items() if key != "lost"} | {
            "lost": int(self.lost)
        }


def bcs_onsets(point: Point, grid: Grid, along: str, seeds: Iterable[float]) -> PolishedRoots:
    """Onsets of uniform pairing."""
    roots = PolishedRoots()
    for x in seeds:
        roots.add(*polished(lambda g: gap_equations.onset(point, g, along), [x], grid))
    return roots


def fflo_onsets(
    point: Point, grid: Grid, along: str, values: np.ndarray
) -> tuple[PolishedRoots, list[float]]:
    """Onsets of pairing at Q > 0, partners Q; all values at which max_Q C(Q) = 1/U, Q = 0 too."""
    roots, every = PolishedRoots(), []
    for x, Q in zip(*onsets.fflo_onsets(point, grid, values, along)):
        if Q < 1e-4:
            every.append(x)
            continue
        fixed = gap_equations.allowed(grid, Q)
        start = [x, Q] if fixed == "free" else [x]
        solution, errors = polished(
            lambda g, fixed=fixed: gap_equations.onset(point, g, along, fixed), start, grid
        )
        roots.add(solution, errors, Q)
        every.append(roots.values[-1])
    return roots, sorted(every)


def folds(
    point: Point, grid: Grid, along: str, seeds: Iterable[tuple[float, float]]
) -> PolishedRoots:
    """Folds from (value, D) seeds; those that lead elsewhere are lost."""
    roots = PolishedRoots()
    for x, D in seeds:
        solution, errors = polished(lambda g: gap_equations.fold(point, g, along), [x, D], grid)
        if abs(abs(solution.x[0]) - x) < 0.02 and abs(abs(solution.x[1]) - D) < 0.1 * D:
            roots.add(solution, errors)
        else:
            roots.lost += 1
    return roots


def critical_field(point: Point, grid: Grid) -> PolishedRoots:
    """The Clogston limit at rest, with its D; empty if the transition is continuous."""
    roots = PolishedRoots()
    seed = onsets.critical_field(point, grid)
    if not np.isnan(seed[0]):
        roots.add(*polished(lambda g: gap_equations.clogston(point, g), seed, grid))
    return roots


def fflo_line(point: Point, limit: float) -> PolishedRoots:
    """The field at rest at which an FFLO pattern's own free energy passes the uniform state's.

    Partner the period. Walls repel: the longer the period the lower the field, exponentially fast,
    down to that of one wall. Empty if there is none. ``limit`` : the Clogston limit.
    """
    roots, sites = PolishedRoots(), fflo_state.sites_for(point)
    crossings = []
    for period in fflo_state.PERIODS:
        pattern = fflo_state.Pattern(point, period, sites)
        crossing = pattern.crossing(0.965 * limit)
        if crossing is None:
            return roots
        crossings.append((crossing, pattern))
    (h, a, D), pattern = min(crossings[1:], key=lambda pair: pair[0][0])
    if h >= limit:  # the normal state is lower than both
        return roots
    solution = newton.solve_equations(pattern.balance(), np.array([*a, h, D]), prefix="steady_")
    coarse = fflo_state.Pattern(point, pattern.P, int(0.7 * sites)).crossing(h)
    finite_size = abs(coarse[0] - h) if coarse else 1e-3
    error = abs(crossings[0][0][0] - h) + finite_size
    field_only = dataclasses.replace(solution, x=solution.x[-2:-1])
    roots.add(field_only, [error], float(pattern.P))
    return roots
