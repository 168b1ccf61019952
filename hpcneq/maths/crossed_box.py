"""Momenta of a cell that is periodic along x and along y, uniform along z.

Plane waves have momenta (k_x + n G, k_y + l G_y), numbered row by row, y running fastest; pairs are
counted on a ring in either direction. A block is a Bloch momentum and a node p_z. What mirrors
(k_x, k_y) is left out of an even box; with one Bloch point even and odd waves are blocks of their
own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .arrays import FloatArray, IntArray
from .plane_wave_box import PlaneWaveBox, transverse_panels


@dataclass(frozen=True, eq=False)
class CrossedBox(PlaneWaveBox):
    """waves : of both directions together. transverse : p_z^2, transverse_weights : of int dp_z.

    wave_number_across : G_y. waves_across, bloch_across, harmonics_across : as along x, each way.
    """

    wave_number_across: float = 1.0
    waves_across: int = 1
    bloch_across: int = 1
    harmonics_across: int = 1

    @property
    def waves_along(self) -> int:
        """Plane waves of one row along x."""
        return self.waves // self.waves_across

    @property
    def parity(self) -> bool:
        """Whether even and odd waves are blocks of their own."""
        return self.even and self.bloch == self.bloch_across == 1

    @cached_property
    def pairs_of_momenta(self) -> FloatArray:
        """(columns, 2) Bloch momenta."""
        x, y = (
            (np.arange(n) + 0.5 - 0.5 * n) / n * G
            for n, G in (
                (self.bloch, self.wave_number),
                (self.bloch_across, self.wave_number_across),
            )
        )
        both = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
        if not self.even:
            return np.asarray(both)
        tiny = 1e-12 * self.wave_number
        upper = (both[:, 0] > tiny) | ((abs(both[:, 0]) <= tiny) & (both[:, 1] > -tiny))
        return np.asarray(both[upper])

    @cached_property
    def momenta(self) -> FloatArray:
        """Bloch momenta along x of the columns."""
        return self.pairs_of_momenta[:, 0]

    @cached_property
    def multiplicity(self) -> FloatArray:
        """How often each Bloch momentum counts: 2 where its opposite is left out."""
        if not self.even:
            return np.ones(len(self.momenta))
        size = np.abs(self.pairs_of_momenta).max(1)
        return np.where(size > 1e-12 * self.wave_number, 2.0, 1.0)

    @cached_property
    def _shares(self) -> FloatArray:
        along = self.multiplicity * self.wave_number / (2 * np.pi * self.bloch)
        return np.outer(along, self.shares_across).ravel()

    @property
    def shares_across(self) -> FloatArray:
        """(nodes,) weights of p_z, both signs, and of the Bloch momenta across."""
        across = self.wave_number_across / (2 * np.pi * self.bloch_across)
        return np.asarray(across * self.transverse_weights / np.pi)

    @cached_property
    def along(self) -> FloatArray:
        """(columns, N) momenta along x."""
        n = np.arange(self.waves_along) - self.waves_along // 2
        row = np.repeat(n, self.waves_across) * self.wave_number
        return np.asarray(self.momenta[:, None] + row)

    @cached_property
    def across(self) -> FloatArray:
        """(columns, N) momenta along y."""
        n = np.arange(self.waves_across) - self.waves_across // 2
        row = np.tile(n, self.waves_along) * self.wave_number_across
        return np.asarray(self.pairs_of_momenta[:, 1:] + row)

    @cached_property
    def energies(self) -> FloatArray:
        """(columns x nodes, N) kinetic energies."""
        plane = self.along**2 + self.across**2
        both = plane[:, None] + self.transverse[:, None]
        return np.asarray(both.reshape(-1, self.waves))

    @property
    def stride(self) -> int:
        """Places between the harmonics m and m + 1 along x."""
        return 2 * self.harmonics_across + 1

    def vectors(self, count: int) -> IntArray:
        """(count, 2) numbers along x and along y, those along y running fastest."""
        place = np.arange(count) - count // 2 + self.harmonics_across
        return np.stack([place // self.stride, place % self.stride - self.harmonics_across], axis=1)

    def places(self, count: int) -> IntArray:
        """(count, N): where each harmonic stands in a flat (N, N) matrix between waves."""
        n, k = np.divmod(np.arange(self.waves), self.waves_across)
        m = self.vectors(count)
        first = (n + m[:, :1]) % self.waves_along
        second = (k + m[:, 1:]) % self.waves_across
        rows = (first * self.waves_across + second) * self.waves
        return np.asarray(rows + np.arange(self.waves))

    def wave_vectors(self, count: int) -> FloatArray:
        """(count, 2) momenta of the harmonics."""
        numbers = np.array([self.wave_number, self.wave_number_across])
        return np.asarray(self.vectors(count) * numbers)

    @cached_property
    def p_x(self) -> FloatArray:
        """Momenta along x, ascending."""
        return self._folded[0]

    def over_p_x(self, momenta: FloatArray) -> FloatArray:
        """Carriers at `p_x`, summed across."""
        values = momenta.ravel()
        if self.even and not self.parity:
            values = np.concatenate([values, values])
        sums = np.zeros(len(self.p_x))
        np.add.at(sums, self._folded[1], values)
        return sums

    @cached_property
    def _folded(self) -> tuple[FloatArray, IntArray]:
        rounded = np.round(self._signed(self.along.ravel()) / self.wave_number, 9)
        values, place = np.unique(rounded, return_inverse=True)
        return values * self.wave_number, place

    def part(self, nodes: int) -> CrossedBox:
        """The first nodes of one Bloch momentum, blocks as large as here."""
        return replace(
            self,
            transverse=self.transverse[:nodes],
            transverse_weights=self.transverse_weights[:nodes],
            bloch=1,
            bloch_across=1,
            even=self.parity,
        )


def nodes_along_z(surface: float, panels: int, end: float) -> tuple[FloatArray, FloatArray]:
    """(p_z^2, weights of int dp_z) for p_z > 0: panels up to ``surface`` (p^2), then wider ones."""
    p, weights = transverse_panels(np.sqrt(surface), panels, np.sqrt(end))
    return p**2, weights
