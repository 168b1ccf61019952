"""Task ``branches`` of the nsn-junction: every branch of uniform states over eV or h."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..shared.branch_records import branch_record, empty_record
from ..shared.operating_point import UNIFORM_ONLY, branch_axes, point_of
from ..shared.polished_roots import FLOOR, grid_of
from ..shared.turning_branches import TURNING, is_mirrored, turning_record


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Kawamura & Ohashi 2025, Fig. 7: branches of uniform states past their folds. **Collective.**

    A second swept key is slow: each of its values has its own branches. Between leads that do not
    mirror each other the condensates turn, and their chemical potential is solved with the gap.
    """
    along, slow = branch_axes(given)
    grid, values = grid_of(given), given.sweep[along]
    axes = {key: given.sweep[key] for key in slow}

    turning = not is_mirrored(given, along)

    def line(at: dict, previous: dict | None) -> dict:
        record_of = turning_record if turning else branch_record
        return record_of(point_of(given, **{along: 0.0}, **at), grid, along, values, given.numerics)

    sweep = run_sweep(axes, line, comm, log, output, "branches", everywhere=False)
    return sweep.report(output, lambda out: _report(given, sweep, out))


def _report(given: Given, sweep: Sweep, out: Written) -> Outcome:
    """All branches written, their ends and folds told."""
    along, _ = branch_axes(given)
    axes, values = sweep.axes, given.sweep[along]
    turning = not is_mirrored(given, along)
    records = sweep.filled(empty_record() | {"mu": np.zeros(0), "folds_mu": []})
    _write(out, records, along, axes)
    summary, errors = _summary(records, along, bool(axes))
    warnings = []
    if turning:
        _write_turning(out, records)
        summary["folds_mu"] = [record["folds_mu"] for record in records]
        if not axes:
            summary["folds_mu"] = summary["folds_mu"][0]
        warnings.append(TURNING)
    if not any(len(record["x"]) for record in records):
        warnings.append(f"no uniform condensate at any of the {len(values)} values of {along}")
    lost = sum(record["lost"] for record in records)
    doubtful = sum(not record["complete"] for record in records)
    if doubtful:
        warnings.append(
            f"branches: folds may be missing on {doubtful} of {len(records)} lines: two searches "
            "differ; try a smaller [numerics] step, or control = arclength, which passes folds"
        )
    if lost:
        warnings.append(f"branches: {lost} ends were not reached; try a smaller [numerics] step")
    if lost:
        return Outcome("not-converged", summary, errors, [*sweep.lost, *warnings])
    return sweep.outcome(summary, errors, warnings)


def _write(out, records: Sequence[dict], along: str, axes: dict) -> None:
    """One long list of points: branch number, value, order parameter, stability."""
    counts = [len(record["x"]) for record in records]
    out.axis("point", np.arange(sum(counts)))
    for column, name in (
        ("branch", "branch"),
        ("x", along),
        ("delta", "delta"),
        ("code", "stability_code"),
        ("residual", "residual"),
    ):
        values = np.concatenate([record[column] for record in records])
        out.fixed(name, values, ("point",))
    for key, values in axes.items():
        out.fixed(key, np.repeat(values, counts), ("point",))


def _write_turning(out, records: Sequence[dict]) -> None:
    """The chemical potential of every point. **Collective.**"""
    out.fixed("mu_pair", np.concatenate([record["mu"] for record in records]), ("point",))


def _summary(records: Sequence[dict], along: str, swept: bool) -> tuple[dict, dict]:
    """(summary, errors): ends of the stable branches, and folds; lists along a slow key."""

    def each(entry: Callable[[dict], object]) -> object:
        numbers = [entry(record) for record in records]
        return numbers if swept else numbers[0]

    columns = [record["residual"] for record in records if len(record["x"])]
    summary = {
        f"{along}_min": each(lambda r: _end(r, 0)),
        f"{along}_max": each(lambda r: _end(r, -1)),
        "stable": each(lambda r: r["stable"]),
        "folds": each(lambda r: r["folds"]),
        "folds_delta": each(lambda r: r["folds_delta"]),
        "folds_complete": each(lambda r: r["complete"]),
        "covers": UNIFORM_ONLY,
        "branches": each(lambda r: len(set(r["branch"]))),
        "points": sum(len(record["x"]) for record in records),
        "residual": max((float(np.max(column)) for column in columns), default=0.0),
        "snes_reasons": sorted({why for record in records for why in record["fold_reasons"]}),
    }
    errors = {
        "folds": each(lambda r: r["folds_error"]),
        "folds_delta": each(lambda r: r["folds_delta_error"]),
        f"{along}_min": each(lambda r: _end_error(r, 0)),
        f"{along}_max": each(lambda r: _end_error(r, -1)),
    }
    return summary, errors


def _end(record: dict, which: int) -> float | None:
    """The lower (0) or upper (-1) end of the stable branches, None without any."""
    return record["stable"][which][which] if record["stable"] else None


def _end_error(record: dict, which: int) -> float | None:
    """The error of such an end: that of its fold; rounding at the end of the sweep or at D = 0."""
    x = _end(record, which)
    if x is None:
        return None
    folds = zip(record["folds"], record["folds_error"])
    near = [error for fold, error in folds if abs(fold - x) < 1e-6]
    return max(near, default=FLOOR * (1 + abs(x)))
