"""The mean field: H as an affine function of the entries of rho it depends on.

Attraction -U n_up n_dn on sites and -V n_i n_j on bonds give H_12 = -D with D_ij = V_ij
<c_j c_i>, Hartree h_ii = -U n_-s - sum_j V_ij n_j and exchange h_ij = V_ij <c_j^+ c_i>, which in
Nambu form are all of the kind H_ab += coefficient * rho_cd + constant.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from .model import Model
from .nambu import Entries, Form, bare_entries


@dataclass
class Terms:
    """H_{row, column} += coefficient rho_{source row, source column}; and constants."""

    rows: list[np.ndarray] = field(default_factory=list)
    columns: list[np.ndarray] = field(default_factory=list)
    source_rows: list[np.ndarray] = field(default_factory=list)
    source_columns: list[np.ndarray] = field(default_factory=list)
    coefficients: list[np.ndarray] = field(default_factory=list)
    constants: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)

    def add(
        self,
        target: tuple[np.ndarray, np.ndarray],
        source: tuple[np.ndarray, np.ndarray],
        coefficient: np.ndarray,
    ) -> None:
        """Terms of arrays of one length."""
        self.rows.append(target[0])
        self.columns.append(target[1])
        self.source_rows.append(source[0])
        self.source_columns.append(source[1])
        self.coefficients.append(np.broadcast_to(coefficient, target[0].shape))

    def constant(self, component: np.ndarray, value: np.ndarray) -> None:
        """Constants on the diagonal."""
        self.constants.append((component, value))


def site_terms(model: Model, hartree: bool, exchange: bool) -> Terms:
    """The terms of the attraction on sites."""
    form, terms = Form(model.spin, model.sites), Terms()
    i = np.nonzero(model.U)[0]
    U, half = model.U[i], form.electrons
    if form.spin == "none" or not len(i):
        return terms
    up, down = i, i
    if form.spin == "full":
        up, down = 2 * i, 2 * i + 1
    _pair(terms, form, up, half + down, U)
    if form.spin == "full":
        _pair(terms, form, down, half + up, U)
    if hartree and form.spin == "z":
        hole = half + i
        terms.add((i, i), (hole, hole), U)
        terms.constant(i, -U)
        terms.add((hole, hole), (i, i), U)
    if hartree and form.spin == "full":
        for a, b in ((up, down), (down, up)):
            terms.add((a, a), (b, b), -U)
            terms.add((half + a, half + a), (b, b), U)
    if exchange and form.spin == "full":
        _exchange(terms, form, up, down, U)
    return terms


def _pair(terms: Terms, form: Form, electron: np.ndarray, hole: np.ndarray, V: np.ndarray) -> None:
    """H_{electron, hole} = -V rho_{electron, hole}, and its conjugate.

    In the form 4n of the odd part under exchange of both electrons: the even part is none of a
    state's, and no deviation may be held by it.
    """
    if form.spin == "z":
        sources = [((electron, hole), -V)]
    else:
        half = form.electrons
        other = hole - half, electron + half
        sources = [((electron, hole), -0.5 * V), (other, 0.5 * V)]
    for (row, column), coefficient in sources:
        terms.add((electron, hole), (row, column), coefficient)
        terms.add((hole, electron), (column, row), coefficient)


def _exchange(terms: Terms, form: Form, a: np.ndarray, b: np.ndarray, V: np.ndarray) -> None:
    """h_ab += V <c_b^+ c_a> with its conjugate, and the same in the hole block."""
    half = form.electrons
    for one, other in ((a, b), (b, a)):
        terms.add((one, other), (one, other), V)
        terms.add((half + one, half + other), (other, one), -V)


def bond_terms(model: Model, hartree: bool, exchange: bool) -> Terms:
    """The terms of the attraction on bonds."""
    form, terms = Form(model.spin, model.sites), Terms()
    if not model.bonds:
        return terms
    i, j = (np.array([bond[k] for bond in model.bonds], int) for k in (0, 1))
    V = np.array([bond[2] for bond in model.bonds])
    half, inner = form.electrons, form.inner
    for a in range(inner):
        for b in range(inner):
            _pair(terms, form, inner * i + a, half + inner * j + b, V)
            _pair(terms, form, inner * j + b, half + inner * i + a, V)
            if exchange and form.spin != "z":
                _exchange(terms, form, inner * i + a, inner * j + b, V)
    if exchange and form.spin == "z":
        for one, other in ((i, j), (j, i)):
            terms.add((one, other), (one, other), V)
            terms.add((half + one, half + other), (half + one, half + other), V)
    if hartree:
        for one, other in ((i, j), (j, i)):
            _hartree_of_bond(terms, form, one, other, V)
    return terms


def _hartree_of_bond(
    terms: Terms, form: Form, one: np.ndarray, other: np.ndarray, V: np.ndarray
) -> None:
    """h_{one, one} += -V n_other, both spins."""
    half, inner = form.electrons, form.inner
    for a in range(inner):
        electron, hole = inner * one + a, half + inner * one + a
        for b in range(inner):
            source = inner * other + b
            terms.add((electron, electron), (source, source), -V)
            terms.add((hole, hole), (source, source), V)
        if form.spin == "z":
            source = half + other
            terms.add((electron, electron), (source, source), V)
            terms.add((hole, hole), (source, source), -V)
            terms.constant(electron, -V)
            terms.constant(hole, V)


class MeanField:
    """H(c) of a model, affine in the mean field c (fields,), which are entries of rho.

    rows, columns : the entries, row <= column; ``diagonal`` ones are real. U(t) scales the part of
    the sites.
    """

    def __init__(self, model: Model, hartree: bool, exchange: bool) -> None:
        self.model, self.form = model, Form(model.spin, model.sites)
        size = self.form.size
        self.bare = bare_entries(model)
        kinds = [site_terms(model, hartree, exchange), bond_terms(model, hartree, exchange)]
        places = [self.bare.rows * size + self.bare.columns]
        sources = []
        for terms in kinds:
            for r, c, sr, sc in zip(
                terms.rows, terms.columns, terms.source_rows, terms.source_columns
            ):
                places.append(r * size + c)
                sources.append(np.minimum(sr, sc) * size + np.maximum(sr, sc))
        places.append(np.arange(size) * (size + 1))
        self.place = np.unique(np.concatenate(places))
        source = np.unique(np.concatenate([np.zeros(0, np.int64), *sources]))
        self.rows, self.columns = source // size, source % size
        self.diagonal = self.rows == self.columns
        self._pattern(source)
        self.maps = [self._map(terms, source) for terms in kinds]
        self.still = self.to_place @ self.bare.values
        self.template = sparse.csr_matrix((self.still, self.indices, self.indptr), (size, size))

    @property
    def fields(self) -> int:
        """Length of the mean field."""
        return len(self.rows)

    def _pattern(self, source: np.ndarray) -> None:
        size = self.form.size
        self.H_rows, self.H_columns = self.place // size, self.place % size
        starts = np.searchsorted(self.H_rows, np.arange(size + 1))
        self.indptr, self.indices = starts.astype(np.int32), self.H_columns.astype(np.int32)
        where = np.searchsorted(self.place, self.bare.rows * size + self.bare.columns)
        self.to_place = sparse.csr_matrix(
            (np.ones(len(where)), (where, np.arange(len(where)))), (len(self.place), len(where))
        )

    def _map(
        self, terms: Terms, source: np.ndarray
    ) -> tuple[sparse.csr_matrix, sparse.csr_matrix, np.ndarray]:
        """(of c, of its conjugate, constants) to the entries of H."""
        size, shape = self.form.size, (len(self.place), len(source))
        constants = np.zeros(len(self.place))
        for component, value in terms.constants:
            np.add.at(constants, np.searchsorted(self.place, component * (size + 1)), value)
        if not terms.rows:
            return sparse.csr_matrix(shape), sparse.csr_matrix(shape), constants
        r, c, sr, sc, v = map(
            np.concatenate,
            (
                terms.rows,
                terms.columns,
                terms.source_rows,
                terms.source_columns,
                terms.coefficients,
            ),
        )
        where = np.searchsorted(self.place, r * size + c)
        what = np.searchsorted(source, np.minimum(sr, sc) * size + np.maximum(sr, sc))
        straight = sr <= sc
        both = [
            sparse.csr_matrix((v[side], (where[side], what[side])), shape)
            for side in (straight, ~straight)
        ]
        return both[0], both[1], constants

    def values(
        self, c: np.ndarray, A: np.ndarray | None = None, site_scale: float = 1.0
    ) -> np.ndarray:
        """The entries of H at ``place``, (nnz,), for the mean field c and the vector potential."""
        values = self.still
        if A is not None and np.any(A):
            values = self.to_place @ peierls(self.bare, A)
        for scale, (straight, conjugate, constants) in zip((site_scale, 1.0), self.maps):
            moved = constants
            if straight.nnz:
                moved = straight @ c + moved
            if conjugate.nnz:
                moved = conjugate @ np.conj(c) + moved
            values = values + scale * moved
        return values

    def in_frame(self, values: np.ndarray, mu: float) -> np.ndarray:
        """The entries of H - mu tau_3."""
        if not mu:
            return values
        diagonal = self.H_rows == self.H_columns
        lowered = values.copy()
        lowered[diagonal] -= mu * self.form.charge[self.H_rows[diagonal]]
        return lowered

    def sparse(self, values: np.ndarray) -> sparse.csr_matrix:
        """H (M, M) from its entries."""
        matrix = copy.copy(self.template)
        matrix.data = values
        return matrix

    def dense(self, values: np.ndarray) -> np.ndarray:
        """H (M, M) from its entries, as an array."""
        H = np.zeros((self.form.size,) * 2, complex)
        H[self.H_rows, self.H_columns] = values
        return H

    def at(self, values: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Single entries of H, 0 where it has none."""
        place = rows * self.form.size + columns
        where = np.minimum(np.searchsorted(self.place, place), len(self.place) - 1)
        return np.where(self.place[where] == place, values[where], 0)

    def transposed(self, values: np.ndarray) -> np.ndarray:
        """The entries of the transpose of H, (nnz,)."""
        return self.at(values, self.H_columns, self.H_rows)

    # -- the mean field as real unknowns -----------------------------------------------------------
    @property
    def unknowns(self) -> int:
        """Length of the real unknown vector."""
        return self.fields + int(np.sum(~self.diagonal))

    def to_real(self, c: np.ndarray) -> np.ndarray:
        """(unknowns,): real parts, then imaginary parts of the entries off the diagonal."""
        return np.concatenate([c.real, c.imag[~self.diagonal]])

    def to_field(self, x: np.ndarray) -> np.ndarray:
        """The mean field (fields,) of a real vector."""
        c = x[: self.fields].astype(complex)
        c[~self.diagonal] += 1j * x[self.fields :]
        return c

    @property
    def pairs(self) -> np.ndarray:
        """Which fields are pair amplitudes, (fields,) bool."""
        return (self.rows < self.form.electrons) & (self.columns >= self.form.electrons)


def peierls(entries: Entries, A: np.ndarray) -> np.ndarray:
    """The entries with phases e^{i A (r_i - r_j)}, those of holes with the conjugate."""
    moved = entries.displacement[:, : len(A)]
    return entries.values * np.exp(1j * entries.charge * (moved @ A))
