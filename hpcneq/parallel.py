"""MPI in one place: who owns what, sums in a fixed order, and failing together.

Run any hpcneq program as ``mpiexec -n 4 hpcneq run input.toml``; nothing else is needed to go
parallel.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from . import interrupts, terminal
from .errors import HpcneqError

# Items per partial sum: fixed, so that the order of additions never depends on the ranks.
CHUNK = 64
Answer = TypeVar("Answer")
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

    def alltoall(self, objs: list[Any]) -> list[Any]:
        """The object that each rank has for this one."""

    def allreduce(self, obj: Any, op: Any = ...) -> Any:
        """The sum over all ranks, or another reduction."""

    def Allreduce(self, send: Any, receive: Any, op: Any = ...) -> None:
        """That of arrays."""

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

    def exchange(self, comm: Communicator, local: NDArray, reach: int = 1) -> NDArray:
        """``local`` (count, ...) with ``reach`` periodic neighbours on each side. **Collective.**

        Every item is looked up at its owner, so that ranks with fewer items than ``reach``, or
        none, work.
        """
        local = np.ascontiguousarray(local)
        if self.items == 0:
            return local
        start, stop = self.bounds()
        wanted = []
        if self.count:
            around = (*range(start - reach, start), *range(stop, stop + reach))
            wanted = [i % self.items for i in around]
        send: list[list] = [[] for _ in range(self.size)]
        for rank, asked in enumerate(comm.allgather(wanted)):
            send[rank] = [(i, local[i - start]) for i in asked if start <= i < stop]
        received = {i: row for part in comm.alltoall(send) for i, row in part}
        if not self.count or not reach:
            return local
        halo = [received[i] for i in wanted]
        return np.concatenate([np.stack(halo[:reach]), local, np.stack(halo[reach:])])


def placed(comm: Communicator, flat: NDArray) -> Part:
    """(flat, start, size of the whole): a rank's part comes after those of the ranks before it.

    **Collective.**
    """
    counts = comm.allgather(flat.size)
    return flat, sum(counts[: comm.rank]), sum(counts)


def ordered_sum(comm: Communicator, layout: Layout, terms: NDArray, chunk: int = CHUNK) -> NDArray:
    """Sum of rows over all ranks, bit for bit the same for every number of ranks. **Collective.**

    terms : (layout.count, ...) array, this rank's rows. Rows are added inside fixed chunks of
    ``chunk`` global rows, then the chunks in order; a rank sends whole-chunk sums and, for the
    chunks it shares with a neighbour, the rows themselves. Every rank returns the same array.
    """
    terms = np.asarray(terms)
    total = np.zeros(terms.shape[1:], np.result_type(terms.dtype, float))
    if comm.size == 1:
        for low in range(0, layout.items, chunk):
            total = total + _sum_rows(terms[low : low + chunk])
        return total
    parts = comm.gather(_partial_sums(layout, terms, chunk), root=0)
    if comm.rank == 0:
        sums, loose = {}, {}
        for whole, rows in parts:
            sums.update(whole)
            loose.update(rows)
        for c in range(-(-layout.items // chunk)):
            if c not in sums:
                low, high = c * chunk, min((c + 1) * chunk, layout.items)
                sums[c] = _sum_rows(np.stack([loose[i] for i in range(low, high)]))
            total = total + sums[c]
    return comm.bcast(total, root=0)


def _partial_sums(layout, terms, chunk):
    """({chunk: its sum}, {row: terms}) of this rank: whole chunks, and the rows of shared ones."""
    start, stop = layout.bounds()
    whole, rows = {}, {}
    last = -(-stop // chunk) if stop > start else start // chunk
    for c in range(start // chunk, last):
        low, high = c * chunk, min((c + 1) * chunk, layout.items)
        if start <= low and high <= stop:
            whole[c] = _sum_rows(terms[low - start : high - start])
        else:
            for i in range(max(low, start), min(high, stop)):
                rows[i] = terms[i - start]
    return whole, rows


def _sum_rows(rows):
    """Rows added one after the other (numpy's pairwise sum would depend on memory layout)."""
    return np.add.accumulate(rows, axis=0)[-1]


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
    answer, error = comm.bcast((answer, error), root=0)
    if error is not None:
        raise error
    return answer


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
        terminal.write(f"[rank {comm.rank}] {text.rstrip()}", errors=True)
        if comm.size > 1:
            comm.Abort(1)

    sys.excepthook = hook


def warn_threads(comm: Communicator, log: Log) -> None:
    """Say so when several ranks would each start a BLAS thread per core."""
    if comm.size > 1 and os.environ.get("OMP_NUM_THREADS") != "1":
        log("warning: OMP_NUM_THREADS is not 1; ranks compete for cores (export OMP_NUM_THREADS=1)")


def logger(comm: Communicator, quiet: bool = False) -> Log:
    """A print for rank 0 that flushes at once; silent elsewhere and with ``quiet``.

    That nobody reads it, or that it cannot be written, is no reason to end a run.
    """

    def log(text):
        if comm.rank == 0 and not quiet:
            terminal.write(text)

    return log


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss."""
    seconds = int(round(seconds))
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
