"""Edges of an input: leads away from zero, mean fields that cut levels off, symmetric currents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.lattices import chain

import hpcneq
from hpcneq import driver
from hpcneq.config.load import load
from hpcneq.errors import InputError, NotConverged
from hpcneq.maths import lead_fits
from hpcneq.systems.lattice.shared import periodic_states, setup
from hpcneq.systems.lattice.shared.lead_input import common_period

HOP = {"from": "s", "to": "s", "shift": [1], "value": -1.0}
CELL = {"vectors": [[1.0]], "orbitals": [{"name": "s", "at": [0.0]}], "size": [3]}

INPUTS = Path(hpcneq.__path__[0]).parent / "inputs" / "lattice"
SHIPPED = sorted(path.stem for path in INPUTS.glob("*.toml") if path.stem != "kwant")


def lead(end, bias, **more):
    """A wide lead at one end."""
    return {"kind": "wide", "sites": {"x": end}, "gamma": 0.5, "T": 0.05, "bias": bias} | more


NUMERICS = {
    "steady": {"seeds": 0, "fit_error": 1e-3, "stability": False},
    "evolve": {"dt": 0.2, "fit_error": 1e-3},
}


def given(task, U=3.0, eV=0.3, t_max=0.4, **left):
    """An input of three sites between two leads; left : further keys of that lead."""
    tree = {
        "system": "lattice",
        "task": task,
        "model": {"cell": CELL, "hop": [HOP]},
        "interaction": {"U": U},
        "leads": {"left": lead("min", 0.5, **left), "right": lead("max", -0.5)},
        "parameters": {"eV": eV},
        "numerics": dict(NUMERICS[task]),
    }
    return tree | ({"run": {"t_max": t_max}} if task == "evolve" else {})


@pytest.mark.parametrize("key", ["mu", "V"])
def test_a_condensate_is_sought_at_the_mean_potential_of_its_leads(key):
    """|D| = .80207, which the normal state with noise grows to by t = 60."""
    states = hpcneq.run(given("steady", **{key: 1.0})).summary["states"]
    assert [state["seed"] for state in states] == ["uniform", "normal"]
    assert states[0]["delta_max"] == pytest.approx(0.80207, abs=3e-4)
    assert states[0]["mu_c"] == pytest.approx(0.44786, abs=3e-4)


def test_a_mean_field_that_cuts_levels_off_is_a_lost_seed():
    """Not bad input: the model's own levels are damped. A start from the normal state says so."""
    tree = given("evolve", U=1e6)
    tree["numerics"]["error_estimate"] = False
    evolved = hpcneq.run(tree)
    assert evolved.status == "complete"
    assert evolved.warnings[0] == "no state from the seeds uniform"


@pytest.mark.parametrize(
    "task, tables",
    [
        ("conductivity", {"numerics": {"fit_error": 1e-2, "points": 2}}),
        (
            "tunnelling",
            {
                "numerics": {"fit_error": 1e-2, "points": 3, "dt": 0.25, "error_estimate": False},
                "probe": {"width": 0.5},
            },
        ),
    ],
)
def test_a_lost_seed_is_told_by_tasks_that_look_at_one_state(task, tables):
    """Another seed may lead to a state with more pairs, which these tasks would look at."""
    result = hpcneq.run(given("steady", U=1e6) | {"task": task} | tables)
    assert result.status == "complete"
    assert "no state from the seeds uniform" in result.warnings


@pytest.mark.parametrize("task", ["steady", "evolve"])
def test_levels_of_the_model_that_no_lead_damps_are_bad_input_of_check_and_run(tmp_path, task):
    """Sites shifted by up to 5e5; the result that was begun is not one to go on with."""
    tree = given(task) | {"disorder": {"onsite": 1e6}}
    with pytest.raises(InputError, match="sites 1 are not damped"):
        hpcneq.check(tree)
    path = tmp_path / "out.h5"
    with pytest.raises(InputError, match="sites 1 are not damped"):
        hpcneq.run(tree, output=path)
    if path.exists():
        with hpcneq.open(path) as result:
            assert result.status == "not-converged" and "not damped" in result.warnings[-1]


def test_the_largest_of_equal_currents_keeps_its_sign_in_the_error():
    """Mirrored leads: left and right are equally large. Fails if the two runs name another."""
    result = hpcneq.run(given("evolve", eV={"from": 0.0, "to": 1.0}))
    largest, error = result.summary["current_largest"], result.errors["current_largest"]
    assert largest == result.current[-1, 0] and error < 0.02 * abs(largest)


