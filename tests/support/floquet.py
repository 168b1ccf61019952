"""Currents between biased superconductors by Keldysh's equations over harmonics.

Numpy alone: no poles, no time. Each contact has its own site at its potential; the hop between the
sites turns with the bias.
"""

from __future__ import annotations

import numpy as np


def superconductor(w, g, eta, T):
    """(Sigma^R, Sigma^<) at energies w, (..., 2, 2), of half width g and gap 1."""
    z = w + 1j * eta
    root = np.sqrt(1 - z) * np.sqrt(1 + z)
    sigma = -g / root[..., None, None] * np.array([[0.0, 1.0], [1.0, 0.0]])
    sigma = sigma + (-g * z / root)[..., None, None] * np.eye(2)
    filled = 0.5 * (1 - np.tanh(0.5 * w / T))[..., None, None]
    return sigma, filled * (sigma.conj().swapaxes(-1, -2) - sigma)


def hops(harmonics, hop):
    """The hop in the space of harmonics, (sites and particles of one after those of another)."""
    count = 2 * harmonics + 1
    H = np.zeros((count, 4, count, 4), complex)
    for n in range(count - 1):
        H[n + 1, 2, n, 0] = H[n, 0, n + 1, 2] = hop
        H[n, 3, n + 1, 1] = H[n + 1, 1, n, 3] = -hop
    return H.reshape(4 * count, 4 * count)


def contact_current(g, hop, bias, harmonics=7, points=1000, eta=1e-3, T=0.02):
    """pi dN/dt between two sites, each with a superconductor, by a midpoint rule over energies."""
    count, every = 2 * harmonics + 1, np.arange(4 * (2 * harmonics + 1))
    H, total = hops(harmonics, hop), 0.0
    for some in np.array_split(bias * (np.arange(points) + 0.5) / points, points // 50):
        w = some[:, None] + np.arange(-harmonics, harmonics + 1) * bias
        parts = np.zeros((2, len(some), count, 4, count, 4), complex)
        for part, sigma in zip(parts, superconductor(w, g, eta, T)):
            for n in range(count):
                part[:, n, :2, n, :2] = part[:, n, 2:, n, 2:] = sigma[:, n]
        retarded, lesser = parts.reshape(2, len(some), 4 * count, 4 * count)
        inverse = -H - retarded
        inverse[:, every, every] += np.repeat(w, 4, axis=1)
        G = np.linalg.inv(inverse)
        back = G.conj().swapaxes(1, 2)
        flow = lesser @ back + retarded @ (G @ lesser @ back)
        flow = flow[:, every, every].real.reshape(len(some), count, 4)
        total -= (flow[..., 0] - flow[..., 1]).sum() * bias / points
    return total
