"""The checksum that a finished result file carries: whether its bytes are those of the run's end.

It is one line behind all that HDF5 wrote, ``hpcneq-sha256 SIZE HASH``: readers of HDF5 ignore what
follows their data, and who writes into the file with HDF5 drops it. HASH is the SHA-256 of the
hashes of every `SLAB` bytes of the SIZE bytes before, so that ranks share the work. A run that is
going on, or was killed, has no such line.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from ..parallel import Communicator, Layout, on_root
from .hdf5 import attempt, fail_together

SLAB = 1 << 26  # bytes hashed as one
PIECE = 1 << 20  # bytes read at a time
FORM = re.compile(rb"\nhpcneq-sha256 (\d{20}) ([0-9a-f]{64})\n")
LENGTH = 101  # bytes of the line
HOLDS = "holds"
BROKEN = "broken"
ABSENT = "absent"


def slab_hash(path: str | Path, slab: int, size: int) -> str:
    """The hash of one slab of the first ``size`` bytes of a file."""
    checksum = hashlib.sha256()
    left = min(SLAB, size - slab * SLAB)
    with open(path, "rb") as file:
        file.seek(slab * SLAB)
        while left > 0 and (piece := file.read(min(left, PIECE))):
            checksum.update(piece)
            left -= len(piece)
    return checksum.hexdigest()


def seal(comm: Communicator, path: str | Path) -> None:
    """Append the line to a file that all ranks have closed. **Collective.**

    Raises HpcneqError on every rank if it cannot be written.
    """
    size = on_root(comm, os.path.getsize, path)
    layout = Layout.over(-(-size // SLAB), comm)
    mine = [slab_hash(path, slab, size) for slab in range(layout.start, layout.stop)]
    parts = comm.gather(mine, root=0)
    faults: list[str] = []
    if comm.rank == 0:
        line = _line(size, [text for part in parts for text in part])
        attempt(faults, _append, path, size, line)
    fail_together(comm, faults, f"{path}: cannot write its checksum")


def unseal(path: str | Path) -> None:
    """Cut the line off, if there is one: the file is about to be written."""
    size = _sealed_size(path)
    if size is not None:
        os.truncate(path, size)


def verify(path: str | Path) -> str:
    """`HOLDS`, `BROKEN` or, where the file carries no checksum, `ABSENT`."""
    size = _sealed_size(path)
    if size is None:
        return ABSENT
    slabs = range(-(-size // SLAB))
    expected = _line(size, [slab_hash(path, slab, size) for slab in slabs])
    if _last_bytes(path) != expected:
        return BROKEN
    return HOLDS


def described(path: str | Path) -> str:
    """`verify` in a sentence."""
    words = {
        HOLDS: "its checksum holds: these are the bytes that its run ended with",
        BROKEN: "its checksum does not hold: it has been changed or damaged since its run ended",
        ABSENT: "has no checksum: its run goes on or was killed, or another program wrote into it",
    }
    return f"{path}: {words[verify(path)]}"


def _line(size: int, hashes: Iterable[str]) -> bytes:
    whole = hashlib.sha256("".join(hashes).encode()).hexdigest()
    return f"\nhpcneq-sha256 {size:020d} {whole}\n".encode()


def _append(path, size, line):
    with open(path, "r+b") as file:
        file.seek(size)
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _last_bytes(path):
    with open(path, "rb") as file:
        file.seek(max(os.path.getsize(path) - LENGTH, 0))
        return file.read(LENGTH)


def _sealed_size(path):
    """Bytes before the line, None if the file does not end with one."""
    line = FORM.fullmatch(_last_bytes(path))
    if line is None:
        return None
    size = int(line.group(1))
    if size + LENGTH != os.path.getsize(path):
        return None
    return size
