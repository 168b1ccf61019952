"""Tables of an input: declared as frozen dataclasses, and checked against them key by key.

What TOML types cannot say stands in a key's declaration::

    T: float = key(0.01, doc="temperature", unit="t", above=0)

``doc``, ``unit``; limits of numbers (and of each number in a list) ``above`` (>), ``min`` (>=),
``max`` (<=), ``below`` (<); ``choices`` (allowed values; in a union they bind the values of their
own type); ``allow_inf``; ``key`` (the TOML name, where Python reserves it); ``names_file`` (a
string is the name of a file, whose content counts as the key's value); ``parse`` (applied to the
checked value; may raise ValueError). Annotations: bool, int, float, str, dict, list, tuple
(with or without item types), dataclasses, and unions of them.

A table whose names are the user's own (``dict[str, Lead]``), or that is an array of tables
(``list[Term]``), is a dataclass with one key that has the rule ``whole``: its value is the table.
"""

from __future__ import annotations

import dataclasses
import math
import operator
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..errors import InputError
from .toml_text import literal_of
from .words import KINDS, fail, key_text, kind_text, nearest, one_line, shown, unknown, where

LIMITS: dict[str, tuple[str, typing.Callable[[float, float], bool]]] = {
    "above": (">", operator.gt),
    "min": (">=", operator.ge),
    "max": ("<=", operator.le),
    "below": ("<", operator.lt),
}
# what a table without a declaration may hold
ANYTHING: object = bool | int | float | str | list | dict  # type: ignore[type-arg]
MISSING = dataclasses.MISSING
T = typing.TypeVar("T")

Keys = dict[str, "dataclasses.Field[typing.Any]"]  # TOML key -> dataclass field
Rules = Mapping[str, typing.Any]  # what a key declares, as the module's text explains
Path = tuple[str, ...]  # of a key in the input: ("leads", "left", "T")


# ---- declaring ----------------------------------------------------------------------------------


@typing.overload
def key(*, doc: str, unit: str = "", **rules: object) -> typing.Any: ...
@typing.overload
def key(default: T, *, doc: str, unit: str = "", **rules: object) -> T: ...
def key(default: object = MISSING, *, doc: str, unit: str = "", **rules: object) -> object:
    """A key of a table, declared: ``T: float = key(0.01, doc="temperature", unit="t", above=0)``.

    rules : above, min, max, below, choices, allow_inf, key, names_file, parse, as the module's text
    explains them. Without a default the key must be given. A list or table as default is copied
    each time.
    """
    metadata: dict[str, object] = {"doc": doc, **rules}
    if unit:
        metadata["unit"] = unit
    if isinstance(default, (list, dict)):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


@typing.overload
def like(table: type, name: str, **changes: object) -> typing.Any: ...
@typing.overload
def like(table: type, name: str, default: T, **changes: object) -> T: ...
def like(table: type, name: str, default: object = MISSING, **changes: object) -> object:
    """The key ``name`` of another table once more: same doc, unit, limits, unless changed.

    default : another default; that of the other table if left out. A limit changed to None is gone.
    """
    other = {f.name: f for f in dataclasses.fields(table)}[name]
    metadata = {**other.metadata, **changes}
    if isinstance(default, (list, dict)):
        return field(default_factory=default.copy, metadata=metadata)
    if default is not MISSING:
        return field(default=default, metadata=metadata)
    if other.default_factory is not MISSING:
        return field(default_factory=other.default_factory, metadata=metadata)
    return field(default=other.default, metadata=metadata)


# ---- checking -----------------------------------------------------------------------------------


def keys_of(table: type) -> Keys:
    """TOML key -> dataclass field of a table."""
    return {f.metadata.get("key", f.name): f for f in dataclasses.fields(table) if f.init}


def docs_of(table: type) -> dict[str, str]:
    """TOML key -> what it is."""
    return {name: f.metadata.get("doc", "") for name, f in keys_of(table).items()}


def required(f: dataclasses.Field[typing.Any]) -> bool:
    """Whether the key has no default."""
    return f.default is MISSING and f.default_factory is MISSING


def whole_key(table: type) -> dataclasses.Field[typing.Any] | None:
    """The key whose value is the whole table, None where the table has keys of its own."""
    return next((f for f in keys_of(table).values() if f.metadata.get("whole")), None)


