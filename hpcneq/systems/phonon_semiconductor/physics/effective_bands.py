"""Two bands at rest with interband pairing, whose populations resemble those of the driven state.

Porta et al. 2019, Eq. (12), with i sigma^y in place of the sum over alpha != beta, which cancels
for an even Delta: electrons eps_a(k) = A_a k^2 - C of band 2 at k pair with those of band 1 at -k.
As long as the pairing is strong, sqrt(xi^2 + Delta^2) > |eps_2 - eps_1|/2, both bands have the
population [1 - xi/sqrt(xi^2 + Delta^2)]/2 with xi = (eps_1 + eps_2)/2.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares


def population(k: np.ndarray, A1: float, A2: float, C: float, delta: float) -> np.ndarray:
    """n_eff(k), same shape as k."""
    xi = 0.5 * (A1 + A2) * k**2 - C
    return 0.5 * (1 - xi / np.hypot(xi, delta))


def fit(
    k: np.ndarray, n11: np.ndarray, n22: np.ndarray, A1: float, A2: float
) -> tuple[float, float, float]:
    """(C, Delta~, rms) of the population nearest to both bands' populations (n,).

    In the energy unit of A k^2.
    """
    both = np.concatenate([n11, n22])

    def misfit(x):
        return np.tile(population(k, A1, A2, *x), 2) - both

    edge = 0.5 * (A1 + A2) * (0.25 * (k[-1] - k[0]) * np.mean(both) * 2) ** 2
    best = least_squares(misfit, [edge, 0.3 * edge], xtol=1e-14, ftol=1e-14, gtol=1e-14)
    return float(best.x[0]), float(abs(best.x[1])), float(np.sqrt(np.mean(best.fun**2)))
