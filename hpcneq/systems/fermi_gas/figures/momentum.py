"""Figure of task ``momentum``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .titles import state_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

SIDES = (
    ("L", style.COLOURS[4], r"reservoir $\mu+\delta\mu$ alone"),
    ("R", style.COLOURS[2], r"reservoir $\mu-\delta\mu$ alone"),
)


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """The momentum distribution with its two edges, whole and by reservoir."""
    style.size(canvas, 10.5, 4.2)
    k = np.asarray(result.p)
    if result.summary["Q"] > 0:
        along, across = canvas.subplots(1, 2, sharey=True)
        occupation(along, result, "n_z")
        along.set(xlabel="momentum $k_z/p_F$ along $Q$", xlim=(k[0], k[-1]))
        occupation(across, result, "n_x")
        across.set(xlabel="momentum $k/p_F$ across $Q$", xlim=(k[0], k[-1]))
        first, last = along, across
    else:
        first = last = canvas.add_subplot()
        occupation(first, result, "n_z")
        first.set(xlabel="momentum $k/p_F$ ", xlim=(max(k[0], 0), k[-1]))
    first.set_ylabel("occupation $n_k$")
    last.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    canvas.suptitle(state_title(result), fontsize=11)


def occupation(axes: Axes, result: Result, name: str) -> None:
    """One cut through the momentum distribution."""
    k, summary = np.asarray(result.p), result.summary
    if summary["delta"]:
        axes.plot(k, np.asarray(result.n_normal), ":", color="0.45", label="normal gas")
    for side, colour, words in SIDES:
        axes.plot(k, np.asarray(result[f"{name}_{side}"]), color=colour, lw=1.1, label=words)
    label = summary["branch"].replace("normal", "both: normal gas")
    axes.plot(k, np.asarray(result[name]), color=style.COLOURS[0], lw=2.2, label=label)
    for edge in summary["expected_edges"]:
        words = r"$k=\sqrt{1\mp\delta\mu/\mu}$" if edge < 1 else None
        axes.axvline(edge, color="0.8", lw=0.8, zorder=0, label=words)
        axes.axvline(-edge, color="0.8", lw=0.8, zorder=0)
