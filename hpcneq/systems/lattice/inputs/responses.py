"""Numerics of the tasks that look at deviations from a state."""

from __future__ import annotations

from dataclasses import dataclass

from ....config.schema import key
from .limits import LARGEST, UNIT
from .numerics import Numerics


@dataclass(frozen=True)
class ModesNumerics(Numerics):
    """The same, and how modes are sought."""

    method: str = key(
        "auto",
        doc="det: all modes above a line, counted; krylov: the fastest growing ones and those next "
        "to frequencies, for large models; auto: by size",
        choices=["auto", "det", "krylov"],
    )
    depth: float = key(
        0.5,
        doc="modes are sought down to this share of the smallest damping of a pair of levels",
        above=0,
        max=0.9,
    )
    count: int = key(4, doc="krylov: modes sought at a time", min=1, max=100)
    frequencies: list[float] = key(
        [0.0],
        doc="krylov: frequencies next to which modes are sought besides growing ones",
        unit=UNIT,
        min=-LARGEST,
        max=LARGEST,
    )
    marginal: float = key(
        1e-7, doc="growth rates below it count as marginal", unit=UNIT, above=0, below=1
    )
