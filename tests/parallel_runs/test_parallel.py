"""Who owns what, sums in a fixed order, and failing together.

Also: mpiexec -n 3 python -m pytest tests/parallel_runs/test_parallel.py -m parallel
"""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import hpcneq
from hpcneq import parallel
from hpcneq.errors import HpcneqError, InputError
from hpcneq.parallel import Layout, ordered_sum, solo

HOME = Path(hpcneq.__file__).parents[1]
FEW = [
    0,
    1,
    2,
    5,
    7,
    64,
    65,
    130,
    1000,
    3001,
]  # fewer items than ranks, whole chunks, one more than a chunk


# ---- layout --------------------------------------------------------------------------------------


@pytest.mark.parametrize("items", [0, 1, 2, 3, 6, 7, 8, 50])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 11])
def test_blocks_cover_all_items_once_in_order_and_differ_by_at_most_one(items, size):
    """The block rule, also with more ranks than items; ``owner`` is the inverse of ``bounds`` for
    every item.
    """
    layouts = [Layout(items, size, rank) for rank in range(size)]
    assert [i for layout in layouts for i in range(*layout.bounds())] == list(range(items))
    counts = [layout.count for layout in layouts]
    assert counts == sorted(counts, reverse=True) and counts[0] - counts[-1] <= 1
    for layout in layouts:
        assert (layout.start, layout.stop) == layout.bounds() == layouts[0].bounds(layout.rank)
        assert all(layouts[0].owner(i) == layout.rank for i in range(*layout.bounds()))


# ---- arrays of all ranks -------------------------------------------------------------------------


@pytest.mark.parallel
@pytest.mark.parametrize("most", [1 << 30, 40])
def test_every_rank_gets_all_rows_in_messages_of_limited_size(comm, monkeypatch, most):
    """Also where ranks have no rows, and where MPI could not count the whole in 31 bits."""
    monkeypatch.setattr(parallel, "MESSAGE", most)
    layout = Layout.over(5, comm)
    whole = np.arange(30.0).reshape(5, 3, 2) * (1 + 2j)
    assert np.array_equal(parallel.all_rows(comm, whole[layout.start : layout.stop]), whole)
    mine = {i: whole[i, : i % 3] for i in range(layout.start, layout.stop)}
    everything = parallel.all_arrays(comm, mine)
    assert list(everything) == list(range(5))
    assert all(np.array_equal(everything[i], whole[i, : i % 3]) for i in range(5))


@pytest.mark.parallel
@pytest.mark.parametrize("most", [1 << 30, 40])
def test_what_rank_0_has_reaches_all_with_its_arrays_apart(comm, monkeypatch, most):
    """In pieces of limited size; what is small is pickled. Fails if an array is pickled."""
    monkeypatch.setattr(parallel, "MESSAGE", most)
    whole = {"rows": np.arange(35.0).reshape(5, 7).T, "none": np.empty((0, 3)), "word": "x"}
    sizes, pickled = [], []
    real = type(comm).Bcast, type(comm).bcast

    class Spy:
        size, rank = comm.size, comm.rank

        def Bcast(self, array, root=0):
            sizes.append(array.nbytes)
            real[0](comm, array, root=root)

        def bcast(self, value, root=0):
            pickled.append(len(pickle.dumps(value)))
            return real[1](comm, value, root=root)

    got = parallel.from_root(Spy(), whole if comm.rank == 0 else None)
    assert got["word"] == "x" and got["none"].shape == (0, 3)
    assert np.array_equal(got["rows"], whole["rows"])
    got["rows"][0] = 1.0  # theirs to change
    assert max(sizes, default=0) <= most
    if comm.rank == 0 and comm.size > 1:
        assert sum(sizes) == 280 and len(pickled) == 1


def test_arrays_travel_as_buffers():
    """A pickle of all ranks' arrays is copied several times, and fails beyond 2 GB."""
    pattern = re.compile(r"\.(allgather|gather|alltoall)\(")
    allowed = {
        *("parallel.py", "files/hdf5.py", "files/checkpoint.py", "files/checksum.py"),
        *("solvers/site_columns/halo.py", "tasks/evolution.py", "stopping.py"),
        *("solvers/messages.py", "solvers/supercell/state.py"),
        *("solvers/auxiliary_modes/integrator.py", "files/writer.py"),
        "systems/fermi_gas/shared/fastest_wave.py",
    }  # of counts, names, hashes and a few numbers
    for path in sorted((HOME / "hpcneq").rglob("*.py")):
        name = path.relative_to(HOME / "hpcneq").as_posix()
        lines = [line for line in path.read_text("utf-8").splitlines() if "halo.gather" not in line]
        if name not in allowed:
            assert not [
                line for line in lines if pattern.search(line) and "self.gather" not in line
            ]


