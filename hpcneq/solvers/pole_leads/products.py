"""Products of A, from both sides, with the columns of R on one rank."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ...maths.arrays import ComplexArray, IntArray
from ...parallel import Communicator, Layout, sent_rows
from . import kernels

FULL = 0.2  # share of the entries of H from which on it is multiplied as an array,
SMALL = 48  # if it has more rows

Hamiltonian = ComplexArray | sparse.csr_matrix


class Products:
    """-i (A R - R A^+) of Y and the tail; what belongs to other ranks' columns is sent there.

    columns : those of R here. system_places : (M,) where the components' columns stand in the order
    that ranks share; targets : the same of the rows of the couplings' columns here.
    """

    def __init__(
        self,
        comm: Communicator,
        layout: Layout,
        columns: IntArray,
        system_places: IntArray,
        targets: IntArray,
    ):
        self.comm = comm
        self.layout = layout
        self.size = len(system_places)
        self.every = np.arange(len(columns))
        self.system_here = np.full(self.size, -1)
        inside = columns < self.size
        self.system_here[columns[inside]] = self.every[inside]
        self.nothing = sparse.csr_matrix((self.size, self.size), dtype=complex)
        self.system_places = system_places
        self.target_rows, self.target_away = self._rows(targets, 0)
        self.pattern: tuple | None = None
        self.system_rows = self.system_away = np.zeros(0, int)
        self._route(np.arange(self.size))

    def _rows(self, places: IntArray, first: int) -> tuple[IntArray, IntArray]:
        """(the row here of each place, or -1 - its row among those sent; the places sent)."""
        start, stop = self.layout.bounds()
        mine = (places >= start) & (places < stop)
        rows = np.where(mine, places - start, 0)
        rows[~mine] = -1 - first - np.arange(int(np.sum(~mine)))
        return rows, places[~mine]

    def _route(self, touched: IntArray) -> None:
        """To which columns the components here add: those of components ``touched``.

        ``sums`` (columns, rows that arrive) adds what others send to ``hit``. **Collective.**
        """
        rows, self.system_away = self._rows(self.system_places[touched], len(self.target_away))
        self.system_rows = np.zeros(self.size, int)
        self.system_rows[touched] = rows
        away = np.concatenate([self.target_away, self.system_away])
        owners = np.array([self.layout.owner(place) for place in away], int)
        self.order = np.argsort(owners, kind="stable")
        self.counts = np.bincount(owners, minlength=self.comm.size)
        arrived = sent_rows(self.comm, self.counts, away[self.order, None].astype(np.int64))[:, 0]
        hit, place = np.unique(arrived - self.layout.start, return_inverse=True)
        entries = (np.ones(len(arrived)), (place, np.arange(len(arrived))))
        self.sums = sparse.csr_matrix(entries, shape=(len(hit), len(arrived)), dtype=complex)
        self.hit = hit

    def of(
        self, local: ComplexArray, H: Hamiltonian, A: sparse.csr_matrix, back: sparse.csr_matrix
    ) -> ComplexArray:
        """For columns (columns here, n), contiguous. A (n, n) and its columns ``back`` are those
        of the couplings alone. **Collective.**
        """
        if self.size <= SMALL and not sparse.issparse(H):
            H = sparse.csr_matrix(H)
        full = self.size > SMALL and (not sparse.issparse(H) or H.nnz > FULL * self.size**2)
        thin = self.nothing if full else H
        self._follow(H, full)
        out = np.empty_like(local)
        away = np.zeros((len(self.order), local.shape[1]), complex)
        kernels.apply(local, _parts(thin), _parts(A), out)
        kernels.move(local, _parts(back), self.every, self.target_rows, out, away)
        kernels.move(local, _parts(thin), self.system_here, self.system_rows, out, away)
        if full:
            self._add_full(np.asarray(H.toarray() if sparse.issparse(H) else H), local, out, away)
        if self.comm.size > 1:
            self._send(out, away)
        return out

    def _follow(self, H: Hamiltonian, full: bool) -> None:
        """Take up another pattern of H: it says which rows are sent."""
        if self.comm.size == 1:
            return
        new: tuple = ()
        if not full:
            new = (H.indptr, H.indices)
        old = self.pattern
        if old is not None and len(old) == len(new) and all(map(np.array_equal, old, new)):
            return
        touched = np.arange(self.size)
        if not full:
            row = np.repeat(touched, np.diff(H.indptr))
            touched = np.unique(row[self.system_here[H.indices] >= 0])
        self.pattern = tuple(part.copy() for part in new)
        self._route(touched)

    def _add_full(self, H, local, out, away):
        """The products with an H of many entries."""
        M = self.size
        out[:, :M] += -1j * (local[:, :M] @ H.T)
        inside = np.flatnonzero(self.system_here >= 0)
        if not len(inside):
            return
        moved = 1j * (H[:, inside].conj() @ local[self.system_here[inside]])
        mine = self.system_rows >= 0
        out[self.system_rows[mine]] += moved[mine]
        away[-1 - self.system_rows[~mine]] += moved[~mine]

    def _send(self, out, away):
        """Add what belongs to other ranks' columns there. **Collective.**"""
        out[self.hit] += self.sums @ sent_rows(self.comm, self.counts, away[self.order])


def _parts(matrix: sparse.csr_matrix) -> kernels.Sparse:
    return matrix.indptr, matrix.indices, matrix.data.astype(complex, copy=False)
