"""What there is, in JSON's types: systems, tasks, their keys and their quantities.

Reads declarations alone: no task is imported, so that nothing heavy is loaded.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Mapping

from ..errors import InputError
from ..tasks.task import System, Task, declared
from .load import RunTable
from .schema import (
    LIMITS,
    as_json,
    default_of,
    expected,
    keys_of,
    required,
    tables_inside,
    whole_key,
)
from .words import nearest

Description = dict[str, object]  # of JSON's types
ONLY_TIMED = ("t_max", "output_every")  # keys of [run] that only an evolution in time uses


def description_of(
    catalogue: Mapping[str, System],
    system: str | None = None,
    task: str | None = None,
    key: str | None = None,
) -> Description:
    """All systems, or one, or one of its tasks, or a key or quantity of that.

    key : "T", "parameters.T", "leads.left.T" or a quantity's name. Raises InputError for an unknown
    name, or for a system that cannot be imported; in the list of all, that is its line.
    """
    if system is None:
        return {"systems": [system_line(catalogue, name) for name in catalogue]}
    if system not in catalogue:
        raise _unknown("system", system, catalogue)
    declaration = catalogue[system]
    if task is None:
        tasks = [describe_task(declaration, each) for each in declaration.tasks.values()]
        return {**describe_system(declaration), "tasks": tasks}
    if task not in declaration.tasks:
        raise _unknown(f"task of {system}", task, declaration.tasks)
    whole = describe_task(declaration, declaration.tasks[task])
    return whole if key is None else _entry(whole, key)


def system_line(catalogue: Mapping[str, System], name: str) -> Description:
    """A system with its tasks' names, or with the error that its import raised."""
    try:
        return describe_system(catalogue[name])
    except InputError as error:
        return {"name": name, "error": str(error)}


def describe_system(system: System) -> Description:
    """A system and one line for each task."""
    tasks = [{"name": task.name, "doc": task.doc} for task in system.tasks.values()]
    return {"name": system.name, "doc": system.doc, "paper": system.paper, "tasks": tasks}


def describe_task(system: System, task: Task) -> Description:
    """A task with all keys and quantities."""
    tables = tables_of(task)
    return {
        "system": system.name,
        "name": task.name,
        "doc": task.doc,
        "timed": task.timed,
        "sweep": list(task.sweep),
        "petsc": list(task.petsc),
        "keys": [entry for name, table in tables.items() for entry in task_keys(task, table, name)],
        "quantities": describe_quantities(task),
    }


def tables_of(task: Task) -> dict[str, type]:
    """The tables of a task's input that are declared key by key."""
    return {**task.tables, "run": RunTable}


def task_keys(task: Task, table: type, name: str) -> Iterator[Description]:
    """The keys of a table that mean something for the task."""
    for entry in describe_table(table, name, task.timed):
        if task.timed or name != "run" or entry["key"] not in ONLY_TIMED:
            yield entry


def describe_table(table: type, path: str, timed: bool = False) -> Iterator[Description]:
    """The keys of a table, those of tables inside it after them.

    path : "leads.left". timed : [run] t_max must be given.
    """
    hints = typing.get_type_hints(table)
    whole = whole_key(table)
    if whole is not None:
        for ending, inner in tables_inside(hints[whole.name]):
            yield from describe_table(inner, path + ending)
        return
    for name, f in keys_of(table).items():
        rules, hint = f.metadata, hints[f.name]
        limits = {limit: rules[limit] for limit in LIMITS if rules.get(limit) is not None}
        must = required(f) or (timed and (path, name) == ("run", "t_max"))
        entry: Description = {
            "table": path,
            "key": name,
            "type": expected(hint, rules),
            "required": must,
            "default": None if must else as_json(default_of(f)),
            "unit": rules.get("unit", ""),
            "limits": limits,
            "choices": list(rules.get("choices") or ()),
            "doc": rules.get("doc", ""),
        }
        yield entry
        for ending, inner in tables_inside(hint):
            yield from describe_table(inner, f"{path}.{name}{ending}")


def describe_quantities(task: Task) -> list[Description]:
    """What a task may write: data sets and summary numbers."""
    return [
        {
            "name": quantity.name,
            "units": quantity.units,
            "axes": list(quantity.axes),
            "type": quantity.dtype.__name__,
            "kind": quantity.kind,
            "error": quantity.error,
            "missing": quantity.missing,
            "long_name": quantity.long_name,
        }
        for quantity in declared(task).values()
    ]


def _entry(task: Description, name: str) -> Description:
    """The keys and quantities of that name."""
    keys = typing.cast(list[Description], task["keys"])
    quantities = typing.cast(list[Description], task["quantities"])
    named = [entry for entry in keys if _is_named(entry, name)]
    written = [entry for entry in quantities if entry["name"] == name]
    if not named and not written:
        docs = {str(entry["key"]): str(entry["doc"]) for entry in keys}
        docs |= {str(entry["name"]): str(entry["long_name"]) for entry in quantities}
        raise _unknown(f"key or quantity of {task['system']} {task['name']}", name, docs)
    return {
        "system": task["system"],
        "task": task["name"],
        "swept": name.rpartition(".")[2] in typing.cast(list[str], task["sweep"]),
        "keys": named,
        "quantities": written,
    }


def _is_named(entry: Description, name: str) -> bool:
    """Whether a key is meant by "T", "leads.left.T" or, in an array of tables, "hop.from"."""
    whole = re.escape(f"{entry['table']}.{entry['key']}").replace(r"\[\]", r"(?:\[\]|\.\d+)?")
    return name == entry["key"] or bool(re.fullmatch(whole.replace("NAME", r"[\w-]+"), name))


def _unknown(what: str, name: str, known: typing.Iterable[str]) -> InputError:
    """The error for a name; known : the names there are, as keys of what they mean or alone."""
    names, docs = list(dict.fromkeys(known)), known if isinstance(known, dict) else {}
    meant = nearest(name, names, docs)
    return InputError(f'no {what} "{name}"; {meant}there is: {", ".join(names)}')
