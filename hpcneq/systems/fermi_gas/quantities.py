"""Every data set and summary number of the fermi-gas system, declared once; energies in mu, momenta in pF."""

from __future__ import annotations

from ...tasks import ERRORS, WORK, Quantity, units_of

CHOSEN = "chosen by the input"
EXACT = "follows from the input"
COUNTED = "counted"
WORDS = "a name"
IN_ERRORS = "in the result's errors, beside each number"
EDGES = {
    "nig_onset": "onset of the interior-gap state: the uniform Delta -> 0",
    "nff_fold": "fold of the two states with Q > 0",
    "nff_end": "end of the NFF state: Delta -> 0 at Q > 0",
    "nbcs_end": "end of the uniform state: its fold, or Delta -> 0",
    "nffp_end": "where NFF' joins the uniform states: Q -> 0",
    "normal_end": "below it the normal gas is unstable to pairing at some Q",
}


def summary_number(
    name: str, units: str, long_name: str, dtype: type = float, error: str = ERRORS
) -> Quantity:
    """A quantity of the summary alone."""
    return Quantity(name, units, long_name, dtype=dtype, kind="summary", error=error)


BRANCH = summary_number("branch", "1", "which steady state", str, WORDS)

# ---- steady, branches, phase-diagram --------------------------------------------------------------

STATES = ("branch",)
STEADY = (
    Quantity(
        "branch", "1", "number of the state, in the order of the summary", dtype=int, error=COUNTED
    ),
    Quantity("delta", "mu", "order parameter", STATES, error=IN_ERRORS),
    Quantity("Q", "pF", "wave number", STATES, error=IN_ERRORS),
    Quantity("gap_residual", "1", "|g|", STATES, error=IN_ERRORS),
    Quantity("current_residual", "1", "|J|", STATES, error=IN_ERRORS),
    Quantity(
        "mu_condensate",
        "mu",
        "chemical potential of the condensate, half the frequency at which it turns",
        STATES,
        error=IN_ERRORS,
    ),
    summary_number("branches", "mu, pF", "name, Delta, Q and residuals of each state"),
    summary_number("count", "1", "number of steady states", int, COUNTED),
    summary_number(
        "ended", "mu, pF", "states of equal couplings that end on the way to unequal ones"
    ),
)
OVER_STATES = {"state": ("NBCS", "NIG", "NFF", "NFFp")}
OVER_CURVES = {"curve": ("uniform", "twisted")}
AT_DMU = ("dmu",)
ALONG_CURVE = "changes as the edges do, whose errors are stated"
BRANCHES = (
    Quantity(
        "{state}_delta",
        "mu",
        "order parameter of {state}; nan: no such state",
        AT_DMU,
        over=OVER_STATES,
        error="changes on panels of half the length: below 1e-9, see task steady",
    ),
    Quantity(
        "{state}_Q",
        "pF",
        "wave number of {state}; nan: no such state",
        AT_DMU,
        over=OVER_STATES,
        error="changes on panels of half the length: below 1e-9, see task steady",
    ),
    Quantity(
        "{state}_gap_residual",
        "1",
        "|g| of {state}; nan: no such state",
        AT_DMU,
        over=OVER_STATES,
        error="residual",
    ),
    Quantity(
        "{state}_current_residual",
        "1",
        "|J| of {state}; nan: no such state",
        AT_DMU,
        over=OVER_STATES,
        error="residual",
    ),
    Quantity(
        "{curve}_node",
        "1",
        "nodes of the {curve} curve along Delta; uniform: Q = 0, twisted: Q > 0",
        dtype=int,
        over=OVER_CURVES,
        error=COUNTED,
    ),
    *(
        Quantity(
            f"{{curve}}_{name}",
            units,
            f"{name} along the {{curve}} curve, through its folds",
            ("{curve}_node",),
            over=OVER_CURVES,
            error=ALONG_CURVE,
        )
        for name, units in (("D", "mu"), ("Q", "pF"), ("dmu", "mu"))
    ),
    summary_number("edges", "mu", "dmu of each edge"),
    summary_number("states", "1", "number of states found", int, COUNTED),
    summary_number("count", "1", "number of steady states at each point", int, COUNTED),
    summary_number("residual", "1", "largest |g| or |J| of any state"),
)
PHASE_DIAGRAM = (
    *(
        Quantity(name, "mu", f"dmu of the {text}; nan: does not occur", error="edges")
        for name, text in EDGES.items()
    ),
    *(
        Quantity(f"{name}_delta", "mu", "order parameter there", error="as that of its edge")
        for name in EDGES
    ),
    *(
        Quantity(f"{name}_Q", "pF", "wave number there", error="as that of its edge")
        for name in EDGES
    ),
    Quantity(
        "solutions",
        "1",
        "steady states besides the normal gas: 1 NBCS + 2 NIG + 4 NFF + 8 NFF'",
        dtype=int,
        error="right where dmu is further from every edge than its error",
    ),
    Quantity(
        "phase",
        "1",
        "stable states: 1 NBCS + 2 NFF + 4 normal",
        dtype=int,
        error="right where dmu is further from every edge than its error",
    ),
    summary_number("edges", "mu", "dmu of each edge over the map"),
    summary_number("points", "1", "lines along dmu, or points", int, COUNTED),
    summary_number("phases", "1", "combinations of stable states that occur", str, WORDS),
    summary_number("shares", "1", "share of the plane that each of them takes"),
    summary_number("gamma_c", "mu", "coupling at which the last condensate of dmu = 0 ends"),
    summary_number("T_c", "mu", "temperature at which the last condensate of dmu = 0 ends"),
)

