"""Quantities of the tasks ``stability`` and ``evolve``."""

from __future__ import annotations

from ....tasks import ERRORS, WORK, Quantity, missing_where, units_of
from .shared import BRANCH, COUNTED, EXACT, POLISHED, SWEPT, WORDS, summary_number

VARIANT = summary_number("variant", "1", "kernel of the linearised equation", str, EXACT)
STABILITY = (
    BRANCH,
    VARIANT,
    Quantity(
        "mode",
        "1",
        "modes, fastest growing first; without the phase mode 0 of q = 0",
        dtype=int,
        error=COUNTED,
    ),
    Quantity(
        "component",
        "1",
        "amplitude in Delta at q, and in Delta^* of the same wave",
        dtype=str,
        error=WORDS,
    ),
    Quantity(
        "growth_rate",
        "mu",
        "Re lambda of e^{lambda t}; over a sweep, instead of all modes, of the fastest one",
        ("mode",),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "frequency",
        "mu",
        "Im lambda; over a sweep, instead of all modes, of the fastest one",
        ("mode",),
        kind="both",
        error=ERRORS,
    ),
    Quantity("mode_error", "mu", "bound on its error", ("mode",), error="is an error itself"),
    Quantity("multiplicity", "1", "how often the mode counts", ("mode",), dtype=int, error=COUNTED),
    Quantity(
        "vector", "1", "null vector of M", ("mode", "component"), dtype=complex, error="mode_error"
    ),
    Quantity(
        "delta",
        "mu",
        "order parameter of the state; nan: no such state",
        SWEPT,
        kind="both",
        error=ERRORS,
    ),
    Quantity("Q", "pF", "wave number of the state", SWEPT, kind="both", error=ERRORS),
    Quantity(
        "growth_rate_error",
        "mu",
        "bound on the error of growth_rate and frequency over a sweep",
        SWEPT,
        error="is an error itself",
    ),
    Quantity(
        "floor",
        "mu",
        "Re lambda above which no mode of a frequency below the gap is missing",
        SWEPT,
        kind="both",
        error=EXACT,
    ),
    Quantity(
        "unstable_modes",
        "1",
        "number of growing modes; -1: no such state, -2: not converged",
        SWEPT,
        dtype=int,
        kind="both",
        error=COUNTED,
    ),
    Quantity("q", "pF", "wave number of the wave whose modes are given", kind="both", error=EXACT),
    Quantity("angle", "rad", "angle between that wave and Q", kind="both", error=EXACT),
    Quantity("fastest_q", "pF", "wave number of the wave whose rate is given", SWEPT, error=EXACT),
    Quantity("fastest_angle", "rad", "angle between that wave and Q", SWEPT, error=EXACT),
    summary_number("waves", "1", "waves looked at", int, COUNTED),
    Quantity(
        "doubtful_waves",
        "1",
        "waves looked at whose modes could not be counted",
        SWEPT,
        kind="both",
        error=COUNTED,
    ),
    summary_number("verdict", "1", "stable, unstable, unknown or absent", str, "growth_rate"),
    summary_number("samples", "1", "evaluations of M", int, COUNTED),
    summary_number("points", "1", "points of the sweep", int, COUNTED),
    summary_number("stable", "1", "points where no mode grows", int, COUNTED),
    summary_number("unstable", "1", "points where a mode grows", int, COUNTED),
    summary_number("absent", "1", "points without such a state", int, COUNTED),
)

# ---- evolve ------------------------------------------------------------------------------------

