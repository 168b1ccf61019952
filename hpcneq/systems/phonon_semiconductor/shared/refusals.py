"""What an input must not ask for, although each of its keys is right: one function a task."""

from __future__ import annotations

import itertools

from ....errors import InputError
from ....solvers.output_times import refuse_uncountable
from ....tasks import Given
from ..inputs import SWEPT
from .model import at, steps

POINTS = (3, 4001)  # the limits of [numerics] points
STEP_KEYS = ("v", "A1", "A2")  # what the steps of an emission depend on


def evolve(given: Given) -> None:
    """InputError if the speed of sound does not fit the grid, or there are too many steps."""
    _speed(given.parameters, given.numerics)
    refuse_uncountable(given.run.t_max, given.numerics.dt, given.run.output_every)


def effective(given: Given) -> None:
    """InputError if the speed of sound does not fit the grid, or there are too many steps."""
    _speed(given.parameters, given.numerics)
    refuse_uncountable(given.run.t_max, given.numerics.dt, given.run.t_max)


def steady(given: Given) -> None:
    """InputError for two swept keys, or a point that does not fit its grid."""
    if len(given.sweep) > 1:
        raise InputError(f"[sweep]: a curve is over one parameter, got {', '.join(given.sweep)}")
    _points_of_curve(given)


def threshold(given: Given) -> None:
    """InputError for two swept keys, or a point that does not fit its grid."""
    if len(given.sweep) > 1:
        raise InputError(
            f"[sweep]: a threshold is a curve over one parameter, got {', '.join(given.sweep)}"
        )
    _points_of_curve(given)


def parameter_map(given: Given) -> None:
    """InputError for a map over nothing, with a point that does not fit the grid, or too long."""
    if not given.sweep:
        raise InputError(f"[sweep]: a map needs one or two of {', '.join(SWEPT)}")
    axes = {key: values for key, values in given.sweep.items() if key in STEP_KEYS}
    for values in itertools.product(*axes.values()):
        p = given.parameters
        for key, value in zip(axes, values):
            p, _ = at(p, given.numerics, key, value)
        _speed(p, given.numerics)
    longest = given.initial.alone + given.run.t_max
    refuse_uncountable(longest, given.numerics.dt, longest)


def _points_of_curve(given):
    """InputError for a point of a curve that does not fit its grid."""
    if not given.sweep:
        _speed(given.parameters, given.numerics)
    for key, values in given.sweep.items():
        for value in values:
            if key == "points":
                _odd(value)
            _speed(*at(given.parameters, given.numerics, key, value))


def _odd(points):
    """InputError for a number of momenta that [numerics] points could not have."""
    low, high = POINTS
    if not low <= points <= high or points % 2 != 1:
        raise InputError(
            f"[sweep] points: must be odd numbers from {low} to {high}, so that k = 0 is one of "
            f"the momenta, got {points:g}"
        )


def _speed(p, n):
    """InputError if an emission is less than half a step of the grid."""
    try:
        steps(p, n)
    except ValueError as error:
        raise InputError(f"[parameters] {error}") from None
