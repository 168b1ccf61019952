"""Uniform steady states of the driven condensate: gap and number equations, and how their roots are found.

Hanai, Littlewood and Ohashi (2018), Eqs. (32), (33). The gap equation is complex: its imaginary part, that pumping and decay
balance in the condensate, fixes how far the bath's chemical potential must lie above the condensate's. Units 2m = kF = eF = 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from hpcneq.errors import NotConverged

from . import frequency_integrals as kernels
from .radial_grid import grid

NUMBER = 1.0 / 3.0  # int p^2 n_p dp at kF = 1
TIGHT = 1e-12  # residual at which Newton stops
LEAST_RATIO = 1e-7  # ratios below it start at rest


@dataclass(frozen=True)
class Drive:
    """What is given: interaction 1/(kF a_s), decay over pumping, and what the wide bands need.

    number : "cutoff" counts every carrier up to ``p_c``; "subtracted" leaves out the tail n = gb/(pi p^2) that an endlessly wide
    bath pumps, so that ``p_c`` may go to infinity. ``fine`` : panels of the momentum grid are cut into so many.
    """

    inv: float = 0.0
    ratio: float = 0.0
    gb: float = 1e-3
    p_c: float = 100.0
    number: str = "cutoff"
    T: float = 0.0
    fine: int = 1

    @property
    def gv(self):
        return self.ratio * self.gb

    @property
    def g(self):
        return self.gb + self.gv


@dataclass(frozen=True)
class State:
    """A steady state: order parameter ``delta``, ``mu`` of the condensate (half its frequency), ``mt`` = mu_b - mu."""

    delta: float
    mu: float
    mt: float
    drive: Drive
    residual: float = 0.0

    @property
    def mu_b(self):
        return self.mu + self.mt

    gb = property(lambda self: self.drive.gb)
    gv = property(lambda self: self.drive.gv)
    g = property(lambda self: self.drive.g)
    T = property(lambda self: self.drive.T)
    p_c = property(lambda self: self.drive.p_c)
    inv = property(lambda self: self.drive.inv)
    ratio = property(lambda self: self.drive.ratio)


def integrands(p, D, mu, mt, drive):
    """(3, n) : p^2 {Re G - 1/2p^2}, p^2 Im G, p^2 n_p (with the tail taken off where ``number`` says so)."""
    xi = p**2 - mu
    real, imaginary = kernels.pair_function(xi, D, mt, drive.gb, drive.gv, drive.T)
    n = kernels.occupation(xi, D, mt, drive.gb, drive.gv, drive.T)
    tail = drive.gb / np.pi if drive.number == "subtracted" else 0.0
    return np.stack([p**2 * real - 0.5, p**2 * imaginary, p**2 * n - tail])


def balance(sums, D, mu, drive):
    """(3,) residual: gap (real), gap (imaginary; per g, so that it does not fade with the rates), number."""
    return np.array([sums[0] + 0.25 * np.pi * drive.inv, sums[1], sums[2] - NUMBER])


def residual(D, mu, mt, drive):
    """(3,) residual of the gap (real, imaginary) and the number equation."""
    p, weight = grid(D, mu, mt, drive.g, drive.p_c, drive.fine)
    return balance(integrands(p, D, mu, mt, drive) @ weight, D, mu, drive)


# ---- Newton ---------------------------------------------------------------------------------------------------------


def newton(function, x, steps=25, scale=1e-7):
    """(x, largest residual) of a root of a small system by damped Newton with central differences. Raises NotConverged."""
    x = np.array(x, float)
    value = function(x)
    for _ in range(steps):
        size = np.abs(value).max()
        if size < TIGHT:
            return x, size
        jacobian = np.empty((len(x), len(x)))
        for k in range(len(x)):
            e = np.zeros(len(x))
            e[k] = scale * max(1e-2, abs(x[k]))
            jacobian[:, k] = (function(x + e) - function(x - e)) / (2 * e[k])
        try:
            step = np.linalg.solve(jacobian, -value)
        except np.linalg.LinAlgError:
            break
        step /= max(1.0, np.abs(step).max() / 0.5)
        for _ in range(12):
            new = function(x + step)
            if np.all(np.isfinite(new)) and np.abs(new).max() < size:
                break
            step = 0.5 * step
        else:
            if size < 1e-9:
                return x, size
            break
        x, value = x + step, new
    raise NotConverged(f"steady: Newton stopped at residual {np.abs(value).max():.1e}")


# ---- states ---------------------------------------------------------------------------------------------------------


class NoCondensate(NotConverged):
    """The normal state at rest: width or temperature of the levels exceed what the interaction binds."""


class Lost(NotConverged):
    """A branch that Newton no longer follows, though it does not end."""


def equilibrium(drive):
    """The state without decay, gv = 0: mt = 0 by symmetry, (delta, mu) by Newton from unitarity, then along inv.

    Raises NoCondensate where the gap equation has no root, NotConverged where the bath overfills the bands.
    """
    rest = replace(drive, ratio=0.0)
    x = None
    if drive.number == "cutoff" and drive.gb * drive.p_c / np.pi > 0.9 * NUMBER:
        raise NotConverged(
            f"steady: the wide bath alone fills the momenta up to p_c = {drive.p_c:g} with int p^2 n_p dp = "
            f'{drive.gb * drive.p_c / np.pi:.3g}, the system holds 1/3; lower p_c or gamma_b, or number = "subtracted"'
        )
    for inv in np.unique([0.0, *np.arange(0, abs(drive.inv), 0.5), abs(drive.inv)]) * np.sign(
        drive.inv or 1.0
    ):
        at = replace(rest, inv=float(inv))

        def equations(y):
            return residual(np.exp(y[0]), y[1], 0.0, at)[[0, 2]]

        try:
            x, size = newton(equations, [np.log(0.6864), 0.5906] if x is None else x)
        except NotConverged:
            normal_at_rest(at)
            normal_at_rest(rest)
            raise
    return State(float(np.exp(x[0])), float(x[1]), 0.0, rest, float(size))


def normal_at_rest(drive):
    """Raise NoCondensate if the gap equation's sum, largest at delta = 0, is too small there at the normal state's mu."""
    low, high = -1.0, 2.0
    while residual(0.0, low, 0.0, drive)[2] > 0 and low > -1e6:
        low *= 4
    mu = brentq(lambda x: residual(0.0, x, 0.0, drive)[2], low, high, xtol=1e-12)
    if residual(0.0, mu, 0.0, drive)[0] < 0:
        raise NoCondensate(
            f"steady: no condensate at inv = {drive.inv:g}, gamma_b = {drive.gb:g}, T_b = {drive.T:g}, even without decay"
        )


def edge(D, mu, drive):
    """mt at which pumping balances decay in the condensate at fixed (D, mu): the one root of the imaginary part, 0 < ratio < 1."""

    def loss(mt):
        return residual(D, mu, mt, drive)[1]

    top = 2 * D + 10 * drive.g
    while loss(top) > 0:
        top *= 2
        if top > 1e6:
            raise NotConverged(f"steady: no bath edge balances decay at ratio = {drive.ratio:g}")
    return brentq(loss, 0.0, top, xtol=1e-13)


def at_ratio(drive, start):
    """The state of ``drive`` near ``start`` (delta, mu, mt), by Newton in (ln delta, mu, ln mt). Raises NotConverged."""

    def equations(y):
        if not (-30 < y[0] < 5 and -200 < y[1] < 50 and -40 < y[2] < 6):
            return np.full(3, np.inf)
        return residual(np.exp(y[0]), y[1], np.exp(y[2]), drive)

    y, size = newton(equations, [np.log(start[0]), start[1], np.log(start[2])])
    return State(float(np.exp(y[0])), float(y[1]), float(np.exp(y[2])), drive, float(size))


def at_delta(drive, delta, start):
    """The state with the order parameter ``delta``; start (mu, mt, ratio), its ratio is found. Raises NotConverged."""

    def equations(y):
        if not (0 < y[2] < 1.5 and -40 < y[1] < 6):
            return np.full(3, np.inf)
        return residual(delta, y[0], np.exp(y[1]), replace(drive, ratio=float(y[2])))

    y, size = newton(equations, [start[0], np.log(start[1]), start[2]])
    return State(
        float(delta),
        float(y[0]),
        float(np.exp(y[1])),
        replace(drive, ratio=float(y[2])),
        float(size),
    )


def normal_edge(drive, start, steps=12):
    """The state with delta = 0 at which the condensate ends, its ratio solved for: (states on the way, last one at delta = 0).

    ``start`` : a State with decay. The order parameter is lowered, (mu, mt, ratio) follow, steps halve where Newton fails.
    """
    found, delta = [start], start.delta
    step, least = start.delta / steps, 1e-4 * start.delta
    x = (start.mu, start.mt, start.ratio)
    while delta > 0:
        target = delta - step if delta - step > 0.3 * step else 0.0
        try:
            state = at_delta(drive, target, _ahead(found, target) if len(found) > 1 else x)
        except NotConverged:
            step *= 0.5
            if step < least:
                raise Lost(
                    f"steady: lost the branch at delta = {delta:.3e}, ratio = {found[-1].ratio:.6g}"
                ) from None
            continue
        found.append(state)
        delta, x = target, (state.mu, state.mt, state.ratio)
        step = min(1.5 * step, start.delta / steps)
    return found


def _ahead(found, delta):
    """(mu, mt, ratio) guessed at ``delta`` from the last two states, linearly in delta^2."""
    a, b = found[-2], found[-1]
    t = (delta**2 - b.delta**2) / (b.delta**2 - a.delta**2)
    return (
        b.mu + t * (b.mu - a.mu),
        b.mt * (b.mt / a.mt) ** t,
        min(max(b.ratio + t * (b.ratio - a.ratio), 1e-9), 1.2),
    )


def follow(drive, ratios, patient=True):
    """[State] at ascending ratios > 0 along the condensate that starts at rest; stops short where Newton is lost or it ends.

    Steps between the wanted ratios are at most a factor of 2 and halve on failure; not ``patient``: the first failure ends it.
    """
    rest = equilibrium(drive)
    found, x, r = [], None, 0.0
    for wanted in ratios:
        while r < wanted:
            factor = 2.0
            first = min(wanted, 1e-3) if x is None else None
            while True:
                trial = first or min(wanted, r * factor, r + (factor - 1) * 0.1)
                at = replace(drive, ratio=float(trial))
                try:
                    state = at_ratio(at, x or (rest.delta, rest.mu, edge(rest.delta, rest.mu, at)))
                    if state.delta > 0.4 * (x or (rest.delta,))[0]:
                        break
                except NotConverged:
                    pass
                if first:
                    first *= 0.2
                    if first < LEAST_RATIO:
                        return found
                else:
                    factor = 1 + 0.5 * (factor - 1)
                    if factor < 1.02 or not patient:
                        return found
            x, r = (state.delta, state.mu, state.mt), trial
        found.append(state)
    return found


def solve(drive, warm=None):
    """The condensed steady state of ``drive``. Raises NotConverged where there is none.

    ``warm`` : a State nearby, tried first. A ratio beyond the reach of steps in ratio is found by steps in delta.
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
    for patient in (False, True):
        found = follow(drive, steps, patient)
        if found and found[-1].ratio == ratio:
            return found[-1]
        if not found:
            raise NotConverged(f"steady: no condensate with decay found at inv = {drive.inv:g}")
        try:
            return _by_delta(drive, found[-1])
        except Lost:
            if patient:
                raise


