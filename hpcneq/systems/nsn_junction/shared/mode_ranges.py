"""How far from its lead a bath mode of a full lattice is kept."""

from __future__ import annotations

from ....solvers.site_windows.state import Ranges
from ....tasks import Given


def ranges_of(given: Given) -> Ranges | None:
    """The ranges of [numerics]; None where all rows are kept."""
    numerics = given.numerics
    if numerics.range is None:
        return None
    return Ranges(numerics.range, numerics.green_range)
