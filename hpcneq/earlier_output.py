"""What stands at a run's output already: a run to go on with, a finished one, or something else."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from .config.load import Run, loads
from .errors import InputError
from .files import journal, reader
from .files.checkpoint import Saved
from .restart import changed, physics
from .results import nothing_yet, refuse_existing
from .systems import Catalogue

MAGIC = b"\x89HDF\r\n\x1a\n"
FINISHED = (b"complete", b"not-converged")
TEXTS = re.compile(rb"[^\x00-\x08\x0b\x0c\x0e-\x1f]{20,}")
TORN = 1 << 20  # bytes, fewer than which a result has that a full disk stopped at its beginning


def remembered(target: Path, saved: Saved | None) -> tuple[str, str | Path]:
    """(TOML, folder of the input) of a run to go on with."""
    if saved is not None:
        return saved.meta["input"], saved.meta["folder"]
    mapped = journal.header(target)
    if mapped is not None:
        return mapped["input"], mapped["folder"]
    result = reader.Result(target)
    known = result.status in ("running", "complete") or nothing_yet(result)
    if not known and not journal.path_of(target).exists():
        raise InputError(
            f"{target}: has no checkpoint to go on from; "
            "start anew with hpcneq run INPUT.toml --force"
        )
    return result.input, Path.cwd()


def finished(target: Path, checked: Run, saved: Saved | None) -> bool:
    """Whether a result file is complete and reaches as far as the input asks."""
    try:
        result = reader.Result(target)
        before = loads(result.input, Catalogue(), folder=checked.folder, begun=True)
    except InputError:
        return False
    if result.status != "complete":
        return False
    different = changed(physics(before), physics(checked))
    if different:
        raise InputError(
            f"{target}: was computed with other physics: {', '.join(different)} changed; "
            "only [run] t_max, output and limits may (use another name, or run --force)"
        )
    if (checked.run.t_max or 0) <= (before.run.t_max or 0):
        journal.remove(target)  # killed between its last two deeds
        return True
    if saved is None:
        raise InputError(
            f"{target}: is complete up to t = {before.run.t_max:g}, and its checkpoints are gone; "
            "start anew with --force"
        )
    return False


def begun(target: Path, checked: Run) -> bool:
    """Whether an existing result file is this run, which may be overwritten.

    It is if the run was ended before its first checkpoint, or is a map that has its journal.
    """
    if not target.exists():
        return False
    try:
        result = reader.Result(target)
        before = loads(result.input, Catalogue(), folder=checked.folder, begun=True)
    except InputError:  # killed in the writing: its journal, if it has one, still knows whose it is
        mapped = journal.header(target)
        if mapped is None:
            return _torn(target, checked)
        return not changed(_petsc_apart(mapped["physics"]), physics(checked))
    unfinished = result.status == "running" or nothing_yet(result)
    unfinished = unfinished or journal.path_of(target).exists()
    return unfinished and not changed(physics(before), physics(checked))


def _torn(target: Path, checked: Run) -> bool:
    """Whether an unreadable file is what a full disk has left of a new result of this physics.

    Such a file begins like a result, holds the text of its input, and nowhere says that it was
    finished.
    """
    try:
        with open(target, "rb") as file:
            raw = file.read(TORN)
    except OSError:
        return False
    if len(raw) == TORN or not raw.startswith(MAGIC) or any(word in raw for word in FINISHED):
        return False
    for text in TEXTS.findall(raw):
        if b"system" in text and b"task" in text:
            with contextlib.suppress(InputError, UnicodeDecodeError):
                name, folder = f"{target}: its input", checked.folder
                before = loads(text.decode(), Catalogue(), folder=folder, name=name, begun=True)
                return not changed(physics(before), physics(checked))
    return False


def _petsc_apart(saved: Mapping[str, object]) -> dict[str, object]:
    """Physics without the options of the command line."""
    return {key: value for key, value in saved.items() if not key.startswith("-- -")}


def refuse_output(target: Path, force: bool, source: str | Path | Mapping[str, object]) -> None:
    """InputError if the output may not be written; asked before anything is computed."""
    if not force:
        refuse_existing(target)
    if not isinstance(source, Mapping) and target.exists() and Path(source).exists():
        if os.path.samefile(target, source):
            raise InputError(f"{target}: is the input itself")
    folder = target.resolve().parent
    if not folder.is_dir():
        raise InputError(f"{target}: there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{target}: no permission to write into {folder}")
