"""Task ``phase-diagram`` of the fermi-gas: boundaries and regions over two keys.

gamma or T against dmu, or a surface over both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import brentq

from ....parallel import Communicator
from ....solvers import newton
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..physics import gap_and_current, phase_edges, state_curves
from ..quantities import EDGES
from ..shared.gas import gas_at
from ..shared.polished_states import ROUNDING, SNES, edge_records

NODES = 20  # of each curve: edges are polished
PHASES = {
    0: "none",
    1: "NBCS",
    2: "NFF",
    3: "NBCS + NFF",
    4: "normal",
    5: "NBCS + normal",
    6: "NFF + normal",
    7: "NBCS + NFF + normal",
}
VERDICT = (
    "phase: NBCS and NFF count as stable and NIG and NFF' as unstable, the paper's verdict, which "
    "looks at long waves; NFF grows near q = 2Q: task stability gives a state's own"
)


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Fig. 2(a) and Table I. **Collective.**"""
    axes, dmu = dict(given.sweep), None
    if "dmu" in axes:
        dmu = axes.pop("dmu")  # each point finds the states along all of it
    sweep = run_sweep(
        axes,
        lambda at, previous: record_of(given, at, dmu),
        comm,
        log,
        output,
        "phase-diagram",
        chain=None if dmu is None else 1,
        everywhere=False,
    )
    return sweep.report(output, lambda out: report(given, sweep, dmu, out))


def report(given: Given, sweep: Sweep, dmu: np.ndarray | None, out: Written) -> Outcome:
    """Edges and regions written, and told with where condensates end."""
    sweep.write(out)
    write_edges(out, sweep)
    summary = {"edges": edge_lists(sweep, "dmu"), "points": len(sweep.records)}
    errors, warnings = {"edges": edge_lists(sweep, "error")}, []
    if dmu is not None:
        out.axis("dmu", dmu)
        regions, shares = write_regions(out, sweep, dmu)
        summary |= {"phases": regions, "shares": shares}
        errors["shares"] = [1 / len(dmu)] * len(shares)
        warnings.append(VERDICT)
    ends = critical(given, [key for key in given.sweep if key in ("gamma", "T")])
    for name, (value, error) in ends.items():
        summary[name], errors[name] = value, error
    lost = sum(not converged(record) for record in sweep.records)
    if not lost:
        return Outcome("complete", summary, errors, warnings)
    warnings.append(f"phase-diagram: {lost} lines or points have a boundary that did not converge")
    return Outcome("not-converged", summary, errors, warnings)


def record_of(given: Given, at: dict[str, float], dmu: Sequence[float] | None) -> dict:
    """Every edge at one point; along ``dmu``, where it is given, also which states there are."""
    gas = gas_at(given.parameters, given.numerics, at)
    curves = state_curves.curves(gas, NODES)
    edges = edge_records(gas, curves)
    if dmu is None:
        return {"edges": edges}
    seeds = {
        name: phase_edges.Edge("", edge["dmu"], edge["delta"], edge["Q"])
        for name, edge in edges.items()
    }
    masks = [phase_edges.names_at(gas.at(x), seeds, curves) for x in dmu]
    return {"edges": edges, "solutions": masks}


def converged(record: dict) -> bool:
    """Whether all edges of a point were found and polished."""
    return "edges" in record and all(edge["good"] for edge in record["edges"].values())


def edge_number(record: dict, name: str, key: str, missing: float | None = None) -> float | None:
    """A number of an edge; ``missing`` where the edge does not occur."""
    return record.get("edges", {}).get(name, {}).get(key, missing)


def edge_lists(sweep: Sweep, key: str) -> dict[str, list]:
    """{edge: a number of it over the map, as lists}; None where it does not occur."""
    lists = {}
    for name in EDGES:
        values = np.empty(len(sweep.records), object)
        values[:] = [edge_number(record, name, key) for record in sweep.records]
        lists[name] = values.reshape(sweep.shape).tolist()
    return lists


def write_edges(out: Written, sweep: Sweep) -> None:
    """dmu of each edge over the map, with Delta and Q there; nan where it does not occur."""

    def table(name, key):
        values = [edge_number(record, name, key, np.nan) for record in sweep.records]
        return np.array(values, float).reshape(sweep.shape)

    axes = tuple(sweep.axes)
    for name in EDGES:
        out.fixed(name, table(name, "dmu"), axes)
        out.fixed(f"{name}_delta", table(name, "delta"), axes)
        out.fixed(f"{name}_Q", table(name, "Q"), axes)


def write_regions(out: Written, sweep: Sweep, dmu: np.ndarray) -> tuple[list[str], list[float]]:
    """Bit masks of the states that exist and of those that are stable.

    (names, shares) of the combinations of stable ones.
    """
    absent = [0] * len(dmu)
    solutions = np.array([record.get("solutions", absent) for record in sweep.records])
    ends = np.array([edge_number(record, "normal_end", "dmu", -1.0) for record in sweep.records])
    normal = np.where(dmu > ends[:, None], 4, 0)
    phase = (solutions & 1) | (solutions >> 1 & 2) | normal
    axes = (*sweep.axes, "dmu")
    out.fixed("solutions", solutions, axes)
    out.fixed("phase", phase, axes)
    share = np.bincount(phase.ravel(), minlength=8) / phase.size
    return [PHASES[k] for k in range(8) if share[k] > 0], [float(x) for x in share if x > 0]


def critical(given: Given, keys: list[str]) -> dict[str, tuple[float, float]]:
    """{gamma_c or T_c: (value, error)} : where the last condensate of dmu = 0 ends along each key.

    Another swept key is 0, one that is not as in the input.
    """
    ends = {}
    for key in keys:
        calm = dict.fromkeys(("dmu", *keys), 0.0)

        def condition(x, fine=False, key=key, calm=calm):
            gas = gas_at(given.parameters, given.numerics, calm | {key: float(x)})
            return gap_and_current.gap(gas.finer if fine else gas, 0.0, 0.0)

        if condition(1e-4) > 0 > condition(1.0):
            seed = brentq(condition, 1e-4, 1.0, xtol=1e-13)
            x, finer = (
                newton.solve_equations(lambda y, f=fine: [condition(y[0], f)], [seed], SNES).x
                for fine in (False, True)
            )
            ends[f"{key}_c"] = (float(x[0]), abs(float(finer[0]) - float(x[0])) + ROUNDING)
    return ends
