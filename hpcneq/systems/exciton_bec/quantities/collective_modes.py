"""Quantities of response, boundary and modes."""

from __future__ import annotations

from dataclasses import replace

from ....tasks import ERRORS, Quantity, missing_where
from .shared import (
    COMPONENT,
    COORDINATE,
    COUNTED,
    DELTA,
    ELEMENTS,
    GAMMA_B,
    GAMMA_V,
    GIVEN,
    INPUT,
    INV_KFAS,
    M_UNITS,
    MU,
    NUMBER,
    P_C,
    RATIO,
    RESIDUAL,
    STATE,
    T_B,
    as_data_too,
    number,
    over_ratio,
)

# ---- response

PART = number("part", "1", "which part of M: full, inter or intra", GIVEN, dtype=str)
RESPONSE = (
    Quantity("q", "kF", "momentum of the disturbance", error=GIVEN),
    Quantity(
        "w",
        "eF",
        "real part of the frequency, from twice the condensate's chemical potential",
        error=GIVEN,
    ),
    COMPONENT,
    Quantity("source", "1", "second component of M: amplitude or phase", dtype=str, error=GIVEN),
    Quantity(
        "M", M_UNITS, "M(q, w), or the part of it", ("q", "w", *ELEMENTS), complex, error="M_error"
    ),
    Quantity(
        "M_error",
        M_UNITS,
        "error of every element of M; in the summary the largest",
        ("q", "w", *ELEMENTS),
        kind="both",
        error="an error itself",
    ),
    Quantity(
        "det", f"{M_UNITS} squared", "det M(q, w)", ("q", "w"), complex, "both", error="det_error"
    ),
    Quantity(
        "det_error", f"{M_UNITS} squared", "error of det M", ("q", "w"), error="an error itself"
    ),
    Quantity(
        "ImMinv", "eF/kF^3", "Im M^-1(q, w)", ("q", "w", *ELEMENTS), error="follows from M_error"
    ),
    Quantity(
        "dispersion",
        "eF",
        "lowest w > 0 where Re det M changes sign; nan: nowhere in the sweep",
        ("q",),
        error="interpolated between the frequencies of the sweep",
    ),
    number(
        "M{i}{j}",
        M_UNITS,
        "element {i}{j} of M, for a single point",
        dtype=complex,
        over={"i": ("1", "2"), "j": ("1", "2")},
    ),
    number("det_min", f"{M_UNITS} squared", "the det M that is smallest", dtype=complex),
    number("q_min", "kF", "momentum of the smallest det M", "a point of the grid"),
    number("w_min", "eF", "frequency of the smallest det M", "a point of the grid"),
    number("points", "1", "points of the grid", COUNTED, dtype=int),
    PART,
    *as_data_too(RATIO),
    replace(DELTA, error=STATE),
    replace(MU, error=STATE),
    *INPUT,
    RESIDUAL,
)

# ---- boundary


def over_points(
    name: str, units: str, long_name: str, error: str = ERRORS, kind: str = "data"
) -> Quantity:
    """What is known of a boundary, over the swept keys or at the one point."""
    return Quantity(name, units, long_name, ("point",), kind=kind, error=error)


BOUNDARY = (
    Quantity("point", "1", "the one point of a run without a sweep", dtype=int, error=COORDINATE),
    over_points(
        "ratio", "1", "gamma_v/gamma_b at the boundary; nan: there is none", "error", "both"
    ),
    over_points("q_mode", "kF", "momentum of the marginal mode", "q_error"),
    number("q", "kF", "momentum of the marginal mode"),
    over_points("omega", "eF", "frequency of the marginal mode", "omega_error", "both"),
    over_points("delta", "eF", "order parameter at the boundary", "delta_error", "both"),
    over_points("error", "1", "error of ratio", "an error itself"),
    over_points("q_error", "kF", "error of q_mode", "an error itself"),
    over_points("omega_error", "eF", "error of omega", "an error itself"),
    over_points("delta_error", "eF", "error of delta", "an error itself"),
    over_points(
        "residual", "1", "what is left of the boundary's equations", "an error itself", "both"
    ),
    over_points(
        "growth",
        "eF",
        "largest growth rate at the boundary of any mode; above 0 another instability comes first",
        "not estimated",
    ),
    over_points(
        "ratio_end",
        "1",
        "kind gap: ratio above which the gapped mode is gone; nan: none",
        "ratio_end_error",
        "both",
    ),
    over_points("ratio_end_error", "1", "error of ratio_end", "an error itself"),
    over_points(
        "gap_ratio",
        "1",
        "kind gap: ratio at which gap_frequency and zeros are given",
        "the input's, or in the middle",
        "both",
    ),
    over_points(
        "gap_frequency",
        "eF",
        "kind gap: lowest real w > 0 with Re det M(0, w) = 0 at gap_ratio; nan: none",
        "gap_error",
        "both",
    ),
    over_points("gap_error", "eF", "error of gap_frequency", "an error itself"),
    over_points(
        "zeros",
        "1",
        "kind gap: zeros of det M(0, w) at Im w > -(gamma_b + gamma_v)/2, w = 0 among them; "
        "nan: not certain",
        COUNTED,
        "both",
    ),
    number("kind", "1", "which boundary: A, B, C or gap", GIVEN, dtype=str),
    *as_data_too(INV_KFAS, GAMMA_B, T_B, P_C),
    replace(GAMMA_V, long_name="decay rate at the boundary", error=ERRORS),
    NUMBER,
)

