"""Green functions of the driven electron-hole condensate as 2 x 2 matrices, and integrals."""

from __future__ import annotations

import numpy as np
from scipy.integrate import quad

T1, T2, T3 = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])


def fermi(x, T):
    return 0.5 * (1 - np.tanh(x / (2 * T))) if T > 0 else float(x < 0)


def greens(w, xi, D, mt, gb, gv, T):
    """(G^R, G^K) as matrices from Eqs. (28), (25): no closed form used."""
    G = np.linalg.inv((w + 1j * (gb + gv)) * np.eye(2) - xi * T3 + D * T1)
    K = -2j * np.diag(
        [gb * (1 - 2 * fermi(w - mt, T)) + gv, -(gb * (1 - 2 * fermi(-w - mt, T)) + gv)]
    )
    return G, G @ K @ G.conj().T


def integral(f, edges, width):
    """int f dw, split at edges and around them."""
    cuts = sorted({e + s * width for e in edges for s in (-30, -5, -1, 0, 1, 5, 30)})
    ends = [-np.inf, *cuts, np.inf]
    return sum(
        quad(f, a, b, epsabs=1e-13, epsrel=1e-11, limit=400)[0]
        for a, b in zip(ends, ends[1:])
        if b > a
    )
