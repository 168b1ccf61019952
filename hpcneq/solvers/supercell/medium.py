"""Nambu blocks on plane waves with baths of memory: Hamiltonians, stationary states, sums.

    H = [[xi, -D], [-D^+, -xi]],   xi = eps - mu,   D_nn' = Delta_(n-n' mod N)
    dn/dt = -i [H, n] - damping n + W + Q + Q^+,   Q = sum_p Pi_p,   n = -i G^<(t, t)
    dPi_p/dt = -i H Pi_p + Pi_p Lam_p + S_p

with W, Lam_p and S_p diagonal, one number on the columns of each of the two species. An order
parameter is kept as its harmonics m = -h .. h, in this order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.plane_wave_box import PlaneWaveBox

BATCH = 2**17  # complex numbers of a batch of blocks: what a step reads stays in the cache


@dataclass(frozen=True, eq=False)
class Medium:
    """What surrounds the order parameter.

    mu : from which energies count. damping : of n. white : (2,) W on each species. rates, sources :
    (P, 2) Lam_p and S_p on the columns of each species. velocity : of a frame in which all is
    stationary, along x; there H is H - v p and Lam_p on a column of momentum p is Lam_p - i v p.
    """

    box: PlaneWaveBox
    mu: float
    damping: float
    white: FloatArray
    rates: ComplexArray
    sources: ComplexArray
    velocity: float = 0.0

    @property
    def size(self) -> int:
        """2 N, the size of a block."""
        return 2 * self.box.states

    @property
    def modes(self) -> int:
        """P, the bath modes of a block."""
        return len(self.rates)

    @cached_property
    def bare(self) -> FloatArray:
        """(blocks, 2 N) diagonal of H."""
        xi = self.box.levels - self.mu
        return np.concatenate([xi, -xi], axis=1)

    @property
    def highest(self) -> float:
        """The largest energy of a level."""
        return float(np.abs(self.bare).max())

    @cached_property
    def white_diagonal(self) -> FloatArray:
        """(2 N,) W."""
        return np.repeat(self.white, self.box.states)

    def batches(self, blocks: range) -> list[range]:
        """Blocks in batches of few enough matrices."""
        each = max(1, BATCH // (self.size**2 * max(1, self.modes)))
        return [
            range(b, min(b + each, blocks.stop)) for b in range(blocks.start, blocks.stop, each)
        ]

    def pairing(self, c: ComplexArray) -> ComplexArray:
        """(sectors, 2 N, 2 N) the part of H that is linear in the harmonics ``c`` (2 h + 1,)."""
        N = self.box.waves
        D = np.zeros((1, N, N), complex)
        D.reshape(-1)[self.box.places(len(c))] = c[:, None]
        if self.box.parity:
            D = self.box.bases.swapaxes(-1, -2) @ D @ self.box.bases
        N = self.box.states
        H = np.zeros((len(D), 2 * N, 2 * N), complex)
        H[:, :N, N:] = -D
        H[:, N:, :N] = -D.conj().swapaxes(-1, -2)
        return H

    def each(self, blocks: range, by_sector: NDArray) -> NDArray:
        """Rows (sectors, ...) as rows of the blocks."""
        return by_sector[self.box.sectors[blocks.start : blocks.stop]]

    def hamiltonians(self, blocks: range, pairing: ComplexArray) -> ComplexArray:
        """(len(blocks), 2 N, 2 N) H from its `pairing`."""
        H = self.each(blocks, pairing)
        i = np.arange(self.size)
        H[:, i, i] += self.bare[blocks.start : blocks.stop]
        return H

    def pair_sums(self, blocks: range, n: ComplexArray, h: int) -> ComplexArray:
        """(len(blocks), 2 h + 1) weighted F_m = sum_n n12[n + m, n] of each block."""
        N = self.box.states
        return self._ring_sums(blocks, n[:, :N, N:], h)

    def density_sums(self, blocks: range, n: ComplexArray, h: int) -> ComplexArray:
        """(len(blocks), 2, 2 h + 1) harmonics of the density of each species."""
        N = self.box.states
        holes = np.eye(N) - n[:, N:, N:]
        up, down = (self._ring_sums(blocks, x, h) for x in (n[:, :N, :N], holes))
        return np.stack([up, down], axis=1)

    def over_waves(self, blocks: range, matrix: ComplexArray) -> ComplexArray:
        """(len(blocks), N, N) matrices of one species between plane waves."""
        if not self.box.parity:
            return matrix
        basis = self.each(blocks, self.box.bases)
        return basis @ matrix @ basis.swapaxes(-1, -2)

    def _ring_sums(self, blocks, matrix, h):
        N = self.box.waves
        place = self.box.places(2 * h + 1)
        matrix = self.over_waves(blocks, matrix)
        values = np.ascontiguousarray(matrix).reshape(len(blocks), N * N)[:, place].sum(-1)
        return self.box.weights[blocks.start : blocks.stop, None] * values

    # -- stationary states -------------------------------------------------------------------------
    def stationary(self, blocks: range, pairing: ComplexArray) -> tuple[ComplexArray, ...]:
        """(E, V, n, Q) of the stationary state of H, (len(blocks), ...); n and Q as matrices."""
        H = self.hamiltonians(blocks, pairing)
        if self.velocity:
            i = np.arange(self.size)
            H[:, i, i] -= self.velocity * self._along(blocks)
        E, V = eigenbasis(H)
        back = V.conj().swapaxes(-1, -2)
        Q = V @ (self._spread(blocks, E, summed=True) * back)
        X = self.sum_of_sources(Q)
        w = E[:, :, None] - E[:, None, :]
        n = V @ ((back @ X @ V) / (self.damping + 1j * w)) @ back
        return E, V, n, Q

    def column_rates(self, blocks: range) -> ComplexArray:
        """(len(blocks), P, 2 N) Lam_p of each column, in the frame that travels."""
        rates = np.repeat(self.rates, self.box.states, axis=1)
        return rates - 1j * self.velocity * self._along(blocks)[:, None]

    def _along(self, blocks):
        """(len(blocks), 2 N) momenta along x, of either species the same."""
        rows = self.box.along[[self.box.column(b) for b in blocks]]
        return np.concatenate([rows, rows], axis=1)

    def _spread(self, blocks, E, summed=False):
        """(len(blocks), 2 N levels, P, 2 N columns) factors of V^+ in the stationary modes; or
        their sum over P.
        """
        rates = self.rates
        sources = self.sources
        level = 1j * E[..., None, None]
        if self.velocity:
            rates, sources = (np.repeat(x, self.box.states, axis=1) for x in (rates, sources))
            level = level + 1j * self.velocity * self._along(blocks)[:, None, None]
        share = sources / (level - rates)
        if summed:
            share = share.sum(-2)
        if self.velocity:
            return share
        return np.repeat(share, self.box.states, axis=-1)

    def stationary_modes(self, blocks: range, E: ComplexArray, V: ComplexArray) -> ComplexArray:
        """(len(E), 2 N, P, 2 N) the modes of the stationary state."""
        spread = self._spread(blocks, E) * V.conj().swapaxes(-1, -2)[:, :, None, :]
        shape = spread.shape
        return (V @ spread.reshape(len(E), self.size, -1)).reshape(shape)

    def sum_of_sources(self, Q: ComplexArray) -> ComplexArray:
        """W + Q + Q^+."""
        X = Q + Q.conj().swapaxes(-1, -2)
        i = np.arange(self.size)
        X[:, i, i] += self.white_diagonal
        return X


def eigenbasis(H: ComplexArray) -> tuple[FloatArray, ComplexArray]:
    """Levels (n, 2 N) and eigenvectors of matrices.

    LAPACK's divide and conquer does not converge for some with many equal levels; these are then
    taken by the QR method.
    """
    try:
        E, V = np.linalg.eigh(H)
    except np.linalg.LinAlgError:
        pairs = [eigh(one, driver="ev") for one in H]
        E, V = (np.array(part) for part in zip(*pairs))
    return E, V


def even_part(c: ComplexArray) -> ComplexArray:
    """The part of harmonics that is even in x."""
    return 0.5 * (c + c[..., ::-1])


def harmonic_numbers(h: int) -> IntArray:
    """m of 2 h + 1 harmonics."""
    return np.arange(-h, h + 1)
