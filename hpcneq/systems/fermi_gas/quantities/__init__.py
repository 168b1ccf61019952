"""Every data set and summary number of the fermi-gas, declared once; units mu and pF."""

from __future__ import annotations

from .momenta import CURRENT, MOMENTUM, PAIR_AMPLITUDE
from .steady_states import BRANCHES, EDGES, PHASE_DIAGRAM, STEADY
from .supercells import CELL, PATTERN
from .waves import STABILITY, UNIFORM

EVOLVE = (
    *UNIFORM,
    *(quantity for quantity in CELL if quantity.name not in {q.name for q in UNIFORM}),
)

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
