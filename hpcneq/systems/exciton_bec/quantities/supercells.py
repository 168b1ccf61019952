"""Quantities of evolve and pattern."""

from __future__ import annotations

from dataclasses import replace

from ....tasks.supercell_tables import evolution_quantities, pattern_quantities
from .shared import GIVEN, INPUT, RATIO, STATE, number

AXES: dict[str, tuple[str, ...]] = {"wave_number": (), "ratio": (), "inv_kfas": ()}
UNIFORM = (
    number("delta", "eF", "order parameter of the uniform condensate", STATE),
    number("mu", "eF", "its chemical potential, half of its frequency", STATE),
    number("mu_b", "eF", "chemical potential of the bath, which is held", STATE),
    RATIO,
    number("wave_number", "kF", "wave number of the kick's wave, of the pattern", GIVEN),
    *INPUT,
)
SWEPT = ("delta_max", "delta_min", "frequency", "relative_density", "last_harmonic")
SWEPT += ("growth_rate", "delta", "wave_number", "ratio", "inv_kfas")
PATTERN = tuple(
    replace(quantity, kind="both", axes=AXES.get(quantity.name, ("ratio",)))
    if quantity.name in SWEPT
    else quantity
    for quantity in (*pattern_quantities("eF", "kF"), *UNIFORM)
)
EVOLVE = (*evolution_quantities("eF", "kF"), *UNIFORM)
