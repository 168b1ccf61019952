"""Figure of the task ``transport`` of the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from . import site_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

CLOSE = 0.07  # of the width: no two words stand closer
LABELS = {"eV": "bias $eV$", "phase": "phase"}


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Currents and conductances over the bias, and where the leads are."""
    key = next(iter(result.sweep), "eV")
    conductance = np.asarray(result.conductance)
    known = bool(np.isfinite(conductance).any())  # there is none over a phase, or at one bias
    grid, place = _layout(result, canvas, known)
    current = canvas.add_subplot(grid[0, 0])
    slope = canvas.add_subplot(grid[1, 0], sharex=current) if known else current
    eV = np.asarray(result[key])
    names = [str(name) for name in np.asarray(result.lead).astype(str)]
    for number, name in enumerate(names):
        colour = style.COLOURS[number % len(style.COLOURS)]
        values, error = np.asarray(result.current)[:, number], result.current_error[:, number]
        current.plot(eV, values, ".-", ms=3, color=colour, label=name)
        current.fill_between(eV, values - error, values + error, color=colour, alpha=0.3, lw=0)
        if known:
            slope.plot(eV, conductance[:, number], ".-", ms=3, color=colour)
    current.set(ylabel="current $dN/dt$")
    current.legend(fontsize=9)
    if known:
        slope.set(ylabel="conductance $/(2e^2/h)$")
    slope.set(xlabel=LABELS[key])
    if key == "eV":
        _subharmonics(slope, result, eV)
    if place is not None:
        site_map.sites(canvas.add_subplot(place), result)


def _layout(result: Result, canvas: Figure | SubFigure, known: bool):
    """The grid of the curves, and the place of the map: beside them, below if it is a line.

    Of a single site there is none.
    """
    points = site_map.plane(result)
    rows = 1 + int(known)
    if len(points) > 1 and not site_map.on_line(points):
        style.size(canvas, 10, 2 + 2 * rows)
        grid = canvas.add_gridspec(rows, 2, width_ratios=[1.4, 1])
        return grid, grid[:, 1]
    lines = int(len(points) > 1)
    style.size(canvas, 7, 1 + 2.4 * rows + 0.8 * lines)
    grid = canvas.add_gridspec(rows + lines, 1, height_ratios=rows * [1.0] + lines * [0.28])
    return grid, grid[rows, 0] if lines else None


def _subharmonics(axes, result: Result, eV: np.ndarray) -> None:
    """The biases 2 Delta / n, where an Andreev reflection more becomes possible."""
    gaps = [lead["delta"] for lead in result.table("leads").values() if lead["kind"] == "bcs"]
    if len(gaps) < 2:
        return
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.18 * (high - low))  # room for the words
    last = np.inf
    for n in range(1, 6):
        at = (gaps[0] + gaps[1]) / n
        if not eV.min() <= at <= eV.max():
            continue
        axes.axvline(at, color="0.75", lw=0.8, zorder=0)
        if last - at < CLOSE * np.ptp(eV):
            continue
        last = at
        axes.annotate(
            f"$2\\Delta/{n}$" if n > 1 else r"$2\Delta$",
            (at, 0.99),
            xycoords=("data", "axes fraction"),
            fontsize=8,
            ha="center",
            va="top",
            bbox={"facecolor": "w", "edgecolor": "none", "pad": 1},
        )
