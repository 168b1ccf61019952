"""Frequency integrals of the condensate's Green functions in closed form, at any temperature.

Units: 2m = kF = eF = 1. A pair of carriers of kinetic energy xi = p^2 - mu and order parameter D
has levels +-E, broadened by g = gb + gv; |D(w)|^2 = [(w-E)^2 + g^2][(w+E)^2 + g^2]. The bath,
filled to mt = mu_b - mu, pumps at gb; the vacuum drains at gv. With R the retarded Fermi function
of half-width g at the bath's temperature T and R_s = R(mt - sE), s = +-1,

    I0inf = int dw/|D|^2            = pi/(2 g (E^2 + g^2))
    I0    = int dw (2f - 1)/|D|^2   = -(pi/2gE) sum_s Re[(R_s - 1/2)/(E + i s g)]
    I1    = -int dw w f/|D|^2       = (pi/4gE) [Re R_+ - Re R_-]

At T = 0 these are int_{|w|<mt} dw/|D|^2 and int_{w>mt} dw w/|D|^2: I0 is odd, I1 even in mt.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from hpcneq.maths.fermi import broadened_fermi, fermi, retarded_fermi, retarded_fermi_slope

SMALLEST = 1e-12  # E below it counts as this: the integrals are even and smooth in E

Pair = tuple[np.ndarray, np.ndarray]


def energy(xi: ArrayLike, D: float) -> np.ndarray:
    """E = sqrt(xi^2 + D^2), element-wise, never below 1e-12."""
    return np.maximum(np.hypot(xi, D), SMALLEST)


def integrals(
    E: np.ndarray, mt: float, g: float, T: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(I0inf, I0, I1) of the module's head; E any shape, > 0."""
    plus, minus = retarded_fermi(mt - E, g, T), retarded_fermi(mt + E, g, T)
    everywhere = np.pi / (2 * g * (E**2 + g**2))
    inside = (
        -np.pi / (2 * g * E) * ((plus - 0.5) / (E + 1j * g) + (minus - 0.5) / (E - 1j * g)).real
    )
    return everywhere, inside, np.pi / (4 * g * E) * (plus - minus).real


def pair_function(
    xi: np.ndarray, D: float, mt: float, gb: float, gv: float, T: float = 0.0
) -> Pair:
    """(Re G, Im G) of the gap equation 1/U = sum_p G; any shape of xi. Hanai et al. (2017), (32).

    Re G = [2 gb I1 + xi (gv I0inf - gb I0)]/pi, Im G = g (gv I0inf - gb I0)/pi. At rest, g -> 0:
    Re G = 1/(2E).
    """
    g, E = gb + gv, energy(xi, D)
    return _pair_function(xi, integrals(E, mt, g, T), gb, gv)


def _pair_function(xi, integrals, gb, gv):
    """(Re G, Im G) from the three integrals."""
    everywhere, inside, outside = integrals
    mixed = gv * everywhere - gb * inside
    return (2 * gb * outside + xi * mixed) / np.pi, (gb + gv) * mixed / np.pi


def pair_slope(xi: np.ndarray, D: float, mt: float, gb: float, gv: float, T: float = 0.0) -> Pair:
    """(d Re G/dD, d Im G/dD) at fixed xi and mt: G depends on D through E alone."""
    g, E = gb + gv, energy(xi, D)
    everywhere, inside, outside = integrals(E, mt, g, T)
    value, slope = np.zeros_like(E), np.zeros_like(E)
    for s in (1, -1):
        level = E + 1j * s * g
        R, steep = retarded_fermi(mt - s * E, g, T), -s * retarded_fermi_slope(mt - s * E, g, T)
        value = value + (steep / level - (R - 0.5) / level**2).real
        slope = slope + s * steep.real
    d_inside = -inside / E - np.pi / (2 * g * E) * value
    d_mixed = -2 * gv * E * everywhere / (E**2 + g**2) - gb * d_inside
    d_outside = -outside / E + np.pi / (4 * g * E) * slope
    return D / E * (2 * gb * d_outside + xi * d_mixed) / np.pi, D / E * g * d_mixed / np.pi


def occupation(
    xi: np.ndarray, D: float, mt: float, gb: float, gv: float, T: float = 0.0
) -> np.ndarray:
    """n_p of electrons, equal to that of holes; any shape of xi. Hanai et al. (2017), Eq. (33).

    Integrated over frequency, pi n = gb (K - 2 xi I1 - D^2 (I0inf + I0)) + D^2 g I0inf with
    K = (pi/2g)[F1(E - mt) + F1(-E - mt)], regrouped so that tails keep their digits. For p ->
    infinity n = gb/(pi p^2): a wide band pumps without end.
    """
    g, E = gb + gv, energy(xi, D)
    return _occupation(xi, D, mt, E, integrals(E, mt, g, T), gb, gv, T)


def _occupation(xi, D, mt, E, integrals, gb, gv, T):
    """n_p at the levels E from the three integrals."""
    g, (everywhere, inside, _) = gb + gv, integrals
    up, down = broadened_fermi(E - mt, g, T), broadened_fermi(-E - mt, g, T)
    u2, v2 = coherence(xi, D, E)
    return gb / g * (down * v2 + up * u2) + D**2 * ((g - gb) * everywhere - gb * inside) / np.pi


