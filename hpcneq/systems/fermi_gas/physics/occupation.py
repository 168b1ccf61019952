"""What two reservoirs put into a level: N(x) and its angular averages, in closed form.

Units: 2m = mu = pF = 1. Levels have half-width Gam = 2 gamma. Kawamura, Hanai and Ohashi (2022),
Eqs. (44), (45), with N(x) + N(-x) = 1:

    N(x) = int dw/pi Gam/((w - x)^2 + Gam^2) F(w),   F(w) = [f(w - dmu) + f(w + dmu)]/2

In the steady state -i G^<_p = N(H_p): every equal-time average is a function of the Hamiltonian.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpcneq.maths import fermi

from . import warm_occupation

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)
# of the distance to the nearest singularity of N: angular averages over less are by quadrature
SMALL = 0.3
COLD = 1e-9  # T below which functions are not compiled
TAIL = 3.0  # E beyond which N is its Lorentzian tail


@dataclass(frozen=True)
class Baths:
    """Two reservoirs, in units of mu.

    gamma : coupling to each, >= 0. T : temperature. dmu : half the difference of their chemical
    potentials, >= 0.
    """

    gamma: float = 0.005
    T: float = 0.0
    dmu: float = 0.0

    @property
    def width(self) -> float:
        """Gam = 2 gamma, half-width of every level."""
        return 2 * self.gamma

    @property
    def blur(self) -> float:
        """Distance of the singularities of N from the real axis."""
        return self.width + np.pi * self.T

    def occupation(self, x: np.ndarray) -> np.ndarray:
        """N(x), element-wise; relative accuracy in the tail N -> Gam/(pi x)."""
        return 0.5 * (self._filled(x - self.dmu) + self._filled(x + self.dmu))

    @property
    def warm(self) -> bool:
        """Whether functions of both width and temperature are compiled ones."""
        return self.width > 0 and self.T > COLD

    def _filled(self, x):
        """F1(x) of one reservoir at 0."""
        if not self.warm:
            return fermi.broadened_fermi(x, self.width, self.T)
        return self._compiled(warm_occupation.filled, x)[0]

    def _compiled(self, function, x, count=1):
        """What a function of `warm_occupation` fills at x of any shape: ``count`` arrays."""
        energies = np.ascontiguousarray(x, float)
        values = [np.empty(energies.shape) for _ in range(count)]
        function(energies.ravel(), self.width, float(self.T), *(v.reshape(-1) for v in values))
        return values

    def one_sided(self, x: np.ndarray, sign: int) -> np.ndarray:
        """The part of the reservoir at sign * dmu: N(x) is the mean of both."""
        return self._filled(x - sign * self.dmu)

    def slope(self, x: np.ndarray) -> np.ndarray:
        """dN/dx; at gamma = T = 0 it is a pair of delta functions, returned as 0."""
        if self.blur == 0:
            return np.zeros(np.shape(x))
        if self.warm:
            parts = [self._compiled(warm_occupation.slope, x - s * self.dmu)[0] for s in (1, -1)]
            return 0.5 * (parts[0] + parts[1])
        return -0.25 * sum(
            fermi.broadened_tanh_slope(x - s * self.dmu, self.width, self.T) for s in (1, -1)
        )

    def memory(self, x: np.ndarray) -> np.ndarray:
        """R(x), complex, Re R = N on the real axis; for Im x < Gam + pi T.

        int dw/2pi 2i F(w)/(w - x + i Gam) less a constant.
        """
        return 0.5 * (
            fermi.retarded_fermi(x - self.dmu, self.width, self.T)
            + fermi.retarded_fermi(x + self.dmu, self.width, self.T)
        )

    def memory_slope(self, x: np.ndarray) -> np.ndarray:
        """dR/dx."""
        return 0.5 * sum(
            fermi.retarded_fermi_slope(x - s * self.dmu, self.width, self.T) for s in (1, -1)
        )

    def moments(self, E: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(M0, M1) = 1/2 int_-1^1 dc (1, c) N(E + s c); E any real, s >= 0, same shape (n,).

        M0 = [A1]/(2s), M1 = {A1}/(2s) - [A2]/(2s^2) with the integrals A1, A2 of N; by quadrature
        where they would cancel.
        """
        E, s = np.broadcast_arrays(np.asarray(E, float), np.asarray(s, float))
        if not s.any():
            return self.occupation(E), np.zeros(E.shape)
        near = s < SMALL * np.hypot(np.abs(E) - self.dmu, self.blur)
        M0, M1 = np.empty(E.shape), np.empty(E.shape)
        if near.any():
            values = self.occupation(E[near] + s[near] * NODES[:, None])
            M0[near], M1[near] = 0.5 * WEIGHTS @ values, 0.5 * (WEIGHTS * NODES) @ values
            tail = near & (E > TAIL)  # there M1 p^3 counts: by parts, without cancellation
            if tail.any():
                M1[tail] = (
                    0.25
                    * s[tail]
                    * ((WEIGHTS * (1 - NODES**2)) @ self.slope(E[tail] + s[tail] * NODES[:, None]))
                )
        far = ~near
        if far.any():
            x, r = E[far], s[far]
            up, down = self._integrals(x + r), self._integrals(x - r)
            M0[far] = (up[0] - down[0]) / (2 * r)
            M1[far] = (up[0] + down[0]) / (2 * r) - (up[1] - down[1]) / (2 * r**2)
        return M0, M1

    def moment_slopes(self, E: np.ndarray, s: np.ndarray) -> np.ndarray:
        """int dc/2 (1, c, c^2) N'(E + s c): dM0/dE, dM0/ds = dM1/dE, dM1/ds, (3, n).

        From N and its moments; by quadrature where they would cancel.
        """
        E, s = np.broadcast_arrays(np.asarray(E, float), np.asarray(s, float))
        near = s < SMALL * np.hypot(np.abs(E) - self.dmu, self.blur)
        slopes = np.empty((3, *E.shape))
        if near.any():
            values = self.slope(E[near] + s[near] * NODES[:, None])
            slopes[:, near] = [0.5 * (WEIGHTS * NODES**k) @ values for k in range(3)]
        far = ~near
        if far.any():
            up, down, r = self.occupation(E[far] + s[far]), self.occupation(E[far] - s[far]), s[far]
            M0, M1 = self.moments(E[far], r)
            along = (up - down) / (2 * r)
            slopes[:, far] = along, (0.5 * (up + down) - M0) / r, along - 2 * M1 / r
        return slopes

    def _integrals(self, x):
        both = [self._integrals_of_one(x - s * self.dmu) for s in (1, -1)]
        return 0.5 * (both[0][0] + both[1][0]), 0.5 * (both[0][1] + both[1][1])

    def _integrals_of_one(self, x):
        """(A1, A2) of one reservoir at 0."""
        if not self.T > COLD:
            return fermi.broadened_fermi_integrals(x, self.width, self.T)
        return self._compiled(warm_occupation.integrals, x, 2)
