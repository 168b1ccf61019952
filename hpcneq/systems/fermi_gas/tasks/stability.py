"""Task ``stability`` of the fermi-gas: growing and slow modes of a steady state.

At one point, or over one or two keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root, solo
from ....solvers.modes import Mode
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep
from ..physics.response import Response
from ..shared.branch_states import CurvesOf, find_branch, remembered_curves, required_branch
from ..shared.fastest_wave import Search, fastest_wave
from ..shared.gas import gas_of, response_of, with_wave
from ..shared.modes import VARIANT_NOTES, ModeCount, modes_of

if TYPE_CHECKING:
    from ....files.writer import ResultFile

TABLES = {
    "delta": "delta",
    "Q": "Q",
    "growth_rate": "rate",
    "frequency": "frequency",
    "growth_rate_error": "error",
    "floor": "floor",
    "fastest_q": "q",
    "fastest_angle": "angle",
    "doubtful_waves": "doubtful",
}  # data set of a sweep -> entry of its records
ABSENT, NOT_CONVERGED = -1, -2  # unstable_modes where there is no number
NOWHERE = {
    "delta": np.nan,
    "Q": np.nan,
    "slip": 0.0,
    "rate": np.nan,
    "frequency": np.nan,
    "error": np.nan,
    "floor": np.nan,
    "q": np.nan,
    "angle": np.nan,
    "doubtful": 0.0,
    "unstable": ABSENT,
}  # the record of a point without such a state


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Modes of Kawamura, Hanai & Ohashi 2022, Eq. (74), in variant A, C or D. **Collective.**

    Without a wave in the input: of the fastest growing one, of q = 0 if none grows.
    """
    if given.sweep:
        return over_sweep(given, comm, log, output)
    p, n = given.parameters, given.numerics
    gas = gas_of(p, n)
    D, Q, slip = on_root(comm, required_branch, gas, p.branch, remembered_curves())
    log(f"stability: {p.branch}, Delta = {D:.8f}, Q = {Q:.8f}, variant {n.variant}")
    response, search = response_of(p, n, D, Q), None
    if p.q is None:
        search = fastest_wave(response, comm, p.angle)
        response = chosen_wave(response, search)
    count = modes_of(response, comm)
    write_modes(output(), count.modes)
    summary = {
        "branch": p.branch,
        "delta": D,
        "Q": Q,
        "q": response.q,
        "angle": response.angle,
        "growth_rate": None,
        "frequency": None,
        "unstable_modes": count.unstable,
        "verdict": verdict_of_state(count, search),
        "variant": n.variant,
        "floor": count.floor,
        "samples": count.samples,
        "waves": search.looked_at if search else 1,
        "doubtful_waves": len(search.doubtful) if search else 0,
    }
    errors = {"delta": slip, "Q": slip}
    if count.modes:
        z, error = count.modes[0].z, count.modes[0].error
        summary |= {"growth_rate": z.imag, "frequency": -z.real}
        errors |= {"growth_rate": error + slip, "frequency": error + slip}
    warnings = [VARIANT_NOTES[n.variant], *warnings_of(count), *warnings_of_search(search, p.q)]
    return Outcome("complete", summary, errors, warnings)


def chosen_wave(response: Response, search: Search) -> Response:
    """The response to the fastest wave of a search; to q = 0 if none grows."""
    wave = search.fastest
    return (
        with_wave(response, 0.0, 0.0) if wave is None else with_wave(response, wave.q, wave.angle)
    )


def verdict_of_state(count: ModeCount, search: Search | None) -> str:
    """stable, unstable, or unknown where the modes of some wave could not be counted."""
    if count.unstable:
        return "unstable"
    return "unknown" if search and search.doubtful else "stable"


def warnings_of_search(search: Search | None, q: float | None) -> list[str]:
    """Which waves a verdict is about."""
    if search is None:
        return [f"the verdict is that of the one wave q = {q:g}: leave q out to look at all"]
    if not search.doubtful:
        return []
    first = search.doubtful[0]
    return [
        f"the modes of {len(search.doubtful)} of {search.looked_at} waves could not be counted, "
        f"first at q = {first.q:g}, angle = {first.angle:.3g}: a larger [numerics] fine tells"
    ]


