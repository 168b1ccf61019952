"""Maps over energy, a panel a time; lines where there are few columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

MOST = 4  # panels
FEW = 4  # columns that are drawn as lines


def panels(
    result: Result, canvas: Figure | SubFigure, values: np.ndarray, across: str, label: str
) -> None:
    """values : (t, column, energy)."""
    t, energy = np.asarray(result.t), np.asarray(result.energy)
    shown = np.unique(np.linspace(0, len(t) - 1, min(MOST, len(t))).round().astype(int))
    style.size(canvas, 3.2 * len(shown) + 1.4, 4.4)
    axes = np.atleast_1d(canvas.subplots(1, len(shown), sharey=True))
    top = max(float(values.max(initial=0.0)), 1e-12)
    image = None
    for one, place in zip(axes, shown):
        rows = values[place]
        if len(rows) <= FEW:
            for number, row in enumerate(rows):
                one.plot(row, energy, color=style.COLOURS[number], label=f"{number}")
            one.set(xlabel=label, xlim=(0, 1.05 * top))
        else:
            columns = np.arange(len(rows))
            look = {"cmap": "magma", "vmin": 0, "vmax": top, "shading": "nearest"}
            image = one.pcolormesh(columns, energy, rows.T, rasterized=True, **look)
            one.set_xlabel(across)
        one.set_title(f"$t = {t[place]:.4g}$", fontsize=11)
    axes[0].set_ylabel(r"energy $\omega$")
    if image is not None:
        canvas.colorbar(image, ax=list(axes), label=label)
    elif len(values[0]) > 1:
        axes[0].legend(title=across, fontsize=9)
