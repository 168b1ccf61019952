"""Nested dicts written as TOML text; Python's own library only reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .words import BARE


def render(tree: Mapping[str, object]) -> str:
    """TOML text of nested dicts.

    Below the top level tables are written in line, which keeps the order of a sweep.
    """
    lines = [_entry(key, value) for key, value in tree.items() if not isinstance(value, dict)]
    for name, table in tree.items():
        if isinstance(table, dict):
            lines += ["", f"[{_name(name)}]"]
            lines += [_entry(key, value) for key, value in table.items()]
    return "\n".join(lines) + "\n"


def literal_of(value: object) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(_entry(key, item) for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(literal_of, value)) + "]"
    if isinstance(value, str):  # JSON leaves DEL as it is, TOML does not take it
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _entry(key: str, value: object) -> str:
    return f"{_name(key)} = {literal_of(value)}"


def _name(key: str) -> str:
    return key if BARE.fullmatch(key) else literal_of(key)
