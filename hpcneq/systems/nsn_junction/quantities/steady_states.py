"""Quantities of the tasks ``steady`` and ``tmatrix``."""

from __future__ import annotations

from ....tasks import ERRORS, Quantity, missing_where
from .shared import CODE, COORDINATE, COVERS, INTERVAL, NORMAL, RESIDUAL, SCANNED, SNES

STEADY = (
    NORMAL,
    COVERS,
    SCANNED,
    SNES,
    Quantity(
        "state",
        "1",
        "steady states by order parameter; between mirrored leads the normal state comes last",
        dtype=int,
        error=COORDINATE,
    ),
    Quantity("roots", "t_par", "order parameter of every condensate", kind="summary", error=ERRORS),
    Quantity("delta", "t_par", "order parameter", ("state",), error="that of roots"),
    Quantity(
        "mu_pair",
        "t_par",
        "chemical potential of a rotating condensate: its phase turns as e^(-2 i mu_pair t)",
        ("state",),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "stability_code",
        "1",
        "0 unstable, 1 stable, 2 metastable; -1 the normal state",
        ("state",),
        dtype=int,
        error=CODE,
    ),
    Quantity(
        "stability",
        "1",
        "stability of every condensate: unstable, stable, metastable, unknown",
        dtype=str,
        kind="summary",
        error=CODE,
    ),
    Quantity(
        "residual",
        "t_par",
        "|D - U D F(D)| where SNES stopped",
        ("state",),
        kind="both",
        error=RESIDUAL,
    ),
    Quantity(
        "slope",
        "1/t_par^2",
        "dF/dD; > 0: a growing amplitude mode",
        ("state",),
        kind="both",
        error=ERRORS,
    ),
    Quantity("density", "per site", "particles per site", ("state",), kind="both", error=ERRORS),
    Quantity("magnetization", "per site", "up minus down", ("state",), kind="both", error=ERRORS),
    Quantity(
        "current_left",
        "t_par per site",
        "particle current from the left lead",
        ("state",),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "current_right",
        "t_par per site",
        "particle current from the right lead",
        ("state",),
        error="that of current_left",
    ),
    Quantity(
        "current_normal",
        "t_par per site",
        "current from the left lead in the normal state",
        kind="summary",
        error=ERRORS,
    ),
    Quantity(
        "free_energy",
        "t_par per site",
        "Omega(D) - Omega(0), at rest",
        ("state",),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "mu_hartree",
        "t_par",
        "chemical potential that the levels of every condensate see, mu + U (n - 1)/2",
        kind="summary",
        error="U/2 times that of density",
    ),
    Quantity(
        "h_hartree",
        "t_par",
        "field that the levels of every condensate see, h - U m/2",
        kind="summary",
        error="U/2 times that of magnetization",
    ),
    Quantity("D", "t_par", "trial order parameter", error=COORDINATE),
    Quantity(
        "U_F", "1", "U F(D): a steady state where it is 1", ("D",), error="rounding and error^1.5"
    ),
    Quantity(
        "region",
        "1",
        "phase: normal, bcs, fflo, bistable-with-fflo, bistable-with-normal",
        dtype=str,
        kind="summary",
        error=CODE,
    ),
    Quantity(
        "scanned_mu",
        "t_par",
        "chemical potentials at which rotating states were sought: from, to, step",
        kind="summary",
        error=INTERVAL,
    ),
    Quantity(
        "normal_growth",
        "t_par",
        "growth rate of the normal state's fastest pair mode",
        kind="summary",
        error=ERRORS,
    ),
    Quantity("normal_frequency", "t_par", "frequency of that mode", kind="summary", error=ERRORS),
    Quantity(
        "normal_Q",
        "1/lattice constant",
        "wave number of that mode",
        kind="summary",
        error="the nearest of the momenta looked at",
    ),
)


TMATRIX = (
    NORMAL,
    SNES,
    Quantity("Q", "1/lattice constant", "pair momentum along x", error=COORDINATE),
    Quantity(
        "C",
        "1/t_par",
        "static pair susceptibility C(Q) of the normal state",
        ("Q",),
        error="C_error",
    ),
    Quantity(
        "inverse_T",
        "1/t_par",
        "1/U - C(Q): the inverse T-matrix; < 0: pairs of this momentum grow",
        ("Q",),
        error="C_error",
    ),
    Quantity("C_error", "1/t_par", "error of C(Q)", ("Q",), error="an error itself"),
    Quantity(
        "C_diagonal",
        "1/t_par",
        "the same with a pair momentum of modulus Q along the diagonal",
        ("Q",),
        error="about C_error",
    ),
    Quantity(
        "Q_max",
        "1/lattice constant",
        "momentum along x of the largest C(Q)",
        kind="summary",
        error=ERRORS,
    ),
    Quantity("U_C_max", "1", "largest U C(Q) along x", kind="summary", error=ERRORS),
    Quantity("U_C_0", "1", "U C(0)", kind="summary", error=ERRORS),
    Quantity(
        "Q_max_diagonal",
        "1/lattice constant",
        "modulus of the momentum of the largest C along the diagonal",
        kind="summary",
        error=ERRORS,
    ),
    Quantity(
        "U_C_max_diagonal", "1", "largest U C along the diagonal", kind="summary", error=ERRORS
    ),
    Quantity(
        "inverse_T_min", "1/t_par", "1/U - C(Q) at its smallest", kind="summary", error=ERRORS
    ),
    Quantity("residual", "1", "U |dC/dQ| where SNES stopped", kind="summary", error=RESIDUAL),
)

# ---- why there may be no number -----------------------------------------------------------------

STEADY = missing_where(
    STEADY,
    "pairs of the normal state decay nearly as fast as the continuum, or their mode was not found",
    "normal_growth normal_frequency",
)
