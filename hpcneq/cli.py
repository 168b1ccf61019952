"""The command ``hpcneq``. The only module that reads the command line.

Expected errors end in one line from rank 0, ``hpcneq: <what, where, got, allowed>``, and a
documented exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
import threading
import types
from collections.abc import Sequence
from typing import Any

from . import terminal
from .arguments import ARGUMENTS, SHELLS, Argument
from .errors import HpcneqError, InputError
from .help_texts import ABOUT, ABOUTS, COMMANDS, COMPLETION, EXIT_CODES, TOPICS, VERSION
from .interrupts import Early
from .threads import one_thread, own_kernels

LAUNCHED = (  # set by mpiexec or srun
    "OMPI_COMM_WORLD_SIZE",
    "PMI_SIZE",
    "PMI_RANK",
    "PMIX_RANK",
    "MPI_LOCALNRANKS",
)
NEEDED = ("numpy", "scipy", "mpi4py", "petsc4py", "slepc4py", "h5py", "matplotlib")
ALONE = ("-h", "--help", "--version", "--print-completion")  # options before any command
COMPUTING = ("run", "resume")  # take PETSc options, and all ranks


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    terminal.fill_closed()
    with contextlib.ExitStack() as around:
        if words[:1] and words[0] in (*COMPUTING, "check"):
            around.enter_context(one_thread())
            around.enter_context(own_kernels())
        if words[:1] and words[0] in COMPUTING:
            around.enter_context(Early())
        return _flush(_command(words))


def _command(words: list[str]) -> int:
    """The exit code of one command."""
    comm = _launched()
    try:
        words, petsc = _split(words)
        options = _parse(words, speaks=comm is None or comm.rank == 0)
        if petsc is not None and options.command not in COMPUTING:
            raise InputError(f"{options.command} takes no PETSc options (nothing may follow --)")
        if options.command in COMPUTING:
            _refuse_early(comm, options)
            comm = _world()
            return _compute(options, petsc or [])
        return _report(comm, options)
    except HpcneqError as error:
        return _leave(comm, error, error.exit_code)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in NEEDED:
            raise
        lacks = f"needs {error.name}, which this Python ({sys.executable}) does not have"
        return _leave(comm, lacks, 1)
    except KeyboardInterrupt:
        if comm is not None and comm.size > 1:
            raise
        return _leave(None, "interrupted", 130)
    except SystemExit as leaving:  # argparse, after --help or --version
        return _flush(int(leaving.code or 0))


def _refuse_early(comm: Any, options: argparse.Namespace) -> None:
    """InputError for a wrong input before the libraries of a run are loaded. **Collective.**"""
    if options.command != "run" or not os.path.isfile(options.input):
        return
    from .config.load import load
    from .systems import Catalogue

    given = (options.input, Catalogue(), tuple(options.set), options.resume)
    if comm is None:
        load(*given)
        return
    from . import parallel

    parallel.on_root(comm, load, *given)


# ---- commands -----------------------------------------------------------------------------------


def _compute(options: argparse.Namespace, petsc: list[str]) -> int:
    """run and resume: what the driver returns is the exit code. **Collective.**"""
    from . import driver

    common = {
        "overrides": tuple(options.set),
        "quiet": options.quiet,
        "petsc_argv": tuple(petsc),
    }
    if options.command == "resume":
        trust = {"trust_model": True} if options.trust_model else {}
        return driver.resume(options.result, **common, **trust)
    return driver.run(
        options.input, output=options.output, force=options.force, resume=options.resume, **common
    )


def _report(comm: Any, options: argparse.Namespace) -> int:
    """The other commands: done by one rank and printed once. **Collective** with ranks."""
    from .reports import ANSWERS

    if options.command == "help":
        return _help(options.topic)
    if comm is None:
        return _flush(*ANSWERS[options.command](options))
    from . import parallel

    code, text = parallel.on_root(comm, ANSWERS[options.command], options)
    return _flush(code, text if comm.rank == 0 else None)


def _help(topic: str | None) -> int:
    """What a command, or a topic, is about."""
    parser, commands = _parser()
    if topic in TOPICS:
        parser._print_message(TOPICS[topic])
    elif topic is None or topic in commands:
        commands.get(topic, parser).print_help()
    else:
        listed = ", ".join([*TOPICS, *commands])
        meant = _hints().nearest(topic, [*TOPICS, *commands])
        raise InputError(f'help: unknown topic "{topic}"; {meant}one of {listed}')
    return _flush(0)


def _flush(code: int, text: str | None = None) -> int:
    """Print, and be quiet about a reader that left early (``hpcneq show out.h5 | head``)."""
    if text is not None:
        terminal.write(text)
    terminal.settle(sys.stdout)
    terminal.settle(sys.stderr)
    return code


# ---- ranks --------------------------------------------------------------------------------------


def _launched() -> Any:
    """The communicator under mpiexec or srun, else None: reading a file needs no MPI."""
    return _world() if any(name in os.environ for name in LAUNCHED) else None


def _world() -> Any:
    """All ranks, with an unexpected exception on any of them set to end them all.

    None without mpi4py.
    """
    try:
        from . import parallel

        comm = parallel.world()
    except ModuleNotFoundError:
        return None
    if comm.size > 1:
        parallel.abort_on_bug(comm)
    return comm


def _leave(comm: Any, message: object, code: int) -> int:
    """One line from rank 0 (from another only if the others do not come), then out together."""
    line = "hpcneq: " + " ".join(str(message).splitlines())
    if comm is None or comm.rank == 0:
        _say(line)
    if comm is None or comm.size == 1:
        return code
    from . import parallel

    late = threading.Timer(3.0, _say, [f"[rank {comm.rank}] {line}"])
    late.daemon = True
    if comm.rank:
        late.start()
    parallel.leave_together(comm, code)
    late.cancel()
    return code


def _say(line: str) -> None:
    terminal.write(line, errors=True)


# ---- words --------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Raises InputError instead of exiting; prints its help on the first rank alone."""

    speaks = True

    def error(self, message):
        raise InputError(f"{message} (see {self.prog} --help)")

    def _print_message(self, message, file=None):
        if self.speaks:
            terminal.write(message.rstrip("\n"), errors=file is sys.stderr)


