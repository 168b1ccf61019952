"""What a system is made of; the public interface for systems of your own.

``run_evolution`` and ``run_sweep`` are imported when they are first used: they need PETSc and MPI.
"""

from __future__ import annotations

from .task import ERRORS, WORK, Cost, Given, Outcome, Quantity, System, Task, units_of

__all__ = [
    "ERRORS",
    "Cost",
    "Given",
    "Outcome",
    "Quantity",
    "System",
    "Task",
    "WORK",
    "run_evolution",
    "run_sweep",
    "units_of",
]


def __getattr__(name: str):
    if name == "run_evolution":
        from .evolution import run_evolution

        return run_evolution
    if name == "run_sweep":
        from .sweep import run_sweep

        return run_sweep
    raise AttributeError(name)
