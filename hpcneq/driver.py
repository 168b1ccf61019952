"""From an input to a result file: the one module that knows all others."""
from __future__ import annotations

import importlib
import os
import time
from pathlib import Path

from . import config, parallel, petsc, store
from .errors import InputError, NotConverged
from .tasks.evolution import clock

SYSTEMS = {"nsn-junction": "nsn_junction"}  # name in the input -> module under tasks/
EXIT = {"complete": 0, "not-converged": 3, "stopped": 75}


def catalogue():
    """Every system with its tasks, as the configuration needs them."""
    return {name: config.System(tasks=_tasks(name).TASKS, doc=(_tasks(name).__doc__ or "").strip()) for name in SYSTEMS}


def _tasks(system):
    return importlib.import_module(f".tasks.{SYSTEMS[system]}", __package__)


def run(source, output=None, overrides=(), force=False, resume=False, quiet=False, petsc_argv=(), comm=None):
    """Compute an input and store it; returns the exit code. **Collective.**"""
    comm = comm or parallel.world()
    parallel.abort_on_bug(comm)
    log = parallel.logger(comm, quiet)
    if resume:
        raise InputError("run --resume: checkpoints are not written yet; run without --resume, or with --force to start again")
    checked = parallel.on_root(comm, config.load, source, catalogue(), overrides)
    target = Path(output) if output else Path(f"{Path(source).stem if not isinstance(source, dict) else 'result'}.h5")
    parallel.on_root(comm, _refuse, target, force, source)
    petsc.start(petsc_argv)
    parallel.warn_threads(comm, log)
    log(f"hpcneq: {checked.system} {checked.task} on {comm.size} rank{'s' if comm.size > 1 else ''} -> {target}")
    outcome = _compute(checked, comm, log, target, force)
    if outcome.status == "not-converged":
        raise NotConverged(f"{outcome.warnings[-1] if outcome.warnings else 'not converged'}; what was found is in {target}, marked")
    log(f"{outcome.status}: {_words(outcome.summary)}")
    return EXIT[outcome.status]


def _compute(checked, comm, log, target, force):
    """The task itself between the creation of the file and its closing."""
    task = getattr(_tasks(checked.system), checked.task.replace("-", "_"))
    opened = []

    def output():
        items = store.gather_provenance(comm, checked.system, checked.task, checked.text, checked.run.seed)
        opened.append(store.ResultFile.create(comm, target, items, force=force))
        return opened[0]

    begun = time.monotonic()
    try:
        outcome = task(checked, comm, log, output)
    except NotConverged as error:
        file = opened[0] if opened else output()
        file.finish("not-converged", {}, {}, [str(error)], wall_seconds=time.monotonic() - begun)
        raise NotConverged(f"{error}; {target} is marked not-converged") from None
    except InputError:
        if opened:
            opened[0].close()
        raise
    opened[0].finish(outcome.status, outcome.summary, outcome.errors, outcome.warnings, wall_seconds=time.monotonic() - begun)
    return outcome


def _refuse(target, force, source):
    """InputError if the output may not be written; asked before anything is computed."""
    if target.exists() and not force:
        raise InputError(f"{target}: exists already; give another name with -o, or --force to overwrite it")
    if not isinstance(source, dict) and target.exists() and Path(source).exists() and os.path.samefile(target, source):
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
    memory = max(summary["peak_bytes"]) / 2 ** 20
    return (f"{summary['steps']} steps in {clock(summary['seconds'])} ({rate:.2f} steps/s, {summary['gflops']:.1f} GF/s in products, "
            f"at most {memory:.0f} MB a rank)")


def resume(path, overrides=(), quiet=False, petsc_argv=()):
    """Continue from a checkpoint."""
    raise InputError(f"resume {path}: checkpoints are not written yet; start again with hpcneq run INPUT.toml --force")


def show(path, as_json=False):
    """Headline results, status and provenance of a result file, as text or as one JSON object."""
    import json
    result = store.Result(path)
    record = result.as_json_object()
    if as_json:
        return json.dumps(record, allow_nan=False)
    lines = [f"{path}: {result.system} {result.task}, {result.status}"]
    for key, value in (result.summary or {}).items():
        error = (result.errors or {}).get(key)
        unit = _unit(result, key)
        lines.append(f"  {key:24s} {_number(value)}{f' +- {error:.1e}' if error is not None else ''}{f'  {unit}' if unit else ''}")
    for warning in result.warnings or []:
        lines.append(f"  warning: {warning}")
    where = result.provenance
    lines.append(f"  {where.get('ranks', '?')} ranks on {where.get('host', '?')}, {where.get('started', '?')}, "
                 f"hpcneq {where.get('hpcneq_version', '?')} ({str(where.get('commit', '?'))[:12]})")
    lines.append("  data: " + ", ".join(result.keys()))
    return "\n".join(lines)


def _unit(result, key):
    base = {"delta_max": "delta", "delta_rms": "delta"}.get(key, key)
    return result[base].units if base in result.keys() else ""


def _number(value):
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def plot(path, figure=None, force=False):
    """Draw a result's figure into a file; returns its name."""
    target = Path(figure) if figure else Path(path).with_suffix(".png")
    if figure and target.exists() and not force:
        raise InputError(f"{target}: exists already; give another name with -o, or --force to overwrite it")
    if not target.resolve().parent.is_dir():
        raise InputError(f"{target}: there is no folder {target.resolve().parent}")
    from . import plots
    plots.plot(store.Result(path), target)
    return target


def check(source, ranks=1, overrides=()):
    """Validate an input; size, memory and time it would take on ``ranks`` ranks, from a short probe of this machine."""
    checked = config.load(source, catalogue(), overrides)
    module = _tasks(checked.system)
    estimate = getattr(module, "estimate", None)
    lines = [f"{source}: valid {checked.system} {checked.task}"]
    if estimate is not None:
        lines += estimate(checked, ranks or 1)
    return "\n".join(lines)


def run_in_process(source, output=None, overrides=(), force=True, quiet=True, petsc_argv=()):
    """``hpcneq.run``: compute in this process and return the Result. Without ``output`` the file is temporary. **Collective.**"""
    import tempfile
    comm = parallel.world()
    if output is None:
        folder = parallel.on_root(comm, tempfile.mkdtemp, prefix="hpcneq-")
        output = Path(folder, "result.h5")
    run(source, output, overrides, force, False, quiet, petsc_argv, comm)
    comm.barrier()
    return store.Result(output)
