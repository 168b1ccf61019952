"""MPI in one place: who owns what, sums in a fixed order, and failing together.

Run any hpcneq program as ``mpiexec -n 4 hpcneq run input.toml``; nothing else is needed to go
parallel.
"""

from __future__ import annotations

import math
import os
import pickle
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from . import interrupts, terminal
from .errors import HpcneqError
from .sum_tree import SumTree
from .terminal import Logger

# Items per partial sum: fixed, so that the order of additions never depends on the ranks.
CHUNK = 64
MESSAGE = 1 << 30  # bytes of one message: MPI counts in 31 bits
Answer = TypeVar("Answer")
Name = TypeVar("Name")
Part = tuple[NDArray, int, int]  # a rank's flat array, its start in the whole, size of the whole
Log = Callable[[str], None]


class Communicator(Protocol):
    """What is used of an mpi4py communicator. Capital letters: of arrays."""

    size: int
    rank: int

    def bcast(self, obj: Any, root: int = 0) -> Any:
        """Rank ``root``'s object, on every rank."""

    def gather(self, obj: Any, root: int = 0) -> Any:
        """All ranks' objects as a list on rank ``root``, None elsewhere."""

    def allgather(self, obj: Any) -> list[Any]:
        """All ranks' objects, on every rank."""

    def allreduce(self, obj: Any, op: Any = ...) -> Any:
        """The sum over all ranks, or another reduction."""

    def Allreduce(self, send: Any, receive: Any, op: Any = ...) -> None:
        """That of arrays."""

    def Alltoall(self, send: Any, receive: Any) -> None:
        """One item from every rank to every rank."""

    def Alltoallv(self, send: Any, receive: Any) -> None:
        """Parts of an array from every rank to every rank."""

    def Allgatherv(self, send: Any, receive: Any) -> None:
        """All ranks' arrays in one, on every rank."""

    def Bcast(self, array: Any, root: int = 0) -> None:
        """Rank ``root``'s array, into those of all ranks."""

    def Isend(self, array: NDArray, dest: int, tag: int = 0) -> Any:
        """Begin to send an array; returns a request."""

    def Recv(self, array: NDArray, source: int, tag: int = 0) -> None:
        """Receive an array."""

    def isend(self, obj: Any, dest: int, tag: int = 0) -> Any:
        """Begin to send an object; returns a request."""

    def irecv(self, source: int, tag: int) -> Any:
        """Begin to receive an object; returns a request."""

    def recv(self, source: int, tag: int, status: Any = None) -> Any:
        """Receive an object."""

    def iprobe(self, source: int, tag: int) -> bool:
        """Whether a message has come."""

    def improbe(self, source: int, tag: int, status: Any = None) -> Any:
        """A message that has come, taken out of the others' sight, or None."""

    def barrier(self) -> None:
        """Wait for all ranks."""

    def Ibarrier(self) -> Any:
        """Begin to wait for all ranks; returns a request."""

    def Dup(self) -> Communicator:
        """The same ranks, with messages of their own."""

    def Split(self, color: int, key: int) -> Communicator:
        """The ranks of one ``color``, in the order of ``key``."""

    def Free(self) -> None:
        """Give the communicator back."""

    def Abort(self, errorcode: int) -> None:
        """End all ranks at once."""


def world() -> Communicator:
    """COMM_WORLD; the only place that names it."""
    from mpi4py import MPI

    comm: Any = MPI.COMM_WORLD
    return comm


def solo() -> Communicator:
    """COMM_SELF; for solves that every rank repeats with identical, broadcast data."""
    from mpi4py import MPI

    comm: Any = MPI.COMM_SELF
    return comm


def file_hints() -> Any:
    """An MPI.Info that has a few ranks write for all (collective buffering), whole blocks each."""
    from mpi4py import MPI

    info = MPI.Info.Create()
    for name, value in (("romio_cb_write", "enable"), ("romio_ds_write", "disable")):
        info.Set(name, value)
    return info


