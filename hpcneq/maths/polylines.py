"""Curves of few points: where they need more of them to look as smooth as they are."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .arrays import FloatArray


def middles_to_add(
    x: FloatArray, curves: Iterable[FloatArray], flat: float, least: float
) -> list[float]:
    """Middles of the intervals next to which a curve bends, begins or ends; ascending.

    x : (n,) ascending. curves : (n,) each, nan where there is none. flat : a point may lie so far
    from the straight line between its neighbours. least : no interval becomes shorter than this.
    """
    intervals: set[int] = set()
    for curve in curves:
        there = np.isfinite(curve)
        intervals.update(np.flatnonzero(there[1:] != there[:-1]).tolist())
        share = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
        straight = curve[:-2] + share * (curve[2:] - curve[:-2])
        for k in np.flatnonzero(np.abs(curve[1:-1] - straight) > flat):
            intervals.update((int(k), int(k) + 1))
    return [
        float(0.5 * (x[k] + x[k + 1])) for k in sorted(intervals) if x[k + 1] - x[k] >= 2 * least
    ]
