"""Runs of the exciton-bec tasks, and a condensate that is cheap to compute."""

from __future__ import annotations

import hpcneq
from hpcneq.systems.exciton_bec.physics import steady_states
from hpcneq.systems.exciton_bec.physics.gap_equations import Drive

WIDE = {"gamma_b": 0.02, "ratio": 0.1, "inv_kfas": 1.0}


def run(task, **tables):
    """The Result of a task."""
    return hpcneq.run({"system": "exciton-bec", "task": task, **tables})


def wide():
    """A condensate with broad levels that does not hold: cheap sums."""
    return steady_states.solve(Drive(1.0, 0.1, 0.02, 30.0))
