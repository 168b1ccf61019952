"""The condensate's response at one momentum, as a search for modes takes it; where modes lie."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import response
from .gap_equations import Condensate
from .hydrodynamics import rounding, smallest_width
from .number_balance import static_coefficients, through_state
from .pair_grid import alone, pairs

SLOTS = 48  # what ranks share: the blocks of a grid, dealt out evenly
ROUGH = 0.45  # panels of the search, where those of the result are 1
FINER = 1.4  # panels, where errors of roots are looked for
AROUND, RADIUS = 32, 0.5  # of a circle about w = 0: points, and times g
ROUNDING = 1.5e-14  # of an element of M, four standard deviations
MIRROR = 1e-15  # eF: w and -w* that agree so well are one


@dataclass(frozen=True)
class Collective:
    """M(q, z) in rows over slots of momenta, as a search for the zeros of det M takes it.

    part, fine : as in response.matrices.
    """

    state: Condensate
    part: str = "full"
    fine: float = 1.0

    @property
    def analytic_below(self) -> float:
        """M is analytic for Im z above minus this: the levels' width."""
        return self.state.g

    def items(self, q: float) -> int:
        """Slots of momenta."""
        return SLOTS

    def rough(self, q: float) -> Collective:
        """The same on longer panels."""
        return replace(self, fine=ROUGH * self.fine)

    def singular(self, q: float) -> np.ndarray:
        """(n,) real parts of the branch points of M on Im w = -g.

        There a level of least energy, or one a momentum q from the bath's edge, meets the edge.
        """
        s = self.state
        edge = np.sqrt(max(s.mt**2 - s.delta**2, 0.0))
        k = np.sqrt([x for x in (s.mu + edge, s.mu - edge) if x > 0 and s.mt > 0])
        energies = np.hypot(
            np.concatenate([[max(s.mu, 0.0), 0.0], (k + q) ** 2, (k - q) ** 2]) - s.mu, s.delta
        )
        places = np.concatenate([[0.0, 2 * s.mt], s.mt + energies, s.mt - energies])
        return np.concatenate([places, -places])

    def finer(self, q: float) -> Collective:
        """The same on shorter panels.

        Errors of M's elements come from the same sums and cancel in a root, which only a second sum
        can tell.
        """
        return replace(self, fine=FINER * self.fine)

    def partials(self, q: float, z: complex, part: range) -> np.ndarray:
        """(len(part), 2, 2) shares of M(q, z)."""
        return self.batch(q, [z], part)[:, 0]

    def batch(self, q: float, points: np.ndarray, part: range) -> np.ndarray:
        """(len(part), n, 2, 2) shares of M(q, z) for n points.

        Points in one cell of the plane share momenta.
        """
        points = np.asarray(points, complex)
        right = np.where(points.real < 0, -np.conj(points), points)
        _, first, where = np.unique(
            np.round(right / MIRROR), return_index=True, return_inverse=True
        )
        unique = right[first]
        rows = np.zeros((len(part), len(unique), 2, 2), complex)
        cells = response.cell(unique, self.state.g)
        for z in np.unique(cells):
            mine = np.flatnonzero(cells == z)
            grid = self._grid(q, z)
            for b, block in enumerate(grid.blocks):
                slot = b * SLOTS // len(grid.blocks)
                if part.start <= slot < part.stop:
                    rows[slot - part.start, mine] += self._share(unique[mine], block)
        rows = rows[:, where]
        return np.where((points.real < 0)[:, None, None], np.conj(rows), rows)

    def _grid(self, q, z):
        """The pairs of momenta for frequencies in the cell of z."""
        s = self.state
        at = (z, s.delta, s.mu, s.mt, s.g)
        if q >= response.SHORTEST:
            return pairs(q, *at, fine=self.fine)
        return alone(*at, fine=self.fine)

    def _share(self, w, block):
        """(n, 2, 2) what a block adds to M."""
        known = response.still(block, self.state)
        inverse, sums = response.shares(self.state, w, block, known)
        return response.chosen(inverse, response.bubbles(sums), self.part)

    def matrix(self, sums: np.ndarray) -> np.ndarray:
        """M is the sum of the rows."""
        return sums

    def error(self, q: float, z: complex) -> np.ndarray:
        """(2, 2) errors of M's elements at z."""
        return response.with_errors(self.state, q, [z], self.part, self.fine)[1][0]


def threshold(state: Condensate, q: float) -> float:
    """Least energy of a pair of quasi-particles with total momentum q.

    2D, or beyond that where q is so large that both lie above the bottom of their bands.
    """
    return 2 * np.hypot(min(state.mu - 0.25 * q**2, 0.0), state.delta)


def reach(state: Condensate, q: float) -> tuple[float, float]:
    """(x, y): no mode with Im w > -g lies at |Re w| > x or Im w > y.

    Above the threshold of pairs, and above 2 mt, up to which pairs are inverted, a mode decays into
    pairs faster than g.
    """
    x = 1.1 * max(threshold(state, q), 2 * abs(state.mt)) + 10 * state.g
    return x, x


def expansion(state: Condensate, fine: float = 1.0) -> tuple[complex, complex]:
    """(a, b) of det M(0, w) = a w + b w^2 + ..., as Fourier coefficients on a circle |w| < g.

    det M(0, 0) = 0 by symmetry; a is imaginary and b real, as det M(q, -w*) is the conjugate.
    """
    turn = np.exp(2j * np.pi * (np.arange(AROUND) + 0.5) / AROUND)
    r = RADIUS * state.g
    det = np.linalg.det(response.matrices(state, 0.0, r * turn, fine=fine))
    first, second = (np.mean(det * turn**-n) / r**n for n in (1, 2))
    return complex(first), complex(second)


def gapless(state: Condensate, fine: float = 1.0, shrink: float = 1.0) -> tuple[float, float]:
    """(c2, Gamma) of det M = A (w^2 + i Gamma w - c2 q^2), Eq. (46), for |w| < g and q < g/v.

    From M itself: derivatives in w are Fourier coefficients on a circle, at q = 0; that in q^2 is
    taken at ``shrink`` times the width of the narrowest feature.
    """
    first, second = expansion(state, fine)
    q = shrink * smallest_width(state)
    wide, narrow = (
        np.linalg.det(response.matrices(state, x, [0.0], fine=fine)[0]).real / x**2
        for x in (q, 0.5 * q)
    )
    slope = (4 * narrow - wide) / 3
    return float(-slope / second.real), float((first / (1j * second)).real)


def gapless_errors(state: Condensate) -> np.ndarray:
    """Errors (2,) of `gapless`: of the state, of the panels, of the difference in q^2, rounding."""
    value = np.array(gapless(state))
    change = np.abs(np.array(gapless(state, FINER, 0.5)) - value)
    _, second = expansion(state)
    scale = abs(static_coefficients(state)["alpha11"] / second.real)
    r = RADIUS * state.g
    element = np.abs(response.matrices(state, 0.0, [r])).max()
    circle = ROUNDING * element / (r * abs(second) * AROUND**0.5)
    rounded = np.array([scale * rounding(state), circle])
    return 2 * change + through_state(gapless, state) + rounded
