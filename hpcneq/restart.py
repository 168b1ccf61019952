"""A run that may be stopped, killed and continued: its result file, its checkpoints, and what they remember.

A task gets a `LongRun`. Called, it gives the result file, new or restored. A run has parts, one after the other
(the evolution, then the one its errors are estimated from), each a `Part` that saves and restores a solver.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import time
from pathlib import Path

from .errors import InputError
from .files import checkpoint, journal, provenance
from .files import writer as store
from .parallel import on_root

UNPHYSICAL = re.compile(
    r"monitor|view|log|info|options_left|malloc|error_output"
)  # PETSc options that change no number


def physics(checked, options=()):
    """{key: value} of everything a result depends on: not the length of the run, its output and its limits.

    options : (name, value) of PETSc options from the command line. A file an input names counts with its content.
    """
    tables = {
        name: getattr(checked, name) for name in ("parameters", "numerics", "initial")
    } | checked.tables
    found = {"system": checked.system, "task": checked.task, "run.seed": checked.run.seed}
    for name, table in tables.items():
        _flatten(
            name, dataclasses.asdict(table) if dataclasses.is_dataclass(table) else table, found
        )
    found.update({f"sweep.{key}": points.tolist() for key, points in checked.sweep.items()})
    found.update(
        {
            f"petsc.{key}": value
            for key, value in checked.petsc.items()
            if not UNPHYSICAL.search(key)
        }
    )
    found.update({f"-- -{key}": value for key, value in options if not UNPHYSICAL.search(key)})
    for key, value in list(found.items()):
        if (
            isinstance(value, str)
            and key.count(".")
            and (content := _content(checked.folder, value))
        ):
            found[f"{key} (the file's content)"] = content
    return checkpoint.loads(checkpoint.dumps(found))


def _flatten(path, value, found):
    if isinstance(value, dict):
        for key, item in value.items():
            _flatten(f"{path}.{key}", item, found)
    elif value is not None:
        found[path] = value


def _content(folder, name):
    """The hash of a file beside the input, None if there is none of that name."""
    try:
        path = Path(folder, name)
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    except (OSError, ValueError):
        return None


def changed(saved, now):
    """Keys in which two physics differ; a file that is gone does not count, its content is remembered."""
    return [
        key
        for key in sorted(saved.keys() | now.keys())
        if saved.get(key) != now.get(key) and not (key.endswith("content)") and key not in now)
    ]


class LongRun:
    """One run with its files. Methods are **Collective**.

    keep : whether the journal of an earlier run counts. saved : the checkpoint to go on from; then ``run.t_max`` may have grown. Raises InputError if the physics differ
    from the checkpoint's or no state before the new end is left.
    quantities : what the task may write, by name. read_input : (TOML text, folder) -> checked input, for another
    run that this one starts from.
    """

    def __init__(
        self,
        comm,
        target,
        checked,
        log,
        stopping,
        options=(),
        saved=None,
        force=False,
        keep=False,
        quantities=None,
        read_input=None,
    ):
        self.comm, self.target, self.checked, self.log, self.stopping = (
            comm,
            target,
            checked,
            log,
            stopping,
        )
        self.options, self.saved, self.force, self.keep, self.map = (
            list(options),
            saved,
            force,
            keep,
            None,
        )
        self.physics = on_root(comm, physics, checked, self.options)
        self.quantities, self.read_input = quantities, read_input
        self.memory, self.results, self.parked, self.order = {}, {}, {}, []
        self.file, self.number, self.before, self.kept = None, 0, None, set()
        if saved is not None:
            self._take_up(saved)

    def _take_up(self, saved):
        meta = saved.meta
        different = changed(meta["physics"], self.physics)
        if different:
            raise InputError(
                f"{self.target}: its checkpoint has other physics: {', '.join(different)} changed; "
                "only [run] t_max, output and limits may (start anew with run --force)"
            )
        self.memory, self.order, self.parked = meta["memory"], meta["order"], dict(meta["parked"])
        self.number = on_root(self.comm, checkpoint.generations, self.target)[0]
        self.before, self.kept = saved.number, set(self.parked.values())
        self.stopping.cost = meta["write_seconds"]
        if meta["t_max"] == self.checked.run.t_max:
            self.results = meta["results"]
        else:
            self._move_end(saved)
        here = self.saved.meta
        self.log(
            f"hpcneq: continuing {self.target} at t = {here['t']:.6g}, step {here['step']}"
            + (f' of the part "{here["part"]}"' if len(self.order) > 1 else "")
            + f" (checkpoint {self.saved.number})"
        )

    def _move_end(self, saved):
        """Go back to the last state of each part whose next step did not depend on where the run was to end."""
        end = self.checked.run.t_max
        if saved.meta["free"]:
            self.parked[saved.meta["part"]] = saved.number
        for part, number in list(self.parked.items()):
            state = (
                saved if number == saved.number else checkpoint.load(self.comm, self.target, number)
            )
            if state.meta["t"] >= end:
                if part == self.order[0]:
                    raise InputError(
                        f"[run] t_max = {end:g}: the run is at t = {state.meta['t']:g} already; t_max can only grow"
                    )
                del self.parked[part]
        if self.order[0] not in self.parked:
            raise InputError(
                f"{self.target}: no checkpoint from before the last step is left; t_max cannot change"
            )
        self.saved = checkpoint.load(self.comm, self.target, self.parked[self.order[0]])

    def __call__(self):
        """The result file, new, or as it was at the checkpoint; opened once."""
        if self.file is None:
            self.file = self._create() if self.saved is None else self._restore()
        return self.file

    def _create(self):
        if self.force:  # they belong to the file that is about to be replaced
            on_root(self.comm, checkpoint.remove, self.target)
        if not self.keep:
            on_root(self.comm, journal.path_of(self.target).unlink, missing_ok=True)
        items = store.gather_provenance(
            self.comm,
            self.checked.system,
            self.checked.task,
            self.checked.text,
            self.checked.run.seed,
        )
        file = store.ResultFile.create(
            self.comm, self.target, items, force=self.force, quantities=self.quantities
        )
        file.resolved(self.checked.resolved())
        return file

    def _restore(self):
        on_root(self.comm, self.saved.restore_result, self.target)
        rows = self.saved.meta["rows"]
        file = store.ResultFile.reopen(self.comm, self.target, rows, self.quantities)
        if self.saved.meta["input"] != self.checked.text:
            file.attribute("input", self.checked.text)
            file.resolved(self.checked.resolved())
        return file

    def recall(self, name, compute, *args):
        """``compute(*args)``, or what it gave when the run was begun: numbers, texts, arrays, lists and dicts of them.

        For what is costly, or what another processor might round otherwise. The same on every rank.
        """
        if name not in self.memory:
            self.memory[name] = checkpoint.loads(checkpoint.dumps(compute(*args)))
        return self.memory[name]

    def part(self, name):
        """The keeper of one part, with the state to go on from, if there is one."""
        if name not in self.order:
            self.order.append(name)
        saved = self.saved if self.saved is not None and self.saved.meta["part"] == name else None
        if saved is None and name in self.parked and name not in self.results:
            saved = checkpoint.load(self.comm, self.target, self.parked[name])
        return Part(self, name, saved)

    def points(self):
        """The keeper of a map's points, for `solvers.maps.farm`; it knows those of the run that is continued."""
        self()  # from now on the run can be taken up
        self.map = Points(self)
        return self.map

    def complete(self):
        """Keep only the states from which the run could go on to a later end."""
        self.comm.barrier()
        if self.map is not None:
            self.map.remove()
        on_root(self.comm, checkpoint.remove, self.target, self.parked.values())

    def write(self, meta, arrays):
        """A further generation; the one before it and those it needs are kept. Returns the bytes written."""
        begun = time.monotonic()
        self().flush()
        self.number += 1
        if meta["free"]:
            self.parked[meta["part"]] = self.number
        meta |= {
            "format_version": checkpoint.FORMAT_VERSION,
            "system": self.checked.system,
            "task": self.checked.task,
            "physics": self.physics,
            "options": self.options,
            "input": self.checked.text,
            "folder": str(self.checked.folder),
            "t_max": self.checked.run.t_max,
            "seed": self.checked.run.seed,
            "memory": self.memory,
            "results": self.results,
            "order": self.order,
            "parked": self.parked,
            "rows": self().counts(),
            "written": checkpoint.written(),
            "write_seconds": self.stopping.cost,
            "ranks": self.comm.size,
            "versions": on_root(self.comm, provenance.versions),
        }
        size = checkpoint.write(self.comm, self.target, self.number, meta, arrays, self.target)
        parked = set(self.parked.values())
        on_root(
            self.comm,
            checkpoint.remove,
            self.target,
            {self.number, self.before} - {None} | parked | self.kept,
        )
        self.before, self.kept = self.number, parked
        self.stopping.wrote(self.comm.bcast(time.monotonic() - begun, root=0))
        return size


