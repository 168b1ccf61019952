"""Figure of the task ``tunnelling`` of the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .energy_maps import panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """dI/dV over site and energy, a panel a time."""
    panels(result, canvas, np.asarray(result.didv), "site under the tip", "$dI/dV$")
