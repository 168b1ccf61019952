"""Modes of a stationary state of a supercell as eigenvalues of its Jacobian, by SLEPc.

Small changes of n, of the bath modes and of the order parameter are independent unknowns,

    dn' = -i [H, dn] - damping dn + dQ + dR - i [A, n],     dQ = sum_p dPi_p,  dR = sum_p dRho_p
    dPi_p' = -i H dPi_p + dPi_p L_p - i A Pi_p,    dRho_p' = i dRho_p H + L_p^* dRho_p + i Pi_p^+ A
    +-iK dDelta' = (1/U + dU_m - 2K dmu) dDelta - dF[dn],       A linear in (dDelta, dDelta^*)

where dRho is the adjoint of dPi. In the eigenbasis of H all is diagonal but what A couples, so that
(J - s)^-1 costs about as much as one M(is) of `linear.PatternResponse`, which closes it; its
largest eigenvalues are those of J that are nearest to the shift s. No winding, no zero of det M is
used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...maths.arrays import ComplexArray, FloatArray
from ...parallel import solo
from ..eigenvalues import largest
from ..modes import Samples
from .linear import PatternResponse, adjoint

NEAREST = 6  # eigenvalues to a shift
BASIS = 40  # vectors of Krylov's space
RESTARTS = 4  # modes that grow lie apart; those that decay do, and may stay unknown
RESIDUAL = 1e-8
SAME = 1e-6  # of the reach: eigenvalues that differ by less are one


@dataclass(frozen=True, eq=False)
class Blocks:
    """A batch of blocks in eigenbases, and the factors of (J - s)^-1 that are diagonal.

    weights (n,); V, n (n, 2 N, 2 N); A (n, 2 k, 2 N, 2 N) of all directions; rest (n, 2 N, P, 2 N)
    the stationary modes; on_n (n, 2 N, 2 N), on_modes and on_adjoint (n, 2 N, P, 2 N) the factors.
    """

    weights: FloatArray
    V: ComplexArray
    n: ComplexArray
    A: ComplexArray
    rest: ComplexArray
    on_n: ComplexArray
    on_modes: ComplexArray
    on_adjoint: ComplexArray

    def density(self, n: ComplexArray, modes: ComplexArray, other: ComplexArray) -> ComplexArray:
        """(n, 2 N, 2 N) dn of its source, dPi and dRho^T."""
        Q = modes.sum(2) @ self.V
        R = adjoint(self.V) @ other.sum(2).swapaxes(-1, -2)
        return (n - Q - R) * self.on_n

    def driven(self, x: ComplexArray) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
        """The sources of dn, dPi, dRho^T by changes x (2 k,) of the order parameter."""
        A = np.tensordot(x, self.A, axes=(0, 1))
        n, P = len(A), self.rest.shape[2]
        flat = self.rest.reshape(n, self.rest.shape[1], -1)
        modes = (A @ flat).reshape(self.rest.shape)
        other = (A.swapaxes(-1, -2) @ flat.conj()).reshape(n, -1, P, A.shape[-1])
        return 1j * (A @ self.n - self.n @ A), 1j * modes, -1j * other


class ShiftedInverse:
    """x = (J - s)^-1 b of a stationary state.

    A vector is dn, dPi and dRho^T of each batch of blocks, then dDelta and dDelta^* of all
    directions, flat. Every rank computes all of it.
    """

    def __init__(self, response: PatternResponse, shift: complex):
        self.response, self.shift = response, shift
        medium = response.medium
        self.batches = [self._blocks(b) for b in medium.batches(range(medium.box.blocks))]
        self.changes = 2 * len(response.directions)
        self.M = Samples(response, 0.0, solo())(1j * shift)
        self.size = self.changes + sum(
            b.on_n.size + b.on_modes.size + b.on_adjoint.size for b in self.batches
        )

    def _blocks(self, blocks):
        """What is kept of a batch."""
        medium, s = self.response.medium, self.shift
        weights, E, n, _, A = self.response.prepared(blocks)
        V = medium.stationary(blocks, self.response.pairing)[1]
        rates = medium.column_rates(blocks)[:, None]
        sources = np.repeat(medium.sources, medium.box.states, axis=1)
        level = 1j * E[:, :, None, None]
        rest = sources / (level - rates) * adjoint(V)[:, :, None, :]
        on_n = -1 / (1j * (E[:, :, None] - E[:, None, :]) + medium.damping + s)
        on_modes = 1 / (rates - level - s)
        return Blocks(weights, V, n, A, rest, on_n, on_modes, 1 / (rates.conj() + level - s))

    def __call__(self, b: ComplexArray) -> ComplexArray:
        """x (size,) of b."""
        response, place = self.response, 0
        sources, total = [], np.zeros(self.changes, complex)
        for batch in self.batches:
            parts = []
            for factor in (batch.on_n, batch.on_modes, batch.on_adjoint):
                parts.append(b[place : place + factor.size].reshape(factor.shape))
                place += factor.size
            n = batch.density(parts[0], parts[1] * batch.on_modes, parts[2] * batch.on_adjoint)
            total += response.read(batch.weights, batch.A, n[:, None])[..., 0].sum(0)
            sources.append(parts)
        count = np.concatenate([response.count, -response.count])
        x = np.linalg.solve(self.M, 1j * response.lag * count * b[place:] - total)
        rows = []
        for batch, parts in zip(self.batches, sources):
            n, modes, other = (one + two for one, two in zip(parts, batch.driven(x)))
            modes, other = modes * batch.on_modes, other * batch.on_adjoint
            rows += [batch.density(n, modes, other).ravel(), modes.ravel(), other.ravel()]
        return np.concatenate([*rows, x])

    def nearest(self) -> ComplexArray:
        """The eigenvalues of J that are nearest to the shift and converged, nearest first."""
        values, _ = largest(self, self.size, NEAREST, RESIDUAL, BASIS, RESTARTS)
        order = np.argsort(-np.abs(values))
        return self.shift + 1 / values[order]


def shifts_of(response: PatternResponse) -> ComplexArray:
    """(n,) shifts whose circles cover growth rates up to their real part twice, at every frequency
    of the response's reach; those of -frequency have conjugate modes.
    """
    reach, top = response.reach
    half = 0.5 * top
    aside = np.sqrt((half + response.analytic_below) ** 2 - half**2)
    count = int(np.ceil(0.5 * reach / aside)) + 1
    return np.asarray(half + 2j * aside * np.arange(count))


def bytes_of(response: PatternResponse) -> int:
    """Of the vectors of Krylov's space, and the factors."""
    medium = response.medium
    unknowns = medium.box.blocks * medium.size**2 * (1 + 2 * medium.modes)
    return 16 * unknowns * (BASIS + 6)


def growing(response: PatternResponse, floor: float) -> list[complex]:
    """Frequencies z = i lambda of the modes that grow faster than ``floor``, fastest first."""
    roots: list[complex] = []
    for shift in shifts_of(response):
        z = 1j * ShiftedInverse(response, complex(shift)).nearest()
        for root in np.concatenate([z, -z.conj()]):
            again = any(abs(root - other) < SAME * response.reach[0] for other in roots)
            if root.imag > floor and not again:
                roots.append(complex(root))
    return sorted(roots, key=lambda z: -z.imag)
