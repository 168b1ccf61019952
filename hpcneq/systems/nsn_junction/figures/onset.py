"""Figure of the task ``onset`` of the nsn-junction: onsets, folds and critical fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .labels import AXES, END_MARKS, ended, joined

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

LINES = (
    ("bcs_onset", "BCS onset", "-", style.COLOURS[1]),
    ("fflo_onset", "FFLO onset", "--", style.COLOURS[0]),
    ("fold", "fold of a uniform branch", "-.", style.COLOURS[2]),
    ("clogston", "Chandrasekhar-Clogston limit", ":", "0.15"),
    ("fflo_bcs", "FFLO = BCS in free energy", "-", style.COLOURS[3]),
)
ENDS = {
    "bcs_onset": ("bcs_ends",),
    "fflo_onset": ("lifshitz", "fflo_ends"),
    "fold": ("tricritical", "fold_ends"),
    "clogston": ("tricritical",),
    "fflo_bcs": (),
}  # where a curve may end, by names in the summary
REACH = 0.15  # of the largest value: points of neighbouring lines farther apart are not joined


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Onsets against the swept parameter (Figs. 5(a) and 8 of the paper), or along one line."""
    style.size(canvas, 6.6, 4.4)
    axes = canvas.add_subplot()
    along = result.summary["along"]
    swept = next(iter(result.sweep), None)
    for name, label, dashes, colour in LINES:
        if name not in result or np.asarray(result[name]).size == 0:
            continue
        look = {"ls": dashes, "color": colour}
        if swept is None:
            _draw_values(axes, np.asarray(result[name]), label, look)
        else:
            ends = [end for kind in ENDS[name] for end in result.summary.get(kind, ())]
            table = np.asarray(result[name])
            _draw_curves(axes, np.asarray(result[swept]), table, ends, label, look)
    if swept is not None:
        for name, label, look in END_MARKS:
            for (x, y), words in zip(result.summary.get(name, ()), [label, *[None] * 99]):
                axes.plot(x, y, ls="", ms=5, label=words, zorder=4, **look)
    axes.set_xlabel(AXES[along])
    axes.set_xlim(left=0)
    if swept is None:
        axes.set_yticks([])
    else:
        axes.set_ylabel(AXES[swept])
        axes.set_ylim(np.min(result[swept]), None)
    axes.legend()


def _draw_values(axes, values: np.ndarray, label: str, look: dict) -> None:
    """A vertical line for each value."""
    for x, words in zip(values, [label, *[None] * len(values)]):
        axes.axvline(x, label=words, **look)


def _draw_curves(
    axes, swept: np.ndarray, table: np.ndarray, ends: list, label: str, look: dict
) -> None:
    """The values of neighbouring lines joined, led on to where the curves end."""
    reach = REACH * np.nanmax(table) if np.isfinite(table).any() else 1.0
    curves = ended(joined(swept, table, reach, 1), ends, swept, reach)
    for (at, values), words in zip(curves, [label, *[None] * len(curves)]):
        axes.plot(values, at, label=words, **look)
