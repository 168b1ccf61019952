"""A lattice of sites on which nothing is assumed of the pattern: boundaries, disorder, hops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hpcneq.maths.drives import Drive

NO_VECTOR_POTENTIAL = (Drive(0.0), Drive(0.0))


@dataclass(frozen=True)
class Sites:
    """Lx x Ly sites, numbered x Ly + y.

    potential, pairing : (N,) energy and attraction U of every site.
    open_x, open_y : whether the boundary is open, else it is periodic.
    vector : A_x(t), A_y(t), a uniform vector potential in 1/lattice constant.
    """

    Lx: int
    Ly: int
    potential: np.ndarray
    pairing: np.ndarray
    open_x: bool = False
    open_y: bool = False
    vector: tuple[Drive, Drive] = field(default=NO_VECTOR_POTENTIAL)

    @property
    def count(self) -> int:
        """Number of sites N."""
        return self.Lx * self.Ly

    @property
    def uniform(self) -> bool:
        """Whether every site is like every other one: then patterns along x exist."""
        return not (self.open_x or self.open_y or np.ptp(self.potential) or np.ptp(self.pairing))

    def nominal(self, pairing: float) -> bool:
        """Whether it is uniform, without energies and with this attraction."""
        return self.uniform and not np.any(self.potential) and self.pairing[0] == pairing

    def clean(self, pairing: float) -> Sites:
        """A periodic lattice of as many sites that are alike, of one attraction."""
        none, alike = np.zeros(self.count), np.full(self.count, pairing)
        return Sites(self.Lx, self.Ly, none, alike, vector=self.vector)

    @property
    def moving(self) -> bool:
        """Whether the vector potential depends on time."""
        return any(drive.kind != "constant" for drive in self.vector)

    @property
    def plain(self) -> bool:
        """Whether every hop is -1 at all times."""
        return not (
            self.open_x or self.open_y or self.moving or any(drive.start for drive in self.vector)
        )

    @property
    def near(self) -> np.ndarray:
        """The neighbours at +x, -x, +y, -y: (N, 4) int32."""
        x, y = np.divmod(np.arange(self.count), self.Ly)
        steps = ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1))
        numbers = [(a % self.Lx) * self.Ly + b % self.Ly for a, b in steps]
        return np.stack(numbers, axis=1).astype(np.int32)

    @property
    def mirrors(self) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray | None]:
        """((N,), (N,)) the images of all sites in x -> -x and y -> -y, (N,) that in x <-> y.

        About the first site, or the middle between open boundaries. The last one only where it
        exists: on as many sites along x as along y.
        """
        x, y = np.divmod(np.arange(self.count), self.Ly)
        turned_x = (self.Lx - 1 - x) if self.open_x else -x % self.Lx
        turned_y = (self.Ly - 1 - y) if self.open_y else -y % self.Ly
        swapped = y * self.Ly + x if self.Lx == self.Ly else None
        return (turned_x * self.Ly + y, x * self.Ly + turned_y), swapped

    def hops(self, A: Sequence[float]) -> np.ndarray:
        """Amplitudes from the neighbours for A = (A_x, A_y): (N, 4) complex.

        -exp(i A (r_j - r_k)) from k to j for up electrons; 0 across an open boundary.
        """
        x, y = np.divmod(np.arange(self.count), self.Ly)
        inside = np.ones((self.count, 4), bool)
        if self.open_x:
            inside[:, 0], inside[:, 1] = x < self.Lx - 1, x > 0
        if self.open_y:
            inside[:, 2], inside[:, 3] = y < self.Ly - 1, y > 0
        phases = np.exp(1j * np.array([-A[0], A[0], -A[1], A[1]]))
        return np.where(inside, -phases, 0.0)


def disorder(count: int, strength: float, seed: int) -> np.ndarray:
    """Numbers uniform in [-strength/2, strength/2], (count,), Philox keyed by (seed, site)."""
    return strength * np.array(
        [
            np.random.Generator(np.random.Philox(key=[seed, site])).random() - 0.5
            for site in range(count)
        ]
    )
