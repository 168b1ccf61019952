"""The state of a mean field over independent items, such as momenta, distributed over ranks.

What a system has to give is `protocols.MeanField`; with `protocols.Observed` it has observables
besides, with `protocols.Everywhere` its items see each other. Systems with bath modes have states
of their own, `auxiliary_modes.state.BlockState` and `site_columns.state.SiteState`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..maths.arrays import ComplexArray
from ..parallel import Communicator, Layout, Part, all_rows, ordered_sum
from .output_times import Row
from .protocols import Everywhere, Fields, MeanField, Observed


class FieldState:
    """Local fields in one flat complex array, which a PETSc Vec can view.

    part : this rank's items. start : whether to set the system's initial values.
    """

    ts_types = ("rk",)

    def __init__(self, system: MeanField, comm: Communicator, start: bool = True):
        self.system, self.comm = system, comm
        self.everywhere = isinstance(system, Everywhere) and system.everywhere
        self.layout = Layout.over(system.items, comm)
        self.part = range(self.layout.start, self.layout.stop)
        self.width = {name: int(np.prod(shape, dtype=int)) for name, shape in system.fields.items()}
        self.places = []
        end = 0
        for name, shape in system.fields.items():
            begin, end = end, end + self.layout.count * self.width[name]
            self.places.append((name, slice(begin, end), (self.layout.count, *shape)))
        self.flat = np.zeros(end, complex)
        if start:
            views = self.view(self.flat)
            for name, values in system.start(self.part).items():
                views[name][:] = values

    def view(self, array: NDArray) -> dict[str, NDArray]:
        """name -> (items here, *shape), views of a flat array."""
        return {name: array[where].reshape(shape) for name, where, shape in self.places}

    def placed(self) -> dict[str, Part]:
        """What a checkpoint stores: name -> (flat array, its start in the whole, whole size)."""
        return {
            name: (
                view.reshape(-1),
                self.layout.start * self.width[name],
                self.layout.items * self.width[name],
            )
            for name, view in self.view(self.flat).items()
        }

    @property
    def nbytes(self) -> int:
        """Bytes of the fields on this rank."""
        return self.flat.nbytes

    def seen(self, array: ComplexArray) -> Fields:
        """What the system sees of a local vector: the fields here, or of all items.

        **Collective.**
        """
        views = self.view(array)
        if not self.everywhere or self.comm.size == 1:
            return views
        return {name: all_rows(self.comm, own) for name, own in views.items()}

    def field(self, array: ComplexArray, t: float = 0.0) -> ComplexArray:
        """The mean field of a local vector. **Collective.**"""
        return self._field(self.seen(array), t)

    def _field(self, local, t):
        rows = self.system.partials(t, local, self.part)
        return self.system.close(ordered_sum(self.comm, self.layout, rows))

    def observe(self, row: Row) -> Mapping[str, object]:
        """{"sums": observables summed over items or None, "local": name -> field here}.

        row : an `output_times.Row`. **Collective.**
        """
        sums = None
        if isinstance(self.system, Observed):
            rows = self.system.observables(row.t, row.side, self.seen(row.array), row.c, self.part)
            sums = ordered_sum(self.comm, self.layout, rows)
        return {"sums": sums, "local": self.view(row.array)}

    def rhs(
        self, t: float, side: int, array: ComplexArray, out: ComplexArray, explicit: bool = True
    ) -> None:
        """d/dt of a local vector into ``out``. **Collective.**"""
        local = self.seen(array)
        self.system.rhs(t, side, local, self._field(local, t), self.view(out), self.part)
