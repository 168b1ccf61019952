"""Every data set and summary number of the phonon-semiconductor system, declared once."""

from __future__ import annotations

from dataclasses import replace

from ...tasks import ERRORS, WORK, Quantity, attractor_quantities, missing_where

GRID = "a coordinate"
ITSELF = "an error itself"
COUNTED = "counted"
NO_ERROR = "none over momenta"
SETTING = "a setting"

MOMENTUM = Quantity("k", "1", "momentum", error=GRID)
TIME = Quantity("t", "1/E_g", "time", kind="both", error=GRID)
SPEED = Quantity("v", "1", "speed of sound", error="an input")


def fields(axes: tuple[str, ...], names: tuple[str, ...] = ("n11", "n22", "n21", "s")) -> tuple:
    """Populations, coherence and pairs over ``axes``, or some of them."""
    every = (
        Quantity("n11", "1", "population of the lower band", axes, error=NO_ERROR),
        Quantity("n22", "1", "population of the upper band", axes, error=NO_ERROR),
        Quantity("n21", "1", "coherence <c2+ c1>", axes, complex, error=NO_ERROR),
        Quantity("s", "1", "pairs <c2+_k c1+_-k>", axes, complex, error=NO_ERROR),
    )
    return tuple(quantity for quantity in every if quantity.name in names)


