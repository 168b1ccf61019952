"""Several results of one task in one figure: curves, maps side by side, and what is between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..maths.coordinates import common_places
from . import panels, style

if TYPE_CHECKING:
    from .result import Result

Array = NDArray[np.float64]
MOST_MAPS = 4  # side by side


def draw_several(
    results: Sequence[Result], canvas: Any, names: Sequence[str], labels: Sequence[str]
) -> None:
    """A panel for each data set with the curves of all results; of two also their difference.

    Where the data sets are maps, that of each result stands beside the others. labels : of the
    results, what differs between them. Raises InputError for a data set that one does not have.
    """
    for result in results:
        missing = [name for name in names if name not in result]
        if missing:
            raise InputError(f"{result.path}: has no data set {missing[0]}")
    is_map = [_is_map(results[0], name) for name in names]
    if all(is_map):
        _maps(results, canvas, names, labels)
        return
    chosen = [name for name, of_two in zip(names, is_map) if not of_two]
    columns = 1 if len(chosen) == 1 else 2
    rows = -(-len(chosen) // columns)
    two = len(results) == 2
    style.size(canvas, 6.4 * columns, 0.35 * len(results) + (4.4 if two else 3.4) * rows)
    heights = [0.06 * len(results), *[1.0] * rows]
    grid = canvas.add_gridspec(rows + 1, columns, height_ratios=heights)
    for k, name in enumerate(chosen):
        place = grid[1 + k // columns, k % columns]
        if two:
            _with_difference(results, canvas, place, name)
        else:
            _panel(results, canvas.add_subplot(place), name)
    _legend(canvas.add_subplot(grid[0, :]), labels)


def _is_map(result: Result, name: str) -> bool:
    """Whether a data set is over two axes of numbers, neither of which is time."""
    axes = result[name].axes
    return len(axes) > 1 and not any(
        axis in TIMES or not panels.is_continuous(result, axis) for axis in axes[:2]
    )


TIMES = ("t", "t_monitor", "t_error")


def colour(k: int) -> str:
    """The colour of the k-th result."""
    return style.COLOURS[k % len(style.COLOURS)]


def _panel(results: Sequence[Result], axes: Any, name: str) -> None:
    for k, result in enumerate(results):
        panels.draw_curves(axes, panels.curves_of(result, name), colour(k))
    panels.title(axes, results[0][name])


def _with_difference(results: Sequence[Result], canvas: Any, place: Any, name: str) -> None:
    """The curves of two results, and below them the second less the first."""
    inner = place.subgridspec(2, 1, height_ratios=[2.4, 1])
    upper = canvas.add_subplot(inner[0])
    _panel(results, upper, name)
    lower = canvas.add_subplot(inner[1], sharex=upper)
    upper.set_xlabel("")
    upper.tick_params(labelbottom=False)
    one, other = (panels.curves_of(result, name) for result in results)
    x, gap = _difference(one, other)
    if not len(x):
        lower.text(0.5, 0.5, "no common points", ha="center", transform=lower.transAxes)
    for k, row in enumerate(gap.T):
        lower.plot(x, row, panels.DASHES[k % len(panels.DASHES)], color="0.25", lw=1)
    lower.axhline(0, color="0.7", lw=0.8, zorder=0)
    lower.set(xlabel=one.xlabel, ylabel="2nd $-$ 1st")
    lower.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))


def _difference(one: panels.Curves, other: panels.Curves) -> tuple[Array, Array]:
    """(x (n,), the second less the first (n, m)) where both have points.

    Where fewer than half of the first's have one, the second is interpolated.
    """
    if one.rows.shape[1] != other.rows.shape[1]:
        return np.empty(0), np.empty((0, 0))
    mine, theirs = common_places(one.x, other.x)
    if 2 * len(mine) >= len(one.x) or one.names or other.names or not len(other.x):
        return one.x[mine], other.rows[theirs] - one.rows[mine]
    order = np.argsort(other.x, kind="stable")
    inside = (one.x >= other.x.min()) & (one.x <= other.x.max())
    x = one.x[inside]
    rows = [np.interp(x, other.x[order], row[order]) for row in other.rows.T]
    return x, np.stack(rows, axis=1) - one.rows[inside]


def _legend(axes: Any, labels: Sequence[str]) -> None:
    """A legend in a place of its own."""
    axes.axis("off")
    for k, label in enumerate(labels):
        axes.plot([], [], color=colour(k), label=label)
    axes.legend(loc="center", ncols=1 if len(labels) < 4 else 2, fontsize="small")


def _maps(
    results: Sequence[Result], canvas: Any, names: Sequence[str], labels: Sequence[str]
) -> None:
    """A row for each data set; its maps have one scale of colours."""
    if len(results) > MOST_MAPS:
        raise InputError(f"{results[0].path}: at most {MOST_MAPS} maps fit beside each other")
    two = len(results) == 2
    columns = len(results) + two
    style.size(canvas, 4.6 * columns, 3.8 * len(names))
    grid = canvas.add_gridspec(len(names), columns)
    for row, name in enumerate(names):
        values = [panels.real(np.asarray(result[name])) for result in results]
        limits = (min(map(np.nanmin, values)), max(map(np.nanmax, values)))
        column = []
        for k, (result, label) in enumerate(zip(results, labels)):
            axes = canvas.add_subplot(grid[row, k])
            image = panels.draw_map(axes, result, name, limits)
            axes.set_title(label, fontsize="small", loc="left")
            axes.set_ylabel(axes.get_ylabel() if k == 0 else "")
            column.append(axes)
        data = results[0][name]
        words = panels.labelled(data, panels.symbol(data, name))
        canvas.colorbar(image, ax=column, label=words)
        if two:
            _difference_map(results, canvas, canvas.add_subplot(grid[row, 2]), name)


def _difference_map(results: Sequence[Result], canvas: Any, axes: Any, name: str) -> None:
    """The map of the second result less that of the first, where both have points."""
    one, other = results
    data = one[name]
    pairs = []
    for k, axis in enumerate(data.axes):
        places = [panels.coordinate(r, axis, r[name].shape[k])[0] for r in results]
        pairs.append((places[0], *common_places(*places)))
    if not all(len(mine) for _, mine, _ in pairs) or data.ndim != 2:
        axes.text(0.5, 0.5, "no common points", ha="center", transform=axes.transAxes)
        return
    rows = [panels.real(np.asarray(result[name])) for result in results]
    first = rows[0][np.ix_(*(mine for _, mine, _ in pairs))]
    second = rows[1][np.ix_(*(theirs for _, _, theirs in pairs))]
    x, y = (panels.edges(places[mine]) for places, mine, _ in pairs)
    largest = float(np.nanmax(np.abs(second - first), initial=0.0)) or 1.0
    image = axes.pcolormesh(
        x, y, (second - first).T, cmap="RdBu_r", vmin=-largest, vmax=largest, rasterized=True
    )
    axes.set(xlabel=panels.axis_label(one, data.axes[0]))
    axes.set_title("2nd $-$ 1st", fontsize="small", loc="left")
    canvas.colorbar(image, ax=axes)


def draw_numbers(
    results: Sequence[Result],
    canvas: Any,
    names: Mapping[str, str],
    at: Sequence[Any],
    xlabel: str,
) -> None:
    """Numbers of the summaries, with their errors, over what differs between the results.

    names : of the numbers, with the label of each. at : where the results stand, numbers or words.
    """
    columns = 1 if len(names) == 1 else 2
    rows = -(-len(names) // columns)
    style.size(canvas, 5.4 * columns, 3.2 * rows)
    grid = canvas.add_gridspec(rows, columns)
    numeric = all(isinstance(value, (int, float)) for value in at)
    x = np.array(at if numeric else range(len(at)), float)
    order = np.argsort(x, kind="stable")
    for k, name in enumerate(names):
        axes = canvas.add_subplot(grid[k // columns, k % columns])
        y = np.array([result.number(name) for result in results])
        errors = [result.errors.get(name) for result in results]
        bars = np.array([e if isinstance(e, (int, float)) else np.nan for e in errors], float)
        axes.errorbar(x[order], y[order], bars[order], fmt=".-", capsize=3, lw=1.2, ms=7)
        axes.set(xlabel=xlabel, ylabel=names[name])
        if not numeric:
            axes.set_xticks(x, [str(value) for value in at], rotation=20, ha="right")
