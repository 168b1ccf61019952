"""The gas in a supercell: plane waves rest, Larkin-Ovchinnikov states, what is refused.

Every docstring names a change of the code under which the test was seen to fail.
"""

from types import SimpleNamespace

import numpy as np
import pytest

import hpcneq
from hpcneq.errors import InputError, NotConverged
from hpcneq.parallel import solo
from hpcneq.solvers import modes
from hpcneq.solvers.supercell.linear import PatternResponse
from hpcneq.solvers.supercell.patterns import RealPattern, potential_rows
from hpcneq.systems.fermi_gas.figures.pattern import winner
from hpcneq.systems.fermi_gas.physics.occupation import Baths
from hpcneq.systems.fermi_gas.shared import standing_waves
from hpcneq.systems.fermi_gas.shared.standing_waves import beside_uniform, potential
from hpcneq.systems.fermi_gas.shared.supercell import coupling_from, medium_of, single

CELL = {"harmonics": 2, "p_max": 1.4, "y_max": 2.5, "panels": 1, "bloch_points": 2}
WAVE = {
    "system": "fermi-gas",
    "task": "evolve",
    "parameters": {"gamma": 0.005, "dmu": 0.145, "branch": "NFF"},
    "numerics": {"error_estimate": False, "pole_error": 1e-3, "supercell": CELL | {"even": False}},
    "initial": {"kick": 0.0},
    "run": {"t_max": 4.0, "output_every": 2.0},
}


def small(even=True):
    """A medium with T > 0 on few momenta."""

    class Numerics:
        wave_number, pole_error = 0.3, 1e-6
        from hpcneq.systems.fermi_gas.inputs import CellTable

        supercell = CellTable(
            harmonics=3, p_max=1.4, y_max=2.5, panels=2, bloch_points=4, even=even
        )

    return medium_of(Numerics, Baths(0.01, 0.02, 0.1))


def test_a_plane_wave_rests_and_turns_nowhere():
    """The Fulde-Ferrell state is one harmonic of its own cell, exactly stationary.

    Fails with the pairing matrix transposed, or with the reservoirs' rates exchanged between the
    species.
    """
    result = hpcneq.run(WAVE)
    s, c = result.summary, np.asarray(result.harmonics)
    assert s["wave_number"] == s["Q"] == pytest.approx(0.18269617, abs=1e-6)
    assert np.abs(c - c[0]).max() < 1e-9 and np.abs(c[0, [0, 1, 2, 4]]).max() == 0
    assert s["delta_max"] == pytest.approx(0.05450344, abs=1e-7)
    assert abs(s["frequency"]) < 1e-9 and s["model"] == "supercell"


@pytest.mark.nightly
def test_a_plane_wave_carries_no_current_and_has_the_interaction_of_nbcs():
    """On finer momenta: J = 0 to .2% of n Q, and 1/U + dU_1 from the wave that from NBCS to 1e-3.

    Fails with the holes' current of the other sign, or without dU_m.
    """
    given = {name: table for name, table in WAVE.items()}
    cell = {"harmonics": 2, "p_max": 2.4, "y_max": 6.0, "panels": 6, "bloch_points": 8}
    given["numerics"] = WAVE["numerics"] | {"supercell": cell | {"even": False}}
    given["run"] = {"t_max": 0.3, "output_every": 0.3}
    s = hpcneq.run(given).summary
    assert abs(s["velocity"]) < 0.002 * s["Q"]

    class Numerics:
        wave_number, pole_error = s["Q"], 1e-4
        from hpcneq.systems.fermi_gas.inputs import CellTable

        supercell = CellTable(**cell, even=False)

    medium = medium_of(Numerics, Baths(0.005, 0.0, 0.145))
    from_wave = coupling_from(medium, single(medium.box, 5, 1, 0.05450344), 1)
    from_nbcs = coupling_from(medium, single(medium.box, 5, 0, 0.21259971), 0)
    assert from_wave == pytest.approx(from_nbcs, rel=1e-3)


STANDING = {
    "system": "fermi-gas",
    "task": "pattern",
    "parameters": {"gamma": 0.01, "T": 0.02, "dmu": 0.125},
    "numerics": {
        "wave_number": 0.2,
        "stability": False,
        "error_estimate": False,
        "supercell": {
            "harmonics": 3,
            "bloch_points": 4,
            "panels": 2,
            "p_max": 1.6,
            "y_max": 3.0,
        },
    },
}


