"""PETSc options from everywhere: what may be given by whom, and that nothing is in force unsaid."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from support.programs import FOUR_STEPS, alone, assert_same, hp

import hpcneq
from hpcneq import cli, petsc_options
from hpcneq.errors import InputError
from hpcneq.files import checkpoint
from hpcneq.run_options import gather

TASK = ("evolve", "initial")
# names that run programs, load code, read other options, or write to files, windows and sockets
NEVER = [
    ("start_in_debugger", None),
    ("on_error_attach_debugger", "gdb"),
    ("malloc_dump", None),
    ("malloc_view", "out.txt"),
    ("options_file", "/tmp/x"),
    ("options_file_yaml", "x"),
    ("prefix_push", "evolve_"),
    ("dll_append", "/tmp/x.so"),
    ("info", ":log.txt"),
    ("log_view", ":log.txt"),
    ("log_view", "draw"),
    ("options_left", ":out.txt"),
    ("evolve_ts_monitor", "ascii:/tmp/x"),
    ("evolve_ts_monitor", "socket"),
    ("evolve_ts_monitor_solution", "binary:x"),
    ("evolve_ts_save_trajectory", None),
    ("evolve_ts_view", "draw"),
    ("evolve_ts_python_type", "os.abort"),
    ("initial_pc_python_type", "os.abort"),
    ("initial_pc_type", "python"),
    ("initial_ksp_view_mat", "binary:x"),
    ("initial_snes_type", "../x"),
    ("initial_snes_rtol", "1e-9 -start_in_debugger"),
    ("EVOLVE_TS_TYPE", "rk"),
    ("ts_type", "rk"),
    ("steady_snes_rtol", "1e-9"),
    ("initial_ts_type", "rk"),
]
ANYBODY = [
    ("evolve_ts_type", "rk"),
    ("evolve_ts_rk_type", "5dp"),
    ("evolve_ts_rtol", 1e-9),
    ("evolve_ts_adapt_clip", "0.1,5"),
    ("evolve_snes_type", "ksponly"),
    ("initial_snes_max_it", 7),
    ("initial_ksp_lag_norm", None),
    ("initial_snes_mf", True),
    ("initial_relax_snes_max_it", "9"),
    ("initial_snes_linesearch_damping", "-1e-3"),
]
PRINTING = [
    ("log_view", None),
    ("options_left", "no"),
    ("evolve_ts_monitor", None),
    ("initial_snes_monitor", None),
    ("initial_relax_snes_converged_reason", None),
]


# ---- the list -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name, value", NEVER)
def test_what_could_run_code_or_write_elsewhere_is_refused_from_everywhere(name, value):
    """In one line with the option's name, from a file and from the command line alike."""
    for command_line in (False, True):
        with pytest.raises(InputError) as caught:
            petsc_options.vet([(name, value)], TASK, "-", command_line)
        assert f"-{name}" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name, value", ANYBODY)
def test_numbers_and_methods_may_be_given_by_anybody(name, value):
    for command_line in (False, True):
        petsc_options.vet([(name, value)], TASK, "-", command_line)


@pytest.mark.parametrize("name, value", PRINTING)
def test_what_prints_is_for_the_command_line_alone(name, value):
    petsc_options.vet([(name, value)], TASK, "-", command_line=True)
    with pytest.raises(InputError, match=f"-{name}: prints; only the command line may give it"):
        petsc_options.vet([(name, value)], TASK, "-")


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("evolve_ts_typ", "rk", 'did you mean "evolve_ts_type"?'),
        ("initial_snes_rtoll", 1e-9, 'did you mean "initial_snes_rtol"?'),
        ("initial_snes_rtol", "small", 'initial_snes_rtol = "small": must be a number'),
        ("initial_snes_rtol", None, "initial_snes_rtol = nothing: must be a number"),
        ("initial_snes_rtol", True, "initial_snes_rtol = true: must be a number"),
        ("initial_snes_max_it", 2.5, "must be an integer"),
        ("initial_snes_mf", "maybe", "must be true or false"),
        ("evolve_ts_adapt_clip", "1,x", "must be numbers"),
        ("evolve_\x1b[2J", "rk", r'-"evolve_\x1b[2J"'),
        ("a" * 300, "rk", 'aaa..."'),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_may_be_meant(name, value, words):
    with pytest.raises(InputError) as caught:
        petsc_options.vet([(name, value)], TASK, "-")
    assert words in str(caught.value) and str(caught.value).isprintable()


