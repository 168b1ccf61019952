"""The state before t = 0 of evolutions by columns, in equilibrium: no dense matrix."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from ....parallel import Communicator
from ....solvers.newton import Solution, solve_equations
from ....solvers.pole_leads.columns import Columns
from ....solvers.pole_leads.equilibrium import Blocks, Equilibrium
from ....solvers.pole_leads.slowest import slowest_level
from ....solvers.pole_leads.stationary import UNDAMPED
from ....solvers.pole_leads.system import Seen
from ....tasks.start_progress import StartProgress
from ..physics import observables
from ..physics.open_lattice import OpenLattice
from .chosen_state import largest_state
from .setup import LatticeLeads, Setup, undamped
from .states import Equations, Found, Stationary

ANDERSON = {
    "snes_type": "anderson",
    "snes_anderson_m": 10,
    "snes_linesearch_type": "basic",
    "snes_max_it": 60,
    "snes_rtol": 1e-14,
}


class ToldColumns:
    """Makes columns of a start and tells of them. count : those of this rank, or about."""

    def __init__(self, make: Columns, progress: StartProgress, count: int) -> None:
        self.make, self.progress, self.count = make, progress, count
        self.made = 0

    def __call__(self, columns: np.ndarray) -> np.ndarray:
        """Columns (size, k)."""
        self.made += len(columns)
        out = self.make(columns)
        self.progress.part(self.made / self.count, "columns")
        return out


class LargeStationary(Stationary):
    """The state before t = 0 of a large model in equilibrium: entries of rho by blocks of G.

    An image of the mean field takes seconds: Anderson's method needs a tenth of Newton's. comm :
    whose ranks share the poles; None: this one has all. progress : told of every image.
    """

    relaxations = 3

    def __init__(
        self,
        setup: Setup,
        leads: LatticeLeads,
        comm: Communicator | None = None,
        progress: StartProgress | None = None,
    ) -> None:
        drives = setup.drives
        A = drives.vector_potential(-1.0)
        super().__init__(setup, leads, drives.shifts(-1.0), A, drives.U(-1.0))
        self.equilibrium = Equilibrium(leads, self.V)
        self.comm, self.progress = comm, progress

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
        new = self.entries(c, self.field.rows, self.field.columns)
        if self.progress is not None:
            self.progress.image(self.miss(c, new))
        return new

    def miss(self, c: np.ndarray, new: np.ndarray) -> float:
        """By how much an image of c moves H."""
        return float(np.abs(self.values(new) - self.values(c)).max(initial=0.0))

    def root(self, equations: Equations, start: np.ndarray) -> Solution:
        """Anderson's method, then Newton's where it fails."""
        if self.ring is not None:
            return super().root(equations, start)
        whole = np.ones(self.field.fields, complex)
        steepest = max(1.0, self.miss(np.zeros_like(whole), whole))
        aim = 0.3 * self.setup.given.numerics.tolerance / steepest
        options = {**ANDERSON, "snes_atol": max(aim, 1e-13 * np.sqrt(len(start)))}
        root = solve_equations(equations, start, options, "steady_")
        if root.converged:
            return root
        best = root.x if np.all(np.isfinite(root.x)) else start
        return super().root(equations, best)

    def entries(self, c: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Entries of rho where H has some."""
        return self.equilibrium.entries(self.matrix(c), rows, columns, self.order, self.comm)

    def growth(self, c: np.ndarray, mu: float) -> float | None:
        """The largest imaginary part of the levels; None where it is not found soon.

        Raises InputError for levels that no lead damps.
        """
        if self.ring is not None:
            return super().growth(c, mu)
        slowest = slowest_level(self.matrix(c))
        if slowest is None:
            return None
        level, vector = slowest
        if level.imag >= -UNDAMPED:
            weight = np.abs(vector)
            components = np.flatnonzero(weight > 1e-3 * weight.max())
            raise undamped(self.setup, level.imag, components)
        return level.imag

    def _found(self, c: np.ndarray, mu: float) -> Found:
        residual = self.miss(c, self.image(c, mu))
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


def start_of(
    setup: Setup, leads: LatticeLeads, comm: Communicator, log: Callable[[str], None]
) -> dict[str, Any]:
    """Mean field of the state before t = 0, and what is told of it. **Collective.**

    Raises InputError.
    """
    progress = StartProgress(log, setup.given.numerics.tolerance)
    stationary = LargeStationary(setup, leads, comm, progress)
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
