"""Attractive Fermi gas between two reservoirs of different chemical potential: steady states, phase diagram, stability, evolution."""

from __future__ import annotations

from .shared import cost as fermi_estimates
from .tasks import evolve as fermi_evolve
from .tasks import pairs as fermi_pairs
from .tasks import phase_diagram as fermi_maps
from .tasks import stability as fermi_stability
from .tasks import steady as fermi_steady
from .tasks.evolve import evolve  # noqa: F401
from .tasks.pairs import current, momentum, pair_amplitude  # noqa: F401
from .tasks.phase_diagram import phase_diagram  # noqa: F401
from .tasks.stability import stability  # noqa: F401
from .tasks.steady import branches, steady  # noqa: F401

PARTS = (fermi_steady, fermi_maps, fermi_pairs, fermi_stability, fermi_evolve)
TASKS = {name: task for part in PARTS for name, task in part.TASKS.items()}
ESTIMATES = fermi_estimates.ESTIMATES | fermi_evolve.ESTIMATES


def estimate(run, ranks):
    """Lines for ``hpcneq check``: the task's own."""
    return ESTIMATES[run.task](run, ranks) if run.task in ESTIMATES else []
