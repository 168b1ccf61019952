"""The JSON Schema of inputs: accepts every published input and refuses what a schema can refuse."""

from __future__ import annotations

import copy
import tomllib

import jsonschema
import pytest
from support.programs import HOME, INPUT, MAP

from hpcneq.config.json_schema import DRAFT, json_schema
from hpcneq.config.load import load
from hpcneq.errors import InputError
from hpcneq.systems import Catalogue

SCHEMA = json_schema(Catalogue())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
INPUTS = sorted((HOME / "inputs").rglob("*.toml"))
QUENCH, DIAGRAM = tomllib.loads(INPUT), tomllib.loads(MAP)
GONE = object()


def changed(tree, path, value):
    """A copy of a tree with one entry set, or taken away (GONE)."""
    tree = copy.deepcopy(tree)
    table = tree
    *tables, key = path.split(".")
    for name in tables:
        table = table.setdefault(name, {})
    table[key] = value
    if value is GONE:
        del table[key]
    return tree


# (input, path, value): one mistake each, of a kind a schema can say
WRONG = [
    (QUENCH, "system", GONE),
    (QUENCH, "system", "nsn"),
    (QUENCH, "system", 3),
    (QUENCH, "system", ["nsn-junction"]),
    (QUENCH, "system", "fermi-gas"),
    (QUENCH, "task", GONE),
    (QUENCH, "task", "evolv"),
    (QUENCH, "task", True),
    (QUENCH, "task", "phase-diagram"),
    (QUENCH, "parameter", {}),
    (QUENCH, "T", 0.1),
    (QUENCH, "parameters", 3),
    (QUENCH, "parameters", [1.0]),
    (QUENCH, "parameters.gama", 0.01),
    (QUENCH, "parameters.Lx", 9),
    (QUENCH, "parameters.T", -0.1),
    (QUENCH, "parameters.T", 1e9),
    (QUENCH, "parameters.T", "hot"),
    (QUENCH, "parameters.T", True),
    (QUENCH, "parameters.T", [0.1]),
    (QUENCH, "parameters.T", {"from": 0.1}),
    (QUENCH, "parameters.eV", True),
    (QUENCH, "parameters.eV", [0.1]),
    (QUENCH, "numerics.Lx", 0),
    (QUENCH, "numerics.Lx", 9.5),
    (QUENCH, "numerics.Lx", 10**6),
    (QUENCH, "numerics.Lx", "nine"),
    (QUENCH, "numerics.symmetry", "strip"),
    (QUENCH, "numerics.symmetry", 1),
    (QUENCH, "numerics.precision", "single"),
    (QUENCH, "numerics.error_estimate", 1),
    (QUENCH, "numerics.error_estimate", "yes"),
    (QUENCH, "numerics.pole_error", 1),
    (QUENCH, "numerics.corrector", -1),
    (QUENCH, "initial.state", "bec"),
    (QUENCH, "initial.wave_number", 0.5),
    (QUENCH, "leads.left", 0.1),
    (QUENCH, "leads.left.gamma", -0.1),
    (QUENCH, "leads.left.colour", "red"),
    (QUENCH, "leads.middle", {}),
    (QUENCH, "run", GONE),
    (QUENCH, "run.t_max", GONE),
    (QUENCH, "run.t_max", 0),
    (QUENCH, "run.seed", -1),
    (QUENCH, "run.seed", 1.5),
    (QUENCH, "run.checkpoint_minutes", "ten"),
    (QUENCH, "run.tmax", 3.0),
    (QUENCH, "sweep.T", [0.1]),
    (QUENCH, "petsc.steady", {"snes_rtol": 1e-9}),
    (QUENCH, "petsc.evolve_ts_type", ["rk"]),
    (DIAGRAM, "sweep.mu", [0.1]),
    (DIAGRAM, "sweep.h", [0.1]),  # a third key
    (DIAGRAM, "sweep.T", []),
    (DIAGRAM, "sweep.T", 0.1),
    (DIAGRAM, "sweep.T", ["hot"]),
    (DIAGRAM, "sweep.T", {"from": 0.1, "to": 0.2}),
    (DIAGRAM, "sweep.T", {"from": 0.1, "to": 0.2, "points": 0}),
    (DIAGRAM, "sweep.T", {"from": 0.1, "to": 0.2, "points": 2.5}),
    (DIAGRAM, "sweep.T", {"from": 0.1, "to": 0.2, "points": 3, "steps": 2}),
    (DIAGRAM, "sweep.eV", {"from": "a", "to": 0.2, "points": 3}),
]


def test_the_schema_is_one():
    assert SCHEMA["$schema"] == DRAFT
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert len(WRONG) >= 50


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_published_input_is_accepted(path):
    VALIDATOR.validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("tree", [QUENCH, DIAGRAM], ids=["evolution", "map"])
def test_the_inputs_that_are_made_wrong_below_are_right(tree):
    VALIDATOR.validate(tree)
    load(tree, Catalogue())


@pytest.mark.parametrize(
    "tree, path, value", WRONG, ids=[f"{path} {str(value)[:20]}" for _, path, value in WRONG]
)
def test_a_wrong_input_is_refused_by_the_schema_as_by_check(tree, path, value):
    wrong = changed(tree, path, value)
    assert not VALIDATOR.is_valid(wrong)
    with pytest.raises(InputError):
        load(wrong, Catalogue())
