"""What the user gives, a TOML file, a dict, --set words, as a tree of plain values."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..errors import InputError
from .words import BARE, kind_text, nearest_file, one_line, shown, where

DEPTH = 16  # tables inside tables; real inputs need three
LARGEST_FILE = 2**24  # bytes; stops the reading of a result file or a device given by mistake
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

Tree = dict[str, object]


def read(path: Path) -> str:
    """The text of an input file. Raises InputError if it cannot be one."""
    name = one_line(str(path))
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        meant = nearest_file(path, ".toml").strip()
        what = "cannot be read: No such file or directory"
        raise InputError(f"{name}: {what}" + (meant and f"; {meant}")) from None
    except OSError as error:  # a folder ends here too
        raise InputError(
            f"{name}: cannot be read: {one_line(error.strerror or str(error))}"
        ) from None
    except ValueError as error:  # a null byte in the name
        raise InputError(f"{name}: cannot be read: {one_line(str(error))}") from None
    if len(data) > LARGEST_FILE:
        raise InputError(f"{name}: larger than {LARGEST_FILE >> 20} MiB; is this an input file?")
    try:
        return data.decode("utf-8-sig")  # Windows editors put a byte order mark first
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}: not UTF-8 text (line {line}); is this an input file?") from None


def parse(text: str, name: str) -> Tree:
    """The tree of TOML text; ``name`` is what messages call it."""
    try:
        return plain_tree(tomllib.loads(text))
    except RecursionError:
        raise InputError(f"{name}: not valid TOML: nested too deeply") from None
    except InputError:
        raise
    except ValueError as error:  # TOMLDecodeError, and int() of thousands of digits
        hint = ""
        if re.search(r"^\s*wall_limit\s*=\s*\d+:", text, re.MULTILINE):
            hint = '; a time is text, in quotes: wall_limit = "00:30:00"'
        raise InputError(f"{name}: not valid TOML: {one_line(str(error))}{hint}") from None


def plain_tree(tree: Mapping[str, object]) -> Tree:
    """A copy in TOML's own types."""
    return {_name(key, ()): _plain(value, (key,)) for key, value in tree.items()}


def _plain(value: object, path: tuple[str, ...]) -> object:
    """A copy: numpy scalars and arrays, tuples and Paths become what they stand for."""
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
    kinds = "a number, string, true/false, list or table"
    hint = f'; as text in quotes: "{value}"' if isinstance(value, datetime.time) else ""
    raise InputError(f"{where(path)}: must be {kinds}, got {kind_text(value)}{hint}")


def _name(key: object, path: tuple[str, ...]) -> str:
    if not isinstance(key, str):
        raise InputError(f"{where(path)}: names of keys must be strings, got {kind_text(key)}")
    return _unicode(str(key), path)


def _unicode(text: str, path: tuple[str, ...]) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{where(path)}: {shown(text)} is not valid Unicode") from None
    return text


def override(
    tree: Tree, text: object, home_of: Callable[[str], tuple[str, str]] = lambda key: ("", "")
) -> None:
    """Apply "table.key=value" to the tree, in place. Raises InputError.

    home_of : gives (table, key) for a key without a table, or blanks.
    """
    if not isinstance(text, str):
        raise InputError(f"--set needs a string table.key=value, got {kind_text(text)}")
    name, equals, raw = text.partition("=")
    keys = [part.strip() for part in name.split(".")]
    top_level = len(keys) == 1 and keys[0] not in ("system", "task")
    home, key = home_of(keys[0]) if equals and top_level else ("", "")
    if home:
        hint = f"{key} belongs in [{home}]: --set {home}.{key}={one_line(raw.strip())}"
        raise InputError(f"--set {shown(text)}: must be table.key=value; {hint}")
    if not equals or top_level or not all(map(BARE.fullmatch, keys)):
        raise InputError(f"--set {shown(text)}: must be table.key=value, such as parameters.T=0.01")
    if len(keys) > DEPTH:
        raise InputError(f"--set {shown(text)}: nested deeper than {DEPTH} levels")
    value = _plain(_literal(raw.strip(), text), tuple(keys))
    table: Tree | list[object] = tree
    for depth in range(1, len(keys)):
        inner = _inside(table, keys[:depth], text)
        if not isinstance(inner, (dict, list)):
            what = f"{where(keys[:depth])} is {kind_text(inner)}, not a table"
            raise InputError(f"--set {shown(text)}: {what}")
        table = inner
    if isinstance(table, list):
        _inside(table, keys, text)
        table[int(keys[-1])] = value
    else:
        table[keys[-1]] = value


def _inside(table: Tree | list[object], keys: list[str], text: str) -> object:
    """What stands at the last of ``keys``: of a table, made if it is missing; of a list by place.

    text : the whole override, for messages.
    """
    if isinstance(table, dict):
        return table.setdefault(keys[-1], {})
    if not keys[-1].isdecimal() or int(keys[-1]) >= len(table):
        what = f"{where(keys[:-1])} is a list of {len(table)}; give a place from 0 on"
        raise InputError(f"--set {shown(text)}: {what}")
    return table[int(keys[-1])]


def _literal(raw: str, text: str) -> object:
    """A TOML value; a number as people type it (.02); else the bare word itself.

    Also where TOML sees a time in it: a shell eats the quotes of "01:30:00".
    """
    try:
        tree = tomllib.loads(f"value = {raw}")
    except (ValueError, RecursionError):
        if NUMBER.fullmatch(raw) and len(raw) < 100:
            return int(raw) if raw.lstrip("+-").isdigit() else float(raw)
        if raw and raw[0] not in "[{\"'" and raw.isprintable():
            return raw
        tree = {}
    if set(tree) != {"value"}:
        raise InputError(f"--set {shown(text)}: the value is not valid TOML")
    return raw if isinstance(tree["value"], datetime.time) else tree["value"]
