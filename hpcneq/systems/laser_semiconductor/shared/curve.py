"""A curve: every number of a static task over one swept key."""

from __future__ import annotations

from collections.abc import Callable

from ....errors import NotConverged
from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from . import linear_stability
from .grid_errors import beside_continuum, grid_errors, refined_points
from .model import material_at
from .remarks import remarks

WITH_ERRORS = ("delta", "V_c", "growth_rate")  # numbers of a curve that have errors
VERDICTS = ("stable", "eigenvalue")  # ends of the names of what tells the stability


def curve(
    given: Given, comm: Communicator, log: Callable, output: Output, point: Callable
) -> Outcome:
    """Every number of ``point(m, points) -> {name: number}`` over the swept key. **Collective.**

    The errors of the exact numbers are written as "<name>_error", from a finer grid. Raises
    NotConverged if no point of the curve converged.
    """

    def solve(at, previous):
        m = material_at(given.parameters, **at)
        numbers, finer = point(m, given.numerics.points), point(m, refined_points(given))
        exact = [name for name in WITH_ERRORS if name in numbers]
        exact += [name for name in numbers if name.endswith("eigenvalue")]
        errors = beside_continuum(m, numbers, grid_errors(numbers, finer, exact))
        return numbers | {f"{name}_error": error for name, error in errors.items()}

    sweep = run_sweep(given.sweep, solve, comm, log, output, given.task, everywhere=False)
    return sweep.report(output, lambda out: _report(given, sweep, out))


def _report(given: Given, sweep: Sweep, out: Written) -> Outcome:
    """The curve written, the numbers of its ends told."""
    converged = [record for record in sweep.records if "why" not in record]
    if not converged:
        raise NotConverged(f"{given.task}: no point of the curve converged: {sweep.lost[0]}")
    numbers = [name for name in converged[0] if not name.endswith(VERDICTS)]
    sweep.write(out, numbers)
    warnings = remarks(given.parameters)
    if "stable" in converged[0]:
        linear_stability.write(out, sweep)
        warnings[:0] = linear_stability.remarks_of_sweep(sweep)
    summary: dict[str, float] = {"points": len(sweep.records)}
    errors: dict[str, float] = {}
    for end, record in (("first", sweep.records[0]), ("last", sweep.records[-1])):
        for name in WITH_ERRORS:
            if name in record:
                summary[f"{name}_{end}"] = float(record[name])
                errors[f"{name}_{end}"] = float(record[f"{name}_error"])
    if sweep.lost:
        warnings.append(f"{len(sweep.lost)} points did not converge")
    return sweep.outcome(summary, errors, warnings)
