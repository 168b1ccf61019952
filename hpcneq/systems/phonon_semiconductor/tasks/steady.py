"""Task steady: the stationary state with pairs, and without, at a point or over one parameter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root
from ....tasks import Given, Outcome, Output, Sweep, run_sweep
from ....tasks.sweep import Written
from ..inputs import Parameters, SteadyNumerics
from ..physics import pairing, stability
from ..physics.collisions import Semiconductor
from ..physics.stationary import Stationary
from ..shared import positivity
from ..shared.batches import FIELDS, evolved
from ..shared.driven_state import driven_state, polished, slowest_rate
from ..shared.grid_errors import GRID_FACTOR, missing_errors
from ..shared.lost_points import lost_values
from ..shared.model import at, moved_speeds, refined, semiconductor

NUMBERS = {
    "delta": "delta",
    "frequency": "delta_frequency",
    "growth": "growth_rate",
    "min_eigenvalue": "min_eigenvalue",
    "max_eigenvalue": "max_eigenvalue",
    "eigenvalue": "eigenvalue",
}  # of a state, and as the summary has them
WRITTEN = (
    "delta",
    "frequency",
    "growth",
    "residual",
    "delta_error",
    "stable",
    "eigenvalue_error",
    "min_eigenvalue",
    "max_eigenvalue",
)  # of a curve
LONGEST = 2e4  # time that growth near the threshold is waited for
LEAST = 1e-5  # growth rate that counts as growth, as in task threshold
# |Delta| of a root that is the state without pairs, to what a singular Jacobian leaves
NONE = 1e-6
SIZE = 1e-3  # |Delta| at which TS begins, of the fastest growing pairs


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Porta et al. 2019: the state that Figs. 3 to 7 settle to. **Collective.**"""
    if given.sweep:
        return curve(given, comm, log, output)
    return single(given, comm, log, output)


# ---- a point ------------------------------------------------------------------------------------