@pytest.mark.nightly
def test_standing_waves_along_dmu_and_beside_the_uniform_states():
    """The second point of a sweep is that found alone; the potential of NBCS is the least.

    Fails with the baths of the first point kept.
    """
    branch_result = hpcneq.run({**STANDING, "sweep": {"dmu": [0.12, 0.125]}})
    branch = branch_result.summary
    alone = hpcneq.run(STANDING).summary
    assert branch["delta_max"][1] == pytest.approx(alone["delta_max"], abs=1e-8)
    assert branch["potential"][1] == pytest.approx(alone["potential"], abs=1e-10)
    assert branch["potential_nbcs"][1] == pytest.approx(alone["potential_nbcs"], abs=1e-12)
    assert alone["potential_nbcs"] < alone["potential"] < 0
    wave = hpcneq.run(WAVE | {"parameters": WAVE["parameters"] | {"dmu": 0.145}})
    axes = hpcneq.plot([branch_result, wave]).axes[1]
    assert [0.145] in [list(line.get_xdata()) for line in axes.lines]


def test_which_wave_has_won():
    """Of the strongest |m|; fails where a weak opposite wave counts as there."""
    cases = {"none": [0, 1e-3, 0], "uniform": [0, 0.1, 0], "one wave": [0.02, 0.01, 0.1]}
    for word, c in {**cases, "both waves": [0.08, 0.01, 0.1]}.items():
        assert winner(np.array(c)) == word


def test_of_several_standing_waves_that_of_the_lowest_potential_is_taken(monkeypatch):
    """Found twice, or with the other sign, it is one; a start that leads to none is no harm. Fails
    with the first one taken.
    """
    medium = small()
    coupling = coupling_from(medium, single(medium.box, 7, 0, 0.2), 0)
    problem = RealPattern(medium, coupling, [1, 3])
    roots = [np.array([0.1, -0.005]), np.array([0.05, 0.03]), np.array([-0.05, -0.03]), None]

    def solved(given, problem, x, comm):
        if roots[len(tried)] is None:
            raise NotConverged("none")
        tried.append(x)
        return SimpleNamespace(x=roots[len(tried) - 1])

    tried = []
    monkeypatch.setattr(standing_waves, "solved", solved)
    starts = ((0.5, 0.0), (0.6, -0.1), (0.3, 0.0), (0.1, 0.0))
    monkeypatch.setattr(standing_waves, "STARTS", starts)
    monkeypatch.setattr(standing_waves, "reference", lambda gas, curves_of: (0.2, 0.1))
    given = SimpleNamespace(initial=SimpleNamespace(delta_1=None))
    found = standing_waves.lowest(given, None, problem, None, solo())
    assert tried[1] == pytest.approx([0.12, -0.02])
    assert found.solution.x is roots[1] and len(found.states) == 2
    assert abs(found.states[0][4]) == pytest.approx(0.05)


@pytest.mark.nightly
@pytest.mark.parametrize(
    "dmu, wave_number, first, potential",
    [(0.16, 0.09, 0.1154, 3.59e-5), (0.145, 0.08, 0.1246, -3.14e-5)],
)
def test_a_long_standing_wave_is_not_three_in_one(dmu, wave_number, first, potential):
    """Delta_3 < 0; fails with Delta_1 = .1 as the only start, from which Delta_3 is .013 or .03,
    and the potential higher.
    """
    given = {name: dict(table) for name, table in STANDING.items() if isinstance(table, dict)}
    given["parameters"] = {"gamma": 0.005, "dmu": dmu}
    given["numerics"] |= {"wave_number": wave_number, "supercell": {"harmonics": 7}}
    s = hpcneq.run({"system": "fermi-gas", "task": "pattern", **given}).summary
    assert s["harmonics"][1][0] == pytest.approx(first, abs=5e-4) and s["harmonics"][3][0] < 0
    assert s["potential"] == pytest.approx(potential, abs=3e-7) and len(s["patterns"]) > 1


