"""Task ``phase-diagram`` of the fermi-gas system: boundaries and regions over gamma or T against dmu, or their surface over gamma and T."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from ....errors import InputError
from ....parallel import on_root
from ....solvers import farm as maps
from ....solvers import newton
from ....tasks import Outcome
from ..physics import gap_and_current as states
from ..physics import phase_edges as edges
from ..physics import state_curves as states_of
from .steady import ROUNDING, SLOW, SNES, edge_records, gas_of, refuse_unused

KEYS = ("dmu", *SLOW)
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
PARTNERS = {"delta": ("mu", "order parameter"), "Q": ("pF", "wave number")}
VERDICT = "phase: NBCS and NFF count as stable and NIG and NFF' as unstable, the paper's verdict; task stability gives a state's own"


def phase_diagram(run, comm, log, output):
    """Fig. 2(a) and Table I. **Collective.**"""
    refuse_unused(run)
    slow, fast = axes(run)
    rows, columns = run.sweep[slow], run.sweep[fast]
    lines = fast == "dmu"

    def solve(i, j, warm):
        at = {slow: float(rows[i])} | ({} if lines else {fast: float(columns[j])})
        gas = gas_of(run, **at)
        known = states_of.curves(gas, NODES)
        found = edge_records(gas, known)
        record = {"edges": found}
        if lines:
            seeds = {
                name: edges.Edge("", e["dmu"], e["delta"], e["Q"]) for name, e in found.items()
            }
            record["solutions"] = [edges.names_at(gas.at(x), seeds, known) for x in columns]
        return record

    records, stopped = maps.farm(
        (len(rows), 1 if lines else len(columns)),
        solve,
        comm,
        log,
        output.points(),
        "phase-diagram",
    )
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    out = output()
    for name, values in ((slow, rows), (fast, columns)):
        out.axis(
            name,
            values,
            "1" if name == "inv_kfas" else "mu",
            SLOW.get(name, "half the difference of the reservoirs' chemical potentials"),
        )
    write_edges(out, (slow,) if lines else (slow, fast), records)
    summary, errors, warnings = headline(records, lines)
    if lines:
        regions, shares = write_regions(out, slow, columns, records)
        summary |= {"phases": regions, "shares": shares}
        errors["shares"] = [1 / len(columns)] * len(shares)
        warnings.append(VERDICT)
    ends = on_root(comm, critical, run, [key for key in (slow, fast) if key in ("gamma", "T")])
    for name, (value, error) in ends.items():
        summary[name], errors[name] = value, error
    lost = sum(
        "edges" not in point or not all(e["good"] for e in point["edges"].values())
        for row in records
        for point in row
    )
    if lost:
        warnings.append(
            f"phase-diagram: {lost} lines or points have a boundary that did not converge"
        )
    return Outcome("not-converged" if lost else "complete", summary, errors, warnings)


def axes(run):
    """(slow, fast) sweep keys. InputError unless there are two that make sense."""
    keys = list(run.sweep)
    if len(keys) != 2 or keys[0] == "dmu":
        raise InputError(
            f"[sweep]: a phase diagram needs one of {', '.join(SLOW)} and then dmu, or two of them, got {', '.join(keys) or 'none'}"
        )
    for key, values in run.sweep.items():
        if np.any(np.diff(values) <= 0):
            raise InputError(f"[sweep] {key}: must ascend")
    return tuple(keys)


def write_edges(out, axis, records):
    """``nff_fold`` and the other edges over the slow key or over both, with Delta and Q there; nan where they do not occur."""

    def table(name, key):
        found = np.array(
            [[p.get("edges", {}).get(name, {}).get(key, np.nan) for p in row] for row in records],
            float,
        )
        return found[:, 0] if len(axis) == 1 else found

    for name, text in edges.EDGES.items():
        out.fixed(name, table(name, "dmu"), axis, "mu", f"dmu of the {text}; nan: does not occur")
        for key, (units, what) in PARTNERS.items():
            out.fixed(f"{name}_{key}", table(name, key), axis, units, f"{what} there")


def write_regions(out, slow, dmu, records):
    """Bit masks of the states that exist and of those that are stable; (names, shares) of the stable ones."""
    solutions = np.array([row[0].get("solutions", [0] * len(dmu)) for row in records])
    ends = np.array(
        [row[0].get("edges", {}).get("normal_end", {}).get("dmu", -1.0) for row in records]
    )
    phase = (solutions & 1) | (solutions >> 1 & 2) | 4 * (dmu > ends[:, None])
    out.fixed(
        "solutions",
        solutions,
        (slow, "dmu"),
        "1",
        "steady states besides the normal gas: 1 NBCS + 2 NIG + 4 NFF + 8 NFF'",
    )
    out.fixed("phase", phase, (slow, "dmu"), "1", "stable states: 1 NBCS + 2 NFF + 4 normal")
    share = np.bincount(phase.ravel(), minlength=8) / phase.size
    return [PHASES[k] for k in range(8) if share[k] > 0], [float(x) for x in share if x > 0]


def headline(records, lines):
    """(summary, errors, warnings) : each edge over the map, as lists; errors are changes on panels of half the length."""

    def values(name, key):
        found = [[p.get("edges", {}).get(name, {}).get(key) for p in row] for row in records]
        return [row[0] for row in found] if lines else found

    summary = {
        "edges": {name: values(name, "dmu") for name in edges.EDGES},
        "points": sum(len(row) for row in records),
    }
    return summary, {"edges": {name: values(name, "error") for name in edges.EDGES}}, []


def critical(run, keys):
    """{gamma_c or T_c: (value, error)} : where the last condensate of dmu = 0 ends along each key, the other one as in the input."""
    found = {}
    for key in keys:

        def condition(x, fine=False, key=key):
            gas = gas_of(
                run, **{"dmu": 0.0, **{other: 0.0 for other in keys if other != key}, key: float(x)}
            )
            return states.gap(gas.finer if fine else gas, 0.0, 0.0)

        if condition(1e-4) > 0 > condition(1.0):
            seed = brentq(condition, 1e-4, 1.0, xtol=1e-13)
            x, finer = (
                float(
                    newton.solve_equations(lambda y, f=fine: [condition(y[0], f)], [seed], SNES).x[
                        0
                    ]
                )
                for fine in (False, True)
            )
            found[f"{key}_c"] = (x, abs(finer - x) + ROUNDING)
    return found
