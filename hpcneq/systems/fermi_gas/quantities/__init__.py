"""Every data set and summary number of the fermi-gas, declared once; units mu and pF."""

from __future__ import annotations

from .momenta import CURRENT, MOMENTUM, PAIR_AMPLITUDE
from .steady_states import BRANCHES, EDGES, PHASE_DIAGRAM, STEADY
from .supercells import CELL, PATTERN
from .waves import EVOLVE as UNIFORM
from .waves import STABILITY

KNOWN = {quantity.name for quantity in UNIFORM}
EVOLVE = (*UNIFORM, *(quantity for quantity in CELL if quantity.name not in KNOWN))

__all__ = [
    "BRANCHES",
    "CURRENT",
    "EDGES",
    "EVOLVE",
    "MOMENTUM",
    "PAIR_AMPLITUDE",
    "PATTERN",
    "PHASE_DIAGRAM",
    "STABILITY",
    "STEADY",
]
