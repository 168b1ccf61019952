"""Quantities of the tasks ``steady``, ``branches`` and ``phase-diagram``."""

from __future__ import annotations

from ....tasks import Quantity, missing_where
from .shared import COUNTED, IN_ERRORS, POLISHED, SWEPT, WORDS, summary_number

EDGES = {
    "nig_onset": "onset of the interior-gap state: the uniform Delta -> 0",
    "nff_fold": "fold of the two states with Q > 0",
    "nff_end": "end of the NFF state: Delta -> 0 at Q > 0",
    "nbcs_end": "end of the uniform state: its fold, or Delta -> 0",
    "nffp_end": "where NFF' joins the uniform states: Q -> 0",
    "normal_end": "below it the normal gas is unstable to pairing at some Q",
}
COLUMNS = {
    "delta": ("mu", "order parameter", POLISHED),
    "Q": ("pF", "wave number", POLISHED),
    "gap_residual": ("1", "|g|", "is an error itself"),
    "current_residual": ("1", "|J|", "is an error itself"),
}  # number of each state -> units, text, error
CONDENSATE = "chemical potential of the condensate, half the frequency at which it turns"
STEADY = (
    Quantity("branch", "1", "number of the state in the summary", dtype=int, error=COUNTED),
    *(
        Quantity(name, units, text, ("branch",), error=IN_ERRORS)
        for name, (units, text, _) in COLUMNS.items()
    ),
    Quantity("mu_condensate", "mu", CONDENSATE, ("branch",), error=IN_ERRORS),
    summary_number("branches", "mu, pF", "name, Delta, Q and residuals of each state"),
    summary_number("count", "1", "number of steady states", int, COUNTED),
    summary_number(
        "ended", "mu, pF", "states of equal couplings that end on the way to unequal ones"
    ),
)
OVER_STATES = {"state": ("NBCS", "NIG", "NFF", "NFFp")}
OVER_CURVES = {"curve": ("uniform", "twisted")}
BRANCHES = (
    *(
        Quantity(
            f"{{state}}_{name}",
            units,
            f"{text} of {{state}}; nan: no such state",
            SWEPT,
            over=OVER_STATES,
            error=error,
        )
        for name, (units, text, error) in COLUMNS.items()
    ),
    Quantity(
        "{curve}_node",
        "1",
        "nodes of the {curve} curve along Delta; uniform: Q = 0, twisted: Q > 0",
        dtype=int,
        over=OVER_CURVES,
        error=COUNTED,
    ),
    *(
        Quantity(
            f"{{curve}}_{name}",
            units,
            f"{name} along the {{curve}} curve, through its folds",
            ("{curve}_node",),
            over=OVER_CURVES,
            error="changes as the edges do, whose errors are stated",
        )
        for name, units in (("D", "mu"), ("Q", "pF"), ("dmu", "mu"))
    ),
    summary_number("edges", "mu", "dmu of each edge"),
    summary_number("states", "1", "number of states found", int, COUNTED),
    summary_number("count", "1", "number of steady states at each point", int, COUNTED),
    summary_number("residual", "1", "largest |g| or |J| of any state"),
)
BETWEEN_EDGES = "right where dmu is further from every edge than its error"
PHASE_DIAGRAM = (
    *(
        Quantity(name, "mu", f"dmu of the {text}; nan: does not occur", SWEPT, error="edges")
        for name, text in EDGES.items()
    ),
    *(
        Quantity(f"{name}_{key}", units, f"{text} there", SWEPT, error="as that of its edge")
        for name in EDGES
        for key, units, text in (("delta", "mu", "order parameter"), ("Q", "pF", "wave number"))
    ),
    Quantity(
        "solutions",
        "1",
        "steady states besides the normal gas: 1 NBCS + 2 NIG + 4 NFF + 8 NFF'",
        SWEPT,
        dtype=int,
        error=BETWEEN_EDGES,
    ),
    Quantity(
        "phase",
        "1",
        "states stable against long waves, the paper's verdict: 1 NBCS + 2 NFF + 4 normal; "
        "NFF grows near q = 2Q",
        SWEPT,
        dtype=int,
        error=BETWEEN_EDGES,
    ),
    summary_number("edges", "mu", "dmu of each edge over the map"),
    summary_number("points", "1", "lines along dmu, or points", int, COUNTED),
    summary_number("phases", "1", "combinations of these states that occur", str, WORDS),
    summary_number("shares", "1", "share of the plane that each of them takes"),
    summary_number("gamma_c", "mu", "coupling at which the last condensate of dmu = 0 ends"),
    summary_number("T_c", "mu", "temperature at which the last condensate of dmu = 0 ends"),
)

# ---- why there may be no number -----------------------------------------------------------------

BRANCHES = missing_where(
    BRANCHES,
    "there is no such state",
    "{state}_delta {state}_Q {state}_gap_residual {state}_current_residual",
)
BRANCHES = missing_where(BRANCHES, "this edge does not occur", "edges")
PHASE_DIAGRAM = missing_where(PHASE_DIAGRAM, "this edge does not occur", "edges")
PHASE_DIAGRAM = missing_where(
    PHASE_DIAGRAM,
    "this edge does not occur",
    " ".join(f"{edge}{end}" for edge in EDGES for end in ("", "_delta", "_Q")),
)
