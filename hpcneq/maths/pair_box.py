"""Pairs of momenta P +- G/2 on a fine grid: what a small wave of a uniform condensate needs.

A block is one P; its two plane waves are coupled by the harmonics -1, 0, 1. To first order in the
wave this is the endless condensate, so that wave numbers may be far smaller than a box of plane
waves could hold. P runs over radii, in panels that shorten towards the Fermi surface, and over
cosines to x.

    sum_p = sum_P weight (one half of both waves),    dU_1 = G^2/(12 pi^2 P_c),
    K = (1 + 2 mu/3 P_c^2)/(8 pi^2 P_c)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .arrays import FloatArray, IntArray
from .plane_wave_box import PlaneWaveBox

SHORTEST = 4e-3  # kF^2: panels in p^2 at a surface
WIDENING = 0.8  # of a panel over its distance from the surface
RADIAL = 5  # nodes of a radial panel


@dataclass(frozen=True, eq=False)
class PairBox(PlaneWaveBox):
    """Each P is a transverse node. radii, cosines (nodes,) of P; mu : from which energies count.

    The box ends at |P| = ``reach``.
    """

    radii: FloatArray = None  # type: ignore[assignment]
    cosines: FloatArray = None  # type: ignore[assignment]
    mu: float = 0.0
    reach: float = 0.0

    @property
    def parity(self) -> bool:
        """No: P and -P are other blocks."""
        return False

    @cached_property
    def momenta(self) -> FloatArray:
        """One column for each block in the momentum distribution."""
        return self.radii * self.cosines

    @cached_property
    def _shares(self) -> FloatArray:
        return 0.5 * self.transverse_weights

    @cached_property
    def along(self) -> FloatArray:
        """(nodes, 2) momenta along x."""
        middle = self.radii * self.cosines
        half = 0.5 * self.wave_number
        return np.stack([middle - half, middle + half], axis=1)

    @cached_property
    def energies(self) -> FloatArray:
        """(nodes, 2) kinetic energies."""
        across = self.radii**2 * (1 - self.cosines**2)
        return np.asarray(self.along**2 + across[:, None])

    def vectors(self, count: int) -> IntArray:
        """(count, 2) numbers of the harmonics -1, 0, 1, or of the middle one."""
        m = np.arange(count) - count // 2
        return np.stack([m, np.zeros_like(m)], axis=1)

    def places(self, count: int) -> IntArray:
        """(count, 2): both diagonal entries of m = 0, the one entry of m = +-1 twice."""
        rows = np.array([[1, 1], [0, 3], [2, 2]])
        return rows[1 - count // 2 : 2 + count // 2]

    def repeated(self, count: int) -> FloatArray:
        """(count,) 2 for the waves, 1 for m = 0."""
        return np.where(self.vectors(count)[:, 0] == 0, 1.0, 2.0)

    def finite_size(self, count: int) -> FloatArray:
        """dU_m (count,)."""
        square = (self.wave_vectors(count) ** 2).sum(1)
        return np.asarray(square / (12 * np.pi**2 * self.reach))

    @cached_property
    def lag(self) -> float:
        """K of i K dDelta/dt."""
        P = self.reach
        return float((1 + 2 * self.mu / (3 * P * P)) / (8 * np.pi**2 * P))

    @cached_property
    def p_x(self) -> FloatArray:
        """|P| of the pairs, at which carriers are counted instead of p_x."""
        return np.unique(self.radii)

    def over_p_x(self, momenta: FloatArray) -> FloatArray:
        """Carriers over `p_x` from those of the blocks."""
        sums = np.zeros(len(self.p_x))
        np.add.at(sums, np.searchsorted(self.p_x, self.radii), momenta.sum(-1))
        return sums

    @property
    def shares_across(self) -> FloatArray:
        """(nodes,) weights of the two waves in the momentum distribution."""
        return self._shares

    def column(self, block: int) -> int:
        """Its own."""
        return block

    def part(self, nodes: int) -> PairBox:
        """The first nodes."""
        few = slice(0, nodes)
        return replace(
            self,
            transverse=self.transverse[few],
            transverse_weights=self.transverse_weights[few],
            radii=self.radii[few],
            cosines=self.cosines[few],
        )


def pair_box(
    wave_number: float,
    mu: float,
    surfaces: FloatArray,
    reach: float,
    panels: int,
    cosines: int,
    even: bool = True,
) -> PairBox:
    """Pairs up to ``reach``, on so many cosines, an even number.

    surfaces : p^2 at which occupations or pair amplitudes change fast. panels : how fine, at
    least 1. even : whether P and -P are one.
    """
    radii, weights = _radii(surfaces, reach, panels)
    c, share = np.polynomial.legendre.leggauss(cosines)
    if even:
        c, share = c[c > 0], 2 * share[c > 0]
    p, c = (x.ravel() for x in np.meshgrid(radii, c, indexing="ij"))
    across = np.outer(weights * radii**2, share).ravel() / (4 * np.pi**2)
    return PairBox(wave_number, 2, 1, np.zeros_like(p), across, even, False, p, c, mu, reach)


def _radii(surfaces: FloatArray, reach: float, panels: int) -> tuple[FloatArray, FloatArray]:
    """(nodes, weights) of |P|."""
    inside = np.unique(surfaces[(surfaces > SHORTEST) & (surfaces < reach**2)])
    ends = np.concatenate([[0.0], inside, [reach**2]])
    edges = [0.0]
    for low, high in zip(ends[:-1], ends[1:]):
        middle = 0.5 * (low + high)
        if low == 0:  # no surface
            middle = low
        if high == ends[-1]:
            middle = high
        up = low + _graded(middle - low, panels)
        down = high - _graded(high - middle, panels)[::-1]
        edges += [e for e in (*up, *down) if e > edges[-1] + 1e-9]
    p = np.sqrt(np.array(edges))
    x, w = np.polynomial.legendre.leggauss(RADIAL)
    half, middle = 0.5 * np.diff(p), 0.5 * (p[1:] + p[:-1])
    return (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()


def _graded(length: float, panels: int) -> FloatArray:
    """Edges from a surface up to a distance from it, which grow with the distance."""
    most = np.log1p(length * WIDENING / SHORTEST)
    count = max(1, int(np.ceil(panels * most / WIDENING)))
    edges = SHORTEST / WIDENING * np.expm1(most * np.arange(count + 1) / count)
    return np.asarray(edges * (length > 0))
