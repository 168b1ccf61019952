"""The equations whose roots the static tasks publish, as Newton's method wants them: roots, onsets, folds, the Clogston limit.

Each is multiplied by U, so that residuals are relative. ``along`` names the parameter that is an unknown: "eV", "h" or "T".
Source: Kawamura and Ohashi (2025), Eqs. (47), (53), (61).
"""

from dataclasses import dataclass

import numpy as np

from .uniform_states import (
    Finite,
    Infinite,
    _gap_finite,
    free_energy,
    frequencies,
    gap_slopes,
    gap_sum,
    pair_sum,
    require_mirrored,
)

NUDGE = (
    np.array([-2, -1, 0, 1, 2]) * 2e-4
)  # of Q, for fourth-order differences of C(Q): dQ < 1e-10 down to T = 0
SLOPE = np.array([1, -8, 0, 8, -1]) / 12  # times the nudge, so that rounding stays rounding


@dataclass(frozen=True)
class GapRoot:
    """D = U D F(D), Eq. (47), with its sum over frequencies (infinite lattice) or levels (finite) spread over ranks."""

    point: object
    grid: object

    @property
    def items(self):
        """Terms of the sum."""
        require_mirrored(self.point, "gap equation")
        return (
            len(frequencies(self.point)[0])
            if isinstance(self.grid, Infinite)
            else len(self.grid.levels()[0])
        )

    def prepare(self, x, part):
        """The terms (len(part),) of U D F."""
        part, D = slice(part.start, part.stop), float(x[0])
        if isinstance(self.grid, Infinite):
            pole, weight, _ = (term[part] for term in frequencies(self.point))
            R = (
                self.grid.resolvent(np.sqrt(pole**2 - D * D), self.point.mu)[0]
                if len(pole)
                else pole
            )
            return self.point.U * D * R.real * weight
        eps, weight = (level[part] for level in self.grid.levels())
        return (
            self.point.U
            * D
            * np.array(
                [
                    _gap_finite(np.hypot([e - self.point.mu], D), np.array([w]), self.point)
                    for e, w in zip(eps, weight)
                ]
            )
        )

    @staticmethod
    def partials(terms):
        """Rows (n, 1)."""
        return np.asarray(terms, float).reshape(-1, 1)

    @staticmethod
    def residual(x, sums):
        """D - U D F(D)."""
        return x - sums


@dataclass(frozen=True)
class GapFamily:
    """U F(D) - 1 = 0 for each value of one parameter: the branches of uniform states."""

    point: object
    grid: object
    along: str = "eV"
    items = 1

    def at(self, p):
        """The problem at one value of the parameter."""
        return GapFamily(self.point.at(**{self.along: float(p)}), self.grid, self.along)

    def prepare(self, x, part):
        """U F - 1, for the rank that has the one item. F is even in D, which keeps differences at D = 0 right."""
        return [[self.point.U * float(gap_sum(abs(float(x[0])), self.point, self.grid)) - 1]] * len(
            part
        )

    @staticmethod
    def partials(rows):
        """Rows (n, 1)."""
        return np.reshape(rows, (-1, 1))

    @staticmethod
    def residual(x, sums):
        """U F - 1."""
        return sums


def onset(point, grid, along, Q=None):
    """Equations of an onset of pairing. Unknowns (value of ``along``, Q); without a free Q the value alone.

    Q : None for uniform pairing; "free" for the largest C(Q) of the infinite lattice; a number keeps it (finite lattice).
    """

    def at(u):
        return point.at(**{along: abs(float(u[0]))})

    if Q is None:
        return lambda u: np.array([point.U * float(gap_sum(0.0, at(u), grid)) - 1])
    if Q != "free":
        return lambda u: np.array([point.U * float(pair_sum(Q, at(u), grid)) - 1])

    def equations(u):
        C = pair_sum(np.abs(u[1] + NUDGE), at(u), grid)
        return point.U * np.array([C[2] - 1 / point.U, SLOPE @ C])

    return equations


def lifshitz(point, grid, along):
    """Equations C(0) = 1/U, d^2C/dQ^2 = 0 at Q = 0 for (value of ``along``, T): where the FFLO onset leaves that of uniform pairing."""
    q = 0.03  # sixth-order differences: 3e-9 in T

    def equations(u):
        C = pair_sum(
            q * np.arange(4), point.at(**{along: abs(float(u[0])), "T": abs(float(u[1]))}), grid
        )
        return np.array(
            [
                point.U * C[0] - 1,
                100 * point.U * (3 * (C[1] - C[0]) - 0.3 * (C[2] - C[0]) + (C[3] - C[0]) / 45),
            ]
        )

    return equations


def peak(point, grid):
    """The equation dC/dQ = 0 for Q on the infinite lattice."""

    def equations(u):
        return np.array([point.U * (SLOPE @ pair_sum(np.abs(u[0] + NUDGE), point, grid))])

    return equations


def fold(point, grid, along):
    """Equations F = 1/U, dF/dD = 0 for (value of ``along``, D)."""

    def equations(u):
        F, slope, _ = gap_slopes(abs(float(u[1])), point.at(**{along: abs(float(u[0]))}), grid)
        return point.U * np.array([F - 1 / point.U, slope])

    return equations


def clogston(point, grid):
    """Equations F = 1/U, Omega(D) = Omega(0) for (h, D) at rest, Eq. (61)."""

    def equations(u):
        at = point.at(h=float(u[0]), eV=0.0)
        return np.array(
            [
                point.U * float(gap_sum(float(u[1]), at, grid)) - 1,
                float(free_energy(float(u[1]), at, grid)),
            ]
        )

    return equations


def finer(grid):
    """The grid that confirms a result: None for a finite lattice, whose sums are exact."""
    return grid.refined() if isinstance(grid, Infinite) else None


def allowed(grid, Q):
    """ "free" on the infinite lattice; on a finite one, Q itself."""
    return float(Q) if isinstance(grid, Finite) else "free"
