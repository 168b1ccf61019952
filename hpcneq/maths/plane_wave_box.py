"""Momenta of a supercell that is periodic along x and uniform across: plane waves in a box.

A block is a Bloch momentum k and a transverse energy y = p_perp^2; its plane waves have momenta
k + n G along x, n = -(N-1)/2 .. (N-1)/2 with N odd. An order parameter sum_m Delta_m e^{imGx}
couples n and n + m on a ring, modulo N, so that no pair is lost at the ends of the box. Units
2m = 1: a plane wave has the kinetic energy (k + n G)^2 + y. Where k = 0 is the only Bloch momentum
of an even box, even and odd waves are blocks of their own, of half the size.

    sum_p = sum_blocks weight sum_n,    weight = G/(2 pi N_k) w_y/(4 pi)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .arrays import FloatArray, IntArray

NODES = 4  # of a transverse panel
GROWTH = 1.9  # of the transverse panels beyond the Fermi surface
KAPPA2 = 1.5  # of the subtractions: any that the grid resolves


@dataclass(frozen=True, eq=False)
class PlaneWaveBox:
    """A grid of blocks, transverse nodes running fastest.

    wave_number : G > 0. waves : N, odd. bloch : N_k points over the whole zone, of which an even
    box keeps those with k > 0, since what is at -k mirrors them. transverse, transverse_weights :
    nodes and weights (n,) of int dy.
    """

    wave_number: float
    waves: int
    bloch: int
    transverse: FloatArray
    transverse_weights: FloatArray
    even: bool = True

    @cached_property
    def momenta(self) -> FloatArray:
        """Bloch momenta k of the blocks' columns, ascending."""
        k = (np.arange(self.bloch) + 0.5 - 0.5 * self.bloch) / self.bloch * self.wave_number
        if self.even:
            return k[k > -1e-12 * self.wave_number]
        return k

    @cached_property
    def multiplicity(self) -> FloatArray:
        """How often each Bloch momentum counts: 2 where -k is left out."""
        if not self.even:
            return np.ones(len(self.momenta))
        return np.where(self.momenta > 1e-12 * self.wave_number, 2.0, 1.0)

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return len(self.bases) * len(self._shares)

    @property
    def parity(self) -> bool:
        """Whether even and odd waves are blocks of their own."""
        return self.even and self.bloch == 1

    @cached_property
    def bases(self) -> FloatArray:
        """(sectors, N, states) of plane waves, orthonormal columns or, where an odd one is missing,
        0.
        """
        if not self.parity:
            return np.eye(self.waves)[None]
        middle = self.waves // 2
        j = np.arange(1, middle + 1)
        both = np.zeros((2, self.waves, middle + 1))
        both[0, middle, 0] = 1
        both[:, middle + j, j] = np.sqrt(0.5)
        both[0, middle - j, j], both[1, middle - j, j] = np.sqrt(0.5), -np.sqrt(0.5)
        return both

    @property
    def states(self) -> int:
        """States of one species in a block."""
        return self.bases.shape[2]

    @cached_property
    def sectors(self) -> IntArray:
        """(blocks,) which of `bases` a block has."""
        count = len(self.bases)
        return np.arange(self.blocks) // len(self.transverse) % count

    @cached_property
    def weights(self) -> FloatArray:
        """(blocks,) weight of each block."""
        return np.tile(self._shares, len(self.bases))

    @cached_property
    def _shares(self) -> FloatArray:
        """(momenta,) weight of each Bloch momentum and transverse node."""
        along = self.multiplicity * self.wave_number / (2 * np.pi * self.bloch)
        return np.outer(along, self.transverse_weights / (4 * np.pi)).ravel()

    @cached_property
    def along(self) -> FloatArray:
        """(N_k, N) momenta along x."""
        n = np.arange(self.waves) - (self.waves - 1) // 2
        return self.momenta[:, None] + n * self.wave_number

    @cached_property
    def energies(self) -> FloatArray:
        """(momenta, N) kinetic energies, for each Bloch momentum and transverse node."""
        both = self.along[:, None] ** 2 + self.transverse[:, None]
        return both.reshape(-1, self.waves)

    @cached_property
    def levels(self) -> FloatArray:
        """(blocks, states) kinetic energies of the blocks."""
        if not self.parity:
            return self.energies
        return np.concatenate([self.energies @ (basis * basis) for basis in self.bases])

    @property
    def length(self) -> float:
        """L = 2 pi/G."""
        return 2 * np.pi / self.wave_number

    @cached_property
    def ring(self) -> IntArray:
        """(N, N): row m holds the flat positions of (n + m mod N, n) in an (N, N) matrix."""
        n = np.arange(self.waves)
        return ((n + n[:, None]) % self.waves) * self.waves + n

    def finite_size(self, harmonics: IntArray) -> FloatArray:
        """dU_m (n,): what the box leaves out of 1/U for a pair of momentum m G, less that at m = 0.

        The pairs inside are summed on the ring, those of all momenta in closed form.
        """
        half = 0.25 * (np.asarray(harmonics) * self.wave_number) ** 2
        sums = np.array([self._pairs(int(m)) for m in harmonics]) - self._pairs(0)
        outside = (np.sqrt(KAPPA2) - np.sqrt(KAPPA2 + half)) / (8 * np.pi)
        return np.asarray(sums - outside, float)

    def _pairs(self, m: int) -> float:
        """sum_box 1/(eps_(n+m) + eps_n + 2 kappa^2)."""
        other = np.roll(self.energies, -m, axis=1)
        return float(self._shares @ (1 / (self.energies + other + 2 * KAPPA2)).sum(1))

    @cached_property
    def lag(self) -> float:
        """K of i K dDelta/dt: how pairs outside the box follow the order parameter."""
        inside = self._shares @ (1 / (2 * self.energies + 2 * KAPPA2) ** 2).sum(1)
        return float(1 / (32 * np.pi * np.sqrt(KAPPA2)) - inside)


def transverse_panels(surface: float, panels: int, end: float) -> tuple[FloatArray, FloatArray]:
    """(nodes, weights) on 0 .. ``end``: equal panels up to ``surface``, then ever wider ones.

    panels : those up to the surface, of four Gauss points like all others.
    """
    edges = list(np.linspace(0.0, min(surface, end), panels + 1))
    width = edges[1] * GROWTH
    while edges[-1] < end * (1 - 1e-12):
        following = edges[-1] + width
        if following > end - 0.5 * width:
            following = end
        edges.append(following)
        width *= GROWTH
    x, w = np.polynomial.legendre.leggauss(NODES)
    low, high = np.array(edges[:-1])[:, None], np.array(edges[1:])[:, None]
    nodes = 0.5 * (low + high) + 0.5 * (high - low) * x
    return nodes.ravel(), (0.5 * (high - low) * w).ravel()


def waves_within(wave_number: float, reach: float) -> int:
    """The odd number N of plane waves whose box ends at or next beyond +- ``reach``."""
    return 2 * int(np.ceil(reach / wave_number - 0.5 - 1e-9)) + 1
