"""Every malformed model, lead and table is one clear line, before anything is computed."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import hpcneq
from hpcneq.errors import InputError
from hpcneq.lattice import Model

CELL = {
    "vectors": [[1.0]],
    "orbitals": [{"name": "s", "at": [0.0]}],
    "size": [4],
    "periodic": [False],
}
CHAIN = {
    "system": "lattice",
    "task": "steady",
    "model": {"cell": CELL, "hop": [{"from": "s", "to": "s", "shift": [1], "value": -1.0}]},
    "interaction": {"U": 2.0},
    "leads": {"left": {"sites": [0], "gamma": 0.5}, "right": {"sites": [3], "gamma": 0.5}},
}
GONE = object()
SPINLESS = {"model.spin": "none", "interaction.U": 0.0}
BOND = {"from": "s", "to": "s", "shift": [1], "V": 1.0}


def changed(**changes):
    """CHAIN with entries set by dotted path, or taken away (GONE)."""
    tree = copy.deepcopy(CHAIN)
    for path, value in changes.items():
        *tables, key = path.split(".")
        inner = tree
        for name in tables:
            inner = inner[int(name)] if isinstance(inner, list) else inner.setdefault(name, {})
        if value is GONE:
            del inner[key]
        else:
            inner[key] = value
    return tree


MALFORMED = [
    ({"model.hop.0.to": "p"}, '[model] hop 0 to: unknown orbital "p"; orbitals: s'),
    ({"model.hop.0.shift": [1, 0]}, "[model] hop 0 shift: must have 1 numbers, got 2"),
    ({"model.hop.0.shift": [0]}, "leads from an orbital to itself; use onsite"),
    ({"model.hop": 2 * CHAIN["model"]["hop"]}, "hop 1: is hop 0 once more"),
    (
        {"model.hop": [*CHAIN["model"]["hop"], {**CHAIN["model"]["hop"][0], "shift": [-1]}]},
        "hop 1: is hop 0 once more (its conjugate is added by itself)",
    ),
    ({"model.hop.0.value": [1.0, 0.0, 2.0]}, "hop 0 value: must be a number or [re, im]"),
    ({"model.hop.0.value": [[1, 2], [0, 1]]}, 'mixes the spins; that needs spin = "full"'),
    ({"model.hop.0.val": 1.0}, '[model.hop.0] val = 1.0: unknown key; did you mean "value"?'),
    ({"model.hop.0.value": GONE}, "[model.hop.0] value: missing"),
    ({"model.onsite": [{"on": "d", "value": 1.0}]}, 'onsite 0 on: unknown orbital "d"'),
    ({"model.onsite": [{"on": 9, "value": 1.0}]}, "onsite 0 on: sites must be 0 to 3"),
    ({"model.onsite": [{"on": "s", "value": [0.0, 1.0]}]}, "onsite 0 value: is not Hermitian"),
    ({"model.cell.size": [4, 4]}, "cell size: must have 1 numbers, got 2"),
    ({"model.cell.periodic": [True, True]}, "cell periodic: must have 1 items, got 2"),
    ({"model.cell.orbitals": 2 * CELL["orbitals"]}, "two have one name"),
    ({"model.cell.vectors": [[0.0]]}, "linearly independent"),
    ({"model.cell": GONE}, "[model]: exactly one of cell, python, wannier90 must be given"),
    ({"model.python": "a.py:f"}, "exactly one of cell, python, wannier90"),
    ({"model.arguments": {"N": 1}}, "arguments: goes with python"),
    ({"interaction.U": [1.0]}, "[interaction] U: must be a number or one for each of 4 sites"),
    ({"interaction.U": {"d": 1.0}}, 'U on: unknown orbital "d"'),
    ({"interaction.bond": [BOND, BOND]}, "bond 1: joins sites 0 and 1, as bond 0 does already"),
    ({"interaction.bond": [{**BOND, "shift": [0]}]}, "joins site 0 with itself"),
    ({**SPINLESS, "interaction.U": 1.0}, 'U: spin = "none" has no attraction on a site'),
    (
        {**SPINLESS, "leads.left": {"kind": "bcs", "sites": [0], "gamma": 1.0, "delta": 1.0}},
        "[leads.left] kind: a bcs lead needs spin; the model is spinless",
    ),
    ({**SPINLESS, "leads.left.spin": "up"}, "[leads.left] spin, h: the model is spinless"),
    ({"leads": {}}, "[leads]: none is given; at least one must touch the model"),
    ({"leads.left.sites": []}, "[leads.left] sites: the lead touches no site"),
    ({"leads.left.sites": [4]}, "[leads.left] sites: must be 0 to 3, got 4"),
    ({"leads.left.sites": [0, 0]}, "[leads.left] sites: a site is listed twice"),
    ({"leads.left.sites": "edge"}, 'sites = "edge": unknown group; groups: none'),
    ({"leads.left.sites": {"y": "min"}}, 'unknown direction "y"; known: x, a1'),
    ({"leads.left.sites": {"x": "low"}}, 'sites.x = "low": must be "min" or "max"'),
    ({"leads.left.orbitals": ["d"]}, 'unknown orbital "d"; orbitals: s'),
    ({"leads.left.gamma": GONE}, '[leads.left]: gamma: missing; kind = "wide" needs it'),
    ({"leads.left.gamma": [0.5, 0.5]}, "[leads.left] gamma: must be a number or 1 numbers"),
    ({"leads.left.delta": 1.0}, '[leads.left]: delta: kind = "wide" has none'),
    ({"leads.left.kind": "chain"}, 'kind = "chain"'),
    ({"leads.left.kind": "bsc"}, 'did you mean "bcs"?'),
    ({"leads.left.gama": 1.0}, 'unknown key; did you mean "gamma"?'),
    (
        {"leads.left": {"kind": "file", "sites": [0], "file": "none.txt"}},
        '[leads.left] file = "none.txt": cannot read',
    ),
    ({"model.cell": GONE, "model.hop": GONE, "model.python": "a.py"}, 'must be "file.py:function"'),
    (
        {"model.cell": GONE, "model.hop": GONE, "model.python": "none.py:f"},
        '[model] python = "none.py:f": cannot read',
    ),
    (
        {"model.cell": GONE, "model.hop": GONE, "model.wannier90": "x_hr.dat", "model.size": [2]},
        'wannier90 = "x_hr.dat": no such file',
    ),
    ({"initial": {"state": "seed"}}, '[initial] state = "seed": needs delta or bond'),
    ({"initial": {"state": "seed", "bond": 0.1}}, "[initial] bond: the model has no bonds"),
    ({"initial": {"delta": 0.1}}, '[initial] delta, bond: go with state = "seed"'),
    (
        {"initial": {"state": "seed", "delta": [0.1]}},
        "[initial] delta: must be one for each of 4 sites, got 1",
    ),
    ({"vector_potential.A": [0.1, 0.2]}, "A: must have at most 1 components, got 2"),
    (
        {
            "model.cell.size": [2],
            "model.cell.periodic": [True],
            "leads.right.sites": [1],
            "vector_potential.A": [0.1],
        },
        "a hop reaches half around the ring",
    ),
    ({"pairing": {}}, "[pairing] = {}: must be a list of tables"),
    ({"pairing": [{"from": "s", "to": "d", "value": 1.0}]}, '[pairing] 0 to: unknown orbital "d"'),
]


@pytest.mark.parametrize("changes, words", MALFORMED)
def test_a_malformed_input_is_one_line(changes, words, tmp_path, monkeypatch):
    """``check`` and ``run`` say the same line; nothing is written."""
    monkeypatch.chdir(tmp_path)
    tree = changed(**changes)
    with pytest.raises(InputError) as told:
        hpcneq.check(tree, cost=False)
    assert words.removeprefix("[pairing] = {}: ") in str(told.value)
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_the_input_they_are_made_from_is_right():
    assert hpcneq.check(CHAIN, cost=False).startswith("input: valid lattice steady")


# ---- models from Python -------------------------------------------------------------------------

GOOD = np.array([[0.0, -1.0], [-1.0, 0.0]])


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"hopping": [[0, 1], [2, 0]]}, "is not Hermitian: between sites 0 and 1"),
        ({"hopping": [[0, 1j], [1j, 0]]}, "is not Hermitian"),
        ({"hopping": [[1j]]}, "is not Hermitian: between sites 0 and 0"),
        ({"hopping": [[0, 1]]}, "must be a square matrix, got shape (1, 2)"),
        ({"hopping": [[np.nan]]}, "must be finite"),
        ({"hopping": "none"}, "must be a matrix of numbers"),
        ({"hopping": np.zeros((0, 0))}, "needs 1 rows a site, got 0 rows"),
        ({"hopping": np.eye(3), "spin": "full"}, "needs 2 rows a site, got 3 rows"),
        ({"hopping": GOOD, "spin": "up"}, "must be one of"),
        ({"hopping": GOOD, "position": [[0.0]]}, "position: must be finite numbers (n, d)"),
        ({"hopping": GOOD, "orbital": ["a"]}, "orbital: must be 2 names, got 1"),
        ({"hopping": GOOD, "U": [1.0]}, "U: must be a number or 2 numbers"),
        ({"hopping": GOOD, "bonds": [(0, 0, 1.0)]}, "(0, 0) does not join two of the sites"),
        ({"hopping": GOOD, "bonds": [(0, 2, 1.0)]}, "(0, 2) does not join two of the sites 0 to 1"),
        ({"hopping": GOOD, "bonds": [(0, 1, 1.0), (1, 0, 1.0)]}, "(1, 0) is given twice"),
        ({"hopping": GOOD, "groups": {"a": [2]}}, '"a" has sites beyond 0 to 1'),
        ({"hopping": GOOD, "groups": {"a": []}}, '"a" must be a list of site numbers'),
        ({"hopping": GOOD, "pairing": np.eye(3)}, "pairing: must have 2 rows, got 3"),
        ({"hopping": GOOD, "pairing": np.eye(2), "spin": "none"}, "D = -D^T"),
        ({"hopping": np.eye(2), "pairing": np.eye(2), "spin": "full"}, "D = -D^T"),
        (
            {"hopping": np.eye(4), "pairing": [[0, 1], [0, 0]], "spin": "full"},
            "a singlet must be symmetric",
        ),
        ({"hopping": GOOD, "hopping_down": np.eye(3)}, "hopping_down: must have 2 rows, got 3"),
    ],
)
def test_a_malformed_model_is_one_line(arguments, words):
    with pytest.raises(ValueError) as told:
        Model(**arguments)
    assert words in str(told.value) and "\n" not in str(told.value)


PYTHON = {
    "system": "lattice",
    "task": "steady",
    "model": {"python": "mine.py:build", "arguments": {"n": 2}},
    "leads": {"left": {"sites": [0, 1], "gamma": 0.5}},
}
SOURCES = [
    ("def build(n): return 3", "must return a hpcneq.lattice.Model, got int"),
    ("def build(m): return 3", "TypeError: build() got an unexpected keyword argument 'n'"),
    ("def make(n): return 3", 'has no function "build"'),
    ("build = 3", 'has no function "build"'),
    ("def build(n:\n", "SyntaxError"),
    ("import nothing_of_this_name", "ModuleNotFoundError"),
    ("def build(n): return 1 / 0", "ZeroDivisionError: division by zero (line 1)"),
    ("def build(n): raise SystemExit(0)", "ends the program"),
    (
        "from hpcneq.lattice import Model\ndef build(n): return Model([[0, 1], [2, 0]])",
        "is not Hermitian: between sites 0 and 1",
    ),
    (
        "from hpcneq.lattice import Model\ndef build(n): return Model([[0]], spin='none')",
        'the model of mine.py:build has spin = "none"',
    ),
]


@pytest.mark.parametrize("source, words", SOURCES)
def test_a_malformed_function_is_one_line(source, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(source)
    with pytest.raises(InputError) as told:
        hpcneq.check(PYTHON, cost=False)
    assert words in str(told.value) and "\n" not in str(told.value)
    assert str(told.value).startswith("[model]")


def test_an_interaction_of_a_python_model_is_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "from hpcneq.lattice import Model\ndef build(n): return Model([[0, 1], [1, 0]])"
    (tmp_path / "mine.py").write_text(text)
    assert "valid" in hpcneq.check(PYTHON, cost=False)
    bond = {"from": "s", "to": "s", "V": 1.0}
    with pytest.raises(InputError, match="a Python model has bonds of its own"):
        hpcneq.check({**PYTHON, "interaction": {"bond": [bond]}}, cost=False)
