"""The junction of an input: its leads, its bias, its lattice, and the poles of its leads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from ....errors import InputError
from ....maths.drives import Drive
from ....maths.poles import Poles
from ....parallel import Communicator, on_root
from ....tasks import Given
from ..physics import junction
from ..physics.junction import Junction
from .biased_leads import bias_of, leads_of

LOOSER = 10.0  # factor of the pole error of runs that tell the error of the poles
LOOSEST = 0.5  # largest pole error
MOST_TRIALS = 4
EXACT = 1e-11  # error of the poles that the errors of stationary states are told by
Value = TypeVar("Value")


def compute_anew(name: str, function: Callable[..., Value], *args: object) -> Value:
    """``function(*args)``: stands for `LongRun.recall` where a run has no memory."""
    return function(*args)


def build_junction(
    given: Given,
    comm: Communicator,
    recall: Callable = compute_anew,
    poles_name: str = "poles",
    poles: list[dict] | None = None,
) -> Junction:
    """The Junction of an input; rank 0 fits the poles. **Collective.**

    recall : gives the drive and the poles that the run was begun with, where it is continued;
    ``poles_name`` tells fits apart. poles : those to use instead of new ones, as a checkpoint
    remembers them.
    """
    parameters, numerics = given.parameters, given.numerics
    leads, bias = leads_of(given), Drive.of(recall("drive", _bias, given, comm))
    bias = bias.resolved(numerics.dt)
    remembered = recall(poles_name, lambda: poles or _fit(given, comm, bias))
    fitted = tuple(Poles(**fit) for fit in remembered)
    parity = numerics.symmetry == "stripe-parity"
    lattice = junction.stripe(numerics.Lx, numerics.Ly, parameters.mu, parity=parity)
    return Junction(
        parameters.U,
        parameters.mu,
        parameters.h,
        leads,
        lattice,
        bias,
        fitted,
        parameters.hartree,
    )


def _bias(given: Given, comm) -> dict:
    """The fields of the bias. **Collective.**"""
    return dataclasses.asdict(on_root(comm, bias_of, given))


def _fit(given: Given, comm, bias: Drive) -> list[dict]:
    """The poles of each lead, as a checkpoint remembers them. **Collective.**"""
    parameters, numerics, leads = given.parameters, given.numerics, leads_of(given)
    width = sum(lead.gamma for lead in leads)
    window = numerics.pole_window or junction.window(
        leads, parameters.mu, parameters.h, bias, given.run.t_max
    )
    if parameters.hartree and not numerics.pole_window:  # no level shifts by more than U/2
        window += 0.5 * parameters.U
    fits = on_root(
        comm, junction.fit_poles, leads, width, window, numerics.pole_error, numerics.poles
    )
    return [dataclasses.asdict(fit) for fit in fits]


def loosen_poles(given: Given, comm: Communicator, tight: Junction, recall: Callable) -> Junction:
    """The junction with poles of at least ten times the error, for error estimates. **Collective.**

    More than ten times where a fit would come out the same.
    """
    error, size = given.numerics.pole_error, [len(fit.w) for fit in tight.poles]
    for _ in range(MOST_TRIALS):
        error = min(LOOSEST, LOOSER * error)
        numerics = dataclasses.replace(given.numerics, pole_error=error)
        looser = dataclasses.replace(given, numerics=numerics)
        loose = build_junction(looser, comm, recall, f"loose {error:g} poles")
        smaller = all(len(fit.w) < n for fit, n in zip(loose.poles, size))
        if error == LOOSEST or smaller:
            break
    return loose


def nearly_exact(fitted: Junction, comm: Communicator, level: float) -> Junction:
    """The junction with poles for stationary states that err by EXACT. **Collective.**

    level : largest |level| there is, which the window holds with the field and the leads' shifts.
    Where EXACT is out of reach, poles of a hundredth or a tenth of the error.
    """
    bias, mu = fitted.drive.start, fitted.mu
    window = level + abs(fitted.h) + max(abs(lead.shift(bias, mu)) for lead in fitted.leads)
    worst = max(fit.error for fit in fitted.poles)
    goals = [min(EXACT, 0.1 * worst), 1e-2 * worst, 0.1 * worst]
    fits = on_root(comm, _first_in_reach, fitted, float(window), goals)
    return dataclasses.replace(fitted, poles=tuple(Poles(**fit) for fit in fits))


def _first_in_reach(fitted: Junction, window: float, goals: list[float]) -> list[dict]:
    """The poles of each lead by the first goal that can be reached. Raises InputError."""
    for goal in goals:
        try:
            fits = junction.fit_poles(fitted.leads, fitted.width, window, goal, jump=0.0)
        except InputError:
            if goal == goals[-1]:
                raise
            continue
        break
    return [dataclasses.asdict(fit) for fit in fits]


def poles_summary(built: Junction) -> dict:
    """What the summary tells of the poles and of the bias before t = 0."""
    return {
        "pole_error": max(fit.error for fit in built.poles),
        "memory_error": max(fit.memory_error for fit in built.poles),
        "eV_initial": built.drive.start,
        "poles": [len(fit.w) for fit in built.poles],
    }
