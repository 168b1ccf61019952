"""Figure of task ``phase-diagram``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import PchipInterpolator, RegularGridInterpolator
from scipy.ndimage import gaussian_filter1d

from ....figures import sheets, style
from .looks import between
from .titles import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

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
RAYS = 61  # of a surface, and points on each
SMOOTH = 4.0  # rays: width of the mean over ends, which lie between points of a coarse grid
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

    style.size(canvas, 7.0, 6.0)
    axes = canvas.add_subplot(projection="3d")
    keys = [np.asarray(result[key]) for key in (slow, fast)]
    handles = []
    for name, colour, text, alpha in SHEETS:
        depth, height = sheet(result, name)
        if not (depth > 0).any():
            continue
        x, y = rays(depth)
        z = height(x, y)
        if name == "nbcs_end":
            z[:, -1][z[:, -1] < z[0, 0] / 4] = 0.0  # its edge, which is smoothed
        places = [
            np.interp(part, np.linspace(0, 1, len(key)), key) for part, key in zip((x, y), keys)
        ]
        look = {"lw": 0, "antialiased": True, "shade": False, "rcount": 60, "ccount": 60}
        axes.plot_surface(*places, z, color=colour, alpha=alpha, **look)
        axes.plot(*(values[:, -1] for values in (*places, z)), color=colour, lw=1.2)
        handles.append(Patch(color=colour, alpha=alpha, label=text))
    axes.set_xlabel(f"${KEYS[slow]}$", labelpad=10)
    axes.set_ylabel(f"${KEYS[fast]}$", labelpad=10)
    axes.zaxis.set_rotate_label(False)
    axes.set_zlabel(f"${KEYS['dmu']}$", labelpad=8, rotation=90)
    for axis in ("x", "y"):
        axes.locator_params(axis=axis, nbins=4)
    axes.view_init(elev=20, azim=48)
    axes.set_box_aspect(None, zoom=0.92)
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.62, 0.92))
    axes.set_zlim(0, None)


def rays(depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (rays, points) of two keys, 0 to 1, on rays from the origin to where depth vanishes.

    depth : (m, n), > 0 around the origin; a ray ends with the plane where it does not vanish.
    """
    angles = np.linspace(0, np.pi / 2, RAYS)
    along = np.stack([np.cos(angles), np.sin(angles)])
    radii = np.linspace(0, 1, 10 * max(depth.shape)) / along.max(axis=0)[:, None]
    outside = _at(depth, *(part[:, None] * radii for part in along)) <= 0
    outside[:, -1] = True
    first = outside.argmax(axis=1)
    rows = np.arange(RAYS)
    low, high = radii[rows, np.maximum(first - 1, 0)], radii[rows, first]
    for _ in range(30):  # halve the interval in which a ray leaves the sheet
        middle = 0.5 * (low + high)
        inside = _at(depth, *(along * middle)) > 0
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    x, y = along * np.minimum(gaussian_filter1d(low, SMOOTH), radii[:, -1])
    share = np.linspace(0, 1, RAYS)
    return x[:, None] * share, y[:, None] * share


def _at(table: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A table (m, n) at places 0 to 1 of its two axes, with monotone curves between its points."""
    grid = [np.linspace(0, 1, count) for count in table.shape]
    places = np.stack([np.clip(x, 0, 1), np.clip(y, 0, 1)], axis=-1)
    method = "pchip" if min(table.shape) > 3 else "linear"
    return RegularGridInterpolator(grid, table, method=method)(places)


def sheet(result: Result, name: str) -> tuple[np.ndarray, Callable]:
    """(depth, height(x, y)) of a boundary over two keys: it ends where depth vanishes.

    NBCS ends at dmu = 0 on the line where the condensate does; NFF appears and ends together on
    another, on which the two sheets meet.
    """
    if name == "nbcs_end":
        depth = sheets.squares(np.asarray(result.nbcs_end))
        return depth, lambda x, y: np.sqrt(np.maximum(_at(depth, x, y), 0.0))
    normal = np.asarray(result.normal_end)
    gap, squares = sheets.squares(normal - np.asarray(result.nff_fold)), sheets.squares(normal)

    def height(x, y):
        upper = np.sqrt(np.maximum(_at(squares, x, y), 0.0))
        below = np.sqrt(np.maximum(_at(gap, x, y), 0.0))
        return upper - below * (name == "nff_fold")

    return gap, height
