"""The steady state that an input names by its branch."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from ....errors import InputError, NormalState
from ....parallel import Communicator, on_root
from ....tasks import Given, Outcome
from ..physics import gap_and_current, state_curves
from ..physics.gap_and_current import Gas
from ..physics.state_curves import Curves
from .gas import gas_of
from .polished_states import state_record

CurvesOf = Callable[[Gas], Curves]


# ---- polished, for what one state holds at each momentum ---------------------------------------


def fixed_state(name: str, D: float) -> dict:
    """The record of an order parameter that is given, not solved for; the normal gas has D = 0."""
    return {
        "name": name,
        "delta": D,
        "Q": 0.0,
        "delta_error": 0.0,
        "Q_error": 0.0,
        "good": True,
    }


def polished_branch(given: Given, comm: Communicator) -> tuple[Gas, dict]:
    """(gas, record) of the steady state an input names. **Collective.**

    record : that of `state_record`; the normal gas has delta = Q = 0. InputError if there is no
    such state.
    """
    p = given.parameters
    gas = gas_of(p, given.numerics)
    if p.branch == "normal":
        return gas, fixed_state("normal", 0.0)
    states = on_root(comm, state_curves.find, gas)
    for state in states:
        if state[0] == p.branch:
            return gas, on_root(comm, state_record, gas, *state)
    # which states there are is known once they have been searched for
    place = f"at gamma = {p.gamma:g}, T = {p.T:g}, dmu = {p.dmu:g}"
    if not states:
        raise NormalState(f"the normal gas is the only steady state {place}: no {p.branch}")
    names = ", ".join(name for name, *_ in states)
    raise InputError(f"[parameters] branch: there is no {p.branch} {place}; there: {names}")


def outcome_of(state: dict, summary: dict, errors: dict) -> Outcome:
    """The Outcome of a task on one polished state."""
    summary = {"branch": state["name"], "delta": state["delta"], "Q": state["Q"], **summary}
    errors = {"delta": state["delta_error"], "Q": state["Q_error"], **errors}
    if state["good"]:
        return Outcome("complete", summary, errors)
    lost = "SNES left the state where the scan found it; try a smaller [numerics] dp"
    return Outcome("not-converged", summary, errors, [lost])


# ---- as the curves give it, for stability and evolution ----------------------------------------


def remembered_curves() -> CurvesOf:
    """A function that gives the Curves of a gas at any dmu, and remembers those of eight gases."""
    made = lru_cache(maxsize=8)(state_curves.curves)
    return lambda gas: made(gas.at(0.0))


def find_branch(
    gas: Gas, branch: str, curves_of: CurvesOf
) -> tuple[tuple[float, float, float] | None, tuple[str, ...]]:
    """((Delta, Q, error of Delta) of a branch, names of all that exist); None if it does not.

    Of a uniform one that exists, names of the uniform ones alone.
    """
    known = curves_of(gas)
    states = {name: (D, Q) for name, D, Q in state_curves.find_uniform(gas, known)}
    if branch not in states:
        states = {name: (D, Q) for name, D, Q in state_curves.find(gas, known)}
    if branch not in states:
        return None, tuple(states)
    D, Q = states[branch]
    h = 1e-4 * D
    above, below = gap_and_current.gap(gas, D + h, Q), gap_and_current.gap(gas, D - h, Q)
    slope = (above - below) / (2 * h)
    error = abs(gap_and_current.gap(gas.finer, D, Q) / slope) + 1e-12
    return (D, Q, error), tuple(states)


def required_branch(gas: Gas, branch: str, curves_of: CurvesOf) -> tuple[float, float, float]:
    """(Delta, Q, error of Delta) of a branch.

    Raises InputError if it does not exist here, NormalState if no condensate does.
    """
    state, names = find_branch(gas, branch, curves_of)
    if state is None:
        b = gas.baths
        # which states there are is known once they have been searched for
        place = f"at dmu = {b.dmu:g}, gamma = {b.gamma:g}, T = {b.T:g}"
        if not names:
            raise NormalState(f"the normal gas is the only steady state {place}: no {branch}")
        raise InputError(
            f'[parameters] branch = "{branch}": there is no such state {place} '
            f"(there: {', '.join(names)})"
        )
    return state
