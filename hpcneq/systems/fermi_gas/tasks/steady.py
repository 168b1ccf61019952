"""Task ``steady`` of the fermi-gas system: every steady state at one point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ....parallel import Communicator, on_root
from ....tasks import Given, Outcome, Output
from ..physics import state_curves
from ..shared.gas import gas_of
from ..shared.polished_states import ROUNDING, state_record
from ..shared.unequal_states import ENDINGS, follow

if TYPE_CHECKING:
    from ....files.writer import ResultFile

COLUMNS = ("delta", "Q", "gap_residual", "current_residual")
FOLLOWED = (
    "unequal couplings: the states of equal couplings followed to these; others are not looked for"
)


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Kawamura, Hanai & Ohashi 2022, Eqs. (46), (48): all solutions. **Collective.**"""
    p, n = given.parameters, given.numerics
    gas = gas_of(replace(p, gamma=p.mean_coupling), n)
    if p.unequal:
        states, ends = on_root(comm, follow, p, n, gas)
        columns = (*COLUMNS, "mu_condensate")
    else:
        states = on_root(
            comm, lambda: [state_record(gas, *state) for state in state_curves.find(gas)]
        )
        ends, columns = [], COLUMNS
    write(output(), states, columns)
    for state in states:
        log(f"steady: {state['name']:4s} Delta = {state['delta']:.8g}, Q = {state['Q']:.8g}")
    keys = ("name", *columns, "snes_reason")
    summary = {
        "branches": [{key: state[key] for key in keys} for state in states],
        "count": len(states),
    }
    errors = {"branches": [errors_of(state) for state in states]}
    if p.unequal:
        summary["ended"] = [
            {key: end[key] for key in ("name", "kind", *end["errors"])} for end in ends
        ]
        errors["ended"] = [end["errors"] for end in ends]
    lost = not all(state["good"] for state in states) or any(end["kind"] == "lost" for end in ends)
    status = "not-converged" if lost else "complete"
    return Outcome(status, summary, errors, warnings_of(states, ends, p.unequal))


def write(out: ResultFile, states: list[dict], columns: tuple[str, ...]) -> None:
    """The states in the order of the summary; nothing if there are none. **Collective.**"""
    if states:
        out.axis("branch", np.arange(len(states)))
        for column in columns:
            out.fixed(column, np.array([state[column] for state in states]))


def errors_of(state: dict) -> dict[str, float]:
    """The errors of one state's numbers."""
    errors = {
        "delta": state["delta_error"],
        "Q": state["Q_error"],
        "gap_residual": state["gap_residual"] + ROUNDING,
        "current_residual": state["current_residual"] + ROUNDING,
    }
    if "mu_error" in state:
        errors["mu_condensate"] = state["mu_error"]
    return errors


def warnings_of(states: list[dict], ends: list[dict], unequal: bool) -> list[str]:
    """What the numbers alone do not say."""
    warnings = []
    if not states:
        only = "steady: the normal gas is the only steady state"
        warnings.append(f"{only} that was found" if unequal else only)
    if unequal:
        warnings.append(FOLLOWED)
    warnings += [
        f"{end['name']} {ENDINGS[end['kind']]} at (gamma_left - gamma_right)/"
        f"(gamma_left + gamma_right) = {end['asymmetry']:.6g}, before these couplings"
        for end in ends
    ]
    lost = [state["name"] for state in states if not state["good"]]
    if lost:
        warnings.append(
            f"SNES left {', '.join(lost)} where the scan found it; "
            "try [petsc] steady.snes_max_it or a smaller [numerics] dp"
        )
    return warnings
