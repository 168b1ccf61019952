"""The gapped mode: the real w > 0 at which Re det M(0, w) vanishes, and where it appears.

The dash-dotted line of Fig. 5 in Hanai et al. (2017) is not defined in the paper. Here it is the
ratio at which the first real zero of Re det M(0, w) enters at w = 0:
lim_{w->0} Re det M(0, w)/w^2 = 0, where the bath's edge reaches the gap, mt = delta, up to the
levels' width. Im det M is not small at that w: it is no zero of det M, and no pole of the response.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from . import response, softening, steady_states
from .collective_modes import expansion, reach
from .gap_equations import Condensate, Drive
from .state_curve import Curve

LEAST = 1e-4  # smallest ratio looked at
STEP = 1.12  # from one ratio to the next
STRIDE = 4  # such steps at once, before the bath's edge nears the gap
ACCURACY = 1e-4  # of a ratio, relative: a seed
BEFORE, AFTER = -10.0, 20.0  # (mt - delta)/g: the curvature turns positive between them
LOWEST = 0.3  # of g: frequencies below it are left to the expansion at w = 0
FREQUENCIES = 120  # looked at for a change of sign


def curvature(state: Condensate, fine: float = 1.0) -> float:
    """lim_{w->0} Re det M(0, w)/w^2."""
    return expansion(state, fine)[1].real


def window(drive: Drive, curve: Curve | None = None) -> tuple[float | None, float | None]:
    """(from, to): the ratios between which the curvature is positive; None where there is none.

    ``to`` is None where it is positive up to the end of the condensate.
    """
    curve = curve or Curve(drive)

    def value(ratio):
        return curvature(curve.at(float(ratio)))

    known = _along_ratio(curve, value)
    if not any(height > 0 for _, height in known):
        top = _summit(known, value)
        if top is None:
            return None, None
        known.insert(*top)
    signs = np.array([height > 0 for _, height in known])
    first = int(np.argmax(signs))
    if first == 0:
        return None, None
    later = np.flatnonzero(~signs[first:])
    last = first + int(later[0]) if len(later) else None
    return _zero(value, known, first), None if last is None else _zero(value, known, last)


def _along_ratio(curve, value):
    """[(ratio, curvature)] from where the bath's edge nears the gap."""
    ratios = softening.ladder(LEAST, steady_states.critical(curve.drive).ratio, STEP)
    known, positive = [], False
    for ratio in ratios[_start(curve, ratios) :]:
        state = curve.at(ratio)
        beyond = (state.mt - state.delta) / state.g
        if beyond < BEFORE and not known:
            continue
        height = value(ratio)
        known.append((ratio, height))
        if positive and height < 0 or beyond > AFTER and not positive:
            break
        positive = positive or height > 0
    return known


def _start(curve, ratios):
    """A place in ``ratios`` from where to look at each: steps of `STRIDE` before are too early."""
    for place in range(0, len(ratios), STRIDE):
        state = curve.at(ratios[place])
        if (state.mt - state.delta) / state.g >= BEFORE:
            return max(place - STRIDE, 0)
    return max(len(ratios) - STRIDE, 0)


def _summit(known, value):
    """(place in ``known``, (ratio, curvature)) of a narrow positive maximum between the ratios."""
    heights = np.array([height for _, height in known])
    peaks = 1 + np.flatnonzero((heights[1:-1] > heights[:-2]) & (heights[1:-1] > heights[2:]))
    for k in peaks:
        bounds = (known[k - 1][0], known[k + 1][0])
        best = minimize_scalar(lambda ratio: -value(ratio), bounds=bounds, method="bounded")
        if best.fun < 0:
            return int(np.searchsorted([r for r, _ in known], best.x)), (best.x, -best.fun)
    return None


def _zero(value, known, k):
    """The ratio between entries k - 1 and k of ``known`` at which the curvature vanishes."""
    low, high = known[k - 1][0], known[k][0]
    return float(brentq(value, low, high, xtol=ACCURACY * high))


def frequency(state: Condensate, fine: float = 1.0) -> float:
    """The lowest real w > 0 with Re det M(0, w) = 0; nan where there is none."""
    w = np.geomspace(LOWEST * state.g, 2 * reach(state, 0.0)[0], FREQUENCIES)
    values = _real_part(state, w, fine)
    flips = np.flatnonzero(values[1:] * values[:-1] < 0)
    if not len(flips):
        return np.nan
    k = flips[0]
    return float(
        brentq(lambda x: _real_part(state, np.array([x]), fine)[0], w[k], w[k + 1], rtol=1e-10)
    )


def _real_part(state, w, fine):
    """Re det M(0, w) (n,) for w (n,)."""
    return np.linalg.det(response.matrices(state, 0.0, w, fine=fine)).real
