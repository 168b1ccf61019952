"""An input: every table of it is checked, and refused in one line, before anything is computed."""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..tasks import memory
from ..tasks.task import System, Task, resolve
from .schema import as_json, build, docs_of, is_array, key, keys_of
from .source import Tree, override, parse, plain_tree, read
from .sweeps import Axes, petsc_options, sweep_of, swept_parameters
from .toml_text import literal_of, render
from .words import fail, kind_text, meant_key, nearest, one_line, unknown

Override = str | Mapping[str, object]  # "table.key=value", or tables by name
NAMED = ("parameters", "numerics", "initial")  # tables that are attributes of a `Run`


# ---- what comes out -----------------------------------------------------------------------------


def _seconds(limit: float | str) -> float:
    """Seconds from minutes (a number) or from "HH:MM:SS"."""
    if isinstance(limit, str):
        match = re.fullmatch(r"(\d{1,5}):([0-5]\d):([0-5]\d)", limit, re.ASCII)
        if not match:
            raise ValueError('must be "HH:MM:SS" or a number of minutes')
        hours, minutes, rest = map(int, match.groups())
        limit = (hours * 3600 + minutes * 60 + rest) / 60
    if not 0 < limit <= 1e8:
        raise ValueError("must be > 0 and at most 1e8 minutes")
    return 60.0 * limit


@dataclass(frozen=True)
class RunTable:
    """The [run] table: how long, how often, and when to stop.

    None of it changes the steps taken, save the seed. ``wall_limit`` is in seconds once it is read.
    """

    t_max: float | None = key(None, doc="end of the time evolution", unit="1/energy", above=0)
    output_every: float | None = key(
        None, doc="time between rows of output", unit="1/energy", above=0
    )
    checkpoint_minutes: float = key(10.0, doc="wall time between checkpoints", unit="min", above=0)
    wall_limit: float | str | None = key(
        None,
        doc='wall time after which to stop with a checkpoint: "HH:MM:SS", or a number of minutes',
        unit="min",
        parse=_seconds,
    )
    max_memory: float | None = key(
        None,
        doc="memory on one machine above which the run is refused; default: 80% of what there is",
        unit="GB",
        above=0,
    )
    seed: int = key(0, doc="key of all random numbers", min=0)


@dataclass(frozen=True, eq=False)
class Run:
    """A checked input.

    parameters, numerics, initial : instances of the system's dataclasses (None where the task has
    no such table); a swept parameter holds the first value of its sweep. tables : further tables
    by name.
    sweep : key -> (points,) float array; the first key is the slow one. petsc : {"evolve_ts_type":
    "rk"}, values as read. text : the TOML, verbatim, or rendered where the input was a dict or was
    changed by overrides.
    folder : absolute; relative file names in the input start here. begun : whether it is the input
    of a run that has begun, which remembers what the files it names held: they may be gone.
    trusted : whether code that its checkpoint keeps may be executed.
    """

    system: str
    task: str
    parameters: Any
    numerics: Any
    initial: Any
    tables: dict[str, Any]
    run: RunTable
    sweep: Axes
    petsc: dict[str, object]
    text: str
    folder: Path
    begun: bool = False
    trusted: bool = False

    def resolved(self) -> dict[str, object]:
        """{table: {key: value}} with every default filled in, of JSON's types, inf as "inf"."""
        tables = {name: vars(self)[name] for name in (*NAMED, "run")} | self.tables
        resolved = {name: as_json(table) for name, table in tables.items() if table is not None}
        resolved["sweep"] = {name: points.tolist() for name, points in self.sweep.items()}
        return resolved | {"petsc": self.petsc}


# ---- reading ------------------------------------------------------------------------------------


def load(
    source: str | Path | Mapping[str, object],
    catalogue: Mapping[str, System],
    overrides: Sequence[Override] = (),
    begun: bool = False,
) -> Run:
    """The checked ``Run`` of a TOML file or of a dict.

    Raises InputError, in one line, if anything is wrong.

    catalogue : system name -> ``System``. overrides : "table.key=value" strings, and tables by name
    such as {"run": {"t_max": 3}}, applied before the checks. begun : see `Run`.
    """
    if isinstance(source, Mapping):
        return _checked(plain_tree(source), catalogue, overrides, None, Path.cwd(), begun)
    if not isinstance(source, (str, Path)):
        raise InputError(f"input must be a file name or a dict, got {type(source).__name__}")
    path = Path(source)
    name = one_line(str(path))
    return loads(read(path), catalogue, overrides, path.parent, name, begun)


def loads(
    text: str,
    catalogue: Mapping[str, System],
    overrides: Sequence[Override] = (),
    folder: str | Path = ".",
    name: str = "input",
    begun: bool = False,
) -> Run:
    """Like ``load``, from TOML text such as a checkpoint keeps."""
    tree = parse(text, name)
    return _checked(tree, catalogue, overrides, text, Path(folder).absolute(), begun)


def _checked(
    tree: Tree,
    catalogue: Mapping[str, System],
    overrides: Sequence[Override],
    text: str | None,
    folder: Path,
    begun: bool,
) -> Run:
    for change in overrides:
        if isinstance(change, Mapping):
            _named_tables(tree, plain_tree(change), catalogue)
        else:
            override(tree, change, lambda key: home_of(key, _declared(tree, catalogue)[1]))
    system, task = _declared(tree, catalogue)
    verbatim = render(tree) if overrides or text is None else text
    run = _assemble(tree, system, task, verbatim, folder, begun)
    memory.refuse_input(run)
    if task.refuse is not None:
        with memory.limited(run):
            resolve(task.refuse)(run)
    return run


# ---- what a task knows ---------------------------------------------------------------------------


