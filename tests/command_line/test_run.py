"""A tiny calculation from the command line to its figure, and everything that may be wrong with
an input."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.programs import alone

import hpcneq
from hpcneq import cli

HOME = Path(hpcneq.__file__).parents[1]

TINY = """\
# a superconductor whose bias steps up at t = 0.7
system = "nsn-junction"
task = "evolve"
[parameters]
h = 0.2
T = 0.1
eV = {from = 0.0, to = 0.5, at = 0.7}
[numerics]
Lx = 9
Ly = 3
dt = 0.5
[initial]
noise = 1e-3
[leads.left]
[run]
t_max = 2.0
"""
SUMMARY = {
    "t",
    "current_left",
    "current_right",
    "delta_max",
    "delta_rms",
    "wave_number",
    "state",
    "antihermiticity",
    "pole_error",
}
ARRAYS = {
    "t": ("t",),
    "delta": ("t", "x"),
    "density": ("t", "x"),
    "magnetization": ("t", "x"),
    "delta_n": ("t", "n"),
    "eV": ("t",),
    "current_left": ("t",),
    "current_right": ("t",),
    "balance": ("t",),
    "x": ("x",),
    "n": ("n",),
}


def program(*words, folder, ranks=None, limit=240.0):
    """``python -m hpcneq words`` in a folder, a process of its own outside any mpiexec this test
    may run under."""
    env = {
        key: value
        for key, value in os.environ.items()
        if key not in cli.LAUNCHED and not key.startswith(("OMPI_COMM", "PMI", "OMPI_MCA_ess"))
    }
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HOME), env.get("PYTHONPATH")]))
    start = ["mpiexec", "-n", str(ranks)] if ranks else []
    with subprocess.Popen(
        [*start, sys.executable, "-m", "hpcneq", *map(str, words)],
        cwd=folder,
        env=env,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        try:
            out, err = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(words, child.returncode, out, err)


def contents(folder):
    """{path: (content, time of the last change)} of everything in a folder."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        if path.is_file()
        else None
        for path in sorted(Path(folder).rglob("*"))
    }


# ---- the tiny calculation -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A folder with tiny.toml and the tiny.h5 that ``hpcneq run`` made of it."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "tiny.toml").write_text(TINY)
    run = program("run", "tiny.toml", folder=folder)
    assert (run.returncode, run.stderr) == (0, ""), run.stderr
    assert (
        "nsn-junction evolve on 1 rank -> tiny.h5" in run.stdout
        and "complete: 5 steps" in run.stdout
    )
    assert (folder / "tiny.h5").is_file() and (folder / "tiny.toml").read_text() == TINY
    return folder


def test_the_result_holds_what_it_promises(done):
    """Headline numbers with errors, arrays with units and axes, the input verbatim, readable
    without MPI or this package."""
    result = hpcneq.open(done / "tiny.h5")
    assert (result.system, result.task, result.status, result.input) == (
        "nsn-junction",
        "evolve",
        "complete",
        TINY,
    )
    assert SUMMARY <= result.summary.keys()
    assert (
        result.summary["t"] == 2.0
        and result.summary["state"] == "bcs"
        and result.summary["wave_number"] == 0
    )
    assert (
        {"delta_max", "delta_rms", "current_left", "current_right"}
        <= result.errors.keys()
        <= result.summary.keys()
    )
    assert all(0 < error < 1e-3 for error in result.errors.values())
    for name, axes in ARRAYS.items():
        assert result[name].axes == axes and result[name].units and result[name].long_name, name
        assert np.isfinite(np.asarray(result[name])).all(), name
    assert result.t.tolist() == pytest.approx(
        [0.0, 0.5, 0.7, 1.2, 1.7, 2.0]
    ) and result.delta.shape == (6, 9)
    assert result.eV.tolist() == [
        0.0,
        0.0,
        0.0,
        0.5,
        0.5,
        0.5,
    ]  # the row at the jump is the one before it
    assert np.abs(result.delta[-1]).max() == pytest.approx(result.summary["delta_max"], abs=1e-15)
    assert {
        "hpcneq_version",
        "commit",
        "ranks",
        "host",
        "seed",
        "petsc_version",
        "started",
    } <= result.provenance.keys()
    with h5py.File(done / "tiny.h5", "r") as file:
        assert (
            file.attrs["format"] == b"hpcneq" and file.attrs["status"].rstrip(b"\0") == b"complete"
        )
        assert (
            file.attrs["delta_max"] == result.summary["delta_max"]
            and file["delta"].dtype == complex
        )


