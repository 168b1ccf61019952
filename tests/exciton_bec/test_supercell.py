"""The exciton condensate in a supercell: rest, symmetry, ranks, restarts, growth against det M.

Every docstring names a change of the code under which the test was seen to fail.
"""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from support.programs import assert_same, here
from support.supercells import INPUT, changed, condensate, text

import hpcneq
from hpcneq import driver
from hpcneq.config import load
from hpcneq.errors import InputError, NotConverged
from hpcneq.maths import growing_modes
from hpcneq.parallel import solo
from hpcneq.solvers import modes
from hpcneq.solvers.supercell import jacobian
from hpcneq.solvers.supercell.linear import PatternResponse
from hpcneq.solvers.supercell.state import Supercell, SupercellState
from hpcneq.solvers.supercell.stepping import DriftExact, explicit_step
from hpcneq.systems.exciton_bec.shared import cost
from hpcneq.systems.exciton_bec.shared.stripes import equations
from hpcneq.systems.exciton_bec.shared.supercell import resting
from hpcneq.tasks import supercell_cost
from hpcneq.tasks import supercell_records as records
from hpcneq.tasks.cost import sizes_only
from hpcneq.tasks.supercell import other_points
from hpcneq.tasks.supercell_kicks import Kick, kick_shape

STOPPED = 75


def run(given, **more):
    """The Result of an input."""
    return hpcneq.run(given, **more)


@pytest.fixture(scope="module")
def kicked():
    """The small run."""
    return run(INPUT)


def test_the_uniform_condensate_rests():
    """Without a kick, for a long step and a short one; fails with 1/U made real."""
    for numerics in ({}, {"dt": 1.0}):
        result = run(changed(initial={"kick": 0.0}, numerics=numerics))
        c = np.asarray(result.harmonics)
        assert result.status == "complete"
        assert np.abs(c - c[0]).max() < 1e-9
        assert result.summary["balance"] < 1e-12
        assert abs(result.summary["frequency"]) < 1e-9


def test_a_kicked_wave_keeps_carriers_and_occupations(kicked):
    """Baths account for all carriers as dt^2; fails with the pairs' share left out."""
    s = kicked.summary
    assert s["blocks"] == 12 and s["waves"] == 7 and s["modes"] >= 3
    assert 0 < s["min_occupation"] < s["max_occupation"] < 1
    assert s["delta_max"] > s["delta"] > s["delta_min"]
    assert s["harmonics"][1][0] == kicked.harmonics[-1, 3].real
    half = run(changed(numerics={"dt": 0.1}))
    assert half.summary["balance"] < 0.4 * s["balance"] < 1e-5
    assert np.abs(np.asarray(half.delta_max) - np.asarray(kicked.delta_max)).max() < 1e-3


def test_an_even_cell_is_the_whole_one(kicked):
    """Half of the momenta give the same, and it is told; fails with weights not doubled."""
    whole = run(changed(cell={"even": False}))
    told = [any("kept even" in words for words in r.warnings) for r in (kicked, whole)]
    assert told == [True, False]
    assert whole.summary["blocks"] == 2 * kicked.summary["blocks"]
    for name in ("harmonics", "density", "momenta", "condensed"):
        assert np.asarray(whole[name]) == pytest.approx(np.asarray(kicked[name]), abs=1e-11), name


def test_a_cell_of_two_periods_holds_one(kicked):
    """The same wave in twice the length, momenta equally dense but others; fails with the kick's
    harmonic not moved to the second."""
    G = INPUT["numerics"]["wave_number"]
    double = run(
        changed(cell={"length": 4 * np.pi / G, "harmonics": 4, "bloch_points": 1, "p_max": 1.6})
    )
    one, two = np.asarray(kicked.harmonics), np.asarray(double.harmonics)
    assert double.summary["length"] == pytest.approx(2 * kicked.summary["length"])
    assert np.abs(two[:, 1::2]).max() < 1e-7  # the ring's ends know no periods
    assert np.abs(two[:, ::2] - one).max() < 0.15 * np.abs(one[:, 1]).max()


