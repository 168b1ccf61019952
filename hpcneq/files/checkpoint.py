"""State files: what a run needs to go on, written by all ranks together, whole or not at all.

Beside ``out.h5`` lie ``out.h5.ckpt-000007`` and, with its hash, ``out.h5.ckpt-000007.sha256``. A
generation is written under another name, closed, synced, hashed, and only then renamed; a kill at
any instant leaves the generations before it. The file is HDF5: ``meta`` (JSON), arrays in an order
that knows no ranks, and ``result``, the bytes of the result file at that moment, from which that
file is restored. The hash is checked before HDF5 opens anything.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import HpcneqError, InputError
from ..parallel import Communicator, Layout, Part, on_root
from .hdf5 import (
    abandon,
    attempt,
    check_room,
    fail_together,
    open_file,
    os_reason,
    set_attribute,
    write_block,
)

FORMAT, FORMAT_VERSION = "hpcneq-checkpoint", 1
SLAB = 1 << 26  # bytes hashed as one; ranks share the slabs of a file
BLOCK = 2**20  # entries a rank writes in one call: MPI may copy them
PIECE = 1 << 20  # bytes read at a time for a hash
NAME = re.compile(r"\.ckpt-(\d{6,})$")


# ---- numbers and small arrays as JSON ------------------------------------------------------------


def dumps(value: object) -> str:
    """JSON text that gives back every float bit for bit and numpy arrays as they were."""
    return json.dumps(value, default=_encode)


def _encode(value):
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        value = value.item()
    if isinstance(value, (np.generic, complex)):
        value = np.asarray(value)
    if isinstance(value, np.ndarray):
        raw = np.ascontiguousarray(value)
        return {
            "__array__": [
                raw.dtype.str,
                list(value.shape),
                base64.b64encode(raw.tobytes()).decode(),
            ]
        }
    if isinstance(value, (int, float, str)):
        return value
    raise TypeError(f"a checkpoint cannot keep a {type(value).__name__}")


def loads(text: str) -> Any:
    """The value `dumps` was given; tuples come back as lists."""
    return json.loads(text, object_hook=_decode)


def _decode(table):
    if set(table) != {"__array__"}:
        return table
    dtype, shape, raw = table["__array__"]
    array = np.frombuffer(base64.b64decode(raw), dtype).reshape(shape)
    return array[()] if array.ndim == 0 else array.copy()


# ---- names ---------------------------------------------------------------------------------------


def path_of(target: str | Path, number: int) -> str:
    """The state file of one generation."""
    return f"{target}.ckpt-{number:06d}"


def generations(target: str | Path) -> list[int]:
    """Numbers of the generations beside a result file, the newest first."""
    folder, base = os.path.split(os.path.abspath(target))
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    own = (NAME.search(name) for name in names if NAME.sub("", name) == base)
    return sorted((int(match.group(1)) for match in own if match), reverse=True)


def remove(target: str | Path, keep: Iterable[int] = ()) -> None:
    """Delete the generations not in ``keep`` and what a kill during a write left behind."""
    folder, base = os.path.split(os.path.abspath(target))
    needed = {os.path.basename(path_of(base, number)) for number in keep}
    mine = re.compile(re.escape(base) + r"\.ckpt-\w+(\.sha256)?")
    for name in sorted(os.listdir(folder)):  # a file goes before its hash: never a file without one
        if mine.fullmatch(name) and name.removesuffix(".sha256") not in needed:
            os.unlink(os.path.join(folder, name))


# ---- writing -------------------------------------------------------------------------------------


def write(
    comm: Communicator,
    target: str | Path,
    number: int,
    meta: dict,
    arrays: Mapping[str, Part],
    result: str | Path | None = None,
) -> int:
    """Write generation ``number``; returns the bytes written. **Collective.**

    meta : dict, rank 0's. arrays : {name: (this rank's flat array, its start in the whole, size of
    the whole)}. result : name of the result file, whose bytes are kept. Raises HpcneqError on every
    rank, the older generations untouched, if the disk is full or the folder may not be written.
    """
    final, fresh = path_of(target, number), f"{target}.ckpt-new"
    text = on_root(comm, dumps, meta).encode()
    arrays = {**arrays, "meta": _split(comm, np.frombuffer(text, np.uint8))}
    if result is not None:
        arrays["result"] = _bytes_of(comm, result)
    size = sum(total * local.dtype.itemsize for local, _, total in arrays.values())
    on_root(comm, check_room, final, size + (1 << 16))
    _write_arrays(comm, fresh, arrays, meta)
    faults: list[str] = []
    attempt(faults, _sync, fresh)
    fail_together(comm, faults, f"{final}: cannot write it")
    hashes = digest(comm, fresh)
    if comm.rank == 0:
        attempt(faults, _publish, fresh, final, hashes)
    fail_together(comm, faults, f"{final}: cannot write it")
    return size


def _write_arrays(comm, path, arrays, meta):
    """An HDF5 file with these arrays. **Collective.**"""
    faults, made = [], {}
    file = attempt(faults, open_file, path, "w", comm)
    fail_together(comm, faults, f"{path}: cannot create it")
    set_attribute(file, "format", FORMAT)
    set_attribute(file, "format_version", FORMAT_VERSION)
    for name, (local, _, total) in arrays.items():
        made[name] = attempt(faults, file.create_dataset, name, (total,), local.dtype)
    _agree(comm, faults, path, file, made)
    for name, (local, start, _) in arrays.items():
        most = max(comm.allgather(local.size))
        for at in range(0, most, BLOCK):
            corner = [start + min(at, local.size)]
            attempt(faults, write_block, made[name], local[at : at + BLOCK], corner, comm)
            _agree(comm, faults, path, file, made)
    attempt(faults, file.close)
    _agree(comm, faults, path, file, made)


def _agree(comm, faults, path, file, made):
    """Leave together, giving the file up, if the system refused a write on any rank."""
    try:
        fail_together(comm, faults, f"{path}: cannot write it")
    except HpcneqError:
        abandon(file, *made.values())
        raise


def _split(comm, whole):
    """A replicated array as ranks write it."""
    layout = Layout.over(whole.size, comm)
    return whole[layout.start : layout.stop], layout.start, whole.size


def _bytes_of(comm, path):
    """Every rank's part of a file's bytes."""
    size = on_root(comm, os.path.getsize, path)
    layout = Layout.over(size, comm)
    return np.fromfile(path, np.uint8, layout.count, offset=layout.start), layout.start, size


def _sync(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _publish(fresh, final, hashes):
    """The hash first, then the file itself under its name: only both together are a generation."""
    with open(fresh + ".sha256", "w", encoding="ascii") as file:
        file.write(hashes)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh + ".sha256", final + ".sha256")
    os.replace(fresh, final)
    _sync(os.path.dirname(os.path.abspath(final)))


# ---- hashes --------------------------------------------------------------------------------------


def digest(comm: Communicator, path: str) -> str:
    """The text of a ``.sha256`` file: size, and the hash of each slab of the file.

    **Collective.**
    """
    size = on_root(comm, os.path.getsize, path)
    slabs = max(1, -(-size // SLAB))
    layout = Layout.over(slabs, comm)
    mine = []
    with open(path, "rb") as file:
        for slab in range(layout.start, layout.stop):
            file.seek(slab * SLAB)
            checksum, left = hashlib.sha256(), SLAB
            while left and (piece := file.read(min(left, PIECE))):
                checksum.update(piece)
                left -= len(piece)
            mine.append(checksum.hexdigest())
    lines = [line for part in comm.allgather(mine) for line in part]
    return "\n".join([f"sha256 of every {SLAB} bytes of {size}", *lines]) + "\n"


def fault(comm: Communicator, path: str) -> str | None:
    """What is wrong with a state file, or None if it is whole. **Collective.**"""
    expected, reason = on_root(comm, _expected, path)
    if reason is None and digest(comm, path) != expected:
        reason = "its bytes do not have the hash they had when written"
    return reason


def _expected(path):
    try:
        with open(path + ".sha256", encoding="ascii") as file:
            text = file.read()
        size = int(re.match(r"sha256 of every \d+ bytes of (\d+)\n", text).group(1))
        there = os.path.getsize(path)
        if there != size:
            return text, f"it has {there} bytes of {size}"
        return text, None
    except FileNotFoundError as error:
        return None, f"there is no {os.path.basename(error.filename)}"
    except (OSError, ValueError, AttributeError) as error:
        return None, f"its .sha256 cannot be read ({os_reason(error)})"


# ---- reading -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Saved:
    """A whole state file: where it is and what it says."""

    target: str
    number: int
    meta: dict

    @property
    def path(self) -> str:
        """Name of the state file."""
        return path_of(self.target, self.number)

    def read(self, name: str, flat: NDArray, start: int, size: int) -> None:
        """Fill this rank's flat array with entries from ``start`` on of an array of ``size``."""
        with open_file(self.path, "r") as file:
            held = "no such array"
            if name in file:
                data = file[name]
                held = f"{data.size} entries of {data.dtype}"
            if held != f"{size} entries of {flat.dtype}":
                raise InputError(
                    f"{self.path}: {name}: holds {held}, this run needs {size} of {flat.dtype}"
                )
            for at in range(0, flat.size, BLOCK):
                stop = min(at + BLOCK, flat.size)
                data.read_direct(flat, np.s_[start + at : start + stop], np.s_[at:stop])

    def restore_result(self, target: str | Path) -> None:
        """Put the result file of that moment in the place of whatever is there now; on one rank."""
        fresh = f"{target}.ckpt-result"
        try:
            with open_file(self.path, "r") as file, open(fresh, "wb") as out:
                data = file["result"]
                for at in range(0, data.size, SLAB):
                    out.write(data[at : at + SLAB].tobytes())
                out.flush()
                os.fsync(out.fileno())
            os.replace(fresh, target)
            _sync(os.path.dirname(os.path.abspath(target)))
        except OSError as error:
            raise HpcneqError(
                f"{target}: cannot be restored from {self.path} ({os_reason(error)})"
            ) from None


