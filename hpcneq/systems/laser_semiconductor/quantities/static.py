"""Data sets and summary numbers of the static tasks."""

from __future__ import annotations

from ....tasks import ERRORS, Quantity, missing_where
from ..inputs import SWEPT
from .common import EXACT, MOMENTUM, NAMED_SETTING, PAPER, SUM
from .stability import NO_EIGENVALUE, STABILITY, VERDICTS

SWEPT_KEYS = (Quantity("{key}", PAPER, "parameter {key}", over={"key": SWEPT}, error="an input"),)

# ---- steady and growth: a point or a curve ------------------------------------------------------

POINTS = Quantity("points", "1", "points of the curve or map", dtype=int, kind="summary", error=SUM)
ORDER_PARAMETER = Quantity(
    "delta", PAPER, "exact order parameter |Delta| of the steady state", kind="both", error=ERRORS
)
TURNING = Quantity(
    "turning",
    PAPER,
    "rate w at which the order turns, Delta ~ exp(-i w t); 0 of a stationary one",
    kind="both",
    error=ERRORS,
)
THRESHOLD = Quantity(
    "V_c",
    PAPER,
    "exact threshold: V at which the normal state begins to pair",
    kind="both",
    error=ERRORS,
)
TURNING_AT_THRESHOLD = Quantity(
    "turning_c",
    PAPER,
    "rate w at which the order turns at V_c; 0 with Eq. (18)",
    kind="both",
    error=ERRORS,
)
GROWTH = (
    Quantity("growth_rate", PAPER, "growth rate of pairing", kind="both", error=ERRORS),
    Quantity("frequency", PAPER, "frequency of the growing pairs", kind="both", error=ERRORS),
)
ERROR = {
    name: Quantity(f"{name}_error", PAPER, f"error of the {words}", error=EXACT)
    for name, words in (
        ("delta", "exact order parameter"),
        ("V_c", "exact threshold"),
        ("growth_rate", "growth rate"),
    )
}
ENDS = {"end": ("first", "last")}
STEADY = (
    *SWEPT_KEYS,
    MOMENTUM,
    Quantity("n11", "1", "population of the lower band", ("k",), error="none over momenta"),
    Quantity("n22", "1", "population of the upper band", ("k",), error="none over momenta"),
    Quantity("n", "1", "population of both bands", ("k",), error="none over momenta"),
    Quantity(
        "s",
        "1",
        "pair amplitude <c2+_k c1+_-k>, Delta real",
        ("k",),
        complex,
        error="none over momenta",
    ),
    ORDER_PARAMETER,
    TURNING,
    THRESHOLD,
    TURNING_AT_THRESHOLD,
    *STABILITY,
    Quantity(
        "delta_analytic",
        PAPER,
        "order parameter by the paper's formula (corrected)",
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "V_c_analytic",
        PAPER,
        "threshold by the paper's formula (corrected)",
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "particle_source",
        PAPER,
        "particles per time from pairing, per length",
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "formulas_used",
        "1",
        "the formulas of V_c_analytic and delta_analytic",
        dtype=str,
        kind="summary",
        error=NAMED_SETTING,
    ),
    Quantity(
        "V_c_{equation}",
        PAPER,
        "threshold by Eq. {equation}",
        kind="both",
        over={"equation": ("22", "22_cutoff", "28", "28_printed", "32", "32_printed", "44", "A15")},
        error=ERRORS,
    ),
    Quantity(
        "delta_{equation}",
        PAPER,
        "order parameter by Eq. {equation}",
        kind="both",
        over={
            "equation": (
                "23",
                "23_no_cutoff",
                "24",
                "29",
                "29_printed",
                "30",
                "33",
                "33_printed",
                "45",
                "45_printed",
            )
        },
        error=ERRORS,
    ),
    Quantity(
        "v_plus_{equation}",
        PAPER,
        "largest v_plus by Eq. {equation}",
        kind="both",
        over={"equation": ("25", "46")},
        error=ERRORS,
    ),
    ERROR["delta"],
    ERROR["V_c"],
    POINTS,
    Quantity(
        "delta_{end}",
        PAPER,
        "order parameter at the {end} point of the curve",
        kind="summary",
        over=ENDS,
        error=ERRORS,
    ),
    Quantity(
        "V_c_{end}",
        PAPER,
        "threshold at the {end} point of the curve",
        kind="summary",
        over=ENDS,
        error=ERRORS,
    ),
)
GROWTH_TASK = (
    *SWEPT_KEYS,
    MOMENTUM,
    Quantity(
        "imbalance",
        "1",
        "n11 + n22 - 1 of the driven normal state",
        ("k",),
        error="none over momenta",
    ),
    *GROWTH,
    Quantity(
        "eigenvalue_rate", PAPER, "growth rate from the eigenvalue", kind="both", error=ERRORS
    ),
    Quantity(
        "{kind}_rate",
        PAPER,
        "growth rate with {kind} self-consistency",
        kind="both",
        over={"kind": ("projected", "full")},
        error=ERRORS,
    ),
    Quantity(
        "{kind}_frequency",
        PAPER,
        "frequency with {kind} self-consistency",
        kind="both",
        over={"kind": ("projected", "full")},
        error=ERRORS,
    ),
    ERROR["growth_rate"],
    POINTS,
    Quantity(
        "growth_rate_{end}",
        PAPER,
        "growth rate at the {end} point of the curve",
        kind="summary",
        over=ENDS,
        error=ERRORS,
    ),
)

# ---- keldysh ------------------------------------------------------------------------------------

KELDYSH = (
    MOMENTUM,
    Quantity(
        "functional",
        "1",
        "d L/d delta of the corrected Keldysh functional, imaginary part",
        ("k",),
        error="worst",
    ),
    Quantity("gap_equation", "1", "4 Delta Re[1/(E + i Gamma)] (n - 1)", ("k",), error=SUM),
    Quantity(
        "ratio",
        "1",
        "the functional over the gap equation, both summed over momenta",
        kind="summary",
        error=ERRORS,
    ),
    Quantity(
        "worst",
        "1",
        "largest relative difference of the two at one momentum",
        kind="summary",
        error=ERRORS,
    ),
    Quantity("delta", "energy", "order parameter of both", kind="summary", error=ERRORS),
)

# ---- map ----------------------------------------------------------------------------------------

MAP = (
    *SWEPT_KEYS,
    ORDER_PARAMETER,
    TURNING,
    THRESHOLD,
    TURNING_AT_THRESHOLD,
    *STABILITY,
    *GROWTH,
    ERROR["delta"],
    ERROR["V_c"],
    Quantity(
        "delta_max", PAPER, "largest order parameter of the map", kind="summary", error=ERRORS
    ),
    Quantity(
        "delta_error_max",
        PAPER,
        "largest error of an order parameter",
        kind="summary",
        error=EXACT,
    ),
    Quantity("paired", "1", "points that pair", dtype=int, kind="summary", error=SUM),
    POINTS,
)

# ---- why there may be no number -----------------------------------------------------------------

STEADY = missing_where(
    STEADY, "nothing pairs at any V", "V_c V_c_analytic V_c_error V_c_{equation} V_c_{end}"
)
STEADY = missing_where(
    STEADY, "the formula does not hold here", "delta_{equation} v_plus_{equation}"
)
MAP = missing_where(MAP, "nothing pairs at any V", "V_c V_c_error")
STEADY = missing_where(STEADY, NO_EIGENVALUE, VERDICTS)
MAP = missing_where(MAP, NO_EIGENVALUE, VERDICTS)
