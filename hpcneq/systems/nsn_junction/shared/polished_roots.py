"""Numbers with their errors: roots polished by SNES, sums confirmed by finer ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....maths.arrays import ArrayLike
from ....solvers import newton
from ....tasks import Given
from ..physics import gap_equations, uniform_states
from ..physics.uniform_states import Grid, Infinite

CAUTION = 2.0  # of what a finer grid changes, in errors: it has an error as well
FLOOR = 1e-11  # of what is computed from sums over frequencies, which are good to about that
ALONG_X = "along x only; not along the diagonal, nor at angles between"


def grid_of(given: Given) -> Grid:
    """The lattice of an input."""
    numerics = given.numerics
    if numerics.lattice == "finite":
        return uniform_states.finite(numerics.Lx, numerics.Ly)
    return uniform_states.infinite(numerics.error)


def polished(
    equations: Callable[[Grid], Callable], start: ArrayLike, grid: Grid
) -> tuple[newton.Solution, np.ndarray]:
    """(solution, errors (n,)) of ``equations(grid)(u) = 0`` from the seed ``start`` (n,), by SNES.

    The errors are twice what a finer grid changes; on a finite lattice only the solver errs.
    """
    solution = newton.solve_equations(equations(grid), start, prefix="steady_")
    finer, confirmed = gap_equations.finer(grid), solution.x
    if finer is not None:
        confirmed = newton.solve_equations(equations(finer), solution.x, prefix="steady_").x
    return solution, CAUTION * np.abs(confirmed - solution.x) + FLOOR * (1 + np.abs(solution.x))


def with_error(
    quantity: Callable[[Grid], np.ndarray | float], grid: Grid
) -> tuple[np.ndarray | float, np.ndarray]:
    """(value, error) of ``quantity(grid)``; the error is twice what a finer grid changes."""
    value = quantity(grid)
    if isinstance(grid, Infinite):
        return value, CAUTION * np.abs(value - quantity(grid.refined())) + FLOOR
    return value, np.full(np.shape(value), FLOOR)
