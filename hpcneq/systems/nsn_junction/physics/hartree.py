"""Self-consistent density and magnetization of uniform states: the Hartree shifts of the levels.

The attraction -U (n_up - 1/2)(n_down - 1/2) shifts the levels of one spin by -U times the other's
density less 1/2. With density n and magnetization m this is a chemical potential and a field

    mu_H = mu + U (n - 1)/2,        h_H = h - U m/2

of the band, while the leads stay where they are. n and m are those of the state with order
parameter D, so that every function of D, mu and h of :mod:`.uniform_states` turns into one of D
alone, F_H(D) = F(D; mu_H, h_H). For mirrored leads, with s_l = h - v_l and the sums S, B of
:mod:`.currents`, n - 1 = -sum_l g_l B(s_l), m = -sum_l g_l S(s_l)/2; everything is analytic in D^2,
and so are its derivatives, by the implicit functions n(D^2), m(D^2).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ....errors import NotConverged
from ....maths import lattice, matsubara
from .grids import Grid, Infinite
from .operating_point import Point, require_mirrored

MOST = 60  # steps of Newton's method
ACCURATE = 1e-13
SUFFICIENT = 1e-11  # where rounding allows no more
LONGEST = 0.5  # step of n and m


@dataclass(frozen=True)
class Responses:
    """F, n - 1, m (3, k) and their derivatives in D^2, mu, h and eV at fixed shifts, (4, 3, k)."""

    values: np.ndarray
    slopes: np.ndarray


def dressed(D: float, point: Point, grid: Grid) -> Point:
    """The point without Hartree terms whose state of the order parameter D is the same."""
    shifts = densities(np.array([float(D) ** 2]), point, grid)[:, 0]
    return shifted(point, *shifts)


def shifted(point: Point, excess: float, magnetization: float) -> Point:
    """The point without Hartree terms for a given n - 1 and m."""
    by_charge = 0.5 * point.U * float(excess)
    leads = point.leads
    if leads:
        leads = tuple(dataclasses.replace(lead, mu=lead.mu + by_charge) for lead in leads)
    return point.at(
        hartree=False,
        mu=point.mu + by_charge,
        h=point.h - 0.5 * point.U * float(magnetization),
        leads=leads,
    )


def densities(square: np.ndarray, point: Point, grid: Grid) -> np.ndarray:
    """(n - 1, m) (2, k) of states with D^2 = ``square`` (k,), by Newton's method from (0, 0).

    Raises NotConverged, as where the density jumps.
    """
    return _solved(tuple(map(float, square)), point, grid)[0]


@lru_cache(maxsize=2048)
def _solved(square: tuple[float, ...], point: Point, grid: Grid) -> tuple[np.ndarray, Responses]:
    """(n - 1, m) and the responses there."""
    require_mirrored(point, "Hartree shifts")
    x = np.zeros((2, len(square)))
    for _ in range(MOST):
        state = responses(np.array(square), x, point, grid)
        rest = state.values[1:] - x
        if np.abs(rest).max(initial=0.0) < ACCURATE:
            return x, state
        change = np.linalg.solve(_closed(state, point), rest.T[..., None])[..., 0].T
        x = x + np.clip(change, -LONGEST, LONGEST)
    worst = float(np.abs(rest).max())
    if worst < SUFFICIENT:
        return x, state
    raise NotConverged(
        f"hartree: density and magnetization are self-consistent to {worst:.1e} only, at mu = "
        f"{point.mu:g}, h = {point.h:g}, eV = {point.eV:g}; the density may jump there"
    )


def _closed(state: Responses, point: Point) -> np.ndarray:
    """1 - d(n, m of the shifted levels)/d(n, m), (k, 2, 2)."""
    by_mu, by_h = state.slopes[1, 1:], state.slopes[2, 1:]
    fed = 0.5 * point.U * np.stack([by_mu, -by_h], axis=1)  # (2 of n, m; 2 that they depend on; k)
    return np.eye(2) - fed.transpose(2, 0, 1)


def gap_sum(square: np.ndarray, point: Point, grid: Grid) -> np.ndarray:
    """F_H (k,) of states with D^2 = ``square`` (k,)."""
    return _solved(tuple(map(float, square)), point, grid)[1].values[0]


def total_slopes(
    square: np.ndarray, point: Point, grid: Grid
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(F_H, dF_H/d(D^2), dF_H/d(eV)), each (k,), with n and m following."""
    _, state = _solved(tuple(map(float, square)), point, grid)
    matrix, slopes = _closed(state, point), []
    for which in (0, 3):
        follow = np.linalg.solve(matrix, state.slopes[which, 1:].T[..., None])[..., 0].T
        by_shifts = state.slopes[1, 0] * follow[0] - state.slopes[2, 0] * follow[1]
        slopes.append(state.slopes[which, 0] + 0.5 * point.U * by_shifts)
    return state.values[0], *slopes


