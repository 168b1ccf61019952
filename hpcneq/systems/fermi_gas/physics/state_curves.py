"""Every steady state at a point: two curves in (Delta, Q, dmu), cut at one dmu.

At fixed (Delta, Q) the gap equation has one dmu. Uniform states are the curve dmu(Delta, 0); states
with Q > 0 are where the stiffness J/(Q Delta^2) vanishes on the surface dmu(Delta, Q), one Q at
each Delta that has a negative stiffness at Q = 0. Along both curves Delta is a good parameter,
through every fold. Kawamura, Hanai and Ohashi (2022), Figs. 2-5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from .gap_and_current import Gas, both, dmu_of, gap, stiffness

NODES = 28  # of each curve, at first
STRONGEST = 2.0  # Delta stays below
WEAKEST = 1e-9  # stands for Delta -> 0 where g has a logarithm
WIDEST = 1.2  # Q stays below
SETTLED = 1e-10  # steps in Q^2 and dmu: the next would be a hundred times shorter
FINE = 1e-6  # golden sections stop there; what they find is polished as a root
# relative distance kept from an end where levels of zero width touch the reservoirs' edge
NEAR_END = 1e-9


@dataclass(frozen=True, eq=False)
class Curve:
    """States along Delta: ``D``, ``Q``, ``dmu`` (n,), ascending in D.

    folds : D of each interior extremum of dmu.
    """

    D: np.ndarray
    Q: np.ndarray
    dmu: np.ndarray
    folds: tuple = ()

    @property
    def pieces(self) -> list[tuple[float, float]]:
        """[(low, high)] : ranges of D on which dmu is monotonic."""
        ends = [self.D[0], *self.folds, self.D[-1]]
        return list(zip(ends[:-1], ends[1:]))

    def at(self, D: float) -> tuple[float, float]:
        """(Q, dmu) between the nodes, interpolated linearly."""
        return float(np.interp(D, self.D, self.Q)), float(np.interp(D, self.D, self.dmu))


@dataclass(frozen=True, eq=False)
class Curves:
    """Both curves of a gas at any dmu; None where there is none.

    The twisted one is made when it is first asked for.
    """

    gas: Gas
    uniform: Curve | None
    nodes: int

    @cached_property
    def twisted(self) -> Curve | None:
        """The Curve of Q > 0."""
        return twisted(self.gas, self.uniform, self.nodes)


def largest(gas: Gas) -> float:
    """Delta of the uniform state at dmu = 0, 0 if there is none: a root of g(Delta, 0)."""
    calm = gas.at(0.0)
    low = WEAKEST if gas.baths.blur == 0 else 0.0
    if not gap(calm, low, 0.0) > 0:
        return 0.0
    return brentq(lambda D: gap(calm, D, 0.0), low, STRONGEST, xtol=1e-15, rtol=1e-14)


def extrema(x: np.ndarray, y: np.ndarray, function: Callable) -> list[tuple[float, float]]:
    """[(x, function(x))] at the extrema of y = function(x) between nodes, by golden sections."""
    known = []
    for k in range(1, len(x) - 1):
        for sign in (1, -1):
            if sign * (y[k] - y[k - 1]) >= 0 and sign * (y[k] - y[k + 1]) > 0:
                best = minimize_scalar(
                    lambda u, s=sign: -s * function(u),
                    bounds=(x[k - 1], x[k + 1]),
                    method="bounded",
                    options={"xatol": FINE},
                )
                known.append((float(best.x), -sign * float(best.fun)))
    return known


def uniform(gas: Gas, nodes: int = NODES) -> Curve | None:
    """The Curve of Q = 0, from Delta = 0 to the Delta of dmu = 0; None if nothing pairs."""
    top = largest(gas)
    if top == 0:
        return None
    u = np.linspace(0, 1, nodes + 1)

    def dmu(v, near=None):
        return dmu_of(gas, top * np.sin(0.5 * np.pi * v), 0.0, near)

    D = top * np.sin(0.5 * np.pi * u)
    values = []
    for v in u[:nodes]:
        values.append(dmu(v, ahead(values)))
    if gas.baths.blur == 0:  # g does not depend on dmu < Delta, a straight line down
        return Curve(D, np.zeros(nodes + 1), np.append(values, top))
    values = np.append(values, 0.0)
    folds = extrema(u, values, lambda v: dmu(v, np.interp(v, u, values)) if v < 1 else 0.0)
    D_folds = [top * np.sin(0.5 * np.pi * v) for v, _ in folds]
    every = np.append(D, D_folds)
    order = np.argsort(every)
    return Curve(
        every[order],
        np.zeros(len(every)),
        np.append(values, [f for _, f in folds])[order],
        tuple(D_folds),
    )


def ahead(values: list[float]) -> float | None:
    """The next of a slowly varying sequence, None at its start."""
    if len(values) < 2:
        return values[0] if values else None
    return 2 * values[-1] - values[-2]


def rigidity(gas: Gas, D: float, near: float) -> float:
    """Stiffness of the uniform state of this Delta, whose dmu is near ``near``."""
    dmu = dmu_of(gas, D, 0.0, near)
    return stiffness(gas.at(dmu), D, 0.0) if np.isfinite(dmu) else np.inf


def turn(gas: Gas, D: float, guess: tuple[float, float] | None = None) -> tuple[float, float]:
    """(Q, dmu) of the one state with Q > 0 at this Delta, (nan, nan) if there is none.

    guess : a state nearby.
    """
    near = None
    if guess is not None:
        near = guess[1]
        state = newton(gas, D, guess) if guess[0] > 0.0 else None
        if state is not None:
            return state

    def slope(Q):
        dmu = dmu_of(gas, D, Q, near)
        return stiffness(gas.at(dmu), D, Q) if np.isfinite(dmu) else 10.0

    Q = np.geomspace(1e-4, 0.5 * WIDEST, 24)
    values = np.array([slope(x) for x in Q])
    change = np.flatnonzero((values[:-1] < 0) & (values[1:] >= 0))
    if not len(change):
        return np.nan, np.nan
    k = change[0]
    at = brentq(slope, Q[k], Q[k + 1], xtol=1e-13, rtol=1e-13)
    return at, dmu_of(gas, D, at)


def newton(gas: Gas, D: float, guess: tuple[float, float]) -> tuple[float, float] | None:
    """(Q, dmu) by Newton steps in (Q^2, dmu) from a state nearby; None if they lead astray.

    Slopes are differences at first and where steps do not shrink fast, else Broyden's; always
    differences at levels without width, whose sums have kinks.
    """
    x, longest = np.array([guess[0] ** 2, guess[1]]), np.inf
    value, slope = _residual(gas, D, x), None
    for _ in range(25):
        if slope is None:
            slope = _slopes(gas, D, x, value)
            fresh = True
        if not np.isfinite(slope).all() or np.linalg.det(slope) == 0:
            return None
        step = np.linalg.solve(slope, -value)
        step *= min(1.0, 0.01 / np.abs(step).max())
        if x[0] + step[0] <= 0:
            step *= 0.5 * x[0] / abs(step[0])
        x, before = x + step, value
        if not (1e-8 < x[0] < WIDEST and 0 < x[1] < 0.9):
            return None
        size = np.abs(step).max()
        if size < SETTLED:
            astray = abs(x[0] - guess[0] ** 2) >= 0.02
            return None if astray else (float(np.sqrt(x[0])), float(x[1]))
        value = _residual(gas, D, x)
        if gas.baths.blur == 0 or (size > 0.3 * longest and not fresh):
            slope = None
        else:
            slope = slope + np.outer(value - before - slope @ step, step) / (step @ step)
        longest, fresh = size, False
    return None


def _residual(gas, D, x):
    """(2,) `equations` at x = (Q^2, dmu)."""
    return np.array(equations(gas.at(x[1]), D, np.sqrt(x[0])))


def _slopes(gas, D, x, value):
    """(2, 2) derivatives of `equations` in (Q^2, dmu) by differences, on panels held still."""
    h = 1e-6
    near = gas.at(x[1]).held(D, np.sqrt(x[0]))
    right = np.array(equations(near, D, np.sqrt(x[0] + h)))
    up = np.array(equations(near.at(x[1] + h), D, np.sqrt(x[0])))
    return np.stack([right - value, up - value], axis=1) / h


def equations(gas: Gas, D: float, Q: float) -> tuple[float, float]:
    """(g, J/(Q Delta^2)): what vanishes in every state with Q > 0."""
    if Q == 0 or D == 0:
        return gap(gas, D, Q), stiffness(gas, D, Q)
    g, J = both(gas, D, Q)
    return g, J / (Q * D**2)


def last(gas: Gas) -> tuple[float, float]:
    """(Q, dmu) : where the normal gas starts to pair at the largest dmu, and the Q it pairs at.

    Q is 0 if that is the uniform state.
    """

    def lost(Q, near=None):
        dmu = dmu_of(gas, 0.0, Q, near)
        return -dmu if np.isfinite(dmu) else 0.0

    Q, values = list(np.linspace(0, 0.5 * WIDEST, 21)), []
    while len(values) < len(Q):
        paired = values and values[-1] < 0
        values.append(lost(Q[len(values)], -values[-1] if paired else None))
        if len(values) == len(Q) and int(np.argmin(values)) + 1 == len(Q) and Q[-1] < WIDEST:
            Q.append(Q[-1] + Q[1])  # near unitarity it pairs at larger Q
    k = int(np.argmin(values))
    if values[k] == 0:
        return 0.0, np.nan
    best = minimize_scalar(
        lambda x: lost(x, -values[k]),
        bounds=(Q[max(k - 1, 0)], Q[min(k + 1, len(Q) - 1)]),
        method="bounded",
        options={"xatol": FINE},
    )
    if k == 0 and (values[0] <= best.fun or best.x < 1e-4):
        return 0.0, -float(values[0])
    return float(best.x), -float(best.fun)


def soft_range(gas: Gas, base: Curve) -> tuple[float, float] | None:
    """(low, high) : Delta between which the uniform state has a negative stiffness; None if never.

    low is 0 if it is negative from the first node on, high the largest Delta if up to the last.
    """
    D = base.D[1:-1]
    states = zip(D, base.dmu[1:-1])
    stiff = np.array(
        [stiffness(gas.at(dmu), x, 0.0) if np.isfinite(dmu) else np.inf for x, dmu in states]
    )
    soft = np.flatnonzero(stiff < 0)
    if not len(soft):
        return None

    def stiffness_at(x):
        return rigidity(gas, x, base.at(x)[1])

    low, high = 0.0, base.D[-1]
    first, final = soft[0], soft[-1]
    if first > 0:
        low = brentq(stiffness_at, D[first - 1], D[first], xtol=1e-13)
    if final + 1 < len(D):
        high = brentq(stiffness_at, D[final], D[final + 1], xtol=1e-13)
    return low, high


def twisted(gas: Gas, base: Curve | None, nodes: int = NODES) -> Curve | None:
    """The Curve of Q > 0; None if there is none.

    From Delta -> 0, or from where it leaves the uniform one, to where it joins it.
    """
    ends = None if base is None else soft_range(gas, base)
    if ends is None:
        return None
    low, high = ends
    top = base.D[-1]
    x = low + (high - low) * np.sin(0.5 * np.pi * np.linspace(0, 1, nodes + 1)) ** 2
    states = [(0.0, dmu_of(gas, low, 0.0)) if low > 0 else last(gas)]
    for k, value in enumerate(x[1:-1], 1):
        states.append(turn(gas, value, _ahead(x[: k + 1], states)))
    states.append((0.0, base.dmu[-1] if high == top else dmu_of(gas, high, 0.0)))
    Q, dmu = np.array(states).T
    good = np.isfinite(dmu)
    x, Q, dmu = x[good], Q[good], dmu[good]
    nodes_only = Curve(x, Q, dmu)
    folds = extrema(x, dmu, lambda v: turn(gas, v, nodes_only.at(v))[1])
    D_folds = tuple(f[0] for f in folds)
    bends = [turn(gas, v, nodes_only.at(v)) for v in D_folds]
    every = np.append(x, D_folds)
    order = np.argsort(every)
    return Curve(
        every[order],
        np.append(Q, [b[0] for b in bends])[order],
        np.append(dmu, [b[1] for b in bends])[order],
        D_folds,
    )


def _ahead(D, states):
    """(Q, dmu) guessed at the last of D (n + 1,) from the last of n states before it."""
    if len(states) < 3 or not all(Q > 0 for Q, _ in states[-2:]):
        return states[-1]
    before, last = (np.array([Q**2, dmu]) for Q, dmu in states[-2:])
    guess = last + (D[-1] - D[-2]) / (D[-2] - D[-3]) * (last - before)
    if not guess[0] > 0.25 * last[0]:
        return states[-1]
    return float(np.sqrt(guess[0])), float(guess[1])


def curves(gas: Gas, nodes: int = NODES) -> Curves:
    """The Curves of a gas; its dmu does not matter."""
    return Curves(gas, uniform(gas, nodes), nodes)


def find(gas: Gas, known: Curves | None = None) -> list[tuple[str, float, float]]:
    """[(name, Delta, Q)] : every steady state at the gas's dmu, in the order NBCS, NIG, NFF, NFF'.

    known : its Curves, if at hand.
    """
    known = known or curves(gas)
    states = find_uniform(gas, known)
    if known.twisted is not None:
        states += _twisted_at(gas, known.twisted)
    return states


def find_uniform(gas: Gas, known: Curves) -> list[tuple[str, float, float]]:
    """Those of them with Q = 0."""
    if known.uniform is None:
        return []
    sizes = sorted(_uniform_at(gas, known.uniform), reverse=True)
    return [(name, D, 0.0) for name, D in zip(("NBCS", "NIG"), sizes)]


def _uniform_at(gas, curve):
    """[Delta] of the states with Q = 0 at the gas's dmu."""
    dmu, top = gas.baths.dmu, curve.D[-1]
    if gas.baths.blur == 0:
        below = [top] if dmu < top else []
        if curve.dmu[0] < dmu < top:
            below.append(
                brentq(
                    lambda D: gap(gas, D, 0.0), 1e-12, dmu * (1 - NEAR_END), xtol=1e-15, rtol=1e-13
                )
            )
        return below
    roots = []
    for low, high in curve.pieces:
        if high == top:
            high = 1.01 * top + 1e-6  # g falls on beyond the state of dmu = 0
        left, right = gap(gas, low, 0.0), gap(gas, high, 0.0)
        if left * right < 0:
            roots.append(brentq(lambda D: gap(gas, D, 0.0), low, high, xtol=1e-15, rtol=1e-13))
    return [D for D in roots if D > 0]


def _twisted_at(gas, curve):
    """[(name, Delta, Q)] of the states with Q > 0 at the gas's dmu."""
    dmu, states = gas.baths.dmu, []

    def away(D):
        if D in curve.D:
            return curve.dmu[np.searchsorted(curve.D, D)] - dmu
        return turn(gas, D, curve.at(D))[1] - dmu

    for low, high in curve.pieces:
        ends = [curve.dmu[np.searchsorted(curve.D, D)] for D in (low, high)]
        if (ends[0] - dmu) * (ends[1] - dmu) >= 0:
            continue
        piece = (curve.D >= low) & (curve.D <= high)
        D, values = curve.D[piece], curve.dmu[piece] - dmu
        k = int(np.flatnonzero(values[:-1] * values[1:] <= 0)[0])
        D = brentq(away, D[k], D[k + 1], xtol=1e-13, rtol=1e-13)
        name = "NFF" if ends[0] > ends[1] else "NFF'"
        states.append((name, D, turn(gas, D, curve.at(D))[0]))
    return states
