"""Unequal couplings gamma_L, gamma_R: the condensate turns at 2 nu, not the mean of the reservoirs.

It takes what one reservoir gives and the other draws. In the frame of nu the reservoirs sit at
delta_s = 1 +- dmu - nu, with weights w_s = gamma_s/Gam, Gam = gamma_L + gamma_R, and

    -i G^<_p = int dw/2pi G^R [2 Gam diag(F(w), 1 - F(-w))] G^A,
    F = sum_s w_s f(w - delta_s),   G^R = (w + i Gam - H_p)^-1.

diag(F, 1 - F(-w)) = [F(w) + 1 - F(-w)]/2 + tau3 A(w), A = [F(w) + F(-w) - 1]/2. The first part
gives N(H_p) with N the weighted mean of the reservoirs at +-delta_s. The second, absent in equal
couplings, does not commute with H_p; in its eigenbasis, with R(x) = int dw/2pi 2i A/(w - x + i Gam)
and A(e) = Re R(e):

    pairs        P = (D/2E)[N(e_-) - N(e_+)] - (xi D/2E^2)[A(e_+) + A(e_-)]
                     + (D/E)[(xi/E) Re K + i Im K]
    occupation   n = [N(e_+) + N(e_-)]/2 + (xi/2E)[N(e_+) - N(e_-)] + (xi/2E)[A(e_+) - A(e_-)]
                     + (xi^2/2E^2)[A(e_+) + A(e_-)] + (D/E)^2 Re K
    coherence    K = Gam/(2i (E - i Gam)) [R(e_+) + R(e_-)^*]

xi = p^2 + Q^2/4 - nu. The imaginary part of the gap equation, sum_p Im K/E = 0, is the balance of
the pairs taken from both reservoirs; it fixes nu. One reservoir alone gives nu = its chemical
potential. Q > 0 is fixed by the current, sum_p (2p + Q) n = 0 less that of the normal gas.
Kawamura, Hanai and Ohashi (2022) treat equal couplings, where A = 0 and nu = 1 by symmetry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from hpcneq.maths import fermi, panels

from . import angular_grid, gap_and_current, radial_grid

SIDES = (1, -1)
ANGLES = 16  # cosines to Q at least
# mu, step of the differences of F along a direction: 1/50 of the least width in use, 1e6 times the
# rounding of F
NEARBY = 2e-4
SOFT = 1e-2  # weight of F_x v, whose rounding is that of F over NEARBY
LEAST = 3e-4  # of (gamma_L - gamma_R)/(gamma_L + gamma_R): no state is followed in shorter steps
Held = np.ndarray | tuple[np.ndarray, np.ndarray]  # nodes held still, see `nodes`


@dataclass(frozen=True)
class Pair:
    """Couplings ``left`` (to the reservoir at 1 + dmu) and ``right``, T, dmu, interaction ``inv``.

    Units of the mean chemical potential. dp, fine : the momentum grid, as in `Gas`.
    """

    left: float
    right: float
    T: float = 0.0
    dmu: float = 0.0
    inv: float = -1.0
    dp: float = 0.05
    fine: float = 1

    @property
    def width(self) -> float:
        """Gam = gamma_L + gamma_R."""
        return self.left + self.right

    @property
    def asymmetry(self) -> float:
        """(gamma_L - gamma_R)/(gamma_L + gamma_R)."""
        return (self.left - self.right) / self.width

    def tilted(self, asymmetry: float) -> Pair:
        """Couplings of the same sum and this asymmetry."""
        return replace(
            self, left=0.5 * self.width * (1 + asymmetry), right=0.5 * self.width * (1 - asymmetry)
        )

    @property
    def weights(self) -> tuple[float, float]:
        """(w_L, w_R)."""
        return self.left / self.width, self.right / self.width

    def filled(self, x: np.ndarray, nu: float) -> np.ndarray:
        """N(x), element-wise: the weighted mean over reservoirs at +-delta_s."""
        return 0.5 * sum(
            w * fermi.broadened_fermi(x - u * d, self.width, self.T)
            for w, d in self._levels(nu)
            for u in SIDES
        )

    def imbalance(self, x: np.ndarray, nu: float) -> np.ndarray:
        """R(x), complex: what A(w) leaves in a level."""
        return 0.5 * sum(
            u * w * fermi.retarded_fermi(x - u * d, self.width, self.T)
            for w, d in self._levels(nu)
            for u in SIDES
        )

    def excess(self, x: np.ndarray, nu: float) -> np.ndarray:
        """Re R(x) with an accurate tail."""
        return 0.5 * sum(
            u * w * fermi.broadened_fermi(x - u * d, self.width, self.T)
            for w, d in self._levels(nu)
            for u in SIDES
        )

    def _levels(self, nu):
        return [(w, 1 + s * self.dmu - nu) for w, s in zip(self.weights, SIDES)]


def levels(
    p: np.ndarray, c: np.ndarray, D: float, Q: float, nu: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(xi, E, E + s, E - s) at momenta p and cosines c, shapes that broadcast.

    s = p Q c; the poles are E + s and -(E - s).
    """
    xi = p**2 + 0.25 * Q**2 - nu
    E = np.maximum(np.hypot(xi, D), gap_and_current.SMALLEST)
    return xi, E, E + p * c * Q, E - p * c * Q


