"""Two bands with a laser, acoustic phonons and radiative recombination: equations of motion on a momentum grid.

Porta et al., Phys. Rev. B 100, 024513 (2019), Eqs. (5)-(11) and (B1)-(B4); energies in the gap E_g, times in 1/E_g, rotating frame at
resonance. n11, n22, n21 = <c2+ c1>, s = <c2+_k c1+_-k>; Delta^* = V sum_k s_k dk/2pi without projection, V > 0 attractive here. The
terms of the phonons were derived anew from Wick's theorem: (A7), (A9), (A10) have the wrong sign and garbled indices in s s^*, (A8)
lacks a factor 2, a term of (A12) is G^2_{p-q,q} [s_{p-q} (1 - n22_p) + n22_{p-q} s_p].

With M_b[b, a] = Gamma (1 + n_B) for every emission a -> b of band b and Gamma n_B for its reverse, h = 1 - n,

    dn_b = 2 [h_b (M_b n_b) - n_b (M_b^T h_b)],     dn21 -= sum_b [M_b n_b + M_b^T h_b] n21,
    ds_k -= [(M_2 n22 + M_2^T h22)_k + (M_1 n11 + M_1^T h11)_{-k}] s_k

``secular`` stops here (Eq. (7) taken literally: a Lindblad form). ``redfield`` adds the products of different bands, which (A7)-(A12)
contain and which do not keep the one-body matrix positive. Radiative recombination ``printed`` is (A8), (A11) (with 1 - n11 for the
misprinted 1 - n21) and leaves s alone, which is not positive either; ``lindblad`` is what jumps c1+_k c2_k at rate Gamma_rr do, with no
term of Wick's theorem left out: dn11 = -dn22 = Gamma_rr [n22 (1 - n11) + |n21|^2], dn21 = -Gamma_rr n21/2,
ds_k = -(Gamma_rr/2) [(1 - n11_k) + n22_-k] s_k.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .bands import Bands


def emission(points, m):
    """Index pairs (a, b) of the emissions of a band whose bottom is at k = 0, two int arrays; ``m`` = v/(A dk) steps of the grid.

    At T = 0 an electron at |k| > v/2A has one place to go to, k -> -k + sgn(k) v/A (Eq. (B2)); what would leave the grid is left out.
    """
    j = np.arange(points) - (points - 1) // 2
    a = np.flatnonzero(2 * np.abs(j) > m)
    b = -j[a] + np.sign(j[a]) * m + (points - 1) // 2
    inside = (b >= 0) & (b < points)
    return a[inside], b[inside]


def transfer(points, m, rate, n_B=0.0):
    """M (points, points): M[b, a] is the rate at which amplitude goes from a to b."""
    M = np.zeros((points, points))
    a, b = emission(points, m)
    np.add.at(M, (b, a), rate * (1 + n_B))
    np.add.at(M, (a, b), rate * n_B)
    return M


def product(M, most=6):
    """The function x -> M x over the last axis of x (..., n), by a few picks from x where rows of M have no more than ``most`` entries."""
    width = int((M != 0).sum(axis=1).max(initial=0))
    if width > most:
        return lambda x: x @ M.T
    columns = np.argsort(M == 0, axis=1, kind="stable")[:, :max(width, 1)].T
    values = np.take_along_axis(M, columns.T, axis=1).T
    pairs = [(np.ascontiguousarray(column), np.ascontiguousarray(value)) for column, value in zip(columns, values)]

    def picked(x):
        total = np.take(x, pairs[0][0], axis=-1) * pairs[0][1]
        for column, value in pairs[1:]:
            total += np.take(x, column, axis=-1) * value
        return total
    return picked


@dataclass(frozen=True, eq=False)
class Semiconductor:
    """The model. V, Omega : numbers, or (batch, 1) arrays of many runs at once.

    M1, M2 : `transfer` of the bands. radiative : "printed" | "lindblad"; collision : "secular" | "redfield". frequency : of the laser in
    the full drive Omega cos(frequency t), None in the rotating-wave approximation.
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

    def order(self, s):
        """Delta (...,) from s (..., n): Delta^* = V int s dk/2pi (B3)."""
        return np.conj(np.asarray(self.V)[..., 0] * (s @ self.bands.weight) if np.ndim(self.V) else self.V * (s @ self.bands.weight))

    def coupling(self, t):
        """The laser in the rotating frame; the full drive adds exp(-2 i frequency t)."""
        return self.Omega if self.frequency is None else self.Omega * (1 + np.exp(-2j * self.frequency * t))

    def rhs(self, t, n11, n22, n21, s, delta=None):
        """(dn11, dn22, dn21, ds), arrays (..., n), of the state at time t; populations real, the others complex.

        delta : the order parameter (...,) where it is not that of ``s`` (linear response).
        """
        bands, g = self.bands, self.coupling(t)
        delta = np.asarray(self.order(s) if delta is None else delta)[..., None]
        pairs = -2 * (delta.real * s.imag + delta.imag * s.real)
        flow = (g * n21.conj()).imag if np.iscomplexobj(g) else -g * n21.imag       # -(i/2) (g n12 - c.c.)
        dn11 = flow + pairs[..., ::-1]
        dn22 = pairs - flow
        loss = self._phonons(n11, n22, dn11, dn22)
        dn21 = (1j * bands.eps - (loss[0] + loss[1])) * n21
        dn21 -= 0.5j * g * (n22 - n11)
        ds = (1j * bands.E - (loss[1] + loss[0][..., ::-1])) * s
        paired = n11[..., ::-1] + n22 - 1
        ds.real += delta.imag * paired
        ds.imag += delta.real * paired
        if self.collision == "redfield":
            self._between_bands(n11, n22, n21, s, dn11, dn22, dn21, ds)
        self._recombination(n11, n22, n21, s, dn11, dn22, dn21, ds)
        return dn11, dn22, dn21, ds

    @cached_property
    def _rates(self):
        """Per band: x -> M x and x -> M^T x, and the column sums of M."""
        return [(product(M), product(M.T), M.sum(axis=0)) for M in (self.M1, self.M2)]

    def _phonons(self, n11, n22, dn11, dn22):
        """Add the populations' changes; the losses of amplitudes (lower, upper band), (..., n)."""
        losses = []
        for n, change, (onto, out_of, column) in ((n11, dn11, self._rates[0]), (n22, dn22, self._rates[1])):
            filled, emptied = onto(n), column - out_of(n)
            loss = filled + emptied
            change += 2 * (filled - n * loss)
            losses.append(loss)
        return losses

    def _between_bands(self, n11, n22, n21, s, dn11, dn22, dn21, ds):
        """The products of the two bands' scattering."""
        for M, n, other in ((self.M1, n11, dn22), (self.M2, n22, dn11)):
            forth, back = n21 @ M.T, n21 @ M        # sum_a M[b, a] n21_a; sum_b M[b, a] n21_b
            other += 2 * (np.conj(back) * n21 - np.conj(n21) * forth).real
            dn21 += (1 - n) * forth + n * back
        turned = s[..., ::-1]
        for M, n, amplitude, other, out in ((self.M2, n22, s, dn11, ds), (self.M1, n11, turned, dn22, None)):
            forth, back = amplitude @ M.T, amplitude @ M
            # of the other band at -a and -b
            other += 2 * (amplitude * np.conj(back) - np.conj(amplitude) * forth).real[..., ::-1]
            change = -(n * back + (1 - n) * forth)
            if out is None:
                ds += change[..., ::-1]
            else:
                ds += change

    def _recombination(self, n11, n22, n21, s, dn11, dn22, dn21, ds):
        rate = self.recombination
        down = rate * n22 * (1 - n11)
        if self.radiative == "printed":
            dn21 -= rate * n21 * (1 - n11 + n22)
        else:
            down = down + rate * np.abs(n21) ** 2
            dn21 -= 0.5 * rate * n21
            ds -= 0.5 * rate * s * (1 - n11 + n22[..., ::-1])
        dn11 += down
        dn22 -= down

    def eigenvalues(self, n11, n22, n21, s):
        """(smallest, largest) eigenvalue over all k of the one-body matrix of (c1_k, c2_k, c1+_-k, c2+_-k); outside [0, 1] it is none.

        Rows <a+ b> with a, b of that list; momenta k and -k in one 4 x 4 matrix.
        """
        m11, m22, m21 = (x[..., ::-1] for x in (n11, n22, n21))
        zero = np.zeros_like(s)
        rows = [[n11, np.conj(n21), zero, -s[..., ::-1]],
                [n21, n22, s, zero],
                [zero, np.conj(s), 1 - m11, -m21],
                [-np.conj(s[..., ::-1]), zero, -np.conj(m21), 1 - m22]]
        matrix = np.stack([np.stack(np.broadcast_arrays(*row), -1) for row in rows], -2)
        e = np.linalg.eigvalsh(0.5 * (matrix + np.conj(np.swapaxes(matrix, -1, -2))))
        return float(e.min()), float(e.max())


def start(points, seed=1e-20 * (1 + 1j)):
    """Filled lower band, empty upper band, a seed of s: (n11, n22, n21, s), each (points,)."""
    return np.ones(points), np.zeros(points), np.zeros(points, complex), np.full(points, seed, complex)
