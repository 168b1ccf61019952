"""Task ``boundary``: the decay at which a mode of the condensate begins to grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ..physics import boundaries, gapped_mode, steady_states
from ..shared.condensate import WIDE
from ..shared.drive import drive_of, input_summary
from ..shared.marginal_mode import growth_at, solve_boundary
from ..shared.modes_of_momentum import zeros_at_rest

CHAIN = 5  # points that follow one another, each started from the last
DATA_SETS = {
    "ratio": "ratio",
    "q_mode": "q",
    "omega": "omega",
    "error": "error",
    "q_error": "q_error",
    "omega_error": "omega_error",
    "delta": "delta",
    "delta_error": "delta_error",
    "residual": "residual",
    "growth": "growth",
}  # name in the file -> entry of a record
GAP_SETS = {
    name: name
    for name in ("ratio_end", "ratio_end_error", "gap_ratio", "gap_frequency", "gap_error", "zeros")
}  # of kind "gap"
NO_BOUNDARY = dict.fromkeys([*DATA_SETS.values(), *GAP_SETS], np.nan)
UNUSED = "ratio or gamma_v of the input is not used: the ratio is what is sought"

NO_POLE = (
    "kind = gap: Re det M(0, w) vanishes at gap_frequency, Im det M does not: "
    "it is no pole of the response, and nothing begins to grow"
)


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """Hanai et al. (2017), Fig. 5: the ratio at a boundary, along up to two keys. **Collective.**

    Within a chain of points each search starts from the last. Where there is no such boundary the
    ratio is nan.
    """

    def point(at, previous):
        drive = drive_of(given, ratio=0.0, **at)
        if given.parameters.kind == "gap":
            return _gap(drive, given.parameters.decay)
        return _boundary(drive, given.parameters.kind, previous)

    def report(out):
        _write(out, sweep, _data_sets(given))
        return _outcome(given, sweep)

    sweep = run_sweep(
        given.sweep, point, comm, log, output, "boundary", chain=CHAIN, everywhere=False
    )
    return sweep.report(output, report)


def _boundary(drive, kind, previous):
    """The record of one boundary; nan where there is none."""
    soft = boundaries.amplitude(drive)
    if not soft:
        return dict(NO_BOUNDARY)
    near = None
    if previous and previous.get("ratio", np.nan) > 0 and kind != "A":
        expected = previous["ratio"] * soft / previous["soft"]
        near = (expected, previous["q"], previous["omega"])
    seed = boundaries.onset(drive, kind, soft, near)
    if seed is None:
        return dict(NO_BOUNDARY)
    solved = solve_boundary(seed, kind)
    if solved.onset is None:
        return dict(NO_BOUNDARY)
    record = _record(solved) | {"soft": soft}
    if kind != "A":
        record["growth"] = growth_at(solved.onset.state)
    return record


def _record(solved):
    """What is known of a solved boundary."""
    record = {
        "ratio": solved.onset.ratio,
        "q": solved.onset.q,
        "omega": solved.onset.omega,
        "growth": 0.0,
        "delta": solved.onset.state.delta,
        "residual": solved.residual,
        "error": solved.errors["ratio"],
        **{f"{name}_error": solved.errors[name] for name in ("q", "omega", "delta")},
    }
    if solved.why:
        record["why"] = solved.why
    return record


def _gap(drive, ratio):
    """The record of the gapped mode: between which ratios it exists, and what it is at one.

    ratio : where its frequency is sought; 0: at the geometric mean of the two.
    """
    first, last = gapped_mode.window(drive)
    if first is None:
        return dict(NO_BOUNDARY)
    start = solve_boundary(boundaries.at(drive, first), "gap")
    if start.onset is None:
        return dict(NO_BOUNDARY)
    record = NO_BOUNDARY | _record(start)
    end = steady_states.critical(drive).ratio
    if last is not None:
        stop = solve_boundary(boundaries.at(drive, last), "gap")
        if stop.onset is not None:
            end = stop.onset.ratio
            record |= {"ratio_end": end, "ratio_end_error": stop.errors["ratio"]}
    at = ratio or float(np.sqrt(record["ratio"] * end))
    record["gap_ratio"] = at
    if at < steady_states.critical(drive).ratio:
        state = steady_states.solve(replace(drive, ratio=at))
        values = [gapped_mode.frequency(state, fine) for fine in (1.0, 1.5)]
        record["gap_frequency"] = values[1]
        record["gap_error"] = 2 * abs(values[1] - values[0]) + 1e-9 * values[1]
        record["zeros"] = zeros_at_rest(state)
    return record


def _data_sets(given):
    """Name in the file -> entry of a record."""
    return DATA_SETS | GAP_SETS if given.parameters.kind == "gap" else DATA_SETS


def _write(out, sweep, data_sets):
    """The boundary over the swept keys, or at the one point."""
    if sweep.axes:
        sweep.write(out)
    else:
        out.axis("point", np.array([0]))
    for name, entry in data_sets.items():
        out.fixed(name, np.atleast_1d(sweep.table(entry)), tuple(sweep.axes) or ("point",))


def _outcome(given, sweep):
    """The Outcome: numbers for one point, lists along a sweep."""

    def numbers(name):
        values = [None if np.isnan(x) else float(x) for x in sweep.values(name)]
        return values if sweep.axes else values[0]

    names = ["ratio", "q", "omega", "delta", "residual"]
    if given.parameters.kind == "gap":
        names += ["ratio_end", "gap_ratio", "gap_frequency", "zeros"]
    summary = {"kind": given.parameters.kind}
    summary |= {name: numbers(name) for name in names} | input_summary(drive_of(given))
    summary["gamma_v"] = None
    errors = {"ratio": numbers("error")}
    errors |= {name: numbers(f"{name}_error") for name in ("q", "omega", "delta")}
    if given.parameters.kind == "gap":
        errors |= {"ratio_end": numbers("ratio_end_error"), "gap_frequency": numbers("gap_error")}
    if not sweep.axes and summary["ratio"] is not None:
        summary["gamma_v"] = summary["ratio"] * given.parameters.gamma_b
        errors["gamma_v"] = errors["ratio"] * given.parameters.gamma_b
    return sweep.outcome(summary, errors, _warnings(given, sweep))


def _warnings(given, sweep):
    """What a reader of the numbers must know."""
    warnings = [WIDE]
    if np.isnan(sweep.table("ratio")).all() and not sweep.lost:
        warnings.append(f"no boundary {given.parameters.kind} was found")
    if given.parameters.kind == "gap":
        return [*warnings, NO_POLE]
    if given.parameters.decay:
        warnings.append(UNUSED)
    earlier = sweep.table("growth") > 0
    if earlier.any():
        points = np.count_nonzero(sweep.table("ratio") > 0)
        where = ""
        if sweep.axes:
            where = f" at {np.count_nonzero(earlier)} of {points} points"
        warnings.append(
            f"boundary {given.parameters.kind}{where} is not where stability ends: another mode "
            f"grows there, at up to {np.nanmax(sweep.table('growth')):.3g} eF (growth)"
        )
    return warnings
