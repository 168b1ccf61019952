"""Where along eV, h or T to seek onsets, and a seed of the Clogston limit.

Kawamura and Ohashi (2025), Figs. 5(a), 8. What is found here by scans and steps are seeds; the tasks polish them.
"""

import numpy as np

from .onsets import _newton, roots
from .uniform_states import free_energy, gap_slopes

MARGIN = 1.25  # pairs are gone where every |h -+ eV/2| exceeds the gap at rest; 0.9 of it is enough on the square lattice


def scan_values(point, grid, along, step, to=None):
    """Values (n,) of ``along`` in which onsets are sought, 0 to where no pair survives, or ``to``; n >= 2."""
    if to is None:
        rest = point.at(h=0.0, eV=0.0, T=0.0 if point.width > 0 else 1e-3)
        found = roots(rest, grid)
        gap = max(found) if len(found) else 0.5 * point.U
        to = {
            "eV": 2 * (abs(point.h) + MARGIN * gap),
            "h": 0.5 * abs(point.eV) + MARGIN * gap,
            "T": 0.8 * gap,
        }[along]
    low = 0.0 if along != "T" or point.width > 0 else 0.01 * to
    return np.append(np.arange(low, to, step), to)


def _downhill(point, grid):
    """Roots with dF/dD < 0, largest first."""
    return [d for d in roots(point, grid)[::-1] if gap_slopes(d, point, grid)[1] < 0]


def critical_field(point, grid, step=0.02):
    """(h_cc, D), roughly: the field at rest at which the uniform state's free energy equals the normal state's, or None.

    The state is followed from h = 0, where its gap is largest.
    """
    at = point.at(h=0.0, eV=0.0)
    found = _downhill(at, grid)
    if not found:
        return None
    D, before = found[0], free_energy(found[0], at, grid)
    for h in np.arange(step, point.U, step):
        at = point.at(h=float(h), eV=0.0)
        D = _newton(D, at, grid)
        if D is None:
            return None
        energy = free_energy(D, at, grid)
        if energy > 0:
            return float(h - step * energy / (energy - before)), D
        before = energy
    return None