def is_array(table: type) -> bool:
    """Whether the table is an array of tables, [[name]] in TOML."""
    f = whole_key(table)
    return f is not None and typing.get_origin(typing.get_type_hints(table)[f.name]) is list


def tables_inside(hint: object) -> Iterator[tuple[str, type]]:
    """(what a path to it ends in, dataclass) of the tables in a value with this annotation.

    "" for a table, "[]" for each table of an array, ".NAME" for each table of names of the user's.
    """
    for arm in arms(hint):
        kind: typing.Any = typing.get_origin(arm) or arm
        items, ending = typing.get_args(arm), {list: "[]", dict: ".NAME"}.get(kind)
        for inner in arms(items[-1]) if ending and items else [arm]:
            if isinstance(inner, type) and dataclasses.is_dataclass(inner):
                yield ending or "", inner


def build(table: type[T], values: object, path: Path, homes: Mapping[str, str] | None = None) -> T:
    """An instance of the dataclass ``table`` from a plain dict, or list for an array of tables.

    path : of the table, for messages. homes : key -> table where it belongs. Raises InputError.
    """
    keys, hints = keys_of(table), typing.get_type_hints(table)
    whole = whole_key(table)
    if whole is not None:
        value = value_of(values, hints[whole.name], whole.metadata, path)
        return _made(table, {whole.name: value}, path)
    if not isinstance(values, Mapping):
        fail(path, values, f"must be a table, got {kind_text(values)}")
    for name, value in values.items():
        if name not in keys:
            unknown((*path, name), value, keys, homes or {}, docs_of(table))
    arguments = {}
    for name, f in keys.items():
        if name in values:
            arguments[f.name] = value_of(values[name], hints[f.name], f.metadata, (*path, name))
        elif required(f):
            needed = expected(hints[f.name], f.metadata)
            raise InputError(f"{where((*path, name))}: missing; must be {needed}")
    return _made(table, arguments, path)


def _made(table: type[T], arguments: dict[str, object], path: Path) -> T:
    """The dataclass; its own refusals as InputError."""
    try:
        return table(**arguments)
    except (ValueError, ArithmeticError) as error:
        raise InputError(f"[{'.'.join(map(key_text, path))}]: {one_line(str(error))}") from None


def value_of(value: object, hint: object, rules: Rules, path: Path) -> object:
    """``value`` as the annotation ``hint`` asks, within the key's rules. Raises InputError."""
    fitting = [arm for arm in arms(hint) if _fits(value, arm)]
    fitting.sort(key=lambda arm: arm is not type(value))
    if not fitting:
        fail(path, value, f"must be {expected(hint, rules)}, got {kind_text(value)}")
    for arm in fitting[:-1]:
        try:
            return _as(arm, value, rules, path)
        except InputError:  # the last arm tells what is wrong
            pass
    return _as(fitting[-1], value, rules, path)


def _as(arm: typing.Any, value: typing.Any, rules: Rules, path: Path) -> object:
    """``value`` as one arm of a union."""
    kind, items = typing.get_origin(arm) or arm, typing.get_args(arm)
    result: object
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        result = build(kind, value, path)
    elif kind is dict:
        item = items[1] if items else ANYTHING
        result = {name: value_of(each, item, {}, (*path, name)) for name, each in value.items()}
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
        fail(path, value, one_line(str(error)))


def _items(
    items: tuple[object, ...], kind: type, value: list[object], rules: Rules, path: Path
) -> list[object]:
    """The checked items of a list."""
    if not items:
        return [value_of(each, ANYTHING, rules, path) for each in value]
    if kind is list and any(tables_inside(list[items[0]])):  # type: ignore[valid-type]
        places = [(*path, str(i)) for i in range(len(value))]
        return [value_of(each, items[0], {}, place) for each, place in zip(value, places)]
    if kind is list or items[-1] is Ellipsis:
        return [value_of(each, items[0], rules, path) for each in value]
    if len(items) != len(value):
        fail(path, value, f"must have {len(items)} items, got {len(value)}")
    return [value_of(each, hint, rules, path) for each, hint in zip(value, items)]


