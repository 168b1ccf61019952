"""Self-consistent stationary states: seeds, iterations, Newton's method, what is told of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .... import interrupts
from ....errors import InputError, NotConverged
from ....maths.pole_leads import Density
from ....solvers.newton import Solution, solve_equations
from ....solvers.pole_leads.repeated import Stationaries
from ....solvers.pole_leads.stationary import UNDAMPED, Undamped, growth
from ..physics import observables
from ..physics.closed import equilibrium
from .lead_input import Drives
from .setup import LatticeLeads, Setup, undamped

RELAXATIONS = 60  # plain iterations before Newton's method
NEAR = 1e-3  # change of the mean field at which it takes over
MIXING = 0.8
DISTINCT = 1e-5  # mean fields that differ by less are one state
VANISHED = 1e-7  # pair amplitudes below it are those of the normal state
Equations = Callable[[np.ndarray], np.ndarray]


@dataclass
class Found:
    """A self-consistent state: mean field, frequency of the condensate, residual of H.

    rho : (M, M). flows : (leads, M), the diagonal of the current matrices; both not a number where
    the search led to a mean field whose levels no lead damps. lost : seeds that led to no state.
    """

    c: np.ndarray
    mu: float
    residual: float
    converged: bool
    rho: np.ndarray
    flows: np.ndarray
    lost: tuple[str, ...] = ()


class Stationary:
    """Stationary states of an input at fixed potentials.

    V : (leads,) potentials. A : vector potential. scale : of the attraction on sites. T : of a
    closed system.
    """

    relaxations = RELAXATIONS

    def __init__(
        self,
        setup: Setup,
        leads: LatticeLeads,
        V: np.ndarray,
        A: np.ndarray,
        scale: float,
        T: float | None = None,
    ) -> None:
        self.setup, self.leads = setup, leads
        self.V, self.A = V, A
        self.scale, self.T = scale, T
        self.field, self.form = setup.field, setup.form
        self.pairs = self.field.pairs
        self.ring = setup.ring
        if self.ring is not None:
            if leads.cell is None:
                raise ValueError("the leads of a cell are missing")
            self.cell_leads = leads.cell

    @property
    def frame(self) -> float | None:
        """The frequency that leads or a prescribed pairing give the condensate; None: unknown."""
        levels = [v for v, lead in zip(self.V, self.setup.reservoirs) if lead.superconducting]
        if levels:
            return float(levels[0])
        if self.setup.pinned or self.T is not None or not np.any(self.pairs):
            return 0.0
        return None

    @property
    def expected(self) -> float:
        """The frequency at which a condensate is sought: the mean potential of its leads."""
        reservoirs = self.setup.reservoirs
        widths = np.array([lead.widest() for lead in reservoirs])
        if not np.any(widths):
            return 0.0
        levels = self.V + [0.0 if lead.superconducting else lead.mu for lead in reservoirs]
        return float(widths @ levels / widths.sum())

    def values(self, c: np.ndarray, mu: float = 0.0) -> np.ndarray:
        """The entries of H in the frame of frequency mu."""
        return self.field.in_frame(self.field.values(c, self.A, self.scale), mu)

    def density(self, c: np.ndarray, mu: float) -> Density:
        """The stationary state for the mean field c.

        Raises InputError for states that are undamped without a mean field, else NotConverged.
        """
        H = self.field.dense(self.values(c, mu))
        if self.T is not None:
            return equilibrium(H, self.T)
        return self._stationary(H, mu)

    @cached_property
    def between(self) -> Stationaries:
        """States between these leads, or of one cell of a ring."""
        return Stationaries(self.leads if self.ring is None else self.cell_leads, self.V)

    def _stationary(self, H: np.ndarray, mu: float) -> Density:
        try:
            return self.between.of(H, mu)
        except Undamped as error:
            raise self._refusal(error) from None

    def _refusal(self, error: Undamped) -> InputError | NotConverged:
        """The model itself has levels that no lead damps, or a mean field has cut them off."""
        refusal = undamped(self.setup, error.growth, np.array(error.components))
        if self.T is None and self.growth(np.zeros(self.field.fields, complex), 0.0) >= -UNDAMPED:
            return refusal
        return NotConverged(f"a mean field leaves levels undamped: {refusal}")

    def densities(self, c: np.ndarray, mu: float) -> list[Density]:
        """The stationary states of every momentum of a ring."""
        blocks = self.ring.blocks(self.values(c, mu))
        if self.T is not None:
            return [equilibrium(H, self.T) for H in blocks]
        return [self._stationary(H, mu) for H in blocks]

    def image(self, c: np.ndarray, mu: float) -> np.ndarray:
        """The mean field of the stationary state for c."""
        rows, columns = self.field.rows, self.field.columns
        if self.ring is None:
            return self.density(c, mu).core[rows, columns]
        m = len(self.ring.component)
        cores = np.array([density.core[:m, :m] for density in self.densities(c, mu)])
        return self.ring.entries(cores, rows, columns)

    def rho_and_flows(self, c: np.ndarray, mu: float) -> tuple[np.ndarray, np.ndarray]:
        """rho (M, M) and the diagonal of the leads' current matrices (leads, M)."""
        M, count = self.form.size, self.leads.count
        phases = np.zeros(count)
        if self.ring is None:
            density = self.density(c, mu)
            flows = self.leads.density_site_flows(density, phases, np.ones(M))
            return density.core[:M, :M], flows
        m, blocks = len(self.ring.component), self.densities(c, mu)
        rho = self.ring.whole(np.array([density.core[:m, :m] for density in blocks]))
        flows = [self.cell_leads.density_site_flows(d, phases, np.ones(m)) for d in blocks]
        return rho, self.ring.spread(np.mean(flows, axis=0))

    def whole_density(self, c: np.ndarray, mu: float) -> Density:
        """R of all components, whether the model repeats or not."""
        H = self.field.dense(self.values(c, mu))
        return Stationaries(self.leads, self.V).of(H, mu)

    def growth(self, c: np.ndarray, mu: float) -> float:
        """The largest imaginary part of the levels with their leads."""
        V, values = self.V - mu, self.values(c, mu)
        phases = np.zeros(len(V))
        if self.ring is None:
            H = self.field.dense(values)
            return growth(np.asarray(self.leads.matrix(H, V, phases)))
        blocks = self.ring.blocks(values)
        return max(growth(np.asarray(self.cell_leads.matrix(H, V, phases))) for H in blocks)

    # -- the mean field as real unknowns -----------------------------------------------------------
    @cached_property
    def unknowns(self) -> np.ndarray:
        """Entries of the mean field that are unknown, (k,): of a ring, one of each kind."""
        if self.ring is None:
            return np.arange(self.field.fields)
        return self.ring.kinds.first

    def to_real(self, c: np.ndarray) -> np.ndarray:
        """Real parts of the unknown entries, then imaginary ones of those off the diagonal."""
        own = c[self.unknowns]
        return np.concatenate([own.real, own.imag[~self.field.diagonal[self.unknowns]]])

    def to_field(self, x: np.ndarray) -> np.ndarray:
        """The mean field (fields,) of a real vector; more numbers behind it are left out."""
        count, off = len(self.unknowns), ~self.field.diagonal[self.unknowns]
        own = x[:count].astype(complex)
        own[off] += 1j * x[count : count + int(off.sum())]
        return own if self.ring is None else self.ring.spread_field(own)

    # -- solving -----------------------------------------------------------------------------------
    def relax(self, c: np.ndarray, mu: float) -> np.ndarray:
        """Plain iterations, which leave unstable states. Raises StoppedEarly between them."""
        for _ in range(self.relaxations):
            interrupts.stop_if_asked()
            new = self.image(c, mu)
            if self.frame is None:
                new[self.pairs] = observables.turned(new[self.pairs], c[self.pairs])
            change = np.abs(new - c).max(initial=0.0)
            c = c + MIXING * (new - c)
            if change < NEAR:
                break
        return c

    def solve(self, c: np.ndarray, mu: float | None = None, relaxed: bool = True) -> Found:
        """The state next to c: iterations, then PETSc SNES. Does not raise if it fails.

        mu : of the condensate, where it is known.
        """
        if self.frame is not None:
            mu = self.frame
        elif mu is None:
            mu = self.expected
        try:
            return self._solve(c, mu, relaxed)
        except NotConverged:
            return self._lost(c, mu)

    def _solve(self, c: np.ndarray, mu: float, relaxed: bool) -> Found:
        if not self.field.fields:
            return Found(c, mu, 0.0, True, *self.rho_and_flows(c, mu))
        if self.ring is not None:
            c = self.ring.average(c)
        if relaxed:
            c = self.relax(c, mu)
        if np.abs(c[self.pairs]).max(initial=0.0) < VANISHED:
            return self.normal(c)
        free = self.frame is None
        start = self.to_real(c)
        if free:
            start = np.append(start, mu)
        root = self.root(where_damped(self.equations(c)), start)
        c = self.to_field(root.x)
        if free:
            mu = float(root.x[-1])
        return self._found(c, mu)

    def root(self, equations: Equations, start: np.ndarray) -> Solution:
        """The root of equations of real numbers next to ``start``."""
        return solve_equations(equations, start, prefix="steady_")

    def equations(self, start: np.ndarray) -> Equations:
        """F of the unknowns' real numbers, and of mu_c behind them where it is unknown.

        start : a mean field (fields,) whose phase is then held.
        """
        frame = self.frame
        reference = start[self.pairs] / max(np.linalg.norm(start[self.pairs]), 1e-300)

        def function(x: np.ndarray) -> np.ndarray:
            at = self.to_field(x)
            miss = self.to_real(at - self.image(at, float(x[-1]) if frame is None else frame))
            if frame is not None:
                return miss
            return np.append(miss, np.vdot(reference, at[self.pairs]).imag)

        return function

    def normal(self, c: np.ndarray) -> Found:
        """The state without pairs, its densities self-consistent. Does not raise if it fails."""
        try:
            return self._normal(c)
        except NotConverged:
            return self._lost(c, self.frame or 0.0)

    def _normal(self, c: np.ndarray) -> Found:
        rest, frame = ~self.pairs, self.frame or 0.0
        c = np.where(self.pairs, 0, c)
        if np.any(rest):

            def equations(x: np.ndarray) -> np.ndarray:
                at = np.where(self.pairs, 0, self.to_field(x))
                new = np.where(self.pairs, 0, self.image(at, frame))
                return self.to_real(at - new) + x - self.to_real(at)

            root = self.root(where_damped(equations), self.to_real(c))
            c = np.where(self.pairs, 0, self.to_field(root.x))
        return self._found(c, frame)

    def _lost(self, c: np.ndarray, mu: float) -> Found:
        """What is said of a search that led to no state."""
        M, count = self.form.size, self.leads.count
        rho, flows = np.full((M, M), np.nan + 0j), np.full((count, M), np.nan)
        return Found(c, mu, np.inf, False, rho, flows)

    def _found(self, c: np.ndarray, mu: float) -> Found:
        rho, flows = self.rho_and_flows(c, mu)
        new = rho[self.field.rows, self.field.columns]
        miss = self.values(new, mu) - self.values(c, mu)
        residual = float(np.abs(miss).max(initial=0.0))
        tolerance = self.setup.given.numerics.tolerance
        return Found(c, mu, residual, residual < tolerance, rho, flows)


def stationary_before(
    setup: Setup, leads: LatticeLeads, drives: Drives, T: float | None = None
) -> Stationary:
    """The equations at the values of drives before t = 0; T : of a closed system."""
    A = drives.vector_potential(-1.0)
    return Stationary(setup, leads, drives.shifts(-1.0), A, drives.U(-1.0), T)


def where_damped(equations: Equations) -> Equations:
    """The equations; not a number at mean fields that cut levels off, where SNES gives up."""

    def guarded(x: np.ndarray) -> np.ndarray:
        try:
            return equations(x)
        except NotConverged:
            return np.full(len(x), np.nan)

    return guarded
