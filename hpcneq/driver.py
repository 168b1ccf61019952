"""From an input to a result file: the one module that knows all others."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from . import earlier_output, parallel, petsc, systems, terminal
from .config.load import Override, Run, load, loads
from .config.words import refuse_name, without_ending
from .errors import HpcneqError, InputError, NormalState, NotConverged, StoppedEarly
from .files import checkpoint, journal, lock
from .files.names import follow
from .files.provenance import command
from .restart import LongRun
from .results import Result, refuse_old
from .run_options import RunOptions, gather_options
from .solvers.unused_options import refuse_unused
from .stopping import Stopping, ended_by_signals
from .tasks import memory
from .tasks.doubts import doubts_of
from .tasks.missing import with_words
from .tasks.task import Outcome, Task, declared, resolve
from .threads import one_thread

BESIDE = ".ckpt-000000.sha256.0123456789abcdef"  # the longest ending of a file beside a result
EXIT = {"complete": 0, "not-converged": 3, "stopped": 75}

Source = str | Path | Mapping[str, object]  # a TOML file, or its content as a dict


def catalogue() -> systems.Catalogue:
    """Every system by name; one is imported when it is asked for."""
    return systems.Catalogue()


# ---- run and resume -----------------------------------------------------------------------------


def run(
    source: Source,
    output: str | Path | None = None,
    overrides: Sequence[Override] = (),
    force: bool = False,
    resume: bool = False,
    quiet: bool = False,
    petsc_argv: Sequence[str] = (),
    comm: parallel.Communicator | None = None,
) -> int:
    """Compute an input and store it; returns the exit code. **Collective.**

    resume : go on from the output's newest whole checkpoint if there is one, else start.
    Raises InputError, NotConverged, StoppedEarly.
    """
    comm, log = _begin(comm, quiet)
    if resume and force:
        words = "run --resume --force: one goes on, the other starts anew; give one of them"
        raise InputError(words)
    checked = parallel.on_root(comm, load, source, catalogue(), overrides, resume)
    named = Path(output) if output else _default_name(source)
    parallel.on_root(comm, refuse_name, named, len(BESIDE))
    target = parallel.on_root(comm, follow, named)
    parallel.on_root(comm, lock.refuse_second, target)
    if not resume:
        parallel.on_root(comm, earlier_output.refuse_output, target, force, source)
    with _owning(comm, target) as owner:
        saved = None
        if resume:
            saved = checkpoint.newest(comm, target, _warn(comm))
            if parallel.on_root(comm, earlier_output.finished, target, checked, saved):
                log(f"{target}: is complete already, there is nothing to go on with")
                return EXIT["complete"]
            force = saved is None and parallel.on_root(comm, earlier_output.begun, target, checked)
            if saved is None:
                parallel.on_root(comm, earlier_output.refuse_output, target, force, source)
        prefixes = _task(checked).petsc
        options = gather_options(comm, target, checked, prefixes, petsc_argv, saved, resume)
        return _perform(checked, target, comm, log, options, saved, force, resume, owner)


def resume(
    path: str | Path,
    overrides: Sequence[Override] = (),
    quiet: bool = False,
    petsc_argv: Sequence[str] = (),
    comm: parallel.Communicator | None = None,
    trust_model: bool = False,
) -> int:
    """Go on from a result's newest whole checkpoint; returns the exit code. **Collective.**

    trust_model : whether the user's code that the checkpoint keeps may be executed.
    Raises InputError, NotConverged, StoppedEarly.
    """
    comm, log = _begin(comm, quiet)
    parallel.on_root(comm, refuse_name, Path(path))
    target = parallel.on_root(comm, follow, path)
    parallel.on_root(comm, refuse_old, target)
    with _owning(comm, target) as owner:
        saved = checkpoint.newest(comm, target, _warn(comm))
        text, folder = parallel.on_root(comm, earlier_output.remembered, target, saved)
        name = f"{path}: its input"
        checked = parallel.on_root(comm, loads, text, catalogue(), overrides, folder, name, True)
        if trust_model:
            checked = replace(checked, trusted=True)
        else:
            parallel.on_root(comm, _refuse_code, target, checked)
        if parallel.on_root(comm, earlier_output.finished, target, checked, saved):
            log(
                f"{target}: is complete already, there is nothing to go on with "
                "(a larger --set run.t_max=... would go on)"
            )
            return EXIT["complete"]
        force = saved is None
        if force and not parallel.on_root(comm, journal.path_of(target).exists):
            log(f"{target}: was ended before its first checkpoint; starting again from its input")
        options = gather_options(comm, target, checked, _task(checked).petsc, petsc_argv, saved)
        return _perform(checked, target, comm, log, options, saved, force, True, owner)


def _owning(comm: parallel.Communicator, target: Path) -> AbstractContextManager[lock.Owner]:
    """The context of a run that owns its output. **Collective.**"""
    about = {"output": str(target), "ranks": comm.size, "command": command()}
    return lock.owning(comm, target, about)


def _refuse_code(target: Path, checked: Run) -> None:
    """InputError if going on would execute code that came with the result."""
    code = _task(checked).code
    name = None if code is None else resolve(code)(checked)
    if name is not None:
        raise InputError(
            f"{target}: its model is Python code ({name}), which going on would execute; read it "
            f"first (data set model_source), then hpcneq resume --trust-model {target}"
        )


def _default_name(source: Source) -> Path:
    """The result file of an input: its name with .h5 for .toml, in this folder."""
    name = "result" if isinstance(source, Mapping) else Path(source).name
    return Path(f"{without_ending(name, '.toml')}.h5")


def _begin(
    comm: parallel.Communicator | None, quiet: bool
) -> tuple[parallel.Communicator, Callable[[str], None]]:
    """(communicator, log): with an unexpected exception on any rank set to end them all."""
    comm = comm or parallel.world()
    parallel.abort_on_bug(comm)
    expected = os.environ.get("HPCNEQ_RANKS", "")
    if expected.isdigit() and int(expected) != comm.size:
        raise InputError(
            f"HPCNEQ_RANKS asks for {expected} ranks, {comm.size} started: "
            "is mpiexec that of the MPI mpi4py was built with?"
        )
    return comm, parallel.logger(comm, quiet)


def _warn(comm) -> Callable[[str], None]:
    """A print to standard error by rank 0, which --quiet does not silence."""

    def warn(text: str) -> None:
        if comm.rank == 0:
            terminal.write(f"hpcneq: {text}", errors=True)

    return warn


def _perform(
    checked: Run,
    target: Path,
    comm,
    log,
    options: RunOptions,
    saved,
    force: bool,
    keep: bool,
    owner: lock.Owner,
) -> int:
    """Compute a checked input from its start or from a checkpoint. **Collective.**"""
    task = _task(checked)
    owner.tell(system=checked.system, task=checked.task)
    parallel.on_root(comm, memory.refuse_run, checked, task, comm.size)
    options.start()
    wall_limit = cast(float | None, checked.run.wall_limit)  # its parser has made it seconds
    with (
        one_thread(),
        Stopping(comm, checked.run.checkpoint_minutes, wall_limit) as stopping,
        petsc.Options(checked.petsc),
    ):
        parallel.warn_threads(comm, log)
        refuse_unused(checked.petsc, task.petsc, task.ts_types)
        longrun = LongRun(
            comm,
            target,
            checked,
            log,
            stopping,
            options.kept,
            saved,
            force,
            keep,
            declared(task),
            _read_input,
            owner,
            parallel.on_root(comm, doubts_of, checked, task),
        )
        ranks = "1 rank" if comm.size == 1 else f"{comm.size} ranks"
        log(f"hpcneq: {checked.system} {checked.task} on {ranks} -> {target}")
        begun = time.monotonic()
        for words in longrun.doubts:
            log(f"warning: {words}")
        outcome = _compute(task, checked, comm, log, longrun)
        seconds = time.monotonic() - begun
    return _end(outcome, longrun, log, seconds)


def _compute(task: Task, checked: Run, comm, log, longrun: LongRun) -> Outcome:
    """The task itself, from its first line to the closing of its result file. **Collective.**"""
    begun = time.monotonic()
    try:
        outcome = _answer(task, checked, comm, log, longrun)
        outcome = with_words(outcome, declared(task), longrun().not_finite())
        longrun.finish(
            outcome.status,
            outcome.summary,
            outcome.errors,
            outcome.warnings,
            wall_seconds=time.monotonic() - begun,
        )
    except NotConverged as error:
        seconds = time.monotonic() - begun
        longrun.finish("not-converged", {}, {}, [str(error)], wall_seconds=seconds)
        raise NotConverged(f"{error}; {longrun.target} is marked not-converged") from None
    except HpcneqError as error:
        if isinstance(error, InputError) and longrun.file is not None and longrun.saved is None:
            longrun.finish("not-converged", {}, {}, [str(error)])  # no resume helps
        if longrun.file is not None:
            longrun.file.close()
        raise
    if outcome.status == "complete":
        longrun.complete()
    return outcome


def _answer(task: Task, checked: Run, comm, log, longrun: LongRun) -> Outcome:
    """The Outcome of a task, also if it finds the normal state or is stopped. **Collective.**"""
    try:
        with longrun.stopping.in_solvers(task.timed or bool(checked.sweep)):
            outcome: Any = resolve(task.run)(checked, comm, log, longrun)
            return cast(Outcome, outcome)
    except NormalState as answer:
        return Outcome("complete", {}, {}, [str(answer)])
    except StoppedEarly as error:
        return Outcome("stopped", {}, {}, [str(error)])


def _end(outcome: Outcome, longrun: LongRun, log, seconds: float) -> int:
    """The exit code of a complete run. Raises NotConverged or StoppedEarly for any other."""
    if outcome.status == "not-converged":
        why = outcome.warnings[-1] if outcome.warnings else "not converged"
        raise NotConverged(f"{why}; what was found is in {longrun.target}, marked")
    if outcome.status == "stopped":
        why = outcome.warnings[0] if outcome.warnings else "stopped"
        begins = "" if longrun.kept else ", which starts again: there was nothing to keep yet"
        raise StoppedEarly(f"{why}; go on with: hpcneq resume {longrun.target}{begins}")
    log(f"{outcome.status}: {_closing_words(outcome.summary)}, {parallel.clock(seconds)} in all")
    return EXIT[outcome.status]


def _closing_words(summary: Mapping[str, Any]) -> str:
    """The closing line: work per second and memory."""
    if "steps" not in summary:
        return f"{len(summary)} results"
    rate = summary["steps"] / max(summary["seconds"], 1e-9)
    memory = max(summary["peak_bytes"]) / 2**20
    return (
        f"{summary['steps']} steps in {parallel.clock(summary['seconds'])} ({rate:.2f} steps/s, "
        f"{summary['gflops']:.1f} GF/s in products, at most {memory:.0f} MB a rank)"
    )


def _task(checked: Run) -> Task:
    """The declaration of a checked input's task."""
    return systems.get(checked.system).tasks[checked.task]


