"""Driven-dissipative electron-hole condensate in the BCS-BEC crossover: steady states, spectra, long waves, phase diagram."""

from __future__ import annotations

from . import (
    exciton_boundary,
    exciton_coefficients,
    exciton_modes,
    exciton_response,
    exciton_steady,
    exciton_waves,
)
from .exciton_boundary import boundary  # noqa: F401
from .exciton_coefficients import coefficients  # noqa: F401
from .exciton_estimates import estimate  # noqa: F401
from .exciton_modes import modes  # noqa: F401
from .exciton_response import response  # noqa: F401
from .exciton_steady import branches, spectrum, steady  # noqa: F401
from .exciton_waves import phase_diagram  # noqa: F401

TASKS = {
    **exciton_steady.TASKS,
    **exciton_coefficients.TASKS,
    **exciton_waves.TASKS,
    **exciton_response.TASKS,
    **exciton_boundary.TASKS,
    **exciton_modes.TASKS,
}