@pytest.mark.parametrize(
    "stored", [[["start_in_debugger", None]], [["evolve_ts_type", ["rk"]]], "x", [[1, 2]], None]
)
def test_options_of_a_received_file_pass_the_list(stored):
    with pytest.raises(InputError, match="out.h5: its "):
        gather(TASK, (), ("out.h5", stored))


def test_the_last_one_given_counts(monkeypatch):
    """The command line before the variable before what the run was begun with."""
    begun = [("evolve_ts_type", "rk"), ("evolve_ts_rtol", "1e-4"), ("evolve_ts_atol", "1e-4")]
    monkeypatch.setenv("PETSC_OPTIONS", "-evolve_ts_rtol 1e-5 -evolve_ts_atol 1e-5")
    options = gather(TASK, ["-evolve_ts_atol", "1e-6", "-log_view"], ("out.h5", begun))
    assert options.values == {
        "evolve_ts_type": "rk",
        "evolve_ts_rtol": "1e-5",
        "evolve_ts_atol": "1e-6",
        "log_view": None,
    }
    assert dict(options.kept).keys() == options.values.keys() - {"log_view"}
    assert options.origins["evolve_ts_rtol"] == "PETSC_OPTIONS (from the environment): -"


@pytest.mark.parametrize(
    "text, words",
    [
        ("-start_in_debugger", "-start_in_debugger: is never allowed"),
        ("-evolve_ts_monitor ascii:x", "-evolve_ts_monitor: prints; only the command line"),
        ("-log_view", "-log_view: prints"),
        ("rk", "rk: is neither a PETSc option"),
        ("-evolve_ts_type 'rk", "No closing quotation"),
        ("-evolve_ts_typ rk", "-evolve_ts_typ: no solver of this run uses"),
        ("-evolve_ts_rk_type 3bs", "-evolve_ts_rk_type: no solver of this run uses"),
    ],
)
def test_the_variable_is_vetted_by_run_and_check(tmp_path, monkeypatch, capsys, text, words):
    """One line, exit code 2, no file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PETSC_OPTIONS", text)
    (tmp_path / "in.toml").write_text(FOUR_STEPS)
    for command in (["run", "in.toml"], ["check", "in.toml", "--no-cost"]):
        assert cli.main(command) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert err.startswith("hpcneq: PETSC_OPTIONS (from the environment): ") and words in err
    assert os.listdir(tmp_path) == ["in.toml"]


# ---- runs ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder that is HOME as well, with petscrc files that would change the integrator."""
    folder = tmp_path_factory.mktemp("options")
    (folder / "in.toml").write_text(FOUR_STEPS)
    for name in (".petscrc", "petscrc"):
        (folder / name).write_text("-evolve_ts_type arkimex\n-evolve_ts_monitor ascii:spy.txt\n")
    code, out = hp(
        *("run", "in.toml", "-o", "rk.h5", "--set", "petsc.evolve.ts_type=rk"),
        folder=folder,
        HOME=str(folder),
    )
    assert code == 0, out
    return folder


def test_petscrc_files_and_yaml_are_never_read(place):
    """Here they would change the integrator and write a file."""
    code, out = hp(
        *("run", "in.toml", "-o", "plain.h5"),
        folder=place,
        HOME=str(place),
        PETSC_OPTIONS_YAML="evolve_ts_type: rk",
    )
    assert code == 0 and "PETSC_OPTIONS_YAML is left out" in out, out
    with hpcneq.open(place / "plain.h5") as result:
        assert result.summary["steps"] == 4  # the exponential integrator's
        assert result.provenance["petsc_options"] == ""
    assert not (place / "spy.txt").exists()


