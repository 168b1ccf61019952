"""Quantities of pattern, and what evolve adds in a supercell."""

from __future__ import annotations

from dataclasses import replace

from ....tasks.supercell_tables import evolution_quantities, pattern_quantities
from ....tasks.task import Quantity, missing_where
from .shared import EXACT, summary_number

WAVE_NUMBER = summary_number("wave_number", "pF", "wave number of the wave", error=EXACT)
OF = "potential of {} on the same kind of momenta"
UNIFORM = missing_where(
    tuple(
        summary_number(f"potential_{name}", "mu pF^3", OF.format(branch))
        for name, branch in (("nbcs", "NBCS"), ("nff", "NFF"), ("nff_prime", "NFF'"))
    ),
    "there is no such branch",
    "potential_nbcs potential_nff potential_nff_prime",
)
SWEPT = ("delta_max", "delta_min", "relative_density", "potential", "last_harmonic", "growth_rate")
SWEPT += ("potential_nbcs", "potential_nff", "potential_nff_prime")
PATTERN = (
    *(
        replace(quantity, kind="both", axes=("dmu",)) if quantity.name in SWEPT else quantity
        for quantity in (*pattern_quantities("mu", "pF"), *UNIFORM)
    ),
    replace(WAVE_NUMBER, kind="both"),
    Quantity("dmu", "mu", "half the difference of the chemical potentials", error=EXACT),
)
CELL = (*evolution_quantities("mu", "pF"), WAVE_NUMBER)
