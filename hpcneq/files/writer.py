"""Result files: written by all ranks together, readable by any number of ranks, or none.

One HDF5 file a run. Coordinates are dimension scales, every data set names its axes and units, and
rows that grow in time reach the disk at each `ResultFile.flush`, so that a run killed without
warning leaves a file that opens and holds every flushed row.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..errors import HpcneqError, InputError
from ..parallel import Communicator, Layout, from_root, on_root
from . import checksum, opening
from .declarations import Declaration, Declarations
from .growing import Growing, columns
from .hdf5 import (
    TEXT_LIMIT,
    File,
    Placed,
    abandon,
    attempt,
    encoded,
    fail_together,
    make_scale,
    new_data_set,
    open_file,
    plain,
    require_parallel,
    set_attribute,
    text_type,
)
from .provenance import gather_provenance
from .reader import Result
from .room import check_room
from .rows import RowLog, Tail

__all__ = ["Result", "ResultFile", "gather_provenance"]
BUFFER_BYTES = 1 << 26  # rows waiting for a flush, per rank
ATTRIBUTE_BYTES = 1 << 15  # what a new file, or its attributes at the end, may take beside texts


class ResultFile:
    """A result file being written.

    Every method is **Collective** over the communicator it was made with.

    Declare first (`axis`, `growing_axis`, `fixed`, `series`), then `append` rows and `flush`, then
    `finish`. After `reopen` the same declarations find their data sets and go on. Leaving a
    ``with`` block closes.
    """

    def __init__(
        self,
        comm: Communicator,
        path: str | Path,
        file: File,
        rows: Mapping[str, int] | None = None,
        quantities: Mapping[str, Declaration] | None = None,
    ) -> None:
        """Use `create` or `reopen`."""
        self.comm, self.path = comm, path
        self._declarations = Declarations(path, quantities or {})
        self._file, self._rows = file, rows or {}
        self._declared: set[str] = set()
        self._growing: dict[str, Growing] = {}
        self._not_finite: dict[str, tuple[int, int]] = {}
        self._texts = 0  # bytes of attributes since the last flush
        self._identity = opening.identity(path) if comm.rank == 0 else None
        self.latest: dict[str, ArrayLike] = {}  # this rank's last row of each series

    @classmethod
    def create(
        cls,
        comm: Communicator,
        path: str | Path,
        provenance: Mapping[str, object],
        force: bool = False,
        quantities: Mapping[str, Declaration] | None = None,
    ) -> ResultFile:
        """A new file with status "running" and ``provenance`` (rank 0's) as root attributes.

        An existing file is refused unless ``force``, and then stays until the new one is whole on
        disk. quantities : name -> declaration (with units, long_name, dtype, axes and kind); names
        that are not among them are refused. Raises InputError on every rank. **Collective.**
        """
        require_parallel(comm)
        target, fresh, items = on_root(comm, opening.prepare, path, provenance, force)
        faults: list[str] = []
        try:
            on_root(comm, check_room, path, ATTRIBUTE_BYTES)
            file = attempt(faults, open_file, fresh, "w", comm)
            fail_together(comm, faults, f"{path}: cannot create it", InputError)
            attempt(faults, opening.describe, file, items)
            opening.close_whole(comm, file, faults, f"{path}: cannot write it")
            if comm.rank == 0:
                attempt(faults, os.replace, fresh, target)
            fail_together(comm, faults, f"{path}: cannot write it")
        finally:
            if comm.rank == 0 and os.path.exists(fresh):
                os.unlink(fresh)
        return cls._open(comm, path, target, quantities=quantities)

    @classmethod
    def reopen(
        cls,
        comm: Communicator,
        path: str | Path,
        rows: Mapping[str, int],
        quantities: Mapping[str, Declaration] | None = None,
    ) -> ResultFile:
        """Go on with a file after its first ``rows`` {growing axis: count}; later rows are cut off.

        Raises InputError on every rank if the file cannot be read or lacks such rows.
        **Collective.**
        """
        require_parallel(comm)
        target = on_root(comm, opening.rewind, path, rows)
        return cls._open(comm, path, target, rows, quantities)

    @classmethod
    def _open(cls, comm, path, target, rows=None, quantities=None):
        faults = []
        file = attempt(faults, open_file, target, "r+", comm)
        fail_together(comm, faults, f"{path}: cannot open it for writing", InputError)
        return cls(comm, path, file, rows, quantities)

    def axis(self, name: str, values: ArrayLike) -> None:
        """A fixed coordinate, numbers or names: a dimension scale. Rank 0's values are written."""
        array = encoded(from_root(self.comm, np.asarray(values)))
        data = self._data_set(name, array.shape, array.dtype)
        make_scale(data, name)
        self._write_now(Placed(data, root=self.comm.rank == 0), array)

    def growing_axis(self, name: str) -> None:
        """A coordinate without end, such as the time of each row: a dimension scale of `series`."""
        data = self._data_set(name, (None,), self._declarations.dtype(name))
        make_scale(data, name)
        rows = self._rows.get(name, 0)
        set_attribute(data, "rows", np.int64(rows))
        self._growing[name] = Growing(rows)
        self._growing[name].declare(name, Placed(data, root=self.comm.rank == 0))

    def fixed(
        self,
        name: str,
        values: ArrayLike,
        axes: Sequence[str] | None = None,
        layout: Layout | None = None,
        split: str | None = None,
    ) -> None:
        """A whole data set over ``axes``, names of coordinates; as declared if None.

        With ``layout`` each rank gives its block of axis ``split`` (default: the first), empty
        where it owns nothing; without, rank 0's array is written and others may give None. Rank 0
        decides the dtype.
        """
        values = encoded(np.asarray(values))
        dtype = self.comm.bcast(values.dtype, root=0)
        axes = self._declarations.axes(name, axes)
        placed = self._placed(name, dtype, axes, layout, split)
        if values.dtype.kind in "fc" and (layout is not None or self.comm.rank == 0):
            self._not_finite[name] = (int(np.sum(~np.isfinite(values))), values.size)
        self._write_now(placed, values)

    def not_finite(self) -> dict[str, tuple[int, int]]:
        """Data set -> (values that are not finite, all values), of those written by `fixed`."""
        return opening.added(self.comm.allgather(self._not_finite))

    def series(
        self,
        name: str,
        dtype: DTypeLike = None,
        axes: Sequence[str] | None = None,
        layout: Layout | None = None,
        split: str | None = None,
    ) -> None:
        """A data set that grows along ``axes[0]``, a `growing_axis`; its rows come by `append`.

        layout, split : the distributed axis of a row (default: the first after the growing one).
        dtype : narrower than the declared one: single precision, or real where it is complex in
        other runs.
        """
        axes = self._declarations.axes(name, axes)
        if dtype is None:
            dtype = self._declarations.dtype(name)
        placed = self._placed(name, dtype, axes, layout, split)
        self._growing[axes[0]].declare(name, placed)

    def append(self, row: Mapping[str, ArrayLike]) -> None:
        """Add one row, name -> value of a growing axis and of each of its series.

        A value is this rank's block where the series has a layout, else the same on all ranks (rank
        0 writes). It is copied, and written by `flush`, which is called when the waiting rows fill
        `BUFFER_BYTES` a rank.
        """
        growing = next((g for name, g in self._growing.items() if name in row), None)
        if growing is None or row.keys() != growing.series.keys():
            wanted = [sorted(g.series) for g in self._growing.values()]
            raise ValueError(f"{self.path}: a row holds {sorted(row)}, expected one of {wanted}")
        growing.add(row)
        self.latest.update(row)
        if growing.waiting_bytes() > BUFFER_BYTES * self.comm.size:
            self.flush()

    def rows(self, axis: str) -> int:
        """Rows appended so far along a growing axis, flushed or not."""
        return self._growing[axis].rows + self._growing[axis].waiting

    def counts(self) -> dict[str, int]:
        """Growing axis -> rows, as `reopen` takes them, with axes not declared since then."""
        return {**self._rows, **{axis: self.rows(axis) for axis in self._growing}}

    def flush(self) -> None:
        """Bring all appended rows to the file: what a kill -9 from here on cannot take away.

        Rows count only once the attribute ``rows`` of their axis says so, which is written after
        them: a reader, or a kill in between, never meets half a row. Raises HpcneqError on every
        rank if the disk is full; the file then still holds the rows flushed before.
        """
        faults: list[str] = []
        waiting = [growing for growing in self._growing.values() if growing.waiting]
        size = self._texts + sum(growing.room() for growing in waiting)
        on_root(self.comm, check_room, self.path, size or ATTRIBUTE_BYTES)
        self._texts = 0
        for growing in waiting:
            growing.write(faults, self.comm)
        attempt(faults, self._file.flush)
        self._agree(faults)
        for growing in waiting:
            growing.count(faults)
        if waiting:
            attempt(faults, self._file.flush)
            self._agree(faults)

    def foreign(self) -> str | None:
        """What has happened to the file under this run's hands, in words; None if it is there."""
        return on_root(self.comm, opening.foreign, self.path, self._identity)

    def keep_rows(self, log: RowLog | None) -> tuple[Tail | None, bytes | None]:
        """For a checkpoint: (where its rows end, the bytes of the rest, on rank 0).

        log : rank 0's. Raises HpcneqError on every rank if the rows cannot be written.
        """
        self.flush()
        rest: list[bytes] = []
        tail = on_root(self.comm, lambda: log.add(self._file, self.counts(), rest))
        return tail, next(iter(rest), None)

    def read(self, name: str) -> NDArray:
        """All rows of a series without a layout, on every rank, those of earlier jobs included."""
        self.flush()
        growing = next(g for g in self._growing.values() if name in g.series)
        return on_root(self.comm, lambda: growing.series[name].placed.data[: growing.rows])

    def attribute(self, name: str, value: object) -> None:
        """Create or replace a root attribute; rank 0's value."""
        set_attribute(self._file, name, self.comm.bcast(value, root=0))

    def resolved(self, tables: Mapping[str, object]) -> None:
        """Store the input with every default filled in, {table: {key: value}}; rank 0's."""
        text = json.dumps(self.comm.bcast(tables, root=0), allow_nan=False)
        self._text("resolved", text)

    def parts(self, parts: Sequence[Mapping[str, object]]) -> None:
        """Store what is known of each part of the run, see `provenance.begin_part`; rank 0's."""
        self._text("parts", json.dumps(plain(self.comm.bcast(parts, root=0))), as_data=True)

    def finish(
        self,
        status: str,
        summary: Mapping[str, object],
        errors: Mapping[str, object] | None = None,
        warnings: Sequence[str] = (),
        **extra: object,
    ) -> None:
        """Store the results' headline, set the status, close, append the checksum.

        summary, errors, warnings : stored as JSON texts; scalars of ``summary`` and ``extra`` items
        also as attributes, unless the file already has one of that name from its provenance.
        """
        if status not in opening.STATUSES:
            raise ValueError(f"status {status!r}, not one of {', '.join(opening.STATUSES)}")
        headline = {"summary": summary, "errors": errors or {}, "warnings": list(warnings)}
        self._declarations.refuse_undeclared([*summary, *(errors or {})])
        texts = {name: json.dumps(plain(item), allow_nan=False) for name, item in headline.items()}
        texts, items = self.comm.bcast((texts, opening.scalars(summary) | extra), root=0)
        self.flush()
        for name, text in texts.items():
            self._text(name, text)
        taken = {*opening.RESERVED, *json.loads(self._file.attrs["provenance"])}
        for name, value in items.items():
            too_long = isinstance(value, str) and len(value.encode()) > TEXT_LIMIT
            if name not in taken and not too_long:
                set_attribute(self._file, name, value)
        self.flush()
        opening.set_status(self._file, status)
        self.flush()
        self.close()
        checksum.seal(self.comm, self.path)

    def close(self) -> None:
        """Close the file as it is; rows not flushed are lost. Closing twice does nothing."""
        file, self._file = self._file, None
        if file is not None:
            series = columns(self._growing.values())
            opening.close_whole(self.comm, file, [], f"{self.path}: cannot write it", *series)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        # A bug on one rank must not wait for the others in a collective close.
        if kind is None or issubclass(kind, HpcneqError):
            self.close()

    def _data_set(self, name, shape, dtype):
        """Create a data set, or find it after `reopen`; None as first length means growing."""
        if name in self._declared:
            raise ValueError(f"{self.path}: {name} is declared twice")
        self._declared.add(name)
        dtype = np.dtype(dtype)
        quantity = self._declarations.data_set(name, dtype)
        if name in self._file:
            data = self._file[name]
            opening.refuse_other(f"{self.path}: {name}", data, shape, dtype)
        else:
            data = new_data_set(self._file, name, shape, dtype)
        set_attribute(data, "units", quantity.units)
        set_attribute(data, "long_name", quantity.long_name)
        return data

    def _placed(self, name, dtype, axes, layout, split):
        """The data set over ``axes`` with its scales attached, and its place among the ranks."""
        missing = [axis for axis in axes if axis not in self._declared]
        if missing:
            raise ValueError(f"{self.path}: {name} needs axes that are not declared: {missing}")
        growing = bool(axes) and axes[0] in self._growing
        shape = tuple(None if axis in self._growing else self._file[axis].shape[0] for axis in axes)
        data = self._data_set(name, shape, dtype)
        for axis, dimension in zip(axes, data.dims):
            if not len(dimension):
                dimension.attach_scale(self._file[axis])
            dimension.label = axis
        position = int(growing)
        if split is not None:
            position = axes.index(split)
        if layout is not None and layout.items != shape[position]:
            raise ValueError(
                f"{name}: a layout of {layout.items} items along {axes[position]}, "
                f"which has {shape[position]}"
            )
        return Placed(data, layout, position, self.comm.rank == 0)

    def _write_now(self, placed, values):
        """Write a whole data set; rank 0's or each rank's block."""
        faults: list[str] = []
        shape = placed.data.shape
        if 0 in shape:  # HDF5 refuses to write nothing in parallel
            return
        size = placed.data.size * placed.data.dtype.itemsize + 4096
        on_root(self.comm, check_room, self.path, size)
        block = np.empty(0, placed.data.dtype)
        if shape != () or placed.root:
            block = placed.cast(values, shape)
        attempt(faults, placed.write, block, self.comm)
        self._agree(faults)

    def _text(self, name, text, as_data=False):
        """A JSON text in the root: an attribute, or a data set, also where it is too long."""
        if name in self._file:
            del self._file[name]
        if name in self._file.attrs:
            del self._file.attrs[name]
        raw = text.encode("utf-8")
        self._texts += ATTRIBUTE_BYTES + len(raw)
        if len(raw) <= TEXT_LIMIT and not as_data:
            set_attribute(self._file, name, text)
            return
        data = self._file.create_dataset(name, (), text_type(len(raw)))
        self._write_now(Placed(data, root=self.comm.rank == 0), np.array(raw, data.dtype))

    def _agree(self, faults):
        """Leave together, giving the file up, if the system refused a write on any rank."""
        try:
            fail_together(self.comm, faults, f"{self.path}: cannot write it")
        except HpcneqError:
            file, self._file = self._file, None
            abandon(file, *columns(self._growing.values()))
            raise
