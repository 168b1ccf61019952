"""How far from its lead a bath mode of a full lattice is kept."""

from __future__ import annotations

import numpy as np

from ....solvers.site_windows.ranges import Ranges
from ....tasks import Given


def ranges_of(given: Given, longer: float = 1.0) -> Ranges | None:
    """The ranges of [numerics] with steps so many times longer; None where all rows are kept."""
    numerics = given.numerics
    if numerics.range is None:
        return None
    fast = np.inf
    if numerics.quasi_static is not None:
        fast = numerics.quasi_static / (longer * numerics.dt)
    return Ranges(numerics.range, numerics.green_range, fast)