def test_implicit_steps_agree_with_short_ones(kicked):
    """Three times the step, solved for by Newton; fails with the response's sign changed."""
    long = run(changed(numerics={"dt": 0.6}))
    assert long.summary["delta_max"] == pytest.approx(kicked.summary["delta_max"], abs=1e-3)


def test_the_default_step_is_extrapolated_at_every_time():
    """Steps between times on a grid differ in their last digits; fails without room for them."""
    rest = at_rest()[1]
    system = Supercell(rest.medium, rest.coupling, rest.start, Kick(0 * rest.start, 3.0, 1.0))
    method = DriftExact(SupercellState(system, solo()))
    step = explicit_step(rest.medium)
    times = step * np.arange(1000)
    assert not any(method.solved(length) for length in np.diff(times))
    assert method.solved(1.001 * step)


def test_modes_in_single_precision(kicked):
    """To 1e-6; fails with sums of the modes in single precision left uncast to double."""
    mixed = run(changed(numerics={"precision": "mixed"}))
    assert mixed.summary["state_bytes"][0] < 0.65 * kicked.summary["state_bytes"][0]
    assert np.abs(np.asarray(mixed.harmonics) - np.asarray(kicked.harmonics)).max() < 1e-6


def test_what_is_observed_of_pairs_grows_with_them_and_not_with_their_square():
    """Each has its own momentum; fails with a row of all momenta for every pair."""
    given = changed(cell={"pairs": True, "bloch_points": 12, "panels": 2, "p_max": 3.0})
    rest = resting(load.load(given, driver.catalogue()), condensate())
    kick = Kick(0 * rest.start, 3.0, 1.0)
    state = SupercellState(Supercell(rest.medium, rest.coupling, rest.start, kick), solo())
    tracemalloc.start()
    momenta = state.observe(None)["momenta"]
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    inside = np.diagonal(state.green, axis1=1, axis2=2)[:, :2].real
    assert momenta == pytest.approx(rest.medium.box.shares_across[:, None] * inside, abs=1e-15)
    assert len(momenta) > 500 and used < 2e6


def test_memory_and_passes_that_are_told_know_kernels_kicks_and_errors():
    """A small cell takes 210 MB, of which its state is 1; runs for errors 50 more. A strong kick
    makes steps that are solved for take twice the passes. Fails with the state alone counted.
    """
    told = []
    with sizes_only():
        for errors in (False, True):
            given = load.load(changed(numerics={"error_estimate": errors}), driver.catalogue())
            told.append(cost.evolve(given, 1).bytes_per_rank)
    assert told[0] == pytest.approx(210e6, rel=0.1) and told[1] - told[0] > 3e7
    assert supercell_cost.passes_of(given) == supercell_cost.MORE
    weak = load.load(changed(initial={"kick": 1e-5}), driver.catalogue())
    assert supercell_cost.passes_of(weak) == supercell_cost.PASSES


def test_a_wave_of_pairs_that_is_no_longer_small_is_told():
    """Fails without the warning."""
    cell = {"pairs": True, "bloch_points": 2, "panels": 1, "p_max": 1.5}
    for kick, told in ((1e-5, False), (0.3, True)):
        start = {"kick": kick, "kick_time": 0.6, "kick_width": 0.2}
        result = run(changed(cell=cell, initial=start, run={"t_max": 1.2}))
        assert any("has grown beyond" in words for words in result.warnings) == told


def numbers(h):
    """The harmonics -h .. h."""
    return np.stack([np.arange(-h, h + 1), np.zeros(2 * h + 1, int)], axis=1)


