"""Data sets and numbers of the linear stability of steady states."""

from __future__ import annotations

from ....tasks import ERRORS, Quantity
from .common import EXACT, PAPER

STATE = {"": "steady", "normal_": "normal"}
STABILITY = tuple(
    quantity
    for prefix, state in STATE.items()
    for quantity in (
        Quantity(
            f"{prefix}stable",
            "1",
            f"whether small deviations from the {state} state decay (1, true) or grow (0, false)",
            kind="both",
            error=f"{prefix}eigenvalue",
        ),
        Quantity(
            f"{prefix}eigenvalue",
            PAPER,
            f"growth rate and frequency of the slowest deviation from the {state} state",
            dtype=complex,
            kind="both",
            error=ERRORS,
        ),
        Quantity(
            f"{prefix}eigenvalue_error",
            PAPER,
            f"error of the eigenvalue of the {state} state",
            error=EXACT,
        ),
    )
)
NO_EIGENVALUE = "SNES found no eigenvalue"
VERDICTS = " ".join(quantity.name for quantity in STABILITY)
