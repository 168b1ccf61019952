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
    square, inside, smooth, jumping = _with_neighbours(values)
    beyond = np.where(np.isfinite(smooth), smooth, jumping)
    beyond = np.where(beyond == 0, -max(float(square.max(initial=0.0)), 1e-300), beyond)
    return np.where(inside, square, beyond)


def _with_neighbours(values: Array) -> tuple[Array, Array, Array, Array]:
    """(square, inside, smooth, jumping), (m, n) each, of values.

    smooth : below zero where a neighbour's square goes on to, -inf where none vanishes smoothly.
    jumping : the largest square beside, 0 where there is none.
    """
    square = np.nan_to_num(values) ** 2
    smooth = np.full(square.shape, -np.inf)
    jumping = np.zeros(square.shape)
    for axis in (0, 1):
        for step in (-1, 1):
            one, two = (_shifted(square, axis, k * step) for k in (1, 2))
            straight = np.where(two > one, 2 * one - two, 0.0)
            smooth = np.where((one > 0) & (straight < 0), np.maximum(smooth, straight), smooth)
            jumping = np.maximum(jumping, one)
    return square, square > 0, smooth, jumping


def _edge(values: Array) -> Array:
    """(m, n): 1 where values are, or vanish smoothly beyond; 0 elsewhere; rounded at corners.

    Its contour 1/2 is the edge at which values jump to zero, halfway between points along a
    straight edge, without steps along an oblique one.
    """
    _, inside, smooth, _ = _with_neighbours(values)
    sign = np.where(inside | np.isfinite(smooth), 1.0, 0.0)
    for axis in (0, 1):
        wide = np.pad(sign, [(1, 1) if k == axis else (0, 0) for k in (0, 1)], mode="edge")
        count = sign.shape[axis]
        low, middle, high = (np.take(wide, np.arange(count) + k, axis=axis) for k in (0, 1, 2))
        sign = 0.25 * low + 0.5 * middle + 0.25 * high
    return sign


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
    """Values that end as a square root or jump to zero, at the points `between`."""
    return np.sqrt(np.maximum(finer(squares(values)), 0.0)) * (finer(_edge(values)) > 0.5)
