"""Task ``evolve`` of the fermi-gas: linearised, in full, or with the reservoirs' memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ....parallel import Communicator, on_root
from ....solvers.mean_field import FieldState
from ....tasks import Given, Outcome, Output, run_evolution
from ..physics import late_rates
from ..physics.gap_and_current import Gas
from ..physics.response import Response
from ..shared.branch_states import remembered_curves
from ..shared.cell_runs import run_cell
from ..shared.evolution_grid import is_exponential, with_time_step
from ..shared.full_runs import (
    FullRecords,
    final_states,
    full_state,
    full_system,
    start_of,
    with_full_step,
)
from ..shared.gas import gas_of
from ..shared.late_roots import root_error, root_near
from ..shared.linear_runs import LinearRecords, linear_system, states_of_runs
from ..shared.modes import VARIANT_NOTES

if TYPE_CHECKING:
    from ....files.writer import ResultFile

VISIBLE = 1e-9  # mu: distance from a state of which an exponent can be told
HELD = "Q is held: the states of this Q alone are within reach"


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Kawamura, Hanai & Ohashi 2022, Figs. 6-8, and the fate of a state in full. **Collective.**"""
    if given.numerics.supercell is not None:
        return run_cell(given, comm, log, output)
    if given.numerics.model == "linear":
        return run_linear(given, comm, log, output)
    return run_full(given, comm, log, output)


# ---- linearised --------------------------------------------------------------------------------


