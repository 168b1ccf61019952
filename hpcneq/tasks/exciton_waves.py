"""Tasks of the exciton-bec system on long waves: the coefficients of Eq. (45), and the phase diagram their signs draw."""
from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..config import Task
from ..errors import InputError
from ..parallel import solo
from ..solvers import maps
from ..systems.exciton_bec import hydrodynamics, inputs, onsets, softening, states
from ..systems.exciton_bec import steady as balance
from .evolution import Outcome
from .exciton_steady import TABLES, WIDE, drive_of, given, polish, refuse_unused

TASKS = {
    "coefficients": Task(tables=TABLES, sweep=("ratio",), petsc=("steady",),
                         doc="alpha11, alpha21, beta22 and the etas of M at small q and w; effective interaction and its two terms"),
    "phase-diagram": Task(tables=TABLES | {"numerics": inputs.DiagramNumerics}, sweep=("inv_kfas", "ratio"), petsc=("steady",),
                          doc="normal state, stable and unstable condensate, boundaries A, B, C, over inv_kfas and ratio"),
}
NAMES = {"alpha11": "alpha11 = M11(0, 0): < 0, excitons attract", "alpha21": "alpha21 = M21(0, 0)",
         "beta22": "beta22 = lim M22(q, 0)/q^2: < 0, the supercurrent flows against grad theta",
         "eta11": "eta11", "eta12": "eta12", "eta21": "eta21", "eta22": "eta22"}
ILL = "beta11 is left out: with wide baths M11 is linear in |q| for q << gamma/v"
REGIONS = ("normal", "condensate, alpha11 and beta22 > 0", "condensate, alpha11 or beta22 < 0")
SIGNS = ("regions by the signs of the long-wave coefficients: alpha11 = 0 is the boundary A on the BEC side; on the BCS side "
         "instabilities at finite q start slightly above alpha11 = 0 and beta22 = 0")


def _cold(run):
    if run.parameters.T_b > 0:
        raise InputError(f"[parameters] T_b = {run.parameters.T_b:g}: the coefficients of M are known in closed form for T_b = 0 only")


def _record(run, drive, warm=None):
    """Coefficients of one state, with their change under halved panels."""
    state, found = polish(states.solve(drive, warm), solo(), run)
    here = hydrodynamics.coefficients(state) | balance.static_coefficients(state)
    finer = replace(state, drive=replace(state.drive, fine=2 * state.drive.fine))
    there = hydrodynamics.coefficients(finer)
    q = 2 * hydrodynamics.smallest_width(state)
    step = 0.25 * abs(hydrodynamics.matrix(state, q, 0.0)[1, 1].real / q**2 - here["beta22"])
    errors = {name: 2 * abs(there[name] - here[name]) + 1e-10 * (1 + abs(here[name])) for name in NAMES}
    errors["beta22"] += step
    return state, {**here, "errors": errors, "U_eff": here["alpha11"] / here["eta12"], "residual": found.residual,
                   "terms": hydrodynamics.interaction_terms(state) if state.mu < 0 else (np.nan, np.nan), "delta": state.delta}


def coefficients(run, comm, log, output):
    """Fig. 8(a), (b): Eq. (45) at one ratio, or over ratio; with the two terms of Eq. (71) where mu < 0. **Collective.**

    U_eff = alpha11/eta12: the interaction of excitons times their condensed fraction. (71) holds for g -> 0 only.
    """
    refuse_unused(run)
    _cold(run)
    ratios = run.sweep.get("ratio", np.array([run.parameters.decay]))
    drive, out = drive_of(run), output()

    def solve(i, j, warm):
        return _record(run, replace(drive, ratio=float(ratios[i])))[1]

    records, stopped = maps.farm((len(ratios), 1), solve, comm, log, output.points(), "coefficients")
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    rows = [row[0] for row in records]
    lost = [row for row in rows if "why" in row]
    out.axis("ratio", ratios, "1", "gamma_v/gamma_b")

    def column(pick):
        return np.array([np.nan if "why" in row else pick(row) for row in rows])

    for name, text in NAMES.items():
        out.fixed(name, column(lambda row: row[name]), ("ratio",), "kF^3/eF" if name[0] == "a" else "1", text)
        out.fixed(f"{name}_error", column(lambda row: row["errors"][name]), ("ratio",), "1", f"error of {name}")
    for name, pick, text in (("U_eff", lambda row: row["U_eff"], "alpha11/eta12, effective interaction times condensed fraction"),
                             ("blocking", lambda row: row["terms"][0], "first term of Eq. (71), Pauli blocking"),
                             ("slope_term", lambda row: row["terms"][1], "second term of Eq. (71), slope of the distribution"),
                             ("delta", lambda row: row["delta"], "order parameter")):
        out.fixed(name, column(pick), ("ratio",), "eF", text)
    single = len(rows) == 1 and not lost
    pick = (lambda key: rows[0][key]) if single else (lambda key: [row.get(key) for row in rows])
    summary = {name: pick(name) for name in (*NAMES, "U_eff")} | given(drive) | {"ratio": float(ratios[0]) if single else ratios.tolist()}
    errors = {name: (rows[0]["errors"][name] if single else [row.get("errors", {}).get(name) for row in rows]) for name in NAMES}
    if single:
        r = rows[0]
        errors["U_eff"] = abs(r["U_eff"]) * (errors["alpha11"] / max(abs(r["alpha11"]), 1e-300) + errors["eta12"] / abs(r["eta12"]))
    return Outcome("not-converged" if lost else "complete", summary, errors, [WIDE, ILL, *(row["why"] for row in lost)])


