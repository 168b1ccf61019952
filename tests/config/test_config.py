"""The input: what is accepted, and that every mistake ends in one line that names it."""

from __future__ import annotations

import dataclasses
import pickle
import random
import tomllib
from dataclasses import dataclass, field
from functools import partial
from typing import Optional

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpcneq.config import schema as tables
from hpcneq.config import toml_text
from hpcneq.config.load import RunTable, loads
from hpcneq.config.load import load as load_input
from hpcneq.errors import InputError
from hpcneq.tasks import System, Task


@dataclass(frozen=True)
class Lead:
    gamma: float = field(metadata={"above": 0, "unit": "t", "doc": "coupling"})
    T: float = field(default=0.01, metadata={"above": 0})


@dataclass(frozen=True)
class Leads:
    left: Lead | None = None
    right: Optional[Lead] = None


@dataclass(frozen=True)
class Parameters:
    U: float = field(metadata={"above": 0, "unit": "t", "doc": "attraction"})
    gamma: float = field(default=0.02, metadata={"min": 0})
    eV: float | dict | str = 0.0
    T: float = field(default=0.01, metadata={"above": 0, "unit": "t"})
    q: tuple[float, ...] = ()
    m: tuple[int, int] = (1, 2)
    kind: str = field(default="A", metadata={"choices": ["A", "B", "C"]})
    level: int = field(default=3, metadata={"min": 1})

    def __post_init__(self):
        if self.gamma > self.U:
            raise ValueError("gamma must not exceed U")


@dataclass(frozen=True)
class Numerics:
    Lx: int = field(default=64, metadata={"min": 2, "doc": "sites along x"})
    poles: float | str = field(default="aaa", metadata={"choices": ["aaa", "ozaki"], "above": 0})
    window: float = field(default=float("inf"), metadata={"allow_inf": True})
    fast: bool = False
    names: list[str] = field(default_factory=list)


TABLES = {"parameters": Parameters, "numerics": Numerics, "leads": Leads}
CATALOGUE = {
    "nsn-junction": System(
        "nsn-junction",
        "a junction",
        "",
        [
            Task("steady", "", TABLES, len),
            Task("branches", "", TABLES, len, sweep=("T", "U", "eV", "level", "w")),
            Task("evolve", "", TABLES, len, timed=True, petsc=("evolve", "steady")),
        ],
    ),
    "fermi-gas": System("fermi-gas", "a gas", "", [Task("steady", "", {"parameters": Lead}, len)]),
}


def tree(task="steady", **tables):
    return {"system": "nsn-junction", "task": task, "parameters": {"U": 2.0}, **tables}


def load(source, *overrides):
    return load_input(source, CATALOGUE, overrides)


def refused(source, *overrides):
    """The one line with which an input is refused."""
    with pytest.raises(InputError) as caught:
        load(source, *overrides)
    line = str(caught.value)
    assert line and line.isprintable() and len(line) < 600, line
    return line


def parameters(**values):
    return tree(parameters={"U": 2.0, **values})


# ---- what is accepted ---------------------------------------------------------------------------


def test_a_file_gives_typed_frozen_tables_and_its_text_verbatim(tmp_path):
    text = (
        '# a comment\nsystem = "nsn-junction"\ntask = "evolve"\n'
        '[parameters]\nU = 2\neV = {to = 0.4, kind = "step"}\n'
        'q = [1, 0.5]\n[leads.left]\ngamma = 0.02\n[run]\nt_max = 10\nwall_limit = "01:30:00"\n'
        '[petsc]\nevolve.ts_type = "rk"\nsteady.snes.rtol = 1e-9\n'
    )
    path = tmp_path / "in.toml"
    path.write_text(text)
    run = load(path)
    assert (run.system, run.task, run.text, run.folder) == (
        "nsn-junction",
        "evolve",
        text,
        tmp_path,
    )
    assert type(run.parameters.U) is float and run.parameters.U == 2
    assert run.parameters.eV == {"to": 0.4, "kind": "step"} and run.parameters.q == (1.0, 0.5)
    assert (
        run.tables["leads"] == Leads(left=Lead(0.02))
        and run.initial is None
        and run.numerics == Numerics()
    )
    assert run.run.t_max == 10 and run.run.wall_limit == 5400 and run.run.seed == 0
    assert run.petsc == {"evolve_ts_type": "rk", "steady_snes_rtol": 1e-9}
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.parameters.U = 3
    assert pickle.loads(pickle.dumps(run)).parameters == run.parameters  # rank 0 broadcasts it