@pytest.mark.nightly
def test_a_standing_wave_rests_in_an_evolution():
    """Also in a cell that is not even; fails with the coupling of the branch."""
    for even in (True, False):
        numerics = {name: STANDING["numerics"][name] for name in ("wave_number", "error_estimate")}
        numerics["supercell"] = STANDING["numerics"]["supercell"] | {"even": even}
        result = hpcneq.run(
            {
                **STANDING,
                "task": "evolve",
                "numerics": numerics | {"pole_error": 1e-3},
                "initial": {"start": "pattern", "kick": 0.0},
                "run": {"t_max": 8.0, "output_every": 1.0},
            }
        )
        c = np.asarray(result.harmonics)
        assert np.abs(c - c[0]).max() < 1e-8
        assert result.summary["form"] == "standing wave"
        assert abs(result.summary["velocity"]) < 1e-9


def test_half_a_cell_may_start_uniform():
    """Uniform inside with the wave's sign at the edges, the wave outside, even; fails with D of
    the other sign where the edges are at troughs.
    """
    c = np.zeros(41, complex)
    c[[16, 24]] = 0.1  # four periods
    for share, sign in ((0.5, 1), (0.25, -1)):
        changed = beside_uniform(c, share, 0.21)
        assert np.abs(changed - changed[::-1]).max() < 1e-15 > np.abs(changed.imag).max()
        x = np.array([0.0, 0.1, 0.375, 0.5])
        values = np.exp(2j * np.pi * np.outer(x, np.arange(-20, 21))) @ changed
        assert values.real == pytest.approx([sign * 0.21, sign * 0.21, -0.2, 0.2], abs=0.01)
    with pytest.raises(InputError, match="uniform_share: needs"):
        hpcneq.run({**WAVE, "initial": {"uniform_share": 0.5}})


def test_small_pairs_of_a_long_step_are_solved_in_single_precision():
    """Out of the normal gas, to the rounding of single precision; fails with the tolerance of
    double precision, which no step meets.
    """
    given = {name: dict(WAVE[name]) for name in ("parameters", "numerics", "initial", "run")}
    given["parameters"] = {"gamma": 0.02, "dmu": 0.1}
    given["numerics"] |= {"wave_number": 0.4, "dt": 2.0, "precision": "mixed", "pole_error": 1e-2}
    given["initial"] |= {"start": "normal", "noise": 1e-2}
    given["run"] = {"t_max": 16.0, "output_every": 4.0}
    result = hpcneq.run({"system": "fermi-gas", "task": "evolve", **given})
    assert result.status == "complete" and result.summary["delta_max"] > 1e-3


def test_the_state_at_rest_is_a_function_of_the_hamiltonian():
    """n = N(H) of the closed form, for a Delta that varies; fails with one reservoir left out."""
    medium = small(False)
    c = np.array([0, 0.02, 0.1, 0.05, -0.1j, 0, 0.01])
    blocks = range(2)
    E, V, n, _ = medium.stationary(blocks, medium.pairing(c))
    N = Baths(0.01, 0.02, 0.1).occupation(E)
    assert np.abs(V @ (N[..., None] * V.conj().swapaxes(-1, -2)) - n).max() < 1e-5


def test_the_potential_is_stationary_where_the_gap_equation_holds():
    """Its slope is twice the gap equation's residual; fails with one coupling for all m."""
    medium = small()
    coupling = coupling_from(medium, single(medium.box, 7, 0, 0.2), 0)
    problem = RealPattern(medium, coupling, [1, 3])
    x, h = np.array([0.12, -0.01]), 1e-4
    part = range(problem.items)
    F = problem.coupling[[4, 6]] * problem.residual(
        x, problem.partials(problem.prepare(x, part)).sum(0)
    )
    for k in (0, 1):
        e = h * np.eye(2)[k]
        up, down = (
            potential(medium, coupling, problem.harmonics(y), solo()) for y in (x + e, x - e)
        )
        assert (up - down) / (2 * h) == pytest.approx(4 * F[k], rel=1e-4, abs=1e-9)
    assert potential_rows(medium, single(medium.box, 7, 0, 0.0), range(0)).shape == (0,)


