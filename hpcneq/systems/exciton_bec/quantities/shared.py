"""Quantities of several tasks, and how they are declared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ....tasks import ERRORS, Quantity, units_of
from ....tasks.task import Units

GIVEN = "an input"
COORDINATE = "a coordinate"
COUNTED = "counted"
SOLVER = "as the solver reports it"
STATE = "that of the steady state: its residual is at most [numerics] tolerance"
LISTED = "the error of the summary's ratio_c"
CONDENSATE_ENDS = "ratio at which the condensate ends"
ELEMENTS = ("component", "source")
M_UNITS = "kF^3/eF"


def number(
    name: str, units: str | Units, long_name: str, error: str = ERRORS, **more: Any
) -> Quantity:
    """A number, text or list of the summary."""
    return Quantity(name, units, long_name, kind="summary", error=error, **more)


def as_data_too(*quantities: Quantity) -> tuple[Quantity, ...]:
    """The same quantities, each a data set as well as a number of the summary."""
    return tuple(replace(quantity, kind="both") for quantity in quantities)


def over_ratio(name: str, units: str, long_name: str, error: str = ERRORS) -> Quantity:
    """A coefficient over the ratio."""
    return Quantity(name, units, long_name, ("ratio",), kind="both", error=error)


INV_KFAS = number("inv_kfas", "1", "interaction 1/(kF a_s)", GIVEN)
GAMMA_B = number("gamma_b", units_of("gamma_b"), "pumping rate from the bath", GIVEN)
GAMMA_V = number("gamma_v", units_of("gamma_v"), "decay rate into the vacuum", GIVEN)
T_B = number("T_b", units_of("T_b"), "temperature of the bath", GIVEN)
P_C = number("p_c", units_of("p_c"), "momentum cutoff of gap and number equation", GIVEN)
NUMBER = number("number", "1", "which carriers the number equation counts", GIVEN, dtype=str)
INPUT = (INV_KFAS, GAMMA_B, GAMMA_V, T_B, P_C, NUMBER)

RATIO = number("ratio", "1", "decay over pumping, gamma_v/gamma_b", GIVEN)
DELTA = number("delta", "eF", "order parameter; 0 in the normal state")
MU = number("mu", "eF", "chemical potential of the condensate, half of its frequency")
MU_B = number("mu_b", "eF", "chemical potential of the bath")
MT = number("mt", "eF", "mu_b - mu")
N0 = number("n0", "1", "condensed pairs over all pairs; 0 in the normal state")
RATIO_C = number("ratio_c", "1", CONDENSATE_ENDS)
RESIDUAL = number("residual", "1", "largest residual of gap and number equation", "an error itself")
SNES_REASON = number("snes_reason", "1", "why SNES stopped", SOLVER, dtype=str)

MOMENTUM = Quantity("p", "kF", "momentum", error=COORDINATE)
OCCUPATION = Quantity("n_p", "1", "occupation of electrons and of holes", ("p",), error=STATE)
COMPONENT = Quantity(
    "component", "1", "component of M: amplitude or phase", dtype=str, error=COORDINATE
)
