"""Runs over values of any keys of an input, as one data set of xarray."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import driver
from .config.load import home_of
from .config.words import shown
from .datasets import module_of_xarray
from .errors import InputError, NotConverged
from .systems import Catalogue

if TYPE_CHECKING:
    import xarray


def sweep(source: Mapping[str, object], over: Mapping[str, Sequence[object]]) -> xarray.Dataset:
    """Runs at all combinations of values of keys, as one Dataset over these keys. **Collective.**

    source : an input as a dict. over : {"parameters.T": values}; the table may be left out where
    the key's name tells it. What every run holds in the same shape, over the same coordinates, is a
    variable: numbers of the summary, their errors, data sets. ``status`` holds how each run ended;
    one that does not converge has nan. Raises InputError for a wrong key, or without xarray.
    """
    module = module_of_xarray("hpcneq.sweep")
    keys = {key: _path(source, key) for key in over}
    for key, values in over.items():
        if isinstance(values, (str, bytes)) or not len(values):
            raise InputError(f"over = {shown(key)}: must have a list of values")
    points = list(itertools.product(*over.values()))
    runs = [_run_at(source, dict(zip(keys.values(), point))) for point in points]
    shape = [len(values) for values in over.values()]
    names = [path[-1] for path in keys.values()]
    if len(set(names)) < len(names):
        names = [".".join(path) for path in keys.values()]
    converged = [data for data, _ in runs if data is not None]
    variables: dict[str, Any] = {}
    coordinates: dict[str, Any] = dict(zip(names, over.values()))
    if converged:
        first = converged[0]
        alike = {name: c for name, c in first.coords.items() if _same(converged, name)}
        coordinates |= {name: c.variable for name, c in alike.items() if name not in names}
        for name, variable in first.data_vars.items():
            if name in names or not _fits(converged, name, set(alike)):
                continue
            rows = [_values(data, name, variable) for data, _ in runs]
            stacked = np.stack(rows).reshape(*shape, *variable.shape)
            variables[str(name)] = ((*names, *variable.dims), stacked, variable.attrs)
    statuses = np.array([status for _, status in runs]).reshape(shape)
    variables["status"] = (tuple(names), statuses, {"long_name": "how the run ended"})
    attrs = {name: source[name] for name in ("system", "task") if name in source}
    dataset: xarray.Dataset = module.Dataset(variables, coordinates, attrs)
    return dataset


def _run_at(source: Mapping[str, object], at: Mapping[tuple[str, ...], object]) -> tuple[Any, str]:
    """(Dataset or None, status) of one run."""
    changes: dict[str, Any] = {}
    for path, value in at.items():
        table = changes
        for name in path[:-1]:
            table = table.setdefault(name, {})
        table[path[-1]] = value
    try:
        result = driver.run_in_process(source, overrides=[changes])
    except NotConverged as error:
        return None, f"not-converged: {error}"
    return result.to_xarray(), result.status


def _path(source: Mapping[str, object], key: str) -> tuple[str, ...]:
    """("parameters", "T") of "parameters.T", or of "T"."""
    path = tuple(key.split("."))
    if len(path) > 1:
        return path
    catalogue = Catalogue()
    system, task = str(source.get("system")), str(source.get("task"))
    if system not in catalogue or task not in catalogue[system].tasks:
        return path  # the run says what is wrong
    table, name = home_of(key, catalogue[system].tasks[task])
    if not table or name != key:
        raise InputError(f"over = {shown(key)}: unknown key; give its table too, as parameters.T")
    return table, key


def _same(datasets: Sequence[Any], name: Any) -> bool:
    """Whether all have the same coordinate."""
    first = datasets[0][name].values
    return all(name in d.coords and np.array_equal(d[name].values, first) for d in datasets)


def _fits(datasets: Sequence[Any], name: Any, alike: set[Any]) -> bool:
    """Whether all have a variable of one shape over coordinates that are alike."""
    first = datasets[0][name]
    if any(axis in datasets[0].coords and axis not in alike for axis in first.dims):
        return False
    return all(name in d and d[name].shape == first.shape for d in datasets)


def _values(data: Any, name: Any, like: Any) -> Any:
    """Values of a variable; nan, or no words, of a run that did not converge."""
    if data is not None:
        return data[name].values
    if like.dtype.kind in "fc":
        return np.full(like.shape, math.nan, like.dtype)
    if like.dtype.kind in "iub":
        return np.full(like.shape, math.nan)
    return np.full(like.shape, "", like.dtype)