@dataclass(frozen=True)
class Layout:
    """Blocks of ``items`` over ``size`` ranks: the first ``items % size`` ranks hold one more."""

    items: int
    size: int
    rank: int

    @classmethod
    def over(cls, items: int, comm: Communicator) -> Layout:
        """The layout of ``items`` over a communicator."""
        return cls(int(items), comm.size, comm.rank)

    def bounds(self, rank: int | None = None) -> tuple[int, int]:
        """(start, stop) of a rank's items; empty when there are more ranks than items."""
        if rank is None:
            rank = self.rank
        base, extra = divmod(self.items, self.size)
        start = rank * base + min(rank, extra)
        return start, start + base + (rank < extra)

    @property
    def start(self) -> int:
        """The first item of this rank."""
        return self.bounds()[0]

    @property
    def stop(self) -> int:
        """One past the last item of this rank."""
        return self.bounds()[1]

    @property
    def count(self) -> int:
        """Items of this rank."""
        start, stop = self.bounds()
        return stop - start

    def owner(self, item: int) -> int:
        """The rank that holds ``item``."""
        base, extra = divmod(self.items, self.size)
        edge = extra * (base + 1)
        if item < edge:
            return item // (base + 1)
        return extra + (item - edge) // base


def placed(comm: Communicator, flat: NDArray) -> Part:
    """(flat, start, size of the whole): a rank's part comes after those of the ranks before it.

    **Collective.**
    """
    counts = comm.allgather(flat.size)
    return flat, sum(counts[: comm.rank]), sum(counts)


def all_rows(comm: Communicator, rows: NDArray) -> NDArray:
    """(n, ...): all ranks' rows (m, ...) in the order of the ranks, on every rank. **Collective.**

    The ranks' rows have one dtype and one shape, and may be none.
    """
    rows = np.ascontiguousarray(rows)
    if comm.size == 1:
        return rows.copy()
    counts = np.array(comm.allgather(len(rows)))
    whole = np.empty((counts.sum(), *rows.shape[1:]), rows.dtype)
    sizes = counts * (rows.itemsize * math.prod(rows.shape[1:]))
    target = whole.reshape(-1).view(np.uint8)
    if whole.nbytes <= MESSAGE:
        comm.Allgatherv(rows.reshape(-1).view(np.uint8), [target, sizes.tolist()])
        return whole
    ends = np.cumsum(sizes)
    target[ends[comm.rank] - sizes[comm.rank] : ends[comm.rank]] = rows.reshape(-1).view(np.uint8)
    for rank, end in enumerate(ends):
        for first in range(end - sizes[rank], end, MESSAGE):
            comm.Bcast(target[first : min(first + MESSAGE, end)], root=rank)
    return whole


def sent_rows(comm: Communicator, counts: NDArray, rows: NDArray) -> NDArray:
    """Rows (n, ...) that other ranks sent here, in their order. **Collective.**

    counts : (size,) how many of ``rows`` (m, ...), in this order, go to each rank.
    """
    counts = np.ascontiguousarray(counts, np.int64)
    incoming = np.empty_like(counts)
    comm.Alltoall(counts, incoming)
    rows = np.ascontiguousarray(rows)
    arrived = np.empty((int(incoming.sum()), *rows.shape[1:]), rows.dtype)
    width = int(np.prod(rows.shape[1:], dtype=np.int64))
    comm.Alltoallv([rows, counts * width], [arrived, incoming * width])
    return arrived


def all_arrays(comm: Communicator, mine: Mapping[Name, NDArray]) -> dict[Name, NDArray]:
    """All ranks' arrays by name, on every rank; a name belongs to one rank. **Collective.**"""
    forms = comm.allgather([(name, a.shape, a.dtype.str) for name, a in mine.items()])
    raw = [np.ascontiguousarray(a).reshape(-1).view(np.uint8) for a in mine.values()]
    whole = all_rows(comm, np.concatenate([np.empty(0, np.uint8), *raw]))
    arrays = {}
    first = 0
    for name, shape, kind in (form for part in forms for form in part):
        size = math.prod(shape) * np.dtype(kind).itemsize
        arrays[name] = np.frombuffer(whole[first : first + size].tobytes(), kind).reshape(shape)
        first += size
    return arrays


