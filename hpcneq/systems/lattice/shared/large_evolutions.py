"""Evolutions of large models between wide leads: columns of R within a range, no dense matrix."""

from __future__ import annotations

from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import ArpackNoConvergence, eigs
from scipy.spatial import cKDTree

from ....errors import InputError
from ....maths.pole_leads import LeadPoles
from ....parallel import Communicator
from ....solvers.pole_leads.columns import ColumnState
from ....solvers.pole_leads.equilibrium import Blocks, Equilibrium
from ....solvers.pole_leads.stationary import UNDAMPED
from ....solvers.pole_leads.system import Seen
from ....tasks import Given
from ..physics import observables
from ..physics.model import Model
from ..physics.open_lattice import OpenLattice
from .chosen_state import largest_state
from .seeds import noise
from .setup import LatticeLeads, Setup, undamped
from .states import Found, Stationary

COLUMNS_FROM = 2e7  # entries of R above which columns are taken where they can be
SHORTER = 0.75  # of the range, in the run that tells the error of leaving out rows
SLOWEST = {"k": 1, "which": "LI", "ncv": 40, "maxiter": 100, "tol": 1e-6}


class LargeStationary(Stationary):
    """The state before t = 0 of a large model in equilibrium: entries of rho by blocks of G."""

    def __init__(self, setup: Setup, leads: LatticeLeads) -> None:
        drives = setup.drives
        A = drives.vector_potential(-1.0)
        super().__init__(setup, leads, drives.shifts(-1.0), A, drives.U(-1.0))
        self.equilibrium = Equilibrium(leads, self.V)

    @property
    def frame(self) -> float | None:
        """In equilibrium a condensate rests."""
        return 0.0

    @cached_property
    def order(self) -> Blocks:
        """In which H is block tridiagonal."""
        field, size = self.field, self.form.size
        rows = np.concatenate([field.H_rows, field.rows])
        columns = np.concatenate([field.H_columns, field.columns])
        return Blocks(sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (size, size)))

    def matrix(self, c: np.ndarray) -> sparse.csr_matrix:
        """H less half the widths, (M, M)."""
        H = self.field.sparse(self.values(c))
        return sparse.csr_matrix(self.leads.matrix(H, self.V, np.zeros(self.leads.count)))

    def image(self, c: np.ndarray, mu: float) -> np.ndarray:
        """The mean field of the state for c."""
        if self.ring is not None:
            return super().image(c, mu)
        return self.entries(c, self.field.rows, self.field.columns)

    def entries(self, c: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Entries of rho where H has some."""
        return self.equilibrium.entries(self.matrix(c), rows, columns, self.order)

    def growth(self, c: np.ndarray, mu: float) -> float | None:
        """The largest imaginary part of the levels; None where it is not found soon.

        Raises InputError for levels that no lead damps.
        """
        if self.ring is not None:
            return super().growth(c, mu)
        try:
            values, vectors = eigs(self.matrix(c), **SLOWEST)
        except ArpackNoConvergence:
            return None
        growth = float(values[0].imag)
        if growth >= -UNDAMPED:
            weight = np.abs(vectors[:, 0])
            raise undamped(self.setup, growth, np.flatnonzero(weight > 1e-3 * weight.max()))
        return growth

    def _found(self, c: np.ndarray, mu: float) -> Found:
        miss = self.values(self.image(c, mu)) - self.values(c)
        residual = float(np.abs(miss).max(initial=0.0))
        tolerance = self.setup.given.numerics.tolerance
        return Found(c, mu, residual, residual < tolerance, *self._nothing())

    def rho_and_flows(self, c: np.ndarray, mu: float) -> tuple[np.ndarray, np.ndarray]:
        """None are made."""
        return self._nothing()

    def _lost(self, c: np.ndarray, mu: float) -> Found:
        return Found(c, mu, np.inf, False, *self._nothing())

    @staticmethod
    def _nothing() -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((0, 0), complex), np.zeros((0, 0))


def start_of(setup: Setup, leads: LatticeLeads) -> dict[str, Any]:
    """Mean field of the state before t = 0, and what is told of it. Raises InputError."""
    stationary = LargeStationary(setup, leads)
    state = largest_state(stationary)
    growth = stationary.growth(state.c, 0.0)
    system = OpenLattice(setup.field, setup.bonds, leads, setup.drives)
    rho = stationary.entries(state.c, *system.observed)
    # in equilibrium no lead gives anything
    seen = Seen(rho, np.zeros((leads.count, leads.size)))
    told = system.observables(-1.0, -1, state.c, seen)
    size = observables.largest_pairing(setup.field, stationary.values(state.c))
    return {
        "c": state.c,
        "mu_c": 0.0,
        "delta_max": size,
        "residual": state.residual,
        "continuity": float(np.abs(told["change"]).max()),
        "pair_source": float(abs(told["pair_source"])),
        "redundancy": redundancy(setup, rho[: setup.form.size]),
        "growth_A": growth,
        "lost": list(state.lost),
    }


def redundancy(setup: Setup, diagonal: np.ndarray) -> float:
    """What should vanish of the diagonal of rho by the symmetry of the form."""
    if setup.form.name == "4n":
        swapped = np.roll(diagonal, setup.form.electrons)
        return float(np.abs(diagonal + swapped - 1).max())
    return float(np.abs(diagonal.imag).max())


def state_of(
    setup: Setup,
    leads: LatticeLeads,
    comm: Communicator,
    start: dict[str, Any] | None,
    reach: float | None,
) -> ColumnState:
    """The columns of an evolution, at its start or empty. reach : range, None for all rows."""
    system = OpenLattice(setup.field, setup.bonds, leads, setup.drives)
    near = None
    if reach is not None:
        near = near_sites(setup.model, reach)
    columns = None
    if start is not None:
        stationary, c = LargeStationary(setup, leads), start["c"]
        if setup.given.initial.noise:
            c = c + noise(setup.given, setup.field)
        columns = stationary.equilibrium.maker(stationary.matrix(c))
    single = setup.given.numerics.precision == "mixed"
    return ColumnState(system, comm, setup.form.site, near, single, columns)


def near_sites(model: Model, reach: float) -> list[np.ndarray]:
    """The sites no further from each site than ``reach``, round rings the shorter way."""
    rings = len(model.periods)
    turns = np.array(list(product((-1.0, 0.0, 1.0), repeat=rings))).reshape(3**rings, rings)
    moved = turns @ model.periods
    images = (model.position[None] + moved[:, None]).reshape(-1, model.position.shape[1])
    around = cKDTree(images).query_ball_point(model.position, reach * (1 + 1e-9))
    return [np.unique(np.asarray(found, int) % model.sites) for found in around]


def kept_entries(setup: Setup, leads: LeadPoles, reach: float | None) -> int:
    """Entries of R that are kept."""
    if reach is None:
        return leads.size * leads.total
    lengths = np.array([len(near) for near in near_sites(setup.model, reach)])
    lengths = lengths * (setup.form.size // setup.model.sites)
    components = np.concatenate([np.arange(leads.size), leads.tail_couplings()])
    return int(lengths[setup.form.site[components]].sum())


def taken(setup: Setup, leads: LatticeLeads) -> bool:
    """Whether an evolution is one of columns: asked for, or large and possible."""
    numerics = setup.given.numerics
    if asked(setup.given):
        return True
    if numerics.method != "auto" or leads.core * leads.total <= COLUMNS_FROM:
        return False
    if leads.core != leads.size or setup.given.initial.T is not None:
        return False
    try:
        Equilibrium(leads, setup.drives.shifts(-1.0))
    except InputError:
        return False
    return True


def asked(given: Given) -> bool:
    """Whether an input asks for columns."""
    numerics = given.numerics
    single = numerics.precision == "mixed"
    return numerics.method == "columns" or numerics.range is not None or single
