"""Quantities of the tasks ``branches`` and ``iv``."""

from __future__ import annotations

from ....tasks import ERRORS, Quantity, missing_where
from .shared import (
    CODE,
    COORDINATE,
    COUNTED,
    COVERS,
    FOLDS_COMPLETE,
    RESIDUAL,
    SNES_REASONS,
    STABILITY_WORDS,
)

POINT = Quantity(
    "point", "1", "points along all branches, branch by branch", dtype=int, error=COORDINATE
)
BRANCH = Quantity("branch", "1", "number of the branch", ("point",), dtype=int, error=COUNTED)

TURNING = "chemical potential of a condensate whose phase turns, between leads that do not mirror"

BRANCHES = (
    SNES_REASONS,
    POINT,
    BRANCH,
    Quantity("delta", "t_par", "order parameter", ("point",), error="solved to residual"),
    Quantity("mu_pair", "t_par", TURNING, ("point",), error="solved to residual"),
    Quantity(
        "stability_code",
        "1",
        STABILITY_WORDS,
        ("point",),
        dtype=int,
        error=CODE,
    ),
    Quantity(
        "residual", "1", "|U F(D) - 1| where SNES stopped", ("point",), kind="both", error=RESIDUAL
    ),
    Quantity(
        "{along}_min",
        "t_par",
        "smallest {along} of a stable branch",
        kind="summary",
        over={"along": ("eV", "h")},
        error=ERRORS,
    ),
    Quantity(
        "{along}_max",
        "t_par",
        "largest {along} of a stable branch",
        kind="summary",
        over={"along": ("eV", "h")},
        error=ERRORS,
    ),
    Quantity(
        "stable",
        "t_par",
        "intervals with a stable branch",
        kind="summary",
        error="those of the ends, eV_min to h_max",
    ),
    Quantity("folds", "t_par", "folds of the branches", kind="summary", error=ERRORS),
    Quantity("folds_delta", "t_par", "order parameter there", kind="summary", error=ERRORS),
    Quantity("folds_mu", "t_par", "mu_pair there", kind="summary", error="solved with folds_delta"),
    COVERS,
    FOLDS_COMPLETE,
    Quantity("branches", "1", "number of branches", dtype=int, kind="summary", error=COUNTED),
    Quantity("points", "1", "number of points", dtype=int, kind="summary", error=COUNTED),
)

IV = (
    POINT,
    BRANCH,
    Quantity("eV", "t_par", "bias", kind="both", error=COORDINATE),
    Quantity(
        "I_normal",
        "t_par per site",
        "current from the left lead, normal state",
        ("eV",),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "dI_dV_normal",
        "per site",
        "derivative of I_normal in eV",
        ("eV",),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "I",
        "t_par per site",
        "current from the left lead, stable uniform state (nan: there is none)",
        ("eV",),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "dI_dV",
        "per site",
        "derivative of I in eV along the branch",
        ("eV",),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "current_right",
        "t_par per site",
        "current from the right lead, stable uniform state",
        ("eV",),
        error="that of I",
    ),
    Quantity(
        "delta",
        "t_par",
        "order parameter of the stable uniform state",
        ("eV",),
        kind="both",
        error=ERRORS,
    ),
    Quantity("mu_pair", "t_par", f"{TURNING}; stable state", ("eV",), kind="both", error=ERRORS),
    Quantity("branch_mu_pair", "t_par", TURNING, ("point",), error="solved to rounding"),
    Quantity("branch_eV", "t_par", "bias", ("point",), error="solved to rounding"),
    Quantity("branch_delta", "t_par", "order parameter", ("point",), error="solved to rounding"),
    Quantity(
        "branch_stability_code",
        "1",
        STABILITY_WORDS,
        ("point",),
        dtype=int,
        error=CODE,
    ),
    Quantity(
        "branch_I",
        "t_par per site",
        "current from the left lead",
        ("point",),
        error="about that of I",
    ),
    Quantity(
        "branch_dI_dV",
        "per site",
        "its derivative in eV along the branch; infinite at a fold",
        ("point",),
        error="about that of dI_dV; diverges at a fold",
    ),
    Quantity(
        "region",
        "1",
        "phase at each bias; none between leads that do not mirror each other",
        dtype=str,
        kind="summary",
        error=CODE,
    ),
    Quantity(
        "folds",
        "t_par",
        "folds of the branches",
        kind="summary",
        error="that of folds in the task branches",
    ),
    COVERS,
    FOLDS_COMPLETE,
)

# ---- why there may be no number -----------------------------------------------------------------

IV = missing_where(IV, "there is no stable uniform state", "I dI_dV current_right delta mu_pair")
IV = missing_where(IV, "only mirrored leads have regions", "region")
IV = missing_where(IV, "it is infinite at a fold", "branch_dI_dV")
BRANCHES = missing_where(BRANCHES, "there is no condensate", "{along}_min {along}_max")