def test_a_number_and_a_drive_have_one_limit():
    for eV in (2e3, {"to": 2e3}):
        load(given("evolve", eV=eV) | {"numerics": {"dt": 1e-3}}, driver.catalogue())
    for eV in (2e6, {"to": 2e6}):
        with pytest.raises(InputError, match="eV.*1e\\+06"):
            load(given("evolve", eV=eV), driver.catalogue())


# ---- superconductors at different bias -----------------------------------------------------------


def josephson(task, shares=(1.0, 0.0), **tables):
    """Two sites between superconductors at these shares of the bias."""
    cell = {**CELL, "size": [2]}
    kind = {"kind": "bcs", "gamma": 0.5, "delta": 1.0, "dynes": 0.1, "T": 0.05}
    leads = {f"l{k}": {**kind, "sites": [k % 2], "bias": share} for k, share in enumerate(shares)}
    numerics = {"fit_error": 1e-2, "periodic_steps": 40}
    if task == "evolve":
        numerics, tables["run"] = {"dt": 0.1, "fit_error": 1e-2}, {"t_max": 1.0}
    model = {"cell": cell, "hop": [HOP]}
    tree = {"system": "lattice", "task": task, "model": model, "leads": leads}
    return tree | {"numerics": numerics, **tables}


def test_periodic_states_of_a_curve_and_a_period_that_is_not_resolved(tmp_path):
    """steady has the means that transport has, not a stationary state of leads that turn.

    What the steps do not resolve is a lost point: once undamped states on no sites, and a traceback
    beside points that there are.
    """
    currents = []
    for task, name in (("transport", "current"), ("steady", "current_of")):
        path = tmp_path / f"{task}.h5"
        with pytest.raises(NotConverged, match="eV = 1e-06.* use more .numerics. periodic_steps"):
            hpcneq.run(josephson(task, sweep={"eV": [1.0, 1e-6]}), output=path)
        current = hpcneq.open(path)[name][:].reshape(2, 2)
        assert np.isfinite(current[0]).all() and np.isnan(current[1]).all()
        currents.append(current[0])
    assert currents[0].tolist() == currents[1].tolist() and currents[0][0] > 0.1


@pytest.mark.parametrize("task, told", [("evolve", False), ("steady", True)])
def test_only_keys_that_a_task_has_are_told(task, told, monkeypatch):
    """An evolution chooses the steps of the period before t = 0; it was told to give more."""

    def unresolved(*given):
        raise periodic_states.Unresolved("80 steps do not resolve the period 3")

    monkeypatch.setattr(periodic_states, "periodic", unresolved)
    with pytest.raises(NotConverged, match="80 steps do not resolve") as caught:
        hpcneq.run(josephson(task, parameters={"eV": 1.0}))
    assert ("periodic_steps" in str(caught.value)) is told


def test_potentials_without_a_common_period_are_refused():
    """Such a state is neither stationary nor periodic."""
    assert common_period([0.5, 0.5]) is None
    assert common_period([0.0, 2.0, 3.0]) == pytest.approx(np.pi)
    for task, tables in (
        ("steady", {"parameters": {"eV": 1.0}}),
        ("transport", {"sweep": {"eV": [0.5]}}),
        ("evolve", {"parameters": {"eV": 1.0}}),
    ):
        with pytest.raises(InputError, match="have no common period"):
            load(josephson(task, (0.0, 1.0, 2**0.5), **tables), driver.catalogue())


def test_an_evolution_does_not_begin_from_a_period_without_end():
    """The period before t = 0 would take 3e7 steps."""
    with pytest.raises(NotConverged, match="the period 3.14159e\\+06 .*too small"):
        hpcneq.run(josephson("evolve", parameters={"eV": 1e-6}))


def test_check_refuses_what_an_evolution_would():
    tree = given("evolve")
    tree["numerics"]["uniform"] = "yes"
    with pytest.raises(InputError, match='uniform = "yes"'):
        load(tree, driver.catalogue())


