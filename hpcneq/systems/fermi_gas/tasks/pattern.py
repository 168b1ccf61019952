"""Task ``pattern``: Larkin-Ovchinnikov states, Delta(x + pi/G) = -Delta(x), by SNES."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, Layout, on_root, ordered_sum
from ....solvers.supercell.linear import PatternResponse
from ....solvers.supercell.patterns import RealPattern, potential_rows
from ....tasks import Given, Outcome, Output, patterns
from ....tasks.supercell_tables import cell_of
from ..physics.gap_and_current import Gas
from ..shared.branch_states import CurvesOf, remembered_curves
from ..shared.gas import gas_of
from ..shared.supercell import coupling_of, medium_of

LEAST = 1e-3  # of Delta_1: below it is the normal gas


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """A wave of both senses, its potential and what grows on it. **Collective.**"""
    gas, curves_of = gas_of(given.parameters, given.numerics), remembered_curves()
    problem = on_root_of(given, gas, curves_of, comm)
    x = np.zeros(len(problem.chosen))
    x[0] = given.initial.delta_1
    solution = patterns.solved(given, problem, x, comm)
    if not solution.converged or abs(solution.x[0]) < LEAST:
        raise NotConverged(
            f"pattern: no such state from delta_1 = {given.initial.delta_1:g} "
            f"({solution.reason}, Delta_1 = {solution.x[0]:.2e}); try another [initial] delta_1"
        )
    c = problem.harmonics(solution.x)
    numbers = numbers_of(problem, solution.x, comm)
    log(f"pattern: Delta_1 = {solution.x[0]:.6f}, residual {solution.residual:.1e}")
    verdict = patterns.stability(given, lambda: response_of(problem, c), comm)
    summary = {
        **numbers,
        "frequency": 0.0,
        **patterns.told(given, problem.medium, c, [c]),
        "last_harmonic": float(abs(solution.x[-1])),
        "residual": solution.residual,
        "snes_reason": solution.reason,
        **verdict,
    }
    patterns.write(output(), problem.medium, c, comm)

    def again(other: Given) -> dict[str, float] | None:
        equal = on_root_of(other, gas, remembered_curves(), comm)
        root = patterns.solved(other, equal, solution.x, comm)
        return numbers_of(equal, root.x, comm) if root.converged else None

    errors, lost = patterns.errors_of(given, numbers, again)
    warnings = [*patterns.words_of(given, verdict), *lost]
    return Outcome("complete", summary, {"frequency": 0.0} | errors, warnings)


def on_root_of(given: Given, gas: Gas, curves_of: CurvesOf, comm: Communicator) -> RealPattern:
    """The equations, with rank 0's coupling. **Collective.**"""
    coupling = on_root(comm, coupling_of, given, gas, curves_of)
    h = given.numerics.supercell.harmonics
    _, periods = cell_of(given.numerics.wave_number, given.numerics.supercell)
    odd = range(periods, h + 1, 2 * periods)
    return RealPattern(medium_of(given.numerics, gas.baths), coupling, odd)


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


def response_of(problem: RealPattern, c: np.ndarray) -> PatternResponse:
    """How small changes of a pattern grow."""
    coupling = problem.coupling.astype(complex)
    return PatternResponse(problem.medium, c, coupling, problem.medium.box.lag)