def single(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Fields and numbers of one state. **Collective.** Raises NotConverged if none was found."""
    p, n = given.parameters, given.numerics
    model, errors = semiconductor(p, n), {}
    state = on_root(comm, stationary_state, model, p, n)
    if n.error_estimate:
        errors = on_root(comm, grid_errors, p, n, state)
    out = output()
    out.axis("k", model.bands.k)
    for name in FIELDS:
        out.fixed(name, np.asarray(state[name]))
    summary = {new: state[name] for name, new in NUMBERS.items()}
    summary["stable"] = bool(state["stable"])
    summary["particle_number"] = float((state["n11"] + state["n22"]).sum())
    summary["residual"] = state["residual"]
    log(
        f"steady: |Delta| = {state['delta']:.8g}, turning at {state['frequency']:.6g}, "
        f"residual {state['residual']:.0e}"
    )
    warnings = moved_speeds(given) + missing_errors(n.error_estimate, [errors.get("delta")])
    if not state["delta"]:
        note = "pairs decay in the driven state: no state with pairs was looked for"
        warnings.insert(0, note)
    warnings[:0] = remarks(model, state)
    named = {NUMBERS[name]: value for name, value in errors.items()}
    return Outcome("complete", summary, named | {"particle_number": 1e-9}, warnings)


def remarks(model: Semiconductor, state: dict) -> list[str]:
    """Warnings of a state that is unstable, or whose one-body matrix is not positive."""
    words = positivity.remarks(model, state["min_eigenvalue"], state["max_eigenvalue"])
    if not state["stable"]:
        z = state["eigenvalue"]
        words.append(
            f"the stationary state is unstable: small deviations grow with {z.real:.4g}, frequency "
            f"{z.imag:.4g}; task evolve shows what becomes of it"
        )
    return words


def stationary_state(
    model: Semiconductor, p: Parameters, n: SteadyNumerics, start: tuple | None = None
) -> dict:
    """The state with pairs, or the one without where that is stable: numbers and fields (n,).

    start : (n11, n22, n21, s, w) of a near-by point, from which SNES alone is tried first.
    Raises NotConverged if SNES is lost.
    """
    n11, n22, n21, left = driven_state(model, slowest_rate(p))
    M0, M1 = pairing.matrices(model, n11, n22, n21)
    growth, mode = pairing.fastest(M0, M1, float(model.V))
    if growth <= LEAST:
        return described(model, (n11, n22, n21, np.zeros_like(n21)), growth, left)
    if start is not None:
        try:
            return with_pairs(model, growth, start)
        except NotConverged:
            pass  # the neighbour is too far away: from the driven state then
    pairs = mode * SIZE / abs(model.order(mode))
    duration = max(n.t_start, min(12 / growth, LONGEST))
    return with_pairs(model, growth, grown(model, (n11, n22, n21, pairs), duration, n.dt))


def grown(model: Semiconductor, fields: tuple, duration: float, dt: float) -> tuple:
    """(n11, n22, n21, s, w) after TS for a while from ``fields`` (n11, n22, n21, s), (n,) each."""
    start = {name: np.asarray(values, complex)[None] for name, values in zip(FIELDS, fields)}
    last, _ = evolved(model, start, duration, dt)
    n11, n22, n21, s = (last[name][0] for name in FIELDS)
    rate = model.rhs(0.0, n11.real, n22.real, n21, s)[3]
    w = float((rate @ model.bands.weight / (s @ model.bands.weight)).imag)
    return n11.real, n22.real, n21, s, w


def with_pairs(model: Semiconductor, growth: float, start: tuple) -> dict:
    """The state with pairs by SNES from ``start`` (n11, n22, n21, s, w), fields (n,).

    Raises NotConverged if SNES is lost, or goes to a state without pairs.
    """
    problem = Stationary(model, True)
    x, left, _ = polished(problem, problem.pack(*start))
    n11, n22, n21, s, w = problem.unpack(x)
    if abs(model.order(s)) < NONE or min(n11.min(), n22.min()) < -0.01:
        raise NotConverged(
            "steady: SNES went to a state without pairs; try a larger [numerics] t_start"
        )
    state = described(model, (n11, n22, n21, s), growth, left, float(w))
    return state | {"delta": float(abs(model.order(s))), "frequency": float(-w)}


def described(
    model: Semiconductor, fields: tuple, growth: float, residual: float, w: float | None = None
) -> dict:
    """A state without pairs, its stability and the extreme eigenvalues of its one-body matrix.

    w : of a state with pairs, which turn with it.
    """
    low, high = model.eigenvalues(*fields)
    z = stability.fastest_eigenvalue(Stationary(model, w is not None), fields, w or 0.0)
    return {
        "delta": 0.0,
        "frequency": 0.0,
        "growth": growth,
        "eigenvalue": z,
        "stable": float(z.real <= LEAST),
        "residual": residual,
        **dict(zip(FIELDS, fields)),
        "min_eigenvalue": low,
        "max_eigenvalue": high,
    }


def grid_errors(p: Parameters, n: SteadyNumerics, state: dict) -> dict[str, float]:
    """{name: error} of `NUMBERS` from the state with half the step in k; {} if there is none.

    The interval of momenta and the speed of sound stay; how |Delta| goes to its limit is irregular,
    hence a factor beyond the difference.
    """
    fine_p, fine_n = refined(p, n)
    fine, start = semiconductor(fine_p, fine_n), None
    if state["delta"] > 0:
        k = semiconductor(p, n).bands.k
        fields = (np.interp(fine.bands.k, k, np.asarray(state[name])) for name in FIELDS)
        start = (*fields, -state["frequency"])
    try:
        other = stationary_state(fine, fine_p, fine_n, start)
    except NotConverged:
        return {}
    return {name: GRID_FACTOR * abs(state[name] - other[name]) + 1e-9 for name in NUMBERS}


# ---- a curve ------------------------------------------------------------------------------------


def curve(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """|Delta| over one parameter, each point from the one before. **Collective.**"""
    (key,) = given.sweep

    def solve(values, previous):
        p, n = at(given.parameters, given.numerics, key, values[key])
        model = semiconductor(p, n)
        state = stationary_state(model, p, n, neighbour(previous, len(model.bands.k)))
        if not n.error_estimate:
            return state
        errors = grid_errors(p, n, state)
        return state | {f"{name}_error": error for name, error in errors.items()}

    sweep = run_sweep(given.sweep, solve, comm, log, output, "steady", chain=None, everywhere=False)
    return sweep.report(output, lambda out: _report(given, sweep, out))


def _report(given: Given, sweep: Sweep, out: Written) -> Outcome:
    """The curve written, and told as lists."""
    (key,) = given.sweep
    sweep.write(out, WRITTEN)
    z = sweep.table("eigenvalue", complex(np.nan, np.nan), complex)
    out.fixed("eigenvalue", z, (key,))
    sizes, size_errors = sweep.values("delta", None), sweep.values("delta_error", None)
    known = [j for j, size in enumerate(sizes) if size is not None]
    top_size = top_error = None
    if known:
        best = max(known, key=sizes.__getitem__)
        top_size, top_error = sizes[best], size_errors[best]
    estimated, errors = given.numerics.error_estimate, {}
    if estimated:
        errors = {"delta": size_errors, "delta_max": top_error}
    summary = {"delta": sizes, "delta_max": top_size}
    model = semiconductor(*at(given.parameters, given.numerics, key, given.sweep[key][0]))
    warnings = remarks_of_curve(model, sweep)
    warnings += moved_speeds(given) + missing_errors(estimated, size_errors)
    if sweep.lost:
        warnings.insert(0, f"not converged at {key} = {lost_values(sweep)}")
    return sweep.outcome(summary, errors, warnings)


def remarks_of_curve(model: Semiconductor, sweep: Sweep) -> list[str]:
    """Warnings of the states of a curve that are unstable or not positive, with their number."""
    states = [record for record in sweep.records if record and "stable" in record]
    count, words = len(sweep.records), []
    bad = [s for s in states if not positivity.holds(s["min_eigenvalue"], s["max_eigenvalue"])]
    if bad:
        low = min(state["min_eigenvalue"] for state in bad)
        high = max(state["max_eigenvalue"] for state in bad)
        words += positivity.remarks(model, low, high, f"at {len(bad)} of {count} points: ")
    unstable = sum(not state["stable"] for state in states)
    if unstable:
        words.append(
            f"at {unstable} of {count} points the stationary state is unstable (stable = 0): small "
            "deviations grow"
        )
    return words


def neighbour(previous: dict | None, momenta: int) -> tuple | None:
    """(n11, n22, n21, s, w) of the point before, where it has pairs on as many momenta."""
    if previous is None or not previous.get("delta", 0) > 0 or len(previous["s"]) != momenta:
        return None
    return (*(np.asarray(previous[name]) for name in FIELDS), -previous["frequency"])
