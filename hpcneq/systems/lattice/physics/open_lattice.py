"""The lattice as an evolution sees it: its mean field, its leads and what changes in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from scipy import sparse

from ....maths.pole_leads import LeadPoles
from . import observables
from .mean_field import MeanField
from .nambu import BondCurrents


class Drive(Protocol):
    """All that changes in time, see `shared.lead_input.Drives`."""

    def breakpoints(self, t_max: float) -> list[float]:
        """Times at which something jumps."""

    def shifts(self, t: float, side: int = +1) -> np.ndarray:
        """Potentials of the leads."""

    def phases(self, t: float) -> np.ndarray:
        """Their integrals."""

    def vector_potential(self, t: float, side: int = +1) -> np.ndarray:
        """A (d,)."""

    @property
    def U(self) -> Any:
        """Scale of the attraction on sites."""

    @property
    def eV(self) -> Any:
        """The bias."""


class OpenLattice:
    """`solvers.protocols.OpenSystem` of the lattice."""

    def __init__(
        self,
        field: MeanField,
        bonds: BondCurrents,
        leads: LeadPoles,
        drives: Drive,
        frame: float = 0.0,
    ) -> None:
        """frame : potential from which all others are measured."""
        self.field, self.bonds = field, bonds
        self.leads, self.drives = leads, drives
        self.frame = frame
        form = field.form
        every = np.arange(form.size)
        pair_rows, pair_columns = self._pair_places()
        self.entries = (field.rows, field.columns)
        self.observed = (
            np.concatenate([every, bonds.rows, pair_columns]),
            np.concatenate([every, bonds.columns, pair_rows]),
        )
        self.pair_places = (pair_rows, pair_columns)

    def _pair_places(self) -> tuple[np.ndarray, np.ndarray]:
        """Entries of H between electrons and holes."""
        half = self.field.form.electrons
        rows, columns = self.field.H_rows, self.field.H_columns
        pairing = (rows < half) != (columns < half)
        return rows[pairing], columns[pairing]

    def breakpoints(self, t_max: float) -> Sequence[float]:
        """Times at which a drive jumps."""
        return self.drives.breakpoints(t_max)

    def close(self, values: np.ndarray) -> np.ndarray:
        """The mean field: entries of rho, those of the diagonal real."""
        return np.where(self.field.diagonal, np.real(values), values).astype(complex)

    def values(self, t: float, side: int, c: np.ndarray) -> np.ndarray:
        """The entries of H."""
        A = self.drives.vector_potential(t, side)
        values = self.field.values(c, A, self.drives.U(t, side))
        return self.field.in_frame(values, self.frame)

    def hamiltonian(self, t: float, side: int, c: np.ndarray) -> sparse.csr_matrix:
        """H (M, M)."""
        return self.field.sparse(self.values(t, side, c))

    def shifts(self, t: float, side: int = +1) -> np.ndarray:
        """Potentials of the leads."""
        return self.drives.shifts(t, side) - self.frame

    def phases(self, t: float) -> np.ndarray:
        """Their integrals."""
        return self.drives.phases(t) - self.frame * t

    def observables(self, t: float, side: int, c: np.ndarray, seen: Any) -> Mapping[str, object]:
        """What a row of output holds."""
        field, bonds = self.field, self.bonds
        form = field.form
        H = self.values(t, side, c)
        size, links = form.size, len(bonds.rows)
        rho = np.asarray(seen.rho)
        diagonal, hops, pairs = np.split(rho, [size, size + links])
        flows = observables.bond_flows(field, bonds, H, hops)
        rate = 2 * np.imag(field.at(H, *self.pair_places) * pairs)
        rate = np.bincount(self.pair_places[0], rate, size)
        sources = np.bincount(form.site, form.particle * rate, form.sites)
        leads = np.real(seen.flows)
        by_site = np.array(
            [np.bincount(form.site, form.particle * row, form.sites) for row in leads]
        ).reshape(len(leads), form.sites)
        return {
            "eV": float(self.drives.eV(t, side)),
            "delta": observables.site_pairing(field, H),
            "delta_bond": observables.bond_pairing(field, H),
            "density": form.density(diagonal),
            "bond_current": flows,
            "current": by_site.sum(1),
            "spin_current": leads @ form.spin_z,
            "pair_source": float(sources.sum()),
            "change": observables.continuity(form, bonds, flows, by_site.sum(0), sources),
        }
