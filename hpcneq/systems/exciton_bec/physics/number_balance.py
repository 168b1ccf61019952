"""A steady state as the problem a distributed Newton solver takes, its errors, and what it carries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from hpcneq.maths.fermi import broadened_fermi

from . import frequency_integrals as kernels
from .pair_grid import panels
from .radial_grid import grid
from .steady_states import NUMBER, State, integrands, residual

ROUNDING = 1e-13


class Balance:
    """Gap and number equation around a seed: unknowns (ln delta, mu, ln mt), or (ln delta, mu) at rest; items are momenta.

    The grid is that of the seed, so that nothing jumps while Newton moves; it is as fine as the drive says.
    """

    def __init__(self, seed):
        self.seed, self.drive = seed, seed.drive
        self.rest = seed.mt == 0
        self.p, self.weight = grid(seed.delta, seed.mu, seed.mt, seed.g, seed.p_c, self.drive.fine)
        self.items = len(self.p)

    def start(self):
        """The unknowns of the seed."""
        s = self.seed
        return np.array([np.log(s.delta), s.mu] + ([] if self.rest else [np.log(s.mt)]))

    def prepare(self, x, part):
        """Rows (len(part), 3) of this rank's momenta."""
        mine = slice(part.start, part.stop)
        return (
            integrands(
                self.p[mine], np.exp(x[0]), x[1], 0.0 if self.rest else np.exp(x[2]), self.drive
            )
            * self.weight[mine]
        ).T

    def partials(self, prepared):
        """The rows as they are."""
        return prepared

    def residual(self, x, sums):
        """Gap (real, imaginary) and number equation; at rest the imaginary one holds by itself."""
        whole = np.array([sums[0] + 0.25 * np.pi * self.drive.inv, sums[1], sums[2] - NUMBER])
        return whole[[0, 2]] if self.rest else whole

    def state(self, x, left):
        """The State of a root."""
        return State(
            float(np.exp(x[0])),
            float(x[1]),
            0.0 if self.rest else float(np.exp(x[2])),
            self.drive,
            float(left),
        )


def errors(state):
    """{delta, mu, mt, mu_b: error} : a Newton step on a grid of half the panel length, the residual through the inverse slope, rounding."""
    x = np.array([state.delta, state.mu, state.mt])
    fine = replace(state.drive, fine=2 * state.drive.fine)
    rest = state.mt == 0
    rows, keep = ([0, 2], [0, 1]) if rest else ([0, 1, 2], [0, 1, 2])
    slope = np.empty((3, 3))
    for k in range(3):
        e = np.zeros(3)
        e[k] = 1e-6 * max(abs(x[k]), 1e-3 * state.delta)
        slope[:, k] = (residual(*(x + e), state.drive) - residual(*(x - e), state.drive)) / (
            2 * e[k]
        )
    inverse = np.linalg.inv(slope[np.ix_(rows, keep)])
    moved = (
        np.abs(inverse @ residual(*x, fine)[rows])
        + np.abs(inverse) @ np.full(len(rows), ROUNDING)
        + np.abs(inverse @ residual(*x, state.drive)[rows])
    )
    found = np.zeros(3)
    found[keep] = 2 * moved
    return {
        "delta": float(found[0]),
        "mu": float(found[1]),
        "mt": float(found[2]),
        "mu_b": float(found[1] + found[2]),
    }


def fraction(state):
    """Condensed pairs over all pairs: sum_p |<h e>_p|^2 / sum_p n_p with <h e>_p = delta G(p); -> 1 in the BEC limit, at rest."""
    p, weight = grid(state.delta, state.mu, state.mt, state.g, state.p_c, state.drive.fine)
    real, imaginary = kernels.pair_function(
        p**2 - state.mu, state.delta, state.mt, state.gb, state.gv, state.T
    )
    return float(state.delta**2 * (weight @ (p**2 * (real**2 + imaginary**2))) / NUMBER)


def normal_mu_b(drive):
    """mu_b of the normal state, n_p = (gb/g) F1(p^2 - mu_b), at the same number."""

    def count(mu_b):
        p, weight = grid(0.0, mu_b, 0.0, drive.g, drive.p_c, drive.fine)
        tail = drive.gb / np.pi if drive.number == "subtracted" else 0.0
        return (
            weight
            @ (p**2 * drive.gb / drive.g * broadened_fermi(p**2 - mu_b, drive.g, drive.T) - tail)
            - NUMBER
        )

    low, high = -1.0, 2.0 * (1 + drive.ratio)
    while count(low) > 0 and low > -1e6:
        low *= 4
    while count(high) < 0 and high < 1e6:
        high *= 2
    return float(brentq(count, low, high, xtol=1e-13)) if count(low) * count(high) < 0 else np.nan


def static_coefficients(state, far=1e4):
    """{alpha11, alpha21} : M(0, 0) of the amplitude; Hanai et al. (2018), Eq. (45).

    M11(0,0) = -2 delta d/d(delta) sum_p Re G, M21(0,0) = +2 delta d/d(delta) sum_p Im G at fixed mu and mt: a uniform static change of
    the amplitude moves the gap equation. The sum goes on to p = ``far``. In kF^3/eF.
    """
    p, weight = grid(state.delta, state.mu, state.mt, state.g, far, state.drive.fine)
    slope = np.stack(
        kernels.pair_slope(p**2 - state.mu, state.delta, state.mt, state.gb, state.gv, state.T)
    )
    total = slope @ (weight * p**2) / (2 * np.pi**2)
    return {
        "alpha11": float(-2 * state.delta * total[0]),
        "alpha21": float(2 * state.delta * total[1]),
    }


def upper_share(state):
    """Carriers in the upper branch (w > 0) over all: sum_p int_{w>0} dw/2pi L / sum_p n_p. At T_b = 0 in closed form, needs mt >= 0.

    Beyond a few gaps each level's Lorentzian tail reaches across w = 0; at exact equilibrium (gv = 0) the share is 0 nevertheless.
    """
    p, weight = grid(state.delta, state.mu, state.mt, state.g, state.p_c, state.drive.fine)
    upper = (
        warm_upper_occupation(p, state)
        if state.T > 0
        else kernels.upper_occupation(p**2 - state.mu, state.delta, state.mt, state.gb, state.gv)
    )
    return max(
        0.0,
        float(
            weight
            @ (p**2 * upper)
            / (
                weight
                @ (
                    p**2
                    * kernels.occupation(
                        p**2 - state.mu, state.delta, state.mt, state.gb, state.gv, state.T
                    )
                )
            )
        ),
    )


def warm_upper_occupation(p, state):
    """int_{w>0} dw/2pi L(p, w) at T_b > 0, p (n,): panels about the level and the poles of the bath's Fermi function."""
    E = kernels.energy(p**2 - state.mu, state.delta)
    places = np.stack(
        [
            E + 1j * state.g,
            *(np.full_like(E, s * state.mt) + 1j * np.pi * state.T for s in (1, -1)),
        ],
        axis=1,
    )
    w, share = panels(
        np.zeros_like(E), 1e3 * (E + abs(state.mt) + state.T), places, 8, state.drive.fine
    )
    L = kernels.spectrum(
        p[:, None], w, state.delta, state.mu, state.mt, state.gb, state.gv, state.T
    )
    return (share * L).sum(axis=1) / (2 * np.pi)
