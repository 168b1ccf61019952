"""A figure of a result: drawn by its task's function, written to a file."""

from __future__ import annotations

import inspect

from ..errors import InputError


def draw(result, figure_of, path=None):
    """Draw a result; returns the matplotlib figure, written to ``path`` if given.

    figure_of : ``figure_of(result, canvas)``, the task's. Raises InputError, in one line, if the
    figure cannot be written or if the run is still going on and has not written what the figure
    needs.
    """
    import matplotlib

    if path is not None:
        matplotlib.use("Agg")
    try:
        figure = _drawn(result, figure_of)
    except (KeyError, IndexError, AttributeError, TypeError, ValueError) as error:
        if result.status != "running":
            raise
        raise InputError(
            f"{result.path}: its run has not ended (status running) and what it has does not make the figure yet "
            f"(no {error}); hpcneq resume {result.path} finishes it"
        ) from None
    if path is not None:
        try:
            figure.savefig(path)
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot write the figure ({error})") from None
    return figure


def _drawn(result, figure_of):
    from . import style

    if len(inspect.signature(figure_of).parameters) == 1:  # makes its own canvas
        return figure_of(result)
    canvas = style.canvas()
    figure_of(result, canvas)
    return canvas
