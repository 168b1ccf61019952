"""What a steady state holds at each momentum: pair amplitude and occupation.

Whole and by reservoir.

-i G^<_p = N(H_p) with H_p = xi_a + xi_s tau3 - Delta tau1, poles e_+- = xi_a +- E,
xi_s = p^2 + Q^2/4 - 1, xi_a = p_z Q, Q along z; Kawamura, Hanai and Ohashi (2022), Eqs. (84), (85):

    P_p = (Delta/2E) [N(e_-) - N(e_+)]
    n_{p+Q/2} = [N(e_+) + N(e_-)]/2 + (xi_s/2E) [N(e_+) - N(e_-)]

N is the mean of the two reservoirs, so that both are means of two equilibrium forms with fields
+-dmu: Eqs. (93), (94), where the second term belongs to p too, not to -p, and dmu enters (95) as -+
for the two members +-p + Q/2 of a pair.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .gap_and_current import SMALLEST
from .occupation import Baths

SIDES = (1, -1)


def poles(
    px: np.ndarray, pz: np.ndarray, D: float, Q: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(xi_s, E, e_+, e_-) at p = (px, pz), any shapes that broadcast."""
    xi = px**2 + pz**2 + 0.25 * Q**2 - 1
    E = np.maximum(np.hypot(xi, D), SMALLEST)
    return xi, E, pz * Q + E, pz * Q - E


def pair(px: np.ndarray, pz: np.ndarray, D: float, Q: float, filled: Callable) -> np.ndarray:
    """P_p; ``filled`` : N, or that of one reservoir."""
    _, E, up, down = poles(px, pz, D, Q)
    return 0.5 * D / E * (filled(down) - filled(up))


def pair_parts(
    px: np.ndarray, pz: np.ndarray, D: float, Q: float, baths: Baths
) -> list[np.ndarray]:
    """[P^FF(dmu), P^FF(-dmu)] : their mean is P_p."""
    return [pair(px, pz, D, Q, lambda x, s=s: baths.one_sided(x, s)) for s in SIDES]


def occupation(
    kx: np.ndarray | float, kz: np.ndarray | float, D: float, Q: float, filled: Callable
) -> np.ndarray:
    """n_k in the laboratory frame, k = p + Q/2; ``filled`` as in :func:`pair`."""
    xi, E, up, down = poles(kx, kz - 0.5 * Q, D, Q)
    a, b = filled(up), filled(down)
    return 0.5 * (a + b) + 0.5 * xi / E * (a - b)


def hole(D: float, baths: Baths) -> list[float] | None:
    """(p, p') between which a uniform state has no pairs at gamma = T = 0; None if there are none.

    There E < dmu, Eqs. (89), (90).
    """
    if baths.blur > 0 or D >= baths.dmu:
        return None
    half = np.sqrt(baths.dmu**2 - D**2)
    return [float(np.sqrt(1 - half)), float(np.sqrt(1 + half))]


def steepest(k: np.ndarray, n: np.ndarray, count: int = 2) -> list[float]:
    """The ``count`` momenta at which n falls fastest, ascending.

    Local maxima of -dn/dk between nodes, by parabolas.
    """
    slope = -np.gradient(n, k)
    peaks = [
        i for i in range(1, len(k) - 1) if slope[i] >= slope[i - 1] and slope[i] > slope[i + 1]
    ]
    best = sorted(sorted(peaks, key=lambda i: -slope[i])[:count])
    places = []
    for i in best:
        left, right = slope[i] - slope[i - 1], slope[i] - slope[i + 1]
        step = 0.25 * (k[i + 1] - k[i - 1]) * (left - right) / (left + right)
        places.append(float(k[i] + step))
    return places
