"""The state of a mean field over independent items (k points, momenta, sites) distributed over ranks.

A system (protocol ``MeanField``) gives ``fields`` {name: shape of one item's entry}, ``items``, ``start(part) -> local``,
``partials(t, local, part) -> rows`` (one per item), ``close(sums) -> c``, ``rhs(t, side, local, c, out, part)``, ``breakpoints(t_max)``
and, if it has them, ``observables(t, side, local, c, part) -> rows`` to be summed over items; ``local`` maps names to arrays with
this rank's items first. ``side`` is -1 at the end of a segment, where a drive that jumps there has not jumped yet, else +1.
A system with ``everywhere = True``, where each item sees others, gets the fields of all items as ``local``; ``part`` tells which
are this rank's, and ``out`` has those alone. Systems with bath modes have their own state, :class:`hpcneq.solvers.auxiliary_modes.state.State`, with the same face.
"""

from __future__ import annotations

import numpy as np

from ..parallel import Layout, ordered_sum


class FieldState:
    """Local fields in one flat complex array, which a PETSc Vec can view."""

    def __init__(self, system, comm, start=True):
        self.system, self.comm = system, comm
        self.layout = Layout.over(system.items, comm)
        self.part = range(self.layout.start, self.layout.stop)
        self.width = {name: int(np.prod(shape, dtype=int)) for name, shape in system.fields.items()}
        ends = np.cumsum([self.layout.count * width for width in self.width.values()])
        self.places = [
            (
                name,
                slice(int(end) - self.layout.count * self.width[name], int(end)),
                (self.layout.count, *shape),
            )
            for (name, shape), end in zip(system.fields.items(), ends)
        ]
        self.flat = np.zeros(self.layout.count * sum(self.width.values()), complex)
        views = self.view(self.flat)
        for name, values in system.start(self.part).items() if start else ():
            views[name][:] = values

    def view(self, array):
        """{name: (items here, *shape)} views of a flat array."""
        return {name: array[where].reshape(shape) for name, where, shape in self.places}

    def placed(self):
        """What a checkpoint keeps: {name: (this rank's flat array, its start in the whole, size of the whole)}."""
        return {
            name: (
                view.reshape(-1),
                self.layout.start * self.width[name],
                self.layout.items * self.width[name],
            )
            for name, view in self.view(self.flat).items()
        }

    @property
    def nbytes(self):
        """Bytes of the fields on this rank."""
        return self.flat.nbytes

    def seen(self, array):
        """What the system sees of a local vector: its views, or with ``everywhere`` the fields of all items. **Collective.**"""
        views = self.view(array)
        if not getattr(self.system, "everywhere", False) or self.comm.size == 1:
            return views
        parts = self.comm.allgather(views)
        return {name: np.concatenate([part[name] for part in parts]) for name in views}

    def field(self, array, t=0.0):
        """The mean field of a local vector. **Collective.**"""
        return self._field(self.seen(array), t)

    def _field(self, local, t):
        return self.system.close(
            ordered_sum(self.comm, self.layout, self.system.partials(t, local, self.part))
        )

    def observe(self, row):
        """{"sums": observables summed over items or None, "local": this rank's fields, by name} at an output. **Collective.**"""
        sums = None
        if hasattr(self.system, "observables"):
            rows = self.system.observables(row.t, row.side, self.seen(row.array), row.c, self.part)
            sums = ordered_sum(self.comm, self.layout, rows)
        return {"sums": sums, "local": self.view(row.array)}

    def rhs(self, t, side, array, out, explicit=True):
        """d/dt of a local vector. **Collective.**"""
        local = self.seen(array)
        self.system.rhs(t, side, local, self._field(local, t), self.view(out), self.part)
