"""Series that grow row by row along one axis of a result file, such as the time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..parallel import Communicator
from .hdf5 import DataSet, Placed, added_chunks, attempt

FIRST_ROWS = 16  # a buffer has room for, at first


class Column:
    """One series: its data set, and this rank's part of the rows that wait for the next flush.

    What HDF5 would have to be asked for at every row is kept.
    """

    def __init__(self, placed: Placed) -> None:
        self.placed = placed
        self.name = placed.data.name.lstrip("/")
        self.dtype = placed.data.dtype
        self.tail = placed.data.shape[1:]
        part = list(self.tail)
        if placed.layout is not None:
            part[placed.split - 1] = placed.layout.count
        self.part = tuple(part)
        self.gives = placed.root or placed.layout is not None
        self.rows: NDArray = np.empty((FIRST_ROWS if self.gives else 0, *self.part), self.dtype)

    def put(self, value: ArrayLike, row: int) -> None:
        """Copy this rank's block of a waiting row.

        Raises TypeError or ValueError naming the data set.
        """
        if not self.gives:
            return
        block = np.asarray(value)
        if block.dtype != self.dtype and block.size:
            if not np.can_cast(block.dtype, self.dtype, "safe"):
                raise TypeError(f"{self.name}: got {block.dtype}, the data set holds {self.dtype}")
        if block.shape != self.part:
            raise ValueError(
                f"{self.name}: got shape {(1, *block.shape)} on this rank, expected "
                f"{(1, *self.part)}"
            )
        if row == len(self.rows):
            self.rows = np.concatenate([self.rows, np.empty_like(self.rows)])
        self.rows[row] = block

    def write(self, faults: list[str], comm: Communicator, first: int, count: int) -> None:
        """Write ``count`` waiting rows from row ``first`` on, in one call. **Collective.**"""
        attempt(faults, self.placed.data.resize, first + count, 0)
        attempt(faults, self.placed.write, self.rows[:count], comm, first)
        if len(self.rows) > FIRST_ROWS:
            self.rows = np.empty((FIRST_ROWS, *self.part), self.dtype)


def columns(growing: Iterable[Growing]) -> list[DataSet]:
    """The data sets of all series."""
    return [column.placed.data for axis in growing for column in axis.series.values()]


@dataclass
class Growing:
    """The series along one growing axis: rows on disk, and rows waiting for the next flush."""

    rows: int = 0
    waiting: int = 0
    series: dict[str, Column] = field(default_factory=dict)  # the axis itself first

    def declare(self, name: str, placed: Placed) -> None:
        """A further series."""
        self.series[name] = Column(placed)

    def add(self, row: Mapping[str, ArrayLike]) -> None:
        """Let a row wait: a copy of this rank's blocks, in the data sets' dtypes."""
        for name, column in self.series.items():
            column.put(row[name], self.waiting)
        self.waiting += 1

    def write(self, faults: list[str], comm: Communicator) -> None:
        """Lengthen the series by the waiting rows, each written in one call. **Collective.**"""
        for column in self.series.values():
            column.write(faults, comm, self.rows, self.waiting)

    def count(self, faults: list[str]) -> None:
        """Count the rows written, in the file as well: from now on a reader sees them.

        **Collective.**
        """
        self.rows += self.waiting
        self.waiting = 0
        axis = next(iter(self.series.values())).placed.data
        attempt(faults, axis.attrs.modify, "rows", np.int64(self.rows))

    def waiting_bytes(self) -> int:
        """Bytes of the waiting rows over all ranks, so that every rank flushes at the same row."""
        columns = self.series.values()
        return self.waiting * sum(math.prod(c.tail) * c.dtype.itemsize for c in columns)

    def room(self) -> int:
        """Bytes the waiting rows add to the file: whole chunks, and the tables that find them."""
        rows = self.rows + self.waiting
        total = 0
        for column in self.series.values():
            data = column.placed.data
            chunk = column.dtype.itemsize * math.prod(data.chunks) + 64
            total += added_chunks(data, self.rows, rows) * chunk + 4096
        return total