# ---- sums ----------------------------------------------------------------------------------------


def rough(items, tail, kind=complex):
    """Rows whose sum depends on the order of additions from the tenth digit on."""
    rng = np.random.Generator(np.random.Philox(key=[7, items]))
    size = 10.0 ** rng.integers(-8, 8, (items, *tail))
    values = size * rng.normal(size=(items, *tail))
    return values + 1j * size * rng.normal(size=(items, *tail)) if kind is complex else values


@pytest.mark.parallel
@pytest.mark.parametrize("items", FEW)
@pytest.mark.parametrize("tail, kind", [((), float), ((3,), complex), ((2, 2), float)])
def test_sums_are_the_same_to_the_last_bit_on_any_number_of_ranks(comm, items, tail, kind):
    """Every rank takes the same branch only if every rank sees the same bits: the sum over ranks
    equals the sum that one rank makes alone, and all ranks hold it. A plain Allreduce fails this on
    3 ranks.
    """
    terms, layout = rough(items, tail, kind), Layout.over(items, comm)
    total = ordered_sum(comm, layout, terms[layout.start : layout.stop])
    alone = ordered_sum(solo(), Layout(items, 1, 0), terms)
    assert total.dtype == alone.dtype == terms.dtype and np.shape(total) == tail
    assert np.asarray(total).tobytes() == np.asarray(alone).tobytes()
    assert len(set(comm.allgather(np.asarray(total).tobytes()))) == 1
    assert np.allclose(
        total, terms.sum(0), rtol=1e-6, atol=1e-6 * np.abs(terms).sum(0).max() if items else 0
    )


@pytest.mark.parallel
def test_the_memory_order_of_rows_does_not_matter(comm):
    """Rows that are a transposed view add up as their copies do.

    Fails if they are sent as they lie in memory.
    """
    terms, layout = rough(130, (3,)), Layout.over(130, comm)
    mine = np.asfortranarray(terms[layout.start : layout.stop])
    total = ordered_sum(comm, layout, mine)
    assert total.tobytes() == ordered_sum(solo(), Layout(130, 1, 0), terms).tobytes()


@pytest.mark.parallel
@pytest.mark.parametrize("chunk", [1, 2, 5])
def test_the_chunk_is_what_fixes_the_order(comm, chunk):
    """Chunks smaller and larger than a rank's share, which does not begin where a chunk begins."""
    terms, layout = rough(17, (2,)), Layout.over(17, comm)
    total = ordered_sum(comm, layout, terms[layout.start : layout.stop], chunk)
    parts = []
    for start in range(0, 17, chunk):
        part = terms[start]
        for row in terms[start + 1 : min(start + chunk, 17)]:
            part = part + row
        parts.append(part)
    while len(parts) > 1:  # a binary tree
        pairs = [a + b for a, b in zip(parts[::2], parts[1::2])]
        parts = pairs + parts[2 * len(pairs) :]
    assert total.tobytes() == parts[0].tobytes()


def test_the_rough_rows_tell_orders_apart():
    """The test above could not fail if its numbers added up to the same bits in any order."""
    terms = rough(130, (3,))
    assert (
        ordered_sum(solo(), Layout(130, 1, 0), terms).tobytes()
        != ordered_sum(solo(), Layout(130, 1, 0), terms[::-1]).tobytes()
    )


# ---- deciding and failing together ---------------------------------------------------------------


@pytest.mark.parallel
def test_what_one_rank_knows_all_ranks_get(comm):
    """The answer of rank 0 on every rank; true for one is true for all."""
    calls = []
    assert parallel.on_root(comm, lambda a, b: calls.append(1) or a * b, 6, b=7) == 42
    assert len(calls) == (comm.rank == 0)
    assert (
        parallel.agree(comm, comm.rank == comm.size - 1) is True
        and parallel.agree(comm, False) is False
    )


@pytest.mark.parallel
@pytest.mark.parametrize("kind", [InputError, HpcneqError])
def test_an_expected_error_on_rank_0_is_raised_on_all_ranks(comm, kind):
    """Ranks that went on alone would wait for rank 0 for ever."""

    def fails():
        raise kind("[run] t_max = -1: must be > 0")

    with pytest.raises(kind, match="t_max") as caught:
        parallel.on_root(comm, fails)
    assert type(caught.value) is kind


