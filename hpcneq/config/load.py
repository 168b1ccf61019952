"""Input files: every TOML table is checked before anything is computed; :mod:`.schema` says how a table is declared."""

from __future__ import annotations

import datetime
import difflib
import itertools
import math
import re
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..tasks.task import resolve
from .schema import (
    BARE,
    arms,
    as_json,
    build,
    fail,
    key_text,
    keys_of,
    kind_text,
    nearest,
    one_line,
    render,
    shown,
    unknown,
    value_of,
    where,
)

DEPTH = 16  # tables inside tables; real inputs need three
LARGEST_FILE = 2**24  # bytes; stops the reading of a result file or a device given by mistake
MOST_POINTS = 10**6  # along one sweep
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


# ---- what comes out -------------------------------------------------------------------------------------------------


def _seconds(limit):
    """Seconds from minutes (a number) or from "HH:MM:SS"."""
    if isinstance(limit, str):
        match = re.fullmatch(r"(\d{1,5}):([0-5]\d):([0-5]\d)", limit, re.ASCII)
        if not match:
            raise ValueError('must be "HH:MM:SS" or a number of minutes')
        hours, minutes, rest = map(int, match.groups())
        limit = (hours * 3600 + minutes * 60 + rest) / 60
    if not 0 < limit <= 1e8:
        raise ValueError("must be > 0 and at most 1e8 minutes")
    return 60.0 * limit


@dataclass(frozen=True)
class RunTable:
    """The [run] table: how long, how often, and when to stop. None of it changes the steps taken, save the seed."""

    t_max: float | None = field(
        default=None, metadata={"above": 0, "doc": "end of the time evolution", "unit": "1/energy"}
    )
    output_every: float | None = field(
        default=None,
        metadata={"above": 0, "doc": "time between rows of output", "unit": "1/energy"},
    )
    checkpoint_minutes: float = field(
        default=10.0, metadata={"above": 0, "doc": "wall time between checkpoints", "unit": "min"}
    )
    wall_limit: float | str | None = field(
        default=None,
        metadata={
            "parse": _seconds,
            "unit": "s once read",
            "doc": 'wall time after which to stop with a checkpoint: "HH:MM:SS", or a number of minutes',
        },
    )
    seed: int = field(default=0, metadata={"min": 0, "doc": "key of all random numbers"})


@dataclass(frozen=True, eq=False)
class Run:
    """A checked input.

    parameters, numerics, initial : instances of the system's dataclasses (None where the task has no such table);
    a swept parameter holds the first value of its sweep. tables : further tables by name.
    sweep : key -> (points,) float array; the first key is the slow one. petsc : {"evolve_ts_type": "rk"}, values as read.
    text : the TOML, verbatim, or rendered where the input was a dict or was changed by overrides.
    folder : absolute; relative file names in the input start here.
    """

    system: str
    task: str
    parameters: object
    numerics: object
    initial: object
    tables: dict
    run: RunTable
    sweep: dict
    petsc: dict
    text: str
    folder: Path

    def resolved(self) -> dict:
        """The input with every default filled in: {table: {key: value}} of JSON's types, inf as "inf"."""
        named = ("parameters", "numerics", "initial", "run")
        tables = {name: getattr(self, name) for name in named} | self.tables
        found = {name: as_json(table) for name, table in tables.items() if table is not None}
        found["sweep"] = {key: points.tolist() for key, points in self.sweep.items()}
        return found | {"petsc": self.petsc}


def load(source, catalogue, overrides=()):
    """The checked ``Run`` of a TOML file (str or Path) or of a dict; ``InputError``, in one line, if anything is wrong.

    catalogue : system name -> ``System``. overrides : "table.key=value" strings, applied before the checks.
    """
    if isinstance(source, Mapping):
        return _checked(_plain(source, ()), catalogue, overrides, None, Path.cwd())
    if not isinstance(source, (str, Path)):
        raise InputError(f"input must be a file name or a dict, got {type(source).__name__}")
    path = Path(source)
    return loads(_read(path), catalogue, overrides, folder=path.parent, name=one_line(str(path)))


def loads(text, catalogue, overrides=(), folder=".", name="input"):
    """Like ``load``, from TOML text such as a checkpoint keeps."""
    return _checked(
        _plain(_parse(text, name), ()), catalogue, overrides, text, Path(folder).absolute()
    )


def _checked(tree, catalogue, overrides, text, folder):
    for override in overrides:
        _override(tree, override)
    parts = _assemble(tree, catalogue)
    verbatim = render(tree) if overrides or text is None else text
    run = Run(**parts, text=verbatim, folder=folder)
    refuse = catalogue[run.system].tasks[run.task].refuse
    if refuse is not None:
        resolve(refuse)(run)
    return run


# ---- reading --------------------------------------------------------------------------------------------------------


