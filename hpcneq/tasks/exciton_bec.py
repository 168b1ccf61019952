"""Driven-dissipative electron-hole condensate in the BCS-BEC crossover: steady states, response, stability."""
from __future__ import annotations

from . import exciton_steady
from .exciton_steady import branches, spectrum, steady  # noqa: F401  (the driver finds tasks by name)

TASKS = {**exciton_steady.TASKS}
