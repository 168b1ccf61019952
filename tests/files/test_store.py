"""Result files: refused, killed, full disks, and what comes out again.

One rank; see mpi/ for several.
"""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hpcneq.errors import HpcneqError, InputError
from hpcneq.files import hdf5, opening, provenance, writer
from hpcneq.files.writer import Result, ResultFile
from hpcneq.parallel import solo
from hpcneq.tasks import Quantity

PROVENANCE = {"system": "exciton-bec", "task": "steady", "input": "# größer\n", "seed": 3}
DATA = (
    Quantity("k", "1/a", "momentum"),
    Quantity("band", "", "band", dtype=str),
    Quantity("energy", "eV", "band energy", ("k", "band")),
    Quantity("mu", "eV", "chemical potential"),
    Quantity("t", "1/gamma", "time"),
    Quantity("lead", "", "lead", dtype=int),
    Quantity("side", "", "side", dtype=str),
    Quantity("current", "gamma", "current", ("t", "lead"), complex),
    Quantity("n", "", "density", ("t",)),
    Quantity("x", "xi", "position"),
    Quantity("delta", "gamma", "gap", ("t", "x"), complex),
    Quantity("bias", "gamma", "bias", ("side",)),
)
NUMBERS = (
    *("gap", "root", "lost", "far", "all", "count", "stable", "branch", "nested", "none"),
    *("seed", "status", "format", "delta_final"),
)
DECLARED = {quantity.name: quantity for quantity in DATA} | {
    name: Quantity(name, "", "a number of the summary", kind="summary") for name in NUMBERS
}


@pytest.fixture
def out(tmp_path):
    """A new result file in ``tmp_path``, on one rank."""
    path = tmp_path / "out.h5"
    with ResultFile.create(solo(), path, PROVENANCE, quantities=DECLARED) as file:
        yield file


def run_apart(program, folder, **options):
    """Start a Python program with the package in reach, free of the MPI this process may belong
    to.
    """
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OMPI_", "PMIX_", "PRTE_", "PMI_"))
    }
    clean["PYTHONPATH"] = str(Path(writer.__file__).parents[2])
    clean.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=folder,
        env=clean,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def test_arrays_come_back_with_units_names_and_axes(out):
    out.axis("k", np.linspace(0, 1, 4))
    out.axis("band", np.array(["conduction", "valence"]))
    energy = np.arange(8.0).reshape(4, 2) / 3
    out.fixed("energy", energy)
    out.fixed("mu", 0.1)
    out.finish("complete", {"gap": 0.5})
    with Result(out.path) as result:
        assert np.array_equal(result.energy, energy) and result["energy"].dtype == float
        assert (result.energy.units, result.energy.long_name, result.energy.axes) == (
            "eV",
            "band energy",
            ("k", "band"),
        )
        assert list(result.band) == ["conduction", "valence"] and float(result.mu) == 0.1
        assert (
            result.keys() == ["band", "energy", "k", "mu"]
            and "energy" in result
            and "gap" not in result
        )
        assert (2 * result.energy).units == "" and result.input == "# größer\n"
        assert result.provenance == PROVENANCE and result.attrs["gap"] == 0.5
        with pytest.raises(KeyError, match="it holds band, energy, k, mu"):
            result["enregy"]
        with pytest.raises(AttributeError):
            _ = result.enregy


def test_a_series_keeps_the_values_appended_though_the_caller_reuses_the_array(out):
    out.growing_axis("t")
    out.axis("lead", [0, 1])
    out.series("current")
    buffer = np.zeros(2, complex)
    for step in range(1000):
        buffer[:] = step, 1j / (step + 1)
        out.append({"t": step, "current": buffer})
    out.finish("complete", {})
    current, steps = Result(out.path).current, np.arange(1000)
    assert np.array_equal(current, np.stack([steps, 1j / (steps + 1)], axis=1))


