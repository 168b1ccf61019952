"""Momenta of a supercell that is periodic along x and uniform across: plane waves in a box.

A block is a Bloch momentum k and a transverse energy y = p_perp^2; its plane waves have momenta
k + n G along x, n = -(N-1)/2 .. (N-1)/2 with N odd. An order parameter sum_m Delta_m e^{imGx}
couples n and n + m on a ring, modulo N, so that no pair is lost at the ends of the box. Units
2m = 1: a plane wave has the kinetic energy (k + n G)^2 + y. Where an even box has no Bloch momenta
but 0 and G/2, even and odd waves are blocks of their own, of half the size.

    sum_p = sum_blocks weight sum_n,    weight = G/(2 pi N_k) w_y/(4 pi)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    nodes and weights (n,) of int dy. symmetric : two Bloch points are 0 and G/2, not +- G/4.
    """

    wave_number: float
    waves: int
    bloch: int
    transverse: FloatArray
    transverse_weights: FloatArray
    even: bool = True
    symmetric: bool = False

    @cached_property
    def momenta(self) -> FloatArray:
        """Bloch momenta k of the blocks' columns, ascending."""
        if self.symmetric:
            return np.array([0.0, 0.5 * self.wave_number])
        k = (np.arange(self.bloch) + 0.5 - 0.5 * self.bloch) / self.bloch * self.wave_number
        if self.even:
            return k[k > -1e-12 * self.wave_number]
        return k

    @cached_property
    def multiplicity(self) -> FloatArray:
        """How often each Bloch momentum counts: 2 where -k is left out."""
        if not self.even or self.symmetric:
            return np.ones(len(self.momenta))
        return np.where(self.momenta > 1e-12 * self.wave_number, 2.0, 1.0)

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return len(self._shares) * self._split

    @property
    def parity(self) -> bool:
        """Whether even and odd waves are blocks of their own."""
        return self.even and (self.bloch == 1 or self.symmetric)

    @property
    def _split(self) -> int:
        """Blocks of one Bloch momentum and transverse node."""
        return 1 + self.parity

    @cached_property
    def bases(self) -> FloatArray:
        """(sectors, N, states) of plane waves, orthonormal columns or, where an odd one is missing,
        0.
        """
        if not self.parity:
            return np.eye(self.waves)[None]
        return np.concatenate([self._even_and_odd(k > 0) for k in self.momenta])

    def _even_and_odd(self, edge: bool) -> FloatArray:
        """(2, N, states) the even and the odd waves at k = 0, or at the edge G/2 of the zone."""
        middle = self.waves // 2
        j = np.arange(1, middle + 1)
        down = middle - j
        up = middle + j
        alone = middle
        if edge:  # n mirrors -1 - n on the ring
            up = middle - 1 + j
            alone = self.waves - 1
        both = np.zeros((2, self.waves, middle + 1))
        both[0, alone, 0] = 1
        both[:, up, j] = np.sqrt(0.5)
        both[0, down, j], both[1, down, j] = np.sqrt(0.5), -np.sqrt(0.5)
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

    def column(self, block: int) -> int:
        """Which of `momenta` a block has."""
        return block // (len(self.transverse) * self._split)

    @cached_property
    def weights(self) -> FloatArray:
        """(blocks,) weight of each block."""
        by_momentum = self._shares.reshape(-1, len(self.transverse))
        return np.repeat(by_momentum, self._split, axis=0).ravel()

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
        by_momentum = self.energies.reshape(-1, len(self.transverse), self.waves)
        rows = np.repeat(by_momentum, self._split, axis=0)
        return np.concatenate([e @ (basis * basis) for e, basis in zip(rows, self.bases)])

    @property
    def length(self) -> float:
        """L = 2 pi/G."""
        return 2 * np.pi / self.wave_number

    @cached_property
    def ring(self) -> IntArray:
        """(N, N): row m holds the flat positions of (n + m mod N, n) in an (N, N) matrix."""
        n = np.arange(self.waves)
        return ((n + n[:, None]) % self.waves) * self.waves + n

    # -- harmonics of an order parameter -----------------------------------------------------------
    @property
    def stride(self) -> int:
        """Places between the harmonics m and m + 1 along x."""
        return 1

    def vectors(self, count: int) -> IntArray:
        """(count, 2) numbers m along x and across, of harmonics as they stand in an array."""
        m = np.arange(count) - count // 2
        return np.stack([m, np.zeros_like(m)], axis=1)

    def places(self, count: int) -> IntArray:
        """(count, entries): where each harmonic stands in a flat (N, N) matrix between waves."""
        return np.asarray(self.ring[self.vectors(count)[:, 0] % self.waves])

    def repeated(self, count: int) -> FloatArray:
        """(count,) how often each entry stands in a row of `places`."""
        return np.ones(count)

    def wave_vectors(self, count: int) -> FloatArray:
        """(count, 2) momenta of the harmonics."""
        return np.asarray(self.vectors(count) * np.array([self.wave_number, 0.0]))

    def finite_size(self, count: int) -> FloatArray:
        """dU_m (count,): what the box leaves out of 1/U for a pair of a harmonic's momentum, less
        that of a pair at rest.

        The pairs inside are summed on the ring, those of all momenta in closed form.
        """
        half = 0.25 * (self.wave_vectors(count) ** 2).sum(1)
        rest = self._pairs(self.places(1)[0])
        sums = np.array([self._pairs(place) for place in self.places(count)]) - rest
        outside = (np.sqrt(KAPPA2) - np.sqrt(KAPPA2 + half)) / (8 * np.pi)
        return np.asarray(sums - outside, float)

    def _pairs(self, place: IntArray) -> float:
        """sum_box 1/(eps_(n+m) + eps_n + 2 kappa^2) over a row of `places`."""
        both = self.energies[:, place // self.waves] + self.energies[:, place % self.waves]
        return float(self._shares @ (1 / (both + 2 * KAPPA2)).sum(1))

    # -- the momentum distribution -----------------------------------------------------------------
    @cached_property
    def p_x(self) -> FloatArray:
        """Momenta along x at which carriers are counted, ascending."""
        return np.sort(self._signed(self.along.ravel()))

    def over_p_x(self, momenta: FloatArray) -> FloatArray:
        """Carriers at `p_x` from those of the columns (columns, N), each at one share across."""
        values = momenta.ravel()
        if self.even and not self.parity:
            values = np.concatenate([values, values])
        return np.asarray(values[np.argsort(self._signed(self.along.ravel()), kind="stable")])

    def _signed(self, p: FloatArray) -> FloatArray:
        if self.even and not self.parity:
            return np.concatenate([-p, p])
        return p

    @property
    def shares_across(self) -> FloatArray:
        """(nodes,) weights of the transverse nodes in the momentum distribution."""
        return self.transverse_weights / (4 * np.pi)

    def part(self, nodes: int) -> PlaneWaveBox:
        """The first nodes of one Bloch momentum, blocks as large as here."""
        return replace(
            self,
            transverse=self.transverse[:nodes],
            transverse_weights=self.transverse_weights[:nodes],
            bloch=1,
            even=self.parity,
            symmetric=False,
        )

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
