"""What a rank does in a map: rows point by point, alone or in a group, and telling rank 0."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .. import interrupts
from ..errors import HpcneqError, NormalState, NotConverged
from ..parallel import Communicator, solo
from .messages import has_come, threads_may_send, wait_until
from .protocols import Point, Record

TO_ROOT, TO_LEADER, STOP = 1, 2, 3  # tags of messages
ALONE_ABOVE = 8  # groups: with more of them rank 0 only hands out rows
SHARE = 0.03  # of a row: behind one as short that waiting costs more, the next is asked for early
WAIT = 0.05  # s; longer waits are those of a start or an end
PATIENCE = 0.05  # s a leader waits until a large record is on its way


class RecordKeeper(Protocol):
    """Keeps the records of a map; without one they are lost when the run ends early."""

    @property
    def done(self) -> Mapping[str, Record]:
        """The records of an earlier run, by name of the point; on rank 0."""

    def add(self, name: str, record: Record) -> None:
        """Keep a record; called on rank 0, by one thread at a time, not always the same."""

    def clean(self, record: Record) -> Record:
        """The record as a later run would read it."""

    def wanted(self, seconds: float) -> str | None:
        """What asks this rank to stop before a point that may take this long, or None."""


class Team:
    """The ranks of a map in groups, the first rank of each its leader.

    post : for the map's own messages. group : the communicator of this rank's group. leaders :
    those other than rank 0. alone : whether rank 0 only hands out rows. prompt : whether rank 0
    answers also while it computes. **Collective.**
    """

    def __init__(self, comm: Communicator, size: int):
        self.post = comm.Dup()  # what points send must never meet this
        self.size = min(max(1, size), comm.size)
        self.alone = comm.size // self.size > ALONE_ABOVE
        first = int(self.alone)
        groups = (comm.size - first) // self.size
        mine = min((comm.rank - first) // self.size, groups - 1)
        if self.alone and comm.rank == 0:
            mine = groups
        self.group = comm.Split(mine, comm.rank) if self.size > 1 else solo()
        self.leads = self.group.rank == 0
        starts = [first + number * self.size for number in range(groups)]
        self.leaders = [rank for rank in starts if rank > 0]
        self.prompt = comm.bcast(self.alone or threads_may_send(), root=0)

    def free(self) -> None:
        """Give the communicators back. **Collective.**"""
        self.post.Free()
        if self.size > 1:
            self.group.Free()


@dataclass
class Work:
    """One map on one rank.

    records : on rank 0 of all points, on a leader those of its row, None where it needs none.
    slowest : seconds that the longest point took.
    """

    shape: tuple[int, int]
    solve: Point
    keeper: RecordKeeper
    team: Team
    records: dict[tuple[int, int], Any] = field(default_factory=dict)
    slowest: float = 0.0

    @staticmethod
    def name(i: int, j: int) -> str:
        """What the keeper calls a point."""
        return f"{i},{j}"

    def row(self, i: int) -> None:
        """Compute the points of a row that are missing, until something ends the map."""
        for j in range(self.shape[1]):
            if (i, j) in self.records:
                continue
            if self.ends():
                break
            try:
                self.deliver(i, j, self.point(i, j))
            except HpcneqError as error:
                self.fail(type(error), str(error))
                break

    def point(self, i: int, j: int) -> Record:
        """The record of a point, computed by this group together; called by its leader."""
        warm = self.records.get((i, j - 1))
        self.team.group.bcast((i, j, warm), root=0)
        begun = time.monotonic()
        record = self.keeper.clean(self.compute(i, j, warm))
        self.slowest = max(self.slowest, time.monotonic() - begun)
        self.records[i, j] = record
        return record

    def compute(self, i: int, j: int, warm: Record | None) -> Record:
        """solve, with a point that does not converge as a record."""
        together = [self.team.group] if self.team.size > 1 else []
        try:
            with interrupts.apart(self.team.group):
                return self.solve(i, j, warm, *together)
        except NormalState as error:
            return {"status": "complete", "normal": str(error)}
        except NotConverged as error:
            return {"status": "not-converged", "why": str(error)}

    def dismiss(self) -> None:
        """Let the ranks that follow this leader go."""
        self.team.group.bcast(None, root=0)

    def follow(self) -> None:
        """A rank that leads no group takes part in its group's points."""
        while (task := self.team.group.bcast(None, root=0)) is not None:
            try:
                self.compute(*task)
            except HpcneqError:
                pass  # its leader has met the same and tells all

    # ---- what rank 0 and the other leaders do each in their way ----------------------------------

    def ends(self) -> bool:
        """Whether no further point is to be begun."""
        raise NotImplementedError

    def deliver(self, i: int, j: int, record: Record) -> None:
        """A point is finished."""
        raise NotImplementedError

    def fail(self, kind: type, text: str) -> None:
        """End the map on all ranks with an error."""
        raise NotImplementedError


@dataclass
class Labourer(Work):
    """A rank other than 0: as a leader it asks for rows until there are none."""

    failed: bool = False
    sent: list[Any] = field(default_factory=list)

    def run(self) -> None:
        """Compute what rank 0 hands out."""
        if not self.team.leads:
            self.follow()
            return
        self.send("ask")
        early, waited = not self.team.prompt, 0.0
        asked = time.monotonic()
        while (answer := self.answer()) is not None:
            row, self.records = answer
            begun = time.monotonic()
            if early:
                self.send("ask")
                self.row(row)
            else:
                waited = min(begun - asked, WAIT)
                self.row(row)
                self.send("ask")
            asked = time.monotonic()
            early = not self.team.prompt or waited > SHARE * (asked - begun)
        self.dismiss()
        self.send("left")
        wait_until(self.all_sent)

    def answer(self) -> tuple[int, dict[tuple[int, int], Record]] | None:
        """A row and what is known of it, as rank 0 answers; None if there are no more."""
        wait_until(lambda: has_come(self.team.post, 0, TO_LEADER))
        return self.team.post.recv(source=0, tag=TO_LEADER)

    def send(self, *message: object) -> None:
        """Begin to send something to rank 0."""
        self.all_sent()
        self.sent.append(self.team.post.isend(message, dest=0, tag=TO_ROOT))

    def ends(self) -> bool:
        """Whether the map stops; if this rank is asked to stop, it tells rank 0."""
        if self.failed or has_come(self.team.post, 0, STOP):
            return True
        reason = self.keeper.wanted(self.slowest)
        if reason:
            self.send("stop", reason)
        return bool(reason)

    def deliver(self, i: int, j: int, record: Record) -> None:
        """Send a record; a large one moves only while this rank is inside MPI."""
        self.send("done", i, j, record)
        if self.team.prompt:
            wait_until(self.all_sent, PATIENCE)

    def all_sent(self) -> bool:
        """Whether rank 0 has everything."""
        self.sent = [request for request in self.sent if not request.test()[0]]
        return not self.sent

    def fail(self, kind: type, text: str) -> None:
        """Tell rank 0 of an error."""
        self.failed = True
        self.send("fault", kind, text)
