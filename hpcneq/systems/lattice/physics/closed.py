"""Closed systems: the state in equilibrium from which they start."""

from __future__ import annotations

import numpy as np

from ....maths.fermi import fermi
from ....maths.pole_leads import Density


def equilibrium(H: np.ndarray, T: float) -> Density:
    """rho = f(H) at temperature T, (M, M); no lead."""
    energies, states = np.linalg.eigh(H)
    rho = (states * fermi(energies, T)) @ states.conj().T
    return Density(rho, np.zeros((len(H), 0), complex))
