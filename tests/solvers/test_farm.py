"""Maps: rows handed out to ranks and groups, points kept as they are finished, the same records
whoever computed them.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from hpcneq.errors import HpcneqError, NotConverged
from hpcneq.solvers import farm, labour, messages
from hpcneq.solvers.messages import threads_may_send

pytestmark = pytest.mark.parallel
SHAPE = (5, 4)


def chain(i, j, warm):
    """A record that depends on the whole row before it."""
    time.sleep(0.001 * i)
    return {"value": (warm["value"] if warm else i / 7.0) * 1.25 + j, "list": [i, j]}


def expected():
    records = []
    for i in range(SHAPE[0]):
        row = [chain(i, 0, None)]
        for j in range(1, SHAPE[1]):
            row.append(chain(i, j, row[-1]))
        records.append(row)
    return records


class Memory(farm.Unkept):
    """Keeps records on rank 0; asks to stop after so many points that it has seen on this rank."""

    def __init__(self, comm, done=None, points=None, rank=0):
        self.done, self.points, self.seen = dict(done or {}) if comm.rank == 0 else {}, points, 0
        self.patient = comm.rank != rank % comm.size or points is None
        self.added = []

    def add(self, name, record):
        self.done[name] = record
        self.added.append(name)

    def clean(self, record):
        self.seen += 1
        return record

    def wanted(self, seconds):
        return None if self.patient or self.seen < self.points else "a signal"


def test_the_records_do_not_depend_on_who_computed_them(comm):
    """Every rank gets all records, each row computed from its first point to its last.

    Fails if warm starts cross rows, or if points instead of rows are handed out.
    """
    records, stopped = farm.farm(SHAPE, chain, comm)
    assert stopped is None and records == expected()


def test_all_ranks_work(comm):
    """Rows of equal cost are spread, each row on one rank."""
    comm.barrier()  # a rank that comes later than all rows take has none
    records, _ = farm.farm(SHAPE, lambda i, j, warm: time.sleep(0.03) or {"rank": comm.rank}, comm)
    ranks = [{point["rank"] for point in row} for row in records]
    assert all(len(row) == 1 for row in ranks)
    assert len(set().union(*ranks)) >= min(comm.size, 2)  # on a busy machine some come late


def test_groups_share_a_point(comm):
    """Two ranks to a group: the point is solved together, with the group's own communicator."""

    def solve(i, j, warm, group):
        return {"sum": group.allreduce(1.0), "value": i + 10 * j}

    records, _ = farm.farm(SHAPE, solve, comm, group=2) if comm.size > 1 else (None, None)
    if comm.size > 1:
        sizes = {point["sum"] for row in records for point in row}
        assert sizes <= ({2.0} if comm.size % 2 == 0 else {2.0, 3.0})
        assert [[point["value"] for point in row] for row in records] == [
            [i + 10 * j for j in range(4)] for i in range(5)
        ]


def test_a_map_goes_on_at_its_unfinished_points(comm):
    """What a keeper remembers is not computed again, also in the middle of a row; the rest
    continues from it.
    """
    whole = expected()
    done = {
        farm.Work.name(i, j): whole[i][j]
        for i, j in [(0, 0), (0, 1), (2, 0), (2, 1), (2, 2), (2, 3)]
    }
    keeper = Memory(comm, done)
    records, stopped = farm.farm(SHAPE, chain, comm, keeper=keeper)
    assert records == whole and stopped is None
    if comm.rank == 0:
        assert sorted(keeper.added) == sorted(
            farm.Work.name(i, j)
            for i in range(5)
            for j in range(4)
            if farm.Work.name(i, j) not in done
        )


@pytest.mark.parametrize("rank", [0, 1])
def test_a_request_to_stop_on_any_rank_stops_all(comm, rank):
    """The points under way are finished and kept, the others are None; going on completes the
    map.
    """

    def slowly(i, j, warm):
        time.sleep(0.005)
        return chain(0, j, warm)

    keeper = Memory(comm, points=2, rank=rank)
    records, stopped = farm.farm((40, 4), slowly, comm, keeper=keeper)
    if comm.bcast(keeper.seen < 2, root=rank % comm.size):
        return  # on a busy machine the others may have been quicker with all of it
    assert stopped == "a signal"
    there = sum(point is not None for row in records for point in row)
    assert 0 < there < 160
    again, stopped = farm.farm((40, 4), slowly, comm, keeper=Memory(comm, keeper.done))
    assert stopped is None and again == [expected()[0]] * 40
    for before, after in zip(records, again):
        assert all(b is None or b == a for b, a in zip(before, after))


