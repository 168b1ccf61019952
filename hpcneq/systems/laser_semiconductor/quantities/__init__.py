"""Every data set and summary number of the laser-semiconductor system, declared once."""

from __future__ import annotations

from .evolve import EVOLVE as EVOLVE
from .static import GROWTH_TASK as GROWTH_TASK
from .static import KELDYSH as KELDYSH
from .static import MAP as MAP
from .static import STEADY as STEADY
