"""The couplings of all leads as sparse matrices of fixed pattern, of one rank's columns."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ...maths.arrays import ArrayLike, ComplexArray, IntArray
from ...maths.pole_leads import LeadPoles


class Pattern:
    """Where entries (rows, columns) stand in a sparse matrix; equal ones are added."""

    def __init__(self, rows: IntArray, columns: IntArray, shape: tuple[int, int]):
        self.order = np.lexsort((columns, rows))
        r, c = rows[self.order], columns[self.order]
        first = np.ones(len(r), bool)
        first[1:] = (np.diff(r) != 0) | (np.diff(c) != 0)
        self.starts = np.flatnonzero(first)
        self.rows, self.columns = r[first], c[first]
        pointers = np.searchsorted(self.rows, np.arange(shape[0] + 1))
        self.matrix = sparse.csr_matrix(
            (np.zeros(len(self.rows), complex), self.columns, pointers), shape=shape
        )

    def sums(self, values: ComplexArray) -> ComplexArray:
        """Values of equal entries added, in the order of ``rows`` and ``columns``."""
        if not len(self.starts):
            return np.zeros(0, complex)
        return np.asarray(np.add.reduceat(values[self.order], self.starts))

    def filled(self, values: ComplexArray) -> sparse.csr_matrix:
        """The matrix; it holds until the next call."""
        self.matrix.data[:] = self.sums(values)
        return self.matrix


class Couplings:
    """Left and right products with [[A, W], [0, x]] less an exact diagonal and H; sources.

    columns : those of R on this rank. place : (total,) where every column stands in the order that
    ranks share. targets : places to which the columns here add, ascending.
    """

    def __init__(self, leads: LeadPoles, columns: IntArray, place: IntArray):
        self.leads, self.columns = leads, columns
        n, total = leads.core, leads.total
        rows, cols = leads.entries()
        every = np.arange(total)
        rows, cols = np.concatenate([rows, every]), np.concatenate([cols, every])
        self.in_core = (rows < n) & (cols < n)
        self.left = Pattern(rows[self.in_core], cols[self.in_core], (n, n))
        here = np.full(total, -1)
        here[columns] = np.arange(len(columns))
        self.local = here[cols] >= 0
        self.targets, compressed = np.unique(place[rows[self.local]], return_inverse=True)
        shape = (len(self.targets), len(columns))
        self.right = Pattern(compressed, here[cols[self.local]], shape)
        rows, cols = leads.source_entries()
        self.fed = here[cols] >= 0
        self.half = np.where(cols[self.fed] < n, 0.5, 1.0)
        self.source = Pattern(here[cols[self.fed]], rows[self.fed], (len(columns), n))
        self.turning = leads.turning()
        self.made_for: tuple = ()
        self.fed_for: bytes | None = None
        self.fed_with = np.zeros(0, complex)

    def at(
        self, shifts: ArrayLike, phases: ArrayLike, exact: ComplexArray
    ) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """(A (n, n), its columns here (targets, columns)) less ``exact`` (total,).

        They hold until the next call.
        """
        V, phi = np.asarray(shifts, float), np.asarray(phases, float)
        key = (V.tobytes(), phi[self.turning].tobytes(), exact.tobytes())
        if key != self.made_for:
            values = np.concatenate([self.leads.values(V, phi), -exact])
            self.right.filled(values[self.local])
            self.left.filled(values[self.in_core])
            self.made_for = key
        return self.left.matrix, self.right.matrix

    def add_sources(self, out: ComplexArray, phases: ArrayLike) -> None:
        """Add C of these columns to ``out`` (columns, n): half of that of the core."""
        phi = np.asarray(phases, float)
        key = phi[self.turning].tobytes()
        if key != self.fed_for:
            values = self.leads.source_values(phi)[self.fed] * self.half
            self.fed_with, self.fed_for = self.source.sums(values), key
        out[self.source.rows, self.source.columns] += self.fed_with
