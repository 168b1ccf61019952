"""Uniform condensates between leads that do not mirror each other: their phase turns, and both its rate and the gap are unknowns.

In the frame that turns with Delta(t) = D e^(-2 i m t) (m the condensate's chemical potential, at which its pairs enter and leave) the
state is stationary: band energies and the leads' Fermi levels are measured from m, and the gap equation is complex,

    1/U - F(D, m) = 0,

the first row of the response matrix times (1, -1) at zero frequency (:mod:`.response`); for mirrored leads m = mu, F is real
and this is Eq. (47) of Kawamura and Ohashi (2025).
"""

import numpy as np

from .response import UniformResponse


def frame(point, m):
    """The Point seen from the frame of chemical potential m; the leads stay where they are."""
    return point.at(mu=float(m), leads=point.baths)


def force(D, m, point, grid):
    """U (1/U - F(D, m)), complex."""
    return point.U * UniformResponse(abs(float(D)), frame(point, m), grid).phase_force()


def equations(point, grid):
    """Real and imaginary part of the gap equation, for Newton's method, as a function of (D, m)."""

    def residual(u):
        value = force(u[0], u[1], point, grid)
        return np.array([value.real, value.imag])

    return residual


def levels(point):
    """The lowest and highest Fermi level of the leads: a condensate's lies between them."""
    found = [point.mu + v for _, _, v in point.terms()]
    return min(found), max(found)


def scan(point, grid, gaps=30, rates=7):
    """(D (gaps,), m (rates,), seeds): cells of a grid in which both parts of the gap equation change sign, as their middles (D, m)."""
    low, high = levels(point)
    D = np.linspace(0.005, 0.5 * point.U * 1.001, gaps)
    m = np.linspace(low - 0.05 * (high - low) - 1e-3, high + 0.05 * (high - low) + 1e-3, rates)
    value = np.array([[force(d, x, point, grid) for x in m] for d in D])
    corners = np.array([value[i : gaps - 1 + i, j : rates - 1 + j] for i in (0, 1) for j in (0, 1)])
    both = (corners.real.min(0) * corners.real.max(0) < 0) & (
        corners.imag.min(0) * corners.imag.max(0) < 0
    )
    return D, m, [(0.5 * (D[i] + D[i + 1]), 0.5 * (m[j] + m[j + 1])) for i, j in np.argwhere(both)]
