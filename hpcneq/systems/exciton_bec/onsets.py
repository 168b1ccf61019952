"""Where along the decay the condensate loses its stability: boundaries A, B and C of Hanai et al. (2018), Fig. 5.

A: alpha11 = M11(0, 0) = 0. B: min_q det M(q, 0)/q^2 = 0, at rest. C: max_q Im w_q = 0 of the gapless mode with Re w != 0.
"""
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from hpcneq.errors import NotConverged

from . import response, softening, states, steady
from .hydrodynamics import smallest_width

FINE = 0.7             # panels: 1e-8 in M
LEAST = 1e-4           # smallest ratio looked at
WAVES = 14             # momenta looked at for a minimum
EARLY = (0.2, 0.5, 0.8)
SEARCH = {"B": (0.95, 1.01, 1.03, 1.07, 1.12, 1.2, 1.35, 1.6), "C": (0.98, 1.05, 1.1, 1.18, 1.35, 1.6)}      # times the ratio of A
ACCURACY = 1e-6        # of a ratio, relative


@dataclass(frozen=True)
class Onset:
    """ratio, momentum and frequency of a loss of stability, the error of the ratio, and the state there."""

    ratio: float
    q: float
    omega: float
    error: float
    state: object


def det(state, q, w, fine=FINE):
    """det M(q, w), complex."""
    return complex(np.linalg.det(response.matrices(state, q, [w], fine=fine)[0]))


def static(state, fine=FINE):
    """(least det M(q, 0)/q^2, its q > 0) : negative where a standing pattern grows."""
    def curve(x):
        return det(state, np.exp(x), 0.0, fine).real / np.exp(2 * x)

    x = np.log(np.geomspace(2 * smallest_width(state), max(0.3, state.delta), WAVES))
    values = [curve(y) for y in x]
    at = int(np.argmin(values))
    if at == len(x) - 1:
        return values[at], float(np.exp(x[at]))
    found = minimize_scalar(curve, bounds=(x[max(at - 1, 0)], x[at + 1]), method="bounded", options={"xatol": 1e-4})
    return float(found.fun), float(np.exp(found.x))


def inside(state, q, centre, radius, fine=FINE, points=48):
    """The zeros of det M(q, .) inside a circle, at most three: power sums of their places by Fourier series of f'/f."""
    turn = np.exp(2j * np.pi * (np.arange(points) + 0.5) / points)
    f = np.linalg.det(response.matrices(state, q, centre + radius * turn, fine=fine))
    order = np.rint(np.fft.fftfreq(points) * points)
    shift = np.exp(-2j * np.pi * 0.5 / points * order)
    logarithmic = np.fft.ifft(np.fft.fft(f) * shift * order / shift) / f
    sums = [np.mean(logarithmic * turn**k) for k in range(4)]
    count = round(sums[0].real)
    if not 1 <= count <= 3 or abs(sums[0] - count) > 0.05:
        return []
    e = [1.0]
    for k in range(1, count + 1):
        e.append(-sum(e[k - j] * sums[j] for j in range(1, k + 1)) / k)
    return list(centre + radius * np.roots(e))


def oscillating(state, fine=FINE):
    """[(q, w)], q ascending: a soft mode with Re w > 0 and |w| of a few g, found in a circle at one q, followed to both sides."""
    g, width = state.g, smallest_width(state)
    for multiple in (6, 10, 16, 28, 3.5):
        q = multiple * width
        if q > 0.5:
            break
        places = [root(state, q, w, fine) for w in inside(state, q, 1.6j * g, 2.4 * g, fine) if w.real > 0.02 * g]
        places = [w for w in places if w is not None and w.real > 0.02 * g]
        if places:
            start = (q, max(places, key=lambda w: w.imag))
            return follow(state, start, 1 / 1.15, fine)[:0:-1] + follow(state, start, 1.15, fine)
    return []


