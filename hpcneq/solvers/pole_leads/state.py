"""The density matrix of a system with leads in pole form, its columns distributed over ranks.

For every column j of R = Y + Y^+ (core) and R_ct (tail) a rank keeps its n rows:

    dY/dt = -i (A Y - Y A^+) + C_cc/2 + i R_ct W^+,    dR_ct/dt = -i (A R_ct - R_ct x^*) + W D^+

The anti-Hermitian part of Y means nothing and never enters, so that no rank needs a transpose: A
acts on whole rows, and what it adds to another rank's column is summed here and sent there. A
component's own levels follow it, which keeps most of those sums at home. What a system has to give
is `system.OpenSystem`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from mpi4py import MPI

from ...errors import InputError
from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.pole_leads import Density, LeadPoles
from ...parallel import Communicator, Layout, Part
from ..output_times import Row
from ..protocols import Observables
from .affine import exchange_rows
from .couplings import Couplings
from .products import Products
from .system import OpenSystem, Seen

METHODS = ("etd", "frozen")


class PoleState:
    """Columns of Y and of the tail, (columns here, n), in one flat array.

    density : the start; None: zeros, to be filled from a checkpoint. method : "etd" takes the
    diagonal of A exactly and the rest explicitly, "frozen" exponentials of whole matrices.
    """

    ts_types = ("exponential", "rk")
    dtype = np.dtype(complex)
    green = None
    modes = None

    def __init__(
        self,
        system: OpenSystem,
        comm: Communicator,
        density: Density | None = None,
        method: str = "etd",
    ):
        if method not in METHODS:
            raise InputError(f'method = "{method}": allowed: {", ".join(METHODS)}')
        self.system, self.comm = system, comm
        self.method = method
        self.leads: LeadPoles = system.leads
        self.rows, self.total = self.leads.core, self.leads.total
        self.order = column_order(self.leads)
        self.layout = Layout.over(self.total, comm)
        self.columns = self.order[self.layout.start : self.layout.stop]
        self.place = np.empty(self.total, int)
        self.place[self.order] = np.arange(self.total)
        self.flat = np.zeros(self.layout.count * self.rows, complex)
        self.green_count = self.flat.size
        self._couplings = Couplings(self.leads, self.columns, self.place)
        self._products = Products(
            comm, self.layout, self.columns, self.place[: self.leads.size], self._couplings.targets
        )
        self._entries = _Entries(self, system.entries)
        self._observed = _Entries(self, system.observed)
        self._widths = _Entries(self, self.leads.width_entries())
        self._own = _Entries(self, self.leads.own_entries())
        if density is not None:
            self.set(density)

    def set(self, density: Density) -> None:
        """Take the columns of a density, the same on all ranks."""
        whole = np.concatenate([0.5 * density.core, density.tail], axis=1)
        self.view(self.flat)[:] = whole.T[self.columns]

    def view(self, flat: ComplexArray) -> ComplexArray:
        """(columns here, n) of a flat array."""
        return flat.reshape(-1, self.rows)

    def gathered(self, array: ComplexArray | None = None) -> Density:
        """The whole density on every rank. **Collective.**"""
        local = self.view(self.flat if array is None else array)
        rows = np.empty((self.total, self.rows), complex)
        rows[self.layout.start : self.layout.stop] = local
        exchange_rows(self.comm, self.layout, rows)
        whole = rows[self.place].T
        n = self.rows
        return Density(whole[:, :n] + whole[:, :n].conj().T, whole[:, n:])

    @property
    def nbytes(self) -> int:
        """Bytes of the columns on this rank."""
        return self.flat.nbytes

    def placed(self) -> Mapping[str, Part]:
        """What a checkpoint stores; the order of the columns knows no ranks."""
        start = self.layout.start * self.rows
        return {"columns": (self.flat, start, self.total * self.rows)}

    # -- the mean field and observables ------------------------------------------------------------
    def field(self, array: ComplexArray, t: float = 0.0) -> ComplexArray:
        """The mean field of a local vector. **Collective.**"""
        return self.system.close(self._entries.of(self.view(array)))

    def observe(self, row: Row) -> Observables:
        """The system's observables at an output. **Collective.**"""
        return self.system.observables(row.t, row.side, row.c, self.seen(row.array, row.t))

    def seen(self, array: ComplexArray, t: float) -> Seen:
        """`Seen` of a local vector. **Collective.**"""
        local = self.view(array)
        flows = self.leads.site_flows(
            self._widths.of(local),
            self._own.of(local),
            self.system.phases(t),
            np.ones(self.leads.size),
        )
        return Seen(self._observed.of(local), flows)

    # -- the equation ------------------------------------------------------------------------------
    def diagonal(self, shifts: FloatArray) -> ComplexArray:
        """(total,) the part of A's diagonal that steps take exactly: levels and widths."""
        return diagonal(self.leads, shifts)

    def rates(self, exact: ComplexArray, some: slice = slice(None)) -> ComplexArray:
        """(columns here, n): -i (a_i - a_j^*); of ``some`` of the columns."""
        return -1j * (exact[: self.rows] - exact[self.columns[some], None].conj())

    def rest(
        self, t: float, side: int, local: ComplexArray, exact: ComplexArray | float = 0.0
    ) -> ComplexArray:
        """d/dt of local columns less `rates` times them. **Collective.**"""
        system = self.system
        c = system.close(self._entries.of(local))
        H = system.hamiltonian(t, side, c)
        phases = np.asarray(system.phases(t), float)
        if np.isscalar(exact):
            exact = np.zeros(self.total, complex)
        A, back = self._couplings.at(system.shifts(t, side), phases, exact)
        out = self._products.of(np.ascontiguousarray(local), H, A, back)
        self._couplings.add_sources(out, phases)
        return out

    def rhs(
        self, t: float, side: int, array: ComplexArray, out: ComplexArray, explicit: bool = True
    ) -> None:
        """d/dt of a local vector into ``out``. **Collective.**"""
        self.view(out)[:] = self.rest(t, side, self.view(np.asarray(array)))

    # -- monitors ----------------------------------------------------------------------------------
    def watch(self, array: ComplexArray, t: float, side: int, c: ComplexArray) -> dict[str, float]:
        """{"rho_min", "rho_max"}: the range of the eigenvalues of rho. **Collective.**"""
        values = np.linalg.eigvalsh(self.gathered(array).rho(self.leads.size))
        return {"rho_min": float(values[0]), "rho_max": float(values[-1])}


