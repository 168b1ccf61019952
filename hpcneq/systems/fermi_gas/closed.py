"""The wave number of a condensate in a sample with closed ends: Q(t) from the condition that no net current flows, at any time.

A condensate Delta(t) e^{iQr} without forces keeps its Q for ever: momentum only pairs p + Q/2 with -p + Q/2, and in the kinetic model the
current just relaxes, dJ/dt = -4 gamma (J - J_S), to J_S(Delta, Q) of Kawamura, Hanai and Ohashi (2022), Eq. (48) (precession leaves sum p_z (g11 + g22)
as it is, and turns no atoms into pairs where the gap equation holds). Where the ends are closed a current charges them, and the potential between them pulls
on all atoms with a force F. Both partners of a pair gain momentum, dQ/dt = 2F, while their p stays: H_p(Q(t)) is all that changes. With n, the
density, dJ/dt = n dQ/dt - 4 gamma (J - J_S), so that J = 0 at all times means

    dQ/dt = -4 gamma J_S(Delta(t), Q(t))/n(Delta(t), Q(t)).

It rests where J_S = 0, in the states of Eqs. (46), (48) alone, and a state is stable against it where J_S grows with Q along the gap equation: the sign
that decides about long waves along Q. Limits: the charging is instantaneous and even along the sample; n is the steady
state's, in the normal gas that of levels without width (their Lorentzian tail has no inertia: the exact Kubo conductivity of the normal gas, n/(2 gamma),
is that up to second order in gamma); with the reservoirs' memory the current is taken to relax as in the kinetic model, which moves rates and not states.
"""
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import momenta, states
from .occupation import Baths


@dataclass(frozen=True, eq=False)
class Ends:
    """Closed ends of a gas: reservoirs ``baths`` and momenta ``p`` with ``weight`` (n,) on which J_S is summed."""

    baths: Baths
    p: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(cls, baths, D, Q, dp):
        """Panels for a state (D, Q), no longer than dp near pF, good for any other nearby."""
        return cls(baths, *momenta.grid(D, Q, baths.dmu, baths.blur, dp))

    @property
    def normal(self):
        """Atoms of one spin without pairs, int p^2 dp of levels without width: (1/3) <mu^{3/2}> of both reservoirs, and its first term in T^2."""
        levels = 1 + self.baths.dmu * np.array([1.0, -1.0])
        return float(np.mean(1 / 3 * levels**1.5 * (1 + 0.125 * (np.pi * self.baths.T / levels)**2)))

    def sums(self, D, Q):
        """(J_S, n) of one spin."""
        if not D:
            return 0.0, self.normal
        xi, E = states.levels(self.p, abs(D), Q)
        bare = np.abs(xi)
        M, N = (self.baths.moments(x, self.p * abs(Q)) for x in (E, bare))
        more = 0.5 * np.sign(xi) * (2 * (M[0] - N[0]) + abs(D)**2 / (E * (E + bare)) * (1 - 2 * M[0]))
        weight = self.weight * self.p**2
        return float(weight @ (2 * self.p * np.sign(Q) * (M[1] - N[1]) + Q * more)), self.normal + float(weight @ more)

    def velocity(self, D, Q, dmu):
        """dQ/dt."""
        here = self if dmu == self.baths.dmu else replace(self, baths=replace(self.baths, dmu=dmu))
        J, n = here.sums(D, Q)
        return -2 * here.baths.width * J / n
