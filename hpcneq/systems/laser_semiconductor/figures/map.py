"""Figure of task map: the order parameter over two parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import PowerNorm

from ....figures import sheets, style
from .labels import LABELS, spans_decades

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """The order parameter, with the line where the driven normal state becomes unstable."""
    style.size(canvas, 6.6, 4.6)
    axes = canvas.add_subplot()
    slow, fast = result.sweep
    x, y, delta, rate = (np.asarray(result[name]) for name in (slow, fast, "delta", "growth_rate"))
    places = (sheets.between(x, spans_decades(x)), sheets.between(y, spans_decades(y)))
    norm = PowerNorm(0.5, vmin=0.0)
    image = axes.pcolormesh(
        *places, sheets.sheet(delta).T, shading="nearest", rasterized=True, norm=norm
    )
    if min(rate.shape) > 1 and rate.min() < 0 < rate.max():
        axes.contour(x, y, rate.T, levels=[0.0], colors="w", linewidths=1.6, linestyles="--")
    unstable = np.asarray(result["stable"]) == 0
    if unstable.any():
        at = np.argwhere(unstable)
        axes.plot(x[at[:, 0]], y[at[:, 1]], "x", color="w", ms=4, mew=1.0)
    canvas.colorbar(image, ax=axes, label=r"order parameter $|\Delta|$")
    axes.set(
        xlabel=LABELS.get(slow, slow),
        ylabel=LABELS.get(fast, fast),
        title="dashed: the normal state becomes unstable; crosses: so is this state",
    )
    if spans_decades(x):
        axes.set_xscale("log")
