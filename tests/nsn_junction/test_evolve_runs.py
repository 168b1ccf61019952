"""Evolutions at the command line: drives whose jumps nearly coincide, limits, divergence."""

import numpy as np
import pytest
from support.programs import here

from hpcneq import driver
from hpcneq.results import Result
from hpcneq.systems.nsn_junction.physics.junction import Lead
from hpcneq.systems.nsn_junction.physics.uniform_states import Point, finite, gap_sum
from hpcneq.systems.nsn_junction.shared.evolution_records import JunctionRecords

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


@pytest.mark.parametrize(
    "eV, more, longest",
    [
        ('{kind = "sine", amplitude = 2.0, frequency = 6.0}', "", "0.1667"),
        ("{to = 20.0}", "", "0.2"),
        ("0.0", '[sites]\nA_x = {kind = "ramp", to = 50.0, duration = 10.0}\n', "0.2"),
        ("0.0", '[sites]\nA_y = {kind = "sine", amplitude = 5.0, frequency = 1.0}\n', "0.2"),
    ],
)
def test_steps_that_do_not_resolve_a_drive_are_refused(tmp_path, eV, more, longest):
    """Errors of such runs were up to 55 times too small."""
    symmetry = "full" if more else "stripe"
    code, said = ran(tmp_path, more, eV=eV, symmetry=symmetry)
    assert code == 2 and "[numerics] dt" in said and longest in said, said


FINE = {  # current_left at t = 6 with dt = 0.02, for frequency and amplitude
    (4.0, 2.0): -0.0460891,
}


@pytest.mark.parametrize("frequency, amplitude", FINE)
def test_errors_hold_at_the_coarsest_step_that_resolves_a_sine(tmp_path, frequency, amplitude):
    """A radian of the sine a step: the error of the step bounds what a fine run shows."""
    eV = f'{{kind = "sine", amplitude = {amplitude}, frequency = {frequency}}}'
    code, said = ran(tmp_path, eV=eV, estimate="true", t_max=6.0)
    assert code == 0, said
    result = Result(tmp_path / "run.h5")
    off = abs(result.summary["current_left"] - FINE[frequency, amplitude])
    assert off < result.errors["current_left"] < 100 * off


EULER = 'evolve_ts_type = "rk"\nevolve_ts_rk_type = "1fe"\nevolve_ts_adapt_type = "none"\n'


@pytest.mark.parametrize("symmetry", ["stripe", "full"])
def test_a_run_that_diverges_keeps_its_finite_rows(tmp_path, symmetry):
    """Forward Euler with steps that fast modes do not stand: exit code 3, finite rows, one line.

    Without the test of each step eigenvalues of NaN ended it with LinAlgError or SystemError.
    """
    more = f"output_every = 1.0\n[petsc]\n{EULER}"
    code, said = ran(tmp_path, more, symmetry=symmetry, t_max=40.0)
    assert code == 3 and "Traceback" not in said and "smaller" in said, said
    result = Result(tmp_path / "run.h5")
    assert result.status == "not-converged" and 0 < result.t[-1] < 40
    assert np.isfinite(result.delta[:]).all() and np.isfinite(result.balance[:]).all()
    assert result.summary["t"] == result.t[-1]
    assert any("occupations left [0, 1]" in words for words in result.warnings)
    code, said = here("resume", "run.h5", folder=tmp_path)
    assert code == 3 and "Traceback" not in said


def test_an_ensemble_whose_runs_do_not_end(tmp_path):
    """Runs that TS gives up are lost points, then and after a resume."""
    path = written(
        tmp_path, "[sweep]\nseed = [1, 2]\n[petsc]\nevolve_ts_max_steps = 3\n", t_max=2.0
    )
    path.write_text(path.read_text().replace('"evolve"', '"ensemble"'))
    for words in (("run", path), ("resume", "run.h5")):
        code, said = here(*words, folder=tmp_path)
        assert code == 3 and "Traceback" not in said and "ts_max_steps" in said, said


def test_occupations_that_are_no_solution_are_not_converged():
    """Beyond 1e-3 and ten times the error of the poles; a NaN counts as beyond."""

    class Sound(JunctionRecords):
        def __init__(self):
            self.allowed = 1e-3 + 1e-5

    good = {"occupation_min": -9e-4, "occupation_max": 1, "antihermiticity": 0, "balance": 1e-9}
    assert Sound().violations(good) == []
    for name, value in (
        ("occupation_min", -2e-3),
        ("occupation_max", np.nan),
        ("antihermiticity", 1e-3),
        ("balance", 1e-3),
    ):
        (words,) = Sound().violations({**good, name: value})
        assert words.startswith("no solution")


