"""What a run does before its first step: its own system, nothing heavy for a refusal, few files."""

from __future__ import annotations

import json
import subprocess

import pytest
from support.programs import alone, command

HEAVY = ("petsc4py", "slepc4py", "h5py", "numba", "matplotlib", "scipy")
# Notes what is imported and opened by each rank, and its exit code.
SPY = """\
import json, os, sys
opened = []
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.append(arguments[0])
sys.addaudithook(hook)
from hpcneq import cli
code = cli.main()
rank = os.environ.get("OMPI_COMM_WORLD_RANK", os.environ.get("PMIX_RANK", "0"))
with open(f"spy-{rank}.json", "w") as file:
    json.dump({"modules": list(sys.modules), "opened": opened, "code": code}, file)
sys.exit(0)
"""
INPUT = """\
system = "nsn-junction"
task = "steady"
[parameters]
h = 0.2
T = 0.1
eV = 0.2
[numerics]
lattice = "finite"
Lx = 8
Ly = 6
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "in.toml").write_text(INPUT)
    (tmp_path / "bad.toml").write_text(INPUT.replace("T = 0.1", "T = -1"))
    (tmp_path / "spy.py").write_text(SPY)
    return tmp_path


def spied(place, *words, ranks):
    """What each rank has imported, opened and returned."""
    done = subprocess.run(
        command(*words, ranks=ranks, program=(place / "spy.py",)),
        cwd=place,
        env=alone(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads((place / f"spy-{rank}.json").read_text()) for rank in range(ranks)]


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("words", [("bad.toml",), ("in.toml", "--set", "parameters.TT=1")])
def test_a_wrong_input_is_refused_before_anything_heavy_is_loaded(place, words, ranks):
    """Under mpiexec MPI itself is needed: the ranks leave together."""
    for spy in spied(place, "run", *words, ranks=ranks):
        heavy = HEAVY if ranks > 1 else (*HEAVY, "mpi4py")
        assert spy["code"] == 2 and [name for name in heavy if name in spy["modules"]] == []


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_run_imports_its_own_system_and_one_rank_reads_its_input(place, ranks):
    """Thousands of ranks must not all ask a file system for the same file, or for other systems."""
    for rank, spy in enumerate(spied(place, "run", "in.toml", ranks=ranks)):
        assert spy["code"] == 0
        systems = {
            name.split(".")[2] for name in spy["modules"] if name.startswith("hpcneq.systems.")
        }
        assert systems == {"nsn_junction"} and "matplotlib" not in spy["modules"]
        tasks = [name for name in spy["modules"] if ".nsn_junction.tasks." in name]
        assert tasks == ["hpcneq.systems.nsn_junction.tasks.steady"]
        names = [path for path in spy["opened"] if path.endswith(".toml")]
        assert bool(names) == (rank == 0), names
        assert rank == 0 or not [path for path in spy["opened"] if "/proc/cpuinfo" in path]
