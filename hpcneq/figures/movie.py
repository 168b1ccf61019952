"""Movies of evolutions: curves over time with a mark that moves, and what stands over space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, of_writing
from . import captions, panels, style

if TYPE_CHECKING:
    from .result import Result

TIMES = ("t", "t_monitor")  # axes along which a result goes on
MOST_FRAMES = 60
RATE = 12  # frames/s
DPI = 80
MOST_CURVES, MOST_PROFILES = 2, 3  # panels

Update = Callable[[float], None]


def film(
    result: Result,
    path: str | Path,
    names: Sequence[str],
    size: str | None = None,
    chosen: bool = False,
    caption: str = "",
) -> None:
    """Write the movie of an evolution; its ending is .gif or .mp4.

    names : data sets that it may show, in this order; all of them, if they are ``chosen``. caption
    : a line under it. Raises InputError if the result has no rows over time, or the movie cannot be
    written.
    """
    with style.applied() as settings:
        writer = _writer(path)
        figure = style.canvas()
        updates, times = _build(result, figure, names, chosen)
        captions.letter(figure)
        style.fit(figure, size)
        if caption:
            captions.add(figure, caption, size)
        settings({"savefig.bbox": None})  # frames are of one size
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # nor does anything in them move
        try:
            with writer.saving(figure, str(path), DPI):
                for t in times:
                    for update in updates:
                        update(t)
                    writer.grab_frame()
        except (OSError, ValueError, RuntimeError) as error:
            words = " ".join(str(error).split())
            raise of_writing(error)(f"{path}: cannot write the movie ({words})") from error


def _writer(path: str | Path) -> Any:
    """What writes movies with the ending of ``path``."""
    from matplotlib import animation

    if Path(path).suffix.lower() == ".gif":
        return animation.PillowWriter(fps=RATE)
    if not animation.FFMpegWriter.isAvailable():
        words = "needs ffmpeg, which is not here; a name that ends in .gif needs nothing"
        raise InputError(f"{path}: {words}")
    return animation.FFMpegWriter(fps=RATE, extra_args=["-pix_fmt", "yuv420p"])


def _build(
    result: Result, figure: Any, names: Sequence[str], chosen: bool
) -> tuple[list[Update], NDArray[np.float64]]:
    """(what each frame changes, the times of the frames)."""
    curves, profiles = _shown(result, names, chosen)
    times = _times(result, "t")
    if len(times) < 2:
        raise InputError(f"{result.path}: holds {len(times)} rows over time; a movie needs two")
    height = 1.0 + 2.7 * max(len(curves), len(profiles), 1)
    style.size(figure, 10.6 if profiles else 6.4, height)
    grid = figure.add_gridspec(1, 2 if profiles else 1)
    left = grid[0, 0].subgridspec(len(curves), 1)
    updates = [_curve(result, figure.add_subplot(left[k]), n) for k, n in enumerate(curves)]
    if profiles:
        right = grid[0, 1].subgridspec(len(profiles), 1)
        updates += [_profile(result, figure, right[k], n) for k, n in enumerate(profiles)]
    title = figure.suptitle(" ")
    updates.append(lambda t: title.set_text(f"$t$ = {t:.4g}"))
    frames = np.linspace(0, len(times) - 1, min(MOST_FRAMES, len(times)))
    return updates, times[np.unique(frames.astype(int))]


def _shown(result: Result, names: Sequence[str], chosen: bool) -> tuple[list[str], list[str]]:
    """Data sets drawn as curves over time, and as profiles that move."""
    moving = [name for name in names if _time_of(result, name) is not None]
    still = [name for name in names if name not in moving]
    if chosen and still:
        raise InputError(f"{result.path}: {still[0]} is not over time; a movie shows what changes")
    if not moving:
        raise InputError(f"{result.path}: holds nothing over time; a movie shows an evolution")
    profiles = [name for name in moving if _entries(result, name) > panels.FEW]
    curves = [name for name in moving if name not in profiles]
    if not chosen:
        profiles = [name for name in profiles if np.ptp(_rows(result, name)) > 0]
        curves = sorted(curves, key=lambda name: _time_of(result, name) != "t")
        profiles = profiles[:MOST_PROFILES]
        curves = [*profiles[:1], *curves][:MOST_CURVES]
    return curves or profiles[:1], profiles


def _time_of(result: Result, name: str) -> str | None:
    """The axis of a data set along which time goes on."""
    data = result[name]
    numbers = np.asarray(data).dtype.kind in "fciub"
    over = [axis for axis in data.axes if axis in TIMES and axis in result and axis != name]
    return over[0] if over and numbers else None


def _times(result: Result, axis: str) -> NDArray[np.float64]:
    if axis not in result:
        return np.empty(0)
    return np.asarray(result[axis], float)


def _rows(result: Result, name: str) -> NDArray[Any]:
    """The numbers of a data set, time first."""
    data = result[name]
    time = data.axes.index(_time_of(result, name))
    return np.moveaxis(panels.real(np.asarray(data)), time, 0)


def _entries(result: Result, name: str) -> int:
    """Numbers of a data set at one time."""
    rows = _rows(result, name)
    return int(np.prod(rows.shape[1:]))


def _row_at(times: NDArray[np.float64], t: float) -> int:
    """The last row that is not later than t."""
    return max(int(np.searchsorted(times, t * (1 + 1e-12), side="right")) - 1, 0)


def _curve(result: Result, axes: Any, name: str) -> Update:
    """A curve over all time, faint, and up to now in full."""
    time = _time_of(result, name)
    curves = panels.curves_of(result, name, time)
    lines = []
    for k, row in enumerate(curves.rows.T):
        look = panels.DASHES[k % len(panels.DASHES)]
        axes.plot(curves.x, row, look, color="0.8", lw=1)
        label = curves.labels[k] if curves.labels else None
        lines += axes.plot([], [], look, color=style.COLOURS[0], label=label)
    (dots,) = axes.plot([], [], "o", color=style.COLOURS[1], ms=5)
    axes.set(xlabel=curves.xlabel, ylabel=curves.label)
    panels.title(axes, result[name])
    if curves.labels:
        axes.legend(fontsize="small")

    def update(t: float) -> None:
        now = _row_at(curves.x, t)
        for line, row in zip(lines, curves.rows.T):
            line.set_data(curves.x[: now + 1], row[: now + 1])
        dots.set_data(np.full(curves.rows.shape[1], curves.x[now]), curves.rows[now])

    return update


def _profile(result: Result, figure: Any, place: Any, name: str) -> Update:
    """What a data set is over its other axes at a time: a line, a map, or sites in the plane."""
    rows, data = _rows(result, name), result[name]
    time = _time_of(result, name)
    times = _times(result, str(time))
    others = [axis for axis in data.axes if axis != time]
    finite = rows[np.isfinite(rows)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    axes = figure.add_subplot(place)
    panels.title(axes, data)
    words = panels.labelled(data, panels.symbol(data, name))
    if rows.ndim == 2 and _in_plane(result, others[0]):
        points = np.asarray(result["position"])[:, :2]
        image = axes.scatter(*points.T, c=rows[0], vmin=low, vmax=high, s=60)
        axes.set_aspect("equal", adjustable="datalim")
        figure.colorbar(image, ax=axes, label=words)
        return lambda t: image.set_array(rows[_row_at(times, t)])
    if rows.ndim == 2:
        x, names = panels.coordinate(result, others[0], rows.shape[1])
        order = np.argsort(x, kind="stable")
        (line,) = axes.plot(x[order], rows[0][order], color=style.COLOURS[2])
        axes.set(xlabel=panels.axis_label(result, others[0]), ylabel=words)
        axes.set_ylim(low - margin, high + margin)
        if names:
            axes.set_xticks(x, names)
        return lambda t: line.set_ydata(rows[_row_at(times, t)][order])
    parts = rows.reshape(len(rows), *rows.shape[1:3], -1)[..., -1]
    x, y = (panels.coordinate(result, a, n)[0] for a, n in zip(others, parts.shape[1:]))
    image = axes.pcolormesh(
        panels.edges(x), panels.edges(y), parts[0].T, vmin=low, vmax=high, rasterized=True
    )
    axes.set(
        xlabel=panels.axis_label(result, others[0]), ylabel=panels.axis_label(result, others[1])
    )
    figure.colorbar(image, ax=axes, label=words)
    return lambda t: image.set_array(parts[_row_at(times, t)].T.ravel())


def _in_plane(result: Result, axis: str) -> bool:
    """Whether the entries along an axis have places in a plane."""
    if "position" not in result or result["position"].axes[0] != axis:
        return False
    position = np.asarray(result["position"])
    wide = position.ndim == 2 and position.shape[1] > 1 and np.ptp(position[:, 1]) > 0
    return bool(wide and np.all(np.isfinite(position)))
