"""Reading a result file: named arrays with units, and the parameters it was computed with.

    with hpcneq.open("out.h5") as result:
        result.t, result.delta.units, result.summary["delta_final"], result.parameters["U"]

Needs neither MPI nor the ranks that wrote it; works while the run goes on and after it was killed.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ..config.words import nearest_file
from ..errors import InputError
from . import vetting
from .hdf5 import File, attempt, data_sets, open_file, os_reason, plain, refuse_hollow

LIVELY = 60.0  # s since its last change in which a file may be caught in the writing
FORMAT, FORMAT_VERSION = "hpcneq", 2
TEXTS = ("summary", "errors", "warnings", "resolved", "parts")  # JSON texts in the root
Value: TypeAlias = Any  # what TOML and JSON can hold: number, text, list or table
EXIT_CODES = {"running": None, "complete": 0, "not-converged": 3, "stopped": 75}


class Array(np.ndarray[tuple[int, ...], np.dtype[np.generic]]):
    """A stored data set: a numpy array with units, a long name and the names of its axes.

    These belong to the whole data set: a slice or a product is a plain number array without them.
    """

    units: str = ""
    long_name: str = ""
    axes: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: ArrayLike, units: str, long_name: str, axes: Sequence[str]) -> Array:
        """``values`` with their description."""
        array = np.asarray(values).view(cls)
        array.units, array.long_name, array.axes = units, long_name, tuple(axes)
        return array


class Result:
    """One result file, read on demand.

    ``result.name`` or ``result["name"]`` is an `Array`; `keys` lists them.

    status, system, task, input : text (``input`` is the TOML verbatim) resolved : dict, the input
    with all defaults, by table; `parameters`, `numerics`, `sweep` are parts of it summary, errors :
    dict; warnings : list; doubts : sentences on its input; parts : list of dicts, the run up to its
    first stop and each resume (who, where, when, with what); provenance, attrs : dict of root
    attributes Rows are those on disk when
    it was opened; open again to see a running calculation's later ones.
    """

    def __init__(self, path: str | Path, own: bool = False):
        """Read the attributes.

        own : this program writes the file, which therefore needs no vetting.
        Raises InputError if this is no result file this version can read.
        """
        self.path = os.fspath(path)
        self._damaged: dict[str, str] = {}
        if not own and os.path.isfile(self.path):
            self._damaged = vetting.vet(self.path)
        with vetting.one_line(self.path):
            self._read_attributes()

    def _read_attributes(self) -> None:
        with _open(self.path) as file:
            _check_format(file, self.path)
            self.attrs = {name: _value(value) for name, value in file.attrs.items()}
            texts = {name: _stored_text(file, name, self.attrs) for name in TEXTS}
            self._names = [name for name in data_sets(file) if name not in TEXTS]
            self._rows = {
                name: int(file[name].attrs["rows"])
                for name in self._names
                if "rows" in file[name].attrs
            }
        self.status = _text(self.attrs, "status", "running")
        self.system, self.task = _text(self.attrs, "system"), _text(self.attrs, "task")
        self.input = _text(self.attrs, "input")
        self.summary: dict[str, Value] = _json(texts, "summary", dict)
        self.errors: dict[str, Value] = _json(texts, "errors", dict)
        self.warnings: list[str] = _json(texts, "warnings", list)
        self.resolved: dict[str, dict[str, Value]] = _json(texts, "resolved", dict)
        self.parts: list[dict[str, Value]] = _json(texts, "parts", list)
        self.doubts: list[str] = _json(self.attrs, "doubts", list)
        self.format_version = int(self.attrs["format_version"])
        self.provenance = {
            name: self.attrs[name]
            for name in _json(self.attrs, "provenance", list)
            if name in self.attrs
        }
        if self.parts:
            self.provenance["parts"] = self.parts

    @property
    def parameters(self) -> dict[str, Value]:
        """The [parameters] of the run with all defaults; other tables are in ``resolved``."""
        return self.table("parameters")

    @property
    def numerics(self) -> dict[str, Value]:
        """The [numerics] of the run with every default filled in."""
        return self.table("numerics")

    @property
    def sweep(self) -> dict[str, Value]:
        """key -> list of values, the slow key first; empty where the run had no [sweep]."""
        return self.table("sweep")

    def table(self, name: str) -> dict[str, Value]:
        """A table of the input with all defaults; empty if the task has none of that name.

        Raises InputError for a file of format 1, which did not keep defaults.
        """
        if not self.resolved:
            raise InputError(
                f"{self.path}: was written by an older hpcneq (format "
                f"{self.format_version}), which did not keep "
                "all parameters; compute it again with: hpcneq run INPUT.toml"
            )
        return self.resolved.get(name) or {}

    def number(self, name: str) -> float:
        """The number ``name`` of the summary; nan where it has none."""
        value = self.summary.get(name)
        return math.nan if value is None else float(value)

    def keys(self) -> list[str]:
        """Names of the stored arrays."""
        return list(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, name: str) -> Array:
        """The `Array` of that name. KeyError lists what there is."""
        if name not in self._names:
            raise KeyError(
                f"{self.path} has no {name!r}; it holds {', '.join(self._names) or 'no arrays yet'}"
            )
        if name in self._damaged:
            raise InputError(self._damaged[name])
        with vetting.one_line(self.path, f"{name} is damaged"), _open(self.path) as file:
            return _read(file, name, self._rows)

    def __getattr__(self, name: str) -> Array:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(f"{name}: neither an array of this result nor part of Result")
        return self[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._names]

    def __repr__(self) -> str:
        names = ", ".join(self._names)
        return f"<Result {self.path}: {self.system} {self.task}, {self.status}; {names}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is held open between reads."""

    def as_json_object(self) -> dict[str, Value]:
        """What ``hpcneq show --json`` prints: a dict that JSON can hold."""
        content = {
            "format_version": self.attrs["format_version"],
            "status": self.status,
            "exit_code": EXIT_CODES.get(self.status),
            "system": self.system,
            "task": self.task,
            "summary": self.summary,
            "errors": self.errors,
            "warnings": self.warnings,
            "provenance": self.provenance,
        }
        return {name: plain(value) for name, value in content.items()}


