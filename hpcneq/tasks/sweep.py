"""Sweeps: a [sweep] of one or two keys, or a grid of a task's own, point by point over all ranks.

The one place that turns axes and a function of a point into records, tables, lost points and a
status. Finished points are journalled; a stopped or killed sweep goes on where it was, with the
same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..parallel import from_root, on_root, solo
from ..solvers.farm import farm
from .task import Outcome, Output

if TYPE_CHECKING:
    from ..files.writer import ResultFile
    from ..parallel import Communicator

Array = np.ndarray[Any, Any]
Record = dict[str, Any]  # of a point: numbers, texts, lists, arrays


class Written:
    """What rank 0 has to write: axes and data sets, in their order. Nothing is collective.

    calls : (name, values, axes of a data set or None of an axis).
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any, Any]] = []

    def axis(self, name: str, values: ArrayLike) -> None:
        """As that of a result file."""
        self.calls.append((name, values, None))

    def fixed(self, name: str, values: ArrayLike, axes: Sequence[str] | None = None) -> None:
        """As that of a result file, without a layout."""
        self.calls.append((name, values, (axes,)))


@dataclass
class Sweep:
    """The records of all points, in the order of the axes, the last axis fastest.

    axes : key -> (n,) values. records : one dict a point, None where the sweep was stopped before,
    and everywhere on the ranks that have none. stopped : what stopped it, or None.
    """

    axes: dict[str, Array]
    records: list[Record | None]
    stopped: str | None
    comm: Communicator = field(default_factory=solo)

    def report(self, output: Output, tell: Callable[[Written], Outcome]) -> Outcome:
        """``tell(out)`` on rank 0, which alone needs the records; then all write. **Collective.**

        tell : declares and gives axes and data sets by ``out.axis`` and ``out.fixed``, as a result
        file takes them, and returns the Outcome; not collective. It is not asked of a sweep that
        was stopped, which is an Outcome by itself.
        """
        if self.stopped:
            return self.outcome()
        out, written = output(), Written()
        outcome = on_root(self.comm, lambda: tell(written))
        calls = from_root(self.comm, [(name, rest) for name, _, rest in written.calls])
        values: list[Any] = [value for _, value, _ in written.calls] or [None] * len(calls)
        for (name, rest), value in zip(calls, values):
            if rest is None:
                out.axis(name, value)
            else:
                out.fixed(name, value, *rest)
        return outcome

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def lost(self) -> list[str]:
        """Why points have no numbers, or doubtful ones: the ``why`` of their records."""
        return [record["why"] for record in self.records if record and "why" in record]

    @property
    def normal(self) -> list[str]:
        """A line on the points without a condensate, if there are any."""
        words = [record["normal"] for record in self.records if record and "normal" in record]
        count = f"at {len(words)} of {len(self.records)} points: " if len(self.records) > 1 else ""
        return [f"{count}{words[0]}"] if words else []

    def filled(self, empty: Record) -> list[Record]:
        """The records of a sweep that reached its end, lost and normal ones with all of ``empty``.

        empty : what a task reads of a record, where nothing was found.
        """
        return [
            empty | (record or {})
            if record is None or {"why", "normal"} & record.keys()
            else record
            for record in self.records
        ]

    def values(self, name: str, default: object = math.nan) -> list[object]:
        """Entry ``name`` of every record; ``default`` where it is missing or None."""
        entries = [(record or {}).get(name) for record in self.records]
        return [default if value is None else value for value in entries]

    def table(self, name: str, default: object = math.nan, dtype: type = float) -> Array:
        """Entry ``name`` over the axes, an array of the sweep's shape."""
        return np.array(self.values(name, default), dtype).reshape(self.shape)

    def write(
        self, out: ResultFile | Written, names: Mapping[str, str] | Iterable[str] = ()
    ) -> None:
        """The axes, and a data set over them for each of ``names``. **Collective.**

        names : data sets named as the records' entries, or {data set: entry}. Nothing is written of
        a stopped sweep: its points are in the journal.
        """
        if self.stopped:
            return
        for key, values in self.axes.items():
            out.axis(key, values)
        entries = dict(names) if isinstance(names, Mapping) else {name: name for name in names}
        for name, entry in entries.items():
            out.fixed(name, self.table(entry), tuple(self.axes))

    def outcome(
        self,
        summary: Mapping[str, object] | None = None,
        errors: Mapping[str, object] | None = None,
        warnings: Iterable[str] = (),
    ) -> Outcome:
        """Stopped if the sweep was; not-converged, with a warning for each, if points were lost."""
        if self.stopped:
            return Outcome("stopped", {}, {}, [f"stopped by {self.stopped}"])
        status = "not-converged" if self.lost else "complete"
        words = [*warnings, *self.normal, *self.lost]
        return Outcome(status, dict(summary or {}), dict(errors or {}), words)


