"""Quantities of pattern, and what evolve adds in a supercell."""

from __future__ import annotations

from ....tasks.supercell_tables import evolution_quantities, pattern_quantities
from .shared import EXACT, summary_number

WAVE_NUMBER = summary_number("wave_number", "pF", "wave number of the wave", error=EXACT)
PATTERN = (*pattern_quantities("mu", "pF"), WAVE_NUMBER)
CELL = (*evolution_quantities("mu", "pF"), WAVE_NUMBER)
