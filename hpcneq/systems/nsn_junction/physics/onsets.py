"""Which steady states exist and which are stable: roots of the gap equation, onsets, regions.

Kawamura and Ohashi (2025), Sec. III and App. A. A state here is uniform (BCS, D > 0) or normal;
where the normal state is unstable at Q > 0 only, the state that replaces it is FFLO. Mirrored
leads throughout (InputError otherwise), whose states do not rotate and depend on |eV| only.

Stability at q = 0 is the sign of dF/dD: > 0 means a growing amplitude mode. Linear stability cannot
tell a metastable state from a stable one; it is a property of the branch: see `stability`. It says
nothing about modes at q != 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, root

from .operating_point import Point
from .pair_susceptibility import COARSE, polished_peak, strongest_pairing
from .uniform_states import Grid, Infinite, free_energy, gap_slopes, gap_sum, pair_sum, static_terms

STEP = 0.02  # of eV along a branch, and of the scans over eV or h


# ---- roots of the gap equation ------------------------------------------------------------------


@dataclass(frozen=True)
class UniformState:
    """A uniform steady state: order parameter, dF/dD there, and stable | unstable | metastable."""

    delta: float
    slope: float
    stability: str


def scan(point: Point, grid: Grid) -> np.ndarray:
    """The order parameters (n,) at which `roots` looks for changes of sign, from 0 to U/2.

    Above U/2 F < 1/U. F bends within the smoothing G + pi T of the quasiparticle edges: on the
    infinite lattice only where D passes |s_l|; steps of U/128, and of a third of the smoothing
    there. On a finite one it bends anywhere: steps of U/400 or a third of the smoothing throughout
    (4000 steps at most).
    """
    top = 0.5 * point.U * 1.001
    smooth = point.width + np.pi * min(T for _, T, _ in static_terms(point))
    if isinstance(grid, Infinite):
        steps, fine = 64, 25
    else:
        steps, fine = int(np.clip(3 * top / smooth, 200, 4000)), 41
    grids = [np.linspace(0.0, top, steps + 1)]
    grids += [s + smooth * np.linspace(-4, 4, fine) for _, _, s in static_terms(point)]
    D = np.unique(np.concatenate(grids))
    return D[(D >= 0) & (D <= top)]


def roots(point: Point, grid: Grid) -> np.ndarray:
    """Every D > 0 with F(D) = 1/U, ascending (n,), relative error 1e-12.

    Besides changes of sign between the points of `scan`, extrema between them are followed to see
    whether they touch 1/U: two roots are missed only if another pair of extrema lies in the same
    step.
    """

    def excess(D: float) -> float:
        return float(gap_sum(D, point, grid)) - 1 / point.U

    def slope(D: float) -> float:
        return float(gap_slopes(D, point, grid)[1])

    D = scan(point, grid)
    F, dF, _ = gap_slopes(D, point, grid)
    F, crossed = F - 1 / point.U, []
    for i in range(len(D) - 1):
        if F[i] * F[i + 1] < 0:
            crossed.append(brentq(excess, D[i], D[i + 1], xtol=1e-13))
        elif dF[i] * dF[i + 1] < 0:
            top = brentq(slope, D[i], D[i + 1])
            if excess(top) * F[i] < 0:
                crossed.append(brentq(excess, D[i], top, xtol=1e-13))
                crossed.append(brentq(excess, top, D[i + 1], xtol=1e-13))
    return np.array([_polished(d, point, grid) for d in crossed])


def _polished(D: float, point: Point, grid: Grid) -> float:
    """One Newton step, kept unless the root is a fold."""
    F, dF, _ = gap_slopes(D, point, grid)
    step = (1 / point.U - F) / dF if dF != 0 else 0.0
    return float(D + step) if abs(step) < 1e-6 * D else float(D)


def downhill_roots(point: Point, grid: Grid) -> list[float]:
    """The roots with dF/dD < 0, ascending."""
    return [D for D in roots(point, grid) if gap_slopes(D, point, grid)[1] < 0]


def nearest_root(D: float, point: Point, grid: Grid) -> float | None:
    """The root with dF/dD < 0 next to D by Newton's method, or None."""
    for _ in range(8):
        F, dF, _ = gap_slopes(D, point, grid)
        if not dF < 0:
            return None
        change = (1 / point.U - F) / dF
        D = float(D + change)
        if not 1e-6 < D < point.U:
            return None
        if abs(change) < 1e-11:
            return D
    return None


# ---- stability ----------------------------------------------------------------------------------


def steady_states(point: Point, grid: Grid) -> tuple[UniformState, ...]:
    """All uniform states with D > 0, ascending in D."""
    D = roots(point, grid)
    slopes = gap_slopes(D, point, grid)[1]
    return tuple(UniformState(d, float(s), stability(d, point, grid)) for d, s in zip(D, slopes))


