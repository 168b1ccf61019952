"""Small changes of a stationary state of a supercell, with the period of the cell, as M(z).

A change A e^{-izt} of H, A in the eigenbasis of H = V E V^+, lambda = -iz and T_c = V^+ P_c V for
the columns of a species c, makes

    dQ = -i sum_c (A o K_c) T_c,   K_c,ij = sum_p s_p/[(i E_j - L_p)(lambda + i E_i - L_p)]
    dn_ij = (-i [A, n] + dQ + (dQ of A^+ at lambda^*)^+)_ij/(lambda + damping + i (E_i - E_j))

and modes are the zeros of det M, M = 1/U + dU_m - 2K dmu -+ iK lambda - dF/dDelta in (Delta_m,
Delta_m^*), which are independent. `modes.spectrum` counts and finds them (protocol Response). In a
frame that travels L_p belongs to a column of one momentum, not to all columns of a species.
"""

from __future__ import annotations

import numpy as np

from ...maths.arrays import ComplexArray, FloatArray
from .medium import Medium

ROUNDING = 1e-10  # of the largest entry of M


class PatternResponse:
    """M(z) of a stationary state.

    medium : with energies from the state's own mu. c : (2 h + 1,) its harmonics. coupling :
    (2 h + 1,) of the gap equation there, as it stands at rest. lag : K. In an even box the changes
    are even.
    """

    def __init__(self, medium: Medium, c: ComplexArray, coupling: ComplexArray, lag: float):
        self.medium, self.lag = medium, lag
        self.h = len(c) // 2
        self.pairing = medium.pairing(c)
        self.directions = self._directions(len(c))
        self.count = np.array([np.abs(v).sum() for v in self.directions])
        first = [int(np.argmax(np.abs(v))) for v in self.directions]
        self.coupling = coupling[first]
        self.repeated = np.tile(medium.box.repeated(len(c))[first], 2)
        slowest = float(-medium.rates.real.max())
        self.analytic_below = 0.9 * min(medium.damping, slowest)
        size = float(np.abs(c).sum())
        shift = float(np.abs(medium.rates.imag).max())
        moved = float(np.abs(medium.box.wave_vectors(len(c))).max() * abs(medium.velocity))
        self.reach = (2 * size + 2 * shift + moved, size)
        self.kept: dict[range, list[tuple[ComplexArray, ...]]] = {}

    def _directions(self, n):
        """Rows (k, n) of harmonics that change together."""
        one = np.eye(n)
        if not self.medium.box.even:
            return one
        both = (one + one[::-1])[n // 2 :]
        both[0] *= 0.5
        return both

    def items(self, q: float) -> int:
        """Blocks."""
        return self.medium.box.blocks

    def error(self, q: float, z: complex) -> float:
        """Rounding."""
        return ROUNDING * float(np.abs(self.coupling).max())

    def partials(self, q: float, z: complex, part: range) -> ComplexArray:
        """The rows (len(part), 2 k, 2 k) of dF/dDelta of the blocks."""
        if part not in self.kept:
            self.kept[part] = [self.prepared(blocks) for blocks in self.medium.batches(part)]
        size = 2 * len(self.directions)
        rows = [self._rows(-1j * z, *batch) for batch in self.kept[part]]
        return np.concatenate([np.zeros((0, size, size), complex), *rows])

    def matrix(self, sums: ComplexArray) -> ComplexArray:
        """The sums themselves: each block has its share of the rest of M."""
        return sums

    def prepared(self, blocks: range) -> tuple:
        """(weights, E, n, T of both species, A of all directions) of blocks, in eigenbases; in a
        travelling frame, for T, V and L_p of each column.
        """
        medium = self.medium
        E, V, n, _ = medium.stationary(blocks, self.pairing)
        back = V.conj().swapaxes(-1, -2)
        N = medium.box.states
        T = np.stack([back[:, :, :N] @ V[:, :N], back[:, :, N:] @ V[:, N:]], axis=1)
        changes = []
        for upper in (True, False):
            for v in self.directions:
                A = medium.pairing(v.astype(complex))
                if upper:
                    A[:, N:, :N] = 0
                else:
                    A[:, :N, N:] = 0
                changes.append(back @ medium.each(blocks, A) @ V)
        weights = medium.box.weights[blocks.start : blocks.stop]
        if medium.velocity:
            T = (V, medium.column_rates(blocks))
        return weights, E, back @ n @ V, T, np.stack(changes, axis=1)

    def _rows(self, rate, weights, E, n, T, A):
        """(blocks, 2 k, 2 k) of one batch at lambda = ``rate``."""
        dn = -1j * (A @ n[:, None] - n[:, None] @ A)
        if self.medium.velocity:
            dn += self._of_columns(rate, E, *T, A) + adjoint(
                self._of_columns(np.conj(rate), E, *T, adjoint(A))
            )
        else:
            dn += self._of_species(rate, E, T, A)
        w = E[:, :, None] - E[:, None, :]
        dn /= (rate + self.medium.damping + 1j * w)[:, None]
        k = A.shape[1] // 2
        here = np.arange(2 * k)
        sums = self.read(weights, A, dn)
        outside = np.concatenate([self.coupling, self.coupling.conj()])
        lag = np.repeat([-1j * self.lag * rate, 1j * self.lag * rate], k)
        share = np.concatenate([self.count, self.count]) * (outside + lag)
        sums[:, here, here] += share / self.medium.box.blocks
        return sums

    def read(self, weights: FloatArray, A: ComplexArray, dn: ComplexArray) -> ComplexArray:
        """(blocks, 2 k, m) of -dF for changes dn (blocks, m, 2 N, 2 N) of n."""
        count, k = A.shape[:2]
        k //= 2
        readers = np.concatenate([A[:, k:], A[:, :k]], axis=1).swapaxes(-1, -2)
        flat = readers.reshape(count, 2 * k, -1)
        sums = -(flat @ dn.reshape(*dn.shape[:2], -1).swapaxes(-1, -2))
        return -weights[:, None, None] * self.repeated[:, None] * sums

    def _of_species(self, rate, E, T, A):
        """(blocks, 2 k, 2 N, 2 N) dQ and its adjoint part, with one L_p for all of a species."""
        K = self._kernel(rate, E)
        back = adjoint(self._kernel(np.conj(rate), E))
        change = np.zeros_like(A)
        for c in (0, 1):
            species = T[:, c][:, None]
            change += -1j * ((A * K[:, c][:, None]) @ species)
            change += 1j * (species @ (A * back[:, c][:, None]))
        return change

    def _of_columns(self, rate, E, V, rates, A):
        """(blocks, 2 k, 2 N, 2 N) dQ with L_p (blocks, P, 2 N) of each column."""
        sources = np.repeat(self.medium.sources, self.medium.box.states, axis=1)
        change = np.zeros_like(A)
        back = adjoint(V)
        for p, source in enumerate(sources):
            level = 1j * E[:, :, None] - rates[:, None, p]
            change += (A @ (back * (source / level))[:, None]) / (rate + level)[:, None]
        return -1j * change @ V[:, None]

    def _kernel(self, rate, E):
        """K_c (blocks, 2, 2 N, 2 N)."""
        medium = self.medium
        level = 1j * E[:, None, :, None] - medium.rates.T[None, :, None, :]
        late = 1 / (rate + level)
        early = medium.sources.T[None, :, None, :] / level
        return late @ early.swapaxes(-1, -2)


def adjoint(matrices: ComplexArray) -> ComplexArray:
    """(..., n, n) their Hermitian conjugates."""
    return matrices.conj().swapaxes(-1, -2)
