"""Zeros of an analytic function from samples along a line: adaptive rational approximation (AAA).

Y. Nakatsukasa, O. Sete and L. N. Trefethen, SIAM J. Sci. Comput. 40, A1494 (2018): r = sum_k w_k
f_k/(z - z_k) / sum_k w_k/(z - z_k), support points z_k where the error is largest, weights from the
smallest singular vector of the linearised error.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigvals

from .arrays import ComplexArray, NumberArray


def fit(
    z: NumberArray, f: NumberArray, tolerance: float = 1e-6, most: int = 30
) -> tuple[NumberArray, NumberArray, ComplexArray]:
    """(support, values, weights) (k,) each of a rational approximant to samples f (n,) at z (n,).

    Its error is below ``tolerance`` max|f|, unless ``most`` support points do not suffice.
    """
    rest, support, approximant = np.ones(len(z), bool), [], np.full(len(z), f.mean())
    for _ in range(min(most, len(z) // 2)):
        worst = int(np.argmax(np.where(rest, np.abs(f - approximant), -1.0)))
        rest[worst] = False
        support.append(worst)
        cauchy = 1 / (z[rest][:, None] - z[support])
        weights = np.linalg.svd(f[rest][:, None] * cauchy - cauchy * f[support])[2][-1].conj()
        approximant = f.copy()
        approximant[rest] = (cauchy @ (weights * f[support])) / (cauchy @ weights)
        if np.abs(f - approximant).max() <= tolerance * np.abs(f).max():
            break
    return z[support], f[support], weights


def zeros(
    z: NumberArray,
    f: NumberArray,
    tolerance: float = 1e-6,
    apart: float = 1e-2,
    scale: float = 1.0,
) -> ComplexArray:
    """(m,) zeros of the approximant to f (n,) at z (n,).

    Without those that a pole next to them cancels, noise of the samples. apart : least distance of
    a zero from the nearest pole, times |zero| + ``scale``.
    """
    support, values, weights = fit(z, f, tolerance)
    roots, poles = _null(support, weights * values), _null(support, weights)
    distance = np.abs(roots[:, None] - poles).min(axis=1, initial=np.inf)
    return np.asarray(roots[distance > apart * (np.abs(roots) + scale)])


def _null(support: NumberArray, coefficients: NumberArray) -> ComplexArray:
    """(k - 1,) zeros of sum_k coefficients_k/(z - support_k)."""
    size = len(support)
    left = np.zeros((size + 1, size + 1), complex)
    left[0, 1:], left[1:, 0] = coefficients, 1.0
    np.fill_diagonal(left[1:, 1:], support)
    right = np.diag(np.append(0.0, np.ones(size)))
    with np.errstate(all="ignore"):
        roots = eigvals(left, right)
    return np.asarray(roots[np.isfinite(roots)])
