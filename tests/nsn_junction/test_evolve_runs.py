"""Evolutions at the command line: drives whose jumps nearly coincide, limits, divergence."""

import numpy as np
import pytest
from support.programs import here

from hpcneq.results import Result

INPUT = """\
system = "nsn-junction"
task = "evolve"
[parameters]
gamma = 0.1
T = 0.05
eV = {eV}
[numerics]
Lx = {Lx}
Ly = 1
dt = 0.25
pole_error = 1e-4
symmetry = "{symmetry}"
error_estimate = {estimate}
[initial]
state = "bcs"
[run]
t_max = {t_max}
"""


def written(folder, more="", **values):
    """An input in a folder; its name without the ending is that of the result too."""
    defaults = {"eV": 0.0, "Lx": 5, "symmetry": "stripe", "estimate": "false", "t_max": 0.8}
    (folder / "run.toml").write_text(INPUT.format(**{**defaults, **values}) + more)
    return folder / "run.toml"


def ran(folder, more="", **values):
    """(exit code, output) of such an input."""
    return here("run", written(folder, more, **values), "--force", folder=folder)


RAMP = '{{kind = "ramp", to = 0.6, at = {at}, duration = {duration}}}'


@pytest.mark.parametrize("at, duration", [(0.7, 0.1), (1e-10, 0.1), (0.3, 1e-12), (0.3, 1e-9)])
@pytest.mark.parametrize("symmetry", ["stripe", "full"])
def test_a_last_segment_of_one_rounding(tmp_path, at, duration, symmetry):
    """0.7 + 0.1 < 0.8 in floating point: a segment of that length had ended the run with NaN.

    The run goes on from its end as well.
    """
    drive = RAMP.format(at=at, duration=duration)
    more = f"[sites]\nA_x = {drive}\n" if symmetry == "full" else ""
    code, said = ran(tmp_path, more, eV=drive, symmetry=symmetry)
    assert code == 0, said
    first = Result(tmp_path / "run.h5")
    assert first.t[-1] == 0.8 and first.eV[-1] == pytest.approx(0.6)
    code, said = here("resume", "run.h5", "--set", "run.t_max=1.1", folder=tmp_path)
    assert code == 0, said
    assert Result(tmp_path / "run.h5").t[-1] == 1.1


def test_output_times_with_a_table_of_the_bias(tmp_path):
    """601 rows on a straight line: 24 steps and 3 rows, and the currents of the ramp."""
    t = np.linspace(0, 6, 601)
    np.savetxt(tmp_path / "line.txt", np.stack([t, 0.1 * t], 1))
    currents = []
    for eV in ('"line.txt"', '{kind = "ramp", to = 0.6, duration = 6.0}'):
        code, said = ran(tmp_path, "output_every = 3.0\n", eV=eV, t_max=6.0)
        assert code == 0, said
        result = Result(tmp_path / "run.h5")
        assert result.t[:].tolist() == [0, 3, 6] and result.summary["steps"] == 24
        currents.append(result.summary["current_left"])
    assert currents[0] == pytest.approx(currents[1], abs=1e-12)


@pytest.mark.parametrize("eV", ["2e3", "{to = 2e3}", '"high.txt"'])
def test_one_limit_of_the_bias(tmp_path, eV):
    """However it is given: exit code 2 and the limit."""
    (tmp_path / "high.txt").write_text("0 0\n0.5 1e300\n")
    code, said = ran(tmp_path, eV=eV)
    assert code == 2 and "[parameters] eV" in said and "1000" in said
