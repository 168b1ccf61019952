"""Two bands with a laser, phonons and radiative recombination: equations of motion over momenta.

Porta et al., Phys. Rev. B 100, 024513 (2019), Eqs. (5)-(11) and (B1)-(B4); energies in the gap E_g,
times in 1/E_g, rotating frame at resonance. n11, n22, n21 = <c2+ c1>, s = <c2+_k c1+_-k>;
Delta^* = V sum_k s_k dk/2pi without projection, V > 0 attractive here. The terms of the phonons
were derived anew from Wick's theorem: (A7), (A9), (A10) have the wrong sign and garbled indices in
s s^*, (A8) lacks a factor 2, a term of (A12) is
G^2_{p-q,q} [s_{p-q} (1 - n22_p) + n22_{p-q} s_p].

With M_b[b, a] = Gamma (1 + n_B) for every emission a -> b of band b and Gamma n_B for its reverse,
h = 1 - n,

    dn_b = 2 [h_b (M_b n_b) - n_b (M_b^T h_b)],     dn21 -= sum_b [M_b n_b + M_b^T h_b] n21,
    ds_k -= [(M_2 n22 + M_2^T h22)_k + (M_1 n11 + M_1^T h11)_{-k}] s_k

``secular`` stops here (Eq. (7) taken literally: a Lindblad form). ``redfield`` adds the products of
different bands, which (A7)-(A12) contain and which do not keep the one-body matrix positive.
Radiative recombination ``printed`` is (A8), (A11) (with 1 - n11 for the misprinted 1 - n21) and
leaves s alone, which is not positive either; ``lindblad`` is what jumps c1+_k c2_k at rate Gamma_rr
do, with no term of Wick's theorem left out:

    dn11 = -dn22 = Gamma_rr [n22 (1 - n11) + |n21|^2],     dn21 = -Gamma_rr n21/2,
    ds_k = -(Gamma_rr/2) [(1 - n11_k) + n22_-k] s_k

and at k = 0, where both electrons of a pair are in the two states of one jump, dn11 = -dn22 has
-Gamma_rr |s_0|^2 more, and s_0 = <c2+_0 c1+_0> loses nothing: the jump changes neither the empty
nor the doubly filled momentum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ....maths.bands import Bands


def emission(points: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Index pairs (a, b) of the emissions of a band whose bottom is at k = 0, two int arrays.

    m : v/(A dk), steps of the grid. At T = 0 an electron at |k| > v/2A has one place to go to,
    k -> -k + sgn(k) v/A (Eq. (B2)); what would leave the grid is left out.
    """
    j = np.arange(points) - (points - 1) // 2
    a = np.flatnonzero(2 * np.abs(j) > m)
    b = -j[a] + np.sign(j[a]) * m + (points - 1) // 2
    inside = (b >= 0) & (b < points)
    return a[inside], b[inside]


def transfer(points: int, m: int, rate: float, n_B: float = 0.0) -> np.ndarray:
    """M (points, points): M[b, a] is the rate at which amplitude goes from a to b."""
    M = np.zeros((points, points))
    a, b = emission(points, m)
    np.add.at(M, (b, a), rate * (1 + n_B))
    np.add.at(M, (a, b), rate * n_B)
    return M


