"""What ``hpcneq show`` prints: a result's headline, and what its checkpoints hold."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import InputError
from ..parallel import solo
from . import checkpoint, checksum, journal, lock, names, vetting
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

ENDED = {
    "running": "its run was ended from outside",
    "stopped": "was stopped early",
    "complete": "was ended in its last moments",
    "not-converged": "has a journal",
}
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
    path = names.follow(path)
    with vetting.one_line(path):
        return _shown(path, as_json, quantities)


def verify(path: str | Path, as_json: bool = False) -> str:
    """What ``hpcneq show --verify`` prints of a result file whose checksum holds.

    Raises InputError, in the words of `checksum.described`, if it does not, or if there is none.
    """
    if not os.path.isfile(path):
        raise InputError(f"{path}: there is no such file")
    if checkpoint.is_checkpoint(path):
        _load(path)
        text = f"{path}: a whole checkpoint: it has the hash it was written with"
    else:
        text = checksum.described(path)
        if checksum.verify(path) != checksum.HOLDS:
            raise InputError(text)
    if as_json:
        return json.dumps({"path": os.fspath(path), "checksum": checksum.HOLDS})
    return text


def _shown(path, as_json, quantities):
    if checkpoint.is_checkpoint(path):
        if as_json:
            return json.dumps(plain(_state(path)), allow_nan=False)
        return "\n".join(map(vetting.printable, _state_lines(path)))
    result = Result(path)
    if as_json:
        content = result.as_json_object()
        content["checkpoint"] = plain(newest(path))
        content["finished_points"] = journal.count(path)
        content["lock"] = owner_of(path)
        return json.dumps(content, allow_nan=False)
    known = {} if quantities is None else quantities(result)
    return "\n".join(map(vetting.printable, _result_lines(path, result, known)))


def owner_of(path: str | Path) -> dict | None:
    """What the lock of a result says of its run, None unless that goes on."""
    try:
        return lock.holder(path)
    except InputError:  # a file of that name that is no lock
        return None


def newest(path: str | Path) -> dict | None:
    """What the newest checkpoint of a result file holds, unhashed; None if none can be read."""
    for number in checkpoint.generations(path):
        try:
            state = checkpoint.path_of(path, number)
            vetting.vet(state)
            meta = checkpoint.read_meta(state)
            return _headline(checkpoint.Saved(os.fspath(path), number, meta))
        except (InputError, OSError, RuntimeError, KeyError, ValueError, TypeError):
            continue
    return None


def _headline(saved):
    return {"number": saved.number, **{key: saved.meta[key] for key in HEADLINE}}


def _result_lines(path, result, quantities):
    lines = [f"{path}: {result.system} {result.task}, {result.status}"]
    for key, value in result.summary.items():
        words = _with_error(value, result.errors.get(key))
        lines.append(f"  {key:24s} {words}  {_unit(result, quantities, key)}".rstrip())
    for warning in [*result.warnings, *result.doubts]:
        lines.append(f"  warning: {warning}")
    where = result.provenance
    lines.append(
        f"  {where.get('ranks', '?')} ranks on {where.get('host', '?')}, "
        f"{where.get('started', '?')}, "
        f"hpcneq {where.get('hpcneq_version', '?')} ({_short(where.get('commit', '?'))})"
    )
    if options := where.get("petsc_options"):
        lines.append(f"  PETSc options: {options}")
    lines += _part_lines(result.parts)
    lines.append("  data: " + ", ".join(result.keys()))
    state = newest(path)
    if state is not None:
        lines.append(f"  checkpoint {state['number']}: {_where(state)}, written {state['written']}")
    owner, points = owner_of(path), journal.count(path)
    if points is not None:
        lines.append(f"  journal: {points} finished points")
    if owner is not None:
        lines.append(f"  {lock.going_on(owner)}")
    elif points is not None or result.status in ("running", "stopped"):
        lines.append(f"  {ENDED[result.status]}; go on with: hpcneq resume {path}")
    return lines


def _part_lines(parts):
    """Who computed a result, if not all at once."""
    if len(parts) < 2:
        return []
    lines = []
    for k, part in enumerate(parts, 1):
        version = part.get("versions", {}).get("hpcneq_version", "?")
        lines.append(
            f"  part {k}: {part.get('ranks', '?')} ranks on {part.get('host', '?')}, "
            f"{part.get('started', '?')} to {part.get('ended') or 'now'}, "
            f"{part.get('status', '?')}, hpcneq {version} ({_short(part.get('commit', '?'))}): "
            f"{part.get('command', '?')}"
        )
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