def _limits(number: object, value: object, rules: Rules, path: Path) -> None:
    """Refuse a scalar that is not finite, out of range or not among the choices."""
    infinite = isinstance(number, float) and math.isinf(number)
    if isinstance(number, float) and not math.isfinite(number):
        if not rules.get("allow_inf"):
            fail(path, value, "must be finite")
        if not infinite:
            fail(path, value, "must be a number or inf")
    if isinstance(number, (int, float)) and not isinstance(number, bool):
        given = {name: rules[name] for name in LIMITS if rules.get(name) is not None}
        if not all(LIMITS[name][1](number, limit) for name, limit in given.items()):
            fail(path, value, f"must be {range_text(rules)}")
    choices = rules.get("choices")
    if choices and number not in choices and type(number) in map(type, choices):
        meant = nearest(number, choices) if isinstance(number, str) else ""
        allowed = ", ".join(map(shown, choices))
        fail(path, value, f"must be one of {allowed}; {meant}".rstrip("; "))


def arms(hint: object) -> list[object]:
    """The members of a union, None left out (TOML has none)."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [arm for arm in typing.get_args(hint) if arm is not types.NoneType]
    return [hint]


def _fits(value: object, arm: object) -> bool:
    """Whether a value of TOML is of an arm's type."""
    kind = typing.get_origin(arm) or arm
    if dataclasses.is_dataclass(kind) or kind is dict:
        return isinstance(value, dict)
    if kind in (list, tuple):
        return isinstance(value, list)
    return type(value) is kind or (kind is float and type(value) is int)


# ---- in words -----------------------------------------------------------------------------------


def range_text(rules: Rules) -> str:
    """ "> 0 and <= 1", or nothing."""
    limits = [
        f"{sign} {rules[name]:g}"
        for name, (sign, _) in LIMITS.items()
        if rules.get(name) is not None
    ]
    return " and ".join(limits)


def expected(hint: object, rules: Rules) -> str:
    """What an annotation and its limits allow: "a number > 0 or a string"."""
    words = [_arm_text(arm, rules) for arm in arms(hint)]
    return " or ".join(dict.fromkeys(words))


def _arm_text(arm: object, rules: Rules) -> str:
    kind: typing.Any = typing.get_origin(arm) or arm
    choices = rules.get("choices") or ()
    if kind in map(type, choices):
        return " | ".join(shown(choice) for choice in choices if type(choice) is kind)
    if dataclasses.is_dataclass(kind):
        return "a table"
    word = KINDS.get(kind, str(kind))
    if kind in (list, dict) and any(tables_inside(arm)):
        word = {list: "a list of tables", dict: "tables with names of your own"}[kind]
    if kind in (int, float) and range_text(rules):
        return f"{word} {range_text(rules)}"
    return word


@dataclass(frozen=True)
class Row:
    """One key of a table, in words."""

    key: str
    type: str
    default: str
    unit: str
    doc: str


def describe(table: type, prefix: str = "") -> Iterator[Row]:
    """A ``Row`` for each key of a table; the keys of a table inside it follow as "left.gamma"."""
    hints = typing.get_type_hints(table)
    for name, f in keys_of(table).items():
        words = expected(hints[f.name], f.metadata)
        unit, doc = f.metadata.get("unit", ""), f.metadata.get("doc", "")
        yield Row(prefix + name, words, _default_text(f), unit, doc)
        for ending, inner in tables_inside(hints[f.name]):
            yield from describe(inner, f"{prefix}{name}{ending}.")


def default_of(f: dataclasses.Field[typing.Any]) -> object:
    """The default of a key that has one."""
    return f.default_factory() if f.default_factory is not MISSING else f.default


def _default_text(f: dataclasses.Field[typing.Any]) -> str:
    if required(f):
        return "required"
    default = default_of(f)
    if default is None:
        return "none"
    return "see below" if dataclasses.is_dataclass(default) else literal_of(default)


def as_json(value: object) -> object:
    """A checked value in JSON's types: tables by their TOML keys, inf and nan as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        whole = whole_key(type(value))
        if whole is not None:
            return as_json(vars(value)[whole.name])
        return {name: as_json(vars(value)[f.name]) for name, f in keys_of(type(value)).items()}
    if isinstance(value, dict):
        return {str(name): as_json(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
