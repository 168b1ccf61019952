"""Quantities of the tasks ``evolve`` and ``ensemble``."""

from __future__ import annotations

from ....tasks import ERRORS, WORK, Quantity, missing_where
from .patterns import (
    CLASSIFIED,
    COUNTED,
    DELTA_MAX,
    DELTA_RMS,
    EXACT,
    FITTED,
    POLE_ERROR,
    POTENTIAL,
    START,
    STATE,
    STRIPE_FRACTION,
    WAVE_NUMBER,
    WAVE_NUMBER_Y,
    X,
    Y,
)

SIDES = {"side": ("left", "right")}
AXES = {"axis": ("x", "y")}
INPUT = "an input"
AS_SUMMARY = "at the last time that of the summary's numbers"
PREVIOUS = "that of the run before"

N = Quantity("n", "2 pi / Lx", "wave number", dtype=int, error=EXACT)

SERIES = (
    Quantity("t", "1/t_par", "time", kind="both", error="exact: rows end time steps"),
    X,
    Y,
    N,
    Quantity("n_x", "2 pi / Lx", "wave number along x", dtype=int, error=EXACT),
    Quantity("n_y", "2 pi / Ly", "wave number along y", dtype=int, error=EXACT),
    POTENTIAL,
    Quantity(
        "delta",
        "t_par",
        'order parameter; over (t, x, y) with symmetry = "full"',
        ("t", "x"),
        complex,
        error=AS_SUMMARY,
    ),
    Quantity(
        "density",
        "per site",
        'particles per site, both spins; over (t, x, y) with symmetry = "full"; '
        "in the summary the mean over sites",
        ("t", "x"),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "magnetization",
        "per site",
        'particles per site, up minus down; over (t, x, y) with symmetry = "full"; '
        "in the summary the mean over sites",
        ("t", "x"),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "delta_n",
        "t_par",
        "modulus of the order parameter's harmonics, larger of +n and -n",
        ("t", "n"),
        error=AS_SUMMARY,
    ),
    Quantity(
        "structure",
        "t_par^2",
        "|Delta_q|^2 summed over the signs of q_x and q_y; adds up to the mean of |Delta|^2",
        ("t", "n_x", "n_y"),
        error=AS_SUMMARY,
    ),
    Quantity(
        "bond_current_{axis}",
        "t_par",
        "particles per time, both spins, from a site to its neighbour at +{axis}; with "
        'symmetry = "full"',
        ("t", "x", "y"),
        over=AXES,
        error=AS_SUMMARY,
    ),
    Quantity(
        "current_{axis}",
        "t_par",
        "mean of bond_current_{axis} over the sites; the supercurrent of a stationary condensate",
        ("t",),
        kind="both",
        over=AXES,
        error=ERRORS,
    ),
    Quantity("eV", "t_par", "bias", ("t",), error=INPUT),
    Quantity(
        "current_{side}",
        "t_par per site",
        "particle current from the {side} lead",
        ("t",),
        kind="both",
        over=SIDES,
        error=ERRORS,
    ),
    Quantity(
        "balance",
        "t_par per site",
        "|dn/dt - sum of the currents|; in the summary the largest",
        ("t",),
        kind="both",
        error="an error itself",
    ),
)

MONITORS = (
    Quantity("t_monitor", "1/t_par", "times of the costly monitors", error=EXACT),
    Quantity(
        "antihermiticity",
        "1",
        "largest |G + G^+|",
        ("t_monitor",),
        kind="both",
        error="an error itself",
    ),
    Quantity(
        "occupation_min",
        "1",
        "smallest eigenvalue of -i G^<",
        ("t_monitor",),
        kind="both",
        error="below 0 an error itself",
    ),
    Quantity(
        "occupation_max",
        "1",
        "largest eigenvalue of -i G^<",
        ("t_monitor",),
        kind="both",
        error="above 1 an error itself",
    ),
)

PREVIOUS_RUN = (
    Quantity("previous", "1", "rows of the run before", dtype=int, error=COUNTED),
    Quantity("previous_eV", "t_par", "bias in the run before", ("previous",), error=INPUT),
    Quantity(
        "previous_delta_max",
        "t_par",
        "largest |Delta| in the run before",
        ("previous",),
        error=PREVIOUS,
    ),
    Quantity(
        "initial_file",
        "1",
        "result file of the run before",
        dtype=str,
        kind="summary",
        error=INPUT,
    ),
    Quantity("initial_time", "1/t_par", "end of the run before", kind="summary", error=EXACT),
)