@pytest.mark.nightly
def test_a_larkin_ovchinnikov_state():
    """Delta_1, Delta_3 and the potential at dmu .145, G .17: .0969, -.0044, -2.3e-5 of a small
    separate program; fails with harmonics of the wrong parity."""
    result = hpcneq.run(
        {
            "system": "fermi-gas",
            "task": "pattern",
            "parameters": {"gamma": 0.005, "dmu": 0.145},
            "numerics": {
                "wave_number": 0.17,
                "stability": False,
                "error_estimate": False,
                "supercell": {
                    "harmonics": 5,
                    "p_max": 2.0,
                    "y_max": 4.0,
                    "panels": 8,
                    "bloch_points": 8,
                },
            },
        }
    )
    s = result.summary
    assert s["harmonics"][1][0] == pytest.approx(0.0969, abs=2e-4)
    assert s["harmonics"][3][0] == pytest.approx(-0.0044, abs=1e-4)
    assert s["potential"] == pytest.approx(-2.3e-5, abs=2e-6)
    assert s["delta_min"] < 1e-12 and s["residual"] < 1e-9


def opposite_wave(points):
    """Where the opposite of NFF's wave grows, of det M on a cell with so many Bloch points.

    Only Delta_-1 and Delta_3, which couple by the wave's conjugate, change.
    """

    class Opposite(PatternResponse):
        def _directions(self, n):
            return np.eye(n)[[2, 6]]

    class Numerics:
        wave_number, pole_error = 0.18269617, 1e-3
        from hpcneq.systems.fermi_gas.inputs import CellTable

        supercell = CellTable(
            harmonics=3, p_max=1.6, y_max=2.6, panels=6, bloch_points=points, even=False
        )

    medium = medium_of(Numerics, Baths(0.005, 0.0, 0.145))
    c = single(medium.box, 7, 1, 0.05450344)
    coupling = coupling_from(medium, c, 1).astype(complex)
    response = Opposite(medium, c, coupling, medium.box.lag)
    return modes.secant(modes.Samples(response, 0.0, solo()), 0.007 + 0.026j)


@pytest.mark.nightly
def test_a_plane_wave_turns_into_a_standing_one():
    """NFF grows at q = 2Q: .025644 and frequency .00733 by det M of the gas (variant D), and by
    that of a cell; in time as by det M of the same cell, which is coarse.

    Fails with real and imaginary part fitted as of a standing wave, or with K = 0.
    """
    root = opposite_wave(12)
    assert root.imag == pytest.approx(0.02564, rel=0.03)
    assert root.real == pytest.approx(0.00733, abs=1.2e-3)
    given = {name: dict(table) for name, table in WAVE.items() if isinstance(table, dict)}
    given["numerics"]["supercell"] = CELL | {
        "harmonics": 3,
        "p_max": 1.6,
        "y_max": 2.6,
        "panels": 6,
        "bloch_points": 4,
        "even": False,
    }
    given["initial"] = {"kick": 1e-6}
    given["run"] = {"t_max": 100.0, "output_every": 1.0}
    result = hpcneq.run({"system": "fermi-gas", "task": "evolve", **given})
    rate, frequency = result.summary["growth"][0]
    root = opposite_wave(4)
    assert rate == pytest.approx(root.imag, rel=0.03)
    assert frequency == pytest.approx(root.real, abs=1e-3)


@pytest.mark.parametrize(
    "tables, words",
    [
        ({"numerics": {"supercell": CELL}}, "supercell.even = false"),
        ({"numerics": {"supercell": {"harmonics": 99, "even": False}}}, "must be <="),
        ({"parameters": {"free_Q": True}}, "no dmu_end, free_Q"),
        ({"parameters": {"gamma": 0.0, "T": 0.02}}, "gamma > 0"),
        ({"initial": {"kick_time": 1.0}}, "3 kick_width"),
        ({"numerics": {"dt": 4.0}, "initial": {"kick": -0.1}}, "<= kick_width"),
        ({"numerics": {"supercell": {"parity": True, "even": False}}}, "needs even = true"),
    ],
)
def test_what_does_not_fit_is_refused(tables, words):
    """In one line; fails with the check left out of `refuse`."""
    given = {name: dict(WAVE[name]) for name in ("parameters", "numerics", "initial", "run")}
    for name, values in tables.items():
        given[name] |= values
    given["numerics"]["wave_number"] = 0.2
    with pytest.raises(InputError, match=words):
        hpcneq.run({"system": "fermi-gas", "task": "evolve", **given})
