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
from scipy.optimize import brentq, minimize_scalar

from .branch_curves import Family, on_curve, touches
from .branch_search import CurveSearch, search
from .gap_roots import downhill_roots, nearest_root, roots, scan
from .operating_point import Point
from .pair_susceptibility import COARSE, polished_peak, strongest_pairing
from .uniform_states import Grid, Infinite, free_energy, gap_slopes, gap_sum, pair_sum

__all__ = [
    "STEP",
    "UniformState",
    "bcs_onsets",
    "branch",
    "clogston_limit",
    "critical_field",
    "crossings",
    "downhill_roots",
    "fflo_onsets",
    "folds",
    "gap_slopes",
    "nearest_root",
    "region",
    "roots",
    "scan",
    "stability",
    "steady_states",
    "uniform_curves",
    "with_extrema",
]

STEP = 0.02  # of eV along a branch, and of the scans over eV or h


@dataclass(frozen=True)
class UniformState:
    """A uniform steady state: order parameter, dF/dD there, and stable | unstable | metastable."""

    delta: float
    slope: float
    stability: str


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
    """Zeros of a function of one number, from its changes of sign between ``values``.

    Where it nearly touches zero between two of them the extremum is looked at too.
    """
    f = [excess(x) for x in values]
    values, f = with_extrema(excess, values, f)
    return [
        brentq(excess, a, b, xtol=1e-10)
        for a, b, fa, fb in zip(values, values[1:], f, f[1:])
        if fa * fb < 0
    ]


def with_extrema(
    excess: Callable[[float], float], values: Sequence[float], f: Sequence[float]
) -> tuple[list[float], list[float]]:
    """``values`` and f there, with the extrema at which f has another sign than around them."""
    places = list(zip(values, f))
    for i in range(1, len(f) - 1):
        side = np.sign(f[i])
        size = side * np.array(f[i - 1 : i + 2])
        if not touches(size):
            continue
        best = minimize_scalar(
            lambda x, side=side: side * excess(x),
            bounds=(values[i - 1], values[i + 1]),
            options={"xatol": 1e-7},
        )
        if best.fun < 0:
            places.append((float(best.x), float(side * best.fun)))
    places.sort()
    return [x for x, _ in places], [value for _, value in places]


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
    values, f = with_extrema(excess, values, f)
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


def uniform_curves(
    point: Point, grid: Grid, values: Sequence[float], along: str = "eV"
) -> CurveSearch:
    """Every curve of uniform states between the first and the last of ``values``, with its folds.

    Onsets, where curves begin, are scanned for over ``values``; the curves show those missed.
    """
    known = bcs_onsets(point, grid, values, along)
    return search(point, grid, along, float(values[0]), float(values[-1]), known)


def folds(
    point: Point, grid: Grid, values: Sequence[float], along: str = "eV"
) -> tuple[list[float], list[float]]:
    """(values of eV, h or T, D) where two uniform branches meet, F = 1/U and dF/dD = 0, ascending.

    Found on the curves between the first and the last of ``values``, whatever their spacing.
    """
    places = uniform_curves(point, grid, values, along).folds
    return [x for x, _ in places], [d for _, d in places]


# ---- regions ------------------------------------------------------------------------------------


def clogston_limit(point: Point, grid: Grid) -> float:
    """h_cc at eV = 0: the field at which uniform and normal state have one free energy, Eq. (61).

    nan where the transition is continuous. Below h_cc the uniform state is the ground state, up to
    the FFLO states, which this limit leaves out.
    """
    return critical_field(point, grid)[0]


def critical_field(point: Point, grid: Grid) -> tuple[float, float]:
    """(h_cc, D) at eV = 0, nan twice where no first-order transition exists.

    On the branch from h = 0 to its fold: its free energy is below the normal state's at first and
    above it at the fold. Without a fold the branch ends at the onset, and so does the transition.
    """
    at_rest = point.at(eV=0.0)
    curves = uniform_curves(at_rest, grid, np.arange(0.0, point.U, 0.05), "h").curves
    for curve in sorted(curves, key=lambda curve: -curve.D.max()):
        places = sorted(zip(curve.x, curve.D, curve.bend))
        branch = [(h, D) for h, D, bend in places if bend < 0 and D > 1e-6]
        after = [(h, D) for h, D in curve.folds if D < curve.D.max()]
        if not branch or not after:
            continue
        branch = [*(place for place in branch if place[0] < max(after)[0]), max(after)]
        energies = [float(free_energy(D, at_rest.at(h=h), grid)) for h, D in branch]
        for a, b, below, above in zip(branch, branch[1:], energies, energies[1:]):
            if below < 0 < above:
                return _equal_energy(at_rest, grid, a, b)
    return np.nan, np.nan


def _equal_energy(
    point: Point, grid: Grid, a: tuple[float, float], b: tuple[float, float]
) -> tuple[float, float]:
    """(h, D) of zero free energy between two neighbouring places (h, D) of a branch."""
    family = Family(point, grid, "h")

    def place(share: float) -> tuple[float, float]:
        return on_curve(family, np.array(a[::-1]), np.array(b[::-1]), share)

    def energy(share: float) -> float:
        D, h = place(share)
        return float(free_energy(D, point.at(h=h), grid))

    D, h = place(brentq(energy, 0.0, 1.0, xtol=1e-11))
    return float(h), float(D)


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
