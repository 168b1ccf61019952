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
    free = charge is not None
    q = np.zeros(system.leads.size) if charge is None else np.asarray(charge, float)
    turn = np.ones(len(start)) if rotated is None else np.asarray(rotated, float)
    direction = 1j * turn * start
    norm = float(np.sqrt((np.abs(direction) ** 2).sum()))
    if free and norm == 0:
        raise InputError("a frequency needs a condensate: the mean field to start from is zero")

    def density(x: FloatArray) -> tuple[ComplexArray, Density]:
        field, mu = _unpacked(x, len(start))
        H = sparse.csr_matrix(system.hamiltonian(t, +1, field)) - mu * sparse.diags(q)
        shifts = np.asarray(system.shifts(t), float) - mu
        return field, stationary(system.leads, H, shifts, system.phases(t) * float(not free))

    def equations(x: FloatArray) -> FloatArray:
        field, R = density(x)
        difference = field - system.close(R.core[system.entries])
        if not free:
            return np.concatenate([difference.real, difference.imag])
        held = float((direction.conj() * (field - start)).real.sum() / norm)
        return np.concatenate([difference.real, difference.imag, [held]])

    first = np.concatenate([start.real, start.imag])
    if free:
        first = np.append(first, frequency)
    root = newton.solve_equations(equations, first, options, prefix)
    field, R = density(root.x)
    return Consistent(
        field,
        float(_unpacked(root.x, len(start))[1]),
        R,
        root.residual,
        root.converged,
        root.reason,
        root.iterations,
    )


def _unpacked(x, count):
    """(c, frequency) of the unknowns (2 count,) or, with the frequency, (2 count + 1,)."""
    mu = x[2 * count] if len(x) > 2 * count else 0.0
    return x[:count] + 1j * x[count : 2 * count], mu
