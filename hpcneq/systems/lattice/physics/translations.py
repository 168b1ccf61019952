"""Models that repeat along a ring: everything is a circulant of blocks, one small block a momentum.

M_{(a, y), (b, y')} = m_ab(y - y') gives M_k = sum_y m(y) e^{-iky}, for electrons and holes alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .mean_field import MeanField
from .model import Model, Triplets
from .reservoirs import Reservoir

SAME = 1e-12  # of the largest entry: how well a model must repeat


@dataclass(frozen=True)
class Kinds:
    """Entries of a mean field that repeats.

    first : (kinds,) number of the first entry of each kind. inverse : (fields,) kind of each
    entry. flipped : (fields,) whether it stands for the conjugate.
    """

    first: np.ndarray
    inverse: np.ndarray
    flipped: np.ndarray


class Ring:
    """Translations of a model by one cell along a periodic direction.

    next_site : (n,) where each site goes. length : cells of the ring. base : sites of one cell.
    """

    def __init__(self, field: MeanField, axis: int) -> None:
        model, self.field = field.model, field
        cells = model.cells
        self.length = int(cells[:, axis].max()) + 1
        self.next_site = _moved(model, axis, self.length)
        self.base = np.nonzero(cells[:, axis] == 0)[0]
        form = field.form
        inner = np.arange(form.inner)
        self.component = np.concatenate(
            [
                offset + (form.inner * self.base[:, None] + inner).ravel()
                for offset in (0, form.electrons)
            ]
        )  # of the cell
        place = np.full(form.size, -1)
        step = self._next_component()
        turn = np.zeros(form.size, int)
        now = self.component
        for y in range(self.length):
            place[now], turn[now] = np.arange(len(now)), y
            now = step[now]
        self.place, self.turn = place, turn  # component of the cell and cell of each component

    def _next_component(self) -> np.ndarray:
        form = self.field.form
        inner = np.arange(form.inner)
        electrons = (form.inner * self.next_site[:, None] + inner).ravel()
        return np.concatenate([electrons, electrons + form.electrons])

    def matches(self, leads: Sequence[Reservoir]) -> bool:
        """Whether model and leads repeat."""
        model, move = self.field.model, self.next_site
        inner = self.field.form.inner
        matrices = (model.hopping, model.hopping_down, model.pairing)
        parts = [_repeats(matrix, move, inner) for matrix in matrices if matrix is not None]
        parts.append(bool(np.allclose(model.U[move], model.U)))
        bonds = {(min(i, j), max(i, j)): V for i, j, V in model.bonds}
        turned = {(min(move[i], move[j]), max(move[i], move[j])): V for i, j, V in model.bonds}
        return all(parts) and bonds == turned and all(_lead_repeats(a, move) for a in leads)

    def cell_leads(self, leads: Sequence[Reservoir]) -> list[Reservoir]:
        """The leads of one cell, on its own sites."""
        number = {int(site): k for k, site in enumerate(self.base)}
        small = []
        for lead in leads:
            own = np.array([k for k, site in enumerate(lead.sites) if int(site) in number], int)
            sites = np.array([number[int(lead.sites[k])] for k in own], int)
            gamma = lead.gamma[own] if len(lead.gamma) else lead.gamma
            small.append(replace(lead, sites=sites, gamma=gamma))
        return small

    def blocks(self, values: np.ndarray) -> np.ndarray:
        """H_k (length, m, m) from the entries of H."""
        rows, columns = self.field.H_rows, self.field.H_columns
        first = self.turn[columns] == 0
        m, count = len(self.component), self.length
        small = np.zeros((count, m, m), complex)
        rows, columns = rows[first], columns[first]
        values = values[first]
        np.add.at(small, (self.turn[rows], self.place[rows], self.place[columns]), values)
        return np.fft.fft(small, axis=0)

    def whole(self, blocks: np.ndarray) -> np.ndarray:
        """The matrix (M, M) of blocks (length, m, m)."""
        small = np.fft.ifft(blocks, axis=0)
        turn = (self.turn[:, None] - self.turn[None, :]) % self.length
        return small[turn, self.place[:, None], self.place[None, :]]

    def entries(self, blocks: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Single entries of that matrix."""
        small = np.fft.ifft(blocks, axis=0)
        turn = (self.turn[rows] - self.turn[columns]) % self.length
        return small[turn, self.place[rows], self.place[columns]]

    def spread(self, values: np.ndarray) -> np.ndarray:
        """(..., M) from the values of one cell (..., m)."""
        return values[..., self.place]

    @cached_property
    def kinds(self) -> Kinds:
        """Which entries of the mean field a translation joins; turned into its conjugate, too."""
        rows, columns = self.field.rows, self.field.columns
        turn = (self.turn[rows] - self.turn[columns]) % self.length
        m, size = len(self.component), self.length
        key = (turn * m + self.place[rows]) * m + self.place[columns]
        back = ((-turn) % size * m + self.place[columns]) * m + self.place[rows]
        _, first, inverse = np.unique(np.minimum(key, back), return_index=True, return_inverse=True)
        return Kinds(first, inverse, key > back)

    def average(self, c: np.ndarray) -> np.ndarray:
        """The mean field that repeats next to c: entries that a translation joins have their mean.

        An entry turned into its conjugate counts as that.
        """
        kinds = self.kinds
        total = np.zeros(len(kinds.first), complex)
        np.add.at(total, kinds.inverse, np.where(kinds.flipped, c.conj(), c))
        mean = (total / np.bincount(kinds.inverse))[kinds.inverse]
        return np.where(kinds.flipped, mean.conj(), mean)

    def spread_field(self, c: np.ndarray) -> np.ndarray:
        """The mean field (fields,) that repeats, from its first entry of each kind."""
        kinds = self.kinds
        own = kinds.flipped[kinds.first]
        each = np.where(own, c.conj(), c)[kinds.inverse]
        return np.where(kinds.flipped, each.conj(), each)


