"""Where the condensate's long-wave coefficients change sign along the decay: alpha11 (attraction), beta22 (supercurrent turned round)."""

from __future__ import annotations

from dataclasses import replace

from scipy.optimize import brentq

from . import hydrodynamics
from . import number_balance as steady
from . import steady_states as states

FIRST = 1e-4
STEPS = (
    0.8,
    0.95,
    1.1,
    1.3,
    1.7,
    2.5,
    4.0,
)  # times the ratio where alpha11 vanishes: beta22 follows closely or not at all


def zeros(drive):
    """{ratio_c, alpha11, beta22 : ratio or None} : end of the condensate, first zeros of the two coefficients below it."""
    end = states.critical(drive)
    soft = first_zero(
        drive, lambda s: steady.static_coefficients(s)["alpha11"], _ladder(FIRST, end.ratio, 1.35)
    )
    steps = (
        [r for r in (x * soft for x in STEPS) if r < 0.95 * end.ratio]
        if soft
        else _ladder(FIRST, end.ratio, 1.35)
    )
    return {
        "ratio_c": end.ratio,
        "alpha11": soft,
        "beta22": first_zero(drive, hydrodynamics.beta22, steps, 1e-6),
    }


def _ladder(low, high, factor):
    if low >= 0.97 * high:
        return []
    steps = [low]
    while steps[-1] * factor < 0.97 * high:
        steps.append(steps[-1] * factor)
    return steps


def first_zero(drive, quantity, ratios, accuracy=1e-9):
    """The ratio at which quantity(State) first turns from positive to negative between ascending ``ratios``, or None."""
    last = before = None
    for ratio in ratios:
        state = states.solve(replace(drive, ratio=ratio), last)
        if quantity(state) < 0:
            if before is None:
                return None
            return brentq(
                lambda r: quantity(states.solve(replace(drive, ratio=r), state)),
                before,
                ratio,
                xtol=accuracy * ratio,
            )
        last, before = state, ratio
    return None
