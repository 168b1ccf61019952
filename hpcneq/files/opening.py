"""How a result file begins, how it is known again, and how it is cut back to go on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import HpcneqError, InputError
from ..parallel import Communicator
from . import checksum, names, vetting
from .hdf5 import (
    DataSet,
    File,
    abandon,
    attempt,
    fail_together,
    fixed_text,
    open_file,
    set_attribute,
)
from .reader import EXIT_CODES, FORMAT, FORMAT_VERSION, TEXTS

STATUSES = tuple(EXIT_CODES)
RESERVED = ("format", "format_version", "status", "provenance", *TEXTS)


def prepare(
    path: str | Path, provenance: Mapping[str, object], force: bool
) -> tuple[str, str, dict[str, object]]:
    """On rank 0: (file to make, new name beside it, attributes); InputError if it may not be."""
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if os.path.exists(target) and not os.path.isfile(target):
        raise InputError(f"{path}: is not a file")
    if os.path.exists(target) and not force:
        raise InputError(
            f"{path}: exists already; give another name with -o, or --force to overwrite it"
        )
    if not os.path.isdir(folder):
        raise InputError(f"{path}: there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path}: no permission to write into {folder}")
    for name, value in provenance.items():
        if isinstance(value, str):
            fixed_text(name, value)
    try:
        fresh = names.create(target)
    except OSError as error:
        raise HpcneqError(f"{path}: cannot create it ({error.strerror})") from None
    return target, fresh, dict(provenance)


def identity(path: str | Path) -> tuple[int, int] | None:
    """What tells a file from another one of the same name; None if there is none."""
    try:
        there = os.stat(path)
    except OSError:
        return None
    return there.st_dev, there.st_ino


def foreign(path: str | Path, known: tuple[int, int] | None) -> str | None:
    """What has happened to a file that is being written, in words; None if it is still there."""
    now = identity(path)
    if now == known:
        return None
    if now is None:
        return "was deleted or moved while this run was writing it"
    return "was replaced by another file while this run was writing it; that file is left alone"


def describe(file: File, items: Mapping[str, object]) -> None:
    """The root attributes of a new file; "provenance" lists those that tell where it comes from."""
    set_attribute(file, "format", FORMAT)
    set_attribute(file, "format_version", FORMAT_VERSION)
    set_status(file, "running")
    items = {
        name: value for name, value in items.items() if value is not None and name not in RESERVED
    }
    set_attribute(file, "provenance", json.dumps(list(items)))
    for name, value in items.items():
        set_attribute(file, name, value)


def rewind(path: str | Path, rows: Mapping[str, int]) -> str:
    """On rank 0: cut a file's growing axes back to ``rows``; InputError if it has fewer."""
    target = os.path.realpath(path)
    with vetting.one_line(path, "cannot be read"):
        vetting.vet(target)
        checksum.unseal(target)
        with open_file(target, "r+") as file:
            if file.attrs.get("format") != FORMAT.encode():
                raise InputError(f"{path}: is not an hpcneq result file")
            for name, data in file.items():
                if data.ndim and data.maxshape[0] is None:
                    axis = data.dims[0].label or name
                    _shorten(path, data, int(file[axis].attrs["rows"]), rows.get(axis, 0))
            set_status(file, "running")
    return target


def _shorten(path, data, whole, rows):
    """Cut a data set of ``whole`` counted rows to ``rows``."""
    if min(len(data), whole) < rows:
        raise InputError(
            f"{path}: holds {min(len(data), whole)} of the {rows} rows of {data.name.lstrip('/')}"
        )
    data.resize(rows, 0)


def set_status(file: File, status: str) -> None:
    """Write the status in place, with room for the longest."""
    value = fixed_text("status", status, max(map(len, STATUSES)))
    if "status" in file.attrs:
        file.attrs.modify("status", value)
    else:
        file.attrs.create("status", value)


def refuse_other(what: str, data: DataSet, shape: Sequence[int | None], dtype: np.dtype) -> None:
    """InputError if a data set has another shape (None: grows) or type than this run gives it."""
    there: tuple[int | None, ...] = data.shape
    if tuple(shape[:1]) == (None,):
        there = (None, *there[1:])
    if there != tuple(shape) or data.dtype != dtype:
        raise InputError(
            f"{what} holds {data.dtype} {data.shape}, this run gives {dtype} {tuple(shape)}"
        )


def added(parts: Iterable[Mapping[str, tuple[int, int]]]) -> dict[str, tuple[int, int]]:
    """Name -> (bad values, all values) over ranks, of those that have bad ones."""
    counts: dict[str, tuple[int, int]] = {}
    for part in parts:
        for name, (bad, size) in part.items():
            before = counts.get(name, (0, 0))
            counts[name] = (before[0] + bad, before[1] + size)
    return {name: count for name, count in counts.items() if count[0]}


def scalars(summary: Mapping[str, object]) -> dict[str, object]:
    """The entries of a summary that are one number or text."""
    return {
        name: value
        for name, value in summary.items()
        if not isinstance(value, (list, tuple, dict)) and np.asarray(value).ndim == 0
    }


def close_whole(
    comm: Communicator, file: File, faults: list[str], what: str, *parts: DataSet
) -> None:
    """Close a file whose tables can be written; else leave it as it is. **Collective.**

    h5py crashes later where HDF5 fails within the closing. Raises HpcneqError on every rank.
    """
    attempt(faults, file.flush)
    try:
        fail_together(comm, faults, what)
    except HpcneqError:
        abandon(file, *parts)
        raise
    attempt(faults, file.close)
    fail_together(comm, faults, what)
