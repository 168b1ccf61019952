"""Quantities of several tasks, and how they are declared."""

from __future__ import annotations

from ....tasks import ERRORS, Quantity

CHOSEN = "chosen by the input"
EXACT = "follows from the input"
COUNTED = "counted"
WORDS = "a name"
POLISHED = "below 1e-9, see task steady"
IN_ERRORS = "in the result's errors, beside each number"


def summary_number(
    name: str, units: str, long_name: str, dtype: type = float, error: str = ERRORS
) -> Quantity:
    """A quantity of the summary alone."""
    return Quantity(name, units, long_name, dtype=dtype, kind="summary", error=error)


BRANCH = summary_number("branch", "1", "which steady state", str, WORDS)
STATE = (
    BRANCH,
    summary_number("delta", "mu", "order parameter of the state"),
    summary_number("Q", "pF", "wave number of the state"),
)
SWEPT = ("[sweep]",)  # axes of what is over the swept keys
