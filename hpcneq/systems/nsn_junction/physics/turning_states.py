"""What a uniform condensate whose phase turns carries, and its gap equation without a response.

In the frame of its chemical potential m (:mod:`.rotating_condensate`) each momentum has the
stationary G^< of Kawamura and Ohashi (2025), Eq. (23): [H, G] - 2 i Gamma G = Pi + Pi^+ with Pi =
sum_a R_a(H) P_a. Its mean over the momenta gives, with Delta = -iU G_12,

    F(D, m) = -i <G_12>/D,      n_up = -i <G_11>,      1 - n_down = -i <G_22>,
    I_l = 2 Re <[R_l+(H)]_11 - [R_l-(H)]_22> - 2 gamma_l (n_up + n_down - 1),

the current from lead l with that lead's own part R_l of the memory. The imaginary part of 1/U = F
says that what enters from one lead leaves by the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ....maths import lattice
from .grids import Grid, Infinite
from .lead_memory import Memory
from .operating_point import Point
from .response import NambuLevels
from .rotating_condensate import frame, levels
from .still_modes import nearest_onset, still_modes

SMALLEST = 2e-4  # D below which F(D) is extrapolated in D^2
RESOLUTION = 48.0  # nodes of the density of states over 1/(G + pi T)
FEWEST = 64
BATCH = 1 << 14  # levels at a time: their arrays stay in the cache
DIFFERENCE = 2e-3
NUDGE = np.array([-2, -1, 1, 2]) * DIFFERENCE
SLOPE = np.array([1, -8, 8, -1]) / (12 * DIFFERENCE)  # fourth-order difference
GAPS, RATES = 40, 10  # values of D, and of m at least, of a scan


@dataclass(frozen=True)
class Carried:
    """Density, magnetization and the current from each lead, per site."""

    density: float
    magnetization: float
    current_left: float
    current_right: float


def momenta(point: Point, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Band energies (n,) and weights (n,); on the infinite lattice as many as the leads resolve."""
    if not isinstance(grid, Infinite):
        return grid.levels()
    wanted = RESOLUTION * max(1, grid.nodes // 1024) / smoothing(point)
    return lattice.dos_nodes(int(np.clip(2 ** np.ceil(np.log2(wanted)), FEWEST, grid.nodes)))


def smoothing(point: Point) -> float:
    """G + pi T of the colder lead: the scale on which levels see the leads change."""
    return point.width + np.pi * min(T for _, T, _ in point.terms())


def coarser(point: Point, grid: Grid) -> Grid:
    """A grid with half the nodes, good to about 1e-6: enough to follow a branch."""
    if not isinstance(grid, Infinite):
        return grid
    nodes = 2 ** np.ceil(np.log2(0.5 * RESOLUTION / smoothing(point)))
    return Infinite(grid.error, int(np.clip(nodes, FEWEST, grid.nodes)))


def gap_sums(D: np.ndarray, m: float, point: Point, grid: Grid) -> np.ndarray:
    """F(D, m) (k,), complex, of order parameters D (k,) at one chemical potential."""
    at = frame(point, m)
    eps, weight = momenta(point, grid)
    memory, D = Memory.of(at), np.abs(np.asarray(D, float))
    small = D < SMALLEST
    if small.any():
        near, far = gap_sums(SMALLEST * np.array([1, 2]), m, point, grid)
        slope = (far - near) / (3 * SMALLEST**2)
        sums = near + slope * (D**2 - SMALLEST**2)
        sums[~small] = gap_sums(D[~small], m, point, grid)
        return sums
    sums, rows = np.empty(len(D), complex), max(1, BATCH // len(eps))
    for start in range(0, len(D), rows):
        part = D[start : start + rows]
        xi = np.tile(eps - m, len(part))
        G = _levels(xi, np.repeat(part, len(eps)), memory).green(memory.width)
        sums[start : start + rows] = -1j * G[0, 1].reshape(len(part), -1) @ weight / part
    return sums


def gap_excess(D: float, m: float, point: Point, grid: Grid) -> complex:
    """U F(D, m) - 1."""
    return point.U * complex(gap_sums(np.array([D]), m, point, grid)[0]) - 1


def carried(D: float, m: float, point: Point, grid: Grid) -> Carried:
    """What a state carries; D = 0: the normal state, m is then of no account."""
    at = frame(point, m)
    eps, weight = momenta(point, grid)
    whole = Memory.of(at)
    states = _levels(eps - m, np.full(len(eps), float(D)), whole)
    G = states.green(whole.width)
    up, hole = ((-1j * G[a, a]).real @ weight for a in (0, 1))
    currents = []
    for term in whole.terms:
        own = Memory((term,), whole.h, whole.width)
        pumped = [
            2 * sum(own.value(e, a).real * states.P[i][c, c] for i, e in enumerate(states.e))
            for c, a in enumerate((+1, -1))
        ]
        gained = float((pumped[0] - pumped[1]) @ weight)
        currents.append(gained - 2 * term[0] * (up - hole))
    return Carried(float(1 + up - hole), float(up + hole - 1), *currents)


def _levels(xi: np.ndarray, D: np.ndarray, memory: Memory) -> NambuLevels:
    """Levels with the memory of both columns, mirrored or not."""
    states = NambuLevels(xi, D, memory)
    states.R[-1] = [memory.value(e, -1) for e in states.e]
    return states


def scan(point: Point, grid: Grid) -> list[tuple[float, float]]:
    """Seeds (D, m) of the roots of the gap equation at one point, ascending in D.

    At each D the zeros m of Im F between the Fermi levels of the leads; where along one of them,
    from one D to the next, Re F passes 1/U, there is a root.
    """
    low, high = levels(point)
    reach = 0.05 * (high - low) + 1e-3
    D = np.append(SMALLEST, np.linspace(0.0, 0.5 * point.U * 1.001, GAPS)[1:])
    m = np.linspace(low - reach, high + reach, RATES)
    f = np.array([point.U * gap_sums(D, x, point, grid) - 1 for x in m]).T  # (D, m)
    rows = [_zeros(m, row) for row in f]
    seeds = []
    for i, (first, second) in enumerate(zip(rows, rows[1:])):
        for a, value in first:
            near = min(second, key=lambda place, a=a: abs(place[0] - a), default=None)
            if near is None or value * near[1] > 0:
                continue
            share = value / (value - near[1])
            seeds.append(((1 - share) * D[i] + share * D[i + 1], (1 - share) * a + share * near[0]))
    return seeds


def _zeros(m: np.ndarray, f: np.ndarray) -> list[tuple[float, float]]:
    """(m, Re f) where Im f changes sign, linearly between the values (n,) of m."""
    below = f.imag < 0
    hits = np.flatnonzero(below[:-1] != below[1:])
    share = f.imag[hits] / (f.imag[hits] - f.imag[hits + 1])
    places = (1 - share) * m[hits] + share * m[hits + 1]
    values = (1 - share) * f.real[hits] + share * f.real[hits + 1]
    return list(zip(places.tolist(), values.tolist()))


def normal_excess(point: Point, grid: Grid) -> tuple[float, float]:
    """(m, excess) of the uniform pair mode that grows or decays next; excess > 0: one grows.

    By :func:`.still_modes.nearest_onset`; the excess is -1 without such a mode.
    """

    def response(m: np.ndarray) -> np.ndarray:
        return np.array([gap_excess(0.0, float(x), point, grid) for x in m])

    place = nearest_onset(still_modes(response, frequencies(point)))
    if place is None:
        return 0.5 * sum(levels(point)), -1.0
    return place[1], place[0]


def frequencies(point: Point) -> np.ndarray:
    """Values of mu_pair (n,) between which modes at rest are sought: as dense as the leads need."""
    low, high = levels(point)
    reach = 0.05 * (high - low) + 1e-3
    count = max(RATES, int(np.ceil(2 * (high - low) / smoothing(point))))
    return np.linspace(low - reach, high + reach, count)


@dataclass(frozen=True)
class TurningFamily:
    """U F(D, m) - 1 = 0 for each value of one parameter; unknowns x = (D, m)."""

    point: Point
    grid: Grid
    along: str = "eV"
    items = 1

    def at(self, p: float) -> TurningFamily:
        """The problem at one value of the parameter."""
        return TurningFamily(self.point.at(**{self.along: float(p)}), self.grid, self.along)

    def prepare(self, x: np.ndarray, part: range) -> list:
        """Both parts of the equation, for the rank that has the one item."""
        f = gap_excess(float(x[0]), float(x[1]), self.point, self.grid)
        return [[f.real, f.imag]] * len(part)

    @staticmethod
    def partials(rows: list) -> np.ndarray:
        """Rows (n, 2)."""
        return np.reshape(rows, (-1, 2))

    @staticmethod
    def residual(x: np.ndarray, sums: np.ndarray) -> np.ndarray:
        """Real and imaginary part of U F - 1."""
        return sums


def state(point: Point, grid: Grid) -> Callable[[np.ndarray], np.ndarray]:
    """The gap equation of one point as a function of (D, m)."""

    def equations(u: np.ndarray) -> np.ndarray:
        f = gap_excess(float(u[0]), float(u[1]), point, grid)
        return np.array([f.real, f.imag])

    return equations


def onset(point: Point, grid: Grid, along: str) -> Callable[[np.ndarray], np.ndarray]:
    """Equations F(0, m) = 1/U for (value of ``along``, m)."""

    def equations(u: np.ndarray) -> np.ndarray:
        f = gap_excess(0.0, float(u[1]), _moved(point, along, u[0]), grid)
        return np.array([f.real, f.imag])

    return equations


def fold(point: Point, grid: Grid, along: str) -> Callable[[np.ndarray], np.ndarray]:
    """Equations F = 1/U, det d(Re F, Im F)/d(D, m) = 0 for (value of ``along``, D, m)."""

    def equations(u: np.ndarray) -> np.ndarray:
        at, (D, m) = _moved(point, along, u[0]), map(float, u[1:])
        f = gap_excess(D, m, at, grid)
        turned = DIFFERENCE * np.linalg.det(jacobian(D, m, at, grid))  # rounding stays rounding
        return np.array([f.real, f.imag, turned])

    return equations


def jacobian(D: float, m: float, point: Point, grid: Grid) -> np.ndarray:
    """d(Re, Im of U F)/d(D, m), (2, 2)."""
    by_D = SLOPE @ (point.U * gap_sums(D + NUDGE, m, point, grid))
    by_m = SLOPE @ np.array([gap_excess(D, m + x, point, grid) for x in NUDGE])
    return np.array([[by_D.real, by_m.real], [by_D.imag, by_m.imag]])


def conductance(D: float, m: float, point: Point, grid: Grid) -> tuple[float, float]:
    """(dI_left, dI_right)/d(eV) along the branch of a state; D = 0: of the normal state."""

    def currents(D: float, m: float, eV: float) -> np.ndarray:
        numbers = carried(D, m, point.at(eV=eV), grid)
        return np.array([numbers.current_left, numbers.current_right])

    eV = point.eV
    total = SLOPE @ np.array([currents(D, m, eV + x) for x in NUDGE])
    if D > 0:
        by_eV = SLOPE @ np.array([gap_excess(D, m, point.at(eV=eV + x), grid) for x in NUDGE])
        turn = np.linalg.solve(jacobian(D, m, point, grid), [-by_eV.real, -by_eV.imag])
        by_D = SLOPE @ np.array([currents(D + x, m, eV) for x in NUDGE])
        by_m = SLOPE @ np.array([currents(D, m + x, eV) for x in NUDGE])
        total = total + turn[0] * by_D + turn[1] * by_m
    return float(total[0]), float(total[1])


def _moved(point: Point, along: str, value: float) -> Point:
    """The point at another value of a parameter; T is not negative."""
    return point.at(**{along: abs(float(value)) if along == "T" else float(value)})
