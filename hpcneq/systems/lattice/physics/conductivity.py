"""Response of the current to a uniform vector potential, with that of the mean field.

H(A) has the phases e^{iqA(r_i - r_j)}; j = -dH/dA a site and E = -dA/dt, so that with A e^{-izt}

    j = K A,   K(z) = -<d^2H/dA^2> - Tr[dH/dA rho'(z)],   sigma(z) = -i K(z)/z,

rho' the deviation by dH = dH/dA, with the mean field's response. K(0) = -(superfluid weight), and
int_0^infinity dw Re sigma = (pi/2) (diamagnetic weight - superfluid weight).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .linear_modes import Deviations
from .mean_field import MeanField, peierls


@dataclass(frozen=True)
class Current:
    """dH/dA (M, M), and d^2H/dA^2 by its mean, the diamagnetic weight of a site."""

    slope: np.ndarray
    diamagnetic: float
    scale: float  # of traces: 1 / sites, in the form 4n half of that

    def answer(self, deviations: Deviations) -> np.ndarray:
        """-i [dH/dA, R], flat."""
        n = deviations.n
        dH = np.zeros((n, n), complex)
        M = len(self.slope)
        dH[:M, :M] = self.slope
        return deviations.answer_of(dH)

    def mean(self, deviations: Deviations, X: np.ndarray) -> complex:
        """Tr[dH/dA X] of a flat deviation, a site."""
        M, n = len(self.slope), deviations.n
        core = X[: n * n].reshape(n, n)[:M, :M]
        return complex(self.scale * np.sum(self.slope * core.T))


def current_along(field: MeanField, A: np.ndarray, axis: int, rho: np.ndarray) -> Current:
    """The current along an axis in a state rho (M, M) at the vector potential A (d,)."""
    bare, form = field.bare, field.form
    values = bare.values
    if np.any(A):
        values = peierls(bare, A)
    moved = bare.charge * bare.displacement[:, axis]
    slope = np.zeros((form.size,) * 2, complex)
    np.add.at(slope, (bare.rows, bare.columns), 1j * moved * values)
    bent = np.zeros_like(slope)
    np.add.at(bent, (bare.rows, bare.columns), -(moved**2) * values)
    scale = 1.0 / form.sites
    if form.name == "4n":
        scale *= 0.5
    return Current(slope, float(scale * np.sum(bent * rho.T).real), scale)
