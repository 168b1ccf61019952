"""Multipliers of a periodic state: how deviations of R, the mean field's response included, end a
period, by Krylov's method on differences of evolutions over it.

A deviation is (core, tail, conjugate tail), complex; the evolution is linear over the reals for
Hermitian ones, of which it is the sum X_1 + i X_2.
"""

from __future__ import annotations

import numpy as np

from ... import interrupts
from ...maths.arrays import ComplexArray, FloatArray
from ...maths.pole_leads import Density, LeadPoles
from ...parallel import solo
from ..eigenvalues import largest
from .periodic import Periodic, steps_from
from .state import PoleState
from .system import OpenSystem

SMALL = 1e-7  # of a deviation, relative to R: quadratic terms and rounding are below 1e-7
TOLERANCE = 1e-5
BASIS = 20
DENSE = 40  # deviations up to this size are all followed


def multipliers(
    system: OpenSystem, density: Density, period: float, steps: int, count: int
) -> ComplexArray:
    """The largest multipliers (k,), modulus descending, of the periodic state ``density`` at 0."""
    n, N = density.tail.shape
    size = n * n + 2 * n * N
    base = _evolved(system, density, period, steps)
    scale = SMALL * max(1.0, float(np.abs(density.core).max()))

    def hermitian(core: ComplexArray, tail: ComplexArray) -> ComplexArray:
        norm = float(max(np.abs(core).max(), np.abs(tail).max(initial=0.0)))
        if norm == 0:
            return np.zeros(size, complex)
        share = scale / norm
        moved = Density(density.core + share * core, density.tail + share * tail)
        end = _evolved(system, moved, period, steps)
        change = (end.core - base.core) / share
        side = (end.tail - base.tail) / share
        return np.concatenate([change.ravel(), side.ravel(), side.conj().T.ravel()])

    def apply(X: ComplexArray) -> ComplexArray:
        interrupts.stop_if_asked()
        core = X[: n * n].reshape(n, n)
        tail = X[n * n : n * n + n * N].reshape(n, N)
        back = X[n * n + n * N :].reshape(N, n).conj().T
        own = hermitian(0.5 * (core + core.conj().T), 0.5 * (tail + back))
        other = hermitian(-0.5j * (core - core.conj().T), -0.5j * (tail - back))
        return own + 1j * other

    if size <= DENSE:
        values = np.linalg.eigvals(np.array([apply(row) for row in np.eye(size) + 0j]).T)
    else:
        values, _ = largest(apply, size, count, TOLERANCE, BASIS)
    return by_modulus(values, count)


def free_multipliers(
    leads: LeadPoles, shifts: FloatArray, state: Periodic, count: int
) -> ComplexArray:
    """Those without a mean field: products of what U has, shifts (leads,) the mean potentials."""
    own = state.multipliers
    modes = np.exp(-1j * leads.tail_levels(shifts) * state.period)
    mixed = np.outer(own, modes.conj()).ravel()
    return by_modulus(np.concatenate([np.outer(own, own.conj()).ravel(), mixed]), count)


def by_modulus(values: ComplexArray, count: int) -> ComplexArray:
    """The largest, modulus descending."""
    return np.asarray(values[np.argsort(-np.abs(values), kind="stable")][:count])


def _evolved(system: OpenSystem, density: Density, period: float, steps: int) -> Density:
    """R after a period."""
    state = PoleState(system, solo(), density)
    steps_from(state, 0.0, period / steps, steps)
    return state.gathered()
