"""Linear stability of a stationary state: the eigenvalues of its linearised equations of motion.

Deviations even and odd in k do not mix. Those that leave the numbers of electrons alone count; the
phase of Delta, which is free, has the eigenvalue 0 and does not.
"""

from __future__ import annotations

import numpy as np

from .stationary import Stationary

NEUTRAL = 1e-6  # rates below are those of conserved numbers and free phases, whose zeros are double


def jacobian(problem: Stationary, fields: tuple, w: float, odd: bool) -> np.ndarray:
    """d(rates)/d(fields) of deviations even or odd in k, (6 h, 6 h) or (6 (h - 1), 6 (h - 1)).

    fields : (n11, n22, n21, s), (n,) each, turning with w as in `Stationary`. Rows [n11, n22,
    Re n21, Im n21, Re s, Im s] at k >= 0 (odd: k > 0). By central differences, which are exact for
    equations of second degree.
    """
    n, step = problem.n, 0.5
    first = int(odd)
    sign = 1 - 2 * first
    half = problem.half - first
    unit = np.zeros((half, n))
    places = np.arange(half) + n // 2 + first
    unit[np.arange(half), n - 1 - places] = sign
    unit[np.arange(half), places] = 1.0

    def rates(shift):
        columns = []
        for which in range(6):
            moved = [np.broadcast_to(x, (half, n)) for x in fields]
            place = (0, 1, 2, 2, 3, 3)[which]
            moved[place] = moved[place] + shift * (1j if which in (3, 5) else 1.0) * unit
            d11, d22, d21, ds = problem.model.rhs(0.0, *moved)
            ds = ds - 1j * w * moved[3]
            parts = (d11, d22, d21.real, d21.imag, ds.real, ds.imag)
            columns.append(np.concatenate([part[:, places] for part in parts], axis=1))
        return np.concatenate(columns)

    return ((rates(step) - rates(-step)) / (2 * step)).T


def fastest_eigenvalue(problem: Stationary, fields: tuple, w: float) -> complex:
    """The eigenvalue of largest real part, Im >= 0, without those of the phase and the numbers.

    fields, w : as in `jacobian`.
    """
    even = jacobian(problem, fields, w, False)
    if problem.pairs:
        z = np.linalg.eigvals(fixed_numbers(problem, even))
        z = np.delete(z, np.argmin(np.abs(z)))  # the phase
    else:
        z = np.linalg.eigvals(fixed_numbers(problem, even))
    z = np.concatenate([z, np.linalg.eigvals(jacobian(problem, fields, w, True))])
    z = z[np.abs(z) > NEUTRAL]
    fastest = z[np.argmax(z.real)]
    return complex(fastest.real, abs(fastest.imag))


def fixed_numbers(problem: Stationary, even: np.ndarray) -> np.ndarray:
    """The part of an even Jacobian that leaves the number of electrons of each set alone.

    n11 at one momentum of a set follows from the rest of the set.
    """
    size, half = len(even), problem.half
    inside = np.eye(size)
    for place, shares in zip(problem.places, problem.shares):
        weights = np.zeros(size)
        weights[:half] = weights[half : 2 * half] = -shares / shares[place]
        weights[place] = 0.0
        inside[place] = weights
    kept = np.delete(np.arange(size), problem.places)
    return even[kept] @ inside[:, kept]
