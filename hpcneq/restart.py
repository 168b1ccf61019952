"""A run that may be stopped, killed and continued: its result file and its checkpoints.

A task gets a `LongRun`. Called, it gives the result file, new or restored. A run has parts, one
after the other (the evolution, then the one its errors are estimated from), each a `SolverPart`
that saves and restores a solver.
"""

from __future__ import annotations

import json
import math
import resource
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from .errors import HpcneqError, InputError
from .files import checkpoint, journal, provenance
from .files.checkpoint import Saved
from .files.declarations import Declaration
from .files.digest import Checked, Option, carried, changed, contents, physics
from .files.lock import Owner
from .files.provenance import begin_part, end_part, moment
from .files.rows import RowLog
from .files.writer import ResultFile
from .parallel import Communicator, Log, Part, on_root
from .petsc_options import effective, words_of
from .stopping import Stopping
from .tasks.recorder import Share

Value = TypeVar("Value")


class LongRun:
    """One run with its files. Methods are **Collective**.

    saved : the checkpoint to go on from; then ``run.t_max`` may have grown. keep : whether the
    journal of an earlier run counts. quantities : what the task may write, by name. read_input :
    (TOML text, folder) -> checked input, for another run that this one starts from. owner : whose
    the output is. doubts : sentences on the input. Raises InputError if the physics differ from the
    checkpoint's or no state before
    the new end is left.
    """

    def __init__(
        self,
        comm: Communicator,
        target: str | Path,
        checked: Checked,
        log: Log,
        stopping: Stopping,
        options: Iterable[Option] = (),
        saved: Saved | None = None,
        force: bool = False,
        keep: bool = False,
        quantities: Mapping[str, Declaration] | None = None,
        read_input: Callable[[str, str | Path], Checked] | None = None,
        owner: Owner | None = None,
        doubts: Sequence[str] = (),
    ):
        self.comm, self.target, self.checked = comm, target, checked
        self.log, self.stopping, self.options = log, stopping, list(options)
        self.saved, self.force, self.keep = saved, force, keep
        self.quantities, self.read_input = quantities, read_input
        self.owner, self.doubts = owner or Owner(comm, None), list(doubts)
        self.parts: list[dict[str, Any]] = []  # what is known of the run's parts, this one last
        self.log_of_rows = RowLog(target, None, {})
        self.physics = on_root(comm, physics, checked, self.options)
        self.map: Points | None = None
        self.file: ResultFile | None = None
        self.memory: dict[str, Any] = {}  # what `recall` gave
        self.results: dict[str, dict] = {}  # of finished parts
        self.order: list[str] = []  # of the parts
        self.parked: dict[str, int] = {}  # part -> generation from which a later end can be reached
        self.number = 0  # the last generation
        self.before: int | None = None  # the one before it
        self.needed: set[int] = set()  # generations that the last one needs
        if saved is not None:
            self._take_up(saved)

    def _take_up(self, saved):
        """Go on where a checkpoint was written."""
        meta = saved.meta
        different = changed(meta["physics"], self.physics)
        if different:
            raise InputError(
                f"{self.target}: its checkpoint has other physics: {', '.join(different)} changed; "
                "only [run] t_max, output and limits may (start anew with run --force)"
            )
        self.physics = carried(meta["physics"], self.physics)
        self.memory, self.order, self.parked = meta["memory"], meta["order"], dict(meta["parked"])
        self.number = on_root(self.comm, checkpoint.generations, self.target)[0]
        self.before, self.needed = saved.number, set(self.parked.values())
        self.stopping.cost = meta["write_seconds"]
        if meta["t_max"] == self.checked.run.t_max:
            self.results = meta["results"]
        else:
            self._move_end(saved)
        meta = self.saved.meta
        where = f"hpcneq: continuing {self.target} at t = {meta['t']:.6g}, step {meta['step']}"
        if len(self.order) > 1:
            where += f' of the part "{meta["part"]}"'
        self.log(f"{where} (checkpoint {self.saved.number})")

    def _move_end(self, saved):
        """Go back to each part's last state whose next step did not depend on the run's end."""
        end = self.checked.run.t_max
        if saved.meta["free"]:
            self.parked[saved.meta["part"]] = saved.number
        for part, number in list(self.parked.items()):
            state = saved
            if number != saved.number:
                state = checkpoint.load(self.comm, self.target, number)
            if state.meta["t"] < end:
                continue
            if part == self.order[0]:
                raise InputError(
                    f"[run] t_max = {end:g}: the run is at t = {state.meta['t']:g} already; "
                    "t_max can only grow"
                )
            del self.parked[part]
        if self.order[0] not in self.parked:
            raise InputError(
                f"{self.target}: no checkpoint from before the last step is left; "
                "t_max cannot change"
            )
        self.saved = checkpoint.load(self.comm, self.target, self.parked[self.order[0]])

    def __call__(self) -> ResultFile:
        """The result file, new, or as it was at the checkpoint; opened once."""
        if self.file is None:
            self.file = self._create() if self.saved is None else self._restore()
            options = [(name, value) for name, value in self.options]
            self.parts.append(on_root(self.comm, begin_part, self.comm.size, options))
            self.file.parts(self.parts)
            self.owner.tell(status="running")
        return self.file

    def _create(self):
        if self.force:  # they belong to the file that is about to be replaced
            on_root(self.comm, checkpoint.remove, self.target)
        if self.keep:
            self.parts = on_root(self.comm, journal.parts, self.target)
        else:
            on_root(self.comm, journal.remove, self.target)
        checked = self.checked
        items = provenance.gather_provenance(
            self.comm, checked.system, checked.task, checked.text, checked.run.seed
        )
        words = words_of(effective(checked.petsc, self.options).items())
        items["petsc_options"] = " ".join(words)
        files = on_root(self.comm, contents, checked)
        if files:
            items["input_files"] = json.dumps(files)
        if self.doubts:
            items["doubts"] = json.dumps(self.doubts)
        file = ResultFile.create(self.comm, self.target, items, self.force, self.quantities)
        file.resolved(self.checked.resolved())
        return file

    def _restore(self):
        on_root(self.comm, self.saved.restore_result, self.target)
        meta = self.saved.meta
        rows = meta["rows"]
        self.log_of_rows = RowLog(self.target, meta.get("tail"), rows if "tail" in meta else {})
        self.parts = [part for part in meta.get("parts", []) if isinstance(part, dict)]
        end_part(self.parts, "stopped", meta.get("moment", meta["written"]))
        file = ResultFile.reopen(self.comm, self.target, rows, self.quantities)
        if self.saved.meta["input"] != self.checked.text:
            file.attribute("input", self.checked.text)
            file.resolved(self.checked.resolved())
        return file

    def recall(self, name: str, compute: Callable[..., Value], *args: object) -> Value:
        """``compute(*args)``, or what it gave when the run was begun.

        For numbers, texts, arrays, lists and dicts of them that are costly, or that another
        processor might round otherwise. The same on every rank.
        """
        if name not in self.memory:
            self.memory[name] = checkpoint.loads(checkpoint.dumps(compute(*args)))
        return self.memory[name]

    def part(self, name: str) -> SolverPart:
        """The keeper of one part, with the state to go on from, if there is one."""
        if name not in self.order:
            self.order.append(name)
        saved = None
        if self.saved is not None and self.saved.meta["part"] == name:
            saved = self.saved
        elif name in self.parked and name not in self.results:
            saved = checkpoint.load(self.comm, self.target, self.parked[name])
        return SolverPart(self, name, saved)

    def points(self) -> Points:
        """The keeper of a map's points, with those of the run that is continued."""
        self()  # from now on the run can be taken up
        self.map = Points(self)
        return self.map

    @property
    def kept(self) -> bool:
        """Whether there is something from which a later run can go on."""
        return self.number > 0 or self.map is not None

    def verify(self) -> None:
        """HpcneqError if the result file is no longer that of this run. **Collective.**"""
        self.owner.check()
        fate = self().foreign()
        if fate is None:
            return
        advice = ""
        if self.number or self.map is not None:
            advice = f"; hpcneq resume {self.target} goes on with what was kept"
        if "replaced" in fate:
            advice = advice.replace("; ", "; move it away, then ")
        raise HpcneqError(f"{self.target}: {fate}{advice}")

    def finish(self, status: str, *content: Any, **extra: object) -> None:
        """`ResultFile.finish` of a file that is still that of this run."""
        self.owner.tell(status="finishing")
        self.verify()
        on_root(self.comm, end_part, self.parts, status)
        self().parts(self.parts)
        if self.map is not None:
            self.map.note_parts()
        self().finish(status, *content, **extra)

    def complete(self) -> None:
        """Delete the states from which the run could not go on to a later end."""
        self.comm.barrier()
        if self.map is not None:
            self.map.remove()
        on_root(self.comm, checkpoint.remove, self.target, self.parked.values())

    def write(self, meta: dict, arrays: Mapping[str, Part]) -> int:
        """A further generation; the one before it and those it needs stay.

        Returns the bytes written.
        """
        begun = time.monotonic()
        self().flush()
        self.verify()
        tail, rest = self().keep_rows(self.log_of_rows)
        self.number += 1
        if meta["free"]:
            self.parked[meta["part"]] = self.number
        meta = meta | self._description() | {"tail": tail}
        size = checkpoint.write(self.comm, self.target, self.number, meta, arrays, rest)
        parked = set(self.parked.values())
        stay = {self.number, self.before} - {None} | parked | self.needed
        on_root(self.comm, checkpoint.remove, self.target, stay)
        self.before, self.needed = self.number, parked
        self.stopping.wrote(self.comm.bcast(time.monotonic() - begun, root=0))
        return size

    def _description(self):
        """What every checkpoint of the run says of it."""
        checked = self.checked
        return {
            "format_version": checkpoint.FORMAT_VERSION,
            "system": checked.system,
            "task": checked.task,
            "physics": self.physics,
            "options": self.options,
            "input": checked.text,
            "folder": str(checked.folder),
            "t_max": checked.run.t_max,
            "seed": checked.run.seed,
            "memory": self.memory,
            "results": self.results,
            "order": self.order,
            "parked": self.parked,
            "rows": self().counts(),
            "written": checkpoint.written(),
            "moment": moment(),
            "parts": self.parts,
            "write_seconds": self.stopping.cost,
            "ranks": self.comm.size,
            "versions": on_root(self.comm, provenance.versions),
        }


