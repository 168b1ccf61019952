"""Task ``pattern``: stationary states of the condensate that are not uniform, by SNES."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root
from ....solvers.supercell.linear import PatternResponse
from ....solvers.supercell.medium import Medium
from ....solvers.supercell.patterns import TurningPattern
from ....tasks import Given, Outcome, Output, patterns
from ..physics.gap_equations import Condensate
from ..shared.condensate import WIDE, condensate_at
from ..shared.drive import drive_of, input_summary
from ..shared.supercell import medium_of, resting

if TYPE_CHECKING:
    pass

STARTS = ((0.48, 0.39), (0.3, 0.35), (0.9, 0.2), (1.0, 0.05), (1.0, -0.03), (0.7, 0.3))


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """Stripes, and how stable they are in their cell. **Collective.**"""
    state = on_root(comm, condensate_at, drive_of(given))
    problem = equations(given, state)
    solutions = [patterns.solved(given, problem, x, comm) for x in starts(given, problem, state)]
    found = [s for s in solutions if s.converged]
    states = patterns.distinct([problem.harmonics(s.x) for s in found], state.delta)
    if not states:
        raise NotConverged(
            f"pattern: {len(solutions)} starts lead to the uniform state or to none; try other "
            "[initial] delta_0 and delta_1"
        )
    chosen = states[0 if given.initial.branch == "strong" else -1]
    solution = next(s for s in found if np.array_equal(problem.harmonics(s.x), chosen))
    log(f"pattern: {len(states)} found, residual {solution.residual:.1e}")
    numbers = numbers_of(problem, solution.x, state, comm)
    verdict = patterns.stability(given, lambda: response_of(problem, solution.x), comm)
    summary = {
        **numbers,
        **patterns.told(given, problem.medium(0.0), chosen, states),
        "last_harmonic": float(abs(chosen[-1])),
        "potential": None,
        "residual": solution.residual,
        "snes_reason": solution.reason,
        **verdict,
        **of_input(state),
    }
    patterns.write(output(), problem.medium(float(solution.x[-1])), chosen, comm)

    def again(other: Given) -> dict[str, float] | None:
        equal = equations(other, state)
        root = patterns.solved(other, equal, solution.x, comm)
        return numbers_of(equal, root.x, state, comm) if root.converged else None

    errors, lost = patterns.errors_of(given, numbers, again)
    return Outcome("complete", summary, errors, [WIDE, *patterns.words_of(given, verdict), *lost])


def equations(given: Given, state: Condensate) -> TurningPattern:
    """The equations of a pattern, with the coupling that the uniform condensate tells."""
    rest = resting(given, state)
    box = rest.medium.box

    def medium(shift: float) -> Medium:
        return medium_of(given, state, box, state.mt - shift)

    return TurningPattern(medium, rest.coupling)


def starts(given: Given, problem: TurningPattern, state: Condensate) -> list[np.ndarray]:
    """Where Newton's method starts."""
    start, h = given.initial, problem.h
    pairs = [(start.delta_0, start.delta_1)]
    if start.delta_0 is None:
        pairs = [(a * state.delta, b * state.delta) for a, b in STARTS]
    guesses = []
    for first, second in pairs:
        c = np.zeros(2 * h + 1, complex)
        c[h], c[[h - 1, h + 1]] = first, second
        guesses.append(problem.unknowns(c, 0.0))
    return guesses


def numbers_of(
    problem: TurningPattern, x: np.ndarray, state: Condensate, comm: Communicator
) -> dict[str, float]:
    """The numbers of a pattern that have errors. **Collective.**"""
    c, medium = problem.harmonics(x), problem.medium(float(x[-1]))
    top, low = patterns.extremes(medium, c)
    rest = np.zeros_like(c)
    rest[problem.h] = state.delta
    uniform = patterns.density(problem.medium(0.0), rest, comm)
    number = patterns.density(medium, c, comm)
    return {
        "delta_max": top,
        "delta_min": low,
        "frequency": 2 * float(x[-1]),
        "relative_density": float(number[problem.h].real / uniform[problem.h].real),
    }


def response_of(problem: TurningPattern, x: np.ndarray) -> PatternResponse:
    """How small changes of a pattern grow."""
    shift = float(x[-1])
    at_rest = problem.at_rest(shift)
    return PatternResponse(problem.medium(shift), problem.harmonics(x), at_rest, problem.lag)


def of_input(state: Condensate) -> dict[str, object]:
    """What the summary repeats of the uniform condensate."""
    return {
        "delta": state.delta,
        "mu": state.mu,
        "mu_b": state.mu_b,
        "ratio": state.ratio,
        **input_summary(state.drive),
    }


def start_count(given: Given) -> int:
    """How many starts there are."""
    return 1 if given.initial.delta_0 is not None else len(STARTS)
