"""A figure of a result: drawn by its task's function, written to a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, of_writing
from . import captions, style
from .result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Figure
    from matplotlib.figure import SubFigure as SubFigure


def draw(
    result: Result,
    figure_of: Callable[..., object],
    path: str | Path | None = None,
    canvas: Figure | SubFigure | None = None,
    size: str | None = None,
    caption: str = "",
) -> Figure:
    """Draw a result; returns the matplotlib figure, written to ``path`` if given.

    result : an open result file. figure_of : ``figure_of(result, canvas)``, the task's. canvas :
    where to draw, a new figure by default; one of the caller's keeps its size. size : a key of
    `style.SIZES`. caption : a line under the figure. A figure written to a file is not pyplot's: it
    leaves an interactive session as it is. Raises InputError, in one line, if the figure cannot be
    written or the result does not hold what it needs.
    """
    with style.applied():
        place = canvas if canvas is not None else style.canvas(shown=path is None)
        figure = style.whole(place)
        given = figure.get_size_inches().copy()
        try:
            figure_of(result, place)
        except InputError:
            raise
        except Exception as error:
            if path is None and canvas is None:
                style.close(figure)
            if _is_defect(result, error):
                raise
            raise InputError(f"{result.path}: {_why_not(result, error)}") from error
        if canvas is not None:
            figure.set_size_inches(given)
        captions.letter(place)
        style.fit(figure, size)
        if caption:
            captions.add(place, caption, size)
        if path is not None:
            write(figure, path)
    return figure


def write(figure: Figure, path: str | Path) -> None:
    """Into a file; one line if that cannot be: InputError, or HpcneqError on a full disk."""
    try:
        figure.savefig(path)
    except Exception as error:  # of the system, or of what matplotlib cannot draw
        raise of_writing(error)(f"{path}: cannot write the figure ({one_line(error)})") from error


def _is_defect(result: Result, error: Exception) -> bool:
    """Whether a figure asks for what no result of its task has: a fault of its own."""
    whole = result.status == "complete" and bool(result.keys())
    return whole and isinstance(error, (KeyError, AttributeError, NameError))


def _why_not(result: Result, error: Exception) -> str:
    """Why a result has no figure, in words."""
    lacks = f"no figure can be made of what it holds ({type(error).__name__}: {one_line(error)})"
    if not result.keys():
        words = f": {one_line(result.warnings[-1])}" if result.warnings else ""
        lacks = f"holds no arrays to draw{words}"
    if result.status == "running":
        words = f"if it was killed, hpcneq resume {result.path} finishes it"
        return f"its run has not ended (status running): {lacks}; {words}"
    if result.status == "stopped":
        return f"was stopped before it wrote all: {lacks}; hpcneq resume {result.path} finishes it"
    if result.status == "not-converged":
        return f"did not converge: {lacks}"
    return lacks


def one_line(error: object) -> str:
    """The text of an error on one line."""
    return " ".join(str(error).split())
