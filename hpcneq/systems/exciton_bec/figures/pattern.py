"""Figure of task ``pattern``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....figures.supercell import draw_branch, draw_pattern

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Order parameter and density over the cell, harmonics; of a sweep what changes along it."""
    if result.harmonics.axes[0] != "harmonic":
        draw_branch(result, canvas, r"\epsilon_F")
        return
    draw_pattern(result, canvas, r"\epsilon_F", "k_F")