def stability(D: float, point: Point, grid: Grid) -> str:
    """ "unstable" | "stable" | "metastable" of the root D.

    Unstable: dF/dD > 0. Otherwise stable if the branch, followed in eV both ways up to its folds,
    meets a voltage where the normal state is unstable to uniform pairing (C(0) > 1/U: the state is
    reached from there by changing the voltage alone), or arrives at an equilibrium where its free
    energy is below the normal state's; else metastable.
    """
    if gap_slopes(D, point, grid)[1] > 0:
        return "unstable"
    reached = any(
        _established(at, d, grid)
        for direction in (-1, 1)
        for at, d in branch(D, point, grid, direction)
    )
    return "stable" if reached else "metastable"


def _established(point: Point, D: float, grid: Grid) -> bool:
    """Whether a state is reached from the normal one, or has the lower free energy."""
    if gap_sum(0.0, point, grid) > 1 / point.U:
        return True
    return point.equilibrium and free_energy(D, point, grid) < 0


def branch(
    D: float, point: Point, grid: Grid, direction: int, step: float = STEP
) -> Iterator[tuple[Point, float]]:
    """Follow a root with dF/dD < 0 in eV, direction = +-1; yields (point, D).

    To its fold, to D = 0 or to eV = 0. Tangent predictor, Newton corrector; the step is halved
    where that fails or D moves by more than 0.05, and the branch ends when it would have to be
    shorter than 1e-5.
    """
    yield point, D
    least = 1e-5
    while step > least and (direction > 0 or point.eV > 0):
        eV = max(point.eV + direction * step, 0.0)
        _, dF, dV = gap_slopes(D, point, grid)
        guess = D - dV / dF * (eV - point.eV)
        ahead = point.at(eV=eV)
        new = nearest_root(guess, ahead, grid) if abs(guess - D) < 0.05 else None
        if new is None or abs(new - guess) > 0.02:
            step /= 2
            continue
        point, D, step = ahead, new, min(1.5 * step, STEP)
        yield point, D


# ---- onsets and folds along a parameter ---------------------------------------------------------


def crossings(excess: Callable[[float], float], values: Sequence[float]) -> list[float]:
    """Zeros of a function of one number, from its changes of sign between ``values``."""
    f = [excess(x) for x in values]
    return [
        brentq(excess, a, b, xtol=1e-10)
        for a, b, fa, fb in zip(values, values[1:], f, f[1:])
        if fa * fb < 0
    ]


def bcs_onsets(point: Point, grid: Grid, values: Sequence[float], along: str = "eV") -> list[float]:
    """Values of eV, h or T, ascending, at which C(0) = 1/U; scanned over ``values``."""

    def excess(x: float) -> float:
        return float(gap_sum(0.0, point.at(**{along: float(x)}), grid)) - 1 / point.U

    return crossings(excess, values)


def fflo_onsets(
    point: Point, grid: Grid, values: Sequence[float], along: str = "eV"
) -> tuple[list[float], list[float]]:
    """(values of eV, h or T, wave numbers Q) at which max_Q C(Q) = 1/U, ascending.

    Scanned over ``values``. Q = 0 marks an onset of uniform pairing. Infinite lattice: scanned in
    steps of pi/60 of Q at lower accuracy, then polished.
    """
    momenta = np.linspace(0.0, np.pi, 61)

    def rough(x: float) -> float:
        if isinstance(grid, Infinite):
            return float(np.max(pair_sum(momenta, point.at(**{along: x}), COARSE))) - 1 / point.U
        return excess(x)

    def excess(x: float) -> float:
        return strongest_pairing(point.at(**{along: x}), grid)[1] - 1 / point.U

    values = [float(x) for x in values]
    f = [rough(x) for x in values]
    # between two momenta of the scan C can exceed 1/U where the scan does not: near misses are
    # computed again
    f = [excess(x) if abs(e) < 0.02 / point.U else e for x, e in zip(values, f)]
    onsets = [
        _fflo_onset(point, grid, along, a, b, excess)
        for a, b, fa, fb in zip(values, values[1:], f, f[1:])
        if fa * fb < 0
    ]
    return [x for x, _ in onsets], [Q for _, Q in onsets]


def _fflo_onset(
    point: Point, grid: Grid, along: str, a: float, b: float, excess: Callable[[float], float]
) -> tuple[float, float]:
    """One onset between a and b: bisect until Q stays on its peak, then Brent."""

    def peak(x: float, Q: float | None = None) -> tuple[float, float]:
        at = point.at(**{along: x})
        if Q is None or not isinstance(grid, Infinite):
            return strongest_pairing(at, grid)
        return polished_peak(at, grid, max(Q - 0.03, 0.0), min(Q + 0.03, np.pi))

    lower = excess(a) > 0
    while b - a > 0.02:
        middle = 0.5 * (a + b)
        a, b = (middle, b) if (excess(middle) > 0) == lower else (a, middle)
    Q = peak(0.5 * (a + b))[0]
    try:
        x = brentq(lambda x: peak(x, Q)[1] - 1 / point.U, a, b, xtol=1e-9)
    except ValueError:  # the peak moved out of its window
        x = brentq(excess, a, b, xtol=1e-9)
        return x, peak(x)[0]
    return x, peak(x, Q)[0]


