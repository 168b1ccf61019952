"""Values over two keys with more points between them, up to an edge that lies between points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FINER = 8  # points for each of the grid, each way


def between(values: Array, decades: bool = False) -> Array:
    """Coordinates (n,) with `FINER` - 1 more between each two; decades : evenly in ratios."""
    places = np.linspace(0, len(values) - 1, FINER * (len(values) - 1) + 1)
    scale = np.log(values) if decades else values
    fine = np.interp(places, np.arange(len(values)), scale)
    return np.asarray(np.exp(fine) if decades else fine, float)


def squares(values: Array) -> Array:
    """The squares (m, n) of values, below zero where these are zero or nan.

    A number that vanishes as a square root has a straight square, which goes on by as much beyond
    its edge; where it jumps to zero the edge is halfway between points.
    """
    square = np.nan_to_num(values) ** 2
    inside = square > 0
    beyond = np.full(square.shape, -max(float(square.max(initial=0.0)), 1e-300))
    for axis in (0, 1):
        for step in (-1, 1):
            one, two = (_shifted(square, axis, k * step) for k in (1, 2))
            straight = np.where(two > one, 2 * one - two, -one)
            guess = np.where(straight < 0, straight, -one)
            beyond = np.where(one > 0, np.maximum(beyond, guess), beyond)
    return np.where(inside, square, beyond)


def _shifted(table: Array, axis: int, steps: int) -> Array:
    """The neighbours' values; 0 beyond the sides."""
    width = [(abs(steps), abs(steps)) if k == axis else (0, 0) for k in (0, 1)]
    count = table.shape[axis]
    kept = np.arange(count) + abs(steps) - steps
    return np.take(np.pad(table, width), kept, axis=axis)


def finer(table: Array) -> Array:
    """A table (m, n) with straight lines between its points, as `between` its coordinates."""
    for axis in (0, 1):
        count = table.shape[axis]
        places = np.linspace(0, count - 1, FINER * (count - 1) + 1)
        low = np.minimum(places.astype(int), max(count - 2, 0))
        share = places - low
        share = share[:, None] if axis == 0 else share[None, :]
        first = np.take(table, low, axis=axis)
        second = np.take(table, np.minimum(low + 1, count - 1), axis=axis)
        table = first + share * (second - first)
    return table


def sheet(values: Array) -> Array:
    """Values that end as a square root, at the points `between`; 0 beyond their edge."""
    return np.sqrt(np.maximum(finer(squares(values)), 0.0))
