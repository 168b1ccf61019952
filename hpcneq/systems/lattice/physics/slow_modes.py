"""The slowest deviations of large states, by Arnoldi's method on their evolution over a short time.

As in `linear_modes`, dX/dt = -i (A X - X A^+) - i [dH, R]; here exp(J t) is applied in exponential
steps of order 4, exact but for dH, and no matrix of the mean field's responses is made. Blocks
of a ring are carried side by side: deviations that repeat as the state does. Deviations are
Hermitian, a real space.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ....maths.exponentials import Tables, advance
from .linear_modes import Modes, Tail

TIME = 4.0  # of one application, over the largest of attraction and 1
RESOLVED = 0.4  # of the attraction times a step
BASIS, RESTARTS = 24, 3  # of Arnoldi's method
ENOUGH = 1e-5  # its residual
WANTED = 4
OVERLAP = 0.99  # with i D: the mode that turns the phase
SLOW = 2e-2  # growth and frequency of the mode that turns the phase are at most so large

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
    """exp(J t) of the deviations of a `State`, as flat real vectors of Y.

    X = V_f Y V_f^+ with the eigenvectors V_f = [[V, S], [0, 1]] of A with its tail.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        L, n, N = state.tail.shape
        self.shape = (L, n, n + N)
        a, self.V = np.linalg.eig(state.A)
        self.inverse = np.linalg.inv(self.V)
        x = state.modes.level
        component = state.modes.component
        self.S = -self.V @ (self.inverse[:, :, component] / (a[:, :, None] - x))
        levels = np.concatenate([a, np.broadcast_to(x, (L, N))], axis=1)
        self.time = TIME / max(1.0, state.attraction)
        steps = max(1, int(np.ceil(self.time * state.attraction / RESOLVED)))
        self.steps, self.step = steps, self.time / steps
        self.rates = -1j * (a[:, :, None] - levels.conj()[:, None, :])
        self.tables = Tables.of(self.rates, self.step)
        core = (state.core - state.tail @ conjugate(self.S)) @ conjugate(self.inverse)
        self.turned = np.concatenate([core, state.tail], axis=2)  # R in the basis, from the right

    def split(self, flat: Array) -> tuple[Array, Array]:
        """(core, tail) of Y."""
        whole = flat.view(complex).reshape(self.shape)
        n = self.shape[1]
        return whole[:, :, :n], whole[:, :, n:]

    @staticmethod
    def flat(core: Array, tail: Array) -> Array:
        """The real vector of a Hermitian Y."""
        core = 0.5 * (core + conjugate(core))
        return np.concatenate([core, tail], axis=2).ravel().view(float)

    def core(self, Y: Array) -> Array:
        """The core's deviation (L, n, n)."""
        n = self.shape[1]
        cross = (self.V @ Y[:, :, n:]) @ conjugate(self.S)
        return self.V @ Y[:, :, :n] @ conjugate(self.V) + cross + conjugate(cross)

    def answer(self, Y: Array) -> Array:
        """-i [dH, R] of a deviation, in the basis of Y."""
        n = self.shape[1]
        state = self.state
        dH = -1j * state.answer(state.fields(self.core(Y)))
        m = dH.shape[1]
        out = self.inverse[:, :, :m] @ (dH @ self.turned[:, :m])
        out[:, :, :n] += conjugate(out[:, :, :n])
        return np.asarray(out)

    def rate(self, vector: Array) -> complex:
        """<v, J v>/<v, v> of a complex flat vector: the rate of a mode, roughly."""
        total = 0j
        for factor, part in ((1.0, vector.real), (1j, vector.imag)):
            Y = np.ascontiguousarray(part).view(complex).reshape(self.shape)
            moved = (self.rates * Y + self.answer(Y)).ravel().view(float)
            total += factor * np.vdot(vector, moved)
        return complex(total / np.vdot(vector, vector))

    def __call__(self, flat: Array) -> Array:
        """exp(J time) of a deviation."""
        Y = flat.view(complex).reshape(self.shape)
        for _ in range(self.steps):
            Y = advance(Y, self.tables, lambda part, at: self.answer(at))
        n = self.shape[1]
        return self.flat(Y[:, :, :n], Y[:, :, n:])


def conjugate(matrices: Array) -> Array:
    """The Hermitian conjugates of a stack."""
    return matrices.conj().swapaxes(1, 2)


def slow_modes(state: State, pinned: bool) -> Modes:
    """The modes with the largest growth; of the repeating deviations, where the state repeats."""
    propagator = Propagator(state)
    numbers = np.random.Generator(np.random.Philox(1))
    L, n, total = propagator.shape
    parts = numbers.normal(size=(2, L, n, total))
    whole = parts[0] + 1j * parts[1]
    start = propagator.flat(whole[:, :, :n], whole[:, :, n:])
    values, vectors = dominant(propagator, start)
    roughly = np.array([propagator.rate(vector) for vector in vectors.T])
    z = np.log(values) / propagator.time
    turn = 2 * np.pi / propagator.time
    z = z + 1j * turn * np.rint((roughly.imag - z.imag) / turn)
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
        own = state.fields(propagator.core(real.view(complex).reshape(propagator.shape)))
        turned = abs(np.vdot(1j * pairs, own).real)
        if turned > OVERLAP * size * np.linalg.norm(own):
            return k
    return -1
