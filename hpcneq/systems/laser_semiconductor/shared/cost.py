"""What a run of the system takes, from a short probe of this machine."""

from __future__ import annotations

import time

import numpy as np

from ....parallel import solo
from ....solvers.mean_field import FieldState
from ....tasks import Cost, Given
from ....tasks.cost import BASE_BYTES, KERNEL_BYTES, seconds
from ..physics import dynamics, material
from .grid_errors import refined_points
from .model import interactions, material_at, momenta

START_SECONDS = 1.0  # of a run, whatever it computes
POINT = 3  # what a point takes, in growth rates by the eigenvalues
STEP = 5.5  # what a time step takes, in right-hand sides
ERRORS = 2.2  # what an evolution with its errors takes, in evolutions without
REPEATED = 100  # steps of a call of the compiled kernel, for timing
ROW = 2e-4  # s of a row of output


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
    """Of an evolution: momenta, runs and steps, and the time of a step."""
    m, n = material_at(given.parameters), given.numerics
    V, grid = interactions(given), momenta(given, m)
    start = dynamics.initial(m, grid, len(V), "driven", 1e-3)
    system = dynamics.Pairing(m, grid, V, start, full_drive=n.drive == "full")
    state = FieldState(system, solo())
    memory = BASE_BYTES + 10 * state.nbytes
    if system.autonomous:
        fields = system.start(range(system.items))
        each = seconds(lambda: system.repeat(fields, n.dt, REPEATED), 1) / REPEATED
        memory += KERNEL_BYTES
    else:
        out = np.zeros_like(state.flat)
        each = STEP * seconds(lambda: state.rhs(0.0, 1, state.flat, out))
    steps = given.run.t_max / n.dt
    rows = given.run.t_max / (given.run.output_every or n.dt)
    taken = each * steps + ROW * rows
    if n.error_estimate:
        taken *= ERRORS
    notes = (
        f"{len(grid[0])} momenta, {len(V)} interactions, {steps:.0f} steps, "
        f"{state.nbytes / 2**20:.2f} MB of state",
        f"{each * 1e6:.0f} us a step",
    )
    return Cost(START_SECONDS + taken, memory, 1, notes)


def _largest_arrays(given):
    """Bytes of the largest arrays of a static task."""
    if given.task == "keldysh":  # 4 x 4 matrices at 18 intervals of frequencies for each momentum
        return 12 * 16 * 4 * 4 * 18 * given.numerics.frequencies * 2 * given.numerics.points
    return 3 * 16 * (2 * refined_points(given)) ** 2  # a matrix over all momenta of the finer grid
