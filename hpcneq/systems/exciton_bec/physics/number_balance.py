"""A steady state as the problem a distributed Newton solver takes, its errors, its carriers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from hpcneq.maths.fermi import broadened_fermi

from . import frequency_integrals
from .gap_equations import NUMBER, Condensate, Drive, integrands, residual
from .pair_grid import panels
from .radial_grid import grid

ROUNDING = 5e-15  # of a sum, relative to the sum of its terms' sizes
NUDGE = 1e-6  # relative, of a state, where derivatives are taken


class Balance:
    """Gap and number equation around a seed; items are momenta.

    Unknowns (ln delta, mu, ln mt), or (ln delta, mu) at rest. The grid is that of the seed, so that
    nothing jumps while Newton moves; it is as fine as the drive says.
    """

    def __init__(self, seed: Condensate):
        self.seed, self.drive = seed, seed.drive
        self.rest = seed.mt == 0
        self.p, self.weight = grid(seed.delta, seed.mu, seed.mt, seed.g, seed.p_c, self.drive.fine)
        self.items = len(self.p)

    def start(self) -> np.ndarray:
        """The unknowns of the seed."""
        seed = self.seed
        unknowns = [np.log(seed.delta), seed.mu]
        if not self.rest:
            unknowns.append(np.log(seed.mt))
        return np.array(unknowns)

    def _place(self, x):
        """(delta, mu, mt) of the unknowns."""
        return np.exp(x[0]), x[1], 0.0 if self.rest else np.exp(x[2])

    def prepare(self, x: np.ndarray, part: range) -> np.ndarray:
        """Rows (len(part), 3) of this rank's momenta."""
        mine = slice(part.start, part.stop)
        rows = integrands(self.p[mine], *self._place(x), self.drive)
        return (rows * self.weight[mine]).T

    def partials(self, prepared: np.ndarray) -> np.ndarray:
        """The rows as they are."""
        return prepared

    def residual(self, x: np.ndarray, sums: np.ndarray) -> np.ndarray:
        """Gap (real, imaginary) and number equation; at rest the imaginary one holds by itself."""
        whole = np.array([sums[0] + 0.25 * np.pi * self.drive.inv, sums[1], sums[2] - NUMBER])
        return whole[[0, 2]] if self.rest else whole

    def state(self, x: np.ndarray, left: float) -> Condensate:
        """The `Condensate` of a root; ``left`` : its residual."""
        return Condensate(*map(float, self._place(x)), self.drive, float(left))


def errors(state: Condensate) -> dict[str, float]:
    """{delta, mu, mt, mu_b: error} of a state, from its `shifts`."""
    moved = shifts(state)
    delta, mu, mt = np.abs(moved).sum(axis=0)
    mu_b = np.abs(moved[:, 1] + moved[:, 2]).sum()
    return {"delta": float(delta), "mu": float(mu), "mt": float(mt), "mu_b": float(mu_b)}


def shifts(state: Condensate) -> np.ndarray:
    """What may move (delta, mu, mt) of a state, (n, 3): twice each of

    a Newton step on a grid of half the panel length, one by the residual, one by the rounding of
    each equation.
    """
    x = np.array([state.delta, state.mu, state.mt])
    fine = replace(state.drive, fine=2 * state.drive.fine)
    rest = state.mt == 0
    rows, columns = ([0, 2], [0, 1]) if rest else ([0, 1, 2], [0, 1, 2])
    slope = np.stack([_slope(lambda y: residual(*y, state.drive), x, k) for k in range(3)], axis=1)
    inverse = np.zeros((3, 3))
    inverse[np.ix_(columns, rows)] = np.linalg.inv(slope[np.ix_(rows, columns)])
    left = [residual(*x, drive) for drive in (fine, state.drive)]
    return 2 * np.array([*left, *np.diag(_rounding(state))]) @ inverse.T


def _slope(function, x, k):
    """Derivative of function(x) in x[k], by central differences."""
    e = np.zeros(len(x))
    e[k] = NUDGE * max(abs(x[k]), 1e-3 * x[0])
    return (function(x + e) - function(x - e)) / (2 * e[k])


def _rounding(state):
    """(3,) rounding of gap (real, imaginary) and number equation: the imaginary one is small."""
    p, weight = grid(state.delta, state.mu, state.mt, state.g, state.p_c, state.drive.fine)
    terms = integrands(p, state.delta, state.mu, state.mt, state.drive)
    return ROUNDING * (np.abs(terms) @ weight)


