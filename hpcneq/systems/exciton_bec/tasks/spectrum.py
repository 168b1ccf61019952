"""Task ``spectrum``: the occupied spectral weight L(p, w), and the carriers in the upper branch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....errors import NormalState
from ....parallel import Communicator, on_root
from ....tasks import Given, Outcome, Output
from ..physics import frequency_integrals, number_balance
from ..physics.gap_equations import Condensate
from ..shared.condensate import WIDE, condensate, error_through_state
from ..shared.drive import drive_of, input_summary


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """Hanai et al. (2017), Fig. 9: w is measured from the condensate's mu. **Collective.**

    upper_weight : share of the carriers at w > 0, broken pairs: 0 at equilibrium.
    """
    try:
        state, solution = condensate(given, comm)
    except NormalState as answer:
        return _normal(given, str(answer), log, output())
    p, w = _axes(given, state)
    at = (state.delta, state.mu, state.mt, state.gb, state.gv, state.T)
    L = on_root(comm, lambda: frequency_integrals.spectrum(p[:, None], w, *at))
    _write(output(), state, p, w, L)
    share = on_root(comm, number_balance.upper_share, state)
    errors = on_root(comm, number_balance.errors, state)
    errors["upper_weight"] = on_root(comm, error_through_state, number_balance.upper_share, state)
    summary = {
        "upper_weight": share,
        "delta": state.delta,
        "mu": state.mu,
        "mu_b": state.mu_b,
        "mt": state.mt,
        "ratio": state.ratio,
        "L_max": float(L.max()),
        **input_summary(state.drive),
        "residual": solution.residual,
        "snes_reason": solution.reason,
    }
    log(f"spectrum: share of carriers in the upper branch {share:.6f}")
    return Outcome("complete", summary, errors, [WIDE])


def _normal(given, words, log, out):
    """The Outcome of the normal state, whose energies are measured from mu_b. **Collective.**"""
    drive = drive_of(given)
    mu_b = number_balance.normal_mu_b(drive)
    state = Condensate(0.0, mu_b, 0.0, drive)
    p, w = _axes(given, state)
    L = frequency_integrals.spectrum(p[:, None], w, 0.0, mu_b, 0.0, drive.gb, drive.gv, drive.T)
    _write(out, state, p, w, L)
    log(f"spectrum: {words}")
    summary = {
        "upper_weight": number_balance.upper_share(state),
        "delta": 0.0,
        "mu": None,
        "mu_b": mu_b,
        "ratio": drive.ratio,
        "L_max": float(L.max()),
        **input_summary(drive),
    }
    rounding = 1e-11 * (1 + abs(mu_b))
    errors = {"delta": 0.0, "mu_b": rounding, "upper_weight": rounding}
    return Outcome("complete", summary, errors, [WIDE, f"{words}; w is measured from mu_b"])


def _axes(given, state):
    """Momenta and energies: those of the sweep, else grids that show both branches."""
    numerics = given.numerics
    reach = 1.2 * float(np.hypot(numerics.p_max**2 - state.mu, state.delta))
    p = given.sweep.get("p", np.linspace(0.0, numerics.p_max, numerics.points))
    return p, given.sweep.get("w", np.linspace(-reach, reach, numerics.points))


def _write(out, state, p, w, L):
    """L over momentum and energy, the upper branch, the occupation. **Collective.**"""
    xi = p**2 - state.mu
    out.axis("p", p)
    out.axis("w", w)
    out.fixed("L", L)
    out.fixed("E_p", np.hypot(xi, state.delta))
    occupation = frequency_integrals.occupation(
        xi, state.delta, state.mt, state.gb, state.gv, state.T
    )
    out.fixed("n_p", occupation)
