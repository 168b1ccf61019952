"""Every data set and summary number of the fermi-gas, declared once; units mu and pF."""

from __future__ import annotations

from .momenta import CURRENT, MOMENTUM, PAIR_AMPLITUDE
from .steady_states import BRANCHES, EDGES, PHASE_DIAGRAM, STEADY
from .waves import EVOLVE, STABILITY

__all__ = [
    "BRANCHES",
    "CURRENT",
    "EDGES",
    "EVOLVE",
    "MOMENTUM",
    "PAIR_AMPLITUDE",
    "PHASE_DIAGRAM",
    "STABILITY",
    "STEADY",
]
