"""Every data set and summary number of the lattice, once."""

from __future__ import annotations

from ...tasks import ERRORS, WORK, Quantity, missing_where

UNIT = "energy"
RATE = "energy"  # particles a time, hbar = 1
EXACT = "exact"
FROM_STATES = "as of the state, in states"

MODEL = (
    Quantity("site", "1", "site", dtype=int, error=EXACT),
    Quantity("axis", "1", "direction", dtype=int, error=EXACT),
    Quantity("position", "length", "position of the site", ("site", "axis"), error="an input"),
    Quantity("orbital", "1", "orbital of the site", ("site",), dtype=str, error="an input"),
    Quantity("link", "1", "pair of sites that a hop joins", dtype=int, error=EXACT),
    Quantity("end", "1", "which end of a link", dtype=int, error=EXACT),
    Quantity("links", "1", "sites i, j of the link", ("link", "end"), dtype=int, error=EXACT),
    Quantity("bond", "1", "bond with an attraction", dtype=int, error=EXACT),
    Quantity("bonds", "1", "sites i, j of the bond", ("bond", "end"), dtype=int, error=EXACT),
    Quantity("lead", "1", "lead", dtype=str, error="an input"),
    Quantity(
        "touched",
        "1",
        "whether the lead touches the site",
        ("lead", "site"),
        dtype=bool,
        error="an input",
    ),
    Quantity("model_source", "1", "source of the model's Python file", dtype=str, error="an input"),
    Quantity(
        "model_hash", "1", "SHA-256 of that source", dtype=str, kind="summary", error="an input"
    ),
    Quantity(
        "form", "1", "Nambu form: 2n (spin along z) or 4n", dtype=str, kind="summary", error=EXACT
    ),
    Quantity("levels", "1", "Nambu components", dtype=int, kind="summary", error=EXACT),
    Quantity("left_out", "1", "what the form leaves out", dtype=str, kind="summary", error=EXACT),
    Quantity("poles", "1", "poles of each lead", dtype=int, kind="summary", error="counted"),
    Quantity(
        "fit_error",
        "1",
        "largest error of each lead's width and filling by its poles, relative to the width",
        kind="summary",
        error="an error",
    ),
    Quantity(
        "growth_A",
        UNIT,
        "largest imaginary part of the levels with leads; < 0: every state is damped",
        kind="summary",
        error="1e-12 of the largest level; with columns 2% of itself",
    ),
    Quantity(
        "continuity",
        RATE,
        "largest rate at which the density of a site changes by links, leads and pair sources "
        "together; of an evolution: before t = 0",
        kind="summary",
        error="an error",
    ),
    Quantity(
        "pair_source",
        RATE,
        "particles a time that a prescribed pairing makes, the largest of all sites; 0 if the "
        "pairing is self-consistent",
        kind="summary",
        error="as of the currents",
    ),
    Quantity(
        "redundancy",
        "1",
        "form 4n: largest entry of rho + C rho - 1, which is 0; form 2n: of rho - rho^+",
        kind="summary",
        error="an error",
    ),
)
STATES = (
    Quantity("state", "1", "number of the state", dtype=int, error=EXACT),
    Quantity(
        "delta", UNIT, "pairing on the site", ("state", "site"), dtype=complex, error=FROM_STATES
    ),
    Quantity(
        "delta_bond",
        UNIT,
        "pairing on the bond, its even part (spinless: D_ij)",
        ("state", "bond"),
        dtype=complex,
        error=FROM_STATES,
    ),
    Quantity(
        "density", "1", "particles on the site, all spins", ("state", "site"), error=FROM_STATES
    ),
    Quantity(
        "bond_current",
        RATE,
        "particles a time through the link i -> j, all spins",
        ("state", "link"),
        error=FROM_STATES,
    ),
    Quantity(
        "states",
        "1",
        "the states found, the one continued first, then by falling pairing; each with delta_max, "
        "mu_c, current, stability, growth_rate, frequency, residual, continued, and errors",
        dtype=dict,
        kind="summary",
        error="in each state",
    ),
    Quantity(
        "states_complete",
        "1",
        "whether the list of states is known to be complete",
        dtype=bool,
        kind="summary",
        error=EXACT,
    ),
    Quantity(
        "period",
        "1/energy",
        "period of the state; none if it is stationary",
        kind="summary",
        error="an input",
    ),
    Quantity("number", "1", "number of the state at a bias", dtype=int, error=EXACT),
    Quantity(
        "folds",
        "1",
        "folds of the curves of states that are lost along a bias: eV, delta_max",
        dtype=list,
        kind="summary",
        error="1e-6, beside that of the fits",
    ),
)
ALONG = (
    Quantity("delta_max_of", UNIT, "largest pairing", ("eV", "number"), error="as of one bias"),
    Quantity("growth_rate_of", UNIT, "growth rate", ("eV", "number"), error="as of one bias"),
    Quantity(
        "mu_c_of",
        UNIT,
        "frequency of the condensate's frame",
        ("eV", "number"),
        error="as of one bias",
    ),
    Quantity(
        "current_of",
        RATE,
        "current into the system",
        ("eV", "number", "lead"),
        error="as of one bias",
    ),
    Quantity(
        "continued_of",
        "1",
        "whether it continues a state of the bias before",
        ("eV", "number"),
        dtype=bool,
        error="by distance",
    ),
)
STEADY = (*MODEL, *STATES, *ALONG)

