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
from scipy import sparse
from scipy.sparse import linalg

from .mean_field import MeanField

MODES = 4  # how many are sought
BASIS, RESTARTS = 60, 60  # of Arnoldi's method
ROUGH = 1e-5  # its tolerance, before roots are polished
POLISHINGS = 8
SAME = 1e-7  # z that differ by less are one mode
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
        """(s - J_0)^-1 X without the mean field's answer."""
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
        """K(s) (2 fields, 2 fields): the mean field's answer to itself, 1 among its eigenvalues."""
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
            if abs(following - z) > 10 * step:
                return z
            old, f_old = new, f_new
            new, f_new = following, miss(following)
        return new

    def resolvent(self, s: complex) -> linalg.LinearOperator:
        """(s - J)^-1 as an operator."""
        K = self.feedback(s)
        inverse = np.linalg.inv(np.eye(len(K)) - K)

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
            theta, far = _dominant(cayley, start, count)  # growing ones of any frequency
            near, close = _dominant(operator, start, count)  # slow ones
            inverse = np.concatenate([(1 - theta) / (2 * energy), near])
            vectors = np.concatenate([far, close], axis=1)
        z = energy - 1 / inverse
        if self.size > DENSE:
            z = np.array([self.polished(value) for value in z])
        order = _once(z)
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


def _once(z: np.ndarray) -> np.ndarray:
    """Indices of different values, growth descending."""
    kept: list[int] = []
    for k in np.argsort(-z.real):
        if all(abs(z[k] - z[j]) > SAME for j in kept):
            kept.append(int(k))
    return np.array(kept, int)


def _dominant(
    operator: linalg.LinearOperator, start: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """(eigenvalues, eigenvectors) of the largest modulus, as far as Arnoldi's method has them."""
    size = operator.shape[0]
    try:
        values, vectors = linalg.eigs(
            operator,
            k=count,
            which="LM",
            v0=start,
            ncv=min(size - 1, BASIS),
            tol=ROUGH,
            maxiter=RESTARTS,
        )
    except linalg.ArpackNoConvergence as error:
        values, vectors = error.eigenvalues, error.eigenvectors
    return values, vectors


def sum_of(parts: tuple, scale: float) -> object:
    """The part of sites times ``scale`` plus that of bonds."""
    return scale * parts[0] + parts[1]
