"""The PETSc options of one run, from everywhere they may come, vetted; the last one given counts.

From weak to strong: [petsc] of the input, which stays apart; what the run was begun with; what a
script that started PETSc itself put into its database; the variable PETSC_OPTIONS; the words after
``--``.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import petsc
from .errors import InputError
from .files import journal, reader
from .files.checkpoint import Saved
from .files.digest import Checked
from .parallel import Communicator, on_root
from .petsc_options import (
    LEFT_OUT,
    VARIABLE,
    Option,
    is_printing,
    of_command_line,
    of_environment,
    of_file,
    pairs,
    vet,
    words_of,
)
from .terminal import write

JOURNALLED = "-- -"  # what a journal's physics puts before an option's name


@dataclass(frozen=True)
class RunOptions:
    """Options besides [petsc]: name -> value, and what messages put before each name."""

    values: dict[str, str | None]
    origins: dict[str, str]

    def start(self) -> None:
        """Start PETSc with them, in place of those of a run before."""
        petsc.start(words_of(self.values.items()), self.origins)

    @property
    def kept(self) -> list[Option]:
        """Those that a checkpoint keeps: all but what only prints."""
        return [item for item in self.values.items() if not is_printing(item[0])]


def gather(
    prefixes: Sequence[str],
    argv: Sequence[str] = (),
    recorded: tuple[str, object] = ("", ()),
    warn: Callable[[str], None] = print,
) -> RunOptions:
    """All options of a run. Raises InputError for the first that may not be given.

    prefixes : of the task's solvers. argv : what followed ``--``. recorded : (name of the file,
    options it keeps) of a run to go on with.
    """
    for name in LEFT_OUT:
        if name in os.environ:
            warn(f"{name} is left out: use {VARIABLE}, or [petsc] of the input")
    script = petsc.of_script(prefixes)
    vet(script.items(), prefixes, "PETSc's database: -")
    sources = (
        (f"{recorded[0]}: -", of_file(recorded[1], prefixes, recorded[0])),
        ("PETSc's database: -", script),
        (f"{VARIABLE} (from the environment): -", of_environment_now(prefixes)),
        ("-- -", of_command_line(argv, prefixes)),
    )
    values: dict[str, str | None] = {}
    origins: dict[str, str] = {}
    for where, given in sources:
        values |= given
        origins |= dict.fromkeys(given, where)
    return RunOptions(values, origins)


def of_environment_now(prefixes: Sequence[str]) -> dict[str, str | None]:
    """Those of the variable PETSC_OPTIONS. Raises InputError."""
    return of_environment(os.environ.get(VARIABLE), prefixes)


def gather_options(
    comm: Communicator,
    target: Path,
    checked: Checked,
    prefixes: Sequence[str],
    argv: Sequence[str],
    saved: Saved | None,
    resume: bool = True,
) -> RunOptions:
    """The same on all ranks; of a run to go on with also those it was begun with. **Collective.**

    saved : its checkpoint, or None.
    """

    def gathered() -> RunOptions:
        begun: tuple[str, object] = ("", ())
        if resume:
            meta = None if saved is None else saved.meta
            begun = recorded(target, meta, checked.petsc)
        return gather(prefixes, argv, begun, lambda text: write(f"hpcneq: {text}", errors=True))

    return on_root(comm, gathered)


def recorded(
    target: Path, saved: Mapping[str, object] | None, table: Mapping[str, object]
) -> tuple[str, object]:
    """(name of the file, options) that a run to go on with was begun with, besides its [petsc].

    saved : what its checkpoint says, or None: then its journal or its result file says it.
    """
    if saved is not None:
        return f"{target}: its checkpoint", saved["options"]
    mapped = journal.header(target)
    if mapped is not None:
        options = [
            (name.removeprefix(JOURNALLED), value)
            for name, value in mapped["physics"].items()
            if name.startswith(JOURNALLED)
        ]
        return f"{journal.path_of(target)}", options
    try:
        text = str(reader.Result(target).attrs.get("petsc_options", ""))
        begun = list(pairs(shlex.split(text)))
    except (InputError, ValueError):
        return str(target), ()
    own = dict(pairs(words_of(table.items())))
    return str(target), [(name, value) for name, value in begun if own.get(name, "") != value]
