"""Figure of task ``evolve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....figures.supercell import draw_evolution

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Space-time map, extremes, harmonics, momentum distribution."""
    draw_evolution(result, canvas, r"\epsilon_F", "k_F")
