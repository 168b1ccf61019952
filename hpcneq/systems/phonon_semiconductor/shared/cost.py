"""What a run of the system takes, from a short probe of this machine."""

from __future__ import annotations

import math

import numpy as np

from ....parallel import solo
from ....solvers.mean_field import FieldState
from ....tasks import Cost, Given
from ....tasks.cost import BASE_BYTES, KERNEL_BYTES, seconds
from ..physics import collisions
from ..physics.stationary import Stationary
from .batches import TOGETHER, batches
from .driven_state import START, STEP, slowest_rate
from .model import semiconductor
from .momentum_fields import MomentumFields

CALL = 4e-5  # s that TS adds to a right-hand side
REPEATED = 50  # steps of a call of the compiled kernel, for timing
TS_STEP = 7.5  # what a step of an evolution takes, in right-hand sides
ERRORS = 2.6  # what an evolution with its errors takes, in evolutions without
INVERSES = 15  # of the Jacobian for one state
FINE = 8  # what an inverse on the errors' grid takes, in inverses
PROGRAM = BASE_BYTES + KERNEL_BYTES


def evolve(given: Given, ranks: int) -> Cost:
    """Of evolve and effective: steps, and the time of a right-hand side."""
    model = semiconductor(given.parameters, given.numerics, given.numerics.drive)
    state = FieldState(MomentumFields(model, 1e-3), solo())
    out = np.zeros_like(state.flat)
    each = seconds(lambda: state.rhs(0.0, 1, state.flat, out))
    steps = given.run.t_max / given.numerics.dt
    factor = TS_STEP * (ERRORS if given.numerics.error_estimate else 1.0)
    notes = (f"{given.numerics.points} momenta, {steps:.0f} steps",)
    return Cost(factor * each * steps, PROGRAM + 20 * state.nbytes, 1, notes)


def steady(given: Given, ranks: int) -> Cost:
    """Of a stationary state, or of a curve of them, one after the other."""
    points = _points(given)
    return Cost(_stationary_seconds(given) * points, PROGRAM + _matrices(given), 1, _notes(given))


def threshold(given: Given, ranks: int) -> Cost:
    """Of thresholds with both forms of recombination, points over ranks."""
    points = _points(given)
    core_seconds = 2 * _stationary_seconds(given) * points
    return Cost(core_seconds, PROGRAM + _matrices(given), points, _notes(given))


def parameter_map(given: Given, ranks: int) -> Cost:
    """Of a map: batches, steps, and the time of a right-hand side of one of them."""
    jobs = batches(given)
    p, _, V, Omega = jobs[0]
    model = semiconductor(
        p, given.numerics, given.numerics.drive, V=V[:, None], Omega=Omega[:, None]
    )
    start = collisions.start(len(model.bands.k), 1e-3)
    fields = [np.tile(values, (len(V), 1)) for values in start]
    steps = given.run.t_max / given.numerics.dt
    each = steps * _step_seconds(model, fields, given.numerics.dt)
    notes = (f"{len(jobs)} batches of up to {TOGETHER} runs, {steps:.0f} steps",)
    memory = PROGRAM + _matrices(given) + 20 * sum(values.nbytes for values in fields)
    return Cost(each * len(jobs), memory, len(jobs), notes)


def _points(given):
    """Points of a curve; one where nothing is swept."""
    return math.prod(len(values) for values in given.sweep.values())


def _notes(given):
    """The size of a curve in words."""
    return (f"{_points(given)} points of {given.numerics.points} momenta",)


def _stationary_seconds(given):
    """Seconds of one state, from some right-hand sides and one inverse.

    The errors' grid has twice the momenta, and inverses of eight times the work.
    """
    model = semiconductor(given.parameters, given.numerics)
    fields = collisions.start(len(model.bands.k), 1e-3)
    each = _step_seconds(model, [values[None] for values in fields], STEP)
    problem = Stationary(model, True)
    x = problem.pack(*fields)
    shift = np.eye(problem.size)
    inverse = seconds(lambda: np.linalg.inv(problem.jacobian(x) + shift), 1, 1)
    steps = START / slowest_rate(given.parameters) / STEP + 2000
    grids = 1 + FINE if given.numerics.error_estimate else 1
    return each * steps + INVERSES * inverse * grids


def _step_seconds(model, fields, dt):
    """Seconds of a step of fields (runs, n): by the compiled kernel in the rotating frame."""
    if model.frequency is not None:
        return 4 * (seconds(lambda: model.rhs(0.0, *fields)) + CALL)
    kinds = (float, float, complex, complex)
    now = [np.array(x, kind) for x, kind in zip(fields, kinds)]
    return seconds(lambda: model.repeat(*now, dt, REPEATED), 1) / REPEATED


def _matrices(given):
    """Bytes of the matrices over momenta on the finest grid: Jacobian, its inverse, and pairs."""
    finest = 2 * given.numerics.points if given.numerics.error_estimate else given.numerics.points
    return 8 * 4 * (3 * finest) ** 2 + 16 * 3 * finest**2
