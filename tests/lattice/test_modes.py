"""Modes of stationary states: determinant, Jacobian and evolution agree."""

from __future__ import annotations

import numpy as np
import pytest
from support.lattices import HOP, chain, wide

import hpcneq
from hpcneq.errors import InputError

ENDS = {
    "left": {"kind": "wide", "sites": {"x": "min"}, "gamma": 0.5, "T": 0.05, "bias": 0.5},
    "right": {"kind": "wide", "sites": {"x": "max"}, "gamma": 0.5, "T": 0.05, "bias": -0.5},
}


def run(task="modes", **tables):
    """The result of a run in this process; two sites at eV = .6 unless said otherwise."""
    tree = {"parameters": {"eV": 0.6}, "model": chain(2), "interaction": {"U": 3.0}, "leads": ENDS}
    return hpcneq.run({"system": "lattice", "task": task, **tree, **tables})


NORMAL = {"state": "normal"}


@pytest.fixture(scope="module")
def normal():
    return run(initial=NORMAL)


def test_three_routes_to_the_growth_rate(normal):
    """The determinant's root, the Jacobian's eigenvalue of ``steady``, and the slope of an
    evolution from the normal state with noise of 1e-6: 1e-4: the step's error is 2e-5.
    """
    growth = normal.summary["growth_rate"]
    (state,) = run("steady", initial=NORMAL).summary["states"]
    assert growth == pytest.approx(state["growth_rate"], abs=1e-9)
    evolved = run(
        "evolve",
        initial={**NORMAL, "noise": 1e-6},
        numerics={"error_estimate": False, "dt": 0.1},
        run={"t_max": 24.0, "output_every": 8.0},
    )
    size = np.abs(np.asarray(evolved.delta)).max(axis=1)
    assert size[-1] < 0.05
    assert np.log(size[-1] / size[-2]) / 8 == pytest.approx(growth, abs=1e-4)


@pytest.mark.nightly
def test_modes_of_six_sites():
    """Growth .651480 of a separate program. D and D^* of the normal state do not mix: roots z and
    -z^*, each counted once for either.
    """
    result = run(model=chain(6), initial=NORMAL)
    assert result.summary["growth_rate"] == pytest.approx(0.651480, abs=1e-6)
    rate, frequency = np.asarray(result.growth_rate)[0], np.asarray(result.frequency)[0]
    assert list(np.asarray(result.multiplicity)[0]) == [2, 2, 2]
    assert result.summary["growing_modes"] == 2
    assert result.summary["stability"] == "unstable" and result.summary["counted"]
    np.testing.assert_allclose(sorted(frequency), [-0.980664, 0, 0.980664], atol=2e-5)
    assert rate.min() > np.asarray(result.lowest)[0]
    mode = np.linalg.norm(np.asarray(result.delta_mode)[0, 0], axis=0)
    np.testing.assert_allclose(mode, mode[::-1], atol=1e-6)


@pytest.mark.nightly
def test_krylov_finds_the_counted_modes(normal):
    """Inverse iterations on the Jacobian settle on the determinant's roots, to 1e-9."""
    numerics = {"method": "krylov", "count": 2}
    other = run(initial=NORMAL, numerics=numerics)
    rates = np.asarray(other.growth_rate)[0]
    wanted = np.asarray(normal.growth_rate)[0]
    for k, rate in enumerate(rates):
        z = np.asarray(other.frequency)[0, k] + 1j * rate
        known = np.asarray(normal.frequency)[0] + 1j * wanted
        assert np.abs(known - z).min() < 1e-9
    assert len(rates) and other.summary["counted"] is False