def pair_function_and_occupation(
    xi: np.ndarray, D: float, mt: float, gb: float, gv: float, T: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(Re G, Im G, n_p) of `pair_function` and `occupation`, whose integrals they share."""
    E = energy(xi, D)
    shared = integrals(E, mt, gb + gv, T)
    real, imaginary = _pair_function(xi, shared, gb, gv)
    return real, imaginary, _occupation(xi, D, mt, E, shared, gb, gv, T)


def with_slopes(
    xi: np.ndarray, D: float, mt: float, gb: float, gv: float, T: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """(Re G, Im G, n_p) (3, n) at xi (n,), and their slopes (3, 3, n) in D, xi and mt."""
    g, E = gb + gv, energy(xi, D)
    half = np.pi / (2 * g * E)
    # the integrals of the module's head, (values, slopes in E, slopes in mt)
    everywhere = np.pi / (2 * g * (E**2 + g**2))
    everywhere_E = -2 * E * everywhere / (E**2 + g**2)
    R = [retarded_fermi(mt - s * E, g, T) for s in (1, -1)]
    steep = [retarded_fermi_slope(mt - s * E, g, T) for s in (1, -1)]
    away = [1 / (E + 1j * s * g) for s in (1, -1)]
    shares = [(r - 0.5) * a for r, a in zip(R, away)]
    inside = -half * (shares[0] + shares[1]).real
    rising = [x * a for x, a in zip(steep, away)]
    inside_mt = -half * (rising[0] + rising[1]).real
    falling = rising[1] - rising[0] - shares[0] * away[0] - shares[1] * away[1]
    inside_E = -inside / E - half * falling.real
    outside = 0.5 * half * (R[0] - R[1]).real
    outside_mt = 0.5 * half * (steep[0] - steep[1]).real
    outside_E = -outside / E - 0.5 * half * (steep[0] + steep[1]).real
    real, imaginary = _pair_function(xi, (everywhere, inside, outside), gb, gv)
    n = _occupation(xi, D, mt, E, (everywhere, inside, outside), gb, gv, T)

    def slopes(everywhere, inside, outside, levels):
        """Of G and pi n at fixed xi and D, from those of the integrals and of K g/pi."""
        first, second = _pair_function(xi, (everywhere, inside, outside), gb, gv)
        third = gb * (np.pi / g * levels - 2 * xi * outside - D**2 * inside) / np.pi
        return np.stack([first, second, third + D**2 * gv * everywhere / np.pi])

    of_E = slopes(everywhere_E, inside_E, outside_E, 0.5 * (steep[0] - steep[1]).real)
    of_mt = slopes(0.0, inside_mt, outside_mt, -0.5 * (steep[0] + steep[1]).real)
    of_xi = of_E * (xi / E)
    of_D = of_E * (D / E)
    of_xi[0] += (gv * everywhere - gb * inside) / np.pi
    of_xi[2] -= 2 * gb * outside / np.pi
    of_D[2] += 2 * D * (gv * everywhere - gb * inside) / np.pi
    return np.stack([real, imaginary, n]), np.stack([of_D, of_xi, of_mt], axis=1)


def coherence(xi: np.ndarray, D: float, E: np.ndarray) -> Pair:
    """(u^2, v^2) = (1 +- xi/E)/2, each with full relative accuracy."""
    small = 0.5 * D**2 / (E * (E + np.abs(xi)))
    return np.where(xi > 0, 1 - small, small), np.where(xi > 0, small, 1 - small)


def spectrum(
    p: ArrayLike,
    w: np.ndarray,
    D: float,
    mu: float,
    mt: float,
    gb: float,
    gv: float,
    T: float = 0.0,
) -> np.ndarray:
    """Occupied spectral weight L(p, w) of electrons, w from the condensate's mu; p, w broadcast.

    Below Eq. (61) of the paper: L = 2 [gb f(w) ((w+xi)^2 + g^2) + D^2 (g - gb f(-w))]/|D(w)|^2; its
    integral over dw/2pi is the occupation.
    """
    g, xi = gb + gv, np.asarray(p, float) ** 2 - mu
    E = energy(xi, D)
    below = ((w - E) ** 2 + g**2) * ((w + E) ** 2 + g**2)
    electrons = gb * fermi(w - mt, T) * ((w + xi) ** 2 + g**2)
    return 2 * (electrons + D**2 * (g - gb * fermi(-w - mt, T))) / below


def upper_occupation(xi: np.ndarray, D: float, mt: float, gb: float, gv: float) -> np.ndarray:
    """int_{w>0} dw/2pi L: carriers in the upper branch, broken pairs; at T = 0 and mt >= 0.

    0 at equilibrium (gv = mt = 0).
    """
    g, E = gb + gv, energy(xi, D)
    everywhere, inside, above = integrals(E, mt, g)
    _, _, above_zero = integrals(E, 0.0, g)
    arcs = (
        broadened_fermi(E - mt, g, 0.0)
        - broadened_fermi(E, g, 0.0)
        + broadened_fermi(-E - mt, g, 0.0)
        - broadened_fermi(-E, g, 0.0)
    )
    return (
        gb * (0.5 * np.pi / g * arcs - 0.5 * D**2 * inside + 2 * xi * (above_zero - above))
        + 0.5 * D**2 * gv * everywhere
    ) / np.pi
