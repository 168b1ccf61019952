"""Result files: written by all ranks together, readable by any number of ranks, or none.

One HDF5 file a run. Coordinates are dimension scales, every data set names its axes and units, and
rows that grow in time reach the disk at each `ResultFile.flush`, so that a run killed without warning
leaves a file that opens and holds every flushed row.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field

import numpy as np

from ..errors import HpcneqError, InputError
from ..parallel import on_root
from .hdf5 import (
    TEXT_LIMIT,
    Placed,
    abandon,
    added_chunks,
    attempt,
    check_room,
    chunks,
    encoded,
    fail_together,
    fixed_text,
    open_file,
    os_reason,
    plain,
    require_parallel,
    set_attribute,
    text_type,
)
from .provenance import gather_provenance
from .reader import EXIT_CODES, FORMAT, FORMAT_VERSION, TEXTS, Result

__all__ = ["Result", "ResultFile", "gather_provenance"]
STATUSES = tuple(EXIT_CODES)
RESERVED = ("format", "format_version", "status", "provenance", *TEXTS)
BUFFER_BYTES = 1 << 26  # rows waiting for a flush, per rank


@dataclass
class Growing:
    """The series along one growing axis: rows on disk, and rows waiting for the next flush."""

    rows: int = 0
    series: dict = field(default_factory=dict)  # name -> Placed, the axis itself first
    pending: list = field(default_factory=list)  # one {name: block} a row

    def row_bytes(self):
        """Bytes of one row over all ranks, so that every rank flushes at the same row."""
        return sum(
            math.prod(p.data.shape[1:]) * p.data.dtype.itemsize for p in self.series.values()
        )

    def room(self):
        """Bytes the waiting rows add to the file: whole chunks, and the tables that find them."""
        rows = self.rows + len(self.pending)
        return sum(
            added_chunks(p.data, self.rows, rows)
            * (p.data.dtype.itemsize * math.prod(p.data.chunks) + 64)
            + 4096
            for p in self.series.values()
        )


class ResultFile:
    """A result file being written. Every method is **Collective** over the communicator it was made with.

    Declare first (`axis`, `growing_axis`, `fixed`, `series`), then `append` rows and `flush`, then `finish`.
    After `reopen` the same declarations find their data sets and go on. Leaving a ``with`` block closes.
    """

    def __init__(self, comm, path, file, rows=None, quantities=None):
        """Use `create` or `reopen`."""
        self.comm, self.path, self.quantities = comm, path, quantities or {}
        self._file, self._rows = file, rows or {}
        self._declared, self._growing = set(), {}

    @classmethod
    def create(cls, comm, path, provenance, force=False, quantities=None):
        """A new file with status "running" and the items of ``provenance`` (rank 0's) as root attributes.

        An existing file is refused unless ``force``, and then stays until the new one is whole on disk.
        quantities : name -> declaration (with units, long_name, dtype, axes and kind); names that are not among
        them are refused. None: every name is allowed, and gives its own units and long_name.
        Raises InputError on every rank. **Collective.**
        """
        require_parallel(comm)
        target, fresh, items = on_root(comm, _prepare, path, provenance, force)
        faults = []
        file = attempt(faults, open_file, fresh, "w", comm)
        try:
            fail_together(comm, faults, f"{path}: cannot create it", InputError)
            attempt(faults, _describe, file, items)
            attempt(faults, file.close)
            fail_together(comm, faults, f"{path}: cannot write it")
            if comm.rank == 0:
                attempt(faults, os.replace, fresh, target)
            fail_together(comm, faults, f"{path}: cannot write it")
        finally:
            if comm.rank == 0 and os.path.exists(fresh):
                os.unlink(fresh)
        return cls._open(comm, path, target, quantities=quantities)

    @classmethod
    def reopen(cls, comm, path, rows, quantities=None):
        """Go on with a file after its first ``rows`` {growing axis: count}; later rows are cut off.

        Raises InputError on every rank if the file cannot be read or lacks such rows. **Collective.**
        """
        require_parallel(comm)
        target = on_root(comm, _rewind, path, rows)
        return cls._open(comm, path, target, rows, quantities)

    @classmethod
    def _open(cls, comm, path, target, rows=None, quantities=None):
        faults = []
        file = attempt(faults, open_file, target, "r+", comm)
        fail_together(comm, faults, f"{path}: cannot open it for writing", InputError)
        return cls(comm, path, file, rows, quantities)

    def axis(self, name, values, units=None, long_name=None):
        """A fixed coordinate, numbers or names: a dimension scale. Rank 0's values are written.

        units, long_name, here and below : those of the quantity's declaration, unless given.
        """
        values = encoded(self.comm.bcast(np.asarray(values), root=0))
        data = self._data_set(name, values.shape, values.dtype, units, long_name)
        _make_scale(data, name)
        self._write_now(Placed(data, root=self.comm.rank == 0), values)

    def growing_axis(self, name, units=None, long_name=None, dtype=None):
        """A coordinate without end, such as the time of each row: a dimension scale with its own `series`."""
        dtype = self._dtype(name, dtype)
        data = self._data_set(name, (None,), dtype, units, long_name)
        _make_scale(data, name)
        rows = self._rows.get(name, 0)
        set_attribute(data, "rows", np.int64(rows))
        self._growing[name] = Growing(rows, {name: Placed(data, root=self.comm.rank == 0)})

    def fixed(self, name, values, axes=None, units=None, long_name=None, layout=None, split=None):
        """A whole data set, numbers or names, over declared ``axes`` (default: those of its declaration).

        With ``layout`` each rank gives its block of axis ``split`` (default: the first), empty where it owns
        nothing; without, rank 0's array is written and others may give None. Rank 0 decides the dtype.
        """
        values = encoded(np.asarray(values))
        dtype = self.comm.bcast(values.dtype, root=0)
        axes = self.quantities[name].axes if axes is None else axes
        placed = self._placed(name, dtype, axes, units, long_name, layout, split)
        self._write_now(placed, values)

    def series(
        self, name, dtype=None, axes=None, units=None, long_name=None, layout=None, split=None
    ):
        """A data set that grows along ``axes[0]``, a `growing_axis`; its rows come by `append`.

        layout, split : the distributed axis of a row (default: the first after the growing one).
        """
        axes = self.quantities[name].axes if axes is None else axes
        dtype = self._dtype(name, dtype)
        placed = self._placed(name, dtype, axes, units, long_name, layout, split)
        self._growing[axes[0]].series[name] = placed

    def append(self, row):
        """Add one row {name: value} with a value for a growing axis and each of its series; copied, written by `flush`.

        A value is this rank's block where the series has a layout, else the same on all ranks (rank 0 writes).
        Flushes by itself when the waiting rows fill `BUFFER_BYTES` a rank.
        """
        growing = next((g for name, g in self._growing.items() if name in row), None)
        if growing is None or set(row) != set(growing.series):
            wanted = [sorted(g.series) for g in self._growing.values()]
            raise ValueError(f"{self.path}: a row holds {sorted(row)}, expected one of {wanted}")
        growing.pending.append(
            {
                name: placed.cast(np.asarray(row[name])[None], (1, *placed.data.shape[1:]))
                for name, placed in growing.series.items()
            }
        )
        if len(growing.pending) * growing.row_bytes() > BUFFER_BYTES * self.comm.size:
            self.flush()

    def rows(self, axis):
        """Rows appended so far along a growing axis, flushed or not."""
        return self._growing[axis].rows + len(self._growing[axis].pending)

    def counts(self):
        """{growing axis: rows}, as `reopen` takes them; axes not declared since `reopen` included."""
        return {**self._rows, **{axis: self.rows(axis) for axis in self._growing}}

    def flush(self):
        """Bring all appended rows to the file: what a kill -9 from here on cannot take away.

        Rows count only once the attribute ``rows`` of their axis says so, which is written after them:
        a reader, or a kill in between, never meets half a row. Raises HpcneqError on every rank if the
        disk is full; the file then still holds the rows flushed before.
        """
        faults = []
        waiting = [growing for growing in self._growing.values() if growing.pending]
        if waiting:
            on_root(self.comm, check_room, self.path, sum(growing.room() for growing in waiting))
        for growing in waiting:
            for name, placed in growing.series.items():
                self._extend(faults, growing, name, placed)
        attempt(faults, self._file.flush)
        self._agree(faults)
        for growing in waiting:
            growing.rows += len(growing.pending)
            growing.pending.clear()
            axis = next(iter(growing.series.values())).data
            attempt(faults, axis.attrs.modify, "rows", np.int64(growing.rows))
        if waiting:
            attempt(faults, self._file.flush)
            self._agree(faults)

    def read(self, name):
        """All rows so far of a series without a layout, on every rank; rows of earlier jobs of the run included. **Collective.**"""
        self.flush()
        growing = next(g for g in self._growing.values() if name in g.series)
        return on_root(self.comm, lambda: growing.series[name].data[: growing.rows])

    def attribute(self, name, value):
        """Create or replace a root attribute; rank 0's value."""
        set_attribute(self._file, name, self.comm.bcast(value, root=0))

    def resolved(self, tables):
        """Keep the input with every default filled in, {table: {key: value}}; rank 0's."""
        text = json.dumps(self.comm.bcast(tables, root=0), allow_nan=False)
        self._text("resolved", text)

    def finish(self, status, summary, errors=None, warnings=(), **extra):
        """Store the results' headline, set the status, close.

        summary, errors, warnings : kept as JSON texts; scalars of ``summary`` and ``extra`` items also as
        attributes, unless the file already has one of that name from its provenance.
        """
        if status not in STATUSES:
            raise ValueError(f"status {status!r}, not one of {', '.join(STATUSES)}")
        self._refuse_undeclared(summary, errors or {})
        texts, items = self.comm.bcast(
            (
                {
                    name: json.dumps(plain(value), allow_nan=False)
                    for name, value in (
                        ("summary", summary),
                        ("errors", errors or {}),
                        ("warnings", list(warnings)),
                    )
                },
                {
                    **{
                        name: value
                        for name, value in summary.items()
                        if not isinstance(value, (list, tuple, dict)) and np.ndim(value) == 0
                    },
                    **extra,
                },
            ),
            root=0,
        )
        self.flush()
        for name, text in texts.items():
            self._text(name, text)
        taken = {*RESERVED, *json.loads(self._file.attrs["provenance"])}
        for name, value in items.items():
            if name not in taken and not (
                isinstance(value, str) and len(value.encode()) > TEXT_LIMIT
            ):
                set_attribute(self._file, name, value)
        self.flush()
        _set_status(self._file, status)
        self.flush()
        self.close()

    def close(self):
        """Close the file as it is; rows not flushed are lost. Closing twice does nothing."""
        file, self._file = self._file, None
        if file is not None:
            faults = []
            attempt(faults, file.close)
            fail_together(self.comm, faults, f"{self.path}: cannot close it")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        # A bug on one rank must not wait for the others in a collective close; expected errors are on all ranks.
        if kind is None or issubclass(kind, HpcneqError):
            self.close()

    def _data_set(self, name, shape, dtype, units, long_name):
        """Create a data set, or find it after `reopen`; None as first length means growing."""
        if name in self._declared:
            raise ValueError(f"{self.path}: {name} is declared twice")
        self._declared.add(name)
        units, long_name = self._words(name, np.dtype(dtype), units, long_name)
        dtype, growing = np.dtype(dtype), shape[:1] == (None,)
        if name in self._file:
            data = self._file[name]
            same = data.shape[1:] == tuple(shape[1:]) if growing else data.shape == tuple(shape)
            if not same or data.dtype != dtype:
                raise InputError(
                    f"{self.path}: {name} holds {data.dtype} {data.shape}, this run gives {dtype} {shape}"
                )
        elif growing:
            data = self._file.create_dataset(
                name,
                (0, *shape[1:]),
                dtype,
                maxshape=shape,
                chunks=chunks(shape[1:], dtype.itemsize),
            )
        else:
            data = self._file.create_dataset(name, shape, dtype)
        set_attribute(data, "units", units)
        set_attribute(data, "long_name", long_name)
        return data

    def _dtype(self, name, dtype):
        """The dtype of a series: as given, else as the quantity's declaration says."""
        if dtype is not None:
            return dtype
        return self.quantities[name].dtype if name in self.quantities else float

    def _words(self, name, dtype, units, long_name):
        """(units, long_name) of a data set; ValueError if the task does not declare it, or otherwise."""
        if not self.quantities:
            return units, long_name
        quantity = self.quantities.get(name)
        if quantity is None or quantity.kind == "summary":
            raise ValueError(f"{self.path}: the task declares no data set {name}")
        declared = np.dtype(quantity.dtype).kind
        real = dtype.kind == "f" and declared == "c"  # a quantity that is complex in some runs only
        if dtype.kind not in ("S", declared) and not real:
            raise ValueError(
                f"{self.path}: {name} is {dtype}, its declaration says {quantity.dtype}"
            )
        return units or quantity.units, long_name or quantity.long_name

    def _refuse_undeclared(self, summary, errors):
        """ValueError for a summary number or an error that the task does not declare."""
        if not self.quantities:
            return
        known = {name for name, quantity in self.quantities.items() if quantity.kind != "data"}
        unknown = [name for name in (*summary, *errors) if name not in known]
        if unknown:
            raise ValueError(f"{self.path}: the task declares no summary number {unknown[0]}")

    def _placed(self, name, dtype, axes, units, long_name, layout, split):
        """The data set over ``axes`` with its scales attached, and its place among the ranks."""
        missing = [axis for axis in axes if axis not in self._declared]
        if missing:
            raise ValueError(f"{self.path}: {name} needs axes that are not declared: {missing}")
        growing = bool(axes) and axes[0] in self._growing
        shape = tuple(None if axis in self._growing else self._file[axis].shape[0] for axis in axes)
        data = self._data_set(name, shape, dtype, units, long_name)
        for axis, dimension in zip(axes, data.dims):
            if not len(dimension):
                dimension.attach_scale(self._file[axis])
            dimension.label = axis
        position = int(growing) if split is None else axes.index(split)
        if layout is not None and layout.items != shape[position]:
            raise ValueError(
                f"{name}: a layout of {layout.items} items along {axes[position]}, which has {shape[position]}"
            )
        return Placed(data, layout, position, self.comm.rank == 0)

    def _write_now(self, placed, values):
        """Write a whole data set; rank 0's or each rank's block."""
        shape, faults = placed.data.shape, []
        if 0 in shape:  # HDF5 refuses to write nothing in parallel
            return
        on_root(
            self.comm, check_room, self.path, placed.data.size * placed.data.dtype.itemsize + 4096
        )
        if shape == () and not placed.root:
            block = np.empty(0, placed.data.dtype)
        else:
            block = placed.cast(values, shape)
        attempt(faults, placed.write, block, self.comm)
        self._agree(faults)

    def _extend(self, faults, growing, name, placed):
        """Lengthen one series by the waiting rows and write them in one call."""
        block = np.concatenate([row[name] for row in growing.pending])
        attempt(faults, placed.data.resize, growing.rows + len(growing.pending), 0)
        attempt(faults, placed.write, block, self.comm, growing.rows)

    def _text(self, name, text):
        """A JSON text in the root: an attribute, or a data set where it is too long for one."""
        if name in self._file:
            del self._file[name]
        if name in self._file.attrs:
            del self._file.attrs[name]
        raw = text.encode("utf-8")
        if len(raw) <= TEXT_LIMIT:
            return set_attribute(self._file, name, text)
        data = self._file.create_dataset(name, (), text_type(len(raw)))
        self._write_now(Placed(data, root=self.comm.rank == 0), np.array(raw, data.dtype))

    def _agree(self, faults):
        """Leave together, giving the file up, if the system refused a write on any rank."""
        try:
            fail_together(self.comm, faults, f"{self.path}: cannot write it")
        except HpcneqError:
            file, self._file = self._file, None
            abandon(
                file,
                *(
                    placed.data
                    for growing in self._growing.values()
                    for placed in growing.series.values()
                ),
            )
            raise


def _make_scale(data, name):
    """Declare a data set a dimension scale, once."""
    if "CLASS" not in data.attrs:
        data.make_scale(name)


def _prepare(path, provenance, force):
    """On rank 0: the file to make, a fresh name beside it, the attributes; InputError if it may not be made."""
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if os.path.exists(target) and not os.path.isfile(target):
        raise InputError(f"{path}: is not a file")
    if os.path.exists(target) and not force:
        raise InputError(
            f"{path}: exists already; give another name with -o, or --force to overwrite it"
        )
    if not os.path.isdir(folder):
        raise InputError(f"{path}: there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path}: no permission to write into {folder}")
    for name, value in provenance.items():
        if isinstance(value, str):
            fixed_text(name, value)
    fresh = os.path.join(folder, f".{os.path.basename(target)}.{os.getpid()}.new")
    return target, fresh, dict(provenance)


def _describe(file, items):
    """The root attributes of a new file; "provenance" lists which of them tell where it comes from."""
    set_attribute(file, "format", FORMAT)
    set_attribute(file, "format_version", FORMAT_VERSION)
    _set_status(file, "running")
    items = {
        name: value for name, value in items.items() if value is not None and name not in RESERVED
    }
    set_attribute(file, "provenance", json.dumps(list(items)))
    for name, value in items.items():
        set_attribute(file, name, value)


def _rewind(path, rows):
    """On rank 0: cut a file's growing axes back to ``rows``; InputError if it does not reach that far."""
    target = os.path.realpath(path)
    try:
        with open_file(target, "r+") as file:
            if file.attrs.get("format") != FORMAT.encode():
                raise InputError(f"{path}: is not an hpcneq result file")
            for axis, data in (
                (data.dims[0].label or name, data) for name, data in file.items() if data.ndim
            ):
                if data.maxshape[0] is not None:
                    continue
                found = min(len(data), int(file[axis].attrs["rows"]))
                if found < rows.get(axis, 0):
                    raise InputError(
                        f"{path}: holds {found} of the {rows[axis]} rows of {data.name.lstrip('/')}"
                    )
                data.resize(rows.get(axis, 0), 0)
            _set_status(file, "running")
    except (OSError, RuntimeError, KeyError) as error:
        raise InputError(f"{path}: cannot be read ({os_reason(error)})") from None
    return target


def _set_status(file, status):
    """Write the status in place, with room for the longest."""
    value = fixed_text("status", status, max(map(len, STATUSES)))
    if "status" in file.attrs:
        file.attrs.modify("status", value)
    else:
        file.attrs.create("status", value)