def test_spin_orbit_coupling_has_the_modes_of_fermions():
    """Form 4n: the slowest mode of `steady`'s propagator and those of Krylov's method are the
    determinant's. Once they had others, of pairings even under exchange, which no electrons have.
    """
    spins = [[-1.0, [0.25, 0.0]], [[-0.25, 0.0], -1.0]]
    model = chain(2, spin="full") | {"hop": [{**HOP, "value": spins}]}
    few = {"seeds": 0, "fit_error": 1e-2}
    tables = {"model": model, "parameters": {"eV": 0.4}}
    counted = run(**tables, numerics={**few, "method": "det"})
    z = np.asarray(counted.frequency)[0] + 1j * np.asarray(counted.growth_rate)[0]
    state = run("steady", **tables, numerics=few).summary["states"][0]
    assert state["growth_rate"] == pytest.approx(counted.summary["growth_rate"], abs=1e-8)
    other = run(**tables, numerics={**few, "method": "krylov", "count": 2})
    for k, rate in enumerate(np.asarray(other.growth_rate)[0]):
        assert np.abs(z - np.asarray(other.frequency)[0, k] - 1j * rate).min() < 1e-8


def test_the_phase_is_the_only_neutral_mode():
    """Below the lead's temperature the phase turns freely; a weak superconducting lead holds it."""
    site = {"model": chain(1), "interaction": {"U": 3.0}, "parameters": {"eV": 0.0}}
    metal = {"kind": "wide", "sites": [0], "gamma": 0.2, "T": 0.1}
    free = run(**site, leads={"a": metal})
    assert list(np.asarray(free.phase_mode)[0][:1]) == [True]
    assert abs(np.asarray(free.growth_rate)[0, 0]) < 1e-9
    assert free.summary["stability"] == "stable"
    pair = {"kind": "bcs", "sites": [0], "gamma": 0.05, "delta": 1.0, "dynes": 0.1, "T": 0.1}
    held = run(**site, leads={"a": metal, "b": pair}, numerics={"fit_error": 1e-3})
    rates = np.asarray(held.growth_rate)[0]
    assert not np.any(np.asarray(held.phase_mode)) and np.nanmax(rates, initial=-1.0) < -1e-3


@pytest.mark.nightly
def test_forms_agree():
    """Without spin-orbit coupling the form 4n has the modes of 2n, as often."""
    tables = {"model": chain(2), "initial": NORMAL, "interaction": {"U": 3.0, "hartree": True}}
    tables["numerics"] = {"window": 60.0}
    two = run(**tables)
    four = run(**{**tables, "model": chain(2, spin="full")})
    assert four.summary["form"] == "4n"
    for name, tolerance in (("growth_rate", 1e-9), ("frequency", 1e-9), ("multiplicity", 0)):
        one, other = (np.sort(np.asarray(result[name])[0]) for result in (two, four))
        np.testing.assert_allclose(other, one, atol=tolerance, rtol=0)


@pytest.mark.nightly
def test_states_are_followed_along_the_bias():
    """The state at each bias continues the one before; every table has a row a bias."""
    tables = {"model": chain(2), "sweep": {"eV": [0.0, 0.4]}, "parameters": {}}
    result = run(**tables)
    assert np.asarray(result.growth_rate).shape[0] == 2
    single = run(**{**tables, "sweep": {}, "parameters": {"eV": 0.4}})
    assert np.asarray(result.delta_max_of)[1] == pytest.approx(
        single.summary["delta_max"], abs=1e-5
    )


