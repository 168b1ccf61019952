"""Tasks ``pair-amplitude``, ``momentum`` and ``current`` of the fermi-gas system: what one steady state holds at each momentum."""

from __future__ import annotations

import numpy as np

from ....errors import InputError
from ....parallel import on_root
from ....solvers import newton
from ....tasks import Outcome
from .. import inputs
from ..physics import gap_and_current as states
from ..physics import pair_amplitude as amplitudes
from ..physics import state_curves as states_of
from .steady import GOOD, ROUNDING, SNES, refuse_unused, state_record


def state_of(run, comm):
    """(gas, record) of the steady state an input names, polished. InputError if there is none at this point. **Collective.**

    record : see ``state_record`` of fermi_steady; the normal gas has delta = Q = 0.
    """
    p = run.parameters
    gas = inputs.gas(p, run.numerics)
    if p.branch == "normal":
        return gas, {
            "name": "normal",
            "delta": 0.0,
            "Q": 0.0,
            "delta_error": 0.0,
            "Q_error": 0.0,
            "good": True,
        }
    found = on_root(comm, states_of.find, gas)
    for state in found:
        if state[0] == p.branch:
            return gas, on_root(comm, state_record, gas, *state)
    names = ", ".join(name for name, *_ in found) or "none but the normal gas"
    raise InputError(
        f"[parameters] branch: there is no {p.branch} at gamma = {p.gamma:g}, T = {p.T:g}, dmu = {p.dmu:g}; there: {names}"
    )


def ended(state, summary, errors, warnings=()):
    """The Outcome of a task on one state."""
    summary = {"branch": state["name"], "delta": state["delta"], "Q": state["Q"], **summary}
    errors = {"delta": state["delta_error"], "Q": state["Q_error"], **errors}
    lost = ["SNES left the state where the scan found it; try a smaller [numerics] dp"] * (
        not state["good"]
    )
    return Outcome("not-converged" if lost else "complete", summary, errors, [*warnings, *lost])


# ---- pair amplitude -----------------------------------------------------------------------------------------------------


def pair_amplitude(run, comm, log, output):
    """Fig. 4(b) and Eqs. (84)-(95). **Collective.**"""
    refuse_unused(run)
    gas, state = state_of(run, comm)
    D, Q, n = state["delta"], state["Q"], run.numerics
    px, pz = (
        run.sweep.get(key, np.linspace(-n.p_max, n.p_max, n.points)) for key in ("p_x", "p_z")
    )
    at = (px[:, None], pz[None, :], D, Q)
    out = output()
    out.axis("p_x", px, "pF", "momentum across Q")
    out.axis("p_z", pz, "pF", "momentum along Q, half the difference of the two members' momenta")
    P, parts = amplitudes.pair(*at, gas.baths.occupation), amplitudes.pair_parts(*at, gas.baths)
    out.fixed("P", P, ("p_x", "p_z"), "1", "pair amplitude P(p_x, p_z)")
    for part, name, sign in zip(parts, ("plus", "minus"), "+-"):
        out.fixed(
            f"pair_{name}",
            part,
            ("p_x", "p_z"),
            "1",
            f"Fulde-Ferrell pair amplitude in a field of {sign}dmu: P is the mean of both",
        )
    hole = amplitudes.hole(D, gas.baths) if Q == 0 else None
    largest = on_root(comm, peak, gas, D, Q)
    # dP/dDelta <= 1/Delta, dP/dQ <= 1/Delta: what the state's own error makes of the largest value
    errors = {"largest": ROUNDING + (state["delta_error"] + state["Q_error"]) / D}
    log(f"pair-amplitude: {state['name']} Delta = {D:.8g}, Q = {Q:.8g}, largest P = {largest:.6f}")
    summary = {"largest": largest}
    if hole:
        summary["hole"] = hole
        errors["hole"] = [
            D * state["delta_error"] / np.sqrt(gas.baths.dmu**2 - D**2) + ROUNDING
        ] * 2
    return ended(state, summary, errors)


def peak(gas, D, Q):
    """Largest P over the plane, from the axis along Q and the circles around it."""
    p = np.unique(np.concatenate([np.linspace(0, 2, 4001), [np.sqrt(max(1 - Q**2 / 4, 0.0))]]))
    c = np.linspace(-1, 1, 401)[:, None]
    return float(amplitudes.pair(p * np.sqrt(1 - c**2), p * c, D, Q, gas.baths.occupation).max())


# ---- momentum distribution ----------------------------------------------------------------------------------------------


