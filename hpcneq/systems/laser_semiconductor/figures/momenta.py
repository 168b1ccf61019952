"""Data over momenta, on both sides of k = 0."""

from __future__ import annotations

import numpy as np


def mirrored(k: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k, values) over both signs of k; even values may be stored over positive momenta alone."""
    if k[0] < 0:
        return k, values
    return np.concatenate([-k[::-1], k]), np.concatenate([values[::-1], values])
