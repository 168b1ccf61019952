"""Uniform condensates between leads that do not mirror each other: their phase rotates.

Both the rate and the gap are unknowns. In the frame that turns with Delta(t) = D e^(-2 i m t) (m
the condensate's chemical potential, at which its pairs enter and leave) the state is stationary:
band energies and the leads' Fermi levels are measured from m, and the gap equation is complex,

    1/U - F(D, m) = 0,

the first row of the response matrix times (1, -1) at zero frequency (:mod:`.response`); for
mirrored leads m = mu, F is real and this is Eq. (47) of Kawamura and Ohashi (2025).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .grids import Grid
from .operating_point import Point
from .response import UniformResponse


def frame(point: Point, m: float) -> Point:
    """The Point seen from the frame of chemical potential m; the leads stay where they are."""
    return point.at(mu=float(m), leads=point.baths)


def force(D: float, m: float, point: Point, grid: Grid) -> complex:
    """U (1/U - F(D, m)), complex."""
    return point.U * UniformResponse(abs(float(D)), frame(point, m), grid).phase_force()


def equations(point: Point, grid: Grid) -> Callable[[np.ndarray], np.ndarray]:
    """Real and imaginary part of the gap equation, for Newton's method, as a function of (D, m)."""

    def residual(u: np.ndarray) -> np.ndarray:
        value = force(u[0], u[1], point, grid)
        return np.array([value.real, value.imag])

    return residual


def levels(point: Point) -> tuple[float, float]:
    """The lowest and highest Fermi level of the leads: a condensate's lies between them."""
    fermi_levels = [point.mu + v for _, _, v in point.terms()]
    return min(fermi_levels), max(fermi_levels)


def scan(
    point: Point, grid: Grid, gaps: int = 30, rates: int = 7
) -> tuple[np.ndarray, np.ndarray, list[tuple[float, float]]]:
    """(D (gaps,), m (rates,), seeds): a scan of the gap equation and where its roots may lie.

    Seeds are the middles (D, m) of the cells in which both parts of the equation change sign.
    """
    low, high = levels(point)
    D = np.linspace(0.005, 0.5 * point.U * 1.001, gaps)
    m = np.linspace(low - 0.05 * (high - low) - 1e-3, high + 0.05 * (high - low) + 1e-3, rates)
    value = np.array([[force(d, x, point, grid) for x in m] for d in D])
    corners = np.array([value[i : gaps - 1 + i, j : rates - 1 + j] for i in (0, 1) for j in (0, 1)])
    real_changes = corners.real.min(0) * corners.real.max(0) <= 0
    imag_changes = corners.imag.min(0) * corners.imag.max(0) <= 0
    seeds = [
        (0.5 * (D[i] + D[i + 1]), 0.5 * (m[j] + m[j + 1]))
        for i, j in np.argwhere(real_changes & imag_changes)
    ]
    return D, m, seeds
