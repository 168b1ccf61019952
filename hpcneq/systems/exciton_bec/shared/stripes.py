"""Stationary stripes of the condensate: their equations, where Newton's method starts, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator
from ....solvers.newton import Solution
from ....solvers.supercell.linear import PatternResponse
from ....solvers.supercell.medium import Medium
from ....solvers.supercell.patterns import TravellingPattern, TurningPattern, amplitude_of
from ....tasks import Given, patterns
from ....tasks.supercell_tables import cell_of
from ..physics.gap_equations import Condensate
from .supercell import medium_of, resting

STARTS = ((0.48, 0.39), (0.3, 0.35), (0.9, 0.2), (1.0, 0.05), (1.0, -0.03), (0.7, 0.3))
# of Delta_1^2/Delta_0: Delta_2 and mu_c - mu of a start, as strong stripes have them
HIGHER, SHIFT = 0.6, 0.17
SLOW = 1e-9  # velocity below which a pattern is at rest


@dataclass(frozen=True)
class Stripes:
    """A root x of the equations of a uniform condensate, and what SNES said."""

    state: Condensate
    problem: TurningPattern
    x: np.ndarray
    solution: Solution

    @property
    def harmonics(self) -> np.ndarray:
        """(2 h + 1,) Delta_m."""
        return self.problem.harmonics(self.x)

    @property
    def shift(self) -> float:
        """mu_c less the mu of the uniform condensate."""
        return float(self.x[-1])

    @property
    def velocity(self) -> float:
        """With which it travels."""
        return self.problem.velocity(self.x)


@dataclass(frozen=True)
class Found:
    """The pattern that is meant, harmonics of all that are found, all unknowns, ratio of the
    onset.
    """

    stripes: Stripes
    states: list[np.ndarray]
    x: np.ndarray
    onset: float | None = None

    def amplitude(self, periods: int) -> float:
        """Of the wave."""
        return amplitude_of(self.stripes.harmonics, periods)


def chosen_of(
    given: Given, state: Condensate, guesses: Sequence[np.ndarray] | None, comm: Communicator
) -> Found:
    """The pattern on the momenta of an input. **Collective.**

    Raises NotConverged where there is none but the uniform state.
    """
    problem = equations(given, state)
    if guesses is None:
        guesses = starts(given, problem, state)
    solutions = [patterns.solved(given, problem, x, comm) for x in guesses]
    found = [s for s in solutions if s.converged]
    states = patterns.distinct(
        [problem.harmonics(s.x) for s in found], state.delta, periods_of(given)
    )
    if not states:
        raise NotConverged(
            f"pattern: {len(solutions)} starts lead to the uniform state or to none; try other "
            "[initial] delta_0 and delta_1"
        )
    chosen = states[0 if given.initial.branch == "strong" else -1]
    solution = next(s for s in found if np.array_equal(problem.harmonics(s.x), chosen))
    return Found(Stripes(state, problem, solution.x, solution), states, solution.x)


def equations(given: Given, state: Condensate) -> TurningPattern:
    """The equations of a pattern, with the coupling that the uniform condensate tells."""
    rest = resting(given, state)
    box = rest.medium.box

    def medium(shift: float) -> Medium:
        return medium_of(given, state, box, state.mt - shift)

    if given.numerics.supercell.even:
        return TurningPattern(medium, rest.coupling)
    return TravellingPattern(medium, rest.coupling, periods_of(given))


def periods_of(given: Given) -> int:
    """Periods of the wave in the cell."""
    return cell_of(given.numerics.wave_number, given.numerics.supercell)[1]


def starts(given: Given, problem: TurningPattern, state: Condensate) -> list[np.ndarray]:
    """Where Newton's method starts."""
    start = given.initial
    h = problem.h
    k = periods_of(given)
    pairs = [(start.delta_0, start.delta_1)]
    if start.delta_0 is None:
        pairs = [(a * state.delta, b * state.delta) for a, b in STARTS]
    guesses = []
    for first, second in pairs:
        c = np.zeros(2 * h + 1, complex)
        c[h], c[[h - k, h + k]] = first, second
        if h >= 2 * k:
            c[[h - 2 * k, h + 2 * k]] = HIGHER * second**2 / first
        guesses.append(problem.unknowns(c, SHIFT * second**2 / first))
    return guesses


def start_count(given: Given) -> int:
    """How many starts there are."""
    return 1 if given.initial.delta_0 is not None else len(STARTS)


def numbers_of(stripes: Stripes, comm: Communicator) -> dict[str, float]:
    """The numbers of a pattern that have errors. **Collective.**"""
    problem, c = stripes.problem, stripes.harmonics
    medium = problem.in_frame(stripes.x)
    top, low = patterns.extremes(medium, c)
    rest = np.zeros_like(c)
    rest[problem.h] = stripes.state.delta
    uniform = patterns.density(problem.medium(0.0), rest, comm)
    number = patterns.density(medium, c, comm)
    return {
        "delta_max": top,
        "delta_min": low,
        "frequency": 2 * stripes.shift,
        "velocity": stripes.velocity,
        "relative_density": float(number[problem.h].real / uniform[problem.h].real),
    }


def response_of(stripes: Stripes) -> PatternResponse:
    """How small changes of a pattern grow, in the frame that turns and travels along."""
    problem = stripes.problem
    at_rest = problem.at_rest(stripes.shift, stripes.velocity)
    medium = problem.in_frame(stripes.x)
    if abs(stripes.velocity) < SLOW:
        medium = problem.medium(stripes.shift)
    return PatternResponse(medium, stripes.harmonics, at_rest, problem.lag)
