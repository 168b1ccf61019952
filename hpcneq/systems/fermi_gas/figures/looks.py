"""How each steady state looks in a figure, and curves drawn smoothly between their nodes."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

LOOKS = {
    "NBCS": ("#3b4cc0", "-"),
    "NIG": ("#7f8fd8", "--"),
    "NFF": ("#c2452d", "-"),
    "NFF'": ("#e59a85", "--"),
}  # state -> (colour, dashes)


def between(values: np.ndarray, count: int) -> np.ndarray:
    """Numbers (n,) with ``count`` - 1 more between each two, evenly spaced."""
    places = np.arange(count * (len(values) - 1) + 1) / count
    return np.interp(places, np.arange(len(values)), values)


def smooth(curve: np.ndarray, count: int = 12) -> np.ndarray:
    """A curve (n, nodes) with more points between its nodes.

    Monotone cubics over its length, which turn at its nodes alone.
    """
    pieces = np.linalg.norm(np.diff(curve, axis=1), axis=0)
    length = np.append(0.0, np.cumsum(pieces))
    if curve.shape[1] < 3 or np.any(np.diff(length) <= 0):
        return curve
    return PchipInterpolator(length, curve, axis=1)(between(length, count))