def test_numpy_values_and_tuples_of_a_dict_are_taken_for_what_they_stand_for():
    run = load(parameters(T=np.float64(0.1), q=np.linspace(0, 1, 3), level=np.int32(2), m=(3, 4)))
    assert (run.parameters.T, run.parameters.q, run.parameters.level, run.parameters.m) == (
        0.1,
        (0.0, 0.5, 1.0),
        2,
        (3, 4),
    )


def test_the_caller_s_dict_is_left_alone():
    source = tree()
    load(source, "parameters.T=0.5")
    assert source == tree()


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path):
    path = tmp_path / "in.toml"
    path.write_bytes(
        '\ufeffsystem = "nsn-junction"\r\ntask = "steady"\r\nparameters.U = 1\r\n'.encode()
    )
    assert load(str(path)).parameters.U == 1


@pytest.mark.parametrize(
    "text, key, value",
    [
        ("T=.02", "T", 0.02),
        ("T=1", "T", 1.0),
        ("kind=B", "kind", "B"),
        ('kind="C"', "kind", "C"),
        ("q=[1,2]", "q", (1.0, 2.0)),
        ("eV={to=1}", "eV", {"to": 1}),
        ("eV=drive.dat", "eV", "drive.dat"),
        ("level=+7", "level", 7),
        ("eV = -1e-3", "eV", -1e-3),
    ],
)
def test_overrides_are_toml_values_or_bare_words(text, key, value):
    run = load(tree(), f"parameters.{text}")
    assert getattr(run.parameters, key) == value
    again = loads(run.text, CATALOGUE)  # the text is the effective input
    assert again.parameters == run.parameters


def test_overrides_reach_nested_tables_and_the_last_one_wins():
    run = load(
        tree("evolve"),
        "leads.left.gamma=.02",
        "petsc.evolve.ts_type=rk",
        "run.t_max=5",
        "run.t_max=7",
    )
    assert (
        run.tables["leads"].left.gamma == 0.02
        and run.petsc == {"evolve_ts_type": "rk"}
        and run.run.t_max == 7
    )
    run = load(
        tree("evolve"), "run.t_max=7", "run.wall_limit=01:30:00"
    )  # without quotes, as a shell passes it: no time of day
    assert run.run.wall_limit == 5400 and loads(run.text, CATALOGUE).run == run.run


# ---- sweeps -------------------------------------------------------------------------------------


def test_a_map_keeps_the_order_of_its_keys_through_text_and_back():
    sweep = {"eV": {"from": 0, "to": 1, "points": 5}, "T": [0.1, 0.2]}
    run = load(tree("branches", sweep=sweep))
    back = loads(run.text, CATALOGUE)
    for each in (run, back):
        assert list(each.sweep) == ["eV", "T"]
        assert np.array_equal(each.sweep["eV"], [0, 0.25, 0.5, 0.75, 1]) and np.array_equal(
            each.sweep["T"], [0.1, 0.2]
        )
    assert list(load(tree("branches", sweep=dict(reversed(sweep.items())))).sweep) == ["T", "eV"]


def test_a_swept_parameter_need_not_be_given_and_holds_the_first_point():
    run = load(tree("branches", parameters={}, sweep={"U": [3, 1, 2]}))
    assert run.parameters.U == 3


@pytest.mark.parametrize(
    "sweep, words",
    [
        ({"T": {"from": -1, "to": 1, "points": 3}}, "[sweep] T = -1.0: must be > 0"),
        ({"T": {"from": 0, "to": 1}}, "[sweep.T] points: missing"),
        ({"T": {"from": 0.1, "to": 1, "points": 0}}, "[sweep.T] points = 0: must be >= 1"),
        ({"T": {"from": 0.1, "to": 1, "points": 10**9}}, "must be >= 1 and <= 1e+06"),
        ({"T": {"from": 0.1, "to": 1, "steps": 4}}, "unknown key; known keys: from, to, points"),
        ({"eV": {"from": -1e308, "to": 1e308, "points": 3}}, "too wide"),
        ({"eV": {"from": 1, "to": 1, "points": 3}}, "must be 1 where from and to are equal"),
        ({"eV": []}, "at least one number"),
        ({"eV": ["a"]}, "must be a number, got a string"),
        ({"eV": 3}, "must be {from="),
        ({"level": [1, 2.5]}, "[sweep] level = 2.5: must be an integer"),
        ({"U": [1.0, 0.01]}, "gamma must not exceed U"),
        ({"gamma": [1.0]}, "unknown key"),
        ({"eV": [0], "T": [1], "w": [1]}, "two keys make a map, got 3: eV, T, w"),
    ],
)
def test_a_wrong_sweep_is_refused(sweep, words):
    assert words in refused(tree("branches", sweep=sweep))


