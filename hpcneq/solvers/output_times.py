"""The rows of an evolution, and their times on the lattice of its time steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..maths.arrays import ComplexArray

MOST_STEPS, MOST_ROWS = 1e9, 1e6


@dataclass(frozen=True)
class Row:
    """The state at an output time, and with bath modes its Green functions and modes.

    side : -1 at the end of a segment (values of the drive before its jump), else +1.
    green : block -> (N, N), or those of the sites. modes : (block, chunk) -> [(groups, columns,
    array)], or those of the sites. None without bath modes.
    """

    t: float
    side: int
    array: ComplexArray
    c: ComplexArray
    green: Any
    modes: Any


def segments(t_max: float, breakpoints: Sequence[float]) -> list[tuple[float, float]]:
    """[(start, end)] between the times at which the drive jumps."""
    edges = [0.0, *breakpoints, t_max]
    return list(zip(edges[:-1], edges[1:]))


def refuse_uncountable(t_max: float, step: float, every: float | None) -> None:
    """InputError for more steps, or rows of output, than an evolution can have.

    every : time between rows; None: every step.
    """
    if t_max / step > MOST_STEPS:
        raise InputError(
            f"[run] t_max = {t_max:g}: more than {MOST_STEPS:.0e} steps of dt = {step:g}"
        )
    if t_max / (every or step) > MOST_ROWS:
        raise InputError(
            f"[run] output_every = {every or step:g}: more than {MOST_ROWS:.0e} rows "
            f"up to t_max = {t_max:g}"
        )


def row_times(
    t_max: float, breakpoints: Sequence[float], step: float, every: float | None
) -> np.ndarray:
    """Times of the output rows: every ``round(every / step)`` steps of each segment, and its end.

    They lie on the lattice of steps, so that asking for output never changes a step.
    """
    refuse_uncountable(t_max, step, every)
    stride = max(1, round((every or step) / step)) * step
    times = [0.0]
    for a, b in segments(t_max, breakpoints):
        count = int(np.ceil((b - a) / stride - 1e-6)) - 1
        times.extend(a + k * stride for k in range(1, count + 1))
        times.append(b)
    return np.array(times)
