"""The least that fits of the leads put results off by, besides what looser fits change.

A single looser fit may agree by accident: of forty random pairs of leads at errors of fits from 0.1
to 1e-4 the difference was too small in one case of five for the pairing, and as often for currents;
with these shares of the fits' own error it was in one of sixty.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....maths.lead_fits import Fit

OF_PAIRING, OF_CURRENT = 0.6, 1.5  # of the largest error of a fit


def worst(fits: Sequence[Fit]) -> float:
    """The largest relative error of the fits."""
    return max((fit.error for fit in fits), default=0.0)


def least_of_pairing(fits: Sequence[Fit], size: float) -> float:
    """Of a pairing of this size."""
    return OF_PAIRING * worst(fits) * size


def least_of_currents(fits: Sequence[Fit], current: np.ndarray) -> float:
    """Of the currents (leads,) of one state."""
    return OF_CURRENT * worst(fits) * float(np.abs(current).max(initial=0.0))
