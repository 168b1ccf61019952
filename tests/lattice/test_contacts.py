"""Contacts of superconductors: numbers of other routes, states that repeat, errors as stated."""

from __future__ import annotations

import numpy as np
import pytest

import hpcneq

from ..support.floquet import contact_current

SITE = {"vectors": [[1.0]], "orbitals": [{"name": "s", "at": [0.0]}], "periodic": [False]}


def hop_of(transmission):
    """t of tau = 4 t^2/(1 + t^2)^2: the hop over the half width of both contacts."""
    return (1 - np.sqrt(1 - transmission)) / np.sqrt(transmission)


def pair(hop, raised=0.0):
    """[model] of two sites, the first raised as its lead is, the second lowered."""
    return {
        "cell": {**SITE, "size": [2]},
        "hop": [{"from": "s", "to": "s", "shift": [1], "value": -hop}],
        "onsite": [{"on": [0], "value": raised}, {"on": [1], "value": -raised}],
    }


def bcs(site, gamma, **more):
    """A superconductor."""
    lead = {"kind": "bcs", "sites": [site], "gamma": gamma, "delta": 1.0, "dynes": 1e-3, "T": 0.02}
    return {**lead, **more}


def run(task, **tables):
    """The result of a run in this process."""
    return hpcneq.run({"system": "lattice", "task": task, **tables})


# ---- multiple Andreev reflection ----------------------------------------------------------------


def andreev(g, eV, **numerics):
    """pi dN/dt through a level between superconductors, its stated error, the state."""
    leads = {"left": bcs(0, g, bias=0.5), "right": bcs(0, g, bias=-0.5)}
    tables = {"model": {"cell": {**SITE, "size": [1]}}, "leads": leads}
    result = run("steady", **tables, parameters={"eV": eV}, numerics=numerics)
    (state,) = result.summary["states"]
    errors = np.pi * state["current_error"]["left"]
    return np.pi * state["current"]["left"], errors, result.summary


FLOQUET = [
    (0.5, 0.5, 0.344029),
    (0.5, 1.0, 0.741497),
    (0.5, 2.0, 0.859743),
    (0.5, 3.0, 1.474283),
    (1.0, 0.5, 1.094674),
    (1.0, 1.0, 1.682095),
    (1.0, 2.0, 2.185102),
    (1.0, 3.0, 2.600225),
]


@pytest.mark.nightly
@pytest.mark.parametrize("g, eV, expected", FLOQUET[3:4])
def test_a_current_of_many_reflections(g, eV, expected):
    """Floquet's mean current within the stated error, which is not much larger."""
    current, error, summary = andreev(g, eV, fit_error=1e-3, periodic_steps=40)
    assert abs(current - expected) < error + 1e-6
    assert error < 1e-2
    assert summary["period"] == pytest.approx(np.pi / eV)


@pytest.mark.nightly
@pytest.mark.parametrize("g, eV, expected", FLOQUET)
def test_currents_of_many_reflections(g, eV, expected):
    """The table of currents at two widths, with the default accuracy."""
    current, error, _ = andreev(g, eV)
    assert current == pytest.approx(expected, abs=8e-5)
    assert abs(current - expected) < error + 1e-6


def contact(g, tau, eV):
    """pi dN/dt between two sites, each at the potential of its own wide contact."""
    leads = {"left": bcs(0, g, bias=0.5), "right": bcs(1, g, bias=-0.5)}
    model = pair(hop_of(tau) * g, 0.5 * eV)
    numerics = {"fit_error": 1e-4, "tail": 600.0 * g}
    result = run("steady", model=model, leads=leads, parameters={"eV": eV}, numerics=numerics)
    (state,) = result.summary["states"]
    return np.pi * state["current"]["left"]


@pytest.mark.nightly
@pytest.mark.parametrize("g, expected", [(20.0, 1.1724), (80.0, 1.1121)])
def test_a_point_contact(g, expected):
    """tau = .7, eV = 1 (Floquet); the steps of the period resolve the hop without being told. Far
    contacts: 1.0911 + 1.7/g."""
    assert contact(g, 0.7, 1.0) == pytest.approx(expected, abs=3e-4)