def momentum(run, comm, log, output):
    """Fig. 1 (pop-up): n_k along and across Q, with its parts by reservoir; k is the momentum of an atom in the laboratory. **Collective.**"""
    refuse_unused(run)
    gas, state = state_of(run, comm)
    D, Q, n, baths = state["delta"], state["Q"], run.numerics, gas.baths
    k = run.sweep.get("p", np.linspace(-n.p_max, n.p_max, n.points))
    out = output()
    out.axis("p", k, "pF", "momentum of an atom")
    for name, (kx, kz), text in (("n_z", (0.0, k), "along Q"), ("n_x", (k, 0.0), "across Q")):
        out.fixed(
            name,
            amplitudes.occupation(kx, kz, D, Q, baths.occupation),
            ("p",),
            "1",
            f"occupation {text}",
        )
        for s, side in ((1, "L"), (-1, "R")):
            out.fixed(
                f"{name}_{side}",
                amplitudes.occupation(kx, kz, D, Q, lambda x, s=s: baths.one_sided(x, s)),
                ("p",),
                "1",
                f"occupation {text} with reservoir {side} (mu {'+-'[s < 0]} dmu) alone: n is the mean of both",
            )
    out.fixed("n_normal", baths.occupation(k**2 - 1), ("p",), "1", "occupation of the normal gas")
    fine = np.linspace(0.5, 1.5, 20001)
    edges = amplitudes.steepest(fine, amplitudes.occupation(fine, 0.0, D, Q, baths.occupation))
    summary = {
        "edges": edges,
        "expected_edges": [float(np.sqrt(1 - baths.dmu)), float(np.sqrt(1 + baths.dmu))],
    }
    return ended(
        state,
        summary,
        {"edges": [2 * float(fine[1] - fine[0])] * len(edges), "expected_edges": [ROUNDING] * 2},
    )


# ---- current ------------------------------------------------------------------------------------------------------------


def current(run, comm, log, output):
    """J(Q) of Eq. (48) at a fixed order parameter, less the normal gas's, and what the gap equation lacks there. **Collective.**"""
    refuse_unused(run)
    if "Q" not in run.sweep or np.any(run.sweep["Q"] < 0):
        raise InputError("[sweep] Q: missing or negative; the current needs wave numbers Q >= 0")
    Q = run.sweep["Q"]
    if run.parameters.delta is None:
        gas, state = state_of(run, comm)
    else:
        gas = inputs.gas(run.parameters, run.numerics)
        state = {
            "name": "fixed",
            "delta": run.parameters.delta,
            "Q": 0.0,
            "delta_error": 0.0,
            "Q_error": 0.0,
            "good": True,
        }
    D = state["delta"]
    values = on_root(comm, lambda: np.array([states.both(gas, D, x) for x in Q]))
    out = output()
    out.axis("Q", Q, "pF", "wave number of the condensate")
    out.fixed(
        "J",
        values[:, 1],
        ("Q",),
        "1",
        "net current at this Q and order parameter, less that of the normal gas",
    )
    out.fixed("gap", values[:, 0], ("Q",), "1", "what the gap equation lacks there")
    zeros, errors = on_root(comm, zeros_of, gas, D, Q, values[:, 1])
    rigid = on_root(comm, lambda: [states.stiffness(g, D, 0.0) * D**2 for g in (gas, gas.finer)])
    k = int(np.argmax(np.abs(values[:, 1])))
    finer = states.both(gas.finer, D, Q[k])[1]
    summary = {
        "zeros": zeros,
        "slope": rigid[0],
        "J_max": float(values[k, 1]),
        "Q_max": float(Q[k]),
    }
    errors = {
        "zeros": errors,
        "slope": abs(rigid[1] - rigid[0]) + ROUNDING,
        "J_max": abs(finer - values[k, 1]) + ROUNDING,
        "Q_max": ROUNDING,
    }
    summary, errors = summary | {"fixed_delta": D}, errors | {"fixed_delta": state["delta_error"]}
    return ended(state, summary, errors)


def zeros_of(gas, D, Q, J):
    """(zeros, errors) of J at Q > 0, each polished by SNES on its own panels and on panels of half the length."""
    zeros, errors = [], []
    for k in np.flatnonzero(J[:-1] * J[1:] < 0):
        seed = Q[k] + (Q[k + 1] - Q[k]) * J[k] / (J[k] - J[k + 1])
        found = []
        for at in (gas, gas.finer):
            held = at.held(D, seed)
            found.append(
                newton.solve_equations(
                    lambda x, h=held: [states.stiffness(h, D, abs(x[0]))], [seed], SNES
                )
            )
        if found[0].residual < GOOD:
            zeros.append(float(found[0].x[0]))
            errors.append(abs(float(found[1].x[0]) - zeros[-1]) + ROUNDING)
    return zeros, errors
