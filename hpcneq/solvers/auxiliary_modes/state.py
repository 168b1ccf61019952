"""The state of a mean field coupled to bath modes, distributed over ranks by (block, chunk of
modes).

Every block b carries a Green function G and mode groups Pi_g that obey

    dPi_g/dt = (-i H + lambda_g) Pi_g + s_g P_g
    dG/dt = -i [H, G] - damping G + i (white + Q + Q^+),        Q = sum_g Pi_g

with a Hamiltonian H(c) linear in a mean field c that is itself linear in the G of all blocks. P_g
selects the columns a group has. Pi is stored transposed, (columns, N), so that a chunk is one
contiguous array and BLAS reads it in place. What a system has to give is
`protocols.AuxiliaryModes`.

The first rank that holds a chunk of a block leads it: it keeps G and adds the other ranks' chunk
sums in the order of the chunks, so that the sum does not depend on who computed what.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import cached_property

import numpy as np
from mpi4py import MPI
from numpy.typing import DTypeLike, NDArray
from scipy import sparse

from ...maths.arrays import ComplexArray
from ...parallel import Communicator, Part, placed
from ..aligned import aligned_zeros
from ..output_times import Row
from ..protocols import AuxiliaryModes, Observables
from . import observation
from .chebyshev import bound
from .share import Share

Blocks = Mapping[int, ComplexArray]  # a matrix of each led block
Runs = list[tuple[list[int], slice, NDArray]]  # [(groups, columns, (groups, columns, N))]


class Green(dict[int, ComplexArray]):
    """b -> (N, N) of the led blocks; ``flat`` is the one array they are views of."""

    flat: ComplexArray


class Modes(dict[tuple[int, int], Runs]):
    """(b, c) -> [(groups, columns, array)]; ``flat`` is the one array they are views of."""

    flat: NDArray


class BlockState:
    """Green functions of the led blocks and the modes of the held chunks, with their bookkeeping.

    dtype : complex, or complex64 for modes in single precision, which then live beside ``flat``.
    start : whether to set the stationary start.
    """

    ts_types = ("exponential", "rk", "arkimex")

    def __init__(
        self,
        system: AuxiliaryModes,
        comm: Communicator,
        dtype: DTypeLike = complex,
        start: bool = True,
    ):
        self.system, self.comm = system, comm
        self.share = Share(comm, system.blocks, len(system.groups))
        self.dtype = np.dtype(dtype)
        self.shapes = {
            (b, c): self.runs(b, c) for b, chunks in self.share.mine.items() for c in chunks
        }
        self.green_count = sum(system.size(b) ** 2 for b in self.share.led)
        self.mode_count = sum(
            len(groups) * (cols.stop - cols.start) * system.size(b)
            for (b, c), runs in self.shapes.items()
            for groups, cols in runs
        )
        together = self.dtype == complex
        self.flat = aligned_zeros(self.green_count + together * self.mode_count, complex)
        self.green = self.view_green(self.flat)
        if together:
            self.held_modes = self.view_modes(self.flat[self.green_count :])
        else:
            self.held_modes = self.allocate()
        self.missing: Callable[[], None] | None = None
        self.account: Callable[[], observation.Diagonals] | None = None
        self._probes: dict[int, tuple] = {}
        if start:
            self.fill()

    @property
    def modes(self) -> Modes:
        """The modes; first ``missing`` writes those that the last step did not need."""
        if self.missing:
            self.missing()
        return self.held_modes

    @cached_property
    def levels(self) -> float:
        """A bound of the levels of all blocks without a mean field."""
        empty = np.zeros(self.system.unknowns, complex)
        return max(bound(self.system.hamiltonian(b, empty)) for b in range(self.system.blocks))

    def allocate(self) -> Modes:
        """A further generation of modes."""
        return self.view_modes(aligned_zeros(self.mode_count, self.dtype))

    def view_green(self, flat: ComplexArray) -> Green:
        """{b: (N, N)} views of the first ``green_count`` entries of a flat array."""
        views, at = Green(), 0
        views.flat = flat[: self.green_count]
        for b in self.share.led:
            N = self.system.size(b)
            views[b] = flat[at : at + N * N].reshape(N, N)
            at += N * N
        return views

    def view_modes(self, flat: NDArray) -> Modes:
        """The modes as views of ``mode_count`` entries, (groups, columns, N) for each run."""
        views, at = Modes(), 0
        views.flat = flat[: self.mode_count]
        for key, runs in self.shapes.items():
            views[key] = []
            for groups, cols in runs:
                shape = (len(groups), cols.stop - cols.start, self.system.size(key[0]))
                count = int(np.prod(shape))
                views[key].append((groups, cols, flat[at : at + count].reshape(shape)))
                at += count
        return views

    def runs(self, b: int, c: int) -> list[tuple[list[int], slice]]:
        """Consecutive groups of a chunk that share their columns: [([groups], slice)]."""
        runs: list[tuple[list[int], slice]] = []
        for g in self.share.chunks[c]:
            cols = self.system.columns(b, g)
            if runs and runs[-1][1] == cols:
                runs[-1][0].append(g)
            else:
                runs.append(([g], cols))
        return runs

    def fill(self) -> None:
        """Set the stationary start."""
        for b, chunks in self.share.mine.items():
            mode, green = self.system.start(b)
            for c in chunks:
                for groups, _, array in self.modes[b, c]:
                    for g, target in zip(groups, array):
                        target[:] = mode(g)
            if b in self.green:
                self.green[b][:] = green

    def placed(self) -> dict[str, Part]:
        """What a checkpoint stores: name -> (flat array of this rank, its start in the whole, size
        of the whole).

        The whole is in an order that knows no ranks: blocks, in them chunks, groups, columns. What
        is read into the arrays later, on any number of ranks, is the state. **Collective.**
        """
        return {
            "green": placed(self.comm, self.flat[: self.green_count]),
            "modes": placed(self.comm, self.modes.flat),
        }

    @property
    def nbytes(self) -> int:
        """Bytes of G and modes on this rank (one generation)."""
        return 16 * self.green_count + self.dtype.itemsize * self.mode_count

    def mode_sums(self, modes: Modes, rates: ComplexArray) -> dict[int, ComplexArray]:
        """Q = sum Pi_g and L = sum lambda_g Pi_g of the led blocks, b -> (Q^T, L^T).

        **Collective.**
        """
        sums = self.empty_sums()
        for b, chunks in self.share.mine.items():
            for k, c in enumerate(chunks):
                sums[b][k % len(sums[b])] += self.chunk_sum(modes, rates, b, c)
        return self.collect(sums)

    def empty_sums(self, without: Container[int] = ()) -> dict[int, ComplexArray]:
        """(Q^T, L^T) = 0 of the held blocks, but some: one pair for a block that is led, a pair of
        each chunk for another, (1 or chunks, 2, N, N).
        """
        sums = {}
        for b, chunks in self.share.mine.items():
            pairs = len(chunks)
            if b in self.green:  # a leader holds the first chunks: the order of the sum is theirs
                pairs = 1
            if b not in without:
                sums[b] = np.zeros((pairs, 2, self.system.size(b), self.system.size(b)), complex)
        return sums

    def collect(self, sums: dict[int, ComplexArray]) -> dict[int, ComplexArray]:
        """(Q^T, L^T) of the led blocks from the filled `empty_sums` of all ranks. **Collective.**

        The sums of the chunks are added in their order.
        """
        requests = [
            self.comm.Isend(pairs, dest=self.share.leader(b), tag=b)
            for b, pairs in sums.items()
            if b not in self.green
        ]
        totals = {b: pairs[0] for b, pairs in sums.items() if b in self.green}
        for b, total in totals.items():
            for rank, chunks in self.share.holders(b):
                if rank != self.comm.rank:
                    buffer = np.empty((len(chunks), *total.shape), complex)
                    self.comm.Recv(buffer, source=rank, tag=b)
                    for part in buffer:
                        total += part
        for request in requests:
            request.Wait()
        return totals

    def chunk_sum(self, modes: Modes, rates: ComplexArray, b: int, c: int) -> ComplexArray:
        """(Q^T, L^T) of one chunk of a block, (2, N, N)."""
        sums = np.zeros((2, self.system.size(b), self.system.size(b)), complex)
        for groups, cols, array in modes[b, c]:
            add_weighted(array, rates[groups], sums[0, cols], sums[1, cols])
        return sums

    def gather(self, rows: Blocks, count: int) -> ComplexArray:
        """Sum over all blocks, in their order, of the led blocks' rows (count, unknowns).

        **Collective.**

        Where a row has one owner, adding the other ranks' zeros is exact in any order.
        """
        table = self.table(count)
        for b, row in rows.items():
            table[b] = row
        return self.total(table)

    def table(self, count: int = 2) -> ComplexArray:
        """Zeros (blocks, count, unknowns)."""
        return np.zeros((self.system.blocks, count, self.system.unknowns), complex)

    def total(self, table: ComplexArray) -> ComplexArray:
        """The sum over all ranks and blocks of a `table`, (count, unknowns). **Collective.**"""
        self.comm.Allreduce(MPI.IN_PLACE, table)
        total = table[0].copy()
        for row in table[1:]:
            total += row
        return total

    def mean_of_rows(
        self, rows: Mapping[int, ComplexArray], table: ComplexArray | None = None
    ) -> tuple[ComplexArray, ...]:
        """The mean field of each row of the led blocks: what it reads of G, or of dG/dt.

        rows : block -> (1 or 2, probes). table : a `table` with what other blocks add.
        **Collective.**
        """
        if table is None:
            table = self.table()
        for b, values in rows.items():
            sites, weights, once = self._probe(b)
            if once:
                table[b, : len(values), sites] = (weights * values).T
                continue
            for row, own in zip(table[b], values):
                np.add.at(row, sites, weights * own)
        return tuple(self.system.close(total) for total in self.total(table))

    def _probe(self, b):
        """Sites and weights of what the mean field reads of a block, whether each site is once."""
        if b not in self._probes:
            _, _, sites, weights = self.system.probe(b)
            self._probes[b] = sites, weights, len(np.unique(sites)) == len(sites)
        return self._probes[b]

    def mean_field(self, green: Blocks) -> ComplexArray:
        """The mean field of Green functions of the led blocks. **Collective.**"""
        rows = {}
        for b, G in green.items():
            r, k, _, _ = self.system.probe(b)
            rows[b] = G[r, k][None]
        return self.mean_of_rows(rows)[0]

    def observe(self, row: Row) -> Observables:
        """The system's observables at an output, an `output_times.Row`. **Collective.**

        The system gets its mode observables summed over all groups in a fixed order, and its
        Green-function observables of G and of dG/dt (whose difference from the modes' own account
        is an error measure). Without modes in the row, what the integrator tells of them is taken.
        """
        if row.modes is None and self.account is not None:
            diagonals = self.account()
        else:
            modes = self.modes if row.modes is None else row.modes
            diagonals = self.diagonals(modes, len(self.system.groups))
        rows, both = observation.rows_of(self.system, row, diagonals)
        self.comm.Allreduce(MPI.IN_PLACE, rows)  # each row has one owner: the sum is exact
        values, velocity = np.split(self.gather(both, 4), 2)
        total = rows.reshape(-1, rows.shape[-1]).sum(0)
        return self.system.observables(row.t, row.side, total, values, velocity)

    def diagonals(self, modes: Modes, groups: int) -> observation.Diagonals:
        """Diagonals of the held modes among the first ``groups`` groups, 0 for others."""
        return observation.diagonals_of(self.system, self.share.mine, modes, groups)

    # -- the same equations as one vector, for PETSc's own integrators -----------------------------
    def field(self, array: ComplexArray, t: float = 0.0) -> ComplexArray:
        """The mean field of a local vector (Green functions, then modes). **Collective.**"""
        return self.mean_field(self.view_green(array))

    def rhs(
        self, t: float, side: int, array: ComplexArray, out: ComplexArray, explicit: bool = True
    ) -> None:
        """d/dt of a local vector; without ``explicit`` less what `stiff` gives. **Collective.**"""
        system = self.system
        green, modes = self.view_green(array), self.view_modes(array[self.green_count :])
        dgreen, dmodes = self.view_green(out), self.view_modes(out[self.green_count :])
        rates, share = system.rates_at(t, side), float(explicit)
        c = self.mean_field(green)
        sums = self.mode_sums(modes, rates)
        H = {b: system.hamiltonian(b, c) for b in self.share.mine}
        for b, G in green.items():
            X, _ = memory_terms(system, sums[b], H[b])
            dgreen[b][:] = (
                -1j * (H[b] @ G)
                + 1j * (H[b].conj() @ np.ascontiguousarray(G.T)).T
                + X
                - share * system.damping * G
            )
        for (b, chunk), runs in modes.items():
            HT = np.ascontiguousarray(H[b].toarray().T)
            for (groups, cols, M), (_, _, dM) in zip(runs, dmodes[b, chunk]):
                dM[:] = -1j * (M @ HT) + share * rates[groups][:, None, None] * M
                j = np.arange(cols.stop - cols.start)
                for k, g in enumerate(groups):
                    dM[k, j, cols.start + j] += system.sources(b, g)

    def stiff(self, t: float, side: int) -> ComplexArray:
        """The diagonal that is treated implicitly: -damping for G, lambda_g for modes."""
        out = np.empty(self.flat.size, complex)
        out[: self.green_count] = -self.system.damping
        rates = self.system.rates_at(t, side)
        for runs in self.view_modes(out[self.green_count :]).values():
            for groups, _, array in runs:
                array[:] = rates[groups][:, None, None]
        return out

    def extremes(self, green: Blocks | None = None) -> tuple[float, float, float]:
        """Largest anti-Hermiticity error of G and the range of the eigenvalues of -i G^<.

        **Collective.**
        """
        largest = np.array([0.0, -np.inf, -np.inf])  # of error, -eigenvalue, eigenvalue
        for G in (green or self.green).values():
            e = np.linalg.eigvalsh(-0.5j * (G - G.conj().T))
            np.maximum(largest, [np.abs(G + G.conj().T).max(), -e[0], e[-1]], out=largest)
        self.comm.Allreduce(MPI.IN_PLACE, largest, op=MPI.MAX)
        return float(largest[0]), -float(largest[1]), float(largest[2])


def add_weighted(
    modes: NDArray, rates: ComplexArray, plain: ComplexArray, weighted: ComplexArray
) -> None:
    """plain += sum_g modes[g], weighted += sum_g rates[g] modes[g], double precision, one pass over
    memory.
    """
    if modes.dtype != complex:
        for mode, rate in zip(modes, rates):
            plain += mode
            weighted += rate * mode
        return
    sums = np.array([np.ones(len(rates)), rates]) @ modes.reshape(len(rates), -1)
    plain += sums[0].reshape(plain.shape)
    weighted += sums[1].reshape(plain.shape)


def memory_terms(
    system: AuxiliaryModes, QL: ComplexArray, H: sparse.csr_matrix
) -> tuple[ComplexArray, ComplexArray]:
    """X = i (white + Q + Q^+) and Z = dX/dt + i [H, X] of one block from the transposed sums (Q,
    L).

    Written with Z = Q H - H Q^+ + i (L + L^+) no term grows with the largest |lambda|'s partner:
    the products with H cancel half of dQ/dt exactly (the sources cancel because they are
    anti-Hermitian).
    """
    Q, L = QL[0].T, QL[1].T
    X = 1j * (Q + Q.conj().T)
    X[np.diag_indices_from(X)] += 1j * system.white
    HQ = H @ np.ascontiguousarray(Q.conj().T)
    return X, HQ.conj().T - HQ + 1j * (L + L.conj().T)
