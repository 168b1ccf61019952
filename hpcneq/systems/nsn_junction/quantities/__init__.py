"""Every data set and summary number of the nsn-junction, declared once, in groups for its tasks."""

from __future__ import annotations

from .branches import BRANCHES, IV
from .evolutions import ENSEMBLE, EVOLVE
from .onsets import ONSET, PHASE_DIAGRAM
from .patterns import PATTERN
from .shared import NORMAL_STABILITY, ONSET_KINDS, STABILITY_CODES
from .spectra import MODES, SPECTRUM
from .steady_states import STEADY, TMATRIX

__all__ = [
    "BRANCHES",
    "ENSEMBLE",
    "EVOLVE",
    "IV",
    "MODES",
    "NORMAL_STABILITY",
    "ONSET",
    "ONSET_KINDS",
    "PATTERN",
    "PHASE_DIAGRAM",
    "SPECTRUM",
    "STABILITY_CODES",
    "STEADY",
    "TMATRIX",
]
