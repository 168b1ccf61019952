"""Onsets and folds along one line between leads that do not mirror each other.

A pair mode then sets in with a frequency: z = 2 (mu_pair - mu) is real at the onset and is solved
for together with it. Where pairs of momentum Q grow first, the growth rate is largest in Q as well:
Im (C_Q conj C_z) = 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import brentq

from ....solvers.newton import Solution
from ..inputs import BranchNumerics, OnsetNumerics
from ..physics import onsets, turning_states
from ..physics.operating_point import Point
from ..physics.pair_susceptibility import COARSE, pair_response
from ..physics.rotating_condensate import levels
from ..physics.still_modes import nearest_onset, still_modes
from ..physics.uniform_states import Finite, Grid, Infinite
from . import turning_branches
from .branch_records import lost_ends
from .polished_roots import polished

MARGIN = 1.25  # pairs are gone where the bias exceeds this times the gap at rest
STEP = 0.05  # along a branch
MOMENTA = 13  # of the infinite lattice, from 0
LARGEST_Q = 1.2
SEED = 1e-3  # accuracy of the value from which an onset is solved for
LEAST_Q = 0.05  # a smaller one between two values is that of uniform pairs
NUDGE = 1e-3
UNSOLVED = 1e-9  # residual above which a root counts as lost
LOOSEST = 1e-6  # error of the sums over momenta of an FFLO onset at least; they are slow


def line_record(point: Point, grid: Grid, along: str, numerics: OnsetNumerics) -> dict:
    """The roots of every kind along one line, as those of mirrored leads; mu : mu_pair of each."""
    values = scan_values(point, grid, along, numerics)
    bcs = bcs_onsets(point, grid, along, values)
    waves, every = fflo_onsets(point, grid, along, values)
    curves = turning_branches.follow_all(
        point,
        turning_states.coarser(point, grid),
        along,
        values,
        BranchNumerics(step=STEP),
    )
    folds = turning_branches.folds_of(curves, point, grid, along)
    lost = sum(lost_ends(curve) for curve in curves)
    return {
        "bcs": _record(bcs, None),
        "fflo": _record(waves, 2),
        "folds": _record(folds, 1),
        "every": sorted([*every, *(float(root.x[0]) for root, _ in bcs)]),
        "scanned": [float(values[0]), float(values[-1]), float(np.diff(values).max())],
        "doubts": [f"{lost} branches are not followed to their ends"] if lost else [],
    }


def empty_part() -> dict:
    """A kind of which nothing was found."""
    return _record([], None)


def _record(roots: Sequence[tuple[Solution, np.ndarray]], partner: int | None) -> dict:
    """What a sweep keeps of one kind; partner : the unknown that belongs to each root."""
    mu = 2 if partner == 1 else 1
    second = [root.x[partner] if partner else None for root, _ in roots]
    second_errors = [float(error[partner]) if partner else 0.0 for _, error in roots]
    return {
        "values": [float(root.x[0]) for root, _ in roots],
        "partners": [None if value is None else abs(float(value)) for value in second],
        "errors": [float(error[0]) for _, error in roots],
        "partner_errors": second_errors,
        "mu": [float(root.x[mu]) for root, _ in roots],
        "mu_errors": [float(error[mu]) for _, error in roots],
        "reasons": [root.reason for root, _ in roots],
        "residuals": [root.residual for root, _ in roots],
        "lost": sum(not root.converged and root.residual > UNSOLVED for root, _ in roots),
    }


def scan_values(point: Point, grid: Grid, along: str, numerics: OnsetNumerics) -> np.ndarray:
    """Values (n >= 2,) in which onsets are sought: to ``scan_to`` or where no pair survives."""
    end = numerics.scan_to
    if end is None:
        cold = min(lead.T for lead in point.baths)
        alone = Point(U=point.U, mu=point.mu, gamma=0.5 * point.width, T=cold)
        gap = max(onsets.roots(alone, grid), default=0.5 * point.U)
        apart = max(abs(lead.mu - point.mu) for lead in point.baths)
        end = MARGIN * gap + apart + 0.5 * abs(point.eV)
        if along == "eV":
            end = 2 * (abs(point.h) + MARGIN * gap + apart)
    return np.append(np.arange(0.0, end, numerics.scan_step), end)


def bcs_onsets(
    point: Point, grid: Grid, along: str, values: np.ndarray
) -> list[tuple[Solution, np.ndarray]]:
    """Onsets (value, mu_pair) of uniform pairing, polished, with errors."""
    rough = turning_states.coarser(point, grid)

    def excess(x: float) -> float:
        return turning_states.normal_excess(point.at(**{along: x}), rough)[1]

    roots = []
    for x in onsets.crossings(excess, [float(x) for x in values]):
        m = turning_states.normal_excess(point.at(**{along: x}), rough)[0]
        equations = _equations(turning_states.onset, point, along)
        roots.append(polished(equations, [x, m], grid))
    return roots


def _equations(kind: Callable, point: Point, along: str) -> Callable:
    """The equations of a kind on a grid."""
    return lambda grid: kind(point, grid, along)


# ---- pairs with a momentum ----------------------------------------------------------------------


def fflo_onsets(
    point: Point, grid: Grid, along: str, values: np.ndarray
) -> tuple[list[tuple[Solution, np.ndarray]], list[float]]:
    """Onsets (value, mu_pair, Q), with errors; values at which the largest pairing is at Q = 0."""
    momenta = np.linspace(0.0, LARGEST_Q, MOMENTA)
    rough: Grid = COARSE
    if isinstance(grid, Finite):
        momenta, rough = 2 * np.pi * np.arange(grid.Lx // 2 + 1) / grid.Lx, grid

    def strongest(x: float) -> tuple[float, float, float]:
        return strongest_wave(point.at(**{along: x}), rough, momenta)

    scanned = [float(x) for x in values]
    places = [strongest(x) for x in scanned]
    roots, uniform = [], []
    for x, first, y, second in zip(scanned, places, scanned[1:], places[1:]):
        if first[0] * second[0] >= 0:
            continue
        at = brentq(lambda x: strongest(x)[0], x, y, xtol=SEED)
        _, m, Q = strongest(at)
        if Q < LEAST_Q:
            uniform.append(at)
            continue
        roots.append(_wave_onset(point, grid, along, (at, m, Q)))
    return [root for root in roots if root[0].x[2] > 0.01 * LEAST_Q], uniform


def range_of(grid: Grid) -> list[str]:
    """What momenta of pairs were looked at, where these are not all along x."""
    if isinstance(grid, Finite):
        return []
    return [f"onset: pairs of momenta along x up to {LARGEST_Q:g}, in steps of 0.1; none beyond"]


def _wave_onset(
    point: Point, grid: Grid, along: str, seed: tuple[float, float, float]
) -> tuple[Solution, np.ndarray]:
    """The onset next to (value, mu_pair, Q), with errors; Q is free on the infinite lattice."""
    x, m, Q = seed
    free = isinstance(grid, Infinite)
    if free:
        grid = Infinite(max(grid.error, LOOSEST), grid.nodes)
    solution, error = polished(
        lambda g: wave_equations(point, g, along, None if free else Q),
        [x, m, Q] if free else [x, m],
        grid,
    )
    if len(solution.x) == 2:
        whole = np.append(solution.x, Q)
        solution = Solution(
            whole,
            solution.residual,
            solution.reason,
            solution.converged,
            solution.iterations,
            solution.multipliers,
        )
        error = np.append(error, 0.0)
    return solution, error


def wave_equations(point: Point, grid: Grid, along: str, Q: float | None) -> Callable:
    """Equations C(Q, z) = 1/U for (value, mu_pair), and Im (C_Q conj C_z) = 0 for Q if it is None.

    z = 2 (mu_pair - mu).
    """

    def equations(u: np.ndarray) -> np.ndarray:
        at = point.at(**{along: float(u[0])})
        z = 2 * (float(u[1]) - at.mu)
        if Q is not None:
            C = point.U * complex(pair_response(Q, z, at, grid)) - 1
            return np.array([C.real, C.imag])
        q = abs(float(u[2]))
        C = point.U * complex(pair_response(q, z, at, grid)) - 1
        across = [complex(pair_response(q + d, z, at, grid)) for d in (-NUDGE, NUDGE)]
        beside = pair_response(q, z + NUDGE * np.array([-1, 1]), at, grid)
        by_Q, by_z = across[1] - across[0], complex(beside[1] - beside[0])
        return np.array([C.real, C.imag, (by_Q * by_z.conjugate()).imag / abs(by_z) ** 2])

    return equations


def strongest_wave(point: Point, grid: Grid, momenta: np.ndarray) -> tuple[float, float, float]:
    """(excess, mu_pair, Q) of the momentum that pairs most; excess > 0: pairs of it grow."""
    start, places = turning_states.normal_excess(point, grid)[0], []
    for Q in map(float, momenta):
        place = pair_excess(point, grid, Q, start)
        if place is not None:
            start = place[1]
            places.append((*place, Q))
    return max(places, default=(-1.0, 0.5 * sum(levels(point)), 0.0))


def pair_excess(point: Point, grid: Grid, Q: float, start: float) -> tuple[float, float] | None:
    """(excess, mu_pair) of pairs of momentum Q, by :func:`.still_modes.nearest_onset`, or None.

    The infinite lattice's smooth C has one mode at rest: secants from ``start`` find it, and where
    they do not, as on every finite lattice, all frequencies between the leads' are looked at.
    """

    def response(m: np.ndarray) -> np.ndarray:
        return point.U * np.asarray(pair_response(Q, 2 * (m - point.mu), point, grid)) - 1

    if isinstance(grid, Infinite):
        place = _by_secants(response, start, levels(point))
        if place is not None:
            return place
    return nearest_onset(still_modes(response, turning_states.frequencies(point)))


def _by_secants(
    response: Callable[[np.ndarray], np.ndarray], m: float, bounds: tuple[float, float]
) -> tuple[float, float] | None:
    """(U Re C - 1, mu_pair) at which Im C(Q, z) = 0, from m; None where it is not found."""
    reach = bounds[1] - bounds[0] + 0.02
    a, b = m, m + 0.05 * reach
    fa, fb = response(np.array([a, b]))
    for _ in range(12):
        if fb.imag == fa.imag:
            break
        change = -fb.imag * (b - a) / (fb.imag - fa.imag)
        a, fa = b, fb
        b = float(np.clip(b + change, bounds[0] - reach, bounds[1] + reach))
        fb = response(np.array([b]))[0]
        if abs(b - a) < 1e-7:
            return float(fb.real), b
    return None
