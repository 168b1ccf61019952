"""Task ``pattern``: Larkin-Ovchinnikov states, Delta(x + pi/G) = -Delta(x), by SNES."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .... import petsc
from ....errors import NotConverged
from ....parallel import Communicator, Layout, on_root, ordered_sum
from ....solvers import newton
from ....solvers.supercell.linear import PatternResponse
from ....solvers.supercell.medium import harmonic_numbers
from ....solvers.supercell.patterns import RealPattern, potential_rows
from ....tasks import Given, Outcome, Output, patterns
from ....tasks.recorder import Entries
from ....tasks.supercell import amplitude_over, varied
from ..physics.gap_and_current import Gas
from ..shared.branch_states import CurvesOf, remembered_curves
from ..shared.gas import gas_of
from ..shared.supercell import coupling_of, medium_of

if TYPE_CHECKING:
    from ....files.writer import ResultFile

VARIANTS = ("box error", "grid error")
TOLERANCE = {"snes_atol": 1e-11}
LEAST = 1e-3  # of Delta_1: below it is the normal gas


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """A wave of both senses, its potential and what grows on it. **Collective.**"""
    gas, curves_of = gas_of(given.parameters, given.numerics), remembered_curves()
    problem = on_root_of(given, gas, curves_of, comm)
    x = np.zeros(len(problem.chosen))
    x[0] = given.initial.delta_1
    solution = solved(given, problem, x, comm)
    if not solution.converged or abs(solution.x[0]) < LEAST:
        raise NotConverged(
            f"pattern: no such state from delta_1 = {given.initial.delta_1:g} "
            f"({solution.reason}, Delta_1 = {solution.x[0]:.2e}); try another [initial] delta_1"
        )
    c = problem.harmonics(solution.x)
    numbers = numbers_of(problem, solution.x, comm)
    log(f"pattern: Delta_1 = {solution.x[0]:.6f}, residual {solution.residual:.1e}")
    box = problem.medium.box
    verdict = stability_of(given, problem, c, comm)
    summary = {
        **numbers,
        "frequency": 0.0,
        "harmonics": patterns.as_pairs(c),
        "last_harmonic": float(abs(solution.x[-1])),
        "patterns": [patterns.as_pairs(c)],
        "residual": solution.residual,
        "snes_reason": solution.reason,
        **verdict,
        "wave_number": given.numerics.wave_number,
        "length": box.length,
        "waves": box.waves,
        "blocks": box.blocks,
    }
    write(output(), problem, c, comm)
    errors: dict[str, float] = {"frequency": 0.0}
    warnings = words_of(given, verdict)
    if given.numerics.error_estimate:
        more, lost = errors_of(given, gas, solution.x, numbers, comm)
        errors |= more
        warnings += lost
    else:
        warnings.append("no error estimates: [numerics] error_estimate = false")
    return Outcome("complete", summary, errors, warnings)


def on_root_of(given: Given, gas: Gas, curves_of: CurvesOf, comm: Communicator) -> RealPattern:
    """The equations, with rank 0's coupling. **Collective.**"""
    coupling = on_root(comm, coupling_of, given, gas, curves_of)
    h = given.numerics.supercell.harmonics
    return RealPattern(medium_of(given.numerics, gas.baths), coupling, range(1, h + 1, 2))


def solved(
    given: Given, problem: RealPattern, x: np.ndarray, comm: Communicator
) -> newton.Solution:
    """The root that SNES finds from ``x``. **Collective.**"""
    with petsc.Options(given.petsc):
        return newton.solve(problem, comm, x, TOLERANCE, prefix="steady_", fix=False)


def potential(problem: RealPattern, c: np.ndarray, comm: Communicator) -> float:
    """sum_p Tr Phi(H) + sum_m (1/U + dU_m) |Delta_m|^2, less that of no pairs. **Collective.**

    Stationary at stationary states, no free energy.
    """
    layout = Layout.over(problem.items, comm)
    part = range(layout.start, layout.stop)
    rows = potential_rows(problem.medium, c, part)
    rows -= potential_rows(problem.medium, np.zeros_like(c), part)
    return float(ordered_sum(comm, layout, rows)) + float(problem.coupling @ np.abs(c) ** 2)


def numbers_of(problem: RealPattern, x: np.ndarray, comm: Communicator) -> dict[str, float]:
    """The numbers of a pattern that have errors. **Collective.**"""
    c = problem.harmonics(x)
    top, low = patterns.extremes(problem.medium, c)
    normal = patterns.density(problem.medium, np.zeros_like(c), comm)[problem.h].real
    number = patterns.density(problem.medium, c, comm)[problem.h].real
    return {
        "delta_max": top,
        "delta_min": low,
        "relative_density": float(number / normal),
        "potential": potential(problem, c, comm),
    }


def stability_of(
    given: Given, problem: RealPattern, c: np.ndarray, comm: Communicator
) -> dict[str, object]:
    """What grows on the pattern, if it is asked for. **Collective.**"""
    if not given.numerics.stability:
        none = {"growth_rate": None, "growth_frequency": None, "modes_found": []}
        return {"stability": "unknown", **none}
    coupling = problem.coupling.astype(complex)
    response = PatternResponse(problem.medium, c, coupling, problem.medium.box.lag)
    return patterns.stability(response, comm)


def errors_of(
    given: Given, gas: Gas, x: np.ndarray, numbers: dict[str, float], comm: Communicator
) -> tuple[dict[str, float], list[str]]:
    """({name: error}, what could not be told): in a smaller box, on another grid.

    **Collective.**
    """
    errors = {name: 1e-9 * abs(value) + 1e-9 for name, value in numbers.items()}
    for variant in VARIANTS:
        problem = on_root_of(varied(given, variant), gas, remembered_curves(), comm)
        solution = solved(given, problem, x, comm)
        if not solution.converged:
            return {}, [f"no errors: there is no such pattern for the {variant}"]
        values = numbers_of(problem, solution.x, comm)
        for name, value in numbers.items():
            errors[name] += abs(values[name] - value)
    return errors, []


def words_of(given: Given, verdict: Entries) -> list[str]:
    """What a reader has to know of the verdict."""
    numerics = given.numerics
    return patterns.words_of(verdict, numerics.stability, numerics.supercell.even)


def write(out: ResultFile, problem: RealPattern, c: np.ndarray, comm: Communicator) -> None:
    """The pattern over the cell. **Collective.**"""
    medium = problem.medium
    number = patterns.density(medium, c, comm)
    places = patterns.places(medium, problem.h)
    out.axis("harmonic", harmonic_numbers(problem.h))
    out.axis("x", places)
    out.fixed("harmonics", c)
    out.fixed("delta_x", amplitude_over(places, c, medium.box.wave_number))
    out.fixed("density", amplitude_over(places, number, medium.box.wave_number).real)
