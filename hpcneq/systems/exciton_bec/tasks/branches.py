"""Task ``branches``: the condensate over the ratio of decay to pumping, and where it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ....parallel import Communicator, solo
from ....tasks import Given, Outcome, Output, run_sweep
from ..physics import number_balance, steady_states
from ..shared.condensate import WIDE, end_error, polish
from ..shared.drive import drive_of
from ..shared.stability import NOT_JUDGED, fastest

COLUMNS = ("delta", "mu", "mu_b", "n0")


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """Hanai et al. (2017), Fig. 4: every point polished by SNES. **Collective.**

    A second key of the sweep gives a family of curves; ranks take curves.
    """
    ratios = given.sweep["ratio"]
    slow = {key: values for key, values in given.sweep.items() if key != "ratio"}

    def curve(at, previous):
        return _curve(given, drive_of(given, **at), ratios)

    columns = list(COLUMNS)
    if given.numerics.stability:
        columns.append("growth")

    def report(out):
        _write(out, sweep, ratios, columns)
        return _outcome(given, sweep)

    sweep = run_sweep(slow, curve, comm, log, output, "branches", everywhere=False)
    return sweep.report(output, report)


def _curve(given, drive, ratios):
    """One record: columns over ``ratios``, the end of the condensate."""
    end = steady_states.critical(drive)
    columns = {name: np.full(len(ratios), np.nan) for name in (*COLUMNS, "growth")}
    residual, warm = 0.0, None
    for j, ratio in enumerate(ratios):
        at = replace(drive, ratio=float(ratio))
        if ratio >= end.ratio:
            values = (0.0, np.nan, number_balance.normal_mu_b(at), 0.0)
        else:
            warm, solution = polish(steady_states.solve(at, warm), solo(), given)
            values = (warm.delta, warm.mu, warm.mu_b, number_balance.fraction(warm))
            residual = max(residual, solution.residual)
            if given.numerics.stability:
                wave = fastest(warm)
                columns["growth"][j] = 0.0 if wave is None else wave.w.imag
        for name, value in zip(COLUMNS, values):
            columns[name][j] = value
    return {**columns, "ratio_c": end.ratio, "ratio_c_error": end_error(end), "residual": residual}


def _write(out, sweep, ratios, columns):
    """The curves, and the ends of the condensate."""
    sweep.write(out)
    out.axis("ratio", ratios)
    axes, unknown = (*sweep.axes, "ratio"), np.full(len(ratios), np.nan)
    for name in columns:
        curves = np.array(sweep.values(name, unknown)).reshape(*sweep.shape, len(ratios))
        out.fixed(name, curves, axes)
    if sweep.axes:
        out.fixed("ratio_c_row", sweep.table("ratio_c"), tuple(sweep.axes))
        return
    ends = np.atleast_1d(sweep.table("ratio_c"))
    ends[ends == 0] = np.nan  # no condensate, even without decay
    out.axis("end", np.array([0]))
    out.fixed("ratio_end", ends)


def _outcome(given, sweep):
    """The Outcome: numbers of a single curve, lists of a family."""
    curves = [record for record in sweep.records if "delta" in record]
    ends, errors = (sweep.values(name, None) for name in ("ratio_c", "ratio_c_error"))
    if not sweep.axes:
        (ends,), (errors,) = ends, errors
    largest = [float(np.nanmax(record["delta"])) for record in curves]
    summary = {
        "ratio_c": ends,
        "delta_max": max(largest, default=None),
        "points": int(sum(np.count_nonzero(r["delta"]) for r in curves)),
        "number": given.numerics.number,
        "p_c": given.numerics.p_c,
        "residual": max((r["residual"] for r in curves), default=None),
    }
    warnings = [WIDE] if given.numerics.stability else [WIDE, NOT_JUDGED]
    return sweep.outcome(summary, {"ratio_c": errors}, warnings)
