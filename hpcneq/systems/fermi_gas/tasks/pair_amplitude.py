"""Task ``pair-amplitude`` of the fermi-gas system: the pair amplitude of one steady state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ....parallel import Communicator, on_root
from ....tasks import Given, Outcome, Output
from ..physics import pair_amplitude
from ..physics.gap_and_current import Gas
from ..shared.branch_states import outcome_of, polished_branch
from ..shared.polished_states import ROUNDING

if TYPE_CHECKING:
    from ....files.writer import ResultFile


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Fig. 4(b) and Eqs. (84)-(95). **Collective.**"""
    gas, state = polished_branch(given, comm)
    D, Q = state["delta"], state["Q"]
    write(output(), given, gas, D, Q)
    largest = on_root(comm, largest_amplitude, gas, D, Q)
    log(f"pair-amplitude: {state['name']} Delta = {D:.8g}, Q = {Q:.8g}, largest P = {largest:.6f}")
    summary = {"largest": largest}
    # dP/dDelta <= 1/Delta, dP/dQ <= 1/Delta: what the state's own error makes of the largest value
    errors = {"largest": ROUNDING + (state["delta_error"] + state["Q_error"]) / D}
    hole = pair_amplitude.hole(D, gas.baths) if Q == 0 else None
    if hole:
        summary["hole"] = hole
        slope = D * state["delta_error"] / np.sqrt(gas.baths.dmu**2 - D**2)
        errors["hole"] = [slope + ROUNDING] * 2
    return outcome_of(state, summary, errors)


def write(out: ResultFile, given: Given, gas: Gas, D: float, Q: float) -> None:
    """P and its two Fulde-Ferrell parts on the plane of momenta. **Collective.**"""
    n = given.numerics
    default = np.linspace(-n.p_max, n.p_max, n.points)
    px, pz = (given.sweep.get(key, default) for key in ("p_x", "p_z"))
    plane = (px[:, None], pz[None, :], D, Q)
    plus, minus = pair_amplitude.pair_parts(*plane, gas.baths)
    out.axis("p_x", px)
    out.axis("p_z", pz)
    out.fixed("P", pair_amplitude.pair(*plane, gas.baths.occupation))
    out.fixed("pair_plus", plus)
    out.fixed("pair_minus", minus)


def largest_amplitude(gas: Gas, D: float, Q: float) -> float:
    """Largest P over the plane, from the axis along Q and the circles around it."""
    p = np.unique(np.concatenate([np.linspace(0, 2, 4001), [np.sqrt(max(1 - Q**2 / 4, 0.0))]]))
    c = np.linspace(-1, 1, 401)[:, None]
    P = pair_amplitude.pair(p * np.sqrt(1 - c**2), p * c, D, Q, gas.baths.occupation)
    return float(P.max())
