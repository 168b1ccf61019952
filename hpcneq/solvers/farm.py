"""Many independent points, handed out row by row to ranks, each finished point kept at once.

A row is computed by one group from its first point to its last, each point starting from the one
before, so that no result depends on who computed it. Rows go to whoever is free. Rank 0 hands them
out, keeps what is finished, and computes as well; a thread answers meanwhile. Where MPI forbids
that it answers between its points, and the others ask early. Among many groups it only answers.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..errors import HpcneqError
from ..parallel import Communicator, Log, Logger, clock
from .labour import STOP, TO_LEADER, TO_ROOT, Labourer, RecordKeeper, Team, Work
from .messages import Inbox, share, threads_may_send, wait_for_all, wait_until
from .protocols import Point, Record

EVERY = 10.0  # s between two lines of progress
AT_ONCE = 0.25  # s between two states of a bar
LISTEN = 0.002  # s between two looks for messages while rank 0 computes


class Unkept:
    """A keeper that remembers nothing and never stops."""

    def __init__(self) -> None:
        self.done: dict[str, Record] = {}

    def add(self, name: str, record: Record) -> None:
        """Nothing to keep."""

    def clean(self, record: Record) -> Record:
        """The record as it is."""
        return record

    def wanted(self, seconds: float) -> str | None:
        """Nothing asks to stop."""
        return None


def silent(text: str) -> None:
    """A log that says nothing."""


def farm(
    shape: tuple[int, int],
    solve: Point,
    comm: Communicator,
    log: Log = silent,
    keeper: RecordKeeper | None = None,
    label: str = "map",
    group: int = 1,
    everywhere: bool = True,
) -> tuple[list[list[Record | None]], str | None]:
    """All records of a map, [row][column], and what stopped it early. **Collective.**

    The records are on rank 0 and, with ``everywhere``, on the others; else those have None.

    shape : (rows, columns). group : ranks that work on one point together; ``solve`` then also gets
    the group's communicator and is collective in it. A point that raises NotConverged has the
    record {"status": "not-converged", "why": ...}, one that raises NormalState has
    {"status": "complete", "normal": ...}; another HpcneqError ends the map on all ranks.
    keeper : keeps the records, knows those of an earlier run. A point that was not reached is None.
    """
    team = Team(comm, group)
    work = (shape, solve, keeper or Unkept(), team)
    outcome, records = None, {}
    if comm.rank == 0:
        dispatcher = Dispatcher(*work, log=log, label=label)
        dispatcher.run()
        outcome, records = dispatcher.outcome(), dispatcher.records
    else:
        Labourer(*work).run()
    wait_for_all(comm)
    fault, stopped, told = comm.bcast(outcome, root=0)
    for _ in range(told.get(comm.rank, 0)):
        team.post.recv(source=0, tag=STOP)
    team.free()
    if fault is not None:
        raise fault[0](fault[1])
    everything = records
    if everywhere:
        everything = dict(share(comm, records.items()))
    rows, columns = map(range, shape)
    return [[everything.get((i, j)) for j in columns] for i in rows], stopped


@dataclass
class Dispatcher(Work):
    """Rank 0: hands out rows, keeps records, and computes rows between.

    stopped : what stopped the map. fault : (type, text) of the error that ended it. told : how
    often each leader was told to stop. What messages change is guarded by ``lock``.
    """

    log: Log = silent
    label: str = "map"
    stopped: str | None = None
    fault: tuple[type, str] | None = None
    told: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows, columns = map(range, self.shape)
        places = {self.name(i, j): (i, j) for i in rows for j in columns}
        known = self.keeper.done.items()
        self.records = {places[name]: record for name, record in known if name in places}
        self.restored = len(self.records)
        self.fresh = 0
        self.queue = [i for i in rows if any((i, j) not in self.records for j in columns)][::-1]
        self.lock = threading.RLock()
        self.inbox = Inbox(self.team.post, TO_ROOT)
        self.broken: BaseException | None = None
        self.left: set[int] = set()
        self.sent: list[Any] = []
        self.begun = self.spoken = time.monotonic()

    def outcome(self) -> tuple[tuple[type, str] | None, str | None, dict[int, int]]:
        """(fault, stopped, told)."""
        return self.fault, self.stopped, self.told

    def run(self) -> None:
        """Until every row is computed, or the map has ended early, and all leaders have left."""
        if self.restored:
            total = self.shape[0] * self.shape[1]
            self.log(f"{self.label}: {self.restored} of {total} points are there already")
        if not self.team.alone:
            with self.listening():
                while (row := self.next_row()) is not None:
                    self.row(row)
            if self.broken is not None:
                raise self.broken
        self.dismiss()
        wait_until(self.all_left, longest=LISTEN)
        for request in self.sent:
            request.wait()

    # ---- what others ask and send ----------------------------------------------------------------

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Meanwhile a thread answers, where MPI allows it."""
        if not (self.team.leaders and threads_may_send()):
            yield
            return
        over = threading.Event()
        thread = threading.Thread(target=self.listen_until, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def listen_until(self, over: threading.Event) -> None:
        """Answer what comes until ``over`` is set; what goes wrong is told to the main thread."""
        try:
            while not over.wait(LISTEN):
                self.listen()
        except BaseException as error:  # raised again where it ends all ranks
            self.broken = error

    def listen(self) -> None:
        """Answer all that has come."""
        with self.lock:
            for source, (kind, *content) in self.inbox.take():
                if kind == "ask":
                    self.answer(source)
                elif kind == "done":
                    self.keep(*content)
                elif kind == "stop":
                    self.halt(*content)
                elif kind == "fault":
                    self.fail(*content)
                else:
                    self.left.add(source)

    def answer(self, leader: int) -> None:
        """Send a leader the next row and what is known of it, or None."""
        row = self.next_row()
        message = None
        if row is not None:
            message = row, self.known(row)
        self.post(message, leader, TO_LEADER)

    def known(self, i: int) -> dict[tuple[int, int], Record | None]:
        """The points of a row that are there, with the records from which others go on."""
        there: dict[tuple[int, int], Record | None] = {}
        for j in range(self.shape[1]):
            if (i, j) in self.records:
                there[i, j] = None
                if (i, j + 1) not in self.records:
                    there[i, j] = self.records[i, j]
        return there

    def post(self, message: object, leader: int, tag: int) -> None:
        """Begin to send something to a leader."""
        self.sent = [request for request in self.sent if not request.test()[0]]
        self.sent.append(self.team.post.isend(message, dest=leader, tag=tag))

    def all_left(self) -> bool:
        """Answer what has come; whether no leader is at work any more."""
        self.listen()
        self.halt(self.keeper.wanted(self.slowest))
        return len(self.left) == len(self.team.leaders)

    # ---- how the map goes on ---------------------------------------------------------------------

    def next_row(self) -> int | None:
        """The next row that has missing points, None if there is none or the map has ended."""
        with self.lock:
            if self.ended() or not self.queue:
                return None
            return self.queue.pop()

    def ended(self) -> bool:
        """Whether something has ended the map early."""
        return any(end is not None for end in (self.stopped, self.fault, self.broken))

    def ends(self) -> bool:
        """Listen, and see whether no further point is to be begun."""
        self.listen()
        return self.ended() or self.halt(self.keeper.wanted(self.slowest))

    def deliver(self, i: int, j: int, record: Record) -> None:
        """A point of this rank is finished."""
        with self.lock:
            self.keep(i, j, record)

    def keep(self, i: int, j: int, record: Record) -> None:
        """A point is finished: keep it, and say how far the map is."""
        self.records[i, j] = record
        try:
            self.keeper.add(self.name(i, j), record)
        except HpcneqError as error:
            self.fail(type(error), str(error))
        self.fresh += 1
        now = time.monotonic()
        total = self.shape[0] * self.shape[1]
        bar = isinstance(self.log, Logger) and self.log.bar
        if now - self.spoken >= (AT_ONCE if bar else EVERY):
            self.spoken = now
            rate = self.fresh / (now - self.begun)
            there = self.restored + self.fresh
            left = f"ETA {clock((total - there) / rate)}"
            points = f"{there} of {total} points, {rate:.2f} points/s"
            if bar and isinstance(self.log, Logger):
                self.log.show(there / total, f"{left}, {self.label}: {points}")
            else:
                self.log(f"{self.label}: {points}, {left}")

    def halt(self, reason: str | None) -> bool:
        """Stop the map if there is a reason to; whether there is."""
        with self.lock:
            if reason and self.stopped is None:
                self.stopped = reason
                self.tell()
        return bool(reason)

    def fail(self, kind: type, text: str) -> None:
        """End the map on all ranks with an error."""
        with self.lock:
            if self.fault is None:
                self.fault = (kind, text)
                self.tell()

    def tell(self) -> None:
        """Tell the leaders that the map stops."""
        for leader in self.team.leaders:
            self.post(None, leader, STOP)
            self.told[leader] = self.told.get(leader, 0) + 1
