"""Bath modes of a full lattice, each within its own range of the lead that it comes from.

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from support.programs import assert_same, here

from hpcneq import driver, restart
from hpcneq.errors import InputError
from hpcneq.files.writer import Result
from hpcneq.maths import drives
from hpcneq.parallel import solo
from hpcneq.solvers.site_columns.integrator import Columns
from hpcneq.solvers.site_columns.state import SiteState
from hpcneq.solvers.site_windows.integrator import Windows
from hpcneq.solvers.site_windows.layout import Strips
from hpcneq.solvers.site_windows.ranges import WHOLE, Ranges
from hpcneq.solvers.site_windows.state import WindowState
from hpcneq.systems.nsn_junction.physics import junction as model
from hpcneq.systems.nsn_junction.physics import lattice_dynamics as dynamics
from hpcneq.systems.nsn_junction.physics import site_lattice as sites

parallel = pytest.mark.parallel
ALL = Ranges(1e3)


def system(Lx, Ly, wild=False, T=0.3, gamma=0.05, U=2.0, error=1e-4, bias=0.6):
    """A noisy pattern under a step of the bias; wild : disorder, an open end, moving hops."""
    rng = np.random.default_rng(3)
    N = Lx * Ly
    pair = tuple(model.Lead(name, gamma, T, 0.0, s) for name, s in (("left", 1), ("right", -1)))
    drive = drives.Drive(0.0, "step", to=bias, at=0.0)
    window = model.window(pair, 0.0, 0.2, drive, 10.0)
    fits = model.fit_poles(pair, 2 * gamma, window, error)
    junction = model.Junction(U, 0.0, 0.2, pair, model.stripe(Lx, 1, 0.0), drive, fits)
    place = sites.Sites(Lx, Ly, np.zeros(N), np.full(N, U))
    if wild:
        field = drives.Drive(0.3, "ramp", to=0.5, at=0.0, duration=2.0)
        disorder = 0.4 * rng.normal(size=N), U + 0.3 * rng.normal(size=N)
        place = sites.Sites(Lx, Ly, *disorder, False, True, (field, drives.Drive(-0.2)))
    x = np.repeat(np.arange(Lx), Ly)
    noise = rng.normal(size=N) + 1j * rng.normal(size=N)
    return dynamics.SiteQuench(junction, place, 0.5 * np.cos(2 * np.pi * x / Lx) + 0.1 * noise)


def after(method, count, step=0.25):
    """The method after so many steps."""
    method.start(0.0, step)
    for k in range(count):
        method.advance(k * step, step)
    return method


def columns(given, dtype=complex):
    return Columns(SiteState(given, solo(), np.dtype(dtype)))


@pytest.mark.parametrize("ranges", [None, WHOLE, Ranges(0.6)], ids=["columns", "whole", "short"])
def test_a_start_tells_the_share_of_the_modes_that_is_done(ranges):
    """Shares rise to 1, of columns, of windows that hold all rows and of short ones.

    Fails if what is done is not counted for every site, or for both components.
    """
    shares, given = [], system(5, 6)
    if ranges is None:
        SiteState(given, solo(), told=shares.append)
    else:
        WindowState(given, solo(), ranges, told=shares.append)
    assert len(shares) > 5 and shares[0] < 0.5 and shares[-1] == pytest.approx(1.0)
    assert np.all(np.diff(shares) > 0)


def windows(given, ranges, dtype=complex, comm=None):
    return Windows(WindowState(given, comm or solo(), ranges, np.dtype(dtype)))


@pytest.mark.parametrize(
    "shape, wild, dtype, bound",
    [
        ((5, 6), False, np.complex64, 2e-6),
        ((5, 7), True, np.complex64, 2e-6),
        pytest.param((5, 6), False, complex, 1e-13, marks=pytest.mark.nightly),
        pytest.param((5, 7), True, complex, 1e-13, marks=pytest.mark.nightly),
        pytest.param((7, 3), False, complex, 1e-13, marks=pytest.mark.nightly),
    ],
)
def test_windows_that_hold_all_rows_give_whole_columns(shape, wild, dtype, bound):
    """Mean field and observables after three steps. Fails if Y is transposed without its sign, or
    if hops to the neighbour's columns are taken for their conjugate.
    """
    given = system(*shape, wild=wild)
    one, other = after(columns(given, dtype), 3), after(windows(given, ALL, dtype), 3)
    np.testing.assert_allclose(one.now.c, other.now.c, atol=bound)
    np.testing.assert_allclose(one.now.v, other.now.v, atol=bound)
    low, high = (np.array(m.state.extremes())[1:] for m in (one, other))
    np.testing.assert_allclose(low, high, atol=0.02)


def test_the_places_of_windows():
    """Every neighbour inside is the lattice's own one, and those of a window in a larger one are
    the same sites. Fails if a ring is not closed.
    """
    strips = Strips(9, 11)
    near = system(9, 11).near
    numbers = np.arange(99)
    outer = strips.window(4)
    for reach in (1, 2, 3, 4):
        window = strips.window(reach)
        for t in (0, 7, strips.count - 1):
            here, there = window.fields(t, numbers), outer.fields(t, numbers)
            np.testing.assert_array_equal(here, there[window.inside(outer)])
            own = strips.sites[t]
            np.testing.assert_array_equal(here[window.own][own >= 0], own[own >= 0])
            inside = window.near < window.size
            around = np.where(inside, here[np.where(inside, window.near, 0)], -1)
            np.testing.assert_array_equal(around[inside], near[here][inside])


def test_shorter_ranges_cost_less_and_err_as_their_longer_ones_tell():
    """15 x 4 sites: entries fall, the error falls with the range, and 1.4 times the range tells
    it: not less than a third, not ten times as much. Fails if windows are half as wide.
    """
    given = system(15, 4, gamma=0.15)
    whole = after(columns(given, np.complex64), 8)
    found = {}
    for name, ranges in (("1", Ranges(1.5)), ("1.4", Ranges(1.5).longer(1.4)), ("2", Ranges(3.5))):
        method = after(windows(given, ranges, np.complex64), 8)
        held = sum(plane.modes.nbytes for plane in method.state.modes)
        found[name] = (np.abs(method.now.c - whole.now.c).max(), held, method.now.c)
    assert found["1"][1] < 0.75 * found["2"][1]
    assert found["2"][0] < 0.2 * found["1"][0]
    told = np.abs(found["1"][2] - found["1.4"][2]).max()
    assert found["1"][0] / 3 < told < 10 * found["1"][0]


@pytest.mark.parametrize("shape, wild", [((3, 5), True), ((4, 6), False), ((1, 3), False)])
@pytest.mark.parametrize("dtype, bound", [(complex, 1e-13), (np.complex64, 2e-6)])
def test_windows_without_a_range_start_and_step_as_columns(shape, wild, dtype, bound):
    """Also from sources that do not commute with H. Fails if Y is then left as if they did, or if
    rows that were carried are kept without their sign.
    """
    given = system(*shape, wild=wild)
    given.commuting = not wild
    one, other = after(columns(given, dtype), 2), after(windows(given, WHOLE, dtype), 2)
    np.testing.assert_allclose(one.now.c, other.now.c, atol=bound)
    np.testing.assert_allclose(one.now.v, other.now.v, atol=bound)


@parallel
@pytest.mark.parametrize(
    "shape, ranges", [((9, 11), Ranges(0.5, 3)), ((5, 6), Ranges(1.0)), ((3, 2), WHOLE)]
)
def test_ranks_agree_within_ranges(comm, shape, ranges):
    """Three steps on any number of ranks, windows cut along both axes, or Y whole; more ranks than
    strips. Fails if a rank sends no rows where it holds none.
    """
    given = system(*shape)
    method = after(windows(given, ranges, np.complex64, comm), 3)
    alone = after(windows(given, ranges, np.complex64), 3)
    np.testing.assert_allclose(method.now.c, alone.now.c, atol=1e-7)


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_31_x_31_sites_within_seven_lengths_are_right_to_1e_4():
    """The paper's junction (h = 0.58, T = 0.02, bias 0 to 0.8) from a noisy crossed pattern, to t =
    10: two thirds of all entries. Fails if the windows of fast modes are shorter.
    """
    L = 31
    rng = np.random.default_rng(1)
    pair = tuple(model.Lead(name, 0.01, 0.02, 0.0, s) for name, s in (("left", 1), ("right", -1)))
    drive = drives.Drive(0.0, "step", to=0.8, at=0.0)
    fits = model.fit_poles(pair, 0.02, model.window(pair, 0.0, 0.58, drive, 450.0), 1e-5)
    junction = model.Junction(3.0, 0.0, 0.58, pair, model.stripe(L, 1, 0.0), drive, fits)
    x, y = np.divmod(np.arange(L * L), L)
    noise = rng.normal(size=L * L) + 1j * rng.normal(size=L * L)
    pattern = 0.3 * np.cos(6 * np.pi * x / L) * np.cos(4 * np.pi * y / L) + 0.02 * noise
    place = sites.Sites(L, L, np.zeros(L * L), np.full(L * L, 3.0))
    given = dynamics.SiteQuench(junction, place, pattern)
    one = after(columns(given, np.complex64), 20, 0.5)
    other = after(windows(given, Ranges(7.0), np.complex64), 20, 0.5)
    assert np.abs(one.now.c - other.now.c).max() < 1e-4
    assert sum(plane.modes.nbytes for plane in other.state.modes) < 0.68 * one.state.modes.nbytes


INPUT = """
system = "nsn-junction"
task = "evolve"
[parameters]
T = 0.3
gamma = 0.15
eV = {from = 0.0, to = 0.6, kind = "step", at = 0.25}
[numerics]
Lx = 7
Ly = 6
symmetry = "full"
range = 0.6
green_range = 2
dt = 0.25
pole_error = 1e-3
precision = "mixed"
[initial]
state = "bcs"
[sites]
disorder = 0.4
[run]
t_max = 1.5
"""


@pytest.fixture(scope="module")
def ranged(tmp_path_factory):
    """The folder of a run with ranges, and its result."""
    folder = tmp_path_factory.mktemp("ranged")
    (folder / "in.toml").write_text(INPUT)
    code, said = here("run", "in.toml", "-o", "out.h5", folder=folder)
    assert code == 0, said
    return folder, Result(folder / "out.h5")


def test_a_run_with_ranges_tells_their_error(ranged, tmp_path):
    """Its numbers agree with those of whole columns within their errors, and so does the order
    parameter within range_error. Fails if the run with longer ranges has the same ones.
    """
    _, result = ranged
    text = INPUT.replace("range = 0.6\ngreen_range = 2\n", "error_estimate = false\n")
    (tmp_path / "in.toml").write_text(text)
    assert driver.run(tmp_path / "in.toml", tmp_path / "out.h5", quiet=True) == 0
    whole = Result(tmp_path / "out.h5")
    moved = np.abs(result.delta[-1] - whole.delta[-1]).max()
    assert 0.3 * moved < result.summary["range_error"] < 20 * moved
    for key in ("delta_max", "delta_rms", "density", "current_left"):
        difference = abs(result.summary[key] - whole.summary[key])
        assert difference <= result.errors[key], key
    assert "range_error" not in whole.summary


@pytest.mark.nightly
def test_single_precision_errs_within_the_error_of_the_run(ranged, tmp_path):
    """Modes and Y in single precision, against both in double: every number, within its error.

    Fails if Y is carried by a polynomial that is cut at 1e-2.
    """
    _, result = ranged
    text = INPUT.replace('"mixed"', '"double"\nerror_estimate = false')
    (tmp_path / "in.toml").write_text(text)
    assert driver.run(tmp_path / "in.toml", tmp_path / "out.h5", quiet=True) == 0
    double = Result(tmp_path / "out.h5")
    assert np.abs(result.delta[-1] - double.delta[-1]).max() < 1e-8
    for key in ("delta_max", "delta_rms", "density", "current_left"):
        moved = abs(result.summary[key] - double.summary[key])
        assert moved <= result.errors[key], key


def test_fast_modes_without_a_matrix_err_within_the_error_of_the_step(ranged, tmp_path):
    """Modes that forget within half a step follow Delta: fewer matrices, numbers within the error.

    Fails if they follow the mean field of eight steps before.
    """
    _, result = ranged
    (tmp_path / "in.toml").write_text(INPUT.replace("dt = 0.25", "dt = 0.25\nquasi_static = 2.0"))
    assert driver.run(tmp_path / "in.toml", tmp_path / "out.h5", quiet=True) == 0
    follows = Result(tmp_path / "out.h5")
    assert follows.summary["mode_matrices"] < result.summary["mode_matrices"]
    for key in ("delta_max", "delta_rms", "density", "current_left"):
        moved = abs(follows.summary[key] - result.summary[key])
        assert moved <= follows.errors[key], key


def test_a_stopped_run_with_ranges_goes_on_with_the_same_bits(tmp_path):
    """Stopped before and behind the jump. Fails if the mean field of the last step's H is lost."""
    text = INPUT.replace("dt = 0.25", "dt = 0.25\nerror_estimate = false\nquasi_static = 2.0")
    (tmp_path / "in.toml").write_text(text)
    assert here("run", "in.toml", "-o", "out.h5", folder=tmp_path)[0] == 0
    limit = ("--set", "run.wall_limit=0.0001")
    assert here("run", "in.toml", "-o", "cut.h5", *limit, folder=tmp_path)[0] == 75
    for _ in range(2):
        assert here("resume", "cut.h5", folder=tmp_path)[0] == 75
    code, said = here("resume", "cut.h5", "--set", "run.wall_limit=600", folder=tmp_path)
    assert code == 0, said
    assert_same(tmp_path / "cut.h5", tmp_path / "out.h5")


