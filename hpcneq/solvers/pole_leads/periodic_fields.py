"""Periodic states with a mean field of their own: c(t) of one period, by PETSc SNES.

The unknowns are c at the steps of a period; between them it is the trigonometric polynomial through
these. Each evaluation is one `periodic.periodic` state, for any damping; plain iterations are
accelerated by Anderson's method (SNES type anderson), and followed by Newton's where they fail.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import HpcneqError
from ...maths.arrays import ComplexArray
from .. import newton
from .periodic import Periodic, Unresolved, periodic
from .stationary import Undamped
from .system import OpenSystem

OPTIONS = {
    "snes_type": "anderson",
    "snes_anderson_m": 40,
    "snes_linesearch_type": "basic",
    "snes_max_it": 120,
    "snes_rtol": 1e-14,
}
NEWTON = {"snes_max_it": 12, "ksp_rtol": 1e-3, "ksp_max_it": 80}


@dataclass(frozen=True, eq=False)
class ConsistentPeriod:
    """A periodic state, its mean field c (steps, unknowns), the largest |c - that of the state|."""

    state: Periodic
    c: ComplexArray
    miss: float
    converged: bool
    reason: str


def refined(samples: ComplexArray, factor: int = 2) -> ComplexArray:
    """(factor steps, n): samples (steps, n) of a period, trigonometrically interpolated."""
    count, n = samples.shape
    waves = np.fft.fft(samples, axis=0)
    padded = np.zeros((factor * count, n), complex)
    half = count // 2
    padded[: count - half] = waves[: count - half]
    if half:
        padded[-half:] = waves[-half:]
    if count % 2 == 0:
        padded[half] = padded[-half] = 0.5 * waves[half]
    return np.asarray(factor * np.fft.ifft(padded, axis=0))


def consistent_period(
    system: OpenSystem,
    period: float,
    c: ComplexArray,
    tolerance: float,
    prefix: str = "steady_",
) -> ConsistentPeriod:
    """The periodic state from the mean field c (steps, unknowns) on.

    tolerance : of the norm of c's mismatch. Raises `Undamped`, `Unresolved`; see ``converged``.
    """
    steps, shape = len(c), c.shape

    def state_of(x: ComplexArray) -> Periodic:
        fine = refined(x)

        def field(t: float) -> ComplexArray:
            return np.asarray(fine[round(2 * steps * t / period) % (2 * steps)])

        return periodic(system, period, steps, 0.0, field)

    def complex_of(x: np.ndarray) -> ComplexArray:
        return np.asarray(x[: c.size] + 1j * x[c.size :]).reshape(shape)

    failed: list[HpcneqError] = []

    def equations(x: np.ndarray) -> np.ndarray:
        given = complex_of(x)
        difference = np.full(c.size, np.nan + 0j)  # an exception would be an error of PETSc
        if not failed:
            try:
                difference = (given - state_of(given).field).ravel()
            except (Undamped, Unresolved) as error:
                failed.append(error)
        return np.concatenate([difference.real, difference.imag])

    start = np.concatenate([c.real.ravel(), c.imag.ravel()])
    options = {**OPTIONS, "snes_atol": tolerance}
    root = newton.solve_equations(equations, start, options, prefix)
    if failed:
        raise failed[0]
    if not root.converged:  # slow modes: Newton's method needs no damping
        options = {**NEWTON, "snes_atol": tolerance}
        root = newton.solve_equations(equations, root.x, options, prefix)
    if failed:
        raise failed[0]
    field = complex_of(root.x)
    state = state_of(field)
    miss = float(np.abs(field - state.field).max(initial=0.0))
    return ConsistentPeriod(state, field, miss, root.converged, root.reason)
