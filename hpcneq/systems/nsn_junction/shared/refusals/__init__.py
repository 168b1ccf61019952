"""Inputs that the tables allow but a task cannot compute: one function a task, named after it.

Each raises InputError, in one line that names table, key and value, and computes nothing.
"""

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