def test_a_point_that_does_not_converge_is_marked(comm):
    """One bad point spoils neither its row nor the map."""

    def solve(i, j, warm):
        if (i, j) == (1, 2):
            raise NotConverged("no root")
        return {"warm": warm["status"] if warm and "status" in warm else "ok"}

    records, _ = farm.farm(SHAPE, solve, comm)
    assert records[1][2] == {"status": "not-converged", "why": "no root"}
    assert records[1][3] == {"warm": "not-converged"} and records[4][3] == {"warm": "ok"}


def test_an_error_ends_the_map_on_all_ranks(comm):
    """The same error, with its words, everywhere; nobody is left waiting."""

    def solve(i, j, warm):
        if i == SHAPE[0] - 1:
            raise HpcneqError("disk full")
        return {}

    message = ""
    try:
        farm.farm(SHAPE, solve, comm)
    except HpcneqError as error:
        message = str(error)
    assert comm.allgather(message) == ["disk full"] * comm.size


def test_progress_is_told_by_rank_0(comm, monkeypatch):
    """A line with points, rate and the time left."""
    monkeypatch.setattr(farm, "EVERY", 0.0)
    lines = []
    farm.farm((2, 2), lambda i, j, warm: {"x": np.zeros(2)}, comm, lines.append, label="region")
    if comm.rank == 0:
        assert (
            len(lines) == 4
            and lines[-1].startswith("region: 4 of 4 points, ")
            and "ETA 0:00:00" in lines[-1]
        )


def test_points_are_handed_out_and_kept_while_rank_0_computes(comm):
    """Rank 0's point ends when all others are kept: they need not wait for it.

    Fails if messages are read between rank 0's own points only.
    """
    keeper = Memory(comm)

    def solve(i, j, warm):
        end = time.monotonic() + 20
        while comm.rank == 0 and len(keeper.added) < 7 and time.monotonic() < end:
            time.sleep(0.005)
        return {"rank": comm.rank}

    if comm.size > 1 and threads_may_send():
        records, _ = farm.farm((8, 1), solve, comm, keeper=keeper)
        mine = [i for i, (record,) in enumerate(records) if record["rank"] == 0]
        assert len(mine) == 1
        if comm.rank == 0:
            assert keeper.added[-1] == farm.Work.name(mine[0], 0) and len(keeper.added) == 8


def test_among_many_groups_rank_0_only_hands_out(comm, monkeypatch):
    """The same records; none of them is rank 0's. Groups of two are cut from the other ranks."""
    monkeypatch.setattr(labour, "ALONE_ABOVE", 0)
    if comm.size == 1:
        return
    records, _ = farm.farm(SHAPE, chain, comm)
    assert records == expected()
    for group in (1, 2):
        if comm.size > group:

            def solve(i, j, warm, *its):
                ranks = its[0].allgather(comm.rank) if its else [comm.rank]
                return {"ranks": ranks}

            records, _ = farm.farm(SHAPE, solve, comm, group=group)
            ranks = {rank for row in records for point in row for rank in point["ranks"]}
            assert ranks and 0 not in ranks
            assert all(len(point["ranks"]) >= group for row in records for point in row)


def test_large_records_arrive_whole_and_go_round_in_pieces(comm):
    """Records beyond any eager limit, and a broadcast in pieces smaller than one of them."""

    def solve(i, j, warm):
        return {"x": np.full(200_000, 10.0 * i + j)}

    records, _ = farm.farm((3, 2), solve, comm)
    for i, row in enumerate(records):
        assert all((point["x"] == 10.0 * i + j).all() for j, point in enumerate(row))
    items = [bytes(10), bytes(3000), b"end"] if comm.rank == 0 else []
    assert messages.share(comm, items, piece=100) == [bytes(10), bytes(3000), b"end"]


def test_records_go_to_rank_0_alone_where_no_other_needs_them(comm, monkeypatch):
    """No message carries one to another rank, but what a row begins from.

    Fails if they are shared all the same.
    """
    shared = []
    monkeypatch.setattr("hpcneq.solvers.farm.share", lambda *args: shared.append(args))
    records, stopped = farm.farm(SHAPE, chain, comm, everywhere=False)
    assert stopped is None and shared == []
    if comm.rank == 0:
        assert records == expected()
    else:
        assert {record for row in records for record in row} == {None}


def test_a_map_without_threads_is_the_same(comm, monkeypatch):
    """Where MPI takes calls of one thread only, rank 0 answers between its points."""
    monkeypatch.setattr(labour, "threads_may_send", lambda: False)
    monkeypatch.setattr(farm, "threads_may_send", lambda: False)
    records, _ = farm.farm(SHAPE, chain, comm)
    assert records == expected()
