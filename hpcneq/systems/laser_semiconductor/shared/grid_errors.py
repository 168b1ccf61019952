"""Errors of static numbers from the same calculation with more momenta."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ....tasks import Given

GRID_FACTOR = 2.0  # of that change, in errors: the finer grid has an error as well
ROUNDING = 1e-11  # of numbers from sums that are exact but for rounding


def refined_points(given: Given) -> int:
    """Twice the momenta of the input, or with an infinite range four times."""
    factor = 4 if np.isinf(given.parameters.k_max) else 2
    return factor * given.numerics.points


def grid_errors(
    coarse: Mapping[str, complex], fine: Mapping[str, complex], names: Iterable[str]
) -> dict[str, float]:
    """Twice the change of each number on the finer grid, and rounding; 0 for one that is inf."""
    errors = {}
    for name in names:
        errors[name] = 0.0
        if np.isfinite(coarse[name]):
            change = abs(fine[name] - coarse[name])
            errors[name] = GRID_FACTOR * change + ROUNDING * (1 + abs(coarse[name]))
    return errors
