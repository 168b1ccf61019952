"""Input files: every TOML table is checked, key by key, against a frozen dataclass before anything is computed.

A system declares its tables as plain dataclasses; what TOML types cannot say stands in a field's metadata::

    T: float = field(default=0.01, metadata={"doc": "temperature", "unit": "t", "above": 0})

Metadata: ``doc``, ``unit``; limits of numbers (and of each number in a list) ``above`` (>), ``min`` (>=), ``max`` (<=),
``below`` (<); ``choices`` (allowed values; in a union they bind the values of their own type); ``allow_inf``; ``key`` (the
TOML name, where Python reserves it); ``parse`` (applied to the checked value; may raise ValueError).
Annotations: bool, int, float, str, dict, list, tuple (with or without item types), dataclasses, and unions of them.
"""
from __future__ import annotations

import dataclasses
import difflib
import itertools
import json
import math
import operator
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .errors import InputError

DEPTH = 16               # tables inside tables; real inputs need three
LARGEST_FILE = 2 ** 24   # bytes; stops the reading of a result file or a device given by mistake
MOST_POINTS = 10 ** 6    # along one sweep
BARE = re.compile(r"[A-Za-z0-9_-]+")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
LIMITS = {"above": (">", operator.gt), "min": (">=", operator.ge), "max": ("<=", operator.le), "below": ("<", operator.lt)}
KINDS = {bool: "true or false", int: "an integer", float: "a number", str: "a string", dict: "a table",
         list: "a list", tuple: "a list"}
ANYTHING = bool | int | float | str | list | dict


# ---- what a system declares, and what comes out ---------------------------------------------------------------------

@dataclass(frozen=True)
class Task:
    """One thing a system can compute, and the tables, sweeps and options it takes."""

    tables: Mapping[str, type]               # "parameters", "numerics", "initial", ... -> dataclass
    sweep: frozenset | tuple = ()            # keys that [sweep] may hold
    timed: bool = False                      # needs [run] t_max
    petsc: tuple[str, ...] = ()              # options prefixes it uses; empty: any
    doc: str = ""


@dataclass(frozen=True)
class System:
    """A system's tasks by name."""

    tasks: Mapping[str, Task]
    doc: str = ""


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

    t_max: float | None = field(default=None, metadata={"above": 0, "doc": "end of the time evolution", "unit": "1/energy"})
    output_every: float | None = field(default=None, metadata={
        "above": 0, "doc": "time between rows of output", "unit": "1/energy"})
    checkpoint_minutes: float = field(default=10.0, metadata={
        "above": 0, "doc": "wall time between checkpoints", "unit": "min"})
    wall_limit: float | str | None = field(default=None, metadata={
        "parse": _seconds, "unit": "s once read",
        "doc": 'wall time after which to stop with a checkpoint: "HH:MM:SS", or a number of minutes'})
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


def load(source, catalogue, overrides=()):
    """The checked ``Run`` of a TOML file (str or Path) or of a dict; ``InputError``, in one line, if anything is wrong.

    catalogue : system name -> ``System``. overrides : "table.key=value" strings, applied before the checks.
    """
    if isinstance(source, Mapping):
        return _checked(_plain(source, ()), catalogue, overrides, None, Path.cwd())
    if not isinstance(source, (str, Path)):
        raise InputError(f"input must be a file name or a dict, got {type(source).__name__}")
    path = Path(source)
    return loads(_read(path), catalogue, overrides, folder=path.parent, name=_line(str(path)))


def loads(text, catalogue, overrides=(), folder=".", name="input"):
    """Like ``load``, from TOML text such as a checkpoint keeps."""
    return _checked(_plain(_parse(text, name), ()), catalogue, overrides, text, Path(folder).absolute())


def _checked(tree, catalogue, overrides, text, folder):
    for override in overrides:
        _override(tree, override)
    parts = _assemble(tree, catalogue)
    return Run(**parts, text=render(tree) if overrides or text is None else text, folder=folder)


# ---- reading --------------------------------------------------------------------------------------------------------

