"""The closed formulas of the paper, corrected and as printed.

Goldstein, Aron and Chamon, Phys. Rev. B 91, 054517 (2015). They hold for v_+ = 0, T = 0 and an
infinite range of momenta; N0 |v_-| = 1/2pi. Thresholds are of |V|; an order parameter is 0 below
its threshold. Of the keys, "28 printed" is what the paper has, "28" what its equations give where
the two differ.
"""

from __future__ import annotations

import numpy as np

from .material import Material

TWO_PI = 2 * np.pi


def attracts(m: Material, imbalance: float) -> bool:
    """Whether V has the sign (21), (43), (A14) that pairing needs.

    imbalance : n11 + n22 - 1 at the resonance, or its sign.
    """
    return bool(m.V * m.kappa_plus * imbalance < 0)


def above(ratio: float, power: float) -> float:
    """sqrt(ratio^power - 1), 0 below the threshold."""
    return float(np.sqrt(max(0.0, abs(ratio) ** power - 1)))


def threshold_cutoff(m: Material) -> float:
    """(22) with momenta up to k_max and populations (13), in closed form.

    1/|V| = |gamma_1 - gamma_2| int dk/2pi |E|/(E^2 + Gamma^2).
    """
    g1, g2 = m.gammas
    K, a = m.k_max, np.sqrt(m.Gamma12 / abs(m.kappa_plus))
    if np.isinf(K):
        whole = np.pi / np.sqrt(2)
    else:
        x = K / a  # int_0^x y^2/(y^4 + 1) dy
        r = np.sqrt(2)
        whole = 2 * (
            (np.arctan(r * x + 1) + np.arctan(r * x - 1)) / (2 * r)
            + np.log((x * x - r * x + 1) / (x * x + r * x + 1)) / (4 * r)
        )
    return TWO_PI * abs(m.kappa_plus) * a / (abs(g1 - g2) * whole)


def two_band(m: Material) -> dict[str, float]:
    """{equation: value} of Sec. II B for one point.

    Thresholds "V_c 22", ..., order parameters "delta 23", ..., and the bound "v_plus 25".
    """
    g1, g2 = m.gammas
    v, kappa, G, both, apart = abs(m.v_minus), abs(m.kappa_plus), m.Gamma, g1 * g2, abs(g1 - g2)
    wide = np.sqrt(2) / np.pi * TWO_PI * np.sqrt(kappa) * np.sqrt(G) / apart
    weak = 4 * np.sqrt(2) / np.pi * TWO_PI / np.sqrt(kappa) * both * G**1.5 / apart / m.Omega**2
    printed28, right28 = (
        weak * (v * v + kappa * G),
        weak * (v * v + kappa * G + np.sqrt(2 * kappa * G) * v),
    )
    printed32 = wide * np.sqrt(G)
    cut = threshold_cutoff(m)
    on = attracts(m, g1 - g2)
    V = abs(m.V) if on else 0.0
    return {
        "V_c 22": wide,
        "V_c 22 cutoff": cut,
        "V_c 28": right28,
        "V_c 28 printed": printed28,
        "V_c 32": wide,
        "V_c 32 printed": printed32,
        "delta 23": 0.5 * G * above(V / cut, 4),
        "delta 23 no cutoff": 0.5 * G * above(V / wide, 4),
        "delta 24": V**2 * apart**2 / (16 * kappa),
        "delta 29": G * np.sqrt(both) * above(V / right28, 4 / 3),
        "delta 29 printed": G * np.sqrt(both) * above(V / printed28, 4 / 3),
        "delta 30": blocked(m, V * apart),
        "delta 33": m.Omega / np.sqrt(2) * np.sqrt(G * kappa) / v * above(V / wide, 2),
        "delta 33 printed": 0.5 * m.Omega * np.sqrt(G * kappa) / v * max(0.0, V / printed32 - 1),
        "v_plus 25": np.sqrt(kappa * G) * V / wide,
    }