LEADS = "[leads]\nleft = {gamma = 0.03}\nright = {gamma = 0.09}\n"


@pytest.mark.parametrize("symmetry", ["stripe", "full"])
def test_a_condensate_at_rest_between_unequal_leads_stays(tmp_path, symmetry):
    """At one temperature and without a bias its phase is at rest, whatever the couplings: it is
    that of the gap equation by momentum sums, to the pole error, and moves by rounding only.
    """
    path = written(tmp_path, LEADS, symmetry=symmetry, t_max=5.0)
    path.write_text(path.read_text().replace('"bcs"', '"auto"\nnoise = 0.0'))
    code, said = here("run", path, folder=tmp_path)
    assert code == 0, said
    result = Result(tmp_path / "run.h5")
    delta = result.delta[:]
    assert np.abs(delta - delta[0]).max() < 1e-10 and abs(result.summary["current_left"]) < 1e-12
    leads = (Lead("left", 0.03, 0.05, 0.0, 1), Lead("right", 0.09, 0.05, 0.0, -1))
    point = Point(T=0.05, leads=leads)
    size = float(np.abs(delta).max())
    assert point.U * gap_sum(size, point, finite(5, 1)) == pytest.approx(1, abs=1e-4)


def test_errors_of_the_poles_after_a_step_of_a_normal_state(tmp_path):
    """A hundred times better poles and shorter steps move every mean by less than its error, and
    not by a 15th of it: a fit with ten times the error had told magnetizations 17 times too large.
    """
    summaries = []
    for poles, dt, estimate in ((1e-6, 0.25, "true"), (1e-9, 0.05, "false")):
        values = {"eV": "{to = 0.3}", "t_max": 6.0, "estimate": estimate}
        path = written(tmp_path, "", **values)
        text = (
            path.read_text().replace("1e-4", f"{poles}").replace('"bcs"', '"normal"\nnoise = 0.0')
        )
        path.write_text(
            text.replace("dt = 0.25", f"dt = {dt}").replace("T = 0.05", "T = 0.05\nh = 0.3")
        )
        code, said = here("run", path, "--force", folder=tmp_path)
        assert code == 0, said
        result = Result(tmp_path / "run.h5")
        summaries.append((dict(result.summary), dict(result.errors)))
    (rough, errors), (fine, _) = summaries
    for name in ("density", "magnetization", "current_left", "current_right"):
        off = abs(rough[name] - fine[name])
        assert off < errors[name] < 15 * off, (name, off, errors[name])


@pytest.mark.parallel
@pytest.mark.parametrize("symmetry", ["stripe", pytest.param("full", marks=pytest.mark.nightly)])
def test_a_turning_condensate_rests_in_its_frame(comm, shared_tmp, symmetry):
    """Between unequal leads under a bias it starts with D and mu_pair of the momentum sums, to the
    pole error, and stays: to the error of the step, the currents from both leads opposite.

    Started as if the sources commuted with H the full lattice moves seven times as far, and turns
    by 2e-3.
    """
    path = shared_tmp / f"{symmetry}.h5"
    tables = {
        "parameters": {"T": 0.05, "gamma": 0.05, "h": 0.1, "eV": 0.4},
        "leads": {"left": {"gamma": 0.03}, "right": {"gamma": 0.09}},
        "numerics": {"Lx": 5, "Ly": 3, "dt": 0.1, "symmetry": symmetry, "error_estimate": False},
        "initial": {"state": "bcs", "noise": 0.0},
        "run": {"t_max": 2.0},
    }
    source = {"system": "nsn-junction", "task": "evolve", **tables}
    assert driver.run(source, path, quiet=True, comm=comm) == 0
    comm.barrier()
    result = Result(path)
    D, m = 0.7923869332, -0.0943169864  # task steady on this lattice, no poles
    assert abs(result.summary["mu_pair"] - m) < 2e-6
    assert np.abs(np.abs(result.delta[:]) - D).max() < 1e-5
    assert np.abs(result.delta[:] - result.delta[0]).max() < 1e-5
    assert abs(result.summary["current_left"] + result.summary["current_right"]) < 1e-7
