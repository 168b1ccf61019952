"""Roots of the gap equation F(D) = 1/U of one point, Eq. (47) of Kawamura and Ohashi (2025).

D is the order parameter of a uniform state, in units of the hopping.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from .operating_point import Point
from .uniform_states import Grid, Infinite, gap_slopes, gap_sum, static_terms


def scan(point: Point, grid: Grid) -> np.ndarray:
    """The order parameters (n,) at which `roots` looks for changes of sign, from 0 to U/2.

    Above U/2 F < 1/U. F bends within the smoothing G + pi T of the quasiparticle edges: on the
    infinite lattice only where D passes |s_l|; steps of U/128, and of a third of the smoothing
    there. On a finite one it bends anywhere: steps of U/400 or a third of the smoothing throughout
    (4000 steps at most).
    """
    top = 0.5 * point.U * 1.001
    smooth = point.width + np.pi * min(T for _, T, _ in static_terms(point))
    if isinstance(grid, Infinite):
        steps, fine = 64, 25
    else:
        steps, fine = int(np.clip(3 * top / smooth, 200, 4000)), 41
    grids = [np.linspace(0.0, top, steps + 1)]
    if point.hartree:  # D passes |s| at a field of its own
        grids = [np.linspace(0.0, top, 4 * steps + 1)]
    grids += [s + smooth * np.linspace(-4, 4, fine) for _, _, s in static_terms(point)]
    D = np.unique(np.concatenate(grids))
    return D[(D >= 0) & (D <= top)]


def roots(point: Point, grid: Grid) -> np.ndarray:
    """Every D > 0 with F(D) = 1/U, ascending (n,), relative error 1e-12.

    Besides changes of sign between the points of `scan`, extrema between them are followed to see
    whether they touch 1/U: two roots are missed only if another pair of extrema lies in the same
    step.
    """

    def excess(D: float) -> float:
        return float(gap_sum(D, point, grid)) - 1 / point.U

    def slope(D: float) -> float:
        return float(gap_slopes(D, point, grid)[1])

    D = scan(point, grid)
    F, dF, _ = gap_slopes(D, point, grid)
    F, crossed = F - 1 / point.U, []
    for i in range(len(D) - 1):
        if F[i] * F[i + 1] < 0:
            crossed.append(brentq(excess, D[i], D[i + 1], xtol=1e-13))
        elif dF[i] * dF[i + 1] < 0:
            top = brentq(slope, D[i], D[i + 1])
            if excess(top) * F[i] < 0:
                crossed.append(brentq(excess, D[i], top, xtol=1e-13))
                crossed.append(brentq(excess, top, D[i + 1], xtol=1e-13))
    return np.array([_polished(d, point, grid) for d in crossed])


def _polished(D: float, point: Point, grid: Grid) -> float:
    """One Newton step, kept unless the root is a fold."""
    F, dF, _ = gap_slopes(D, point, grid)
    step = (1 / point.U - F) / dF if dF != 0 else 0.0
    return float(D + step) if abs(step) < 1e-6 * D else float(D)


def downhill_roots(point: Point, grid: Grid) -> list[float]:
    """The roots with dF/dD < 0, ascending."""
    return [D for D in roots(point, grid) if gap_slopes(D, point, grid)[1] < 0]


def nearest_root(D: float, point: Point, grid: Grid) -> float | None:
    """The root with dF/dD < 0 next to D by Newton's method, or None."""
    for _ in range(8):
        F, dF, _ = gap_slopes(D, point, grid)
        if not dF < 0:
            return None
        change = (1 / point.U - F) / dF
        D = float(D + change)
        if not 1e-6 < D < point.U:
            return None
        if abs(change) < 1e-11:
            return D
    return None