def test_a_condensate_begins_where_a_mode_begins_to_grow():
    """A level in a metal: pairs for U > 1 / (T sum_n (|w_n| + gamma)^-2), to what the fit leaves;
    beyond it the normal state has a growing mode and the condensate is stable.
    """
    T, gamma = 0.2, 0.4
    w = np.pi * T * (2 * np.arange(200000) + 1) + gamma
    critical = 1 / (2 * T * np.sum(w**-2) + 1 / (np.pi * w[-1]))
    lead = {"a": {"kind": "wide", "sites": [0], "gamma": gamma, "T": T}}
    tables = {"model": chain(1), "leads": lead, "initial": NORMAL, "parameters": {}}
    result = run(**tables, sweep={"U": [1.6, 2.0]}, numerics={"branches": 3})
    (event,) = result.summary["bifurcations"]
    assert event["kind"] == "pairing" and event["at"] == pytest.approx(critical, abs=3e-5)
    assert abs(event["at"] - critical) < event["error"] < 3e-3
    assert list(np.asarray(result.branch_begins)) == ["normal", "pairing"]
    normal, paired = np.asarray(result.branch_growth_rate)[:, 1]
    growing = np.asarray(result.branch_growing)
    assert normal > 0.05 and growing[0, 1] > 0 and not paired > -0.05
    # what was not found has no number, but a count
    lowest = np.asarray(result.branch_lowest)
    assert growing[1, 1] == 0 and growing[1, 0] == -1 and np.isnan(lowest[1, 0])
    assert np.isfinite(paired) == bool(paired > lowest[1, 1]) and lowest[1, 1] < 0
    assert np.isnan(np.asarray(result.branch_delta_max)[1, 0])
    steady = run("steady", **{**tables, "parameters": {}, "interaction": {"U": 2.0}, "initial": {}})
    known = steady.summary["states"][0]["delta_max"]
    assert np.asarray(result.branch_delta_max)[1, 1] == pytest.approx(known, abs=1e-5)


@pytest.mark.nightly
def test_a_condensate_begins_at_its_temperature():
    """The same along T: U T sum_n (|w_n| + gamma)^-2 = 1 where the state becomes unstable."""

    def excess(T):
        w = np.pi * T * (2 * np.arange(200000) + 1) + 0.4
        return 2.0 * (2 * T * np.sum(w**-2) + 1 / (np.pi * w[-1])) - 1

    low, high = 0.1, 0.4
    for _ in range(40):
        T = 0.5 * (low + high)
        low, high = (T, high) if excess(T) > 0 else (low, T)
    lead = {"a": {"kind": "wide", "sites": [0], "gamma": 0.4, "T": 0.1}}
    tables = {"model": chain(1), "leads": lead, "interaction": {"U": 2.0}, "parameters": {}}
    sweep = {"T": [low - 0.1, low - 0.05, low + 0.05]}
    result = run(**tables, sweep=sweep, numerics={"branches": 3, "seeds": 0})
    (event,) = result.summary["bifurcations"]
    assert event["kind"] == "pairing" and event["at"] == pytest.approx(low, abs=3e-5)
    assert list(np.isfinite(np.asarray(result.branch_delta_max)[1])) == [True, True, False]


@pytest.mark.nightly
def test_branches_round_a_fold():
    """A level between metals: the condensate folds back as the bias grows; the branch beyond the
    fold grows, and ends where the normal state becomes stable.
    """
    metal = {"kind": "wide", "sites": [0], "gamma": 0.1, "T": 0.05}
    leads = {"a": {**metal, "bias": 0.5}, "b": {**metal, "bias": -0.5}}
    result = run(
        model=chain(1),
        leads=leads,
        interaction={"U": 2.0},
        sweep={"eV": [0.4, 0.6, 0.8, 1.0]},
        numerics={"branches": 4, "seeds": 0},
    )
    kinds = {event["kind"]: event for event in result.summary["bifurcations"]}
    assert sorted(kinds) == ["fold", "pairing"]
    assert 0.6 < kinds["pairing"]["at"] < 0.8 < kinds["fold"]["at"] < 1.0
    assert list(np.asarray(result.branch_begins)) == ["normal", "start", "fold"]
    finer = run(
        model=chain(1),
        leads=leads,
        interaction={"U": 2.0},
        sweep={"eV": [0.8, 1.0]},
        numerics={"branches": 2, "seeds": 0, "fit_error": 1e-6},
    )
    (fold,) = (event for event in finer.summary["bifurcations"] if event["kind"] == "fold")
    assert abs(fold["at"] - kinds["fold"]["at"]) < kinds["fold"]["error"] < 1e-3
    rates = np.asarray(result.branch_growth_rate)[:, 2]
    growing = np.asarray(result.branch_growing)[:, 2]
    assert not rates[0] > 0 and not rates[1] > 0 and rates[2] > 0
    assert list(growing[:2]) == [0, 0] and growing[2] > 0


