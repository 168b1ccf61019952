"""Which steady states exist and which of them are stable: roots of the gap equation, onsets, folds, phase regions.

Kawamura and Ohashi (2025), Sec. III and App. A. A state here is uniform (BCS, D > 0) or normal; where the normal
state is unstable at Q > 0 only, the state that replaces it is FFLO. Mirrored leads throughout (InputError
otherwise), whose states do not rotate and depend on |eV| only.

Stability at q = 0 is the sign of dF/dD: > 0 means a growing amplitude mode. Linear stability cannot tell a
metastable state from a stable one; it is a property of the branch: see ``stability``. It says nothing about modes at
q != 0.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, root

from .pair_susceptibility import COARSE, polished_peak, strongest_pairing
from .uniform_states import Infinite, free_energy, gap_slopes, gap_sum, pair_sum, static_terms

STEP = 0.02  # of eV along a branch, and of the scans over eV or h


@dataclass(frozen=True)
class State:
    """A uniform steady state: its order parameter, dF/dD there, and stable | unstable | metastable."""

    delta: float
    slope: float
    stability: str


def scan(point, grid):
    """The order parameters (n,) at which ``roots`` looks for changes of sign, from 0 to U/2, above which F < 1/U.

    F bends within the smoothing G + pi T of the quasiparticle edges: on the infinite lattice only where D passes |s_l|;
    steps of U/128, and of a third of the smoothing there. On a finite one it bends anywhere: steps of U/400 or a third of
    the smoothing throughout (4000 steps at most).
    """
    top = 0.5 * point.U * 1.001
    smooth = point.width + np.pi * min(T for _, T, _ in static_terms(point))
    steps = 64 if isinstance(grid, Infinite) else int(np.clip(3 * top / smooth, 200, 4000))
    grids = [np.linspace(0.0, top, steps + 1)]
    grids += [
        s + smooth * np.linspace(-4, 4, 25 if isinstance(grid, Infinite) else 41)
        for _, _, s in static_terms(point)
    ]
    D = np.unique(np.concatenate(grids))
    return D[(D >= 0) & (D <= top)]


def roots(point, grid):
    """Every D > 0 with F(D) = 1/U, ascending (n,), relative error 1e-12.

    Besides changes of sign between the points of ``scan``, extrema between them are followed to see whether they
    touch 1/U: two roots are missed only if another pair of extrema lies in the same step.
    """

    def excess(D):
        return float(gap_sum(D, point, grid)) - 1 / point.U

    D = scan(point, grid)
    F, dF, _ = gap_slopes(D, point, grid)
    F, found = F - 1 / point.U, []
    for i in range(len(D) - 1):
        if F[i] * F[i + 1] < 0:
            found.append(brentq(excess, D[i], D[i + 1], xtol=1e-13))
        elif dF[i] * dF[i + 1] < 0:
            top = brentq(lambda d: float(gap_slopes(d, point, grid)[1]), D[i], D[i + 1])
            if excess(top) * F[i] < 0:
                found += [
                    brentq(excess, D[i], top, xtol=1e-13),
                    brentq(excess, top, D[i + 1], xtol=1e-13),
                ]
    return np.array([_polished(d, point, grid) for d in found])


def _polished(D, point, grid):
    """One Newton step, kept unless the root is a fold."""
    F, dF, _ = gap_slopes(D, point, grid)
    step = (1 / point.U - F) / dF if dF != 0 else 0.0
    return float(D + step) if abs(step) < 1e-6 * D else float(D)


def steady_states(point, grid):
    """All uniform states with D > 0, ascending in D, a tuple of ``State``."""
    found = roots(point, grid)
    slopes = gap_slopes(found, point, grid)[1]
    return tuple(State(d, float(s), stability(d, point, grid)) for d, s in zip(found, slopes))


def stability(D, point, grid):
    """ "unstable" | "stable" | "metastable" of the root D.

    Unstable: dF/dD > 0. Otherwise stable if the branch, followed in eV both ways up to its folds, meets a voltage
    where the normal state is unstable to uniform pairing (C(0) > 1/U: the state is reached from there by changing
    the voltage alone), or arrives at an equilibrium where its free energy is below the normal state's; else metastable.
    """
    if gap_slopes(D, point, grid)[1] > 0:
        return "unstable"
    reached = any(
        _established(x, d, grid)
        for direction in (-1, 1)
        for x, d in branch(D, point, grid, direction)
    )
    return "stable" if reached else "metastable"


def _established(point, D, grid):
    if gap_sum(0.0, point, grid) > 1 / point.U:
        return True
    return point.equilibrium and free_energy(D, point, grid) < 0


def branch(D, point, grid, direction, step=STEP):
    """Follow a root with dF/dD < 0 in eV, direction = +-1, to its fold, to D = 0 or to eV = 0; yields (point, D).

    Tangent predictor, Newton corrector; the step is halved where that fails or D moves by more than 0.05, and the
    branch ends when it would have to be shorter than 1e-5.
    """
    yield point, D
    least = 1e-5
    while step > least and (direction > 0 or point.eV > 0):
        eV = max(point.eV + direction * step, 0.0)
        _, dF, dV = gap_slopes(D, point, grid)
        guess = D - dV / dF * (eV - point.eV)
        ahead = point.at(eV=eV)
        new = _newton(guess, ahead, grid) if abs(guess - D) < 0.05 else None
        if new is None or abs(new - guess) > 0.02:
            step /= 2
            continue
        point, D, step = ahead, new, min(1.5 * step, STEP)
        yield point, D


def _newton(D, point, grid):
    """Root with dF/dD < 0 next to D, or None."""
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


def crossings(excess, values):
    """Zeros of a function of one number, from its changes of sign between ``values``."""
    f = [excess(x) for x in values]
    return [
        brentq(excess, a, b, xtol=1e-10)
        for a, b, fa, fb in zip(values, values[1:], f, f[1:])
        if fa * fb < 0
    ]


def bcs_onsets(point, grid, values, along="eV"):
    """Values of eV (or h), ascending list, at which C(0) = 1/U; scanned over ``values``."""
    return crossings(
        lambda x: float(gap_sum(0.0, point.at(**{along: float(x)}), grid)) - 1 / point.U, values
    )


def fflo_onsets(point, grid, values, along="eV"):
    """(values of eV or h, wave numbers Q) at which max_Q C(Q) = 1/U, two ascending lists; scanned over ``values``.

    Q = 0 marks an onset of uniform pairing. Infinite lattice: scanned in steps of pi/60 of Q at lower accuracy, then
    polished.
    """
    momenta = np.linspace(0.0, np.pi, 61)
    coarse = COARSE if isinstance(grid, Infinite) else grid

    def rough(x):
        if isinstance(grid, Infinite):
            return float(np.max(pair_sum(momenta, point.at(**{along: x}), coarse))) - 1 / point.U
        return strongest_pairing(point.at(**{along: x}), grid)[1] - 1 / point.U

    def excess(x):
        return strongest_pairing(point.at(**{along: x}), grid)[1] - 1 / point.U

    found = []
    values = [float(x) for x in values]
    f = [rough(x) for x in values]
    # between two momenta of the scan C can exceed 1/U where the scan does not: near misses are looked at again
    f = [excess(x) if abs(e) < 0.02 / point.U else e for x, e in zip(values, f)]
    for a, b, fa, fb in zip(values, values[1:], f, f[1:]):
        if fa * fb < 0:
            found.append(_fflo_onset(point, grid, along, a, b, excess))
    return [x for x, _ in found], [Q for _, Q in found]


def _fflo_onset(point, grid, along, a, b, excess):
    """One onset between a and b: bisect until Q is known well enough to stay on its peak, then Brent."""

    def peak(x, Q=None):
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
        Q = None
    return x, peak(x, Q)[0]


def folds(point, grid, values, along="eV"):
    """(values of eV or h, D) where two uniform branches meet, F = 1/U and dF/dD = 0; two lists, ascending in the value.

    A fold shows as a change in the number of roots from one value to the next, and is then solved for to 1e-10; one
    that opens and one that closes within the same step hide each other.
    """
    values = [float(x) for x in values]
    sets = [roots(point.at(**{along: x}), grid) for x in values]
    found = []
    for a, b, left, right in zip(values, values[1:], sets, sets[1:]):
        many, few = (left, right) if len(left) > len(right) else (right, left)
        if len(many) - len(few) >= 1:
            found += _folds_between(a, b, many, a if many is left else b, point, grid, along)
    found = sorted(set((round(x, 9), round(d, 9), x, d) for x, d in found))
    return [x for _, _, x, _ in found], [d for _, _, _, d in found]


def _folds_between(a, b, many, side, point, grid, along):
    """Folds in [a, b], sought from the middle of each neighbouring pair of roots at that side that has more."""

    def equations(u):
        F, dF, _ = gap_slopes(u[1], point.at(**{along: float(u[0])}), grid)
        return [F - 1 / point.U, dF]

    kept = []
    for low, high in zip(many, many[1:]):
        result = root(equations, [side, 0.5 * (low + high)], tol=1e-12)
        x, D = result.x
        if np.max(np.abs(equations(result.x))) < 1e-9 and a - 1e-9 <= x <= b + 1e-9 and D > 1e-3:
            if not any(abs(x - y) < 1e-7 and abs(D - d) < 1e-6 for y, d in kept):
                kept.append((float(x), float(D)))
    return kept


def clogston_limit(point, grid):
    """h_cc at eV = 0: the field at which the uniform state's free energy equals the normal state's, Eq. (61), or nan.

    Below it the uniform state is the ground state, up to the FFLO states, which this limit leaves out.
    """

    def advantage(h):
        at = point.at(h=h, eV=0.0)
        found = [d for d in roots(at, grid) if gap_slopes(d, at, grid)[1] < 0]
        return free_energy(max(found), at, grid) if found else np.nan

    fields = np.arange(0.0, point.U, 0.05)
    values = [advantage(h) for h in fields]
    for a, b, fa, fb in zip(fields, fields[1:], values, values[1:]):
        if fa < 0 < fb:
            return float(brentq(advantage, a, b, xtol=1e-9))
        if fa < 0 and np.isnan(fb):  # the metastable part is shorter than the step
            last = _last_field(advantage, a, b)
            return float(brentq(advantage, a, last, xtol=1e-9)) if advantage(last) > 0 else np.nan
    return np.nan


def _last_field(advantage, a, b):
    """The largest field, to 1e-9, at which there is a uniform state."""
    while b - a > 1e-9:
        middle = 0.5 * (a + b)
        a, b = (a, middle) if np.isnan(advantage(middle)) else (middle, b)
    return a


def region(point, grid):
    """The phase: "normal" | "bcs" | "fflo" | "bistable-with-normal" | "bistable-with-fflo".

    bcs : the normal state is unstable to uniform pairing, C(0) > 1/U; in equilibrium also where a uniform state has the
    lowest free energy (h < h_cc). Otherwise fflo or normal, by max_Q C(Q); out of equilibrium bistable-with-... if besides
    it there is a uniform state that is stable by the rule of ``stability`` (a metastable one does not count).
    """
    if gap_sum(0.0, point, grid) > 1 / point.U:
        return "bcs"
    states = [s for s in steady_states(point, grid) if s.stability == "stable"]
    if point.equilibrium and any(free_energy(s.delta, point, grid) < 0 for s in states):
        return "bcs"
    base = "fflo" if strongest_pairing(point, grid)[1] > 1 / point.U else "normal"
    return f"bistable-with-{base}" if states and not point.equilibrium else base
