"""Uniform steady states of the driven condensate: roots of the gap and the number equation.

Found from the state at rest along the ratio of decay to pumping, and along the order parameter down
to where the condensate ends.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from hpcneq.errors import NormalState, NotConverged

from .gap_equations import NUMBER, Condensate, Drive, residual, with_slopes
from .small_roots import newton, newton_with_slopes

LEAST_RATIO = 1e-7  # ratios below it start at rest
KEPT = 64  # states that are remembered: searches ask for the same ones again
UNITARITY = (0.6864, 0.5906)  # delta and mu at inv = 0, at rest


class NoCondensate(NormalState):
    """Normal even at rest: width or temperature of the levels exceed what the interaction binds."""


class Lost(NotConverged):
    """A branch that Newton no longer follows, though it does not end."""


@functools.lru_cache(maxsize=KEPT)
def equilibrium(drive: Drive) -> Condensate:
    """The state without decay, gv = 0: mt = 0 by symmetry.

    (delta, mu) by Newton from unitarity, then along inv. Raises NoCondensate where the gap equation
    has no root, NotConverged where the bath overfills the bands.
    """
    rest = replace(drive, ratio=0.0)
    filled = drive.gb * drive.p_c / np.pi
    if drive.number == "cutoff" and filled > 0.9 * NUMBER:
        raise NotConverged(
            f"steady: the wide bath alone fills the momenta up to p_c = {drive.p_c:g} with "
            f"int p^2 n_p dp = {filled:.3g}, the system holds 1/3; lower p_c or gamma_b, "
            'or number = "subtracted"'
        )
    strengths = np.unique([0.0, *np.arange(0, abs(drive.inv), 0.5), abs(drive.inv)])
    x = [np.log(UNITARITY[0]), UNITARITY[1]]
    for inv in strengths * np.sign(drive.inv or 1.0):
        at = replace(rest, inv=float(inv))
        try:
            x, size = newton(functools.partial(_at_rest, at), x)
        except NotConverged:
            normal_at_rest(at, rest)
            normal_at_rest(rest, rest)
            raise
    return Condensate(float(np.exp(x[0])), float(x[1]), 0.0, rest, float(size))


def _at_rest(drive, unknowns):
    """(2,) residual of the gap and the number equation at (ln delta, mu), without decay."""
    return residual(np.exp(unknowns[0]), unknowns[1], 0.0, drive)[[0, 2]]


def normal_at_rest(drive: Drive, asked: Drive) -> None:
    """Raise NoCondensate if the normal state at rest is stable.

    asked : the drive that the message names; on the way to it ``drive`` has the stronger binding.

    Then the gap equation's sum, largest at delta = 0, is too small there at the normal state's mu.
    """
    low, high = -1.0, 2.0
    while residual(0.0, low, 0.0, drive)[2] > 0 and low > -1e6:
        low *= 4
    mu = brentq(lambda x: residual(0.0, x, 0.0, drive)[2], low, high, xtol=1e-12)
    if residual(0.0, mu, 0.0, drive)[0] < 0:
        raise NoCondensate(
            f"normal: no condensate at inv_kfas = {asked.inv:g}, gamma_b = {asked.gb:g}, "
            f"T_b = {asked.T:g}, even without decay"
        )


def edge(D: float, mu: float, drive: Drive) -> float:
    """mt at which pumping balances decay in the condensate at fixed (D, mu), 0 < ratio < 1.

    The one root of the imaginary part of the gap equation. Raises NotConverged.
    """

    def loss(mt):
        return residual(D, mu, mt, drive)[1]

    top = 2 * D + 10 * drive.g
    while loss(top) > 0:
        top *= 2
        if top > 1e6:
            raise NotConverged(f"steady: no bath edge balances decay at ratio = {drive.ratio:g}")
    return brentq(loss, 0.0, top, xtol=1e-13)


def at_ratio(drive: Drive, start: tuple[float, float, float]) -> Condensate:
    """The state of ``drive`` near ``start`` (delta, mu, mt), by Newton in (ln delta, mu, ln mt).

    Raises NotConverged.
    """

    def equations(y):
        if not (-30 < y[0] < 5 and -200 < y[1] < 50 and -40 < y[2] < 6):
            return np.full(3, np.inf), np.eye(3)
        place = np.exp(y[0]), y[1], np.exp(y[2])
        value, slopes = with_slopes(*place, drive)
        return value, slopes * (place[0], 1.0, place[2])

    y, size = newton_with_slopes(equations, [np.log(start[0]), start[1], np.log(start[2])])
    return Condensate(float(np.exp(y[0])), float(y[1]), float(np.exp(y[2])), drive, float(size))


def at_delta(drive: Drive, delta: float, start: tuple[float, float, float]) -> Condensate:
    """The state with the order parameter ``delta``, whose ratio is solved for.

    start : (mu, mt, ratio). Raises NotConverged.
    """

    def equations(y):
        if not (0 < y[2] < 1.5 and -40 < y[1] < 6):
            return np.full(3, np.inf)
        return residual(delta, y[0], np.exp(y[1]), replace(drive, ratio=float(y[2])))

    y, size = newton(equations, [start[0], np.log(start[1]), start[2]])
    return Condensate(
        float(delta),
        float(y[0]),
        float(np.exp(y[1])),
        replace(drive, ratio=float(y[2])),
        float(size),
    )


def normal_edge(drive: Drive, start: Condensate, steps: int = 12) -> list[Condensate]:
    """States from ``start``, which has decay, to delta = 0, where the condensate ends.

    The order parameter is lowered, (mu, mt, ratio) follow; steps halve where Newton fails. Raises
    Lost if they become too small.
    """
    way, delta = [start], start.delta
    step, least = start.delta / steps, 1e-4 * start.delta
    while delta > 0:
        target = delta - step if delta - step > 0.3 * step else 0.0
        try:
            state = at_delta(drive, target, _ahead(way, target))
        except NotConverged:
            step *= 0.5
            if step < least:
                raise Lost(
                    f"steady: lost the branch at delta = {delta:.3e}, ratio = {way[-1].ratio:.6g}"
                ) from None
            continue
        way.append(state)
        delta = target
        step = min(1.5 * step, start.delta / steps)
    return way


def _ahead(way, delta):
    """(mu, mt, ratio) guessed at ``delta`` from the last two states, linearly in delta^2."""
    b = way[-1]
    if len(way) == 1:
        return b.mu, b.mt, b.ratio
    a = way[-2]
    t = (delta**2 - b.delta**2) / (b.delta**2 - a.delta**2)
    return (
        b.mu + t * (b.mu - a.mu),
        b.mt * (b.mt / a.mt) ** t,
        min(max(b.ratio + t * (b.ratio - a.ratio), 1e-9), 1.2),
    )


def follow(drive: Drive, ratios: Sequence[float], patient: bool = True) -> list[Condensate]:
    """States at ascending ratios > 0 along the condensate that starts at rest.

    Stops short where Newton is lost or the condensate ends. Steps between the wanted ratios are at
    most a factor of 2 and halve on failure; not ``patient``: the first failure ends it.
    """
    rest = equilibrium(drive)
    states, state = [], None
    for wanted in ratios:
        if state is None:
            state = _first(drive, rest, min(wanted, 1e-3))
        while state is not None and state.ratio < wanted:
            state = _next(drive, state, wanted, patient)
        if state is None:
            return states
        states.append(state)
    return states


def _first(drive, rest, ratio):
    """The state at a small ratio, smaller where Newton fails; None below LEAST_RATIO."""
    while True:
        state = _from_rest(replace(drive, ratio=float(ratio)), rest)
        if state is not None:
            return state
        ratio *= 0.2
        if ratio < LEAST_RATIO:
            return None


def _next(drive, last, wanted, patient):
    """The state a step from ``last`` towards the ratio ``wanted``; None where it is lost."""
    factor = 2.0
    while True:
        ratio = min(wanted, last.ratio * factor, last.ratio + (factor - 1) * 0.1)
        at = replace(drive, ratio=float(ratio))
        state = _beside(at, (last.delta, last.mu, last.mt))
        if state is not None:
            return state
        factor = 1 + 0.5 * (factor - 1)
        if factor < 1.02 or not patient:
            return None


def _from_rest(drive, rest):
    """The state with little decay next to the one at rest, None where it is not found."""
    try:
        mt = edge(rest.delta, rest.mu, drive)
    except NotConverged:
        return None
    return _beside(drive, (rest.delta, rest.mu, mt))


def _beside(drive, start):
    """The state next to (delta, mu, mt), None where Newton fails or delta falls far."""
    try:
        state = at_ratio(drive, start)
    except NotConverged:
        return None
    return state if state.delta > 0.4 * start[0] else None


@functools.lru_cache(maxsize=KEPT)
def solve(drive: Drive, warm: Condensate | None = None) -> Condensate:
    """The condensed steady state of ``drive``. Raises NotConverged where there is none.

    warm : a state nearby, tried first. A ratio beyond the reach of steps in ratio is found by steps
    in delta.
    """
    ratio = drive.ratio
    if ratio == 0:
        return equilibrium(drive)
    if warm is not None and warm.mt > 0 and warm.delta > 0:
        try:
            state = at_ratio(drive, (warm.delta, warm.mu, warm.mt))
            if 0.5 < state.delta / warm.delta < 2:
                return state
        except NotConverged:
            pass
    steps = [r for r in np.geomspace(1e-3, 0.99, 24) if r < ratio] + [ratio]
    try:
        return _along(drive, follow(drive, steps, patient=False))
    except Lost:
        return _along(drive, follow(drive, steps))


def _along(drive, states):
    """The state of ``drive``: the last of ``states``, or by steps in delta from there."""
    if not states:
        raise NotConverged(f"steady: no condensate with decay found at inv = {drive.inv:g}")
    if states[-1].ratio == drive.ratio:
        return states[-1]
    way = normal_edge(drive, states[-1])
    for a, b in zip(way, way[1:]):
        if (a.ratio - drive.ratio) * (b.ratio - drive.ratio) <= 0:
            return _between(drive, a, b)
    raise NoCondensate(
        f"normal: no condensate at inv_kfas = {drive.inv:g}, ratio = {drive.ratio:g}; "
        f"it ends at ratio_c = {way[-1].ratio:.6g}"
    )


def _between(drive, a, b):
    """The state at drive.ratio between two states that differ in delta."""

    def at(delta):
        t = (delta**2 - a.delta**2) / (b.delta**2 - a.delta**2)
        guess = (
            a.mu + t * (b.mu - a.mu),
            a.mt + t * (b.mt - a.mt),
            a.ratio + t * (b.ratio - a.ratio),
        )
        return at_delta(drive, delta, guess)

    def off(delta):
        return at(delta).ratio - drive.ratio

    delta = brentq(off, b.delta, a.delta, xtol=1e-15, rtol=1e-13)
    return replace(at(delta), drive=drive)


@functools.lru_cache(maxsize=KEPT)
def critical(drive: Drive) -> Condensate:
    """The `Condensate` at delta = 0, where it ends; its ``ratio`` is ratio_c.

    0 where there is none at rest. Raises NotConverged.
    """
    try:
        equilibrium(drive)
    except NoCondensate:
        return Condensate(0.0, np.nan, 0.0, replace(drive, ratio=0.0))
    states = follow(drive, [1e-3]) or follow(drive, [1e-5])
    if not states:
        raise NotConverged(f"steady: no condensate with decay found at inv = {drive.inv:g}")
    return normal_edge(drive, states[-1])[-1]


def forget() -> None:
    """Forget the states that are remembered: for who measures how long it takes to find them."""
    for remembered in (equilibrium, solve, critical):
        remembered.cache_clear()
