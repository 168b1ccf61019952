"""Task ``boundary``: the decay at which a mode of the condensate begins to grow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ..physics import boundaries
from ..shared.condensate import WIDE
from ..shared.drive import drive_of, input_summary
from ..shared.marginal_mode import growth_at, solve_boundary

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
NO_BOUNDARY = dict.fromkeys(DATA_SETS.values(), np.nan)
UNUSED = "ratio or gamma_v of the input is not used: the ratio is what is sought"


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """Hanai et al. (2017), Fig. 5: the ratio at a boundary, along up to two keys. **Collective.**

    Within a chain of points each search starts from the last. Where there is no such boundary the
    ratio is nan.
    """

    def point(at, previous):
        return _boundary(drive_of(given, ratio=0.0, **at), given.parameters.kind, previous)

    sweep = run_sweep(given.sweep, point, comm, log, output, "boundary", chain=CHAIN)
    if sweep.stopped:
        return sweep.outcome()
    _write(output(), sweep)
    return _outcome(given, sweep)


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
    record = {
        "ratio": solved.onset.ratio,
        "q": solved.onset.q,
        "omega": solved.onset.omega,
        "growth": 0.0,
        "delta": solved.onset.state.delta,
        "residual": solved.residual,
        "soft": soft,
        "error": solved.errors["ratio"],
        **{f"{name}_error": solved.errors[name] for name in ("q", "omega", "delta")},
    }
    if kind != "A":
        record["growth"] = growth_at(solved.onset.state)
    if solved.why:
        record["why"] = solved.why
    return record


def _write(out, sweep):
    """The boundary over the swept keys, or at the one point. **Collective.**"""
    if sweep.axes:
        sweep.write(out)
    else:
        out.axis("point", np.array([0]))
    for name, entry in DATA_SETS.items():
        out.fixed(name, np.atleast_1d(sweep.table(entry)), tuple(sweep.axes) or ("point",))


def _outcome(given, sweep):
    """The Outcome: numbers for one point, lists along a sweep."""

    def numbers(name):
        values = [None if np.isnan(x) else float(x) for x in sweep.values(name)]
        return values if sweep.axes else values[0]

    names = ("ratio", "q", "omega", "delta", "residual")
    summary = {"kind": given.parameters.kind}
    summary |= {name: numbers(name) for name in names} | input_summary(drive_of(given))
    summary["gamma_v"] = None
    errors = {"ratio": numbers("error")}
    errors |= {name: numbers(f"{name}_error") for name in ("q", "omega", "delta")}
    if not sweep.axes and summary["ratio"] is not None:
        summary["gamma_v"] = summary["ratio"] * given.parameters.gamma_b
        errors["gamma_v"] = errors["ratio"] * given.parameters.gamma_b
    return sweep.outcome(summary, errors, _warnings(given, sweep))


def _warnings(given, sweep):
    """What a reader of the numbers must know."""
    warnings = [WIDE]
    if np.isnan(sweep.table("ratio")).all() and not sweep.lost:
        warnings.append(f"no boundary {given.parameters.kind} was found")
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
