"""Task ``pattern``: stationary states of the condensate that are not uniform, by SNES."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .... import petsc
from ....errors import NotConverged
from ....parallel import Communicator, on_root
from ....solvers import newton
from ....solvers.supercell.linear import PatternResponse
from ....solvers.supercell.medium import Medium, harmonic_numbers
from ....solvers.supercell.patterns import TurningPattern
from ....tasks import Given, Outcome, Output, patterns
from ....tasks.recorder import Entries
from ....tasks.supercell import amplitude_over, varied
from ..physics.gap_equations import Condensate
from ..shared.condensate import WIDE, condensate_at
from ..shared.drive import drive_of, input_summary
from ..shared.supercell import medium_of, resting

if TYPE_CHECKING:
    from ....files.writer import ResultFile

STARTS = ((0.48, 0.39), (0.3, 0.35), (0.9, 0.2), (1.0, 0.05), (1.0, -0.03), (0.7, 0.3))
VARIANTS = ("box error", "grid error")
TOLERANCE = {"snes_atol": 1e-11}


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """Stripes, and how stable they are in their cell. **Collective.**"""
    state = on_root(comm, condensate_at, drive_of(given))
    problem = equations(given, state)
    solutions = [solved(given, problem, x, comm) for x in starts(given, problem, state)]
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
    verdict = stability_of(given, problem, solution.x, comm)
    summary = {
        **numbers,
        "harmonics": patterns.as_pairs(chosen),
        "last_harmonic": float(abs(chosen[-1])),
        "potential": None,
        "patterns": [patterns.as_pairs(c) for c in states],
        "residual": solution.residual,
        "snes_reason": solution.reason,
        **verdict,
        **of_input(given, problem, state),
    }
    write(output(), problem, solution.x, comm)
    warnings = [WIDE, *words_of(given, verdict)]
    errors = {}
    if given.numerics.error_estimate:
        errors, lost = errors_of(given, problem, solution.x, state, numbers, comm)
        warnings += lost
    else:
        warnings.append("no error estimates: [numerics] error_estimate = false")
    return Outcome("complete", summary, errors, warnings)


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


def solved(
    given: Given, problem: TurningPattern, x: np.ndarray, comm: Communicator
) -> newton.Solution:
    """The root that SNES finds from ``x``. **Collective.**"""
    with petsc.Options(given.petsc):
        return newton.solve(problem, comm, x, TOLERANCE, prefix="steady_", fix=False)


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


def stability_of(
    given: Given, problem: TurningPattern, x: np.ndarray, comm: Communicator
) -> dict[str, object]:
    """What grows on the pattern, if it is asked for. **Collective.**"""
    if not given.numerics.stability:
        none = {"growth_rate": None, "growth_frequency": None, "modes_found": []}
        return {"stability": "unknown", **none}
    shift = float(x[-1])
    response = PatternResponse(
        problem.medium(shift), problem.harmonics(x), problem.at_rest(shift), problem.lag
    )
    return patterns.stability(response, comm)


def errors_of(
    given: Given,
    problem: TurningPattern,
    x: np.ndarray,
    state: Condensate,
    numbers: dict[str, float],
    comm: Communicator,
) -> tuple[dict[str, float], list[str]]:
    """({name: error}, what could not be told): the pattern in a smaller box, on another grid.

    **Collective.**
    """
    errors = {name: abs(value) * 1e-9 + 1e-9 for name, value in numbers.items()}
    for variant in VARIANTS:
        other = equations(varied(given, variant), state)
        solution = solved(given, other, x, comm)
        if not solution.converged:
            return {}, [f"no errors: there is no such pattern for the {variant}"]
        values = numbers_of(other, solution.x, state, comm)
        for name, value in numbers.items():
            errors[name] += abs(values[name] - value)
    return errors, []


def of_input(given: Given, problem: TurningPattern, state: Condensate) -> dict[str, object]:
    """What the summary repeats of the input and of the grid."""
    box = problem.medium(0.0).box
    return {
        "delta": state.delta,
        "mu": state.mu,
        "mu_b": state.mu_b,
        "ratio": state.ratio,
        "wave_number": given.numerics.wave_number,
        "length": box.length,
        "waves": box.waves,
        "blocks": box.blocks,
        **input_summary(state.drive),
    }


def words_of(given: Given, verdict: Entries) -> list[str]:
    """What a reader has to know of the verdict."""
    numerics = given.numerics
    return patterns.words_of(verdict, numerics.stability, numerics.supercell.even)


def write(out: ResultFile, problem: TurningPattern, x: np.ndarray, comm: Communicator) -> None:
    """The pattern over the cell. **Collective.**"""
    c, medium = problem.harmonics(x), problem.medium(float(x[-1]))
    number = patterns.density(medium, c, comm)
    places = patterns.places(medium, problem.h)
    out.axis("harmonic", harmonic_numbers(problem.h))
    out.axis("x", places)
    out.fixed("harmonics", c)
    out.fixed("delta_x", amplitude_over(places, c, medium.box.wave_number))
    out.fixed("density", amplitude_over(places, number, medium.box.wave_number).real)


def start_count(given: Given) -> int:
    """How many starts there are."""
    return 1 if given.initial.delta_0 is not None else len(STARTS)
