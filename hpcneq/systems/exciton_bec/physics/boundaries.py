"""Where along the decay the condensate loses its stability and regains it: searches for boundaries.

Boundaries A, B and C of Hanai et al. (2017), Fig. 5, and their far sides. Each is seeded along the
ratio, or by a boundary found nearby; `boundary_equations` holds what vanishes there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from hpcneq.errors import NotConverged

from . import growth, number_balance, softening, steady_states
from .boundary_equations import SHARP, Onset, over_q2, stiffness
from .gap_equations import Condensate, Drive
from .growth import Mode, det
from .hydrodynamics import smallest_width
from .state_curve import Curve

LEAST = 1e-4  # smallest ratio looked at
WAVES = 14  # momenta looked at for a minimum
EARLY = (0.2, 0.5, 0.8)
SEARCH = {
    "B": (0.95, 1.01, 1.03, 1.07, 1.12, 1.2, 1.35, 1.6),
    "C": (0.97, 1.04, 1.1, 1.17, 1.25, 1.35, 1.5, 1.75, 2.1, 2.6),
}  # times A's ratio
# where an oscillating mode is looked for: q in units of g/v from and to, and step
SLOW, QUICK = 4.0, 60.0
STEP = 2.0
NEAR = 5e-3  # of a ratio, relative: from where secants arrive
ACCURACY, SEED = 1e-6, 1e-3  # of a ratio, relative: sharp, or a seed for Newton
CLOSE = 1e-4  # of a ratio, relative: a seed of long waves
# of ratio_c: where the stiffness is looked at
LATE = (0.3, 0.45, 0.6, 0.7, 0.8, 0.87, 0.92, 0.95, 0.97, 0.985, 0.995, 0.999)
REACH = 1.12  # step in ratio towards the end of oscillating growth
STEPS = 12  # of secants


# ---- what is looked at along the ratio ------------------------------------------------------


def static(state: Condensate, until_negative: bool = False) -> tuple[float, float]:
    """(least det M(q, 0)/q^2, its q > 0): negative where a standing pattern grows.

    until_negative : the minimum is looked for only where the momenta looked at show no growth.
    """

    def curve(x):
        return det(state, np.exp(x), 0.0, SHARP).real / np.exp(2 * x)

    x = np.log(np.geomspace(2 * smallest_width(state), max(0.3, state.delta), WAVES))
    values = [curve(y) for y in x]
    at = int(np.argmin(values))
    if at == len(x) - 1 or until_negative and values[at] < 0:
        return values[at], float(np.exp(x[at]))
    least = minimize_scalar(
        curve, bounds=(x[max(at - 1, 0)], x[at + 1]), method="bounded", options={"xatol": 1e-4}
    )
    return float(least.fun), float(np.exp(least.x))


def oscillating(state: Condensate, fine: float = growth.ROUGH) -> Mode | None:
    """The Mode that grows fastest, or decays most slowly, with Re w != 0 and a maximum over q."""
    width = smallest_width(state)
    count = int(np.log(QUICK / SLOW) / np.log(STEP)) + 2
    q = np.geomspace(SLOW * width, min(QUICK * width, 0.5), count)
    fastest = growth.fastest(state, q, fine, oscillating=True)
    return fastest and growth.summit(state, fastest, fine)


def amplitude(drive: Drive) -> float | None:
    """The ratio at which alpha11 vanishes, or None."""
    end = steady_states.critical(drive)
    return softening.first_zero(
        Curve(drive),
        lambda state: number_balance.static_coefficients(state)["alpha11"],
        softening.ladder(LEAST, end.ratio, 1.35),
    )


# ---- searches -------------------------------------------------------------------------------


def onset(
    drive: Drive,
    kind: str,
    soft: float | None = None,
    near: tuple[float, float, float] | None = None,
) -> Onset | None:
    """The Onset of ``kind`` "A", "B" or "C" along the ratio at the other values of ``drive``.

    soft : the ratio of A if known. near : (ratio, q, omega) expected for B or C: where the search
    ends next to it, no other is made. None where there is no such boundary.
    """
    if kind != "A" and near:
        nearby = beside(drive, kind, near)
        if nearby:
            return nearby
    soft = amplitude(drive) if soft is None else soft
    if soft is None:
        return None
    if kind == "A":
        return at(drive, soft)
    return _standing_onset(drive, soft) if kind == "B" else _oscillating_onset(drive, soft)


def at(drive: Drive, ratio: float, curve: Curve | None = None) -> Onset:
    """The Onset of a uniform change at ``ratio``."""
    state = (curve or Curve(drive)).at(ratio)
    return Onset(ratio, 0.0, 0.0, 1e-8 * ratio, state)


def _standing_onset(drive, soft):
    """B from a bracket next to A's ratio ``soft``."""
    bracket = _bracket(drive, soft, SEARCH["B"])
    if bracket is None:
        return None
    low, high, warm, q = bracket
    nearby = beside(drive, "B", (np.sqrt(low * high), q, 0.0))
    if nearby and low < nearby.ratio < high:
        return nearby

    def least(ratio):
        return static(steady_states.solve(replace(drive, ratio=ratio), warm))[0]

    for close in (NEAR, 1e-4):
        ratio = brentq(least, low, high, xtol=close * high, rtol=close)
        state = steady_states.solve(replace(drive, ratio=ratio), warm)
        _, q = static(state)
        nearby = beside(drive, "B", (ratio, q, 0.0))
        if nearby:
            return nearby
    return Onset(ratio, q, 0.0, 1e-4 * ratio, state)


