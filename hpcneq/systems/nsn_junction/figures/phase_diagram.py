"""Figure of the task ``phase-diagram`` of the nsn-junction: regions and their boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .labels import AXES, END_MARKS, ended, joined

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

# region: words, colour; the colours of Kawamura and Ohashi's Fig. 3, chosen to differ in lightness
REGIONS = (
    ("normal", "#ffffff"),
    ("BCS", "#5b8fc9"),
    ("FFLO", "#f3dc6b"),
    ("FFLO or BCS", "#86c18a"),
    ("normal or BCS", "#d9795d"),
)
CURVES = {
    "bcs_onset": ("BCS onset", "-", "#12294d"),
    "fflo_onset": ("FFLO onset", "--", "#1d5c2e"),
    "fold": ("fold of the BCS branches", "-.", "#7a1f12"),
    "h_cc": ("Chandrasekhar-Clogston", ":", "0.15"),
}
ENDS = {
    "bcs_onset": ("bcs_ends",),
    "fflo_onset": ("lifshitz", "fflo_ends"),
    "fold": ("tricritical", "fold_ends"),
    "h_cc": ("tricritical",),
}  # where a curve may end, by names in the summary
REACH = 0.12  # of the axis: points of neighbouring lines farther apart are not joined


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Regions in colour, boundaries as curves; temperature upwards, else the second swept key."""
    style.size(canvas, 7.4, 4.6)
    axes = canvas.add_subplot()
    slow, fast = result.sweep
    upright = fast == "T" or (fast == "h" and slow == "eV")  # the fast axis upwards
    across, up = (slow, fast) if upright else (fast, slow)
    handles = _draw_regions(axes, result, across, up, upright)
    handles += _draw_boundaries(axes, result, slow, fast, upright)
    x, y = np.asarray(result[across]), np.asarray(result[up])
    axes.set(xlabel=AXES[across], ylabel=AXES[up], xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    axes.legend(handles=handles, loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=10)
    axes.set_title(_title(result))
    for spine in axes.spines.values():
        spine.set_visible(True)


def _draw_regions(axes, result, across: str, up: str, upright: bool) -> list:
    """The plane of regions; a patch of each for the legend."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    code = np.asarray(result.region)
    axes.pcolormesh(
        np.asarray(result[across]),
        np.asarray(result[up]),
        code.T if upright else code,
        cmap=ListedColormap([colour for _, colour in REGIONS]),
        vmin=-0.5,
        vmax=len(REGIONS) - 0.5,
        shading="nearest",
        rasterized=True,
    )
    return [
        Patch(facecolor=REGIONS[k][1], edgecolor="0.6", label=REGIONS[k][0])
        for k in np.unique(code)
    ]


def _draw_boundaries(axes, result, slow: str, fast: str, upright: bool) -> list:
    """The boundaries; the first curve of each for the legend."""
    values = np.asarray(result[fast])
    reach = REACH * (values[-1] - values[0])
    handles = []
    for name, (words, dashes, colour) in CURVES.items():
        curves = joined(np.asarray(result[slow]), np.asarray(result[name]), reach, 1)
        ends = [end for kind in ENDS[name] for end in result.summary.get(kind, ())]
        curves = ended(curves, ends, np.asarray(result[slow]), reach)
        lines = []
        for at, found in curves:
            columns = (at, found) if upright else (found, at)
            lines += axes.plot(*columns, dashes, color=colour, lw=1.7)
        for line in lines[:1]:
            line.set_label(words)
        handles += lines[:1]
    for name, words, look in END_MARKS:
        points = result.summary.get(name, ())
        places = [(y, x) if upright else (x, y) for x, y in points]
        if places:
            handles += axes.plot(*zip(*places), ls="", ms=5, label=words, zorder=4, **look)
    return handles


def _title(result) -> str:
    """The parameters that are not swept."""
    parameters = result.parameters
    names = [name for name in ("U", "h", "T", "eV") if name not in result.sweep]
    fixed = ", ".join(f"${name}={parameters[name]:g}$" for name in names)
    return f"NSN junction, {fixed}" + rf", $\gamma={parameters['gamma']:g}$"
