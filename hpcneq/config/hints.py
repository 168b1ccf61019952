"""Hints of the command line: the right form of words that were given in another one."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from ..errors import InputError
from ..systems import Catalogue
from ..tasks.task import System, Task
from .load import home_of
from .source import parse, read
from .words import one_line

RANKS = re.compile(r"--?(ranks|np|n|nprocs)(=.*)?")


def first_word_hint(word: str) -> str:
    """The command that a file in a command's place was meant for: "hpcneq run mine.toml"."""
    commands = {".toml": ("run", "to compute it"), ".h5": ("show", "to look at it")}
    if Path(word).suffix.lower() not in commands:
        return ""
    command, purpose = commands[Path(word).suffix.lower()]
    return f"{purpose}: hpcneq {command} {_quoted(word)}; "


def file_hint(command: str, word: str) -> str:
    """What was meant by a file of the wrong kind, empty if its ending is right.

    An input where a result is wanted, or the other way round.
    """
    path, name = Path(word), _quoted(word)
    result = _quoted(path.with_suffix(".h5").name)
    if command in ("run", "check") and path.suffix.lower() == ".h5":
        return f"is a result, {command} takes an input; to go on with it: hpcneq resume {name}"
    if command in ("resume", "show", "plot") and path.suffix.lower() == ".toml":
        form = f"hpcneq {command} {result}"
        if command == "resume":
            form += f" (or hpcneq run {name} --resume)"
        return f"is an input, {command} takes its result: {form}"
    return ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Which known word was meant, as a question; empty if none is close."""
    close = difflib.get_close_matches(word.partition("=")[0][:60], list(known), 1)
    return f'did you mean "{close[0]}"? ' if close else ""


def unknown_hint(words: Sequence[str], at: int) -> str:
    """The right form of the unknown option ``words[at]`` of a command; empty if none is known."""
    an_option = words[at].startswith("-") or "=" in words[at]
    if words[0] not in ("run", "resume", "check") or not an_option:
        return ""
    return option_hint(words[0], words[at:], words[1:at], Catalogue())


def refuse_unknown(
    words: Sequence[str], word: str, command: str, options: Iterable[str]
) -> NoReturn:
    """InputError for an option that a command does not have, or a word too many."""
    at = words.index(word)
    hint = unknown_hint(words, at) or word_hint(words, at)
    if not hint:
        hint = f"{nearest(word, options)}see hpcneq {command} --help"
    what = f'one word too many: "{word}"'
    if word.startswith("-"):
        what = f"unknown option {word}"
    raise InputError(f"{what}; {hint}")


def word_hint(words: Sequence[str], at: int) -> str:
    """What was meant by a word too many, ``words[at]`` of a command; empty if nothing is known."""
    word = words[at]
    if at > 1 and words[at - 2] == "--set" and "=" not in words[at - 1]:
        return f"a key and its value are one word: --set {_quoted(f'{words[at - 1]}={word}')}"
    if words[0] == "run" and word.lower().endswith(".h5"):
        return f"the result's name follows -o: -o {_quoted(word)}"
    if word.lower().endswith((".h5", ".toml")):
        return f"{words[0]} takes one file; see hpcneq {words[0]} --help"
    return ""


def refuse_first_option(words: Sequence[str], commands: Iterable[str]) -> NoReturn:
    """InputError for a line that begins with an option in place of a command."""
    at = next((i for i, word in enumerate(words) if word in commands), None)
    hint = "see hpcneq --help"
    if at is not None:
        moved = " ".join(map(_quoted, [*words[at:], *words[:at]]))
        hint = f"options follow the command: hpcneq {moved}"
        if RANKS.fullmatch(_parted(words)[0]):
            hint = option_hint(words[at], words[:at], words[at + 1 :], Catalogue())
    raise InputError(f"unknown option {words[0]}; {hint}")


def refuse_other_file(command: str, file: str) -> None:
    """InputError for a result where an input is wanted, or the other way round."""
    hint = file_hint(command, file)
    if hint:
        raise InputError(f"{file} {hint}")


def option_hint(
    command: str, words: Sequence[str], before: Sequence[str], catalogue: Mapping[str, System]
) -> str:
    """The right form of an unknown option and what follows it, empty if none is known.

    "--ranks 4" is for mpiexec, "-T 0.1" a key of the input. words, before : of the command line
    from the unknown option on, and before it.
    """
    option, value = _parted(words)
    if RANKS.fullmatch(option):
        count = value or "4"
        file = next((word for word in [*before, *words] if word.endswith((".toml", ".h5"))), "...")
        form = f"mpiexec -n {one_line(count)} hpcneq {command} {_quoted(file)}"
        return f"ranks are started by mpiexec: {form}"
    name = option.lstrip("-").replace("-", "_")
    if re.fullmatch(r"[a-z_]+(\.\w+)+", name):
        return f"a key of the input is set with --set {name}={one_line(value or '...')}"
    table, key = key_of(name, tasks_of([*before, *words], catalogue))
    if not key:
        return ""
    return f"a key of the input is set with --set {table}.{key}={one_line(value or '...')}"


def _parted(words: Sequence[str]) -> tuple[str, str]:
    """(option, its value) of "--T=0.1 ..." or "-T 0.1 ..."."""
    option, equals, value = words[0].partition("=")
    if not equals and len(words) > 1:
        value = words[1]
    return option, value


def tasks_of(words: Sequence[str], catalogue: Mapping[str, System]) -> list[Task]:
    """The task of the first input file among words, else every task there is."""
    for word in words:
        if not word.endswith(".toml"):
            continue
        try:
            tree = parse(read(Path(word)), word)
            return [catalogue[str(tree["system"])].tasks[str(tree["task"])]]
        except (InputError, KeyError):
            continue
    return list(_all_tasks(catalogue))


def _all_tasks(catalogue: Mapping[str, System]) -> Iterator[Task]:
    for name in catalogue:
        try:
            yield from catalogue[name].tasks.values()
        except InputError:  # a plug-in that cannot be imported
            continue


def key_of(word: str, tasks: Sequence[Task]) -> tuple[str, str]:
    """(table, key) of a key called or meaning ``word`` in the first task that has it, or blanks."""
    homes = [home_of(word, task) for task in tasks]
    named = [(table, key) for table, key in homes if table]
    return next((home for home in named if home[1] == word), named[0] if named else ("", ""))


def _quoted(word: str) -> str:
    """A word as a shell takes it."""
    return word if word == "..." else one_line(shlex.quote(word))
