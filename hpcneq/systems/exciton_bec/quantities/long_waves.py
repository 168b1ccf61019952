"""Quantities of coefficients and phase-diagram."""

from __future__ import annotations

from dataclasses import replace

from ....tasks import ERRORS, Quantity, missing_where
from .shared import (
    COUNTED,
    GAMMA_B,
    INPUT,
    INV_KFAS,
    M_UNITS,
    NUMBER,
    P_C,
    RATIO,
    RESIDUAL,
    T_B,
    as_data_too,
    number,
    over_ratio,
)

LONG_WAVES = (
    over_ratio("alpha11", M_UNITS, "alpha11 = M11(0, 0): < 0, excitons attract"),
    over_ratio("alpha21", M_UNITS, "alpha21 = M21(0, 0)"),
    over_ratio(
        "beta22",
        "kF/eF",
        "beta22 = lim M22(q, 0)/q^2: < 0, the supercurrent flows against grad theta",
    ),
    *(over_ratio(f"eta{i}{j}", "kF^3/eF^2", f"eta{i}{j}") for i in "12" for j in "12"),
)
INTERACTION = over_ratio(
    "U_eff", "eF", "alpha11/eta12: effective interaction of excitons times their condensed fraction"
)
LIMIT = "a formula for gamma -> 0, at the steady state"
TERMS = (
    over_ratio(
        "blocking",
        "eF",
        "first term of alpha11/eta12 for gamma -> 0, all orders in delta: Pauli blocking",
        LIMIT,
    ),
    over_ratio(
        "slope_term",
        "eF",
        "second term of alpha11/eta12 for gamma -> 0, all orders in delta: "
        "slope of the distribution",
        LIMIT,
    ),
    over_ratio(
        "blocking_71",
        "eF",
        "first term of Eq. (71) over eta12, as printed: lowest order in delta, q >> gamma/v; "
        "nan: mu > 0 or T_b > 0",
        LIMIT,
    ),
    over_ratio(
        "slope_71",
        "eF",
        "second term of Eq. (71) over eta12, as printed; nan: mu > 0 or T_b > 0",
        LIMIT,
    ),
)
FOLLOWING = (
    over_ratio(
        "identity_75",
        "1",
        "12 delta^2 beta22/(4 mu alpha11): 1 where Eq. (75) holds; nan: mu < 0",
    ),
    over_ratio("c2", "eF^2/kF^2", "square of the sound velocity of Eq. (46)"),
    over_ratio("damping", "eF", "Gamma of Eq. (46): below q = Gamma/2c sound is diffusive"),
    over_ratio("delta", "eF", "order parameter"),
    over_ratio("mu", "eF", "chemical potential of the condensate"),
)


def error_of(quantity: Quantity) -> Quantity:
    """The data set with the error of another one."""
    return replace(
        quantity,
        name=f"{quantity.name}_error",
        long_name=f"error of {quantity.name}",
        kind="data",
        error="an error itself",
    )


COEFFICIENTS = (
    *as_data_too(RATIO),
    *LONG_WAVES,
    INTERACTION,
    *TERMS,
    *FOLLOWING,
    *(error_of(quantity) for quantity in (*LONG_WAVES, INTERACTION, *FOLLOWING)),
    *INPUT,
    RESIDUAL,
)


def over_interaction(name: str, units: str, long_name: str) -> Quantity:
    """A line of the phase diagram, or where the mode at it lies."""
    return Quantity(name, units, long_name, ("inv_kfas",), kind="both", error=ERRORS)


def over_plane(name: str, units: str, long_name: str) -> Quantity:
    """What is known of the fastest mode at each interaction and ratio."""
    return Quantity(name, units, long_name, ("inv_kfas", "ratio"), error="not estimated")


SIGN_LINES = (
    over_interaction("ratio_c", "1", "ratio at which the condensate ends; nan: nowhere"),
    over_interaction(
        "alpha11", "1", "ratio at which alpha11 = 0 (boundary A on the BEC side); nan: nowhere"
    ),
    over_interaction("beta22", "1", "ratio at which beta22 = 0; nan: nowhere"),
)
MODE_LINES = (
    over_interaction("B", "1", "ratio at which a standing pattern begins to grow; nan: nowhere"),
    over_interaction(
        "C", "1", "ratio at which an oscillating pattern begins to grow; nan: nowhere"
    ),
    over_interaction(
        "C_end", "1", "ratio at which oscillating patterns cease to grow; nan: nowhere"
    ),
    over_interaction(
        "soft_from", "1", "ratio at which long static waves begin to grow; nan: nowhere"
    ),
    over_interaction(
        "restored",
        "1",
        "ratio at which long static waves cease to grow; nan: they grow up to ratio_c, or nowhere",
    ),
    over_interaction(
        "gap", "1", "ratio at which Re det M(0, w) gains a zero at real w > 0; nan: nowhere"
    ),
    over_interaction("gap_end", "1", "ratio at which it loses it again; nan: nowhere"),
)
MARGINAL = (
    over_interaction("q_B", "kF", "momentum of the pattern at B"),
    over_interaction("q_C", "kF", "momentum at C"),
    over_interaction("omega_C", "eF", "frequency at C"),
)


