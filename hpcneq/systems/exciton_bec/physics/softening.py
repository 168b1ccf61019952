"""Where along the decay alpha11 (attraction) and beta22 (supercurrent turned round) change sign."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scipy.optimize import brentq

from . import hydrodynamics, number_balance, steady_states
from .gap_equations import Condensate, Drive
from .state_curve import Curve

FIRST, GROWTH = 1e-4, 1.35  # the smallest ratio looked at, and the step to the next
# times the ratio where alpha11 vanishes: beta22 follows closely or not at all
STEPS = (0.8, 0.95, 1.1, 1.3, 1.7, 2.5, 4.0)


def zeros(drive: Drive, curve: Curve | None = None) -> dict[str, float | None]:
    """{ratio_c, alpha11, beta22: ratio or None}: end of the condensate, first zeros below it."""
    curve = curve or Curve(drive)
    end = steady_states.critical(drive)
    steps = ladder(FIRST, end.ratio, GROWTH)
    soft = first_zero(
        curve, lambda state: number_balance.static_coefficients(state)["alpha11"], steps
    )
    if soft:
        steps = [r for r in (x * soft for x in STEPS) if r < 0.95 * end.ratio]
    return {
        "ratio_c": end.ratio,
        "alpha11": soft,
        "beta22": first_zero(curve, hydrodynamics.beta22, steps, 1e-6),
    }


def ladder(low: float, high: float, factor: float) -> list[float]:
    """Ratios from ``low`` to just below ``high``, each ``factor`` times the one before."""
    if low >= 0.97 * high:
        return []
    steps = [low]
    while steps[-1] * factor < 0.97 * high:
        steps.append(steps[-1] * factor)
    return steps


def first_zero(
    curve: Curve,
    quantity: Callable[[Condensate], float],
    ratios: Sequence[float],
    accuracy: float = 1e-9,
) -> float | None:
    """The ratio at which quantity(state) first turns negative, or None.

    ratios : ascending; the zero is bracketed by two of them. accuracy : relative.
    """
    before = None
    for ratio in ratios:
        if quantity(curve.at(ratio)) < 0:
            if before is None:
                return None
            return brentq(lambda x: quantity(curve.at(x)), before, ratio, xtol=accuracy * ratio)
        before = ratio
    return None
