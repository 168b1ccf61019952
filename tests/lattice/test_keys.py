"""Every key of the input does something; results have the names that a user is promised."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from support.examples import example_input, example_result
from support.lattices import wide

import hpcneq
from hpcneq import driver, systems
from hpcneq.config.load import load
from hpcneq.errors import InputError
from hpcneq.systems.lattice.shared import setup

HOPS = [
    {"from": "a", "to": "b", "value": -1.0},
    {"from": "b", "to": "a", "shift": [1, 0], "value": -0.7},
    {"from": "a", "to": "a", "shift": [0, 1], "value": [-0.3, 0.2]},
]
CELL = {
    "vectors": [[1.0, 0.0], [0.3, 1.0]],
    "orbitals": [{"name": "a", "at": [0.0, 0.0]}, {"name": "b", "at": [0.4, 0.2]}],
    "size": [2, 3],
    "periodic": [False, True],
}
BASE = {
    "system": "lattice",
    "task": "evolve",
    "model": {"cell": CELL, "hop": HOPS, "onsite": [{"on": "b", "value": 0.2}]},
    "interaction": {"U": 2.0, "bond": [{"from": "a", "to": "b", "shift": [0, 0], "V": 1.0}]},
    "leads": {"left": wide({"a1": "min"}, 0.5, T=0.1), "right": wide({"a1": "max"}, T=0.1)},
    "parameters": {"eV": 0.5},
    "pairing": [{"from": "a", "to": "b", "shift": [0, 0], "value": 0.1}],
    "run": {"t_max": 1.0},
}
CHAIN = {"kind": "chain", "sites": [0, 1], "hopping": 1.0, "contact": 0.8, "T": 0.1}
BCS = {"kind": "bcs", "sites": [0], "gamma": 0.5, "delta": 0.6, "T": 0.1}
RISE = {"from": 0.0, "to": 1.0, "kind": "ramp", "duration": 2.0}


def put(tree, path, value):
    """A copy of an input with one key changed."""
    tree = copy.deepcopy(tree)
    *tables, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    at = tree
    for name in tables:
        at = at[name] if isinstance(at, list) else at.setdefault(name, {})
    at[last] = value
    return tree


def numbers_of(tree):
    """What solvers are given of an input: H for some mean field, leads, potentials, phases."""
    own = setup.setup_of(load(tree, driver.catalogue()))
    drives, field = own.drives, own.field
    c = np.where(field.diagonal, 0.4, 0.1 + 0.05j)
    parts = []
    for t in (-1.0, 1.5):
        H = field.values(c, drives.vector_potential(t), drives.U(t))
        parts += [field.dense(H), drives.shifts(t), drives.phases(t)]
    for lead in own.reservoirs:
        values = [v for v in vars(lead).values() if isinstance(v, (int, float, np.ndarray))]
        parts += [np.asarray(v, float) for v in values] + [lead.kind, lead.spin]
    return parts, own


def differ(one, other):
    """Whether two lists of numbers and words differ."""
    return len(one) != len(other) or any(not np.array_equal(a, b) for a, b in zip(one, other))


CHANGES = [
    ("parameters.eV", 0.8),
    ("parameters.eV", {"from": 0.5, "to": 0.8, "kind": "step"}),
    ("parameters.eV", {"from": 0.5, "amplitude": 0.3, "kind": "sine", "frequency": 1.0}),
    ("model.cell.size", [2, 4]),
    ("model.cell.periodic", [False, False]),
    ("model.hop.1.to", "b"),
    ("model.hop.1.from", "a"),
    ("model.hop.0.shift", [1, 0]),
    ("model.hop.0.value", -1.2),
    ("model.hop.0.value", [-1.0, 0.3]),
    ("model.hop.0.value", [[-1.0, 0], [0, -0.8]]),
    ("model.onsite.0.on", "a"),
    ("model.onsite.0.on", 1),
    ("model.onsite.0.on", [0, 2]),
    ("model.onsite.0.value", 0.5),
    ("model.onsite.0.value", [[0.2, 0], [0, -0.2]]),
    ("interaction.U", 2.5),
    ("interaction.U", [2.0, 2.1] * 6),
    ("interaction.U", {"a": 2.0, "b": 2.5}),
    ("interaction.U", {"from": 2.0, "to": 2.5, "kind": "step"}),
    ("interaction.hartree", True),
    ("interaction.exchange", True),
    ("interaction.bond.0.V", 1.5),
    ("interaction.bond.0", {"from": "a", "to": "a", "shift": [1, 0], "V": 1.0}),
    ("interaction.bond.0.shift", [1, 0]),
    ("pairing.0.value", 0.2),
    ("pairing.0.value", [0.1, 0.1]),
    ("pairing.0.shift", [1, 0]),
    ("disorder", {"onsite": 0.5}),
    ("disorder", {"hop": 0.5}),
    ("vector_potential", {"A": [0.2]}),
    ("vector_potential", {"A": [0.0, RISE]}),
    ("leads.left.sites", [0, 1, 2]),
    ("leads.left.sites", {"x": "min"}),
    ("leads.left.sites", {"y": "max"}),
    ("leads.left.orbitals", ["b"]),
    ("leads.left.spin", "up"),
    ("leads.left.gamma", 0.7),
    ("leads.left.gamma", [0.7, 0.6, 0.5, 0.4, 0.3, 0.2]),
    ("leads.left.T", 0.2),
    ("leads.left.mu", 0.3),
    ("leads.left.h", 0.3),
    ("leads.left.bias", 0.9),
    ("leads.left.V", 0.3),
    ("leads.left.V", RISE),
    ("leads.left", CHAIN),
    ("leads.left", BCS),
]


@pytest.fixture(scope="module")
def base():
    """The numbers of the input that is changed."""
    return numbers_of(BASE)[0]


@pytest.mark.parametrize("path, value", CHANGES)
def test_a_key_does_something(path, value, base):
    assert differ(numbers_of(put(BASE, path, value))[0], base)


@pytest.mark.parametrize(
    "lead, key, value",
    [
        (CHAIN, "hopping", 1.5),
        (CHAIN, "contact", 0.5),
        (BCS, "gamma", 0.3),
        (BCS, "delta", 0.3),
        (BCS, "phase", 0.3),
        (BCS, "phase", RISE),
        (BCS, "turn", 0.3),
        (BCS, "dynes", 0.1),
        (BCS, "mu", 0.2),
    ],
)
def test_a_key_of_a_lead_does_something(lead, key, value):
    tree = put(put(BASE, "leads.left", lead), "parameters.phase", 0.7)
    assert differ(numbers_of(put(tree, f"leads.left.{key}", value))[0], numbers_of(tree)[0])


def test_positions_matter_to_directions():
    """In a sheared cell the lowest x is one site, the first cell along it three."""
    sites = [
        numbers_of(put(BASE, "leads.left.sites", where))[1].reservoirs[0].sites
        for where in ({"x": "min"}, {"a1": "min"}, {"a1": "min", "y": "min"})
    ]
    assert [len(row) for row in sites] == [1, 6, 1]


def test_a_spin_matrix_needs_spin():
    """Rows of a 2x2 matrix of numbers or [re, im]; off its diagonal with spin = "full" alone."""
    value = [[0.2, [0.0, 0.1]], [[0.0, -0.1], -0.2]]
    tree = put(BASE, "model.onsite.0.value", value)
    with pytest.raises(InputError, match="mixes the spins"):
        numbers_of(tree)
    own = numbers_of(put(tree, "model.spin", "full"))[1]
    assert own.form.name == "4n" and own.form.size == 4 * own.model.sites


def test_models_of_other_kinds(tmp_path, monkeypatch):
    """A function with arguments, and a file of Wannier90 with size, periodic, cutoff."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(
        "from hpcneq.lattice import Model\nimport numpy as np\n"
        "def build(n, t=1.0):\n"
        '    return Model(-t * np.eye(n, k=1) - t * np.eye(n, k=-1), groups={"ends": [0, n - 1]})\n'
    )
    rows = "".join(f"{k} 0 0 1 1 {v} 0.0\n" for k, v in ((-1, -2.0), (0, 0.3), (1, -2.0)))
    (tmp_path / "x_hr.dat").write_text(f"test\n1\n3\n1 1 1\n{rows}")
    leads = {"all": wide("ends")}
    python = {"python": "mine.py:build", "arguments": {"n": 3}}
    tree = {"system": "lattice", "task": "steady", "model": python, "leads": leads}
    one = numbers_of(tree)[0]
    assert differ(numbers_of(put(tree, "model.arguments", {"n": 3, "t": 2.0}))[0], one)
    file = {"wannier90": "x_hr.dat", "size": [3, 1, 1]}
    tree = {**tree, "model": file, "leads": {"all": wide([0])}}
    one, own = numbers_of(tree)
    assert own.model.sites == 3
    for key, value in (("size", [4, 1, 1]), ("periodic", [True, False, False]), ("cutoff", 1.0)):
        assert differ(numbers_of(put(tree, f"model.{key}", value))[0], one), key


