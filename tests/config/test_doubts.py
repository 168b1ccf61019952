"""Warnings a physicist would give of an input that is valid."""

from __future__ import annotations

import json

import pytest
from support.examples import example_input
from support.programs import FOUR_STEPS, INPUT, here

import hpcneq
from hpcneq import systems
from hpcneq.config.load import load, loads
from hpcneq.systems import Catalogue
from hpcneq.tasks.doubts import doubts_of


def doubts(text, *changes):
    """The sentences on an input of the junction."""
    checked = loads(text, Catalogue(), changes)
    return doubts_of(checked, systems.get(checked.system).tasks[checked.task])


LARGE = INPUT.replace("Lx = 9\nLy = 3", "Lx = 41\nLy = 11")


@pytest.mark.parametrize(
    "change, words",
    [
        ("parameters.T=4.2", "kelvin, give 0.000362 eV over t_par in eV"),
        ("parameters.T=1.5", "kelvin"),
        ("numerics.dt=0.9", "dt = 0.9: levels reach 4.6 t_par"),
        ("numerics.pole_window=0.5", "pole_window = 0.5: is below the bias, which reaches 0.6"),
        ("parameters.gamma=1e-3 parameters.T=1e-3", "below the mean level spacing 0.018"),
        ("initial.state=fflo parameters.eV=0 initial.wave_number=12", "a period has 3.4 of the 41"),
        ("initial.state=fflo parameters.eV=0 parameters.h=0.05", "Lx >= 126 holds one period"),
    ],
)
def test_each_doubt_is_raised_by_its_cause_alone(change, words):
    assert doubts(LARGE) == []
    (line,) = doubts(LARGE, *change.split())
    assert words in line and line.startswith("[") and "\n" not in line


def test_leads_with_names_of_the_users_own_are_looked_at_too():
    """Their tables stand in a table; with the user's unit only well-known kelvin count."""
    source = example_input("lattice", "evolve")
    name = next(iter(source["leads"]))
    for T, count in ((4.2, 1), (1.5, 0)):
        tables = {**source["leads"], name: {**source["leads"][name], "T": T}}
        checked = load({**source, "leads": tables}, Catalogue())
        lines = doubts_of(checked, systems.get("lattice").tasks["evolve"])
        assert len(lines) == count and all(f"[leads.{name}] T = 4.2" in line for line in lines)


def of_chain(**tables):
    """The sentences on an evolution of a chain of twelve sites between two leads."""
    source = example_input("lattice", "evolve")
    leads = {
        name: {**lead, "gamma": 3.0, **tables.get("leads", {})}
        for name, lead in source["leads"].items()
    }
    cell = {**source["model"]["cell"], "size": [12]}
    changed = {**source, "leads": leads, "model": {**source["model"], "cell": cell}}
    changed["numerics"] = {**source.get("numerics", {}), **tables.get("numerics", {})}
    changed |= {name: tables[name] for name in ("interaction",) if name in tables}
    checked = load(changed, Catalogue())
    return doubts_of(checked, systems.get("lattice").tasks["evolve"])


@pytest.mark.parametrize(
    "tables, words",
    [
        ({"numerics": {"dt": 1.5}}, "dt = 1.5: levels and bias reach 3, "),
        ({"leads": {"gamma": 0.5}}, "T = 0.1, mean width 0.17: both are below the mean level"),
    ],
)
def test_steps_and_levels_of_a_lattice_of_the_users_own(tables, words):
    """Levels of the chain reach 2, the bias 1; 12 sites have a level every 0.39.

    A lattice without attraction, such as a dot, may have few levels. Fails if either is counted.
    """
    assert of_chain() == [] and of_chain(leads={"gamma": 0.5}, interaction={}) == []
    (line,) = of_chain(**tables)
    assert words in line and line.startswith("[") and "\n" not in line


@pytest.mark.parametrize("system", systems.built_in())
def test_no_example_is_doubted_but_for_its_size(system):
    for name, task in systems.get(system).tasks.items():
        checked = load(example_input(system, name), Catalogue())
        assert [w for w in doubts_of(checked, task) if "level spacing" not in w] == []


def test_check_run_and_show_say_them(tmp_path):
    """A small lattice: printed before the run, kept in the result; the exit code stays 0."""
    (tmp_path / "in.toml").write_text(FOUR_STEPS)
    code, said = here("check", "in.toml", "--no-cost", folder=tmp_path)
    assert code == 0 and "  warning: [parameters] T = 0.1, 2 gamma = 0.02" in said
    code, said = here("run", "in.toml", folder=tmp_path)
    assert code == 0 and "warning: [parameters] T = 0.1" in said
    result = hpcneq.open(tmp_path / "in.h5")
    assert result.warnings == [] or "level spacing" not in str(result.warnings)
    assert len(result.doubts) == 1 and json.loads(result.attrs["doubts"]) == result.doubts
    assert "level spacing" in here("show", "in.h5", folder=tmp_path)[1]
