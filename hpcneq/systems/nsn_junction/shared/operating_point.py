"""The operating point that an input asks for: parameters with the leads' own values put in."""

from __future__ import annotations

import dataclasses

from ....tasks import Given
from ..inputs import Leads
from ..physics.operating_point import Point
from .biased_leads import leads_of

LEAD_KEYS = ("gamma", "T", "mu")
UNIFORM_ONLY = "condensates: uniform disturbances, q = 0, alone (task modes: any q along x)"
COVERED = f"{UNIFORM_ONLY}; normal state: pairs of every momentum along x"
HARTREE = (
    "the model has no Hartree term: at mu = 0 and mirrored leads it would spare the charge, "
    "but add to the magnetization that h induces; [parameters] hartree = true adds it"
)


def own_values(given: Given) -> set[str]:
    """Keys for which [leads] gives a lead a value of its own."""
    leads = given.tables.get("leads") or Leads()
    return {
        key
        for lead in (leads.left, leads.right)
        for key in LEAD_KEYS
        if vars(lead)[key] is not None
    }


def point_of(given: Given, **values: float) -> Point:
    """The Point of an input; ``values`` replace parameters, swept ones for example.

    Of eV, h and T one may be left out: the one that the task seeks. It counts as 0 here.
    """
    parameters = dataclasses.replace(given.parameters, **values)
    numbers = {key: vars(parameters)[key] for key in ("U", "mu", "gamma", "h", "T", "eV")}
    numbers = {key: 0.0 if value is None else value for key, value in numbers.items()}
    leads = None
    if own_values(given):
        leads = leads_of(dataclasses.replace(given, parameters=parameters))
    return Point(leads=leads, hartree=parameters.hartree, **numbers)


def sought_key(given: Given) -> str | None:
    """Which of eV, h and T an onset is sought in: the one that is left out, or eV = 0 beside both.

    None if the input does not tell.
    """
    parameters = given.parameters
    missing = [
        key for key in ("eV", "h", "T") if vars(parameters)[key] is None and key not in given.sweep
    ]
    if not missing and parameters.eV == 0 and "eV" not in given.sweep:
        return "eV"
    return missing[0] if len(missing) == 1 else None


def branch_axes(given: Given) -> tuple[str | None, tuple[str, ...]]:
    """(the key that branches are followed in, the slow key if there is one): eV, else h."""
    along = next((key for key in ("eV", "h") if key in given.sweep), None)
    return along, tuple(key for key in given.sweep if key != along)