EVERY = {"form", "poles", "fit_error", "growth_A", "continuity", "redundancy"}
STATE = {
    "delta_max",
    "mu_c",
    "current",
    "stability",
    "growth_rate",
    "frequency",
    "residual",
    "continued",
}
NAMES = {
    "steady": ({"states", "period"}, {"delta", "density", "bond_current", "position"}),
    "evolve": ({"delta_max", "current", "mean_current"}, {"t", "delta", "density", "current"}),
    "transport": (set(), {"eV", "current", "spin_current", "conductance"}),
    "spectrum": (set(), {"energy", "ldos", "occupied"}),
    "modes": ({"growth_rate", "frequency", "growing_modes"}, set()),
    "periodic": ({"period", "mean_current", "multipliers"}, set()),
    "photoemission": (set(), {"intensity"}),
    "conductivity": ({"superfluid_weight", "f_sum"}, {"sigma"}),
}


@pytest.mark.parametrize("task", NAMES)
def test_promised_names_are_declared(task):
    """Every name with its axes among the task's quantities."""
    declared = {q.name: q for q in systems.get("lattice").tasks[task].quantities}
    summary, data = NAMES[task]
    assert EVERY | summary <= {n for n, q in declared.items() if q.kind in ("summary", "both")}
    assert data <= {n for n, q in declared.items() if q.kind in ("data", "both")} | {"eV"}
    axes = {
        ("steady", "delta"): ("state", "site"),
        ("steady", "delta_bond"): ("state", "bond"),
        ("evolve", "current"): ("t", "lead"),
        ("transport", "current"): ("eV", "lead"),
        ("spectrum", "ldos"): ("energy", "site"),
        ("photoemission", "intensity"): ("t", "k", "energy"),
        ("conductivity", "sigma"): ("energy",),
    }
    for (owner, name), expected in axes.items():
        if owner == task:
            assert declared[name].axes == expected


def test_states_tell_everything_promised():
    """Where the stability is not asked for, without numbers."""
    result = example_result("lattice", "steady")
    for state in result.summary["states"]:
        assert STATE <= set(state)
        assert set(state["current"]) == {"left", "right"}
    assert EVERY <= set(result.summary)
    tree = example_input("lattice", "steady")
    tree["numerics"] |= {"stability": False}
    (state,) = hpcneq.run({**tree, "initial": {"state": "normal"}}).summary["states"]
    assert STATE <= set(state) and state["growth_rate"] is state["frequency"] is None
