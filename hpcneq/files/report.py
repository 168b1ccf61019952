"""What ``hpcneq show`` prints: a result's headline, and what its checkpoints hold."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import InputError
from ..parallel import solo
from . import checkpoint, journal
from .declarations import Declaration
from .hdf5 import plain
from .reader import Result

HEADLINE = (
    "system",
    "task",
    "part",
    "t",
    "step",
    "t_max",
    "rows",
    "ranks",
    "written",
    "write_seconds",
)

MOST_WORDS = 20  # of a list in the text of show; --json has all


def show(
    path: str | Path,
    as_json: bool = False,
    quantities: Callable[[Result], Mapping[str, Declaration]] | None = None,
) -> str:
    """A result file or a checkpoint, as text or as one JSON object.

    quantities : ``quantities(result)``, what its task declares by name, for the units of the
    summary; those of a number it does not declare are those of a data set of the same name.

    Raises InputError if it is neither, or damaged.
    """
    if checkpoint.is_checkpoint(path):
        if as_json:
            return json.dumps(plain(_state(path)), allow_nan=False)
        return "\n".join(_state_lines(path))
    result = Result(path)
    if as_json:
        content = result.as_json_object()
        content["checkpoint"] = plain(newest(path))
        content["finished_points"] = journal.count(path)
        return json.dumps(content, allow_nan=False)
    known = {} if quantities is None else quantities(result)
    return "\n".join(_result_lines(path, result, known))


def newest(path: str | Path) -> dict | None:
    """What the newest checkpoint of a result file holds, unhashed; None if none can be read."""
    for number in checkpoint.generations(path):
        try:
            meta = checkpoint.read_meta(checkpoint.path_of(path, number))
            return _headline(checkpoint.Saved(os.fspath(path), number, meta))
        except (InputError, OSError, RuntimeError, KeyError, ValueError):
            continue
    return None


def _headline(saved):
    return {"number": saved.number, **{key: saved.meta[key] for key in HEADLINE}}


def _result_lines(path, result, quantities):
    lines = [f"{path}: {result.system} {result.task}, {result.status}"]
    for key, value in result.summary.items():
        words = _with_error(value, result.errors.get(key))
        lines.append(f"  {key:24s} {words}  {_unit(result, quantities, key)}".rstrip())
    for warning in result.warnings:
        lines.append(f"  warning: {warning}")
    where = result.provenance
    lines.append(
        f"  {where.get('ranks', '?')} ranks on {where.get('host', '?')}, "
        f"{where.get('started', '?')}, "
        f"hpcneq {where.get('hpcneq_version', '?')} ({_short(where.get('commit', '?'))})"
    )
    if options := where.get("petsc_options"):
        lines.append(f"  PETSc options: {options}")
    lines.append("  data: " + ", ".join(result.keys()))
    state = newest(path)
    if state is not None:
        lines.append(f"  checkpoint {state['number']}: {_where(state)}, written {state['written']}")
    if (points := journal.count(path)) is not None:
        lines.append(f"  journal: {points} finished points; go on with: hpcneq resume {path}")
    return lines


def _where(state):
    t, t_max, step, part = (state[key] for key in ("t", "t_max", "step", "part"))
    return f't = {t:.10g} of {t_max:g}, step {step} of the part "{part}"'


def _load(path):
    """A state file by its own name; InputError unless it is whole."""
    target, number = checkpoint.split(path)
    if not os.path.isfile(path):
        raise InputError(f"{path}: there is no such file")
    return checkpoint.load(solo(), target, number)


def _state(path):
    saved = _load(path)
    meta = saved.meta
    return {
        "format_version": meta["format_version"],
        "status": "checkpoint",
        "exit_code": None,
        "system": meta["system"],
        "task": meta["task"],
        "summary": _headline(saved),
        "errors": {},
        "warnings": [],
        "provenance": {
            "input": meta["input"],
            "seed": meta["seed"],
            "ranks": meta["ranks"],
            **meta["versions"],
        },
    }


def _state_lines(path):
    saved = _load(path)
    meta = saved.meta
    others = [
        f"{number} ({part})" for part, number in meta["parked"].items() if number != saved.number
    ]
    versions = ", ".join(
        f"{name.removesuffix('_version')} {value}" for name, value in meta["versions"].items()
    )
    rows = ", ".join(f"{count} of {axis}" for axis, count in meta["rows"].items())
    finished = ", ".join(meta["results"]) or "none"
    together = ", ".join(others) or "none"
    return [
        f"{path}: a whole checkpoint of {saved.target}",
        f"  {meta['system']} {meta['task']}, {_where(meta)}",
        f"  rows of the result so far: {rows}",
        f"  finished parts: {finished}; goes with checkpoints: {together}",
        f"  {os.path.getsize(path)} bytes, written {meta['written']} by {meta['ranks']} ranks; "
        "goes on on any number of them",
        f"  versions: {versions}",
        f"  go on with: hpcneq resume {saved.target}",
    ]


def _unit(result, quantities, key):
    """The unit of a summary number, nothing for a pure number or a text."""
    unit = ""
    if key in quantities:
        unit = quantities[key].units
    elif key in result:
        unit = result[key].units
    return "" if unit == "1" else unit


def _with_error(value, error):
    """A number with its error, or a list of them, of a long one the beginning and the end."""
    if isinstance(value, list):
        errors = [None] * len(value)
        if isinstance(error, list) and len(error) == len(value):
            errors = error
        words = list(map(_with_error, value, errors))
        if len(words) > MOST_WORDS:
            words = [*words[:3], "...", *words[-2:]]
            return f"[{', '.join(words)}] ({len(value)} values)"
        return "[" + ", ".join(words) + "]"
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    if isinstance(error, (int, float)):
        text += f" +- {error:.1e}"
    return text


def _short(commit):
    """A commit's first twelve digits, and whether files had changed since."""
    text = str(commit)[:12]
    if str(commit).endswith("-dirty"):
        text += "-dirty"
    return text
