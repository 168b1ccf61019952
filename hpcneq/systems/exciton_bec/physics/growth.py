"""Growth of the condensate's fastest mode over all momenta: zeros of det M near the real axis.

det M is analytic for Im w > -g and has few zeros there: a rational approximant to it on
Im w = -DEPTH g, continued upwards, shows all that grow, secants polish them. Whether none is missed
is a matter of counting: by winding numbers, in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from hpcneq.maths.rational import zeros

from . import response
from .collective_modes import reach
from .gap_equations import Condensate
from .hydrodynamics import smallest_width

DEPTH = 0.25  # g: modes are sought above minus this
ROUGH, FINE = 0.4, 0.7  # panels: 1e-5, 1e-8 in M
SAMPLES = 24
HIGH = (2.0, 0.5, 9)  # of the imaginary axis: from, in g, to, in the reach of modes, points
LONGEST, SHORTEST = 0.4, 1.0  # of the momenta looked at: times g/v, in kF
STEP = 1.7  # between them
STILL = 1e-3  # g: slower modes stand still
TRIES = 6
WIDE, NARROW = 0.2, 0.04  # of ln q: points of a parabola about the maximum


@dataclass(frozen=True)
class Mode:
    """The mode that grows fastest, at its maximum over q: momentum and complex frequency."""

    q: float
    w: complex


def det(state: Condensate, q: float, w: complex, fine: float = FINE, part: str = "full") -> complex:
    """det M(q, w), complex."""
    return complex(np.linalg.det(response.matrices(state, q, [w], part, fine)[0]))


def dispersion(state: Condensate, q: float, part: str = "full", fine: float = ROUGH) -> float:
    """Real w > 0 where Re det M(q, w) first changes sign, the paper's Eq. (43).

    nan where it does not below twice the threshold of pairs.
    """
    x, _ = reach(state, q)
    w = np.geomspace(0.01 * state.g, 2 * x, 60)
    values = np.linalg.det(response.matrices(state, q, w, part, fine)).real
    flips = np.flatnonzero(values[1:] * values[:-1] < 0)
    if not len(flips):
        return np.nan
    low, high = w[flips[0]], w[flips[0] + 1]
    return float(brentq(lambda y: det(state, q, y, fine, part).real, low, high, rtol=1e-6))


def roots(
    state: Condensate,
    q: float,
    fine: float = ROUGH,
    part: str = "full",
    lines: Sequence[float] = (DEPTH,),
    low: float | None = None,
) -> list[complex]:
    """Zeros w of det M(q, .) with Re w >= 0, Im w > -``low`` g, fastest growing first.

    Polished on panels ``fine``. lines : Im w = -line g, each sampled; low : default the first of
    them. Below a line the approximant is continued downwards too: what it shows there is polished
    on M itself, hence a root, but roots next to the cut on Im w = -g may be missed.
    """
    g, modes = state.g, []
    low = lines[0] if low is None else low
    guesses = [
        *_at_rest(state, q, fine, part),
        *(z for line in lines for z in _of_approximant(state, q, fine, part, line, low)),
    ]
    for guess in guesses:
        z = root(state, q, complex(guess), fine, part=part)
        if z is None or not z.imag > -low * g:
            continue
        if all(min(abs(z - other), abs(z + np.conj(other))) > 1e-4 * g for other in modes):
            modes.append(complex(abs(z.real) if abs(z.real) > STILL * g else 0.0, z.imag))
    return sorted(modes, key=lambda z: -z.imag)


def _at_rest(state, q, fine, part):
    """[iy] next to which det M(q, iy), which is real, changes sign.

    Modes far above the lines on which the approximant is sampled.
    """
    y = np.geomspace(HIGH[0] * state.g, HIGH[1] * reach(state, q)[1], HIGH[2])
    f = np.linalg.det(response.matrices(state, q, 1j * y, part, fine)).real
    return [
        1j * (y[i] + (y[i + 1] - y[i]) * f[i] / (f[i] - f[i + 1]))
        for i in np.flatnonzero(f[1:] * f[:-1] < 0)
    ]


def _of_approximant(state, q, fine, part, line, low):
    """(n,) zeros of the approximant to det M on Im w = -line g with Im w > -low g, not polished."""
    g, (x, _) = state.g, reach(state, q)
    real = np.concatenate([np.linspace(0, g, 4)[:-1], np.geomspace(g, 1.4 * x, SAMPLES)])
    w = real - 1j * line * g
    f = np.linalg.det(response.matrices(state, q, w, part, fine)) / (w + 1j * g) ** 2
    both = np.concatenate([w, -np.conj(w[1:])]), np.concatenate([f, np.conj(f[1:])])
    z = zeros(*both, 1e-5, scale=g)
    return z[(z.imag > -low * g) & (np.abs(z) < 2 * x) & (z.real > -0.05 * g)]


def root(
    state: Condensate,
    q: float,
    w: complex,
    fine: float = FINE,
    steps: int = 20,
    part: str = "full",
) -> complex | None:
    """The zero of det M(q, .) next to w by secants.

    None if they leave the analytic half plane or do not settle.
    """
    g = state.g
    if w.imag <= -0.98 * g:
        return None
    old, f_old = w, det(state, q, w, fine, part)
    new = w + 0.01 * g * (1 + 0.5j)
    for _ in range(steps):
        if new.imag <= -0.995 * g:
            return None
        f = det(state, q, new, fine, part)
        if f == f_old or abs(new - old) < 1e-7 * (g + abs(new)):
            return new
        step = -f * (new - old) / (f - f_old)
        step *= min(1.0, (g + abs(new)) / abs(step))
        old, f_old = new, f
        new = new + step
    return None


def momenta(state: Condensate) -> np.ndarray:
    """Momenta looked at, ascending."""
    low = LONGEST * smallest_width(state)
    return np.geomspace(low, SHORTEST, int(np.ceil(np.log(SHORTEST / low) / np.log(STEP))) + 1)


def fastest(
    state: Condensate,
    q: np.ndarray | None = None,
    fine: float = ROUGH,
    oscillating: bool = False,
) -> Mode | None:
    """The Mode with the largest growth rate at finite q, also where that is slightly negative.

    q : momenta looked at, ascending. oscillating : only modes with Re w != 0. None where all decay
    faster the larger q.
    """
    q = momenta(state) if q is None else q
    modes = [[w for w in roots(state, k, fine) if w.real > 0 or not oscillating] for k in q]
    rate = np.array([-np.inf, *(row[0].imag if row else -np.inf for row in modes), -np.inf])
    peaks = [
        i
        for i in range(len(q))
        if np.isfinite(rate[i + 1])
        and rate[i + 1] >= rate[i]
        and rate[i + 1] > rate[i + 2]
        and (i > 0 or rate[1] > 0 or oscillating)
    ]
    if not peaks:
        return None
    best = max(peaks, key=lambda i: rate[i + 1])
    return summit(state, Mode(q[best], modes[best][0]))


def summit(state: Condensate, near: Mode, fine: float = FINE) -> Mode | None:
    """The Mode at the maximum of Im w over q next to ``near``; None if it is lost.

    By parabolas through three momenta, the last a narrow one.
    """
    mode = near
    for _ in range(TRIES):
        mode, shift = _parabola(state, mode, WIDE, fine)
        if shift is None:
            return mode
        if abs(shift) < 0.6:
            break
    return _parabola(state, mode, NARROW, fine)[0]


def nearer(state: Condensate, near: Mode, fine: float = ROUGH) -> Mode | None:
    """A Mode nearer to the maximum of Im w over q than ``near``: one parabola; None if lost."""
    return _parabola(state, near, WIDE, fine)[0]


def _parabola(state, near, spread, fine):
    """(Mode at the top of the parabola through three momenta, its shift in units of ``spread``).

    (None, None) if the root is lost. Where a mode beside it is of the other kind, at rest or not,
    or lost, the shift is a step towards the one of its kind if that grows faster; else it is None:
    the top is a kink.
    """
    middle = root(state, near.q, near.w, fine)
    if middle is None:
        return None, None
    sides = [root(state, near.q * np.exp(s * spread), middle, fine) for s in (-1, 1)]
    alike = [w is not None and _moves(w, state.g) == _moves(middle, state.g) for w in sides]
    if not all(alike):
        for w, same, step in zip(sides, alike, (-1, 1)):
            if same and w.imag > middle.imag:
                return _moved(near, w, step, spread), float(step)
        return _moved(near, middle, 0, spread), None
    down, up = (w.imag for w in sides)
    bend = up + down - 2 * middle.imag
    shift = 0.5 * (down - up) / bend if bend < 0 else 2.0 * np.sign(up - down)
    shift = float(np.clip(shift, -1.5, 1.5))
    w = sides[shift > 0]
    if abs(shift) <= 1:
        slope, curvature = sides[1] - sides[0], sides[1] + sides[0] - 2 * middle
        w = middle + 0.5 * shift * slope + 0.5 * shift**2 * curvature
    return _moved(near, w, shift, spread), shift


def _moves(w, g):
    """Whether a mode oscillates."""
    return abs(w.real) > STILL * g


def _moved(near, w, shift, spread):
    """The Mode of frequency w at a momentum ``shift`` steps of ``spread`` from ``near``."""
    return Mode(near.q * float(np.exp(shift * spread)), complex(abs(w.real), w.imag))
