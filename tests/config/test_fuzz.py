"""Inputs nobody would write: whatever they hold, an error is one line and exit code 2, and
nothing takes long."""

import copy
import time
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.programs import HOME, INPUT

from hpcneq import driver
from hpcneq.config import load
from hpcneq.errors import InputError
from hpcneq.parallel import solo
from hpcneq.restart import changed, physics
from hpcneq.solvers.evolution import row_times
from hpcneq.systems.nsn_junction.shared.input_junction import build_junction

SECONDS = 5.0  # of the processor, for one input; the slowest ones fit many poles
TREE = tomllib.loads(INPUT)
TREES = [
    TREE,
    *(tomllib.loads(path.read_text()) for path in sorted((HOME / "inputs").rglob("*.toml"))),
]
KEYS = {
    key for tree in TREES for table in tree.values() if isinstance(table, dict) for key in table
}
NAMES = [
    "system",
    "task",
    "parameters",
    "numerics",
    "initial",
    "run",
    "leads",
    "sweep",
    "petsc",
    "T",
    "U",
    "mu",
    "h",
    "gamma",
    "eV",
    "Lx",
    "Ly",
    "dt",
    "t_max",
    "left",
    "right",
    "kind",
    "to",
    "from",
    "seed",
    "state",
    "wave_number",
    "poles",
    "pole_error",
    "evolve",
    "ts_type",
    *sorted(KEYS),
]
WORDS = [
    *driver.catalogue(),
    *sorted({tree["task"] for tree in TREES}),
    "step",
    "pulse",
    "table",
    "rk",
    "bcs",
    "fflo",
    "auto",
    "../../etc/passwd",
    "/dev/zero",
    "0",
    "nan",
    "%s",
    "\x00",
]
numbers = st.one_of(
    st.integers(),
    st.integers(-3, 3),
    st.floats(),
    st.sampled_from([0.0, -0.0, 1e-300, 1e300, float("inf"), float("nan")]),
)
leaves = st.one_of(
    numbers,
    st.booleans(),
    st.text(max_size=20),
    st.sampled_from(WORDS),
    st.none(),
    st.binary(max_size=3),
)
names = st.one_of(st.sampled_from(NAMES), st.text(max_size=12))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
    max_leaves=12,
)


@st.composite
def mutated(draw):
    """The small input or one of inputs/ with one to four entries changed, added, moved or taken
    away."""
    tree = copy.deepcopy(draw(st.sampled_from(TREES)))
    for _ in range(draw(st.integers(1, 4))):
        table = tree
        while any(isinstance(item, dict) for item in table.values()) and draw(st.booleans()):
            table = table[
                draw(
                    st.sampled_from([key for key, item in table.items() if isinstance(item, dict)])
                )
            ]
        key = draw(st.one_of(st.sampled_from(sorted(table)), names)) if table else draw(names)
        how = draw(st.sampled_from(["set", "set", "scale", "drop", "move"]))
        if how == "set" or key not in table:
            table[key] = draw(values)
        elif (
            how == "scale"
            and isinstance(table[key], (int, float))
            and not isinstance(table[key], bool)
        ):
            table[key] *= draw(st.sampled_from([-1, 0, 1e-9, 1e9, 0.5, 2]))
        elif how == "drop":
            del table[key]
        else:
            item, home = table.pop(key), tree.setdefault("run", {})
            if isinstance(home, dict) and home is not item:
                home[key] = item
    return tree


@st.composite
def scribbled(draw):
    """The text of the small input with a few characters changed: not always TOML."""
    text = list(INPUT)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text) - 1))
        text[at] = draw(
            st.one_of(
                st.characters(), st.sampled_from(list("[]{}=\"'#.,-+e\n\t 0123456789")), st.just("")
            )
        )
    return "".join(text)


def refused_or_valid(read):
    """Whether an input is valid; it is one or the other, in one line, in time, and a valid one is
    itself again."""
    begun = time.process_time()
    try:
        checked = read()
    except InputError as error:
        line = str(error)
        assert line and "\n" not in line and len(line) < 1000 and error.exit_code == 2, line
        line.encode()
        return None
    finally:
        assert time.process_time() - begun < SECONDS
    try_model(checked)
    there = load.loads(checked.text, driver.catalogue(), folder=checked.folder)
    assert changed(physics(checked), physics(there)) == []
    return checked


def try_model(checked):
    """What `check` does with a valid input before it probes the machine: drive, lattice, poles,
    rows."""
    if (checked.system, checked.task) != (
        "nsn-junction",
        "evolve",
    ) or checked.numerics.Lx * checked.numerics.Ly > 10_000:
        return
    begun = time.process_time()
    try:
        junction = build_junction(checked, solo())
        row_times(
            checked.run.t_max,
            junction.drive.breakpoints(checked.run.t_max),
            checked.numerics.dt,
            checked.run.output_every,
        )
    except InputError as error:
        assert "\n" not in str(error)
    assert time.process_time() - begun < SECONDS


def try_tree(tree):
    refused_or_valid(lambda: load.load(tree, driver.catalogue()))


def try_text(text):
    refused_or_valid(lambda: load.loads(text, driver.catalogue()))


def try_override(words):
    refused_or_valid(lambda: load.load(TREE, driver.catalogue(), words))


SHORT = settings(max_examples=150, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=2500, suppress_health_check=list(HealthCheck))
overrides = st.lists(
    st.one_of(st.text(max_size=40), st.builds("{}.{}={}".format, names, names, leaves)),
    min_size=1,
    max_size=3,
)
KINDS = {
    "mutated inputs": (mutated(), try_tree),
    "any values": (st.dictionaries(names, values, max_size=6), try_tree),
    "scribbled files": (scribbled(), try_text),
    "overrides": (overrides, try_override),
}


@pytest.mark.parametrize("kind", KINDS)
def test_any_input_is_valid_or_refused_in_one_line(kind):
    strategy, attempt = KINDS[kind]
    SHORT(given(strategy)(lambda value: attempt(value)))()


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_inputs_are_valid_or_refused_in_one_line(kind):
    strategy, attempt = KINDS[kind]
    LONG(given(strategy)(lambda value: attempt(value)))()