def double_counting(point: Point, excess: np.ndarray, magnetization: np.ndarray) -> np.ndarray:
    """U [(n - 1)^2 - m^2]/4 per site: what the shifted levels count twice."""
    return 0.25 * point.U * (excess**2 - magnetization**2)


def responses(square: np.ndarray, x: np.ndarray, point: Point, grid: Grid) -> Responses:
    """F, n - 1, m of levels shifted by x = (n - 1, m) (2, k), and their derivatives."""
    mu, h = point.mu + 0.5 * point.U * x[0], point.h - 0.5 * point.U * x[1]
    values, slopes = np.zeros((3, len(square))), np.zeros((4, 3, len(square)))
    for (share, T, v), lead in zip(point.terms(), point.baths):
        scale = lattice.BANDWIDTH + abs(point.mu) + abs(point.h) + abs(v) + 1.5 * point.U
        y, w = matsubara.nodes(T, point.width, 8.0 * np.ceil(scale / 8))
        c = (h - v)[:, None] + 1j * y
        zeta = np.sqrt(c * c - square[:, None])
        R, S, M, dM = _sums(zeta, mu, grid)
        # per lead: F = 2 g R, n - 1 = -4 g M, m = -4 g c R, each summed over w
        Z = dM / zeta
        parts = {
            "value": (R, -2 * M, -2 * c * R),
            "square": (-0.5 * S, Z, c * S),
            "mu": (Z, -2 * (R + zeta**2 * S), -2 * c * Z),
            "s": (c * S, -2 * c * Z, -2 * (R + c * c * S)),
        }
        sums = {
            name: 2 * share * np.array([term.real @ w for term in terms])
            for name, terms in parts.items()
        }
        values += sums["value"]
        slopes[0] += sums["square"]
        slopes[1] += sums["mu"]
        slopes[2] += sums["s"]
        slopes[3] -= 0.5 * lead.sign * sums["s"]
    return Responses(values, slopes)


def _sums(zeta: np.ndarray, mu: np.ndarray, grid: Grid) -> tuple[np.ndarray, ...]:
    """<1/(xi^2 - zeta^2)>, its derivative over zeta, <xi/(xi^2 - zeta^2)>, its derivative in zeta.

    zeta : (k, n), mu : (k,).
    """
    if isinstance(grid, Infinite):
        up, dup = lattice.square_green(mu[:, None] + zeta)
        down, ddown = -up, dup  # particle-hole symmetry
        if np.any(mu):
            down, ddown = lattice.square_green(mu[:, None] - zeta)
        R = (down - up) / (2 * zeta)
        slope = -(R / zeta + (ddown + dup) / (2 * zeta)) / zeta
        return R, slope, -0.5 * (up + down), -0.5 * (dup - ddown)
    eps, weight = grid.levels()
    out = np.empty((4, *zeta.shape), complex)
    for k, row in enumerate(zeta):
        xi = eps - mu[k]
        part = 1 / (xi * xi - row[:, None] ** 2)
        out[0, k], out[1, k] = part @ weight, 2 * (part * part) @ weight
        out[2, k] = part @ (weight * xi)
        out[3, k] = 2 * row * ((part * part) @ (weight * xi))
    return tuple(out)


def coupled(point: Point, grid: Grid) -> Callable[[np.ndarray], np.ndarray]:
    """D = U D F, n and m of themselves: the equations of (D, n - 1, m), for Newton's method."""

    def equations(u: np.ndarray) -> np.ndarray:
        state = responses(np.array([u[0] ** 2]), u[1:, None], point, grid)
        F, excess, m = state.values[:, 0]
        return np.array([u[0] * (1 - point.U * F), u[1] - excess, u[2] - m])

    return equations