def test_show_prints_the_headline_for_people_and_for_programs(done):
    """One JSON object with the documented members, its numbers those of the file; the text names
    each number, error, unit."""
    text, record = (
        program("show", "tiny.h5", folder=done),
        program("show", "tiny.h5", "--json", folder=done),
    )
    assert (text.returncode, text.stderr, record.returncode, record.stderr) == (0, "", 0, "")
    found = json.loads(
        record.stdout, parse_constant=lambda name: pytest.fail(f"{name} is not JSON")
    )
    assert {
        "format_version",
        "status",
        "exit_code",
        "system",
        "task",
        "summary",
        "errors",
        "warnings",
        "provenance",
    } <= found.keys()
    assert (found["status"], found["exit_code"], found["system"], found["task"]) == (
        "complete",
        0,
        "nsn-junction",
        "evolve",
    )
    result = hpcneq.open(done / "tiny.h5")
    assert found["summary"] == result.summary and found["errors"] == result.errors
    lines = {line.split()[0]: line for line in text.stdout.splitlines() if line.strip()}
    assert "complete" in text.stdout.splitlines()[0] and set(result.summary) <= set(lines)
    assert "+-" in lines["delta_max"] and lines["delta_max"].split()[-1] == "t_par"


def test_plot_draws_beside_the_result_and_where_it_is_told(done, tmp_path):
    """tiny.png by default, another format by its ending; an existing figure only with --force."""
    assert program("plot", "tiny.h5", folder=done).stdout == "wrote tiny.png\n"
    assert (done / "tiny.png").read_bytes()[:4] == b"\x89PNG"
    figure = tmp_path / "figure.pdf"
    figure.write_bytes(b"precious")
    assert (
        cli.main(["plot", str(done / "tiny.h5"), "-o", str(figure)]) == 2
        and figure.read_bytes() == b"precious"
    )
    assert (
        cli.main(["plot", str(done / "tiny.h5"), "-o", str(figure), "--force"]) == 0
        and figure.read_bytes()[:4] == b"%PDF"
    )


def test_plot_overwrites_no_figure_of_the_default_name(done, tmp_path):
    """No existing file is overwritten without --force, whoever chose its name."""
    shutil.copy(done / "tiny.h5", tmp_path)
    (tmp_path / "tiny.png").write_bytes(b"precious")
    assert (
        cli.main(["plot", str(tmp_path / "tiny.h5")]) == 2
        and (tmp_path / "tiny.png").read_bytes() == b"precious"
    )


def test_plot_of_a_killed_run_says_what_is_missing(done, tmp_path, monkeypatch, capsys):
    """A figure that needs more than a killed run left is refused in one line, which names the way
    on; in a complete file the same is a defect and shows."""
    monkeypatch.setattr(
        "hpcneq.systems.nsn_junction.figures.evolve.draw",
        lambda result, canvas: result.summary["not there"],
    )
    shutil.copy(done / "tiny.h5", tmp_path)
    with pytest.raises(KeyError, match="not there"):
        cli.main(["plot", str(tmp_path / "tiny.h5")])
    with h5py.File(tmp_path / "tiny.h5", "a") as file:
        file.attrs["status"] = "running"
    assert cli.main(["plot", str(tmp_path / "tiny.h5")]) == 2
    said = capsys.readouterr().err
    assert (
        len(said.splitlines()) == 1
        and "hpcneq resume" in said
        and not (tmp_path / "tiny.png").exists()
    )


