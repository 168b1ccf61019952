"""What a result depends on, key by key: two runs with the same are the same run."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from . import checkpoint

# PETSc options that change no number.
UNPHYSICAL = re.compile(r"monitor|view|log|info|options_left|malloc|error_output")
CONTENT = " (the file's content)"  # ends the name of what a file held
Option = tuple[str, str | None]  # name and value of a PETSc option


class Checked(Protocol):
    """What is used of a checked input, see `hpcneq.config.load.Run`."""

    @property
    def system(self) -> str:
        """Name of the system."""

    @property
    def task(self) -> str:
        """Name of the task."""

    @property
    def parameters(self) -> Any:
        """[parameters], checked."""

    @property
    def numerics(self) -> Any:
        """[numerics], checked."""

    @property
    def initial(self) -> Any:
        """[initial], checked."""

    @property
    def tables(self) -> Mapping[str, Any]:
        """Further tables by name."""

    @property
    def run(self) -> Any:
        """[run], checked."""

    @property
    def sweep(self) -> Mapping[str, np.ndarray]:
        """Swept key -> (n,) values."""

    @property
    def petsc(self) -> Mapping[str, Any]:
        """PETSc options by name."""

    @property
    def text(self) -> str:
        """The TOML."""

    @property
    def folder(self) -> Path:
        """Where relative file names start."""

    def resolved(self) -> dict[str, object]:
        """The input with every default filled in, by table."""


class Physics(dict[str, object]):
    """What a result depends on, key -> value.

    usual : keys with their declared default. A run that was begun before there was such a key has
    it, too: a new one's default is what was done before.
    """

    usual: frozenset[str] = frozenset()


def physics(checked: Checked, options: Iterable[Option] = ()) -> Physics:
    """Key -> value of all that a result depends on: not the run's length, its output and limits.

    options : PETSc options from the command line. A file that the input names, by a key declared to
    do so, counts with its content.
    """
    tables = tables_of(checked)
    values = {"system": checked.system, "task": checked.task, "run.seed": checked.run.seed}
    for name, table in tables.items():
        _flatten(name, table, values)
    values |= {f"sweep.{key}": points.tolist() for key, points in checked.sweep.items()}
    numerical = [item for item in checked.petsc.items() if not UNPHYSICAL.search(item[0])]
    values |= {f"petsc.{key}": value for key, value in numerical}
    numerical = [item for item in options if not UNPHYSICAL.search(item[0])]
    values |= {f"-- -{key}": value for key, value in numerical}
    for key, name in file_names(tables):
        content = _content(checked.folder, name)
        if content is not None:
            values[key + CONTENT] = content
    found = Physics(checkpoint.loads(checkpoint.dumps(values)))
    usual: dict[str, object] = {}
    for name, table in tables.items():
        _flatten_usual(name, table, usual)
    found.usual = frozenset(usual)
    return found


def _flatten_usual(path, table, values):
    """Put the keys that have their default into ``values``, as `_flatten` names them."""
    if isinstance(table, dict):
        for key, item in table.items():
            _flatten_usual(f"{path}.{key}", item, values)
    if not dataclasses.is_dataclass(table) or isinstance(table, type):
        return
    for field in dataclasses.fields(table):
        default, value = field.default, getattr(table, field.name)
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        if type(value) is type(default) and value == default:
            _flatten(f"{path}.{field.name}", value, values)
        else:
            _flatten_usual(f"{path}.{field.name}", value, values)


def _flatten(path, value, values):
    """Put the keys of a nested table or dataclass into ``values``, dotted; None is left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, dict):
        for key, item in value.items():
            _flatten(f"{path}.{key}", item, values)
    elif value is not None:
        values[path] = value


def tables_of(checked: Checked) -> dict[str, Any]:
    """Every checked table of an input by name, but [run], [sweep] and [petsc]."""
    return {
        "parameters": checked.parameters,
        "numerics": checked.numerics,
        "initial": checked.initial,
        **checked.tables,
    }


def file_names(tables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """("initial.file", name of a file) of each key that is declared to name one and does."""
    for path, table in tables.items():
        if isinstance(table, dict):
            yield from file_names({f"{path}.{name}": item for name, item in table.items()})
        if isinstance(table, list):
            yield from file_names({f"{path}.{i}": item for i, item in enumerate(table)})
        if not dataclasses.is_dataclass(table) or isinstance(table, type):
            continue
        for field in dataclasses.fields(table):
            value = vars(table)[field.name]
            if field.metadata.get("names_file") and isinstance(value, str):
                yield f"{path}.{field.name}", value
            yield from file_names({f"{path}.{field.name}": value})


def named_file(folder: str | Path, name: str) -> Path | None:
    """The file that a value of the input names, "file.py:function" too; None if there is none."""
    try:
        path = Path(folder, name)
        if not path.is_file() and ".py:" in name:  # a function in a file
            path = Path(folder, name.rpartition(":")[0])
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None


def contents(checked: Checked) -> dict[str, str]:
    """{value of the input: SHA-256 of the file that it names}, of those that are there."""
    hashes = {name: _content(checked.folder, name) for _, name in file_names(tables_of(checked))}
    return {name: text for name, text in hashes.items() if text is not None}


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file. Raises OSError."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _content(folder, name):
    """The hash of a file beside the input, None if there is none of that name."""
    path = named_file(folder, name)
    try:
        return None if path is None else sha256(path)
    except OSError:
        return None


def changed(saved: Mapping, now: Mapping) -> list[str]:
    """Keys in which two physics differ; the content of a file counts where both know it.

    A file may be gone when a run is continued, which has read it. Keys that were not known when
    ``saved`` was written count where they have another value than their default.
    """
    known = saved.keys() | (now.keys() - getattr(now, "usual", frozenset()))
    different = [key for key in sorted(known) if saved.get(key) != now.get(key)]
    return [key for key in different if not key.endswith(CONTENT) or (key in saved and key in now)]


def carried(saved: Mapping[str, object], now: Physics) -> Physics:
    """The physics ``now`` of a run that is continued, with the files' contents it began with."""
    contents = {key: value for key, value in saved.items() if key.endswith(CONTENT)}
    found = Physics(now | contents)
    found.usual = now.usual
    return found
