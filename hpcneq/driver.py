"""From an input to a result file: the one module that knows all others."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import weakref
from pathlib import Path

from . import parallel, petsc, systems
from .config import load as config
from .errors import HpcneqError, InputError, NotConverged, StoppedEarly
from .files import checkpoint, journal, reader, report
from .files import writer as store
from .restart import LongRun, changed, physics
from .stopping import Stopping
from .tasks.task import Cost, declared, resolve

EXIT = {"complete": 0, "not-converged": 3, "stopped": 75}


def catalogue():
    """Every system by name; one is imported when it is asked for."""
    return systems.Catalogue()


def _task(checked):
    """The declaration of a checked input's task."""
    return systems.get(checked.system).tasks[checked.task]


def run(
    source,
    output=None,
    overrides=(),
    force=False,
    resume=False,
    quiet=False,
    petsc_argv=(),
    comm=None,
):
    """Compute an input and store it; returns the exit code. **Collective.**

    resume : go on from the output's newest whole checkpoint if there is one, else start.
    """
    comm, log = _begin(comm, quiet)
    if resume and force:
        raise InputError(
            "run --resume --force: one goes on, the other starts anew; give one of them"
        )
    checked = parallel.on_root(comm, config.load, source, catalogue(), overrides, resume)
    target = (
        Path(output)
        if output
        else Path(f"{Path(source).stem if not isinstance(source, dict) else 'result'}.h5")
    )
    saved = None
    if resume:
        saved = checkpoint.newest(comm, target, _warn(comm))
        if parallel.on_root(comm, _finished, target, checked, saved):
            log(f"{target}: is complete already, there is nothing to go on with")
            return EXIT["complete"]
        force = saved is None and parallel.on_root(comm, _begun, target, checked)
    if saved is None:
        parallel.on_root(comm, _refuse, target, force, source)
    return _perform(checked, target, comm, log, petsc_argv, saved, force, resume)


def resume(path, overrides=(), quiet=False, petsc_argv=(), comm=None):
    """Go on from the newest whole checkpoint of a result file; returns the exit code. **Collective.**"""
    comm, log = _begin(comm, quiet)
    target = Path(path)
    parallel.on_root(comm, _refuse_old, target)
    saved = checkpoint.newest(comm, target, _warn(comm))
    text, folder = parallel.on_root(comm, _remembered, target, saved)
    checked = parallel.on_root(
        comm, config.loads, text, catalogue(), overrides, folder, f"{path}: its input", True
    )
    if parallel.on_root(comm, _finished, target, checked, saved):
        log(
            f"{target}: is complete already, there is nothing to go on with (a larger --set run.t_max=... would go on)"
        )
        return EXIT["complete"]
    if saved is None and not parallel.on_root(comm, journal.path_of(target).exists):
        log(
            f"{target}: was ended before its first checkpoint; starting again from the input it keeps"
        )
    return _perform(checked, target, comm, log, petsc_argv, saved, saved is None, True)


def _begin(comm, quiet):
    comm = comm or parallel.world()
    parallel.abort_on_bug(comm)
    expected = os.environ.get("HPCNEQ_RANKS", "")
    if expected.isdigit() and int(expected) != comm.size:
        raise InputError(
            f"HPCNEQ_RANKS asks for {expected} ranks, {comm.size} started: is mpiexec that of the MPI mpi4py was built with?"
        )
    return comm, parallel.logger(comm, quiet)


def _warn(comm):
    """A print to standard error by rank 0, which --quiet does not silence."""

    def warn(text):
        if comm.rank == 0:
            print(f"hpcneq: {text}", file=sys.stderr, flush=True)

    return warn