def _read(path):
    """The text of an input file."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        reason = getattr(error, "strerror", None) or str(error)  # a folder ends here too
        raise InputError(f"{one_line(str(path))}: cannot be read: {one_line(reason)}") from None
    if len(data) > LARGEST_FILE:
        raise InputError(
            f"{one_line(str(path))}: larger than {LARGEST_FILE >> 20} MiB; is this an input file?"
        )
    try:
        return data.decode("utf-8-sig")  # Windows editors put a byte order mark first
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{one_line(str(path))}: not UTF-8 text (line {line}); is this an input file?"
        ) from None


def _parse(text, name):
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{name}: not valid TOML: nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and int() of thousands of digits
        raise InputError(f"{name}: not valid TOML: {one_line(str(error))}") from None


def _plain(value, path):
    """A copy in TOML's own types: numpy scalars and arrays, tuples and Paths become what they stand for."""
    if len(path) > DEPTH:
        raise InputError(f"[{path[0]}]: nested deeper than {DEPTH} levels")
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {_name(key, path): _plain(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, (*path, "item")) for item in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise InputError(f"{where(path)}: integer out of range (must fit in 64 bits)")
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (str, Path)):
        return _unicode(str(value), path)
    raise InputError(
        f"{where(path)}: must be a number, string, true/false, list or table, got {kind_text(value)}"
    )


def _name(key, path):
    if not isinstance(key, str):
        raise InputError(f"{where(path)}: names of keys must be strings, got {kind_text(key)}")
    return _unicode(str(key), path)


def _unicode(text, path):
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{where(path)}: {shown(text)} is not valid Unicode") from None
    return text


def _override(tree, text):
    """Apply "table.key=value" to the tree, in place."""
    if not isinstance(text, str):
        raise InputError(f"--set needs a string table.key=value, got {kind_text(text)}")
    name, equals, raw = text.partition("=")
    keys = [part.strip() for part in name.split(".")]
    if (
        not equals
        or not all(map(BARE.fullmatch, keys))
        or (len(keys) == 1 and keys[0] not in ("system", "task"))
    ):
        raise InputError(f"--set {shown(text)}: must be table.key=value, such as parameters.T=0.01")
    if len(keys) > DEPTH:
        raise InputError(f"--set {shown(text)}: nested deeper than {DEPTH} levels")
    value = _plain(_literal(raw.strip(), text), tuple(keys))
    for depth, key in enumerate(keys[:-1]):
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise InputError(
                f"--set {shown(text)}: {where(keys[: depth + 1])} is {kind_text(tree)}, not a table"
            )
    tree[keys[-1]] = value


def _literal(raw, text):
    """A TOML value; a number as people type it (.02); else the bare word itself, also where TOML sees a time in it: a shell eats the quotes of "01:30:00"."""
    try:
        found = tomllib.loads(f"value = {raw}")
        if set(found) == {"value"}:
            return raw if isinstance(found["value"], datetime.time) else found["value"]
    except (ValueError, RecursionError):
        if NUMBER.fullmatch(raw) and len(raw) < 100:
            return int(raw) if raw.lstrip("+-").isdigit() else float(raw)
        if raw and raw[0] not in "[{\"'" and raw.isprintable():
            return raw
    raise InputError(f"--set {shown(text)}: the value is not valid TOML")


# ---- checking -------------------------------------------------------------------------------------------------------


def _assemble(tree, catalogue):
    """Every table checked: the pieces of a Run."""
    system = catalogue[_one_of(tree, "system", catalogue)]
    task = system.tasks[_one_of(tree, "task", system.tasks)]
    homes = {
        key: f"[{table}]"
        for table, cls in [("run", RunTable), *task.tables.items()]
        for key in keys_of(cls)
    }
    tables = {*task.tables, "run", "sweep", "petsc"}
    for key, value in tree.items():
        if key not in tables | {"system", "task"}:
            unknown((key,), value, sorted(tables), homes)
    sweep = _sweep(_table(tree, "sweep"), task)
    built = {
        name: build(cls, _table(tree, name), (name,), homes)
        for name, cls in task.tables.items()
        if name != "parameters"
    }
    if "parameters" in task.tables:
        built["parameters"] = _swept(
            task.tables["parameters"], _table(tree, "parameters"), sweep, homes
        )
    run = build(RunTable, _table(tree, "run"), ("run",), homes)
    if task.timed and run.t_max is None:
        raise InputError(f'[run] t_max: missing; task "{tree["task"]}" needs a number > 0')
    named = {name: built.pop(name, None) for name in ("parameters", "numerics", "initial")}
    return dict(
        system=tree["system"],
        task=tree["task"],
        **named,
        tables=built,
        run=run,
        sweep=sweep,
        petsc=_petsc(_table(tree, "petsc"), task.petsc),
    )


