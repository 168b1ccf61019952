"""Task ``current`` of the fermi-gas system: the net current J(Q) at a fixed order parameter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....parallel import Communicator, on_root
from ....solvers import newton
from ....tasks import Given, Outcome, Output
from ..physics import gap_and_current
from ..physics.gap_and_current import Gas
from ..shared.branch_states import fixed_state, outcome_of, polished_branch
from ..shared.gas import gas_of
from ..shared.polished_states import GOOD, ROUNDING, SNES


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """J(Q) of Eq. (48) less the normal gas's, and what the gap equation lacks. **Collective.**"""
    Q = given.sweep["Q"]
    if given.parameters.delta is None:
        gas, state = polished_branch(given, comm)
    else:
        gas = gas_of(given.parameters, given.numerics)
        state = fixed_state("fixed", given.parameters.delta)
    D = state["delta"]
    values = on_root(comm, lambda: np.array([gap_and_current.both(gas, D, x) for x in Q]))
    gap, J = values.T
    out = output()
    out.axis("Q", Q)
    out.fixed("J", J)
    out.fixed("gap", gap)
    zeros, zero_errors = on_root(comm, zeros_of, gas, D, Q, J)
    slope, finer_slope = on_root(
        comm, lambda: [gap_and_current.stiffness(g, D, 0.0) * D**2 for g in (gas, gas.finer)]
    )
    k = int(np.argmax(np.abs(J)))
    finer_J = gap_and_current.both(gas.finer, D, Q[k])[1]
    summary = {
        "zeros": zeros,
        "slope": slope,
        "J_max": float(J[k]),
        "Q_max": float(Q[k]),
        "fixed_delta": D,
    }
    errors = {
        "zeros": zero_errors,
        "slope": abs(finer_slope - slope) + ROUNDING,
        "J_max": abs(finer_J - J[k]) + ROUNDING,
        "Q_max": ROUNDING,
        "fixed_delta": state["delta_error"],
    }
    return outcome_of(state, summary, errors)


def zeros_of(gas: Gas, D: float, Q: np.ndarray, J: np.ndarray) -> tuple[list[float], list[float]]:
    """(zeros, errors) of J at Q > 0, each polished by SNES.

    Errors are changes on panels of half the length.
    """
    zeros, errors = [], []
    for k in np.flatnonzero(J[:-1] * J[1:] < 0):
        seed = Q[k] + (Q[k + 1] - Q[k]) * J[k] / (J[k] - J[k + 1])
        root, finer = (zero_near(each, D, seed) for each in (gas, gas.finer))
        if root.residual < GOOD:
            zeros.append(float(root.x[0]))
            errors.append(abs(float(finer.x[0]) - zeros[-1]) + ROUNDING)
    return zeros, errors


def zero_near(gas: Gas, D: float, seed: float) -> newton.Solution:
    """The zero of J next to ``seed``, on panels held still."""
    held = gas.held(D, seed)
    return newton.solve_equations(
        lambda x: [gap_and_current.stiffness(held, D, abs(x[0]))], [seed], SNES
    )
