"""The user's model: sites, hops, attraction, prescribed pairing, groups; and what is wrong with it.

Sparse matrices are kept as triplets, so that checking an input loads no scipy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

SPINS = ("z", "full", "none")
HERMITIAN = 1e-12  # how far from Hermitian a model may be, of its largest entry


@dataclass(frozen=True)
class Triplets:
    """A sparse matrix (n, n) as (rows, columns, values), sorted, without duplicates and zeros."""

    size: int
    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    @classmethod
    def summed(cls, size: int, rows: object, columns: object, values: object) -> Triplets:
        """Entries at the same place add up."""
        place = np.asarray(rows, np.int64) * size + np.asarray(columns, np.int64)
        unique, inverse = np.unique(place, return_inverse=True)
        total = np.zeros(len(unique), complex)
        np.add.at(total, inverse.ravel(), np.asarray(values, complex))
        keep = total != 0
        return cls(size, unique[keep] // size, unique[keep] % size, total[keep])

    @classmethod
    def of(cls, matrix: object, what: str) -> Triplets:
        """From a dense or scipy.sparse matrix. Raises ValueError if it is not square numbers."""
        if isinstance(matrix, Triplets):
            return matrix
        try:
            sparse = matrix.tocoo()  # type: ignore[attr-defined]
            rows, columns = sparse.row, sparse.col
            values = sparse.data
            shape = sparse.shape
        except AttributeError:
            dense = _dense(matrix, what)
            shape, (rows, columns) = dense.shape, np.nonzero(dense)
            values = dense[rows, columns]
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ValueError(f"{what}: must be a square matrix, got shape {shape}")
        if not np.all(np.isfinite(values)):
            raise ValueError(f"{what}: must be finite")
        return cls.summed(shape[0], rows, columns, values)

    @property
    def adjoint(self) -> Triplets:
        """The Hermitian conjugate."""
        return Triplets.summed(self.size, self.columns, self.rows, self.values.conj())

    @property
    def transposed(self) -> Triplets:
        """The transpose."""
        return Triplets.summed(self.size, self.columns, self.rows, self.values)

    def scaled(self, factor: object) -> Triplets:
        """Times a number, or a number for each entry."""
        values = np.asarray(factor) * self.values
        return Triplets.summed(self.size, self.rows, self.columns, values)

    def plus(self, other: Triplets) -> Triplets:
        """The sum of two."""
        return Triplets.summed(
            self.size,
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.columns, other.columns]),
            np.concatenate([self.values, other.values]),
        )

    def dense(self) -> np.ndarray:
        """As an array (n, n)."""
        matrix = np.zeros((self.size, self.size), complex)
        matrix[self.rows, self.columns] = self.values
        return matrix

    def largest(self) -> float:
        """Largest modulus; 0 without entries."""
        return float(np.abs(self.values).max(initial=0.0))


def _dense(matrix: object, what: str) -> np.ndarray:
    try:
        return np.asarray(matrix, complex)
    except (TypeError, ValueError):
        raise ValueError(f"{what}: must be a matrix of numbers") from None


class Model:
    """A tight-binding model, as a user's function ``build(**arguments)`` returns it.

    hopping : Hermitian matrix, dense or scipy.sparse; (n, n) for spin "z" (both spins) and "none",
    (2n, 2n) for "full", spin inside: index 2 i + s, s = 0 up, 1 down. hopping_down : with "z" the
    matrix of spin down where it differs.
    position : (n, d). orbital : a name for each site. U : attraction -U n_up n_dn, one or (n,).
    bonds : [(i, j, V)], -V n_i n_j. pairing : prescribed D, (n, n) (symmetric: a singlet;
    antisymmetric for "none") or (2n, 2n) antisymmetric for "full"; H has -D_ij c_i^+ c_j^+.
    groups : {name: sites}. cells : (n, d) index of each site's cell. periods : (p, d) vectors along
    which the model repeats, rings : which cells' directions close.
    Raises ValueError in one line.
    """

    def __init__(
        self,
        hopping: object,
        position: object = None,
        orbital: Sequence[str] | None = None,
        spin: str = "z",
        U: object = 0.0,
        bonds: Iterable[Sequence[float]] = (),
        pairing: object = None,
        groups: Mapping[str, Sequence[int]] | None = None,
        hopping_down: object = None,
        cells: object = None,
        periods: object = None,
        rings: Sequence[bool] = (),
    ) -> None:
        if spin not in SPINS:
            raise ValueError(f'spin = {spin!r}: must be one of "z", "full", "none"')
        self.spin = spin
        self.hopping = Triplets.of(hopping, "hopping")
        inner = 2 if spin == "full" else 1
        if self.hopping.size == 0 or self.hopping.size % inner:
            raise ValueError(
                f'hopping: spin = "{spin}" needs {inner} rows a site, got {self.hopping.size} rows'
            )
        self.sites = self.hopping.size // inner
        self.position = _positions(position, self.sites)
        self.orbital = _names(orbital, self.sites)
        self.U = _attraction(U, self.sites)
        self.bonds = _bonds(bonds, self.sites)
        self.groups = _groups(groups or {}, self.sites)
        self.hopping_down = self._down(hopping_down)
        self.pairing = self._pairing(pairing)
        self.cells = np.zeros((self.sites, 0), int)
        if cells is not None:
            self.cells = np.asarray(cells, int).reshape(self.sites, -1)
        self.rings = tuple(rings) or (False,) * self.cells.shape[1]
        self.periods = np.zeros((0, self.position.shape[1]))
        if periods is not None:
            self.periods = np.asarray(periods, float).reshape(-1, self.position.shape[1])
        _refuse_not_hermitian(self.hopping, "hopping", inner)
        if self.hopping_down is not None:
            _refuse_not_hermitian(self.hopping_down, "hopping_down", 1)
        if spin == "none" and np.any(self.U):
            raise ValueError('U: spin = "none" has no attraction on a site; use bonds')

    def replaced(self, **changes: object) -> Model:
        """The same model with other arguments."""
        arguments: dict[str, object] = {
            "hopping": self.hopping,
            "position": self.position,
            "orbital": self.orbital,
            "spin": self.spin,
            "U": self.U,
            "bonds": self.bonds,
            "pairing": self.pairing,
            "groups": self.groups,
            "hopping_down": self.hopping_down,
            "cells": self.cells,
            "periods": self.periods,
            "rings": self.rings,
        }
        return Model(**{**arguments, **changes})  # type: ignore[arg-type]

    def displacement(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """r_i - r_j (k, d), the shortest where the model repeats."""
        difference = self.position[i] - self.position[j]
        if not len(self.periods):
            return difference
        turns = np.round(difference @ np.linalg.pinv(self.periods) - 1e-9)
        return difference - turns @ self.periods

    def _down(self, matrix: object) -> Triplets | None:
        if matrix is None:
            return None
        if self.spin != "z":
            raise ValueError('hopping_down: goes with spin = "z"')
        down = Triplets.of(matrix, "hopping_down")
        if down.size != self.hopping.size:
            raise ValueError(f"hopping_down: must have {self.hopping.size} rows, got {down.size}")
        return down

    def _pairing(self, matrix: object) -> Triplets | None:
        """D on the electron components, (2n, 2n) for spin "full"."""
        if matrix is None:
            return None
        pairing = Triplets.of(matrix, "pairing")
        if pairing.size not in (self.sites, self.hopping.size):
            raise ValueError(f"pairing: must have {self.hopping.size} rows, got {pairing.size}")
        if self.spin == "full" and pairing.size == self.sites:
            _refuse_parity(pairing, +1, "pairing (n, n): a singlet must be symmetric")
            return singlet(pairing)
        if self.spin != "z":
            _refuse_parity(pairing, -1, f'pairing: with spin = "{self.spin}" D = -D^T')
        return pairing


def singlet(pairing: Triplets) -> Triplets:
    """D of a singlet (n, n) on components with the spin inside, D (x) i sigma_y, (2n, 2n)."""
    i, j = pairing.rows, pairing.columns
    D = pairing.values
    rows = np.concatenate([2 * i, 2 * i + 1])
    columns = np.concatenate([2 * j + 1, 2 * j])
    return Triplets.summed(2 * pairing.size, rows, columns, np.concatenate([D, -D]))


def _positions(position: object, sites: int) -> np.ndarray:
    if position is None:
        return np.arange(sites, dtype=float)[:, None]
    array = np.asarray(position, float)
    if array.ndim == 1:
        array = array[:, None]
    if array.shape[:1] != (sites,) or array.ndim != 2 or not np.all(np.isfinite(array)):
        raise ValueError(f"position: must be finite numbers (n, d) of {sites} sites")
    return array


def _names(orbital: Sequence[str] | None, sites: int) -> tuple[str, ...]:
    names = ("s",) * sites if orbital is None else tuple(str(name) for name in orbital)
    if len(names) != sites:
        raise ValueError(f"orbital: must be {sites} names, got {len(names)}")
    return names


def _attraction(U: object, sites: int) -> np.ndarray:
    array = np.asarray(0.0 if U is None else U, float)
    if array.shape not in ((), (sites,)) or not np.all(np.isfinite(array)):
        raise ValueError(f"U: must be a number or {sites} numbers")
    return np.broadcast_to(array, (sites,)).copy()


def _bonds(bonds: Iterable[Sequence[float]], sites: int) -> list[tuple[int, int, float]]:
    checked: list[tuple[int, int, float]] = []
    known: set[tuple[int, int]] = set()
    for bond in bonds:
        i, j = int(bond[0]), int(bond[1])
        V = float(bond[2])
        pair = (min(i, j), max(i, j))
        if not (0 <= pair[0] < pair[1] < sites):
            raise ValueError(f"bonds: ({i}, {j}) does not join two of the sites 0 to {sites - 1}")
        if pair in known:
            raise ValueError(f"bonds: ({i}, {j}) is given twice")
        if not np.isfinite(V):
            raise ValueError(f"bonds: V = {V} of ({i}, {j}) must be finite")
        known.add(pair)
        checked.append((i, j, V))
    return checked


def _groups(groups: Mapping[str, Sequence[int]], sites: int) -> dict[str, np.ndarray]:
    checked = {}
    for name, members in groups.items():
        array = np.asarray(members)
        if array.dtype == bool and array.shape == (sites,):
            array = np.nonzero(array)[0]
        if array.size == 0 or array.dtype.kind not in "iu" or array.ndim != 1:
            raise ValueError(f'groups: "{name}" must be a list of site numbers')
        if array.min() < 0 or array.max() >= sites:
            raise ValueError(f'groups: "{name}" has sites beyond 0 to {sites - 1}')
        checked[str(name)] = np.unique(array)
    return checked


def _refuse_not_hermitian(matrix: Triplets, what: str, inner: int) -> None:
    difference = matrix.plus(matrix.adjoint.scaled(-1))
    if difference.largest() > HERMITIAN * max(1.0, matrix.largest()):
        worst = int(np.argmax(np.abs(difference.values)))
        i, j = difference.rows[worst] // inner, difference.columns[worst] // inner
        raise ValueError(
            f"{what}: is not Hermitian: between sites {i} and {j} it differs from its conjugate "
            f"by {difference.largest():.3g}"
        )


def _refuse_parity(pairing: Triplets, sign: int, words: str) -> None:
    difference = pairing.plus(pairing.transposed.scaled(-sign))
    if difference.largest() > HERMITIAN * max(1.0, pairing.largest()):
        raise ValueError(f"{words}; it differs from that by {difference.largest():.3g}")
