"""Nambu form of a model: which component is which, the matrix H, what densities and currents are.

"2n": Psi = (c_up, c_dn^+), for spin conserved along z. "4n": Psi = (c, c^+), H = 1/2 Psi^+ H Psi,
spin inside; a spinless model has this form too, with one component a site. With
rho_ab = <Psi_b^+ Psi_a>, H = [[h, -D], [-D^+, -h'^*]].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .model import Model


@dataclass(frozen=True)
class Form:
    """Components of ``sites`` sites with this ``spin``."""

    spin: str
    sites: int

    @property
    def name(self) -> str:
        """ "2n" or "4n"."""
        return "2n" if self.spin == "z" else "4n"

    @property
    def inner(self) -> int:
        """Electron components of a site."""
        return 2 if self.spin == "full" else 1

    @property
    def electrons(self) -> int:
        """Electron components, half of all."""
        return self.inner * self.sites

    @property
    def size(self) -> int:
        """All components M."""
        return 2 * self.electrons

    @property
    def charge(self) -> np.ndarray:
        """tau_3 of each component, (M,)."""
        return np.repeat([1.0, -1.0], self.electrons)

    @property
    def site(self) -> np.ndarray:
        """The site of each component, (M,)."""
        return np.tile(np.repeat(np.arange(self.sites), self.inner), 2)

    @property
    def particle(self) -> np.ndarray:
        """Weights (M,) of the diagonal of a current matrix: particles, all spins."""
        return self.charge if self.spin == "z" else 0.5 * self.charge

    @property
    def spin_z(self) -> np.ndarray:
        """Weights (M,): spin along z, in units of hbar."""
        if self.spin == "z":
            return np.full(self.size, 0.5)
        if self.spin == "none":
            return np.zeros(self.size)
        return 0.25 * self.charge * np.tile([1.0, -1.0], 2 * self.sites)

    def of_spin(self, sites: np.ndarray, spin: str) -> tuple[np.ndarray, np.ndarray]:
        """(electron, hole) components of sites, of "both" spins, "up" or "down".

        In the form "2n" the electrons are up, the holes those of spin down.
        """
        empty = np.zeros(0, int)
        if self.spin == "z":
            up, down = sites, self.sites + sites
            return {"both": (up, down), "up": (up, empty), "down": (empty, down)}[spin]
        if self.spin == "none":
            return sites, self.sites + sites
        inner = {"both": [0, 1], "up": [0], "down": [1]}[spin]
        electrons = (2 * sites[:, None] + np.array(inner)).ravel()
        return electrons, electrons + self.electrons

    def density(self, diagonal: np.ndarray) -> np.ndarray:
        """(..., n) particles on each site, all spins, from the diagonal of rho (..., M)."""
        values = np.real(diagonal)
        if self.spin == "z":
            return values[..., : self.sites] + 1.0 - values[..., self.sites :]
        shape = (*values.shape[:-1], self.sites, self.inner)
        return values[..., : self.electrons].reshape(shape).sum(-1)

    def particle_hole(self, rho: np.ndarray) -> np.ndarray:
        """1 - C rho, which equals rho in the form "4n", (M, M)."""
        half = self.electrons
        swapped = np.roll(np.roll(rho, half, 0), half, 1)
        return np.eye(self.size) - swapped.conj()


@dataclass(frozen=True)
class Entries:
    """Entries of H: places, values, and displacement and charge for Peierls phases.

    charge : +1 of h, -1 of the hole block, 0 of the pairing.
    """

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    displacement: np.ndarray
    charge: np.ndarray


def bare_entries(model: Model) -> Entries:
    """All entries of H without mean field."""
    form = Form(model.spin, model.sites)
    down = model.hopping_down or model.hopping
    half = form.electrons
    parts = [(model.hopping, 0, 1.0, +1), (down.transposed, half, -1.0, -1)]
    rows = [t.rows + offset for t, offset, sign, charge in parts]
    columns = [t.columns + offset for t, offset, sign, charge in parts]
    values = [sign * t.values for t, offset, sign, charge in parts]
    moved = [
        model.displacement(t.rows // form.inner, t.columns // form.inner) for t, *rest in parts
    ]
    charges = [np.full(len(t.rows), charge) for t, offset, sign, charge in parts]
    if model.pairing is not None:
        D, conjugate = model.pairing, model.pairing.adjoint
        rows += [D.rows, conjugate.rows + half]
        columns += [D.columns + half, conjugate.columns]
        values += [-D.values, -conjugate.values]
        count = len(D.rows) + len(conjugate.rows)
        moved.append(np.zeros((count, model.position.shape[1])))
        charges.append(np.zeros(count, int))
    return Entries(*map(np.concatenate, (rows, columns, values, moved, charges)))


def bonds_of(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """(i, j), i < j, of all pairs of sites that a hop joins."""
    inner = 2 if model.spin == "full" else 1
    i, j = model.hopping.rows // inner, model.hopping.columns // inner
    if model.hopping_down is not None:
        i = np.concatenate([i, model.hopping_down.rows])
        j = np.concatenate([j, model.hopping_down.columns])
    place = np.unique((i * model.sites + j)[i < j])
    return place // model.sites, place % model.sites


@dataclass(frozen=True)
class BondCurrents:
    """Currents i -> j through bonds: sum of 2 Im(h_ji rho_ij) over spins, from entries of rho.

    rows, columns : entries of rho that are read. bond : to which bond each belongs. hop_rows,
    hop_columns : the entry of H that each goes with.
    """

    i: np.ndarray
    j: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    bond: np.ndarray
    hop_rows: np.ndarray
    hop_columns: np.ndarray

    def of(self, hops: np.ndarray, rho: np.ndarray) -> np.ndarray:
        """(bonds,) from H's entries ``hop_rows, hop_columns`` and rho's ``rows, columns``."""
        flow = 2 * np.imag(hops * rho)
        return np.bincount(self.bond, flow, len(self.i))


def bond_currents(model: Model) -> BondCurrents:
    """How the currents of a model's bonds are read off H and rho."""
    form = Form(model.spin, model.sites)
    i, j = bonds_of(model)
    pairs = [(a, b) for a in range(form.inner) for b in range(form.inner)]
    rows = [form.inner * i + a for a, b in pairs]
    columns = [form.inner * j + b for a, b in pairs]
    bond = [np.arange(len(i)) for pair in pairs]
    if form.spin == "z":  # H has -h_dn^T there: h_ji = -H_ij, <c_j^+ c_i> = -rho_ji
        rows.append(form.sites + j)
        columns.append(form.sites + i)
        bond.append(np.arange(len(i)))
    rows, columns = np.concatenate(rows), np.concatenate(columns)
    return BondCurrents(i, j, rows, columns, np.concatenate(bond), columns, rows)


def singlet_parts(form: Form, i: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two lists of entries of H whose mean, times -1, is the even pairing between i and j.

    Each (2, k): rows and columns.
    """
    half = form.electrons
    if form.spin == "z":
        return np.array([i, half + j]), np.array([j, half + i])
    if form.spin == "none":
        return np.array([i, half + j]), np.array([i, half + j])
    return np.array([2 * i, half + 2 * j + 1]), np.array([2 * j, half + 2 * i + 1])
