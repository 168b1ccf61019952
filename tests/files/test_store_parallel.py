"""Result files written by several ranks hold what one rank would write.

``mpiexec -n 3 pytest -m parallel``.
"""

import shutil
import time

import numpy as np
import pytest

from hpcneq.errors import InputError
from hpcneq.files import hdf5
from hpcneq.files.writer import Result, ResultFile
from hpcneq.parallel import Layout, solo
from hpcneq.tasks import Quantity

pytestmark = pytest.mark.parallel

PROVENANCE = {"system": "fermi-gas", "task": "evolve", "input": 'system = "fermi-gas"\n', "seed": 7}
# fewer sites and modes than the 7 ranks of the largest test: empty ranks
SITES, MODES, STEPS = 5, 2, 6
DATA = (
    Quantity("x", "xi", "position"),
    Quantity("mode", "", "reservoir mode", dtype=str),
    Quantity("potential", "t_par", "potential", ("x",)),
    Quantity("mu", "t_par", "chemical potential"),
    Quantity("t", "1/t_par", "time"),
    Quantity("delta", "t_par", "gap", ("t", "x", "mode"), complex),
    Quantity("pi", "t_par", "mode amplitude", ("t", "x", "mode"), complex),
    Quantity("density", "", "density", ("t",)),
    Quantity("delta_final", "t_par", "gap at the end", kind="summary"),
    Quantity("residual", "1", "residual", kind="summary"),
    Quantity("roots", "1", "roots", kind="summary"),
)
DECLARED = {quantity.name: quantity for quantity in DATA}


def delta_at(step):
    """(SITES, MODES) complex: a different number for every row, site and mode, none of them
    round.
    """
    x, m = np.meshgrid(np.arange(SITES), np.arange(MODES), indexing="ij")
    return np.exp(1j * (0.3 * step + x)) / (m + 1.7)


def declare(out, comm):
    """The data sets of the little calculation; the layouts of its distributed axes."""
    sites, modes = Layout.over(SITES, comm), Layout.over(MODES, comm)
    out.axis("x", np.arange(SITES) * 0.5)
    out.axis("mode", np.array(["left", "right"]))
    out.fixed("potential", np.cos(np.arange(SITES))[sites.start : sites.stop], layout=sites)
    out.fixed("mu", 0.25)
    out.growing_axis("t")
    out.series("delta", layout=sites)
    out.series("pi", np.complex64, layout=modes, split="mode")
    out.series("density")
    return sites, modes


def add(out, layouts, step):
    """Row ``step``, with this rank's part of it."""
    sites, modes = layouts
    delta = delta_at(step)
    out.append(
        {
            "t": 0.1 * step,
            "delta": delta[sites.start : sites.stop],
            "density": 1 / (step + 3),
            "pi": delta[:, modes.start : modes.stop].astype(np.complex64),
        }
    )


def write(comm, path, steps=STEPS):
    """A finished file, flushed every other row."""
    with ResultFile.create(comm, path, PROVENANCE, quantities=DECLARED) as out:
        layouts = declare(out, comm)
        for step in range(steps):
            add(out, layouts, step)
            if step % 2:
                out.flush()
        assert out.rows("t") == steps
        out.finish(
            "complete",
            {"delta_final": 1 + 2j, "residual": np.nan, "roots": np.arange(3)},
            {"delta_final": 1e-9},
        )


def assert_same(one, other):
    """Every array equal bit for bit, with the same description."""
    assert one.keys() == other.keys()
    for name in one.keys():
        a, b = one[name], other[name]
        assert a.dtype == b.dtype and a.tobytes() == b.tobytes(), name
        assert (a.units, a.long_name, a.axes) == (b.units, b.long_name, b.axes)


def test_all_ranks_write_what_one_rank_writes(comm, shared_tmp):
    write(comm, shared_tmp / "many.h5")
    if comm.rank == 0:
        write(solo(), shared_tmp / "one.h5")
    comm.barrier()
    many, one = Result(shared_tmp / "many.h5"), Result(shared_tmp / "one.h5")
    assert_same(many, one)
    assert many.as_json_object() == one.as_json_object()
    assert np.array_equal(many.delta, [delta_at(step) for step in range(STEPS)])
    assert many.status == "complete" and many.summary == {
        "delta_final": [1.0, 2.0],
        "residual": None,
        "roots": [0, 1, 2],
    }


def test_flushed_rows_are_readable_by_all_while_the_run_goes_on(comm, shared_tmp):
    with ResultFile.create(comm, shared_tmp / "out.h5", PROVENANCE, quantities=DECLARED) as out:
        layouts = declare(out, comm)
        for step in range(3):
            add(out, layouts, step)
        out.flush()
        add(out, layouts, 3)
        comm.barrier()
        if (
            comm.rank == 0
        ):  # the bytes on disk now; HDF5 does not open one file with two drivers in one process
            shutil.copy(shared_tmp / "out.h5", shared_tmp / "now.h5")
        comm.barrier()
    for name in ("now.h5", "out.h5"):  # closing does not write the row that was never flushed
        result = Result(shared_tmp / name)
        assert result.status == "running"
        assert {len(result[name]) for name in ("t", "delta", "pi", "density")} == {3}
        assert np.array_equal(result.delta, [delta_at(step) for step in range(3)])


