"""Tables of an input: checked key by key against a frozen dataclass, described in words, and written as TOML.

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
import json
import math
import operator
import re
import types
import typing
from dataclasses import dataclass, field

from ..errors import InputError

BARE = re.compile(r"[A-Za-z0-9_-]+")
LIMITS = {
    "above": (">", operator.gt),
    "min": (">=", operator.ge),
    "max": ("<=", operator.le),
    "below": ("<", operator.lt),
}
KINDS = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a string",
    dict: "a table",
    list: "a list",
    tuple: "a list",
}
ANYTHING = bool | int | float | str | list | dict


# ---- declaring ------------------------------------------------------------------------------------------------------


def key(default=dataclasses.MISSING, *, doc: str, unit: str = "", **rules):
    """A key of a table, declared: ``T: float = key(0.01, doc="temperature", unit="t", above=0)``.

    rules : above, min, max, below, choices, allow_inf, key, parse, as the module's text explains them.
    Without a default the key must be given. A list as default is copied for each table.
    """
    metadata = {"doc": doc, **({"unit": unit} if unit else {}), **rules}
    if isinstance(default, list):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


def like(table: type, name: str, default=dataclasses.MISSING, **changes):
    """The key ``name`` of another table declared once more: same doc, unit and limits, unless changed.

    default : another default; that of the other table if left out.
    """
    other = {f.name: f for f in dataclasses.fields(table)}[name]
    if default is dataclasses.MISSING:
        default = other.default
    return field(default=default, metadata={**other.metadata, **changes})


# ---- checking -------------------------------------------------------------------------------------------------------


def keys_of(cls):
    """TOML key -> dataclass field."""
    return {f.metadata.get("key", f.name): f for f in dataclasses.fields(cls) if f.init}


def required(f):
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


def build(cls, values, path, homes=()):
    """An instance of the dataclass ``cls`` from a plain dict; ``path`` names the table in messages."""
    keys, hints = keys_of(cls), typing.get_type_hints(cls)
    for key, value in values.items():
        if key not in keys:
            unknown((*path, key), value, keys, homes)
    found = {}
    for key, f in keys.items():
        if key in values:
            found[f.name] = value_of(values[key], hints[f.name], f.metadata, (*path, key))
        elif required(f):
            raise InputError(
                f"{where((*path, key))}: missing; must be {expected(hints[f.name], f.metadata)}"
            )
    try:
        return cls(**found)
    except (ValueError, ArithmeticError) as error:
        raise InputError(f"[{'.'.join(map(key_text, path))}]: {one_line(str(error))}") from None


def value_of(value, hint, rules, path):
    """``value`` as the annotation asks, within the metadata's limits."""
    fitting = sorted(
        (arm for arm in arms(hint) if _fits(value, arm)), key=lambda arm: arm is not type(value)
    )
    if not fitting:
        fail(path, value, f"must be {expected(hint, rules)}, got {kind_text(value)}")
    for arm in fitting[:-1]:
        try:
            return _as(arm, value, rules, path)
        except InputError:  # the last arm tells what is wrong
            pass
    return _as(fitting[-1], value, rules, path)


def _as(arm, value, rules, path):
    kind, items = typing.get_origin(arm) or arm, typing.get_args(arm)
    if dataclasses.is_dataclass(kind):
        result = build(kind, value, path)
    elif kind is dict:
        item = items[1] if items else ANYTHING
        result = {key: value_of(each, item, {}, (*path, key)) for key, each in value.items()}
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


def _items(items, kind, value, rules, path):
    if not items:
        return [value_of(each, ANYTHING, rules, path) for each in value]
    if kind is list or items[-1] is Ellipsis:
        return [value_of(each, items[0], rules, path) for each in value]
    if len(items) != len(value):
        fail(path, value, f"must have {len(items)} items, got {len(value)}")
    return [value_of(each, hint, rules, path) for each, hint in zip(value, items)]


def _limits(number, value, rules, path):
    """Refuse a scalar that is not finite, out of range or not among the choices."""
    if (
        isinstance(number, float)
        and not math.isfinite(number)
        and not (rules.get("allow_inf") and math.isinf(number))
    ):
        fail(
            path,
            value,
            "must be finite" if not rules.get("allow_inf") else "must be a number or inf",
        )
    if isinstance(number, (int, float)) and not isinstance(number, bool):
        if not all(
            holds(number, rules[name]) for name, (_, holds) in LIMITS.items() if name in rules
        ):
            fail(path, value, f"must be {_range(rules)}")
    choices = rules.get("choices")
    if choices and number not in choices and type(number) in map(type, choices):
        fail(
            path,
            value,
            f"must be one of {', '.join(map(shown, choices))}"
            + (f"; {nearest(number, choices)}" if isinstance(number, str) else "").rstrip("; "),
        )


