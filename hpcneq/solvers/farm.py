"""Many independent points, handed out row by row to ranks, each finished point kept at once.

A row is computed by one group from its first point to its last, each point starting from the one
before, so that no result depends on who computed it. Rows go to whoever is free; rank 0 hands them
out and computes as well. To hide that it answers only between two points of its own, a group asks
for its next row when it begins one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .. import interrupts
from ..errors import HpcneqError, NormalState, NotConverged
from ..parallel import Communicator, Log, clock, solo
from .protocols import Point, Record

TO_ROOT, TO_LEADER, STOP = 1, 2, 3  # tags of messages
NAP = 0.001  # s between two looks for a message
EVERY = 10.0  # s between two lines of progress


class RecordKeeper(Protocol):
    """Keeps the records of a map; without one they are lost when the run ends early."""

    @property
    def done(self) -> Mapping[str, Record]:
        """The records of an earlier run, by name of the point; on rank 0."""

    def add(self, name: str, record: Record) -> None:
        """Keep a record; called on rank 0."""

    def clean(self, record: Record) -> Record:
        """The record as a later run would read it."""

    def wanted(self, seconds: float) -> str | None:
        """What asks this rank to stop before a point that may take this long, or None."""


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
) -> tuple[list[list[Record | None]], str | None]:
    """All records of a map, [row][column], on every rank, and what stopped it early.

    **Collective.**

    shape : (rows, columns). group : ranks that work on one point together; ``solve`` then also gets
    the group's communicator and is collective in it. A point that raises NotConverged has the
    record {"status": "not-converged", "why": ...}, one that raises NormalState has
    {"status": "complete", "normal": ...}; another HpcneqError ends the map on all ranks.
    keeper : keeps the records, knows those of an earlier run. A point that was not reached is None.
    """
    size = min(max(1, group), comm.size)
    work = Work(shape, solve, keeper or Unkept(), size, comm, log, label)
    try:
        return work.run()
    finally:
        work.free()


@dataclass
class Work:
    """One map on one rank.

    size : ranks of a group. records : on rank 0 of all points, on a leader of those it knows.
    stopped : what stopped the map. fault : (type, text) of the error that ended it.
    """

    shape: tuple[int, int]
    solve: Point
    keeper: RecordKeeper
    size: int
    comm: Communicator
    log: Log
    label: str
    records: dict[tuple[int, int], Record] = field(default_factory=dict)
    stopped: str | None = None
    fault: tuple | None = None

    def __post_init__(self):
        self.post = self.comm.Dup()  # what solve sends must never meet this
        self.groups = max(1, self.comm.size // self.size)
        mine = min(self.comm.rank // self.size, self.groups - 1)
        self.group = self.comm.Split(mine, self.comm.rank) if self.size > 1 else solo()
        self.leads = self.group.rank == 0
        self.leaders = [g * self.size for g in range(1, self.groups)]
        self.begun = self.spoken = time.monotonic()
        self.slowest, self.fresh = 0.0, 0
        known = None
        if self.comm.rank == 0:
            known = dict(self.keeper.done)
        known = self.comm.bcast(known, root=0)
        rows, columns = map(range, self.shape)
        places = {self.name(i, j): (i, j) for i in rows for j in columns}
        self.records = {places[name]: record for name, record in known.items() if name in places}
        self.restored = len(self.records)
        self.queue = [i for i in rows if any((i, j) not in self.records for j in columns)]
        self.left, self.sent = set(), []

    @staticmethod
    def name(i: int, j: int) -> str:
        """What the keeper calls a point."""
        return f"{i},{j}"

    def free(self) -> None:
        """Give the communicators back."""
        self.post.Free()
        if self.size > 1:
            self.group.Free()

    def run(self) -> tuple[list[list[Record | None]], str | None]:
        """Compute what is missing; (records, stopped). **Collective.**"""
        rows, columns = self.shape
        if self.restored:
            self.log(f"{self.label}: {self.restored} of {rows * columns} points are there already")
        if self.comm.rank == 0:
            self.dispatch()
        elif self.leads:
            self.labour()
        else:
            self.follow()
        self.comm.barrier()
        while self.told():
            self.post.recv(source=0, tag=STOP)
        outcome = None
        if self.comm.rank == 0:
            outcome = (self.fault, self.stopped, self.records)
        fault, stopped, records = self.comm.bcast(outcome, root=0)
        if fault is not None:
            raise fault[0](fault[1])
        return [[records.get((i, j)) for j in range(columns)] for i in range(rows)], stopped

    # ---- one point -------------------------------------------------------------------------------

    def point(self, i: int, j: int) -> Record:
        """The record of a point, computed by this group together; called by its leader."""
        warm = self.records.get((i, j - 1))
        self.group.bcast((i, j, warm), root=0)
        begun = time.monotonic()
        record = self.keeper.clean(self.compute(i, j, warm))
        self.slowest = max(self.slowest, time.monotonic() - begun)
        self.records[i, j] = record
        return record

    def compute(self, i: int, j: int, warm: Record | None) -> Record:
        """solve, with a point that does not converge as a record."""
        together = [self.group] if self.size > 1 else []
        try:
            with interrupts.apart():
                return self.solve(i, j, warm, *together)
        except NormalState as error:
            return {"status": "complete", "normal": str(error)}
        except NotConverged as error:
            return {"status": "not-converged", "why": str(error)}

    def follow(self) -> None:
        """A rank that leads no group takes part in its group's points."""
        while (task := self.group.bcast(None, root=0)) is not None:
            try:
                self.compute(*task)
            except HpcneqError:
                pass  # its leader has met the same and tells all

    # ---- a leader other than rank 0 --------------------------------------------------------------

    def labour(self) -> None:
        """Ask for rows and compute them until there are none."""
        answer = self.ask()
        while (row := self.wait(answer)) is not None:
            answer = self.ask()
            for j in range(self.shape[1]):
                if (row, j) in self.records:
                    continue
                if self.fault or self.told() or self.wants():
                    break
                try:
                    self.send("done", row, j, self.point(row, j))
                except HpcneqError as error:
                    self.fault = (type(error), str(error))
                    self.send("fault", *self.fault)
        self.group.bcast(None, root=0)
        self.send("left")
        for request in self.sent:
            request.wait()

    def ask(self) -> Any:
        """Ask rank 0 for a row; returns the request that its answer fulfils."""
        self.send("ask")
        return self.post.irecv(source=0, tag=TO_LEADER)

    def wait(self, answer: Any) -> int | None:
        """The row that rank 0 answers, None if there are no more."""
        while True:
            there, row = answer.test()
            if there:
                return row
            time.sleep(NAP)

    def send(self, *message: object) -> None:
        """Begin to send something to rank 0."""
        self.sent = [request for request in self.sent if not request.test()[0]]
        self.sent.append(self.post.isend(message, dest=0, tag=TO_ROOT))

    def told(self) -> bool:
        """Whether rank 0 has said that the map stops."""
        return self.post.iprobe(source=0, tag=STOP)

    def wants(self) -> bool:
        """Whether this rank is asked to stop; it tells rank 0."""
        reason = self.keeper.wanted(self.slowest)
        if reason:
            self.send("stop", reason)
        return bool(reason)

    # ---- rank 0 ----------------------------------------------------------------------------------

    def dispatch(self) -> None:
        """Hand out rows, keep records, and compute rows between."""
        while self.queue and not self.ended():
            row = self.queue.pop(0)
            for j in range(self.shape[1]):
                if (row, j) in self.records:
                    continue
                self.listen()
                if self.ended() or self.halt(self.keeper.wanted(self.slowest)):
                    break
                try:
                    self.keep(row, j, self.point(row, j))
                except HpcneqError as error:
                    self.fail(type(error), str(error))
                    break
        self.group.bcast(None, root=0)
        while len(self.left) < len(self.leaders):
            self.listen()
            self.halt(self.keeper.wanted(self.slowest))
            time.sleep(NAP)
        for request in self.sent:
            request.wait()

    def ended(self) -> bool:
        """Whether no further point is to be begun."""
        return self.stopped is not None or self.fault is not None

    def listen(self) -> None:
        """Answer what has come."""
        from mpi4py import MPI

        while self.post.iprobe(source=MPI.ANY_SOURCE, tag=TO_ROOT):
            status = MPI.Status()
            kind, *content = self.post.recv(source=MPI.ANY_SOURCE, tag=TO_ROOT, status=status)
            source = status.Get_source()
            if kind == "ask":
                row = None
                if self.queue and not self.ended():
                    row = self.queue.pop(0)
                self.sent.append(self.post.isend(row, dest=source, tag=TO_LEADER))
            elif kind == "done":
                row, j, record = content
                self.records[row, j] = record
                self.keep(row, j, record)
            elif kind == "stop":
                self.halt(content[0])
            elif kind == "fault":
                self.fail(*content)
            else:
                self.left.add(source)

    def keep(self, i: int, j: int, record: Record) -> None:
        """A point is finished: keep it, and say how far the map is."""
        try:
            self.keeper.add(self.name(i, j), record)
        except HpcneqError as error:
            self.fail(type(error), str(error))
        self.fresh += 1
        now, total = time.monotonic(), self.shape[0] * self.shape[1]
        if now - self.spoken >= EVERY:
            self.spoken = now
            rate = self.fresh / (now - self.begun)
            there = self.restored + self.fresh
            self.log(
                f"{self.label}: {there} of {total} points, {rate:.2f} points/s, "
                f"ETA {clock((total - there) / rate)}"
            )

    def halt(self, reason: str | None) -> bool:
        """Stop the map if there is a reason to; whether there is."""
        if reason and self.stopped is None:
            self.stopped = reason
            self.tell()
        return bool(reason)

    def fail(self, kind: type, text: str) -> None:
        """End the map on all ranks with an error."""
        if self.fault is None:
            self.fault = (kind, text)
            self.tell()

    def tell(self) -> None:
        """Tell the leaders that the map stops."""
        for leader in self.leaders:
            if leader not in self.left:
                self.sent.append(self.post.isend(None, dest=leader, tag=STOP))
