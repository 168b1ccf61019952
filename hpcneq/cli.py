"""The command ``hpcneq``: run | resume | show | plot | check. The only module that reads the command line.

Expected errors end in one line from rank 0, ``hpcneq: <what, where, got, allowed>``, and a documented exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import re
import sys
import threading

from . import __version__
from .errors import HpcneqError, InputError

LAUNCHED = (
    "OMPI_COMM_WORLD_SIZE",
    "PMI_SIZE",
    "PMI_RANK",
    "PMIX_RANK",
    "MPI_LOCALNRANKS",
)  # set by mpiexec or srun
NEEDED = ("numpy", "scipy", "mpi4py", "petsc4py", "slepc4py", "h5py", "matplotlib")

ABOUT = """\
Non-equilibrium fermionic condensates: steady states, their stability, phase diagrams and dynamics.

Put mpiexec in front of any command that computes:  mpiexec -n 8 hpcneq run input.toml
"""
EXIT_CODES = """\
exit codes: 0 done, 2 bad input, 3 not converged (what was found is saved and marked),
75 stopped early with a checkpoint (continue with: hpcneq resume OUT.h5)"""
ABOUT_RUN = """\
Compute what INPUT.toml describes and write a result file. The whole input is checked before anything is
computed; no existing file is overwritten without --force. What follows a lone -- goes to PETSc.

example: mpiexec -n 4 hpcneq run input.toml --set run.t_max=200 -o quench.h5 -- -evolve_ts_monitor
"""
ABOUT_RESUME = """\
Continue a stopped or killed run from its newest whole checkpoint, on any number of ranks. Output and limits
may change; the physics may not.

example: mpiexec -n 4 hpcneq resume quench.h5 --set run.t_max=400
"""
ABOUT_SHOW = """\
Print the headline results of a file with their errors, its status and where it came from.

example: hpcneq show quench.h5 --json
"""
ABOUT_PLOT = """\
Draw the figure that belongs to the task of a result file.

example: hpcneq plot quench.h5 -o quench.pdf
"""
ABOUT_CHECK = """\
Check an input without computing it: prints the problem's size, memory and estimated time on this machine.

example: hpcneq check input.toml --ranks 64
"""
COMMANDS = {
    "run": "compute an input file",
    "resume": "continue from a checkpoint",
    "show": "print headline results",
    "plot": "draw the figure of a result",
    "check": "validate an input, estimate its cost",
}


class _Parser(argparse.ArgumentParser):
    """Raises InputError instead of exiting; prints its help on the first rank alone."""

    speaks = True

    def error(self, message):
        raise InputError(f"{message} (see {self.prog} --help)")

    def _print_message(self, message, file=None):
        if self.speaks:
            super()._print_message(message, file)


def main(argv=None):
    """Run one command; returns the exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    comm = _launched()
    try:
        words, petsc = _split(argv)
        options = _parse(words, speaks=comm is None or comm.rank == 0)
        if petsc is not None and options.command not in ("run", "resume"):
            raise InputError(f"{options.command} takes no PETSc options (nothing may follow --)")
        if options.command in ("run", "resume"):
            comm = _world()
            return _compute(options, petsc or [])
        return _report(comm, options)
    except HpcneqError as error:
        return _leave(comm, error, error.exit_code)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in NEEDED:
            raise
        return _leave(
            comm, f"needs {error.name}, which this Python ({sys.executable}) does not have", 1
        )
    except KeyboardInterrupt:
        if comm is not None and comm.size > 1:
            raise
        return _leave(None, "interrupted", 130)
    except SystemExit as leaving:  # argparse, after --help or --version
        return _flush(leaving.code or 0)


def _compute(options, petsc):
    """run and resume: what the driver returns is the exit code. **Collective.**"""
    from . import driver

    common = dict(overrides=tuple(options.set), quiet=options.quiet, petsc_argv=tuple(petsc))
    if options.command == "resume":
        return driver.resume(options.result, **common)
    return driver.run(
        options.input, output=options.output, force=options.force, resume=options.resume, **common
    )


def _report(comm, options):
    """show, plot and check: done by one rank and printed once. **Collective** where there are ranks."""
    if comm is None:
        text = _answer(options)
    else:
        from . import parallel

        text = parallel.on_root(comm, _answer, options)
    return _flush(0, text if comm is None or comm.rank == 0 else None)


def _answer(options):
    from . import driver

    if options.command == "show":
        return driver.show(options.result, options.json)
    if options.command == "plot":
        return f"wrote {driver.plot(options.result, options.figure, options.force)}"
    return driver.check(options.input, options.ranks, tuple(options.set))


def _flush(code, text=None):
    """Print, and be quiet about a reader that left early (``hpcneq show out.h5 | head``)."""
    try:
        if text is not None:
            print(text)
        sys.stdout.flush()
    except BrokenPipeError:  # or Python complains once more while it exits
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


