"""Errors of static numbers from the same calculation with more momenta."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ....tasks import Given
from ..physics.material import Material

NEAR = 0.1  # of Gamma12: how far from the continuum a decaying mode is told from it
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


def beside_continuum(
    m: Material, numbers: Mapping[str, float], errors: dict[str, float]
) -> dict[str, float]:
    """``errors`` of growth rates and frequencies where a grid's mode may be one of its levels.

    Next to the continuum both are uncertain by as much as they differ from its -Gamma12 and 0.
    """
    wider = dict(errors)
    for rate in [name for name in errors if name.endswith("rate")]:
        distance = numbers[rate] + m.Gamma12
        if distance >= NEAR * m.Gamma12:
            continue
        wider[rate] += max(distance, 0.0)
        frequency = rate.removesuffix("rate").removesuffix("growth_") + "frequency"
        if frequency in wider:
            wider[frequency] += abs(numbers[frequency])
    return wider
