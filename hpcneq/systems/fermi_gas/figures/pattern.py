"""Figure of task ``pattern``."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
