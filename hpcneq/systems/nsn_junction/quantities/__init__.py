"""Every data set and summary number of the nsn-junction, declared once, in groups for its tasks."""

from __future__ import annotations

from .evolutions import ENSEMBLE, EVOLVE
from .patterns import PATTERN

__all__ = ["ENSEMBLE", "EVOLVE", "PATTERN"]