@pytest.mark.parametrize("swept", [{"gamma": 0.3}, {"T": 0.15}, {"level": 0.2}, {"h": 0.1}])
@pytest.mark.nightly
def test_parameters_change_model_and_leads(swept):
    """A swept number is what stands in the input instead."""
    ((key, value),) = swept.items()
    metal = {"kind": "wide", "sites": [0], "gamma": 0.2, "T": 0.1}
    tables = {"model": chain(1), "initial": NORMAL, "leads": {"a": metal}, "parameters": {}}
    start = {"gamma": 0.2, "T": 0.1}.get(key, 0.0)
    result = run(**tables, sweep={key: [start, value]})
    spins = [[value, 0.0], [0.0, {"level": value, "h": -value}.get(key, 0.0)]]
    other = {**tables, "leads": {"a": {**metal, **(swept if key in metal else {})}}}
    if key not in metal:
        other["model"] = chain(1, onsite=[{"on": "s", "value": spins}])
    single = run(**other)
    rate = np.asarray(result.growth_rate)[1, 0]
    assert rate == pytest.approx(single.summary["growth_rate"], abs=1e-5)


def test_what_modes_cannot_do():
    pair = {"kind": "bcs", "sites": [0], "gamma": 0.5, "delta": 1.0, "T": 0.1}
    leads = {"a": {**pair, "bias": 0.5}, "b": {**pair, "bias": -0.5}}
    with pytest.raises(InputError, match="periodic"):
        run(model=chain(1), interaction={}, leads=leads)
    with pytest.raises(InputError, match="along one key"):
        run(sweep={"eV": [0.0, 0.1], "U": [2.0, 3.0]})
    with pytest.raises(InputError, match="branches"):
        run(numerics={"branches": 2})
    with pytest.raises(InputError, match="V: no bond"):
        run(sweep={"V": [1.0, 2.0]})
    with pytest.raises(InputError, match="frequencies"):
        run(numerics={"method": "det", "frequencies": [1.0]})


@pytest.mark.parallel
def test_ranks_agree_on_modes(comm):
    """A site whose normal state is unstable: tanh-like susceptibility, one pair of modes."""
    tables = {"model": chain(1), "initial": NORMAL, "numerics": {"fit_error": 1e-3}}
    lead = {"a": {"kind": "wide", "sites": [0], "gamma": 0.2, "T": 0.1}}
    result = run(**tables, leads=lead, parameters={"eV": 0.0})
    assert result.summary["growth_rate"] == pytest.approx(GROWTH, abs=1e-10)
    assert result.summary["growing_modes"] == 2


GROWTH = 0.44511487252983045  # of one rank


@pytest.mark.nightly
def test_a_damped_oscillation_rings_as_in_an_evolution():
    """Ring of four with pairs: the phases of opposite sites swing against each other with the
    frequency and damping of a mode; 2e-3 is what faster modes leave of the fit.
    """
    cell = {
        "vectors": [[1.0]],
        "orbitals": [{"name": "s", "at": [0.0]}],
        "size": [4],
        "periodic": [True],
    }
    bath = {"kind": "wide", "sites": [0, 1, 2, 3], "gamma": 0.1, "T": 0.05}
    tables = {"model": {"cell": cell, "hop": [HOP]}, "leads": {"a": bath}}
    tables |= {"parameters": {"eV": 0.0}}
    modes = run(**tables, numerics={"depth": 0.8, "seeds": 0, "fit_error": 1e-6})
    z = np.asarray(modes.frequency)[0] + 1j * np.asarray(modes.growth_rate)[0]
    evolved = run(
        "evolve",
        **tables,
        initial={"noise": 1e-3},
        numerics={"error_estimate": False, "dt": 0.1, "seeds": 0},
        run={"t_max": 24.0, "output_every": 0.4},
    )
    t, delta = np.asarray(evolved.t), np.asarray(evolved.delta)
    swing = np.angle(delta[:, 0] / delta[:, 2])[t > 8]
    before = np.stack([swing[1:-1], swing[:-2]], axis=1)
    one, two = np.linalg.lstsq(before, swing[2:], rcond=None)[0]
    ringing = 1j * np.log(np.roots([1, -one, -two]) + 0j) / 0.4
    for root in ringing:
        assert np.abs(z - root).min() < 2e-3


