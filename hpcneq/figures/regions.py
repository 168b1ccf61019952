"""Regions of a diagram, filled between the boundaries that were solved on its lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = NDArray[np.float64]
PIXELS = (900, 700)  # along the lines, across them


@dataclass(frozen=True)
class Line:
    """One line of a diagram: its intervals from one solved boundary to the next.

    edges : (k + 1,), the ends of the line among them. codes : (k,), the region of each interval.
    """

    edges: Array
    codes: NDArray[np.int64]

    def intervals(self, code: int) -> list[tuple[float, float]]:
        """(begin, end) of the intervals of a region."""
        places = np.flatnonzero(self.codes == code)
        return [(float(self.edges[k]), float(self.edges[k + 1])) for k in places]


def line(values: Array, codes: NDArray[np.int64], solved: Array) -> Line:
    """The intervals of a line.

    values : (n,) increasing points. codes : (n,), the region at each. solved : boundaries, nan
    where there is none. Where two points differ, the boundary is the solved one between them; of
    several the outer one, and without any the middle.
    """
    edges = [float(values[0])]
    changes = np.flatnonzero(np.diff(codes))
    for k in changes:
        inside = np.sort(solved[(solved >= values[k]) & (solved <= values[k + 1])])
        if not len(inside):
            inside = np.array([0.5 * (values[k] + values[k + 1])])
        outer = -1 if codes[k + 1] == 0 else 0
        edges.append(float(inside[outer]))
    edges.append(float(values[-1]))
    return Line(np.maximum.accumulate(edges), codes[np.append(changes, len(codes) - 1)])


def picture(
    lines: Sequence[Line], places: Array, ends: Sequence[Sequence[float]], count: int
) -> NDArray[np.int64]:
    """The code of the region at each pixel, (across, along).

    lines : of the diagram, at ``places`` (m,), increasing. ends : points (along, place, ...) where
    boundaries were found to end. count : of regions. Boundaries go straight from line to line; an
    interval that a neighbouring line lacks closes at an end between both, else where its width,
    as that of a dome, would vanish.
    """
    if len(lines) == 1:
        lines, places = [*lines, *lines], np.append(places, places + 1)
    along = np.linspace(lines[0].edges[0], lines[0].edges[-1], PIXELS[0])
    across = np.linspace(places[0], places[-1], PIXELS[1])
    below = np.clip(np.searchsorted(places, across, side="right") - 1, 0, len(places) - 2)
    codes = np.empty(PIXELS[::-1], dtype=np.int64)
    for j in np.unique(below):
        rows = np.flatnonzero(below == j)
        share = (across[rows] - places[j]) / (places[j + 1] - places[j])
        low = _field(lines, places, ends, j, j + 1, along, count)
        high = _field(lines, places, ends, j + 1, j, along, count)
        field = low + share[:, None, None] * (high - low)
        codes[rows] = field.argmax(axis=1)
    return codes


def _field(
    lines: Sequence[Line], places: Array, ends: Any, j: int, other: int, along: Array, count: int
) -> Array:
    """(count, n): how far each point of line j is inside each region, < 0 outside.

    An interval of the line ``other`` that line j lacks stands in it below zero: by as much as it
    takes that it closes between both where it should.
    """
    scale = along[-1] - along[0]
    inside = np.full((count, len(along)), -2 * scale)
    virtual = np.full((count, len(along)), -np.inf)
    for code in range(count):
        own = lines[j].intervals(code)
        for begin, end in own:
            inside[code] = np.maximum(inside[code], _depth(begin, end, along, lines[j].edges))
        for begin, end in lines[other].intervals(code):
            if any(a < end and b > begin for a, b in own):
                continue
            mirrored = _mirrored(begin, end, lines[other].edges)
            share, centre = _closing(lines, places, ends, j, other, code, mirrored)
            begin, end = mirrored
            bottom = -0.5 * (end - begin) * (1 - share) / share
            virtual[code] = np.maximum(virtual[code], bottom - np.abs(along - centre))
    nearest = virtual.max(axis=0)
    inside = np.where(inside > 0, np.minimum(inside, -nearest), inside)
    return np.maximum(inside, virtual)


def _depth(begin: float, end: float, along: Array, edges: Array) -> Array:
    """The distance from the ends of an interval, < 0 outside; ends of the line do not count."""
    left = along - begin if begin > edges[0] else np.full_like(along, edges[-1] - edges[0])
    right = end - along if end < edges[-1] else np.full_like(along, edges[-1] - edges[0])
    return np.minimum(left, right)


def _mirrored(begin: float, end: float, edges: Array) -> tuple[float, float]:
    """An interval that begins or ends with its line goes on behind it as in a mirror."""
    if begin == edges[0] and end < edges[-1]:
        return 2 * begin - end, end
    if end == edges[-1] and begin > edges[0]:
        return begin, 2 * end - begin
    return begin, end


def _closing(
    lines: Sequence[Line], places: Array, ends: Any, j: int, other: int, code: int, interval: Any
) -> tuple[float, float]:
    """(share of the way from ``other`` to j, place along the line) at which an interval closes."""
    begin, end = interval
    width, step = end - begin, places[j] - places[other]
    for x, place, *_ in ends:
        share = (place - places[other]) / step
        if 0 < share < 1 and begin - width <= x <= end + width:
            return float(np.clip(share, 0.02, 0.98)), float(x)
    before = 2 * other - j
    if 0 <= before < len(lines):
        whole = [_mirrored(a, b, lines[before].edges) for a, b in lines[before].intervals(code)]
        wider = [b - a for a, b in whole if a < end and b > begin]
        if wider and wider[0] > width:
            share = (
                width**2 / (wider[0] ** 2 - width**2) * abs((places[other] - places[before]) / step)
            )
            return float(np.clip(share, 0.1, 0.95)), 0.5 * (begin + end)
    return 0.5, 0.5 * (begin + end)
