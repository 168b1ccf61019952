"""Received files: nothing outside of them is read, written or run, and damage is one line."""

import io
import os
import signal
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import h5py
import numpy as np
import pytest
from support import mutants

import hpcneq
from hpcneq.cli import main
from hpcneq.errors import InputError
from hpcneq.files import checksum, hdf5, opening, vetting
from hpcneq.files.writer import Result, ResultFile
from hpcneq.parallel import solo
from hpcneq.tasks import Quantity

DECLARED = {
    "t": Quantity("t", "1", "time"),
    "n": Quantity("n", "1", "density", ("t",)),
    "gap": Quantity("gap", "1", "gap", kind="summary"),
}
PROVENANCE = {"system": "fermi-gas", "task": "steady", "input": "x = 1\n", "seed": 3}


def small(path, rows=100, status="complete", comm=None):
    """A finished result of some rows."""
    with ResultFile.create(comm or solo(), path, PROVENANCE, True, DECLARED) as out:
        out.growing_axis("t")
        out.series("n")
        for k in range(rows):
            out.append({"t": 0.1 * k, "n": np.exp(-0.1 * k)})
        out.finish(status, {"gap": 0.5})
    return path


def soft(file, folder):
    file["more"] = h5py.SoftLink("/n")


def external(file, folder):
    file["more"] = h5py.ExternalLink(str(folder / "victim.h5"), "/secret")


def hidden(file, folder):
    file["group/inner/more"] = h5py.ExternalLink(str(folder / "victim.h5"), "/secret")


def storage(file, folder):
    file.create_dataset("more", (8,), "u1", external=[(str(folder / "victim.h5"), 0, 8)])


def virtual(file, folder):
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource(str(folder / "victim.h5"), "secret", (4,))
    file.create_virtual_dataset("more", layout)


def plug_in(file, folder):
    """The number of a filter that is no part of HDF5, written over that of deflate."""
    file.create_dataset("more", data=np.arange(100.0), chunks=(10,), compression="gzip")
    name = file.filename
    file.close()
    raw = Path(name).read_bytes()
    at = raw.index(b"deflate") - 8
    Path(name).write_bytes(raw[:at] + (32015).to_bytes(2, "little") + raw[at + 2 :])


@pytest.mark.parametrize(
    "part, words",
    [
        (soft, "'more' is a soft link"),
        (external, "'more' is a link to another file"),
        (hidden, "'group/inner/more' is a link to another file"),
        (storage, "'more' is kept in an external file"),
        (virtual, "'more' is a virtual data set"),
        (plug_in, "'more' is packed by the filter plug-in 32015"),
    ],
)
def test_what_reaches_out_of_a_file_is_refused_by_name(tmp_path, capsys, part, words):
    path, victim = small(tmp_path / "out.h5"), tmp_path / "victim.h5"
    with h5py.File(victim, "w") as file:
        file["secret"] = np.arange(4.0)
    before = victim.read_bytes()
    part(h5py.File(path, "r+"), tmp_path)
    for command in ("show", "plot", "resume"):
        assert main([command, str(path)]) == 2
        line = capsys.readouterr().err
        assert words in line and line.count("\n") == 1
    with pytest.raises(InputError, match="is "):
        hpcneq.open(path)
    with pytest.raises(InputError, match="is "):
        opening.rewind(path, {"t": 10})
    with pytest.raises(InputError, match="is "):
        hdf5.open_file(path, "r+")
    assert victim.read_bytes() == before


def test_no_plug_in_of_hdf5_is_looked_for():
    assert os.environ["HDF5_PLUGIN_PRELOAD"] == "::"
    assert [h5py.h5pl.get(k) for k in range(h5py.h5pl.size())] == []


def test_a_link_to_the_result_and_packed_data_are_read(tmp_path):
    """`h5repack -f GZIP=4` makes such files; their checksum is gone."""
    path = small(tmp_path / "out.h5")
    with h5py.File(path, "r+") as file:
        file.create_dataset("more", data=np.arange(99.0), compression="gzip", shuffle=True)
    (tmp_path / "link.h5").symlink_to(path)
    assert hpcneq.open(tmp_path / "link.h5")["more"][-1] == 98


@pytest.mark.parallel
def test_a_finished_file_carries_its_checksum(comm, shared_tmp):
    """Made by any number of ranks; HDF5 reads the file as ever, and drops the line in writing."""
    path = small(shared_tmp / "out.h5", comm=comm)
    comm.barrier()
    assert checksum.verify(path) == checksum.HOLDS
    assert len(Result(path).n) == 100
    comm.barrier()
    if comm.rank == 0:
        opening.rewind(path, {"t": 50})
    comm.barrier()
    assert checksum.verify(path) == checksum.ABSENT and len(Result(path).n) == 50