# ---- modes


def over_momenta(
    name: str,
    units: str,
    long_name: str,
    error: str,
    axes: tuple[str, ...] = (),
    dtype: type = float,
    kind: str = "data",
) -> Quantity:
    """What is known at each momentum; a swept ratio comes before it."""
    return Quantity(name, units, long_name, ("q", *axes), dtype, kind, error=error)


MODES = (
    Quantity("q", "kF", "momentum of the modes", kind="both", error=GIVEN),
    Quantity(
        "mode", "1", "modes of one momentum, fastest growing first", dtype=int, error=COORDINATE
    ),
    COMPONENT,
    over_momenta("growth_rate", "eF", "Im w of the mode e^{-iwt}", "mode_error", ("mode",)),
    over_momenta(
        "frequency",
        "eF",
        "Re w of the mode; in the summary |Re w| of the one that grows fastest",
        "mode_error",
        ("mode",),
        kind="both",
    ),
    over_momenta("mode_error", "eF", "bound on the error of w", "an error itself", ("mode",)),
    over_momenta(
        "vector",
        "1",
        "null vector of M, of length 1",
        "not estimated",
        ("mode", "component"),
        complex,
    ),
    over_momenta(
        "dispersion",
        "eF",
        "lowest real w > 0 where Re det M changes sign, Eq. (43)",
        "solved to 1e-6 of itself",
    ),
    over_momenta("threshold", "eF", "least energy of a broken pair", STATE),
    over_momenta(
        "counted",
        "1",
        "modes above the floor by winding; -1: not counted, or not certain",
        COUNTED,
        dtype=int,
    ),
    over_momenta(
        "floor",
        "eF",
        "Im w above which modes are counted; in the summary the highest",
        "a choice",
        kind="both",
    ),
    over_momenta("samples", "1", "evaluations of M", COUNTED, dtype=int),
    over_ratio("c2", "(eF/kF)^2", "c^2 of Eq. (46)"),
    over_ratio("damping", "eF", "Gamma of Eq. (46)"),
    over_ratio("delta", "eF", "order parameter", STATE),
    number("sound_velocity", "eF/kF", "c of Eq. (46); none where c2 < 0"),
    number(
        "crossover_q",
        "kF",
        "Gamma/2c: the gapless mode diffuses below and propagates above",
    ),
    number("roots", "eF", "[Re w, Im w] of every mode at each momentum", "mode_error"),
    number("growing", "1", "how many modes grow at each momentum", COUNTED, dtype=int),
    number("max_growth", "eF", "largest growth rate"),
    number("q_max", "kF", "momentum of the largest growth rate", "a point of the grid"),
    number("ratio_max", "1", "ratio of the largest growth rate", "a point of the grid"),
    number("verdict", "1", "stable, unstable or unknown", "a decision", dtype=str),
    PART,
    *as_data_too(RATIO),
    *INPUT,
    RESIDUAL,
)

# ---- why there may be no number -----------------------------------------------------------------

BOUNDARY = missing_where(
    BOUNDARY,
    "there is no such boundary",
    "ratio q_mode q omega delta error q_error omega_error delta_error residual growth",
)
BOUNDARY = missing_where(BOUNDARY, "only a single boundary that exists has one", "gamma_v")
MODES = missing_where(MODES, "c2 < 0: long waves are no sound", "sound_velocity crossover_q")
MODES = missing_where(MODES, "the modes were not counted", "growing")
MODES = missing_where(MODES, "no mode was found", "max_growth q_max ratio_max")
MODES = missing_where(MODES, "there are fewer modes", "frequency growth_rate mode_error vector")
MODES = missing_where(MODES, "Re det M changes sign nowhere", "dispersion")
RESPONSE = missing_where(RESPONSE, "Re det M changes sign nowhere in the sweep", "dispersion")
