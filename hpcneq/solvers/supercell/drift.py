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
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray
from .medium import Medium

EQUAL = 1e-4  # of 1/dt: levels nearer than this count as equal


def integrals(a: ComplexArray, dt: float) -> tuple[ComplexArray, ComplexArray]:
    """(phi, psi) of rates a, any shape, not 0."""
    phi = np.expm1(a * dt) / a
    return phi, (dt * np.exp(a * dt) - phi) / a


@dataclass(frozen=True, eq=False)
class Turn:
    """The propagators of some blocks over one step.

    E, V : levels (n, 2 N) and eigenvectors at the middle. back : V^+. half : e^{-iA} between half
    steps times V^+, so that U = V half. drift : Hdot in the eigenbasis. w : (n, 2 N, 2 N).
    """

    medium: Medium
    dt: float
    E: NDArray
    V: ComplexArray
    back: ComplexArray
    half: ComplexArray
    drift: ComplexArray
    w: NDArray

    def modes(self, modes: NDArray) -> NDArray:
        """The modes (n, 2 N, P, 2 N) at the end of the step."""
        count, size, P, _ = modes.shape
        one = modes.dtype
        half, V = self.half.astype(one), self.V.astype(one)
        new = (half @ modes.reshape(count, size, P * size)).reshape(modes.shape)
        columns = np.repeat(np.exp(self.medium.rates * self.dt), size // 2, axis=-1)
        new *= columns.astype(one)
        new += self._sources().astype(one)
        return (V @ new.reshape(count, size, P * size)).reshape(modes.shape)

    def _sources(self) -> ComplexArray:
        """(n, 2 N, P, 2 N) what the sources add, in the eigenbasis from the left."""
        medium, dt = self.medium, self.dt
        h = 0.5 * dt
        a = medium.rates - 1j * self.E[..., None, None]
        phi, psi = integrals(a, dt)
        chi = (dt**2 * np.exp(a * dt) - 2 * psi) / a
        equal = np.abs(self.w) * dt < EQUAL
        over = np.where(equal, 0.0, -1j / np.where(equal, 1.0, self.w))
        R1 = self.drift * over
        R2 = R1 * over
        level = -1j * np.diagonal(self.drift, axis1=-2, axis2=-1)[..., None, None]
        own = phi + level * (h * psi - 0.5 * chi)
        back = self.back[:, :, None, :]
        shape = (len(self.E), medium.size, medium.modes, medium.size)
        source = self._spread(phi) * back
        mixed = (h * R1 - R2) @ source.reshape(*shape[:2], -1)
        total = -1j * mixed.reshape(shape)
        total += self._spread(own) * back
        total += self._spread(-1j * (psi - h * phi)) * (R1 @ self.back)[:, :, None, :]
        total += self._spread(-1j * phi) * (R2 @ self.back)[:, :, None, :]
        return total

    def _spread(self, x: ComplexArray) -> ComplexArray:
        """(n, 2 N, P, 2) of the species, times the sources, on all columns."""
        return np.repeat(x * self.medium.sources, self.medium.box.waves, axis=-1)

    def density(self, n: ComplexArray, X: ComplexArray, X_end: ComplexArray) -> ComplexArray:
        """n at the end, with W + Q + Q^+ linear in time between the two given ones."""
        damping, dt = self.medium.damping, self.dt
        phi, psi = integrals(-damping - 1j * self.w, dt)
        late = phi - psi / dt
        inner = (self.back @ X @ self.V) * (phi - late) + (self.back @ X_end @ self.V) * late
        inner += np.exp(-damping * dt) * (self.half @ n @ self.half.conj().swapaxes(-1, -2))
        n = self.V @ inner @ self.back
        return 0.5 * (n + n.conj().swapaxes(-1, -2))


def turn(medium: Medium, blocks: range, dt: float, begin: ComplexArray, end: ComplexArray) -> Turn:
    """The `Turn` of blocks; begin, end : order parameters at the ends of the step, as in H."""
    E, V = np.linalg.eigh(medium.hamiltonians(blocks, medium.pairing(0.5 * (begin + end))))
    back = V.conj().swapaxes(-1, -2)
    drift = back @ medium.pairing((end - begin) / dt) @ V
    w, h = E[:, :, None] - E[:, None, :], 0.5 * dt
    x = w * h
    small = np.abs(x) < 1e-2
    y = np.where(small, 1.0, x)
    weight = np.where(small, x / 3 * (1 - 0.1 * x * x), (np.sin(y) / y - np.cos(y)) / y)
    A = 2j * h * h * drift * weight
    square = A @ A
    i = np.arange(medium.size)
    inner = -0.5 * square - 1j * A + (1j / 6 * A + square / 24) @ square
    inner[:, i, i] += 1
    phase = np.exp(-1j * E * h)
    half = phase[:, :, None] * (inner @ (phase[:, :, None] * back))
    return Turn(medium, dt, E, V, back, half, drift, w)