UNSTABLE = Quantity(
    "unstable",
    "1",
    "ratio above which the condensate is unstable; nan: nowhere",
    ("inv_kfas",),
    error="that of alpha11, B or C, whichever it is",
)


def over_every_interaction(quantity: Quantity) -> Quantity:
    """A line at the swept interactions and at those that were added."""
    return replace(
        quantity,
        name=f"{quantity.name}_line",
        axes=("inv_line",),
        kind="data",
        error=f"as of {quantity.name}",
    )


PHASE_DIAGRAM = (
    *as_data_too(INV_KFAS),
    *SIGN_LINES,
    *MODE_LINES,
    *MARGINAL,
    UNSTABLE,
    Quantity(
        "region",
        "1",
        '0: normal; 1: stable condensate; 2: unstable condensate; with boundaries = "signs" '
        "1: alpha11 and beta22 > 0, 2: alpha11 or beta22 < 0",
        ("inv_kfas", "ratio"),
        int,
        error="a code",
    ),
    Quantity(
        "inv_line",
        "1",
        "swept interactions, those added where lines bend, begin or end, and tip_inv",
        error="exact; tip_inv: its error",
    ),
    *map(over_every_interaction, (*SIGN_LINES, *MODE_LINES, *MARGINAL, UNSTABLE)),
    Quantity("arc_ratio", "1", "ratio along C and C_end around their tip", error="exact"),
    Quantity("arc_inv", "1", "interaction of C there", ("arc_ratio",), error="that of tip_inv"),
    Quantity("arc_q", "kF", "momentum of the mode there", ("arc_ratio",), error="that of tip_q"),
    Quantity("arc_omega", "eF", "frequency there", ("arc_ratio",), error="that of tip_omega"),
    number("tip_inv", "1", "interaction at which C and C_end meet; null: nowhere"),
    number("tip_ratio", "1", "ratio at which C and C_end meet"),
    number("tip_q", "kF", "momentum of the mode at which C and C_end meet"),
    number("tip_omega", "eF", "frequency of the mode at which C and C_end meet"),
    over_plane("rate", "eF", "largest growth rate Im w over all momenta; 0: none grows"),
    over_plane("q_fastest", "kF", "momentum of the mode that grows fastest"),
    over_plane("frequency", "eF", "Re w of the mode that grows fastest"),
    number("shares", "1", "shares of the regions 0, 1, 2 among all points", COUNTED),
    number("switch_inv", "1", "interaction at which C and B change places", "not estimated"),
    number("max_growth", "eF", "largest growth rate of all points", "not estimated"),
    number("inv_max", "1", "interaction of the largest growth rate", "a point of the grid"),
    P_C,
    NUMBER,
    GAMMA_B,
    T_B,
)

# ---- why there may be no number -----------------------------------------------------------------

COEFFICIENTS = missing_where(
    COEFFICIENTS,
    "the normal state has no condensate",
    "alpha11 alpha21 beta22 eta11 eta12 eta21 eta22 U_eff blocking slope_term c2 damping delta mu "
    "residual alpha11_error alpha21_error beta22_error eta11_error eta12_error eta21_error "
    "eta22_error U_eff_error c2_error damping_error delta_error mu_error",
)
COEFFICIENTS = missing_where(
    COEFFICIENTS,
    "its formula holds for mu > 0 only",
    "blocking_71 slope_71 identity_75 identity_75_error",
)
PHASE_DIAGRAM = missing_where(
    PHASE_DIAGRAM,
    "this does not occur at the interaction",
    "ratio_c alpha11 beta22 B C C_end soft_from restored q_B q_C omega_C unstable ratio_c_line "
    "alpha11_line beta22_line B_line C_line C_end_line soft_from_line restored_line gap_line "
    "gap_end_line q_B_line q_C_line omega_C_line unstable_line",
)
PHASE_DIAGRAM = missing_where(
    PHASE_DIAGRAM,
    "C and C_end meet at no interaction above the first",
    "tip_inv tip_ratio tip_q tip_omega",
)
