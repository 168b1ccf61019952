"""Lines for ``hpcneq check`` of every task of the fermi-gas."""

from __future__ import annotations

from ..tasks import evolve
from . import cost

ESTIMATES = cost.ESTIMATES | evolve.ESTIMATES


def estimate(run, ranks):
    """The task's own lines."""
    return ESTIMATES[run.task](run, ranks) if run.task in ESTIMATES else []