PARTICLES = Quantity("particle_number", "1", "electrons on the grid", kind="summary", error=ERRORS)
FREQUENCY = Quantity(
    "delta_frequency", "E_g", "rate at which Delta turns", kind="summary", error=ERRORS
)
FINAL = Quantity("delta_final", "E_g", "|Delta| at t_max", kind="summary", error=ERRORS)
EIGENVALUES = Quantity(
    "{which}_eigenvalue",
    "1",
    "{which}imum over momenta and time of the eigenvalues of the one-body matrix",
    kind="summary",
    over={"which": ("min", "max")},
    error=ERRORS,
)
POSITIVITY = Quantity(
    "{which}_eigenvalue",
    "1",
    "{which}imum over momenta of the eigenvalues of the one-body matrix of the published state; in "
    "the summary of all points",
    kind="both",
    over={"which": ("min", "max")},
    error="none; outside [0, 1] is a warning",
)
DELTA_MAX = Quantity(
    "delta_max", "E_g", "largest |Delta| of the curve or map", kind="summary", error=ERRORS
)
STABILITY = (
    Quantity(
        "stable",
        "1",
        "whether no small deviation grows faster than 1e-5 (1, true) or one does (0, false)",
        kind="both",
        error="eigenvalue",
    ),
    Quantity(
        "eigenvalue",
        "E_g",
        "growth rate and frequency of the slowest deviation; left out: the phase, and rates below "
        "1e-6",
        dtype=complex,
        kind="both",
        error=ERRORS,
    ),
    Quantity("eigenvalue_error", "E_g", "error of the eigenvalue", error=ITSELF),
)
EVOLVE = (
    TIME,
    MOMENTUM,
    Quantity(
        "delta",
        "E_g",
        "order parameter",
        ("t",),
        complex,
        error="in time none; at the end that of delta_final",
    ),
    Quantity(
        "delta_rate",
        "E_g^2",
        "rate of change of the order parameter",
        ("t",),
        complex,
        error="in time none; at the end that of delta_frequency",
    ),
    Quantity("particle_number", "1", "electrons on the grid", ("t",), kind="both", error=ERRORS),
    Quantity("t_monitor", "1/E_g", "times of the momentum distributions", error=GRID),
    *fields(("t_monitor", "k")),
    Quantity(
        "{which}_eigenvalue_t",
        "1",
        "{which}imum over momenta of the eigenvalues of the one-body matrix",
        ("t_monitor",),
        over={"which": ("min", "max")},
        error="{which}_eigenvalue",
    ),
    FINAL,
    FREQUENCY,
    EIGENVALUES,
    Quantity(
        "particle_drift",
        "1",
        "largest change of the number of electrons",
        kind="summary",
        error=ITSELF,
    ),
    Quantity(
        "m{band}",
        "1",
        "steps of the grid that an emission moves in band {band}",
        dtype=int,
        kind="summary",
        over={"band": ("1", "2")},
        error=SETTING,
    ),
    Quantity("v", "E_g", "speed of sound on this grid", kind="summary", error=SETTING),
    Quantity(
        "onset",
        "1/E_g",
        "first time at which |Delta| is half of what it is at the end",
        kind="summary",
        error=ERRORS,
    ),
    *attractor_quantities("E_g"),
    *WORK,
)
EFFECTIVE = (
    MOMENTUM,
    *fields(("k",), ("n11", "n22")),
    Quantity("n_eff", "1", "population of the effective model", ("k",), error="rms"),
    Quantity("fit", "1", "C, delta_tilde and rms together", kind="summary", error=ERRORS),
    Quantity("C", "E_g", "chemical potential of the effective bands", kind="summary", error=ERRORS),
    Quantity("delta_tilde", "E_g", "pairing of the effective bands", kind="summary", error=ERRORS),
    Quantity(
        "rms",
        "1",
        "distance of the populations from the effective model's",
        kind="summary",
        error=ERRORS,
    ),
    FINAL,
    replace(POSITIVITY, kind="summary"),
)
STEADY = (
    SPEED,
    MOMENTUM,
    *fields(("k",)),
    Quantity("delta", "E_g", "|Delta| of the stationary state", kind="both", error=ERRORS),
    Quantity(
        "frequency",
        "E_g",
        "rate at which Delta turns",
        error="none over a curve; delta_frequency of a point has one",
    ),
    Quantity(
        "growth",
        "E_g",
        "growth rate of pairs in the driven state without them",
        error="none over a curve; growth_rate of a point has one",
    ),
    Quantity("residual", "E_g", "largest rate of change left", kind="both", error=ITSELF),
    Quantity(
        "delta_error", "E_g", "error of delta from the step in k; nan: not known", error=ITSELF
    ),
    *STABILITY,
    FREQUENCY,
    Quantity(
        "growth_rate",
        "E_g",
        "growth rate of pairs in the driven state without them",
        kind="summary",
        error=ERRORS,
    ),
    replace(EIGENVALUES, kind="both"),
    PARTICLES,
    DELTA_MAX,
)
THRESHOLD = (
    SPEED,
    Quantity(
        "V_c",
        "E_g",
        "interaction at which pairs begin to grow; nan: none up to V_max",
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "V_c_{radiative}",
        "E_g",
        'the same with radiative = "{radiative}"',
        over={"radiative": ("printed", "lindblad")},
        error="V_c_error",
    ),
    Quantity("growth", "E_g", "growth rate at the interaction of the input", error="growth_rate"),
    Quantity("frequency", "E_g", "frequency of the fastest growing pairs", error="none"),
    POSITIVITY,
    Quantity("moved", "E_g", "largest rate of change left in the driven state", error=ITSELF),
    Quantity("doubled", "E_g", "what twice the floor adds to V_c", error="V_c_error"),
    Quantity("V_c_error", "E_g", "error of V_c from the step in k; nan: not known", error=ITSELF),
    MOMENTUM,
    *fields(("k",), ("n11", "n22")),
    Quantity("floor", "E_g", "growth rate that counts as growth", kind="summary", error=SETTING),
    Quantity(
        "growth_rate",
        "E_g",
        "growth rate at the interaction of the input",
        kind="summary",
        error=ERRORS,
    ),
)
MAP = (
    SPEED,
    Quantity("delta", "E_g", "|Delta| at t_max", error="delta_max, that of the largest"),
    Quantity("settling", "E_g", "change of |Delta| over the last tenth of the time", error=ITSELF),
    Quantity("t", "1/E_g", "time", error=GRID),
    Quantity("delta_t", "E_g", "|Delta| in time", error="delta_max, that of the largest"),
    Quantity(
        "V_c",
        "E_g",
        "interaction at which pairs begin to grow in the stationary driven state; nan: none in "
        "the map",
        ("Omega",),
        error="none: see task threshold",
    ),
    Quantity(
        "V_c_reached",
        "E_g",
        "interaction at which pairs begin to grow in what the laser alone has reached at t_max; "
        "nan: none in the map",
        ("Omega",),
        error="none: see task threshold",
    ),
    POSITIVITY,
    DELTA_MAX,
    Quantity("points", "1", "points of the map", dtype=int, kind="summary", error=COUNTED),
    Quantity("paired", "1", "points that pair", dtype=int, kind="summary", error=COUNTED),
)

# ---- why there may be no number -----------------------------------------------------------------

EVOLVE = missing_where(EVOLVE, "there are no pairs at the end", "onset")
STEADY = missing_where(STEADY, "a run of one grid knows no error", "delta_error eigenvalue_error")
THRESHOLD = missing_where(THRESHOLD, "no pairs grow up to V_max", "V_c V_c_{radiative} doubled")
THRESHOLD = missing_where(THRESHOLD, "a run of one grid knows no error", "V_c_error")
EVOLVE = missing_where(EVOLVE, "|Delta| has come to no limit cycle", "period delta_min delta_max")
