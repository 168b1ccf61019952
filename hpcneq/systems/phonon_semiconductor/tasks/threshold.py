"""Task threshold: the interaction V_c at which pairs begin to grow, over one parameter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, Sweep, run_sweep
from ....tasks.sweep import Written
from ..inputs import Parameters, ThresholdNumerics
from ..shared import positivity
from ..shared.grid_errors import GRID_FACTOR, missing_errors
from ..shared.lost_points import lost_values
from ..shared.model import at, momenta, moved_speeds, refined, semiconductor
from ..shared.onset import onset_of_pairs

ROUGH = 2.0  # factor of V_c's changes, which do not fall with the step, in its error
OTHER = {"printed": "lindblad", "lindblad": "printed"}
WRITTEN = (
    "V_c",
    "growth",
    "frequency",
    "moved",
    "doubled",
    "V_c_error",
    "min_eigenvalue",
    "max_eigenvalue",
)


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Porta et al. 2019, Fig. 2: one driven state, then eigenvalues for every V. **Collective.**"""
    other = OTHER[given.parameters.radiative]
    axes = given.sweep or {"Omega": np.array([given.parameters.Omega])}
    (key,) = axes

    def solve(values, previous):
        p, n = at(given.parameters, given.numerics, key, values[key])
        numbers = onset_of_pairs(p, n, n.floor, n.V_max)
        if n.error_estimate:
            numbers |= grid_errors(p, n, numbers)
        numbers[f"V_c_{other}"] = onset_of_pairs(replace(p, radiative=other), n, n.floor, n.V_max)[
            "V_c"
        ]
        return numbers

    sweep = run_sweep(axes, solve, comm, log, output, "threshold", everywhere=False)
    return sweep.report(output, lambda out: _report(given, sweep, other, out))


def _report(given: Given, sweep: Sweep, other: str, out: Written) -> Outcome:
    """The curves written, and told as lists."""
    write(out, given, sweep, other)
    errors = {}
    if given.numerics.error_estimate:
        errors = {"V_c": listed(sweep, "V_c_error"), "growth_rate": listed(sweep, "growth_error")}
    summary = {
        "V_c": listed(sweep, "V_c"),
        "floor": given.numerics.floor,
        "growth_rate": listed(sweep, "growth"),
    }
    low = sweep.table("min_eigenvalue")
    high = sweep.table("max_eigenvalue")
    summary |= positivity.range_of(low, high)
    model = semiconductor(given.parameters, given.numerics)
    warnings = positivity.remarks_of_many(model, low, high)
    warnings += thresholds_not_known(given, sweep) + moved_speeds(given)
    warnings += missing_errors(
        given.numerics.error_estimate,
        [
            error
            for V_c, error in zip(known(sweep, "V_c"), known(sweep, "V_c_error"))
            if V_c is not None
        ],
    )
    return sweep.outcome(summary, errors, warnings)


def thresholds_not_known(given: Given, sweep: Sweep) -> list[str]:
    """Warnings: what V_c depends on, and where there is none."""
    n, (key,) = given.numerics, sweep.axes
    doubled = [x for x in known(sweep, "doubled") if x is not None]
    warnings = []
    if doubled:
        warnings.append(
            f"V_c is where pairs grow at {n.floor:g}; at twice that it is larger by up to "
            f"{max(doubled):.2g}"
        )
    stable = [
        float(value)
        for value, record in zip(sweep.axes[key], sweep.records)
        if "why" not in record and np.isnan(record["V_c"])
    ]
    if stable:
        warnings.append(f"no V_c at {key} = {stable}: no pairs grow up to V_max = {n.V_max:g}")
    if sweep.lost:
        warnings.append(f"no V_c at {key} = {lost_values(sweep)}: no driven state")
    return warnings


def grid_errors(p: Parameters, n: ThresholdNumerics, numbers: dict) -> dict[str, float]:
    """{"V_c_error", "growth_error"} from a half and a third of the step in k; nan if unknown.

    V_c does not go smoothly with the step: one finer grid may by chance give the same, and a
    quarter of the step still moves it.
    """
    try:
        finer = [onset_of_pairs(*refined(p, n, times), n.floor, n.V_max) for times in (2, 3)]
    except NotConverged:
        finer = [{"V_c": np.nan, "growth": np.nan}]
    V_c, growth = (
        max(abs(other[name] - numbers[name]) for other in finer) for name in ("V_c", "growth")
    )
    return {
        "V_c_error": ROUGH * V_c + 2e-6 * n.V_max,
        "growth_error": GRID_FACTOR * growth + 1e-9,
    }


def known(sweep: Sweep, name: str) -> list[float | None]:
    """A number of every point; None where it is nan or missing."""
    return [None if np.isnan(value) else value for value in sweep.values(name)]


def listed(sweep: Sweep, name: str) -> list[float | None] | float | None:
    """A number of every point as in the summary: by itself where there is one point."""
    values = known(sweep, name)
    return values[0] if len(values) == 1 else values


def write(out: Written, given: Given, sweep: Sweep, other: str) -> None:
    """Curves, and the populations of the driven states where all have the same momenta."""
    sweep.write(out, (*WRITTEN, f"V_c_{other}"))
    (key,) = sweep.axes
    states = [record for record in sweep.records if "why" not in record]
    if key == "points" or not states:
        return
    out.axis("k", momenta(given.numerics)[0])
    for name in ("n11", "n22"):
        unknown = np.full_like(states[0][name], np.nan)
        rows = [record.get(name, unknown) for record in sweep.records]
        out.fixed(name, np.array(rows), (key, "k"))
