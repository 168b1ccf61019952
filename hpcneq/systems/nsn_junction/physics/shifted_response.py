"""Linear response of a uniform state whose density and magnetization shift its levels.

With Hartree shifts a disturbance also moves the levels of both spins, V = -[[u, a], [b, w]] in
place of the V of :mod:`.response`, u = U dn_down and w = -U dn_up. It closes with

    a = -iU sum_k dG_12,   b = -iU sum_k dG_21,   u = iU sum_k dG_22,   w = iU sum_k dG_11,

so that M is 4 x 4. The levels and the field of the state itself are the shifted ones.
"""

from __future__ import annotations

import numpy as np

from . import hartree
from .grids import Grid
from .operating_point import Point
from .response import Pairs, UniformResponse

PLACES = ((0, 1), (1, 0), (0, 0), (1, 1))  # of a, b, u, w in V
CLOSED_BY = ((0, 1, 1), (1, 0, 1), (1, 1, -1), (0, 0, -1))  # element of dG and its sign


class ShiftedResponse(UniformResponse):
    """The response of one uniform state with Hartree shifts; its point has none left to add."""

    channels = ("delta", "conjugate", "up", "hole")

    @property
    def reach(self) -> tuple[float, float]:
        """(x, y) as without shifts; V has two more elements, each of which U closes."""
        x, y = super().reach
        return x + self.point.U, 1.5 * y

    def change(self, pairs: Pairs, z: complex) -> np.ndarray:
        """(dG_12, dG_21, -dG_22, -dG_11) per unit of a, b, u, w at each momentum, (4, 4, n)."""
        out = np.zeros((4, 4, len(pairs.sides[0].E)), complex)
        for p, left, right, r, width in pairs.terms(z, self.memory):
            for i, (m, n, sign) in enumerate(CLOSED_BY):
                for j, (c, d) in enumerate(PLACES):
                    out[i, j] -= sign * (p[m][c] * left[d][n] + right[m][c] * r[d][n]) / width
        return out


def shifted_response(D: float, point: Point, grid: Grid) -> ShiftedResponse:
    """The response of the state next to D, with the density and magnetization that it has."""
    return ShiftedResponse(D, hartree.dressed(D, point, grid), grid).at_root()
