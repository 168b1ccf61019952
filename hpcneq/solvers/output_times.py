"""The rows of an evolution, and their times on the lattice of its time steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..maths.arrays import ComplexArray, FloatArray

MOST_STEPS, MOST_ROWS = 1e9, 1e6
SAME = 1e-9  # of a step: times no further apart are one
FEW_JUMPS = 6  # between two output times: if the drive has more of them, they get no rows


@dataclass(frozen=True)
class Row:
    """The state at an output time, and with bath modes its Green functions and modes.

    side : -1 at the end of a segment (values of the drive before its jump), else +1.
    green : block -> (N, N), or those of the sites. modes : (block, chunk) -> [(groups, columns,
    array)], or those of the sites. None without bath modes, and where the state's integrator tells
    what is observed of them.
    """

    t: float
    side: int
    array: ComplexArray
    c: ComplexArray
    green: Any
    modes: Any


def distinct(t_max: float, breakpoints: Sequence[float], step: float) -> list[float]:
    """The breakpoints inside (0, t_max), but for those nearer than 1e-9 steps to another or an end.

    Of several that are one the first is kept.
    """
    times = [0.0]
    for t in sorted(breakpoints):
        if t - times[-1] > SAME * step and t_max - t > SAME * step:
            times.append(float(t))
    return times[1:]


def segments(
    t_max: float, breakpoints: Sequence[float], step: float = 0.0
) -> list[tuple[float, float]]:
    """[(start, end)] between the times at which the drive jumps, see `distinct`."""
    edges = [0.0, *distinct(t_max, breakpoints, step), t_max]
    return list(zip(edges[:-1], edges[1:]))


def aligned(t_max: float, breakpoints: Sequence[float], step: float) -> list[float]:
    """Breakpoints of a run whose rows shall also be rows of the run with half its step.

    Where rows lie an odd number of half steps behind a breakpoint, the time half a step behind it
    is added.
    """
    times = distinct(t_max, breakpoints, step)
    behind = [t + 0.5 * step for t in times if _nearest(-2 * t / step) % 2]
    return distinct(t_max, [*times, *behind], step)


def refuse_uncountable(t_max: float, step: float, every: float | None) -> None:
    """InputError for more steps, or rows of output, than an evolution can have, or none.

    every : time between rows; None: every step.
    """
    if t_max > MOST_STEPS * step:
        raise InputError(
            f"[run] t_max = {t_max:g}: more than {MOST_STEPS:.0e} steps of dt = {step:g}"
        )
    if t_max <= 10 * SAME * step:
        raise InputError(
            f"[run] t_max = {t_max:g}: must be > {10 * SAME:g} of the time step dt = {step:g}"
        )
    if t_max > MOST_ROWS * (every or step):
        raise InputError(
            f"[run] output_every = {every or step:g}: more than {MOST_ROWS:.0e} rows "
            f"up to t_max = {t_max:g}"
        )


def row_interval(step: float, every: float | None) -> float:
    """Time between output rows: the whole number of steps, at least one, next to ``every``."""
    return max(1, round((every or step) / step)) * step


def row_times(
    t_max: float, breakpoints: Sequence[float], step: float, every: float | None
) -> FloatArray:
    """Times of the output rows: the steps next to multiples of `row_interval`, breakpoints, t_max.

    They lie on the lattice of steps, which begins anew at each breakpoint, so that asking for
    output never changes a step. Between two multiples with more than ``FEW_JUMPS`` breakpoints
    these have no rows. breakpoints : up to the multiple at or behind t_max.
    """
    refuse_uncountable(t_max, step, every)
    interval = row_interval(step, every)
    places = np.floor(np.array(breakpoints, float) / interval).astype(int)
    crowded = np.bincount(places, minlength=1) > FEW_JUMPS
    times = [0.0]
    for a, b in segments(t_max, breakpoints, step):
        rows = _multiples(a, b, step, interval)
        multiple = abs(b - interval * round(b / interval)) <= 1e-6 * interval
        if b < t_max and (multiple or not crowded[int(b / interval)]):
            rows.append(b)
        times.extend(t for t in rows if t > times[-1])
    if t_max > times[-1]:
        times.append(t_max)
    return np.array(times)


def _multiples(a: float, b: float, step: float, interval: float) -> list[float]:
    """For each multiple of ``interval`` in (a, b) the nearest time of a, a + k ``step`` and b."""
    first = int(np.floor(a / interval + 1e-6)) + 1
    wanted = interval * np.arange(first, int(np.ceil(b / interval - 1e-6)))
    times = a + step * _nearest((wanted - a) / step)
    times = np.where(np.abs(times - wanted) <= SAME * step, wanted, times)
    return [float(t) for t in np.where(times < b - 1e-6 * interval, times, b)]


def _nearest(x: float | FloatArray) -> NDArray[np.int64]:
    """The nearest whole numbers, halves upwards."""
    return np.floor(np.asarray(x) + 0.5 + 1e-6).astype(np.int64)