# ---- what one state holds at each momentum --------------------------------------------------------

STATE = (
    BRANCH,
    summary_number("delta", "mu", "order parameter of the state"),
    summary_number("Q", "pF", "wave number of the state"),
)
CLOSED_FORM = "a closed form of Delta and Q, whose errors are stated"
PLANE = ("p_x", "p_z")
PAIR_AMPLITUDE = (
    *STATE,
    Quantity("p_x", "pF", "momentum across Q", error=CHOSEN),
    Quantity(
        "p_z",
        "pF",
        "momentum along Q, half the difference of the two members' momenta",
        error=CHOSEN,
    ),
    Quantity("P", "1", "pair amplitude P(p_x, p_z)", PLANE, error=CLOSED_FORM),
    Quantity(
        "pair_plus",
        "1",
        "Fulde-Ferrell pair amplitude in a field of +dmu: P is the mean of both",
        PLANE,
        error=CLOSED_FORM,
    ),
    Quantity(
        "pair_minus",
        "1",
        "Fulde-Ferrell pair amplitude in a field of -dmu: P is the mean of both",
        PLANE,
        error=CLOSED_FORM,
    ),
    summary_number("largest", "1", "largest pair amplitude"),
    summary_number("hole", "pF", "momenta between which no pairs are"),
)
DIRECTIONS = {"n_z": "along Q", "n_x": "across Q"}
RESERVOIRS = {"L": "L (mu + dmu)", "R": "R (mu - dmu)"}
MOMENTUM = (
    *STATE,
    Quantity("p", "pF", "momentum of an atom", error=CHOSEN),
    *(
        Quantity(name, "1", f"occupation {text}", ("p",), error=CLOSED_FORM)
        for name, text in DIRECTIONS.items()
    ),
    *(
        Quantity(
            f"{name}_{side}",
            "1",
            f"occupation {text} with reservoir {reservoir} alone: n is the mean of both",
            ("p",),
            error=CLOSED_FORM,
        )
        for name, text in DIRECTIONS.items()
        for side, reservoir in RESERVOIRS.items()
    ),
    Quantity("n_normal", "1", "occupation of the normal gas", ("p",), error=CLOSED_FORM),
    summary_number("edges", "pF", "momenta at which the occupation across Q falls fastest"),
    summary_number("expected_edges", "pF", "edges of the two reservoirs without pairs and width"),
)
CURRENT = (
    BRANCH,
    summary_number("delta", "mu", "order parameter of the state"),
    Quantity(
        "Q",
        "pF",
        "wave number of the condensate; in the summary that of the state",
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "J",
        "1",
        "net current at this Q and order parameter, less that of the normal gas",
        ("Q",),
        error="J_max",
    ),
    Quantity(
        "gap",
        "1",
        "what the gap equation lacks there",
        ("Q",),
        error="of the order of that of J_max",
    ),
    summary_number("zeros", "pF", "wave numbers Q > 0 without a net current"),
    summary_number("slope", "1", "dJ/dQ at Q = 0"),
    summary_number("J_max", "1", "current of the largest size"),
    summary_number("Q_max", "pF", "where it flows"),
    summary_number("fixed_delta", "mu", "order parameter held fixed"),
)

# ---- stability ------------------------------------------------------------------------------------

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
        "Re lambda of e^{lambda t}; over a sweep, of the fastest mode",
        ("mode",),
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "frequency",
        "mu",
        "Im lambda; over a sweep, of the fastest mode",
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
        kind="both",
        error=ERRORS,
    ),
    Quantity("Q", "pF", "wave number of the state", kind="both", error=ERRORS),
    Quantity(
        "growth_rate_error",
        "mu",
        "bound on the error of growth_rate and frequency over a sweep",
        error="is an error itself",
    ),
    Quantity(
        "floor",
        "mu",
        "Re lambda above which no mode of a frequency below the gap is missing",
        kind="both",
        error=EXACT,
    ),
    Quantity(
        "unstable_modes",
        "1",
        "number of growing modes; -1: no such state, -2: not converged",
        dtype=int,
        kind="both",
        error=COUNTED,
    ),
    summary_number("verdict", "1", "stable, unstable or absent", str, "growth_rate"),
    summary_number("samples", "1", "evaluations of M", int, COUNTED),
    summary_number("points", "1", "points of the sweep", int, COUNTED),
    summary_number("stable", "1", "points where no mode grows", int, COUNTED),
    summary_number("unstable", "1", "points where a mode grows", int, COUNTED),
    summary_number("absent", "1", "points without such a state", int, COUNTED),
)

# ---- evolve ---------------------------------------------------------------------------------------

KNOWN = ("t_error", "run")
EVOLVE = (
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
        error="below 1e-9, see task steady",
    ),
    Quantity(
        "Q_states",
        "pF",
        "wave numbers of the steady states at the last dmu",
        ("state",),
        error="below 1e-9, see task steady",
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
    summary_number("size_error", "mu", "largest error of |Delta| in time", error="an error itself"),
    summary_number("delta_final", "mu", "|Delta| at the end"),
    summary_number("Q_final", "pF", "wave number at the end"),
    summary_number(
        "fate", "1", "state that the condensate has arrived at, or under way", str, "delta_final"
    ),
    summary_number("fixed_Q", "1", "whether a Q > 0 is held", bool, EXACT),
)
