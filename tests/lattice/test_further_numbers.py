"""Numbers of separate programs and closed formulas that take longer, each through its task."""

from __future__ import annotations

import numpy as np
import pytest
from support.lattices import chain, wide

import hpcneq

STEP = {"from": 0.0, "to": 1.0, "kind": "step"}
PERIOD = np.array([0.5, *np.ones(79), 0.5]) / 80  # weights of the rows of 2 pi


def run(task, **tables):
    """The result of a run in this process."""
    return hpcneq.run({"system": "lattice", "task": task, **tables})


def ends(T=0.02):
    """Wide leads on both ends of a chain of 12."""
    return {"left": wide([0], 0.5, T=T), "right": wide([11], -0.5, T=T)}


def chains(**more):
    """A half-infinite chain on each side of a level."""
    lead = {"kind": "chain", "sites": [0], "hopping": 1.0, "contact": 0.5, "T": 0.02, **more}
    return {"left": {**lead, "bias": 0.5}, "right": {**lead, "bias": -0.5}}


def test_current_of_the_normal_island():
    """Twelve sites without pairs: .26890403 at eV = 1.1, .3804059 at 1.5, Landauer's; 2e-6 is the
    tail of the fits' window."""
    result = run(
        "steady",
        sweep={"eV": [1.1, 1.5]},
        model=chain(12),
        leads=ends(),
        numerics={"stability": False},
    )
    current = np.asarray(result.current_of)[:, 0, 0]
    np.testing.assert_allclose(current, [0.26890403, 0.3804059], atol=2e-6)


def test_a_majorana_level_after_a_step():
    """Kitaev's chain, T = .05: at t = 24 the current is .197060, the stationary one .197061."""
    result = run(
        "evolve",
        parameters={"eV": STEP},
        model=chain(2, spin="none"),
        pairing=[{"from": "s", "to": "s", "shift": [1], "value": 1.0}],
        leads={"left": wide([0], 1.0, T=0.05)},
        numerics={"damping": 1e-7, "damping_T": 0.05, "dt": 0.2, "error_estimate": False},
        run={"t_max": 24.0, "output_every": 12.0},
    )
    assert np.asarray(result.current)[-1, 0] == pytest.approx(0.197060, abs=2e-6)
    assert result.summary["form"] == "4n" and result.summary["redundancy"] < 1e-9


@pytest.mark.nightly
@pytest.mark.parametrize("level, expected", [(3.5, 0.014825), (-3.5, 0.985175)])
def test_occupation_outside_of_the_band(level, expected):
    """A bound state above or below both bands is filled as the integral over them says; the floor
    moves it by 1e-4."""
    model = chain(1, onsite=[{"on": "s", "value": level}])
    result = run("steady", model=model, leads=chains(), numerics={"stability": False})
    assert np.asarray(result.density)[0, 0] / 2 == pytest.approx(expected, abs=1e-4)
    assert result.summary["growth_A"] < 0


@pytest.mark.nightly
def test_transient_current_of_a_level_to_its_end():
    """(n, dN/dt) of one spin at t = 10 and 40, from chains of 801 sites."""
    result = run(
        "evolve",
        parameters={"eV": STEP},
        model=chain(1, onsite=[{"on": "s", "value": 0.3}]),
        leads=chains(),
        numerics={"dt": 0.1, "fit_error": 1e-4, "floor": 1e-5, "error_estimate": False},
        run={"t_max": 40.0, "output_every": 10.0},
    )
    n, current = np.asarray(result.density)[:, 0] / 2, np.asarray(result.current)[:, 0] / 2
    np.testing.assert_allclose(n[[1, 4]], [0.364175, 0.364250], atol=2e-4)
    np.testing.assert_allclose(current[[1, 4]], [0.112481, 0.112456], atol=2e-4)


