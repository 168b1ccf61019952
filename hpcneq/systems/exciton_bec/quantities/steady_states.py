"""Quantities of steady, branches and spectrum."""

from __future__ import annotations

from dataclasses import replace

from ....tasks import Quantity, missing_where
from .shared import (
    CONDENSATE_ENDS,
    COORDINATE,
    COUNTED,
    DELTA,
    INPUT,
    LISTED,
    MOMENTUM,
    MT,
    MU,
    MU_B,
    N0,
    NUMBER,
    OCCUPATION,
    P_C,
    RATIO,
    RATIO_C,
    RESIDUAL,
    SNES_REASON,
    STATE,
    as_data_too,
    number,
)

FASTEST = (
    number("stable", "1", "whether no wave grows on the condensate", "growth", dtype=bool),
    number("growth", "eF", "growth rate of the wave that grows fastest"),
    number("q_growth", "kF", "its momentum, where the rate is largest to second order"),
    number("frequency", "eF", "its frequency"),
    number("covers", "1", "waves that the verdict looks at", "a range", dtype=str),
)

STEADY = (
    MOMENTUM,
    OCCUPATION,
    Quantity("pair_p", "1", "pair amplitude <h e>_p", ("p",), complex, error=STATE),
    DELTA,
    MU,
    MU_B,
    MT,
    RATIO,
    RATIO_C,
    number("state", "1", "condensed or normal", "a decision", dtype=str),
    N0,
    number("gap", "eF", "least energy of a quasi-particle"),
    *FASTEST,
    *INPUT,
    RESIDUAL,
    SNES_REASON,
)

CURVES = tuple(
    replace(quantity, kind="data", axes=("ratio",), error=STATE)
    for quantity in (DELTA, MU, MU_B, N0)
)
BRANCHES = (
    *CURVES,
    Quantity(
        "growth",
        "eF",
        "growth rate of the wave that grows fastest; 0: none grows",
        ("ratio",),
        error="1e-6 of it, and that of the steady state",
    ),
    RATIO_C,
    Quantity("ratio_c_row", "1", CONDENSATE_ENDS, ("inv_kfas",), error=LISTED),
    Quantity("end", "1", "ends of the branch", dtype=int, error=COORDINATE),
    Quantity("ratio_end", "1", CONDENSATE_ENDS, ("end",), error=LISTED),
    number("delta_max", "eF", "largest order parameter", STATE),
    number("points", "1", "points with a condensate", COUNTED, dtype=int),
    *as_data_too(P_C),
    NUMBER,
    RESIDUAL,
)

SPECTRUM = (
    MOMENTUM,
    Quantity("w", "eF", "energy from the condensate's chemical potential", error=COORDINATE),
    Quantity("L", "1/eF", "occupied spectral weight L(p, w) of electrons", ("p", "w"), error=STATE),
    Quantity("E_p", "eF", "energy of the upper branch", ("p",), error=STATE),
    OCCUPATION,
    number("upper_weight", "1", "share of the carriers at w > 0, broken pairs"),
    number("L_max", "1/eF", "largest L(p, w)", STATE),
    DELTA,
    MU,
    MU_B,
    MT,
    RATIO,
    *INPUT,
    RESIDUAL,
    SNES_REASON,
)

# ---- why there may be no number -----------------------------------------------------------------

STEADY = missing_where(STEADY, "the normal state has no condensate", "mu mt")
SPECTRUM = missing_where(SPECTRUM, "the normal state has no condensate", "mu mt")
BRANCHES = missing_where(BRANCHES, "there is no condensate, even without decay", "ratio_end")
BRANCHES = missing_where(BRANCHES, "no curve was found", "delta_max residual ratio_c")
BRANCHES = missing_where(BRANCHES, "the normal state has no condensate", "mu growth")
STEADY = missing_where(
    STEADY, "no wave grows, or stability was not asked for", "growth q_growth frequency"
)