def _read(path):
    """The text of an input file."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:   # ValueError: a null byte in the name
        reason = getattr(error, "strerror", None) or str(error)   # a folder ends here too
        raise InputError(f"{_line(str(path))}: cannot be read: {_line(reason)}") from None
    if len(data) > LARGEST_FILE:
        raise InputError(f"{_line(str(path))}: larger than {LARGEST_FILE >> 20} MiB; is this an input file?")
    try:
        return data.decode("utf-8-sig")      # Windows editors put a byte order mark first
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{_line(str(path))}: not UTF-8 text (line {line}); is this an input file?") from None


def _parse(text, name):
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{name}: not valid TOML: nested too deeply") from None
    except ValueError as error:              # TOMLDecodeError, and int() of thousands of digits
        raise InputError(f"{name}: not valid TOML: {_line(str(error))}") from None


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
        if not -2 ** 63 <= value < 2 ** 63:
            raise InputError(f"{_where(path)}: integer out of range (must fit in 64 bits)")
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (str, Path)):
        return _unicode(str(value), path)
    raise InputError(f"{_where(path)}: must be a number, string, true/false, list or table, got {_kind(value)}")


def _name(key, path):
    if not isinstance(key, str):
        raise InputError(f"{_where(path)}: names of keys must be strings, got {_kind(key)}")
    return _unicode(str(key), path)


def _unicode(text, path):
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{_where(path)}: {_show(text)} is not valid Unicode") from None
    return text


def _override(tree, text):
    """Apply "table.key=value" to the tree, in place."""
    if not isinstance(text, str):
        raise InputError(f"--set needs a string table.key=value, got {_kind(text)}")
    name, equals, raw = text.partition("=")
    keys = [part.strip() for part in name.split(".")]
    if not equals or not all(map(BARE.fullmatch, keys)) or (len(keys) == 1 and keys[0] not in ("system", "task")):
        raise InputError(f"--set {_show(text)}: must be table.key=value, such as parameters.T=0.01")
    if len(keys) > DEPTH:
        raise InputError(f"--set {_show(text)}: nested deeper than {DEPTH} levels")
    value = _plain(_literal(raw.strip(), text), tuple(keys))
    for depth, key in enumerate(keys[:-1]):
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise InputError(f"--set {_show(text)}: {_where(keys[:depth + 1])} is {_kind(tree)}, not a table")
    tree[keys[-1]] = value


def _literal(raw, text):
    """A TOML value; a number as people type it (.02); else the bare word itself."""
    try:
        found = tomllib.loads(f"value = {raw}")
        if set(found) == {"value"}:
            return found["value"]
    except (ValueError, RecursionError):
        if NUMBER.fullmatch(raw) and len(raw) < 100:
            return int(raw) if raw.lstrip("+-").isdigit() else float(raw)
        if raw and raw[0] not in "[{\"'" and raw.isprintable():
            return raw
    raise InputError(f"--set {_show(text)}: the value is not valid TOML")


# ---- checking -------------------------------------------------------------------------------------------------------

def _assemble(tree, catalogue):
    """Every table checked: the pieces of a Run."""
    system = catalogue[_one_of(tree, "system", catalogue)]
    task = system.tasks[_one_of(tree, "task", system.tasks)]
    homes = {key: f"[{table}]" for table, cls in [("run", RunTable), *task.tables.items()] for key in _keys(cls)}
    tables = {*task.tables, "run", "sweep", "petsc"}
    for key, value in tree.items():
        if key not in tables | {"system", "task"}:
            _unknown((key,), value, sorted(tables), homes)
    sweep = _sweep(_table(tree, "sweep"), task)
    built = {name: build(cls, _table(tree, name), (name,), homes)
             for name, cls in task.tables.items() if name != "parameters"}
    if "parameters" in task.tables:
        built["parameters"] = _swept(task.tables["parameters"], _table(tree, "parameters"), sweep, homes)
    run = build(RunTable, _table(tree, "run"), ("run",), homes)
    if task.timed and run.t_max is None:
        raise InputError(f'[run] t_max: missing; task "{tree["task"]}" needs a number > 0')
    named = {name: built.pop(name, None) for name in ("parameters", "numerics", "initial")}
    return dict(system=tree["system"], task=tree["task"], **named, tables=built, run=run, sweep=sweep,
                petsc=_petsc(_table(tree, "petsc"), task.petsc))


def _one_of(tree, key, known):
    listed = ", ".join(map(str, known))
    if key not in tree:
        close = difflib.get_close_matches(key, [name for name in tree if len(name) < 60], 1)
        found = f' (is "{close[0]}" meant to be it?)' if close else ""
        raise InputError(f"{key}: missing{found}; must be one of {listed}")
    value = tree[key]
    if not isinstance(value, str):
        _fail((key,), value, f"must be a string, got {_kind(value)}; known: {listed}")
    if value not in known:
        _fail((key,), value, f"unknown; {_nearest(value, known)}known: {listed}")
    return value


def _table(tree, name):
    values = tree.get(name, {})
    if not isinstance(values, dict):
        _fail((name,), values, f"must be a table, got {_kind(values)}")
    return values


def _keys(cls):
    """TOML key -> dataclass field."""
    return {f.metadata.get("key", f.name): f for f in dataclasses.fields(cls) if f.init}


def _required(f):
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


def build(cls, values, path, homes=()):
    """An instance of the dataclass ``cls`` from a plain dict; ``path`` names the table in messages."""
    keys, hints = _keys(cls), typing.get_type_hints(cls)
    for key, value in values.items():
        if key not in keys:
            _unknown((*path, key), value, keys, homes)
    found = {}
    for key, f in keys.items():
        if key in values:
            found[f.name] = _value(values[key], hints[f.name], f.metadata, (*path, key))
        elif _required(f):
            raise InputError(f"{_where((*path, key))}: missing; must be {_expected(hints[f.name], f.metadata)}")
    try:
        return cls(**found)
    except (ValueError, ArithmeticError) as error:
        raise InputError(f"[{'.'.join(map(_key, path))}]: {_line(str(error))}") from None


def _value(value, hint, rules, path):
    """``value`` as the annotation asks, within the metadata's limits."""
    fitting = sorted((arm for arm in _arms(hint) if _fits(value, arm)), key=lambda arm: arm is not type(value))
    if not fitting:
        _fail(path, value, f"must be {_expected(hint, rules)}, got {_kind(value)}")
    for arm in fitting[:-1]:
        try:
            return _as(arm, value, rules, path)
        except InputError:                   # the last arm tells what is wrong
            pass
    return _as(fitting[-1], value, rules, path)


