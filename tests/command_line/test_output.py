"""Logs that nobody reads, disks that are full, terminals that know ASCII alone: a run goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import types

import pytest
from support.examples import example_result
from support.programs import FOUR_STEPS, alone, here, hp

import hpcneq
from hpcneq import cli, parallel, terminal
from hpcneq.files import hdf5


@pytest.fixture
def place(tmp_path):
    (tmp_path / "in.toml").write_text(FOUR_STEPS)
    return tmp_path


def shell(line, place, **environment):
    """(exit code of the first program, output of the last, errors of both)."""
    hpcneq_ = f"{sys.executable} -m hpcneq"
    done = subprocess.run(
        ["bash", "-c", f"{line.replace('hpcneq', hpcneq_)}; exit ${{PIPESTATUS[0]}}"],
        cwd=place,
        env=alone(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=200,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "hpcneq run in.toml | true",
        "hpcneq run in.toml | head -1",
        "hpcneq run in.toml >/dev/full",
        "hpcneq run in.toml >/dev/full 2>&1",
        "hpcneq run in.toml >&- 2>&-",
        "hpcneq run in.toml -- -evolve_ts_monitor -log_view | head -1",
        "mpiexec -n 2 hpcneq run in.toml | head -1",
        "mpiexec -n 2 hpcneq run in.toml >/dev/full",
    ],
)
def test_a_run_goes_on_when_its_log_cannot_be_written(place, line):
    """To its end, exit code 0, with no word: SIGPIPE and a full disk are the log's matter."""
    code, _, errors = shell(line, place)
    assert code == 0 and "Traceback" not in errors and "Exception" not in errors, errors
    with hpcneq.open(place / "in.h5") as result:
        assert result.status == "complete" and result.t[-1] == 2.0


@pytest.mark.parametrize(
    "line, allowed",
    [
        ("hpcneq describe | head -1", {0}),
        ("hpcneq describe nsn-junction | true", {0}),
        ("hpcneq --help | true", {0}),
        ("hpcneq describe >/dev/full", {0}),
        ("hpcneq describe nowhere 2>/dev/full", {2}),
        ("hpcneq describe nowhere 2>&1 | true", {2}),
        ("hpcneq describe --json >&-", {0}),
    ],
)
def test_a_report_without_a_reader_is_quiet(tmp_path, line, allowed):
    code, _, errors = shell(line, tmp_path)
    assert code in allowed and errors == "", errors


@pytest.mark.parametrize("locale", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}])
def test_an_ascii_terminal_gets_escapes(tmp_path, locale):
    """Names and values that it cannot show, or that would steer it."""
    name = "größe-\x1b[2J\udcff"
    (tmp_path / os.fsencode(f"{name}.toml").decode("utf-8", "surrogateescape")).write_text(
        FOUR_STEPS.replace("t_max = 2.0", 't_max = 0.5\n"k\\u001b[31mey" = "v\\u0007ä"')
    )
    for words in (
        "hpcneq run $'gr\\xc3\\xb6\\xc3\\x9fe-\\x1b[2J\\xff.toml'",
        "hpcneq check $'gr\\xc3\\xb6\\xc3\\x9fe-\\x1b[2J\\xff.toml'",
        "hpcneq show $'\\x1b[2J\\xff.h5'",
        "hpcneq plot $'\\x1b[2J\\xff.h5'",
        "hpcneq resume $'\\x1b[2J\\xff.h5'",
        "hpcneq run $'\\x1b[2J\\xff.toml'",
        "hpcneq describe $'\\x1b[2J\\xff'",
        "hpcneq $'\\x1b[2J\\xff'",
        "hpcneq run in.toml --set $'run.\\x1b[2J=\\xff'",
        "hpcneq run in.toml -- $'-\\x1b[2J\\xff'",
    ):
        code, out, errors = shell(words, tmp_path, **locale)
        assert code == 2 and errors.count("\n") == 1 and out == "", (words, errors)
        assert errors.rstrip("\n").isprintable(), (words, errors)


