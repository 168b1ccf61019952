"""What runs of the nsn-junction take, from short probes of this machine: one function a task."""

from __future__ import annotations

from .lattice_states import ensemble, evolve, pattern, spectrum
from .steady_states import branches, iv, modes, onset, phase_diagram, steady, tmatrix

__all__ = [
    "branches",
    "ensemble",
    "evolve",
    "iv",
    "modes",
    "onset",
    "pattern",
    "phase_diagram",
    "spectrum",
    "steady",
    "tmatrix",
]
