"""Columns of R between wide leads, rows far from them left out: large systems in little memory.

Wide leads feed modes (the tail) that never act back. Every column of R = Y + Y^+ (components) and
R_ct (modes) is kept on the rows within a range of its site (`column_kernels`), in double or single
precision; a component's modes follow it, and ranks share the components in the order of the sites.

    dY/dt = -i A Y + i Y A^+ + C_cc/2 + i R_ct W^+,    dR_ct/dt = -i A R_ct + i R_ct x^* + W D^+

Range: rho_ij falls as e^{-|i-j|/l}, l the shortest of v/Delta, v/(pi T) and v/Gamma.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from mpi4py import MPI
from scipy import sparse

from ...errors import InputError
from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.pole_leads import LeadPoles
from ...parallel import Communicator, Layout, Part, sent_rows
from ..output_times import Row
from ..protocols import Observables
from . import column_kernels
from .system import OpenSystem, Seen

BLOCK = 64  # columns of a start that are made at a time
KRYLOV = 40  # products for the range of the occupations
Columns = Callable[[IntArray], ComplexArray]  # columns of [R_cc/2 or Y, R_ct] at indices (k,)


class ColumnState:
    """Columns of Y and of the tail on this rank, in one array ``values`` with room for others'.

    site : (components,) of each component. near : for every site those that its columns keep;
    None: all. single : whether numbers have single precision. start : gives the columns
    (size, k) of [Y, R_ct] at indices below ``leads.total``; None: zeros, to be filled from a
    checkpoint. Raises InputError for leads that are not wide.
    """

    ts_types = ("exponential",)
    green = None
    modes = None
    green_count = 1

    def __init__(
        self,
        system: OpenSystem,
        comm: Communicator,
        site: IntArray,
        near: Sequence[IntArray] | None = None,
        single: bool = False,
        start: Columns | None = None,
    ):
        refuse_structured(system.leads)
        self.system, self.comm = system, comm
        self.leads: LeadPoles = system.leads
        self.dtype = np.dtype(np.complex64 if single else complex)
        self.flat = np.zeros(1, complex)  # what PETSc sees
        self.rows, self.row_first, self.whole = column_kernels.kept_rows(site, near)
        self._distribute(site)
        self.values = self.empty()
        phases = np.zeros(self.leads.count)
        self._constant = self.leads.couplings(phases, phases)[: self.leads.size, : self.leads.size]
        self._sources(phases)
        self._entries = _Places(self, system.entries)
        self._observed = _Places(self, system.observed)
        self._widths = _Places(self, self.leads.width_entries())
        self._own = _Places(self, self.leads.own_entries())
        self._scratch = np.zeros(self.leads.size, self.dtype)
        if start is not None:
            self._fill(start)

    # -- who has which columns ---------------------------------------------------------------------
    def _distribute(self, site):
        """Own columns, those of others that are read, and where each stands."""
        leads, size = self.leads, self.leads.size
        order = np.argsort(site, kind="stable")
        rank_of = np.empty(size, int)
        layout = Layout.over(size, self.comm)
        for rank in range(self.comm.size):
            start, stop = layout.bounds(rank)
            rank_of[order[start:stop]] = rank
        hosts = leads.tail_couplings()
        component = np.concatenate([np.arange(size), hosts])
        rank_in_order = np.empty(size, int)
        rank_in_order[order] = np.arange(size)
        columns = np.argsort(rank_in_order[component], kind="stable")
        length = np.diff(self.row_first)
        row_site = np.zeros(size, int) if self.whole else np.asarray(site, int)
        counts = length[row_site[component[columns]]]
        mine = rank_of[component[columns]] == self.comm.rank
        before = np.cumsum(counts) - counts
        self.total_entries = int(counts.sum())
        self.offset = int(before[mine][0]) if mine.any() else 0
        self.columns = columns[mine]  # of [Y, R_ct]
        self.own = len(self.columns)
        halo = self._others(order[slice(*layout.bounds())], rank_of)
        known = np.concatenate([self.columns, halo])
        self.site = row_site[component[known]]
        self.first = np.concatenate([[0], np.cumsum(length[self.site])])
        self.component = np.where(self.columns < size, self.columns, -1)
        self.modes_of = np.bincount(hosts, minlength=size)[component[self.columns]]
        self.place = np.full(leads.total, -1)
        self.place[known] = np.arange(len(known))
        self._exchange(halo, rank_of)

    def _others(self, mine, rank_of):
        """Components of other ranks that H joins to own ones."""
        if self.comm.size == 1:
            return np.zeros(0, int)
        nothing = np.zeros(len(self.system.entries[0]), complex)
        H = self.system.hamiltonian(0.0, +1, self.system.close(nothing))
        read = np.unique(sparse.csr_matrix(H)[mine].indices)
        away = read[rank_of[read] != self.comm.rank]
        return away[np.argsort(rank_of[away], kind="stable")]

    def _exchange(self, halo, rank_of):
        """Which own columns go to whom, and where those of others are put."""
        counts = np.bincount(rank_of[halo], minlength=self.comm.size)
        incoming = np.empty_like(counts)
        self.comm.Alltoall(counts, incoming)
        asked = np.split(sent_rows(self.comm, counts, halo), np.cumsum(incoming)[:-1])
        self.gives = [
            (rank, np.concatenate([np.arange(*self._span(self.place[j])) for j in columns]))
            for rank, columns in enumerate(asked)
            if len(columns)
        ]
        ends = self.own + np.cumsum(counts)
        self.takes = [
            (rank, int(self.first[end - count]), int(self.first[end]))
            for rank, (count, end) in enumerate(zip(counts, ends))
            if count
        ]

    def _span(self, q):
        return int(self.first[q]), int(self.first[q + 1])

    def filled(self, values: ComplexArray) -> ComplexArray:
        """The columns of others from their owners. **Collective.**"""
        sent = [np.ascontiguousarray(values[index]) for _, index in self.gives]
        waiting = [
            self.comm.Isend(part.view(np.uint8), dest=rank, tag=9)
            for (rank, _), part in zip(self.gives, sent)
        ]
        for rank, start, stop in self.takes:
            self.comm.Recv(values[start:stop].view(np.uint8), source=rank, tag=9)
        for request in waiting:
            request.Wait()
        return values

    def empty(self) -> ComplexArray:
        """An array like ``values``."""
        return np.zeros(int(self.first[-1]), self.dtype)

    @property
    def count(self) -> int:
        """Entries of the own columns."""
        return int(self.first[self.own])

    @property
    def nbytes(self) -> int:
        """Bytes of the columns on this rank."""
        return self.values.nbytes

    def placed(self) -> Mapping[str, Part]:
        """What a checkpoint stores; the order of the columns knows no ranks."""
        return {"density": (self.values[: self.count], self.offset, self.total_entries)}

    # -- the equation ------------------------------------------------------------------------------
    def _sources(self, phases):
        """Where C_cc/2 and W D^+ stand, and their values."""
        rows, columns = self.leads.source_entries()
        values = self.leads.source_values(phases)
        values = np.where(columns < self.leads.core, 0.5 * values, values)
        kept = _Places(self, (rows, columns))
        here = kept.direct >= 0
        self._fed, self._source = kept.direct[here], values[here]

    def _fill(self, start):
        for low in range(0, self.own, BLOCK):
            part = self.columns[low : low + BLOCK]
            whole = start(part)
            for k in range(len(part)):
                q = low + k
                at = self.row_first[self.site[q]]
                a, b = self._span(q)
                self.values[a:b] = whole[self.rows[at : at + b - a], k]

    def rates(self, shifts: FloatArray) -> ComplexArray:
        """(own,) i x^* of the modes here, 0 of components: what steps take exactly."""
        modes = self.columns >= self.leads.size
        rates = np.zeros(self.own, complex)
        levels = self.leads.tail_levels(shifts)
        rates[modes] = 1j * levels[self.columns[modes] - self.leads.size].conj()
        return rates

    def derivative(
        self, t: float, side: int, values: ComplexArray, exact: ComplexArray, out: ComplexArray
    ) -> None:
        """d/dt of the own columns less ``exact`` (own,) times them. **Collective.**"""
        system = self.system
        self.filled(values)
        c = self.field_of(values)
        A = sparse.csr_matrix(system.hamiltonian(t, side, c)) + self._constant
        extra = (self.rates(system.shifts(t, side)) - exact).astype(self.dtype)
        work = column_kernels.derivative_of_whole if self.whole else column_kernels.derivative
        work(
            *(A.indptr, A.indices, A.data.astype(self.dtype)),
            *(self.component, self.site, self.first, self.modes_of, self.place),
            *(self.rows, self.row_first, extra, values, self._scratch, out),
        )
        np.add.at(out, self._fed, self._source.astype(self.dtype))

    # -- the mean field and observables ------------------------------------------------------------
    def field_of(self, values: ComplexArray) -> ComplexArray:
        """The mean field of columns. **Collective.**"""
        return self.system.close(self._entries.of(values))

    def field(self, array: ComplexArray, t: float = 0.0) -> ComplexArray:
        """The mean field of the state. **Collective.**"""
        return self.field_of(self.values)

    def observe(self, row: Row) -> Observables:
        """The system's observables at an output. **Collective.**"""
        return self.system.observables(row.t, row.side, row.c, self.seen(row.t))

    def seen(self, t: float) -> Seen:
        """`Seen` of the state. **Collective.**"""
        widths, own = self._widths.of(self.values), self._own.of(self.values)
        flows = self.leads.site_flows(widths, own, self.system.phases(t), np.ones(self.leads.size))
        return Seen(self._observed.of(self.values), flows)

    def rhs(
        self, t: float, side: int, array: ComplexArray, out: ComplexArray, explicit: bool = True
    ) -> None:
        """PETSc's own integrators do not see the columns."""
        raise InputError("[petsc] evolve_ts_type: columns are integrated by their own method")

    def watch(self, array: ComplexArray, t: float, side: int, c: ComplexArray) -> dict[str, float]:
        """{"rho_min", "rho_max"}: the range of rho's eigenvalues by Lanczos. **Collective.**"""
        size = self.leads.size
        v = np.random.default_rng(0).normal(size=size) + 0j
        basis = [v / np.linalg.norm(v)]
        alpha: list[float] = []
        beta: list[float] = []
        for _ in range(min(KRYLOV, size)):
            w = self._applied(basis[-1])
            alpha.append(float(np.vdot(basis[-1], w).real))
            for _ in range(2):
                w -= np.array(basis).T @ (np.array(basis).conj() @ w)
            beta.append(float(np.linalg.norm(w)))
            if beta[-1] < 1e-10:
                break
            basis.append(w / beta[-1])
        off = beta[: len(alpha) - 1]
        ritz = np.linalg.eigvalsh(np.diag(alpha) + np.diag(off, 1) + np.diag(off, -1))
        return {"rho_min": float(ritz[0]), "rho_max": float(ritz[-1])}

    def _applied(self, v):
        """rho v, the same on all ranks. **Collective.**"""
        out = np.zeros(self.leads.size, complex)
        column_kernels.applied(
            *(self.component, self.site, self.first, self.rows, self.row_first),
            *(self.values, v, out),
        )
        self.comm.Allreduce(MPI.IN_PLACE, out)
        return out