def arms(hint):
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


# ---- words ----------------------------------------------------------------------------------------------------------


def fail(path, value, message):
    raise InputError(f"{where(path)} = {shown(value)}: {message}")


def unknown(path, value, known, homes):
    hint = f"belongs in {homes[path[-1]]}; " if path[-1] in homes else nearest(path[-1], known)
    what = "table" if len(path) == 1 and isinstance(value, dict) else "key"
    label = "known tables" if len(path) == 1 else "known keys"
    fail(path, value, f"unknown {what}; {hint}{label}: {', '.join(map(key_text, known)) or 'none'}")


def nearest(word, known):
    lowered = {str(name).lower(): name for name in known}
    close = difflib.get_close_matches(word[:60].lower(), list(lowered), 1)
    return f'did you mean "{lowered[close[0]]}"? ' if close else ""


def where(path):
    """("leads", "left", "T") -> "[leads.left] T"."""
    if not path:
        return "input"
    *table, key = map(key_text, path)
    return f"[{'.'.join(table)}] {key}" if table else key


def key_text(name):
    return name if BARE.fullmatch(name) and len(name) < 60 else shown(name)


def shown(value):
    """A value as in TOML, on one line, short, whatever it holds."""
    if isinstance(value, (dict, list)):
        return (
            ("{...}" if value else "{}")
            if isinstance(value, dict)
            else ("[...]" if value else "[]")
        )
    if isinstance(value, str):
        return (
            '"'
            + one_line(value[:40] + ("..." if len(value) > 40 else "")).replace('"', '\\"')
            + '"'
        )
    return str(value).lower() if isinstance(value, bool) else repr(value)


def one_line(text):
    """Text on one line: what a terminal would not print becomes an escape."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def kind_text(value):
    kinds = {bool: "a boolean", type(None): "nothing (leave the key out instead)"}
    return {**KINDS, **kinds}.get(type(value)) or f"a {type(value).__name__}"


def _range(rules):
    return " and ".join(
        f"{sign} {rules[name]:g}" for name, (sign, _) in LIMITS.items() if name in rules
    )


def expected(hint, rules):
    """What an annotation and its limits allow: "a number > 0 or a string"."""
    words = []
    for arm in arms(hint):
        kind = typing.get_origin(arm) or arm
        word = "a table" if dataclasses.is_dataclass(kind) else KINDS.get(kind, str(kind))
        if kind in (int, float) and _range(rules):
            word += f" {_range(rules)}"
        if kind in map(type, rules.get("choices") or ()):
            word = " | ".join(shown(choice) for choice in rules["choices"] if type(choice) is kind)
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
    for key, f in keys_of(cls).items():
        default = f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default
        if required(f):
            default = "required"
        else:
            default = (
                "none"
                if default is None
                else "see below"
                if dataclasses.is_dataclass(default)
                else literal_of(default)
            )
        yield Row(
            prefix + key,
            expected(hints[f.name], f.metadata),
            default,
            f.metadata.get("unit", ""),
            f.metadata.get("doc", ""),
        )
        for arm in arms(hints[f.name]):
            if dataclasses.is_dataclass(arm):
                yield from describe(arm, f"{prefix}{key}.")


def as_json(value):
    """A checked value in JSON's types: tables by their TOML keys, numbers that are not finite as text."""
    if dataclasses.is_dataclass(value):
        return {key: as_json(getattr(value, f.name)) for key, f in keys_of(type(value)).items()}
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


# ---- writing --------------------------------------------------------------------------------------------------------


def render(tree):
    """TOML text of nested dicts; below the top level tables are written in line, which keeps the order of a sweep."""
    lines = [
        f"{_quoted(key)} = {literal_of(value)}"
        for key, value in tree.items()
        if not isinstance(value, dict)
    ]
    for name, table in tree.items():
        if isinstance(table, dict):
            lines += [
                "",
                f"[{_quoted(name)}]",
                *(f"{_quoted(key)} = {literal_of(value)}" for key, value in table.items()),
            ]
    return "\n".join(lines) + "\n"


def _quoted(key):
    return key if BARE.fullmatch(key) else literal_of(key)


def literal_of(value):
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{_quoted(key)} = {literal_of(item)}" for key, item in value.items())
            + "}"
        )
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(literal_of, value)) + "]"
    if isinstance(value, str):  # JSON leaves DEL as it is, TOML does not take it
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)