def write_modes(out: ResultFile, modes: tuple[Mode, ...]) -> None:
    """All modes of one state. **Collective.**"""
    out.axis("mode", np.arange(len(modes)))
    out.axis("component", np.array(["a", "b"]))
    out.fixed("growth_rate", np.array([mode.z.imag for mode in modes], float))
    out.fixed("frequency", np.array([-mode.z.real for mode in modes], float))
    out.fixed("mode_error", np.array([mode.error for mode in modes], float))
    out.fixed("multiplicity", np.array([mode.multiplicity for mode in modes], np.int64))
    vectors = np.array([mode.vectors[0] for mode in modes], complex)
    out.fixed("vector", vectors.reshape(len(modes), 2))


def warnings_of(count: ModeCount) -> list[str]:
    """What the numbers of one state do not say."""
    warnings = []
    if not count.modes:
        warnings.append("no mode decays more slowly than the search looks")
    for mode in count.doubtful:
        warnings.append(
            f"the sign of the mode {-1j * mode.z:.2g} is within three errors "
            f"({mode.error:.0e}): a larger [numerics] fine tells"
        )
    return warnings


# ---- over one or two keys ----------------------------------------------------------------------


def over_sweep(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """A line or a map. **Collective.**"""
    curves_of = remembered_curves()
    keys = list(given.sweep)
    same_state = len(keys) == 2 and keys[1] in ("q", "angle")  # the state is that of the row

    def point(at, previous):
        known = previous if same_state and previous and "delta" in previous else None
        return record_of(given, at, known, curves_of)

    def report(out):
        sweep.write(out, TABLES)
        counts = sweep.table("unstable", NOT_CONVERGED, np.int64)
        out.fixed("unstable_modes", counts, tuple(keys))
        return outcome_of_sweep(given, sweep, counts)

    chain = None if len(keys) == 2 else 1
    sweep = run_sweep(
        given.sweep, point, comm, log, output, "stability", chain=chain, everywhere=False
    )
    return sweep.report(output, report)


def record_of(
    given: Given, at: Mapping[str, float], known: dict | None, curves_of: CurvesOf
) -> dict:
    """The fastest mode at one point; ``known`` has its state already if only the wave differs."""
    p, n = replace(given.parameters, **at), given.numerics
    gas = gas_of(p, n)
    if known is None:
        state = find_branch(gas, p.branch, curves_of)[0]
    elif np.isnan(known["delta"]):
        state = None
    else:
        state = known["delta"], known["Q"], known["slip"]
    if state is None:
        return dict(NOWHERE)
    D, Q, slip = state
    record = NOWHERE | {"delta": D, "Q": Q, "slip": slip}
    response = response_of(p, n, D, Q)
    if p.q is None:
        search = fastest_wave(response, solo(), p.angle)
        response = chosen_wave(response, search)
        record["doubtful"] = len(search.doubtful)
    record |= {"q": response.q, "angle": response.angle}
    try:
        count = modes_of(response, solo())
    except NotConverged as trouble:
        failed = {"unstable": NOT_CONVERGED, "status": "not-converged", "why": str(trouble)}
        return record | failed
    record |= {"unstable": count.unstable, "floor": count.floor}
    if count.modes:
        z, error = count.modes[0].z, count.modes[0].error
        record |= {"rate": z.imag, "frequency": -z.real, "error": error + slip}
    return record


def outcome_of_sweep(given: Given, sweep: Sweep, counts: np.ndarray) -> Outcome:
    """The fastest mode of all points, and how many points are stable."""
    rate = sweep.table("rate")
    rates = rate[np.isfinite(rate)]
    summary = {
        "branch": given.parameters.branch,
        "variant": given.numerics.variant,
        "growth_rate": None,
        "unstable_modes": int(counts.max()),
        "verdict": verdict_of(counts, sweep.table("doubtful") > 0),
        "points": int(counts.size),
        "stable": int((counts == 0).sum()),
        "unstable": int((counts > 0).sum()),
        "absent": int((counts == ABSENT).sum()),
    }
    errors = {}
    if len(rates):
        summary["growth_rate"] = float(rates.max())
        highest = np.nanmax(rate + sweep.table("error"))  # whichever point then is fastest
        errors["growth_rate"] = float(highest - rates.max())
    warnings = [VARIANT_NOTES[given.numerics.variant], *sweep.lost[:1]]
    if given.parameters.q is not None and "q" not in given.sweep:
        warnings += warnings_of_search(None, given.parameters.q)
    return Outcome("not-converged" if sweep.lost else "complete", summary, errors, warnings)


def verdict_of(counts: np.ndarray, doubtful: np.ndarray) -> str:
    """The verdict on all points of a sweep from their numbers of growing modes."""
    if counts.max() > 0:
        return "unstable"
    if not (counts >= 0).any():
        return "absent"
    return "unknown" if doubtful.any() else "stable"
