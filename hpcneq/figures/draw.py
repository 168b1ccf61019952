"""A figure of a result: drawn by its task's function, written to a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from . import style
from .result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Figure


def draw(
    result: Result, figure_of: Callable[..., object], path: str | Path | None = None
) -> Figure:
    """Draw a result; returns the matplotlib figure, written to ``path`` if given.

    result : an open result file. figure_of : ``figure_of(result, canvas)``, the task's. Raises
    InputError, in one line, if the figure cannot be written or if the run is still going on and has
    not written what the figure needs.
    """
    import matplotlib

    if path is not None:
        matplotlib.use("Agg")
    try:
        figure = style.canvas()
        figure_of(result, figure)
    except (KeyError, IndexError, AttributeError, TypeError, ValueError) as error:
        if result.status != "running":
            raise
        raise InputError(
            f"{result.path}: its run has not ended (status running) and what it has does not make "
            f"the figure yet (no {error}); hpcneq resume {result.path} finishes it"
        ) from None
    if path is not None:
        try:
            figure.savefig(path)
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot write the figure ({error})") from None
    return figure