def run_linear(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """The linearised equation: late slopes are roots of det M. **Collective.**"""
    states = on_root(comm, states_of_runs, given)
    responses, system = linear_system(given, states)
    given = with_time_step(given, system.fastest)
    sizes = ", ".join(f"{D:.6f}" for D, *_ in states)
    log(f"evolve: {given.parameters.branch}, Delta = {sizes}, {system.items} chunks of momenta")
    recorder = LinearRecords(given, responses)

    def state(variant, begin):
        coarse = variant == "grid error"
        equations = linear_system(given, states, variant)[1] if coarse else system
        return FieldState(equations, comm, begin)

    outcome = run_evolution(given, comm, log, output, state, recorder)
    add_late_exponents(outcome, recorder, output, comm)
    one_or_all = alone_or_list(responses)
    outcome.errors |= {"delta": one_or_all([slip for *_, slip in states])}
    outcome.errors |= {"Q": outcome.errors["delta"]}
    outcome.warnings.insert(0, VARIANT_NOTES[given.numerics.variant])
    return outcome


def alone_or_list(responses: list[Response]) -> Callable[[list], object]:
    """What the summary holds of a number of each run: the number where there is one run."""
    if len(responses) == 1:
        return lambda values: values[0]
    return list


def add_late_exponents(
    outcome: Outcome, recorder: LinearRecords, output: Output, comm: Communicator
) -> None:
    """Exponents of the traces beside the roots of det M next to them. **Collective.**"""
    out, responses, n = output(), recorder.responses, recorder.given.numerics
    t, x = out.read("t"), out.read("ddelta")
    late = [late_rates.late_exponent(t, x[:, j]) for j in range(len(responses))]
    roots = [root_near(r, z, comm) for r, z in zip(responses, late)]
    late = [None if np.isnan(z) else z for z in late]
    one_or_all = alone_or_list(responses)
    outcome.summary |= {
        "branch": recorder.given.parameters.branch,
        "delta": one_or_all([r.D for r in responses]),
        "Q": one_or_all([r.Q for r in responses]),
        "late_rate": one_or_all([z and z.real for z in late]),
        "late_frequency": one_or_all([z and z.imag for z in late]),
        "root_rate": one_or_all([z and z.real for z in roots]),
        "root_frequency": one_or_all([z and z.imag for z in roots]),
        "model": "linear",
        "variant": n.variant,
    }
    if not n.error_estimate or outcome.status != "complete":
        return
    traces = [output.part(name).result["trace"] for name in recorder.variants]
    errors = []
    for j, z in enumerate(late):
        others = [
            (np.array([row[0] for row in trace]), np.array([row[1][j] for row in trace]))
            for trace in traces
        ]
        errors.append(
            z
            and root_error(responses[j], roots[j], comm)
            + late_rates.exponent_error(t, x[:, j], others, recorder.safety)
        )
    outcome.errors |= {"late_rate": one_or_all(errors), "late_frequency": one_or_all(errors)}


# ---- in full -----------------------------------------------------------------------------------


def run_full(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """One condensate Delta(t) e^{iQr} in full. **Collective.**"""
    p, start, model = given.parameters, given.initial.start, given.numerics.model
    gas, curves_of = gas_of(p, given.numerics), remembered_curves()
    D, Q, _ = on_root(comm, start_of, given, gas, curves_of)
    near = on_root(comm, final_states, given, gas, Q, curves_of)
    system = full_system(given, gas, (D, Q))
    exponential = is_exponential(given)
    given = with_full_step(given, system, exponential)
    log(
        f"evolve: {model}, {system.items} chunks of momenta, dt = {given.numerics.dt:.3g}, "
        f"{words_of(near)}"
    )
    recorder = FullRecords(given, system, near, D if start == "branch" else 0.0)

    def state(variant, begin):
        equations = full_system(given, gas, (D, Q), variant) if variant else system
        return full_state(exponential, equations, comm, begin)

    outcome = run_evolution(given, comm, log, output, state, recorder)
    outcome.summary |= {
        "branch": p.branch if start == "branch" else "normal",
        "Q": Q,
        "model": model,
        "fixed_Q": bool(Q > 0 and not p.free_Q),
    }
    if outcome.status == "complete":
        if "delta_final" in outcome.errors:
            late = lasting_error(output(), recorder.variants)
            outcome.errors["delta_final"] = max(outcome.errors["delta_final"], late)
        add_late_rate(outcome, recorder, output, comm, gas)
    if outcome.summary["fixed_Q"] and outcome.status == "not-converged":  # why stands last
        outcome.warnings.insert(0, HELD)
    elif outcome.summary["fixed_Q"]:
        outcome.warnings.append(HELD)
    return outcome


def words_of(near: dict[str, tuple[float, float]]) -> str:
    """The states that a condensate may arrive at, for the log."""
    words = []
    for name, (D, Q) in near.items():
        words.append(f"{name} {D:.5f}")
        if Q > 0:
            words[-1] += f" (Q = {Q:.5f})"
    return ", ".join(words)


def lasting_error(out: ResultFile, variants: tuple[str, ...]) -> float:
    """The largest error of |Delta| in the last tenth: differences of runs pass through 0."""
    t = out.read("t_error")
    total = sum(out.read(f"size_{name.replace(' ', '_')}") for name in variants)
    return float(total[t >= 0.9 * t[-1]].max())


def add_late_rate(
    outcome: Outcome, recorder: FullRecords, output: Output, comm: Communicator, gas: Gas
) -> None:
    """late_rate of a run that has arrived, and the root of det M beside it. **Collective.**"""
    out, summary, errors = output(), outcome.summary, outcome.errors
    p, n = recorder.given.parameters, recorder.given.numerics
    summary |= {"late_rate": None, "root_rate": None}
    fate = summary.get("fate")
    if fate not in recorder.near or p.dmu_end is not None:
        return
    target, Q = recorder.near[fate]
    t, y = out.read("t"), out.read("size") - target
    left = max(VISIBLE, errors.get("delta_final", 0.0))
    if abs(y[-1]) < left:  # what is left is the grid's own steady state
        return
    rate = late_rates.late_exponent(t, y)
    if np.isnan(rate):
        return
    summary["late_rate"], slip = rate.real, 0.0
    if target > 0 and not p.free_Q:
        variant = "C" if n.model == "kinetic" else "D"
        response = Response(
            gas.baths, target, Q, variant=variant, dp=n.dp, fine=n.fine, angles=n.angles
        )
        root = root_near(response, rate, comm)
        summary["root_rate"], slip = root and root.real, root_error(response, root, comm)
    if "delta_final" in errors:
        traces = [np.array(output.part(name).result["trace"]) for name in recorder.variants]
        others = [(trace[:, 0], trace[:, 1] - target) for trace in traces]
        errors["late_rate"] = slip + late_rates.exponent_error(t, y, others, recorder.safety)