def _open(path: str, patience: float = 0.5) -> File:
    """The file, or an InputError of one line; if caught in a flush, it is tried again."""
    if os.path.isdir(path):
        raise InputError(f"{path}: is a folder, not a result file")
    if not os.path.isfile(path):
        meant = nearest_file(Path(path), ".h5").strip()
        raise InputError(f"{path}: there is no such file" + (meant and f"; {meant}"))
    end = time.monotonic()
    if abs(time.time() - os.path.getmtime(path)) < LIVELY:
        end += patience
    while True:
        faults: list[str] = []
        file = attempt(faults, open_file, path, "r")
        if file is not None:
            return file
        if not _is_hdf5(path) or time.monotonic() > end:
            raise InputError(f"{path}: is not an hpcneq result file, or is damaged ({faults[0]})")
        time.sleep(0.05)


def _is_hdf5(path: str) -> bool:
    """True if the file starts as HDF5 files do."""
    try:
        with open(path, "rb") as file:
            return file.read(8) == b"\x89HDF\r\n\x1a\n"
    except OSError:
        return False


def _check_format(file: File, path: str) -> None:
    """InputError unless this is a result file of a format this version knows."""
    if _value(file.attrs.get("format", b"")) != FORMAT:
        raise InputError(f"{path}: is an HDF5 file, but not an hpcneq result")
    version = int(file.attrs["format_version"])
    if version > FORMAT_VERSION:
        raise InputError(
            f"{path}: was written by a newer hpcneq (format {version}, this one reads up to "
            f"{FORMAT_VERSION});"
            " update hpcneq to read it"
        )


def _read(file: File, name: str, rows: Mapping[str, int]) -> Array:
    """A data set, cut to the rows that are whole on disk."""
    data = file[name]
    refuse_hollow(data, f"{file.filename}: {name}")
    axes = tuple(dimension.label or name for dimension in data.dims)
    whole = slice(rows[axes[0]]) if axes and axes[0] in rows else ()
    try:
        values = data[whole]
    except (OSError, RuntimeError) as error:
        raise InputError(f"{file.filename}: {name} is damaged ({os_reason(error)})") from None
    if np.asarray(values).dtype.kind == "S":
        values = np.char.decode(values, "utf-8")
    units, long_name = (_value(data.attrs.get(key, "")) for key in ("units", "long_name"))
    return Array.of(values, units, long_name, axes)


def _stored_text(file: File, name: str, attrs: Mapping[str, object]) -> Value:
    """A JSON text of the root: a data set where it was too long for an attribute."""
    if name in file:
        return file[name][()].decode("utf-8")
    return attrs.get(name)


def _text(attrs: Mapping[str, Value], name: str, default: str = "") -> str:
    """An attribute that is a text; ValueError if it is anything else."""
    value = attrs.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value


def _json(texts: Mapping[str, Value], name: str, kind: type) -> Value:
    """What a JSON text holds, which is a dict or a list; ValueError if it is anything else."""
    value = json.loads(texts.get(name) or "null")
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise ValueError(f"{name} is no {kind.__name__}")
    return value


def _value(value: object) -> Value:
    """An attribute as Python has it: text as str, scalars as numbers."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value.item() if isinstance(value, np.generic) else value
