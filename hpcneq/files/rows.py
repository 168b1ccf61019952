"""The rows of a result file as its checkpoints keep them: written once, beside the state files.

``OUT.h5.ckpt-rows`` only grows. Each checkpoint adds the rows since the one before as one record:
the rows of each data set one after the other, then a line (JSON) that says what they are, their
hash, and place and hash of the line of the record before. A checkpoint names its last line, so that
one that is spoiled, or gone back behind, leaves those before it whole. What else a result file
holds is in the state file itself: a result file without rows (`without_rows`).
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import HpcneqError
from . import names
from .hdf5 import (
    DataSet,
    File,
    added_chunks,
    file_in_memory,
    image,
    make_scale,
    open_file,
    os_reason,
    room_early,
)
from .room import check_room

PIECE = 1 << 24  # bytes read and written at a time
SCALE_ATTRIBUTES = ("CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "DIMENSION_LABELS")
Tail = dict[str, Any]  # where the last line of a checkpoint is: at, bytes, sha256


def path_of(target: str | Path) -> str:
    """The rows that the checkpoints of a result file share."""
    return f"{target}.ckpt-rows"


# ---- writing -------------------------------------------------------------------------------------


class RowLog:
    """The rows that one run's checkpoints have kept so far; on rank 0 alone.

    tail : of the checkpoint that the run goes on from. counts : growing axis -> its rows then.
    """

    def __init__(self, target: str | Path, tail: Tail | None, counts: Mapping[str, int]) -> None:
        self.path = path_of(target)
        self.tail = tail
        self.counts = dict(counts)

    def add(self, file: File, counts: Mapping[str, int], rest: list[bytes]) -> Tail | None:
        """Keep the rows of an open result file up to ``counts``; the tail for the checkpoint.

        rest : gets the bytes of the file without its rows. Raises HpcneqError if the file cannot be
        read or the rows cannot be written.
        """
        try:
            rest.append(without_rows(file))
            return self._add(file, counts)
        except (OSError, RuntimeError) as error:
            if isinstance(error, HpcneqError):
                raise
            raise HpcneqError(f"{self.path}: cannot write it ({os_reason(error)})") from None

    def _add(self, file, counts):
        blocks = []
        for name, axis, data in growing(file):
            begin, end = self.counts.get(axis, 0), counts.get(axis, 0)
            if end > begin:
                blocks.append((name, begin, end, data))
        if not blocks:
            return self.tail
        size = sum((end - begin) * row_bytes(data) for _, begin, end, data in blocks)
        check_room(self.path, size + 4096 + 200 * len(blocks))
        self.tail = self._append(blocks)
        self.counts = dict(counts)
        return self.tail

    def _append(self, blocks):
        """Write a record at the end of the file."""
        if self.tail is None:
            refuse_strange(self.path)
            names.replace(self.path, names.ROWS)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        with open(handle, "ab", buffering=0) as out:
            start = out.seek(0, os.SEEK_END)
            checksum = hashlib.sha256()
            for _, begin, end, data in blocks:
                for piece in _pieces(data, begin, end):
                    raw = data[piece].tobytes()
                    checksum.update(raw)
                    _write_all(out, raw)
            at = out.tell()
            line = {
                "before": self.tail,
                "start": start,
                "sha256": checksum.hexdigest(),
                "sets": [[name, begin, end] for name, begin, end, _ in blocks],
            }
            text = json.dumps(line).encode("ascii")
            _write_all(out, text + b"\n")
            os.fsync(handle)
        return {"at": at, "bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}


def _write_all(out, raw):
    """Write every byte: the system may take some of them only."""
    view = memoryview(raw)
    while view:
        view = view[out.write(view) :]


def refuse_strange(path: str) -> None:
    """HpcneqError if a file of that name is none of ours."""
    begin = names.head(path)
    if os.path.lexists(path) and begin is not None and not begin.startswith(names.ROWS):
        raise HpcneqError(f"{path}: is not of hpcneq; move it away")


def growing(file: File) -> Iterator[tuple[str, str, DataSet]]:
    """(name, growing axis, data set) of all that grows in a result file."""
    for name, data in file.items():
        if data.ndim and data.maxshape[0] is None:
            yield name, data.dims[0].label or name, data


def row_bytes(data: DataSet) -> int:
    """Bytes of one row."""
    return math.prod(data.shape[1:]) * data.dtype.itemsize


def _pieces(data, begin, end):
    """Rows from ``begin`` to ``end`` as slices of a limited size."""
    most = max(1, PIECE // max(1, row_bytes(data)))
    for first in range(begin, end, most):
        yield slice(first, min(first + most, end))


# ---- reading -------------------------------------------------------------------------------------


def fault(target: str | Path, tail: Tail | None) -> str | None:
    """What is wrong with the rows a checkpoint needs, None if they are whole."""
    if tail is None:
        return None
    try:
        with open(path_of(target), "rb") as file:
            for line, end in _lines(file, tail):
                checksum, left = hashlib.sha256(), end - line["start"]
                file.seek(line["start"])
                while left and (piece := file.read(min(left, PIECE))):
                    checksum.update(piece)
                    left -= len(piece)
                if checksum.hexdigest() != line["sha256"]:
                    return f"its rows in {os.path.basename(file.name)} are damaged"
    except FileNotFoundError:
        return f"there is no {os.path.basename(path_of(target))}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return f"its rows in {os.path.basename(path_of(target))} are damaged ({os_reason(error)})"
    return None


def _lines(file: BinaryIO, tail: Tail | None) -> Iterator[tuple[dict[str, Any], int]]:
    """(line, end of its rows) of the records a checkpoint needs, the last first.

    Raises ValueError if one is not what it was when written.
    """
    while tail is not None:
        at, count = int(tail["at"]), int(tail["bytes"])
        if at < 0 or count < 0 or count > os.fstat(file.fileno()).st_size:
            raise ValueError("a place outside of the file")
        file.seek(at)
        text = file.read(count)
        if hashlib.sha256(text).hexdigest() != tail["sha256"]:
            raise ValueError("the hash of a record")
        line = json.loads(text)
        if not 0 < line["start"] <= at:
            raise ValueError("the place of a record")
        yield line, at
        tail = line["before"]
        if tail is not None and tail["at"] >= line["start"]:
            raise ValueError("the order of records")


def fill(file: File, target: str | Path, tail: Tail | None) -> None:
    """Put the rows of a checkpoint, which should be whole, into its result file without rows.

    Raises OSError or ValueError.
    """
    if tail is None:
        return
    with open(path_of(target), "rb") as source:
        lines = [line for line, _ in _lines(source, tail)]
        check_room(file.filename, _room(file, lines))
        for line in reversed(lines):
            source.seek(line["start"])
            for name, begin, end in line["sets"]:
                _fill_data_set(file[name], begin, end, source)
    for name, axis, data in growing(file):
        if name == axis:
            data.attrs.modify("rows", np.int64(len(data)))


def _room(file, lines):
    """Bytes that the rows take in a result file: whole chunks, and the tables that find them."""
    ends: dict[str, int] = {}
    for line in lines:
        for name, _, end in line["sets"]:
            ends[name] = max(end, ends.get(name, 0))
    total = 1 << 16
    for name, end in ends.items():
        data = file[name]
        chunk = data.dtype.itemsize * math.prod(data.chunks) + 64
        total += added_chunks(data, 0, end) * chunk
    return total


def _fill_data_set(data, begin, end, source):
    """Lengthen a data set from ``begin`` to ``end`` rows by those that come next."""
    if not isinstance(data, DataSet):
        raise ValueError(f"{data.name} is no data set")
    if len(data) != begin or end < begin:
        raise ValueError(f"rows {begin} to {end} of {data.name} do not follow {len(data)}")
    for piece in _pieces(data, begin, end):
        shape = (piece.stop - piece.start, *data.shape[1:])
        raw = source.read(math.prod(shape) * data.dtype.itemsize)
        block = np.frombuffer(raw, data.dtype).reshape(shape)
        data.resize(piece.stop, 0)
        data[piece] = block


# ---- the rest of a result file -------------------------------------------------------------------


def without_rows(file: File) -> bytes:
    """A result file with the content of an open one but for the rows of what grows, as bytes."""
    with file_in_memory() as copy:
        _copy_attributes(file, copy)
        for name, data in file.items():
            _copy_data_set(copy, name, data)
        for name, data in file.items():
            for there, here in zip(data.dims, copy[name].dims):
                if there.label:
                    here.label = there.label
                for scale in there.values():
                    here.attach_scale(copy[scale.name])
        for name, axis, data in growing(copy):
            if name == axis:
                data.attrs.modify("rows", np.int64(0))
        return image(copy)


def renew(path: str | Path) -> None:
    """Write a result file without rows anew: series of older ones find room late, see `hdf5`."""
    with open_file(path, "r") as file:
        content = without_rows(file)
    with open(path, "wb") as out:
        out.write(content)


def _copy_data_set(copy, name, data):
    """The same data set, without rows if it grows."""
    form = {}
    if data.chunks is not None:
        form = {"chunks": data.chunks, "maxshape": data.maxshape, "dcpl": room_early()}
    shape = data.shape
    grows = data.ndim > 0 and data.maxshape[0] is None
    if grows:
        shape = (0, *shape[1:])
    made = copy.create_dataset(name, shape, data.dtype, **form)
    if not grows and data.size:
        made[...] = data[...]
    if "CLASS" in data.attrs:
        make_scale(made, name)
    _copy_attributes(data, made)


def _copy_attributes(source, copy):
    """The same attributes, but those of dimension scales."""
    for name, value in source.attrs.items():
        if name not in SCALE_ATTRIBUTES:
            copy.attrs.create(name, value, dtype=source.attrs.get_id(name).dtype)
