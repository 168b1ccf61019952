"""What would take too much memory is refused in one line, by check, run and resume, before it is
taken.
"""

import os
from types import SimpleNamespace

import numpy as np
import pytest
from support.programs import INPUT

import hpcneq
from hpcneq.cli import main
from hpcneq.errors import InputError
from hpcneq.tasks import memory

MAP = """\
system = "fermi-gas"
task = "phase-diagram"
[sweep]
T = {from = 0.0, to = 0.1, points = 30000}
dmu = {from = 0.0, to = 0.5, points = 30000}
"""


def refused(capsys, *words):
    """The one line of a command that is refused."""
    assert main([str(word) for word in words]) == 2
    line = capsys.readouterr().err
    assert line.startswith("hpcneq: memory: ") and line.count("\n") == 1
    return line


def test_a_map_of_a_billion_points_is_refused_until_the_limit_is_raised(tmp_path, capsys):
    path = tmp_path / "map.toml"
    path.write_text(MAP)
    for command in ("check", "run"):
        line = refused(capsys, command, path, "--set", "run.max_memory=1000")
        assert "[sweep] of 30000 x 30000 points takes about 1.8e+03 GB" in line
        assert "more than its limit of 1e+03 GB" in line and "run.max_memory=1800" in line
    words = ["check", str(path), "--no-cost", "--set"]
    assert main([*words, "run.max_memory=1800"]) == 0


def test_a_drive_file_of_thirty_gigabytes_is_refused_unread(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open("drive.txt", "wb") as file:
        file.truncate(30 * 10**9)  # takes no room on the disk
    drive = INPUT[INPUT.index("eV =") : INPUT.index("[numerics]")]
    text = INPUT.replace(drive, "eV = 'drive.txt'\n")
    (tmp_path / "in.toml").write_text(text)
    for command in ("check", "run"):
        line = refused(capsys, command, "in.toml", "--set", "run.max_memory=64")
        assert "[parameters] eV: the file" in line and "takes about 90 GB" in line


def test_the_state_of_an_evolution_is_estimated_first(tmp_path, capsys, monkeypatch):
    """Before a result file is there, and as `check` does; a resumed run as well."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.toml").write_text(INPUT)
    for command in ("run", "check"):
        line = refused(capsys, command, "in.toml", "--set", "run.max_memory=0.05")
        assert "the run takes about 0.2" in line and os.listdir(tmp_path) == ["in.toml"]
    assert main(["run", "in.toml", "--quiet", "--set", "run.t_max=1.1"]) == 0
    words = ("resume", "in.h5", "--set", "run.t_max=2.2", "--set")
    refused(capsys, *words, "run.max_memory=0.05")
    assert main([*words, "run.max_memory=5"]) == 0


def test_an_estimate_that_takes_too_much_itself_is_stopped():
    given = SimpleNamespace(run=SimpleNamespace(max_memory=0.5))
    with pytest.raises(InputError, match="memory: what the estimate needs"):
        with memory.limited(given):
            np.ones(1 << 30)
    np.empty(1 << 30)  # the limit is gone


def test_the_limit_is_a_share_of_what_there_is(monkeypatch, tmp_path):
    """Of the machine, or less in a job or a control group; some machines have no such groups."""
    given = SimpleNamespace(run=SimpleNamespace(max_memory=None))
    assert 0 < memory.limit_of(given) <= 0.8 * memory._machine_bytes()
    monkeypatch.delenv("SLURM_MEM_PER_NODE", raising=False)
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    assert memory.limit_of(given) == 0.8 * memory._machine_bytes()
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "100")
    assert memory.limit_of(given) == 0.8 * 100 * 2**20
    monkeypatch.setattr(memory, "_group_bytes", lambda: [1e6, 2e6])
    assert memory.limit_of(given) == 0.8e6
    assert hpcneq.describe("fermi-gas", "steady", "max_memory")
