"""Figure of task ``current``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """J(Q) at a fixed order parameter; beside it what the gap equation lacks."""
    style.size(canvas, 10.0, 4.2)
    left, right = canvas.subplots(1, 2)
    Q, summary = np.asarray(result.Q), result.summary
    left.plot(Q, 1e3 * np.asarray(result.J), color=style.COLOURS[0])
    for zero in summary["zeros"]:
        label = f"$J=0$ at $Q={zero:.5f}\\,p_F$"
        left.plot(zero, 0, "o", color=style.COLOURS[1], ms=7, label=label)
    right.plot(Q, np.asarray(result.gap), color=style.COLOURS[2])
    for axes, words in ((left, r"current $J(Q)$ $[10^{-3}]$"), (right, r"gap equation $g(Q)$")):
        axes.axhline(0, color="0.7", lw=0.9, zorder=0)
        axes.set(xlabel=r"wave number $Q/p_F$", ylabel=words, xlim=(Q[0], Q[-1]))
    if summary["zeros"]:
        left.legend()
    held = rf"$\Delta_0={summary['delta']:.5f}\,\mu$ held fixed"
    canvas.suptitle(held, fontsize=11)
