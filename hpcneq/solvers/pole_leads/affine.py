"""The map R -> U R U^+ + I of a stretch of time, in blocks of core and tail; doubling it.

U = [[cc, ct], [0, e]], I = [[I_cc, I_ct], [I_ct^+, 0]]: the tail's own block of R stays zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ...maths.arrays import ComplexArray
from ...maths.pole_leads import Density
from ...parallel import Communicator, Layout

NORM = 1.0  # of A h: from which on steps are halved
TERMS = 32  # of the series there


@dataclass(frozen=True, eq=False)
class Affine:
    """cc (n, n), ct (n, tail), e (tail,) of U; core (n, n), tail (n, tail) of I."""

    cc: ComplexArray
    ct: ComplexArray
    e: ComplexArray
    core: ComplexArray
    tail: ComplexArray

    def twice(self, comm: Communicator | None = None) -> Affine:
        """The map of twice the time, of a generator that is constant or periodic. **Collective.**

        Ranks share the columns of the products.
        """
        n, m = self.ct.shape
        stacked = np.concatenate([self.core, self.tail, self.cc, self.ct], axis=1)
        product = shared_product(self.cc, stacked, comm)
        core, tail = product[:, :n], product[:, n : n + m]
        cross = shared_product(tail, self.ct.conj().T, comm)
        moved = shared_product(core, self.cc.conj().T, comm) + cross + cross.conj().T
        return Affine(
            product[:, n + m : 2 * n + m],
            product[:, 2 * n + m :] + self.ct * self.e,
            self.e**2,
            self.core + 0.5 * (moved + moved.conj().T),
            self.tail + tail * self.e.conj(),
        )

    def columns(self, density: Density, core: slice | ComplexArray, tail: object) -> tuple:
        """Columns ``core`` and ``tail`` (index arrays) of U R U^+ + I."""
        rows, turned = self.cc[core].conj().T, self.ct[core].conj().T
        inner = density.core @ rows + density.tail @ turned
        outer = density.tail.conj().T @ rows
        first = self.cc @ inner + self.ct @ outer + self.core[:, core]
        second = (self.cc @ density.tail[:, tail]) * self.e[tail].conj() + self.tail[:, tail]
        return first, second

    def of(self, density: Density) -> Density:
        """U R U^+ + I."""
        every = np.arange(len(self.cc)), np.arange(len(self.e))
        core, tail = self.columns(density, *every)
        return Density(0.5 * (core + core.conj().T), tail)

    @property
    def size(self) -> float:
        """The largest entry of U."""
        return float(max(np.abs(self.cc).max(), np.abs(self.e).max(initial=0.0)))


def shared_product(
    left: ComplexArray, right: ComplexArray, comm: Communicator | None
) -> ComplexArray:
    """left @ right on every rank, its columns computed by all together. **Collective.**"""
    if comm is None or comm.size == 1:
        return left @ right
    layout = Layout.over(right.shape[1], comm)
    whole = np.empty((right.shape[1], len(left)), complex)
    mine = slice(layout.start, layout.stop)
    whole[mine] = (left @ right[:, mine]).T
    exchange_rows(comm, layout, whole)
    return whole.T


def exchange_rows(comm: Communicator, layout: Layout, rows: ComplexArray) -> None:
    """Fill ``rows`` (items, ...) with the other ranks' rows. **Collective.**"""
    mine = np.ascontiguousarray(rows[layout.start : layout.stop])
    others = [rank for rank in range(comm.size) if rank != comm.rank]
    requests = [comm.Isend(mine, dest=rank) for rank in others if mine.size]
    for rank in others:
        start, stop = layout.bounds(rank)
        if stop > start and rows[start:stop].size:
            comm.Recv(rows[start:stop], source=rank)
    for request in requests:
        request.Wait()


def frozen(
    A: sparse.csr_matrix,
    W: sparse.csr_matrix,
    x: ComplexArray,
    core: ComplexArray,
    tail: ComplexArray,
    step: float,
    comm: Communicator | None = None,
) -> Affine:
    """The map of constant A (n, n), W (n, tail), levels x and sources over ``step``.

    A series over step/2^k, then doubling: exact at any step. **Collective.**
    """
    norm = max(float(abs(A).sum(axis=0).max()) + 1.0, float(np.abs(x).max(initial=0.0)) + 1.0)
    halvings = max(0, int(np.ceil(np.log2(norm * step / NORM))))
    n, m = W.shape
    h = step / 2**halvings
    W_dense = W.toarray()
    term = np.zeros((n, 2 * n + 2 * m), complex)  # (U_cc, U_ct, I_cc, I_ct) of one order
    np.fill_diagonal(term[:, :n], 1.0)
    term[:, n + m : 2 * n + m], term[:, 2 * n + m :] = h * core, h * tail
    total, e = term.copy(), np.ones(m, complex)
    matrix = A if A.nnz < 0.2 * n * n else A.toarray()
    for k in range(1, TERMS):
        next_term = matrix @ term
        next_term[:, n : n + m] += W_dense * e
        next_term[:, : n + m] *= -1j * h / k
        # sources: (A S - S A^+) with S_tt = 0
        source, modes = term[:, n + m : 2 * n + m], term[:, 2 * n + m :]
        half = -1j * (next_term[:, n + m : 2 * n + m] - modes @ W.conj().T)
        next_term[:, n + m : 2 * n + m] = (half + half.conj().T) * (h / (k + 1))
        next_term[:, 2 * n + m :] = (next_term[:, 2 * n + m :] - modes * x.conj()) * (
            -1j * h / (k + 1)
        )
        e = e * (-1j * h / k) * x
        term = next_term
        total += term
        if np.abs(term).max() < 1e-18 * np.abs(source).max(initial=1.0):
            break
    result = Affine(
        total[:, :n],
        total[:, n : n + m],
        np.exp(-1j * h * x),
        total[:, n + m : 2 * n + m],
        total[:, 2 * n + m :],
    )
    for _ in range(halvings):
        result = result.twice(comm)
    return result