@pytest.mark.nightly
@pytest.mark.parametrize(
    "tau, eV, expected",
    [(0.4, 1.0, 0.252031), (0.4, 3.0, 1.337317), (0.7, 2.0, 2.135388), (0.9, 2.0, 3.571428)],
)
def test_point_contacts(tau, eV, expected):
    """Half widths of 20 and 40 against Keldysh's equations over harmonics, which at 80 and 160 tend
    to the limit of wide contacts; T = .02 and dynes = 1e-3 leave 1%."""
    far = [contact_current(g, g * hop_of(tau), eV) for g in (20.0, 40.0, 80.0, 160.0)]
    for g, current in zip((20.0, 40.0), far):
        assert contact(g, tau, eV) == pytest.approx(current, abs=3e-4)
    assert 2 * far[3] - far[2] == pytest.approx(expected, rel=1.5e-2)


# ---- normal metal and superconductor ------------------------------------------------------------


@pytest.mark.parametrize(
    "Z, expected",
    [
        (1.0, [0.222222, 0.285714]),
        pytest.param(1.0, [0.222222, 0.285714, 0.793651, 0.752357], marks=pytest.mark.nightly),
        pytest.param(0.5, [0.888889, 1.032258, 1.616162, 1.0934], marks=pytest.mark.nightly),
        pytest.param(0.0, [2.0, 2.0, 2.0, 1.288020], marks=pytest.mark.nightly),
    ],
)
def test_conductance_of_an_interface(Z, expected):
    """Blonder, Tinkham and Klapwijk at E = 0, .5, .9, 1.2: contacts of width g, error ~ 3/g."""
    g = 2000.0
    leads = {
        "normal": {"sites": [0], "gamma": g, "T": 1e-3, "bias": 1.0},
        "super": bcs(1, g, T=1e-3, dynes=1e-4),
    }
    energies = [0.0, 0.5, 0.9, 1.2][: len(expected)]
    result = run(
        "transport",
        model=pair(hop_of(1 / (1 + Z**2)) * g),
        leads=leads,
        sweep={"eV": energies},
        numerics={"fit_error": 1e-3},
    )
    np.testing.assert_allclose(np.asarray(result.conductance)[:, 0], expected, atol=4e-3)


@pytest.mark.nightly
def test_conductance_of_a_level_at_a_superconductor():
    """2 [2 g_N g_S/(g_N^2 + g_S^2 + e^2)]^2 at V = 0."""
    leads = {
        "normal": {"sites": [0], "gamma": 0.3, "T": 1e-3, "bias": 1.0},
        "super": bcs(0, 0.6, T=1e-3, dynes=1e-4),
    }
    model = {"cell": {**SITE, "size": [1]}, "onsite": [{"on": "s", "value": 0.4}]}
    numerics = {"fit_error": 1e-4, "window": 600.0}
    result = run("transport", model=model, leads=leads, sweep={"eV": [0.0]}, numerics=numerics)
    expected = 2 * (2 * 0.3 * 0.6 / (0.3**2 + 0.6**2 + 0.4**2)) ** 2
    assert np.asarray(result.conductance)[0, 0] == pytest.approx(expected, abs=5e-4)


def test_sites_between_biased_superconductors():
    """Two sites, each at a superconductor: check and run of the state and of its evolution agree
    with Keldysh's equations over harmonics. Frozen at one time the leads' levels are not damped,
    which check took for the states'.
    """
    lead = {"dynes": 1e-2, "T": 0.05}
    leads = {"left": bcs(0, 0.5, bias=0.5, **lead), "right": bcs(1, 0.5, bias=-0.5, **lead)}
    tables = {
        "model": pair(0.4, 0.5),
        "leads": leads,
        "numerics": {"fit_error": 1e-3, "tail": 200.0},
    }
    given = {"system": "lattice", "parameters": {"eV": 1.0}, **tables}
    assert "time: about" in hpcneq.check({**given, "task": "steady"})
    run_table = {"t_max": 1.0, "output_every": 0.5}
    assert "time: about" in hpcneq.check({**given, "task": "evolve", "run": run_table})
    (state,) = run("steady", parameters={"eV": 1.0}, **tables).summary["states"]
    expected = contact_current(0.5, 0.4, 1.0, eta=1e-2, T=0.05) / np.pi
    for name, sign in (("left", 1), ("right", -1)):
        assert abs(state["current"][name] - sign * expected) < state["current_error"][name] + 2e-6
        assert state["current_error"][name] < 1e-3


