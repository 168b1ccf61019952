"""Data sets and summary numbers of the tasks with drives: periodic states, pump and probe."""

from __future__ import annotations

from ...tasks import ERRORS, Quantity, missing_where
from .quantities import EXACT, MODEL, RATE, UNIT
from .response_quantities import AREA, STATE, UNESTIMATED

PERIODIC = (
    *MODEL,
    *STATE,
    Quantity("t", "1/energy", "time in the period", error=EXACT),
    Quantity(
        "delta", UNIT, "pairing on the site", ("t", "site"), dtype=complex, error="as of delta_max"
    ),
    Quantity(
        "density", "1", "particles on the site, all spins", ("t", "site"), error="as of the step"
    ),
    Quantity(
        "current",
        RATE,
        "particles a time from the lead into the system, all spins",
        ("t", "lead"),
        error="current_error",
    ),
    Quantity(
        "current_error",
        RATE,
        "error of the currents, from half the steps and looser fits",
        kind="summary",
        error="an error",
    ),
    Quantity("period", "1/energy", "period of the state", kind="summary", error="an input"),
    Quantity(
        "mean_current",
        RATE,
        "mean of the current of each lead over the period",
        dtype=dict,
        kind="summary",
        error="mean_current_error",
    ),
    Quantity(
        "mean_current_error",
        RATE,
        "error of the means",
        dtype=dict,
        kind="summary",
        error="an error",
    ),
    Quantity(
        "multipliers",
        "1",
        "largest factors by which deviations end a period, as [Re, Im]",
        dtype=list,
        kind="summary",
        error="those of growth_rate times the period",
    ),
    Quantity(
        "growth_rate",
        RATE,
        "log of the largest modulus over the period, without a multiplier 1 of the phase",
        kind="summary",
        error=ERRORS,
    ),
    Quantity(
        "stability",
        "1",
        "stable, marginal, unstable, or not computed without a multiplier",
        dtype=str,
        kind="summary",
        error="growth_rate",
    ),
)
PERIODIC += (
    Quantity(
        "bulk_current",
        "energy length",
        "current a site along each direction, all spins",
        ("t", "axis"),
        error="as of current",
    ),
    Quantity("harmonic", "1", "harmonic n of 2 pi over the period", dtype=int, error=EXACT),
    Quantity(
        "harmonics",
        RATE,
        "c_n of the lead's current, Re[c_0 + 2 sum c_n e^{-i n w t}]",
        ("harmonic", "lead"),
        dtype=complex,
        error="harmonics_error",
    ),
    Quantity(
        "bulk_harmonics",
        "energy length",
        "c_n of the current a site along each direction",
        ("harmonic", "axis"),
        dtype=complex,
        error="harmonics_error",
    ),
    Quantity(
        "harmonics_error",
        RATE,
        "largest error of all harmonics, from half the steps and looser fits",
        kind="summary",
        error="an error",
    ),
    Quantity(
        "mean_current_at",
        RATE,
        "mean of the current of each lead over the period",
        ("frequency", "lead"),
        error="harmonics_error_at",
    ),
    Quantity("delta_max_at", UNIT, "largest pairing", ("frequency",), error="as of delta_max"),
    Quantity(
        "delta_swing",
        UNIT,
        "largest change of the pairing on a site over the period",
        ("frequency",),
        error="as of delta_max",
    ),
    Quantity(
        "growth_rate_at",
        RATE,
        "growth rate of deviations",
        ("frequency",),
        error="growth_rate_error_at",
    ),
    Quantity("growth_rate_error_at", RATE, "its error", ("frequency",), error="an error"),
    Quantity(
        "harmonics_error_at", RATE, "largest error of harmonics", ("frequency",), error="an error"
    ),
)
PERIODIC = missing_where(PERIODIC, "[numerics] multipliers = 0", "growth_rate growth_rate_at")
PERIODIC = missing_where(
    PERIODIC,
    "the point was lost",
    "harmonics bulk_harmonics mean_current_at delta_max_at delta_swing harmonics_error_at "
    "growth_rate_error_at",
)
PUMP_PROBE = (
    *MODEL,
    *STATE,
    Quantity("energy", UNIT, "frequency", error=EXACT),
    Quantity(
        "sigma",
        AREA,
        "conductivity a site after a kick at the delay, at w + i width",
        ("delay", "energy"),
        dtype=complex,
        error="sigma_error",
    ),
    Quantity(
        "sigma_error",
        AREA,
        "its error, from twice the step, looser fits, and what the length cuts off",
        ("delay", "energy"),
        error="an error",
    ),
    Quantity(
        "sigma_still",
        AREA,
        "conductivity a site of the state before t = 0, at w + i width",
        ("energy",),
        dtype=complex,
        error="as of task conductivity",
    ),
    Quantity(
        "delta_max_at",
        UNIT,
        "largest pairing when the probe comes",
        ("delay",),
        error="by the step",
    ),
    Quantity(
        "change_max",
        AREA,
        "largest change of the conductivity from that before t = 0",
        kind="summary",
        error=ERRORS,
    ),
)
PUMP_PROBE = missing_where(PUMP_PROBE, UNESTIMATED, "sigma_error")
PUMP_PROBE = missing_where(PUMP_PROBE, "the point was lost", "sigma delta_max_at")
