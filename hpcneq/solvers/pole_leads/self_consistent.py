"""Stationary self-consistent states by PETSc SNES on the Lyapunov equation: c = close(rho(c)).

A condensate whose phase nothing pins is a circle of roots: its phase is held by one equation more,
and its frequency is one unknown more. c ~ e^{-2i mu_c t} is stationary in the frame in which every
level and potential is lowered by mu_c.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ...errors import InputError
from ...maths.arrays import ArrayLike, ComplexArray, FloatArray
from ...maths.pole_leads import Density
from .. import newton
from .stationary import stationary
from .system import OpenSystem


@dataclass(frozen=True, eq=False)
class Consistent:
    """A self-consistent stationary state: the mean field c, its frequency mu_c, R, what SNES said.

    residual : the largest |c - close(rho)|.
    """

    c: ComplexArray
    frequency: float
    density: Density
    residual: float
    converged: bool
    reason: str
    iterations: int


def solve(
    system: OpenSystem,
    c: ArrayLike,
    t: float = 0.0,
    charge: ArrayLike | None = None,
    frequency: float = 0.0,
    rotated: ArrayLike | None = None,
    options: newton.Options | None = None,
    prefix: str = "steady_",
) -> Consistent:
    """The state at the drive's values of time t, from the mean field ``c`` (unknowns,).

    charge : (size,) tau_3 of the components: hold the phase of c and find its frequency, from
    ``frequency``; None: the phase is free to settle, e.g. on a BCS lead's, and the frequency is 0.
    rotated : (unknowns,) how often each unknown turns with the phase, 1 for pair fields and 0 for
    densities; None: 1 for all. Raises `Undamped`; look at ``converged``.
    """
    start = np.array(c, complex)
    turn = np.ones(len(start)) if rotated is None else np.asarray(rotated, float)
    equations = _Equations(system, t, start, turn, charge)
    first = np.concatenate([start.real, start.imag])
    if charge is not None:
        if not np.abs(equations.direction).max(initial=0.0):
            raise InputError("a frequency needs a condensate: the mean field is zero at the start")
        first = np.append(first, frequency)
    root = newton.solve_equations(equations, first, options, prefix)
    field, mu, R = equations.density(root.x)
    how = (root.residual, root.converged, root.reason, root.iterations)
    return Consistent(field, mu, R, *how)


class _Equations:
    """c - close(rho(c)), and with ``charge`` the condition that holds the phase."""

    def __init__(self, system, t, start, turn, charge):
        self.system, self.t = system, t
        self.start, self.charge = start, charge
        self.direction = 1j * turn * start

    def density(self, x: FloatArray) -> tuple[ComplexArray, float, Density]:
        """(c, frequency, R) of the unknowns: Re c, Im c and, with ``charge``, the frequency."""
        system, count = self.system, len(self.start)
        field = x[:count] + 1j * x[count : 2 * count]
        H = sparse.csr_matrix(system.hamiltonian(self.t, +1, field))
        shifts = np.asarray(system.shifts(self.t), float)
        if self.charge is None:
            return field, 0.0, stationary(system.leads, H, shifts, system.phases(self.t))
        mu = float(x[2 * count])
        lowered = H - mu * sparse.diags(np.asarray(self.charge, float))
        return field, mu, stationary(system.leads, lowered, shifts - mu)

    def __call__(self, x: FloatArray) -> FloatArray:
        """The residual."""
        field, _, R = self.density(x)
        difference = field - self.system.close(R.core[self.system.entries])
        residual = np.concatenate([difference.real, difference.imag])
        if self.charge is None:
            return residual
        held = (self.direction.conj() * (field - self.start)).real.sum()
        return np.append(residual, held / np.linalg.norm(self.direction))
