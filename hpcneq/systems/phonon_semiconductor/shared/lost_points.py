"""The points of a curve that have no state."""

from __future__ import annotations

from ....tasks import Sweep


def lost_values(sweep: Sweep) -> list[float]:
    """Values of the swept key at which a sweep over one key has no numbers."""
    (values,) = sweep.axes.values()
    return [float(value) for value, record in zip(values, sweep.records) if "why" in record]
