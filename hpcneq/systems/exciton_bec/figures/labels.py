"""Labels and colours that the figures of the system share."""

from __future__ import annotations

import matplotlib
import numpy as np

RATIO = r"decay over pumping $\gamma_v/\gamma_b$"
SYMBOLS = {
    "inv_kfas": r"(k_Fa_s)^{-1}",
    "gamma_b": r"\gamma_b/\varepsilon_F",
    "T_b": r"T_b/\varepsilon_F",
    "p_c": r"p_c/k_F",
}
STABLE, UNSTABLE = "#5b8fc9", "#d9795d"  # regions of a phase diagram
LINE_A = "#7a1f12"
LINE_B = "#12294d"
LINE_C = "#2a8f6d"


def ramp(count: int, low: float = 0.0, high: float = 0.88) -> np.ndarray:
    """(count, 4) colours of a family of curves."""
    return matplotlib.colormaps["viridis"](np.linspace(low, high, count))


def power(x: float) -> str:
    """A number in TeX, two digits; a dash for none."""
    if not np.isfinite(x):
        return "-"
    mantissa, exponent = f"{x:.1e}".split("e")
    return rf"${mantissa}\cdot 10^{{{int(exponent)}}}$"