def through_state(quantity: Callable[[Condensate], ArrayLike], state: Condensate) -> np.ndarray:
    """What the errors of a state do to quantity(state), a number or an array."""
    x = np.array([state.delta, state.mu, state.mt])

    def value(y: np.ndarray) -> np.ndarray:
        return np.asarray(quantity(replace(state, delta=y[0], mu=y[1], mt=y[2])))

    slopes = np.stack([_slope(value, x, k) for k in range(3 if state.mt else 2)])
    moved = np.tensordot(shifts(state)[:, : len(slopes)], slopes, axes=1)
    return np.abs(moved).sum(axis=0)


def fraction(state: Condensate) -> float:
    """Condensed pairs over all pairs, sum_p |<h e>_p|^2 / sum_p n_p with <h e>_p = delta G(p).

    Goes to 1 in the BEC limit, at rest.
    """
    p, weight = grid(state.delta, state.mu, state.mt, state.g, state.p_c, state.drive.fine)
    real, imaginary = frequency_integrals.pair_function(
        p**2 - state.mu, state.delta, state.mt, state.gb, state.gv, state.T
    )
    return float(state.delta**2 * (weight @ (p**2 * (real**2 + imaginary**2))) / NUMBER)


def normal_mu_b(drive: Drive) -> float:
    """mu_b of the normal state, n_p = (gb/g) F1(p^2 - mu_b), at the same number; nan if none."""

    def count(mu_b):
        p, weight = grid(0.0, mu_b, 0.0, drive.g, drive.p_c, drive.fine)
        tail = drive.gb / np.pi if drive.number == "subtracted" else 0.0
        filled = broadened_fermi(p**2 - mu_b, drive.g, drive.T)
        return weight @ (p**2 * drive.gb / drive.g * filled - tail) - NUMBER

    low, high = -1.0, 2.0 * (1 + drive.ratio)
    while count(low) > 0 and low > -1e6:
        low *= 4
    while count(high) < 0 and high < 1e6:
        high *= 2
    if count(low) * count(high) < 0:
        return float(brentq(count, low, high, xtol=1e-13))
    return np.nan


def static_coefficients(state: Condensate, far: float = 1e4) -> dict[str, float]:
    """{alpha11, alpha21}: M(0, 0) of the amplitude, in kF^3/eF; Hanai et al. (2017), Eq. (45).

    M11(0,0) = -2 delta d/d(delta) sum_p Re G, M21(0,0) = +2 delta d/d(delta) sum_p Im G at fixed mu
    and mt: a uniform static change of the amplitude moves the gap equation. The sum goes on to
    p = ``far``.
    """
    p, weight = grid(state.delta, state.mu, state.mt, state.g, far, state.drive.fine)
    at = (p**2 - state.mu, state.delta, state.mt, state.gb, state.gv, state.T)
    slope = np.stack(frequency_integrals.pair_slope(*at))
    total = slope @ (weight * p**2) / (2 * np.pi**2)
    return {
        "alpha11": float(-2 * state.delta * total[0]),
        "alpha21": float(2 * state.delta * total[1]),
    }


def upper_share(state: Condensate) -> float:
    """Carriers in the upper branch (w > 0) over all: sum_p int_{w>0} dw/2pi L / sum_p n_p.

    At T_b = 0 in closed form, needs mt >= 0. Beyond a few gaps each level's Lorentzian tail reaches
    across w = 0; at exact equilibrium (gv = 0) the share is 0 nevertheless.
    """
    p, weight = grid(state.delta, state.mu, state.mt, state.g, state.p_c, state.drive.fine)
    at = (p**2 - state.mu, state.delta, state.mt, state.gb, state.gv)
    if state.T > 0:
        upper = warm_upper_occupation(p, state)
    else:
        upper = frequency_integrals.upper_occupation(*at)
    everywhere = weight @ (p**2 * frequency_integrals.occupation(*at, state.T))
    return max(0.0, float(weight @ (p**2 * upper) / everywhere))


def warm_upper_occupation(p: np.ndarray, state: Condensate) -> np.ndarray:
    """int_{w>0} dw/2pi L(p, w) at T_b > 0, p (n,).

    Panels about the level and the poles of the bath's Fermi function.
    """
    E = frequency_integrals.energy(p**2 - state.mu, state.delta)
    poles = [np.full_like(E, s * state.mt) + 1j * np.pi * state.T for s in (1, -1)]
    places = np.stack([E + 1j * state.g, *poles], axis=1)
    end = 1e3 * (E + abs(state.mt) + state.T)
    w, share = panels(np.zeros_like(E), end, places, 8, state.drive.fine)
    at = (state.delta, state.mu, state.mt, state.gb, state.gv, state.T)
    L = frequency_integrals.spectrum(p[:, None], w, *at)
    return (share * L).sum(axis=1) / (2 * np.pi)
