"""A description of systems, tasks, keys and quantities as text for a terminal, and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from ..tasks.task import ERRORS
from .toml_text import literal_of

WIDTH = 100  # columns of a terminal
COLUMN = 24  # where words begin
KEY_COLUMNS = ("key", "type", "default", "unit", "meaning")
QUANTITY_COLUMNS = ("quantity", "units", "axes", "error", "meaning")

Description = dict[str, Any]  # as `description.description_of` gives it


# ---- text ---------------------------------------------------------------------------------------


def as_text(description: Description) -> str:
    """Lines for a terminal."""
    return "\n".join(_lines(description))


def _lines(description: Description) -> list[str]:
    if "systems" in description:
        lines = [line for system in description["systems"] for line in _system_lines(system)]
        return [*lines, "more: hpcneq describe SYSTEM [TASK [KEY]]"]
    if "tasks" in description:
        return _system_lines(description)
    if "doc" not in description:
        lines = [line for entry in description["keys"] for line in _key_lines(entry)]
        if description["swept"]:
            lines.append(
                "  may be swept: [sweep] takes {from = .., to = .., points = ..} or a list"
            )
        return lines + [line for q in description["quantities"] for line in _quantity_lines(q)]
    return _task_lines(description)


def _system_lines(system: Description) -> list[str]:
    if "error" in system:
        return [f"{system['name'].ljust(COLUMN)}cannot be used: {system['error']}", ""]
    lines = _item(system["name"], system["doc"], 0)
    if system["paper"]:
        lines += _item("", system["paper"], 0)
    for task in system["tasks"]:
        lines += _item(task["name"], task["doc"], 2)
    return [*lines, ""]


def _task_lines(task: Description) -> list[str]:
    lines = [f"{task['system']} {task['name']}: {task['doc']}"]
    for table, entries in _by_table(task["keys"]):
        lines += ["", table_text(table)]
        for entry in entries:
            lines += _item(entry["key"], _key_words(entry), 2)
    if task["sweep"]:
        lines += ["", "[sweep]", *_wrapped("one or two of " + ", ".join(task["sweep"]), 2)]
    if task["petsc"]:
        lines += ["", "[petsc]", *_wrapped("options by prefix: " + ", ".join(task["petsc"]), 2)]
    if task["quantities"]:
        lines += ["", "quantities"]
        for quantity in task["quantities"]:
            lines += _item(quantity["name"], _quantity_words(quantity), 2)
    return lines


def _key_lines(entry: Description) -> list[str]:
    return [
        f"{table_text(entry['table'])} {entry['key']}: {entry['doc'] or 'see its keys'}",
        f"  allowed: {entry['type']}",
        f"  default: {default_text(entry)}",
        *([f"  unit: {entry['unit']}"] if entry["unit"] else []),
    ]


def _quantity_lines(quantity: Description) -> list[str]:
    where = {"data": "a data set", "summary": "a number of the summary"}
    lines = [f"{quantity['name']}: {quantity['long_name']}"]
    lines.append(f"  kind: {where.get(quantity['kind'], 'a data set and a number of the summary')}")
    lines.append(f"  units: {quantity['units']}, type: {quantity['type']}")
    if quantity["axes"]:
        lines.append(f"  axes: {', '.join(quantity['axes'])}")
    lines.append(f"  error: {_error_words(quantity)}")
    if quantity["missing"]:
        lines.append(f"  may be missing: {quantity['missing']}")
    return lines


def _error_words(quantity: Description) -> str:
    """What tells the error of a quantity, or why nothing does."""
    if quantity["error"] == ERRORS:
        return "the entry of this name in the result's errors"
    return str(quantity["error"] or "not told")


def _key_words(entry: Description) -> str:
    unit = f" [{entry['unit']}]" if entry["unit"] else ""
    meaning = f"; {entry['doc']}" if entry["doc"] else ""
    return f"{entry['type']}; {default_text(entry)}{unit}{meaning}"


def _quantity_words(quantity: Description) -> str:
    axes = f"({', '.join(quantity['axes'])})" if quantity["axes"] else ""
    error = f"; error: {quantity['error']}" if quantity["error"] else ""
    return f"{quantity['long_name']} [{quantity['units']}] {axes}".rstrip() + error


def table_text(table: str) -> str:
    """A table as TOML writes it: "[leads.left]", for an array of tables "[[model.hop]]"."""
    return f"[[{table[:-2]}]]" if table.endswith("[]") else f"[{table}]"


def default_text(entry: Description) -> str:
    """The default of a key in TOML, or "must be given", "none" where it has none."""
    if entry["required"]:
        return "must be given"
    if entry["default"] is None:
        return "none"
    if isinstance(entry["default"], dict):
        return "its keys' defaults"
    if entry["default"] in ("inf", "-inf"):
        return str(entry["default"])
    return literal_of(entry["default"])


def _by_table(keys: Iterable[Description]) -> list[tuple[str, list[Description]]]:
    """(table, its keys), in order."""
    tables: dict[str, list[Description]] = {}
    for entry in keys:
        tables.setdefault(entry["table"], []).append(entry)
    return list(tables.items())


def _item(name: str, words: str, indent: int) -> list[str]:
    """A name and, from a fixed column on, its words."""
    lines = _wrapped(words, COLUMN) or [""]
    if len(name) + indent >= COLUMN:
        return [" " * indent + name, *lines]
    return [(" " * indent + name).ljust(COLUMN) + lines[0].strip(), *lines[1:]]


def _wrapped(words: str, indent: int) -> list[str]:
    margin = " " * indent
    return textwrap.wrap(
        words, WIDTH, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False
    )


# ---- Markdown -----------------------------------------------------------------------------------


def as_markdown(description: Description) -> str:
    """Tables for a document."""
    return "\n".join(_markdown(description))


def _markdown(description: Description) -> list[str]:
    if "systems" in description:
        rows = [
            (system["name"], task["name"], task["doc"])
            for system in description["systems"]
            for task in system.get("tasks", ())
        ]
        return _table(("system", "task", "what it computes"), rows)
    if "tasks" in description:
        return [line for task in description["tasks"] for line in _folded(task)]
    return [*_keys_markdown(description), *_quantities_markdown(description["quantities"])]


def _folded(task: Description) -> list[str]:
    """The tables of a task under a line that unfolds them."""
    tables = [*_keys_markdown(task), *_quantities_markdown(task["quantities"])]
    summary = f"<summary><code>{task['name']}</code>: {task['doc']}</summary>"
    return ["<details>", summary, "", *tables, "</details>"]


def _keys_markdown(task: Description) -> list[str]:
    lines = []
    for table, entries in _by_table(task["keys"]):
        rows = [(e["key"], e["type"], default_text(e), e["unit"] or "", e["doc"]) for e in entries]
        lines += [f"`{table_text(table)}`", "", *_table(KEY_COLUMNS, rows), ""]
    if task.get("sweep"):
        lines += ["`[sweep]`: one or two of " + ", ".join(f"`{key}`" for key in task["sweep"]), ""]
    return lines


def _quantities_markdown(quantities: Sequence[Description]) -> list[str]:
    rows = [
        (q["name"], q["units"], ", ".join(q["axes"]), q["error"] or "", q["long_name"])
        for q in quantities
    ]
    return [*_table(QUANTITY_COLUMNS, rows), ""] if rows else []


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; the first column is code."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for first, *others in rows:
        cells = [f"`{first}`", *(str(cell).replace("|", "\\|") for cell in others)]
        lines.append("| " + " | ".join(cells) + " |")
    return lines
