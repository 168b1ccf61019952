"""Series that grow row by row along one axis of a result file, such as the time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..parallel import Communicator
from .hdf5 import Placed, added_chunks, attempt


@dataclass
class Growing:
    """The series along one growing axis: rows on disk, and rows waiting for the next flush."""

    rows: int = 0
    series: dict[str, Placed] = field(default_factory=dict)  # the axis itself first
    pending: list[dict[str, np.ndarray]] = field(default_factory=list)  # name -> block, of each row

    def add(self, row: Mapping[str, object]) -> None:
        """Let a row wait: a copy of this rank's blocks, in the data sets' dtypes."""
        blocks = {}
        for name, placed in self.series.items():
            value = np.asarray(row[name])[None]
            blocks[name] = placed.cast(value, (1, *placed.data.shape[1:]))
        self.pending.append(blocks)

    def write(self, faults: list[str], comm: Communicator) -> None:
        """Lengthen the series by the waiting rows, each written in one call. **Collective.**"""
        for name, placed in self.series.items():
            block = np.concatenate([row[name] for row in self.pending])
            attempt(faults, placed.data.resize, self.rows + len(self.pending), 0)
            attempt(faults, placed.write, block, comm, self.rows)

    def count(self, faults: list[str]) -> None:
        """Count the rows written, in the file as well: from now on a reader sees them.

        **Collective.**
        """
        self.rows += len(self.pending)
        self.pending.clear()
        axis = next(iter(self.series.values())).data
        attempt(faults, axis.attrs.modify, "rows", np.int64(self.rows))

    def row_bytes(self) -> int:
        """Bytes of one row over all ranks, so that every rank flushes at the same row."""
        return sum(
            math.prod(placed.data.shape[1:]) * placed.data.dtype.itemsize
            for placed in self.series.values()
        )

    def room(self) -> int:
        """Bytes the waiting rows add to the file: whole chunks, and the tables that find them."""
        rows = self.rows + len(self.pending)
        total = 0
        for placed in self.series.values():
            chunk = placed.data.dtype.itemsize * math.prod(placed.data.chunks) + 64
            total += added_chunks(placed.data, self.rows, rows) * chunk + 4096
        return total
