"""check says what run says: the same exit code and the same line, for any input of any task."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import io
import math
import random
import tomllib
import typing

import pytest
from support.programs import HOME

import hpcneq
from hpcneq import systems
from hpcneq.cli import main
from hpcneq.config.check import check_input
from hpcneq.config.description import tables_of
from hpcneq.config.schema import arms, default_of, keys_of, required
from hpcneq.config.toml_text import render
from hpcneq.systems import Catalogue, built_in
from hpcneq.tasks import Cost, Outcome, System, Task

TASKS = [(name, task) for name in built_in() for task in Catalogue()[name].tasks]
PUBLISHED = [tomllib.loads(path.read_text()) for path in sorted((HOME / "inputs").rglob("*.toml"))]
OPTIONS = {
    "ts_type": ["rk", "arkimex", "exponential", "bdf"],
    "ts_rtol": [1e-6, "small"],
    "ts_adapt_type": ["none", "basic", "dsp"],
    "ts_rtoll": [1e-6],
    "snes_rtol": [1e-9],
    "snes_type": ["newtonls", "newton"],
    "snes_max_it": [7, 2.5],
    "relax_snes_max_it": [9],
    "ksp_type": ["gmres", "gmress"],
}


# ---- the task itself is replaced by a marker ----------------------------------------------------


def marker(given, comm, log, output):
    """A task that computes nothing."""
    return Outcome("complete", {})


@pytest.fixture
def marked(monkeypatch):
    """Every task computes nothing; all that stands before a task is as it is."""
    real, made = systems.get, {}

    def get(name):
        if name not in made:
            system = real(name)
            tasks = [dataclasses.replace(task, run=marker) for task in system.tasks.values()]
            made[name] = System(system.name, system.doc, system.paper, tasks)
        return made[name]

    monkeypatch.setattr(systems, "get", get)


def said(*words):
    """(exit code, what is said on standard error) of a command in this process."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        code = main(list(words))
    return code, errors.getvalue()


def assert_same(tree):
    """run and check of an input say the same; returns the exit code."""
    with open("input.toml", "w", encoding="utf-8") as file:
        file.write(render(tree))
    ran = said("run", "input.toml", "-o", "out.h5", "--force", "--quiet")
    checked = said("check", "input.toml", "--no-cost")
    assert ran == checked, render(tree)
    assert ran[0] in (0, 2) and ran[1].count("\n") == bool(ran[0])
    return ran[0]


# ---- inputs -------------------------------------------------------------------------------------


def start_of(task, name):
    """An input of the task that is right, or nearly so, to be changed."""
    trees = [tree for tree in PUBLISHED if (tree["system"], tree["task"]) == (name, task.name)]
    if task.example:
        trees.append({"system": name, "task": task.name, **copy.deepcopy(dict(task.example))})
    return trees or [{"system": name, "task": task.name, "run": {"t_max": 1.0}}]


