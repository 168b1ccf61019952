"""What a system is made of; all that a system of your own needs to import.

Declarations: `System`, `Task`, `Quantity` (with `ERRORS`, `WORK`, `units_of`, `missing_where` and
`attractor_quantities`),
tables by `key` and `like`. What a task gets and gives: `Given`, `Output`, `Outcome`, `Cost`,
`InputError`, `NotConverged`, `NormalState`. Tools, imported when they are first used since they
need PETSc and MPI: `run_sweep` (points of a sweep over ranks), `solve_equations` (PETSc SNES),
`run_evolution` with `FieldState` and `Recorder` (PETSc TS with checkpoints and error estimates).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..config.schema import key, like
from ..errors import InputError, NormalState, NotConverged
from .task import (
    ERRORS,
    WORK,
    Cost,
    Given,
    Outcome,
    Output,
    Quantity,
    System,
    Task,
    attractor_quantities,
    missing_where,
    units_of,
)

if TYPE_CHECKING:
    from ..solvers.mean_field import FieldState
    from ..solvers.newton import solve_equations
    from .evolution import run_evolution
    from .recorder import Recorder
    from .sweep import Sweep, run_sweep

__all__ = [
    "ERRORS",
    "WORK",
    "Cost",
    "FieldState",
    "Given",
    "InputError",
    "NormalState",
    "NotConverged",
    "Outcome",
    "Output",
    "Quantity",
    "Recorder",
    "Sweep",
    "System",
    "Task",
    "attractor_quantities",
    "key",
    "like",
    "missing_where",
    "run_evolution",
    "run_sweep",
    "solve_equations",
    "units_of",
]


def __getattr__(name: str) -> object:
    """What needs PETSc and MPI, imported when it is first used."""
    if name == "run_evolution":
        from .evolution import run_evolution

        return run_evolution
    if name == "Recorder":
        from .recorder import Recorder

        return Recorder
    if name in ("Sweep", "run_sweep"):
        from . import sweep

        return vars(sweep)[name]
    if name == "FieldState":
        from ..solvers.mean_field import FieldState

        return FieldState
    if name == "solve_equations":
        from ..solvers.newton import solve_equations

        return solve_equations
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