def blocked(m: Material, V: float) -> float:
    """|Delta| of (30), corrected, exact at gamma_1 gamma_2 = 0.

    V Omega/2 = sqrt(2 Omega kappa sqrt(Omega^2 G^2 + 4 D^2 (Omega^2 + G^2)) + 4 D^2 v^2) with
    |V| N0 |v_-| pi = |V|/2; solved for D^2, a quadratic. The paper prints
    [Omega^2 kappa^2 G^2 (4 D^2 + Omega^2)]^(1/4) + 2 v D below the line.
    """
    W, G, kappa, v = abs(m.Omega), m.Gamma, abs(m.kappa_plus), abs(m.v_minus)
    left, a = (V * W / 2) ** 2, (2 * W * kappa) ** 2
    # (left - v^2 y)^2 = a (W^2 G^2 + y (W^2 + G^2)), y = 4 D^2; the smaller root
    b, c = 2 * left * v * v + a * (W * W + G * G), left**2 - a * W * W * G * G
    if c <= 0:
        return 0.0
    return float(np.sqrt(c / (b + np.sqrt(max(0.0, b * b - 4 * v**4 * c))) * 2) / 2)


def optical_pumping(m: Material, N: float) -> dict[str, float]:
    """{equation: value} of Sec. III; N : f1 + f2 - 1 at the surface S.

    Powers of Gamma/Gamma12 in (37)-(42) are 1, so that (45) changes.
    """
    g1, g2 = m.gammas
    threshold = (
        np.sqrt(2)
        / np.pi
        * TWO_PI
        * np.sqrt(abs(m.kappa_plus))
        * np.sqrt(m.Gamma12)
        / max(abs(N), 1e-300)
    )
    rise = above((abs(m.V) if attracts(m, N) else 0.0) / threshold, 4)
    return {
        "V_c 44": threshold,
        "delta 45": np.sqrt(g1 * g2 * m.Gamma * m.Gamma12) * rise,
        "delta 45 printed": np.sqrt(g1 * g2) * m.Gamma * rise,
        "v_plus 46": np.sqrt(abs(m.kappa_plus) * m.Gamma12) * abs(m.V) / threshold,
    }


def three_band(m: Material) -> dict[str, float]:
    """{equation: value} of App. A: the threshold at a strong laser."""
    return {
        "V_c A15": np.sqrt(2)
        / np.pi
        * TWO_PI
        * np.sqrt(abs(m.kappa_plus) * m.Gamma12)
        * (1 + 2 * m.Gamma3 / m.Gamma1)
    }


def all_formulas(m: Material, N: float) -> tuple[dict[str, float], str, str | None]:
    """({equation: value}, name of the threshold, name of the order parameter) for a point.

    N : f1 + f2 - 1 at the resonance. Two bands: (22), (23) for Omega > Gamma, as the paper draws
    them, with the cutoff; below, (32), (33) where the laser outpaces the slow rate,
    4 gamma_1 gamma_2 Gamma^2 < Omega^2, else (28), (29). The three-band model has no order
    parameter.
    """
    if m.model == "optical-pumping":
        return optical_pumping(m, N), "V_c 44", "delta 45"
    if m.model == "three-band":
        return three_band(m), "V_c A15", None
    g1, g2 = m.gammas
    if abs(m.Omega) > m.Gamma:
        return two_band(m), "V_c 22 cutoff", "delta 23"
    return (
        (two_band(m), "V_c 32", "delta 33")
        if 4 * g1 * g2 * m.Gamma**2 < m.Omega**2
        else (two_band(m), "V_c 28", "delta 29")
    )


def at_resonance(m: Material) -> tuple[dict[str, float], str, str | None]:
    """`all_formulas` with the reservoirs' occupations at the resonance, k = 0."""
    f1, f2 = (float(f[0]) for f in m.fillings(m.on((np.zeros(1), np.ones(1)))))
    with np.errstate(divide="ignore", invalid="ignore"):  # where a formula diverges it gives inf
        return all_formulas(m, f1 + f2 - 1)
