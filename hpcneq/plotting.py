"""``hpcneq plot``: which figure or movie is made of which results, and how often."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from . import systems, terminal
from .comparison import flat, inputs
from .config.words import refuse_name, shown, without_ending
from .errors import InputError
from .files import report, vetting
from .results import MOVIES, Result, aside, number_labels, refuse_old, target_of
from .tasks.task import resolve

MOST_PANELS = 4  # that are chosen without being asked for
MOST_WORDS = 3  # keys in a label
EVERY = 2.0  # s between two figures of a run that goes on


def plot(options: Any) -> str:
    """Draw what the command line asks for; returns what to say of it."""
    words = [name for name in options.data if name.endswith(".h5") and os.path.isfile(name)]
    paths = [*options.results, *words]  # --data takes every word behind it
    data = [name for name in options.data if name not in words]
    target = target_of(paths[0], options.figure, options.force)
    if options.live:
        if len(paths) > 1 or target.suffix.lower() in MOVIES:
            raise InputError("plot --live: draws one result, and no movie")
        return live(paths[0], target, options.figure, data, options.size, options.every or EVERY)
    for path in paths:
        refuse_old(path)
    results = [Result(path) for path in paths]
    if len(results) > 1:
        make: Callable[[Path], object] = partial(several, results, data, options.size)
        if target.suffix.lower() in MOVIES:
            raise InputError(f"{target}: a movie is of one result, got {len(results)}")
    elif target.suffix.lower() in MOVIES:
        make = partial(results[0].movie, data=data, size=options.size)
    else:
        make = partial(results[0].plot, data=data, size=options.size)
    with vetting.using(paths, "what it holds makes no figure"):
        aside(target, make)
    return f"wrote {target}"


# ---- several results ----------------------------------------------------------------------------


def several(
    given: Sequence[Result | str | Path],
    data: Sequence[str] = (),
    size: str | None = None,
    path: str | Path | None = None,
    canvas: Any = None,
) -> Any:
    """One figure of several results of one task; returns it, written to ``path`` if given.

    Results of another task may follow where the first's has a figure for both (`Task.beside`).
    given : results or their names. data : names of data sets; without them those that the task
    declares first. Raises InputError for results of different tasks, or without anything that can
    be drawn together.
    """
    from .figures import draw

    results = [result if isinstance(result, Result) else Result(result) for result in given]
    if not results:
        raise InputError("a figure of several results: none given")
    first = results[0]
    beside = _beside(results)
    if beside is not None and not data:
        return draw.draw(first, beside, path, canvas, size, first.caption())
    for other in results[1:]:
        if (other.system, other.task) != (first.system, first.task):
            raise InputError(
                f"{other.path}: is a result of {other.system} {other.task}, "
                f"{first.path} of {first.system} {first.task}"
            )
    for result in results:
        result.refuse_unknown(data)
    names = list(data) or _curves(results)
    numbers = {} if names else number_labels(first, _numbers(results))
    figure_of: Callable[..., object]
    if numbers:
        at, words = _places(results)
        figure_of = partial(_numbers_of, results, numbers, at, words)
    else:
        names = names or _listed(results)
        figure_of = partial(_curves_of, results, names, labels_of(results))
        if not names:
            raise InputError(f"{first.path}: holds nothing to draw beside other results")
    different = [key.partition(".")[2] for key in _different_keys(results)]
    return draw.draw(first, figure_of, path, canvas, size, first.caption(different))


def _beside(results: Sequence[Result]) -> Callable[..., object] | None:
    """The figure of the first result with the others in it, where its task has one."""
    first, *others = results
    task = systems.get(first.system).tasks.get(first.task)
    names = {other.task for other in others if other.system == first.system}
    if task is None or len(names) != 1 or any(other.system != first.system for other in others):
        return None
    figure_of = task.beside.get(names.pop())
    if figure_of is None:
        return None
    figure = resolve(figure_of)
    return lambda result, canvas: figure(result, others, canvas)


def _numbers_of(results: Any, numbers: Any, at: Any, words: str, first: Any, canvas: Any) -> None:
    from .figures.several import draw_numbers

    draw_numbers(results, canvas, numbers, at, words)


def _curves_of(results: Any, names: Any, labels: Any, first: Any, canvas: Any) -> None:
    from .figures.several import draw_several

    draw_several(results, canvas, names, labels)


def labels_of(results: Sequence[Result]) -> list[str]:
    """A label for each result: the keys of its input that differ, else its name."""
    keys = _different_keys(results)
    stems = [without_ending(Path(result.path).name, ".h5") for result in results]
    if not keys or len(keys) > MOST_WORDS:
        if len(set(stems)) < len(stems):
            return [str(result.path) for result in results]
        return stems
    values = [_values(result) for result in results]
    return [", ".join(f"{k.rpartition('.')[2]} = {_word(v, k)}" for k in keys) for v in values]


def _word(values: dict[str, object], key: str) -> str:
    value = values.get(key)
    return f"{value:.6g}" if isinstance(value, float) else shown(value)


def _different_keys(results: Sequence[Result]) -> list[str]:
    """Dotted keys that all results have, in which any differs from the first."""
    keys = dict.fromkeys(key for other in results[1:] for key in inputs(results[0], other))
    values = [_values(result) for result in results]
    return [key for key in keys if all(key in known for known in values)]


def _values(result: Result) -> dict[str, object]:
    return dict(flat(result.resolved))


def _curves(results: Sequence[Result]) -> list[str]:
    """Data sets that all have: over all swept keys, or time, or else the commonest numbers."""
    from .figures import panels

    first = results[0]
    names = _listed(results, None)
    swept = [key for key in first.sweep if len(first.sweep[key]) > 1]
    over = [name for name in names if swept and set(swept) <= set(first[name].axes)]
    if not over:
        counts: dict[str, int] = {}
        for name in names:
            axis = first[name].axes[0]
            if panels.is_continuous(first, axis):
                counts[axis] = counts.get(axis, 0) + 1
        most = "t" if "t" in counts else max(counts, key=lambda axis: counts[axis], default="")
        over = [name for name in names if first[name].axes[0] == most]
    changing = [name for name in over if any(_changes(result, name) for result in results)]
    return (changing or over)[:MOST_PANELS]


def _listed(results: Sequence[Result], most: int | None = MOST_PANELS) -> list[str]:
    """Data sets of numbers over anything that all results have."""
    first = results[0]
    names = [name for name in first.drawn() if all(name in other for other in results)]
    return [n for n in names if first[n].axes and first[n].dtype.kind in "fciub"][:most]


def _changes(result: Result, name: str) -> bool:
    values = np.asarray(result[name])
    return values.size > 1 and bool(np.ptp(np.abs(values)) > 0)


def _numbers(results: Sequence[Result]) -> list[str]:
    """Numbers that all summaries have and that differ, those with errors first."""
    first = results[0].summary
    names = [
        name
        for name, value in first.items()
        if isinstance(value, float) and len({other.number(name) for other in results}) > 1
    ]
    with_errors = [name for name in names if name in results[0].errors]
    return (with_errors or names)[:MOST_PANELS]


def _places(results: Sequence[Result]) -> tuple[list[object], str]:
    """(where each result stands along the horizontal axis, its label)."""
    keys = _different_keys(results)
    values = [[_values(result).get(key) for result in results] for key in keys]
    numeric = [
        (key, row)
        for key, row in zip(keys, values)
        if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in row)
    ]
    if len(numeric) == 1:
        key, row = numeric[0]
        return row, key.rpartition(".")[2]
    return list(labels_of(results)), ""


# ---- a run that goes on -------------------------------------------------------------------------


def live(
    path: str,
    target: Path,
    figure: str | None,
    data: Sequence[str],
    size: str | None,
    every: float,
) -> str:
    """Draw a result again and again until its run ends: on the screen, else into a file.

    The result is opened, read and closed for each figure. Raises InputError if there is neither a
    result nor a run.
    """
    refuse_name(Path(path))
    window = None if figure is not None else _window()
    drawn = 0
    stamp: object = None
    while True:
        goes_on = report.owner_of(path) is not None  # before it is read: then all of it is
        now = _stamp(path)
        if now != stamp or not goes_on:
            try:
                _frame(path, target, window, data, size)
                drawn, stamp = drawn + 1, now
            except InputError as error:
                if not goes_on:
                    raise
                if not drawn:
                    terminal.write(f"waiting: {error}")
                    drawn = 1
        if not goes_on:
            break
        _pause(window, every)
    if window is not None:
        window.show(block=True)
        return f"{path}: its run has ended"
    return f"wrote {target}"


def _stamp(path: str) -> object:
    """What changes when a result does."""
    try:
        there = os.stat(path)
    except OSError:
        return None
    return there.st_mtime_ns, there.st_size


def _frame(path: str, target: Path, window: Any, data: Sequence[str], size: str | None) -> None:
    """One figure of a result as it is now."""
    result = Result(path)
    if window is None:
        aside(target, partial(result.plot, data=data, size=size))
        return
    figure = window.figure(1)
    figure.clear()
    result.plot(canvas=figure, data=data, size=size)
    figure.canvas.draw_idle()


def _window() -> Any:
    """pyplot if it can show a window here, else None."""
    shown = sys.platform in ("darwin", "win32")
    if not shown and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return None
    from .figures import style

    return style.window()


def _pause(window: Any, seconds: float) -> None:
    if window is None:
        time.sleep(seconds)
    else:
        window.pause(seconds)
