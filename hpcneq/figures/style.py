"""The look all figures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

SETTINGS = {
    "figure.dpi": 110,
    "savefig.dpi": 200,
    "savefig.bbox": "tight",
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.labelsize": 12,
    "legend.frameon": False,
    "image.cmap": "magma",
    "lines.linewidth": 1.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
}
COLOURS = ("#3b4cc0", "#c2452d", "#2a8f6d", "#8c5aa8", "#b8860b")


def canvas() -> Figure:
    """An empty figure in the common style; `size` sets its size."""
    import matplotlib.pyplot as plt

    plt.rcParams.update(SETTINGS)
    return plt.figure()


def size(canvas: Figure | SubFigure, width: float, height: float) -> None:
    """Set the size of a figure, in inches; a part of another figure has the size it is given."""
    from matplotlib.figure import Figure

    if isinstance(canvas, Figure):
        canvas.set_size_inches(width, height)
