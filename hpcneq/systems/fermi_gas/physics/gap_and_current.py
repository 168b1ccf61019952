"""Gap and current of a condensate Delta e^{i(Qr - 2 mu t)}: the equations of every steady state.

With xi = p^2 + Q^2/4 - 1, E = sqrt(xi^2 + D^2), s = p Q and the moments M0, M1 of N(E + s c),

    g(D, Q) = int p^2 dp [(1 - 2 M0)/(2E) - 1/(2p^2)] + (pi/4)(pF a_s)^-1                  (46), (7)
    J(D, Q) = int p^2 dp {2 p M1 + (Q/2)[1 - (xi/E)(1 - 2 M0)]} - (the same at D = 0)           (48)

of Kawamura, Hanai and Ohashi (2022). The subtraction takes the current of the normal gas, which is
0, off: levels have Lorentzian tails n_p ~ Gam/(pi p^2), so that (48) with a cutoff in the shifted
momentum grows with the cutoff. A potential exists: D dg/dQ = -(1/2) dJ/dD.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from . import radial_grid
from .occupation import Baths

SMALLEST = 1e-12  # E below it counts as this
HIGHEST = 0.9  # dmu: reservoirs stay above the bottom of the band


@dataclass(frozen=True)
class Gas:
    """Baths, interaction ``inv`` = 1/(pF a_s), and momentum grid.

    dp : longest panel near pF. fine : that many times as many panels. mesh : panels held still.
    cut : where the sum of the gap equation ends; None: nowhere. The current has no cutoff.
    """

    baths: Baths = Baths()
    inv: float = -1.0
    dp: float = 0.05
    fine: int = 1
    mesh: radial_grid.Mesh | None = None
    cut: float | None = None

    def at(self, dmu: float) -> Gas:
        """The same at another dmu."""
        return replace(self, baths=replace(self.baths, dmu=float(dmu)))

    @property
    def finer(self) -> Gas:
        """The same on panels of half the length."""
        return replace(self, fine=2 * self.fine, mesh=None)

    def held(self, D: float, Q: float) -> Gas:
        """The same with the panels of one state: sums are smooth in Delta, Q and dmu near it."""
        b = self.baths
        return replace(self, mesh=radial_grid.Mesh.of(D, Q, b.dmu, b.blur, self.dp, self.fine))

    def grid(self, D: float, Q: float) -> tuple[np.ndarray, np.ndarray]:
        """(p, weight) for this state."""
        b = self.baths
        if self.mesh is not None:
            return self.mesh.grid(D, Q, b.dmu, self.cut)
        return radial_grid.grid(D, Q, b.dmu, b.blur, self.dp, self.fine, self.cut)

    @property
    def uncut(self) -> Gas:
        """The same with all momenta in the gap equation."""
        return replace(self, cut=None)

    def pairing_weight(self, p: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Weights (n,) of the gap equation: 0 beyond the cutoff."""
        if self.cut is None:
            return weight
        return np.where(p < self.cut, weight, 0.0)


def levels(p: np.ndarray, D: float, Q: float) -> tuple[np.ndarray, np.ndarray]:
    """(xi, E) at momenta p (n,)."""
    xi = p**2 + 0.25 * Q**2 - 1
    return xi, np.maximum(np.hypot(xi, D), SMALLEST)


def densities(p: np.ndarray, D: float, Q: float, baths: Baths) -> np.ndarray:
    """(2, n) : the integrands of g (without the interaction) and of J at momenta p."""
    xi, E = levels(p, D, Q)
    bare = np.maximum(np.abs(xi), SMALLEST)
    M0, M1 = baths.moments(E, p * Q)
    m = 1 - 0.25 * Q**2
    gap = (2 * m * p**2 - m**2 - D**2) / (2 * E * (p**2 + E)) - p**2 * M0 / E
    if Q == 0 or D == 0:
        return np.stack([gap, np.zeros_like(gap)])
    N0, N1 = baths.moments(bare, p * Q)
    turned = 2 * (M0 - N0) + D**2 / (E * (E + bare)) * (1 - 2 * M0)
    return np.stack([gap, p**2 * (2 * p * (M1 - N1) + 0.5 * Q * np.sign(xi) * turned)])


def slow_density(p: np.ndarray, D: float, baths: Baths) -> np.ndarray:
    """lim J/Q for Q -> 0, integrand (n,); at gamma = T = 0 without its delta functions."""
    xi, E = levels(p, D, 0.0)
    bare = np.maximum(np.abs(xi), SMALLEST)
    turned = 2 * (baths.occupation(E) - baths.occupation(bare)) + D**2 / (E * (E + bare)) * (
        1 - 2 * baths.occupation(E)
    )
    return p**2 * (2 / 3 * p**2 * (baths.slope(E) - baths.slope(bare)) + 0.5 * np.sign(xi) * turned)


