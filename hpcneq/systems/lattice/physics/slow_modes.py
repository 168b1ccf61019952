"""The slowest deviations of large states, by Arnoldi's method on their evolution over a short time.

As in `linear_modes`, dX/dt = -i (A X - X A^+) - i [dH, R]; here exp(J t) is applied in steps that
are exact but for dH (Lawson's, order 4), and no matrix of the mean field's answers is made. Blocks
of a ring are carried side by side: deviations that repeat as the state does. Deviations are
Hermitian, a real space.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .linear_modes import OVERLAP, Modes, Tail

TIME = 4.0  # of one application, over the largest of attraction and 1
RESOLVED = 0.4  # of the attraction times a step
BASIS, RESTARTS = 24, 3  # of Arnoldi's method
ENOUGH = 1e-5  # its residual
WANTED = 4
SLOW = 1e-4  # growth and frequency of the mode that turns the phase are at most so large

Array = np.ndarray


@dataclass(frozen=True)
class State:
    """A state in blocks: A (L, n, n), core (L, n, n), tail (L, n, N); L = 1: as a whole.

    fields : of blocks of rho, the mean field. answer : of a mean field, dH as blocks (L, m, m).
    pairs : which fields are pairs. attraction : the largest.
    """

    A: Array
    core: Array
    tail: Array
    modes: Tail
    fields: Callable[[Array], Array]
    answer: Callable[[Array], Array]
    pairs: Array
    attraction: float


class Propagator:
    """exp(J t) of the deviations of a `State`, flat real vectors."""

    def __init__(self, state: State) -> None:
        self.state = state
        L, n, N = state.tail.shape
        self.shape = (L, n, n + N)
        self.time = TIME / max(1.0, state.attraction)
        self.steps = int(np.ceil(self.time * state.attraction / RESOLVED))
        self.step = self.time / max(self.steps, 1)
        self._exponentials(0.5 * self.step)

    def _exponentials(self, h: float) -> None:
        """U, its coupling to the tail and the tail's factors over h."""
        a, V = np.linalg.eig(self.state.A)
        inverse = np.linalg.inv(V)
        x = self.state.modes.level
        turn, tail_turn = np.exp(-1j * h * a), np.exp(-1j * h * x)
        self.U = (V * turn[:, None, :]) @ inverse
        gap = a[:, :, None] - x
        share = (turn[:, :, None] - tail_turn) / np.where(gap == 0, 1, gap)
        share = np.where(gap == 0, -1j * h * turn[:, :, None], share)
        self.to_tail = V @ (share * inverse[:, :, self.state.modes.component])
        self.conjugate = tail_turn.conj()

    def split(self, flat: Array) -> tuple[Array, Array]:
        """(core, tail) of a real vector."""
        whole = flat.view(complex).reshape(self.shape)
        n = self.shape[1]
        return whole[:, :, :n], whole[:, :, n:]

    @staticmethod
    def flat(core: Array, tail: Array) -> Array:
        """The real vector of a Hermitian deviation."""
        core = 0.5 * (core + core.conj().swapaxes(1, 2))
        return np.concatenate([core, tail], axis=2).ravel().view(float)

    def free(self, flat: Array) -> Array:
        """Half a step without dH."""
        core, tail = self.split(flat)
        back = self.U.conj().swapaxes(1, 2)
        moved = self.U @ tail
        cross = moved @ self.to_tail.conj().swapaxes(1, 2)
        core = self.U @ core @ back + cross + cross.conj().swapaxes(1, 2)
        return self.flat(core, moved * self.conjugate)

    def answer(self, flat: Array) -> Array:
        """-i [dH, R] of a deviation."""
        core, _ = self.split(flat)
        dH = self.state.answer(self.state.fields(core))
        m = dH.shape[1]
        turned = np.zeros_like(self.state.core)
        turned[:, :m] = -1j * (dH @ self.state.core[:, :m])
        tail = np.zeros_like(self.state.tail)
        tail[:, :m] = -1j * (dH @ self.state.tail[:, :m])
        return self.flat(2 * turned, tail)  # its Hermitian part, twice: with the conjugate

    def __call__(self, flat: Array) -> Array:
        """exp(J time) of a deviation."""
        h = self.step
        for _ in range(self.steps):
            first = self.answer(flat)
            moved, bent = self.free(flat), self.free(first)
            second = self.answer(moved + 0.5 * h * bent)
            third = self.answer(moved + 0.5 * h * second)
            fourth = self.answer(self.free(moved + h * third))
            flat = self.free(moved + h / 6 * bent + h / 3 * (second + third)) + h / 6 * fourth
        return flat


def slow_modes(state: State, pinned: bool) -> Modes:
    """The modes with the largest growth; of the repeating deviations, where the state repeats."""
    propagator = Propagator(state)
    numbers = np.random.Generator(np.random.Philox(1))
    L, n, total = propagator.shape
    parts = numbers.normal(size=(2, L, n, total))
    whole = parts[0] + 1j * parts[1]
    start = propagator.flat(whole[:, :, :n], whole[:, :, n:])
    values, vectors = dominant(propagator, start)
    z = np.log(values) / propagator.time
    order = np.argsort(-z.real)
    return Modes(z[order], _goldstone(propagator, z[order], vectors[:, order], pinned))


def dominant(apply: Callable[[Array], Array], start: Array) -> tuple[Array, Array]:
    """(values, vectors) of largest modulus of a real operator, by restarted Arnoldi."""
    vector = start
    for _ in range(RESTARTS):
        basis, H = _arnoldi(apply, vector)
        k = H.shape[1]
        values, vectors = np.linalg.eig(H[:k])
        order = np.argsort(-np.abs(values))[:WANTED]
        values, vectors = values[order], vectors[:, order]
        residual = np.abs(H[-1, -1] * vectors[-1]) if len(H) > k else np.zeros(len(order))
        if residual.max() < ENOUGH:
            break
        mixed = (basis[:k].T @ vectors).sum(axis=1)
        vector = mixed.real + mixed.imag
    return values, basis[:k].T @ vectors


def _arnoldi(apply: Callable[[Array], Array], vector: Array) -> tuple[Array, Array]:
    """An orthonormal basis of Krylov's space (k + 1, size) and H (k + 1, k)."""
    basis = [vector / np.linalg.norm(vector)]
    H = np.zeros((BASIS + 1, BASIS))
    for k in range(BASIS):
        new = apply(basis[k])
        for _ in range(2):
            weights = np.array([row @ new for row in basis])
            H[: k + 1, k] += weights
            new = new - weights @ np.array(basis)
        H[k + 1, k] = np.linalg.norm(new)
        if H[k + 1, k] < 1e-13:
            return np.array(basis), H[: k + 1, : k + 1]
        basis.append(new / H[k + 1, k])
    return np.array(basis), H


def _goldstone(propagator: Propagator, z: Array, vectors: Array, pinned: bool) -> int:
    """Which mode only turns the phase of the pairs; -1 if none does."""
    state = propagator.state
    pairs = np.where(state.pairs, state.fields(state.core), 0)
    size = np.linalg.norm(pairs)
    if pinned or size == 0:
        return -1
    for k, value in enumerate(z):
        if abs(value) > SLOW:
            continue
        vector = vectors[:, k]
        largest = vector[np.argmax(np.abs(vector))]
        real = np.ascontiguousarray((vector * np.conj(largest)).real)
        core, _ = propagator.split(real)
        own = state.fields(core)
        turned = abs(np.vdot(1j * pairs, own).real)
        if turned > OVERLAP * size * np.linalg.norm(own):
            return k
    return -1