def column_order(leads: LeadPoles) -> IntArray:
    """(total,) columns of R: every component is followed by its own levels and modes.

    Nambu's two components of an orbital are neighbours: ranks have whole sites, and what pairs
    couple is on one rank.
    """
    component = np.concatenate([np.arange(leads.size), leads.own_entries()[0]])
    half = leads.size // 2 or 1
    return np.lexsort((component // half, component % half))


def diagonal(leads: LeadPoles, shifts: FloatArray) -> ComplexArray:
    """(total,) levels, and -i Gamma_inf/2 of the components."""
    values = np.zeros(leads.total, complex)
    rows, columns = leads.entries()
    own = rows == columns
    np.add.at(values, rows[own], leads.values(shifts, np.zeros(leads.count))[own])
    return values


class _Entries:
    """Entries (rows, columns) of R that every rank gets; columns >= n are modes of the tail."""

    def __init__(self, state: PoleState, entries: tuple[IntArray, IntArray]):
        self.comm = state.comm
        self.rows, self.columns = (np.asarray(index, int) for index in entries)
        self.core = self.columns < state.rows
        start, stop = state.layout.bounds()
        place = state.place[self.columns]
        self.here = np.flatnonzero((place >= start) & (place < stop))
        self.column_here = place[self.here] - start
        other = np.where(self.core, state.place[self.rows], -1)
        self.partner = np.flatnonzero((other >= start) & (other < stop))
        self.partner_column = other[self.partner] - start

    def of(self, local: ComplexArray) -> ComplexArray:
        """(entries,) of local columns. **Collective.**"""
        both = np.zeros((2, len(self.rows)), complex)
        both[0, self.here] = local[self.column_here, self.rows[self.here]]
        both[1, self.partner] = local[self.partner_column, self.columns[self.partner]].conj()
        if self.comm.size > 1:
            self.comm.Allreduce(MPI.IN_PLACE, both)  # each entry has one owner: exact
        return both[0] + both[1]