def follow(state, start, factor, fine=FINE, most=9):
    """[(q, w)] from ``start`` on, q by ``factor`` each, until the mode stops oscillating, leaves the half plane or only decays faster."""
    found = [start]
    while len(found) < most:
        q, w = found[-1]
        ahead = q * factor
        guess = w if len(found) < 2 else w + (w - found[-2][1]) * (ahead - q) / (q - found[-2][0])
        new = root(state, ahead, guess if guess.imag > -0.9 * state.g else w, fine)
        if new is None or new.real < 1e-3 * state.g or new.imag < -0.9 * state.g:
            break
        found.append((ahead, new))
        if len(found) > 3 and found[-1][1].imag < found[-2][1].imag < found[-3][1].imag:
            break
    return found


def root(state, q, w, fine=FINE, steps=25):
    """The zero of det M(q, .) next to w by secants; None if they leave the analytic half plane or do not settle."""
    old, step = w, 0.02 * state.g * (1 + 0.5j)
    if w.imag <= -state.g:
        return None
    new, f_old = w + step, det(state, q, w, fine)
    for _ in range(steps):
        if new.imag <= -0.98 * state.g:
            return None
        f = det(state, q, new, fine)
        if f == f_old or abs(new - old) < 1e-7 * state.g:
            return new
        old, new, f_old = new, new - f * (new - old) / (f - f_old), f
    return None


def fastest(state, fine=FINE):
    """(largest Im w over q, q, w) of a mode with Re w != 0, its maximum at finite q; (-g, nan, nan) where there is none."""
    line = oscillating(state, fine)
    if not line:
        return -state.g, np.nan, np.nan
    at = max(range(len(line)), key=lambda i: line[i][1].imag)
    q, w = line[at]
    if 0 < at < len(line) - 1:
        def lower(x):
            nonlocal w
            w = root(state, x, w, fine) or w
            return -w.imag

        found = minimize_scalar(lower, bounds=(line[at - 1][0], line[at + 1][0]), method="bounded", options={"xatol": 2e-3 * q})
        q, w = float(found.x), root(state, found.x, w, fine)
    return w.imag, q, w


def onset(drive, kind, soft=None):
    """The Onset of ``kind`` "A", "B" or "C" along the ratio at the other values of ``drive``, or None. ``soft`` : the ratio of A if known."""
    if soft is None:
        soft = amplitude(drive)
    if soft is None:
        return None
    if kind == "A":
        state = states.solve(replace(drive, ratio=soft))
        return Onset(soft, 0.0, 0.0, 1e-8 * soft, state)
    quantity = (lambda s: static(s)[0]) if kind == "B" else (lambda s: -fastest(s)[0])
    bracket = _bracket(drive, quantity, soft, SEARCH[kind])
    if bracket is None:
        return None
    low, high, warm = bracket
    ratio = brentq(lambda r: quantity(states.solve(replace(drive, ratio=r), warm)), low, high, xtol=ACCURACY * high, rtol=ACCURACY)
    state = states.solve(replace(drive, ratio=ratio), warm)
    q, w = static(state)[1], 0.0
    if kind == "C":
        _, q, w = fastest(state)
    return Onset(ratio, q, abs(np.real(w)), _error(drive, kind, ratio, state), state)


def amplitude(drive):
    """The ratio at which alpha11 vanishes, or None."""
    end = states.critical(drive)
    return softening.first_zero(drive, lambda s: steady.static_coefficients(s)["alpha11"], softening._ladder(LEAST, end.ratio, 1.35))


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
                return None if factor == EARLY[0] else _bracket(drive, quantity, soft, (*EARLY, factor))
            return low, factor * soft, warm
        warm, low = state, factor * soft
    return None


def _error(drive, kind, ratio, state):
    """Change of the ratio on finer panels, from the quantity's slope there, and the root's own accuracy."""
    quantity = (lambda s, fine: static(s, fine)[0]) if kind == "B" else (lambda s, fine: fastest(s, fine)[0])
    step = 1e-3 * ratio
    ahead = states.solve(replace(drive, ratio=ratio + step), state)
    here = quantity(state, FINE)
    slope = (quantity(ahead, FINE) - here) / step
    return float(2 * abs((quantity(state, 1.3 * FINE) - here) / slope) + 2 * ACCURACY * ratio)