class Points:
    """Keeps the finished points of a map in a journal, which rank 0 writes.

    done : {name: record}, on rank 0.
    """

    def __init__(self, run: LongRun):
        """**Collective.**"""
        self.run = run
        self.done: dict[str, dict] = {}
        on_root(run.comm, self._open)

    def note_parts(self) -> None:
        """Keep what is known of the run's parts. **Collective.**"""
        on_root(self.run.comm, lambda: self._journal.note_parts(self.run.parts))

    def _open(self):
        run, checked = self.run, self.run.checked
        self._journal = journal.Journal(
            run.target, run.physics, changed, checked.text, checked.folder, run.parts
        )
        self.done = self._journal.done

    def add(self, name: str, record: dict) -> None:
        """Keep a record; on rank 0."""
        self._journal.add(name, record)
        total = math.prod(len(values) for values in self.run.checked.sweep.values())
        progress = None
        if len(self.done) <= total and self.run.checked.sweep:
            progress = len(self.done) / total
        self.run.owner.tell(record, progress=progress, points=len(self.done))

    @staticmethod
    def clean(record: dict) -> dict:
        """The record as a continued run reads it."""
        return checkpoint.loads(checkpoint.dumps(record))

    def wanted(self, seconds: float) -> str | None:
        """What asks this rank to stop before a point that may take this long, or None."""
        return self.run.stopping.wanted(seconds)

    def remove(self) -> None:
        """The map is complete. **Collective.**"""
        on_root(self.run.comm, lambda: self._journal.remove())


