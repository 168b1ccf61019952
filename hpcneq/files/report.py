"""What ``hpcneq show`` prints: a result's headline, and what its checkpoints hold."""

from __future__ import annotations

import json
import os

from ..errors import InputError
from ..parallel import solo
from . import checkpoint, journal
from . import writer as store
from .hdf5 import plain

KEPT = ("system", "task", "part", "t", "step", "t_max", "rows", "ranks", "written", "write_seconds")

MOST_WORDS = 20  # of a list in the text of show; --json has all


def show(path, as_json=False, quantities=None):
    """A result file or a checkpoint, as text or as one JSON object.

    quantities : ``quantities(result)``, what its task declares by name, for the units of the summary;
    units of a number it does not declare are those of a data set of the same name.
    Raises InputError if it is neither, or damaged.
    """
    if checkpoint.is_checkpoint(path):
        return (
            json.dumps(plain(_state(path)), allow_nan=False)
            if as_json
            else "\n".join(_state_lines(path))
        )
    result = store.Result(path)
    if as_json:
        return json.dumps(
            {
                **result.as_json_object(),
                "checkpoint": plain(newest(path)),
                "finished_points": journal.count(path),
            },
            allow_nan=False,
        )
    known = quantities(result) if quantities is not None else {}
    return "\n".join(_result_lines(path, result, known))


def newest(path):
    """What the newest checkpoint of a result file holds, unhashed; None if there is none that can be read."""
    for number in checkpoint.generations(path):
        try:
            return _headline(
                checkpoint.Saved(
                    os.fspath(path), number, checkpoint.read_meta(checkpoint.path_of(path, number))
                )
            )
        except (InputError, OSError, RuntimeError, KeyError, ValueError):
            continue
    return None


def _headline(saved):
    return {"number": saved.number, **{key: saved.meta[key] for key in KEPT}}


def _result_lines(path, result, quantities):
    lines = [f"{path}: {result.system} {result.task}, {result.status}"]
    for key, value in (result.summary or {}).items():
        error = (result.errors or {}).get(key)
        line = f"  {key:24s} {_with_error(value, error)}  {_unit(result, quantities, key)}"
        lines.append(line.rstrip())
    for warning in result.warnings or []:
        lines.append(f"  warning: {warning}")
    where = result.provenance
    lines.append(
        f"  {where.get('ranks', '?')} ranks on {where.get('host', '?')}, {where.get('started', '?')}, "
        f"hpcneq {where.get('hpcneq_version', '?')} ({_short(where.get('commit', '?'))})"
    )
    lines.append("  data: " + ", ".join(result.keys()))
    state = newest(path)
    if state is not None:
        lines.append(f"  checkpoint {state['number']}: {_where(state)}, written {state['written']}")
    if (points := journal.count(path)) is not None:
        lines.append(f"  journal: {points} finished points; go on with: hpcneq resume {path}")
    return lines


def _where(state):
    return f't = {state["t"]:.10g} of {state["t_max"]:g}, step {state["step"]} of the part "{state["part"]}"'


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
    kept = [
        f"{number} ({part})" for part, number in meta["parked"].items() if number != saved.number
    ]
    versions = ", ".join(
        f"{name.removesuffix('_version')} {value}" for name, value in meta["versions"].items()
    )
    return [
        f"{path}: a whole checkpoint of {saved.target}",
        f"  {meta['system']} {meta['task']}, {_where(meta)}",
        f"  rows of the result so far: {', '.join(f'{count} of {axis}' for axis, count in meta['rows'].items())}",
        f"  finished parts: {', '.join(meta['results']) or 'none'}; goes with checkpoints: {', '.join(kept) or 'none'}",
        f"  {os.path.getsize(path)} bytes, written {meta['written']} by {meta['ranks']} ranks; goes on on any number of them",
        f"  versions: {versions}",
        f"  go on with: hpcneq resume {saved.target}",
    ]


def _unit(result, quantities, key):
    """The unit of a summary number, nothing for a pure number or a text."""
    if key in quantities:
        unit = quantities[key].units
    else:
        unit = result[key].units if key in result else ""
    return "" if unit == "1" else unit


def _with_error(value, error):
    """A number with its error, or a list of them, of a long one the beginning and the end."""
    if isinstance(value, list):
        errors = (
            error if isinstance(error, list) and len(error) == len(value) else [None] * len(value)
        )
        words = list(map(_with_error, value, errors))
        if len(words) > MOST_WORDS:
            words = [*words[:3], "...", *words[-2:]]
            return f"[{', '.join(words)}] ({len(value)} values)"
        return "[" + ", ".join(words) + "]"
    return _number(value) + (f" +- {error:.1e}" if isinstance(error, (int, float)) else "")


def _number(value):
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _short(commit):
    """A commit's first twelve digits, and whether files had changed since."""
    return str(commit)[:12] + ("-dirty" if str(commit).endswith("-dirty") else "")