def known_tables(task: Task) -> set[str]:
    """The tables that an input of a task may have."""
    return {*task.tables, "run", "sweep", "petsc"}


def homes_of(task: Task) -> dict[str, str]:
    """Key -> the table it belongs in."""
    homes: dict[str, str] = {}
    for name, table in {"run": RunTable, **task.tables}.items():
        homes |= dict.fromkeys(keys_of(table), name)
    return homes


def home_of(word: str, task: Task) -> tuple[str, str]:
    """(table, key) of the key called or meaning ``word``, or blanks."""
    homes = homes_of(task)
    key = word if word in homes else meant_key(word, meanings_of(task))
    return homes.get(key, ""), key


def meanings_of(task: Task) -> dict[str, str]:
    """Key -> what it is, of all tables."""
    tables = {"run": RunTable, **task.tables}.values()
    return {key: doc for table in tables for key, doc in docs_of(table).items()}


def sweeping(system: System) -> dict[str, list[str]]:
    """Key -> the tasks of a system that sweep it."""
    tasks = system.tasks.values()
    keys = dict.fromkeys(key for task in tasks for key in task.sweep)
    return {key: [task.name for task in tasks if key in task.sweep] for key in keys}


# ---- checking -----------------------------------------------------------------------------------


def _declared(tree: Tree, catalogue: Mapping[str, System]) -> tuple[System, Task]:
    """The system and the task that an input names. Raises InputError."""
    system = catalogue[_one_of(tree, "system", catalogue)]
    return system, system.tasks[_one_of(tree, "task", system.tasks)]


def _named_tables(tree: Tree, change: Tree, catalogue: Mapping[str, System]) -> None:
    """Apply {"run": {"t_max": 3}} to the tree, in place. Raises InputError.

    A key that is a table of its own, as leads.left is, keeps those of its keys that are not given.
    """
    for name in ("system", "task"):
        if name in change:
            tree[name] = change.pop(name)
    _, task = _declared(tree, catalogue)
    for name, value in change.items():
        home, key = home_of(name, task)
        a_key = name == key or not isinstance(value, dict)  # else a table, misspelt
        if name not in known_tables(task) and home and a_key:
            form = f"{home}={{{json.dumps(key)}: {literal_of(value)}}}"
            raise InputError(f"{name}: {key} is a key of [{home}]: give {form}")
        if name in known_tables(task) and not isinstance(value, dict):
            fail((name,), value, f"must be a table, {name}={{key: value}}, got {kind_text(value)}")
        table = None if name == "petsc" else task.tables.get(name, RunTable)
        tree[name] = _merged(tree.get(name), value, table)


def _merged(old: object, new: object, table: type | None) -> object:
    """A table with the keys of ``new``, and those of ``old`` that are not among them.

    table : its declaration, which says what of it are tables again; None: all that is one.
    """
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    merged = dict(old)
    for name, value in new.items():
        merged[name] = value
        if table is None:
            merged[name] = _merged(old.get(name), value, None)
        elif name in keys_of(table):
            inner = typing.get_type_hints(table)[keys_of(table)[name].name]
            if isinstance(inner, type) and dataclasses.is_dataclass(inner):
                merged[name] = _merged(old.get(name), value, inner)
    return merged


def _assemble(tree: Tree, system: System, task: Task, text: str, folder: Path, begun: bool) -> Run:
    """Every table checked."""
    homes, known = homes_of(task), known_tables(task)
    for name, value in tree.items():
        if name not in known | {"system", "task"}:
            unknown((name,), value, sorted(known), homes)
    sweep = sweep_of(_table(tree, "sweep"), task.sweep, sweeping(system), meanings_of(task))
    built: dict[str, Any] = {}
    for name, table in task.tables.items():
        if name != "parameters":
            built[name] = build(table, _given(tree, name, table), (name,), homes)
    if "parameters" in task.tables:
        values = _table(tree, "parameters")
        built["parameters"] = swept_parameters(task.tables["parameters"], values, sweep, homes)
    limits = build(RunTable, _table(tree, "run"), ("run",), homes)
    if task.timed and limits.t_max is None:
        raise InputError(f'[run] t_max: missing; task "{task.name}" needs a number > 0')
    named = {name: built.pop(name, None) for name in NAMED}
    options = petsc_options(_table(tree, "petsc"), task.petsc)
    return Run(
        system.name,
        task.name,
        **named,
        tables=built,
        run=limits,
        sweep=sweep,
        petsc=options,
        text=text,
        folder=folder,
        begun=begun,
    )


def _one_of(tree: Tree, name: str, known: Mapping[str, object]) -> str:
    """The value of the key ``name``, which must be one of ``known``."""
    listed = ", ".join(known)
    if name not in tree:
        close = difflib.get_close_matches(name, [word for word in tree if len(word) < 60], 1)
        meant = f' (is "{close[0]}" meant to be it?)' if close else ""
        raise InputError(f"{name}: missing{meant}; must be one of {listed}")
    value = tree[name]
    if not isinstance(value, str):
        fail((name,), value, f"must be a string, got {kind_text(value)}; known: {listed}")
    if value not in known:
        fail((name,), value, f"unknown; {nearest(value, known)}known: {listed}")
    return value


def _given(tree: Tree, name: str, table: type) -> object:
    """The content of a table, nothing if it is left out."""
    if not is_array(table):
        return _table(tree, name)
    values = tree.get(name, [])
    if not isinstance(values, list):
        fail((name,), values, f"must be a list of tables, got {kind_text(values)}")
    return values


def _table(tree: Tree, name: str) -> dict[str, object]:
    values = tree.get(name, {})
    if not isinstance(values, dict):
        fail((name,), values, f"must be a table, got {kind_text(values)}")
    return values
