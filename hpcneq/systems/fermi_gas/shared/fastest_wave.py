"""The wave that grows fastest on a steady state, over all wave numbers and directions.

A state Q can decay into pairs of any momentum Q' = Q + q: waves up to |q| = 2Q (a standing wave,
Larkin-Ovchinnikov) and beyond it are looked at, not only long ones. The waves q and -q of a state
have conjugate rates, so that angles from 0 to pi/2 between q and Q are all; at Q = 0 the direction
does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from ....errors import NotConverged
from ....parallel import Communicator, on_root, solo
from ....solvers.contours import Box
from ....solvers.messages import dealt_numbers
from ....solvers.modes import spectrum
from ..physics.response import Response
from .gas import with_wave

LONG = (0.001, 0.005, 0.01)  # pF: long waves, which slope like q^2
STEP = {True: 0.02, False: 0.04}  # pF, for waves along Q and for others
ANGLES = tuple(np.pi * np.array([0.0, 1 / 6, 1 / 4, 1 / 3, 1 / 2]))
FINE = {True: (0.25, 0.5, 1.0), False: (0.5, 1.0)}  # panels of a search, in units of the input's
FLOORS = (0.1, 0.03, -0.02)  # of the depth to which M is analytic: where a search ends below
HEIGHT, WIDTH = 0.31, 2.5  # of a search: of the depth, plus D; of D
CLOSE = 1e-3  # pF: of the place of a maximum
ASIDE = np.pi / 24  # rad: to either side of the fastest wave's direction
MOVED = (1.0, 1.03, 0.97)  # times q: where a wave is looked at if its modes cannot be counted


@dataclass(frozen=True)
class Wave:
    """A wave and the fastest mode on it: rate Re lambda, nan where it could not be counted,
    -inf where no mode decays more slowly than the search looks."""

    q: float
    angle: float
    rate: float


@dataclass(frozen=True)
class Search:
    """The fastest growing wave, None if none grows; how many were looked at, and those in doubt."""

    fastest: Wave | None
    looked_at: int
    doubtful: tuple[Wave, ...]


def waves(response: Response, angle: float | None = None) -> list[tuple[float, float]]:
    """(q, angle) of all waves looked at; at one angle only if that is given."""
    Q = response.Q
    furthest = Q + max(1.4 * Q, 2 * abs(response.baths.dmu), response.D)
    directions: Sequence[float] = (0.0,) if Q == 0 else ANGLES
    if angle is not None:
        directions = (angle,)
    chosen = []
    for direction in directions:
        step = STEP[Q == 0 or direction == 0]
        count = int(np.ceil(furthest / step))
        chosen += [(q, direction) for q in (*LONG, *(step * np.arange(1, count + 1)))]
    return [(float(q), float(direction)) for q, direction in chosen]


def fastest_wave(response: Response, comm: Communicator, angle: float | None = None) -> Search:
    """Search all waves on the state of ``response``; ranks share the waves. **Collective.**"""
    places = waves(response, angle)
    rates = dealt_numbers(comm, places, lambda place: _rate(with_wave(response, *place)))
    looked_at = [Wave(q, direction, float(rate)) for (q, direction), rate in zip(places, rates)]
    doubtful = tuple(wave for wave in looked_at if np.isnan(wave.rate))
    growing = [wave for wave in looked_at if wave.rate > 0]
    if not growing:
        return Search(None, len(looked_at), doubtful)
    best = max(growing, key=lambda wave: wave.rate)
    free = angle is None and response.Q > 0
    return Search(on_root(comm, _summit, response, best, free), len(looked_at), doubtful)


def _rate(response: Response) -> float:
    """The largest rate of one wave, or of one next to it, on panels as coarse as will do."""
    plain = response.angle == 0 or response.Q == 0
    for moved in MOVED:
        near = with_wave(response, moved * response.q, response.angle)
        for fine in FINE[plain]:
            rate = _counted_rate(near.refined(fine))
            if np.isfinite(rate) or rate < 0:
                return rate
    return np.nan


def _counted_rate(rough: Response) -> float:
    """The largest rate by a certain count, -inf where no mode is found, nan if none is certain."""
    depth, D = rough.analytic_below, rough.D
    rough.guide = 1
    for floor in FLOORS:
        box = Box(-0.997 * WIDTH * D, WIDTH * D, -floor * depth, HEIGHT * depth + D)
        try:
            modes = spectrum(rough, rough.q, solo(), box=box).modes
        except NotConverged:
            continue
        return max((mode.z.imag for mode in modes), default=-np.inf)
    return np.nan


def _summit(response: Response, near: Wave, free: bool) -> Wave:
    """The maximum of the rate next to a wave, over q, and over the angle if that is free."""
    wave = _best_number(response, near)
    if not free:
        return wave
    sides = [_best_angle(response, wave, end) for end in _beside(wave.angle)]
    turned = max([wave, *sides], key=lambda other: other.rate)
    return wave if turned is wave else _best_number(response, turned)


def _best_number(response, near):
    """The maximum over q at one angle."""
    step = STEP[response.Q == 0 or near.angle == 0]
    bounds = (max(near.q - step, 0.5 * near.q), near.q + step)
    q, rate = _maximum(lambda x: _rate(with_wave(response, x, near.angle)), bounds, near)
    return Wave(q, near.angle, rate)


def _beside(angle):
    """The directions half a step to either side of one, within 0 to pi/2."""
    return [x for x in (angle - ASIDE, angle + ASIDE) if 0 <= x <= 0.5 * np.pi]


def _best_angle(response, wave, end):
    """The wave itself, or the maximum over the angle on the side of ``end`` if that is higher."""
    rate = _rate(with_wave(response, wave.q, end))
    return Wave(wave.q, end, rate) if rate > wave.rate else wave


def _maximum(rate, bounds, near):
    """(q, value) of a maximum between two bounds; that of ``near`` if none is higher."""
    found = minimize_scalar(
        lambda x: -np.nan_to_num(rate(x), nan=-1.0),
        bounds=bounds,
        method="bounded",
        options={"xatol": CLOSE},
    )
    return max((float(found.x), -float(found.fun)), (near.q, near.rate), key=lambda pair: pair[1])
