"""Task ``steady`` of the fermi-gas system: every steady state at a point."""
from __future__ import annotations

import numpy as np

from .. import petsc
from ..config import Task
from ..parallel import on_root
from ..solvers import steady as newton
from ..systems.fermi_gas import branches, inputs, states
from .evolution import Outcome

FAR = 0.02          # a polished state farther than this from its seed is another
ROUNDING = 1e-11    # of polished numbers
TABLES = {"parameters": inputs.Parameters, "numerics": inputs.Numerics}

TASKS = {
    "steady": Task(tables=TABLES, petsc=("steady",), doc="every steady state at (gamma, T, dmu): order parameter and wave number, polished"),
}
ESTIMATES = {}


def refuse_unused(run):
    """InputError for a PETSc option that no solver of the task will ask for."""
    with petsc.Options(run.petsc) as options:
        newton.solve_equations(lambda x: x, [0.5], prefix="steady_")
        options.refuse_unused()


def polish(gas, name, D, Q):
    """(D, Q, Solution) : a state as a root of gap and, for Q > 0, stiffness, by SNES on panels held still."""
    gas = gas.held(D, Q)
    if Q == 0:
        found = newton.solve_equations(lambda x: [states.gap(gas, abs(x[0]), 0.0)], [D], prefix="steady_")
        return float(found.x[0]), 0.0, found
    found = newton.solve_equations(lambda x: branches.equations(gas, abs(x[0]), abs(x[1])), [D, Q], prefix="steady_")
    return float(found.x[0]), float(found.x[1]), found


def record(gas, name, D, Q):
    """{name, delta, Q, current_residual, gap_residual, reason, errors} of a state; the errors from panels of half the length."""
    at, turned, found = polish(gas, name, D, Q)
    finer = polish(gas.finer, name, at, turned)
    gas = gas.held(D, Q)
    g, J = states.both(gas, at, turned)
    good = found.converged and np.hypot(at - D, turned - Q) < FAR
    return {"name": name, "delta": at, "Q": turned, "current_residual": abs(J), "gap_residual": abs(g), "snes_reason": found.reason,
            "delta_error": abs(finer[0] - at) + ROUNDING, "Q_error": abs(finer[1] - turned) + ROUNDING * (turned > 0), "good": bool(good)}


def steady(run, comm, log, output):
    """Kawamura, Hanai & Ohashi 2022, Eqs. (46), (48): all solutions at one point. **Collective.**"""
    refuse_unused(run)
    gas = inputs.gas(run.parameters, run.numerics)
    found = on_root(comm, lambda: [record(gas, *state) for state in branches.find(gas)])
    out = output()
    out.axis("branch", np.arange(len(found)), "1", "; ".join(f"{k}: {f['name']}" for k, f in enumerate(found)) or "normal")
    for key, units, text in (("delta", "mu", "order parameter"), ("Q", "pF", "wave number"), ("gap_residual", "1", "|g|"), ("current_residual", "1", "|J|")):
        out.fixed(key, np.array([f[key] for f in found]), ("branch",), units, text)
    lost = [f["name"] for f in found if not f["good"]]
    keys = ("name", "delta", "Q", "current_residual", "gap_residual", "snes_reason")
    errors = {"branches": [{"delta": f["delta_error"], "Q": f["Q_error"]} for f in found]}
    warnings = [f"SNES left {', '.join(lost)} where the scan found it; try [petsc] steady.snes_max_it or a smaller [numerics] dp"] * bool(lost)
    for f in found:
        log(f"steady: {f['name']:4s} Delta = {f['delta']:.8g}, Q = {f['Q']:.8g}")
    return Outcome("not-converged" if lost else "complete", {"branches": [{k: f[k] for k in keys} for f in found]}, errors, warnings)
