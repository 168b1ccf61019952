"""Data sets and summary numbers of the tasks that look at responses of a state."""

from __future__ import annotations

from ...tasks import ERRORS, Quantity, missing_where
from .quantities import EXACT, MODEL, RATE, UNIT

FROM_STATE = "residual"
STATE = (
    Quantity("delta_max", UNIT, "largest pairing", kind="summary", error=ERRORS),
    Quantity(
        "mu_c",
        UNIT,
        "frequency of the condensate's frame",
        kind="summary",
        error="residual",
    ),
    Quantity("residual", UNIT, "residual of the mean field", kind="summary", error="an error"),
)
MODES = (
    *MODEL,
    *STATE,
    Quantity("eV", UNIT, "bias", error="an input"),
    Quantity("mode", "1", "modes at a bias, fastest growing first", dtype=int, error=EXACT),
    Quantity(
        "growth_rate",
        RATE,
        "Im z of the mode e^{-izt}; in the summary the largest, without the mode that turns the "
        "phase",
        ("eV", "mode"),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "frequency",
        UNIT,
        "Re z of the mode, from mu_c; in the summary of the fastest growing one, its modulus",
        ("eV", "mode"),
        kind="both",
        error=ERRORS,
    ),
    Quantity("mode_error", UNIT, "bound on the error of z", ("eV", "mode"), error="an error"),
    Quantity(
        "multiplicity",
        "1",
        "how often the mode counts; 0: there are fewer modes",
        ("eV", "mode"),
        dtype=int,
        error="counted",
    ),
    Quantity(
        "phase_mode",
        "1",
        "whether the mode only turns the phase of the condensate",
        ("eV", "mode"),
        dtype=bool,
        error="by overlap",
    ),
    Quantity(
        "delta_mode",
        "1",
        "u and v of the pairing u e^{-izt} + v e^{iz*t}, the largest of all entries of H is 1",
        ("eV", "mode", "component", "site"),
        dtype=complex,
        error="about mode_error over the distance of the next mode",
    ),
    Quantity("component", "1", "part e^{-izt}, and its conjugate", dtype=str, error=EXACT),
    Quantity("delta_max_of", UNIT, "largest pairing", ("eV",), error="as of delta_max"),
    Quantity(
        "growing",
        "1",
        "number of growing modes; -1: not converged",
        ("eV",),
        dtype=int,
        error="counted",
    ),
    Quantity(
        "lowest",
        RATE,
        "growth rate down to which modes were sought",
        ("eV",),
        error="an input",
    ),
    Quantity(
        "growing_modes",
        "1",
        "largest number of growing modes at a bias",
        dtype=int,
        kind="summary",
        error="counted",
    ),
    Quantity(
        "stability",
        "1",
        "stable, marginal or unstable, at all biases together",
        dtype=str,
        kind="summary",
        error="by growth_rate",
    ),
    Quantity(
        "counted",
        "1",
        "whether all modes above the lowest growth rate were counted (det) or not (krylov)",
        dtype=bool,
        kind="summary",
        error=EXACT,
    ),
)
MODES = missing_where(MODES, "there are fewer modes", "growth_rate frequency mode_error delta_mode")
MODES = missing_where(MODES, "the point was lost", "delta_max_of lowest")