def rings_of(field: MeanField, leads: Sequence[Reservoir]) -> Ring | None:
    """The longest ring along which model and leads repeat; None if there is none."""
    model = field.model
    best = None
    for axis in range(model.cells.shape[1]):
        if not model.rings[axis] or model.cells[:, axis].max() < 2:
            continue
        ring = Ring(field, axis)
        if ring.matches(leads) and (best is None or ring.length > best.length):
            best = ring
    return best


def _moved(model: Model, axis: int, length: int) -> np.ndarray:
    """Where each site goes by one cell."""
    cells = model.cells.copy()
    cells[:, axis] = (cells[:, axis] + 1) % length
    number: dict[tuple, int] = {}
    count: dict[tuple, int] = {}
    labels = []
    for site, cell in enumerate(map(tuple, model.cells)):
        kth = count.get(cell, 0)
        count[cell] = kth + 1
        number[(*cell, kth)] = site
        labels.append(kth)
    return np.array([number[(*cell, kth)] for cell, kth in zip(map(tuple, cells), labels)])


def _repeats(matrix: Triplets, move: np.ndarray, inner: int) -> bool:
    """Whether a matrix is the same after a translation."""
    if matrix.size == len(move):
        inner = 1
    rows = move[matrix.rows // inner] * inner + matrix.rows % inner
    columns = move[matrix.columns // inner] * inner + matrix.columns % inner
    turned = Triplets.summed(matrix.size, rows, columns, matrix.values)
    difference = matrix.plus(turned.scaled(-1))
    return difference.largest() <= SAME * max(1.0, matrix.largest())


def _lead_repeats(lead: Reservoir, move: np.ndarray) -> bool:
    """Whether a lead is the same after a translation."""
    if lead.table is not None and len(lead.sites) > 1:
        return False
    if set(map(int, move[lead.sites])) != set(map(int, lead.sites)):
        return False
    if not len(lead.gamma):
        return True
    gamma = dict(zip(map(int, lead.sites), lead.gamma))
    return all(abs(gamma[int(move[s])] - g) < SAME for s, g in zip(lead.sites, lead.gamma))