def from_root(comm: Communicator, value: Answer | None) -> Answer:
    """Rank 0's ``value``, on every rank; its arrays travel as they are, in pieces that MPI counts.

    **Collective.**
    """
    if comm.size == 1:
        return cast(Answer, value)
    raws: list[Any] = []
    head = None
    if comm.rank == 0:
        buffers: list[pickle.PickleBuffer] = []
        text = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        raws = [np.frombuffer(buffer.raw(), np.uint8) for buffer in buffers]
        head = text, [len(raw) for raw in raws]
    text, sizes = comm.bcast(head, root=0)
    if comm.rank:
        raws = [bytearray(size) for size in sizes]
    for raw in raws:
        whole = np.frombuffer(raw, np.uint8)
        for first in range(0, len(whole), MESSAGE):
            comm.Bcast(whole[first : first + MESSAGE], root=0)
    if comm.rank == 0:
        return cast(Answer, value)
    return cast(Answer, pickle.loads(text, buffers=raws))


# ---- sums that do not depend on the ranks --------------------------------------------------------


def ordered_sum(comm: Communicator, layout: Layout, terms: NDArray, chunk: int = CHUNK) -> NDArray:
    """Sum of rows over all ranks, bit for bit the same for every number of ranks. **Collective.**

    terms : (layout.count, ...) array, this rank's rows. Rows are added one after the other inside
    chunks of ``chunk`` global rows, and the chunks in a binary tree over all of them, so that a
    rank meets each of its neighbours once a level. Every rank returns the same array.
    """
    terms = np.asarray(terms)
    shape, dtype = terms.shape[1:], np.result_type(terms.dtype, float)
    if comm.size > 1:
        shape, dtype = comm.bcast((shape, dtype), root=0)
        if len(terms) and not np.can_cast(terms.dtype, dtype, "same_kind"):
            raise TypeError(f"a sum of {terms.dtype} on rank {comm.rank}, of {dtype} on rank 0")
    total = np.zeros(shape, dtype)
    if layout.items:
        tree = SumTree(comm, layout, chunk, dtype)
        sums = tree.up(tree.chunk_sums(terms))
        if comm.rank == 0:
            total = sums[0]
    if comm.size > 1:
        comm.Bcast(total, root=0)
    return total


def on_root(
    comm: Communicator, function: Callable[..., Answer], *args: object, **kwargs: object
) -> Answer:
    """Run on rank 0 and give every rank its result, or its expected error. **Collective.**

    For what only one rank may touch (reading input, testing a folder); a bug still aborts the run.
    """
    answer, error = None, None
    if comm.rank == 0:
        try:
            with interrupts.apart():
                answer = function(*args, **kwargs)
        except HpcneqError as expected:
            error = expected
    answer, error = from_root(comm, (answer, error))
    if error is not None:
        raise error
    return cast(Answer, answer)


def agree(comm: Communicator, flag: object) -> bool:
    """True on every rank if it is true on any. **Collective.**"""
    from mpi4py import MPI

    return bool(comm.allreduce(int(bool(flag)), op=MPI.MAX))


def leave_together(comm: Communicator, code: int, patience: float = 5.0) -> int:
    """Wait until every rank wants to leave; if one does not, end them all with ``code``."""
    if comm.size == 1:
        return code
    request = comm.Ibarrier()
    end = time.monotonic() + patience
    while not request.Test():
        if time.monotonic() > end:
            terminal.write(f"[rank {comm.rank}] left alone by the other ranks; ending all", True)
            comm.Abort(code or 1)
        time.sleep(0.01)
    return code


def abort_on_bug(comm: Communicator) -> None:
    """Make an unexpected exception on any rank end all ranks at once, instead of hanging them."""

    def hook(kind, value, trace):
        text = "".join(traceback.format_exception(kind, value, trace))
        if issubclass(kind, MemoryError):  # of the machine, and no bug
            words = "hpcneq check INPUT.toml says what a run takes"
            text = f"hpcneq: memory: there is too little ({terminal.one_line(str(value))}); {words}"
        terminal.write(f"[rank {comm.rank}] {text.rstrip()}", errors=True)
        if comm.size > 1:
            comm.Abort(1)

    sys.excepthook = hook


def warn_threads(comm: Communicator, log: Log) -> None:
    """Say so when several ranks would each start a BLAS thread per core."""
    if comm.size > 1 and os.environ.get("OMP_NUM_THREADS") != "1":
        log("warning: OMP_NUM_THREADS is not 1; ranks compete for cores (export OMP_NUM_THREADS=1)")


def logger(comm: Communicator, quiet: bool = False) -> Logger:
    """What prints for all ranks."""
    return Logger(comm.rank == 0 and not quiet)


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss."""
    seconds = int(round(seconds))
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
