"""Figure of task ``pattern``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....errors import InputError
from ....figures.supercell import draw_pattern, draw_potentials

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Order parameter and density over the cell, harmonics; of a sweep the potentials along it."""
    if result.harmonics.axes[0] != "harmonic":
        draw_potentials(result, canvas, r"\mu")
        return
    draw_pattern(result, canvas, r"\mu", "p_F")


WINNERS = {"both waves": "D", "one wave": ">", "uniform": "s", "none": "x"}
GONE = 3e-3  # mu: largest |Delta_m| of the normal gas
WEAK = 0.3  # of the stronger wave: an opposite one that is not there
TOP, ROW = 0.97, 0.045  # of the panel's height: marks of the first run at a dmu, of the next


def draw_winners(result: Result, others: list[Result], canvas: Figure | SubFigure) -> None:
    """Potentials over dmu, and which waves evolutions at these dmu have at their end.

    others : results of ``evolve`` in a supercell. Raises InputError for a sweep of another key.
    """
    if "dmu" not in result.sweep:
        raise InputError(f"{result.path}: evolutions are drawn over dmu, which it does not sweep")
    draw_potentials(result, canvas, r"\mu")
    axes = canvas.axes[1]
    rows: dict[float, int] = {}
    for run in others:
        dmu = float(run.parameters["dmu"])
        row = rows[dmu] = rows.get(dmu, -1) + 1
        place = (dmu, TOP - ROW * row)
        mark = WINNERS[winner(np.asarray(run.harmonics)[-1])]
        axes.plot(*place, mark, color="k", ms=5, transform=axes.get_xaxis_transform())
    for word, mark in WINNERS.items():
        axes.plot([], [], mark, color="k", ls="none", ms=5, label=word)
    axes.legend(fontsize=8, ncol=2, loc="lower right")


def winner(c: np.ndarray) -> str:
    """What harmonics (2 h + 1,) make: both waves of one |m|, one wave, uniform, none."""
    size, middle = np.abs(c), len(c) // 2
    if size.max() < GONE:
        return "none"
    strongest = int(size.argmax())
    if strongest == middle:
        return "uniform"
    if size[2 * middle - strongest] < WEAK * size[strongest]:
        return "one wave"
    return "both waves"
