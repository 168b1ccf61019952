"""The least that fits of the leads put results off by, besides what looser fits change.

A single looser fit may agree by accident: for random pairs of leads at errors of fits from 0.1 to
1e-4, against fits to 1e-7, its difference was too small for one pairing of eight and one current of
five; with these shares of the fits' own error for no pairing of 50, and by at most a half for 3 of
49 currents. The shares were chosen on a part of these pairs. Where fits differ less than they might
an error of a pairing is too large, 25 times in the median.
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