def _bracket(drive, soft, factors):
    """(low, high, state at low, q at high) around where B's minimum first turns negative."""
    warm, low = None, None
    for factor in factors:
        try:
            state = steady_states.solve(replace(drive, ratio=factor * soft), warm)
        except NotConverged:
            return None
        height, q = static(state, until_negative=True)
        if height < 0:
            if low is not None:
                return low, factor * soft, warm, q
            if factor == EARLY[0]:
                return None
            return _bracket(drive, soft, (*EARLY, factor))
        warm, low = state, factor * soft
    return None


def _oscillating_onset(drive, soft):
    """C from a ladder of ratios: the mode is followed from the first where it grows."""
    warm, last = None, None
    for factor in SEARCH["C"]:
        ratio = factor * soft
        try:
            state = steady_states.solve(replace(drive, ratio=ratio), warm)
        except NotConverged:
            return None
        mode = oscillating(state)
        if mode is not None and mode.w.imag > 0:
            place = (mode.q, mode.w.real)
            return beside(drive, "C", (last or ratio, *place), mode) or beside(
                drive, "C", (ratio, *place), mode
            )
        warm, last = state, None if mode is None else ratio
    return None


# ---- secants --------------------------------------------------------------------------------


def beside(
    drive: Drive,
    kind: str,
    near: tuple[float, float, float],
    mode: Mode | None = None,
    sharp: bool = False,
) -> Onset | None:
    """The Onset of "B" or "C" next to near = (ratio, q, omega), by secants in the ratio.

    None where they leave its neighbourhood. sharp : until the ratio moves by no more than
    `ACCURACY`; else by `SEED`, which a Newton solver needs, and the mode is polished less.
    """
    ratio, q, omega = near
    state = _solved(replace(drive, ratio=ratio))
    if state is None:
        return None
    height, mode = _height(kind, state, mode or Mode(q, complex(omega)), sharp)
    if mode is None:
        return None
    last = (ratio, height)
    ratio *= 1.01 if height < 0 else 0.99
    for _ in range(STEPS):
        state = _solved(replace(drive, ratio=ratio), state)
        if state is None:
            return None
        height, mode = _height(kind, state, mode, sharp)
        if mode is None or _elsewhere(kind, mode, q, state.g):
            return None
        (a, fa), (b, fb) = last, (ratio, height)
        last = (b, fb)
        close = ACCURACY if sharp else SEED
        if abs(b - a) < close * b or fa == fb:
            error = 2 * float(abs(b - a)) + close * b
            return Onset(float(b), mode.q, float(mode.w.real), error, state)
        ratio = b + float(np.clip(-fb * (b - a) / (fb - fa), -0.12 * b, 0.12 * b))
        if not 0.5 < ratio / near[0] < 2.0:
            return None
        if not sharp and abs(ratio - b) < SEED * b:
            state = _solved(replace(drive, ratio=ratio), state)
            return state and Onset(ratio, mode.q, float(mode.w.real), SEED * b, state)
    return None


