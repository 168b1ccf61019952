"""The slowest deviations of large states, by Arnoldi's method on the resolvent of their evolution.

As in `linear_modes`, dX/dt = J X = -i (A X - X A^+) - i [dH, R]; no matrix of the mean field's
responses is made. With D the free motion, diagonal in the eigenvectors of A, F the mean field of a
deviation and B = -i [dH, R] what it does,

    (s - J)^-1 = (s - D)^-1 [1 + B (1 - K(s))^-1 F (s - D)^-1],    K(s) = F (s - D)^-1 B,

with an equation of the size of the mean field, by GMRES. Blocks of a ring are carried side by side:
deviations that repeat as the state does. Deviations are Hermitian, a real space.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lu_factor, lu_solve, schur

from .linear_modes import NEARBY, Tail

SHIFT = 0.25  # s of Arnoldi's method, of the attraction or 1
BASIS, KEPT, RESTARTS = 40, 16, 3
LOOKED = 5  # vectors between two looks at its residual
ENOUGH = 1e-5  # its residual
WANTED = 3
DENSE = 800  # unknowns of the mean field up to which 1 - K(s) is a matrix
SOLVED, SPAN = 1e-8, 60  # residual and most vectors of GMRES
POLISHED_MODES, POLISHINGS = 2, 8
FREE_MODES = 2  # slowest free motions that are looked at
ASIDE = 1e-5  # of a mode: where it is sought
LEAST = 1e-12  # eigenvalue of the resolvent
ROUGHLY = 1e-10  # residual of GMRES while polishing
EXACT, ALONE = 1e-7, 1e-9  # last step of a polishing; distance to a free motion that is one

Array = np.ndarray


@dataclass(frozen=True)
class State:
    """A state in blocks: A (L, n, n), core (L, n, n), tail (L, n, N); L = 1: as a whole.

    fields : of V and Z, the mean field of rho = V Z + h.c. as real numbers (u,). answer : of a
    matrix (L, n, n) and these, its first columns times dH, (L, n, m). attraction : the largest.
    charges : (n,) and (N,) of core and tail where nothing but the pairs fixes the phase, else None.
    """

    A: Array
    core: Array
    tail: Array
    modes: Tail
    fields: Callable[[Array, Array], Array]
    answer: Callable[[Array, Array], Array]
    attraction: float
    charges: tuple[Array, Array] | None


class Motion:
    """J of the deviations of a `State`, which are Y (L, n, n + N), Hermitian in the core.

    X = V_f Y V_f^+ with the eigenvectors V_f = [[V, S], [0, 1]] of A with its tail. rates : D.
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
        self.rates = -1j * (a[:, :, None] - levels.conj()[:, None, :])
        self.ends = np.concatenate([0.5 * conjugate(self.V), conjugate(self.S)], axis=1)
        core = (state.core - state.tail @ conjugate(self.S)) @ conjugate(self.inverse)
        self.turned = np.concatenate([core, state.tail], axis=2)  # R in the basis, from the right

    def fields(self, Y: Array) -> Array:
        """F: the mean field (u,) of a deviation."""
        return self.state.fields(self.V, Y @ self.ends)

    def answer(self, f: Array) -> Array:
        """B: -i [dH, R] of a mean field (u,)."""
        n = self.shape[1]
        turned = self.state.answer(self.inverse, f)
        out = np.asarray(-1j * turned @ self.turned[:, : turned.shape[2]])
        out[:, :, :n] += conjugate(out[:, :, :n])
        return out

    def resolvent(self, s: float) -> Callable[[Array], Array]:
        """Y to (s - J)^-1 Y of a real s."""
        weight = 1 / (s - self.rates)
        size = len(self.fields(np.zeros(self.shape, complex)))

        def equation(f: Array) -> Array:
            return np.asarray(f - self.fields(weight * self.answer(f)))

        def iterated(right: Array) -> Array:
            return _solved(equation, right, SOLVED)

        solve = iterated
        if size <= DENSE:
            factors = lu_factor(np.array([equation(row) for row in np.eye(size)]).T)

            def solve(right: Array) -> Array:
                return np.asarray(lu_solve(factors, right))

        def apply(Y: Array) -> Array:
            free = weight * Y
            return np.asarray(free + weight * self.answer(solve(self.fields(free))))

        return apply

    # -- complex combinations Y' + i Y'', as (2, L, n, n + N): Y' + i Y'' and Y' - i Y'' -----------
    def fields_of_pair(self, pair: Array) -> Array:
        """F of a combination (u,)."""
        first, second = pair[0] + pair[1], -1j * (pair[0] - pair[1])
        return np.asarray(0.5 * (self.fields(first) + 1j * self.fields(second)))

    def answer_of_pair(self, f: Array) -> Array:
        """B of a complex mean field."""
        first, second = self.answer(f.real), 1j * self.answer(f.imag)
        return np.array([first + second, first - second])

    def resolved_pair(self, z: complex, pair: Array) -> Array:
        """(z - J)^-1 of a combination, roughly."""
        weight = 1 / np.array([z - self.rates, z.conjugate() - self.rates])

        def equation(f: Array) -> Array:
            return np.asarray(f - self.fields_of_pair(weight * self.answer_of_pair(f)))

        free = weight * pair
        f = _solved(equation, self.fields_of_pair(free), ROUGHLY)
        return free + weight * self.answer_of_pair(f)

    # -- modes that are known ----------------------------------------------------------------------
    def turning(self) -> Array | None:
        """The deviation that turns the phase of the pairs, of rate 0; None if there is none."""
        state = self.state
        if state.charges is None:
            return None
        q, tail = state.charges
        core = 1j * (q[:, None] - q) * state.core
        rest = 1j * (q[:, None] - tail) * state.tail
        cross = rest @ conjugate(self.S)
        core = self.inverse @ (core - cross - conjugate(cross)) @ conjugate(self.inverse)
        whole = np.concatenate([core, self.inverse @ rest], axis=2)
        return whole / np.linalg.norm(whole)

    def slow_free(self) -> list[tuple[complex, Array]]:
        """(rate, combination) of the slowest free motions, the response in first order added."""
        motions = []
        for flat in np.argsort(-self.rates.real, axis=None)[:FREE_MODES]:
            block, i, j = np.unravel_index(flat, self.shape)
            pair = np.zeros((2, *self.shape), complex)
            pair[0, block, i, j] = 1.0
            if j < self.shape[1]:
                pair[1, block, j, i] = 1.0
            moved = self.answer_of_pair(self.fields_of_pair(pair))[0, block, i, j]
            motions.append((complex(self.rates[block, i, j] + moved), pair))
        return motions