def test_long_buffers_flush_themselves(out, monkeypatch):
    monkeypatch.setattr(writer, "BUFFER_BYTES", 1000)
    out.growing_axis("t")
    for step in range(130):
        out.append({"t": step})
    assert len(Result(out.path).t) == 126  # 8 bytes a row: the 126th is the first beyond 1000
    assert out.rows("t") == 130


@pytest.mark.parametrize(
    "row, error",
    [
        ({"t": 0.0, "n": 1 + 0j}, TypeError),  # complex into real would lose the imaginary part
        ({"t": 0.0, "n": np.ones(2)}, ValueError),  # wrong shape
        ({"t": 0.0}, ValueError),  # a series without its value
        ({"t": 0.0, "n": 1.0, "m": 1.0}, ValueError),  # a value without a series
    ],
)
def test_a_wrong_row_is_refused_and_leaves_no_trace(out, row, error):
    out.growing_axis("t")
    out.series("n")
    with pytest.raises(error):
        out.append(row)
    out.append({"t": 1.0, "n": 2})
    out.flush()
    assert list(Result(out.path).n) == [2.0]


def test_a_data_set_over_unknown_axes_or_declared_twice_is_refused(out):
    out.axis("k", [1.0, 2.0])
    with pytest.raises(ValueError, match=r"not declared: \['q'\]"):
        out.fixed("n", np.ones(2), ("q",))
    with pytest.raises(ValueError, match="declared twice"):
        out.axis("k", [1.0, 2.0])
    with pytest.raises(ValueError, match="expected"):
        out.fixed("mu", np.ones(3), ("k",))


@pytest.mark.parametrize(
    "write, words",
    [
        (lambda out: out.axis("y", [1.0]), "declares no data set y"),
        (lambda out: out.growing_axis("y"), "declares no data set y"),
        (lambda out: out.fixed("y", 1.0, ()), "declares no data set y"),
        (lambda out: out.fixed("gap", 1.0, ()), "declares no data set gap"),
        (lambda out: out.fixed("mu", 1j), "mu is complex128, its declaration says"),
        (lambda out: out.finish("complete", {"mu": 1.0}), "declares no summary number mu"),
        (lambda out: out.finish("complete", {}, {"y": 1.0}), "declares no summary number y"),
    ],
)
def test_what_is_not_declared_is_refused(out, write, words):
    with pytest.raises(ValueError, match=words):
        write(out)


def test_json_holds_what_is_not_a_number(out):
    summary = {
        "root": np.complex128(1 - 2j),
        "lost": np.nan,
        "far": -np.inf,
        "all": np.array([1.0, np.nan]),
        "count": np.int32(3),
        "stable": np.bool_(True),
        "branch": "upper",
        "nested": {"z": [1j]},
        "none": None,
    }
    out.finish("not-converged", summary, {"root": np.float32(0.5)}, ["a warning"], wall_seconds=1.5)
    result = Result(out.path)
    text = json.dumps(result.as_json_object(), allow_nan=False)
    assert json.loads(text)["summary"] == {
        "root": [1.0, -2.0],
        "lost": None,
        "far": None,
        "all": [1.0, None],
        "count": 3,
        "stable": True,
        "branch": "upper",
        "nested": {"z": [[0.0, 1.0]]},
        "none": None,
    }
    assert json.loads(text)["exit_code"] == 3 and json.loads(text)["errors"] == {"root": 0.5}
    assert (
        result.attrs["root"] == 1 - 2j
        and np.isnan(result.attrs["lost"])
        and result.attrs["branch"] == "upper"
    )
    assert result.attrs["wall_seconds"] == 1.5 and "all" not in result.attrs


def test_a_summary_key_does_not_displace_provenance(out):
    out.finish("complete", {"seed": 99, "status": "odd", "format": "odd"})
    result = Result(out.path)
    assert result.attrs["seed"] == 3 and result.summary["seed"] == 99
    assert result.status == "complete" and result.attrs["format"] == "hpcneq"