def refuse_structured(leads: LeadPoles) -> None:
    """InputError for leads whose poles act back, or whose amplitudes turn with the potential."""
    if leads.core != leads.size or len(leads.turning()):
        raise InputError(
            '[numerics] method = "columns": all leads must be wide; use "etd" or "frozen"'
        )


class _Places:
    """Where entries (rows, columns) of R stand among the columns here; the sums over ranks."""

    def __init__(self, state: ColumnState, entries: tuple[IntArray, IntArray]):
        self.comm = state.comm
        rows, columns = (np.asarray(index, np.int64) for index in entries)
        core = columns < state.leads.size
        self.direct = self._found(state, rows, columns)
        self.turned = self._found(state, columns, np.where(core, rows, -1))

    @staticmethod
    def _found(state, rows, columns):
        """Places in the own columns, -1 where an entry is not here; column -1: nowhere."""
        place = np.where(columns >= 0, state.place[columns], -1)
        place = np.where(place < state.own, place, -1)
        found = np.empty(len(rows), np.int64)
        column_kernels.places(
            state.rows, state.row_first, state.site, state.first[:-1], place, rows, found
        )
        return found

    def of(self, values: ComplexArray) -> ComplexArray:
        """(entries,) of R; 0 where it is not kept. **Collective.**"""
        both = np.stack(
            [
                column_kernels.entry_sums(values, self.direct),
                column_kernels.entry_sums(values, self.turned).conj(),
            ]
        )
        if self.comm.size > 1:
            self.comm.Allreduce(MPI.IN_PLACE, both)  # each entry has one owner: exact
        return np.asarray(both[0] + both[1])
