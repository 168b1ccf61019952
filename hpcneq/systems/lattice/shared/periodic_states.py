"""Two superconducting leads at different bias: the state repeats with half the Josephson period."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....maths.pole_leads import LeadPoles
from .setup import Setup

SAME = 1e-12  # of the largest potential


def period_of(setup: Setup, eV: float) -> float | None:
    """pi over the difference of the potentials of the bcs leads; None if all are alike.

    Raises InputError if there are several differences.
    """
    V = setup.drives.at_bias(eV).shifts(-1.0)
    levels = [v for v, lead in zip(V, setup.reservoirs) if lead.superconducting]
    gaps = sorted({round(abs(a - b), 12) for a in levels for b in levels} - {0.0})
    if not gaps:
        return None
    if any(abs(gap / gaps[0] - round(gap / gaps[0])) > 1e-9 for gap in gaps):
        return None
    return float(np.pi / gaps[0])


def mean_over_period(setup: Setup, leads: LeadPoles, period: float) -> dict[str, Any]:
    """A record of the periodic state: means over the period, densities at its start."""
    raise NotImplementedError