class Points:
    """Keeps the finished points of a map in a journal, which rank 0 writes.

    done : {name: record}, on rank 0.
    """

    def __init__(self, run):
        """**Collective.**"""
        self.run, self.done, self._journal = run, {}, None
        on_root(run.comm, self._open)

    def _open(self):
        self._journal = journal.Journal(
            self.run.target,
            self.run.physics,
            changed,
            self.run.checked.text,
            self.run.checked.folder,
        )
        self.done = self._journal.done

    def add(self, name, record):
        """Keep a record; on rank 0."""
        self._journal.add(name, record)

    @staticmethod
    def clean(record):
        """The record as a continued run reads it."""
        return checkpoint.loads(checkpoint.dumps(record))

    def wanted(self, seconds):
        """What asks this rank to stop before a point that may take this long, or None."""
        return self.run.stopping.wanted(seconds)

    def remove(self):
        """The map is complete. **Collective.**"""
        on_root(self.run.comm, lambda: self._journal.remove())


class Part:
    """Keeps one solver's state; the solver sees ``saved``, `decide` and `save`. Methods are **Collective**.

    saved : the checkpoint to go on from, or None. progress : set by the task, a function whose answer comes back
    as ``found``.
    """

    def __init__(self, run, name, saved):
        self.run, self.name, self.saved = run, name, saved
        self.progress = dict

    @property
    def found(self):
        """What ``progress`` gave when the checkpoint was written, or None."""
        return self.saved.meta["progress"] if self.saved is not None else None

    @property
    def result(self):
        """What `finish` was given, if the part ended before."""
        return self.run.results.get(self.name)

    @property
    def moved(self):
        """Whether the run's end has moved since the checkpoint."""
        return self.saved is not None and self.saved.meta["t_max"] != self.run.checked.run.t_max

    def decide(self):
        """(stop, save) after a step."""
        return self.run.stopping.decide()

    def save(self, numbers, shared, arrays, free):
        """Write a checkpoint of the solver's numbers, replicated arrays and distributed arrays.

        numbers : holds at least ``t`` and ``step``. free : the next step does not depend on where the run ends.
        """
        meta = {
            "part": self.name,
            "t": numbers["t"],
            "step": numbers["step"],
            "free": bool(free),
            "solver": numbers,
            "shared": shared,
            "progress": self.progress(),
        }
        return self.run.write(meta, arrays)

    def finish(self, value):
        """Note the part's result for what follows; give it back as a later run will find it."""
        self.run.results[self.name] = checkpoint.loads(checkpoint.dumps(value))
        return self.run.results[self.name]