def load(comm: Communicator, target: str | Path, number: int) -> Saved:
    """One generation; InputError if it is not whole. **Collective.**"""
    path = path_of(target, number)
    reason = fault(comm, path)
    if reason is not None:
        raise InputError(f"{path}: is not a whole checkpoint: {reason}")
    return Saved(os.fspath(target), number, on_root(comm, read_meta, path))


def read_meta(path: str) -> dict:
    """The ``meta`` of a state file, which should have been hashed before."""
    with open_file(path, "r") as file:
        version = int(file.attrs["format_version"])
        if version > FORMAT_VERSION:
            raise InputError(
                f"{path}: was written by a newer hpcneq (format {version}, this one reads "
                f"up to {FORMAT_VERSION})"
            )
        return loads(file["meta"][()].tobytes().decode())


def newest(comm: Communicator, target: str | Path, warn: Callable[[str], object]) -> Saved | None:
    """The newest whole generation, None if there never was one; a damaged one is told by ``warn``.

    **Collective.**

    Raises InputError if there are state files and none of them is whole.
    """
    numbers = on_root(comm, generations, target)
    for number in numbers:
        path = path_of(target, number)
        reason = fault(comm, path)
        if reason is None:
            return Saved(os.fspath(target), number, on_root(comm, read_meta, path))
        warn(f"warning: {path} is damaged: {reason}; using an older checkpoint if there is one")
    if numbers:
        raise InputError(
            f"{target}: no whole checkpoint is left ({len(numbers)} damaged); start again with "
            "hpcneq run INPUT.toml --force"
        )
    return None


def is_checkpoint(path: str | Path) -> bool:
    """True if the name is that of a state file."""
    return bool(NAME.search(os.fspath(path)))


def split(path: str | Path) -> tuple[str, int]:
    """(result file, generation) of a state file's name."""
    name, _, number = os.fspath(path).rpartition(".ckpt-")
    return name, int(number)


def written() -> str:
    """The time of writing, for people."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
