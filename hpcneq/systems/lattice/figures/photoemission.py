"""Figure of the task ``photoemission`` of the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .energy_maps import panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """The intensity over wave vector and energy, a panel a time."""
    panels(result, canvas, np.asarray(result.intensity), "wave vector, by number", "$A(k, w, t)$")
