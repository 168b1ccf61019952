"""A received file read in a process of its own, which may crash in the place of the one that asks.

Errors that Python sees are not told: whoever reads the file next meets them again.
"""

from __future__ import annotations

import contextlib
import resource
import sys

from . import checkpoint
from .hdf5 import open_file
from .reader import Result

PIECE = 1 << 26  # bytes read at a time
MOST = 1 << 30  # bytes of a data set that are all read; of a larger one its beginning and its end


def main(path: str) -> None:
    """Read all that `reader` or `checkpoint` may read of the file."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ImportError):
        import mpi4py

        mpi4py.rc.initialize = False  # an h5py with MPI would start it
    with contextlib.suppress(Exception):
        if checkpoint.is_checkpoint(path):
            _say("its description")
            checkpoint.read_meta(path)
            return
        _say("its attributes")
        result = Result(path, own=True)
        for name in result.keys():
            _say(name)
            with contextlib.suppress(Exception):
                _read(path, name)


def _say(what: str) -> None:
    """What is read next, for the one that waits."""
    sys.stdout.buffer.write(what.replace("\n", " ").encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()


def _read(path: str, name: str) -> None:
    """A data set, with its attributes and axes, in pieces."""
    with open_file(path, "r") as file:
        data = file[name]
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
