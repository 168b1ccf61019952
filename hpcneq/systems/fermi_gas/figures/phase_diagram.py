"""Figure of task ``phase-diagram``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import PchipInterpolator

from ....figures import sheets, style
from .looks import between
from .titles import KEYS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

PHASES = {
    1: ("#5b8fc9", "NBCS"),
    3: ("#d9795d", "NBCS and NFF"),
    5: ("#a9c7a0", "NBCS and normal"),
    2: ("#8c3b2a", "NFF"),
    4: ("#f2efe8", "normal"),
    6: ("#b8860b", "NFF and normal"),
    7: ("#8c5aa8", "NBCS, NFF and normal"),
}
CURVES = {
    "nff_fold": ("#7a1f12", "-", "NFF and NFF' appear"),
    "nbcs_end": ("#2457a6", "-", "end of NBCS"),
    "normal_end": ("0.1", (0, (5, 2)), "normal gas starts to pair"),
    "nig_onset": ("0.45", ":", "NIG appears"),
}
SHEETS = (
    ("nff_fold", "#c2452d", "NFF and NFF' appear", 0.95),
    ("normal_end", "#3a3a3a", "NFF ends", 0.45),
    ("nbcs_end", "#5b8fc9", "NBCS ends", 0.32),
)
Edges = dict[str, np.ndarray]


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Fig. 2(a) of the paper: a plane of it, or its surface over gamma and T."""
    slow, fast = result.sweep
    if fast == "dmu":
        plane(canvas, result, slow)
    else:
        surface(canvas, result, slow, fast)


def plane(canvas: Figure | SubFigure, result: Result, slow: str) -> None:
    """Regions and their boundaries over dmu and another key."""
    style.size(canvas, 7.6, 4.8)
    axes = canvas.add_subplot()
    dmu = np.asarray(result.dmu)
    y, edge = boundaries(result, slow)
    fill(axes, y, edge)
    for code in np.unique(np.asarray(result.phase)):
        if code in PHASES:
            axes.fill_between([], [], color=PHASES[code][0], label=PHASES[code][1])
    for name, (colour, dashes, text) in CURVES.items():
        if np.isfinite(edge[name]).any():
            axes.plot(edge[name], y, ls=dashes, color=colour, lw=1.8, label=text)
    axes.set(
        xlabel=f"${KEYS['dmu']}$",
        ylabel=f"${KEYS[slow]}$",
        xlim=(dmu[0], dmu[-1]),
        ylim=(y[0], y[-1]),
    )
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def boundaries(result: Result, slow: str) -> tuple[np.ndarray, Edges]:
    """(values of the slow key, {edge: dmu}), with more values between the rows.

    Monotone cubics of dmu^2, smooth where dmu -> 0 too; none beyond the rows where they occur.
    """
    y = np.asarray(result[slow])
    edge = {name: np.asarray(result[name]) for name in CURVES}
    top = result.summary.get(f"{slow}_c")
    if top is not None and y[0] < top < y[-1]:  # where both ends meet at dmu = 0
        k = np.searchsorted(y, top)
        for name, values in edge.items():
            ends = 0.0 if name in ("normal_end", "nbcs_end") else np.nan
            edge[name] = np.insert(values, k, ends)
        y = np.insert(y, k, top)
    fine = between(y, 8)
    return fine, {name: _squares(y, values, fine) for name, values in edge.items()}


def _squares(y: np.ndarray, values: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """One boundary at the values ``fine`` of the slow key; nan where it does not occur."""
    there = np.isfinite(values)
    if there.sum() <= 2:
        return np.full(len(fine), np.nan)
    squares = PchipInterpolator(y[there], values[there] ** 2, extrapolate=False)(fine)
    return np.sqrt(np.maximum(squares, 0.0))


def fill(axes: Axes, y: np.ndarray, edge: Edges) -> None:
    """Regions between the boundaries, as smooth as these."""
    normal = np.where(np.isnan(edge["normal_end"]), 0.0, edge["normal_end"])
    end = np.where(np.isnan(edge["nbcs_end"]), 0.0, edge["nbcs_end"])
    fold = np.where(np.isnan(edge["nff_fold"]), normal, edge["nff_fold"])
    axes.set_facecolor(PHASES[4][0])
    for left, right, code in (
        (0 * y, np.minimum(end, np.minimum(fold, normal)), 1),
        (fold, np.minimum(normal, end), 3),
        (np.minimum(normal, end), end, 5),
        (end, np.maximum(normal, end), 2),
    ):
        axes.fill_betweenx(y, left, np.maximum(left, right), color=PHASES[code][0], lw=0)


def surface(canvas: Figure | SubFigure, result: Result, slow: str, fast: str) -> None:
    """Three boundaries over two keys."""
    from matplotlib.patches import Patch

    style.size(canvas, 7.6, 6.0)
    axes = canvas.add_subplot(projection="3d")
    keys = (sheets.between(np.asarray(result[key])) for key in (slow, fast))
    x, y = np.meshgrid(*keys, indexing="ij")
    handles = []
    look = {"rstride": 2, "cstride": 2, "lw": 0}
    for name, colour, text, alpha in SHEETS:
        z = sheet(result, name)
        if np.isfinite(z).any():
            axes.plot_surface(
                x, y, z, color=colour, alpha=alpha, antialiased=True, shade=False, **look
            )
            handles.append(Patch(color=colour, alpha=alpha, label=text))
    axes.set(xlabel=f"${KEYS[slow]}$", ylabel=f"${KEYS[fast]}$", zlabel=f"${KEYS['dmu']}$")
    axes.zaxis.labelpad = 4
    axes.view_init(elev=20, azim=48)
    axes.set_box_aspect(None, zoom=0.85)
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.62, 0.92))
    axes.set_zlim(0, None)


def sheet(result: Result, name: str) -> np.ndarray:
    """dmu of one boundary over two keys, at the points `sheets.between`; nan beyond its edge.

    NBCS ends at dmu = 0 on the line where the condensate does; NFF appears and ends together on
    another, on which the two sheets meet.
    """
    end = np.asarray(result.nbcs_end)
    if name == "nbcs_end":
        squares = sheets.finer(sheets.squares(end))
        return np.sqrt(np.where(squares > 0, squares, np.nan))
    normal = np.asarray(result.normal_end)
    gap = sheets.finer(sheets.squares(normal - np.asarray(result.nff_fold)))
    upper = np.sqrt(np.maximum(sheets.finer(sheets.squares(normal)), 0.0))
    depth = np.sqrt(np.where(gap > 0, gap, np.nan))
    return upper - depth * (name == "nff_fold")
