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

NUDGE = 1e-4  # relative, of the order parameter, where derivatives are taken


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
    k = int(np.argmax(np.abs(J)))
    numbers = on_root(comm, numbers_at, gas, D, float(Q[k]), zeros)
    finer = on_root(comm, numbers_at, gas.finer, D, float(Q[k]), zeros)
    by_state = on_root(comm, by_delta, gas, state, float(Q[k]), zeros)
    moved = np.abs(finer - numbers) + by_state + ROUNDING
    summary = {
        "zeros": zeros,
        "slope": float(numbers[0]),
        "J_max": float(J[k]),
        "Q_max": float(Q[k]),
        "fixed_delta": D,
    }
    errors = {
        "zeros": [error + float(own) for error, own in zip(zero_errors, by_state[2:])],
        "slope": float(moved[0]),
        "J_max": float(moved[1]),
        "Q_max": ROUNDING,
        "fixed_delta": state["delta_error"],
    }
    return outcome_of(state, summary, errors)


def numbers_at(gas: Gas, D: float, Q: float, zeros: list[float]) -> np.ndarray:
    """(slope of J, J at Q, the zeros of J next to ``zeros``) at an order parameter."""
    slope = gap_and_current.stiffness(gas, D, 0.0) * D**2
    J = gap_and_current.both(gas, D, Q)[1]
    return np.array([slope, J, *(abs(float(zero_near(gas, D, x).x[0])) for x in zeros)])


def by_delta(gas: Gas, state: dict, Q: float, zeros: list[float]) -> np.ndarray:
    """What the error of the order parameter does to `numbers_at`."""
    D, error = state["delta"], state["delta_error"]
    if D == 0 or error == 0:
        return np.zeros(2 + len(zeros))
    step = NUDGE * D
    above, below = (numbers_at(gas, D + s * step, Q, zeros) for s in (1, -1))
    return np.abs(above - below) / (2 * step) * error


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
