"""Large sparse systems in equilibrium with wide leads: columns of R, and single entries of rho.

If all leads are filled by the poles x_p of one Fermi function, D_p = -r_p Gamma,

    Y = 1/4 + sum_p r_p G(x_p^*),      R_ct = i G(x_p^*) W D_p^+,      rho = Y + Y^+,

columns by a sparse LU a pole. Entries of rho where H has entries follow from the diagonal blocks of
G and those beside them, in an order of the components in which H is block tridiagonal.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import splu

from ...errors import InputError
from ...maths.arrays import ArrayLike, ComplexArray, FloatArray, IntArray
from ...maths.pole_leads import LeadPoles
from ...parallel import Communicator, Layout, all_rows, solo

LEAST = 48  # components of a block: smaller neighbours are joined
SAME = 1e-9  # of the largest level: poles that differ by less are one


class Equilibrium:
    """The poles x_p and residues r_p that all leads share at potentials ``shifts`` (leads,).

    Raises InputError where they differ: out of equilibrium.
    """

    def __init__(self, leads: LeadPoles, shifts: ArrayLike):
        self.leads, size = leads, leads.size
        levels = leads.tail_levels(shifts)
        phases = np.zeros(leads.count)
        source = sparse.csc_matrix(leads.tail_source(phases))
        width = -2 * leads.couplings(np.asarray(shifts, float), phases).diagonal()[:size].imag
        hosts = leads.tail_couplings()
        scale = SAME * max(1.0, float(np.abs(levels).max(initial=0.0)))
        keys = np.round(levels.imag / scale)
        _, first, self.group = np.unique(keys, return_index=True, return_inverse=True)
        self.poles = levels[first].conj()
        fed = np.asarray(source[hosts, np.arange(leads.tail)]).ravel().conj()
        share = np.zeros(leads.tail)
        # several leads on one component share its width: their fillings add up
        np.add.at(share, np.arange(leads.tail), -fed.real)
        together = np.zeros((len(self.poles), size))
        np.add.at(together, (self.group, hosts), share)
        touched = np.unique(hosts)
        ratios = together[:, touched] / width[touched]
        self.residues: FloatArray = ratios.mean(axis=1)
        miss = np.abs(ratios - self.residues[:, None]).max(initial=0.0)
        if np.abs(levels.real).max(initial=0.0) > scale or miss > 1e-7 or np.ptp(fed.imag) > 1e-9:
            raise InputError(
                '[numerics] method = "columns": starts from equilibrium: before t = 0 all leads '
                'must have one T and mu + V = 0; use "etd"'
            )
        self.source = source

    def columns(self, A: sparse.spmatrix, columns: IntArray) -> ComplexArray:
        """Columns (size, k) of [Y, R_ct] at indices below ``leads.total``."""
        return _Columns(self, A)(columns)

    def maker(self, A: sparse.spmatrix) -> _Columns:
        """`columns` of one A (size, size), whose LU are kept."""
        return _Columns(self, A)

    def entries(
        self,
        A: sparse.csr_matrix,
        rows: IntArray,
        columns: IntArray,
        order: Blocks,
        comm: Communicator | None = None,
    ) -> ComplexArray:
        """rho at entries that lie in the same or neighbouring blocks of ``order``.

        comm : whose ranks share the poles; the sum does not depend on them. **Collective.**
        """
        parts = order.parts(A)
        group = solo() if comm is None else comm
        layout = Layout.over(len(self.poles), group)
        terms = np.zeros((layout.count, len(rows)), complex)
        for term, p in zip(terms, range(layout.start, layout.stop)):
            G = parts.inverse(self.poles[p])
            term += self.residues[p] * (G.at(rows, columns) + G.at(columns, rows).conj())
        values = np.where(rows == columns, 0.5, 0.0).astype(complex)
        for term in all_rows(group, terms):
            values += term
        return values


class _Columns:
    """Columns of [Y, R_ct] from the LU of every pole."""

    def __init__(self, equilibrium: Equilibrium, A: sparse.spmatrix):
        self.equilibrium = equilibrium
        one = sparse.identity(A.shape[0], format="csc", dtype=complex)
        self.factors = [splu(sparse.csc_matrix(x * one - A)) for x in equilibrium.poles]

    def __call__(self, columns: IntArray) -> ComplexArray:
        """Columns (size, k)."""
        e, size = self.equilibrium, self.equilibrium.leads.size
        out = np.zeros((size, len(columns)), complex)
        core = np.flatnonzero(columns < size)
        out[columns[core], core] = 0.25
        right = np.zeros((size, len(core)), complex)
        right[columns[core], np.arange(len(core))] = 1.0
        modes = np.flatnonzero(columns >= size)
        of_mode = e.group[columns[modes] - size]
        for p, (factor, r) in enumerate(zip(self.factors, e.residues)):
            if len(core):
                out[:, core] += r * factor.solve(right)
            own = modes[of_mode == p]
            if len(own):
                out[:, own] = 1j * factor.solve(e.source[:, columns[own] - size].toarray())
        return out


class Blocks:
    """An order of the components in which a sparse matrix of this pattern is block tridiagonal.

    Blocks are the components at each distance from one at an end, neighbours together until there
    are ``least``.
    """

    def __init__(self, pattern: sparse.spmatrix, least: int = LEAST):
        graph = sparse.csr_matrix(abs(pattern))
        self.level = np.zeros(graph.shape[0], int)
        next_level = 0
        for members in _parts(graph):
            inner = graph[members][:, members]
            distance = csgraph.shortest_path(inner, unweighted=True, indices=0, directed=False)
            end = int(distance.argmax())
            distance = csgraph.shortest_path(inner, unweighted=True, indices=end, directed=False)
            self.level[members] = next_level + distance.astype(int)
            next_level = int(self.level[members].max()) + 1
        self.level = _joined(self.level, least)
        next_level = int(self.level.max()) + 1
        self.members = [np.flatnonzero(self.level == k) for k in range(next_level)]
        self.place = np.empty(len(self.level), int)
        for own in self.members:
            self.place[own] = np.arange(len(own))

    def parts(self, A: sparse.csr_matrix) -> BlockTridiagonal:
        """The blocks of a matrix of this pattern."""
        return BlockTridiagonal(self, A)


def _joined(level: IntArray, least: int) -> IntArray:
    """The same levels, consecutive ones in one until they have ``least`` members."""
    number = held = 0
    blocks = []
    for count in np.bincount(level):
        if held >= least:
            number, held = number + 1, 0
        blocks.append(number)
        held += count
    return np.array(blocks)[level]


def _parts(graph: sparse.csr_matrix) -> Iterator[IntArray]:
    """The components of each connected part."""
    count, label = csgraph.connected_components(graph, directed=False)
    for k in range(count):
        yield np.flatnonzero(label == k)


class BlockTridiagonal:
    """The blocks (k, k) of A, dense, and (k, k + 1), (k + 1, k), sparse."""

    def __init__(self, order: Blocks, A: sparse.csr_matrix):
        self.order = order
        sorted_ = np.concatenate(order.members)
        P = sparse.csr_matrix(A)[sorted_][:, sorted_]
        ends = np.cumsum([len(own) for own in order.members])
        spans = [slice(end - len(own), end) for end, own in zip(ends, order.members)]
        self.same = [P[own, own].toarray() for own in spans]
        pairs = list(zip(spans[:-1], spans[1:]))
        self.above = [P[own, other] for own, other in pairs]
        self.below = [P[other, own] for own, other in pairs]

    def inverse(self, z: complex) -> BlockInverse:
        """The blocks of (z - A)^-1 on the diagonal and beside it."""
        return BlockInverse(self, z)


class BlockInverse:
    """Blocks (k, k), (k, k + 1) and (k + 1, k) of (z - A)^-1, by elimination from both ends.

    same : of the first kind. above : of the second. The third, same[k + 1] down[k], is not made
    but where it is wanted.
    """

    def __init__(self, parts: BlockTridiagonal, z: complex):
        self.order = parts.order
        self.same: list[ComplexArray] = []
        self.above: list[ComplexArray] = []
        self.down: list[ComplexArray] = []
        for k, own in enumerate(parts.same):
            block = z * np.eye(len(own)) - own
            if k:
                block -= parts.below[k - 1] @ self.above[-1]
            left = np.linalg.inv(block)
            self.same.append(left)
            if k + 1 < len(parts.same):
                self.above.append((parts.above[k].T @ left.T).T)
                self.down.append(parts.below[k] @ left)
        for k in range(len(self.above) - 1, -1, -1):
            self.above[k] = self.above[k] @ self.same[k + 1]
            self.same[k] = self.same[k] + self.above[k] @ self.down[k]

    def at(self, rows: IntArray, columns: IntArray) -> ComplexArray:
        """Single entries; 0 beyond neighbouring blocks."""
        level, place = self.order.level, self.order.place
        values = np.zeros(len(rows), complex)
        for shift in (0, 1, -1):
            kind = np.flatnonzero(level[columns] - level[rows] == shift)
            number = np.minimum(level[rows[kind]], level[columns[kind]])
            order = np.argsort(number, kind="stable")
            kind, number = kind[order], number[order]
            for e in np.split(kind, np.flatnonzero(np.diff(number)) + 1):
                if len(e):
                    k = min(level[rows[e[0]]], level[columns[e[0]]])
                    values[e] = self._of(shift, k, place[rows[e]], place[columns[e]])
        return values

    def _of(self, shift: int, k: int, rows: IntArray, columns: IntArray) -> ComplexArray:
        """Entries of the blocks of one kind, between level k and, off the diagonal, the next."""
        if shift < 0:
            down = self.down[k][:, columns]
            return np.asarray(np.einsum("ej,je->e", self.same[k + 1][rows], down))
        blocks = self.above if shift else self.same
        return blocks[k][rows, columns]