def test_a_run_with_the_variable_goes_on_without_it(place):
    """Recorded in result and checkpoint: stopped, resumed without it, and the same bits as [petsc].

    Fails without the record: the resumed run takes the exponential integrator and crashes.
    """
    words = ("run", "in.toml", "-o", "env.h5", "--set", "run.wall_limit=0.0001")
    code, out = hp(*words, folder=place, PETSC_OPTIONS="-evolve_ts_type rk")
    assert code == 75, out
    shown = hp("show", "env.h5", folder=place)[1]
    assert "  PETSc options: -evolve_ts_type rk\n" in shown
    told = json.loads(hp("show", "env.h5", "--json", folder=place)[1])
    assert told["provenance"]["petsc_options"] == "-evolve_ts_type rk"
    resume = ("resume", "env.h5", "--set", "run.wall_limit=10")
    code, out = hp(*resume, folder=place, PETSC_OPTIONS="-evolve_ts_type arkimex")
    assert code == 2 and "-- -evolve_ts_type changed" in out, out
    code, out = hp(*resume, folder=place)
    assert code == 0, out
    assert_same(place / "env.h5", place / "rk.h5", but=("petsc_options",))


def test_a_run_killed_before_its_first_checkpoint_begins_again_with_its_options(place):
    """Only the result file tells them then."""
    words = ("run", "in.toml", "-o", "early.h5", "--set", "run.wall_limit=0.0001")
    assert hp(*words, folder=place, PETSC_OPTIONS="-evolve_ts_type rk")[0] == 75
    for path in place.glob("early.h5.ckpt-*"):
        path.unlink()
    with hpcneq.files.hdf5.h5py.File(place / "early.h5", "r+") as file:
        file.attrs["status"] = "running"
    code, out = hp("resume", "early.h5", "--set", "run.wall_limit=10", folder=place)
    assert code == 0 and "starting again from its input" in out, out
    assert_same(place / "early.h5", place / "rk.h5", but=("petsc_options",))


def test_a_checkpoint_that_would_start_a_debugger_is_refused(place):
    """Its options are vetted before PETSc hears of them."""
    words = ("run", "in.toml", "-o", "evil.h5", "--set", "run.wall_limit=0.0001")
    assert hp(*words, folder=place)[0] == 75
    saved = checkpoint.newest(hpcneq.parallel.solo(), place / "evil.h5", print)
    saved.meta["options"] = [["start_in_debugger", "touch"]]
    checkpoint.write(hpcneq.parallel.solo(), place / "evil.h5", saved.number, saved.meta, {})
    code, out = hp("resume", "evil.h5", folder=place)
    assert code == 2 and out.count("\n") == 1, out
    assert "evil.h5: its checkpoint: its PETSc option -start_in_debugger: is never allowed" in out


def script(place, options, *lines):
    """A user's script that starts PETSc before hpcneq does: (exit code, output and errors)."""
    (place / "script").mkdir(exist_ok=True)
    lines = [
        "import petsc4py, hpcneq",
        f"petsc4py.init(['mine', *{options!r}])",
        "from petsc4py import PETSc",
        *lines,
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=place / "script",  # without petscrc
        env=alone({"PETSC_OPTIONS": ""}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
    )
    return done.returncode, done.stdout


def test_a_petsc_that_a_script_has_started_is_vetted(place):
    """What it holds for our solvers is refused or recorded, and comes back after the run."""
    code, out = script(
        place,
        ["-evolve_ts_monitor", "ascii:spy.txt"],
        "try: hpcneq.run('../in.toml', 'spied.h5')",
        "except hpcneq.InputError as error: print(error)",
    )
    assert code == 0 and "PETSc's database: -evolve_ts_monitor: prints" in out, out
    assert not (place / "script" / "spy.txt").exists()
    code, out = script(
        place,
        ["-mine_ksp_type", "cg", "-evolve_ts_type", "rk"],
        "one = hpcneq.run('../in.toml', 'scripted.h5')",
        "two = hpcneq.run('../in.toml', petsc_argv=['-evolve_ts_type', 'exponential'])",
        "print(one.summary['steps'] > 4 == two.summary['steps'], PETSc.Options().getAll())",
        "print(one.provenance['petsc_options'], two.provenance['petsc_options'])",
    )
    assert code == 0, out
    lines = out.splitlines()
    assert lines[-1] == "-evolve_ts_type rk -evolve_ts_type exponential"
    assert lines[-2].startswith("True") and "'mine_ksp_type': 'cg'" in lines[-2]
    assert_same(place / "script" / "scripted.h5", place / "rk.h5", but=("petsc_options",))