def test_a_run_that_was_begun_by_columns_goes_on_with_them(tmp_path, monkeypatch):
    """A checkpoint of columns, made before strips kept whole lattices. Fails if a run that goes on
    asks for strips all the same.
    """
    text = INPUT.replace("range = 0.6\ngreen_range = 2\n", "error_estimate = false\n")
    (tmp_path / "in.toml").write_text(text)
    limit = ("--set", "run.wall_limit=0.0001")
    recall = restart.LongRun.recall

    def of_before(run, name, compute, *args):
        return name == "by_columns" or recall(run, name, compute, *args)

    with monkeypatch.context() as before:
        before.setattr(restart.LongRun, "recall", of_before)
        assert here("run", "in.toml", "-o", "cut.h5", *limit, folder=tmp_path)[0] == 75
    code, said = here("resume", "cut.h5", "--set", "run.wall_limit=600", folder=tmp_path)
    assert code == 0, said


def test_check_tells_what_ranges_take(tmp_path):
    """Memory and time of 101 x 101 sites: a fraction of those of whole columns. Fails if windows
    are counted as whole.
    """
    text = INPUT.replace("Lx = 7\nLy = 6", "Lx = 101\nLy = 101").replace("T = 0.3", "T = 0.1")
    text = text.replace("green_range = 2", "green_range = 12").replace("disorder = 0.4", "")
    (tmp_path / "in.toml").write_text(text)
    code, said = here("check", "in.toml", folder=tmp_path)
    share = re.search(r"Y within 12: (\d+)% of all entries", said)
    assert code == 0 and share and int(share[1]) < 10, said
    assert "green_range = 12: correlations spread" in said and "range = 0.6: modes are cut" in said


@pytest.mark.parametrize(
    "change, words",
    [
        (('symmetry = "full"', 'symmetry = "stripe"'), "range: goes with symmetry"),
        (("range = 0.6\n", ""), "green_range: goes with range"),
        (("range = 0.6\ngreen_range = 2\n", "quasi_static = 4.0\n"), "quasi_static: goes with"),
        (("dt = 0.25", "dt = 0.25\ncorrector = 1"), "corrector"),
        (("range = 0.6", "range = 0.1"), "range"),
        (("t_max = 1.5", 't_max = 1.5\n[petsc]\nevolve_ts_type = "rk"'), "exponential"),
    ],
)
def test_what_is_refused_with_ranges(tmp_path, change, words):
    """One line each."""
    (tmp_path / "in.toml").write_text(INPUT.replace(*change))
    with pytest.raises(InputError, match=words):
        driver.run(tmp_path / "in.toml", tmp_path / "out.h5", quiet=True)