# ---- ranks ----------------------------------------------------------------------------------------------------------


def _launched():
    """The communicator under mpiexec or srun, else None: reading a file needs no MPI."""
    return _world() if any(name in os.environ for name in LAUNCHED) else None


def _world():
    """All ranks, with an unexpected exception on any of them set to end them all; None without mpi4py."""
    try:
        from . import parallel

        comm = parallel.world()
    except ModuleNotFoundError:
        return None
    if comm.size > 1:
        parallel.abort_on_bug(comm)
    return comm


def _leave(comm, message, code):
    """One line from rank 0 (from another rank only if the others do not come), then out together."""
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


def _say(line):
    with contextlib.suppress(BrokenPipeError):  # what was printed before comes first
        sys.stdout.flush()
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


# ---- words ----------------------------------------------------------------------------------------------------------


def _split(argv):
    """What is ours, and what follows the first ``--`` (None without one)."""
    if "--" not in argv:
        return argv, None
    at = argv.index("--")
    return argv[:at], argv[at + 1 :]


def _parse(words, speaks=True):
    """The options as a namespace; InputError for anything unknown, with the nearest known name."""
    _Parser.speaks = speaks
    if not words:
        raise InputError(f"no command given; one of {', '.join(COMMANDS)} (see hpcneq --help)")
    if not words[0].startswith("-") and words[0] not in COMMANDS:
        raise InputError(
            f'unknown command "{words[0]}"; {_nearest(words[0], COMMANDS)}one of {", ".join(COMMANDS)}'
        )
    for word in words:  # or argparse would read -options_left as -o ptions_left
        if re.match(r"-[A-Za-z_]{2}", word):
            raise InputError(f"unknown option {word}; PETSc options go after --")
    parser, commands = _parser()
    options, unknown = parser.parse_known_args(words)
    if unknown:
        flags = commands[options.command]._option_string_actions
        what = (
            f"unknown option {unknown[0]}"
            if unknown[0].startswith("-")
            else f'one file too many: "{unknown[0]}"'
        )
        raise InputError(
            f"{what}; {_nearest(unknown[0], flags)}see hpcneq {options.command} --help"
        )
    return options


def _nearest(word, known):
    close = difflib.get_close_matches(word.partition("=")[0][:60], list(known), 1)
    return f'did you mean "{close[0]}"? ' if close else ""


def _parser():
    """The parser and, by name, those of the commands."""
    form = dict(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser = _Parser(prog="hpcneq", description=ABOUT, epilog=EXIT_CODES, **form)
    parser.add_argument("--version", action="version", version=f"hpcneq {__version__}")
    made = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    abouts = {
        "run": ABOUT_RUN,
        "resume": ABOUT_RESUME,
        "show": ABOUT_SHOW,
        "plot": ABOUT_PLOT,
        "check": ABOUT_CHECK,
    }
    tails = {"run": " [-- PETSC_OPTIONS]", "resume": " [-- PETSC_OPTIONS]"}
    commands = {
        name: made.add_parser(name, help=line, description=abouts[name], epilog=EXIT_CODES, **form)
        for name, line in COMMANDS.items()
    }
    for name, command in commands.items():
        _arguments(name, command)
        if name in tails:
            command.usage = command.format_usage().removeprefix("usage: ").strip() + tails[name]
    return parser, commands


def _arguments(name, command):
    """The arguments of one command."""
    takes_input = name in ("run", "check")
    command.add_argument(
        "input" if takes_input else "result", metavar="INPUT.toml" if takes_input else "OUT.h5"
    )
    if name == "run":
        command.add_argument(
            "-o",
            "--output",
            metavar="OUT.h5",
            help="result file (default: the input's name, .h5, here)",
        )
        command.add_argument(
            "--resume",
            action="store_true",
            help="continue if there is a checkpoint, start otherwise",
        )
        command.add_argument(
            "--force", action="store_true", help="overwrite an existing result file"
        )
    if name in ("run", "resume", "check"):
        command.add_argument(
            "--set",
            metavar="table.key=value",
            action="append",
            default=[],
            help="change the input, e.g. --set parameters.T=0.01 (repeatable)",
        )
    if name in ("run", "resume"):
        command.add_argument("--quiet", action="store_true", help="no progress lines")
    if name == "show":
        command.add_argument("--json", action="store_true", help="one JSON object, for programs")
    if name == "plot":
        command.add_argument(
            "-o", "--figure", metavar="FIG.png", help="figure file; its ending sets the format"
        )
        command.add_argument("--force", action="store_true", help="overwrite an existing figure")
    if name == "check":
        command.add_argument(
            "--ranks", type=_count, default=1, metavar="N", help="estimate for N ranks (default: 1)"
        )


def _count(text):
    """A number of ranks."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) and len(text) < 9):
        raise argparse.ArgumentTypeError(f"must be an integer > 0, got {text!r}")
    return int(text)
