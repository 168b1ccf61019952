"""Particle currents, density and magnetization of a uniform steady state, by frequency sums.

Kawamura and Ohashi (2025), Eqs. (33), (34), (45), (58), (59), with each lead's own distribution
kept. The hole component of a lead has its Fermi edge at minus the lead's shift v_l, so that per
site lead l brings in

    I_l = 2 gamma_l { [F1(H - h - v_l)]_11 - [F1(H - h + v_l)]_22 - F_11 + F_22 },   F1 the
    broadened Fermi function,

where F is the state's own distribution. For two mirrored leads I_L = gamma Tr[F_+(H) - F_-(H)] =
(gamma/2) [S(h - v) - S(h + v)]. With E = sqrt(xi^2 + D^2) everything follows from two means over
the lattice,

    S(s) = <Th(E - s) + Th(-E - s)>,        B(s) = <(xi/2E) [Th(E - s) - Th(-E - s)]>,
    [F1(H - s)]_11 = 1/2 - S/4 - B/2,       [F1(H - s)]_22 = 1/2 - S/4 + B/2,

with Th = 4 sum_n w_n Re 1/(x - i y_n): sums over lattice Green functions, as in
:mod:`.uniform_states`.
"""

from __future__ import annotations

import numpy as np

from ....errors import InputError
from ....maths import lattice, matsubara
from . import hartree
from .grids import Grid, Infinite
from .operating_point import Point

NUDGE = np.array([-2, -1, 1, 2]) * 2e-4
SLOPE = np.array([1, -8, 8, -1]) / 24e-4  # fourth-order difference of values at the nudges


def _means(D: float, s: float, T: float, point: Point, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """(S, dS/ds, dS/dD) and (B, dB/ds, dB/dD) at the shift s."""
    scale = 8.0 * np.ceil((lattice.BANDWIDTH + abs(point.mu) + 0.5 * point.U + abs(s)) / 8)
    y, w = matsubara.nodes(T, point.width, scale)
    c = s + 1j * y
    zeta = np.sqrt(c * c - D * D)
    R, slope = grid.resolvent(zeta, point.mu)
    pairs = 4 * np.array(
        [(2 * c * R).real @ w, (2 * R + 2 * c * c * slope).real @ w, (-2 * c * D * slope).real @ w]
    )
    # particle-hole symmetry; a finite lattice of odd length has none
    if point.mu == 0 and isinstance(grid, Infinite):
        return pairs, np.zeros(3)
    M, dM = _moment(zeta, point.mu, grid)
    return pairs, 4 * np.array([M.real @ w, (dM * c / zeta).real @ w, (-dM * D / zeta).real @ w])


def _moment(zeta, mu, grid):
    """<xi/(xi^2 - zeta^2)> and its derivative in zeta."""
    if isinstance(grid, Infinite):
        (up, dup), (down, ddown) = lattice.square_green(mu + zeta), lattice.square_green(mu - zeta)
        return -0.5 * (up + down), -0.5 * (dup - ddown)
    eps, weight = grid.levels()
    xi = eps - mu
    part = 1 / (xi * xi - zeta[:, None] ** 2)
    return part @ (weight * xi), (2 * zeta[:, None] * part * part) @ (weight * xi)


def _entries(D, s, T, point, grid):
    """[F1(H - s)]_11 and _22 with their derivatives in s and D: two arrays (3,)."""
    S, B = _means(D, s, T, point, grid)
    half = np.array([0.5, 0.0, 0.0])
    return half - 0.25 * S - 0.5 * B, half - 0.25 * S + 0.5 * B


def transport(D: float, point: Point, grid: Grid) -> dict:
    """What a state carries: density, magnetization, current_left, current_right, derivatives.

    D : order parameter >= 0, a number; > 0 needs mirrored leads (InputError). Per site; the
    currents are into the system. ``by_eV`` and ``by_delta`` : derivatives of (current_left,
    current_right) in eV and D, each (2,). D = 0: any leads.
    """
    if D > 0 and not point.mirrored:
        raise InputError(
            "currents of a condensate: only for leads that mirror each other; with others it turns"
        )
    if point.hartree:
        return _with_shifts(D, point, grid)
    up = down = 0.0
    own, couplings = [], []
    for (share, T, v), lead in zip(point.terms(), point.baths):
        electron, _ = _entries(D, point.h + v, T, point, grid)
        _, hole = _entries(D, point.h - v, T, point, grid)
        per_bias = np.array([1.0, 0.5 * lead.sign, 1.0])  # d/ds -> d/d(eV)
        first, second = electron * per_bias, hole * per_bias * [1, -1, 1]
        up, down = up + share * first, down + share * second
        own.append(2 * lead.gamma * (first - second))
        couplings.append(2 * lead.gamma)
    left, right = (mine - gamma * (up - down) for mine, gamma in zip(own, couplings))
    return {
        "density": float(1 + up[0] - down[0]),
        "magnetization": float(up[0] + down[0] - 1),
        "current_left": float(left[0]),
        "current_right": float(right[0]),
        "by_eV": np.array([left[1], right[1]]),
        "by_delta": np.array([left[2], right[2]]),
    }


def _with_shifts(D: float, point: Point, grid: Grid) -> dict:
    """`transport` where density and magnetization shift the levels; derivatives by differences."""

    def state(D: float, point: Point) -> dict:
        return transport(D, hartree.dressed(D, point, grid), grid)

    def currents(D: float, point: Point) -> np.ndarray:
        numbers = state(D, point)
        return np.array([numbers["current_left"], numbers["current_right"]])

    by_eV = SLOPE @ np.array([currents(D, point.at(eV=point.eV + x)) for x in NUDGE])
    by_delta = SLOPE @ np.array([currents(abs(D + x), point) for x in NUDGE])
    return state(D, point) | {"by_eV": by_eV, "by_delta": by_delta}
