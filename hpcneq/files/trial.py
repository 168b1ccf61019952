"""A received file read in a process of its own, which may crash in the place of the one that asks.

It writes JSON lines: {"reading": what} before each thing it reads, and at the end {"fault": why the
file cannot be opened or None, "damaged": {data set: why it cannot be read}}.
"""

from __future__ import annotations

import json
import resource

from ..errors import InputError
from . import checkpoint, vetting
from .hdf5 import open_file, refuse_hollow
from .reader import Result

PIECE = 1 << 26  # bytes read at a time
MOST = 1 << 30  # bytes of a data set that are all read; of a larger one its beginning and its end


def main(path: str) -> None:
    """Read all that `reader` or `checkpoint` may read of the file."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    fault = None
    damaged: dict[str, str] = {}
    try:
        with vetting.one_line(path):
            damaged = _all_of(path)
    except InputError as error:
        fault = str(error)
    _say({"fault": fault, "damaged": damaged})


def _all_of(path: str) -> dict[str, str]:
    """Data sets that cannot be read; InputError if the file cannot be opened."""
    damaged: dict[str, str] = {}
    _say({"reading": "its attributes"})
    if checkpoint.is_checkpoint(path):
        checkpoint.read_meta(path)
        return damaged
    for name in Result(path, own=True).keys():
        _say({"reading": name})
        try:
            with vetting.one_line(path, f"{name} is damaged"):
                _read(path, name)
        except InputError as error:
            damaged[name] = str(error)
    return damaged


def _say(what: dict[str, object]) -> None:
    print(json.dumps(what), flush=True)


def _read(path: str, name: str) -> None:
    """A data set, with its attributes and axes, in pieces."""
    with open_file(path, "r") as file:
        data = file[name]
        refuse_hollow(data, f"{path}: {name}")
        dict(data.attrs)
        [(axis.label, len(axis)) for axis in data.dims]
        if not data.ndim:
            data[()]
            return
        rows = max(1, PIECE * len(data) // max(data.size * data.dtype.itemsize, 1))
        pieces = range(0, len(data), rows)
        if len(pieces) * PIECE > MOST:
            pieces = [*pieces[:8], *pieces[-8:]]
        for first in pieces:
            data[first : first + rows]
