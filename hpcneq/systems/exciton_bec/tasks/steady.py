"""Task ``steady``: the uniform steady state, Hanai et al. (2017), Eqs. (32), (33)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root
from ....tasks import Given, Outcome, Output
from ..physics import frequency_integrals, number_balance, radial_grid, steady_states
from ..physics.gap_equations import Condensate, Drive
from ..shared.condensate import WIDE, condensate, end_error, error_through_state
from ..shared.drive import drive_of, input_summary
from ..shared.stability import NOT_JUDGED, judged


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """The uniform steady state of one point. **Collective.**

    Beyond the ratio where the condensate ends the state is normal: delta = 0, its mu is undefined.
    """
    drive = drive_of(given)
    end = on_root(comm, _end_before, drive)
    if end is not None:
        return _normal(drive, end, log, output())
    state, solution = condensate(given, comm, drive)
    errors = _errors(state, comm)
    summary, warnings = _summary(drive, state, solution), [WIDE]
    _write(output(), state)
    log(f"steady: delta = {state.delta:.6f}, mu = {state.mu:.6f}, mu_b = {state.mu_b:.6f}")
    if given.numerics.stability:
        told, told_errors = on_root(comm, judged, state)
        summary, errors = summary | told, errors | told_errors
        warnings += _words(told)
    else:
        warnings.append(NOT_JUDGED)
    return Outcome("complete", summary, errors, warnings)


def _words(told: dict) -> list[str]:
    """A warning where the state is unstable."""
    if told["stable"]:
        return []
    return [
        f"this condensate is unstable: a wave of q = {told['q_growth']:.3g} kF grows with "
        f"{told['growth']:.4g} eF"
    ]


def _end_before(drive: Drive) -> Condensate | None:
    """The `Condensate` where it ends if ``drive`` lies beyond it, else None."""
    try:
        steady_states.solve(drive)
        return None
    except NotConverged as error:
        if drive.ratio == 0 and not isinstance(error, steady_states.NoCondensate):
            raise
        end = steady_states.critical(drive)
        if drive.ratio < end.ratio:
            raise
        return end


# ---- the condensate -------------------------------------------------------------------------


def _summary(drive, state, solution):
    """The numbers of a condensed state."""
    gap = state.delta if state.mu > 0 else np.hypot(state.mu, state.delta)
    return {
        "delta": state.delta,
        "mu": state.mu,
        "mu_b": state.mu_b,
        "mt": state.mt,
        "ratio": drive.ratio,
        "state": "condensed",
        "n0": number_balance.fraction(state),
        "gap": float(gap),
        **input_summary(drive),
        "residual": solution.residual,
        "snes_reason": solution.reason,
    }


def _errors(state, comm):
    """The errors of these numbers."""
    errors = on_root(comm, number_balance.errors, state)
    errors["gap"] = errors["delta"]
    if state.mu <= 0:
        errors["gap"] += errors["mu"]
    errors["n0"] = on_root(comm, error_through_state, number_balance.fraction, state)
    return errors


def _write(out, state):
    """Occupation and pair amplitude over the momenta of the number equation. **Collective.**"""
    p = np.sort(number_balance.Balance(state).p)
    at = (p**2 - state.mu, state.delta, state.mt, state.gb, state.gv, state.T)
    real, imaginary = frequency_integrals.pair_function(*at)
    out.axis("p", p)
    out.fixed("n_p", frequency_integrals.occupation(*at))
    out.fixed("pair_p", state.delta * (real + 1j * imaginary))


# ---- the normal state -----------------------------------------------------------------------


def _normal(drive, end, log, out):
    """The Outcome beyond the end of the condensate. **Collective.**"""
    mu_b = number_balance.normal_mu_b(drive)
    p, _ = radial_grid.grid(0.0, mu_b, 0.0, drive.g, drive.p_c)
    at = (p**2 - mu_b, 0.0, 0.0, drive.gb, drive.gv, drive.T)
    out.axis("p", p)
    out.fixed("n_p", frequency_integrals.occupation(*at))
    log(f"steady: normal; the condensate ends at ratio_c = {end.ratio:.6f}")
    summary = {
        "delta": 0.0,
        "mu": None,
        "mu_b": mu_b,
        "ratio": drive.ratio,
        "ratio_c": end.ratio,
        "state": "normal",
        "n0": 0.0,
        **input_summary(drive),
    }
    errors = {
        "delta": 0.0,
        "mu_b": 1e-11 * (1 + abs(mu_b)),
        "ratio_c": end_error(end),
        "n0": 0.0,
    }
    return Outcome("complete", summary, errors, [WIDE])
