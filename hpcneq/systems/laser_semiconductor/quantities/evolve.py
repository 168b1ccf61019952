"""Data sets and numbers of task evolve."""

from __future__ import annotations

from ....tasks import ERRORS, WORK, Quantity, attractor_quantities, missing_where
from .common import EXACT, GRID, MOMENTUM, NAMED_SETTING
from .stability import NO_EIGENVALUE

EVOLVE = (
    Quantity("t", "1/energy", "time", kind="both", error=GRID),
    MOMENTUM,
    Quantity(
        "delta_steady",
        "energy",
        "order parameter of the steady state on this grid (summary: on a graded one)",
        ("V",),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "delta_steady_stable",
        "1",
        "whether small deviations from the steady state decay",
        dtype=bool,
        kind="summary",
        error="delta_steady_eigenvalue",
    ),
    Quantity(
        "delta_steady_eigenvalue",
        "energy",
        "growth rate and frequency of the slowest deviation from the steady state",
        dtype=complex,
        kind="summary",
        error="as of eigenvalue in steady",
    ),
    *attractor_quantities("energy"),
    Quantity(
        "delta_formula",
        "energy",
        "order parameter by the paper's formula (formula_used)",
        ("V",),
        error="a formula",
    ),
    Quantity(
        "formula_used",
        "1",
        "the formula of delta_formula",
        dtype=str,
        kind="summary",
        error=NAMED_SETTING,
    ),
    Quantity(
        "delta",
        "energy",
        "order parameter",
        ("t", "V"),
        complex,
        error="delta_error",
    ),
    Quantity(
        "particle_source",
        "energy/length",
        "particles per time that pairing creates",
        ("t", "V"),
        kind="both",
        error=ERRORS,
    ),
    Quantity("t_monitor", "1/energy", "times of the momentum-resolved rows", error=GRID),
    Quantity(
        "s_k",
        "1",
        "pair amplitude <c2+_k c1+_-k>",
        ("t_monitor", "k", "V"),
        complex,
        error="none over momenta",
    ),
    Quantity(
        "n_k",
        "1",
        "population of both bands",
        ("t_monitor", "k", "V"),
        error="none over momenta",
    ),
    Quantity(
        "s_stationary",
        "1",
        "pair amplitude of Eq. (10) at the order parameter of the end, Delta real",
        ("k", "V"),
        complex,
        error="none over momenta",
    ),
    Quantity(
        "t_error",
        "1/energy",
        "times at which the order parameter's errors are known",
        error=GRID,
    ),
    Quantity(
        "delta_{source}_error",
        "energy",
        "error of the order parameter from the {source}",
        ("t_error", "V"),
        over={"source": ("step", "grid")},
        error=EXACT,
    ),
    Quantity(
        "delta_error",
        "energy",
        "largest error of the order parameter over time",
        kind="summary",
        error=EXACT,
    ),
    Quantity("delta_final", "energy", "|Delta| at the end", kind="summary", error=ERRORS),
    Quantity(
        "delta_smallest",
        "energy",
        "smallest |Delta| of the run",
        kind="summary",
        error="delta_error",
    ),
    Quantity(
        "converged_at",
        "1/energy",
        "time from which |Delta| stays within 1% of the steady state's",
        kind="summary",
        error=ERRORS,
    ),
    *WORK,
)

EVOLVE = missing_where(EVOLVE, "|Delta| has not come to stay near the steady state", "converged_at")
EVOLVE = missing_where(EVOLVE, "|Delta| has come to no limit cycle", "period delta_min delta_max")
EVOLVE = missing_where(EVOLVE, NO_EIGENVALUE, "delta_steady_stable delta_steady_eigenvalue")
