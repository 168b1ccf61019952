"""Small deviations from a stationary state: exp(z t), exactly.

A deviation X of R obeys z X = -i (A X - X A^+) - i [dH, R] with dH the mean field's response to X.
Without dH its modes are known from the eigenvectors of A; the response has the rank of the mean
field, so that z is a root: the mean field's response to itself, K(z), has the eigenvalue 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .mean_field import MeanField

POLISHINGS = 12
NEARBY = 2e-2  # of a mode: how far a polished one may lie from where it was found


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
        self.field, self.modes = field, modes
        self.core, self.tail = core, tail
        self.a, self.V = np.linalg.eig(A)
        self.inverse = np.linalg.inv(self.V)
        self.n, self.N = tail.shape
        self.size = self.n**2 + 2 * self.n * self.N
        straight, conjugate, _ = (sum_of(part, scale) for part in zip(*field.maps))
        self.straight, self.conjugate = straight, conjugate
        place = (modes.component, np.arange(self.N))
        self.W = sparse.csr_matrix((np.ones(self.N), place), (self.n, self.N))
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
        return self.answer_of(dH)

    def answer_of(self, dH: np.ndarray) -> np.ndarray:
        """-i [dH, R] of a deviation of H (n, n), flat."""
        core = -1j * (dH @ self.core - self.core @ dH)
        tail = -1j * (dH @ self.tail)
        back = 1j * (self.tail.conj().T @ dH)
        return np.concatenate([core.ravel(), tail.ravel(), back.ravel()])

    def free(self, s: complex, X: np.ndarray) -> np.ndarray:
        """(s - J_0)^-1 X without the mean field's response."""
        core, tail, back = self._split(X)
        V, W = self.V, self.inverse
        tail = V @ ((W @ tail) / (s - self.tail_decay))
        conj = -1j * (self.modes.level[:, None] - self.a.conj()[None, :])
        back = ((back @ W.conj().T) / (s - conj)) @ V.conj().T
        core = core.astype(complex)
        if self.N:
            core = core + 1j * (self.W.dot(tail.T).T - self.W.dot(back))
        core = V @ ((W @ core @ W.conj().T) / (s - self.decay)) @ V.conj().T
        return np.concatenate([core.ravel(), tail.ravel(), back.ravel()])

    # -- modes -------------------------------------------------------------------------------------
    def feedback(self, s: complex) -> np.ndarray:
        """K(s) (2 fields, 2 fields), response of the mean field to itself; 1 is an eigenvalue."""
        unit = np.eye(2 * self.field.fields, dtype=complex)
        return np.array([self.fields(self.free(s, self.answer(row))) for row in unit]).T

    def polished(self, z: complex) -> complex:
        """The root of K's eigenvalue nearest to 1, from nearby, by secants; z if there is none."""

        def miss(s: complex) -> complex:
            values = np.linalg.eigvals(self.feedback(s))
            return complex(values[np.argmin(np.abs(values - 1))] - 1)

        step = 1e-4 * (1 + abs(z))
        old, new = z + step, z
        f_old, f_new = miss(old), miss(new)
        for _ in range(POLISHINGS):
            if f_new == f_old or abs(f_new) < 1e-13:
                break
            following = new - f_new * (new - old) / (f_new - f_old)
            if abs(following - z) > NEARBY * (1 + abs(z)):
                return z
            old, f_old = new, f_new
            new, f_new = following, miss(following)
        return new


def sum_of(parts: tuple, scale: float) -> object:
    """The part of sites times ``scale`` plus that of bonds."""
    return scale * parts[0] + parts[1]
