"""What vanishes at a boundary of the stable condensate, as equations for a Newton solver.

Boundaries of Hanai et al. (2017), Fig. 5, and their far sides, by kind:

    A        alpha11 = M11(0, 0) = 0: excitons begin to attract
    current  beta22 = 0: the supercurrent turns round
    long     lim det M(q, 0)/q^2 = 0: long static waves begin or cease to grow
    B        min_q det M(q, 0)/q^2 = 0: a standing pattern begins to grow
    C        max_q Im w_q = 0 of a mode with Re w != 0: an oscillating pattern begins to grow
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from hpcneq.errors import NotConverged

from . import gapped_mode, hydrodynamics, number_balance, response, steady_states
from .gap_equations import Condensate
from .growth import det
from .hydrodynamics import smallest_width

SHARP = 1.4  # panels for det M(q, 0)/q^2: next to A its minimum is a thousand times smaller
FINER = 1.4  # of panels, where errors are looked for
BESIDE = 0.04  # of ln q: step of a difference
BESIDE_OMEGA = 0.03  # of g: step of a difference
NUDGE = 3e-5  # of an unknown: for its slopes
ACCURATE = 1e-10  # of an unknown, relative: what the steady state's own tolerance leaves
ASIDE, FAR = 0.2, 1e3  # of unknown logarithms: no solver goes farther; what it finds there
SCALE = 30.0  # of unknown logarithms: finite differences are to be wider than M's noise


@dataclass(frozen=True)
class Onset:
    """A loss of stability: ratio, momentum, frequency, error of the ratio, and the state there."""

    ratio: float
    q: float
    omega: float
    error: float
    state: Condensate


# ---- what vanishes --------------------------------------------------------------------------


def over_q2(state: Condensate, q: float, fine: float = SHARP) -> float:
    """det M(q, 0)/q^2, whose minimum over q vanishes at boundary B."""
    return det(state, q, 0.0, fine).real / q**2


def stiffness(state: Condensate, fine: float = SHARP) -> float:
    """lim_{q->0} det M(q, 0)/q^2: < 0 where the phase of the condensate diffuses backwards.

    From q of half and one g/v.
    """
    q = smallest_width(state)
    far, near = (over_q2(state, x, fine) for x in (q, 0.5 * q))
    return (4 * near - far) / 3


LONG = {
    "A": lambda state, panels: number_balance.static_coefficients(state)["alpha11"],
    "current": hydrodynamics.beta22,
    "gap": lambda state, panels: gapped_mode.curvature(state, panels),
    "long": lambda state, panels: stiffness(state, SHARP * panels),
}  # kind -> function of a state and of how many times shorter panels are: one number


def _standing(state, q, fine, step, unit):
    """det M(q, 0)/q^2 in some unit, and its slope in ln q (2,)."""
    momenta = [q * np.exp(s * step) for s in (-2, -1, 0, 1, 2)]
    values = np.array([over_q2(state, x, fine) for x in momenta]) / unit
    return np.array([values[2], _slope(values, step)])


def _oscillating(state, q, omega, fine, step):
    """Distance of the root from omega, in units of g, and the slope of its Im w in ln q (3,)."""
    aside = BESIDE_OMEGA * state.g
    w = omega + aside * np.array([0.0, 1.0, -1.0])
    centre, up, down = np.linalg.det(response.matrices(state, q, w, fine=fine))
    along = (up - down) / (2 * aside)
    off = centre / along / state.g
    momenta = [q * np.exp(s * step) for s in (-2, -1, 0, 1, 2)]
    values = np.array([det(state, x, omega, fine) for x in momenta])
    across = _slope(values, step) / along / state.g
    return np.array([off.real, off.imag, across.imag])


def _slope(values, step):
    """Slope in the middle of five values, to fourth order in their step."""
    return (8 * (values[3] - values[1]) - (values[4] - values[0])) / (12 * step)


def unit(onset: Onset, kind: str) -> float:
    """The size of what vanishes at a boundary, close to it."""
    if kind in LONG:
        nearby = replace(onset.state.drive, ratio=0.9 * onset.ratio)
        before = steady_states.solve(nearby, onset.state)
        return abs(LONG[kind](before, 1.0) - LONG[kind](onset.state, 1.0))
    if kind == "B":
        return abs(over_q2(onset.state, 2 * onset.q) - over_q2(onset.state, onset.q))
    return 1.0


def noise(kind: str, onset: Onset, size: float) -> float:
    """What rounding does to the equations of a boundary: much for beta22, over q^2 of long waves.

    size : its `unit`.
    """
    return hydrodynamics.rounding(onset.state) / size if kind == "current" else 0.0


# ---- equations ------------------------------------------------------------------------------


def equations(
    onset: Onset, kind: str, finer: int = 1, size: float | None = None
) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray, Callable[[np.ndarray], tuple]]:
    """(function, start, place) of a boundary next to ``onset``.

    function : residual (n,) of unknowns (n,) that vanishes at the boundary. A, current, gap, long:
    what vanishes over what a tenth of the ratio changes. B: det M(q, 0)/q^2 over what twice the
    momentum changes, and its slope in ln q. C: the root's distance from omega, in units of g (2,),
    and the slope of its Im w in ln q.
    start : where a solver starts. place : (ratio, q, omega) of unknowns, which are logarithms of
    these around ``onset``, in steps of SCALE, without those that are 0.
    finer : 2 for finer panels everywhere, with shorter differences, for what that changes. size :
    the `unit` if it is known.
    """
    base = np.log([x for x in (onset.ratio, onset.q, onset.omega) if x > 0])
    drive = replace(onset.state.drive, fine=finer * onset.state.drive.fine)
    panels = FINER if finer > 1 else 1.0
    step, size = BESIDE / finer, unit(onset, kind) if size is None else size

    def place(unknowns):
        return tuple(np.exp(base + SCALE * (np.asarray(unknowns) - 1)))

    def function(unknowns):
        if SCALE * np.abs(np.asarray(unknowns) - 1).max() > ASIDE:
            return np.full(len(base), FAR)
        ratio, *rest = map(float, place(unknowns))
        try:
            state = steady_states.solve(replace(drive, ratio=ratio), onset.state)
        except NotConverged:  # beyond the end of the condensate
            return np.full(len(base), FAR)
        if kind in LONG:
            return np.array([LONG[kind](state, panels)]) / size
        if kind == "B":
            return _standing(state, *rest, SHARP * panels, step, size)
        return _oscillating(state, *rest, SHARP * panels, step)

    return _remembered(function), np.ones(len(base)), place


def at_ratio(
    onset: Onset, ratio: float, finer: int = 1
) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray, Callable[[np.ndarray], tuple]]:
    """(function, start, place) of boundary C at a given ratio: as `equations`, for the interaction.

    place : (inv, q, omega) of unknowns; inv in steps of SCALE around that of ``onset``.
    """
    base = np.log([onset.q, onset.omega])
    drive = replace(onset.state.drive, fine=finer, ratio=ratio)
    panels = FINER if finer > 1 else 1.0

    def place(unknowns):
        moved = SCALE * (np.asarray(unknowns) - 1)
        return (onset.state.inv + moved[0], *np.exp(base + moved[1:]))

    def function(unknowns):
        if SCALE * np.abs(np.asarray(unknowns) - 1).max() > ASIDE:
            return np.full(3, FAR)
        inv, q, omega = map(float, place(unknowns))
        try:
            state = steady_states.solve(replace(drive, inv=inv), onset.state)
        except NotConverged:
            return np.full(3, FAR)
        return _oscillating(state, q, omega, SHARP * panels, BESIDE / finer)

    return _remembered(function), np.ones(3), place


def _remembered(function):
    """The function, whose values are kept: solvers and errors ask for the same ones again."""
    values = {}

    def call(unknowns):
        key = np.asarray(unknowns, float).tobytes()
        if key not in values:
            values[key] = function(unknowns)
        return values[key].copy()

    return call


def slopes(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """(n, n) slopes of function(x) at x (n,), by differences ahead."""
    value = function(x)
    columns = [(function(x + e) - value) / NUDGE for e in NUDGE * np.eye(len(x))]
    return np.stack(columns, axis=1)


def errors(
    kind: str, seed: Onset, onset: Onset, x: np.ndarray, slope: np.ndarray, size: float
) -> dict[str, float]:
    """{ratio, q, omega, delta: error} of the boundary ``onset``, at x (n,) of the seed's equations.

    A Newton step to the root of the same equations on finer panels, and what is left of them. The
    zero of beta22 is known to beta22's rounding. slope (n, n) : `slopes` next to x. size : `unit`.
    """
    function, _, place = equations(seed, kind, 1, size)
    finer, _, _ = equations(seed, kind, 2, size)
    left = function(x)
    change = finer(x) - left
    left = np.abs(left) + noise(kind, onset, size)
    try:
        inverse = np.linalg.inv(slope)
        moved = SCALE * (2 * np.abs(inverse @ change) + np.abs(inverse) @ left) + ACCURATE
    except np.linalg.LinAlgError:
        moved = np.full(len(x), np.inf)
    result = {"ratio": 0.0, "q": 0.0, "omega": 0.0}
    names = [name for name, value in zip(result, (seed.ratio, seed.q, seed.omega)) if value > 0]
    for name, value, relative in zip(names, place(x), moved):
        result[name] = float(value * relative)
    return result | {"delta": _error_of_delta(onset, result["ratio"])}


def _error_of_delta(onset, error):
    """Error of the order parameter, from that of the ratio and its own."""
    step = 1e-3 * onset.ratio
    ahead = steady_states.solve(replace(onset.state.drive, ratio=1.001 * onset.ratio), onset.state)
    slope = abs(ahead.delta - onset.state.delta) / step
    return float(slope * error + number_balance.errors(onset.state)["delta"])