@pytest.mark.parametrize(
    "status, code", [("complete", 0), ("not-converged", 3), ("stopped", 75), ("running", None)]
)
def test_each_status_has_its_exit_code(out, status, code):
    out.finish(status, {})
    assert Result(out.path).as_json_object()["exit_code"] == code


def test_existing_output_is_refused_and_untouched(tmp_path):
    path = tmp_path / "out.h5"
    path.write_text("precious")
    with pytest.raises(InputError, match="--force"):
        ResultFile.create(solo(), path, PROVENANCE)
    assert path.read_text() == "precious" and os.listdir(tmp_path) == ["out.h5"]


def test_force_keeps_the_old_file_if_the_new_one_fails(tmp_path, monkeypatch):
    path = tmp_path / "out.h5"
    path.write_text("precious")

    def full_disk(file, items):
        raise OSError("write failed, errno = 28, error message = 'No space left on device'")

    monkeypatch.setattr(opening, "describe", full_disk)
    with pytest.raises(HpcneqError, match=r"out.h5: cannot write it \(No space left on device\)"):
        ResultFile.create(solo(), path, PROVENANCE, force=True)
    assert path.read_text() == "precious" and os.listdir(tmp_path) == ["out.h5"]


def test_places_that_cannot_be_written_are_refused_in_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for path in (
        tmp_path / "file" / "out.h5",
        tmp_path / "none" / "out.h5",
        tmp_path,
        Path(os.devnull),
    ):
        with pytest.raises(InputError) as error:
            ResultFile.create(solo(), path, PROVENANCE, force=True)
        assert "\n" not in str(error.value) and str(path) in str(error.value)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(InputError, match="no permission"):
        ResultFile.create(solo(), tmp_path / "out.h5", PROVENANCE)


def test_an_input_too_long_for_the_file_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(InputError, match="input: a text of 70000 bytes"):
        ResultFile.create(solo(), tmp_path / "out.h5", {**PROVENANCE, "input": "x" * 70_000})
    assert os.listdir(tmp_path) == []


def test_serial_h5py_is_refused_on_several_ranks_only(monkeypatch):
    monkeypatch.setattr(hdf5, "parallel_hdf5", lambda: False)
    hdf5.require_parallel(SimpleNamespace(size=1))
    with pytest.raises(InputError, match="2 ranks: install python3-h5py-mpi"):
        hdf5.require_parallel(SimpleNamespace(size=2))


def test_files_that_are_no_results_are_refused_in_one_line(tmp_path, out):
    out.attribute("format_version", 3)
    out.close()
    (tmp_path / "text.h5").write_text("not HDF5")
    (tmp_path / "cut.h5").write_bytes(Path(out.path).read_bytes()[:600])
    with hdf5.open_file(tmp_path / "other.h5", "w") as other:
        other["x"] = 1
    for name, said in {
        "none.h5": "no such file",
        "text.h5": "not an hpcneq result file",
        "cut.h5": "damaged",
        "other.h5": "not an hpcneq result",
        "out.h5": "newer hpcneq",
    }.items():
        with pytest.raises(InputError, match=said) as error:
            Result(tmp_path / name)
        assert "\n" not in str(error.value) and name in str(error.value)


def test_kill_9_loses_only_rows_not_flushed(tmp_path):
    """A writer is killed at an arbitrary instant: what it said it had flushed is there, row for
    row.
    """
    writer = run_apart(
        """
        import itertools, numpy as np
        from hpcneq.parallel import solo
        from hpcneq.files.writer import ResultFile
        from hpcneq.tasks import Quantity
        declared = {
            "t": Quantity("t", "", "time"),
            "x": Quantity("x", "", "site", dtype=int),
            "delta": Quantity("delta", "", "gap", ("t", "x"), complex),
        }
        out = ResultFile.create(solo(), "out.h5", {"system": "nsn-junction"}, quantities=declared)
        out.growing_axis("t")
        out.axis("x", np.arange(50))
        out.series("delta")
        for step in itertools.count():
            out.append({"t": step, "delta": np.full(50, step + 1j)})
            if step % 7 == 6:
                out.flush()
                print(step + 1, flush=True)
        """,
        tmp_path,
    )
    try:
        flushed = [int(writer.stdout.readline()) for _ in range(40)]
        during = Result(tmp_path / "out.h5")  # while it writes on
        assert during.status == "running" and len(during.t) >= flushed[-1]
    finally:
        writer.send_signal(signal.SIGKILL)
    flushed += [int(line) for line in writer.communicate()[0].split()]
    result = Result(tmp_path / "out.h5")
    t, delta = result.t, result.delta
    assert len(t) == len(delta) and flushed[-1] <= len(t) <= flushed[-1] + 7
    assert np.array_equal(t, np.arange(len(t)))
    assert np.array_equal(delta, np.repeat((np.arange(len(t)) + 1j)[:, None], 50, axis=1))