def test_a_lead_called_as_that_of_the_damping_is_refused():
    """Leads have different names: each has a bias of its own."""
    tree = given("steady")
    tree["leads"]["damping"] = tree["leads"].pop("right")
    load(tree, driver.catalogue())
    tree["numerics"]["damping"] = 1e-3
    with pytest.raises(InputError, match="is the name of the lead that .numerics. damping adds"):
        load(tree, driver.catalogue())


def test_a_lead_that_cannot_be_fitted_is_told_in_the_words_of_the_input(monkeypatch):
    def fails(lead, fitting):
        raise InputError("[numerics] pole_error = 1e-05: not reached; try another pole_window")

    monkeypatch.setattr(setup, "fit_of", fails)
    with pytest.raises(InputError, match="fit_error = 1e-05: .* another window; lead left"):
        setup.setup_of(load(given("steady"), driver.catalogue())).fits()


def test_a_curve_goes_along_one_key():
    """Two keys are bad input, not an error of unpacking."""
    source = {
        "system": "lattice",
        "task": "transport",
        "model": {"cell": {"vectors": [[1.0]], "orbitals": [{"name": "s", "at": [0.0]}]}},
        "leads": {"a": {"kind": "wide", "sites": [0], "gamma": 0.5}},
        "sweep": {"eV": [0.1, 0.2], "phase": [0.0, 0.1]},
    }
    source["model"]["cell"] |= {"size": [1], "periodic": [False]}
    with pytest.raises(InputError, match=r"\[sweep\].*one key, got eV, phase"):
        hpcneq.run(source)


def test_a_wide_lead_is_fitted_as_asked_where_ten_times_as_well_is_out_of_reach(monkeypatch):
    """As for a width of 2000 at T = 1e-3, which was refused with an error that nobody asked for."""
    fit = lead_fits.wide_fit

    def coarse(T, mu, window, error):
        if error < 1e-5:
            raise InputError("not reached")
        return fit(T, mu, window, error)

    monkeypatch.setattr(lead_fits, "wide_fit", coarse)
    lead = {"sites": [0], "gamma": 0.5, "T": 0.1}
    tables = {"model": chain(1), "leads": {"normal": lead}}
    result = hpcneq.run({"system": "lattice", "task": "steady", **tables})
    assert 1e-7 < result.summary["fit_error"]["normal"] < 1e-5
    assert np.asarray(result.density)[0, 0] == pytest.approx(1.0, abs=1e-5)


@pytest.mark.nightly
def test_errors_of_fits_are_bounds_where_a_looser_fit_agrees_by_accident():
    """Two sites between unlike superconductors: a fit to 1e-2 changed the pairing by a fifth of
    what one to 1e-3 is off."""
    wide = {"gamma": 0.23072318, "delta": 0.35403964, "dynes": 0.083118686, "T": 0.1646399}
    sharp = {"gamma": 0.55520359, "delta": 0.98936243, "dynes": 0.0085005085, "T": 0.010091277}
    leads = {
        "left": {"kind": "bcs", "sites": [0], "phase": 0.61379169, **wide},
        "right": {"kind": "bcs", "sites": [1], "phase": 0.81366112, **sharp},
    }
    model = chain(2, onsite=[{"on": "s", "value": -0.25055523}])
    tables = {"model": model, "leads": leads, "interaction": {"U": 2.6574201}}
    rough, fine = (
        hpcneq.run(
            {
                "system": "lattice",
                "task": "steady",
                **tables,
                "numerics": {"seeds": 0, "stability": False, "fit_error": error},
            }
        ).summary["states"][0]
        for error in (1e-3, 1e-5)
    )
    miss = abs(rough["delta_max"] - fine["delta_max"])
    assert 1e-5 < miss < rough["delta_max_error"] + fine["delta_max_error"]
    assert rough["delta_max_error"] < 20 * miss


def test_the_cost_of_a_closed_system_is_told():
    """Its start is an equilibrium: check sought one between leads that it has not."""
    given = {"system": "lattice", "task": "evolve", "model": chain(6, periodic=True)}
    given |= {"interaction": {"U": {"from": 2.0, "to": 3.0}}, "initial": {"T": 0.05}}
    assert "time: about" in hpcneq.check({**given, "run": {"t_max": 1.0}})


@pytest.mark.nightly
@pytest.mark.parametrize("name", SHIPPED)
def test_check_tells_the_cost_of_every_input(name):
    """Of those that are shipped, but that which needs Kwant."""
    assert "time: about" in hpcneq.check(INPUTS / f"{name}.toml")
