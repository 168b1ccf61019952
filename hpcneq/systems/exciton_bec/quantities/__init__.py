"""All that the tasks of the exciton-bec system write: data sets and numbers of the summary.

Where a sweep has a slow key, or none, the axes are those of the run, not the ones declared here.
"""

from __future__ import annotations

from .collective_modes import BOUNDARY, MODES, RESPONSE
from .long_waves import COEFFICIENTS, PHASE_DIAGRAM
from .steady_states import BRANCHES, SPECTRUM, STEADY
from .supercells import EVOLVE, PATTERN

__all__ = [
    "BOUNDARY",
    "BRANCHES",
    "COEFFICIENTS",
    "EVOLVE",
    "MODES",
    "PATTERN",
    "PHASE_DIAGRAM",
    "RESPONSE",
    "SPECTRUM",
    "STEADY",
]