def test_a_refused_write_ends_in_one_line_with_the_systems_reason(tmp_path):
    """The system refuses to let the file itself grow beyond 300 kB: found only when HDF5 writes, on
    a disk that cannot tell before.
    """
    writer = run_apart(
        """
        import resource
        from hpcneq.files import writer
        writer.check_room = lambda path, size: None
        from hpcneq.errors import HpcneqError
        from hpcneq.parallel import solo
        from hpcneq.files.writer import ResultFile
        from hpcneq.tasks import Quantity
        comm = solo()
        items = {"system": "nsn-junction"}
        declared = {"t": Quantity("t", "", "time")}
        # after MPI, whose start writes larger files
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        try:
            with ResultFile.create(comm, "out.h5", items, quantities=declared) as out:
                out.growing_axis("t")
                for step in range(100_000):
                    out.append({"t": step})
                    if step % 1000 == 999:
                        out.flush()
        except HpcneqError as error:
            print(error.exit_code, error)
        """,
        tmp_path,
    )
    said, complaint = writer.communicate(timeout=240)
    assert said == "1 out.h5: cannot write it (File too large)\n", complaint


def test_rows_flushed_before_the_disk_was_full_stay(out, monkeypatch):
    def full(descriptor, start, size):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    out.growing_axis("t")
    out.append({"t": 1.0})
    out.flush()
    monkeypatch.setattr(os, "posix_fallocate", full)
    out.append({"t": 2.0})
    with pytest.raises(
        HpcneqError, match=r"cannot write 0.00\d+ MB more \(No space left on device\)"
    ) as error:
        out.flush()
    assert error.value.exit_code == 1
    out.close()
    assert list(Result(out.path).t) == [1.0]


def test_provenance_names_versions_commit_and_machine():
    items = provenance.gather_provenance(solo(), "fermi-gas", "map", "task = 'map'\n", 11)
    assert items["numpy_version"] == np.__version__ and items["ranks"] == 1 and items["seed"] == 11
    assert items["commit"] == "unknown" or len(items["commit"].split("-")[0]) == 40
    assert {
        "hpcneq_version",
        "host",
        "cpu",
        "started",
        "h5py_version",
        "hdf5_version",
        "mpi_version",
    } <= set(items)
    assert all(isinstance(value, (str, int)) for value in items.values())


def test_a_package_nobody_tracks_has_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    assert provenance.commit() == "unknown"


def test_xarray_opens_it_with_coordinates(out):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    out.growing_axis("t")
    out.axis("x", np.arange(3) * 0.5)
    out.axis("side", np.array(["left", "right"]))
    out.series("delta")
    out.fixed("bias", np.array([0.5, -0.5]))
    for step in range(4):
        out.append({"t": 0.1 * step, "delta": np.arange(3) + 1j * step})
    out.finish("complete", {"delta_final": 1j, "stable": True})
    with xarray.open_dataset(out.path, engine="h5netcdf") as data:
        assert data.delta.dims == ("t", "x") and data.delta.attrs["units"] == "gamma"
        assert complex(data.delta.sel(t=0.2, x=1.0, method="nearest")) == 2 + 2j
        assert data.bias.dims == ("side",) and data.attrs["status"] == "complete"
