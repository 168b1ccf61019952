"""The wave number of a condensate in a sample with closed ends, where no net current flows.

A condensate Delta(t) e^{iQr} without forces keeps its Q for ever: momentum only pairs p + Q/2 with
-p + Q/2, and in the kinetic model the current just relaxes, dJ/dt = -4 gamma (J - J_S), to
J_S(Delta, Q) of Kawamura, Hanai and Ohashi (2022), Eq. (48) (precession leaves sum p_z (g11 + g22)
as it is, and turns no atoms into pairs where the gap equation holds). Where the ends are closed a
current charges them, and the potential between them pulls on all atoms with a force F. Both
partners of a pair gain momentum, dQ/dt = 2F, while their p stays: H_p(Q(t)) is all that changes.
With n, the density, dJ/dt = n dQ/dt - 4 gamma (J - J_S), so that J = 0 at all times means

    dQ/dt = -4 gamma J_S(Delta(t), Q(t))/n(Delta(t), Q(t)).

It rests where J_S = 0, in the states of Eqs. (46), (48) alone, and a state is stable against it
where J_S grows with Q along the gap equation: the sign that decides about long waves along Q.
Limits: the charging is instantaneous and even along the sample; n is the steady state's, in the
normal gas that of levels without width (their Lorentzian tail has no inertia: the exact Kubo
conductivity of the normal gas, n/(2 gamma), is that up to second order in gamma).

With the reservoirs' memory (:class:`Balance`) dJ/dt is known at each instant from the modes: what
is evolved is the sum of p_z (g11 + g22 - 1) + (Q/2)(g11 + 1 - g22) below p_c, its velocity at fixed
Q, and its change with Q, n. The rest of J, of the momenta above p_c less the normal gas's below
(whose current is 0; in shifted momenta its sum grows with p_c), depends on the |Delta| and Q of the
moment. So dJ/dt = -4 gamma J is solved for dQ/dt: J = 0 stays, to rounding and the law of the far
momenta, and what current a start has dies as in the kinetic model. Here tails follow Q at once and
have no inertia by themselves. In both models the reservoirs take part in the fall: an atom keeps
its p on its way through them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hpcneq.errors import InputError
from hpcneq.maths.panels import on_panels

from . import gap_and_current, radial_grid
from .occupation import Baths
from .ramp import Ramp

POOR = 1e-4  # of S/Q: error that no longer passes


@dataclass(frozen=True, eq=False)
class Ends:
    """Closed ends of a gas with reservoirs ``baths``.

    p, weight : (n,) momenta on which J_S is summed.
    """

    baths: Baths
    p: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(cls, baths: Baths, D: float, Q: float, dp: float) -> Ends:
        """Panels for a state (D, Q), no longer than dp near pF, good for any other nearby."""
        return cls(baths, *radial_grid.grid(D, Q, baths.dmu, baths.blur, dp))

    @property
    def normal(self) -> float:
        """Atoms of one spin without pairs, int p^2 dp of levels without width.

        (1/3) <mu^{3/2}> of both reservoirs, and its first term in T^2.
        """
        levels = 1 + self.baths.dmu * np.array([1.0, -1.0])
        return float(
            np.mean(1 / 3 * levels**1.5 * (1 + 0.125 * (np.pi * self.baths.T / levels) ** 2))
        )

    def sums(self, D: float, Q: float) -> tuple[float, float]:
        """(J_S, n) of one spin."""
        if not D:
            return 0.0, self.normal
        xi, E = gap_and_current.levels(self.p, abs(D), Q)
        bare = np.abs(xi)
        M, N = (self.baths.moments(x, self.p * abs(Q)) for x in (E, bare))
        turned = 2 * (M[0] - N[0]) + abs(D) ** 2 / (E * (E + bare)) * (1 - 2 * M[0])
        more = 0.5 * np.sign(xi) * turned
        weight = self.weight * self.p**2
        current = weight @ (2 * self.p * np.sign(Q) * (M[1] - N[1]) + Q * more)
        return float(current), self.normal + float(weight @ more)

    def velocity(self, D: float, Q: float, dmu: float) -> float:
        """dQ/dt."""
        ends = replace(self, baths=replace(self.baths, dmu=dmu))
        J, n = ends.sums(D, Q)
        return -2 * self.baths.width * J / n


class Balance:
    """The part S(|Delta|^2, Q, dmu) of the current that is not evolved.

    That of the momenta above ``p_c``, less that of the normal gas below. S/Q is a polynomial in
    Q^2, |Delta|^2 and dmu^2, fitted for |Q| <= ``most``, Delta < 0.4 and the dmu of ``ramp``: both
    parts live at p > p_c (in its own momenta the normal gas's is that of what a shift by Q/2 moves
    across p_c). InputError if the fit is poor.
    """

    powers = [(i, j, k) for i in range(4) for j in range(4) for k in range(2) if i + j + k < 4]

    def __init__(self, baths: Baths, p_c: float, most: float, ramp: Ramp, dp: float) -> None:
        self.relax = 2 * baths.width
        levels = sorted({ramp.first, ramp.last})
        at = [
            (Q, D, dmu)
            for Q in most * np.array([0.2, 0.45, 0.7, 0.9, 1.0])
            for D in (0.0, 0.1, 0.2, 0.3, 0.4)
            for dmu in levels
        ]
        powers = [x for x in self.powers if len(levels) > 1 or not x[2]]
        values = []
        for Q, D, dmu in at:
            moved = replace(baths, dmu=dmu)
            above = Ends(moved, *radial_grid.outer(p_c)).sums(D, Q)[0]
            values.append(above - bare(moved, Q, p_c, dp))
        x = np.array([(Q**2, D**2, dmu**2) for Q, D, dmu in at])
        table = np.stack([np.prod(x ** np.array(power), axis=1) for power in powers], axis=1)
        values = np.array(values) / [Q for Q, *_ in at]
        weights = np.linalg.lstsq(table, values, rcond=None)[0]
        if np.abs(table @ weights - values).max() > POOR:
            # how good the fit is shows only once it is there
            raise InputError(
                f"[numerics] p_c = {p_c:g}: must lie further above the edges of the reservoirs, "
                'where free_Q = true and model = "memory"'
            )
        self.terms = list(zip(powers, weights))

    def rest(self, square: float, Q: float, dmu: float) -> tuple[float, float, float]:
        """(S, dS/d|Delta|^2, dS/dQ)."""
        S = by_square = by_Q = 0.0
        for (i, j, k), weight in self.terms:
            term = weight * dmu ** (2 * k) * Q ** (2 * i)
            S += term * Q * square**j
            by_Q += (2 * i + 1) * term * square**j
            by_square += j * term * Q * square ** max(j - 1, 0)
        return S, by_square, by_Q

    def velocity(
        self,
        Delta: complex,
        change: complex,
        Q: float,
        dmu: float,
        J: float,
        moves: float,
        n: float,
    ) -> float:
        """dQ/dt from Delta and ``change``, d Delta/dt.

        Of the evolved momenta: J, ``moves`` dJ/dt at this Q, and n of one spin.
        """
        S, by_square, by_Q = self.rest(abs(Delta) ** 2, Q, dmu)
        grows = by_square * 2 * (Delta.conjugate() * change).real
        return -(self.relax * (J + S) + moves + grows) / (n + by_Q)


def bare(baths: Baths, Q: float, p_c: float, dp: float) -> float:
    """int_0^{p_c} p^2 dp {2 p M1 + (Q/2)[1 - sign(xi)(1 - 2 M0)]} of the gas without pairs."""
    ends = radial_grid.panels(0.0, Q, baths.dmu, baths.blur, dp, cuts=(p_c,))
    p, weight = on_panels(ends[ends <= p_c * (1 + 1e-12)])
    xi = p**2 + 0.25 * Q**2 - 1
    M = baths.moments(np.abs(xi), p * Q)
    return float((weight * p**2) @ (2 * p * M[1] + 0.5 * Q * (1 - np.sign(xi) * (1 - 2 * M[0]))))