def _as(arm, value, rules, path):
    kind, items = typing.get_origin(arm) or arm, typing.get_args(arm)
    if dataclasses.is_dataclass(kind):
        result = build(kind, value, path)
    elif kind is dict:
        item = items[1] if items else ANYTHING
        result = {key: _value(each, item, {}, (*path, key)) for key, each in value.items()}
    elif kind in (list, tuple):
        result = kind(_items(items, kind, value, {**rules, "parse": None}, path))
    else:
        result = kind(value)
        _limits(result, value, rules, path)
    if not rules.get("parse"):
        return result
    try:
        return rules["parse"](result)
    except (ValueError, ArithmeticError) as error:
        _fail(path, value, _line(str(error)))


def _items(items, kind, value, rules, path):
    if not items:
        return [_value(each, ANYTHING, rules, path) for each in value]
    if kind is list or items[-1] is Ellipsis:
        return [_value(each, items[0], rules, path) for each in value]
    if len(items) != len(value):
        _fail(path, value, f"must have {len(items)} items, got {len(value)}")
    return [_value(each, hint, rules, path) for each, hint in zip(value, items)]


def _limits(number, value, rules, path):
    """Refuse a scalar that is not finite, out of range or not among the choices."""
    if isinstance(number, float) and not math.isfinite(number) and not (rules.get("allow_inf") and math.isinf(number)):
        _fail(path, value, "must be finite" if not rules.get("allow_inf") else "must be a number or inf")
    if isinstance(number, (int, float)) and not isinstance(number, bool):
        if not all(holds(number, rules[name]) for name, (_, holds) in LIMITS.items() if name in rules):
            _fail(path, value, f"must be {_range(rules)}")
    choices = rules.get("choices")
    if choices and number not in choices and type(number) in map(type, choices):
        _fail(path, value, f"must be one of {', '.join(map(_show, choices))}"
              + (f"; {_nearest(number, choices)}" if isinstance(number, str) else "").rstrip("; "))