def test_a_sweep_where_the_task_has_none_is_refused():
    assert "sweeps nothing" in refused(tree(sweep={"T": [1]}))


# ---- one line for every mistake -----------------------------------------------------------------


@pytest.mark.parametrize(
    "source, line",
    [
        (
            parameters(gama=0.01),
            '[parameters] gama = 0.01: unknown key; did you mean "gamma"? '
            "known keys: U, gamma, eV, T, q, m, kind, level",
        ),
        (parameters(T=-1.0), "[parameters] T = -1.0: must be > 0"),
        (parameters(T=True), "[parameters] T = true: must be a number > 0, got a boolean"),
        (parameters(T={"a": 1}), "[parameters] T = {...}: must be a number > 0, got a table"),
        (parameters(level=1.0), "[parameters] level = 1.0: must be an integer >= 1, got a number"),
        (parameters(U=float("nan")), "[parameters] U = nan: must be finite"),
        (parameters(q=[1, float("inf")]), "[parameters] q = inf: must be finite"),
        (parameters(m=[1]), "[parameters] m = [...]: must have 2 items, got 1"),
        (parameters(eV={"to": float("nan")}), "[parameters.eV] to = nan: must be finite"),
        (
            parameters(eV=True),
            "[parameters] eV = true: must be a number or a table or a string, got a boolean",
        ),
        (
            parameters(kind="b"),
            '[parameters] kind = "b": must be one of "A", "B", "C"; did you mean "B"?',
        ),
        (parameters(gamma=3), "[parameters]: gamma must not exceed U"),
        (
            parameters(Lx=4),
            "[parameters] Lx = 4: unknown key; belongs in [numerics]; "
            "known keys: U, gamma, eV, T, q, m, kind, level",
        ),
        (
            parameters(**{"a\nb": 1}),
            '[parameters] "a\\nb" = 1: unknown key; known keys: U, gamma, eV, T, q, m, kind, level',
        ),
        (
            parameters(T=None),
            "[parameters] T: must be a number, string, true/false, list or table, "
            "got nothing (leave the key out instead)",
        ),
        (parameters(T=10**400), "[parameters] T: integer out of range (must fit in 64 bits)"),
        (tree(parameters={}), "[parameters] U: missing; must be a number > 0"),
        (tree(parameters=3), "parameters = 3: must be a table, got an integer"),
        (tree(numerics={"Lx": "a"}), '[numerics] Lx = "a": must be an integer >= 2, got a string'),
        (
            tree(numerics={"poles": "aa"}),
            '[numerics] poles = "aa": must be one of "aaa", "ozaki"; did you mean "aaa"?',
        ),
        (tree(leads={"left": {"T": 1}}), "[leads.left] gamma: missing; must be a number > 0"),
        (tree(leads={"left": {"gamma": 0}}), "[leads.left] gamma = 0: must be > 0"),
        (tree(leads={"left": 3}), "[leads] left = 3: must be a table, got an integer"),
        (
            tree(numeric={}),
            'numeric = {}: unknown table; did you mean "numerics"? '
            "known tables: leads, numerics, parameters, petsc, run, sweep",
        ),
        (
            tree(U=2),
            "U = 2: unknown key; belongs in [parameters]; "
            "known tables: leads, numerics, parameters, petsc, run, sweep",
        ),
        ({}, "system: missing; must be one of nsn-junction, fermi-gas"),
        (
            {"sytem": "a"},
            'system: missing (is "sytem" meant to be it?); must be one of nsn-junction, fermi-gas',
        ),
        ({"system": "nsn"}, 'system = "nsn": unknown; known: nsn-junction, fermi-gas'),
        (
            {"system": ["a"]},
            "system = [...]: must be a string, got a list; known: nsn-junction, fermi-gas",
        ),
        (
            tree("evolv", run={}),
            'task = "evolv": unknown; did you mean "evolve"? known: steady, branches, evolve',
        ),
        (tree("evolve"), '[run] t_max: missing; task "evolve" needs a number > 0'),
        (
            tree(run={"wall_limit": "1h"}),
            '[run] wall_limit = "1h": must be "HH:MM:SS" or a number of minutes',
        ),
        (
            tree(run={"wall_limit": -1}),
            "[run] wall_limit = -1: must be > 0 and at most 1e8 minutes",
        ),
        (tree(run={"seed": -1}), "[run] seed = -1: must be >= 0"),
        (
            tree("evolve", run={"t_max": 1}, petsc={"evolv": {"a": 1}}),
            '[petsc.evolv] a = 1: unknown prefix; did you mean "evolve"? '
            "known prefixes: evolve, steady",
        ),
        (tree(petsc={"a": {"b": 1}, "a_b": 2}), "[petsc] a_b = 2: option a_b is given twice"),
        (
            tree(petsc={"-a": 1}),
            "[petsc] -a = 1: is not the name of a PETSc option (write it without the leading dash)",
        ),
        (
            tree(petsc={"a": [1]}),
            "[petsc] a = [...]: must be true or false or an integer or a number or a string, "
            "got a list",
        ),
        (3, "input must be a file name or a dict, got int"),
    ],
)
def test_the_line_names_table_key_value_and_what_is_allowed(source, line):
    assert refused(source) == line