def _solved(equation: Callable[[Array], Array], right: Array, tolerance: float) -> Array:
    """f of a linear equation (1 - K) f = right by GMRES (scipy's names its tolerance anew)."""
    size = float(np.linalg.norm(right))
    basis = [right / max(size, 1e-300)]
    H = np.zeros((SPAN + 1, SPAN), right.dtype)
    target = np.append(size, np.zeros(SPAN))
    y = np.zeros(1)
    for k in range(min(SPAN, len(right))):
        new = equation(basis[k])
        for j, vector in 2 * list(enumerate(basis)):  # twice: to rounding
            part = np.vdot(vector, new)
            H[j, k] += part
            new = new - part * vector
        length = float(np.linalg.norm(new))
        H[k + 1, k] = length
        known = H[: k + 2, : k + 1]
        y = np.linalg.lstsq(known, target[: k + 2], rcond=0.0)[0]
        miss = float(np.linalg.norm(known @ y - target[: k + 2]))
        if miss <= tolerance * size or length < 1e-14:
            break
        basis.append(new / length)
    return np.asarray(np.array(basis[: len(y)]).T @ y)


def conjugate(matrices: Array) -> Array:
    """The Hermitian conjugates of a stack."""
    return matrices.conj().swapaxes(1, 2)


def slow_modes(state: State) -> Array:
    """z of the modes with the largest growth, but for that which only turns the phase.

    (k,), growth descending. Of the repeating deviations, where the state repeats. Polished by
    inverse iteration; where that leads away, or very many are as slow, as Arnoldi's method told.
    """
    motion = Motion(state)
    shift = SHIFT * max(1.0, state.attraction)
    apply, turning, n = motion.resolvent(shift), motion.turning(), motion.shape[1]

    def flat(Y: Array) -> Array:
        """The real vector of a deviation, its core Hermitian, without the turning of the phase."""
        if turning is not None:
            Y -= np.vdot(turning, Y).real * turning
        Y[:, :, :n] = 0.5 * (Y[:, :, :n] + conjugate(Y[:, :, :n]))
        return Y.ravel().view(float)

    def step(vector: Array) -> Array:
        return flat(apply(vector.view(complex).reshape(motion.shape)))

    numbers = np.random.Generator(np.random.Philox(1))
    parts = numbers.normal(size=(2, *motion.shape))
    values, vectors, _ = dominant(step, flat(parts[0] + 1j * parts[1]), shift)
    z = _rates(values, shift)
    exact: list[complex] = []
    leading = np.argsort(-z.real)[:POLISHED_MODES]
    for place, k in enumerate(leading):
        if place and abs(z[k] - z[leading[place - 1]].conjugate()) < EXACT:
            continue  # the conjugate of the one before
        rates = polished(motion, z[k], _combination(motion, vectors[:, k]), turning)
        if not rates:
            rates = [complex(z[k])]  # as found, where that leads away
        exact += rates
    fastest = max([value.real for value in exact], default=-np.inf)
    for rate, pair in motion.slow_free():
        if rate.real > fastest:
            exact += polished(motion, rate, pair, turning)
    return np.array(sorted(exact or list(z), key=lambda value: -value.real))


