"""What the declarations of several tasks share."""

from __future__ import annotations

from ....tasks import Quantity

PAPER = "paper's units"  # of curves and maps
EXACT = "an error itself"
GRID = "a coordinate"
SUM = "exact but for rounding"
NAMED_SETTING = "a setting"

MOMENTUM = Quantity("k", "1/length", "momentum", error=GRID)
