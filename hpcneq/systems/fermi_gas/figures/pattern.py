"""Figure of task ``pattern``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....figures.supercell import draw_pattern

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Order parameter and density over the cell, harmonics."""
    draw_pattern(result, canvas, r"\mu", "p_F")
