"""The tables [sweep] and [petsc] of an input, which the task's sweep keys and prefixes declare."""

from __future__ import annotations

import itertools
import math
import typing
from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import InputError
from ..petsc_options import vet
from .schema import Path, Rules, arms, build, keys_of, value_of
from .words import BARE, fail, key_text, kind_text, nearest, unknown, where

MOST_POINTS = 10**6  # along one sweep
RANGE: dict[str, tuple[type, Rules]] = {
    "from": (float, {}),
    "to": (float, {}),
    "points": (int, {"min": 1, "max": MOST_POINTS}),
}
Axes = dict[str, "np.ndarray[typing.Any, np.dtype[np.float64]]"]  # key -> (points,) float array


def sweep_of(
    table: Mapping[str, object],
    known: Sequence[str],
    elsewhere: Mapping[str, Sequence[str]] | None = None,
    docs: Mapping[str, str] | None = None,
) -> Axes:
    """key -> (points,) float array, in the order of the input. Raises InputError.

    elsewhere : key -> tasks of the system that sweep it. docs : key -> what it is.
    """
    for name, value in table.items():
        if name in known:
            continue
        others = ", ".join((elsewhere or {}).get(name, ()))
        if others:
            listed = ", ".join(sorted(known)) or "nothing"
            what = f"this task sweeps {listed}; tasks that sweep it: {others}"
            fail(("sweep", name), value, what)
        if not known:
            fail(("sweep", name), value, "this task sweeps nothing")
        swept = {key: doc for key, doc in (docs or {}).items() if key in known}
        unknown(("sweep", name), value, sorted(known), {}, swept)
    if len(table) > 2:
        names = ", ".join(map(key_text, table))
        raise InputError(f"[sweep]: two keys make a map, got {len(table)}: {names}")
    return {name: _points(value, ("sweep", name)) for name, value in table.items()}


def _points(value: object, path: Path) -> np.ndarray[typing.Any, typing.Any]:
    """The (points,) float array of {from, to, points} or of a list."""
    if isinstance(value, list):
        if not value:
            fail(path, value, "must hold at least one number")
        return np.array([value_of(item, float, {}, path) for item in value])
    if not isinstance(value, dict):
        forms = "{from=.., to=.., points=..} or a list of numbers"
        fail(path, value, f"must be {forms}, got {kind_text(value)}")
    for name, item in value.items():
        if name not in RANGE:
            unknown((*path, name), item, RANGE, {})
    for name in RANGE:
        if name not in value:
            forms = "a sweep is {from=.., to=.., points=..} or a list"
            raise InputError(f"{where((*path, name))}: missing; {forms}")
    start, stop, count = (_number(value[name], *RANGE[name], (*path, name)) for name in RANGE)
    if not math.isfinite(stop - start):
        fail(path, value, "is too wide")
    if start == stop and count > 1:
        fail((*path, "points"), count, "must be 1 where from and to are equal")
    return np.linspace(start, stop, int(count))


def _number(value: object, kind: type, rules: Rules, path: Path) -> float:
    return typing.cast(float, value_of(value, kind, rules, path))


def swept_parameters(
    table: type, values: Mapping[str, object], sweep: Axes, homes: Mapping[str, str]
) -> object:
    """The [parameters] with each swept key at its first value.

    The extremes of the sweep are tried as well. Raises InputError.
    """
    keys, hints = keys_of(table), typing.get_type_hints(table)
    first, ends = {}, {}
    for name, points in sweep.items():
        kinds = set(arms(hints[keys[name].name])) if name in keys else set()
        if not {int, float} & kinds:  # a grid of the task's own, such as q or w
            continue
        hint, rules = hints[keys[name].name], keys[name].metadata
        kind = float if float in kinds else int
        if kind is int:
            _refuse_fractions(name, points)
        first[name], *ends[name] = (kind(x) for x in (points[0], points.min(), points.max()))
        for point in (first[name], *ends[name]):
            value_of(point, hint, rules, ("sweep", name))
        if name in values:  # not used, but a mistake all the same
            value_of(values[name], hint, rules, ("parameters", name))
    for corner in itertools.product(*ends.values()):
        build(table, {**values, **dict(zip(ends, corner))}, ("parameters",), homes)
    return build(table, {**values, **first}, ("parameters",), homes)


def _refuse_fractions(name: str, points: np.ndarray[typing.Any, typing.Any]) -> None:
    for point in points:
        if point != round(point):
            fail(("sweep", name), float(point), "must be an integer")


def petsc_options(table: Mapping[str, object], prefixes: Sequence[str]) -> dict[str, object]:
    """Nested tables flattened: {"evolve": {"ts_type": "rk"}} -> {"evolve_ts_type": "rk"}.

    prefixes : of the task's solvers. Raises InputError, also for what only a user may give.
    """
    options: dict[str, object] = {}
    for path, value in _leaves(table, ("petsc",)):
        option = "_".join(path[1:])
        known = [prefix.rstrip("_") for prefix in prefixes]
        if known and not option.startswith(tuple(f"{prefix}_" for prefix in known)):
            meant = nearest(path[1], known)
            fail(path, value, f"unknown prefix; {meant}known prefixes: {', '.join(known)}")
        if option in options:
            fail(path, value, f"option {option} is given twice")
        options[option] = value_of(value, bool | int | float | str, {}, path)
    vet(options.items(), prefixes, "[petsc] ")
    return options


def _leaves(table: Mapping[str, object], path: Path) -> typing.Iterator[tuple[Path, object]]:
    """(path, value) of every option inside nested tables."""
    for name, value in table.items():
        if not BARE.fullmatch(name) or name.startswith("-"):
            what = "is not the name of a PETSc option (write it without the leading dash)"
            fail((*path, name), value, what)
        if isinstance(value, dict):
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value