def _perform(checked, target, comm, log, petsc_argv, saved, force, keep):
    """Compute a checked input from its start or from a checkpoint. **Collective.**"""
    if (
        saved is not None and not petsc_argv
    ):  # the options of the command line the run was begun with
        petsc_argv = [
            word
            for name, value in saved.meta["options"]
            for word in (f"-{name}", *([value] if value is not None else []))
        ]
    petsc.start(petsc_argv)
    parallel.warn_threads(comm, log)
    with (
        Stopping(comm, checked.run.checkpoint_minutes, checked.run.wall_limit) as stopping,
        petsc.Options(checked.petsc),
    ):
        longrun = LongRun(
            comm,
            target,
            checked,
            log,
            stopping,
            petsc.pairs(petsc_argv),
            saved,
            force,
            keep,
            declared(_task(checked)),
            _read_input,
        )
        log(
            f"hpcneq: {checked.system} {checked.task} on {comm.size} rank{'s' if comm.size > 1 else ''} -> {target}"
        )
        outcome = _compute(checked, comm, log, longrun)
    if outcome.status == "not-converged":
        raise NotConverged(
            f"{outcome.warnings[-1] if outcome.warnings else 'not converged'}; what was found is in {target}, marked"
        )
    if outcome.status == "stopped":
        raise StoppedEarly(
            f"{outcome.warnings[0] if outcome.warnings else 'stopped'}; go on with: hpcneq resume {target}"
        )
    log(f"{outcome.status}: {_words(outcome.summary)}")
    return EXIT[outcome.status]


def _compute(checked, comm, log, longrun):
    """The task itself, from its first line to the closing of its result file."""
    task = resolve(_task(checked).run)
    begun = time.monotonic()
    try:
        outcome = task(checked, comm, log, longrun)
    except NotConverged as error:
        longrun().finish(
            "not-converged", {}, {}, [str(error)], wall_seconds=time.monotonic() - begun
        )
        raise NotConverged(f"{error}; {longrun.target} is marked not-converged") from None
    except HpcneqError:
        if longrun.file is not None:
            longrun.file.close()
        raise
    longrun().finish(
        outcome.status,
        outcome.summary,
        outcome.errors,
        outcome.warnings,
        wall_seconds=time.monotonic() - begun,
    )
    if outcome.status == "complete":
        longrun.complete()
    return outcome


def _refuse_old(path):
    """InputError for a result of format 1: it lacks the parameters that a figure or a continued run needs."""
    if not Path(path).is_file():
        return
    try:
        version = reader.Result(path).format_version
    except InputError:  # damaged: a checkpoint may restore it
        return
    if version < reader.FORMAT_VERSION:
        raise InputError(
            f"{path}: was written by an older hpcneq (format {version}): show and open read it, "
            "to plot or resume it compute it again with: hpcneq run INPUT.toml --force"
        )


def _remembered(target, saved):
    """(TOML, folder of the input) of a run to go on with."""
    if saved is not None:
        return saved.meta["input"], saved.meta["folder"]
    mapped = journal.header(target)
    if mapped is not None:
        return mapped["input"], mapped["folder"]
    result = store.Result(target)
    if result.status not in ("running", "complete") and not journal.path_of(target).exists():
        raise InputError(
            f"{target}: has no checkpoint to go on from; start anew with hpcneq run INPUT.toml --force"
        )
    return result.input, Path.cwd()


def _finished(target, checked, saved):
    """Whether a result file is complete and reaches as far as the input asks."""
    try:
        result = store.Result(target)
        there = config.loads(result.input, catalogue(), folder=checked.folder, begun=True)
    except InputError:
        return False
    if result.status != "complete":
        return False
    different = changed(physics(there), physics(checked))
    if different:
        raise InputError(
            f"{target}: was computed with other physics: {', '.join(different)} changed; only [run] t_max, output "
            "and limits may (use another name, or run --force)"
        )
    if (checked.run.t_max or 0) <= (there.run.t_max or 0):
        journal.path_of(target).unlink(missing_ok=True)  # killed between its last two deeds
        return True
    if saved is None:
        raise InputError(
            f"{target}: is complete up to t = {there.run.t_max:g}, and its checkpoints are gone; start anew with --force"
        )
    return False


def _begun(target, checked):
    """Whether an existing result file is this run, ended before its first checkpoint or a map: it may be overwritten."""
    if not target.exists():
        return False
    try:
        result = store.Result(target)
        there = config.loads(result.input, catalogue(), folder=checked.folder, begun=True)
    except InputError:  # killed in the writing: its journal, if it has one, still knows whose it is
        mapped = journal.header(target)
        return mapped is not None and not changed(_petsc_apart(mapped["physics"]), physics(checked))
    return (result.status == "running" or journal.path_of(target).exists()) and not changed(
        physics(there), physics(checked)
    )


def _petsc_apart(saved):
    """Physics without the options of the command line."""
    return {key: value for key, value in saved.items() if not key.startswith("-- -")}