def _read_input(text: str, folder: str | Path) -> Run:
    """The checked input of another run, from the text its checkpoint keeps."""
    return loads(text, catalogue(), folder=folder, begun=True)


# ---- from Python --------------------------------------------------------------------------------


def run_in_process(
    source: Source,
    output: str | Path | None = None,
    overrides: Sequence[Override] = (),
    force: bool = True,
    quiet: bool = True,
    petsc_argv: Sequence[str] = (),
) -> Result:
    """`hpcneq.run`: compute in this process and return the Result. **Collective.**

    Without ``output`` the file is temporary, and goes with the Result; it stays if the run was
    stopped or did not converge, for the error names it.
    """
    comm, folder = parallel.world(), None
    if output is None:
        folder = parallel.on_root(comm, tempfile.mkdtemp, prefix="hpcneq-")
        output = Path(folder, "result.h5")
    try:
        with ended_by_signals(comm, _warn(comm)):
            run(source, output, overrides, force, False, quiet, petsc_argv, comm)
        comm.barrier()
        result = Result(output)
    except (NotConverged, StoppedEarly):
        raise
    except BaseException:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    if folder is not None:
        weakref.finalize(result, _leave, folder, comm.rank, comm.size)
    return result


def resume_in_process(
    path: str | Path,
    overrides: Sequence[Override] = (),
    quiet: bool = True,
    petsc_argv: Sequence[str] = (),
    trust_model: bool = False,
) -> Result:
    """`hpcneq.resume`: go on in this process and return the Result. **Collective.**"""
    comm = parallel.world()
    with ended_by_signals(comm, _warn(comm)):
        resume(path, overrides, quiet, petsc_argv, comm, trust_model)
    comm.barrier()
    return Result(path)


def _leave(folder: str, rank: int, ranks: int) -> None:
    """This rank needs a temporary folder no longer; the last one to say so removes it.

    Not collective: ranks end when they like.
    """
    try:
        Path(folder, f"left-{rank}").touch()
        if len(list(Path(folder).glob("left-*"))) == ranks:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        pass
