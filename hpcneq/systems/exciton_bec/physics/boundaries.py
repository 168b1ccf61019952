"""Where along the decay the condensate loses its stability and regains it: boundaries A, B and C of Hanai et al. (2018), Fig. 5, and their far sides.

A: alpha11 = M11(0, 0) = 0. B: min_q det M(q, 0)/q^2 = 0, at rest. C: max_q Im w_q = 0 of a mode with Re w != 0.
Towards the normal state the long waves become stable again where lim det M(q, 0)/q^2 = 0 (``stiffness``).
Each is seeded along the ratio, or by a boundary found nearby; ``equations`` is what a Newton solver takes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from hpcneq.errors import NotConverged

from . import growth, hydrodynamics, softening
from . import number_balance as steady
from . import steady_states as states
from .growth import Mode, det
from .hydrodynamics import smallest_width

LEAST = 1e-4  # smallest ratio looked at
WAVES = 14  # momenta looked at for a minimum
EARLY = (0.2, 0.5, 0.8)
SEARCH = {
    "B": (0.95, 1.01, 1.03, 1.07, 1.12, 1.2, 1.35, 1.6),
    "C": (0.97, 1.04, 1.1, 1.17, 1.25, 1.35, 1.5, 1.75, 2.1, 2.6),
}  # times A's ratio
SLOW, QUICK, FEW = (
    4.0,
    60.0,
    2.0,
)  # of q in units of g/v, and step: where an oscillating mode is looked for
ACCURACY = 1e-6  # of a ratio, relative
SHARP = 1.4  # panels where det M(q, 0)/q^2 is least: next to A its minimum is a thousand times smaller than on either side
FINER = 1.4  # of panels, where errors are looked for
BESIDE = 0.04  # of ln q: step of a difference
NUDGE = 3e-5  # of an unknown: for its slopes
ACCURATE = 1e-10  # of an unknown, relative: what the steady state's own tolerance leaves
ASIDE = 0.2  # of unknown logarithms: no solver goes farther
SCALE = 30.0  # of unknown logarithms: finite differences are to be wider than M's noise
LATE = (
    0.3,
    0.45,
    0.6,
    0.7,
    0.8,
    0.87,
    0.92,
    0.95,
    0.97,
    0.985,
    0.995,
    0.999,
)  # of ratio_c: where stiffness is looked at
REACH = 1.12  # step in ratio towards the end of oscillating growth


@dataclass(frozen=True)
class Onset:
    """ratio, momentum and frequency of a loss of stability, the error of the ratio, and the state there."""

    ratio: float
    q: float
    omega: float
    error: float
    state: object


# ---- quantities that vanish --------------------------------------------------------------------------------------------


def static(state, fine=SHARP):
    """(least det M(q, 0)/q^2, its q > 0) : negative where a standing pattern grows."""

    def curve(x):
        return det(state, np.exp(x), 0.0, fine).real / np.exp(2 * x)

    x = np.log(np.geomspace(2 * smallest_width(state), max(0.3, state.delta), WAVES))
    values = [curve(y) for y in x]
    at = int(np.argmin(values))
    if at == len(x) - 1:
        return values[at], float(np.exp(x[at]))
    found = minimize_scalar(
        curve, bounds=(x[max(at - 1, 0)], x[at + 1]), method="bounded", options={"xatol": 1e-4}
    )
    return float(found.fun), float(np.exp(found.x))


def stiffness(state, fine=SHARP):
    """lim_{q->0} det M(q, 0)/q^2, from q of half and one g/v: < 0 where the phase of the condensate diffuses backwards."""
    q = smallest_width(state)
    far, near = (det(state, x, 0.0, fine).real / x**2 for x in (q, 0.5 * q))
    return (4 * near - far) / 3


LONG = {
    "A": lambda state, _: steady.static_coefficients(state)["alpha11"],
    "current": hydrodynamics.beta22,
    "long": lambda state, fine: stiffness(state, SHARP * fine),
}


def oscillating(state, fine=growth.ROUGH):
    """The Mode that grows fastest, or decays most slowly, of those with Re w != 0 and a maximum over q; None."""
    width = smallest_width(state)
    q = np.geomspace(
        SLOW * width, min(QUICK * width, 0.5), int(np.log(QUICK / SLOW) / np.log(FEW)) + 2
    )
    found = growth.fastest(state, q, fine, oscillating=True)
    return found and growth.summit(state, found)


def equations(found, kind, finer=1):
    """(function, start, place) : residual (n,) -> (n,) that vanishes at the boundary, where a Newton solver starts, (ratio, q, omega) of an unknown.

    A: alpha11, current: beta22, long: the stiffness, over what a tenth of the ratio changes. B: det M(q, 0)/q^2 and its slope in ln q, over what
    twice the momentum changes. C: the root's distance from omega, in units
    of g (2,), and the slope of its Im w in ln q. Unknowns are logarithms of ratio, q, omega around ``found``, in steps of SCALE.
    ``finer`` = 2: on finer panels everywhere, with shorter differences, for what that changes.
    """
    base = np.log([x for x in (found.ratio, found.q, found.omega) if x > 0])
    drive = replace(found.state.drive, fine=finer * found.state.drive.fine)
    fine, beside_ = SHARP * (FINER if finer > 1 else 1.0), BESIDE / finer
    unit = _unit(found, kind)

    def place(y):
        return tuple(np.exp(base + SCALE * (np.asarray(y) - 1)))

    def function(y):
        if SCALE * np.abs(np.asarray(y) - 1).max() > ASIDE:
            return np.full(len(base), 1e3)
        at = place(y)
        state = states.solve(replace(drive, ratio=float(at[0])), found.state)
        if kind in LONG:
            return np.array([LONG[kind](state, FINER if finer > 1 else 1.0)]) / unit
        q = float(at[1])
        if kind == "B":
            values = (
                np.array(
                    [_over_q2(state, q * np.exp(s * beside_), fine) for s in (-2, -1, 0, 1, 2)]
                )
                / unit
            )
            return np.array([values[2], _slope(values, beside_)])
        w, step = float(at[2]), 0.03 * state.g
        here = det(state, q, w, fine)
        along = (det(state, q, w + step, fine) - det(state, q, w - step, fine)) / (2 * step)
        off = here / along / state.g
        across = (
            _slope(
                np.array([det(state, q * np.exp(s * beside_), w, fine) for s in (-2, -1, 0, 1, 2)]),
                beside_,
            )
            / along
            / state.g
        )
        return np.array([off.real, off.imag, across.imag])

    return function, np.ones(len(base)), place


def _unit(found, kind):
    """The size of what vanishes at a boundary, close to it."""
    if kind in LONG:
        beside_ = states.solve(replace(found.state.drive, ratio=0.9 * found.ratio), found.state)
        return abs(LONG[kind](beside_, 1.0) - LONG[kind](found.state, 1.0))
    return (
        abs(_over_q2(found.state, 2 * found.q, SHARP) - _over_q2(found.state, found.q, SHARP))
        if kind == "B"
        else 1.0
    )


def _slope(values, step):
    """Slope in the middle of five values, to fourth order in their step."""
    return (8 * (values[3] - values[1]) - (values[4] - values[0])) / (12 * step)


def _over_q2(state, q, fine):
    return det(state, q, 0.0, fine).real / q**2


# ---- searches ----------------------------------------------------------------------------------------------------------


def onset(drive, kind, soft=None, near=None):
    """The Onset of ``kind`` "A", "B" or "C" along the ratio at the other values of ``drive``, or None.

    soft : the ratio of A if known; near : (ratio, q, omega) expected for B or C: where the search ends next to it, no other is made.
    """
    if kind == "A":
        soft = amplitude(drive) if soft is None else soft
        return None if soft is None else at(drive, soft)
    found = near and beside(drive, kind, near)
    if found:
        return found
    soft = amplitude(drive) if soft is None else soft
    if soft is None:
        return None
    if kind == "B":
        bracket = _bracket(drive, lambda s: static(s)[0], soft, SEARCH["B"])
        if bracket is None:
            return None
        low, high, warm = bracket
        ratio = brentq(
            lambda r: static(states.solve(replace(drive, ratio=r), warm))[0],
            low,
            high,
            xtol=1e-4 * high,
            rtol=1e-4,
        )
        state = states.solve(replace(drive, ratio=ratio), warm)
        return beside(drive, "B", (ratio, static(state)[1], 0.0)) or Onset(
            ratio, static(state)[1], 0.0, 1e-4 * ratio, state
        )
    return _oscillating_onset(drive, soft)


def at(drive, ratio):
    """The Onset of a uniform change at ``ratio``."""
    return Onset(ratio, 0.0, 0.0, 1e-8 * ratio, states.solve(replace(drive, ratio=ratio)))


def _oscillating_onset(drive, soft):
    """C from a ladder of ratios: the mode is followed from the first where it grows."""
    warm, last = None, None
    for factor in SEARCH["C"]:
        try:
            state = states.solve(replace(drive, ratio=factor * soft), warm)
        except NotConverged:
            return None
        mode = oscillating(state)
        if mode is not None and mode.w.imag > 0:
            return beside(drive, "C", (last or factor * soft, mode.q, mode.w.real), mode) or beside(
                drive, "C", (factor * soft, mode.q, mode.w.real), mode
            )
        warm, last = state, factor * soft if mode is not None else None
    return None


def beside(drive, kind, near, mode=None):
    """The Onset of "B" or "C" next to near = (ratio, q, omega), by secants in the ratio; None where they leave its neighbourhood."""
    ratio, q, omega = near
    try:
        state = states.solve(replace(drive, ratio=ratio))
    except NotConverged:
        return None
    mode = mode or Mode(q, complex(omega))
    height, mode = _height(kind, state, mode)
    if mode is None:
        return None
    known = [(ratio, height)]
    ratio *= 1.01 if height < 0 else 0.99
    for _ in range(12):
        try:
            state = states.solve(replace(drive, ratio=ratio), state)
        except NotConverged:
            return None
        height, new = _height(kind, state, mode)
        if (
            new is None
            or not 0.4 < new.q / near[1] < 2.5
            or (kind == "C" and new.w.real < growth.STILL * state.g)
        ):
            return None
        mode = new
        (a, fa), (b, fb) = known[-1], (ratio, height)
        known.append((b, fb))
        if abs(b - a) < ACCURACY * b or fa == fb:
            return Onset(
                float(b), mode.q, float(mode.w.real), 2 * float(abs(b - a)) + ACCURACY * b, state
            )
        ratio = b + float(np.clip(-fb * (b - a) / (fb - fa), -0.12 * b, 0.12 * b))
        if not 0.5 < ratio / near[0] < 2.0:
            return None
    return None


def _height(kind, state, near):
    """(what vanishes at the boundary, growing through it; the Mode there) next to ``near``."""
    if kind == "C":
        mode = growth.summit(state, near)
        return (mode.w.imag / state.g, mode) if mode is not None else (0.0, None)
    q = near.q
    for spread in (growth.WIDE, growth.WIDE, growth.WIDE, growth.NARROW):
        down, here, up = (_over_q2(state, q * np.exp(s * spread), SHARP) for s in (-1, 0, 1))
        bend = up + down - 2 * here
        shift = 0.5 * (down - up) / bend if bend > 0 else 2.0 * np.sign(down - up)
        value = here - 0.125 * (up - down) ** 2 / bend if bend > 0 else here
        shift = float(np.clip(shift, -1.5, 1.5))
        q *= float(np.exp(shift * spread))
    return (-value, Mode(q, 0j)) if bend > 0 and abs(shift) < 1.5 else (0.0, None)


def amplitude(drive):
    """The ratio at which alpha11 vanishes, or None."""
    end = states.critical(drive)
    return softening.first_zero(
        drive,
        lambda s: steady.static_coefficients(s)["alpha11"],
        softening._ladder(LEAST, end.ratio, 1.35),
    )


def _bracket(drive, quantity, soft, factors):
    """(low, high, state at low) around the first change of sign from positive to negative, next to ``soft``; None."""
    warm, low = None, None
    for factor in factors:
        try:
            state = states.solve(replace(drive, ratio=factor * soft), warm)
        except NotConverged:
            return None
        if quantity(state) < 0:
            if low is None:
                return (
                    None
                    if factor == EARLY[0]
                    else _bracket(drive, quantity, soft, (*EARLY, factor))
                )
            return low, factor * soft, warm
        warm, low = state, factor * soft
    return None


# ---- far sides ---------------------------------------------------------------------------------------------------------


def long_waves(drive, end, soft):
    """(from, to) : Onsets between which long static waves grow, stiffness < 0; to is None where that lasts to the normal state at ``end``.

    soft : the ratio of A, next to which they begin on the BEC side.
    """
    known, warm = [], None
    for ratio in (0.5 * soft, *(part * end for part in LATE if part * end > 0.6 * soft)):
        state = warm = states.solve(replace(drive, ratio=ratio), warm)
        known.append((ratio, stiffness(state), state))

    def zero(a, b):
        ratio = brentq(
            lambda r: stiffness(states.solve(replace(drive, ratio=r), a[2])),
            a[0],
            b[0],
            xtol=ACCURACY * b[0],
            rtol=ACCURACY,
        )
        return Onset(
            ratio, 0.0, 0.0, ACCURACY * ratio, states.solve(replace(drive, ratio=ratio), a[2])
        )

    pairs = list(zip(known, known[1:]))
    first = next((zero(a, b) for a, b in pairs if a[1] > 0 > b[1]), None)
    if first is None:
        return None, None
    return first, next((zero(a, b) for a, b in reversed(pairs) if a[1] < 0 < b[1]), None)


def far_side(drive, found, end):
    """The Onset-like end, beyond C (``found``), of oscillating growth; None where the mode comes to rest before, or lasts to ratio_c = ``end``."""
    mode, state, ratio = Mode(found.q, complex(found.omega)), found.state, found.ratio
    while ratio * REACH < 0.97 * end:
        ratio *= REACH
        state = states.solve(replace(drive, ratio=ratio), state)
        mode = growth.summit(state, mode)
        if mode is None or mode.w.real < 0.05 * state.g:
            return None
        if mode.w.imag < 0:
            return beside(drive, "C", (ratio, mode.q, mode.w.real), mode)
    return None


def errors(kind, found):
    """{ratio, q, omega, delta: error} of a boundary: a Newton step to the root of the same equations on finer panels, and what is left of them.

    The zero of beta22 is known to beta22's rounding.
    """
    (function, start, place), (finer, _, _) = equations(found, kind), equations(found, kind, 2)
    here, there = function(start), finer(start)
    steps = NUDGE * np.eye(len(start))
    slope = np.stack(
        [(function(start + e) - function(start - e)) / (2 * NUDGE) for e in steps], axis=1
    )
    try:
        inverse = np.linalg.inv(slope)
        left = np.abs(here) + (
            hydrodynamics.rounding(found.state) / _unit(found, kind) if kind == "current" else 0.0
        )
        moved = SCALE * (2 * np.abs(inverse @ (there - here)) + np.abs(inverse) @ left) + ACCURATE
    except np.linalg.LinAlgError:
        moved = np.full(len(start), np.inf)
    result = {"ratio": 0.0, "q": 0.0, "omega": 0.0}
    for name, value, change in zip(
        [name for name, x in zip(result, (found.ratio, found.q, found.omega)) if x > 0],
        place(start),
        moved,
    ):
        result[name] = float(value * change)
    ahead = states.solve(replace(found.state.drive, ratio=1.001 * found.ratio), found.state)
    return result | {
        "delta": float(
            abs(ahead.delta - found.state.delta) / (1e-3 * found.ratio) * result["ratio"]
            + steady.errors(found.state)["delta"]
        )
    }