def _split(words: list[str]) -> tuple[list[str], list[str] | None]:
    """What is ours, and what follows the first ``--`` (None without one)."""
    if "--" not in words:
        return words, None
    at = words.index("--")
    return words[:at], words[at + 1 :]


def _parse(words: list[str], speaks: bool = True) -> argparse.Namespace:
    """The options as a namespace; InputError for anything unknown, with the nearest known name."""
    _Parser.speaks = speaks
    listed = ", ".join(COMMANDS)
    if not words:
        raise InputError(f"no command given; one of {listed} (see hpcneq --help)")
    if not words[0].startswith("-") and words[0] not in COMMANDS:
        meant = _hints().first_word_hint(words[0]) or _hints().nearest(words[0], COMMANDS)
        raise InputError(f'unknown command "{words[0]}"; {meant}one of {listed}')
    for i, word in enumerate(words):  # or argparse would read -options_left as -o ptions_left
        if re.match(r"-[A-Za-z_]{2}", word):
            hint = _hints().unknown_hint(words, i) or "PETSc options go after --"
            raise InputError(f"unknown option {word}; {hint}")
    if words[0].startswith("-") and words[0].partition("=")[0] not in ALONE:
        _hints().refuse_first_option(words, COMMANDS)
    parser, commands = _parser()
    options, unknown = parser.parse_known_args(words)
    if unknown:
        known = commands[options.command]._option_string_actions
        _hints().refuse_unknown(words, unknown[0], options.command, known)
    for file in _files(vars(options)):
        if file.lower().endswith((".h5", ".toml")):
            _hints().refuse_other_file(options.command, file)
    return options


def _files(given: dict[str, Any]) -> list[str]:
    """The inputs or results that a command line names."""
    names = [given.get(word) for word in ("input", "result", "first", "second")]
    return [str(name) for name in [*names, *given.get("results", [])] if name]


def _hints() -> types.ModuleType:
    """What knows the right form of wrong words; loaded where it is needed."""
    from .config import hints

    return hints


def _parser() -> tuple[_Parser, dict[str, _Parser]]:
    """The parser and, by name, those of the commands."""
    form: dict[str, Any] = {
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "allow_abbrev": False,
        "epilog": EXIT_CODES,
    }
    parser = _Parser(prog="hpcneq", description=ABOUT, **form)
    parser.add_argument("--version", action=_Version, nargs=0, help=VERSION)
    parser.add_argument("--print-completion", action=_Completion, choices=SHELLS, help=COMPLETION)
    made = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands = {}
    for name, line in COMMANDS.items():
        command = made.add_parser(name, help=line, description=ABOUTS[name], **form)
        _add(command, ARGUMENTS[name])
        if name in COMPUTING:
            usage = command.format_usage().removeprefix("usage: ").strip()
            command.usage = usage + " [-- PETSC_OPTIONS]"
        commands[name] = command
    return parser, commands


def _add(command: _Parser, arguments: Sequence[Argument]) -> None:
    """The words of a command."""
    exclusive: Any = None
    if any(argument.alone for argument in arguments):
        exclusive = command.add_mutually_exclusive_group()
    for argument in arguments:
        words = dict(argument.more)
        if argument.metavar is not None:
            words["metavar"] = argument.metavar
        if argument.kind is not None:
            words["type"] = KINDS[argument.kind]
        home = exclusive if argument.alone else command
        made = home.add_argument(*argument.names, help=argument.help, **words)
        if argument.is_file:
            made.complete = FILE


def _count(text: str) -> int:
    """A number of ranks."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) and len(text) < 9):
        raise argparse.ArgumentTypeError(f"must be an integer > 0, got {text!r}")
    return int(text)


def _positive(text: str) -> float:
    """A number > 0."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"must be a number > 0, got {text!r}")
    return value


KINDS = {"count": _count, "seconds": _positive, "part": _positive}


class _Version(argparse.Action):
    """Prints the version, and those of the libraries beneath."""

    def __call__(self, parser, namespace, values, option_string=None):
        from .reports import version

        parser._print_message(version())
        parser.exit()


class _Completion(argparse.Action):
    """Prints what makes a shell complete the words of this command line."""

    def __call__(self, parser, namespace, values, option_string=None):
        try:
            import shtab
        except ImportError:
            lacks = "needs the Python package shtab: pip install shtab"
            raise InputError(f"--print-completion {values}: {lacks}") from None
        if parser.speaks:  # as it is: a shell reads it
            sys.stdout.write(shtab.complete(parser, values) + "\n")
        parser.exit()


FILE = {  # how each shell completes the name of a file, in the words of shtab
    "bash": "_shtab_compgen_files",
    "zsh": "_files",
    "tcsh": "f",
}
