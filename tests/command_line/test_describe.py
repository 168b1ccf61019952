"""describe and new: everything that is declared can be asked for, and nothing heavy is loaded."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib

import pytest
from support.programs import alone, here, hp

import hpcneq
from hpcneq.config.check import check_input
from hpcneq.config.template import template
from hpcneq.systems import Catalogue, built_in

CATALOGUE = Catalogue()
TASKS = [(name, task) for name in built_in() for task in CATALOGUE[name].tasks]
HEAVY = ("mpi4py", "petsc4py", "slepc4py", "h5py", "numba", "matplotlib", "scipy")


def task_of(name, task):
    return CATALOGUE[name].tasks[task]


# ---- describe -----------------------------------------------------------------------------------


def test_the_list_names_every_system_and_task(tmp_path):
    code, said = here("describe", folder=tmp_path)
    assert code == 0
    for name, task in TASKS:
        assert name in said and task in said


@pytest.mark.parametrize("name, task", TASKS)
def test_a_task_is_described_with_all_its_keys_and_quantities(name, task, tmp_path):
    """Text, JSON and Markdown name each key with unit and default, each quantity with its units."""
    whole = hpcneq.describe(name, task)
    json.dumps(whole, allow_nan=False)
    text, markdown = (
        here("describe", name, task, *form, folder=tmp_path)[1] for form in ((), ("--markdown",))
    )
    assert json.loads(here("describe", name, task, "--json", folder=tmp_path)[1]) == whole
    for entry in whole["keys"]:
        assert entry["doc"] or entry["type"] == "a table", entry
        assert f"  {entry['key']}" in text and f"| `{entry['key']}` |" in markdown
    for quantity in whole["quantities"]:
        assert quantity["long_name"] and quantity["units"] and quantity["error"], quantity
        assert f"  {quantity['name']}" in text and f"| `{quantity['name']}` |" in markdown


def test_a_key_is_described_with_its_limits(tmp_path):
    code, said = here("describe", "nsn-junction", "evolve", "parameters.T", folder=tmp_path)
    assert code == 0 and "temperature" in said and "allowed: a number >= 0" in said
    assert "[leads.left]" in here("describe", "nsn-junction", "evolve", "T", folder=tmp_path)[1]


@pytest.mark.parametrize(
    "words, line",
    [
        (("fermi-gaz",), 'no system "fermi-gaz"; did you mean "fermi-gas"?'),
        (("fermi-gas", "stedy"), 'no task of fermi-gas "stedy"; did you mean "steady"?'),
        (("fermi-gas", "steady", "gama"), 'steady "gama"; did you mean "gamma"?'),
        (("fermi-gas", "--schema"), "describe --schema: is of all inputs"),
        (("--json", "--markdown"), "not allowed with argument --json"),
        (("a", "b", "c", "d"), 'one word too many: "d"'),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(words, line, tmp_path):
    code, said = here("describe", *words, folder=tmp_path)
    assert code == 2 and line in said and said.count("\n") == 1


@pytest.mark.parametrize("name", built_in())
def test_describe_and_validation_load_nothing_heavy(name, tmp_path):
    """Neither MPI nor PETSc nor HDF5, numba, matplotlib, scipy: an editor asks often.

    Each task of a system is described, its example written and validated, in one process.
    """
    lines = ["import sys", "from hpcneq.cli import main"]
    for task in CATALOGUE[name].tasks.values():
        lines.append(f"main(['describe', '{name}', '{task.name}'])")
        if task.example:
            lines.append(f"main(['new', '{name}', '{task.name}', '-o', '{task.name}.toml'])")
            lines.append(f"assert main(['check', '{task.name}.toml', '--no-cost']) == 0")
    lines.append(f"print('loaded', [name for name in {HEAVY} if name in sys.modules])")
    code, said = python(*lines, folder=tmp_path)
    assert code == 0 and said.splitlines()[-1] == "loaded []", said


def test_the_list_of_systems_loads_nothing_heavy(tmp_path):
    lines = ("import sys", "from hpcneq.cli import main", "main(['describe'])")
    words = f"print('loaded', [name for name in {HEAVY} if name in sys.modules])"
    code, said = python(*lines, words, folder=tmp_path)
    assert code == 0 and said.splitlines()[-1] == "loaded []", said


def python(*lines, folder):
    """Run lines of Python in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=folder,
        env=alone(),
        capture_output=True,
        text=True,
        timeout=240,
    )
    return done.returncode, done.stdout + done.stderr


# ---- new ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, task", TASKS)
def test_a_new_input_shows_every_key(name, task):
    """Live or as a comment, with unit; it is TOML, and so it is with every default uncommented."""
    text = template(CATALOGUE, name, task)
    assert tomllib.loads(text)["task"] == task
    for entry in hpcneq.describe(name, task)["keys"]:
        if entry["type"] != "a table" and not task_of(name, task).example.get("leads"):
            assert f"{entry['key']} = " in text, entry
        if entry["unit"] and entry["type"] != "a table":
            assert f"[{entry['unit']}]" in text
    live = [line.removeprefix("# ") for line in text.splitlines() if has_default(line)]
    assert len(live) > 4
    for line in live:
        tomllib.loads(line)


def has_default(line):
    """Whether a line is a key in a comment with its default."""
    return re.match(r"# [\w.-]+ = [^#{\s]", line)


@pytest.mark.parametrize("name, task", TASKS)
def test_a_new_input_is_accepted_by_check(name, task, tmp_path, monkeypatch):
    if not task_of(name, task).example:
        pytest.skip(f"{name} {task} has no example yet")
    monkeypatch.chdir(tmp_path)
    assert here("new", name, task, "-o", "mine.toml", folder=tmp_path)[0] == 0
    said, *doubts = check_input("mine.toml", CATALOGUE, cost=False).splitlines()
    assert said == f"mine.toml: valid {name} {task}"
    assert all("warning: " in doubt for doubt in doubts)  # a quick example is a small lattice


def test_new_overwrites_nothing(tmp_path):
    code, said = here("new", "fermi-gas", "steady", folder=tmp_path)
    assert (code, said) == (0, "wrote fermi-gas-steady.toml\n")
    code, said = here("new", "fermi-gas", "steady", folder=tmp_path)
    assert code == 2 and "fermi-gas-steady.toml: exists already; give another name with -o" in said
    assert here("new", "fermi-gas", "stedy", folder=tmp_path)[0] == 2
    assert (
        "cannot be written" in here("new", "fermi-gas", "steady", "-o", "x/y", folder=tmp_path)[1]
    )


QUICK = (("laser-semiconductor", "keldysh"), ("fermi-gas", "steady"), ("nsn-junction", "modes"))


def runs(name, task, folder):
    """Whether the new input of a task runs to its end."""
    if not task_of(name, task).example:
        pytest.skip(f"{name} {task} has no example yet")
    assert hp("new", name, task, "-o", "mine.toml", folder=folder)[0] == 0
    code, said = hp("run", "mine.toml", "--quiet", folder=folder)
    assert code == 0, said


@pytest.mark.parametrize("name, task", QUICK)
def test_a_new_input_runs(name, task, tmp_path):
    runs(name, task, tmp_path)


@pytest.mark.nightly
@pytest.mark.parametrize("name, task", TASKS)
def test_every_new_input_runs(name, task, tmp_path):
    runs(name, task, tmp_path)
