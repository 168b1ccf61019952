"""Driven-dissipative electron-hole condensate in the BCS-BEC crossover: steady states, spectra, long waves, phase diagram."""

from __future__ import annotations

from .shared.cost import estimate  # noqa: F401
from .tasks import boundary as exciton_boundary
from .tasks import coefficients as exciton_coefficients
from .tasks import modes as exciton_modes
from .tasks import phase_diagram as exciton_waves
from .tasks import response as exciton_response
from .tasks import steady as exciton_steady
from .tasks.boundary import boundary  # noqa: F401
from .tasks.coefficients import coefficients  # noqa: F401
from .tasks.modes import modes  # noqa: F401
from .tasks.phase_diagram import phase_diagram  # noqa: F401
from .tasks.response import response  # noqa: F401
from .tasks.steady import branches, spectrum, steady  # noqa: F401

TASKS = {
    **exciton_steady.TASKS,
    **exciton_coefficients.TASKS,
    **exciton_waves.TASKS,
    **exciton_response.TASKS,
    **exciton_boundary.TASKS,
    **exciton_modes.TASKS,
}
