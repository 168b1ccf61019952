"""Quantities of order parameters over sites, of their start, and of the task ``pattern``."""

from __future__ import annotations

from ....tasks import ERRORS, Quantity

EXACT = "given by the lattice"
COUNTED = "counted"
CLASSIFIED = "a name for the pattern; its limits are in the documentation"
FITTED = "an error itself: the largest on a fine grid of energies"

X = Quantity("x", "lattice constant", "site along x", dtype=int, error=EXACT)
Y = Quantity("y", "lattice constant", "site along y", dtype=int, error=EXACT)
POTENTIAL = Quantity("potential", "t_par", "energy of the site", ("x", "y"), error="an input")
DELTA_MAX = Quantity("delta_max", "t_par", "largest |Delta|", kind="summary", error=ERRORS)
DELTA_RMS = Quantity(
    "delta_rms", "t_par", "root of the mean of |Delta|^2", kind="summary", error=ERRORS
)
WAVE_NUMBER = Quantity(
    "wave_number",
    "2 pi / Lx",
    "largest harmonic of the order parameter along x",
    dtype=int,
    kind="summary",
    error=COUNTED,
)
WAVE_NUMBER_Y = Quantity(
    "wave_number_y",
    "2 pi / Ly",
    "largest harmonic of the order parameter along y",
    dtype=int,
    kind="summary",
    error=COUNTED,
)
STRIPE_FRACTION = Quantity(
    "stripe_fraction",
    "1",
    "part of the weight |Delta_q|^2 that does not depend on y",
    kind="summary",
    error=ERRORS,
)
STATE = Quantity(
    "state",
    "1",
    "normal, bcs (uniform), fflo (one wave), crossed (waves along x and y) or mixed",
    dtype=str,
    kind="summary",
    error=CLASSIFIED,
)
POLE_ERROR = Quantity(
    "pole_error",
    "1",
    "largest error of the broadened Fermi function by poles",
    kind="summary",
    error=FITTED,
)

FLOWS = (
    Quantity(
        "bond_current_{axis}",
        "t_par",
        "particles per time, both spins, from a site to its neighbour at +{axis}",
        ("x", "y"),
        over={"axis": ("x", "y")},
        error="as of current_{axis}",
    ),
    Quantity(
        "current_{axis}",
        "t_par",
        "mean of bond_current_{axis} over the sites",
        kind="summary",
        over={"axis": ("x", "y")},
        error=ERRORS,
    ),
)

START = (
    Quantity(
        "initial_state",
        "1",
        "state before t = 0: normal, bcs, fflo, crossed, mixed, or file",
        dtype=str,
        kind="summary",
        error=CLASSIFIED,
    ),
    Quantity(
        "initial_wave_number",
        "2 pi / Lx",
        "periods of the state before t = 0 along Lx",
        dtype=int,
        kind="summary",
        error=COUNTED,
    ),
    Quantity(
        "initial_residual",
        "t_par",
        "largest residual of the gap equation before t = 0",
        kind="summary",
        error="an error itself",
    ),
    Quantity(
        "initial_delta_max",
        "t_par",
        "largest |Delta| before t = 0, without the noise",
        kind="summary",
        error="initial_residual",
    ),
)  # the stationary state in which evolutions begin

PATTERN = (
    X,
    Y,
    POTENTIAL,
    Quantity("delta", "t_par", "order parameter", ("x", "y"), complex, error="delta_error"),
    Quantity("delta_error", "t_par", "error of delta", ("x", "y"), error="an error itself"),
    Quantity("pairing", "t_par", "attraction on the site", ("x", "y"), error="an input"),
    DELTA_MAX,
    DELTA_RMS,
    WAVE_NUMBER,
    WAVE_NUMBER_Y,
    STRIPE_FRACTION,
    STATE,
    *FLOWS,
    Quantity(
        "supercurrent_{axis}",
        "t_par",
        "current_{axis} less that of the normal state under the same vector potential",
        kind="summary",
        over={"axis": ("x", "y")},
        error=ERRORS,
    ),
    Quantity("density", "per site", "particles", ("x", "y"), kind="both", error=ERRORS),
    Quantity("magnetization", "per site", "up minus down", ("x", "y"), kind="both", error=ERRORS),
    Quantity(
        "current_{side}",
        "t_par per site",
        "particle current from the {side} lead",
        kind="summary",
        over={"side": ("left", "right")},
        error=ERRORS,
    ),
    Quantity(
        "free_energy",
        "t_par per site",
        "Omega less that of the normal state, at zero bias",
        kind="summary",
        error=ERRORS,
    ),
    POLE_ERROR,
    Quantity(
        "residual",
        "t_par",
        "largest residual of the gap equation",
        kind="summary",
        error="an error itself",
    ),
    Quantity(
        "iterations",
        "1",
        "iterations of the last solver, Newton's method where it improved the root",
        dtype=int,
        kind="summary",
        error=COUNTED,
    ),
)
