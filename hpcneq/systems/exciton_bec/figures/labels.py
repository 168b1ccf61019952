"""Labels, titles and colours that the figures of the system share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np

if TYPE_CHECKING:
    from ....figures.result import Result

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


def title(result: Result, hide: Sequence[str | None] = ()) -> str:
    """What the condensate is, without the keys in ``hide``: interaction, rates, cutoff."""
    parameters, numerics = result.parameters, result.numerics
    values = {name: parameters[name] for name in ("inv_kfas", "gamma_b")}
    if parameters["T_b"]:
        values["T_b"] = parameters["T_b"]
    if numerics["number"] != "subtracted":
        values["p_c"] = numerics["p_c"]
    words = [f"${SYMBOLS[name]}={values[name]:g}$" for name in values if name not in hide]
    return "electron-hole condensate, " + ", ".join(words)


def interaction(result: Result) -> str:
    """The interaction in TeX."""
    return rf"(k_Fa_s)^{{-1}}={result.parameters['inv_kfas']:g}"


def ramp(count: int, low: float = 0.0, high: float = 0.88) -> np.ndarray:
    """(count, 4) colours of a family of curves."""
    return matplotlib.colormaps["viridis"](np.linspace(low, high, count))


def power(x: float) -> str:
    """A number in TeX, two digits; a dash for none."""
    if not np.isfinite(x):
        return "-"
    mantissa, exponent = f"{x:.1e}".split("e")
    return rf"${mantissa}\cdot 10^{{{int(exponent)}}}$"
