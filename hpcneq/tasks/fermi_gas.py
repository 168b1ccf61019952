"""Attractive Fermi gas between two reservoirs of different chemical potential: steady states, phase diagram, stability, evolution."""

from __future__ import annotations

from . import fermi_estimates, fermi_evolve, fermi_maps, fermi_pairs, fermi_stability, fermi_steady
from .fermi_evolve import evolve  # noqa: F401
from .fermi_maps import phase_diagram  # noqa: F401
from .fermi_pairs import current, momentum, pair_amplitude  # noqa: F401
from .fermi_stability import stability  # noqa: F401
from .fermi_steady import branches, steady  # noqa: F401

PARTS = (fermi_steady, fermi_maps, fermi_pairs, fermi_stability, fermi_evolve)
TASKS = {name: task for part in PARTS for name, task in part.TASKS.items()}
ESTIMATES = fermi_estimates.ESTIMATES | fermi_evolve.ESTIMATES


def estimate(run, ranks):
    """Lines for ``hpcneq check``: the task's own."""
    return ESTIMATES[run.task](run, ranks) if run.task in ESTIMATES else []
