"""Figure of the task ``branches`` of the nsn-junction: the order parameter along every branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .labels import AXES, STABILITY, pieces

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Delta along every branch, by stability (Fig. 7 of the paper).

    With a slow key, one line in depth for each of its values.
    """
    along = "eV" if "eV" in result else "h"
    slow = next((key for key in result.sweep if key != along), None)
    if slow is None:
        axes = _flat_axes(canvas)
        _mark_edges(axes, result, along)
    else:
        axes, plane = _deep_axes(canvas, AXES[slow])
        _draw_floor(axes, plane, result, along, slow)
    _draw_branches(axes, result, along, slow)
    axes.set_xlabel(AXES[along])
    if slow is None:
        axes.set(xlim=(0, None), ylim=(0, None))
        axes.legend(loc="best")
    else:
        axes.set_zlim(bottom=0)
        axes.legend(loc="upper right")


def _flat_axes(canvas):
    """Axes for the branches of one line."""
    style.size(canvas, 6.8, 4.6)
    axes = canvas.add_subplot()
    axes.set_ylabel(r"order parameter $\Delta/t_\parallel$")
    return axes


def _deep_axes(canvas, slow_label: str):
    """Axes with the slow key in depth, and those of the plane of both keys."""
    style.size(canvas, 11.0, 5.2)
    grid = canvas.add_gridspec(1, 2, width_ratios=[1.5, 1])
    axes = canvas.add_subplot(grid[0], projection="3d")
    axes.set_ylabel(slow_label, labelpad=9)
    axes.zaxis.set_rotate_label(False)
    axes.set_zlabel(r"$\Delta/t_\parallel$", labelpad=6, rotation=90)
    for axis in ("x", "y", "z"):
        axes.locator_params(axis=axis, nbins=5)
    axes.set_box_aspect((1.3, 1.0, 0.9), zoom=1.1)
    axes.view_init(28, -62)
    return axes, canvas.add_subplot(grid[1], ylabel=slow_label)


def _draw_branches(axes, result, along: str, slow: str | None) -> None:
    """Every piece of every branch, each stability named once."""
    x, delta, code, number = (
        np.asarray(result[name]) for name in (along, "delta", "stability_code", "branch")
    )
    depth = np.zeros(len(x)) if slow is None else np.asarray(result[slow])
    named = set()
    for piece in pieces(depth, number, code):
        word, dashes, colour = STABILITY[int(code[piece[0]])]
        columns = [x[piece], depth[piece], delta[piece]]
        if slow is None:
            del columns[1]
        label = None if word in named else word
        axes.plot(*columns, dashes, color=colour, label=label)
        named.add(word)


def _mark_edges(axes, result, along: str) -> None:
    """Vertical lines where the stable branches end at folds."""
    for end in ("min", "max"):
        x = result.summary.get(f"{along}_{end}")
        if x is None or not any(abs(x - fold) < 1e-6 for fold in result.summary["folds"]):
            continue
        axes.axvline(x, color="0.6", lw=1, ls="-.", zorder=0)
        name = {"eV": "V", "h": "h"}[along]
        axes.annotate(
            rf"${name}_{{\{end}}}$",
            (x, 0.02),
            xycoords=("data", "axes fraction"),
            xytext=(3, 0),
            textcoords="offset points",
        )


def _draw_floor(axes, plane, result, along: str, slow: str) -> None:
    """The ends of the stable states, as lines in the plane of the two keys, on the floor too."""
    at = np.unique(np.asarray(result[slow]))
    name = {"eV": "V", "h": "h"}[along]
    for end, colour in (("min", style.COLOURS[0]), ("max", style.COLOURS[1])):
        values = result.summary[f"{along}_{end}"]
        pairs = np.array([(v, t) for v, t in zip(values, at) if v is not None])
        if len(pairs):
            axes.plot(*pairs.T, zs=0, zdir="z", color=colour, ls="-.", lw=1.2)
            plane.plot(*pairs.T, ".-", color=colour, label=rf"${name}_{{\{end}}}$")
    plane.set(xlabel=AXES[along], ylim=(0, None))
    plane.legend(loc="best")