def coherence(E: np.ndarray, R: np.ndarray, pair: Pair) -> np.ndarray:
    """K from R(e_+) + R(e_-)^* = R(E + s) + R(E - s)."""
    return pair.width / (2j * (E - 1j * pair.width)) * R


def parts(
    p: np.ndarray, c: np.ndarray, D: float, Q: float, nu: float, pair: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """(P, n) at p = (p, c): the pair amplitude, complex, and the occupation of an atom.

    The atom has momentum p + Q/2.
    """
    xi, E, up, down = levels(p, c, D, Q, nu)
    a, b = pair.filled(up, nu), 1 - pair.filled(down, nu)
    R, S = pair.imbalance(up, nu), pair.imbalance(down, nu)
    K = coherence(E, R + S, pair)
    both = R.real + S.real
    P = 0.5 * D / E * (b - a) - 0.5 * xi * D / E**2 * both + D / E * (xi / E * K.real + 1j * K.imag)
    n = (
        0.5 * (a + b)
        + 0.5 * xi / E * (a - b + R.real - S.real)
        + 0.5 * (xi / E) ** 2 * both
        + (D / E) ** 2 * K.real
    )
    return P, n


def pairing(p: np.ndarray, D: float, nu: float, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """p^2 Re P/D - 1/2 and p^2 Im P/D of a uniform state, the tails cancelled beforehand."""
    xi, E, up, _ = levels(p, 0.0, D, 0.0, nu)
    R = 2 * pair.imbalance(up, nu)
    K = coherence(E, R, pair)
    bare = (2 * nu * p**2 - nu**2 - D**2) / (2 * E * (p**2 + E))
    real = bare - p**2 / E * pair.filled(up, nu) + p**2 * xi / E**2 * (K.real - 0.5 * R.real)
    return real, p**2 / E * K.imag


def turned(p: np.ndarray, c: np.ndarray, D: float, Q: float, nu: float, pair: Pair) -> np.ndarray:
    """(3, n) for Q > 0 and c > 0: p^2 Re P/D - 1/2, p^2 Im P/D, p^2 (2 p c + Q) n.

    The first two are even in c; the last is less the same without pairs, the mean over +-c. The
    part of n that is even in c goes with Q, the odd one with 2 p c; both without the cancellations
    of their tails.
    """
    m = nu - 0.25 * Q**2
    xi, E, up, down = levels(p, c, D, Q, nu)
    F, G = pair.filled(up, nu), pair.filled(down, nu)
    R, S = pair.excess(up, nu), pair.excess(down, nu)
    K, both = coherence(E, pair.imbalance(up, nu) + pair.imbalance(down, nu), pair), R + S
    real = (
        (2 * m * p**2 - m**2 - D**2) / (2 * E * (p**2 + E))
        - 0.5 * p**2 / E * (F + G)
        + p**2 * xi / E**2 * (K.real - 0.5 * both)
    )
    bare = np.maximum(np.abs(xi), gap_and_current.SMALLEST)
    up, down, sign = bare + p * c * Q, bare - p * c * Q, np.sign(xi)
    F0, G0 = pair.filled(up, nu), pair.filled(down, nu)
    R0, S0 = pair.excess(up, nu), pair.excess(down, nu)
    twice = (
        sign * D**2 / (E * (E + bare))
        + xi / E * (F + G)
        - sign * (F0 + G0)
        + (xi / E) ** 2 * both
        - (R0 + S0)
    )
    even = 0.5 * twice + (D / E) ** 2 * K.real
    odd = 0.5 * (F - G - F0 + G0 + xi / E * (R - S) - sign * (R0 - S0))
    return np.stack([real, p**2 / E * K.imag, p**2 * (Q * even + 2 * p * c * odd)])


def grid(D: float, nu: float, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """(p, weight) : panels graded towards the shell and every edge of both reservoirs."""
    blur = pair.width + np.pi * pair.T
    known = [
        f for s in SIDES for f in radial_grid.features(D, 0.0, abs(1 + s * pair.dmu - nu), blur, nu)
    ]
    return radial_grid.nodes(radial_grid.panels_of(known, pair.dp, (), pair.fine))


def plane(D: float, Q: float, nu: float, pair: Pair) -> np.ndarray:
    """(p, c, weight) (3, n) : the same along rays with cosines 0 < c < 1 to Q.

    Weights are those of int dp int_0^1 dc.
    """
    blur, edges = pair.width + np.pi * pair.T, [abs(1 + s * pair.dmu - nu) for s in SIDES]
    c, share = angular_grid.cosines(
        [f for e in edges for f in angular_grid.touching(D, Q, e, blur, nu)], pair.fine, ANGLES
    )
    rays = []
    for at, part in zip(c, share):
        if at > 0:
            known = ray_features(D, Q, nu, at, edges, blur)
            ends = radial_grid.panels_of(known, pair.dp, (), pair.fine)
            p, weight = panels.on_panels(ends)
            far, rest = panels.beyond(ends[-1], panels.NODES)
            p, weight = np.append(p, far), 2 * part * np.append(weight, rest)
            rays.append(np.stack([p, np.full(len(p), at), weight]))
    return np.concatenate(rays, axis=1)


def ray_features(
    D: float, Q: float, nu: float, c: float, edges: list[float], blur: float
) -> list[radial_grid.Feature]:
    """What is sharp along a ray of cosine c to Q, for reservoirs at +- each of ``edges``."""
    known = [(np.sqrt(max(nu - 0.25 * Q**2, 1e-6)), 0.5 * np.hypot(D, blur), False)]
    for edge in edges:
        for row in radial_grid.kinks([D, 0.0], c * Q, edge, nu - 0.25 * Q**2 * (1 - c**2)):
            for p, away in row:
                sharp = np.hypot(0.4 * blur / max(p, 0.2), away)
                known.append((p, max(sharp, radial_grid.SHARPEST), away < 1e-7))
    return known


def nodes(x: np.ndarray, pair: Pair) -> Held:
    """Where the equations at x are summed: :func:`grid` or :func:`plane`."""
    return grid(*x, pair) if len(x) == 2 else plane(*x, pair)


def equations(x: np.ndarray, pair: Pair, held: Held | None = None) -> np.ndarray:
    """Real part of the gap equation and balance of pairs over Gam, 0 in a uniform steady state.

    x : (D, nu) of a uniform state; with (D, Q, nu) also J/(Q D^2). held : nodes held still.
    """
    at = nodes(x, pair) if held is None else held
    scale = [1.0, 1 / pair.width]
    if len(x) == 2:
        densities = np.stack(pairing(at[0], *x, pair))
    else:
        densities = turned(at[0], at[1], *x, pair)
        scale.append(1 / (x[1] * x[0] ** 2))
    sums = densities @ at[-1]
    sums[0] += 0.25 * np.pi * pair.inv
    return sums * np.array(scale)


@dataclass(frozen=True)
class Way:
    """How far a state was followed: ``x`` at ``asymmetry``, ``slope`` dx/d(asymmetry) there.

    arrived : at the goal, or just before the state ends.
    """

    x: np.ndarray
    asymmetry: float
    slope: np.ndarray
    arrived: bool


def steps(pair: Pair, start: tuple[float, ...], polish: Callable, size: float = 0.1) -> Way:
    """The Way of x = (D, nu) or (D, Q, nu) from equal couplings of the same sum to these.

    start : (D,) or (D, Q). polish(equations, seed) -> root or None. The step in the asymmetry is
    halved where a root is lost.
    """
    goal = pair.asymmetry
    x, at, step = np.array([*start, 1.0]), 0.0, np.sign(goal) * size
    slope = np.zeros(len(x))  # of (D^2, ...), which is smooth to where D vanishes
    while abs(at - goal) > 1e-14:
        there = goal if abs(goal - at) <= abs(step) * (1 + 1e-9) else at + step
        seed = x + slope * (there - at)
        seed[0] = np.sqrt(max(x[0] ** 2 + slope[0] * (there - at), 0.25 * x[0] ** 2))
        root = polish(_held_equations(seed, pair.tilted(there)), seed)
        if root is None or not _near(root, seed):
            step *= 0.5
            if abs(step) < LEAST:
                return Way(x, at, slope / np.append(2 * x[0], np.ones(len(x) - 1)), False)
            continue
        slope = (np.append(root[0] ** 2, root[1:]) - np.append(x[0] ** 2, x[1:])) / (there - at)
        x, at = root, there
    return Way(x, at, slope, True)


def _held_equations(seed: np.ndarray, pair: Pair) -> Callable:
    """The equations on the nodes of ``seed``."""
    held = nodes(seed, pair)
    return lambda y: equations(y, pair, held)


def _near(root: np.ndarray, seed: np.ndarray) -> bool:
    """Whether a root is the state its seed stands for."""
    return np.abs(root - seed).max() < 0.15 * max(seed[0], 0.02) and not root[:-1].min() <= 0


def fold(y: np.ndarray, pair: Pair, held: Held, along: np.ndarray) -> np.ndarray:
    """Zero where two states meet as the couplings are made more unequal (2 n + 1,).

    F = 0, F_x v = 0, along . v = 1 at y = (x, asymmetry, v). along : (n,). held : nodes held still.
    F are the :func:`equations`, differentiated along v to fourth order.
    """
    n = len(along)
    x, tilted, v = y[:n], pair.tilted(y[n]), y[n + 1 :]
    near, far = (
        equations(x + k * NEARBY * v, tilted, held) - equations(x - k * NEARBY * v, tilted, held)
        for k in (1, 2)
    )
    slope = SOFT * (8 * near - far) / (12 * NEARBY)
    return np.concatenate([equations(x, tilted, held), slope, [along @ v - 1]])


def fading(y: np.ndarray, D: float, pair: Pair, held: Held) -> np.ndarray:
    """:func:`equations` (n,) at a given Delta, y = (nu, asymmetry) or (Q, nu, asymmetry)."""
    return equations((D, *y[:-1]), pair.tilted(y[-1]), held)


def faded(D: tuple[float, ...], values: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(limit, error) (n,) for Delta -> 0 of values (len(D), n) that are even in Delta.

    The error is what the largest Delta does.
    """
    limits = [
        np.linalg.solve(np.vander(np.array(d) ** 2, increasing=True), v)[0]
        for d, v in ((D, values), (D[1:], values[1:]))
    ]
    return limits[0], np.abs(limits[1] - limits[0])
