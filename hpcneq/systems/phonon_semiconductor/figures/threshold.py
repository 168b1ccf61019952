"""Figure of task threshold: the boundary of Porta et al. 2019, Fig. 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from ....maths.arrays import FloatArray
from .labels import LABELS, spans_decades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

FORMS = (
    ("printed", "o", style.COLOURS[0], "recombination as printed"),
    ("lindblad", "s", style.COLOURS[1], "recombination of Lindblad form"),
)


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """V_c over the swept parameter, with both forms of recombination."""
    style.size(canvas, 6.4, 4.2)
    axes = canvas.add_subplot()
    (key,) = result["V_c"].axes
    x, tops = np.asarray(result[key]), []
    for form, marker, colour, words in FORMS:
        chosen = form == result.parameters["radiative"]
        values = np.asarray(result["V_c" if chosen else f"V_c_{form}"])
        axes.plot(x, values, marker + "-", ms=4, mfc="none", color=colour, label=words)
        tops.append(np.nanmax(values, initial=0))
        if chosen and np.isfinite(result["V_c_error"]).any():
            tops.append(band(axes, x, values, np.asarray(result["V_c_error"]), colour))
    axes.set(xlabel=LABELS.get(key, key), ylabel=r"$V_c/E_g$", ylim=(0, 1.4 * max(tops) or 1.0))
    if len(x) > 1 and spans_decades(x):
        axes.set_xscale("log")
    axes.legend()


def band(axes: Axes, x: FloatArray, values: FloatArray, error: FloatArray, colour: str) -> float:
    """Shade the error of a curve; returns the top of the shade."""
    axes.fill_between(
        x,
        values - error,
        values + error,
        color=colour,
        alpha=0.15,
        lw=0,
        label="its error from the step in $k$",
    )
    return np.nanmax(values + error, initial=0)
