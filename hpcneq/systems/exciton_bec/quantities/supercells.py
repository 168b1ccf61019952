"""Quantities of evolve and pattern."""

from __future__ import annotations

from ....tasks.supercell_tables import evolution_quantities, pattern_quantities
from .shared import GIVEN, INPUT, RATIO, STATE, number

UNIFORM = (
    number("delta", "eF", "order parameter of the uniform condensate", STATE),
    number("mu", "eF", "its chemical potential, half of its frequency", STATE),
    number("mu_b", "eF", "chemical potential of the bath, which is held", STATE),
    RATIO,
    number("wave_number", "kF", "wave number of the kick's wave, of the pattern", GIVEN),
    *INPUT,
)
PATTERN = (*pattern_quantities("eF", "kF"), *UNIFORM)
EVOLVE = (*evolution_quantities("eF", "kF"), *UNIFORM)
