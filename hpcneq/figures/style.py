"""The look all figures share."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
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


@contextlib.contextmanager
def applied() -> Iterator[None]:
    """A context with the common style, and no words on numbers that are missing or alone.

    Afterwards matplotlib's settings are as before.
    """
    import matplotlib

    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)  # or an empty legend is a line on the terminal
    try:
        with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of numpy
            warnings.simplefilter("ignore", UserWarning)  # of matplotlib
            yield
    finally:
        log.setLevel(level)


def canvas(shown: bool = False) -> Figure:
    """An empty figure; `size` sets its size.

    shown : make it pyplot's, so that a session can show it; else nobody but its owner knows it.
    """
    if shown:
        import matplotlib.pyplot as plt

        return plt.figure()
    from matplotlib.figure import Figure

    return Figure()


def shade(where: float) -> tuple[float, float, float, float]:
    """The colour at a place in (0, 1) of the map for lines that follow an order."""
    import matplotlib

    return matplotlib.colormaps["viridis"](where)


def close(figure: Figure) -> None:
    """Make pyplot forget a figure that it may know."""
    import matplotlib.pyplot as plt

    plt.close(figure)


def size(canvas: Figure | SubFigure, width: float, height: float) -> None:
    """Set the size of a figure, in inches; a part of another figure has the size it is given."""
    from matplotlib.figure import Figure

    if isinstance(canvas, Figure):
        canvas.set_size_inches(width, height)
