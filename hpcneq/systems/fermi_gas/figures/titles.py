"""The parameters of a result in words, as titles and labels of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ....figures.result import Result

KEYS = {
    "gamma": r"\gamma/\mu",
    "T": r"T_{\rm env}/\mu",
    "dmu": r"\delta\mu/\mu",
    "inv_kfas": r"(p_Fa_s)^{-1}",
}
WAVE_KEYS = {
    "gamma": r"\gamma/\mu",
    "T": r"T_{\rm env}/\mu",
    "dmu": r"\delta\mu/\mu",
    "q": r"q/p_F",
    "angle": r"\angle(\mathbf{q},\mathbf{Q})",
}
LABELS = {
    "gamma": r"coupling $\gamma/\mu$",
    "T": r"temperature $T_{\rm env}/\mu$",
    "dmu": r"difference $\delta\mu/\mu$",
    "q": r"wave number $q/p_F$",
    "angle": r"angle of $\mathbf{q}$ to $\mathbf{Q}$",
}
USUAL_COUPLING = -1  # inv_kfas that goes without saying


def title(result: Result, hide: tuple[str, ...] = ()) -> str:
    """Reservoirs and interaction in words; keys in ``hide`` are left out."""
    p = result.parameters
    unequal = p.get("gamma_left") is not None
    words = []
    if unequal:
        couplings = f"({p['gamma_left']:g},\\,{p['gamma_right']:g})"
        words.append(rf"$(\gamma_L,\gamma_R)/\mu={couplings}$")
    for name, symbol in KEYS.items():
        usual = name == "inv_kfas" and p[name] == USUAL_COUPLING
        if name in hide or usual or (unequal and name == "gamma"):
            continue
        if name == "gamma" and p[name] == 0:
            words.append(r"$\gamma\to 0$")
        else:
            words.append(f"${symbol}={p[name]:g}$")
    return ", ".join(words)


def state_title(result: Result) -> str:
    """The steady state of a result, its numbers, and the reservoirs."""
    state = result.summary
    if not state["delta"]:
        return "normal gas, " + title(result)
    words = rf"{state['branch']}: $\Delta_0={state['delta']:.4f}\,\mu$"
    if state["Q"]:
        words += f", $Q={state['Q']:.4f}\\,p_F$"
    return f"{words}, {title(result)}"


def wave_title(result: Result, hide: tuple[str, ...] = ()) -> str:
    """Branch, reservoirs and wave in words; swept keys and those in ``hide`` are left out."""
    p = result.parameters
    left_out = {*hide, *result.sweep}
    if not p["q"]:
        left_out.add("angle")
    words = [
        f"${symbol}={p[name]:g}$"
        for name, symbol in WAVE_KEYS.items()
        if name not in left_out and (p[name] or name in ("gamma", "T"))
    ]
    return f"{p['branch']}, " + ", ".join(words)
