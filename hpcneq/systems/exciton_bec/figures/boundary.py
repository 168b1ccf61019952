"""Figure of ``boundary``: the ratio at the boundary over the swept key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .labels import ramp

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

LABELS = {
    "inv_kfas": r"interaction $(k_Fa_s)^{-1}$",
    "gamma_b": r"pumping rate $\gamma_b/\varepsilon_F$",
    "T_b": r"bath temperature $T_b/\varepsilon_F$",
    "p_c": r"cutoff $p_c/k_F$",
    "point": "point",
}
MOMENTUM = r"momentum $q/k_F$ of the marginal mode"
SECOND = {
    "B": ("q_mode", MOMENTUM),
    "C": ("q_mode", MOMENTUM),
    "gap": ("gap_frequency", r"$\omega/\varepsilon_F$ with ${\rm Re}\,\det M(0,\omega)=0$"),
}  # what the second panel shows, by kind
SHORT = {"inv_kfas": r"(k_Fa_s)^{-1}", "gamma_b": r"\gamma_b", "T_b": r"T_b", "p_c": r"p_c"}


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """The ratio; the marginal mode's momentum (B, C), the gapped one's frequency (gap).

    A curve for each slow value.
    """
    kind = result.summary["kind"]
    panels = 2 if kind in SECOND else 1
    style.size(canvas, 3.0 + 3.4 * panels, 4.3)
    left, *right = np.atleast_1d(canvas.subplots(1, panels))
    keys = list(result.sweep) or ["point"]
    second = SECOND.get(kind, ("q_mode", ""))[0]
    late = _curves(result, keys, second, left, right)
    if late:
        label = "another mode grows before"
        left.plot([], [], "o", ms=4, color="0.3", mfc="white", label=label)
    ratio = np.asarray(result.ratio)
    wide = np.nanmax(ratio) > 8 * np.nanmin(ratio)
    left.set(ylabel=rf"$\gamma_v/\gamma_b$ at boundary {kind}", yscale="log" if wide else "linear")
    for axes in right:
        axes.set(ylabel=SECOND[kind][1], ylim=(0, None))
    for axes in (left, *right):
        axes.set_xlabel(LABELS[keys[-1]])
        if keys[-1] in ("gamma_b", "p_c"):
            axes.set_xscale("log")
    if len(keys) > 1 or late:
        left.legend(fontsize=9)
    canvas.suptitle(f"electron-hole condensate: boundary {kind}", fontsize=11)


def _curves(result, keys, second, left, right):
    """Draw all curves; whether another mode grows before at any point: open symbols."""
    x = np.asarray(result[keys[-1]])
    ratio, beside, growth = (
        np.atleast_2d(np.asarray(result[name])) for name in ("ratio", second, "growth")
    )
    colours, labels = [style.COLOURS[0]], [None]
    if len(ratio) > 1:
        colours = ramp(len(ratio))
    if len(keys) > 1:
        labels = [f"${SHORT[keys[0]]}={value:g}$" for value in np.asarray(result[keys[0]])]
    late = growth > 0
    for row, other, open_, colour, label in zip(ratio, beside, late, colours, labels):
        for axes, values in zip((left, *right), (row, other)):
            axes.plot(x, values, "o-", ms=4, color=colour, label=label)
            axes.plot(x[open_], values[open_], "o", ms=4, color=colour, mfc="white")
    return late.any()