def folds(
    point: Point, grid: Grid, values: Sequence[float], along: str = "eV"
) -> tuple[list[float], list[float]]:
    """(values of eV or h, D) where two uniform branches meet, F = 1/U and dF/dD = 0, ascending.

    A fold shows as a change in the number of roots from one value to the next, and is then solved
    for to 1e-10; one that opens and one that closes within the same step hide each other.
    """
    values = [float(x) for x in values]
    sets = [roots(point.at(**{along: x}), grid) for x in values]
    places = []
    for a, b, left, right in zip(values, values[1:], sets, sets[1:]):
        many, few = (left, right) if len(left) > len(right) else (right, left)
        if len(many) - len(few) >= 1:
            side = a if many is left else b
            places += _folds_between(a, b, many, side, point, grid, along)
    places = sorted(set((round(x, 9), round(d, 9), x, d) for x, d in places))
    return [x for _, _, x, _ in places], [d for _, _, _, d in places]


def _folds_between(
    a: float, b: float, many: np.ndarray, side: float, point: Point, grid: Grid, along: str
) -> list[tuple[float, float]]:
    """Folds in [a, b], sought from the middle of each neighbouring pair of roots.

    ``many`` are the roots at that ``side`` of the interval that has more.
    """

    def equations(u: np.ndarray) -> list[float]:
        F, dF, _ = gap_slopes(u[1], point.at(**{along: float(u[0])}), grid)
        return [F - 1 / point.U, dF]

    places: list[tuple[float, float]] = []
    for low, high in zip(many, many[1:]):
        result = root(equations, [side, 0.5 * (low + high)], tol=1e-12)
        x, D = result.x
        solved = np.max(np.abs(equations(result.x))) < 1e-9
        new = not any(abs(x - y) < 1e-7 and abs(D - d) < 1e-6 for y, d in places)
        if solved and new and a - 1e-9 <= x <= b + 1e-9 and D > 1e-3:
            places.append((float(x), float(D)))
    return places


# ---- regions ------------------------------------------------------------------------------------


def clogston_limit(point: Point, grid: Grid) -> float:
    """h_cc at eV = 0: the field at which uniform and normal state have one free energy, Eq. (61).

    nan if there is none. Below it the uniform state is the ground state, up to the FFLO states,
    which this limit leaves out.
    """

    def advantage(h: float) -> float:
        at = point.at(h=h, eV=0.0)
        stable = downhill_roots(at, grid)
        return free_energy(stable[-1], at, grid) if stable else np.nan

    fields = np.arange(0.0, point.U, 0.05)
    values = [advantage(h) for h in fields]
    for a, b, fa, fb in zip(fields, fields[1:], values, values[1:]):
        if fa < 0 < fb:
            return float(brentq(advantage, a, b, xtol=1e-9))
        if fa < 0 and np.isnan(fb):  # the metastable part is shorter than the step
            last = _last_field(advantage, a, b)
            return float(brentq(advantage, a, last, xtol=1e-9)) if advantage(last) > 0 else np.nan
    return np.nan


def _last_field(advantage: Callable[[float], float], a: float, b: float) -> float:
    """The largest field, to 1e-9, at which there is a uniform state."""
    while b - a > 1e-9:
        middle = 0.5 * (a + b)
        a, b = (a, middle) if np.isnan(advantage(middle)) else (middle, b)
    return a


def region(point: Point, grid: Grid) -> str:
    """The phase: "normal" | "bcs" | "fflo" | "bistable-with-normal" | "bistable-with-fflo".

    bcs : the normal state is unstable to uniform pairing, C(0) > 1/U; in equilibrium also where a
    uniform state has the lowest free energy (h < h_cc). Otherwise fflo or normal, by max_Q C(Q);
    out of equilibrium bistable-with-... if besides it there is a uniform state that is stable by
    the rule of `stability` (a metastable one does not count).
    """
    if gap_sum(0.0, point, grid) > 1 / point.U:
        return "bcs"
    states = [s for s in steady_states(point, grid) if s.stability == "stable"]
    if point.equilibrium and any(free_energy(s.delta, point, grid) < 0 for s in states):
        return "bcs"
    base = "fflo" if strongest_pairing(point, grid)[1] > 1 / point.U else "normal"
    return f"bistable-with-{base}" if states and not point.equilibrium else base
