"""Figure of task map: Porta et al. 2019, Figs. 2 and 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import PowerNorm

from ....figures import sheets, style
from .labels import LABELS, spans_decades

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

LINES = (
    ("V_c", "--", "stationary driven state"),
    ("V_c_reached", ":", "what the laser has reached"),
)
CURVES = 5  # in time, at most


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """|Delta| over two parameters with the thresholds as lines, or along one."""
    if len(result.sweep) == 1:
        curves(result, canvas, *result.sweep)
    else:
        plane(result, canvas, *result.sweep)


def plane(result: Result, canvas: Figure | SubFigure, slow: str, fast: str) -> None:
    """|Delta| in colours over two parameters."""
    style.size(canvas, 6.4, 4.4)
    axes = canvas.add_subplot()
    x, y, delta = (np.asarray(result[name]) for name in (slow, fast, "delta"))
    norm = PowerNorm(0.5, 0, np.nanmax(delta) or 1.0)
    places = (sheets.between(x, spans_decades(x)), sheets.between(y, spans_decades(y)))
    image = axes.pcolormesh(
        *places, sheets.sheet(delta).T, shading="nearest", rasterized=True, norm=norm
    )
    canvas.colorbar(image, ax=axes, label=r"$|\Delta|/E_g$")
    if spans_decades(x):
        axes.set_xscale("log")
    for name, dashes, words in LINES:
        if name in result:
            line = [result["Omega"], result[name]]
            if slow != "Omega":
                line.reverse()
            axes.plot(*line, color="w", ls=dashes, lw=1.8, label=f"$V_c$: {words}")
    if axes.lines:
        axes.legend(loc="lower right", labelcolor="w", fontsize=10)
    axes.set(xlabel=LABELS[slow], ylabel=LABELS[fast], xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))


def curves(result: Result, canvas: Figure | SubFigure, key: str) -> None:
    """|Delta| in time for some values of the swept key (left), and at the end over all (right)."""
    style.size(canvas, 10.0, 4.2)
    left, right = canvas.subplots(1, 2)
    values, t, delta = (np.asarray(result[name]) for name in (key, "t", "delta"))
    history, last = np.asarray(result["delta_t"]), len(values) - 1
    shown = np.unique(np.linspace(0, last, min(CURVES, last + 1)).round().astype(int))
    for colour, i in zip(style.COLOURS, shown):
        left.plot(t, history[i], color=colour, label=f"{LABELS[key]} = {values[i]:g}")
    left.set(xlabel=r"time $t\,E_g$", ylabel=r"$|\Delta|/E_g$", ylim=(0, None), xlim=(0, t[-1]))
    left.legend(fontsize=10)
    right.plot(values, delta, "o-", ms=4, color=style.COLOURS[0])
    right.set(
        xlabel=LABELS[key],
        ylabel=r"$|\Delta|/E_g$ at the end",
        ylim=(0, 1.15 * max(np.nanmax(delta), 1e-9)),
    )
    if spans_decades(values):
        right.set_xscale("log")
