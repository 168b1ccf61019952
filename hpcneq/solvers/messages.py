"""Messages of a map: looked for until none is left, waited for without spinning, never too large.

Open MPI's probe finds nothing on the call that makes progress, so one empty look means little; and
a rank that waits inside MPI uses a whole core, which with more ranks than cores another one needs.
"""

from __future__ import annotations

import itertools
import pickle
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import interrupts
from ..errors import HpcneqError
from ..parallel import Communicator, all_rows

LOOKS = 4  # empty looks before nothing has come
NAP, LONG_NAP = 0.0005, 0.005  # s between two looks: the first, and after a while
PIECE = 2**24  # bytes of a broadcast; MPI counts to 2^31
Item = TypeVar("Item")


def threads_may_send() -> bool:
    """Whether MPI takes calls from several threads at a time."""
    from mpi4py import MPI

    return MPI.Query_thread() == MPI.THREAD_MULTIPLE


def has_come(post: Communicator, source: int, tag: int) -> bool:
    """Whether a message is there, after several looks."""
    return any(post.iprobe(source=source, tag=tag) for _ in range(LOOKS))


class Inbox:
    """Messages of one tag from any rank; one that arrives slowly holds up its sender's alone."""

    def __init__(self, post: Communicator, tag: int):
        self.post, self.tag = post, tag
        self.arriving: list[tuple[int, Any]] = []

    def take(self) -> Iterator[tuple[int, Any]]:
        """(source, message) of all that have come, those of a source in their order."""
        self._begin()
        waiting: list[tuple[int, Any]] = []
        late: set[int] = set()
        for source, request in self.arriving:
            done, message = False, None
            if source not in late:
                done, message = request.test()
            if done:
                yield source, message
            else:
                late.add(source)
                waiting.append((source, request))
        self.arriving = waiting

    def _begin(self):
        """Begin to receive all that is there."""
        from mpi4py import MPI

        status = MPI.Status()
        looks = 0
        while looks < LOOKS:
            message = self.post.improbe(source=MPI.ANY_SOURCE, tag=self.tag, status=status)
            looks += 1
            if message is not None:
                self.arriving.append((status.Get_source(), message.irecv()))
                looks = 0


def wait_until(
    done: Callable[[], bool], seconds: float = float("inf"), longest: float = LONG_NAP
) -> bool:
    """Sleep between looks until something is done or the time is over; whether it is done."""
    nap = NAP
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(nap)
        nap = min(1.2 * nap, longest)
    return True


def wait_for_all(comm: Communicator) -> None:
    """A barrier that leaves the cores to ranks that are still at work. **Collective.**"""
    wait_until(comm.Ibarrier().Test)


def share(comm: Communicator, items: Iterable[Item], piece: int = PIECE) -> list[Item]:
    """Rank 0's items, on every rank, in broadcasts of about ``piece`` bytes. **Collective.**

    items : those of rank 0 count; none of them is larger than 2^31 bytes.
    """
    if comm.size == 1:
        return list(items)
    mine: Iterator[list[bytes] | None] = itertools.repeat(None)
    if comm.rank == 0:
        mine = pieces(items, piece)
    received: list[Item] = []
    while (part := comm.bcast(next(mine), root=0)) is not None:
        received += map(pickle.loads, part)
    return received


def pieces(items: Iterable[object], piece: int) -> Iterator[list[bytes] | None]:
    """Lists of pickled items, each list of about ``piece`` bytes; None at the end."""
    part: list[bytes] = []
    size = 0
    for item in items:
        part.append(pickle.dumps(item, protocol=pickle.HIGHEST_PROTOCOL))
        size += len(part[-1])
        if size >= piece:
            yield part
            part, size = [], 0
    if part:
        yield part
    yield None


def dealt_numbers(
    comm: Communicator, items: Sequence[Item], number: Callable[[Item], float]
) -> NDArray:
    """``number`` of each item (n,), on every rank; items are dealt to the ranks in turn.

    **Collective.** An expected error on one rank is raised on all.
    """
    mine, error = [], None
    try:
        with interrupts.apart():
            mine = [number(item) for item in items[comm.rank :: comm.size]]
    except HpcneqError as expected:
        error = expected
    for failure in filter(None, comm.allgather(error)):
        raise failure
    numbers = np.empty(len(items))
    dealt = all_rows(comm, np.array(mine, float))
    numbers[np.argsort(np.arange(len(items)) % comm.size, kind="stable")] = dealt
    return numbers
