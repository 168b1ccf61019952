"""Sweeps: a [sweep] of one or two keys, or a grid of a task's own, computed point by point over all ranks.

The one place that turns axes and a function of a point into records, tables, lost points and a status.
Finished points are journalled; a stopped or killed sweep goes on where it was, with the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..solvers.farm import farm
from .task import Outcome


@dataclass
class Sweep:
    """The records of all points, in the order of the axes, the last axis fastest.

    axes : key -> (n,) values. records : one dict a point, None where the sweep was stopped before.
    stopped : what stopped it, or None.
    """

    axes: dict
    records: list
    stopped: str | None

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def lost(self) -> list[str]:
        """Why points have no numbers, or doubtful ones: the ``why`` of their records."""
        return [record["why"] for record in self.records if record and "why" in record]

    def values(self, name: str, default: object = math.nan) -> list:
        """Entry ``name`` of every record; ``default`` where it is missing or None."""
        found = [(record or {}).get(name) for record in self.records]
        return [default if value is None else value for value in found]

    def table(self, name: str, default: object = math.nan, dtype: type = float) -> np.ndarray:
        """Entry ``name`` over the axes, an array of the sweep's shape."""
        return np.array(self.values(name, default), dtype).reshape(self.shape)

    def write(self, out, names: Mapping[str, str] | Iterable[str] = ()) -> None:
        """The axes, and a data set over them for each of ``names``. **Collective.**

        names : data sets named as the records' entries, or {data set: entry}.
        """
        for key, values in self.axes.items():
            out.axis(key, values)
        pairs = names.items() if isinstance(names, Mapping) else ((name, name) for name in names)
        for name, entry in pairs:
            out.fixed(name, self.table(entry), tuple(self.axes))

    def outcome(self, summary=None, errors=None, warnings=()) -> Outcome:
        """Stopped if the sweep was; not-converged, with a warning for each, if points were lost."""
        if self.stopped:
            return Outcome("stopped", {}, {}, [f"stopped by {self.stopped}"])
        status = "not-converged" if self.lost else "complete"
        return Outcome(status, summary or {}, errors or {}, [*warnings, *self.lost])


def run_sweep(
    axes: Mapping,
    point: Callable,
    comm,
    log: Callable,
    output,
    label: str,
    *,
    chain: int | None = 1,
    group: int = 1,
) -> Sweep:
    """Every point of a grid. **Collective.**

    axes : key -> values, up to two, the first is slow; none: one point.
    point : ``point(at, previous) -> record``; ``at`` {key: value}, ``previous`` the record before it in its
    chain, or None. A record is a dict of numbers, texts, lists and arrays; ``why`` says that a point failed.
    chain : how many points of the last axis follow one another on one rank, each from the last one's
    record (None: all of the axis). 1: every point is alone. No result depends on the number of ranks.
    group : ranks that work on one point together; then ``point(at, previous, comm)``.
    NotConverged at a point is recorded as its ``why``; other errors end the sweep on all ranks.
    """
    keys, grids = list(axes), [np.asarray(values) for values in axes.values()]
    fast = len(grids[-1]) if grids else 1
    slow = math.prod(len(grid) for grid in grids[:-1])
    length = fast if chain is None else min(chain, fast)
    chains = -(-fast // length)

    def place(i, j):
        """Index along the slow axes together and along the last one."""
        return i // chains, length * (i % chains) + j

    def solve(i, j, previous, *group_comm):
        row, column = place(i, j)
        if column >= fast:
            return {}
        at = dict(zip(keys[-1:], [grids[-1][column].item()])) if keys else {}
        if len(keys) > 1:
            at = {keys[0]: grids[0][row].item(), **at}
        return point(at, previous or None, *group_comm)

    rows, stopped = farm((slow * chains, length), solve, comm, log, output.points(), label, group)
    records = [None] * (slow * fast)
    for i, row in enumerate(rows):
        for j, record in enumerate(row):
            at_row, column = place(i, j)
            if column < fast:
                records[at_row * fast + column] = record
    return Sweep(dict(zip(keys, grids)), records, stopped)
