"""Linear stability of a stationary state: its equations of motion linearised in all momenta.

Goldstein, Aron and Chamon, Phys. Rev. B 91, 054517 (2015), Eqs. (9), (35), with Delta of (17) or
(18). The real deviations (n11, n22, Re n21, Im n21, Re s, Im s) of a momentum obey
dx_k = A_k x_k + B_k d with d = (Re, Im) of the deviation of Delta, which is d = sum_k C_k x_k: the
momenta are coupled by two numbers. Eigenvalues outside the spectra of the A_k, which decay, are
roots of det(1 - sum_k C_k (z - A_k)^-1 B_k), a 2 x 2 matrix. Delta may be taken real, and its phase
is free: one eigenvalue is 0 and means nothing.
"""

from __future__ import annotations

import numpy as np

from ....maths.bands import Bands
from . import material
from .material import Material


def at_fixed_order(m: Material, band: Bands, delta: float) -> np.ndarray:
    """A_k (n, 6, 6): the motion of each momentum at a given real Delta."""
    A = np.zeros((len(band.k), 6, 6))
    Omega = 0.0 if m.model == "optical-pumping" else m.Omega
    A[:, 0, [0, 3, 5]] = -2 * m.Gamma1, -Omega, -2 * delta
    A[:, 1, [1, 3, 5]] = -2 * m.Gamma2, Omega, -2 * delta
    A[:, 2, 2] = A[:, 3, 3] = -m.Gamma
    A[:, 2, 3], A[:, 3, 2] = -band.eps, band.eps
    A[:, 3, [0, 1]] = 0.5 * Omega, -0.5 * Omega
    A[:, 4, 4] = A[:, 5, 5] = -m.Gamma12
    A[:, 4, 5], A[:, 5, 4] = m.turning - band.E, band.E - m.turning
    A[:, 5, [0, 1]] = delta
    return A


def through_order(m: Material, band: Bands, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """(B (n, 6, 2), C (n, 2, 6)): what Delta does to each momentum, and it to Delta."""
    s, paired = material.pair_amplitude(m, band, delta), material.imbalance(m, band, delta**2)
    B, C = np.zeros((len(band.k), 6, 2)), np.zeros((len(band.k), 2, 6))
    B[:, 0, 0] = B[:, 1, 0] = -2 * s.imag
    B[:, 0, 1] = B[:, 1, 1] = -2 * s.real
    B[:, 5, 0] = B[:, 4, 1] = paired
    f = m.V * band.weight * material.projection(m, band)
    C[:, 0, 4], C[:, 0, 5] = f.real, -f.imag
    C[:, 1, 4], C[:, 1, 5] = -f.imag, -f.real
    return B, C


def jacobian(m: Material, band: Bands, delta: float) -> np.ndarray:
    """The linearised equations of all momenta, (6 n, 6 n); momentum k has rows 6 k ... 6 k + 5."""
    n = len(band.k)
    B, C = through_order(m, band, delta)
    J = np.einsum("kia,laj->kilj", B, C)
    J[np.arange(n), :, np.arange(n), :] += at_fixed_order(m, band, delta)
    return J.reshape(6 * n, 6 * n)


def eigenvalues(m: Material, band: Bands, delta: float) -> np.ndarray:
    """All eigenvalues of `jacobian` but the phase's, (6 n - 1,), the fastest growing first."""
    z = np.linalg.eigvals(jacobian(m, band, delta))
    z = np.delete(z, np.argmin(np.abs(z)))
    return z[np.lexsort((-z.imag, -z.real))]


def continuum(m: Material, band: Bands, delta: float) -> float:
    """The largest real part of the spectra of all A_k: modes that do not move Delta.

    Of the momenta of the grid, k = 0 and the ends of the range.
    """
    A = at_fixed_order(m, band, delta)
    more = np.array([0.0, m.k_max, -m.k_max])
    more = more[np.isfinite(more)]
    A = np.concatenate([A, at_fixed_order(m, m.on((more, np.zeros(len(more)))), delta)])
    far = -np.inf
    if np.isinf(m.k_max):  # nothing acts there but the reservoirs
        far = -min(2 * m.Gamma1, 2 * m.Gamma2, m.Gamma, m.Gamma12)
    if delta == 0:  # pairs by themselves
        far = max(far, -m.Gamma12)
        A = A[:, :4, :4]
    return max(float(np.linalg.eigvals(A).real.max()), far)


def condition(m: Material, band: Bands, delta: float, z: complex) -> complex:
    """det(1 - sum_k C_k (z - A_k)^-1 B_k)/z: 0 at an eigenvalue outside the continuum.

    Divided by z, for the root of the phase at 0 goes with that.
    """
    A = at_fixed_order(m, band, delta)
    B, C = through_order(m, band, delta)
    moved = np.linalg.solve(z * np.eye(6) - A, B.astype(complex))
    matrix = np.eye(2) - np.einsum("kaj,kjb->ab", C, moved)
    return complex((matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]) / z)
