"""Regions of the phase diagram from its lines: normal state, stable and unstable condensate.

``lines`` are ratios over the interactions, (n,) each, nan where there is no such line: ratio_c,
alpha11, beta22, B, C, C_end, soft_from, restored, as the task phase-diagram names them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Lines = Mapping[str, np.ndarray]


def unstable(lines: Lines) -> np.ndarray:
    """(n,) the lowest boundary of stability.

    B or C where they exist, A (alpha11) where there is neither but long waves grow, else nan.
    """
    patterns = np.fmin(lines["B"], lines["C"])
    long_waves = np.isnan(patterns) & ~np.isnan(lines["soft_from"])
    return np.where(long_waves, lines["alpha11"], patterns)


def by_signs(ratios: np.ndarray, lines: Lines) -> np.ndarray:
    """(n, m) int: 0 normal, 1 condensate, 2 condensate with alpha11 < 0 or beta22 < 0."""
    first = np.fmin(lines["alpha11"], lines["beta22"])
    condensate = np.where(ratios > first[:, None], 2, 1)
    return np.where(ratios >= lines["ratio_c"][:, None], 0, condensate)


def by_modes(ratios: np.ndarray, lines: Lines) -> np.ndarray:
    """(n, m) int: 0 normal, 1 stable condensate, 2 condensate in which some mode grows."""
    code = np.where(ratios >= lines["ratio_c"][:, None], 0, 1)
    for row, windows in zip(code, unstable_windows(lines)):
        for low, high in windows:
            row[(row == 1) & (ratios > low) & (ratios < high)] = 2
    return code


def unstable_windows(lines: Lines) -> list[list[tuple[float, float]]]:
    """For each interaction the intervals (low, high) of ratio in which some mode grows.

    The pattern's, from the first of B and C on, and the long static waves', up to ``restored``;
    they are one where they overlap.
    """
    names = ("ratio_c", "B", "C_end", "soft_from", "restored")
    columns = zip(unstable(lines), *(lines[name] for name in names))
    return [_windows(*column) for column in columns]


def _windows(first, end, standing, oscillating_end, soft_from, restored):
    """The intervals at one interaction; ``first``: where any begins, ``standing``: boundary B."""
    if np.isnan(first):
        return []
    if np.isnan(soft_from):
        return [(first, end if np.isnan(oscillating_end) else oscillating_end)]
    last = end if np.isnan(restored) else restored
    if oscillating_end < soft_from and np.isnan(standing):
        return [(first, oscillating_end), (soft_from, last)]
    return [(first, oscillating_end if oscillating_end > last else last)]