def _by_delta(drive, start):
    """The state at drive.ratio between ``start`` (a smaller ratio) and delta = 0."""
    way = normal_edge(drive, start)
    for a, b in zip(way, way[1:]):
        if (a.ratio - drive.ratio) * (b.ratio - drive.ratio) <= 0:

            def off(delta):
                t = (delta**2 - a.delta**2) / (b.delta**2 - a.delta**2)
                guess = (
                    a.mu + t * (b.mu - a.mu),
                    a.mt + t * (b.mt - a.mt),
                    a.ratio + t * (b.ratio - a.ratio),
                )
                last[0] = at_delta(drive, delta, guess)
                return last[0].ratio - drive.ratio

            last = [None]
            delta = brentq(off, b.delta, a.delta, xtol=1e-15, rtol=1e-13)
            off(delta)
            return replace(last[0], drive=drive)
    raise NotConverged(
        f"steady: no condensate at inv = {drive.inv:g}, ratio = {drive.ratio:g}; it ends at ratio_c = {way[-1].ratio:.6g}"
    )


def critical(drive):
    """The State at delta = 0 where the condensate ends; its ``ratio`` is ratio_c, 0 where there is none at rest. Raises NotConverged."""
    try:
        equilibrium(drive)
    except NoCondensate:
        return State(0.0, np.nan, 0.0, replace(drive, ratio=0.0))
    found = follow(drive, [1e-3]) or follow(drive, [1e-5])
    if not found:
        raise NotConverged(f"steady: no condensate with decay found at inv = {drive.inv:g}")
    return normal_edge(drive, found[-1])[-1]