class Chance:
    """Random changes of an input, most of them near what its declaration allows."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one_of(self, items):
        return self.random.choice(list(items))

    def number(self, rules, whole):
        """At, near or within the limits, seldom outside."""
        low = rules.get("above", rules.get("min", -10.0))
        high = rules.get("below", rules.get("max", 10.0))
        inside = self.random.uniform(low, min(high, low + 10 ** self.random.uniform(-3, 2)))
        value = self.one_of([low, high, inside, inside, inside, inside, 0, low - 1, high * 2 + 1])
        if not math.isfinite(value) or abs(value) > 1e12:
            value = 1.0
        return round(value) if whole else self.one_of([float(value), float(value), round(value)])

    def value(self, hint, rules):
        """A value for a key."""
        arm = self.one_of(arms(hint))
        kind = typing.get_origin(arm) or arm
        if self.random.random() < 0.03:
            return self.one_of([True, "word", [1.0], {}, -1, 0.5])
        if dataclasses.is_dataclass(kind):
            return self.table(kind)
        choices = [choice for choice in rules.get("choices") or () if type(choice) is kind]
        if choices:
            return self.one_of([*choices, *choices, "neither"])
        if kind in (int, float):
            return self.number(rules, kind is int)
        if kind in (list, tuple):
            return [self.number(rules, False) for _ in range(self.random.randint(0, 3))]
        return {bool: self.one_of([True, False]), str: self.one_of(["x.h5", "a", ""])}.get(
            kind, {"to": self.random.random(), "kind": self.one_of(["step", "ramp", "stop"])}
        )

    def table(self, table):
        """A table with its required keys and, of the others, a few."""
        hints = typing.get_type_hints(table)
        return {
            name: self.value(hints[f.name], f.metadata)
            for name, f in keys_of(table).items()
            if required(f) or self.random.random() < 0.3
        }

    def change(self, tree, task):
        """One change of an input, in place."""
        tables = tables_of(task)
        how = self.random.random()
        name = self.one_of(tables)
        if not isinstance(tree.setdefault(name, {}), dict):
            return
        keys, hints = keys_of(tables[name]), typing.get_type_hints(tables[name])
        key = self.one_of(keys)
        if how < 0.6:
            tree[name][key] = self.value(hints[keys[key].name], keys[key].metadata)
        elif how < 0.7 and task.sweep:
            self.sweep(tree, task)
        elif how < 0.8:
            self.options(tree, task)
        elif how < 0.85 and tree[name]:
            del tree[name][self.one_of(tree[name])]
        elif how < 0.9 and not required(keys[key]) and default_of(keys[key]) is not None:
            tree[name].pop(key, None)
        elif how < 0.93:
            tree.pop(self.one_of(tree))
        elif how < 0.96:
            tree[name][key + "x"] = 1.0

    def sweep(self, tree, task):
        """Another sweep key, a range or a list."""
        sweep = tree.setdefault("sweep", {})
        if not isinstance(sweep, dict):
            return
        if len(sweep) > 1 or self.random.random() < 0.3:
            sweep.clear()
        rules = {"min": 0.0, "max": 2.0}
        ends = sorted(self.number(rules, False) for _ in range(2))
        form = {"from": ends[0], "to": ends[1], "points": self.random.randint(1, 4)}
        sweep[self.one_of(task.sweep)] = self.one_of([form, ends])

    def options(self, tree, task):
        """An option of PETSc."""
        options = tree.setdefault("petsc", {})
        if isinstance(options, dict):
            name = self.one_of(OPTIONS)
            prefix = self.one_of([*task.petsc, *task.petsc, "evolve"])
            options[f"{prefix}_{name}"] = self.one_of(OPTIONS[name])

    def input(self, name, task):
        """An input with no to three changes."""
        tree = copy.deepcopy(self.one_of(start_of(task, name)))
        for _ in range(self.random.choice([0, 1, 1, 1, 2, 3])):
            self.change(tree, task)
        run = tree.get("run")
        if isinstance(run, dict) and isinstance(run.get("max_memory"), float):
            del run["max_memory"]  # what a run takes is a cost, which --no-cost leaves out
        return tree


def try_many(name, task, count, tmp_path, monkeypatch):
    """Codes of ``count`` inputs; both kinds must be among them."""
    monkeypatch.chdir(tmp_path)
    chance = Chance(f"{name} {task}")
    declaration = Catalogue()[name].tasks[task]
    codes = [assert_same(chance.input(name, declaration)) for _ in range(count)]
    assert {0, 2} == set(codes), codes


@pytest.mark.parametrize("name, task", TASKS)
def test_check_says_what_run_says(name, task, marked, tmp_path, monkeypatch):
    try_many(name, task, 15, tmp_path, monkeypatch)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name, task", TASKS)
def test_check_says_what_run_says_of_500_inputs(name, task, marked, tmp_path, monkeypatch):
    try_many(name, task, 500, tmp_path, monkeypatch)


# ---- options of PETSc ---------------------------------------------------------------------------

QUENCH = {
    "system": "nsn-junction",
    "task": "evolve",
    "parameters": {"T": 0.1},
    "numerics": {"Lx": 4, "Ly": 2},
    "initial": {"state": "normal"},
    "run": {"t_max": 1.0},
}


@pytest.mark.parametrize(
    "options, words",
    [
        ({"evolve": {"ts_type": "bdf"}}, "must be one of exponential, rk, arkimex"),
        ({"evolve": {"ts_typ": "rk"}}, "[petsc] evolve_ts_typ: no solver of this run uses"),
        ({"evolve": {"ts_rk_type": "5dp"}}, "[petsc] evolve_ts_rk_type: no solver of this run"),
        ({"evolve": {"ts_type": "rk", "ts_adapt_type": "dsp"}}, "is not kept in checkpoints"),
        ({"initial": {"snes_type": "newton"}}, "[petsc] initial_:"),
        ({"initial": {"snes_typo": 1}}, "[petsc] initial_snes_typo: no solver of this run uses"),
        ({"evolve": {"ts_type": "rk", "ts_rk_type": "3bs"}}, ""),
        ({"evolve": {"ts_type": "exponential"}}, ""),
        ({"evolve": {"ts_type": "arkimex", "ts_rtol": 1e-5}}, ""),
        ({"initial": {"snes_rtol": 1e-9, "ksp_rtol": 1e-6}}, ""),
        ({"initial": {"relax": {"snes_max_it": 9}}}, ""),
    ],
)
def test_options_that_no_solver_uses_are_refused(options, words, marked, tmp_path, monkeypatch):
    """What is right is accepted, and stays for the task to use."""
    monkeypatch.chdir(tmp_path)
    assert assert_same(QUENCH | {"petsc": options}) == (2 if words else 0)
    assert words in said("check", "input.toml", "--no-cost")[1]


def test_the_run_itself_gets_its_options(tmp_path):
    """The trial solvers take no option away: with "rk" the evolution makes its own steps."""
    steps = {}
    for kind in ("exponential", "rk"):
        tree = QUENCH | {"petsc": {"evolve": {"ts_type": kind}}}
        steps[kind] = hpcneq.run(tree, tmp_path / f"{kind}.h5").summary["steps"]
    assert steps["exponential"] == 4 < steps["rk"]


# ---- what it would take -------------------------------------------------------------------------


def catalogue(cost):
    """A system whose one task costs what ``cost`` says."""
    task = Task("steady", "a task", {}, marker, cost=cost)
    return {"ring": System("ring", "a ring", "", [task])}


RING = {"system": "ring", "task": "steady"}


def test_cost_is_told_in_memory_and_time_for_the_ranks_asked_for():
    cost = Cost(7200.0, 3 * 2**20, most_ranks=4, notes=("12 points",))
    text = check_input(RING, catalogue(lambda given, ranks: cost), ranks=8)
    assert text.splitlines() == [
        "input: valid ring steady",
        "  12 points",
        "  memory: 3 MB a rank on 8 ranks",
        "  time: about 0:30:00 on 8 ranks",
        "  more than 4 ranks find no work",
    ]
    text = check_input(RING, catalogue(lambda given, ranks: cost), ranks=2)
    assert text.endswith("  time: about 1:00:00 on 2 ranks")
    assert check_input(RING, catalogue(None)) == "input: valid ring steady"
    assert check_input(RING, catalogue(lambda given, ranks: cost), cost=False).count("\n") == 0
