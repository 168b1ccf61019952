"""The one place that imports h5py: files, attributes, and blocks that ranks write together."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import json
import math
import os
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

# All are read while h5py loads. Debian's h5py is serial unless asked, HDF5's locks would keep
# readers out of a running file (and fail on many cluster file systems), and a filter that a
# received file names would be loaded as a plug-in, from any folder that the environment names.
os.environ.setdefault("H5PY_ALWAYS_USE_MPI", "1")
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")
os.environ["HDF5_PLUGIN_PRELOAD"] = "::"  # no plug-in at all
os.environ["HDF5_PLUGIN_PATH"] = ""

import h5py  # noqa: E402  (after the environment it reads)

from ..errors import HpcneqError, InputError
from ..parallel import Communicator, Layout, file_hints, solo

File: TypeAlias = h5py.File
DataSet: TypeAlias = h5py.Dataset
TEXT_LIMIT = 60_000  # bytes: an HDF5 attribute ends at 64 kB
CHUNK_BYTES = 1 << 16  # a chunk of small rows
MOST_HOLLOW = 1 << 30  # bytes of a data set of which nothing is stored
MOST_PACKED = 1100  # how much smaller a packed data set can be
OWN_FILTERS = (1, 2, 3, 4, 5, 6, 32000)  # of HDF5 and h5py themselves; all others are plug-ins
LINKS = {h5py.h5l.TYPE_SOFT: "a soft link", h5py.h5l.TYPE_EXTERNAL: "a link to another file"}


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
    """An h5py.File; with several ranks in ``comm`` all open it together. **Collective** then.

    On one rank a file that is there is refused, by InputError, where it reaches into other files:
    see `foreign_part`. Several ranks that open one for writing have rank 0 look first.
    """
    if comm is not None and comm.size > 1:
        hints = file_hints()
        try:
            return h5py.File(path, mode, driver="mpio", comm=comm, info=hints)
        finally:
            hints.Free()
    if mode == "r":
        file = _open_to_read(path)
        try:
            refuse_foreign(file, path)
        except Exception:
            file.close()
            raise
        return file
    if mode == "r+":  # HDF5 may write elsewhere as soon as it has a file open for writing
        open_file(path, "r").close()
    return h5py.File(path, mode)


def file_in_memory() -> File:
    """A new HDF5 file that is never on disk."""
    return h5py.File(f"memory-{secrets.token_hex(8)}", "w", driver="core", backing_store=False)


def image(file: File) -> bytes:
    """The bytes of an open file in memory, as they would be on disk."""
    file.flush()
    content: bytes = file.id.get_file_image()
    return content


def _open_to_read(path):
    try:
        return h5py.File(path, "r", locking=False)
    except (TypeError, ValueError):  # HDF5 before 1.10.7 only knows the environment variable
        return h5py.File(path, "r")


def refuse_foreign(file: File, path: str | Path) -> None:
    """InputError naming the first part of an open file that is not in the file itself."""
    links: list[tuple[bytes, int]] = []
    try:
        # Hard links are followed, others only listed. A callback that gives None goes on.
        file.id.links.visit(lambda name, link: links.append((name, link.type)), info=True)
        for name, kind in links:
            part = foreign_part(file, name, kind)
            if part is not None:
                shown = ascii(name.decode("utf-8", "replace"))
                raise InputError(
                    f"{path}: {shown} is {part}: a result holds all of its data itself, and no "
                    "other file is read or written for it"
                )
    except (KeyError, SystemError, TypeError) as error:  # of a damaged file
        raise OSError(os_reason(error)) from None


def foreign_part(file: File, name: bytes, kind: int) -> str | None:
    """What a link of this kind would make HDF5 reach or run outside of the file; None if nothing.

    A data set is opened, which touches no other file, and not read.
    """
    if kind != h5py.h5l.TYPE_HARD:
        return LINKS.get(kind, "a link of unknown kind")
    if h5py.h5o.get_info(file.id, name).type != h5py.h5o.TYPE_DATASET:
        return None
    made = h5py.h5d.open(file.id, name).get_create_plist()
    if made.get_layout() == h5py.h5d.VIRTUAL:
        return "a virtual data set"
    if made.get_external_count() > 0:
        return "kept in an external file"
    filters = [made.get_filter(k)[0] for k in range(made.get_nfilters())]
    strange = [number for number in filters if number not in OWN_FILTERS]
    if strange:
        return f"packed by the filter plug-in {strange[0]}"
    return None


def refuse_hollow(data: DataSet, what: str) -> None:
    """InputError for a data set that says it is far larger than what is stored of it."""
    if not isinstance(data, h5py.Dataset):
        raise InputError(f"{what}: is no data set")
    size = math.prod(data.shape or ()) * data.dtype.itemsize
    stored = data.id.get_storage_size()
    if size > MOST_HOLLOW + MOST_PACKED * stored:
        raise InputError(f"{what}: says that it has {size} bytes, of which {stored} are stored")


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


def abandon(*objects: File | DataSet) -> None:
    """Never close these again: HDF5 crashes when it closes what it could not write."""
    for item in objects:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(item))
    atexit.register(_leave_open)


def _leave_open():
    """Have HDF5 close nothing at the end of the program, nor at MPI's: it counts as closed."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        library = ctypes.CDLL(h5py.defs.__file__)
        ctypes.c_bool.in_dll(library, "H5_libterm_g").value = True
        ctypes.c_bool.in_dll(library, "H5_libinit_g").value = False


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

        **Collective.** What rank 0 has alone it writes alone: the others do not wait for it.
        """
        if self.layout is None:
            comm = solo()
            if not self.root:
                return
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
    """A new data set; None as first length: it grows along its first axis. **Collective.**

    All of it will be written: without that word HDF5 writes zeros first where ranks write together,
    and h5py insists on them where a data set grows.
    """
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    made.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    if tuple(shape[:1]) != (None,):
        return file.create_dataset(name, shape, dtype, dcpl=made)
    made.set_obj_track_times(False)
    tail = [int(length or 0) for length in shape[1:]]
    made.set_chunk(chunks(tail, dtype.itemsize))
    space = h5py.h5s.create_simple((0, *tail), (h5py.h5s.UNLIMITED, *tail))
    kind = h5py.h5t.py_create(dtype, logical=1)
    h5py.h5d.create(file.id, name.encode(), kind, space, dcpl=made)
    return file[name]


def room_early() -> h5py.h5p.PropDCID:
    """How to create a data set that finds room for its chunks as it grows, as ranks need it.

    Where several ranks create it that is so by itself; else they write new chunks at no place.
    """
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    made.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    return made


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
