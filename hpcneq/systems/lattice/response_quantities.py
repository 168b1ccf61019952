"""Data sets and summary numbers of the tasks that look at responses of a state."""

from __future__ import annotations

from ...tasks import ERRORS, Quantity, missing_where
from .quantities import EXACT, MODEL, RATE, UNIT

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
MODES += (
    Quantity("branch", "1", "branch of states along the sweep", dtype=int, error=EXACT),
    Quantity(
        "branch_begins",
        "1",
        "where it was found: normal, start, fold, pairing or pitchfork",
        ("branch",),
        dtype=str,
        error=EXACT,
    ),
    Quantity(
        "branch_delta_max", UNIT, "largest pairing", ("branch", "eV"), error="as of delta_max"
    ),
    Quantity(
        "branch_mu_c", UNIT, "frequency of the condensate", ("branch", "eV"), error="residual"
    ),
    Quantity(
        "branch_growth_rate",
        RATE,
        "growth rate of the fastest mode but that of the phase; not a number where all decay "
        "faster than branch_lowest",
        ("branch", "eV"),
        error="branch_growth_rate_error",
    ),
    Quantity("branch_growth_rate_error", RATE, "its error", ("branch", "eV"), error="an error"),
    Quantity(
        "branch_growing",
        "1",
        "number of growing modes; -1: the branch does not exist there",
        ("branch", "eV"),
        dtype=int,
        error="counted",
    ),
    Quantity(
        "branch_lowest",
        RATE,
        "growth rate down to which modes were sought",
        ("branch", "eV"),
        error="an input",
    ),
    Quantity(
        "bifurcations",
        "1",
        "where branches fold, or a mode begins to grow: kind (fold, pairing, pitchfork, "
        "oscillation), at (the parameter), error of it, delta_max, frequency",
        dtype=list,
        kind="summary",
        error="in each",
    ),
)
MODES = missing_where(
    MODES, "the branch does not exist there", "branch_delta_max branch_mu_c branch_lowest"
)
MODES = missing_where(
    MODES,
    "the branch does not exist there, or has no mode above branch_lowest",
    "branch_growth_rate branch_growth_rate_error",
)
MODES = missing_where(MODES, "there are fewer modes", "growth_rate frequency mode_error delta_mode")
MODES = missing_where(MODES, "the point was lost", "delta_max_of lowest")
PROBE = (
    *MODEL,
    *STATE,
    Quantity("t", "1/energy", "middle of the probe", error="an input"),
    Quantity("energy", UNIT, "energy", error=EXACT),
    Quantity("delta_max_at", UNIT, "largest pairing", ("t",), error="as of the step"),
)
PHOTOEMISSION = (
    *PROBE,
    Quantity("k", "1", "number of the wave vector", dtype=int, error=EXACT),
    Quantity("wave_vector", "1/length", "wave vector", ("k", "axis"), error="an input"),
    Quantity(
        "intensity",
        "1/energy",
        "A(k, w, t), mean over spins; its integral dw/2pi is the occupation",
        ("t", "k", "energy"),
        error="intensity_error",
    ),
    Quantity(
        "intensity_error",
        "1/energy",
        "its largest error, from twice the step and looser fits",
        ("t",),
        error="an error",
    ),
    Quantity(
        "occupation",
        "1",
        "mean of n_k over the probe's intensity",
        ("t", "k"),
        error="as of the step",
    ),
    Quantity("intensity_max", "1/energy", "largest intensity", kind="summary", error=ERRORS),
    Quantity(
        "intensity_min",
        "1/energy",
        "smallest intensity; it cannot be negative",
        kind="summary",
        error=ERRORS,
    ),
)
TUNNELLING = (
    *PROBE,
    Quantity("point", "1", "number of the site under the tip", dtype=int, error=EXACT),
    Quantity("probed", "1", "site under the tip", ("point",), dtype=int, error=EXACT),
    Quantity(
        "didv",
        "1/energy",
        "dI/dV by a weak normal tip, as density of states, mean over spins; integral 1",
        ("t", "point", "energy"),
        error="didv_error",
    ),
    Quantity(
        "occupied",
        "1/energy",
        "the occupied part of the density of states",
        ("t", "point", "energy"),
        error="didv_error",
    ),
    Quantity(
        "didv_error",
        "1/energy",
        "the largest error of both, from twice the step and looser fits",
        ("t",),
        error="an error",
    ),
    Quantity(
        "occupation",
        "1",
        "mean density a spin over the probe's intensity",
        ("t", "point"),
        error="as of the step",
    ),
    Quantity("didv_max", "1/energy", "largest dI/dV", kind="summary", error=ERRORS),
)
UNESTIMATED = "[numerics] error_estimate = false"
PHOTOEMISSION = missing_where(PHOTOEMISSION, UNESTIMATED, "intensity_error")
TUNNELLING = missing_where(TUNNELLING, UNESTIMATED, "didv_error")
AREA = "length^2"  # charge 1
CONDUCTIVITY = (
    *MODEL,
    *STATE,
    Quantity("energy", UNIT, "frequency", error=EXACT),
    Quantity(
        "sigma",
        AREA,
        "conductivity a site (with the response of the mean field)",
        ("energy",),
        dtype=complex,
        error="sigma_error",
    ),
    Quantity(
        "sigma_bubble",
        AREA,
        "conductivity a site (without that response)",
        ("energy",),
        dtype=complex,
        error="sigma_error",
    ),
    Quantity("sigma_error", AREA, "error, from looser fits", ("energy",), error="an error"),
    Quantity(
        "superfluid_weight",
        "energy length^2",
        "-K(0) a site: pi times it is the weight of Re sigma at 0",
        kind="summary",
        error=ERRORS,
    ),
    Quantity(
        "diamagnetic_weight",
        "energy length^2",
        "-K(infinity) a site, the mean of d^2H/dA^2",
        kind="summary",
        error=ERRORS,
    ),
    Quantity(
        "f_sum",
        "1",
        "int Re sigma over the frequencies, and the superfluid part, of (pi/2) times the "
        "diamagnetic weight; 1 if the frequencies hold everything",
        kind="summary",
        error="by the frequencies left out",
    ),
)
CONDUCTIVITY = missing_where(
    CONDUCTIVITY, "the point was lost", "sigma sigma_bubble sigma_error f_sum"
)