def test_a_period_with_an_interaction():
    """A level between superconductors, one of them alone damping it well: charge is conserved and
    the mean field is that of the state."""
    lead = {"dynes": 1.0, "T": 0.5}
    leads = {"left": bcs(0, 0.5, bias=0.5, **lead), "right": bcs(0, 0.3, bias=-0.5, **lead)}
    numerics = {"fit_error": 0.1, "tail": 20.0, "periodic_steps": 8}
    tables = {
        "model": {"cell": {**SITE, "size": [1]}},
        "leads": leads,
        "interaction": {"U": 1.0},
        "numerics": numerics,
    }
    given = {"system": "lattice", "task": "transport", "sweep": {"eV": [1.0, 2.0]}, **tables}
    assert "time: about" in hpcneq.check(given)
    result = run("steady", parameters={"eV": 2.0}, **tables)
    (state,) = result.summary["states"]
    assert state["residual"] < 1e-9 and state["delta_max"] > 1e-3
    current = state["current"]
    assert abs(current["left"] + current["right"]) < 2 * state["current_error"]["left"]
    assert state["stability"] == "not computed"
    assert any("states that repeat in time" in words for words in result.warnings)


# ---- states that repeat, with an interaction ----------------------------------------------------


def interacting(task, **tables):
    """A level with attraction between two superconductors that damp it well."""
    lead = {"dynes": 0.3, "T": 0.2}
    leads = {"left": bcs(0, 0.5, bias=0.5, **lead), "right": bcs(0, 0.3, bias=-0.5, **lead)}
    interaction = {"U": 1.0, "hartree": True}
    model = {"cell": {**SITE, "size": [1]}}
    return run(task, model=model, leads=leads, interaction=interaction, **tables)


@pytest.mark.nightly
def test_a_self_consistent_period():
    """The mean over the period of steady is what an evolution comes to."""
    numerics = {"fit_error": 0.03, "tail": 60.0}
    steady = interacting(
        "steady", parameters={"eV": 1.2}, numerics={**numerics, "periodic_steps": 16}
    )
    (state,) = steady.summary["states"]
    assert state["residual"] < 1e-9 and steady.summary["period"] == pytest.approx(np.pi / 1.2)
    later = interacting(
        "evolve",
        parameters={"eV": {"from": 0.0, "to": 1.2}},
        numerics={**numerics, "dt": 0.1, "error_estimate": False},
        run={"t_max": 30.0, "output_every": 0.1},
    )
    for lead in ("left", "right"):
        expected = later.summary["mean_current"][lead]
        assert state["current"][lead] == pytest.approx(expected, abs=1e-3)
    density = np.asarray(later.density)[-26:, 0].mean()
    assert np.asarray(steady.density)[0, 0] == pytest.approx(density, abs=1e-3)


@pytest.mark.nightly
def test_a_sweep_knows_periods():
    """Along the bias a state is stationary at 0 and has a period elsewhere."""
    numerics = {"fit_error": 0.03, "tail": 60.0, "periodic_steps": 16, "stability": False}
    result = interacting("steady", sweep={"eV": [0.0, 1.2]}, numerics={**numerics, "seeds": 0})
    assert result.summary["period"] == pytest.approx(np.pi / 1.2)
    current = np.asarray(result.current_of)[:, 0]
    assert abs(current[0].sum()) < 1e-9 and abs(current[1].sum()) < 1e-3
    assert abs(current[0, 0]) < 1e-9 < abs(current[1, 0])


def test_three_superconductors_need_a_common_period():
    """Potentials without a common measure: no state that repeats."""
    leads = {name: bcs(0, 0.5, V=V) for name, V in (("a", 0.0), ("b", 1.0), ("c", np.sqrt(2)))}
    with pytest.raises(hpcneq.InputError, match="no common period"):
        run("steady", model={"cell": {**SITE, "size": [1]}}, leads=leads)