def test_evolutions_are_drawn_beside_the_branch_of_the_decay(kicked, tmp_path):
    """Bars and carriers of a run at its ratio; fails with the task's figure for both left out."""
    given = {name: INPUT[name] for name in ("system", "parameters")}
    given["parameters"] = {k: x for k, x in given["parameters"].items() if k != "ratio"}
    sweep = {"ratio": [0.0, 0.5, 0.9]}
    branch = run({**given, "task": "branches", "numerics": {"p_c": 25.0}, "sweep": sweep})
    figure = hpcneq.plot([branch, kicked], tmp_path / "both.png")
    left, right = figure.axes[:2]
    bars = [line for line in left.lines if list(line.get_xdata()) == [0.5, 0.5]]
    ends = [kicked.summary["late_min"], kicked.summary["late_max"]]
    assert [list(line.get_ydata()) for line in bars] == [ends]
    assert kicked.summary["condensed"] in [y for line in right.lines for y in line.get_ydata()]


def test_noise_is_keyed_by_harmonic():
    """More harmonics change nothing in those that were there; fails with one stream for all."""
    few, many = (kick_shape(numbers(h), 1, 0.0, 1e-3, 5, False) for h in (2, 4))
    assert np.array_equal(few, many[2:-2]) and np.abs(few).min() > 0


@pytest.mark.parallel
def test_any_number_of_ranks(comm):
    """The same run alone; fails with sums over the ranks' own blocks only."""
    from support.supercells import condensate

    from hpcneq.parallel import solo
    from hpcneq.solvers.supercell.state import SupercellState
    from hpcneq.solvers.supercell.stepping import DriftExact
    from hpcneq.systems.exciton_bec.tasks.evolve import system_of

    system = system_of(load.load(INPUT, driver.catalogue()), condensate())[0]
    ends = []
    for group in (comm, solo()):
        method = DriftExact(SupercellState(system, group), True)
        method.start(0.0, 0.4)
        for k in range(4):
            method.advance(0.4 * k, 0.4)
        ends.append(method.now.c)
    assert np.abs(ends[0] - ends[1]).max() < 1e-12
    assert np.abs(ends[0] - system.start).max() > 1e-4


@pytest.mark.parallel
@pytest.mark.parametrize("kind", ["parity", "across", "pairs"])
def test_cells_of_every_kind_on_any_number_of_ranks(comm, kind):
    """Two steps, and all that is observed, as alone; fails with a block's column counted from the
    rank's first block.
    """
    from support.supercells import condensate

    from hpcneq.parallel import solo
    from hpcneq.solvers.supercell.state import SupercellState
    from hpcneq.solvers.supercell.stepping import DriftExact
    from hpcneq.systems.exciton_bec.tasks.evolve import system_of

    cells = {
        "parity": {"parity": True},
        "across": {"across": 0.6, "harmonics": 1, "harmonics_across": 1, "even": False},
        "pairs": {"pairs": True, "bloch_points": 2, "panels": 1},
    }
    given = changed(cell=cells[kind] | {"p_max": 1.5, "y_max": 2.0})
    system = system_of(load.load(given, driver.catalogue()), condensate())[0]
    ends = []
    for group in (comm, solo()):
        state = SupercellState(system, group)
        method = DriftExact(state)
        method.start(0.0, 0.4)
        for k in range(2):
            method.advance(0.4 * k, 0.4)
        ends.append([method.now.c, *(state.observe(None)[name] for name in ("momenta", "current"))])
    for one, two in zip(*ends):
        assert np.abs(one - two).max() < 1e-12


@pytest.mark.parallel
def test_a_pattern_on_any_number_of_ranks(comm):
    """The same residual as alone; fails with even_part taken on each rank's own blocks only."""
    from support.supercells import condensate

    from hpcneq.parallel import solo
    from hpcneq.solvers import newton
    from hpcneq.systems.exciton_bec.shared.stripes import equations

    given = pattern_input()
    for even in (True, False):
        given["numerics"]["supercell"]["even"] = even
        problem = equations(load.load(given, driver.catalogue()), condensate())
        c = np.array([0.01, 0.02, 0.1, 0.2, 0.1 + 0.01j, 0.03, 0.01])
        x = problem.unknowns(c, 0.01)
        one, two = (newton.Work(problem, group).residual(x) for group in (comm, solo()))
        assert np.abs(one - two).max() < 1e-13 and np.abs(one).max() > 1e-4