def _arms(hint):
    """The members of a union, None left out (TOML has none)."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [arm for arm in typing.get_args(hint) if arm is not types.NoneType]
    return [hint]


def _fits(value, arm):
    kind = typing.get_origin(arm) or arm
    if dataclasses.is_dataclass(kind) or kind is dict:
        return isinstance(value, dict)
    if kind in (list, tuple):
        return isinstance(value, list)
    return type(value) is kind or (kind is float and type(value) is int)


# ---- sweeps and PETSc options ---------------------------------------------------------------------------------------

def _sweep(table, task):
    """key -> (points,) float array, in the order of the input."""
    for key, value in table.items():
        if key not in task.sweep:
            if not task.sweep:
                _fail(("sweep", key), value, "this task sweeps nothing")
            _unknown(("sweep", key), value, sorted(task.sweep), ())
    if len(table) > 2:
        raise InputError(f"[sweep]: two keys make a map, got {len(table)}: {', '.join(map(_key, table))}")
    return {key: _points(value, ("sweep", key)) for key, value in table.items()}


def _points(value, path):
    """The (points,) float array of {from, to, points} or of a list."""
    if isinstance(value, list):
        if not value:
            _fail(path, value, "must hold at least one number")
        return np.array([_value(item, float, {}, path) for item in value])
    if not isinstance(value, dict):
        _fail(path, value, f"must be {{from=.., to=.., points=..}} or a list of numbers, got {_kind(value)}")
    rules = {"from": (float, {}), "to": (float, {}), "points": (int, {"min": 1, "max": MOST_POINTS})}
    for key, item in value.items():
        if key not in rules:
            _unknown((*path, key), item, rules, ())
    for key in rules:
        if key not in value:
            raise InputError(f"{_where((*path, key))}: missing; a sweep is {{from=.., to=.., points=..}} or a list")
    start, stop, count = (_value(value[key], *rules[key], (*path, key)) for key in rules)
    if not math.isfinite(stop - start):
        _fail(path, value, "is too wide")
    if start == stop and count > 1:
        _fail((*path, "points"), count, "must be 1 where from and to are equal")
    return np.linspace(start, stop, count)


def _swept(cls, values, sweep, homes):
    """The [parameters] with each swept key at its first value; the extremes of the sweep are tried as well."""
    keys, hints = _keys(cls), typing.get_type_hints(cls)
    axes = {}
    for key, points in sweep.items():
        arms = _arms(hints[keys[key].name]) if key in keys else ()
        if not {int, float} & set(arms):     # a grid of the task's own, such as q or w
            continue
        kind = float if float in arms else int
        for point in points if kind is int else ():
            if point != round(point):
                _fail(("sweep", key), float(point), "must be an integer")
        axes[key] = [kind(point) for point in (points[0], points.min(), points.max())]
        for point in axes[key]:
            _value(point, hints[keys[key].name], keys[key].metadata, ("sweep", key))
        if key in values:                    # not used, but a mistake all the same
            _value(values[key], hints[keys[key].name], keys[key].metadata, ("parameters", key))
    for corner in itertools.product(*(ends[1:] for ends in axes.values())):
        build(cls, {**values, **dict(zip(axes, corner))}, ("parameters",), homes)
    return build(cls, {**values, **{key: ends[0] for key, ends in axes.items()}}, ("parameters",), homes)


def _petsc(table, prefixes):
    """Nested tables flattened: {"evolve": {"ts_type": "rk"}} -> {"evolve_ts_type": "rk"}."""
    found = {}

    def walk(value, path):
        if isinstance(value, dict):
            for key, item in value.items():
                if not BARE.fullmatch(key) or key.startswith("-"):
                    _fail((*path, key), item, "is not the name of a PETSc option (write it without the leading dash)")
                walk(item, (*path, key))
            return
        option = "_".join(path[1:])
        if prefixes and not option.startswith(tuple(p.rstrip("_") + "_" for p in prefixes)):
            listed = [p.rstrip("_") for p in prefixes]
            _fail(path, value, f"unknown prefix; {_nearest(path[1], listed)}known prefixes: {', '.join(listed)}")
        if option in found:
            _fail(path, value, f"option {option} is given twice")
        found[option] = _value(value, bool | int | float | str, {}, path)

    walk(table, ("petsc",))
    return found


# ---- words ----------------------------------------------------------------------------------------------------------

def _fail(path, value, message):
    raise InputError(f"{_where(path)} = {_show(value)}: {message}")


def _unknown(path, value, known, homes):
    hint = f"belongs in {homes[path[-1]]}; " if path[-1] in homes else _nearest(path[-1], known)
    what = "table" if len(path) == 1 and isinstance(value, dict) else "key"
    label = "known tables" if len(path) == 1 else "known keys"
    _fail(path, value, f"unknown {what}; {hint}{label}: {', '.join(map(_key, known)) or 'none'}")


def _nearest(word, known):
    lowered = {str(name).lower(): name for name in known}
    close = difflib.get_close_matches(word[:60].lower(), list(lowered), 1)
    return f'did you mean "{lowered[close[0]]}"? ' if close else ""


def _where(path):
    """("leads", "left", "T") -> "[leads.left] T"."""
    if not path:
        return "input"
    *table, key = map(_key, path)
    return f"[{'.'.join(table)}] {key}" if table else key


def _key(name):
    return name if BARE.fullmatch(name) and len(name) < 60 else _show(name)


def _show(value):
    """A value as in TOML, on one line, short, whatever it holds."""
    if isinstance(value, (dict, list)):
        return ("{...}" if value else "{}") if isinstance(value, dict) else ("[...]" if value else "[]")
    if isinstance(value, str):
        return '"' + _line(value[:40] + ("..." if len(value) > 40 else "")).replace('"', '\\"') + '"'
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _line(text):
    """Text on one line: what a terminal would not print becomes an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _kind(value):
    kinds = {bool: "a boolean", type(None): "nothing (leave the key out instead)"}
    return {**KINDS, **kinds}.get(type(value)) or f"a {type(value).__name__}"