def test_a_flush_is_one_write_a_series_and_two_of_the_tables(comm, shared_tmp, monkeypatch):
    """However many rows wait: what rank 0 has alone the others have no part in, what is spread
    they write together, and nothing is filled with zeros before it is written.

    Fails with a write for each row, and with HDF5's own fill value.
    """
    calls = []

    def noted(data, block, corner, group):
        calls.append((data.name, group.size))
        return write_block(data, block, corner, group)

    with ResultFile.create(comm, shared_tmp / "out.h5", PROVENANCE, quantities=DECLARED) as out:
        layouts = declare(out, comm)
        for step in range(50):
            add(out, layouts, step)
        write_block, tables = hdf5.write_block, hdf5.File.flush
        monkeypatch.setattr(hdf5, "write_block", noted)
        monkeypatch.setattr(hdf5.File, "flush", lambda file: calls.append(None) or tables(file))
        out.flush()
        together = [("/delta", comm.size), ("/pi", comm.size)]
        alone = [("/t", 1), ("/density", 1)] if comm.rank == 0 else []
        written = [call for call in calls if call]
        assert sorted(written) == sorted(together + alone) and len(calls) - len(written) == 2
        for name in ("delta", "density", "potential"):
            made = out._file[name].id.get_create_plist()
            assert made.get_fill_time() == hdf5.h5py.h5d.FILL_TIME_NEVER


def test_reopened_after_a_stop_the_file_ends_as_if_never_stopped(comm, shared_tmp):
    write(comm, shared_tmp / "straight.h5")
    with ResultFile.create(comm, shared_tmp / "out.h5", PROVENANCE, quantities=DECLARED) as out:
        layouts = declare(out, comm)
        for step in range(5):
            add(out, layouts, step)
        out.finish("stopped", {"delta_final": 0.0, "residual": 1.0, "roots": []})
    comm.barrier()
    with ResultFile.reopen(comm, shared_tmp / "out.h5", {"t": 3}, DECLARED) as out:
        layouts = declare(out, comm)
        for step in range(3, STEPS):
            add(out, layouts, step)
        out.finish(
            "complete",
            {"delta_final": 1 + 2j, "residual": np.nan, "roots": np.arange(3)},
            {"delta_final": 1e-9},
        )
    assert_same(Result(shared_tmp / "out.h5"), Result(shared_tmp / "straight.h5"))
    assert (
        Result(shared_tmp / "out.h5").attrs.keys()
        == Result(shared_tmp / "straight.h5").attrs.keys()
    )


def test_reopening_refuses_rows_the_file_does_not_have(comm, shared_tmp):
    write(comm, shared_tmp / "out.h5")
    with pytest.raises(InputError, match="holds 6 of the 9 rows of"):
        ResultFile.reopen(comm, shared_tmp / "out.h5", {"t": 9})


def test_existing_output_is_refused_on_every_rank_and_left_alone(comm, shared_tmp):
    path = shared_tmp / "precious.h5"
    if comm.rank == 0:
        path.write_bytes(b"last year's run")
    comm.barrier()
    with pytest.raises(InputError, match="--force"):
        ResultFile.create(comm, path, PROVENANCE)
    assert path.read_bytes() == b"last year's run"
    comm.barrier()
    ResultFile.create(comm, path, PROVENANCE, force=True).close()
    assert Result(path).status == "running"


def test_a_folder_that_is_a_file_fails_on_every_rank_in_one_line(comm, shared_tmp):
    if comm.rank == 0:
        (shared_tmp / "file").write_text("")
    comm.barrier()
    with pytest.raises(InputError) as error:
        ResultFile.create(comm, shared_tmp / "file" / "out.h5", PROVENANCE)
    assert "\n" not in str(error.value) and "no folder" in str(error.value)


def test_long_texts_go_into_a_data_set(comm, shared_tmp):
    with ResultFile.create(comm, shared_tmp / "out.h5", PROVENANCE, quantities=DECLARED) as out:
        out.finish(
            "not-converged", {"roots": np.arange(50_000)}, warnings=["branch lost at mu = 0.2"]
        )
    result = Result(shared_tmp / "out.h5")
    assert result.summary["roots"] == list(range(50_000)) and result.keys() == []
    assert result.as_json_object()["exit_code"] == 3 and result.warnings == [
        "branch lost at mu = 0.2"
    ]


@pytest.mark.nightly
def test_a_hundred_thousand_rows_are_written_within_five_percent_of_their_run(comm, shared_tmp):
    """Of a run with a step of 1 ms, in processor time: 50 us a row of 17 series."""
    names = [f"n{k}" for k in range(16)]
    series = {name: Quantity(name, "", "a number", ("t",)) for name in names}
    path = shared_tmp / "rows.h5"
    quantities = series | {"t": Quantity("t", "", "time")}
    with ResultFile.create(comm, path, PROVENANCE, quantities=quantities) as out:
        out.growing_axis("t")
        for name in names:
            out.series(name)
        begun = time.process_time()
        for k in range(100_000):
            out.append({"t": 0.1 * k, **dict.fromkeys(names, 0.5 * k)})
            if k % 5000 == 0:
                out.flush()
        out.finish("complete", {})
        assert time.process_time() - begun < 5.0
    comm.barrier()
    assert Result(path).n3[-1] == 0.5 * 99_999
