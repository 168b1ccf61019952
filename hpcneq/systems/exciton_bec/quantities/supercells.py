"""Quantities of evolve and pattern."""

from __future__ import annotations

from dataclasses import replace

from ....tasks.supercell_tables import evolution_quantities, pattern_quantities
from ....tasks.task import Quantity, missing_where
from .shared import GIVEN, INPUT, RATIO, STATE, number

ONSET = "1e-9: a zero of det M on this grid"
AXES: dict[str, tuple[str, ...]] = {"wave_number": (), "ratio": (), "inv_kfas": ()}
BRANCH = (
    Quantity("amplitude", "eF", "|Delta_1| of the pattern", error=GIVEN),
    *missing_where(
        (number("onset_ratio", "1", "ratio at which the pattern branches off", ONSET),),
        "[initial] amplitude is not given",
        "onset_ratio",
    ),
)
UNIFORM = (
    number("delta", "eF", "order parameter of the uniform condensate", STATE),
    number("mu", "eF", "its chemical potential, half of its frequency", STATE),
    number("mu_b", "eF", "chemical potential of the bath, which is held", STATE),
    RATIO,
    number("wave_number", "kF", "wave number of the kick's wave, of the pattern", GIVEN),
    *INPUT,
)
SWEPT = ("delta_max", "delta_min", "frequency", "velocity", "relative_density", "last_harmonic")
SWEPT += ("growth_rate", "delta", "wave_number", "ratio", "inv_kfas")
PATTERN = tuple(
    replace(quantity, kind="both", axes=AXES.get(quantity.name, ("ratio",)))
    if quantity.name in SWEPT
    else quantity
    for quantity in (*pattern_quantities("eF", "kF"), *UNIFORM, *BRANCH)
)
EVOLVE = (*evolution_quantities("eF", "kF"), *UNIFORM)
