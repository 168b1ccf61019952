"""Panels of any data set: curves over its first axis, maps over two, told by its own words."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from . import style

if TYPE_CHECKING:
    from .result import Result

FEW = 4  # entries of a further axis that are drawn one by one
LONGEST = 28  # letters of what is said of a coordinate
WIDTH = 52  # letters of a line above a panel
DASHES = ("-", "--", ":", "-.")


@dataclass(frozen=True)
class Curves:
    """A data set as curves over one axis.

    x : (n,) numbers. names : of the marks along x if it is no number. rows : (n, m) numbers, one
    curve a column; labels : of each, empty if there is one. label : of the vertical axis.
    """

    x: NDArray[Any]
    names: list[str]
    rows: NDArray[Any]
    labels: list[str]
    xlabel: str
    label: str


def curves_of(result: Result, name: str, along: str | None = None) -> Curves:
    """A data set as curves over an axis, its first by default.

    Of a complex one the modulus. Further axes with more than `FEW` entries give their largest
    modulus. Raises InputError if it has no axis or no such axis.
    """
    data = result[name]
    axes = list(data.axes)
    if not axes or along not in (None, *axes):
        raise InputError(f"{result.path}: {name} has no axis {along or 'to be drawn over'}")
    place = axes.index(along) if along else 0
    values = np.moveaxis(real(np.asarray(data)), place, 0)
    x, names = coordinate(result, axes.pop(place), len(values))
    word = symbol(data, name)
    labels: list[str] = []
    if values[0].size > FEW if len(values) else values.ndim > 1:
        rows = np.max(np.abs(values.reshape(len(values), -1)), axis=1)[:, None]
        word = f"largest {word}" if word.startswith("|") else f"largest |{word}|"
    else:
        rows = values.reshape(len(values), -1)
        labels = _entries(result, axes, values.shape[1:])
    first = data.axes[place]
    return Curves(x, names, rows, labels, axis_label(result, first), labelled(data, word))


def real(values: NDArray[Any]) -> NDArray[Any]:
    """Numbers that can be drawn: the modulus of complex ones, 0 and 1, places among the texts."""
    if values.dtype.kind == "c":
        return np.abs(values)
    if values.dtype.kind in "US":
        _, places = np.unique(values.astype(str), return_inverse=True)
        return places.reshape(values.shape).astype(float)
    return values.astype(float)


def symbol(data: Any, name: str) -> str:
    """The name of a data set, between bars if its modulus is drawn."""
    return f"|{name}|" if np.asarray(data).dtype.kind == "c" else name


def labelled(data: Any, word: str) -> str:
    """A label: a name and its units."""
    units = "" if data.units in ("", "1") else f" ({data.units})"
    return f"{word}{units}".replace("$", r"\$")


def explained(data: Any, letters: int = WIDTH) -> str:
    """What a data set is, in at most two short lines."""
    words = re.split(r"; | \((?!.*:)|, (?:the|in|over|where) ", data.long_name)[0]
    return textwrap.fill(textwrap.shorten(words, 2 * letters, placeholder=" ..."), letters)


def title(axes: Any, data: Any, letters: int = WIDTH) -> None:
    """Say above a panel what it shows."""
    axes.set_title(explained(data, letters).replace("$", r"\$"), fontsize="small", loc="left")


def axis_label(result: Result, axis: str) -> str:
    """The label of a coordinate."""
    if axis not in result:
        return axis
    data = result[axis]
    units = "" if data.units in ("", "1") else f" ({data.units})"
    words = explained(data)
    words = "" if len(words) > LONGEST else words
    return f"{axis}: {words}{units}" if words and words != axis else f"{axis}{units}"


def coordinate(result: Result, axis: str, count: int) -> tuple[NDArray[Any], list[str]]:
    """(places along an axis, their names if they are no numbers)."""
    values = np.arange(count)
    if axis in result and result[axis].shape == (count,):
        values = np.asarray(result[axis])
    if values.dtype.kind in "fiu":
        return values.astype(float), []
    return np.arange(count, dtype=float), [str(value) for value in values]


def _entries(result: Result, axes: Sequence[str], shape: Sequence[int]) -> list[str]:
    """Words for each entry of further axes."""
    entries = [""]
    for axis, count in zip(axes, shape):
        places, names = coordinate(result, axis, count)
        words = names or [f"{place:.4g}" for place in places]
        entries = [f"{entry} {axis} = {word}".strip() for entry in entries for word in words]
    return entries if len(entries) > 1 else []


def draw_curves(
    axes: Any, curves: Curves, colour: str = style.COLOURS[0], label: str | None = None
) -> None:
    """Draw curves in one colour, told apart by dashes; ``label`` is that of all."""
    many = len(curves.x) > 60
    for k, row in enumerate(curves.rows.T):
        words = [word for word in (label, *curves.labels[k : k + 1]) if word]
        axes.plot(
            curves.x,
            row,
            DASHES[k % len(DASHES)],
            color=colour,
            marker=None if many else ".",
            ms=4,
            lw=1.5,
            label=", ".join(words) or None,
        )
    axes.set(xlabel=curves.xlabel, ylabel=curves.label)
    if curves.names:
        axes.set_xticks(curves.x, curves.names)


def draw_map(axes: Any, result: Result, name: str, limits: Any = None) -> Any:
    """A data set over two axes as a map; of more axes its last part along the first.

    limits : smallest and largest value of the colours. Returns the image.
    """
    data = result[name]
    values, labels = real(np.asarray(data)), list(data.axes)
    while values.ndim > 2:
        x, names = coordinate(result, labels[0], len(values))
        last = names[-1] if names else f"{x[-1]:.4g}"
        axes.set_title(f"{labels.pop(0)} = {last}", fontsize="small", loc="right")
        values = values[-1]
    places = [coordinate(result, label, n) for label, n in zip(labels, values.shape)]
    image = axes.pcolormesh(
        edges(places[0][0]), edges(places[1][0]), values.T, rasterized=True, shading="flat"
    )
    if limits is not None:
        image.set_clim(*limits)
    axes.set(xlabel=axis_label(result, labels[0]), ylabel=axis_label(result, labels[1]))
    for (x, names), ticks in zip(places, (axes.set_xticks, axes.set_yticks)):
        if names:
            ticks(x, names)
    return image


def edges(places: NDArray[Any]) -> NDArray[Any]:
    """(n + 1,) edges of cells around n places."""
    if len(places) < 2:
        return np.concatenate([places - 0.5, places + 0.5])
    middle = 0.5 * (places[1:] + places[:-1])
    return np.concatenate([[2 * places[0] - middle[0]], middle, [2 * places[-1] - middle[-1]]])


def is_continuous(result: Result, axis: str) -> bool:
    """Whether an axis has numbers along which something goes on, and no list of things."""
    return axis in result and np.asarray(result[axis]).dtype.kind == "f"


def panel(canvas: Any, spec: Any, result: Result, name: str) -> Any:
    """One data set of one result in a place of a figure; returns the axes."""
    data = result[name]
    axes = canvas.add_subplot(spec)
    title(axes, data)
    few = data.ndim < 2 or int(np.prod(data.shape[1:])) <= FEW
    if few:
        curves = curves_of(result, name)
        draw_curves(axes, curves)
        if curves.labels:
            axes.legend(fontsize="small")
        return axes
    image = draw_map(axes, result, name)
    canvas.colorbar(image, ax=axes, label=labelled(data, symbol(data, name)))
    return axes


def draw_data(result: Result, canvas: Any, names: Sequence[str]) -> None:
    """A panel for each data set of a result."""
    columns = 1 if len(names) == 1 else 2
    rows = -(-len(names) // columns)
    style.size(canvas, 6.4 * columns, 3.9 * rows)
    grid = canvas.add_gridspec(rows, columns)
    for k, name in enumerate(names):
        panel(canvas, grid[k // columns, k % columns], result, name)