KNOWN = ("t_error", "run")
UNIFORM = (
    *WORK,
    BRANCH,
    VARIANT,
    summary_number("model", "1", "equations that were evolved", str, EXACT),
    Quantity("t", "1/mu", "time", kind="both", error=EXACT),
    Quantity("t_error", "1/mu", "times at which errors in time are known", error=EXACT),
    Quantity("run", "1", "the one run, where nothing is swept", error=COUNTED),
    Quantity(
        "delta",
        "mu",
        "order parameter: in time, complex (model kinetic, memory); of the steady state (linear)",
        ("t",),
        dtype=complex,
        kind="both",
        error="size_error in time, else in the result's errors",
    ),
    Quantity(
        "Q",
        "pF",
        "wave number of the condensate: in time (model kinetic, memory); "
        "of the steady state (linear, and in the summary)",
        ("t",),
        kind="both",
        error="in the result's errors (linear)",
    ),
    Quantity(
        "ddelta",
        "mu",
        "linear: (a + b)/2, deviation of the order parameter's modulus, complex; "
        "kinetic, memory: |Delta| less that of the branch it starts from (0: normal)",
        ("t", "run"),
        dtype=complex,
        error="ddelta_error",
    ),
    Quantity(
        "dphase",
        "mu",
        "(a - b)/2: deviation across it, which the phase mode carries",
        ("t", "run"),
        dtype=complex,
        error="as ddelta_error",
    ),
    Quantity(
        "ddelta_{source}_error",
        "mu",
        "error of ddelta from the {source}",
        KNOWN,
        over={"source": ("step", "grid")},
        error="is an error itself",
    ),
    summary_number(
        "ddelta_error", "mu", "largest error of ddelta in time", error="is an error itself"
    ),
    summary_number("late_rate", "mu", "Re lambda of the trace in the end"),
    summary_number("late_frequency", "mu", "Im lambda of the trace in the end"),
    summary_number(
        "root_rate", "mu", "Re lambda of the root of det M beside it", error="late_rate"
    ),
    summary_number(
        "root_frequency", "mu", "Im lambda of the root of det M beside it", error="late_frequency"
    ),
    Quantity(
        "state",
        "1",
        "number of the solution of the gap equation at the last dmu",
        dtype=int,
        error=COUNTED,
    ),
    Quantity("state_name", "1", "name of the solution", ("state",), dtype=str, error=WORDS),
    Quantity(
        "delta_states",
        "mu",
        "order parameters of the steady states at the last dmu",
        ("state",),
        error=POLISHED,
    ),
    Quantity(
        "Q_states",
        "pF",
        "wave numbers of the steady states at the last dmu",
        ("state",),
        error=POLISHED,
    ),
    Quantity("size", "mu", "|Delta|", ("t",), error="size_error"),
    Quantity(
        "dmu",
        units_of("dmu"),
        "half the difference of the reservoirs' chemical potentials",
        ("t",),
        error=EXACT,
    ),
    Quantity(
        "particles",
        "pF^3",
        "sum of g11 + 1 - g22 below p_c: particles of both spins, int p^2 dp",
        ("t",),
        error="of the order of size_error",
    ),
    Quantity(
        "size_{source}_error",
        "mu",
        "error of |Delta| from the {source}",
        ("t_error",),
        over={"source": ("step", "grid", "pole")},
        error="is an error itself",
    ),
    summary_number(
        "size_error", "mu", "largest error of |Delta| in time", error="is an error itself"
    ),
    summary_number("delta_final", "mu", "|Delta| at the end"),
    summary_number("Q_final", "pF", "wave number at the end"),
    summary_number(
        "fate", "1", "state that the condensate has arrived at, or under way", str, "delta_final"
    ),
    summary_number("fixed_Q", "1", "whether a Q > 0 is held", bool, EXACT),
)

# ---- why there may be no number -----------------------------------------------------------------

STABILITY = missing_where(
    STABILITY,
    "there is no such state, or no mode of it was found",
    "delta Q growth_rate frequency growth_rate_error floor fastest_q fastest_angle",
)
UNIFORM = missing_where(
    UNIFORM, "the trace does not end in one exponential", "late_rate late_frequency"
)
UNIFORM = missing_where(
    UNIFORM, "no root of det M was found beside the end of the trace", "root_rate root_frequency"
)
