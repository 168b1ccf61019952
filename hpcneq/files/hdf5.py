"""The one place that imports h5py: files, attributes, and blocks that ranks write together."""

from __future__ import annotations

import ctypes
import errno
import json
import math
import os
import re
import resource
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Both are read while h5py loads. Debian's h5py is serial unless asked, and HDF5's locks would keep
# readers out of a running file (and fail on many cluster file systems).
os.environ.setdefault("H5PY_ALWAYS_USE_MPI", "1")
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")

import h5py  # noqa: E402  (after the environment it reads)

from ..errors import HpcneqError, InputError
from ..parallel import Communicator, Layout

File: TypeAlias = h5py.File
DataSet: TypeAlias = h5py.Dataset
TEXT_LIMIT = 60_000  # bytes: an HDF5 attribute ends at 64 kB
CHUNK_BYTES = 1 << 16  # a chunk of small rows


def parallel_hdf5() -> bool:
    """True if this h5py was built with MPI."""
    return bool(h5py.get_config().mpi)


def library_versions() -> dict[str, str]:
    """Versions of h5py and the HDF5 below it."""
    return {"h5py": h5py.__version__, "hdf5": h5py.version.hdf5_version}


def require_parallel(comm: Communicator) -> None:
    """Refuse a serial h5py under several ranks; each would overwrite the others' file."""
    if comm.size > 1 and not parallel_hdf5():
        raise InputError(
            f"h5py {h5py.__version__} was built without MPI but the run has {comm.size} "
            "ranks: install "
            "python3-h5py-mpi (Debian, Ubuntu), or HDF5_MPI=ON CC=mpicc pip install "
            "--no-binary=h5py "
            "--no-build-isolation h5py; or run on one rank"
        )


def data_sets(file: File) -> list[str]:
    """Names of the data sets in the root; a group that somebody has added is none."""
    return [name for name in file if file.get(name, getclass=True) is h5py.Dataset]


def open_file(path: str | Path, mode: str, comm: Communicator | None = None) -> File:
    """An h5py.File; with several ranks in ``comm`` all open it together. **Collective** then."""
    if comm is not None and comm.size > 1:
        return h5py.File(path, mode, driver="mpio", comm=comm)
    if mode == "r":
        try:
            return h5py.File(path, mode, locking=False)
        except (TypeError, ValueError):  # HDF5 before 1.10.7 only knows the environment variable
            pass
    return h5py.File(path, mode)


def plain(value: object) -> object:
    """``value`` as JSON can hold it: complex -> [re, im], not finite -> None, arrays -> lists."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def set_attribute(holder: File | DataSet, name: str, value: object) -> None:
    """Create or replace an attribute. **Collective.**

    None is not stored, what HDF5 cannot hold becomes JSON text.
    """
    if value is None:
        return
    if not isinstance(value, str) and not _numeric(value):
        value = json.dumps(plain(value))
    if isinstance(value, str):
        value = fixed_text(name, value)
    # h5py before 3.10 replaces through a random name, another one on each rank
    if name in holder.attrs:
        del holder.attrs[name]
    holder.attrs.create(name, value)


def _numeric(value):
    """True for a number or a regular array of numbers."""
    try:
        return np.asarray(value).dtype.kind in "biufc"
    except ValueError:  # ragged lists
        return False


def text_type(room: int) -> np.dtype:
    """The dtype of fixed-length UTF-8 texts of at most ``room`` bytes."""
    return h5py.string_dtype("utf-8", max(int(room), 1))


def encoded(values: NDArray) -> NDArray:
    """An array of names as HDF5 stores it, in UTF-8; numbers as they are."""
    if values.dtype.kind != "U":
        return values
    raw = np.char.encode(values, "utf-8")
    return raw.astype(text_type(raw.dtype.itemsize))


def fixed_text(name: str, text: str, room: int = 1) -> NDArray:
    """``text`` as a fixed-length UTF-8 scalar of at least ``room`` bytes."""
    raw = text.encode("utf-8")
    if len(raw) > TEXT_LIMIT:
        raise InputError(
            f"{name}: a text of {len(raw)} bytes does not fit into the result file "
            f"(at most {TEXT_LIMIT})"
        )
    return np.array(raw, dtype=text_type(max(len(raw), room)))


def os_reason(error: Exception) -> str:
    """What the system said, without HDF5's story around it."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    text = str(error)
    message = re.search(r"error message = '([^']+)'", text)
    if message:
        return message.group(1)
    return " ".join(text.split())[:200]


def attempt(faults: list[str], action: Callable[..., Any], *args: object) -> Any:
    """What ``action`` returns, None if the system refuses it, which is noted in ``faults``.

    The other ranks wait in the next collective call, so that no rank may leave alone.
    """
    try:
        return action(*args)
    except (OSError, RuntimeError, ValueError) as error:  # h5py raises all three for failed I/O
        if isinstance(error, HpcneqError):
            raise
        faults.append(os_reason(error))
        return None


