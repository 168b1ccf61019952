"""The words of a mistake in an input: where, what was given, what is allowed or was meant."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

from ..errors import InputError

BARE = re.compile(r"[A-Za-z0-9_-]+")  # names that TOML takes without quotes
LONGEST_FILE_NAME = 255  # bytes, of common file systems
LONGEST_PATH = 4095  # bytes that system calls take
LONGEST_NAME = 60  # characters of a name that are shown or compared
OF_A_RUN = re.compile(r"^\.|\.(lock|journal|ckpt-\w+|sha256)$")  # files that nobody means
KINDS: dict[type, str] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a string",
    dict: "a table",
    list: "a list",
    tuple: "a list",
}


def fail(path: tuple[str, ...], value: object, message: str) -> NoReturn:
    """Raise InputError for the value at ``path``, a tuple such as ("leads", "left", "T")."""
    raise InputError(f"{where(path)} = {shown(value)}: {message}")


def unknown(
    path: tuple[str, ...],
    value: object,
    known: Iterable[str],
    homes: Mapping[str, str],
    docs: Mapping[str, str] | None = None,
) -> NoReturn:
    """Raise InputError for a key that is not known there.

    homes : key -> table where it belongs. docs : key -> what it is, for a word that says the same.
    """
    known = list(known)
    meant = nearest(path[-1], known, docs)
    if path[-1] in homes:
        meant = f"belongs in [{homes[path[-1]]}]; "
    what = "table" if len(path) == 1 and isinstance(value, dict) else "key"
    label = "known tables" if len(path) == 1 else "known keys"
    fail(
        path, value, f"unknown {what}; {meant}{label}: {', '.join(map(key_text, known)) or 'none'}"
    )


def nearest(word: str, known: Iterable[object], docs: Mapping[str, str] | None = None) -> str:
    """'did you mean "gamma"? ' or nothing: a name like it, else one that means it.

    docs : name -> what it is.
    """
    lowered = {str(name).lower(): name for name in known}
    close = difflib.get_close_matches(word[:LONGEST_NAME].lower(), list(lowered), 1)
    meant = str(lowered[close[0]]) if close else meant_key(word, docs or {})
    return f'did you mean "{meant}"? ' if meant else ""


def meant_key(word: str, docs: Mapping[str, str]) -> str:
    """The key whose meaning ``word`` is: "Temperature" is T, "temperature of the leads"; or "".

    docs : key -> what it is. The first words of a meaning count before later ones.
    """
    wanted = re.sub(r"[^a-z]+", " ", word.lower()).strip()
    if len(wanted) < 4:
        return ""
    places = {key: f" {doc.lower()}".find(f" {wanted}") for key, doc in docs.items()}
    named = [key for key, place in places.items() if place >= 0]
    return min(named, key=lambda key: places[key], default="")


def nearest_file(path: Path, ending: str) -> str:
    """'did you mean "mine.toml"? ' from the files in its folder, or nothing.

    ending : of the files that are wanted, which may have been left out.
    """
    try:
        names = [name for name in os.listdir(path.parent) if not OF_A_RUN.search(name)]
    except (OSError, ValueError):
        return ""
    if path.name + ending in names:
        return f"did you mean {shown(str(path) + ending)}? "
    same = [name for name in names if Path(name).suffix == path.suffix]
    for known in (same, names):
        close = difflib.get_close_matches(path.name[:LONGEST_NAME], known, 1, 0.7)
        if close:
            return f"did you mean {shown(str(path.parent / close[0]))}? "
    return ""


def refuse_name(path: Path, room: int = 0) -> None:
    """InputError for the name of a file that cannot be, or has no ``room`` bytes for endings."""
    most = LONGEST_FILE_NAME - room
    for part in path.parts:
        if len(os.fsencode(part)) > (most if part == path.name else LONGEST_FILE_NAME):
            words = f"{one_line(part[:LONGEST_NAME])}...: is too long for the name of a file"
            raise InputError(f"{words}; at most {most} bytes")
    if len(os.fsencode(path)) > LONGEST_PATH - room:
        raise InputError(f"{one_line(str(path)[:LONGEST_NAME])}...: is too long a path")
    if "\0" in str(path):
        raise InputError(f"{one_line(str(path))}: must not hold a null byte")


def without_ending(name: str, ending: str) -> str:
    """A file name without its ending ".toml" or ".h5"; other dots belong to the name."""
    if name.lower().endswith(ending) and len(name) > len(ending):
        return name[: -len(ending)]
    return name


def where(path: Iterable[str]) -> str:
    """("leads", "left", "T") -> "[leads.left] T"."""
    names = [key_text(name) for name in path]
    if not names:
        return "input"
    table = ".".join(names[:-1])
    return f"[{table}] {names[-1]}" if table else names[-1]


def key_text(name: str) -> str:
    """A key as it is written in TOML, short."""
    return name if BARE.fullmatch(name) and len(name) < LONGEST_NAME else shown(name)


def shown(value: object) -> str:
    """A value as in TOML, on one line, short, whatever it holds."""
    if isinstance(value, dict):
        return "{...}" if value else "{}"
    if isinstance(value, list):
        return "[...]" if value else "[]"
    if isinstance(value, str):
        dots = "..." if len(value) > 40 else ""
        return '"' + one_line(value[:40] + dots).replace('"', '\\"') + '"'
    return str(value).lower() if isinstance(value, bool) else repr(value)


def one_line(text: str) -> str:
    """Text on one line: what a terminal would not print becomes an escape."""
    return "".join(map(_printable, text))


def _printable(letter: str) -> str:
    if letter.isprintable():
        return letter
    return letter.encode("unicode_escape", "surrogatepass").decode()


def kind_text(value: object) -> str:
    """What kind of thing a value is: "a list"."""
    if value is None:
        return "nothing (leave the key out instead)"
    if isinstance(value, bool):
        return "a boolean"
    return KINDS.get(type(value)) or f"a {type(value).__name__}"