def test_check_tells_the_cost_and_computes_nothing(done, tmp_path):
    """Size, memory and time for the ranks asked about; no file."""
    shutil.copy(done / "tiny.toml", tmp_path)
    before = contents(tmp_path)
    checked = program("check", "tiny.toml", "--ranks", "3", folder=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert (
        "valid nsn-junction evolve" in checked.stdout
        and "MB a rank" in checked.stdout
        and "on 3 ranks" in checked.stdout
    )
    assert contents(tmp_path) == before


def test_an_existing_result_is_kept_unless_forced(done, tmp_path, capsys):
    """Refused before anything is computed; --force replaces it whole."""
    path, target = str(done / "tiny.toml"), tmp_path / "out.h5"
    target.write_bytes(b"last year's run")
    assert cli.main(["run", path, "-o", str(target)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "--force" in err and target.read_bytes() == b"last year's run"
    assert (
        cli.main(["run", path, "-o", str(target), "--force", "--quiet", "--set", "run.t_max=0.5"])
        == 0
    )
    result = hpcneq.open(target)
    assert (
        result.status == "complete"
        and result.summary["t"] == 0.5
        and capsys.readouterr() == ("", "")
    )


def test_overrides_are_part_of_the_stored_input(done, tmp_path):
    """A result tells what was computed, not what the file on disk said; running its input again
    gives its numbers."""
    first, again = tmp_path / "first.h5", tmp_path / "again.h5"
    words = [
        "--quiet",
        "--set",
        "parameters.T=.2",
        "--set",
        "numerics.error_estimate=false",
        "--set",
        "initial.seed=5",
    ]
    assert cli.main(["run", str(done / "tiny.toml"), "-o", str(first), *words]) == 0
    stored = hpcneq.open(first)
    assert (
        "T = 0.2" in stored.input
        and any("error_estimate = false" in warning for warning in stored.warnings)
        and not stored.errors
    )
    (tmp_path / "stored.toml").write_text(stored.input)
    assert cli.main(["run", str(tmp_path / "stored.toml"), "-o", str(again), "--quiet"]) == 0
    assert (
        np.array_equal(hpcneq.open(again).delta, stored.delta)
        and hpcneq.open(again).input == stored.input
    )


def test_the_errors_are_honest(done):
    """Halving the step, or tightening the poles, moves each number by less than its error, and
    the error is not a
    hundred times the distance to a much finer run."""
    coarse = hpcneq.open(done / "tiny.h5")
    run = {
        "system": "nsn-junction",
        "task": "evolve",
        "parameters": {"h": 0.2, "T": 0.1, "eV": {"from": 0.0, "to": 0.5, "at": 0.7}},
        "run": {"t_max": 2.0},
    }

    def other(**numerics):
        found = hpcneq.run(
            {**run, "numerics": {"Lx": 9, "Ly": 3, "error_estimate": False, **numerics}}
        ).summary
        return {key: abs(found[key] - coarse.summary[key]) for key in coarse.errors}

    step, poles, both = (
        other(dt=0.25),
        other(dt=0.5, pole_error=1e-7),
        other(dt=0.0625, pole_error=1e-9),
    )
    for key, error in coarse.errors.items():
        assert max(step[key], poles[key]) < error < 100 * both[key] + 1e-9, key


# ---- wrong inputs -------------------------------------------------------------------------------


def instead(old, new):
    """TINY with one line changed, which must be there."""
    assert TINY.count(old) == 1
    return TINY.replace(old, new)


def under(table, line):
    """TINY with a line more in a table."""
    return (
        instead(f"[{table}]\n", f"[{table}]\n{line}\n")
        if f"[{table}]\n" in TINY
        else f"{TINY}[{table}]\n{line}\n"
    )


EV = "eV = {from = 0.0, to = 0.5, at = 0.7}"
UNKNOWN = [
    ("frobnicate = 1\n" + TINY, "frobnicate = 1: unknown key"),
    (TINY + "[parameter]\nT = 1\n", 'did you mean "parameters"?'),
    (
        under("parameters", "gama = 0.1"),
        '[parameters] gama = 0.1: unknown key; did you mean "gamma"?',
    ),
    (under("numerics", "Lz = 3"), "[numerics] Lz = 3: unknown key"),
    (under("numerics", "U = 3"), "belongs in [parameters]"),
    (
        under("initial", 'stat = "bcs"'),
        '[initial] stat = "bcs": unknown key; did you mean "state"?',
    ),
    (under("run", "tmax = 3"), '[run] tmax = 3: unknown key; did you mean "t_max"?'),
    (under("petsc", 'evolv.ts_type = "rk"'), "unknown prefix"),
    (under("petsc", '"ts type" = 1'), "not the name of a PETSc option"),
    (under("sweep", "eV = [0.0, 1.0]"), "[sweep] eV = [...]: this task sweeps nothing"),
    (
        under("leads.left", "gama = 0.1"),
        '[leads.left] gama = 0.1: unknown key; did you mean "gamma"?',
    ),
    (TINY + "[leads.middle]\nT = 1\n", "[leads] middle = {...}: unknown key"),
]
WRONG = [
    (instead('"nsn-junction"', '"nsn-junktion"'), 'did you mean "nsn-junction"?'),
    (instead('system = "nsn-junction"\n', ""), "system: missing"),
    (instead('"evolve"', '"evolv"'), 'task = "evolv": unknown; did you mean "evolve"?'),
    (instead('"evolve"', "3"), "must be a string"),
    (instead("T = 0.1", 'T = "cold"'), '[parameters] T = "cold": must be a number'),
    (instead("T = 0.1", "T = 0"), "[parameters] T = 0.0: must be > 0"),
    (instead("T = 0.1", "T = -0.1"), "[parameters] T = -0.1: must be >= 0"),
    (instead("T = 0.1", "T = nan"), "[parameters] T = nan: must be"),
    (instead("T = 0.1", "T = inf"), "[parameters] T = inf: must be finite"),
    (under("parameters", "U = -3"), "[parameters] U = -3: must be > 0"),
    (under("leads.left", "T = 0"), "[leads.left] T = 0.0: must be > 0"),
    (under("parameters", "gamma = 0"), "[parameters] gamma = 0.0: must be > 0"),
    (instead("Lx = 9", "Lx = -9"), "[numerics] Lx = -9: must be >= 1"),
    (instead("Ly = 3", "Ly = 0"), "[numerics] Ly = 0: must be >= 1"),
    (instead("Lx = 9", "Lx = 9.5"), "[numerics] Lx = 9.5: must be an integer"),
    (instead("Lx = 9", "Lx = true"), "got a boolean"),
    (instead("dt = 0.5", "dt = 0"), "[numerics] dt = 0: must be > 0"),
    (instead("dt = 0.5", "dt = 5"), "[numerics] dt = 5: must be"),
    (under("numerics", 'symmetry = "stripes"'), 'did you mean "stripe"?'),
    (under("numerics", "error_estimate = 1"), "must be true or false"),
    (
        under("numerics", "pole_error = 1e-30"),
        "[numerics] pole_error = 1e-30: not reached; best reached",
    ),
    (under("numerics", "pole_error = 2"), "[numerics] pole_error = 2: must be"),
    (instead("noise = 1e-3", "noise = -1"), "[initial] noise = -1"),
    (under("initial", "wave_number = 2"), 'only state = "fflo" or "crossed" has one'),
    (
        under("initial", 'state = "fflo"\nwave_number = 99'),
        "[initial] wave_number = 99: must be <= Lx // 2 = 4",
    ),
    (instead(EV, "eV = 0.5"), '[initial] state = "auto"'),
    (under("leads.left", "T = 0.02"), '[initial] state = "auto"'),
    (instead("t_max = 2.0", "t_max = -2.0"), "[run] t_max = -2.0: must be > 0"),
    (instead("t_max = 2.0", ""), "[run] t_max: missing"),
    (under("run", 'wall_limit = "soon"'), 'must be "HH:MM:SS"'),
    (under("run", "output_every = 0"), "[run] output_every = 0: must be > 0"),
    (TINY + "[run]\n", "not valid TOML"),
    ("\x00\x01", "not valid TOML"),
    ("", "system: missing"),
]
DRIVES = [
    (instead(EV, "eV = [0.0, 0.5]"), "[parameters] eV = [...]: must be a number"),
    (
        instead(EV, 'eV = {kind = "stepp", to = 1}'),
        '[parameters] eV: kind = "stepp": must be one of pulse, ramp, sine, step',
    ),
    (instead(EV, "eV = {kind = 3, to = 1}"), "[parameters] eV: kind"),
    (instead(EV, "eV = {kind = [1], to = 1}"), "[parameters] eV: kind"),
    (instead(EV, "eV = {too = 0.5}"), 'did you mean "to"?'),
    (instead(EV, 'eV = {kind = "ramp", to = 1}'), "a ramp needs duration"),
    (instead(EV, 'eV = {to = "high"}'), "to = 'high': must be a"),
    (instead(EV, "eV = {to = nan}"), "must be finite"),
    (instead(EV, "eV = {to = 1, at = -1}"), "at = -1"),
    (instead(EV, 'eV = {kind = "sine", amplitude = 1, frequency = 0}'), "frequency = 0"),
    (instead(EV, 'eV = "missing.txt"'), 'eV = "missing.txt": cannot read the file'),
    (instead(EV, 'eV = ""'), "[parameters] eV"),
    (instead(EV, 'eV = "garbled.txt"'), "two columns of numbers"),
    (instead(EV, 'eV = "three.txt"'), "two columns"),
    (instead(EV, 'eV = "backwards.txt"'), "must increase"),
    (instead(EV, 'eV = "empty.txt"'), "two columns"),
    (instead(EV, 'eV = "binary.dat"'), "binary.dat"),
    (instead(EV, 'eV = "folder"'), "cannot read the file"),
]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """The folder one works in, with drive files of several kinds of wrong."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "garbled.txt").write_text("0 0\n1 half\n")
    (tmp_path / "three.txt").write_text("0 0 0\n1 1 1\n")
    (tmp_path / "backwards.txt").write_text("0 0\n2 1\n1 1\n")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "binary.dat").write_bytes(bytes(range(256)))
    (tmp_path / "folder").mkdir()
    return tmp_path


def refused(capfd, desk, words, *expected):
    """Run in this process; check that it ends in one clear line, exit code 2, and that nothing on
    disk changed."""
    before = contents(desk)
    code = cli.main(["run", "--quiet", *map(str, words)])
    out, err = capfd.readouterr()
    assert code == 2, err
    assert out == "" and err.startswith("hpcneq: ") and err.count("\n") == 1 and len(err) < 500, err
    assert all(word in err for word in expected), err
    assert contents(desk) == before


@pytest.mark.parametrize("text, words", UNKNOWN + WRONG + DRIVES)
def test_a_wrong_input_is_one_clear_line_and_changes_nothing(desk, capfd, text, words):
    """The line names the table, the key, what was got and what is allowed: the person at the desk
    can go on from it."""
    (desk / "in.toml").write_text(text)
    refused(capfd, desk, ["in.toml"], words)


@pytest.mark.parametrize(
    "words, expected",
    [
        (["missing.toml"], "missing.toml: cannot be read"),
        (["folder"], "folder: cannot be read"),
        (["binary.dat"], "not UTF-8"),
        (["in.toml", "--set", "parameters.T"], "must be table.key=value"),
        (["in.toml", "--set", "parameters.T=x"], '[parameters] T = "x"'),
        (["in.toml", "--set", "parameter.T=1"], 'did you mean "parameters"?'),
        (["in.toml", "-o", "empty.txt"], "empty.txt: exists already"),
        (["in.toml", "-o", "folder"], "folder: exists already"),
        (["in.toml", "-o", "folder", "--force"], "folder: is not a file"),
        (["in.toml", "-o", "in.toml", "--force"], "is the input itself"),
        (["in.toml", "-o", "nowhere/out.h5"], "there is no folder"),
        (["in.toml", "-o", "empty.txt/out.h5"], "there is no folder"),
        (["in.toml", "-o", "/proc/out.h5"], "/proc/out.h5: cannot"),
    ],
)
def test_a_wrong_name_is_one_clear_line_and_changes_nothing(desk, capfd, words, expected):
    """Inputs and outputs that are not there, not files, not writable (also for root), or
    somebody's data."""
    (desk / "in.toml").write_text(TINY)
    refused(capfd, desk, words, expected)


def test_a_folder_one_may_not_write_into(desk, capfd):
    """By its permissions, or for root, whom those do not bind, by its immutable flag where the
    disk has one."""
    (desk / "in.toml").write_text(TINY)
    folder = desk / "folder"
    root = os.geteuid() == 0
    if root and (
        not shutil.which("chattr")
        or subprocess.run(["chattr", "+i", folder], capture_output=True, check=False).returncode
    ):
        pytest.skip("root may write everywhere here")
    try:
        folder.chmod(0o500) if not root else None
        refused(capfd, desk, ["in.toml", "-o", folder / "out.h5"], "out.h5")
    finally:
        subprocess.run(
            ["chattr", "-i", folder], capture_output=True, check=False
        ) if root else folder.chmod(0o700)


@pytest.mark.parametrize("ranks", [None, 2])
def test_a_wrong_input_in_a_program_of_its_own(desk, ranks):
    """The same from the shell, on one rank and on two: the line once, exit code 2, no traceback,
    no file."""
    (desk / "in.toml").write_text(under("parameters", "gama = 0.1"))
    before = contents(desk)
    done = program("run", "in.toml", folder=desk, ranks=ranks)
    assert done.returncode == 2 and done.stdout == ""
    assert (
        done.stderr.count("hpcneq: ") == 1
        and '[parameters] gama = 0.1: unknown key; did you mean "gamma"?' in done.stderr
    )
    assert "Traceback" not in done.stderr and contents(desk) == before


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_result_without_a_name_leaves_nothing_behind(tmp_path, ranks):
    """hpcneq.run without an output keeps its file as long as a rank has the Result, then and at
    the end of the program no folder is left."""
    (tmp_path / "program.py").write_text(f"""
import os, tempfile, time
import hpcneq, tomllib
from mpi4py.MPI import COMM_WORLD as world
def there():
    return [name for name in os.listdir(tempfile.gettempdir()) if name.startswith("hpcneq-")]
one = hpcneq.run(tomllib.loads({TINY!r}))
if world.rank == 0:
    assert len(there()) == 1
    del one
world.barrier()
if world.rank == world.size - 1 > 0:
    assert len(there()) == 1 and one.delta.shape[1] == 9
one = None
world.barrier()
assert there() == []
world.barrier()
try:
    hpcneq.run({{"system": "nsn-junction"}})
except hpcneq.errors.InputError:
    pass
world.barrier()
assert there() == []
world.barrier()
other = hpcneq.run(tomllib.loads({TINY!r}))
assert os.path.exists(other.path)
time.sleep(0.5 * world.rank)
assert other.delta.shape[1] == 9
""")
    done = subprocess.run(
        [*(("mpiexec", "-n", str(ranks)) if ranks > 1 else ()), sys.executable, "program.py"],
        cwd=tmp_path,
        text=True,
        env=alone({"TMPDIR": str(tmp_path)}),
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(tmp_path.glob("hpcneq-*"))
