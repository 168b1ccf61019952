"""Rates of the bath modes in a step, of carried and of fast groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...maths.arrays import ComplexArray
from ..protocols import AuxiliaryModes
from . import fast_poles
from .polynomials import RateMoments, rate_moments
from .stepping import Ends


@dataclass(frozen=True)
class Rates:
    """Rates of a step: of the ``carried`` first groups, of the fast ones behind them, and those of
    all, (groups,), at its end; mean and first moment of all, which they follow from.
    """

    carried: int
    slow: RateMoments
    fast: RateMoments
    after: ComplexArray
    moments: tuple[float, ComplexArray, ComplexArray]

    def same(self, step: float, carried: int, *arrays: ComplexArray) -> bool:
        """Whether a step with this mean, first moment and rates at its end has these rates."""
        return (self.carried, self.moments[0]) == (carried, step) and all(
            map(np.array_equal, arrays, (*self.moments[1:], self.after))
        )


@dataclass(frozen=True)
class Gap:
    """The step from ``start`` to ``end`` whose fast groups have not been written."""

    step: float
    rates: Rates
    start: Ends
    end: Ends


def rates_of(
    system: AuxiliaryModes, t: float, step: float, elapsed: float, before: Rates | None
) -> Rates:
    """The `Rates` of a step from t on; ``before``, those of the last one, if they are the same.

    elapsed : since the drive's last jump.
    """
    mean, slope = system.rate_moments(t, step)
    after = system.rates_at(t + step, -1)
    first = fast_poles.carried(mean, step, elapsed)
    if before is not None and before.same(step, first, mean, slope, after):
        return before
    slow = rate_moments(step, mean[:first], slope[:first])
    fast = fast_poles.fast_moments(step, mean[first:], slope[first:])
    return Rates(first, slow, fast, after, (step, mean, slope))
