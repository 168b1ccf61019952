"""Task ``pattern``: Larkin-Ovchinnikov states, Delta(x + pi/G) = -Delta(x), by SNES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator
from ....solvers.newton import Solution
from ....solvers.supercell.medium import harmonic_numbers
from ....solvers.supercell.patterns import RealPattern
from ....tasks import Given, Outcome, Output, patterns, run_sweep
from ....tasks.recorder import Entries
from ....tasks.sweep import Sweep, Written
from ..physics.gap_and_current import Gas
from ..shared.branch_states import CurvesOf, remembered_curves
from ..shared.gas import gas_of
from ..shared.standing_waves import (
    UNIFORM,
    equations,
    lowest,
    numbers_of,
    response_of,
    solved,
    uniform_potentials,
)

NUMBERS = ("delta_max", "delta_min", "relative_density", "potential")
FOLLOWED = "a pattern is followed from point to point"


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """A wave of both senses, its potential and what grows on it. **Collective.**"""
    if given.sweep:
        return run_branch(given, comm, log, output)
    gas, curves_of = gas_of(given.parameters, given.numerics), remembered_curves()
    problem = equations(given, gas, curves_of, comm)
    found = lowest(given, gas, problem, curves_of, comm)
    solution = found.solution
    log(f"pattern: Delta_1 = {solution.x[0]:.6f}, residual {solution.residual:.1e}")
    numbers, errors, verdict, words = tell(given, problem, solution, gas, curves_of, comm)
    c = problem.harmonics(solution.x)
    summary = {
        **dict.fromkeys(UNIFORM.values()),
        **numbers,
        "frequency": 0.0,
        "velocity": 0.0,
        **patterns.told(given, problem.medium, c, found.states),
        "last_harmonic": float(abs(solution.x[-1])),
        "residual": solution.residual,
        "snes_reason": solution.reason,
        **verdict,
    }
    patterns.write(output(), problem.medium, c, comm)
    at_rest = {"frequency": 0.0, "velocity": 0.0}
    return Outcome("complete", summary, at_rest | errors, words)


def tell(
    given: Given,
    problem: RealPattern,
    solution: Solution,
    gas: Gas,
    curves_of: CurvesOf,
    comm: Communicator,
) -> tuple[dict[str, float], dict[str, float], Entries, list[str]]:
    """(numbers, their errors, stability, what a reader has to know). **Collective.**"""

    def all_numbers(here: Given, equal: RealPattern, x: np.ndarray) -> dict[str, float]:
        return numbers_of(equal, x, comm) | uniform_potentials(here, gas, curves_of, comm)

    def again(other: Given) -> dict[str, float] | None:
        equal = equations(other, gas, curves_of, comm)
        try:
            return all_numbers(other, equal, solved(other, equal, solution.x, comm).x)
        except NotConverged:
            return None

    numbers = all_numbers(given, problem, solution.x)
    c = problem.harmonics(solution.x)
    verdict = patterns.stability(given, lambda: response_of(problem, c), comm)
    errors, lost = patterns.errors_of(given, numbers, again)
    return numbers, errors, verdict, [*patterns.words_of(given, verdict), *lost]


# ---- along a sweep -------------------------------------------------------------------------------


def run_branch(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """One state along dmu or its wave number, from each point to the next. **Collective.**"""
    curves_of = remembered_curves()

    def point(at, previous, group=comm):  # all ranks, or the only one
        here = at_point(given, at)
        gas = gas_of(here.parameters, here.numerics)
        problem = equations(here, gas, curves_of, group)
        before = (previous or {}).get("x")
        try:
            if before is None:
                solution = lowest(here, gas, problem, curves_of, group).solution
            else:
                solution = solved(here, problem, np.array(before), group)
        except NotConverged as lost:
            where = ", ".join(f"{key} = {value:g}" for key, value in at.items())
            raise NotConverged(f"{where}: {lost}") from lost
        numbers, errors, verdict, _ = tell(here, problem, solution, gas, curves_of, group)
        c = problem.harmonics(solution.x)
        return {
            "x": solution.x,
            "harmonics": c,
            "last_harmonic": float(abs(solution.x[-1])),
            "pairs": patterns.as_pairs(c),
            "residual": solution.residual,
            **numbers,
            **verdict,
            **{f"{name}_error": error for name, error in errors.items()},
        }

    options = {"chain": None, "group": comm.size}
    sweep = run_sweep(given.sweep, point, comm, log, output, "pattern", everywhere=False, **options)
    h = given.numerics.supercell.harmonics
    return sweep.report(output, lambda out: report_branch(sweep, h, out))


def at_point(given: Given, at: dict[str, float]) -> Given:
    """The input of a point of a sweep."""
    if "wave_number" in at:
        return replace(given, numerics=replace(given.numerics, **at))
    return replace(given, parameters=replace(given.parameters, **at))


def report_branch(sweep: Sweep, h: int, out: Written) -> Outcome:
    """The state along the sweep written, h harmonics, and its lists told."""
    names: Sequence[str] = (*NUMBERS, *UNIFORM.values())
    sweep.write(out, (*names, "growth_rate", "last_harmonic"))
    out.axis("harmonic", harmonic_numbers(h))
    missing = np.full(2 * h + 1, np.nan, complex)
    rows = np.array([(r or {}).get("harmonics", missing) for r in sweep.records])
    out.fixed("harmonics", rows, (next(iter(sweep.axes)), "harmonic"))
    told = (*names, "last_harmonic", "stability", "growth_rate")
    summary: dict[str, object] = {name: sweep.values(name, None) for name in told}
    residuals = [x for x in sweep.values("residual", None) if x is not None]
    summary |= {"residual": max(residuals, default=None)}
    summary |= {"harmonics": sweep.values("pairs", None)}
    errors = {name: sweep.values(f"{name}_error", None) for name in names}
    return sweep.outcome(summary, errors, [FOLLOWED])
