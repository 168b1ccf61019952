"""Small deviations from a stationary state: the rightmost z of exp(z t).

A deviation X of R obeys z X = -i (A X - X A^+) - i [dH, R] with dH the mean field's answer to X.
Without dH its modes are known from the eigenvectors of A; the answer has the rank of the mean
field, so that (z - J)^-1 is a few products of matrices by Woodbury's formula, and the modes with
the largest growth are found by Arnoldi's method on the Cayley transform (J + s)/(J - s), which maps
growing modes, whatever their frequency, out of the unit circle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import linalg

from .mean_field import MeanField

MODES = 8  # how many are sought
DENSE = 400  # deviations up to this size are diagonalised as a whole
OVERLAP = 0.99  # with i D: the mode that turns the phase
CLOSE = 1e-5  # of s: growth and frequency of that mode are at most so large


@dataclass(frozen=True)
class Tail:
    """Modes that do not act back on each other, and drive the core by i (X W^+ - W X^+).

    component : (N,) of the core that each couples to. level : (N,) x.
    """

    component: np.ndarray
    level: np.ndarray


@dataclass(frozen=True)
class Modes:
    """z of the modes found, growth descending; goldstone : which turns the phase, -1: none."""

    z: np.ndarray
    goldstone: int


class Deviations:
    """The linear equations of deviations (core, tail, tail of the conjugate) of a state.

    A : (n, n) of the core. core (n, n), tail (n, N) : R. scale : of the attraction on sites.
    """

    def __init__(
        self,
        field: MeanField,
        A: np.ndarray,
        core: np.ndarray,
        tail: np.ndarray,
        modes: Tail,
        scale: float = 1.0,
    ) -> None:
        self.field, self.scale, self.modes = field, scale, modes
        self.core, self.tail = core, tail
        self.a, self.V = np.linalg.eig(A)
        self.inverse = np.linalg.inv(self.V)
        self.M, self.n, self.N = field.form.size, len(A), tail.shape[1]
        self.size = self.n**2 + 2 * self.n * self.N
        straight, conjugate, _ = (sum_of(part, scale) for part in zip(*field.maps))
        self.straight, self.conjugate = straight, conjugate
        self.decay = -1j * (self.a[:, None] - self.a.conj()[None, :])
        self.tail_decay = -1j * (self.a[:, None] - modes.level.conj()[None, :])

    # -- shapes ------------------------------------------------------------------------------------
    def _split(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(core (n, n), tail (n, N), conjugate tail (N, n)) of a flat deviation."""
        n, N = self.n, self.N
        first, second = n * n, n * n + n * N
        return (
            X[:first].reshape(n, n),
            X[first:second].reshape(n, N),
            X[second:].reshape(N, n),
        )

    def fields(self, X: np.ndarray) -> np.ndarray:
        """The mean field's deviation (2 fields,) as entries and those of the conjugate places."""
        core = X[: self.n**2].reshape(self.n, self.n)
        rows, columns = self.field.rows, self.field.columns
        return np.concatenate([core[rows, columns], core[columns, rows]])

    def answer(self, f: np.ndarray) -> np.ndarray:
        """-i [dH, R] of a deviation of the mean field (2 fields,), flat."""
        half = self.field.fields
        values = self.straight @ f[:half] + self.conjugate @ f[half:]
        dH = np.zeros((self.n, self.n), complex)
        dH[self.field.H_rows, self.field.H_columns] = values
        core = -1j * (dH @ self.core - self.core @ dH)
        tail = -1j * (dH @ self.tail)
        back = 1j * (self.tail.conj().T @ dH)
        return np.concatenate([core.ravel(), tail.ravel(), back.ravel()])

    def free(self, s: complex, X: np.ndarray) -> np.ndarray:
        """(s - J_0)^-1 X without the mean field's answer."""
        core, tail, back = self._split(X)
        V, W = self.V, self.inverse
        tail = V @ ((W @ tail) / (s - self.tail_decay))
        conj = -1j * (self.modes.level[:, None] - self.a.conj()[None, :])
        back = ((back @ W.conj().T) / (s - conj)) @ V.conj().T
        core = core.astype(complex)
        if self.N:
            drive = np.zeros((self.n, self.n), complex)
            np.add.at(drive, self.modes.component, -1j * back)
            np.add.at(drive.T, self.modes.component, 1j * tail.T)
            core = core + drive
        core = V @ ((W @ core @ W.conj().T) / (s - self.decay)) @ V.conj().T
        return np.concatenate([core.ravel(), tail.ravel(), back.ravel()])

    # -- modes -------------------------------------------------------------------------------------
    def resolvent(self, s: complex) -> linalg.LinearOperator:
        """(s - J)^-1 as an operator."""
        count = 2 * self.field.fields
        unit = np.eye(count, dtype=complex)
        K = np.array([self.fields(self.free(s, self.answer(row))) for row in unit]).T
        inverse = np.linalg.inv(np.eye(count) - K)

        def apply(X: np.ndarray) -> np.ndarray:
            Y = self.free(s, X.astype(complex).ravel())
            return Y + self.free(s, self.answer(inverse @ self.fields(Y)))

        return linalg.LinearOperator((self.size, self.size), apply, dtype=complex)

    def uncoupled(self) -> np.ndarray:
        """z of the modes that the mean field does not answer to, growth descending."""
        z = np.sort_complex(self.decay.ravel())
        return z[np.argsort(-z.real)][:MODES]

    def modes_of(self, energy: float, pinned: bool) -> Modes:
        """The modes with the largest growth. energy : a scale of frequencies, > 0."""
        if not self.field.fields:
            return Modes(self.uncoupled(), -1)
        operator = self.resolvent(energy)
        count = min(MODES, self.size - 2)
        if self.size <= DENSE:
            matrix = operator @ np.eye(self.size, dtype=complex)
            inverse, vectors = np.linalg.eig(matrix)
        else:
            start = np.random.Generator(np.random.Philox(1)).normal(size=self.size)
            cayley = linalg.LinearOperator(
                (self.size, self.size),
                lambda X: X.ravel() - 2 * energy * (operator @ X.ravel()),
                dtype=complex,
            )
            theta, vectors = linalg.eigs(
                cayley, k=count, which="LM", v0=start, ncv=min(self.size - 1, 6 * count), tol=1e-10
            )
            inverse = (1 - theta) / (2 * energy)
        z = energy - 1 / inverse
        order = np.argsort(-z.real)[:count]
        return Modes(z[order], self._goldstone(z[order], vectors[:, order], energy, pinned))

    def _goldstone(self, z: np.ndarray, vectors: np.ndarray, energy: float, pinned: bool) -> int:
        """Which mode is i D and its conjugate; -1 if none is."""
        c = self.core[self.field.rows, self.field.columns]
        pairs = np.where(self.field.pairs, c, 0)
        turn = np.concatenate([1j * pairs, -1j * pairs.conj()])
        size = np.linalg.norm(turn)
        if pinned or size == 0:
            return -1
        for k, value in enumerate(z):
            own = self.fields(vectors[:, k])
            overlap = abs(np.vdot(turn, own)) / (size * max(np.linalg.norm(own), 1e-300))
            if overlap > OVERLAP and abs(value) < CLOSE * energy:
                return k
        return -1


def sum_of(parts: tuple, scale: float) -> object:
    """The part of sites times ``scale`` plus that of bonds."""
    return scale * parts[0] + parts[1]