def test_keys_the_task_does_not_use_are_checked_all_the_same():
    assert "[parameters] T = -1: must be > 0" in refused(
        tree("branches", parameters={"U": 1, "T": -1}, sweep={"T": [0.1]})
    )


@pytest.mark.parametrize(
    "text, words",
    [
        ("parameters", "must be table.key=value"),
        ("T=3", "must be table.key=value"),
        ("=3", "must be table.key=value"),
        ("parameters.T=", "not valid TOML"),
        ("parameters.eV={to=", "not valid TOML"),
        ("parameters.T=1\nU=2", "not valid TOML"),
        ("parameters.T.x=1", "must be a number"),
        ("parameters.U.x=1", "is an integer, not a table"),
        ("parameters.T=x", "got a string"),
        ("parameters.T=2024-01-01", "got a date"),
        ("a." * 40 + "b=1", "nested deeper"),
        ("parameters.kind=\ud800", "not valid"),
        ("parameters.T=" + "9" * 5000, "got a string"),
        ("task=stedy", 'did you mean "steady"?'),
        ("parameters.T=" + "0x" + "f" * 100, "out of range"),
        (7, "needs a string"),
    ],
)
def test_a_wrong_override_is_refused(text, words):
    assert words in refused(tree(parameters={"U": 2}), text)


@pytest.mark.parametrize(
    "content, words",
    [
        (b"a = 1\na = 2\n", "line 2"),
        (b"[a]\n[a]\n", "line 2"),
        (b"x = \n", "line 1"),
        (b"\x89HDF\r\n\x1a\n\xff", "not UTF-8 text"),
        (b"a\n\xff", "line 2"),
        (b"\0", "not valid TOML"),
        (b"a = " + b"[" * 10**5, "nested too deeply"),
        (b".".join([b"a"] * 5000) + b" = 1", "nested deeper"),
        (b"a = " + b"9" * 5000, "not valid TOML"),
        (b"a = 0x" + b"f" * 5000, "out of range"),
        (b"a = 1979-05-27", "got a date"),
        (b"", "system: missing"),
        (b"a" * 2**24 + b"a", "larger than 16 MiB"),
    ],
)
def test_a_file_that_is_no_input_is_refused(tmp_path, content, words):
    path = tmp_path / "in.toml"
    path.write_bytes(content)
    assert words in refused(path)


@pytest.mark.parametrize(
    "name, words",
    [("none.toml", "No such file"), (".", "directory"), ("a\0b", "null"), ("a" * 5000, "too long")],
)
def test_a_path_that_cannot_be_read_is_refused(tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=words):
        load(name)


def test_a_dict_that_contains_itself_is_refused():
    loop = tree()
    loop["parameters"]["eV"] = loop
    assert "nested deeper" in refused(loop)


# ---- any input whatsoever -----------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "system",
        "task",
        "parameters",
        "numerics",
        "leads",
        "left",
        "right",
        "run",
        "sweep",
        "petsc",
        "U",
        "T",
        "eV",
        "q",
        "m",
        "kind",
        "level",
        "Lx",
        "poles",
        "from",
        "to",
        "points",
        "t_max",
        "wall_limit",
        "evolve",
        "gamma",
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.dates(),
    st.complex_numbers(),
    st.sampled_from(["nsn-junction", "steady", "evolve", 2**63, 1e308, -1e308, "00:00:00"]),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
