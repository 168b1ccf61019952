"""Attractive Fermi gas between two reservoirs of different chemical potential: steady states, phase diagram, stability, evolution."""
from __future__ import annotations

from . import fermi_steady
from .fermi_steady import steady  # noqa: F401  (the driver finds tasks by name)

TASKS = {**fermi_steady.TASKS}


def estimate(run, ranks):
    """Lines for ``hpcneq check``: the task's own."""
    return ESTIMATES[run.task](run, ranks) if run.task in ESTIMATES else []


ESTIMATES = {**fermi_steady.ESTIMATES}
