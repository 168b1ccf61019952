"""The parameters of a result in words, as titles and labels of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ....figures.result import Result

KEYS = {
    "gamma": r"\gamma/\mu",
    "T": r"T/\mu",
    "dmu": r"\delta\mu/\mu",
    "inv_kfas": r"(p_Fa_s)^{-1}",
}
WAVE_KEYS = {
    "gamma": r"\gamma/\mu",
    "T": r"T/\mu",
    "dmu": r"\delta\mu/\mu",
    "q": r"q/p_F",
    "angle": r"\angle(\mathbf{q},\mathbf{Q})",
}
LABELS = {
    "gamma": r"coupling $\gamma/\mu$",
    "T": r"temperature $T/\mu$",
    "dmu": r"difference $\delta\mu/\mu$",
    "q": r"wave number $q/p_F$",
    "angle": r"angle of $\mathbf{q}$ to $\mathbf{Q}$",
}


def state_title(result: Result) -> str:
    """The steady state of a result and its numbers."""
    state = result.summary
    if not state["delta"]:
        return "normal gas"
    words = rf"{state['branch']}: $\Delta_0={state['delta']:.4f}\,\mu$"
    if state["Q"]:
        words += f", $Q={state['Q']:.4f}\\,p_F$"
    return words