QUICK = settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def survives(act):
    """A Run, or an InputError of one printable line."""
    try:
        run = act()
    except InputError as error:
        assert str(error).isprintable() and str(error)
        return
    again = loads(run.text, CATALOGUE)
    assert (again.parameters, again.run, again.petsc, list(again.sweep)) == (
        run.parameters,
        run.run,
        run.petsc,
        list(run.sweep),
    )


@QUICK
@given(st.dictionaries(WORDS, TREES, max_size=5), st.sampled_from(["steady", "branches", "evolve"]))
def test_any_dict_gives_a_run_or_one_line(values, task):
    survives(lambda: load({"system": "nsn-junction", "task": task, **values}))


@QUICK
@given(
    st.dictionaries(st.sampled_from(["U", "T", "eV", "q", "kind", "level", "gamma"]), TREES),
    st.dictionaries(
        st.sampled_from(["U", "T", "eV", "level", "w"]),
        st.lists(st.floats() | st.integers(), max_size=3)
        | st.fixed_dictionaries(
            {"from": st.floats(), "to": st.floats(), "points": st.integers(0, 50)}
        ),
        max_size=3,
    ),
)
def test_any_parameters_and_sweep_give_a_run_or_one_line(values, sweep):
    survives(lambda: load(tree("branches", parameters={"U": 1, **values}, sweep=sweep)))


@QUICK
@given(
    st.lists(
        st.text(max_size=30) | st.builds("{}.{}={}".format, WORDS, WORDS, st.text(max_size=8)),
        max_size=3,
    )
)
def test_any_override_gives_a_run_or_one_line(overrides):
    survives(lambda: load(tree(), *overrides))


@QUICK
@given(st.binary(max_size=60) | st.text(alphabet="[]{}=.,\"'#ab1e \n", max_size=60).map(str.encode))
def test_any_file_gives_a_run_or_one_line(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    survives(lambda: load(path))


def test_a_damaged_input_gives_a_run_or_one_line():
    """Single characters of a good input replaced, removed or doubled."""
    text = load(
        tree(
            "evolve",
            run={"t_max": 1.0},
            leads={"left": {"gamma": 1}},
            petsc={"evolve": {"ts_type": "b"}},
        )
    ).text
    chance = random.Random(1)
    for _ in range(500):
        at = chance.randrange(len(text))
        piece = chance.choice(["", text[at] * 2, chance.choice('[]{}=."\n#x1-e')])
        damaged = text[:at] + piece + text[at + 1 :]
        survives(partial(loads, damaged, CATALOGUE))


# ---- writing and describing ---------------------------------------------------------------------


@QUICK
@given(
    st.dictionaries(
        st.text(max_size=4),
        st.recursive(
            st.booleans()
            | st.integers(-(2**63), 2**63 - 1)
            | st.floats(allow_nan=False)
            | st.text(st.characters(codec="utf-8"), max_size=6),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=3
                )
            ),
            max_leaves=10,
        ),
    )
)
def test_rendered_toml_reads_back_as_it_was(values):
    def utf8(key):
        return key.encode("utf-8", "ignore").decode()

    values = {utf8(key): value for key, value in values.items()}
    assert tomllib.loads(toml_text.render(values)) == values


def test_describe_lists_every_key_with_type_default_unit_and_doc():
    rows = {row.key: row for row in tables.describe(Leads)}
    assert list(rows) == ["left", "left.gamma", "left.T", "right", "right.gamma", "right.T"]
    assert rows["left.gamma"] == tables.Row(
        "left.gamma", "a number > 0", "required", "t", "coupling"
    )
    rows = {row.key: row for row in tables.describe(Numerics)}
    assert (
        rows["poles"].type == 'a number > 0 or "aaa" | "ozaki"' and rows["poles"].default == '"aaa"'
    )
    assert rows["names"].default == "[]" and rows["fast"].default == "false"
    assert all(row.doc for row in tables.describe(RunTable))


def test_a_key_may_have_a_name_that_python_reserves():
    @dataclass(frozen=True)
    class Drive:
        start: float = field(metadata={"key": "from"})

    assert tables.build(Drive, {"from": 1}, ("drive",)) == Drive(1.0)
