"""Maps: many independent points, handed out row by row to ranks or groups of ranks, each finished point kept at once.

A row is computed by one group from its first point to its last, each point starting from the one before, so that no
result depends on who computed it. Rows go to whoever is free; rank 0 hands them out and computes as well. To hide that it
answers only between two points of its own, a group asks for its next row when it begins one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ..errors import HpcneqError, NotConverged
from ..parallel import clock, solo

TO_ROOT, TO_LEADER, STOP = 1, 2, 3
NAP = 0.001  # s between two looks for a message
EVERY = 10.0  # s between two lines of progress


class Unkept:
    """A keeper that remembers nothing and never stops."""

    done = {}

    def add(self, name, record):
        """Nothing to keep."""

    def clean(self, record):
        """The record as a later run would read it."""
        return record

    def wanted(self, seconds):
        """What asks this rank to stop before a point that may take this long, or None."""
        return None


def farm(shape, solve, comm, log=lambda text: None, keeper=None, label="map", group=1):
    """All records of a map, [row][column], on every rank, and why it was stopped early (None if it was not). **Collective.**

    shape : (rows, columns). solve(i, j, warm) -> record : a dict of numbers, texts, lists and arrays; ``warm`` is the record of
    (i, j - 1), None for j = 0. With ``group`` > 1 ranks work on one point together, and solve(i, j, warm, group's communicator)
    is collective in the group. A point that raises NotConverged has the record {"status": "not-converged", "why": ...}; another
    HpcneqError ends the map on all ranks. keeper (protocol of `Unkept`) : keeps the records, knows those of an earlier run.
    A point that was not reached is None.
    """
    work = Work(shape, solve, keeper or Unkept(), min(max(1, group), comm.size), comm, log, label)
    try:
        return work.run()
    finally:
        work.free()


@dataclass
class Work:
    """One map on one rank."""

    shape: tuple
    solve: object
    keeper: object
    size: int
    comm: object
    log: object
    label: str
    records: dict = field(
        default_factory=dict
    )  # rank 0: of all points; a leader: of those it knows
    stopped: str | None = None
    fault: tuple | None = None

    def __post_init__(self):
        self.post = self.comm.Dup()  # what solve sends must never meet this
        self.groups = max(1, self.comm.size // self.size)
        mine = min(self.comm.rank // self.size, self.groups - 1)
        self.group = self.comm.Split(mine, self.comm.rank) if self.size > 1 else solo()
        self.leads = self.group.rank == 0
        self.leaders = [g * self.size for g in range(1, self.groups)]
        self.slowest, self.begun, self.spoken, self.fresh = (
            0.0,
            time.monotonic(),
            time.monotonic(),
            0,
        )
        known = self.comm.bcast(dict(self.keeper.done) if self.comm.rank == 0 else None, root=0)
        places = {
            self.name(i, j): (i, j) for i in range(self.shape[0]) for j in range(self.shape[1])
        }
        self.records = {places[name]: record for name, record in known.items() if name in places}
        self.here = len(self.records)
        self.queue = [
            i
            for i in range(self.shape[0])
            if any((i, j) not in self.records for j in range(self.shape[1]))
        ]
        self.left, self.sent = set(), []

    @staticmethod
    def name(i, j):
        """What the keeper calls a point."""
        return f"{i},{j}"

    def free(self):
        """Give the communicators back."""
        self.post.Free()
        if self.size > 1:
            self.group.Free()

    def run(self):
        """Compute what is missing; (records, stopped). **Collective.**"""
        if self.here:
            self.log(
                f"{self.label}: {self.here} of {self.shape[0] * self.shape[1]} points are there already"
            )
        if self.comm.rank == 0:
            self.dispatch()
        elif self.leads:
            self.labour()
        else:
            self.follow()
        self.comm.barrier()
        while self.told():
            self.post.recv(source=0, tag=STOP)
        fault, stopped, records = self.comm.bcast(
            (self.fault, self.stopped, self.records) if self.comm.rank == 0 else None, root=0
        )
        if fault is not None:
            raise fault[0](fault[1])
        rows, columns = self.shape
        return [[records.get((i, j)) for j in range(columns)] for i in range(rows)], stopped

    # ---- one point ------------------------------------------------------------------------------------------------

    def point(self, i, j):
        """The record of a point, computed by this group together; called by its leader."""
        warm = self.records.get((i, j - 1)) if j else None
        self.group.bcast((i, j, warm), root=0)
        begun = time.monotonic()
        record = self.keeper.clean(self.compute(i, j, warm))
        self.slowest = max(self.slowest, time.monotonic() - begun)
        self.records[i, j] = record
        return record

    def compute(self, i, j, warm):
        """solve, with a point that does not converge as a record."""
        try:
            return self.solve(i, j, warm, self.group) if self.size > 1 else self.solve(i, j, warm)
        except NotConverged as error:
            return {"status": "not-converged", "why": str(error)}

    def follow(self):
        """A rank that leads no group takes part in its group's points."""
        while (task := self.group.bcast(None, root=0)) is not None:
            try:
                self.compute(*task)
            except HpcneqError:
                pass  # its leader has met the same and tells all

    # ---- a leader other than rank 0 ---------------------------------------------------------------------------------

    def labour(self):
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

    def ask(self):
        self.send("ask")
        return self.post.irecv(source=0, tag=TO_LEADER)

    def wait(self, answer):
        while True:
            there, row = answer.test()
            if there:
                return row
            time.sleep(NAP)

    def send(self, *message):
        self.sent = [request for request in self.sent if not request.test()[0]]
        self.sent.append(self.post.isend(message, dest=0, tag=TO_ROOT))

    def told(self):
        """Whether rank 0 has said that the map stops."""
        return self.post.iprobe(source=0, tag=STOP)

    def wants(self):
        """Whether this rank is asked to stop; it tells rank 0."""
        reason = self.keeper.wanted(self.slowest)
        if reason:
            self.send("stop", reason)
        return bool(reason)

    # ---- rank 0 -----------------------------------------------------------------------------------------------------

    def dispatch(self):
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

    def ended(self):
        return self.stopped is not None or self.fault is not None

    def listen(self):
        """Answer what has come."""
        from mpi4py import MPI

        while self.post.iprobe(source=MPI.ANY_SOURCE, tag=TO_ROOT):
            status = MPI.Status()
            kind, *content = self.post.recv(source=MPI.ANY_SOURCE, tag=TO_ROOT, status=status)
            source = status.Get_source()
            if kind == "ask":
                row = self.queue.pop(0) if self.queue and not self.ended() else None
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

    def keep(self, i, j, record):
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
            there = self.here + self.fresh
            self.log(
                f"{self.label}: {there} of {total} points, {rate:.2f} points/s, ETA {clock((total - there) / rate)}"
            )

    def halt(self, reason):
        """Stop the map if there is a reason to; whether there is."""
        if reason and self.stopped is None:
            self.stopped = reason
            self.tell()
        return bool(reason)

    def fail(self, kind, text):
        if self.fault is None:
            self.fault = (kind, text)
            self.tell()

    def tell(self):
        for leader in self.leaders:
            if leader not in self.left:
                self.sent.append(self.post.isend(None, dest=leader, tag=STOP))
