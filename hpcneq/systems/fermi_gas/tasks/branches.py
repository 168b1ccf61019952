"""Task ``branches`` of the fermi-gas: every steady state along dmu, where it begins and ends."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from .. import inputs
from ..physics import state_curves
from ..physics.state_curves import Curves
from ..quantities import EDGES
from ..shared.gas import gas_at
from ..shared.polished_states import ROUNDING, edge_records, state_record

COLUMNS = ("delta", "Q", "gap_residual", "current_residual")
CURVES = ("uniform", "twisted")
COORDINATES = ("D", "Q", "dmu")


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Figs. 4(a) and 5 and Table I: every branch along dmu, all polished. **Collective.**"""
    p, n, first = given.parameters, given.numerics, given.sweep["dmu"][0]

    @lru_cache(maxsize=1)  # of the row at hand; other ranks find the same
    def curves_of(gas):
        return state_curves.curves(gas)

    def point(at, previous):
        gas, row = gas_at(p, n, at), gas_at(p, n, at | {"dmu": p.dmu})
        curves = curves_of(row)
        states = state_curves.find(gas, curves)
        record = {"states": [state_record(gas, *state) for state in states]}
        if at["dmu"] == first:
            record |= {"edges": edge_records(row, curves), **curve_arrays(curves)}
        return record

    chain = None if len(given.sweep) == 2 else 1
    sweep = run_sweep(
        given.sweep, point, comm, log, output, "branches", chain=chain, everywhere=False
    )
    return sweep.report(output, lambda out: report(sweep, out))


def report(sweep: Sweep, out: Written) -> Outcome:
    """All branches written, their edges and counts told."""
    rows = rows_of(sweep)
    sweep.write(out)
    write_states(out, sweep, rows)
    for curve in CURVES:
        write_curve(out, sweep, rows, curve)
    return outcome(sweep, rows)


def curve_arrays(curves: Curves) -> dict[str, np.ndarray]:
    """Both curves as plain arrays; without those that there are not."""
    arrays: dict[str, np.ndarray] = {}
    for name, curve in (("uniform", curves.uniform), ("twisted", curves.twisted)):
        if curve is not None:
            arrays |= {f"{name}_D": curve.D, f"{name}_Q": curve.Q, f"{name}_dmu": curve.dmu}
    return arrays


def rows_of(sweep: Sweep) -> list[list[dict]]:
    """The records, one list for each value of the slow key; one list where there is none."""
    length = sweep.shape[-1]
    starts = range(0, len(sweep.records), length)
    return [sweep.records[start : start + length] for start in starts]


def write_states(out: Written, sweep: Sweep, rows: list[list[dict]]) -> None:
    """The polished numbers of each branch; nan where it does not exist."""

    def number(record, name, column):
        states = record.get("states", [])
        return next((state[column] for state in states if state["name"] == name), np.nan)

    for name in inputs.NAMES:
        for column in COLUMNS:
            table = [[number(record, name, column) for record in row] for row in rows]
            label = name.replace("'", "p")
            out.fixed(f"{label}_{column}", np.array(table).reshape(sweep.shape), tuple(sweep.axes))


def write_curve(out: Written, sweep: Sweep, rows: list[list[dict]], curve: str) -> None:
    """The nodes of one curve, padded with nan where another row has more."""
    first = [row[0] for row in rows]
    width = max(len(record.get(f"{curve}_D", ())) for record in first)
    if not width:
        return
    slow = tuple(sweep.axes)[:-1]
    out.axis(f"{curve}_node", np.arange(width))
    for coordinate in COORDINATES:
        table = np.full((len(rows), width), np.nan)
        for k, record in enumerate(first):
            values = record.get(f"{curve}_{coordinate}", ())
            table[k, : len(values)] = values
        shape = (*sweep.shape[:-1], width)
        out.fixed(f"{curve}_{coordinate}", table.reshape(shape), (*slow, f"{curve}_node"))


def outcome(sweep: Sweep, rows: list[list[dict]]) -> Outcome:
    """Edges and counts; not-converged if a state or an edge was lost."""
    edges = [row[0].get("edges", {}) for row in rows]
    states = [state for record in sweep.records for state in record.get("states", [])]
    residuals = [max(state["gap_residual"], state["current_residual"]) for state in states]
    counts = [[len(record.get("states", [])) for record in row] for row in rows]
    alone = len(sweep.shape) == 1

    def table(key):
        """{edge: its numbers of all rows, or the number}; None where it does not occur."""
        lists = {name: [row.get(name, {}).get(key) for row in edges] for name in EDGES}
        return {name: values[0] for name, values in lists.items()} if alone else lists

    summary = {
        "edges": table("dmu"),
        "states": len(states),
        "count": counts[0] if alone else counts,
        "residual": max(residuals or [0.0]),
    }
    errors = {"edges": table("error"), "residual": summary["residual"] + ROUNDING}
    lost = sum(not state["good"] for state in states)
    lost += sum(not edge["good"] for row in edges for edge in row.values())
    lost += sum("states" not in record for record in sweep.records)
    if not lost:
        return Outcome("complete", summary, errors)
    lost_words = f"branches: {lost} states or edges did not converge"
    return Outcome("not-converged", summary, errors, [lost_words])
