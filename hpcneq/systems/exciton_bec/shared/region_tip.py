"""The tip of the unstable region: where boundary C and its far side meet, solved by SNES."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..physics import boundary_equations, growth, steady_states
from ..physics.boundary_equations import Onset
from ..physics.gap_equations import Drive
from .marginal_mode import SETTLED, settled

NAMES = ("inv", "ratio", "q", "omega")
NUDGE = 0.01  # of the interaction: first step of secants
SECANTS = 8
CLOSE = 1e-4  # of the interaction: where secants end
ON_A_SIDE = 4  # of the tip: points of the arc
STEPS = (0.12, 0.05)  # of ln ratio: beside the middle of a parabola, one after the other


@dataclass(frozen=True)
class Tip:
    """Interaction, ratio, momentum and frequency of the tip.

    errors : by these names. arc : (n, 4), these numbers along the boundary around the tip, from C
    to its far side at the first interaction at which both are known.
    """

    inv: float
    ratio: float
    q: float
    omega: float
    errors: dict[str, float]
    arc: np.ndarray

    @property
    def summary(self) -> dict[str, float]:
        """The numbers as a summary names them."""
        values = (self.inv, self.ratio, self.q, self.omega)
        return {f"tip_{name}": value for name, value in zip(NAMES, values)}


def find_tip(drive: Drive, inv: np.ndarray, lines: Mapping[str, np.ndarray]) -> Tip | None:
    """The `Tip` below the first interaction at which C and its far side are known.

    lines : C, C_end, q_C, omega_C at ``inv`` (n,), ascending, nan where there is none. None where
    they reach the first interaction, or SNES does not settle.
    """
    there = np.flatnonzero(np.isfinite(lines["C"]) & np.isfinite(lines["C_end"]))
    if not len(there) or there[0] == 0:
        return None
    first = {name: float(line[there[0]]) for name, line in {**lines, "inv": inv}.items()}
    try:
        tip, onsets = _minimum(_moved_to_rest(_seed(drive, first)))
        return replace(tip, arc=_arc(onsets, first["C"], first["C_end"]))
    except _Unsettled:
        return None


class _Unsettled(Exception):
    """SNES did not settle."""


def _seed(drive, first):
    """The Onset from which the tip is sought: between the sides of the first interaction."""
    ratio = float(np.sqrt(first["C"] * first["C_end"]))
    state = steady_states.solve(replace(drive, inv=first["inv"], ratio=ratio))
    return Onset(ratio, first["q_C"], first["omega_C"], 0.0, state)


def _arc(beside, low, high):
    """(n, 4) along the boundary from the ratio ``low`` to ``high``, through the tip.

    beside : three Onsets, the tip in the middle.
    """
    tip = beside[1]
    below = _followed(beside[::-1], np.geomspace(tip.ratio, low, ON_A_SIDE + 2)[1:-1])
    above = _followed(beside, np.geomspace(tip.ratio, high, ON_A_SIDE + 2)[1:-1])
    onsets = [*below[::-1], tip, *above]
    return np.array([[_value(onset, name) for name in NAMES] for onset in onsets])


def _followed(known, ratios):
    """Onsets of the boundary at given ratios, each from the last three of those ``known``."""
    onsets = list(known)
    for ratio in ratios:
        onsets.append(_on_boundary(_ahead(onsets[-3:], float(ratio)), float(ratio)))
    return onsets[len(known) :]


def _ahead(onsets, ratio):
    """An Onset guessed at ``ratio``, on the parabola in ln ratio through three others."""
    x = np.log([onset.ratio for onset in onsets])
    values = [[onset.state.inv, np.log(onset.q), np.log(onset.omega)] for onset in onsets]
    inv, q, omega = (
        np.polyval(np.polyfit(x - np.log(ratio), column, 2), 0.0) for column in np.transpose(values)
    )
    state = onsets[-1].state
    drive = replace(state.drive, inv=float(inv))
    return Onset(ratio, float(np.exp(q)), float(np.exp(omega)), 0.0, replace(state, drive=drive))


def _moved_to_rest(onset):
    """The Onset moved along the interaction to where its mode neither grows nor decays."""
    mode = growth.Mode(onset.q, complex(onset.omega))
    state = onset.state
    inv = state.inv
    last = None
    for _ in range(SECANTS):
        state = steady_states.solve(replace(state.drive, inv=inv), state)
        mode = growth.summit(state, mode)
        if mode is None:
            raise _Unsettled
        step = -NUDGE
        if last is not None:
            step = mode.w.imag * (inv - last[0]) / (last[1] - mode.w.imag)
        last = (inv, mode.w.imag)
        if abs(step) < CLOSE:
            break
        inv += float(np.clip(step, -0.1, 0.1))
    return Onset(onset.ratio, mode.q, float(mode.w.real), 0.0, state)


def _minimum(onset):
    """(`Tip`, Onsets before, at and beyond it), where the boundary's interaction is least."""
    centres = []
    for step in STEPS:
        places = onset.ratio * np.exp(_beside(step))
        onsets = [_on_boundary(onset, float(ratio)) for ratio in places]
        centres.append(_vertex(onsets, step))
        onset = _on_boundary(onsets[1], centres[-1])
    finer = [_on_boundary(onset, ratio, 2) for ratio in onset.ratio * np.exp(_beside(STEPS[-1]))]
    moved = _vertex(finer, STEPS[-1])
    ratio_error = 2 * abs(moved - onset.ratio) + abs(centres[1] - centres[0]) * STEPS[-1]
    values = {name: _value(onset, name) for name in NAMES}
    errors = {"ratio": float(ratio_error)}
    for name in ("inv", "q", "omega"):
        along = (_value(finer[2], name) - _value(finer[0], name)) / (2 * STEPS[-1] * onset.ratio)
        errors[name] = 2 * abs(_value(finer[1], name) - values[name]) + 1e-9
        errors[name] += abs(along) * ratio_error if name != "inv" else 0.0
    told = {name: float(error) for name, error in errors.items()}
    tip = Tip(**values, errors=told, arc=np.empty((0, len(NAMES))))
    return tip, [onsets[0], onset, onsets[2]]


def _beside(step):
    """Three places of ln ratio."""
    return step * np.array([-1.0, 0.0, 1.0])


def _value(onset, name):
    """Interaction, ratio, momentum or frequency of an Onset."""
    values = (onset.state.inv, onset.ratio, onset.q, onset.omega)
    return float(dict(zip(NAMES, values))[name])


def _vertex(onsets, step):
    """The ratio of least interaction on the parabola in ln ratio through three Onsets."""
    low, middle, high = (onset.state.inv for onset in onsets)
    bend = low + high - 2 * middle
    if bend <= 0:
        raise _Unsettled
    shift = float(np.clip(0.5 * (low - high) / bend, -4, 4))
    return onsets[1].ratio * float(np.exp(shift * step))


def _on_boundary(onset, ratio, finer=1):
    """The Onset of boundary C at a given ratio, its interaction solved for. Raises _Unsettled."""
    function, start, place = boundary_equations.at_ratio(onset, ratio, finer)
    solution, _ = settled(function, start)
    if solution.residual > SETTLED:
        raise _Unsettled
    inv, q, omega = (float(x) for x in place(solution.x))
    drive = replace(onset.state.drive, inv=inv, ratio=ratio)
    return Onset(ratio, q, omega, 0.0, steady_states.solve(drive, onset.state))