def _one_of(tree, key, known):
    listed = ", ".join(map(str, known))
    if key not in tree:
        close = difflib.get_close_matches(key, [name for name in tree if len(name) < 60], 1)
        found = f' (is "{close[0]}" meant to be it?)' if close else ""
        raise InputError(f"{key}: missing{found}; must be one of {listed}")
    value = tree[key]
    if not isinstance(value, str):
        fail((key,), value, f"must be a string, got {kind_text(value)}; known: {listed}")
    if value not in known:
        fail((key,), value, f"unknown; {nearest(value, known)}known: {listed}")
    return value


def _table(tree, name):
    values = tree.get(name, {})
    if not isinstance(values, dict):
        fail((name,), values, f"must be a table, got {kind_text(values)}")
    return values


# ---- sweeps and PETSc options ---------------------------------------------------------------------------------------


def _sweep(table, task):
    """key -> (points,) float array, in the order of the input."""
    for key, value in table.items():
        if key not in task.sweep:
            if not task.sweep:
                fail(("sweep", key), value, "this task sweeps nothing")
            unknown(("sweep", key), value, sorted(task.sweep), ())
    if len(table) > 2:
        raise InputError(
            f"[sweep]: two keys make a map, got {len(table)}: {', '.join(map(key_text, table))}"
        )
    return {key: _points(value, ("sweep", key)) for key, value in table.items()}


def _points(value, path):
    """The (points,) float array of {from, to, points} or of a list."""
    if isinstance(value, list):
        if not value:
            fail(path, value, "must hold at least one number")
        return np.array([value_of(item, float, {}, path) for item in value])
    if not isinstance(value, dict):
        fail(
            path,
            value,
            f"must be {{from=.., to=.., points=..}} or a list of numbers, got {kind_text(value)}",
        )
    rules = {
        "from": (float, {}),
        "to": (float, {}),
        "points": (int, {"min": 1, "max": MOST_POINTS}),
    }
    for key, item in value.items():
        if key not in rules:
            unknown((*path, key), item, rules, ())
    for key in rules:
        if key not in value:
            raise InputError(
                f"{where((*path, key))}: missing; a sweep is {{from=.., to=.., points=..}} or a list"
            )
    start, stop, count = (value_of(value[key], *rules[key], (*path, key)) for key in rules)
    if not math.isfinite(stop - start):
        fail(path, value, "is too wide")
    if start == stop and count > 1:
        fail((*path, "points"), count, "must be 1 where from and to are equal")
    return np.linspace(start, stop, count)


def _swept(cls, values, sweep, homes):
    """The [parameters] with each swept key at its first value; the extremes of the sweep are tried as well."""
    keys, hints = keys_of(cls), typing.get_type_hints(cls)
    axes = {}
    for key, points in sweep.items():
        allowed = arms(hints[keys[key].name]) if key in keys else ()
        if not {int, float} & set(allowed):  # a grid of the task's own, such as q or w
            continue
        kind = float if float in allowed else int
        for point in points if kind is int else ():
            if point != round(point):
                fail(("sweep", key), float(point), "must be an integer")
        axes[key] = [kind(point) for point in (points[0], points.min(), points.max())]
        for point in axes[key]:
            value_of(point, hints[keys[key].name], keys[key].metadata, ("sweep", key))
        if key in values:  # not used, but a mistake all the same
            value_of(values[key], hints[keys[key].name], keys[key].metadata, ("parameters", key))
    for corner in itertools.product(*(ends[1:] for ends in axes.values())):
        build(cls, {**values, **dict(zip(axes, corner))}, ("parameters",), homes)
    return build(
        cls, {**values, **{key: ends[0] for key, ends in axes.items()}}, ("parameters",), homes
    )


def _petsc(table, prefixes):
    """Nested tables flattened: {"evolve": {"ts_type": "rk"}} -> {"evolve_ts_type": "rk"}."""
    found = {}

    def walk(value, path):
        if isinstance(value, dict):
            for key, item in value.items():
                if not BARE.fullmatch(key) or key.startswith("-"):
                    fail(
                        (*path, key),
                        item,
                        "is not the name of a PETSc option (write it without the leading dash)",
                    )
                walk(item, (*path, key))
            return
        option = "_".join(path[1:])
        if prefixes and not option.startswith(tuple(p.rstrip("_") + "_" for p in prefixes)):
            listed = [p.rstrip("_") for p in prefixes]
            fail(
                path,
                value,
                f"unknown prefix; {nearest(path[1], listed)}known prefixes: {', '.join(listed)}",
            )
        if option in found:
            fail(path, value, f"option {option} is given twice")
        found[option] = value_of(value, bool | int | float | str, {}, path)

    walk(table, ("petsc",))
    return found
