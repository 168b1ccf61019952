"""Self-consistent stationary states: seeds, iterations, Newton's method, what is told of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....maths.pole_leads import Density, LeadPoles
from ....solvers.newton import solve_equations
from ....solvers.pole_leads.stationary import Undamped, stationary
from ..physics import observables
from ..physics.closed import equilibrium
from .setup import Setup, undamped

RELAXATIONS = 60  # plain iterations before Newton's method
NEAR = 1e-3  # change of the mean field at which it takes over
MIXING = 0.8
DISTINCT = 1e-5  # mean fields that differ by less are one state
VANISHED = 1e-7  # pair amplitudes below it are those of the normal state


@dataclass
class Found:
    """A self-consistent state: mean field, frequency of the condensate, residual of H."""

    c: np.ndarray
    mu: float
    residual: float
    converged: bool
    density: Density


class Stationary:
    """Stationary states of an input at fixed potentials.

    V : (leads,) potentials. A : vector potential. scale : of the attraction on sites. T : of a
    closed system.
    """

    def __init__(
        self,
        setup: Setup,
        leads: LeadPoles,
        V: np.ndarray,
        A: np.ndarray,
        scale: float,
        T: float | None = None,
    ) -> None:
        self.setup, self.leads, self.V, self.A = setup, leads, V, A
        self.scale, self.T = scale, T
        self.field, self.form = setup.field, setup.form
        self.pairs = self.field.pairs

    @property
    def frame(self) -> float | None:
        """The frequency that leads or a prescribed pairing give the condensate; None: unknown."""
        levels = [v for v, lead in zip(self.V, self.setup.reservoirs) if lead.superconducting]
        if levels:
            return float(levels[0])
        if self.setup.pinned or self.T is not None or not np.any(self.pairs):
            return 0.0
        return None

    def values(self, c: np.ndarray, mu: float = 0.0) -> np.ndarray:
        """The entries of H in the frame of frequency mu."""
        return self.field.in_frame(self.field.values(c, self.A, self.scale), mu)

    def density(self, c: np.ndarray, mu: float) -> Density:
        """The stationary state for the mean field c. Raises InputError for undamped states."""
        H = self.field.dense(self.values(c, mu))
        if self.T is not None:
            return equilibrium(H, self.T)
        try:
            return stationary(self.leads, H, self.V - mu)
        except Undamped as error:
            raise undamped(self.setup, error.growth, error.components) from None

    def image(self, c: np.ndarray, mu: float) -> np.ndarray:
        """The mean field of the stationary state for c."""
        return self.density(c, mu).core[self.field.rows, self.field.columns]

    # -- solving -----------------------------------------------------------------------------------
    def relax(self, c: np.ndarray, mu: float, limit: int = RELAXATIONS) -> np.ndarray:
        """Plain iterations, which leave unstable states."""
        for _ in range(limit):
            new = self.image(c, mu)
            if self.frame is None:
                new[self.pairs] = observables.turned(new[self.pairs], c[self.pairs])
            change = np.abs(new - c).max(initial=0.0)
            c = c + MIXING * (new - c)
            if change < NEAR:
                break
        return c

    def solve(self, c: np.ndarray, mu: float = 0.0, relaxed: bool = True) -> Found:
        """The state next to c: iterations, then PETSc SNES. Does not raise if it fails."""
        frame = self.frame
        mu = mu if frame is None else frame
        if not self.field.fields:
            return Found(c, mu, 0.0, True, self.density(c, mu))
        if relaxed:
            c = self.relax(c, mu)
        if np.abs(c[self.pairs]).max(initial=0.0) < VANISHED:
            return self.normal(c)
        free = frame is None
        reference = c[self.pairs] / np.linalg.norm(c[self.pairs])

        def equations(x: np.ndarray) -> np.ndarray:
            at = self.field.to_field(x[: self.field.unknowns])
            frequency = float(x[-1]) if free else mu
            miss = self.field.to_real(at - self.image(at, frequency))
            if not free:
                return miss
            return np.append(miss, np.vdot(reference, at[self.pairs]).imag)

        start = self.field.to_real(c)
        if free:
            start = np.append(start, mu)
        root = solve_equations(equations, start, prefix="steady_")
        c = self.field.to_field(root.x[: self.field.unknowns])
        if free:
            mu = float(root.x[-1])
        return self._found(c, mu)

    def normal(self, c: np.ndarray) -> Found:
        """The state without pairs, its densities self-consistent."""
        rest, frame = ~self.pairs, self.frame or 0.0
        c = np.where(self.pairs, 0, c)
        if np.any(rest):

            def equations(x: np.ndarray) -> np.ndarray:
                at = np.where(self.pairs, 0, self.field.to_field(x))
                new = np.where(self.pairs, 0, self.image(at, frame))
                return self.field.to_real(at - new) + x - self.field.to_real(at)

            root = solve_equations(equations, self.field.to_real(c), prefix="steady_")
            c = np.where(self.pairs, 0, self.field.to_field(root.x))
        return self._found(c, frame)

    def _found(self, c: np.ndarray, mu: float) -> Found:
        density = self.density(c, mu)
        new = density.core[self.field.rows, self.field.columns]
        miss = self.values(new, mu) - self.values(c, mu)
        residual = float(np.abs(miss).max(initial=0.0))
        tolerance = self.setup.given.numerics.tolerance
        return Found(c, mu, residual, residual < tolerance, density)
