"""A model from a cell that is repeated: hops wrap where the lattice is periodic."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .model import Model, Triplets

Spin = np.ndarray  # (2, 2), of a hop


class HopTable(Protocol):
    """A hop, bond or pairing term of an input."""

    @property
    def from_(self) -> str:
        """Orbital it starts at."""

    @property
    def to(self) -> str:
        """Orbital it leads to."""

    @property
    def shift(self) -> Sequence[int]:
        """Cells between them."""


@dataclass(frozen=True)
class Crystal:
    """A cut-out crystal: sites are (cell, orbital), the orbital fastest, the last direction next.

    vectors : (d, D) lattice vectors. names, at : of the orbitals, at (m, D).
    """

    vectors: np.ndarray
    names: tuple[str, ...]
    at: np.ndarray
    size: tuple[int, ...]
    periodic: tuple[bool, ...]

    @property
    def cells(self) -> np.ndarray:
        """(cells, d) integer indices of the cells."""
        return np.array(list(itertools.product(*map(range, self.size))), int)

    @property
    def sites(self) -> int:
        """Number of sites."""
        return int(np.prod(self.size)) * len(self.names)

    @property
    def cell_of_site(self) -> np.ndarray:
        """(n, d) index of each site's cell."""
        return np.repeat(self.cells, len(self.names), axis=0)

    @property
    def periods(self) -> np.ndarray:
        """(p, D) vectors along which the lattice repeats."""
        return np.array(self.size)[list(self.periodic), None] * self.vectors[list(self.periodic)]

    @property
    def position(self) -> np.ndarray:
        """(n, D) positions of the sites."""
        return self.cell_of_site @ self.vectors + np.tile(self.at, (len(self.cells), 1))

    @property
    def orbital(self) -> tuple[str, ...]:
        """Orbital of each site."""
        return self.names * len(self.cells)

    def pairs(self, start: int, end: int, shift: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """(from, to) sites of a hop from orbital ``start`` to ``end``, ``shift`` cells away."""
        cells = self.cells
        target = cells + np.asarray(shift)
        inside = np.ones(len(cells), bool)
        for axis, (length, ring) in enumerate(zip(self.size, self.periodic)):
            if ring:
                target[:, axis] %= length
            else:
                inside &= (target[:, axis] >= 0) & (target[:, axis] < length)
        m = len(self.names)
        number = np.ravel_multi_index(tuple(target[inside].T), self.size) * m + end
        return np.nonzero(inside)[0] * m + start, number

    def orbital_number(self, name: str, where: str) -> int:
        """Which orbital has this name. Raises ValueError."""
        if name in self.names:
            return self.names.index(name)
        near = difflib.get_close_matches(name, self.names, 1)
        meant = f'did you mean "{near[0]}"? ' if near else ""
        known = ", ".join(self.names)
        raise ValueError(f'{where}: unknown orbital "{name}"; {meant}orbitals: {known}')

    def ends(self, term: HopTable, where: str) -> tuple[int, int, tuple[int, ...]]:
        """(from, to, shift) of a hop, bond or pairing term. Raises ValueError."""
        start = self.orbital_number(term.from_, f"{where} from")
        end = self.orbital_number(term.to, f"{where} to")
        shift = tuple(term.shift) or (0,) * len(self.size)
        if len(shift) != len(self.size):
            raise ValueError(f"{where} shift: must have {len(self.size)} numbers, got {len(shift)}")
        return start, end, shift


def crystal(
    vectors: Sequence[Sequence[float]],
    names: Sequence[str],
    at: Sequence[Sequence[float]],
    size: Sequence[int],
    periodic: Sequence[bool],
) -> Crystal:
    """A `Crystal`, checked. Raises ValueError."""
    d = len(vectors)
    if not d or len({len(v) for v in vectors}) > 1 or not names:
        raise ValueError(
            "cell: vectors must be a list of vectors of one length, orbitals not empty"
        )
    if np.linalg.matrix_rank(np.array(vectors, float)) < d:
        raise ValueError("cell vectors: must be linearly independent")
    if len(size) != d:
        raise ValueError(f"cell size: must have {d} numbers, got {len(size)}")
    if periodic and len(periodic) != d:
        raise ValueError(f"cell periodic: must have {d} items, got {len(periodic)}")
    if len(set(names)) < len(names):
        raise ValueError(f"cell orbitals: two have one name ({', '.join(names)})")
    if any(len(point) != len(vectors[0]) for point in at):
        raise ValueError(f"cell orbitals: at must have {len(vectors[0])} numbers, as the vectors")
    return Crystal(
        np.array(vectors, float),
        tuple(names),
        np.array(at, float),
        tuple(size),
        tuple(periodic) or (False,) * d,
    )


def spin_matrix(value: object, where: str) -> np.ndarray:
    """(2, 2) from a number, [re, im], or rows of these. Raises ValueError."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        if len(value) != 2 or any(not isinstance(row, list) or len(row) != 2 for row in value):
            raise ValueError(f"{where}: a spin matrix has two rows of two entries")
        return np.array([[amplitude(entry, where) for entry in row] for row in value])
    return amplitude(value, where) * np.eye(2)


def amplitude(value: object, where: str) -> complex:
    """A number or [re, im] as a complex number. Raises ValueError."""
    if isinstance(value, list):
        if len(value) != 2 or any(isinstance(part, list) for part in value):
            raise ValueError(f"{where}: must be a number or [re, im]")
        return complex(value[0], value[1])
    return complex(value)  # type: ignore[arg-type]


class Assembly:
    """The hopping of a model, term by term, with both spins."""

    def __init__(self, sites: int, spin: str) -> None:
        self.sites, self.spin = sites, spin
        self.terms: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(self, rows: np.ndarray, columns: np.ndarray, value: Spin, where: str) -> None:
        """h_{rows, columns} += value (2, 2). Raises ValueError if the spins do not fit."""
        mixes = value[0, 1] != 0 or value[1, 0] != 0
        if self.spin == "z" and mixes:
            raise ValueError(f'{where}: mixes the spins; that needs spin = "full"')
        if self.spin == "none" and (mixes or value[0, 0] != value[1, 1]):
            raise ValueError(f'{where}: spin = "none" takes a number, not a spin matrix')
        self.terms.append((rows, columns, value))

    def matrices(self) -> tuple[Triplets, Triplets | None]:
        """(hopping, hopping of spin down if it differs) as `Model` takes them."""
        up, down = self._spin_block(0, 0), self._spin_block(1, 1)
        if self.spin != "full":
            same = np.array_equal(up.values, down.values) and np.array_equal(up.rows, down.rows)
            same = same and np.array_equal(up.columns, down.columns)
            return (up, None) if same else (up, down)
        blocks = [(s, t, self._spin_block(s, t)) for s in (0, 1) for t in (0, 1)]
        return (
            Triplets.summed(
                2 * self.sites,
                np.concatenate([2 * block.rows + s for s, t, block in blocks]),
                np.concatenate([2 * block.columns + t for s, t, block in blocks]),
                np.concatenate([block.values for s, t, block in blocks]),
            ),
            None,
        )

    def _spin_block(self, s: int, t: int) -> Triplets:
        rows = [r for r, c, value in self.terms]
        columns = [c for r, c, value in self.terms]
        values = [np.full(len(r), value[s, t]) for r, c, value in self.terms]
        empty = np.zeros(0, int)
        return Triplets.summed(
            self.sites,
            np.concatenate([empty, *rows]),
            np.concatenate([empty, *columns]),
            np.concatenate([empty, *values]),
        )


def add_hops(assembly: Assembly, crystal: Crystal, hops: Sequence[object]) -> None:
    """Add all hops of an input and their conjugates. Raises ValueError."""
    given: dict[tuple, int] = {}
    for number, hop in enumerate(hops):
        where = f"hop {number}"
        start, end, shift = crystal.ends(hop, where)  # type: ignore[arg-type]
        key, back = (start, end, shift), (end, start, tuple(-x for x in shift))
        if key in given or back in given:
            first = given.get(key, given.get(back))
            raise ValueError(
                f"{where}: is hop {first} once more (its conjugate is added by itself)"
            )
        given[key] = number
        if start == end and not any(shift):
            raise ValueError(f"{where}: leads from an orbital to itself; use onsite")
        value = spin_matrix(hop.value, f"{where} value")  # type: ignore[attr-defined]
        rows, columns = crystal.pairs(start, end, shift)
        assembly.add(columns, rows, value, where)
        assembly.add(rows, columns, value.conj().T, where)


def bond_pairs(
    crystal: Crystal, bonds: Sequence[object], what: str = "bond"
) -> tuple[list[tuple[int, int, float]], list[int]]:
    """([(i, j, V)], number of the input's bond of each). Raises ValueError for duplicates."""
    pairs: dict[tuple[int, int], int] = {}  # -> place in the list
    listed: list[tuple[int, int, float]] = []
    numbers: list[int] = []
    for number, bond in enumerate(bonds):
        where = f"{what} {number}"
        start, end, shift = crystal.ends(bond, where)  # type: ignore[arg-type]
        for i, j in zip(*crystal.pairs(start, end, shift)):
            pair = (int(min(i, j)), int(max(i, j)))
            if i == j:
                raise ValueError(f"{where}: joins site {i} with itself; the lattice is too small")
            V = float(bond.V)  # type: ignore[attr-defined]
            if pair in pairs and numbers[pairs[pair]] != number:
                raise ValueError(
                    f"{where}: joins sites {i} and {j}, as {what} {numbers[pairs[pair]]} does "
                    "already"
                )
            if pair in pairs:  # wraps around a ring of two
                i, j, before = listed[pairs[pair]]
                listed[pairs[pair]] = (i, j, before + V)
                continue
            pairs[pair] = len(listed)
            listed.append((int(i), int(j), V))
            numbers.append(number)
    return listed, numbers


def model_of_crystal(
    crystal: Crystal, spin: str, hops: Sequence[object], U: object, bonds: Sequence[object]
) -> Model:
    """The `Model` of a cell; energies of sites are added by `onsite`. Raises ValueError."""
    assembly = Assembly(crystal.sites, spin)
    add_hops(assembly, crystal, hops)
    up, down = assembly.matrices()
    return Model(
        up,
        crystal.position,
        crystal.orbital,
        spin,
        U,
        bond_pairs(crystal, bonds)[0],
        hopping_down=down,
        cells=crystal.cell_of_site,
        periods=crystal.periods,
        rings=crystal.periodic,
    )


def site_energies(
    names: Sequence[str], terms: Sequence[object], sites: int, spin: str
) -> tuple[Triplets, Triplets | None]:
    """The matrices of [model] onsite. Raises ValueError for unknown orbitals and sites."""
    assembly = Assembly(sites, spin)
    for number, term in enumerate(terms):
        where = f"onsite {number}"
        value = spin_matrix(term.value, f"{where} value")  # type: ignore[attr-defined]
        if not np.allclose(value, value.conj().T, atol=1e-14):
            raise ValueError(f"{where} value: is not Hermitian")
        on = sites_named(term.on, names, where)  # type: ignore[attr-defined]
        assembly.add(on, on, value, where)
    return assembly.matrices()


def sites_named(on: object, names: Sequence[str], where: str) -> np.ndarray:
    """Sites by orbital, number or list of numbers. Raises ValueError."""
    if isinstance(on, str):
        chosen = np.nonzero([name == on for name in names])[0]
        if not len(chosen):
            known = sorted(set(names))
            near = difflib.get_close_matches(on, known, 1)
            meant = f'did you mean "{near[0]}"? ' if near else ""
            raise ValueError(
                f'{where} on: unknown orbital "{on}"; {meant}orbitals: {", ".join(known)}'
            )
        return chosen
    listed = np.atleast_1d(np.asarray(on, int))
    if listed.size == 0 or listed.min() < 0 or listed.max() >= len(names):
        raise ValueError(f"{where} on: sites must be 0 to {len(names) - 1}")
    return listed


def attraction(U: object, names: Sequence[str]) -> np.ndarray:
    """U of every site from a number, a list, or {orbital: number}. Raises ValueError."""
    if isinstance(U, Mapping):
        for name in U:
            sites_named(name, names, "U")
        return np.array([float(U.get(name, 0.0)) for name in names])
    array = np.asarray(U, float)
    if array.shape not in ((), (len(names),)):
        raise ValueError(f"U: must be a number or one for each of {len(names)} sites")
    return np.broadcast_to(array, (len(names),)).copy()