def test_show_verify_says_whether_the_checksum_holds(tmp_path, capsys):
    path = small(tmp_path / "out.h5")
    assert main(["show", "--verify", str(path)]) == 0
    assert "its checksum holds" in capsys.readouterr().out
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1  # one bit: of a number of the data
    path.write_bytes(raw)
    assert main(["show", "--verify", str(path)]) == 2
    assert "its checksum does not hold" in capsys.readouterr().err
    with h5py.File(path, "r+") as file:
        file["t"][0] = 1.0
    assert main(["show", "--verify", str(path)]) == 2
    assert "has no checksum" in capsys.readouterr().err
    assert main(["show", "--verify", str(tmp_path / "none.h5")]) == 2


def test_a_whole_file_needs_no_trial(tmp_path, monkeypatch):
    """What a good file costs: its hash."""
    path = small(tmp_path / "out.h5")
    monkeypatch.setattr(vetting, "_trial", lambda *given: pytest.fail("a trial"))
    assert len(hpcneq.open(path).n) == 100


@pytest.mark.parametrize(
    "program, words",
    [
        (f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})", "reading n ends in SIGSEGV"),
        ("import time; time.sleep(60)", "reading n takes longer than 1 s"),
    ],
)
def test_a_trial_crashes_or_hangs_in_the_place_of_the_reader(tmp_path, monkeypatch, program, words):
    path = small(tmp_path / "out.h5")
    with open(path, "ab") as file:
        file.write(b"changed")
    said = 'print(\'{"reading": "n"}\', flush=True); '
    monkeypatch.setattr(vetting, "PROGRAM", said + program)
    monkeypatch.setattr(vetting, "PATIENCE", 1.0)
    with pytest.raises(InputError, match=f"is damaged: {words}"):
        hpcneq.open(path)


def test_control_characters_of_a_received_file_do_not_reach_the_terminal(tmp_path, capsys):
    path = small(tmp_path / "out.h5")
    with h5py.File(path, "r+") as file:
        file.attrs["warnings"] = '["\\u001b]0;title\\u0007 \\ud800 \\u202e"]'
    assert main(["show", str(path)]) == 0
    text = capsys.readouterr().out
    assert "\\x1b]0;title\\x07 \\ud800 \\u202e" in text and "\x1b" not in text


def test_a_data_set_that_says_it_is_huge_is_refused(tmp_path):
    """Else a file of some kilobytes takes all memory."""
    path = small(tmp_path / "out.h5")
    with h5py.File(path, "r+") as file:
        file.create_dataset("more", (1 << 36,), "f8", chunks=(1024,))
    with pytest.raises(InputError, match="more: says that it has 549755813888 bytes"):
        _ = hpcneq.open(path)["more"]


def damaged(folder, count, seed, source):
    """Damaged copies of a result, last changed long ago."""
    paths = []
    for name, data in mutants.mutants(source.read_bytes(), count, seed):
        paths.append(folder / f"{name}.h5")
        paths[-1].write_bytes(data)
        os.utime(paths[-1], (1e9, 1e9))  # or a reader waits for the end of a flush
    return paths


def computed(folder):
    """A result with a figure, computed in a second."""
    text = io.StringIO()
    with redirect_stdout(text), redirect_stderr(text):
        assert main(["new", "fermi-gas", "branches", "-o", str(folder / "in.toml")]) == 0
        done = main(["run", str(folder / "in.toml"), "-o", str(folder / "in.h5"), "--quiet"])
    assert done == 0, text.getvalue()
    return folder / "in.h5"


def test_damaged_files_are_one_line_each(tmp_path):
    """Seen to fail without trials: a crash in these already."""
    paths = damaged(tmp_path, 12, 1, small(tmp_path / "small.h5"))
    answers = mutants.verdicts(paths, "open show", 120)
    assert len(answers) == 24 and mutants.faults(answers) == []


@pytest.mark.nightly
@pytest.mark.timeout(2000)
def test_five_hundred_damaged_files_are_one_line_each(tmp_path):
    """By every command that reads: no crash, hang or traceback."""
    paths = damaged(tmp_path, 500, 2, computed(tmp_path))
    answers = mutants.verdicts(paths, "open show json plot resume", 3000)
    assert len(answers) == 2500 and mutants.faults(answers) == []