def check_room(path: str | Path, size: int) -> None:
    """On one rank: HpcneqError with the system's reason unless ``size`` more bytes fit there.

    Asked before HDF5 writes, because after a refused write ranks hang inside MPI-IO and HDF5
    crashes on closing. An unnamed file that is really allocated also meets quotas, which the free
    space of the disk does not show.
    """
    try:
        largest = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        there = os.path.getsize(path) if os.path.exists(path) else 0
        if largest != resource.RLIM_INFINITY and size + there > largest:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        with tempfile.TemporaryFile(dir=os.path.dirname(os.path.realpath(path))) as probe:
            os.posix_fallocate(probe.fileno(), 0, max(int(size), 1))
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):  # this disk cannot tell
            return
        raise HpcneqError(
            f"{path}: cannot write {size / 1e6:.3g} MB more ({error.strerror})"
        ) from None


def abandon(*objects: object) -> None:
    """Never close these again: HDF5 crashes when it closes what it could not write."""
    for item in objects:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(item))


def fail_together(
    comm: Communicator, faults: list[str], what: str, kind: type[HpcneqError] = HpcneqError
) -> None:
    """Raise on every rank if any rank noted a fault. **Collective.**"""
    for rank, noted in enumerate(comm.allgather(faults[:1])):
        if noted:
            reason = noted[0]
            if comm.size > 1:
                reason += f", rank {rank}"
            raise kind(f"{what} ({reason})")


@dataclass
class Placed:
    """A data set and how ranks share it: by ``layout`` along axis ``split``, or rank 0 for all."""

    data: DataSet
    layout: Layout | None = None
    split: int = 0
    root: bool = True

    def cast(self, value: ArrayLike, shape: Sequence[int]) -> NDArray:
        """This rank's block of ``value`` in the data set's dtype, copied, or an empty one.

        shape : global shape of the value. Raises TypeError or ValueError naming the data set.
        """
        name, dtype = self.data.name.lstrip("/"), self.data.dtype
        shape = list(shape)
        if self.layout is not None:
            shape[self.split] = self.layout.count
        elif not self.root:
            return np.empty([0, *shape[1:]], dtype)
        value = np.asarray(value)
        if not np.can_cast(value.dtype, dtype, "safe") and value.size:
            raise TypeError(f"{name}: got {value.dtype}, the data set holds {dtype}")
        if value.shape != tuple(shape):
            raise ValueError(
                f"{name}: got shape {value.shape} on this rank, expected {tuple(shape)}"
            )
        return np.array(value, dtype=dtype)

    def write(self, block: NDArray, comm: Communicator, first: int = 0) -> None:
        """Write this rank's block, from row ``first``; ranks with an empty one take part.

        **Collective.**
        """
        corner = [0] * block.ndim
        if block.ndim:
            corner[0] = first
            if self.layout is not None:
                corner[self.split] += self.layout.start
        write_block(self.data, block, corner, comm)


def write_block(data: DataSet, block: NDArray, corner: Sequence[int], comm: Communicator) -> None:
    """Write this rank's block of a data set from index ``corner``; it may be empty.

    **Collective.**
    """
    space = data.id.get_space()
    if block.size and block.ndim:
        block = np.asarray(block, order="C")
        memory = h5py.h5s.create_simple(block.shape)
        space.select_hyperslab(tuple(corner), block.shape)
    elif block.size:
        memory = h5py.h5s.create(h5py.h5s.SCALAR)
    else:  # `with dset.collective` hangs here (h5py issue 965)
        block = np.empty(1, data.dtype)
        memory = h5py.h5s.create_simple((1,))
        memory.select_none()
        space.select_none()
    transfer = h5py.h5p.create(h5py.h5p.DATASET_XFER)
    if comm.size > 1:
        transfer.set_dxpl_mpio(h5py.h5fd.MPIO_COLLECTIVE)
    data.id.write(memory, space, block, dxpl=transfer)


def new_data_set(file: File, name: str, shape: Sequence[int | None], dtype: np.dtype) -> DataSet:
    """A new data set; None as first length: it grows along its first axis. **Collective.**"""
    if tuple(shape[:1]) != (None,):
        return file.create_dataset(name, shape, dtype)
    tail = [int(length or 0) for length in shape[1:]]
    sizes = chunks(tail, dtype.itemsize)
    return file.create_dataset(name, (0, *tail), dtype, maxshape=(None, *tail), chunks=sizes)


def make_scale(data: DataSet, name: str) -> None:
    """Declare a data set a dimension scale, once."""
    if "CLASS" not in data.attrs:
        data.make_scale(name)


def chunks(tail: Sequence[int], itemsize: int) -> tuple[int, ...]:
    """Chunk shape for rows of shape ``tail``: several small ones, or one, halved above 4 MB."""
    tail = [max(n, 1) for n in tail]
    while math.prod(tail) * itemsize > 1 << 22:
        longest = tail.index(max(tail))
        tail[longest] = -(-tail[longest] // 2)
    return (min(max(CHUNK_BYTES // (math.prod(tail) * itemsize), 1), 256), *tail)


def added_chunks(data: DataSet, before: int, after: int) -> int:
    """Chunks a data set gains when it grows from ``before`` to ``after`` rows."""
    across = math.prod(-(-n // chunk) for n, chunk in zip(data.shape[1:], data.chunks[1:]))
    return (-(-after // data.chunks[0]) - -(-before // data.chunks[0])) * across
