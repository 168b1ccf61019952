"""The example of hpcneq/README.md, character for character: installed, run, stopped, continued."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from support.programs import HOME, alone, assert_same, command, hp, kill_all

import hpcneq

README = Path(hpcneq.__file__).parent / "README.md"
MOST_LINES = 150
FILES = dict(
    re.findall(r"^`([\w.]+)`\n\n```\w+\n(.*?)^```$", README.read_text("utf-8"), re.M | re.S)
)


def git_status():
    """What git says of the checkout; nothing where there is none."""
    words = ["git", "-C", str(HOME), "status", "--porcelain"]
    return subprocess.run(words, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder into which pip installed the example."""
    before = git_status()
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("target")
    for name, text in FILES.items():
        (source / name).write_text(text)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-build-isolation", "--no-index"]
    words = [*pip, *offline, "--target", str(target), str(source)]
    done = subprocess.run(words, env=alone(), capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    yield target
    assert git_status() == before


@pytest.fixture
def run(installed, tmp_path):
    """hpcneq with the example, in a folder of the test's own."""
    path = os.pathsep.join([str(HOME), str(HOME / "tests"), str(installed)])

    def call(*words, ranks=1):
        code, said = hp(*words, ranks=ranks, folder=tmp_path, PYTHONPATH=path)
        assert code == 0, said
        return said

    call.folder, call.path = tmp_path, path
    return call


def test_it_is_short_and_imports_only_the_public_interface():
    assert set(FILES) == {"pyproject.toml", "two_levels.py"}
    assert sum(text.count("\n") for text in FILES.values()) <= MOST_LINES
    imported = re.findall(r"^(?:from|import) (\S+)", FILES["two_levels.py"], re.M)
    assert set(imported) == {"dataclasses", "numpy", "hpcneq", "hpcneq.tasks"}
    assert "from hpcneq import tasks\n" in FILES["two_levels.py"]


def test_it_is_described_and_checked(run):
    assert "two-levels" in run("describe")
    assert "largest n of the sweep" in run("describe", "two-levels", "steady", "n_max")
    for task in ("steady", "evolve"):
        run("new", "two-levels", task, "-o", f"{task}.toml")
        assert f"valid two-levels {task}" in run("check", f"{task}.toml", "--ranks", "3")


@pytest.mark.parametrize("ranks", [1, 5])
def test_steady_states_are_those_the_evolution_ends_in(run, ranks):
    """F = 1 from SNES, and from the switching on of the drive after a decay by e^-15.

    On more ranks than the four unknowns and the two levels as well.
    """
    run("new", "two-levels", "steady", "-o", "steady.toml")
    run("new", "two-levels", "evolve", "-o", "evolve.toml")
    run("run", "steady.toml", "--set", "sweep.F=[0.0, 0.5, 1.0]", ranks=ranks)
    run("run", "evolve.toml", "--set", "run.t_max=30.0", "--set", "numerics.dt=0.2", ranks=ranks)
    steady, evolved = (hpcneq.open(run.folder / f"{task}.h5") for task in ("steady", "evolve"))
    assert steady.n[0] == pytest.approx(0, abs=1e-10) and (np.diff(steady.n) > 0).all()
    assert np.all(steady.growth < 0) and np.all(steady.n_error < 1e-10)
    error = evolved.errors["n_final"]
    assert evolved.summary["n_final"] == pytest.approx(steady.n[2], abs=error + 1e-5)
    assert error < 1e-4
    for task, some in (("steady", ranks), ("evolve", 1)):
        assert f"two-levels {task}, complete" in run("show", f"{task}.h5", ranks=some)
        run("plot", f"{task}.h5", "-o", f"{task}.png", ranks=some)
        assert (run.folder / f"{task}.png").stat().st_size > 5000
    assert json.loads(run("show", "steady.h5", "--json"))["errors"]["n_max"] < 1e-10


@pytest.mark.parametrize("ranks, dt, t_max", [(1, 0.005, 20), (5, 0.1, 5)])
def test_a_killed_evolution_goes_on_to_the_same_bits(run, ranks, dt, t_max):
    """kill -9 of all ranks as soon as there is a checkpoint."""
    run("new", "two-levels", "evolve", "-o", "in.toml")
    words = ["run", "in.toml", "--quiet", "--set", f"numerics.dt={dt}"]
    words += ["--set", f"run.t_max={t_max}"]
    words += ["--set", "run.checkpoint_minutes=0.0005", "-o"]
    run(*words, "whole.h5", ranks=ranks)
    job = subprocess.Popen(
        command(*words, "out.h5", ranks=ranks),
        cwd=run.folder,
        env=alone({"PYTHONPATH": run.path}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while job.poll() is None and not list(run.folder.glob("out.h5.ckpt-*.sha256")):
        time.sleep(0.002)
    assert job.poll() is None, "ended before it could be killed"
    kill_all(job.pid)
    job.wait()
    assert hpcneq.open(run.folder / "out.h5").status == "running"
    run("resume", "out.h5", "--quiet", ranks=ranks)
    assert_same(run.folder / "out.h5", run.folder / "whole.h5")
