"""Task ``pattern``: stationary states of the condensate that are not uniform, by SNES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root
from ....solvers.newton import Solution
from ....solvers.supercell.linear import PatternResponse
from ....solvers.supercell.medium import Medium, harmonic_numbers
from ....solvers.supercell.patterns import TurningPattern
from ....tasks import Given, Outcome, Output, patterns, run_sweep
from ....tasks.recorder import Entries
from ....tasks.supercell_tables import cell_of
from ....tasks.sweep import Sweep, Written
from ..physics.gap_equations import Condensate, Drive
from ..shared.condensate import WIDE, condensate_at
from ..shared.drive import drive_of, input_summary
from ..shared.supercell import medium_of, resting

STARTS = ((0.48, 0.39), (0.3, 0.35), (0.9, 0.2), (1.0, 0.05), (1.0, -0.03), (0.7, 0.3))
NUMBERS = ("delta_max", "delta_min", "frequency", "relative_density", "last_harmonic")
DRIVES = {"ratio": "ratio", "inv_kfas": "inv"}
FOLLOWED = "a pattern is followed from point to point; where it ends, another may take its place"
# of Delta_1^2/Delta_0: Delta_2 and mu_c - mu of a start, as strong stripes have them
HIGHER, SHIFT = 0.6, 0.17


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """Stripes, and how stable they are in their cell; or one along a [sweep]. **Collective.**"""
    if given.sweep:
        return run_branch(given, comm, log, output)
    state = on_root(comm, condensate_at, drive_of(given))
    problem = equations(given, state)
    solution, states = chosen_of(given, problem, state, starts(given, problem, state), comm)
    log(f"pattern: {len(states)} found, residual {solution.residual:.1e}")
    c = problem.harmonics(solution.x)
    told = tell(given, problem, solution, state, comm)
    summary = {
        **told.numbers,
        **patterns.told(given, problem.medium(0.0), c, states),
        "last_harmonic": float(abs(c[-1])),
        "potential": None,
        "residual": solution.residual,
        "snes_reason": solution.reason,
        **told.verdict,
        **of_input(state),
    }
    patterns.write(output(), problem.medium(float(solution.x[-1])), c, comm)
    words = [WIDE, *patterns.words_of(given, told.verdict), *told.lost]
    return Outcome("complete", summary, told.errors, words)


def chosen_of(
    given: Given,
    problem: TurningPattern,
    state: Condensate,
    guesses: Sequence[np.ndarray],
    comm: Communicator,
) -> tuple[Solution, list[np.ndarray]]:
    """(the pattern that is meant, harmonics of all that are found). **Collective.**

    Raises NotConverged where there is none but the uniform state.
    """
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
    return next(s for s in found if np.array_equal(problem.harmonics(s.x), chosen)), states


@dataclass(frozen=True)
class Told:
    """Numbers of a pattern, their errors, its stability, and why there are no errors."""

    numbers: dict[str, float]
    errors: dict[str, float]
    verdict: Entries
    lost: list[str]


def tell(
    given: Given,
    problem: TurningPattern,
    solution: Solution,
    state: Condensate,
    comm: Communicator,
) -> Told:
    """What is told of a pattern. **Collective.**"""
    numbers = numbers_of(problem, solution.x, state, comm)
    verdict = patterns.stability(given, lambda: response_of(problem, solution.x), comm)

    def again(other: Given) -> dict[str, float] | None:
        equal = equations(other, state)
        root = patterns.solved(other, equal, solution.x, comm)
        return numbers_of(equal, root.x, state, comm) if root.converged else None

    errors, lost = patterns.errors_of(given, numbers, again)
    return Told(numbers, errors, verdict, lost)


# ---- along a sweep -------------------------------------------------------------------------------


def run_branch(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """One pattern along a key, from each point to the next. **Collective.**"""

    def point(at, previous, group=comm):  # all ranks, or the only one
        here, drive = at_point(given, at)
        state = on_root(group, condensate_at, drive)
        problem = equations(here, state)
        guesses = starts(here, problem, state)
        if previous and "x" in previous:
            guesses = [np.array(previous["x"])]
        try:
            solution, _ = chosen_of(here, problem, state, guesses, group)
        except NotConverged as lost:
            where = ", ".join(f"{key} = {value:g}" for key, value in at.items())
            raise NotConverged(f"{where}: {lost}") from lost
        told = tell(here, problem, solution, state, group)
        c = problem.harmonics(solution.x)
        errors = {f"{name}_error": error for name, error in told.errors.items()}
        record = {"x": solution.x, "harmonics": c, "last_harmonic": float(abs(c[-1]))}
        record["pairs"] = patterns.as_pairs(c)
        record |= {"residual": solution.residual, "delta": state.delta}
        return {**record, **told.numbers, **told.verdict, **errors}

    options = {"chain": None, "group": comm.size}
    sweep = run_sweep(given.sweep, point, comm, log, output, "pattern", everywhere=False, **options)
    h = given.numerics.supercell.harmonics
    return sweep.report(output, lambda out: report_branch(sweep, h, out))


def report_branch(sweep: Sweep, h: int, out: Written) -> Outcome:
    """The pattern along the sweep written, h harmonics, and its lists told."""
    sweep.write(out, (*NUMBERS, "delta", "growth_rate"))
    out.axis("harmonic", harmonic_numbers(h))
    missing = np.full(2 * h + 1, np.nan, complex)
    rows = np.array([(r or {}).get("harmonics", missing) for r in sweep.records])
    out.fixed("harmonics", rows, (next(iter(sweep.axes)), "harmonic"))
    summary: dict[str, object] = {
        name: listed(sweep, name) for name in (*NUMBERS, "stability", "delta")
    }
    residuals = [x for x in sweep.values("residual", None) if x is not None]
    summary |= {"residual": max(residuals, default=None)}
    summary |= {"harmonics": listed(sweep, "pairs"), "potential": None}
    errors = {name: listed(sweep, f"{name}_error") for name in NUMBERS[:4]}
    return sweep.outcome(summary, errors, [WIDE, FOLLOWED])


def at_point(given: Given, at: dict[str, float]) -> tuple[Given, Drive]:
    """(the input, the drive) of a point of a sweep."""
    drive = drive_of(given)
    if "wave_number" in at:
        return replace(given, numerics=replace(given.numerics, **at)), drive
    return given, replace(drive, **{DRIVES[key]: value for key, value in at.items()})


def listed(sweep: Sweep, name: str) -> list:
    """A number at every point, None where there is no pattern."""
    return sweep.values(name, None)


# ---- a pattern -----------------------------------------------------------------------------------


def equations(given: Given, state: Condensate) -> TurningPattern:
    """The equations of a pattern, with the coupling that the uniform condensate tells."""
    rest = resting(given, state)
    box = rest.medium.box

    def medium(shift: float) -> Medium:
        return medium_of(given, state, box, state.mt - shift)

    return TurningPattern(medium, rest.coupling)


def periods_of(given: Given) -> int:
    """Periods of the wave in the cell."""
    return cell_of(given.numerics.wave_number, given.numerics.supercell)[1]


def starts(given: Given, problem: TurningPattern, state: Condensate) -> list[np.ndarray]:
    """Where Newton's method starts."""
    start, h, k = given.initial, problem.h, periods_of(given)
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
