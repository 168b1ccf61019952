"""State files: what a run needs to go on, written by all ranks together, whole or not at all.

Beside ``out.h5`` lie ``out.h5.ckpt-000007`` and, with its hash, ``out.h5.ckpt-000007.sha256``. A
generation is written under another name, closed, synced, hashed, and only then renamed; a kill at
any instant leaves the generations before it. The file is HDF5: ``meta`` (JSON), arrays in an order
that knows no ranks, and ``result``, the bytes of the result file without its rows, which all
generations share (`files.rows`): from both that file is restored. The hash is checked before HDF5
opens anything.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import HpcneqError, InputError
from ..parallel import Communicator, Layout, Part, from_root, on_root
from . import names, rows
from .exact_json import dumps as dumps
from .exact_json import loads as loads
from .hdf5 import (
    abandon,
    attempt,
    fail_together,
    open_file,
    os_reason,
    set_attribute,
    write_block,
)
from .room import check_room

FORMAT, FORMAT_VERSION = "hpcneq-checkpoint", 2  # 1: all of the result file in ``result``
SLAB = 1 << 26  # bytes hashed as one; ranks share the slabs of a file
BLOCK = 2**20  # entries a rank writes in one call: MPI may copy them
PIECE = 1 << 20  # bytes read at a time for a hash
NAME = re.compile(r"\.ckpt-(\d{6,})$")


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
    """Delete the generations not in ``keep``, and their rows with the last.

    Only files that begin as ours do: others of such a name stay. Raises HpcneqError if one cannot
    be deleted.
    """
    try:
        _remove(target, set(keep))
    except OSError as error:
        name = error.filename or target
        raise HpcneqError(f"{name}: cannot delete it ({error.strerror})") from None


def _remove(target, keep):
    folder, base = os.path.split(os.path.abspath(target))
    kept = {os.path.basename(path_of(base, number)) for number in keep}
    mine = re.compile(re.escape(base) + r"\.ckpt-\d{6,}(\.sha256)?")
    for name in sorted(os.listdir(folder)):  # a file goes before its hash: never a file without one
        if mine.fullmatch(name) and name.removesuffix(".sha256") not in kept:
            if _is_ours(os.path.join(folder, name)):
                os.unlink(os.path.join(folder, name))
    shared = rows.path_of(os.path.join(folder, base))
    if not keep and (names.head(shared) or b"").startswith(names.ROWS):
        os.unlink(shared)


def _is_ours(path):
    """Whether a file is a state file or its hash: it begins so, or has such a hash beside it."""
    begin = names.head(path)
    if begin is None:
        return False
    if path.endswith(".sha256"):
        return begin.startswith(names.HASHES)
    hashes = names.head(f"{path}.sha256") or b""
    return begin.startswith(names.HDF5) or hashes.startswith(names.HASHES)


# ---- writing -------------------------------------------------------------------------------------


def write(
    comm: Communicator,
    target: str | Path,
    number: int,
    meta: dict,
    arrays: Mapping[str, Part],
    result: bytes | None = None,
) -> int:
    """Write generation ``number``; returns the bytes written. **Collective.**

    meta : dict, rank 0's. arrays : {name: (this rank's flat array, its start in the whole, size of
    the whole)}. result : the bytes of the result file without its rows, rank 0's. Raises
    HpcneqError on every rank, the older generations untouched, if the disk is full or the folder
    may not be written.
    """
    final = path_of(target, number)
    text = on_root(comm, dumps, meta).encode()
    arrays = {**arrays, "meta": _split(comm, np.frombuffer(text, np.uint8))}
    if comm.bcast(result is not None, root=0):
        image = from_root(comm, np.frombuffer(result or b"", np.uint8))
        arrays["result"] = _split(comm, image)
    size = sum(total * local.dtype.itemsize for local, _, total in arrays.values())
    on_root(comm, check_room, final, size + (1 << 16))
    faults: list[str] = []
    fresh = None
    if comm.rank == 0:
        fresh = attempt(faults, names.create, final)
    fail_together(comm, faults, f"{final}: cannot create it")
    fresh = comm.bcast(fresh, root=0)
    try:
        _write_arrays(comm, fresh, arrays)
        attempt(faults, names.sync, fresh)
        fail_together(comm, faults, f"{final}: cannot write it")
        hashes = digest(comm, fresh)
        if comm.rank == 0:
            attempt(faults, _publish, fresh, final, hashes)
        fail_together(comm, faults, f"{final}: cannot write it")
    finally:
        if comm.rank == 0:
            names.discard(fresh)
    return size


def _write_arrays(comm, path, arrays):
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


def _publish(fresh, final, hashes):
    """The hash first, then the file itself under its name: only both together are a generation."""
    names.replace(f"{final}.sha256", hashes.encode("ascii"))
    os.replace(fresh, final)
    names.sync(os.path.dirname(os.path.abspath(final)))


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
        with open(path, "rb"):
            there = os.path.getsize(path)
        if there != size:
            return text, f"it has {there} bytes of {size}"
        return text, None
    except FileNotFoundError as error:
        return None, f"there is no {os.path.basename(error.filename)}"
    except (OSError, ValueError, AttributeError) as error:
        return None, f"it or its .sha256 cannot be read ({os_reason(error)})"


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
        try:
            fresh = names.create(target)
            try:
                with open_file(self.path, "r") as file, open(fresh, "r+b") as out:
                    data = file["result"]
                    for at in range(0, data.size, SLAB):
                        out.write(data[at : at + SLAB].tobytes())
                rows.renew(fresh)
                self._fill(fresh)
                names.sync(fresh)
                os.replace(fresh, target)
            finally:
                names.discard(fresh)
            names.sync(os.path.dirname(os.path.abspath(target)))
        except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
            raise HpcneqError(
                f"{target}: cannot be restored from {self.path} ({os_reason(error)})"
            ) from None

    def _fill(self, path):
        """Put the rows into a result file without them."""
        file = open_file(path, "r+")
        try:
            rows.fill(file, self.target, self.meta.get("tail"))
            file.close()
        except (OSError, RuntimeError, HpcneqError):
            abandon(file, *file.values())
            raise


def load(comm: Communicator, target: str | Path, number: int) -> Saved:
    """One generation; InputError if it is not whole. **Collective.**"""
    saved, reason = _saved(comm, target, number)
    if saved is None:
        raise InputError(f"{path_of(target, number)}: is not a whole checkpoint: {reason}")
    return saved


def _saved(comm, target, number):
    """(a generation, None), or (None, what is wrong with it). **Collective.**"""
    path = path_of(target, number)
    reason = fault(comm, path)
    if reason is not None:
        return None, reason
    meta = on_root(comm, read_meta, path)
    reason = on_root(comm, rows.fault, target, meta.get("tail"))
    if reason is not None:
        return None, reason
    return Saved(os.fspath(target), number, meta), None


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
        saved, reason = _saved(comm, target, number)
        if saved is not None:
            return saved
        path = path_of(target, number)
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
