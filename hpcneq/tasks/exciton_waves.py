"""Task ``phase-diagram`` of the exciton-bec system: the end of the condensate, and what bounds its stable region."""
from __future__ import annotations

import numpy as np

from ..config import Task
from ..errors import InputError
from ..solvers import maps
from ..systems.exciton_bec import inputs, onsets, softening
from .evolution import Outcome
from .exciton_steady import TABLES, WIDE, drive_of, refuse_unused

TASKS = {
    "phase-diagram": Task(tables=TABLES | {"numerics": inputs.DiagramNumerics}, sweep=("inv_kfas", "ratio"), petsc=("steady",),
                          doc="normal state, stable and unstable condensate, boundaries A, B, C, over inv_kfas and ratio"),
}
REGIONS = ("normal", "condensate, alpha11 and beta22 > 0", "condensate, alpha11 or beta22 < 0")
SIGNS = ("regions by the signs of the long-wave coefficients: alpha11 = 0 is the boundary A on the BEC side; on the BCS side "
         "instabilities at finite q start slightly above alpha11 = 0 and beta22 = 0")


def phase_diagram(run, comm, log, output):
    """Figs. 5 and 8(c): where the condensate ends, and where alpha11 and beta22 turn negative, for each inv_kfas. **Collective.**"""
    refuse_unused(run)
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
