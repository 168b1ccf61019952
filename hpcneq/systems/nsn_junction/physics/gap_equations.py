"""Equations whose roots the static tasks publish, as Newton's method wants them.

Roots of the gap equation, onsets, folds, the Clogston limit. Each is multiplied by U, so that
residuals are relative. ``along`` names the parameter that is an unknown: "eV", "h" or "T". Source:
Kawamura and Ohashi (2025), Eqs. (47), (53), (61).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .operating_point import Point, require_mirrored
from .uniform_states import (
    Finite,
    Grid,
    Infinite,
    free_energy,
    frequencies,
    gap_bend,
    gap_sum,
    gap_terms,
    pair_sum,
)

# of Q, for fourth-order differences of C(Q): dQ < 1e-10 down to T = 0
NUDGE = np.array([-2, -1, 0, 1, 2]) * 2e-4
SLOPE = np.array([1, -8, 0, 8, -1]) / 12  # times the nudge, so that rounding stays rounding

Equations = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class GapRoot:
    """D = U D F(D), Eq. (47), its sum spread over ranks.

    The sum is over frequencies (infinite lattice) or levels (finite). The unknown is x = (D,).
    """

    point: Point
    grid: Grid

    @property
    def items(self) -> int:
        """Terms of the sum."""
        require_mirrored(self.point, "gap equation")
        if isinstance(self.grid, Infinite):
            return len(frequencies(self.point)[0])
        return len(self.grid.levels()[0])

    def prepare(self, x: np.ndarray, part: range) -> np.ndarray:
        """The terms (len(part),) of U D F."""
        point, D = self.point, float(x[0])
        own = slice(part.start, part.stop)
        if isinstance(self.grid, Infinite):
            pole, weight, _ = (term[own] for term in frequencies(point))
            R = pole
            if len(pole):
                R = self.grid.resolvent(np.sqrt(pole**2 - D * D), point.mu)[0]
            return point.U * D * R.real * weight
        eps, weight = (level[own] for level in self.grid.levels())
        terms = [
            gap_terms(np.hypot([e - point.mu], D), np.array([w]), point)
            for e, w in zip(eps, weight)
        ]
        return point.U * D * np.array(terms)

    @staticmethod
    def partials(terms: np.ndarray) -> np.ndarray:
        """Rows (n, 1)."""
        return np.asarray(terms, float).reshape(-1, 1)

    @staticmethod
    def residual(x: np.ndarray, sums: np.ndarray) -> np.ndarray:
        """D - U D F(D)."""
        return x - sums


@dataclass(frozen=True)
class GapFamily:
    """U F(D) - 1 = 0 for each value of one parameter: the branches of uniform states."""

    point: Point
    grid: Grid
    along: str = "eV"
    items = 1

    def at(self, p: float) -> GapFamily:
        """The problem at one value of the parameter."""
        return GapFamily(self.point.at(**{self.along: float(p)}), self.grid, self.along)

    def prepare(self, x: np.ndarray, part: range) -> list:
        """U F - 1, for the rank that has the one item.

        F is even in D, which keeps differences at D = 0 right.
        """
        F = float(gap_sum(abs(float(x[0])), self.point, self.grid))
        return [[self.point.U * F - 1]] * len(part)

    @staticmethod
    def partials(rows: list) -> np.ndarray:
        """Rows (n, 1)."""
        return np.reshape(rows, (-1, 1))

    @staticmethod
    def residual(x: np.ndarray, sums: np.ndarray) -> np.ndarray:
        """U F - 1."""
        return sums


def onset(point: Point, grid: Grid, along: str, Q: float | str | None = None) -> Equations:
    """Equations of an onset of pairing for (value of ``along``, Q), or for the value alone.

    Q : None for uniform pairing; "free" for the largest C(Q) of the infinite lattice, where Q is an
    unknown; a number keeps it (finite lattice).
    """

    def at(u: np.ndarray) -> Point:
        return point.at(**{along: abs(float(u[0]))})

    def free(u: np.ndarray) -> np.ndarray:
        C = pair_sum(np.abs(u[1] + NUDGE), at(u), grid)
        return point.U * np.array([C[2] - 1 / point.U, SLOPE @ C])

    if Q is None:
        return lambda u: np.array([point.U * float(gap_sum(0.0, at(u), grid)) - 1])
    if Q != "free":
        return lambda u: np.array([point.U * float(pair_sum(Q, at(u), grid)) - 1])
    return free


def lifshitz(point: Point, grid: Grid, keys: tuple[str, str]) -> Equations:
    """Equations C(0) = 1/U, d^2C/dQ^2 = 0 at Q = 0 for the values of the two ``keys``.

    There the FFLO onset leaves that of uniform pairing.
    """
    q = 0.03  # sixth-order differences: 3e-9 in T

    def equations(u: np.ndarray) -> np.ndarray:
        C = pair_sum(q * np.arange(4), _moved(point, keys, np.abs(u)), grid)
        curvature = 3 * (C[1] - C[0]) - 0.3 * (C[2] - C[0]) + (C[3] - C[0]) / 45
        return np.array([point.U * C[0] - 1, 100 * point.U * curvature])

    return equations


def peak(pairs: Callable[[np.ndarray], np.ndarray], U: float, spread: float = 1.0) -> Equations:
    """The equation dC/dQ = 0 for Q on the infinite lattice.

    pairs : C of momenta (n,). spread : of the difference, in units of NUDGE; its error goes as the
    fourth power.
    """

    def equations(u: np.ndarray) -> np.ndarray:
        return np.array([U * (SLOPE @ pairs(np.abs(u[0] + spread * NUDGE))) / spread])

    return equations


def fold(point: Point, grid: Grid, along: str) -> Equations:
    """Equations F = 1/U, (1/D) dF/dD = 0 for (value of ``along``, D)."""

    def equations(u: np.ndarray) -> np.ndarray:
        at, D = point.at(**{along: abs(float(u[0]))}), abs(float(u[1]))
        return point.U * np.array([gap_sum(D, at, grid) - 1 / point.U, gap_bend(D, at, grid)])

    return equations


def tricritical(point: Point, grid: Grid, keys: tuple[str, str]) -> Equations:
    """Equations F(0) = 1/U, (1/D) dF/dD = 0 at D = 0 for the values of the two ``keys``.

    There a line of folds ends on that of the onsets of uniform pairing.
    """

    def equations(u: np.ndarray) -> np.ndarray:
        at = _moved(point, keys, u)
        return point.U * np.array([gap_sum(0.0, at, grid) - 1 / point.U, gap_bend(0.0, at, grid)])

    return equations


def fold_end(point: Point, grid: Grid, keys: tuple[str, str]) -> Equations:
    """Equations F = 1/U, (1/D) dF/dD = 0, dF/dx = 0 for (x, y, D), x and y values of the ``keys``.

    There a line of folds x(y) turns back: at x = 0, where states are even, or where two of a closed
    branch meet.
    """

    def equations(u: np.ndarray) -> np.ndarray:
        D = abs(float(u[2]))
        places = [(u[0] + nudge, u[1]) for nudge in NUDGE]
        F = np.array([gap_sum(D, _moved(point, keys, place), grid) for place in places])
        bend = gap_bend(D, _moved(point, keys, u), grid)
        return point.U * np.array([F[2] - 1 / point.U, bend, SLOPE @ F / 2e-4])

    return equations


def cusp(point: Point, grid: Grid, keys: tuple[str, str]) -> Equations:
    """Equations F = 1/U, B = 0, dB/dD = 0 with B = (1/D) dF/dD for (x, y, D): two folds meet."""

    def equations(u: np.ndarray) -> np.ndarray:
        at, D = _moved(point, keys, u), abs(float(u[2]))
        bend = gap_bend(np.abs(D + NUDGE), at, grid)
        return point.U * np.array(
            [gap_sum(D, at, grid) - 1 / point.U, bend[2], SLOPE @ bend / 2e-4]
        )

    return equations


def onset_end(point: Point, grid: Grid, keys: tuple[str, str]) -> Equations:
    """Equations F(0) = 1/U, dF(0)/dx = 0 for (x, y): a line of onsets x(y) turns back."""

    def equations(u: np.ndarray) -> np.ndarray:
        places = [_moved(point, keys, (u[0] + nudge, u[1])) for nudge in NUDGE]
        F = np.array([gap_sum(0.0, place, grid) for place in places])
        return point.U * np.array([F[2] - 1 / point.U, SLOPE @ F / 2e-4])

    return equations


def fflo_end(point: Point, grid: Grid, keys: tuple[str, str]) -> Equations:
    """The same for pairing with Q > 0, dC/dQ = 0, for (x, y, Q); infinite lattice."""

    def equations(u: np.ndarray) -> np.ndarray:
        C = pair_sum(np.abs(u[2] + NUDGE), _moved(point, keys, u), grid)
        across = [pair_sum(abs(u[2]), _moved(point, keys, (u[0] + d, u[1])), grid) for d in NUDGE]
        return point.U * np.array([C[2] - 1 / point.U, SLOPE @ C, SLOPE @ np.array(across) / 2e-4])

    return equations


def _moved(point: Point, keys: tuple[str, str], values: Sequence[float]) -> Point:
    """The point at the values of two parameters, within reason; T is not negative."""
    numbers = {key: float(np.clip(value, -1e3, 1e3)) for key, value in zip(keys, values)}
    if "T" in numbers:
        numbers["T"] = abs(numbers["T"])
    return point.at(**numbers)


def clogston(point: Point, grid: Grid) -> Equations:
    """Equations F = 1/U, Omega(D) = Omega(0) for (h, D) at rest, Eq. (61)."""

    def equations(u: np.ndarray) -> np.ndarray:
        at, D = point.at(h=float(u[0]), eV=0.0), float(u[1])
        return np.array(
            [point.U * float(gap_sum(D, at, grid)) - 1, float(free_energy(D, at, grid))]
        )

    return equations


def finer(grid: Grid) -> Grid | None:
    """The grid that confirms a result: None for a finite lattice, whose sums are exact."""
    return grid.refined() if isinstance(grid, Infinite) else None


def allowed(grid: Grid, Q: float) -> float | str:
    """ "free" on the infinite lattice; on a finite one, Q itself."""
    return float(Q) if isinstance(grid, Finite) else "free"
