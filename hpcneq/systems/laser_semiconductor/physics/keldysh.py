"""The saddle-point functional of the Keldysh action against the mean-field gap equation.

Goldstein, Aron and Chamon, Phys. Rev. B 91, 054517 (2015), Eqs. (52), (53): the printed Delta/2 is
Delta, and the hole line has G^K(-w) transposed. Corrected it equals i 4 Delta Re[1/(E + i Gamma)]
(n - 1) at every momentum and to all orders, which is the projected gap equation (18); the integrals
of (55) have the opposite sign of (19).
"""

from __future__ import annotations

import numpy as np

from ....maths.bands import Bands
from . import material
from .material import Material

SIGMA = np.array([[0, 1], [-1, 0]], complex)  # i sigma^y
CROSS = np.kron(np.array([[0, 1], [1, 0]]), np.eye(2)).astype(complex)


def hamiltonian(m: Material, band: Bands) -> np.ndarray:
    """H of each momentum below (54), (n, 1, 2, 2) complex."""
    H = np.zeros((len(band.k), 1, 2, 2), complex)
    H[:, 0, 0, 0], H[:, 0, 1, 1], H[:, 0, 0, 1], H[:, 0, 1, 0] = (
        band.E1,
        band.E2,
        0.5 * m.Omega,
        0.5 * m.Omega,
    )
    return H


def green(
    m: Material, band: Bands, occupations: tuple, w: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(G^R, G^A, G^K) of the driven normal state, each (n, frequencies, 2, 2).

    G^K = G^R (1 - 2 f) - (1 - 2 f) G^A with the stationary f = [[n11, n21], [n12, n22]].
    occupations : (n11, n22, n21), (n,) each. w : (n, frequencies).
    """
    n11, n22, n21 = occupations
    H = hamiltonian(m, band)
    F = np.zeros_like(H)
    F[:, 0, 0, 0], F[:, 0, 1, 1], F[:, 0, 0, 1], F[:, 0, 1, 0] = (
        1 - 2 * n11,
        1 - 2 * n22,
        -2 * n21,
        -2 * np.conj(n21),
    )
    GR = np.linalg.inv(w[:, :, None, None] * np.eye(2) - H + 1j * np.diag([m.Gamma1, m.Gamma2]))
    GA = np.conj(np.swapaxes(GR, -1, -2))
    return GR, GA, GR @ F - F @ GA


def block(diagonal: np.ndarray, other: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """[[diagonal, upper], [0, other]], matrices in the last two axes."""
    return np.block([[diagonal, upper], [np.zeros_like(upper), other]])


def poles(m: Material, H: np.ndarray, delta: float) -> np.ndarray:
    """Complex frequencies (n, 8) of the retarded functions, without and with pairing."""
    bare = H[:, 0] - 1j * np.diag([m.Gamma1, m.Gamma2])
    holes = -H[:, 0] - 1j * np.diag([m.Gamma1, m.Gamma2])
    off = np.zeros_like(bare)
    return np.concatenate(
        [
            np.linalg.eigvals(np.block([[bare, d * SIGMA + off], [d * SIGMA.T + off, holes]]))
            for d in (0.0, delta)
        ],
        axis=-1,
    )


def frequencies(z: np.ndarray, points: int) -> tuple[np.ndarray, np.ndarray]:
    """(w, weight), each (n, number): Gauss-Legendre between and beyond the poles z (n, 8).

    Dense on both sides of each pole's real part, down to the narrowest width; to infinity in 1/w.
    points : in each of the intervals.
    """
    x, v = np.polynomial.legendre.leggauss(points)
    x, v = 0.5 * (1 + x), 0.5 * v
    centre, width = np.sort(z.real, axis=-1), np.abs(z.imag).min(axis=-1)[:, None]
    reach = (100 * (np.abs(z).max(axis=-1)))[:, None]
    pieces = []
    edges = np.concatenate([centre[:, :1] - 2 * reach, centre, centre[:, -1:] + 2 * reach], axis=-1)
    for j in range(centre.shape[1] + 1):
        half = 0.5 * (edges[:, j + 1] - edges[:, j])[:, None]
        span = np.arcsinh(half / width)
        step, weight = width * np.sinh(span * x), v * span * width * np.cosh(span * x)
        if j > 0:
            pieces.append((edges[:, j : j + 1] + step, weight))
        if j < centre.shape[1]:
            pieces.append((edges[:, j + 1 : j + 2] - step, weight))
    for sign, place in ((-1, centre[:, :1]), (1, centre[:, -1:])):
        pieces.append((place + sign * reach / x, v * reach / x**2))
    return np.concatenate([w for w, _ in pieces], axis=-1), np.concatenate(
        [np.broadcast_to(a, w.shape) for w, a in pieces], axis=-1
    )


def functional(m: Material, band: Bands, delta: float, points: int = 32) -> np.ndarray:
    """d L/d delta at real Delta = ``delta``: the integrand of (52) for each momentum, (n,) complex.

    Summed to all orders and integrated over w. The sum over n is of Delta^(2n-1)/2: the half
    because k runs over both members of a pair (k, -k). points : nodes between two poles.
    """
    n11, n22 = material.populations(m, band, 0.0)
    occupations = (n11, n22, material.coherence(m, band, n11, n22))
    w, weight = frequencies(poles(m, hamiltonian(m, band), delta), points)
    GR, GA, GK = green(m, band, occupations, w)
    hR, hA, hK = green(m, band, occupations, -w)
    turned = [SIGMA @ np.swapaxes(g, -1, -2) @ SIGMA for g in (hA, hR, hK)]
    particle, hole = block(GR, GA, GK), block(turned[0], turned[1], turned[2])
    total = 0
    for pair in (particle @ hole, hole @ particle):
        total = total + np.trace(
            CROSS @ (0.5 * delta * pair) @ np.linalg.inv(np.eye(4) - delta**2 * pair),
            axis1=-2,
            axis2=-1,
        )
    return (total * weight).sum(1) / (2 * np.pi)


def gap_equation(m: Material, band: Bands, delta: float) -> np.ndarray:
    """What (52) must equal at every momentum, (n,) complex.

    i 4 Delta Re[1/(E + i Gamma)] (n - 1) with the exact populations at Delta.
    """
    return 4j * delta * band.E / (band.E**2 + m.Gamma**2) * material.imbalance(m, band, delta**2)
