"""Figure of task steady: |Delta| over a swept key, or the fields of one state over k."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .labels import LABELS, spans_decades
from .momenta import coherence, pairs, populations

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Over a swept key |Delta|; of one point its populations, coherence and pairs."""
    if result.sweep:
        curve(result, canvas, *result.sweep)
    else:
        fields(result, canvas)


def curve(result: Result, canvas: Figure | SubFigure, key: str) -> None:
    """|Delta| of the stationary state with its error."""
    style.size(canvas, 6.4, 4.2)
    axes = canvas.add_subplot()
    x, delta = np.asarray(result[key]), np.asarray(result["delta"])
    axes.errorbar(
        x,
        delta,
        yerr=np.nan_to_num(result["delta_error"]),
        fmt="o-",
        ms=4,
        capsize=3,
        color=style.COLOURS[0],
    )
    unstable = np.asarray(result["stable"]) == 0
    if unstable.any():
        axes.plot(x[unstable], delta[unstable], "o", ms=6, mfc="w", color="k", label="unstable")
        axes.legend()
    axes.set(
        xlabel=LABELS.get(key, key),
        ylabel=r"$|\Delta|/E_g$",
        ylim=(0, 1.15 * max(np.nanmax(delta), 1e-9)),
    )
    if spans_decades(x):
        axes.set_xscale("log")


def fields(result: Result, canvas: Figure | SubFigure) -> None:
    """Populations, coherence and pairs over momenta."""
    style.size(canvas, 13.0, 3.9)
    filled, mixed, paired = canvas.subplots(1, 3)
    k, n11, n22, n21, s = (np.asarray(result[name]) for name in ("k", "n11", "n22", "n21", "s"))
    populations(filled, k, n11, n22)
    coherence(mixed, k, n21)
    pairs(paired, k, s)
    state = {True: " (stable)", False: " (unstable)"}.get(result.summary["stable"], "")
    size = rf"$|\Delta|={result.number('delta'):.5g}\,E_g${state}"
    canvas.suptitle(size, fontsize=11)
