"""Figure of the task ``steady`` of the nsn-junction: the gap equation and its roots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .labels import STABILITY

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """U F(D) over the trial order parameter, the steady states where it is 1."""
    style.size(canvas, 6.4, 4.4)
    axes = canvas.add_subplot()
    if "D" not in result:
        _draw_turning(axes, result)
        return
    axes.plot(result.D, result.U_F, color="0.2")
    axes.axhline(1, color="0.7", lw=1, zorder=0)
    delta, code = np.asarray(result.delta), np.asarray(result.stability_code)
    for value, (word, _, colour) in STABILITY.items():
        states = delta[code == value]
        if len(states):
            axes.plot(states, np.ones(len(states)), "o", color=colour, ms=9, label=word)
    normal = f"normal state, {result.summary['normal']}"
    axes.plot(0, np.asarray(result.U_F)[0], "s", color="0.2", ms=7, label=normal, clip_on=False)
    axes.set(
        xlabel=r"order parameter $\Delta/t_\parallel$",
        ylabel=r"$U\,F(\Delta)$",
        xlim=(0, result.D[-1]),
    )
    axes.legend()


def _draw_turning(axes, result) -> None:
    """Condensates between leads that do not mirror each other: Delta and chemical potential."""
    axes.plot(result.mu_pair, result.delta, "o", color="0.2", ms=9, label="condensates that turn")
    axes.plot([], [], " ", label=f"normal state: {result.summary['normal']}")
    low, high, _ = result.summary["scanned_mu"]
    axes.set(
        xlabel=r"chemical potential $\mu_p/t_\parallel$",
        ylabel=r"order parameter $\Delta/t_\parallel$",
        xlim=(low, high),
        ylim=(0, None),
    )
    axes.legend()
