"""The command line: what reaches the driver, what a mistake prints, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

import hpcneq
import hpcneq.config.check
from hpcneq import cli
from hpcneq.errors import HpcneqError, InputError, NotConverged, StoppedEarly
from hpcneq.systems import Catalogue

HOME = Path(hpcneq.__file__).parents[1]


class Recorder(types.ModuleType):
    """A module that notes how it is called, in a list that several may share."""

    def __init__(self, name, calls):
        super().__init__(name)
        self.calls = calls

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def called(*args, **kwargs):
            self.calls.append((name, args, kwargs))
            return {"run": 0, "resume": 75}.get(name, f"{name} answers")

        return called


@pytest.fixture
def driver(monkeypatch):
    """Recorders in place of the driver and of what reads results and inputs, and no MPI."""
    calls = []
    for name in ("hpcneq.driver", "hpcneq.results", "hpcneq.config.check"):
        fake = Recorder(name, calls)
        package, _, short = name.rpartition(".")
        monkeypatch.setitem(sys.modules, name, fake)
        monkeypatch.setattr(sys.modules[package], short, fake, raising=False)
    monkeypatch.setattr(cli, "_world", lambda: None)
    return sys.modules["hpcneq.driver"]


def python(*args, **kwargs):
    """Run this Python in the checkout, outside any mpiexec."""
    env = {key: value for key, value in os.environ.items() if key not in cli.LAUNCHED}
    return subprocess.run(
        [sys.executable, *args],
        cwd=HOME,
        env=env,
        capture_output=True,
        text=True,
        timeout=240,
        **kwargs,
    )


# ---- what reaches the driver --------------------------------------------------------------------


def test_run_hands_over_every_option_and_only_what_follows_the_dashes_to_petsc(driver):
    argv = [
        "run",
        "a.toml",
        "-o",
        "b.h5",
        "--set",
        "run.t_max=3",
        "--set",
        "parameters.T=.1",
        "--force",
        "--quiet",
        "--",
        "-ts_type",
        "rk",
        "--",
        "-log_view",
    ]
    assert cli.main(argv) == 0
    assert driver.calls == [
        (
            "run",
            ("a.toml",),
            dict(
                output="b.h5",
                force=True,
                resume=False,
                quiet=True,
                overrides=("run.t_max=3", "parameters.T=.1"),
                petsc_argv=("-ts_type", "rk", "--", "-log_view"),
            ),
        )
    ]


def test_run_leaves_the_name_of_the_result_to_the_driver(driver):
    assert cli.main(["run", "a.toml", "--resume"]) == 0
    assert driver.calls == [
        (
            "run",
            ("a.toml",),
            dict(output=None, force=False, resume=True, quiet=False, overrides=(), petsc_argv=()),
        )
    ]


def test_resume_returns_the_driver_s_exit_code(driver):
    assert cli.main(["resume", "a.h5", "--set", "run.t_max=9"]) == 75
    assert driver.calls == [
        ("resume", ("a.h5",), dict(overrides=("run.t_max=9",), quiet=False, petsc_argv=()))
    ]


@pytest.mark.parametrize(
    "argv, call, printed",
    [
        (["show", "a.h5"], ("show", ("a.h5", False, False), {}), "show answers"),
        (["show", "a.h5", "--json"], ("show", ("a.h5", True, False), {}), "show answers"),
        (
            ["plot", "a.h5", "-o", "f.pdf", "--force"],
            ("plot", ("a.h5", "f.pdf", True), {}),
            "wrote plot answers",
        ),
        (
            ["check", "a.toml", "--ranks", "8", "--set", "run.seed=1"],
            ("check_input", ("a.toml", Catalogue(), ("run.seed=1",), 8, True), {}),
            "check_input answers",
        ),
        (
            ["check", "a.toml", "--no-cost"],
            ("check_input", ("a.toml", Catalogue(), (), 1, False), {}),
            "check_input answers",
        ),
    ],
)
def test_reports_are_printed_once(driver, capsys, argv, call, printed):
    assert cli.main(argv) == 0
    assert driver.calls == [call]
    assert capsys.readouterr() == (printed + "\n", "")


# ---- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "argv, words",
    [
        ([], "no command given; one of run, resume, show, plot, check, describe, new"),
        (["rum", "a"], 'unknown command "rum"; did you mean "run"?'),
        (["1"], 'unknown command "1"; one of'),
        (["run"], "required: INPUT.toml (see hpcneq run --help)"),
        (["show"], "required: OUT.h5"),
        (["run", "a", "--forse"], 'unknown option --forse; did you mean "--force"?'),
        (["run", "a", "--for"], "unknown option --for"),
        (["run", "a", "-options_left"], "PETSc options go after --"),
        (["run", "a", "-ts_type", "rk"], "PETSc options go after --"),
        (["run", "a", "b"], 'one word too many: "b"'),
        (["show", "a", "--", "-x"], "show takes no PETSc options"),
        (["check", "a", "--ranks", "0"], "--ranks: must be an integer > 0"),
        (["check", "a", "--ranks", "x"], "must be an integer > 0"),
        (["run", "a", "--set"], "--set: expected one argument"),
        (["--frobnicate"], "hpcneq --help"),
        (["run\nx"], "unknown command"),
        (["--", "run", "a.toml"], "no command given"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(driver, capsys, argv, words):
    assert cli.main(argv) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("hpcneq: ") and err.count("\n") == 1 and words in err
    assert driver.calls == []


@pytest.mark.parametrize(
    "error, code",
    [
        (InputError("[run] t_max = -1: must be > 0"), 2),
        (NotConverged("steady: SNES stopped"), 3),
        (StoppedEarly("wall limit"), 75),
        (HpcneqError("two\nlines"), 1),
        (ModuleNotFoundError("No module", name="petsc4py.PETSc"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_an_expected_error_is_one_line_with_its_exit_code(driver, capsys, monkeypatch, error, code):
    def fails(*args, **kwargs):
        raise error

    monkeypatch.setattr(driver, "run", fails, raising=False)
    assert cli.main(["run", "a.toml"]) == code
    err = capsys.readouterr().err
    assert err.startswith("hpcneq: ") and err.count("\n") == 1


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("a bug"), ModuleNotFoundError("No module", name="hpcneq.typo")]
)
def test_a_bug_is_not_hidden(driver, monkeypatch, error):
    def fails(*args, **kwargs):
        raise error

    monkeypatch.setattr(driver, "run", fails, raising=False)
    with pytest.raises(type(error)):
        cli.main(["run", "a.toml"])


# ---- as a program -------------------------------------------------------------------------------


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_help_shows_an_example_and_the_exit_codes(capsys, command):
    assert cli.main([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"hpcneq {command} " in out.split("example: ")[1] and "75 stopped early" in out
    assert ("PETSC_OPTIONS" in out) == (command in ("run", "resume"))


def test_importing_the_package_and_asking_for_help_loads_nothing_heavy():
    code = (
        "import sys, hpcneq, hpcneq.cli\n"
        "hpcneq.cli.main(['run', '--help']); hpcneq.cli.main(['help', 'errors'])\n"
        "heavy = 'numpy', 'scipy', 'mpi4py', 'petsc4py', 'slepc4py', 'h5py', 'matplotlib'\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = python("-c", code)
    assert done.stderr == "" and done.stdout.splitlines()[-1] == "[]"


def test_python_m_hpcneq_is_the_command():
    done = python("-m", "hpcneq", "shwo", "a.h5")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == 'hpcneq: unknown command "shwo"; did you mean "show"? one of '
        "run, resume, show, plot, check, describe, new, compare, watch, pack, unpack, help\n"
    )


def test_a_reader_that_leaves_early_is_met_with_silence():
    code = (
        "import sys, types, hpcneq\n"
        "fake = types.ModuleType('hpcneq.results')\n"
        "fake.show = lambda path, as_json, verify: 'line\\n' * 10**6\n"
        "sys.modules['hpcneq.results'] = hpcneq.results = fake\n"
        "from hpcneq.cli import main; sys.exit(main(['show', 'a.h5']))"
    )
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=HOME,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=240,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_run_and_open_reach_the_driver_and_the_store(driver, monkeypatch):
    assert hpcneq.open("a.h5") == "Result answers"
    assert hpcneq.run({"system": "x"}, quiet=False) == "run_in_process answers"
    assert hpcneq.resume("a.h5", ["run.t_max=9"]) == "resume_in_process answers"
    assert hpcneq.check("a.toml", ranks=3) == "check_input answers"
    assert driver.calls == [
        ("Result", ("a.h5",), {}),
        ("run_in_process", ({"system": "x"}, None, (), True, False, ()), {}),
        ("resume_in_process", ("a.h5", ["run.t_max=9"], True, ()), {}),
        ("check_input", ("a.toml", Catalogue(), (), 3, True), {}),
    ]
