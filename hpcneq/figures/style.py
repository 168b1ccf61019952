"""The look all figures share."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

# blue, red, green, purple and ochre of one lightness: of curves
COLOURS = ("#3b4cc0", "#c2452d", "#2a8f6d", "#8c5aa8", "#b8860b")
CYCLE = ", ".join(f"'{colour}'" for colour in COLOURS)
SETTINGS = {
    "axes.prop_cycle": f"cycler('color', [{CYCLE}])",
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
# widest figure in inches, factor of the rest, factor of letters and lines
SIZES = {"talk": (13.0, 1.0, 1.25), "paper": (7.0, 0.72, 0.8), "poster": (40.0, 2.0, 2.3)}
# of states; blue, vermilion and orange of Okabe and Ito, which the colour-blind tell apart
STABLE = "#0072b2"
UNSTABLE = "#d55e00"
METASTABLE = "#e69f00"


@contextlib.contextmanager
def applied() -> Iterator[Callable[[Mapping[str, object]], None]]:
    """A context with the common style, and no words on numbers that are missing or alone.

    Gives a function that changes further settings; afterwards matplotlib's are as before.
    """
    import matplotlib

    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)  # or an empty legend is a line on the terminal
    try:
        with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of numpy
            warnings.simplefilter("ignore", UserWarning)  # of matplotlib
            yield matplotlib.rcParams.update
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


def whole(canvas: Figure | SubFigure) -> Figure:
    """The figure that a canvas is, or is a part of; laid out without overlaps."""
    from matplotlib.figure import Figure

    figure = canvas
    while not isinstance(figure, Figure):
        figure = figure.figure
    if figure.get_layout_engine() is None:
        figure.set_layout_engine("constrained")
    return figure


def window() -> Any:
    """pyplot, with windows that stay open while a program goes on; None if it has none to show."""
    import matplotlib.pyplot as plt

    try:
        plt.switch_backend(plt.get_backend())
        plt.figure(1)
    except (ImportError, RuntimeError):
        return None
    if plt.get_backend().lower() in ("agg", "cairo", "pdf", "ps", "svg", "template"):
        plt.close(1)
        return None
    plt.ion()
    return plt


def close(figure: Figure) -> None:
    """Make pyplot forget a figure that it may know."""
    import matplotlib.pyplot as plt

    plt.close(figure)


def size(canvas: Figure | SubFigure, width: float, height: float) -> None:
    """Set the size of a figure, in inches; a part of another figure has the size it is given."""
    from matplotlib.figure import Figure

    if isinstance(canvas, Figure):
        canvas.set_size_inches(width, height)


def fit(figure: Figure, size: str | None) -> None:
    """Change the sizes of a drawn figure, its letters and its lines to those for a use.

    size : a key of `SIZES`, or None, which leaves it as it is. Raises InputError for another.
    """
    if size is None:
        return
    if size not in SIZES:
        raise InputError(f"size = {size}: must be one of {', '.join(SIZES)}")
    from matplotlib.collections import Collection
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

    widest, of_figure, of_letters = SIZES[size]
    width, height = figure.get_size_inches()
    of_figure = min(of_figure, widest / width)
    figure.set_size_inches(width * of_figure, height * of_figure)
    sides = [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    ticks = [(axis, axis.get_major_ticks()[:1]) for axis in sides]
    of_ticks = [(axis, first[0].label1.get_fontsize()) for axis, first in ticks if first]
    for text in figure.findobj(Text):
        text.set_fontsize(text.get_fontsize() * of_letters)
    for axis, letters in of_ticks:  # those to come too
        axis.labelpad *= of_letters
        lengths = {"pad": 3.5, "length": 3.5, "width": 0.8}
        scaled = {name: value * of_letters for name, value in lengths.items()}
        axis.set_tick_params(labelsize=letters * of_letters, **scaled)
    for line in figure.findobj(Line2D):
        line.set_linewidth(line.get_linewidth() * of_letters)
        line.set_markersize(line.get_markersize() * of_letters)
    for item in figure.findobj(Collection):
        item.set_linewidth(np.asarray(item.get_linewidth()) * of_letters)
