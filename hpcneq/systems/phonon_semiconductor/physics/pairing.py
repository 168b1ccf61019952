"""Growth of pairs in the driven state without them, and the interaction at which it begins.

At V = 0 nothing couples s to the rest; the driven state (n11, n22, n21) is the one that the filled
lower band goes to. Around it ds/dt = (M0 + V M1) s, with M0 the free motion and losses and M1 = i
(n11_-k + n22_k - 1) w of rank one: one driven state gives V_c for every V.
"""

from __future__ import annotations

import numpy as np

from .collisions import Semiconductor


def matrices(
    model: Semiconductor, n11: np.ndarray, n22: np.ndarray, n21: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(M0, M1), each (n, n) complex, of ds/dt = (M0 + V M1) s around a state without pairs."""
    n = len(n11)
    rows = np.eye(n, dtype=complex)
    n11s, n22s, n21s = (np.broadcast_to(x, (n, n)) for x in (n11, n22, n21))
    still = model.rhs(0.0, n11s, n22s, n21s, rows, delta=np.zeros(n))[3]
    source = 1j * (n11[::-1] + n22 - 1)
    return still.T, np.outer(source, model.bands.weight)


def growth(M0: np.ndarray, M1: np.ndarray, V: float) -> tuple[float, float]:
    """(largest real part, imaginary part there) of the eigenvalues of M0 + V M1."""
    e = np.linalg.eigvals(M0 + V * M1)
    fastest = e[np.argmax(e.real)]
    return float(fastest.real), float(fastest.imag)


def fastest(M0: np.ndarray, M1: np.ndarray, V: float) -> tuple[float, np.ndarray]:
    """(growth rate, mode (n,)) of the fastest growing pairs, even in k."""
    e, modes = np.linalg.eig(M0 + V * M1)
    best = int(np.argmax(e.real))
    mode = modes[:, best] + modes[::-1, best]
    return float(e[best].real), mode if np.abs(mode).max() > 1e-6 else modes[:, best]


def even(M: np.ndarray) -> np.ndarray:
    """M (n, n) on what is even in k, (h, h): only such pairs have an order parameter."""
    centre = len(M) // 2
    half = M[centre:]
    return np.hstack(
        [half[:, centre : centre + 1], half[:, centre + 1 :] + half[:, centre - 1 :: -1]]
    )


def threshold(
    M0: np.ndarray, M1: np.ndarray, floor: float, V_max: float, points: int = 41
) -> float:
    """The smallest V > 0 at which pairs grow faster than ``floor``, to 1e-6 V_max.

    nan if there is none up to V_max, of which ``points`` are looked at.
    """
    M0, M1 = even(M0), even(M1)

    def excess(V):
        return growth(M0, M1, V)[0] - floor

    values = np.linspace(0, V_max, points)
    low = values[0]
    if excess(low) > 0:
        return 0.0
    for high in values[1:]:
        if excess(high) > 0:
            while high - low > 1e-6 * V_max:
                middle = 0.5 * (low + high)
                low, high = (low, middle) if excess(middle) > 0 else (middle, high)
            return float(0.5 * (low + high))
        low = high
    return np.nan