def gap(gas: Gas, D: float, Q: float) -> float:
    """g(D, Q)."""
    p, weight = gas.grid(D, Q)
    weight = gas.pairing_weight(p, weight)
    return float(weight @ densities(p, D, Q, gas.baths)[0] + 0.25 * np.pi * gas.inv)


def both(gas: Gas, D: float, Q: float) -> tuple[float, float]:
    """(g, J)."""
    p, weight = gas.grid(D, Q)
    values = densities(p, D, Q, gas.baths)
    g, J = values @ weight
    if gas.cut is not None:
        g = gas.pairing_weight(p, weight) @ values[0]
    return float(g + 0.25 * np.pi * gas.inv), float(J)


def slopes(gas: Gas, D: float, Q: float) -> tuple[float, float]:
    """(dg/dD, dg/dQ), from the slopes of M0; at gamma = T = 0 only for Q > 0."""
    p, weight = gas.grid(D, Q)
    weight = gas.pairing_weight(p, weight)
    xi, E = levels(p, D, Q)
    b, s = gas.baths, p * Q
    paired = 1 - 2 * b.moments(E, s)[0]
    along, across, _ = b.moment_slopes(E, s)
    by_E = -(p**2) / E * (0.5 * paired / E + along)
    return float(weight @ (by_E * D / E)), float(
        weight @ (by_E * 0.5 * Q * xi / E - p**3 / E * across)
    )


def current_slope(gas: Gas, D: float, Q: float) -> float:
    """dJ/dQ at fixed Delta, Q > 0; dJ/dDelta is -2 Delta dg/dQ."""
    p, weight = gas.grid(D, Q)
    xi, E = levels(p, D, Q)
    bare, b = np.maximum(np.abs(xi), SMALLEST), gas.baths
    M0, N0 = b.moments(E, p * Q)[0], b.moments(bare, p * Q)[0]
    turned = 2 * (M0 - N0) + D**2 / (E * (E + bare)) * (1 - 2 * M0)
    moved = (
        _moved(p, xi, E, Q, b)
        - _moved(p, xi, bare, Q, b)
        - 0.25 * Q**2 * D**2 / E**3 * (1 - 2 * M0)
    )
    return float(weight @ (p**2 * (moved + 0.5 * np.sign(xi) * turned)))


def _moved(p, xi, E, Q, baths):
    along, across, twice = baths.moment_slopes(E, p * Q)
    E_Q = 0.5 * Q * xi / E
    return 2 * p * (across * E_Q + twice * p) + Q * xi / E * (along * E_Q + across * p)


def stiffness(gas: Gas, D: float, Q: float) -> float:
    """J/(Q D^2), finite for Q -> 0 and for D -> 0.

    At D = 0 it is -(dg/dQ)/Q by the Maxwell relation.
    """
    if Q == 0:
        return _rigidity(gas, D)
    if D == 0:
        return -slopes(gas.uncut, D, Q)[1] / Q
    return both(gas, D, Q)[1] / (Q * D**2)


def _rigidity(gas, D):
    p, weight = gas.grid(D, 0.0)
    total = weight @ slow_density(p, D, gas.baths)
    if gas.baths.blur == 0:  # N' = -(1/2) delta(E - dmu)
        for (gap_, sign), row in zip(
            ((D, -1), (0.0, 1)), radial_grid.kinks((D, 0.0), 0.0, gas.baths.dmu)
        ):
            for k, away in row:
                xi, E = levels(np.array([k]), gap_, 0.0)
                total += (
                    0.5 * sign * k**4 / 3 * E[0] / (2 * k * abs(xi[0])) * (away < 1e-7)
                )  # each root is listed twice
    return float(total / D**2)


def dmu_of(gas: Gas, D: float, Q: float, near: float | None = None) -> float:
    """The one dmu >= 0 at which g(D, Q) = 0: g falls monotonically in dmu. nan if there is none.

    near : where to look first.
    """

    def f(dmu):
        return gap(gas.at(dmu), D, Q)

    low, high = 0.0, HIGHEST
    if near is not None and np.isfinite(near):
        reach = 4e-4
        left, right = max(near - reach, 0.0), min(near + reach, HIGHEST)
        at_left, at_right = f(left), f(right)
        while at_left > 0 and at_right > 0 and right < HIGHEST:
            reach *= 5
            left, at_left, right = right, at_right, min(right + reach, HIGHEST)
            at_right = f(right)
        while at_left < 0 and at_right < 0 and left > 0:
            reach *= 5
            right, at_right, left = left, at_left, max(left - reach, 0.0)
            at_left = f(left)
        low, high = left, right
    else:
        at_left, at_right = f(low), f(high)
    if not at_left > 0 or not at_right < 0:
        return np.nan
    return brentq(f, low, high, xtol=1e-13, rtol=1e-14)