@dataclass(frozen=True)
class Grid:
    """Points of a sweep in chains: rows of at most ``length`` points along the last axis.

    A row of this table is a chain, a column a place in it; the last chain of the last axis may have
    fewer points than columns.
    """

    axes: dict[str, Array]
    length: int

    @property
    def fast(self) -> int:
        """Points of the last axis; one without axes."""
        return len(list(self.axes.values())[-1]) if self.axes else 1

    @property
    def slow(self) -> int:
        """Points of the axis before it."""
        return math.prod(len(values) for values in list(self.axes.values())[:-1])

    @property
    def chains(self) -> int:
        """Chains along the last axis."""
        return -(-self.fast // self.length)

    @property
    def rows(self) -> int:
        """All chains."""
        return self.slow * self.chains

    def place(self, i: int, j: int) -> tuple[int, int]:
        """Index along the slow axis and along the last one of place ``j`` in chain ``i``."""
        return i // self.chains, self.length * (i % self.chains) + j

    def point(self, i: int, j: int) -> dict[str, float] | None:
        """{key: value} at a place, None beyond the end of the last axis."""
        places = self.place(i, j)
        if places[1] >= self.fast:
            return None
        return {
            key: values[place].item()
            for (key, values), place in zip(self.axes.items(), places[2 - len(self.axes) :])
        }

    def in_order(self, rows: Sequence[Sequence[Record | None]]) -> list[Record | None]:
        """The records of all chains in the order of the axes."""
        records: list[Record | None] = [None] * (self.slow * self.fast)
        for i, row in enumerate(rows):
            for j, record in enumerate(row):
                slow, fast = self.place(i, j)
                if fast < self.fast:
                    records[slow * self.fast + fast] = record
        return records


def run_sweep(
    axes: Mapping[str, Sequence[float] | Array],
    point: Callable[..., Mapping[str, object]],
    comm: Communicator,
    log: Callable[[str], None],
    output: Output,
    label: str,
    *,
    chain: int | None = 1,
    group: int = 1,
    everywhere: bool = True,
) -> Sweep:
    """Every point of a grid. **Collective.**

    axes : key -> values, up to two, the first is slow; none: one point.
    point : ``point(at, previous) -> record``; ``at`` {key: value}, ``previous`` the record before
    it in its chain, or None. A record is a dict of numbers, texts, lists and arrays; ``why`` says
    that a point failed.
    chain : how many points of the last axis follow one another on one rank, each from the last
    one's record (None: all of the axis). 1: every point is alone. No result depends on the number
    of ranks.
    group : ranks that work on one point together; then ``point(at, previous, comm)``.
    everywhere : whether every rank gets all records; else rank 0 alone, for `Sweep.report`.
    NotConverged at a point is recorded as its ``why``, NormalState as ``normal``; other errors end
    the sweep on all ranks.
    """
    arrays = {key: np.asarray(values) for key, values in axes.items()}
    fast = len(list(arrays.values())[-1]) if arrays else 1
    grid = Grid(arrays, fast if chain is None else min(chain, fast))

    def solve(i: int, j: int, warm: Record | None, *group_comm: Communicator) -> Record:
        at = grid.point(i, j)
        if at is None:
            return {}
        return dict(point(at, warm or None, *group_comm))

    shape = (grid.rows, grid.length)
    keeper = output.points()
    rows, stopped = farm(shape, solve, comm, log, keeper, label, group, everywhere)
    return Sweep(arrays, grid.in_order(rows), stopped, comm)
