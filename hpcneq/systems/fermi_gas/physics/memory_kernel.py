"""The compiled kernel of the reservoirs' auxiliary modes: their rate of change and their sum.

It passes over memory once. Modes lie in planes, ``pi`` (items, modes, 2, 2, 2, lanes): by row of
each Pi_g, real and imaginary part, and column, so that one vector instruction works on many
momenta; as numbers of a state vector they are the real and imaginary parts of half as many complex
ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from ....maths.compiled import jit

# nothing that changes the order of additions: the same bits on any rank
FAST = {"nnan", "ninf", "nsz", "contract"}


@functools.lru_cache(maxsize=1)
def compiled() -> Callable:
    """:func:`turn`, compiled at its first use: who evolves no modes does not wait for numba."""
    return jit(turn, fastmath=FAST)


def turn(
    pi: np.ndarray,
    out: np.ndarray,
    total: np.ndarray,
    a: np.ndarray,
    xi: np.ndarray,
    rates: np.ndarray,
    source: np.ndarray,
    Delta: complex,
) -> None:
    """(-i H + lambda_g) Pi_g - i s_g into ``out``, sum_g Pi_g into ``total`` (items, 4, 2, lanes).

    H = a + xi tau3 - [[0, Delta], [Delta^*, 0]]; a, xi (items, lanes); rates lambda_g (modes,)
    complex, source s_g (modes,) real. H couples 11 with 21 and 12 with 22.
    """
    items, modes, _, _, _, lanes = pi.shape
    Dr, Di = Delta.real, Delta.imag
    for i in range(items):
        total[i] = 0.0
        drift_of, level = a[i], xi[i]
        for g in range(modes):
            decay, drift = rates[g].real, rates[g].imag
            for c in range(2):
                ur, ui = pi[i, g, 0, 0, c], pi[i, g, 0, 1, c]
                dr, di = pi[i, g, 1, 0, c], pi[i, g, 1, 1, c]
                our, oui = out[i, g, 0, 0, c], out[i, g, 0, 1, c]
                odr, odi = out[i, g, 1, 0, c], out[i, g, 1, 1, c]
                tur, tui = total[i, c, 0], total[i, c, 1]
                tdr, tdi = total[i, 2 + c, 0], total[i, 2 + c, 1]
                first = source[g] if c == 0 else 0.0
                second = source[g] - first
                for j in range(lanes):
                    pr, qr, rr, sr = ur[j], ui[j], dr[j], di[j]
                    up, down = drift - drift_of[j] - level[j], drift - drift_of[j] + level[j]
                    our[j] = decay * pr - up * qr - Di * rr - Dr * sr
                    oui[j] = decay * qr + up * pr + Dr * rr - Di * sr - first
                    odr[j] = decay * rr - down * sr + Di * pr - Dr * qr
                    odi[j] = decay * sr + down * rr + Dr * pr + Di * qr - second
                    tur[j] += pr
                    tui[j] += qr
                    tdr[j] += rr
                    tdi[j] += sr
