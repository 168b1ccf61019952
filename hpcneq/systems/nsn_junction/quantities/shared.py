"""Quantities that several tasks write, the codes of states, and why a number has no error."""

from __future__ import annotations

from ....tasks import Quantity

STABILITY_CODES = {"unstable": 0, "stable": 1, "metastable": 2, "unknown": 3}
STABILITY_WORDS = "0 unstable, 1 stable, 2 metastable, 3 unknown"
NORMAL_STABILITY = {True: "stable", False: "unstable"}
ONSET_KINDS = {
    "bcs": ("bcs_onset", None),
    "fflo": ("fflo_onset", "fflo_Q_at_onset"),
    "folds": ("fold", "fold_delta"),
    "limit": ("clogston", "clogston_delta"),
    "wall": ("fflo_bcs", None),
}  # kind of root -> its data set, and that of what belongs to each

COORDINATE = "a coordinate"
CODE = "a name or its code"
COUNTED = "counted"
RESIDUAL = "a residual is an error itself"
INTERVAL = "limits and step of a search"


SNES = Quantity(
    "snes_reason", "1", "why SNES stopped", dtype=str, kind="summary", error="a word of PETSc"
)
SNES_REASONS = Quantity(
    "snes_reasons",
    "1",
    "why SNES stopped, each reason once",
    dtype=str,
    kind="summary",
    error="words of PETSc",
)
NORMAL = Quantity(
    "normal", "1", "whether the normal state is stable", dtype=str, kind="summary", error=CODE
)
SCANNED = Quantity(
    "scanned",
    "t_par",
    "where roots were sought: from, to, largest step",
    kind="summary",
    error=INTERVAL,
)
COVERS = Quantity(
    "covers",
    "1",
    "disturbances that verdicts of stability look at",
    dtype=str,
    kind="summary",
    error=CODE,
)
FOLDS_COMPLETE = Quantity(
    "folds_complete",
    "1",
    "whether every branch was followed to its ends and every fold solved for",
    dtype=bool,
    kind="summary",
    error=CODE,
)
