"""A pattern of the clean lattice that meets disorder at t = 0.

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.programs import here

from hpcneq import driver
from hpcneq.config.load import load
from hpcneq.driver import catalogue
from hpcneq.errors import InputError
from hpcneq.files.writer import Result
from hpcneq.parallel import solo
from hpcneq.solvers import newton
from hpcneq.systems.nsn_junction.shared import site_patterns
from hpcneq.systems.nsn_junction.shared.input_junction import build_junction, compute_anew
from hpcneq.systems.nsn_junction.shared.input_sites import build_sites

INPUT = """
system = "nsn-junction"
task = "evolve"
[parameters]
h = 0.58
T = 0.02
gamma = 0.01
eV = 0.8
[numerics]
Lx = 25
Ly = 5
symmetry = "full"
dt = 0.5
pole_error = 1e-3
error_estimate = false
[initial]
state = "fflo"
wave_number = 1
noise = 0.0
clean = true
[sites]
disorder = 0.5
seed = 2
[run]
t_max = 1.0
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The results of the run and of the same without disorder, and the folder of their inputs."""
    folder = tmp_path_factory.mktemp("clean")
    texts = {"dirty": INPUT, "clean": INPUT.replace("clean = true", "").split("[sites]")[0]}
    texts["clean"] += "[run]\nt_max = 1.0\n"
    found = []
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text)
        code, said = here("run", f"{name}.toml", "-o", f"{name}.h5", folder=folder)
        assert code == 0, said
        found.append(Result(folder / f"{name}.h5"))
    return (*found, folder)


def test_the_start_is_that_of_the_clean_lattice(runs):
    """The same stripe, and at t = 0 the mean field that bath modes of the disordered lattice have
    for it, by the gap equation of all sites.

    Fails if the pattern is sought with disorder, or if disorder is left out of the evolution.
    """
    dirty, clean, folder = runs
    for key in ("initial_state", "initial_wave_number", "initial_delta_max", "initial_residual"):
        assert dirty.summary[key] == clean.summary[key], key
    assert np.abs(clean.delta[-1] - clean.delta[0]).max() < 1e-6
    given = load(folder / "dirty.toml", catalogue())
    junction = build_junction(given, solo(), compute_anew)
    problem = site_patterns.gap_equations(junction, build_sites(given, solo(), compute_anew))
    x = problem.unknowns(clean.delta[0].ravel())
    image = problem.fields(x - newton.Work(problem, solo()).residual(x))[0]
    assert 1e-3 < np.abs(image - clean.delta[0].ravel()).max() < 0.3
    assert np.abs(dirty.delta[0].ravel() - image).max() < 1e-6


def test_check_tells_no_search_over_sites(runs):
    """That of a stripe is no part of the estimate. Fails if the search with disorder is told."""
    code, said = here("check", "dirty.toml", folder=runs[2])
    assert code == 0 and "the start's pattern" not in said


@pytest.mark.parametrize(
    "change, words",
    [
        (("disorder = 0.5", "disorder = 0.0"), "has no disorder"),
        (('state = "fflo"\nwave_number = 1', 'state = "normal"'), "no order parameter"),
    ],
)
def test_what_cannot_be_clean_is_refused(tmp_path, change, words):
    """One line each. Fails if nothing is refused."""
    (tmp_path / "in.toml").write_text(INPUT.replace(*change))
    with pytest.raises(InputError, match=words):
        driver.run(tmp_path / "in.toml", tmp_path / "out.h5", quiet=True)


def test_stripes_have_no_clean_lattice(tmp_path):
    """Without [sites] they have nothing to be clean of. Fails if the key is not looked at."""
    text = INPUT.replace('"full"', '"stripe"').replace("disorder = 0.5\nseed = 2\n", "")
    (tmp_path / "in.toml").write_text(text)
    with pytest.raises(InputError, match="clean: goes with"):
        driver.run(tmp_path / "in.toml", tmp_path / "out.h5", quiet=True)


def test_a_file_of_constant_fields_is_another_lattice(tmp_path):
    """Attraction 2.6 from a file is stationary as U = 2.6 is; what is not 0 and U is no nominal
    site. Fails if a uniform lattice takes its start from [parameters] alone.
    """
    import h5py

    with h5py.File(tmp_path / "sites.h5", "w") as file:
        file["pairing"] = np.full((6, 5), 2.6)
    text = INPUT.replace("Lx = 25", "Lx = 6").replace("gamma = 0.05", "gamma = 0.1")
    text = text.replace("h = 0.58", "h = 0.1").replace("eV = 0.8", "eV = 0.1")
    text = text.replace('"fflo"\nwave_number = 1', '"bcs"').replace("clean = true\n", "")
    texts = {
        "file": text.replace("disorder = 0.5\nseed = 2", 'file = "sites.h5"'),
        "key": text.replace("[parameters]", "[parameters]\nU = 2.6").replace("disorder = 0.5", ""),
    }
    found = {}
    for name, own in texts.items():
        (tmp_path / f"{name}.toml").write_text(own)
        assert driver.run(tmp_path / f"{name}.toml", tmp_path / f"{name}.h5", quiet=True) == 0
        found[name] = Result(tmp_path / f"{name}.h5")
    for result in found.values():
        assert np.abs(result.delta[-1] - result.delta[0]).max() < 1e-6
        assert np.abs(result.delta[0]).min() > 0.1
    assert np.abs(found["file"].delta[0] - found["key"].delta[0]).max() < 1e-6
