"""``hpcneq new``: an input to begin with. The task's example is live, every other key a comment."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from pathlib import Path

from ..errors import InputError, of_writing
from ..files.names import discard, follow
from ..tasks.task import System, Task
from .description import Description, description_of, tables_of, task_keys
from .description_text import default_text
from .schema import is_array, whole_key
from .toml_text import literal_of

MEANING = 32  # column at which the meaning of a key begins


def write_template(
    catalogue: Mapping[str, System], system: str, task: str, path: str | Path | None
) -> Path:
    """Write an input of a task; returns its name, by default SYSTEM-TASK.toml in this folder.

    Raises InputError for an unknown name, an existing file or a folder that cannot be written.
    """
    text = template(catalogue, system, task)
    target = follow(path or f"{system}-{task}.toml")
    try:
        with open(target, "x", encoding="utf-8") as file:
            try:
                file.write(text)
                file.flush()
            except OSError:
                discard(target)  # the half of it
                raise
    except FileExistsError:
        raise InputError(f"{target}: exists already; give another name with -o") from None
    except (OSError, ValueError) as error:
        raise of_writing(error)(f"{target}: cannot be written ({error})") from None
    return target


def template(catalogue: Mapping[str, System], system: str, task: str) -> str:
    """The text of an input of a task: its example, all other keys as comments."""
    description_of(catalogue, system, task)  # or the nearest name
    declaration = catalogue[system].tasks[task]
    lines = [
        f"# {declaration.doc}",
        "# Keys in comments have the values shown, unless you change them.",
        f"system = {literal_of(system)}",
        f"task = {literal_of(task)}",
    ]
    for name, table in tables_of(declaration).items():
        live = declaration.example.get(name, {})
        entries = [*task_keys(declaration, table, name)]
        if is_array(table):
            lines += ["", *_array_lines(entries, name)]
            continue
        lines += ["", f"[{name}]"]
        if whole_key(table) is not None:
            lines += [f"{key} = {literal_of(value)}" for key, value in live.items()]
        lines += _table_lines(entries, live, name)
    lines += _sweep_lines(declaration)
    lines += _petsc_lines(declaration)
    return "\n".join(lines) + "\n"


def _table_lines(
    entries: typing.Iterable[Description], live: Mapping[str, object], table: str
) -> typing.Iterator[str]:
    """One line for each key; those of a table inside it as dotted keys."""
    tables: dict[str, Mapping[str, object]] = {}  # inside it, of which some keys are live
    for entry in entries:
        inner = str(entry["table"]).removeprefix(table).lstrip(".")
        key = str(entry["key"])
        value = live.get(key)
        if not inner and entry["type"] == "a table" and isinstance(value, Mapping):
            tables[key] = value
            continue
        if inner in tables and key in tables[inner]:
            yield _with_meaning(f"{inner}.{key} = {literal_of(tables[inner][key])}", entry)
            continue
        if inner.partition(".")[0] in live.keys() - tables.keys():  # given as a whole
            continue
        if "[]" in inner:  # the tables of a list: what may stand in each
            yield _with_meaning(f"#   in each of {inner.replace('[]', '')}: {key}", entry)
            continue
        if not inner and key in live:
            yield _with_meaning(f"{key} = {literal_of(live[key])}", entry)
        elif entry["type"] != "a table":
            name = f"{inner}.{key}" if inner else key
            yield _with_meaning(f"# {name} = {_default(entry)}".rstrip(), entry)


def _array_lines(entries: typing.Iterable[Description], name: str) -> typing.Iterator[str]:
    """An array of tables: one line for what may stand in each of them."""
    yield f"# [[{name}]]"
    for entry in entries:
        yield _with_meaning(f"# {entry['key']} = {_default(entry)}".rstrip(), entry)


def _default(entry: Description) -> str:
    """The default of a key, empty where there is none."""
    if entry["required"] or entry["default"] is None:
        return ""
    return default_text(entry)


def _with_meaning(line: str, entry: Description) -> str:
    words = [str(entry["type"])]
    if entry["unit"]:
        words[0] += f" [{entry['unit']}]"
    if entry["required"]:
        words.append("must be given")
    if entry["doc"]:
        words.append(str(entry["doc"]))
    return f"{line.ljust(MEANING)}  # {'; '.join(words)}"


def _sweep_lines(task: Task) -> list[str]:
    if not task.sweep:
        return []
    live = task.example.get("sweep", {})
    lines = ["", "[sweep]", "# one key makes a curve, two make a map; also a list: [0.1, 0.2]"]
    lines += [f"{key} = {literal_of(value)}" for key, value in live.items()]
    forms = "{from = , to = , points = }"
    return lines + [f"# {key} = {forms}" for key in task.sweep if key not in live]


def _petsc_lines(task: Task) -> list[str]:
    live = task.example.get("petsc", {})
    if not task.petsc and not live:
        return []
    lines = ["", "[petsc]", f"# options of PETSc by prefix: {', '.join(task.petsc)}"]
    return lines + [f"{key} = {literal_of(value)}" for key, value in live.items()]
