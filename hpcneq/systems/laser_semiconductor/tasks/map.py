"""Task map: order parameter, threshold and growth rate over two parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..physics.material import Material
from ..shared import linear_stability
from ..shared.grid_errors import grid_errors, refined_points
from ..shared.model import material_at
from ..shared.remarks import remarks
from ..shared.steady_state import growth_rate, order_parameter, threshold, turning_order

EIGENVALUES = ("eigenvalue", "normal_eigenvalue")
WRITTEN = (
    "delta",
    "turning",
    "V_c",
    "turning_c",
    "growth_rate",
    "frequency",
    "delta_error",
    "V_c_error",
    "eigenvalue_error",
    "normal_eigenvalue_error",
)


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Each point of two swept keys by itself, points over ranks. **Collective.**

    Raises NotConverged if no point converged.
    """

    def solve(at, previous):
        m = material_at(given.parameters, **at)
        found, (rate, _) = numbers(m, given.numerics.points), growth_rate(m, given.numerics.points)
        finer = numbers(m, refined_points(given))
        errors = grid_errors(found, finer, ("delta", "V_c", *EIGENVALUES))
        return (
            found
            | {"growth_rate": rate.real, "frequency": rate.imag}
            | {f"{name}_error": error for name, error in errors.items()}
        )

    sweep = run_sweep(given.sweep, solve, comm, log, output, "map", everywhere=False)
    return sweep.report(output, lambda out: _report(given, sweep, out))


def _report(given: Given, sweep: Sweep, out: Written) -> Outcome:
    """The map written, its largest order parameter told."""
    sweep.write(out, WRITTEN)
    linear_stability.write(out, sweep)
    delta, error = sweep.table("delta"), sweep.table("delta_error")
    if np.isnan(delta).all():
        raise NotConverged(f"map: no point converged: {sweep.lost[0]}")
    top = np.unravel_index(np.nanargmax(delta), delta.shape)
    summary = {
        "delta_max": float(delta[top]),
        "paired": int((delta > 0).sum()),
        "points": int(delta.size),
        "delta_error_max": float(np.nanmax(error)),
    }
    warnings = linear_stability.remarks_of_sweep(sweep) + remarks(given.parameters)
    if sweep.lost:
        warnings.append(f"{len(sweep.lost)} points did not converge")
    return sweep.outcome(summary, {"delta_max": float(error[top])}, warnings)


def numbers(m: Material, points: int) -> dict[str, complex]:
    """Order parameter, threshold and stability; points : momenta of positive k."""
    delta = order_parameter(m, points)
    turning = 0.0
    if delta == 0:
        delta, turning = turning_order(m, points)
    verdicts = linear_stability.verdicts(m.at(turning=turning), delta, points)
    V_c, turning_c = threshold(m, points)
    numbers = {"delta": delta, "turning": turning, "V_c": float(V_c), "turning_c": turning_c}
    return numbers | verdicts
