"""Task ``coefficients`` of the exciton-bec system: M at small q and w, Hanai et al. (2018), Eq. (45), and what the paper reads from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....errors import InputError
from ....parallel import solo
from ....solvers import farm as maps
from ....tasks import Outcome
from ..physics import collective_modes as collective
from ..physics import hydrodynamics
from ..physics import steady_states as states
from .steady import WIDE, drive_of, given, polish, refuse_unused

NAMES = {
    "alpha11": ("kF^3/eF", "alpha11 = M11(0, 0): < 0, excitons attract"),
    "alpha21": ("kF^3/eF", "alpha21 = M21(0, 0)"),
    "beta22": (
        "kF/eF",
        "beta22 = lim M22(q, 0)/q^2: < 0, the supercurrent flows against grad theta",
    ),
    "eta11": ("kF^3/eF^2", "eta11"),
    "eta12": ("kF^3/eF^2", "eta12"),
    "eta21": ("kF^3/eF^2", "eta21"),
    "eta22": ("kF^3/eF^2", "eta22"),
}
MORE = {
    "U_eff": (
        "eF",
        "alpha11/eta12: effective interaction of excitons times their condensed fraction",
    ),
    "blocking": (
        "eF",
        "first term of alpha11/eta12 for gamma -> 0, all orders in delta: Pauli blocking",
    ),
    "slope_term": (
        "eF",
        "second term of alpha11/eta12 for gamma -> 0, all orders in delta: slope of the distribution",
    ),
    "blocking_71": (
        "eF",
        "first term of Eq. (71) over eta12, as printed: lowest order in delta, q >> gamma/v; nan: mu > 0",
    ),
    "slope_71": ("eF", "second term of Eq. (71) over eta12, as printed; nan: mu > 0"),
    "identity_75": ("1", "12 delta^2 beta22/(4 mu alpha11): 1 where Eq. (75) holds; nan: mu < 0"),
    "c2": ("eF^2/kF^2", "square of the sound velocity of Eq. (46)"),
    "damping": ("eF", "Gamma of Eq. (46): below q = Gamma/2c sound is diffusive"),
    "delta": ("eF", "order parameter"),
    "mu": ("eF", "chemical potential of the condensate"),
}
ILL = "beta11 is left out: with wide baths M11 is linear in |q| for q << gamma/v"


def coefficients(run, comm, log, output):
    """Fig. 8(a), (b): Eq. (45) at one ratio, or over ratio; with both forms of the terms of Eq. (71), and Eq. (75). **Collective.**

    U_eff = alpha11/eta12: the interaction of excitons times their condensed fraction. Ranks take ratios.
    """
    refuse_unused(run)
    ratios = run.sweep.get("ratio", np.array([run.parameters.decay]))
    if np.any(ratios < 0):
        raise InputError(f"[sweep] ratio: must be >= 0, got {ratios.min():g}")
    drive, out = drive_of(run), output()

    def solve(i, j, warm):
        return record(run, replace(drive, ratio=float(ratios[i])))

    records, stopped = maps.farm(
        (len(ratios), 1), solve, comm, log, output.points(), "coefficients"
    )
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    rows = [row[0] for row in records]
    out.axis("ratio", ratios, "1", "gamma_v/gamma_b")
    for name, (units, text) in (NAMES | MORE).items():
        out.fixed(name, _column(rows, name), ("ratio",), units, text)
    for name in (*NAMES, "U_eff"):
        out.fixed(
            f"{name}_error",
            _column(rows, f"{name}_error"),
            ("ratio",),
            (NAMES | MORE)[name][0],
            f"error of {name}",
        )
    return headline(drive, ratios, rows)


def record(run, drive):
    """Coefficients of one state and their errors, from the state and M on finer panels."""
    state, found = polish(states.solve(drive), solo(), run)
    here = hydrodynamics.coefficients(state)
    finer = states.solve(replace(drive, fine=2 * drive.fine), state)
    errors = hydrodynamics.errors(state, finer, here)
    c2, damping = collective.gapless(state)
    terms = (
        np.array(
            [
                *hydrodynamics.interaction_terms(state),
                *(
                    hydrodynamics.printed_terms(state)
                    if state.mu < 0 and state.T == 0
                    else (np.nan, np.nan)
                ),
            ]
        )
        / here["eta12"]
    )
    more = dict(zip(("blocking", "slope_term", "blocking_71", "slope_71"), terms.tolist()))
    identity = (
        3 * state.delta**2 * here["beta22"] / (state.mu * here["alpha11"])
        if state.mu > 0
        else np.nan
    )
    return {
        **here,
        **more,
        **{f"{name}_error": error for name, error in errors.items()},
        "U_eff": here["alpha11"] / here["eta12"],
        "U_eff_error": (errors["alpha11"] + abs(here["alpha11"] / here["eta12"]) * errors["eta12"])
        / abs(here["eta12"]),
        "identity_75": float(identity),
        "c2": c2,
        "damping": damping,
        "delta": state.delta,
        "mu": state.mu,
        "residual": found.residual,
    }


def _column(rows, name):
    return np.array([np.nan if "why" in row else row[name] for row in rows])


def headline(drive, ratios, rows):
    """The Outcome: numbers at one ratio, lists over a sweep; None where there is no condensate."""
    lost = [row["why"] for row in rows if "why" in row]
    single = len(rows) == 1

    def pick(name):
        values = [None if np.isnan(x) else float(x) for x in _column(rows, name)]
        return values[0] if single else values

    summary = {name: pick(name) for name in (*NAMES, *MORE)} | given(drive)
    summary |= {
        "ratio": float(ratios[0]) if single else ratios.tolist(),
        "residual": max((row["residual"] for row in rows if "why" not in row), default=None),
    }
    summary["gamma_v"] = drive.gb * ratios[0] if single else (drive.gb * ratios).tolist()
    errors = {name: pick(f"{name}_error") for name in (*NAMES, "U_eff")}
    return Outcome("not-converged" if lost else "complete", summary, errors, [WIDE, ILL, *lost])
