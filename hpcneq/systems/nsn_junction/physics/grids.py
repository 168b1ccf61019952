"""The lattices over which momenta are summed: Lx x Ly sites, or infinite.

A sum over k is a mean over the Brillouin zone. Energies in units of the hopping.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....errors import InputError
from ....maths import lattice


@dataclass(frozen=True)
class Finite:
    """The periodic Lx x Ly lattice: exact sums."""

    Lx: int
    Ly: int

    def levels(self) -> tuple[np.ndarray, np.ndarray]:
        """Band energies and weights for means of functions of the band energy, (n,) each."""
        return lattice.square_levels(self.Lx, self.Ly)

    def resolvent(self, zeta: np.ndarray, mu: float) -> np.ndarray:
        """R = <1/(xi^2 - zeta^2)> and (1/zeta) dR/dzeta = <2/(xi^2 - zeta^2)^2>.

        zeta : complex, any shape; the answer is (2, *shape).
        """
        eps, weight = self.levels()
        square, zeta2 = (eps - mu) ** 2, (zeta * zeta).reshape(-1, 1)
        means = np.empty((2, len(zeta2)), complex)
        rows = max(1, 2**16 // len(eps))  # blocks that stay in the cache
        for start in range(0, len(zeta2), rows):
            part = 1 / (square - zeta2[start : start + rows])
            means[0, start : start + rows] = part @ weight
            means[1, start : start + rows] = 2 * (part * part) @ weight
        return means.reshape(2, *zeta.shape)

    def pair_energies(self, Q: float, mu: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """xi_k, xi_{Q-k} and weights, each (Lx, n_ky).

        k and Q - k are both on the lattice for every allowed Q, odd n included. InputError for a Q
        that is not 2 pi n/Lx.
        """
        n = np.round(Q * self.Lx / (2 * np.pi))
        if abs(Q * self.Lx / (2 * np.pi) - n) > 1e-6:
            raise InputError(f"Q = {Q:g} is not 2 pi n/Lx with integer n (Lx = {self.Lx})")
        kx = 2 * np.pi * np.arange(self.Lx) / self.Lx
        ky, times = lattice.momenta(self.Ly)
        ky = -2 * np.cos(ky) - mu
        first, second = (-2 * np.cos(k)[:, None] + ky for k in (kx, 2 * np.pi * n / self.Lx - kx))
        return first, second, np.broadcast_to(times / (self.Lx * self.Ly), first.shape)


@dataclass(frozen=True)
class Infinite:
    """The infinite lattice.

    error : bound on that of the kx sum of C(Q). nodes : of the density of states.
    """

    error: float = 1e-9
    nodes: int = 1024

    def refined(self) -> Infinite:
        """The same with more digits (error^1.5) and twice the nodes, for error estimates."""
        return Infinite(self.error**1.5, 2 * self.nodes)

    def levels(self) -> tuple[np.ndarray, np.ndarray]:
        """Nodes and weights of the density of states, (n,) each."""
        return lattice.dos_nodes(self.nodes)

    def resolvent(self, zeta: np.ndarray, mu: float) -> tuple[np.ndarray, np.ndarray]:
        """Like `Finite.resolvent`, from the lattice Green function; Im zeta != 0."""
        plus, dplus = lattice.square_green(mu + zeta)
        if mu == 0:
            minus, dminus = -plus, dplus
        else:
            minus, dminus = lattice.square_green(mu - zeta)
        R = (minus - plus) / (2 * zeta)
        return R, -(R / zeta + (dminus + dplus) / (2 * zeta)) / zeta

    def chain(self, y: np.ndarray, mirror: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """kx points for functions singular at cos kx = c + i y/2 or farther, a set for each y (m,).

        Returns kx (n,), the index of its y (n,) and weights (n,): 1/L each. ``mirror``: keep
        |kx| < pi/2 only, doubled. The periodic trapezoid rule converges like exp(-L asinh(y/2)).
        """
        L = 4 * np.ceil(np.log(10 / self.error) / np.arcsinh(y / 2) / 4).astype(int)
        points = L // 2 if mirror else L
        index = np.repeat(np.arange(len(y)), points)
        place = np.arange(len(index)) - np.repeat(np.cumsum(points) - points, points)
        kx = 2 * np.pi * (place + 0.5) / L[index] - 0.5 * np.pi
        return kx, index, (2.0 if mirror else 1.0) / L[index]


Grid = Finite | Infinite


def finite(Lx: int, Ly: int) -> Finite:
    """The periodic Lx x Ly lattice; wave numbers Q along x are 2 pi n/Lx, any integer n."""
    if Lx < 1 or Ly < 1:
        raise InputError(f"Lx = {Lx}, Ly = {Ly}: both must be >= 1")
    return Finite(int(Lx), int(Ly))


def infinite(error: float = 1e-9, nodes: int = 1024) -> Infinite:
    """The infinite lattice; Q along x."""
    return Infinite(error, nodes)