HARMONICS = (
    Quantity("harmonic", "drive frequency", "harmonic of the drive", dtype=int, error=EXACT),
    Quantity(
        "current_{side}_harmonics",
        "t_par per site",
        "c_k of the current from the {side} lead under a sine drive, "
        "Re sum c_k exp(-i k Omega (t - at)), over its last whole periods, at most 4",
        ("harmonic",),
        complex,
        over=SIDES,
        error="that of current_{side}_first_harmonic",
    ),
    Quantity(
        "current_{side}_first_harmonic",
        "t_par per site",
        "c_1 of the current from the {side} lead",
        dtype=complex,
        kind="summary",
        over=SIDES,
        error=ERRORS,
    ),
)

MODEL = (
    POLE_ERROR,
    Quantity(
        "memory_error",
        "1",
        "largest error of the poles for a state in motion, per unit change of its levels",
        kind="summary",
        error=FITTED,
    ),
    Quantity(
        "poles", "1", "number of poles of each lead", dtype=int, kind="summary", error=COUNTED
    ),
    Quantity("eV_initial", "t_par", "bias before t = 0", kind="summary", error=INPUT),
    Quantity(
        "region_initial",
        "1",
        "region of the phase diagram of this lattice before t = 0; none for unequal leads",
        dtype=str,
        kind="summary",
        error=CLASSIFIED,
    ),
    Quantity(
        "region",
        "1",
        "region of the phase diagram of this lattice at the last bias; none for unequal leads",
        dtype=str,
        kind="summary",
        error=CLASSIFIED,
    ),
)

LAST_PATTERN = (DELTA_MAX, DELTA_RMS, WAVE_NUMBER, WAVE_NUMBER_Y, STRIPE_FRACTION, STATE)

MU_PAIR = Quantity(
    "mu_pair",
    "t_par",
    "chemical potential of a start whose phase turns: Delta is told in its frame",
    kind="summary",
    error="solved to initial_residual",
)

MATRICES = Quantity(
    "mode_matrices",
    "1",
    "groups of bath modes that have a matrix; with stripes or range",
    dtype=int,
    kind="summary",
    error=COUNTED,
)
RANGE = Quantity(
    "range_error",
    "t_par",
    "largest change of the order parameter at the end under 1.4 times the ranges; with range",
    kind="summary",
    error="an error itself",
)

EVOLVE = (
    *SERIES,
    *MONITORS,
    RANGE,
    MATRICES,
    *LAST_PATTERN,
    *PREVIOUS_RUN,
    *HARMONICS,
    *MODEL,
    *START,
    MU_PAIR,
    *WORK,
)

ENSEMBLE = (
    Quantity("dt", "1/t_par", "time step", error=INPUT),
    Quantity("seed", "1", "seed of the noise", dtype=int, error=INPUT),
    Quantity("t", "1/t_par", "time", error=EXACT),
    N,
    Quantity(
        "wave_number",
        "2 pi / Lx",
        "largest harmonic at the end",
        ("dt", "seed"),
        int,
        error=COUNTED,
    ),
    Quantity(
        "final_delta_max",
        "t_par",
        "largest |Delta| at the end",
        ("dt", "seed"),
        error="differences between the time steps",
    ),
    Quantity(
        "final_delta_n",
        "t_par",
        "modulus of the harmonics at the end",
        ("dt", "seed", "n"),
        error="differences between the time steps",
    ),
    Quantity(
        "delta_max",
        "t_par",
        "largest |Delta|; in the summary its mean over runs at the end",
        ("dt", "seed", "t"),
        kind="both",
        error="delta_max_spread",
    ),
    Quantity(
        "delta_max_spread",
        "t_par",
        "standard deviation of the largest |Delta| at the end over runs",
        kind="summary",
        error="a spread itself",
    ),
    Quantity("runs", "1", "number of runs", dtype=int, kind="summary", error=COUNTED),
    Quantity(
        "wave_numbers",
        "2 pi / Lx",
        "wave numbers that came out, ascending",
        dtype=int,
        kind="summary",
        error=COUNTED,
    ),
    Quantity("counts", "1", "runs with each of them", dtype=int, kind="summary", error=COUNTED),
    Quantity("states", "1", "states that came out", dtype=str, kind="summary", error=CLASSIFIED),
    Quantity(
        "state_counts", "1", "runs that ended in each", dtype=int, kind="summary", error=COUNTED
    ),
    Quantity(
        "wave_number_mean", "2 pi / Lx", "mean of the wave number", kind="summary", error=ERRORS
    ),
    Quantity(
        "wave_number_spread",
        "2 pi / Lx",
        "standard deviation of the wave number over runs",
        kind="summary",
        error="a spread itself",
    ),
    *START,
    MU_PAIR,
)

# ---- why there may be no number -----------------------------------------------------------------

EVOLVE = missing_where(
    EVOLVE, "only a lattice between mirrored leads has regions", "region_initial region"
)
EVOLVE = missing_where(EVOLVE, "the initial state has no wave number", "initial_wave_number")
