"""MPI in one place: who owns what, sums in a fixed order, and failing together.

Run any hpcneq program as ``mpiexec -n 4 hpcneq run input.toml``; nothing else is needed to go parallel.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from dataclasses import dataclass

import numpy as np

from .errors import HpcneqError

CHUNK = (
    64  # items per partial sum: fixed, so that the order of additions never depends on the ranks
)


def world():
    """COMM_WORLD; the only place that names it."""
    from mpi4py import MPI

    return MPI.COMM_WORLD


def solo():
    """COMM_SELF; for solves that every rank repeats with identical, broadcast data."""
    from mpi4py import MPI

    return MPI.COMM_SELF


@dataclass(frozen=True)
class Layout:
    """Block distribution of ``items`` over ``size`` ranks: the first ``items % size`` ranks hold one more."""

    items: int
    size: int
    rank: int

    @classmethod
    def over(cls, items, comm):
        """The layout of ``items`` over a communicator."""
        return cls(int(items), comm.size, comm.rank)

    def bounds(self, rank=None):
        """(start, stop) of a rank's items; empty when there are more ranks than items."""
        rank = self.rank if rank is None else rank
        base, extra = divmod(self.items, self.size)
        start = rank * base + min(rank, extra)
        return start, start + base + (1 if rank < extra else 0)

    @property
    def start(self):
        return self.bounds()[0]

    @property
    def stop(self):
        return self.bounds()[1]

    @property
    def count(self):
        start, stop = self.bounds()
        return stop - start

    def owner(self, item):
        """The rank that holds ``item``."""
        base, extra = divmod(self.items, self.size)
        edge = extra * (base + 1)
        return item // (base + 1) if item < edge else extra + (item - edge) // base

    def exchange(self, comm, local, reach=1):
        """``local`` (count, ...) with ``reach`` periodic neighbours on each side. **Collective.**

        Every item is looked up at its owner, so that ranks with fewer items than ``reach``, or none, work.
        """
        local = np.ascontiguousarray(local)
        if self.items == 0:
            return local
        start, stop = self.bounds()
        wanted = (
            [i % self.items for i in (*range(start - reach, start), *range(stop, stop + reach))]
            if self.count
            else []
        )
        send = [[] for _ in range(self.size)]
        for rank, asked in enumerate(comm.allgather(wanted)):
            send[rank] = [(i, local[i - start]) for i in asked if start <= i < stop]
        got = {i: row for part in comm.alltoall(send) for i, row in part}
        if not self.count:
            return local
        halo = [got[i] for i in wanted]
        return (
            np.concatenate([np.stack(halo[:reach]), local, np.stack(halo[reach:])])
            if reach
            else local
        )


def placed(comm, flat):
    """(flat, start, size of the whole): this rank's part of an array comes after those of the ranks before it. **Collective.**"""
    counts = comm.allgather(flat.size)
    return flat, sum(counts[: comm.rank]), sum(counts)


def ordered_sum(comm, layout, terms, chunk=CHUNK):
    """Sum of rows over all ranks, bit for bit the same for every number of ranks. **Collective.**

    terms : (layout.count, ...) array, this rank's rows. Rows are added inside fixed chunks of ``chunk``
    global rows, then the chunks in order; a rank sends whole-chunk sums and, for the chunks it shares
    with a neighbour, the rows themselves. Every rank returns the same array.
    """
    terms = np.asarray(terms)
    tail = terms.shape[1:]
    if comm.size == 1:
        total = np.zeros(tail, np.result_type(terms.dtype, float))
        for low in range(0, layout.items, chunk):
            total = total + _sum_rows(terms[low : low + chunk])
        return total
    start, stop = layout.bounds()
    whole, rows = {}, {}
    for c in range(start // chunk, -(-stop // chunk) if stop > start else start // chunk):
        low, high = c * chunk, min((c + 1) * chunk, layout.items)
        if start <= low and high <= stop:
            whole[c] = _sum_rows(terms[low - start : high - start])
        else:
            for i in range(max(low, start), min(high, stop)):
                rows[i] = terms[i - start]
    parts = comm.gather((whole, rows), root=0)
    total = None
    if comm.rank == 0:
        sums, loose = {}, {}
        for w, r in parts:
            sums.update(w)
            loose.update(r)
        total = np.zeros(tail, np.result_type(terms.dtype, float))
        for c in range(-(-layout.items // chunk)):
            if c not in sums:
                low, high = c * chunk, min((c + 1) * chunk, layout.items)
                sums[c] = _sum_rows(np.stack([loose[i] for i in range(low, high)]))
            total = total + sums[c]
    return comm.bcast(total, root=0)


def _sum_rows(rows):
    """Rows added one after the other (numpy's pairwise sum would depend on memory layout)."""
    return np.add.accumulate(rows, axis=0)[-1]


def on_root(comm, function, *args, **kwargs):
    """Run on rank 0 and give every rank its result, or its expected error. **Collective.**

    For what only one rank may touch (reading input, testing a folder); a bug still aborts the run.
    """
    answer = None
    if comm.rank == 0:
        try:
            answer = (True, function(*args, **kwargs))
        except HpcneqError as error:
            answer = (False, error)
    good, value = comm.bcast(answer, root=0)
    if not good:
        raise value
    return value


def agree(comm, flag):
    """True on every rank if it is true on any. **Collective.**"""
    from mpi4py import MPI

    return bool(comm.allreduce(int(bool(flag)), op=MPI.MAX))


def leave_together(comm, code, patience=5.0):
    """Wait until every rank wants to leave; if one does not, end them all with ``code``."""
    if comm.size == 1:
        return code
    request = comm.Ibarrier()
    end = time.monotonic() + patience
    while not request.Test():
        if time.monotonic() > end:
            sys.stderr.write(f"[rank {comm.rank}] left alone by the other ranks; ending all\n")
            sys.stderr.flush()
            comm.Abort(code or 1)
        time.sleep(0.01)
    return code


def abort_on_bug(comm):
    """Make an exception nobody expected on any rank end all ranks at once, instead of hanging them."""

    def hook(kind, value, trace):
        text = "".join(traceback.format_exception(kind, value, trace))
        sys.stderr.write(f"[rank {comm.rank}] {text}")
        sys.stderr.flush()
        if comm.size > 1:
            comm.Abort(1)

    sys.excepthook = hook


def warn_threads(comm, log):
    """Say so when several ranks would each start a BLAS thread per core."""
    if comm.size > 1 and os.environ.get("OMP_NUM_THREADS") != "1":
        log("warning: OMP_NUM_THREADS is not 1; ranks compete for cores (export OMP_NUM_THREADS=1)")


def logger(comm, quiet=False):
    """A print for rank 0 that flushes at once; silent elsewhere and with ``quiet``."""

    def log(text):
        if comm.rank == 0 and not quiet:
            print(text, flush=True)

    return log


def clock(seconds):
    """Seconds as h:mm:ss."""
    seconds = int(round(seconds))
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
