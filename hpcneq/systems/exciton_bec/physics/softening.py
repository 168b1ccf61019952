"""Where along the decay alpha11 (attraction) and beta22 (supercurrent turned round) change sign."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from scipy.optimize import brentq

from . import hydrodynamics, number_balance, steady_states
from .gap_equations import Condensate, Drive

FIRST, GROWTH = 1e-4, 1.35  # the smallest ratio looked at, and the step to the next
# times the ratio where alpha11 vanishes: beta22 follows closely or not at all
STEPS = (0.8, 0.95, 1.1, 1.3, 1.7, 2.5, 4.0)


def zeros(drive: Drive) -> dict[str, float | None]:
    """{ratio_c, alpha11, beta22: ratio or None}: end of the condensate, first zeros below it."""
    end = steady_states.critical(drive)
    steps = ladder(FIRST, end.ratio, GROWTH)
    soft = first_zero(
        drive, lambda state: number_balance.static_coefficients(state)["alpha11"], steps
    )
    if soft:
        steps = [r for r in (x * soft for x in STEPS) if r < 0.95 * end.ratio]
    return {
        "ratio_c": end.ratio,
        "alpha11": soft,
        "beta22": first_zero(drive, hydrodynamics.beta22, steps, 1e-6),
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
    drive: Drive,
    quantity: Callable[[Condensate], float],
    ratios: Sequence[float],
    accuracy: float = 1e-9,
) -> float | None:
    """The ratio at which quantity(state) first turns negative, or None.

    ratios : ascending; the zero is bracketed by two of them. accuracy : relative.
    """
    last = before = None
    for ratio in ratios:
        state = steady_states.solve(replace(drive, ratio=ratio), last)
        if quantity(state) < 0:
            if before is None:
                return None
            return _zero(drive, quantity, before, ratio, state, accuracy * ratio)
        last, before = state, ratio
    return None


def _zero(drive, quantity, low, high, warm, accuracy):
    """The zero of quantity(state) between two ratios; ``warm`` : a state nearby."""

    def value(ratio):
        return quantity(steady_states.solve(replace(drive, ratio=ratio), warm))

    return brentq(value, low, high, xtol=accuracy)
