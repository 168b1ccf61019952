"""Task ``coefficients``: M at small q and w, Hanai et al. (2017), Eq. (45), and what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ....parallel import Communicator, solo
from ....tasks import Given, Outcome, Output, run_sweep
from ..physics import collective_modes, hydrodynamics, number_balance, steady_states
from ..shared.condensate import WIDE, condensate_at, polish
from ..shared.drive import drive_of, input_summary

WITH_ERRORS = (
    *("alpha11", "alpha21", "beta22", "eta11", "eta12", "eta21", "eta22", "U_eff"),
    *("identity_75", "c2", "damping", "delta", "mu"),
)
TERMS = ("blocking", "slope_term", "blocking_71", "slope_71")
NAMES = (*WITH_ERRORS, *TERMS)
ILL = "beta11 is left out: with wide baths M11 is linear in |q| for q << gamma/v"


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """Fig. 8(a), (b): Eq. (45) at one ratio, or over ratio; the terms of Eq. (71). **Collective.**

    U_eff = alpha11/eta12: the interaction of excitons times their condensed fraction.
    """
    drive = drive_of(given)
    axes = {"ratio": given.sweep.get("ratio", np.array([given.parameters.decay]))}

    def point(at, previous):
        return _coefficients(given, replace(drive, ratio=at["ratio"]))

    sweep = run_sweep(axes, point, comm, log, output, "coefficients", everywhere=False)
    return sweep.report(output, lambda out: _report(drive, sweep, out))


def _report(drive, sweep, out):
    """The coefficients written, and told."""
    sweep.write(out, (*NAMES, *(f"{name}_error" for name in WITH_ERRORS)))
    return _outcome(drive, sweep)


def _coefficients(given, drive):
    """Coefficients of one state and their errors, from the state and M on finer panels."""
    state, solution = polish(condensate_at(drive), solo(), given)
    values = hydrodynamics.coefficients(state)
    terms = _terms(state, values)
    values["U_eff"] = values["alpha11"] / values["eta12"]
    values["identity_75"] = _identity(state, values)
    values["c2"], values["damping"] = collective_modes.gapless(state)
    values |= {"delta": state.delta, "mu": state.mu}
    errors = {f"{name}_error": error for name, error in _errors(state, values).items()}
    return {**values, **terms, **errors, "residual": solution.residual}


def _errors(state, values):
    """{name: error} of WITH_ERRORS: those of the state, of M, and of what follows from both."""
    finer = steady_states.solve(replace(state.drive, fine=2 * state.drive.fine), state)
    of_M = {name: values[name] for name in hydrodynamics.NAMES}
    own = number_balance.errors(state)
    errors = hydrodynamics.errors(state, finer, of_M)
    errors |= {name: own[name] for name in ("delta", "mu")}
    errors["c2"], errors["damping"] = map(float, collective_modes.gapless_errors(state))
    for name, factors in (
        ("U_eff", ("alpha11", "eta12")),
        ("identity_75", ("alpha11", "beta22", "mu", "delta", "delta")),
    ):
        relative = sum(errors[factor] / abs(values[factor]) for factor in factors)
        errors[name] = abs(values[name]) * relative
    return errors


def _terms(state, values):
    """The two terms of U_eff for gamma -> 0, and as Eq. (71) prints them, nan where it fails."""
    printed = (np.nan, np.nan)
    if state.mu < 0 and state.T == 0:
        printed = hydrodynamics.printed_terms(state)
    terms = np.array([*hydrodynamics.interaction_terms(state), *printed]) / values["eta12"]
    return dict(zip(TERMS, terms.tolist()))


def _identity(state, values):
    """12 delta^2 beta22/(4 mu alpha11), which Eq. (75) says is 1; nan where mu < 0."""
    if state.mu <= 0:
        return np.nan
    return float(3 * state.delta**2 * values["beta22"] / (state.mu * values["alpha11"]))


def _outcome(drive, sweep):
    """The Outcome: numbers at one ratio, lists over a sweep; None where there is no condensate."""
    ratios = sweep.axes["ratio"]

    def numbers(name):
        values = [None if np.isnan(x) else float(x) for x in sweep.table(name)]
        return values[0] if len(values) == 1 else values

    summary = {name: numbers(name) for name in NAMES} | input_summary(drive)
    summary["ratio"] = ratios.tolist()
    summary["gamma_v"] = (drive.gb * ratios).tolist()
    if len(ratios) == 1:
        summary |= {"ratio": float(ratios[0]), "gamma_v": drive.gb * ratios[0]}
    summary["residual"] = max(
        (record["residual"] for record in sweep.records if "residual" in record), default=None
    )
    errors = {name: numbers(f"{name}_error") for name in WITH_ERRORS}
    return sweep.outcome(summary, errors, [WIDE, ILL])