def _combination(motion: Motion, vector: Array) -> Array:
    """The combination (2, L, n, n + N) of deviations of a complex combination of real vectors."""
    first, second = (
        np.ascontiguousarray(part).view(complex).reshape(motion.shape)
        for part in (vector.real, vector.imag)
    )
    return np.array([first + 1j * second, first - 1j * second])


def polished(motion: Motion, z: complex, pair: Array, turning: Array | None) -> list[complex]:
    """[the polished rate of a mode next to z], by inverse iteration; [] if that leads away.

    pair : about the mode, a combination. turning : what is left out of it.
    """
    new = z
    for _ in range(POLISHINGS):
        if np.abs(new - motion.rates).min() < ALONE:
            return [new]  # it does not move the mean field
        at = new + ASIDE  # not on the mode, where the equation is singular
        other = motion.resolved_pair(at, pair)
        if turning is not None:
            fixed = np.array([turning, turning])
            other = other - fixed * (0.5 * _product(fixed, other))
        step = new - at + complex(_product(pair, pair) / _product(pair, other))
        new, pair = new - step, other / np.sqrt(_product(other, other).real)
        if abs(new - z) > NEARBY * (1 + abs(z)):
            break
        if abs(step) < EXACT:
            return [new]
    return []


def _product(one: Array, other: Array) -> complex:
    """The scalar product of complex combinations of deviations."""
    return complex(np.vdot(one[0], other[0]) + np.vdot(other[1], one[1]))


# ---- Arnoldi's method ---------------------------------------------------------------------------


def dominant(
    apply: Callable[[Array], Array], start: Array, shift: float
) -> tuple[Array, Array, float]:
    """(values w, vectors, residual) of a real operator with the largest Re(shift - 1/w).

    Restarted with the best vectors (G. W. Stewart, SIAM J. Matrix Anal. Appl. 23, 601 (2002)).
    """
    basis = np.empty((BASIS + 1, len(start)))
    basis[0] = start / np.linalg.norm(start)
    H = np.zeros((BASIS + 1, BASIS))
    first, count = 0, BASIS
    for _ in range(RESTARTS):
        count = _extend(apply, basis, H, first, shift)
        values, vectors, residual = _ritz(H[: count + 1, :count], shift)
        if residual < ENOUGH or count < BASIS:
            break
        first = _restarted(basis, H, shift)
    some = basis[:count].T  # not to be made complex: it is large
    return values, some @ vectors.real + 1j * (some @ vectors.imag), residual


def _extend(
    apply: Callable[[Array], Array], basis: Array, H: Array, first: int, shift: float
) -> int:
    """Further vectors of Krylov's space from ``first`` on: how many there are then.

    basis (k + 1, size), H (k + 1, k) : of the operator, whose images of basis[:k] are H.T @ basis.
    """
    for k in range(first, BASIS):
        new = apply(basis[k])
        for _ in range(2):
            weights = basis[: k + 1] @ new
            H[: k + 1, k] += weights
            new = new - weights @ basis[: k + 1]
        size = np.linalg.norm(new)
        if size < 1e-13:
            return k + 1
        H[k + 1, k] = size
        basis[k + 1] = new / size
        if (k + 1) % LOOKED == 0 and _ritz(H[: k + 2, : k + 1], shift)[2] < ENOUGH:
            return k + 1
    return BASIS


def _rates(values: Array, shift: float) -> Array:
    """z of eigenvalues of (shift - J)^-1; far below 0 where that is 0, as of what is left out."""
    return np.asarray(shift - 1 / np.where(np.abs(values) < LEAST, LEAST, values))


def _ritz(H: Array, shift: float) -> tuple[Array, Array, float]:
    """(values, vectors, largest residual) wanted of the projected operator (k + 1, k)."""
    k = H.shape[1]
    values, vectors = np.linalg.eig(H[:k])
    order = np.argsort(-_rates(values, shift).real)[:WANTED]
    values, vectors = values[order], vectors[:, order]
    return values, vectors, float(np.abs((H[k] @ vectors) / values).max())


def _restarted(basis: Array, H: Array, shift: float) -> int:
    """Basis and H of the best vectors alone: how many, the next one behind them."""
    growth = np.sort(_rates(np.linalg.eigvals(H[:-1]), shift).real)
    least = growth[-KEPT] - 1e-9

    def best(real: float, imag: float) -> bool:
        return bool(_rates(np.array(complex(real, imag)), shift).real >= least)

    T, Z, count = schur(H[:-1], output="real", sort=best)
    basis[:count] = Z[:, :count].T @ basis[:-1]
    basis[count] = basis[-1]
    row = H[-1] @ Z[:, :count]
    H[:] = 0
    H[:count, :count], H[count, :count] = T[:count, :count], row
    return int(count)
