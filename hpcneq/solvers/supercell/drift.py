"""One step of blocks whose Hamiltonian is linear in time, in the eigenbasis at its middle.

With H = H_mid + (s - h) Hdot, h = dt/2, H_mid = V E V^+ and w_ij = E_i - E_j the drift is kept to
all orders in w dt and to first order in Hdot:

    U = V e^{-iEh} e^{-iA} e^{-iEh} V^+,   A_ij = i Hdot_ij [2 sin(wh)/w^2 - 2h cos(wh)/w]
    int_0^dt U(dt, s) e^{lam (dt - s)} ds = V {phi_i delta_ij - i Hdot_ij K_ij} V^+,
    K_ij = [h phi_j - h phi_i + psi_i]/(iw) - [phi_j - phi_i]/(iw)^2

where phi = int_0^dt e^{a s} ds, psi = int_0^dt s e^{a s} ds and a_i = lam - i E_i. A piecewise
constant H would lag behind for pairs with 2 xi dt > 1; Magnus' commutator is A for w dt < 1.
A block at rest stays at rest for any dt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...maths.arrays import ComplexArray
from . import kernels
from .medium import Medium, eigenbasis

PRODUCTS, PRODUCTS_OF_A_MODE = 14, 3  # of matrices (2 N, 2 N), in a step of a block


class Workspace:
    """Arrays of the steps of up to ``blocks`` blocks, dtype that of the modes."""

    def __init__(self, medium: Medium, blocks: int, dtype: DTypeLike):
        size, P = medium.size, medium.modes
        self.left = np.empty((blocks, size, 2 * size), dtype)
        self.factor = np.empty((blocks, 2 * size, P, size), dtype)
        self.middle = np.empty((blocks, size, P, size), dtype)
        self.weights = np.empty((blocks, size, P, 2, 3), complex)
        self.sums = np.empty((2, blocks, size, size), complex)
        self.small = np.empty((3, blocks, size, size), complex)


@dataclass(frozen=True, eq=False)
class Turn:
    """The propagators of some blocks over one step.

    E, V : levels (n, 2 N) and eigenvectors at the middle. back : V^+. half : e^{-iA} between half
    steps times V^+, so that U = V half. drift : Hdot in the eigenbasis. R1, R2 : -i Hdot_ij/w,
    -Hdot_ij/w^2, 0 for equal levels.
    """

    medium: Medium
    dt: float
    E: NDArray
    V: ComplexArray
    back: ComplexArray
    half: ComplexArray
    drift: ComplexArray
    R1: ComplexArray
    R2: ComplexArray

    def step(self, modes: NDArray, n: ComplexArray, out: NDArray, work: Workspace) -> ComplexArray:
        """n (blocks, 2 N, 2 N) at the end of the step; the modes (blocks, 2 N, P, 2 N) into out.

        ``out`` may be ``modes``. W + Q + Q^+ counts as linear in time.
        """
        count, size, P, _ = modes.shape
        medium, dt = self.medium, self.dt
        factor, middle = work.factor[:count], work.middle[:count]
        left = work.left[:count]
        weights, (begin, end) = work.weights[:count], work.sums[:, :count]
        diagonal = np.ascontiguousarray(np.diagonal(self.drift, axis1=-2, axis2=-1))
        levels = (self.E, np.exp(-1j * dt * self.E), diagonal)
        bath = (medium.rates, np.exp(medium.rates * dt), medium.sources)
        kernels.load(dt, levels, bath, self.back, modes, (factor, weights, begin))
        left[:, :, :size] = self.half
        left[:, :, size:] = -1j * (0.5 * dt * self.R1 - self.R2)
        flat = (count, size, P * size)
        np.matmul(left, factor.reshape(count, 2 * size, P * size), out=middle.reshape(flat))
        first, second = self.R1 @ self.back, self.R2 @ self.back
        kernels.add_sources(weights, self.back, first, second, middle, end)
        np.matmul(
            self.V.astype(modes.dtype, copy=False), middle.reshape(flat), out=out.reshape(flat)
        )
        X = self.back @ medium.sum_of_sources(begin) @ self.V
        ahead = end @ self.V
        ahead += ahead.conj().swapaxes(-1, -2)
        ahead += (self.back * medium.white_diagonal) @ self.V
        return self.density(n, X, ahead)

    def density(self, n: ComplexArray, X: ComplexArray, X_end: ComplexArray) -> ComplexArray:
        """n at the end; X, X_end : W + Q + Q^+ at both ends, in the eigenbasis."""
        medium, dt = self.medium, self.dt
        inner = self.half @ n @ self.half.conj().swapaxes(-1, -2)
        turned = np.exp(-1j * dt * self.E)
        kernels.turn_density(dt, medium.damping, self.E, turned, X, X_end, inner)
        n = self.V @ inner @ self.back
        return 0.5 * (n + n.conj().swapaxes(-1, -2))


def turn(medium: Medium, blocks: range, dt: float, begin: ComplexArray, end: ComplexArray) -> Turn:
    """The `Turn` of blocks; begin, end : order parameters at the ends of the step, as in H."""
    E, V = eigenbasis(medium.hamiltonians(blocks, medium.pairing(0.5 * (begin + end))))
    back = np.ascontiguousarray(V.conj().swapaxes(-1, -2))
    drift = back @ (medium.each(blocks, medium.pairing((end - begin) / dt)) @ V)
    phase = np.exp(-0.5j * dt * E)
    A, R1, R2 = (np.empty_like(drift) for _ in range(3))
    kernels.weigh_drift(E, phase, drift, dt, A, R1, R2)
    square = A @ A
    i = np.arange(medium.size)
    inner = -0.5 * square - 1j * A + (1j / 6 * A + square / 24) @ square
    inner[:, i, i] += 1
    half = phase[:, :, None] * (inner @ (phase[:, :, None] * back))
    return Turn(medium, dt, E, V, back, half, drift, R1, R2)


def products(size: int, modes: int) -> float:
    """Operations of the matrix products of a step of one block with levels and bath modes."""
    return 8.0 * size**3 * (PRODUCTS + PRODUCTS_OF_A_MODE * modes)
