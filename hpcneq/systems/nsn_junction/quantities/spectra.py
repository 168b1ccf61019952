"""Quantities of the tasks ``modes`` and ``spectrum``."""

from __future__ import annotations

from ....tasks import ERRORS, Quantity, missing_where
from .patterns import START, X
from .shared import CODE, COORDINATE, COUNTED, COVERS

MODES = (
    COVERS,
    Quantity(
        "mu_pair",
        "t_par",
        "chemical potential of a condensate whose phase turns, in whose frame frequencies are told",
        kind="summary",
        error="rounding",
    ),
    Quantity(
        "q_asked",
        "1/lattice constant",
        "wave number asked for; on a finite lattice q is the nearest of its own",
        ("q",),
        error="an input",
    ),
    Quantity("mode", "1", "modes of one q, fastest growing first", dtype=int, error=COORDINATE),
    Quantity(
        "component",
        "1",
        "amplitude in Delta at q, in Delta^* at -q; with hartree in -levels of up, of holes",
        dtype=str,
        error=COORDINATE,
    ),
    Quantity(
        "growth_rate",
        "t_par",
        "Im z of the mode e^{-izt}",
        ("q", "mode"),
        kind="both",
        error=ERRORS,
    ),
    Quantity("frequency", "t_par", "Re z of the mode", ("q", "mode"), kind="both", error=ERRORS),
    Quantity(
        "mode_error", "t_par", "bound on the error of z", ("q", "mode"), error="an error itself"
    ),
    Quantity(
        "multiplicity", "1", "how often the mode counts", ("q", "mode"), dtype=int, error=COUNTED
    ),
    Quantity(
        "vector",
        "1",
        "null vector of M, of length 1",
        ("q", "mode", "component"),
        dtype=complex,
        error="about mode_error over the distance of the next mode",
    ),
    Quantity(
        "growing",
        "1",
        "number of growing modes; -1: not converged",
        ("q",),
        dtype=int,
        error=COUNTED,
    ),
    Quantity("samples", "1", "evaluations of M", ("q",), dtype=int, kind="both", error=COUNTED),
    Quantity("delta", "t_par", "order parameter of the state", kind="summary", error="rounding"),
    Quantity(
        "q_max",
        "1/lattice constant",
        "wave number of the fastest growing mode",
        kind="summary",
        error="the nearest of the wave numbers asked for",
    ),
    Quantity(
        "growing_modes",
        "1",
        "largest number of growing modes at one q",
        dtype=int,
        kind="summary",
        error=COUNTED,
    ),
    Quantity(
        "floor",
        "t_par",
        "growth rate down to which modes were sought",
        kind="summary",
        error="an input",
    ),
    Quantity(
        "verdict",
        "1",
        "stable, unstable or unknown, at the wave numbers asked for",
        dtype=str,
        kind="summary",
        error=CODE,
    ),
)


POLES = "that of the poles, times about 1/distance of the levels"

SPECTRUM = (
    *START,
    Quantity(
        "initial_time",
        "1/t_par",
        "time at which the run before ended",
        kind="summary",
        error="exact",
    ),
    Quantity(
        "w", "t_par", "frequency, from the superconductor's chemical potential", error=COORDINATE
    ),
    X,
    Quantity("kx", "1/lattice constant", "wave number along x", error=COORDINATE),
    Quantity(
        "ky", "1/lattice constant", "wave number along y; that of -ky is the same", error=COORDINATE
    ),
    Quantity(
        "A_{spin}",
        "1/t_par",
        "local density of states of {spin} electrons",
        ("w", "x"),
        over={"spin": ("up", "down")},
        error="rounding: levels are diagonalised",
    ),
    Quantity(
        "occupied_{spin}",
        "1/t_par",
        "occupied part of A_{spin}",
        ("w", "x"),
        over={"spin": ("up", "down")},
        error="rounding: levels are diagonalised",
    ),
    Quantity(
        "distribution", "1", "occupied share of each frequency, f_neq", ("w",), error="rounding"
    ),
    Quantity(
        "n_{spin}",
        "1",
        "momentum distribution of {spin} electrons",
        ("kx", "ky"),
        over={"spin": ("up", "down")},
        error=POLES,
    ),
    Quantity(
        "delta",
        "t_par",
        "order parameter",
        ("x",),
        dtype=complex,
        error="solved to initial_residual",
    ),
    Quantity("Q", "1/lattice constant", "pair momentum along x", error=COORDINATE),
    Quantity(
        "C_inner",
        "1/t_par",
        "share of the pairs between the surfaces xi = h - eV/2 (up) and -h + eV/2 (down) in C(Q)",
        ("Q",),
        error="momentum sums to 1e-4",
    ),
    Quantity(
        "C_outer",
        "1/t_par",
        "share of the pairs between the surfaces xi = h + eV/2 (up) and -h - eV/2 (down) in C(Q)",
        ("Q",),
        error="momentum sums to 1e-4",
    ),
    Quantity("eV", "t_par", "bias", kind="summary", error="an input"),
    Quantity(
        "delta_max", "t_par", "largest |Delta|", kind="summary", error="solved to initial_residual"
    ),
    Quantity("density", "per site", "particles per site", kind="summary", error=ERRORS),
    Quantity("magnetization", "per site", "up minus down", kind="summary", error=ERRORS),
    Quantity(
        "edges_{spin}",
        "t_par",
        "band energies of the Fermi edges of {spin} electrons",
        kind="summary",
        over={"spin": ("up", "down")},
        error="exact",
    ),
    Quantity(
        "Q_max",
        "1/lattice constant",
        "pair momentum of the largest C(Q)",
        kind="summary",
        error="momentum sums to 1e-4",
    ),
    Quantity(
        "U_C_max",
        "1",
        "largest U C(Q) of the normal state",
        kind="summary",
        error="momentum sums to 1e-4",
    ),
    Quantity(
        "dominant_pair",
        "1",
        "the Fermi surfaces between which most pairs form",
        dtype=str,
        kind="summary",
        error=CODE,
    ),
    Quantity(
        "dominant_share",
        "1",
        "their share of C(Q_max)",
        kind="summary",
        error="momentum sums to 1e-4",
    ),
)

# ---- why there may be no number -----------------------------------------------------------------

MODES = missing_where(MODES, "there are fewer modes", "growth_rate frequency mode_error vector")
MODES = missing_where(MODES, "no mode was found", "q_max")