@pytest.mark.nightly
def test_a_condensate_becomes_uneven_at_a_pitchfork():
    """Two sites, their pairings opposite: below a bias the sites pair unequally. There the growth
    rate of `steady`'s own route, the slowest mode of the propagator, changes its sign; and the
    branch that leaves is the state that a seed of unequal pairing leads to.

    Mutation: the root next to zero may be the phase's, which never grows: .734.
    """
    both = [0, 1]
    leads = {"a": wide(both, 0.5, 0.1, 0.05), "b": wide(both, -0.5, 0.1, 0.05)}
    hop = [{**HOP, "value": -0.4}]
    tables = {"model": chain(2) | {"hop": hop}, "interaction": {"U": 2.0}, "leads": leads}
    tables["parameters"] = {}
    few = {"seeds": 0, "fit_error": 1e-4}
    opposite = {"state": "seed", "delta": [0.4, -0.4]}
    result = run(
        **tables,
        initial=opposite,
        sweep={"eV": [0.8, 0.7]},
        numerics={**few, "branches": 4},
    )
    (event,) = (e for e in result.summary["bifurcations"] if e["kind"] == "pitchfork")
    assert event["frequency"] < 1e-6
    assert not [e for e in result.summary["bifurcations"] if e["kind"] == "fold"]
    row = list(np.asarray(result.branch_begins)).index("pitchfork")
    uneven = np.asarray(result.branch_delta_max)[row, 1]

    def steady(eV, delta):
        seed = {"state": "seed", "delta": delta}
        at = {**tables, "parameters": {"eV": eV}, "initial": seed}
        states = run("steady", **at, numerics=few).summary["states"]
        return max(states, key=lambda state: state["delta_max"])

    assert steady(0.7, [0.48, -0.3])["delta_max"] == pytest.approx(uneven, abs=1e-4)
    rates = [steady(event["at"] + shift, [0.4, -0.4])["growth_rate"] for shift in (-2e-3, 2e-3)]
    assert rates[1] < 0 < rates[0] < 1e-3


@pytest.mark.nightly
def test_a_condensate_begins_to_swing():
    """Two sites, each on a metal of its own: where the bias falls below 2.1, a pair of modes grows
    with a frequency. By the determinant, and by `steady`'s slowest mode of the propagator on both
    sides; no branch of stationary states begins there.
    """
    leads = {"a": wide([0], 0.5, 0.3, 0.05), "b": wide([1], -0.5, 0.3, 0.05)}
    few = {"seeds": 0, "fit_error": 1e-4}
    tables = {"model": chain(2), "leads": leads, "parameters": {}}
    result = run(**tables, sweep={"eV": [2.2, 2.0]}, numerics={**few, "branches": 2})
    (event,) = (e for e in result.summary["bifurcations"] if e["kind"] == "oscillation")
    assert event["at"] == pytest.approx(2.116, abs=event["error"]) and event["error"] < 0.1
    assert list(np.asarray(result.branch_begins)) == ["normal", "start"]
    rates = []
    for shift in (-0.03, 0.03):
        at = {**tables, "parameters": {"eV": event["at"] + shift}}
        states = run("steady", **at, numerics=few).summary["states"]
        state = max(states, key=lambda state: state["delta_max"])
        assert state["delta_max"] == pytest.approx(event["delta_max"], abs=2e-3)
        assert state["frequency"] == pytest.approx(event["frequency"], abs=0.02)
        rates.append(state["growth_rate"])
    assert -0.01 < rates[1] < 0 < rates[0] < 0.01
