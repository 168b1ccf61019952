"""Results as data sets of xarray, and as HTML for notebooks.

xarray is optional: what needs it says so in one line where it is missing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputError
from .files.reader import Result
from .tasks.task import Quantity

if TYPE_CHECKING:
    import xarray

ROOT = ("system", "task", "status", "input", "seed", "ranks", "hpcneq_version", "commit")


def to_dataset(result: Result, known: Mapping[str, Quantity]) -> xarray.Dataset:
    """A result as an xarray Dataset: data sets with units, their axes as coordinates.

    Numbers and words of the summary are variables without axes, ``NAME_error`` their errors, unless
    a data set has the name. known : what the task declares. Raises InputError without xarray.
    """
    module = module_of_xarray("Result.to_xarray")
    arrays = {name: result[name] for name in result}
    coordinates = {axis for data in arrays.values() for axis in data.axes} & set(arrays)
    variables: dict[str, Any] = {}
    for name, data in arrays.items():
        words = {"units": data.units, "long_name": data.long_name}
        axes = data.axes if len(data.axes) == data.ndim else _numbered(name, data.ndim)
        if name in coordinates and data.ndim == 1:
            axes = (name,)
        variables[name] = (axes, np.asarray(data), words)
    for name, value in _numbers(result, known).items():
        variables.setdefault(name, value)
    inner = {name: variables.pop(name) for name in coordinates if arrays[name].ndim == 1}
    attrs = {name: result.attrs[name] for name in ROOT if name in result.attrs}
    attrs["resolved"] = json.dumps(result.resolved)
    attrs["warnings"] = json.dumps(result.warnings)
    dataset: xarray.Dataset = module.Dataset(variables, inner, attrs)
    return dataset


def _numbered(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}_{k}" for k in range(count))


def _numbers(result: Result, known: Mapping[str, Quantity]) -> dict[str, Any]:
    """The summary as variables without axes, with its errors."""
    variables: dict[str, Any] = {}
    for name, value in result.summary.items():
        if not isinstance(value, (bool, int, float, str)):
            continue
        words = {}
        if name in known:
            words = {"units": str(known[name].units), "long_name": known[name].long_name}
        variables[name] = ((), value, words)
        error = result.errors.get(name)
        if isinstance(error, (int, float)):
            words = {"units": words.get("units", "1"), "long_name": f"error of {name}"}
            variables[f"{name}_error"] = ((), error, words)
    return variables


def module_of_xarray(who: str) -> Any:
    """The module xarray for ``who``; InputError, in one line, without it."""
    try:
        import xarray
    except ImportError:
        raise InputError(f"{who}: needs the Python package xarray: pip install xarray") from None
    return xarray


def as_html(result: Result, known: Mapping[str, Quantity], picture: bytes | None) -> str:
    """What a notebook shows of a result: a table of its numbers, and its figure, a PNG."""
    rows = []
    for name, value in result.summary.items():
        if isinstance(value, (dict, list)):
            continue
        text = f"{value:.8g}" if isinstance(value, float) else str(value)
        error = result.errors.get(name)
        bar = f"{error:.1e}" if isinstance(error, (int, float)) else ""
        units = str(known[name].units) if name in known else ""
        words = known[name].long_name if name in known else ""
        cells = (name, text, bar, "" if units == "1" else units, words)
        rows.append("".join(f"<td>{escape(cell)}</td>" for cell in cells))
    head = "".join(f"<th>{word}</th>" for word in ("", "value", "error", "unit", "what it is"))
    table = "".join(f"<tr>{row}</tr>" for row in [head, *rows])
    title = escape(f"{result.system} {result.task}, {result.status}")
    notes = "".join(f"<li>{escape(text)}</li>" for text in result.warnings)
    text = f"<p><b>{title}</b></p><table>{table}</table><ul>{notes}</ul>"
    if picture is None:
        return text
    data = base64.b64encode(picture).decode()
    return f'{text}<img style="max-width: 100%" src="data:image/png;base64,{data}">'