def test_a_run_of_a_file_with_a_name_that_is_no_text(place):
    """Its log, its result and show work; the terminal sees escapes."""
    os.rename(place / "in.toml", os.fsencode(place) + b"/a\xff\x1b[2J.toml")
    name = "$'a\\xff\\x1b[2J"
    for environment in ({"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "utf-8"}):
        code, out, errors = shell(f"hpcneq run {name}.toml' --force", place, **environment)
        assert code == 0 and errors == "", errors
        assert "a\\udcff\\x1b[2J.h5" in out and out.replace("\n", "").isprintable()
    code, out, errors = shell(f"hpcneq show {name}.h5'", place)
    assert code == 0 and "a\\udcff\\x1b[2J.h5: nsn-junction evolve, complete" in out, errors


def test_names_longer_than_a_file_system_takes_are_one_line(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    for words in (
        ["run", f"{'x' * 300}.toml"],
        ["show", f"{'x' * 300}.h5"],
        ["new", "nsn-junction", "evolve", "-o", f"{'x' * 300}.toml"],
    ):
        assert cli.main(words) in (1, 2), words
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("hpcneq: ") and err.count("\n") == 1


def test_text_is_cleaned_line_by_line():
    assert terminal.clean("a\tb\x1b[2J\r\nü\udcff") == "a\\tb\\x1b[2J\\r\nü\\udcff"


def test_a_program_without_standard_streams_opens_nothing_in_their_place(tmp_path):
    """Else a result file could get the number of standard output, and the log with it."""
    line = "from hpcneq import terminal; terminal.fill_closed(); print(open('x', 'w').fileno() > 2)"
    script = f'{sys.executable} -c "{line}" 0<&- 2>&-'
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=alone(), capture_output=True)
    assert done.stdout == b"True\n"


def test_the_closing_lines_of_mpiexec_reach_a_patient_reader(place):
    """Nothing is lost by the care above."""
    code, out = hp("run", "in.toml", ranks=2, folder=place)
    assert code == 0 and out.splitlines()[-1].startswith("complete: ")


def test_what_a_received_result_says_does_not_steer_the_terminal(place, monkeypatch, capsys):
    """Escape sequences in texts of the file are printed as escapes."""
    monkeypatch.chdir(place)
    assert cli.main(["run", "in.toml", "--set", "run.t_max=0.5", "--quiet"]) == 0
    with hdf5.h5py.File(place / "in.h5", "r+") as file:
        for name in ("system", "host", "commit", "started", "petsc_options"):
            file.attrs[name] = "a\x1b]0;title\x07\x9b2J"
    for words in (["show", "in.h5"], ["plot", "in.h5"], ["resume", "in.h5"]):
        cli.main(words)
        out, err = capsys.readouterr()
        assert (out + err).replace("\n", "").isprintable(), (words, out, err)


@pytest.mark.parametrize(
    "words",
    [
        ("new", "lattice", "modes", "-o", "disk/new.toml"),
        pytest.param(("plot", "a.h5", "-o", "disk/a.png"), marks=pytest.mark.nightly),
        pytest.param(("plot", "a.h5", "-o", "disk/a.gif"), marks=pytest.mark.nightly),
        ("pack", "a.h5", "-o", "disk/a.tar.gz"),
        ("unpack", "a.tar.gz", "-o", "disk/a"),
    ],
)
def test_a_full_disk_is_a_failure_and_leaves_no_half_file(full_disk, words):
    """It is no bad input, and nothing stands in the way of another try."""
    code, said = here(*words, folder=full_disk)
    assert code == 1 and said.count("\n") == 1, said
    assert "No space left" in said or "no room" in said, said
    assert os.listdir(full_disk / "disk") == ["full"]


@pytest.fixture(scope="module")
def full_disk(tmp_path_factory):
    """A folder with a result and its archive, and in it a disk without any room."""
    folder = tmp_path_factory.mktemp("full")
    shutil.copy(example_result("nsn-junction", "evolve").path, folder / "a.h5")
    assert here("pack", "a.h5", folder=folder)[0] == 0
    disk = folder / "disk"
    disk.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(disk)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a tmpfs here")
    (disk / "full").write_bytes(bytes(1 << 14))
    yield folder
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_too_little_memory_is_one_line_without_a_traceback(monkeypatch, capsys):
    """On whatever rank."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    parallel.abort_on_bug(types.SimpleNamespace(size=1, rank=0))
    sys.excepthook(MemoryError, MemoryError("Unable to allocate 58.2 TiB"), None)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "58.2 TiB" in said and "hpcneq check" in said, said