def _range(rules):
    return " and ".join(f"{sign} {rules[name]:g}" for name, (sign, _) in LIMITS.items() if name in rules)


def _expected(hint, rules):
    """What an annotation and its limits allow: "a number > 0 or a string"."""
    words = []
    for arm in _arms(hint):
        kind = typing.get_origin(arm) or arm
        word = "a table" if dataclasses.is_dataclass(kind) else KINDS.get(kind, str(kind))
        if kind in (int, float) and _range(rules):
            word += f" {_range(rules)}"
        if kind in map(type, rules.get("choices") or ()):
            word = " | ".join(_show(choice) for choice in rules["choices"] if type(choice) is kind)
        words.append(word)
    return " or ".join(dict.fromkeys(words))


@dataclass(frozen=True)
class Row:
    """One key of a table, in words."""

    key: str
    type: str
    default: str
    unit: str
    doc: str


def describe(cls, prefix=""):
    """Yield a ``Row`` for each key of a dataclass; the keys of a table inside it follow as "left.gamma"."""
    hints = typing.get_type_hints(cls)
    for key, f in _keys(cls).items():
        default = f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default
        if _required(f):
            default = "required"
        else:
            default = "none" if default is None else "see below" if dataclasses.is_dataclass(default) else _literal_of(default)
        yield Row(prefix + key, _expected(hints[f.name], f.metadata), default,
                  f.metadata.get("unit", ""), f.metadata.get("doc", ""))
        for arm in _arms(hints[f.name]):
            if dataclasses.is_dataclass(arm):
                yield from describe(arm, f"{prefix}{key}.")


# ---- writing --------------------------------------------------------------------------------------------------------

def render(tree):
    """TOML text of nested dicts; below the top level tables are written in line, which keeps the order of a sweep."""
    lines = [f"{_quoted(key)} = {_literal_of(value)}" for key, value in tree.items() if not isinstance(value, dict)]
    for name, table in tree.items():
        if isinstance(table, dict):
            lines += ["", f"[{_quoted(name)}]", *(f"{_quoted(key)} = {_literal_of(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _quoted(key):
    return key if BARE.fullmatch(key) else _literal_of(key)


def _literal_of(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)} = {_literal_of(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_literal_of, value)) + "]"
    if isinstance(value, str):               # JSON leaves DEL as it is, TOML does not take it
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)