@pytest.mark.nightly
def test_island_between_normal_leads_at_a_large_bias():
    """The state continued from zero bias, at eV = 1: sizes, phase and current."""
    result = run(
        "steady",
        sweep={"eV": [0.0, 0.5, 0.8, 1.0]},
        model=chain(12),
        interaction={"U": 3.0},
        leads=ends(),
        numerics={"seeds": 0, "stability": False},
    )
    assert np.asarray(result.delta_max_of)[3, 0] == pytest.approx(0.9370161, abs=2e-5)
    assert np.asarray(result.current_of)[3, 0, 0] == pytest.approx(0.16727555, abs=2e-5)


@pytest.mark.nightly
def test_island_long_after_a_step_of_the_bias():
    """(|D_1|, |D_6|, current) at t = 2, 4, 6, 8, 10, to the program's 1e-4."""
    expected = [
        (0.80448, 0.92896, 0.09569),
        (0.75875, 0.93112, 0.08922),
        (0.78462, 0.94489, 0.10102),
        (0.75870, 0.93680, 0.15981),
        (0.69075, 0.94715, 0.18509),
    ]
    result = run(
        "evolve",
        parameters={"eV": STEP},
        model=chain(12),
        interaction={"U": 3.0},
        leads=ends(),
        numerics={"error_estimate": False, "seeds": 0},
        run={"t_max": 10.0, "output_every": 2.0},
    )
    delta = np.abs(np.asarray(result.delta))[1:]
    numbers = np.stack([delta[:, 0], delta[:, 5], np.asarray(result.current)[1:, 0]], axis=1)
    np.testing.assert_allclose(numbers, expected, atol=1e-4)


@pytest.mark.nightly
def test_the_junction_as_a_users_model_to_its_end():
    """D(4, 6, 8) and the current a site at t = 2, 4, 6, 8 of the other system; its poles are
    others."""
    lead = {"sites": list(range(6)), "gamma": 0.1, "T": 0.1}
    result = run(
        "evolve",
        parameters={"eV": {"from": 0.0, "to": 1.5}},
        model=chain(6, True, onsite=[{"on": "s", "value": [[-0.2, 0.0], [0.0, 0.2]]}]),
        interaction={"U": 3.0},
        leads={"left": {**lead, "bias": 0.5}, "right": {**lead, "bias": -0.5}},
        numerics={"dt": 0.1, "error_estimate": False, "seeds": 0},
        run={"t_max": 8.0, "output_every": 2.0},
    )
    delta = np.asarray(result.delta)[:, 0]
    along = np.real(delta * np.exp(-1j * np.angle(delta[0])))
    np.testing.assert_allclose(along[1:], [0.4599556, 0.1901036, -0.0242820, -0.0773257], atol=2e-4)
    current = np.asarray(result.current)[1:, 0] / 6
    np.testing.assert_allclose(current, [0.0280843, 0.0351106, 0.0366704, 0.0365568], atol=5e-5)


@pytest.mark.nightly
def test_currents_of_the_periods_after_a_switch():
    """gamma = .5, eV = 1, dynes = .01: means of pi dN/dt over 2 pi, two periods of the state, on
    their way to Floquet's .75362.
    """
    lead = {"kind": "bcs", "sites": [0], "gamma": 0.5, "delta": 1.0, "dynes": 1e-2, "T": 0.02}
    result = run(
        "evolve",
        parameters={"eV": STEP},
        model=chain(1),
        leads={"left": {**lead, "bias": 0.5}, "right": {**lead, "bias": -0.5}},
        numerics={"fit_error": 1e-3, "dt": np.pi / 40, "error_estimate": False},
        run={"t_max": 12 * np.pi, "output_every": np.pi / 40},
    )
    current = np.pi * np.asarray(result.current)[:, 0]
    means = np.convolve(current, PERIOD, "valid")[::80]
    assert means[0] == pytest.approx(0.91, abs=1e-2)
    np.testing.assert_allclose(means[1:4], [0.824, 0.756, 0.761], atol=2e-3)
    np.testing.assert_allclose(means[4:], [0.7537, 0.7547], atol=5e-4)
    assert result.summary["period"] == pytest.approx(np.pi)
