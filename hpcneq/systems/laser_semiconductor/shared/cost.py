"""What a run of the system takes, from a short probe of this machine."""

from __future__ import annotations

import time

import numpy as np

from ....parallel import solo
from ....solvers.mean_field import FieldState
from ....tasks import Cost, Given
from ....tasks.cost import BASE_BYTES, seconds
from ..physics import dynamics, material
from .grid_errors import refined_points
from .model import interactions, material_at, momenta

START_SECONDS = 1.0  # of a static task, whatever its points
POINT = 3  # what a point takes, in growth rates by the eigenvalues
STEP = 5.5  # what a time step takes, in right-hand sides
ERRORS = 2.2  # what an evolution with its errors takes, in evolutions without


def static(given: Given, ranks: int) -> Cost:
    """Of steady, growth, keldysh and map: points, and the growth rate of one of them."""
    m, begun = material_at(given.parameters), time.perf_counter()
    if given.task != "keldysh":
        material.growth_eigenvalue(m, m.on(m.graded(given.numerics.points)))
    each = POINT * (time.perf_counter() - begun)
    points = int(np.prod([len(values) for values in given.sweep.values()], dtype=int))
    memory = BASE_BYTES + _largest_arrays(given)
    return Cost(START_SECONDS + each * points, memory, points, (f"{points} points",))


def evolve(given: Given, ranks: int) -> Cost:
    """Of an evolution: momenta, runs and steps, and the time of a right-hand side."""
    m = material_at(given.parameters)
    V, grid = interactions(given), momenta(given, m)
    start = dynamics.initial(m, grid, len(V), "driven", 1e-3)
    state = FieldState(dynamics.Pairing(m, grid, V, start), solo())
    out = np.zeros_like(state.flat)
    each = seconds(lambda: state.rhs(0.0, 1, state.flat, out), 100)
    steps = given.run.t_max / given.numerics.dt
    factor = STEP * (ERRORS if given.numerics.error_estimate else 1.0)
    notes = (
        f"{len(grid[0])} momenta, {len(V)} interactions, {steps:.0f} steps, "
        f"{state.nbytes / 2**20:.2f} MB of state",
        f"{each * 1e6:.0f} us a right-hand side",
    )
    return Cost(factor * each * steps, BASE_BYTES + 10 * state.nbytes, 1, notes)


def _largest_arrays(given):
    """Bytes of the largest arrays of a static task."""
    if given.task == "keldysh":  # 4 x 4 matrices at 18 intervals of frequencies for each momentum
        return 12 * 16 * 4 * 4 * 18 * given.numerics.frequencies * 2 * given.numerics.points
    return 3 * 16 * (2 * refined_points(given)) ** 2  # a matrix over all momenta of the finer grid