EVOLVE = (
    *MODEL,
    Quantity("t", "1/energy", "time", kind="both", error="an output time"),
    Quantity("eV", UNIT, "bias", ("t",), error="an input"),
    Quantity(
        "delta", UNIT, "pairing on the site", ("t", "site"), dtype=complex, error="as of delta_max"
    ),
    Quantity(
        "delta_bond",
        UNIT,
        "pairing on the bond, its even part (spinless: D_ij)",
        ("t", "bond"),
        dtype=complex,
        error="as of delta_max",
    ),
    Quantity(
        "density", "1", "particles on the site, all spins", ("t", "site"), error="as of number"
    ),
    Quantity(
        "current",
        RATE,
        "particles a time from the lead into the system, all spins",
        ("t", "lead"),
        kind="both",
        error="current_error",
    ),
    Quantity(
        "spin_current",
        RATE,
        "spin along z a time from the lead",
        ("t", "lead"),
        error="as of current",
    ),
    Quantity(
        "bond_current",
        RATE,
        "particles a time through the link i -> j, all spins",
        ("t", "link"),
        error="as of current",
    ),
    Quantity(
        "pair_source_at", RATE, "particles a time that the pairing makes", ("t",), error="sum"
    ),
    Quantity("delta_max", UNIT, "largest pairing", kind="summary", error=ERRORS),
    Quantity("number", "1", "particles", kind="summary", error=ERRORS),
    Quantity("current_total", RATE, "sum of the currents", kind="summary", error=ERRORS),
    Quantity("current_largest", RATE, "largest of the currents", kind="summary", error=ERRORS),
    Quantity(
        "mean_current",
        RATE,
        "mean of the current of each lead over the last whole period, or the last quarter",
        kind="summary",
        error="mean_current_error",
    ),
    Quantity(
        "mean_current_error",
        RATE,
        "error of the means: from the step, the fits, and the period before",
        kind="summary",
        error="an error",
    ),
    Quantity(
        "current_error", RATE, "error of the currents at the end", kind="summary", error="an error"
    ),
    Quantity(
        "period",
        "1/energy",
        "period of the drive by two bcs leads; none: no such",
        kind="summary",
        error="an input",
    ),
    Quantity(
        "occupation_min", "1", "smallest eigenvalue of rho", kind="summary", error="a monitor"
    ),
    Quantity("occupation_max", "1", "largest eigenvalue of rho", kind="summary", error="a monitor"),
    Quantity(
        "start",
        "1",
        "the state before t = 0: delta_max, mu_c, residual",
        dtype=dict,
        kind="summary",
        error="its residual",
    ),
    *WORK,
)
TRANSPORT = (
    *MODEL,
    Quantity(
        "current",
        RATE,
        "particles a time from the lead into the system, all spins",
        ("eV", "lead"),
        error="current_error",
    ),
    Quantity(
        "current_error",
        RATE,
        "its error, from looser fits or the quadrature",
        ("eV", "lead"),
        error="an error",
    ),
    Quantity(
        "spin_current",
        RATE,
        "spin along z a time from the lead",
        ("eV", "lead"),
        error="as of current",
    ),
    Quantity(
        "conductance", "2e^2/h", "pi d current / d eV", ("eV", "lead"), error="conductance_error"
    ),
    Quantity(
        "conductance_error",
        "2e^2/h",
        "its error, from another difference and looser fits",
        ("eV", "lead"),
        error="an error",
    ),
    Quantity("delta_max_at", UNIT, "largest pairing", ("eV",), error="as of task steady"),
    Quantity("period_at", "1/energy", "period; nan: stationary", ("eV",), error="an input"),
    Quantity(
        "energies",
        "1",
        "poles or window: how energies were summed",
        dtype=str,
        kind="summary",
        error=EXACT,
    ),
    Quantity("current_max", RATE, "largest current", kind="summary", error=ERRORS),
    Quantity("conductance_max", "2e^2/h", "largest conductance", kind="summary", error=ERRORS),
)
SPECTRUM = (
    *MODEL,
    Quantity("energy", UNIT, "energy", error=EXACT),
    Quantity(
        "ldos",
        "1/energy",
        "local density of states, mean over spins; integral 1",
        ("energy", "site"),
        error="ldos_error",
    ),
    Quantity("occupied", "1/energy", "its occupied part", ("energy", "site"), error="ldos_error"),
    Quantity(
        "ldos_error",
        "1/energy",
        "error of both from looser fits, the largest of all sites",
        ("energy",),
        error="an error",
    ),
    Quantity("wave", "1", "number of the wave vector", dtype=int, error=EXACT),
    Quantity("k", "1/length", "wave vector", ("wave", "axis"), error="an input"),
    Quantity(
        "spectral",
        "1/energy",
        "spectral function, mean over spins and orbitals; integral 1",
        ("wave", "energy"),
        error="as of ldos",
    ),
    Quantity("delta", UNIT, "pairing on the site", ("site",), dtype=complex, error="its residual"),
    Quantity("delta_max", UNIT, "largest pairing", kind="summary", error=ERRORS),
    Quantity("residual", UNIT, "residual of the mean field", kind="summary", error="an error"),
    Quantity(
        "weight",
        "1",
        "integral of ldos over the energies, mean over sites",
        kind="summary",
        error="by the grid of energies",
    ),
)

FEWER = "there are fewer states at that bias, or the stability was not asked for"
STEADY = missing_where(STEADY, "the state is stationary", "period")
STEADY = missing_where(STEADY, FEWER, "delta_max_of growth_rate_of mu_c_of current_of")
STEADY = missing_where(STEADY, "not told along a bias", "growth_A")
EVOLVE = missing_where(EVOLVE, "no two superconductors at different bias", "period")
EVOLVE = missing_where(
    EVOLVE, "[numerics] error_estimate = false", "mean_current_error current_error"
)
EVOLVE = missing_where(
    EVOLVE,
    "the state before t = 0 is not stationary, the system closed, or the least damped of many "
    "levels not found",
    "growth_A continuity redundancy pair_source",
)
TRANSPORT = missing_where(
    TRANSPORT, "energies are integrated, no state is found", "growth_A redundancy pair_source"
)
TRANSPORT = missing_where(
    TRANSPORT,
    "a bias makes the state periodic: see neighbouring biases",
    "conductance conductance_error conductance_max",
)
TRANSPORT = missing_where(TRANSPORT, "the state is stationary", "period_at")
TRANSPORT = missing_where(TRANSPORT, "the point was lost", "delta_max_at")