@dataclass(frozen=True, eq=False)
class Semiconductor:
    """The model. V, Omega : numbers, or (runs, 1) arrays of many runs at once.

    M1, M2 : `transfer` of the bands. recombination : Gamma_rr. radiative : "printed" | "lindblad".
    collision : "secular" | "redfield". frequency : of the laser in the full drive
    Omega cos(frequency t), None in the rotating-wave approximation.
    """

    bands: Bands
    V: float
    Omega: float
    M1: np.ndarray
    M2: np.ndarray
    recombination: float
    radiative: str = "printed"
    collision: str = "secular"
    frequency: float | None = None

    def order(self, s: np.ndarray) -> np.ndarray:
        """Delta (...,) from s (..., n): Delta^* = V int s dk/2pi (B3)."""
        return np.conj(
            np.asarray(self.V)[..., 0] * (s @ self.bands.weight)
            if np.ndim(self.V)
            else self.V * (s @ self.bands.weight)
        )

    def coupling(self, t: float) -> complex | np.ndarray:
        """The laser in the rotating frame; the full drive adds exp(-2 i frequency t)."""
        return (
            self.Omega
            if self.frequency is None
            else self.Omega * (1 + np.exp(-2j * self.frequency * t))
        )

    def rhs(
        self,
        t: float,
        n11: np.ndarray,
        n22: np.ndarray,
        n21: np.ndarray,
        s: np.ndarray,
        delta: np.ndarray | None = None,
    ) -> tuple[np.ndarray, ...]:
        """(dn11, dn22, dn21, ds), arrays (..., n), of the state at time t.

        Populations real, the others complex. delta : the order parameter (...,) where it is not
        that of ``s`` (linear response).
        """
        if not n11.shape == n22.shape == n21.shape == s.shape:
            n11, n22, n21, s = np.broadcast_arrays(n11, n22, n21, s)
        shape, n = s.shape, s.shape[-1]
        runs = s.size // n
        fields: list[np.ndarray] = [
            np.ascontiguousarray(x.reshape(runs, n), kind)
            for x, kind in zip((n11, n22, n21, s), (float, float, complex, complex))
        ]
        delta = self.order(s) if delta is None else delta
        each = np.empty((2, runs), complex)
        for row, x in zip(each, (delta, self.coupling(t))):
            row[:] = np.reshape(x, -1)
        out = [np.empty(x.shape, x.dtype) for x in fields]
        rates, constants = self._compiled
        rates(tuple(fields), *each, n, constants, tuple(out))
        return tuple(x.reshape(shape) for x in out)

    def repeat(
        self,
        n11: np.ndarray,
        n22: np.ndarray,
        n21: np.ndarray,
        s: np.ndarray,
        step: float,
        steps: int,
    ) -> None:
        """``steps`` fourth-order Runge-Kutta steps of arrays (runs, n), in place.

        In the rotating-wave approximation; populations real, the others complex.
        """
        from . import collision_kernel

        runs, n = s.shape
        V = np.full(runs, np.reshape(self.V, -1), float)
        laser = np.full(runs, np.reshape(self.coupling(0.0), -1), complex)
        fields = (n11, n22, n21, s)
        constants, count = self._compiled[1], n
        weight = self.bands.weight
        if self._even and all(np.array_equal(x, x[:, ::-1]) for x in fields):
            constants, count = self._half, (n + 1) // 2
            weight = weight[:count] * np.where(2 * np.arange(count) == n - 1, 1.0, 2.0)
        now = tuple(np.ascontiguousarray(x[:, :count]) for x in fields)
        collision_kernel.runge_kutta(now, V, weight, laser, n, constants, step, steps)
        for x, part in zip(fields, now):
            x[:, :count] = part
            x[:, count:] = part[:, : n - count][:, ::-1]

    @cached_property
    def _even(self) -> bool:
        """Whether bands and collisions are the same at k and -k, of fields that are."""
        lines = (self.bands.eps, self.bands.E, self.bands.weight)
        squares = (self.M1, self.M2)
        return (
            self.collision == "secular"
            and all(np.array_equal(x, x[::-1]) for x in lines)
            and all(np.array_equal(M, M[::-1, ::-1]) for M in squares)
        )

    @cached_property
    def _compiled(self):
        """The compiled rates and what they take of the model; who needs them waits for numba."""
        from . import collision_kernel

        return collision_kernel.rates, self._constants(len(self.bands.k))

    @cached_property
    def _half(self):
        """What the compiled rates take of the model for fields that are the same at k and -k."""
        return self._constants((len(self.bands.k) + 1) // 2)

    def _constants(self, count):
        """What the compiled rates take of the model's first ``count`` momenta."""
        from . import collision_kernel

        return (
            self.bands.eps[:count],
            self.bands.E[:count],
            collision_kernel.scattering(self.M1, count),
            collision_kernel.scattering(self.M2, count),
            self.radiative == "lindblad",
            self.collision == "redfield",
            float(self.recombination),
        )

    def eigenvalues(
        self, n11: np.ndarray, n22: np.ndarray, n21: np.ndarray, s: np.ndarray
    ) -> tuple[float, float]:
        """(smallest, largest) eigenvalue over all k of the one-body matrix; all lie in [0, 1].

        Rows <a+ b> with a, b of (c1_k, c2_k, c1+_-k, c2+_-k): momenta k and -k in one 4 x 4 matrix.
        """
        m11, m22, m21 = (x[..., ::-1] for x in (n11, n22, n21))
        zero = np.zeros_like(s)
        rows = [
            [n11, np.conj(n21), zero, -s[..., ::-1]],
            [n21, n22, s, zero],
            [zero, np.conj(s), 1 - m11, -m21],
            [-np.conj(s[..., ::-1]), zero, -np.conj(m21), 1 - m22],
        ]
        matrix = np.stack([np.stack(np.broadcast_arrays(*row), -1) for row in rows], -2)
        e = np.linalg.eigvalsh(0.5 * (matrix + np.conj(np.swapaxes(matrix, -1, -2))))
        return float(e.min()), float(e.max())


def start(points: int, seed: complex = 1e-20 * (1 + 1j)) -> tuple[np.ndarray, ...]:
    """Filled lower band, empty upper band, a seed of s: (n11, n22, n21, s), each (points,)."""
    return (
        np.ones(points),
        np.zeros(points),
        np.zeros(points, complex),
        np.full(points, seed, complex),
    )