@pytest.mark.parallel
def test_only_rank_0_speaks(comm, capfd):
    """A line a run, not a line a rank; and none with ``quiet``."""
    parallel.logger(comm)("one line")
    parallel.logger(comm, quiet=True)("nothing")
    assert capfd.readouterr().out == ("one line\n" if comm.rank == 0 else "")


@pytest.mark.parametrize(
    "value, several, warned",
    [(None, True, True), ("4", True, True), ("1", True, False), (None, False, False)],
)
def test_threads_that_would_compete_are_warned_about(monkeypatch, value, several, warned):
    """BLAS threads times ranks is the usual way to lose a factor of ten on a cluster."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if value:
        monkeypatch.setenv("OMP_NUM_THREADS", value)
    lines = []
    parallel.warn_threads(type("Ranks", (), {"size": 2 if several else 1}), lines.append)
    assert ["OMP_NUM_THREADS=1" in line for line in lines] == [True] * warned


# ---- real ranks that fail: a program of three, started here --------------------------------------

PROGRAM = """
import sys, types
import hpcneq
fake = types.ModuleType("hpcneq.driver")
def run(*args, **kwargs):
    from hpcneq import parallel
    from hpcneq.errors import InputError
    comm = parallel.world()
{body}
fake.run = run
sys.modules["hpcneq.driver"] = hpcneq.driver = fake
from hpcneq.cli import main
sys.exit(main(["run", "a.toml"]))
"""


def mpiexec(ranks, *command, limit=200.0):
    """(exit code, stdout, stderr) of a command under mpiexec; TimeoutExpired, and all of it gone,
    if it has not ended by itself within ``limit`` seconds, which ranks that wait for each other
    never do.
    """
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OMPI_COMM", "PMI", "OMPI_MCA_ess"))
    }
    with subprocess.Popen(
        ["mpiexec", "-n", str(ranks), *map(str, command)],
        cwd=HOME,
        env=env,
        text=True,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        try:
            out, err = program.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            raise
    return program.returncode, out, err


def fail(body, ranks=3):
    """End a program of three ranks whose driver runs ``body``."""
    return mpiexec(
        ranks,
        sys.executable,
        "-c",
        PROGRAM.format(body=textwrap.indent(textwrap.dedent(body), "    ")),
    )


@pytest.mark.parametrize("rank", [0, 2])
def test_a_bug_on_one_rank_ends_all(rank):
    """The others wait in a collective call and would wait for ever: all end, with the traceback of
    the one.
    """
    code, _, err = fail(f"""
        if comm.rank == {rank}:
            1 / 0
        comm.barrier()
        """)
    assert code not in (0, 2, 3, 75)
    assert f"[rank {rank}] Traceback" in err and "ZeroDivisionError" in err


def test_an_expected_error_on_one_rank_only_ends_all_with_its_code():
    """It should be on all ranks; if it is not, nobody hangs, the line is still printed and the code
    is the error's.
    """
    code, _, err = fail("""
        if comm.rank == 1:
            raise InputError("[run] t_max = -1: must be > 0")
        comm.barrier()
        """)
    assert code == 2 and "left alone" in err
    assert "hpcneq: [run] t_max = -1" in err and "Traceback" not in err


def test_an_expected_error_on_all_ranks_is_printed_once():
    """The ordinary case: one line, the documented exit code, nobody left alone."""
    code, out, err = fail("""
        raise InputError("[run] t_max = -1: must be > 0")
        """)
    assert code == 2 and "left alone" not in err
    assert (
        err.count("hpcneq: [run] t_max = -1: must be > 0") == 1
        and "Traceback" not in err
        and out == ""
    )


def test_a_bug_inside_a_callback_of_petsc_ends_all():
    """Python called from C must not swallow it, nor leave the other ranks in the next collective
    call.
    """
    code, _, err = fail("""
        from hpcneq import petsc
        PETSc = petsc.start()
        ts = PETSc.TS().create(comm)
        u = PETSc.Vec().createMPI((1, None), comm=comm)
        def rhs(ts, t, u, f):
            if comm.rank == 1 and t > 0:
                1 / 0
            comm.barrier()
            f.set(1.0)
        ts.setType("rk")
        ts.setRHSFunction(rhs)
        ts.setSolution(u)
        ts.setTimeStep(0.1)
        ts.setMaxTime(1.0)
        ts.solve(u)
        """)
    assert code not in (0, 2, 3, 75)
    assert "ZeroDivisionError" in err