def _refuse(target, force, source):
    """InputError if the output may not be written; asked before anything is computed."""
    if target.exists() and not force:
        raise InputError(
            f"{target}: exists already; give another name with -o, or --force to overwrite it"
        )
    if (
        not isinstance(source, dict)
        and target.exists()
        and Path(source).exists()
        and os.path.samefile(target, source)
    ):
        raise InputError(f"{target}: is the input itself")
    folder = target.resolve().parent
    if not folder.is_dir():
        raise InputError(f"{target}: there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{target}: no permission to write into {folder}")


def _words(summary):
    """The closing line: work per second and memory."""
    if "steps" not in summary:
        return f"{len(summary)} results"
    rate = summary["steps"] / max(summary["seconds"], 1e-9)
    memory = max(summary["peak_bytes"]) / 2**20
    return (
        f"{summary['steps']} steps in {parallel.clock(summary['seconds'])} ({rate:.2f} steps/s, {summary['gflops']:.1f} GF/s in products, "
        f"at most {memory:.0f} MB a rank)"
    )


def show(path, as_json=False):
    """Headline results, status and provenance of a result file, or what a checkpoint holds, as text or as one JSON object."""
    return report.show(path, as_json)


def plot(path, figure=None, force=False):
    """Draw a result's figure into a file; returns its name."""
    target = Path(figure) if figure else Path(path).with_suffix(".png")
    if target.exists() and not force:
        raise InputError(
            f"{target}: exists already; give another name with -o, or --force to overwrite it"
        )
    if not target.resolve().parent.is_dir():
        raise InputError(f"{target}: there is no folder {target.resolve().parent}")
    _refuse_old(path)
    Result(path).plot(target)
    return target


def _read_input(text, folder):
    """The checked input of another run, from the text its checkpoint keeps."""
    return config.loads(text, catalogue(), folder=folder, begun=True)


class Result(reader.Result):
    """A result file that can also draw itself."""

    def plot(self, path=None):
        """Draw the figure of this result's task; into ``path`` if given. Returns the matplotlib figure."""
        from .figures import draw

        return draw.draw(self, _figure(self), path)


def _figure(result):
    """The function that draws a result's task; InputError if it has none."""
    task = systems.get(result.system).tasks.get(result.task)
    if task is None or task.figure is None:
        raise InputError(f"{result.path}: there is no figure for {result.system} {result.task}")
    return resolve(task.figure)


def check(source, ranks=1, overrides=()):
    """Validate an input; size, memory and time it would take on ``ranks`` ranks, from a short probe of this machine."""
    checked = config.load(source, catalogue(), overrides)
    cost = _task(checked).cost
    lines = [f"{source}: valid {checked.system} {checked.task}"]
    if cost is not None:
        found = resolve(cost)(checked, ranks or 1)
        lines += _cost_lines(found, ranks or 1) if isinstance(found, Cost) else found
    return "\n".join(lines)


def _cost_lines(cost, ranks):
    """A task's Cost in words."""
    at_work = max(1, min(ranks, cost.most_ranks))
    on = f"on {ranks} rank{'s' if ranks > 1 else ''}"
    return [
        *(f"  {note}" for note in cost.notes),
        f"  memory: {cost.bytes_per_rank / 2**20:.0f} MB a rank {on}",
        f"  time: about {parallel.clock(cost.core_seconds / at_work)} {on}",
    ]


def run_in_process(source, output=None, overrides=(), force=True, quiet=True, petsc_argv=()):
    """``hpcneq.run``: compute in this process and return the Result. Without ``output`` the file is temporary. **Collective.**"""
    comm, folder = parallel.world(), None
    if output is None:
        folder = parallel.on_root(comm, tempfile.mkdtemp, prefix="hpcneq-")
        output = Path(folder, "result.h5")
    try:
        run(source, output, overrides, force, False, quiet, petsc_argv, comm)
        comm.barrier()
        result = Result(output)
    except BaseException:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    if folder is not None:
        weakref.finalize(result, _leave, folder, comm.rank, comm.size)
    return result


def _leave(folder, rank, ranks):
    """This rank needs a temporary folder no longer; the last one to say so removes it. Not collective: ranks end when they like."""
    try:
        Path(folder, f"left-{rank}").touch()
        if len(list(Path(folder).glob("left-*"))) == ranks:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        pass