def _solved(drive, warm=None):
    """The steady state, None where there is no condensate."""
    try:
        return steady_states.solve(drive, warm)
    except NotConverged:
        return None


def _elsewhere(kind, mode, q, g):
    """Whether the mode has left the neighbourhood of ``q``, or stands still where it must not."""
    if not 0.4 < mode.q / q < 2.5:
        return True
    return kind == "C" and mode.w.real < growth.STILL * g


def _height(kind, state, near, sharp):
    """(what vanishes at the boundary, growing through it; the Mode there or None)."""
    if kind == "C":
        mode = growth.summit(state, near) if sharp else growth.nearer(state, near)
        return (0.0, None) if mode is None else (mode.w.imag / state.g, mode)
    q, shift = near.q, 1.0
    spreads = [growth.WIDE] * 3
    while spreads:
        spread = spreads.pop()
        down, middle, up = (over_q2(state, q * np.exp(s * spread)) for s in (-1, 0, 1))
        bend = up + down - 2 * middle
        if bend > 0:
            shift = 0.5 * (down - up) / bend
            least = middle - 0.125 * (up - down) ** 2 / bend
        else:
            shift, least = 2.0 * np.sign(down - up), middle
        shift = float(np.clip(shift, -1.5, 1.5))
        q *= float(np.exp(shift * spread))
        if spread == growth.WIDE and (abs(shift) < 0.6 or not spreads):
            spreads = [growth.NARROW]
    if bend > 0 and abs(shift) < 1.5:
        return -least, Mode(q, 0j)
    return 0.0, None


# ---- far sides ------------------------------------------------------------------------------


def long_waves(
    drive: Drive, end: float, soft: float, curve: Curve | None = None
) -> tuple[Onset | None, Onset | None]:
    """(from, to): Onsets between which long static waves grow, stiffness < 0.

    end : ratio_c. soft : the ratio of A, next to which they begin on the BEC side. ``to`` is None
    where the growth lasts to the normal state.
    """
    curve = curve or Curve(drive)
    ratios = (0.5 * soft, *(part * end for part in LATE if part * end > 0.6 * soft))
    known = [(ratio, stiffness(curve.at(ratio))) for ratio in ratios]
    pairs = list(zip(known, known[1:]))
    falls = [(a[0], b[0]) for a, b in pairs if a[1] > 0 > b[1]]
    if not falls:
        return None, None
    rises = [(a[0], b[0]) for a, b in pairs if a[1] < 0 < b[1]]
    last = _zero_of_stiffness(curve, *rises[-1]) if rises else None
    return _zero_of_stiffness(curve, *falls[0]), last


def _zero_of_stiffness(curve, low, high):
    """The Onset between two ratios."""
    ratio = brentq(lambda x: stiffness(curve.at(x)), low, high, xtol=CLOSE * high, rtol=CLOSE)
    return Onset(ratio, 0.0, 0.0, CLOSE * ratio, curve.at(ratio))


def far_side(drive: Drive, onset: Onset, end: float) -> Onset | None:
    """The end, beyond boundary C (``onset``), of oscillating growth.

    None where the mode comes to rest before, or where it lasts to ratio_c = ``end``.
    """
    mode = Mode(onset.q, complex(onset.omega))
    state, ratio = onset.state, onset.ratio
    while ratio * REACH < 0.97 * end:
        ratio *= REACH
        state = steady_states.solve(replace(drive, ratio=ratio), state)
        mode = growth.nearer(state, mode) or growth.summit(state, mode)
        if mode is None or mode.w.real < 0.05 * state.g:
            return None
        if mode.w.imag < 0:
            return beside(drive, "C", (ratio, mode.q, mode.w.real), mode)
    return None
