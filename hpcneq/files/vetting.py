"""Reading files that somebody else may have written, or a disk may have damaged.

HDF5 crashes or loops on some damaged files. A file whose checksum holds is read at once; any other
one is first read by a process of its own, `trial`, which may crash or be ended in its place. What
then is wrong with the file is one line.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from ..errors import HpcneqError, InputError
from . import checkpoint, checksum

MOST_HASHED = 1 << 28  # bytes: to read a larger file at both ends is faster than to hash it
PATIENCE = 30.0  # s for a trial, and more for large files
PACE = 2e7  # bytes/s
LAUNCHERS = ("OMPI_", "PMIX_", "PRTE_", "PMI_", "MPI_LOCAL", "HYDRA_")  # of ranks, not of trials
# What a trial runs; an h5py with MPI would start it.
PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
try:
    import mpi4py
    mpi4py.rc.initialize = False
except ImportError:
    pass
from hpcneq.files import trial
trial.main(sys.argv[2])
"""
# Characters that a terminal obeys, or that cannot be printed.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Alone:
    """What hashing needs of a communicator of one rank, without MPI."""

    size, rank = 1, 0

    def bcast(self, obj: object, root: int = 0) -> object:
        """The object itself."""
        return obj

    def allgather(self, obj: object) -> list[object]:
        """The object alone."""
        return [obj]


def printable(text: str) -> str:
    """Text of a received file as one line without characters that a terminal would obey."""
    return CONTROL.sub(lambda match: ascii(match.group())[1:-1], text)


@contextmanager
def one_line(path: str | Path, what: str = "is damaged, or no hpcneq result") -> Iterator[None]:
    """Any error of reading or using a received file as an InputError of one line."""
    try:
        yield
    except HpcneqError:
        raise
    except Exception as error:
        words = " ".join(printable(str(error)).split())[:200]
        raise InputError(f"{path}: {what} ({type(error).__name__}: {words})") from error


@contextmanager
def using(paths: Sequence[str | Path], what: str) -> Iterator[None]:
    """Any error of using files as one line, if one of them is not as its run left it."""
    try:
        yield
    except HpcneqError:
        raise
    except Exception:
        for path in paths:
            if not whole(path):
                with one_line(path, what):
                    raise
        raise


def vet(path: str | Path) -> dict[str, str]:
    """{data set: why it cannot be read} of a file; InputError if it cannot be opened.

    HDF5 may have spoiled the memory of the process that met an error: nothing that is named here
    is to be tried again. Asked once as long as the file does not change.
    """
    there = os.stat(path)
    stamp = (there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns)
    fault, damaged = _verdict(os.fspath(path), os.getcwd(), stamp)
    if fault is not None:
        raise InputError(fault)
    return damaged


@lru_cache(maxsize=64)
def _verdict(path: str, folder: str, stamp: tuple[int, ...]) -> tuple[str | None, dict[str, str]]:
    """(why the file cannot be opened, damaged data sets). folder, stamp : for the cache."""
    size = os.path.getsize(path)
    if size <= MOST_HASHED and whole(path):
        return None, {}
    return _trial(path, PATIENCE + size / PACE)


def whole(path: str | Path) -> bool:
    """Whether the file's own checksum, or that beside a checkpoint, holds."""
    if checkpoint.is_checkpoint(path):
        return checkpoint.fault(cast(Any, Alone()), path) is None
    return checksum.verify(path) == checksum.HOLDS


def _trial(path: str, seconds: float) -> tuple[str | None, dict[str, str]]:
    """Read the file in a process of its own, outside of any MPI."""
    places = json.dumps([place or os.getcwd() for place in sys.path])
    command = [sys.executable, "-I", "-c", PROGRAM, places, path]
    clean = {name: v for name, v in os.environ.items() if not name.startswith(LAUNCHERS)}
    try:
        ended = subprocess.run(
            command,
            env=clean,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        what = _last_line(late.stdout).get("reading", "it")
        return f"{path}: is damaged: reading {what} takes longer than {seconds:.0f} s", {}
    except OSError:  # no further process can be had
        return None, {}
    last = _last_line(ended.stdout)
    if "damaged" in last:
        return last["fault"], last["damaged"]
    reason = f"exit code {ended.returncode}"
    if ended.returncode < 0:
        reason = signal.Signals(-ended.returncode).name
    what = last.get("reading", "it")
    return f"{path}: is damaged: reading {printable(what)} ends in {reason}", {}


def _last_line(output: bytes | None) -> dict[str, Any]:
    """The last whole line of a trial; empty if there is none."""
    lines = (output or b"").split(b"\n")
    try:
        return dict(json.loads(lines[-2]))
    except (IndexError, ValueError):
        return {}
