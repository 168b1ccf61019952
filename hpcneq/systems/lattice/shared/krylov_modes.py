"""The rightmost modes of large models: Krylov's method on the Jacobian, nothing of its size stored.

(J - s)^-1 is the deviation without the mean field's response, and the response by GMRES; its Cayley
transform (J + s)/(J - s) maps growing modes of any frequency out of the unit circle. Each mode is
settled by inverse iterations with a shift next to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import linalg

from .... import interrupts
from ....errors import NotConverged
from ....solvers.eigenvalues import largest
from ..physics.linear_modes import Deviations

ROUGH = 1e-6  # tolerance of Krylov's method
LINEAR = 1e-11  # of GMRES
NEARBY = 1e-3  # distance of the shift of inverse iterations
ITERATIONS = 8
FAINT = 1e-2  # of the deviation: what the mean field sees of it, below which it is not resolved
RUNS = 6  # of GMRES, each to 1e-5 of what it begins with
SETTLED = 1e-11
SAME = 1e-7  # modes nearer than this are one
COUNTED = 160  # entries of mean field and conjugate up to which modes are counted, and ...
LEVELS = 400  # levels with leads
Equations = Callable[[np.ndarray], np.ndarray]


def method_of(given: str, entries: int, levels: int) -> str:
    """det or krylov: what [numerics] method says, by size where it says auto."""
    if given != "auto":
        return given
    if entries <= COUNTED and levels <= LEVELS:
        return "det"
    return "krylov"


def norm(X: np.ndarray) -> float:
    """Length of a vector."""
    return float(np.linalg.norm(X))


@dataclass(frozen=True)
class KrylovMode:
    """z of e^{zt}, its error, and the deviations of the mean field (2 fields,)."""

    z: complex
    error: float
    fields: np.ndarray


class Jacobian:
    """Inverses of s - J for the deviations of a state."""

    def __init__(self, deviations: Deviations) -> None:
        self.deviations = deviations
        self.answers = 2 * deviations.field.fields

    def solve(self, s: complex, X: np.ndarray) -> np.ndarray:
        """(s - J)^-1 X. Raises NotConverged."""
        interrupts.stop_if_asked()
        own = self.deviations
        Y = own.free(s, X)
        if not self.answers:
            return Y
        right = own.fields(Y)

        def equations(f: np.ndarray) -> np.ndarray:
            return f - own.fields(own.free(s, own.answer(f)))

        f = _solved(equations, right, max(norm(right), FAINT * norm(Y)), s)
        return Y + own.free(s, own.answer(f))

    def modes(
        self, energy: float, count: int, frequencies: Sequence[float], lowest: float
    ) -> list[KrylovMode]:
        """Growing modes of any frequency, and those nearest to some frequencies; growth descending.

        energy : a scale of their growth, > 0. lowest : growth below which modes are left out, above
        that of the levels.
        """
        size = self.deviations.size

        def cayley(X: np.ndarray) -> np.ndarray:
            return X - 2 * energy * self.solve(energy, X)

        theta, far = largest(cayley, size, count, ROUGH)
        starts = list(zip(energy - 2 * energy / (1 - theta), far.T))
        for frequency in frequencies:
            s = 0.1 * energy + 1j * frequency
            near, close = largest(lambda X, s=s: self.solve(s, X), size, count, ROUGH)
            starts += zip(s - 1 / near, close.T)
        starts = [(z, X) for z, X in starts if z.real > lowest]
        settled = [self._settled(z, X) for z, X in starts]
        modes: list[KrylovMode] = []
        for mode in sorted(settled, key=lambda mode: (-round(mode.z.real, 9), -mode.z.imag)):
            if all(abs(mode.z - known.z) > SAME for known in modes):
                modes.append(mode)
        return modes

    def near(self, z: complex) -> KrylovMode:
        """The mode next to z, from any deviation."""
        start = np.random.Generator(np.random.Philox(2)).normal(size=self.deviations.size)
        return self._settled(z, start + 0j)

    def nearest(self, z: complex, count: int) -> list[KrylovMode]:
        """Some modes, those nearest to z."""
        if count == 1:
            return [self.near(z)]
        s = z + NEARBY * (1 + abs(z))
        size = self.deviations.size
        near, close = largest(lambda X: self.solve(s, X), size, count, ROUGH)
        return [self._settled(s - 1 / theta, X) for theta, X in zip(near, close.T)]

    def _settled(self, z: complex, X: np.ndarray) -> KrylovMode:
        """A mode by inverse iterations next to z."""
        s = z + NEARBY * (1 + abs(z))
        X = X / np.linalg.norm(X)
        old = z
        for _ in range(ITERATIONS):
            Y = self.solve(s, X)
            old, z = z, complex(s - 1 / np.vdot(X, Y))
            X = Y / np.linalg.norm(Y)
            if abs(z - old) < SETTLED:
                break
        return KrylovMode(z, abs(z - old) + SETTLED, self.deviations.fields(X))


def _solved(equations: Equations, right: np.ndarray, scale: float, s: complex) -> np.ndarray:
    """f of equations(f) = right by GMRES, each run on what the last one left, to LINEAR ``scale``.

    Raises NotConverged.
    """
    size = len(right)
    operator = linalg.LinearOperator((size, size), equations, dtype=complex)
    f, left = np.zeros(size, complex), right
    for _ in range(RUNS):
        size_left = norm(left)
        if size_left <= LINEAR * scale:
            return f
        f = (
            f
            + size_left
            * linalg.gmres(operator, left / size_left, restart=size, maxiter=4, atol=0.0)[0]
        )
        left = right - equations(f)
    raise NotConverged(f"GMRES did not converge on the mean field's response at s = {s:.4g}")