class SolverPart:
    """Keeps one solver's state, see `solvers.checkpointing.StateKeeper`.

    Methods are **Collective**.

    saved : the checkpoint to go on from, or None. progress : set by the task, a function whose
    answer comes back as ``found``.
    """

    def __init__(self, run: LongRun, name: str, saved: Saved | None):
        self.run, self.name, self.saved = run, name, saved
        self.progress: Callable[[], dict] = dict
        self.share: Share | None = None
        self.reached: float | None = None

    @property
    def found(self) -> dict | None:
        """What ``progress`` gave when the checkpoint was written, or None."""
        if self.saved is None:
            return None
        return self.saved.meta["progress"]

    @property
    def result(self) -> dict | None:
        """What `finish` was given, if the part ended before."""
        return self.run.results.get(self.name)

    @property
    def moved(self) -> bool:
        """Whether the run's end has moved since the checkpoint."""
        return self.saved is not None and self.saved.meta["t_max"] != self.run.checked.run.t_max

    def decide(self) -> tuple[bool, bool]:
        """(stop, save) after a step."""
        if self.run.file is not None and self.run.owner.lock is not None:
            progress, end = None, self.run.checked.run.t_max
            if self.share is not None and self.reached is not None and end:
                progress = self.share.of(self.reached / end)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            row = self.run.file.latest
            self.run.owner.tell(row, progress=progress, part=self.name, memory=memory)
        return self.run.stopping.decide()

    def save(
        self,
        numbers: Mapping[str, object],
        shared: Mapping[str, object],
        arrays: Mapping[str, Part],
        free: bool,
    ) -> int:
        """Write a checkpoint of the solver's numbers, replicated arrays and distributed arrays.

        numbers : holds at least ``t`` and ``step``. free : the next step does not depend on where
        the run ends.
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

    def finish(self, value: dict) -> dict:
        """Note the part's result for what follows; give it back as a later run will find it."""
        self.run.results[self.name] = checkpoint.loads(checkpoint.dumps(value))
        return self.run.results[self.name]
