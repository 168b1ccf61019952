"""Wrong words on the command line: one line that names the right form, and exit code 2."""

from __future__ import annotations

import pytest
from support.programs import here

STEADY = """\
system = "nsn-junction"
task = "steady"
[parameters]
T = 0.1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An input, and a result that is none."""
    folder = tmp_path_factory.mktemp("hints")
    (folder / "mine.toml").write_text(STEADY)
    (folder / "mine.h5").write_text("not a result")
    (folder / "wall.toml").write_text(STEADY + "[run]\nwall_limit = 00:30:00\n")
    (folder / "long.toml").write_text(STEADY + "[run]\nwall_limit = 100:30:00\n")
    (folder / "sweep.toml").write_text(STEADY + "[sweep]\nT = [0.1, 0.2]\n")
    return folder


@pytest.mark.parametrize(
    "words, hint",
    [
        ("mine.toml", "hpcneq run mine.toml"),
        ("mine.h5", "hpcneq show mine.h5"),
        ("run mine.toml --ranks 4", "mpiexec -n 4 hpcneq run mine.toml"),
        ("run mine.toml -np 3", "mpiexec -n 3 hpcneq run mine.toml"),
        ("resume -n 2 mine.h5", "mpiexec -n 2 hpcneq resume mine.h5"),
        ("run mine.toml -T 0.1", "--set parameters.T=0.1"),
        ("run mine.toml --T=0.1", "--set parameters.T=0.1"),
        ("check mine.toml -Lx 5", "--set numerics.Lx=5"),
        ("run --t_max 3 mine.toml", "--set run.t_max=3"),
        ("run mine.toml T=0.1", "--set parameters.T=0.1"),
        ("run mine.toml parameters.T=0.1", "--set parameters.T=0.1"),
        ("run mine.toml --parameters.T 0.1", "--set parameters.T=0.1"),
        ("run mine.toml --wall-limit 3", "--set run.wall_limit=3"),
        ("run mine.toml --temperature 3", "--set parameters.T=3"),
        ("run mine.toml --set t_max=2", "--set run.t_max=2"),
        ("run mine.toml --set Temperature=2", "--set parameters.T=2"),
        ("run mine.toml --set parameters.Temperature=2", 'did you mean "T"?'),
        ("describe nsn-junction steady Temperature", 'did you mean "T"?'),
        ("run mine.tml", 'did you mean "mine.toml"?'),
        ("show mime.h5", 'did you mean "mine.h5"?'),
        ("resume mine.toml", "hpcneq resume mine.h5"),
        ("show mine.toml", "hpcneq show mine.h5"),
        ("plot mine.toml", "hpcneq plot mine.h5"),
        ("run mine.h5", "hpcneq resume mine.h5"),
        ("run sweep.toml", "tasks that sweep it: onset, branches"),
        ("-n 4 run mine.toml", "mpiexec -n 4 hpcneq run mine.toml"),
        ("--quiet run mine.toml", "hpcneq run mine.toml --quiet"),
        ("run mine", 'did you mean "mine.toml"?'),
        ("show mine", 'did you mean "mine.h5"?'),
        ("resume mind.h5", 'did you mean "mine.h5"?'),
        ("show .", "is a folder"),
        ("run mine.toml out.h5", "-o out.h5"),
        ("run mine.toml --set parameters.T 0.1", "--set parameters.T=0.1"),
        ("show mine.h5 other.h5", "show takes one file"),
        ("run wall.toml", 'as text in quotes: "00:30:00"'),
        ("run long.toml", 'a time is text, in quotes: wall_limit = "00:30:00"'),
    ],
)
def test_a_mistake_is_met_with_the_right_form(folder, words, hint):
    code, out = here(*words.split(), folder=folder)
    assert code == 2 and out.count("\n") == 1 and hint in out, out


def test_an_option_of_petsc_is_still_told_where_it_goes(folder):
    for option in ("-log_view", "-evolve_ts_monitor"):
        code, out = here("run", "mine.toml", option, folder=folder)
        assert code == 2 and "PETSc options go after --" in out