KINDS = {
    "double steps": ({}, {"dt": 0.2, "error_estimate": True}),
    "solved for": ({}, {"dt": 0.6}),
    "pairs": ({"pairs": True, "bloch_points": 2}, {"dt": 0.5}),
    "across": ({"across": 0.6, "harmonics": 1, "harmonics_across": 1, "even": False}, {}),
    "parity": ({"parity": True}, {"dt": 0.6}),
    "mixed": ({"bloch_points": 1}, {"dt": 0.6, "precision": "mixed"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_in_pieces_gives_every_bit_of_the_whole_one(tmp_path, kind):
    """Cells of every kind; fails with the response, or the harmonics of a step before, not kept."""
    cell, numerics = KINDS[kind]
    (tmp_path / "in.toml").write_text(text(changed(cell=cell, numerics=numerics)))
    code, out = here("run", "in.toml", "-o", "whole.h5", folder=tmp_path)
    assert code == 0, out
    words = ("--set", "run.wall_limit=0.0003")
    code, out = here("run", "in.toml", "-o", "cut.h5", *words, folder=tmp_path)
    pieces = 1
    while code == STOPPED:
        pieces += 1
        again = ("--set", f"run.wall_limit={10 if pieces > 3 else 0.0003}")
        code, out = here("resume", "cut.h5", *again, folder=tmp_path)
        assert pieces < 9
    assert code == 0 and pieces > 2, out
    assert_same(tmp_path / "cut.h5", tmp_path / "whole.h5")


@pytest.mark.parametrize(
    "tables, words",
    [
        ({"cell": {"length": 12.0}}, "whole number of periods"),
        ({"cell": {"harmonics": 9}}, "must be <= 3"),
        ({"cell": {"p_max": 0.1}}, r"\[numerics.supercell\] p_max"),
        ({"cell": {"panel": 2}}, "panels"),
        ({"initial": {"kick_time": 0.1}}, "3 kick_width"),
        ({"numerics": {"dt": 2.0}, "initial": {"kick": 0.0, "kick_across": 0.1}}, "<= kick_width"),
        ({"cell": {"parity": True, "bloch_points": 4}}, "bloch_points = 2"),
        ({"cell": {"pairs": True, "length": 12.0}}, "takes no length"),
        ({"cell": {"across": 0.5, "pairs": True}}, "neither pairs nor parity"),
        ({"cell": {"across": 0.5, "harmonics_across": 9}}, "must be <= 3"),
        ({"initial": {"delta_0": 0.2, "delta_1": 0.1}}, 'start = "pattern"'),
        ({"cell": {"across": 0.5}, "initial": {"start": "pattern"}}, "which are for evolve"),
    ],
)
def test_what_does_not_fit_is_refused(tables, words):
    """In one line that names the key; fails with the check left out of `refuse`."""
    with pytest.raises(InputError, match=words) as refused:
        run(changed(**tables))
    assert "\n" not in str(refused.value)


# ---- linear response and patterns ---------------------------------------------------------------


def at_rest(h=2, **cell):
    """(condensate, Resting) of the small cell."""
    state = condensate()
    given = load.load(changed(cell={"harmonics": h} | cell), driver.catalogue())
    return state, resting(given, state)


def test_the_phase_is_a_mode_at_rest_and_the_wave_grows_as_in_time():
    """det M of the uniform state vanishes at z = 0, and where the kicked wave grows in time.

    Fails with K's sign changed in M, or the adjoint part of dQ left out.
    """
    state, rest = at_rest()
    response = PatternResponse(rest.medium, rest.start, rest.coupling, rest.medium.box.lag)
    M = modes.Samples(response, 0.0, solo())
    assert np.linalg.svd(M(0j))[1][-1] < 1e-12
    system = Supercell(rest.medium, rest.coupling, rest.start, Kick(pulse(2), 3.0, 1.0))
    method = DriftExact(SupercellState(system, solo()))
    method.start(0.0, 0.2)
    t, wave = [], []
    for k in range(300):
        method.advance(0.2 * k, 0.2)
        t.append(0.2 * (k + 1))
        wave.append(method.now.c[3])
    rates = growing_modes.fastest(np.array(t)[150:], np.array(wave)[150:], 1).exponents
    root = modes.secant(M, 1j * rates[0])
    assert root is not None
    assert abs(-1j * root - rates[0]) < 0.02 * abs(rates[0])  # other modes have decayed by then


@pytest.mark.nightly
def test_modes_of_a_state_in_motion_are_those_at_rest_moved():
    """The uniform condensate in a frame of velocity v: a wave of number m has z - mGv, up to the
    pairs that the ring takes from one end of the box to the other, fewer in a larger one.

    Fails with L_p + ipv, or with the adjoint part at lambda for lambda^*.
    """
    v, slips = 0.05, []
    for cell, near in (({}, 0.05j), ({"p_max": 2.8, "y_max": 6.0}, 0.014 + 0.0215j)):
        rest = at_rest(even=False, **cell)[1]
        lag = rest.medium.box.lag
        still = PatternResponse(rest.medium, rest.start, rest.coupling, lag)
        coupling = rest.coupling - lag * np.arange(-2, 3) * 0.6 * v
        moving = replace(rest.medium, velocity=v)
        moved = PatternResponse(moving, rest.start, coupling, lag)
        root = modes.secant(modes.Samples(still, 0.0, solo()), near)
        for shift in (0.6 * v, -0.6 * v):
            other = modes.secant(modes.Samples(moved, 0.0, solo()), root + 0.95 * shift)
            assert abs((other - root).imag) < 2e-3 * abs(root)
        slips.append(abs((other - root).real - shift))
    assert slips[1] < 0.5 * slips[0] < 0.06 * 0.6 * v


def test_even_changes_of_parts_by_parity_are_those_of_the_whole():
    """det M of an even stripe at one Bloch point: even and odd waves apart, or all together.

    Fails with one sector's pairing matrix for both.
    """
    c, z, M = np.array([0.01j, 0.1, 0.4, 0.1, 0.01j]), 0.2 + 0.1j, []
    V = np.zeros((0, 0))
    for even in (True, False):
        rest = at_rest(even=even, bloch_points=1)[1]
        response = PatternResponse(rest.medium, c, rest.coupling, rest.medium.box.lag)
        M.append(response.partials(0.0, z, range(response.items(0.0))).sum(0))
        if even:
            V = np.kron(np.eye(2), response.directions)
    assert np.abs(M[0] - V @ M[1] @ V.T).max() < 1e-13


def pulse(h):
    """A small even wave."""
    return kick_shape(numbers(h), 1, 1e-5, 0.0, 0, True)


def test_a_pattern_rests_in_time():
    """What SNES finds is stationary in the frame of its frequency.

    Fails with the frequency counted once.
    """
    result = hpcneq.run(pattern_input())
    s = result.summary
    assert s["residual"] < 1e-9 and abs(s["harmonics"][1][0]) > 0.01
    state = condensate()
    checked = load.load(pattern_input(), driver.catalogue())
    problem = equations(checked, state)
    c = np.asarray(result.harmonics)
    shift = 0.5 * s["frequency"]
    system = Supercell(problem.medium(shift), problem.at_rest(shift), c, Kick(0 * c, 0.0, 1.0))
    method = DriftExact(SupercellState(system, solo()))
    method.start(0.0, 0.1)
    for k in range(5):
        method.advance(0.1 * k, 0.1)
    assert np.abs(method.now.c - c).max() < 1e-9
    assert s["delta_max"] == pytest.approx(np.abs(np.asarray(result.delta_x)).max(), rel=1e-12)


def test_modes_of_a_pattern_are_eigenvalues_of_its_jacobian():
    """By SLEPc, without det M: as zeros of det M, and the phase's mode at 0, to 1e-8.

    Fails with dRho driven by the adjoint of A, or with one K for Delta and Delta^*.
    """
    rest = at_rest()[1]
    response = PatternResponse(rest.medium, rest.start, rest.coupling, rest.medium.box.lag)
    first, second = jacobian.ShiftedInverse(response, 0.1 + 0j).nearest()[:2]
    root = modes.secant(modes.Samples(response, 0.0, solo()), 0.05j)
    assert abs(first + 1j * root) < 1e-8 and abs(second) < 1e-8
    moving = replace(rest.medium, velocity=0.05)
    response = PatternResponse(moving, rest.start, rest.coupling, rest.medium.box.lag)
    value = jacobian.ShiftedInverse(response, 0.1 + 0j).nearest()[0]
    root = modes.secant(modes.Samples(response, 0.0, solo()), 1j * value)
    assert abs(value + 1j * root) < 1e-8


@pytest.mark.nightly
def test_either_search_finds_the_same_modes():
    """At the command line's level; fails with frequencies of one sign only."""
    given = pattern_input()
    given["numerics"]["stability"] = True
    counted = hpcneq.run(given).summary
    given["numerics"]["modes"] = "jacobian"
    nearest = hpcneq.run(given).summary
    assert nearest["stability"] == counted["stability"] == "unstable"
    for one, two in zip(nearest["modes_found"], counted["modes_found"], strict=True):
        assert one == pytest.approx(two, abs=1e-7)


def test_a_pattern_says_how_its_stability_is_known(monkeypatch):
    """Modes that could not be counted, or were not sought, are told; fails without a warning."""

    def lost(*arguments, **options):
        raise NotConverged("too many samples")

    monkeypatch.setattr(modes, "spectrum", lost)
    given = pattern_input()
    given["initial"]["branch"] = "weak"
    for sought, words in ((True, "could not be counted"), (False, "not looked at")):
        given["numerics"]["stability"] = sought
        result = hpcneq.run(given)
        assert result.status == "complete" and result.summary["stability"] == "unknown"
        assert any(words in warning for warning in result.warnings)
        assert any("one pattern alone" in warning for warning in result.warnings)


def pattern_input():
    """The input of a pattern in a small cell."""
    given = changed(cell={"harmonics": 3, "p_max": 2.0})
    given = {name: given[name] for name in ("system", "parameters", "numerics")}
    given["numerics"] = {
        name: given["numerics"][name] for name in ("p_c", "wave_number", "supercell")
    }
    given["numerics"] |= {"wave_number": 0.5, "stability": False, "error_estimate": False}
    start = {"delta_0": 0.2, "delta_1": 0.16}
    return {**given, "task": "pattern", "initial": start}


def test_even_and_odd_waves_apart_give_the_whole_cell():
    """At one Bloch point a block splits by parity: half the size, the same numbers.

    Fails with the state that odd waves lack counted, or its pairs taken from the even basis.
    """
    results = [
        run(changed(cell={"bloch_points": 1, "even": even}, run={"t_max": 4.0}))
        for even in (True, False)
    ]
    apart, whole = (r.summary for r in results)
    assert apart["blocks"] == 2 * whole["blocks"] and apart["waves"] == whole["waves"] == 7
    assert apart["state_bytes"][0] < 0.7 * whole["state_bytes"][0]
    for name in ("harmonics", "density", "relative_density", "momenta", "p_x", "balance_t"):
        one, two = (np.asarray(r[name]) for r in results)
        assert one == pytest.approx(two, abs=1e-11), name


@pytest.mark.parametrize("even", [True, False])
def test_stripes_at_rest_rest_in_an_evolution(even):
    """start = "pattern" gives the pattern of its own momenta; fails with the uniform frame kept."""
    start = {"start": "pattern", "delta_0": 0.2, "delta_1": 0.16, "kick": 0.0}
    cell = {"harmonics": 3, "p_max": 2.0, "even": even, "bloch_points": 2}
    numerics, often = {"wave_number": 0.5}, {"t_max": 8.0, "output_every": 0.2}
    result = run(changed(cell=cell, numerics=numerics, initial=start, run=often))
    c = np.asarray(result.harmonics)
    assert np.abs(c - c[0]).max() < 1e-8 and abs(c[0, 4]) > 0.05
    assert result.summary["fate"] == "pattern"


def test_a_cell_of_two_dimensions_knows_no_direction():
    """A wave across grows as the same wave along; half of the momenta are enough where all is even.

    Fails with the velocity of an order parameter taken at y = 0.
    """
    cell = {"across": 0.6, "harmonics": 1, "harmonics_across": 1, "bloch_points": 1}
    along = run(changed(cell=cell))
    across = run(changed(cell=cell, initial={"kick": 0.0, "kick_across": 1e-2}))
    whole = run(changed(cell=cell | {"even": False}))
    one, two = np.asarray(along.delta_xy), np.asarray(across.delta_xy)
    assert one == pytest.approx(two.swapaxes(1, 2), abs=1e-12)
    assert one == pytest.approx(np.asarray(whole.delta_xy), abs=1e-12)
    assert np.asarray(along.varying_across).max() < 1e-20
    assert along.summary["delta_max"] == pytest.approx(across.summary["delta_max"], abs=1e-12)
    assert np.ptp(np.abs(one[-1]), axis=0).max() > 1e-3
    assert along.summary["waves"] == 49 and whole.summary["blocks"] == along.summary["blocks"] // 2


def test_words_for_what_an_order_parameter_has_become():
    """One wave, two opposite ones, none; fails with a standing wave taken for one wave."""
    weights = {
        "uniform": [0, 0.005, 0.99, 0.005, 0],
        "plane wave": [0, 0.005, 0, 0.995, 0],
        "standing wave": [0.01, 0.48, 0, 0.5, 0.01],
        "other": [0.1, 0.2, 0.4, 0.2, 0.1],
    }
    for word, weight in weights.items():
        assert records.form_of(np.array(weight)) == word
    top = np.linspace(0.4, 0.3, 40)
    assert records.fate_of("neither", "other", top[:20]) == "unknown"
    assert records.fate_of("fixed point", "standing wave", top) == "pattern"
    assert records.fate_of("neither", "other", top) == "irregular"
    assert records.fate_of("neither", "uniform", top) == "small wave"
    assert records.fate_of("limit cycle", "other", top) == "limit cycle"
    assert records.fate_of("fixed point", "uniform", np.append(top, 1e-3)) == "collapse"


def test_even_and_odd_waves_at_the_edge_of_the_zone_are_a_grid_as_good():
    """0 and G/2 with parity, and +- G/4, against +- G/8 and +- 3G/8: errors of a kind; fails with
    the share of G/2 counted twice.
    """
    ends = []
    for cell in ({"bloch_points": 4}, {"bloch_points": 2}, {"bloch_points": 2, "parity": True}):
        ends.append(np.asarray(run(changed(cell=cell, run={"t_max": 4.0})).harmonics)[-1])
    four, apart, parity = ends
    assert np.abs(parity - four).max() < 4 * np.abs(apart - four).max() < 1e-3


def test_the_other_grid_of_the_errors_is_another():
    """Fewer Bloch points, or twice as many; fails where four stayed four."""
    assert [other_points(n) for n in (1, 2, 4, 6, 8, 12)] == [2, 4, 8, 4, 6, 10]