def phase_diagram(run, comm, log, output):
    """Figs. 5 and 8(c): where the condensate ends, and where alpha11 and beta22 turn negative, for each inv_kfas. **Collective.**"""
    refuse_unused(run)
    _cold(run)
    if set(run.sweep) != {"inv_kfas", "ratio"}:
        raise InputError("[sweep]: a phase diagram needs inv_kfas and ratio")
    inv, ratios = run.sweep["inv_kfas"], run.sweep["ratio"]

    modes = run.numerics.boundaries == "modes"

    def solve(i, j, warm):
        drive = drive_of(run, inv_kfas=inv[i])
        found = softening.zeros(drive)
        found |= {f"{name}_error": error for name, error in softening.errors(drive, found).items()}
        if modes and found["alpha11"]:
            for kind in ("B", "C") if inv[i] < run.numerics.switch else ("B",):
                point = onsets.onset(drive, kind, found["alpha11"])
                if point is not None:
                    found |= {kind: point.ratio, f"q_{kind}": point.q, f"omega_{kind}": point.omega, f"{kind}_error": point.error}
        return found

    out = output()
    records, stopped = maps.farm((len(inv), 1), solve, comm, log, output.points(), "phase-diagram")
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    rows = [row[0] for row in records]
    lost = [row["why"] for row in rows if "why" in row]
    out.axis("inv_kfas", inv, "1", "1/(kF a_s)")
    out.axis("ratio", ratios, "1", "gamma_v/gamma_b")
    names = ("ratio_c", "alpha11", "beta22") + (("B", "C", "q_B", "q_C", "omega_C", "B_error", "C_error") if modes else ())
    lines = {name: np.array([np.nan if row.get(name) is None else row[name] for row in rows]) for name in names}
    for name, text in (("ratio_c", "the condensate ends"), ("alpha11", "alpha11 = 0 (boundary A on the BEC side)"), ("beta22", "beta22 = 0"),
                       ("B", "a standing pattern begins to grow"), ("C", "an oscillating pattern begins to grow"))[:5 if modes else 3]:
        out.fixed(name, lines[name], ("inv_kfas",), "1", f"ratio at which {text}; nan: nowhere")
    for name, units, text in (("q_B", "kF", "momentum of the pattern at B"), ("q_C", "kF", "momentum at C"), ("omega_C", "eF", "frequency at C"))[:3 * modes]:
        out.fixed(name, lines[name], ("inv_kfas",), units, text)
    first = np.fmin(lines["alpha11"], lines["beta22"])
    if modes:
        first = unstable(inv, lines)
        out.fixed("unstable", first, ("inv_kfas",), "1", "ratio above which the condensate is unstable; nan: nowhere")
    code = np.where(ratios >= lines["ratio_c"][:, None], 0, np.where(ratios > first[:, None], 2, 1))
    regions = REGIONS[:1] + ("stable condensate", "unstable condensate") if modes else REGIONS
    out.fixed("region", code, ("inv_kfas", "ratio"), "1", "; ".join(f"{k}: {name}" for k, name in enumerate(regions)))
    summary = {"inv_kfas": inv.tolist(), **{name: [None if np.isnan(x) else float(x) for x in line] for name, line in lines.items()},
               "shares": [float(x) for x in np.bincount(code.ravel(), minlength=3) / code.size], "p_c": run.numerics.p_c,
               "number": run.numerics.number, "gamma_b": run.parameters.gamma_b}
    errors = {name: [row.get(f"{name}_error") for row in rows] for name in ("ratio_c", "alpha11", "beta22")}
    if modes:
        errors |= {name: [None if np.isnan(x) else float(x) for x in lines[f"{name}_error"]] for name in ("B", "C")}
        gap = lines["C"] - lines["B"]
        turn = np.flatnonzero((gap[:-1] < 0) & (gap[1:] >= 0))
        if len(turn):
            i = turn[0]
            summary["switch_inv"] = float(inv[i] - gap[i] * (inv[i + 1] - inv[i]) / (gap[i + 1] - gap[i]))
    return Outcome("not-converged" if lost else "complete", summary, errors, [WIDE, *([] if modes else [SIGNS]), *lost])


def unstable(inv, lines):
    """(n,) : the lowest boundary: B and C where they exist, else A."""
    patterns = np.fmin(lines["B"], lines["C"])
    return np.where(np.isnan(patterns), lines["alpha11"], patterns)
