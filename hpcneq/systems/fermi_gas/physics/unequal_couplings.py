"""Unequal couplings gamma_L, gamma_R: the condensate turns at 2 nu, nu not the mean of the reservoirs, and takes what one gives and the other draws.

In the frame of nu the reservoirs sit at delta_s = 1 +- dmu - nu, with weights w_s = gamma_s/(gamma_L + gamma_R), Gam = gamma_L + gamma_R, and

    -i G^<_p = int dw/2pi G^R [2 Gam diag(F(w), 1 - F(-w))] G^A,   F = sum_s w_s f(w - delta_s),   G^R = (w + i Gam - H_p)^-1.

diag(F, 1 - F(-w)) = [F(w) + 1 - F(-w)]/2 + tau3 A(w), A = [F(w) + F(-w) - 1]/2. The first part gives N(H_p) with N the weighted mean of the
reservoirs at +-delta_s. The second, absent in equal couplings, does not commute with H_p; in its eigenbasis, with R(x) = int dw/2pi 2i A/(w - x + i Gam):

    pairs        P = (D/2E)[N(e_-) - N(e_+)] - (xi D/2E^2)[A(e_+) + A(e_-)] + (D/E)[(xi/E) Re K + i Im K],   A(e) = Re R(e)
    occupation   n = [N(e_+) + N(e_-)]/2 + (xi/2E)[N(e_+) - N(e_-)] + (xi/2E)[A(e_+) - A(e_-)] + (xi^2/2E^2)[A(e_+) + A(e_-)] + (D/E)^2 Re K
    coherence    K = Gam/(2i (E - i Gam)) [R(e_+) + R(e_-)^*]

xi = p^2 + Q^2/4 - nu. The imaginary part of the gap equation, sum_p Im K/E = 0, is the balance of the pairs taken from both reservoirs; it fixes nu. One
reservoir alone gives nu = its chemical potential. Q > 0 is fixed by the current, sum_p (2p + Q) n = 0 less that of the normal gas. Kawamura, Hanai and Ohashi (2022) treat equal couplings, where A = 0 and nu = 1 by symmetry.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hpcneq.maths import fermi

from . import angular_grid, gap_and_current, radial_grid

SIDES = (1, -1)
ANGLES = 16  # cosines to Q at least
NEARBY = 2e-4  # mu, step of the differences of F along a direction: 1/50 of the least width in use, 1e6 times the rounding of F
SOFT = 1e-2  # weight of F_x v, whose rounding is that of F over NEARBY
LEAST = 3e-4  # of (gamma_L - gamma_R)/(gamma_L + gamma_R): no state is followed in shorter steps


@dataclass(frozen=True)
class Pair:
    """Couplings ``left`` (to the reservoir at 1 + dmu) and ``right``, temperature, dmu, interaction; units of the mean chemical potential."""

    left: float
    right: float
    T: float = 0.0
    dmu: float = 0.0
    inv: float = -1.0
    dp: float = 0.05
    fine: int = 1

    @property
    def width(self):
        """Gam = gamma_L + gamma_R."""
        return self.left + self.right

    @property
    def asymmetry(self):
        """(gamma_L - gamma_R)/(gamma_L + gamma_R)."""
        return (self.left - self.right) / self.width

    def tilted(self, asymmetry):
        """Couplings of the same sum and this asymmetry."""
        return replace(
            self, left=0.5 * self.width * (1 + asymmetry), right=0.5 * self.width * (1 - asymmetry)
        )

    @property
    def weights(self):
        """(w_L, w_R)."""
        return self.left / self.width, self.right / self.width

    def filled(self, x, nu):
        """N(x), element-wise: the weighted mean over reservoirs at +-delta_s."""
        return 0.5 * sum(
            w * fermi.broadened_fermi(x - u * d, self.width, self.T)
            for w, d in self._levels(nu)
            for u in SIDES
        )

    def imbalance(self, x, nu):
        """R(x), complex: what A(w) leaves in a level."""
        return 0.5 * sum(
            u * w * fermi.retarded_fermi(x - u * d, self.width, self.T)
            for w, d in self._levels(nu)
            for u in SIDES
        )

    def excess(self, x, nu):
        """Re R(x) with an accurate tail."""
        return 0.5 * sum(
            u * w * fermi.broadened_fermi(x - u * d, self.width, self.T)
            for w, d in self._levels(nu)
            for u in SIDES
        )

    def _levels(self, nu):
        return [(w, 1 + s * self.dmu - nu) for w, s in zip(self.weights, SIDES)]


def levels(p, c, D, Q, nu):
    """(xi, E, E + s, E - s) at momenta p and cosines c, shapes that broadcast, s = p Q c: the poles are E + s and -(E - s)."""
    xi = p**2 + 0.25 * Q**2 - nu
    E = np.maximum(np.hypot(xi, D), gap_and_current.SMALLEST)
    return xi, E, E + p * c * Q, E - p * c * Q


def coherence(E, R, pair):
    """K from R(e_+) + R(e_-)^* = R(E + s) + R(E - s)."""
    return pair.width / (2j * (E - 1j * pair.width)) * R


def parts(p, c, D, Q, nu, pair):
    """(P, n) at p = (p, c): the pair amplitude, complex, and the occupation of the atom of momentum p + Q/2."""
    xi, E, up, down = levels(p, c, D, Q, nu)
    a, b, R, S = (
        pair.filled(up, nu),
        1 - pair.filled(down, nu),
        pair.imbalance(up, nu),
        pair.imbalance(down, nu),
    )
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


def pairing(p, D, nu, pair):
    """p^2 Re P/D - 1/2 and p^2 Im P/D of a uniform state, the tails cancelled beforehand."""
    xi, E, up, _ = levels(p, 0.0, D, 0.0, nu)
    R = 2 * pair.imbalance(up, nu)
    K = coherence(E, R, pair)
    bare = (2 * nu * p**2 - nu**2 - D**2) / (2 * E * (p**2 + E))
    return bare - p**2 / E * pair.filled(up, nu) + p**2 * xi / E**2 * (
        K.real - 0.5 * R.real
    ), p**2 / E * K.imag


def turned(p, c, D, Q, nu, pair):
    """(3, n) for Q > 0 and c > 0: p^2 Re P/D - 1/2, p^2 Im P/D, even in c, and p^2 (2 p c + Q) n less the same without pairs, the mean over +-c.

    The part of n that is even in c goes with Q, the odd one with 2 p c; both without the cancellations of their tails.
    """
    m = nu - 0.25 * Q**2
    xi, E, up, down = levels(p, c, D, Q, nu)
    F, G, R, S = (
        pair.filled(up, nu),
        pair.filled(down, nu),
        pair.excess(up, nu),
        pair.excess(down, nu),
    )
    K, both = coherence(E, pair.imbalance(up, nu) + pair.imbalance(down, nu), pair), R + S
    real = (
        (2 * m * p**2 - m**2 - D**2) / (2 * E * (p**2 + E))
        - 0.5 * p**2 / E * (F + G)
        + p**2 * xi / E**2 * (K.real - 0.5 * both)
    )
    bare = np.maximum(np.abs(xi), gap_and_current.SMALLEST)
    up, down, sign = bare + p * c * Q, bare - p * c * Q, np.sign(xi)
    F0, G0, R0, S0 = (
        pair.filled(up, nu),
        pair.filled(down, nu),
        pair.excess(up, nu),
        pair.excess(down, nu),
    )
    even = (
        0.5
        * (
            sign * D**2 / (E * (E + bare))
            + xi / E * (F + G)
            - sign * (F0 + G0)
            + (xi / E) ** 2 * both
            - (R0 + S0)
        )
        + (D / E) ** 2 * K.real
    )
    odd = 0.5 * (F - G - F0 + G0 + xi / E * (R - S) - sign * (R0 - S0))
    return np.stack([real, p**2 / E * K.imag, p**2 * (Q * even + 2 * p * c * odd)])


def grid(D, nu, pair):
    """(p, weight) : panels graded towards the shell and every edge of both reservoirs."""
    blur = pair.width + np.pi * pair.T
    known = [
        f for s in SIDES for f in radial_grid.features(D, 0.0, abs(1 + s * pair.dmu - nu), blur, nu)
    ]
    return radial_grid.nodes(radial_grid.panels_of(known, pair.dp, (), pair.fine))


def plane(D, Q, nu, pair):
    """(p, c, weight) (n,) : the same along rays with cosines 0 < c < 1 to Q, weights of int dp int_0^1 dc."""
    blur, edges = pair.width + np.pi * pair.T, [abs(1 + s * pair.dmu - nu) for s in SIDES]
    c, share = angular_grid.cosines(
        [f for e in edges for f in angular_grid.touching(D, Q, e, blur, nu)], pair.fine, ANGLES
    )
    known = [[(np.sqrt(max(nu - 0.25 * Q**2, 1e-6)), 0.5 * np.hypot(D, blur), False)] for _ in c]
    for e in edges:
        for k, row in enumerate(known):
            for found in radial_grid.kinks(
                [D, 0.0], c[k] * Q, e, nu - 0.25 * Q**2 * (1 - c[k] ** 2)
            ):
                row += [
                    (
                        p,
                        max(np.hypot(0.4 * blur / max(p, 0.2), away), radial_grid.SHARPEST),
                        away < 1e-7,
                    )
                    for p, away in found
                ]
    found = []
    for at, part, row in zip(c, share, known):
        if at > 0:
            ends = radial_grid.panels_of(row, pair.dp, (), pair.fine)
            (p, weight), (far, rest) = (
                radial_grid.inner(ends),
                radial_grid.outer(ends[-1], radial_grid.NODES, radial_grid.WEIGHTS),
            )
            found.append(
                np.stack(
                    [
                        np.append(p, far),
                        np.full(len(p) + len(far), at),
                        2 * part * np.append(weight, rest),
                    ]
                )
            )
    return np.concatenate(found, axis=1)


def nodes(x, pair):
    """Where the equations at x are summed: :func:`grid` or :func:`plane`."""
    return grid(*x, pair) if len(x) == 2 else plane(*x, pair)


def equations(x, pair, held=None):
    """Real part of the gap equation and balance of pairs over Gam, 0 in a uniform steady state x = (D, nu); with x = (D, Q, nu) also J/(Q D^2).

    held : nodes held still, see :func:`nodes`.
    """
    at = nodes(x, pair) if held is None else held
    scale = np.array(
        [1.0, 1 / pair.width] if len(x) == 2 else [1.0, 1 / pair.width, 1 / (x[1] * x[0] ** 2)]
    )
    sums = (
        np.stack(pairing(at[0], *x, pair)) if len(x) == 2 else turned(at[0], at[1], *x, pair)
    ) @ at[-1]
    sums[0] += 0.25 * np.pi * pair.inv
    return sums * scale


@dataclass(frozen=True)
class Way:
    """How far a state was followed: ``x`` at ``asymmetry``, ``slope`` dx/d(asymmetry) there; ``arrived`` at the goal, or just before the state ends."""

    x: np.ndarray
    asymmetry: float
    slope: np.ndarray
    arrived: bool


def steps(pair, start, polish, size=0.1):
    """The Way of x = (D, nu) or (D, Q, nu) from a steady state of equal couplings of the same sum to these.

    start : (D,) or (D, Q). polish(equations, seed) -> root or None. The step in the asymmetry is halved where a root is lost.
    """
    goal = pair.asymmetry
    x, at, step = np.array([*start, 1.0]), 0.0, np.sign(goal) * size
    slope = np.zeros(len(x))  # of (D^2, ...), which is smooth to where D vanishes
    while abs(at - goal) > 1e-14:
        there = goal if abs(goal - at) <= abs(step) * (1 + 1e-9) else at + step
        here = pair.tilted(there)
        seed = x + slope * (there - at)
        seed[0] = np.sqrt(max(x[0] ** 2 + slope[0] * (there - at), 0.25 * x[0] ** 2))
        found = polish(lambda y, h=here, n=nodes(seed, here): equations(y, h, n), seed)
        if (
            found is None
            or not np.abs(found - seed).max() < 0.15 * max(seed[0], 0.02)
            or found[:-1].min() <= 0
        ):
            step *= 0.5
            if abs(step) < LEAST:
                return Way(x, at, slope / np.append(2 * x[0], np.ones(len(x) - 1)), False)
            continue
        slope = (np.append(found[0] ** 2, found[1:]) - np.append(x[0] ** 2, x[1:])) / (there - at)
        x, at = found, there
    return Way(x, at, slope, True)


def fold(y, pair, held, along):
    """Zero where two states meet as the couplings are made more unequal: F = 0, F_x v = 0, along . v = 1 (2 n + 1,) at y = (x, asymmetry, v).

    along : (n,) ; held : nodes held still. F are the :func:`equations`, differentiated along v to fourth order.
    """
    n = len(along)
    x, here, v = y[:n], pair.tilted(y[n]), y[n + 1 :]
    near, far = (
        equations(x + k * NEARBY * v, here, held) - equations(x - k * NEARBY * v, here, held)
        for k in (1, 2)
    )
    return np.concatenate(
        [equations(x, here, held), SOFT * (8 * near - far) / (12 * NEARBY), [along @ v - 1]]
    )


def fading(y, D, pair, held):
    """:func:`equations` (n,) at a given Delta, y = (nu, asymmetry) or (Q, nu, asymmetry)."""
    return equations((D, *y[:-1]), pair.tilted(y[-1]), held)


def faded(D, values):
    """(limit, error) (n,) for Delta -> 0 of values (len(D), n) that are even in Delta; the error is what the largest Delta does."""
    limits = [
        np.linalg.solve(np.vander(np.array(d) ** 2, increasing=True), v)[0]
        for d, v in ((D, values), (D[1:], values[1:]))
    ]
    return limits[0], np.abs(limits[1] - limits[0])
