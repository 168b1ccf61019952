"""Task ``onset`` of the nsn-junction: where pairing sets in along eV, h or T."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..inputs import OnsetNumerics
from ..physics import onsets, phase_lines
from ..physics.operating_point import Point
from ..physics.uniform_states import Grid
from ..quantities import ONSET_KINDS
from ..shared import line_ends, onset_roots, turning_onsets
from ..shared.operating_point import point_of, sought_key
from ..shared.polished_roots import ALONG_X, grid_of
from ..shared.turning_branches import TURNING, is_mirrored

CRITICAL_FIELDS = (("h_bcs", "bcs"), ("h_fflo", "fflo"), ("h_cc", "limit"), ("h_fflo_bcs", "wall"))
TEMPERATURES = (("T_bcs", "bcs"), ("T_fflo", "fflo"))


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Kawamura & Ohashi 2025, Eqs. (53), (61), Figs. 5(a), 8: onsets and folds. **Collective.**

    They are sought in that of the three which is not given.
    """
    along, grid, rest = sought_key(given), grid_of(given), is_at_rest(given)
    turning = not is_mirrored(given, along)

    def line(at: dict, previous: dict | None) -> dict:
        point = point_of(given, **at)
        if turning:
            return turning_onsets.line_record(point, grid, along, given.numerics)
        return line_record(point, grid, along, given.numerics, rest)

    sweep = run_sweep(given.sweep, line, comm, log, output, "onset", everywhere=False)
    return sweep.report(output, lambda out: _report(given, sweep, out))


def _report(given: Given, sweep: Sweep, out: Written) -> Outcome:
    """The onsets written, and told with where their lines end."""
    along, grid, rest = sought_key(given), grid_of(given), is_at_rest(given)
    turning = not is_mirrored(given, along)
    rest = rest and not turning
    records = sweep.filled(empty_record(along, rest, given.numerics, turning))
    summary, errors = _summary(records, along, rest, bool(given.sweep))
    if turning:
        _add_frequencies(summary, errors, records, bool(given.sweep))
    for key, axis in given.sweep.items():
        out.axis(key, axis)
        _write_lines(out, key, records)
        if key in ("eV", "h", "T") and not turning:
            ends = _line_ends(point_of(given), grid, (along, key), records, axis)
            summary, errors = summary | ends[0], errors | ends[1]
    if not given.sweep:
        _write_columns(out, records[0])
    lost = sum(kind["lost"] for record in records for kind in _kinds(record).values())
    warnings = _warnings(given, along, records, lost)
    if turning:
        warnings += [TURNING, *turning_onsets.range_of(grid)]
    if lost:
        return Outcome("not-converged", summary, errors, [*sweep.lost, *warnings])
    return sweep.outcome(summary, errors, warnings)


def _add_frequencies(summary: dict, errors: dict, records: Sequence[dict], swept: bool) -> None:
    """The chemical potential at which each mode sets in, or the condensate at each fold turns."""
    for name, kind in (("bcs_mu", "bcs"), ("fflo_mu", "fflo"), ("folds_mu", "folds")):
        for target, column in ((summary, "mu"), (errors, "mu_errors")):
            columns = [record[kind][column] for record in records]
            target[name] = columns if swept else columns[0]


def empty_record(along: str, rest: bool, numerics: OnsetNumerics, turning: bool = False) -> dict:
    """The record of a line on which nothing was found."""
    if turning:
        parts = {kind: turning_onsets.empty_part() for kind in ("bcs", "fflo", "folds")}
        return parts | {"every": [], "scanned": [0.0, 0.0, 0.0], "doubts": []}
    kinds = ["bcs", "fflo", "folds"]
    if rest:
        kinds.append("limit")
        if numerics.fflo_line:
            kinds.append("wall")
    record: dict = {kind: onset_roots.PolishedRoots().record() for kind in kinds}
    return record | {"every": [], "scanned": [0.0, 0.0, 0.0], "doubts": []}


def is_at_rest(given: Given) -> bool:
    """Whether critical fields at rest are sought."""
    return sought_key(given) == "h" and given.parameters.eV == 0 and "eV" not in given.sweep


def line_record(point: Point, grid: Grid, along: str, numerics: OnsetNumerics, rest: bool) -> dict:
    """The roots of every kind along one line; numerics : that table of the input."""
    step = numerics.scan_step
    if along == "T":
        step *= 0.2
    values = phase_lines.scan_values(point, grid, along, step, numerics.scan_to)
    curves = onsets.uniform_curves(point, grid, values, along)
    pattern, every = onset_roots.fflo_onsets(point, grid, along, values)
    record = {
        "bcs": onset_roots.bcs_onsets(point, grid, along, curves.onsets).record(),
        "fflo": pattern.record(),
        "folds": onset_roots.folds(point, grid, along, curves.folds).record(),
        "every": every,
        "scanned": [float(values[0]), float(values[-1]), float(np.diff(values).max())],
        "doubts": curves.doubts,
    }
    if rest:
        limit = onset_roots.critical_field(point, grid)
        record["limit"] = limit.record()
        if numerics.fflo_line:
            wall = onset_roots.PolishedRoots()
            if limit.values:
                wall = onset_roots.fflo_line(point, limit.values[-1])
            record["wall"] = wall.record()
    return record


def _kinds(record: dict) -> dict[str, dict]:
    """The kinds of roots among what a line's record holds."""
    return {name: part for name, part in record.items() if isinstance(part, dict)}


def _summary(records: Sequence[dict], along: str, rest: bool, swept: bool) -> tuple[dict, dict]:
    """(summary, errors): lists for one line, lists of lists along a sweep.

    Numbers for critical fields at rest and for transition temperatures.
    """

    def pick(kind: str, column: str) -> list:
        columns = [record[kind][column] for record in records]
        return columns if swept else columns[0]

    def largest(kind: str, column: str) -> list | float | None:
        numbers = [next(reversed(record[kind][column]), None) for record in records]
        return numbers if swept else numbers[0]

    lists = [("bcs_onsets", "bcs"), ("fflo_onsets", "fflo"), ("folds", "folds")]
    summary = {"along": along} | {name: pick(kind, "values") for name, kind in lists}
    errors = {name: pick(kind, "errors") for name, kind in lists}
    wave_numbers = largest if rest else pick
    summary["fflo_Q"] = wave_numbers("fflo", "partners")
    errors["fflo_Q"] = wave_numbers("fflo", "partner_errors")
    summary["folds_delta"] = pick("folds", "partners")
    errors["folds_delta"] = pick("folds", "partner_errors")
    complete = [is_complete(record) for record in records]
    summary["folds_complete"] = complete if swept else complete[0]
    numbers = {"T": TEMPERATURES, "h": CRITICAL_FIELDS}.get(along, ())
    for name, kind in numbers:
        if kind in records[0] and (along == "T" or rest):
            summary[name], errors[name] = largest(kind, "values"), largest(kind, "errors")
    parts = [part for record in records for part in _kinds(record).values()]
    summary["momenta"] = ALONG_X
    summary["scanned"] = records[0]["scanned"]
    summary["residual"] = max((r for part in parts for r in part["residuals"]), default=0.0)
    summary["snes_reasons"] = sorted({reason for part in parts for reason in part["reasons"]})
    return summary, errors


def is_complete(record: dict) -> bool:
    """Whether every branch of a line was followed to its ends and every fold solved for."""
    return not record["doubts"] and not record["folds"]["lost"] and "why" not in record


def _line_ends(point: Point, grid: Grid, keys: tuple[str, str], records, axis: np.ndarray) -> tuple:
    """`line_ends` of the records of a sweep."""
    rows = [
        line_ends.Row(
            float(y),
            record["bcs"]["values"],
            list(zip(record["fflo"]["values"], record["fflo"]["partners"])),
            list(zip(record["folds"]["values"], record["folds"]["partners"])),
        )
        for y, record in zip(axis, records)
        if "why" not in record
    ]
    return line_ends.line_ends(point, grid, keys, rows)


def _warnings(given: Given, along: str, records: Sequence[dict], lost: int) -> list[str]:
    """What a reader of the result has to know."""
    warnings = []
    if along == "eV" and given.parameters.eV == 0:
        warnings.append("eV = 0 is given beside h and T: onsets are sought in eV all the same")
    _, end, step = records[0]["scanned"]
    warnings.append(
        f"along {along}: scanned from 0 to {end:.4g} in steps of {step:.2g}; "
        "folds on branches followed to their ends"
    )
    doubts = [doubt for record in records for doubt in record["doubts"]]
    if doubts:
        warnings.append(f"onset: folds may be missing: {doubts[0]} ({len(doubts)} such places)")
    continuous = [record for record in records if "limit" in record]
    continuous = [record for record in continuous if not record["limit"]["values"]]
    if continuous:
        warnings.append(
            f"h_cc: none on {len(continuous)} of {len(records)} lines: the transition of uniform "
            "states at rest is continuous there, or there is none"
        )
    if lost:
        warnings.append(
            f"onset: SNES left {lost} roots unsolved; try [petsc] steady.snes_max_it or a larger "
            "[numerics] error"
        )
    return warnings


def _write_columns(out, record: dict) -> None:
    """Data sets of one line: each kind with its partner, residual and error."""
    for kind, (name, partner) in ONSET_KINDS.items():
        if kind in record:
            _write_kind(out, kind, name, partner, [record[kind]], ())


def _write_lines(out, key: str, records: Sequence[dict]) -> None:
    """The same over a sweep, padded with nan: (key, n)."""
    for kind, (name, partner) in ONSET_KINDS.items():
        if kind in records[0]:
            _write_kind(out, kind, name, partner, [record[kind] for record in records], (key,))


def _write_kind(
    out, kind: str, name: str, partner: str | None, parts: list[dict], over: tuple[str, ...]
) -> None:
    """Data sets of one kind of roots over the swept key, if there is one, and the roots' number."""
    out.axis(f"n_{kind}", np.arange(max(len(part["values"]) for part in parts)))
    columns = {name: "values", f"{name}_residual": "residuals", f"{name}_error": "errors"}
    if partner is not None:
        columns[partner] = "partners"
    for data_set, column in columns.items():
        table = padded([part[column] for part in parts])
        out.fixed(data_set, table if over else table[0], (*over, f"n_{kind}"))


def padded(lists: Sequence[Sequence[float | None]]) -> np.ndarray:
    """(rows, longest) with nan behind each list and for None."""
    table = np.full((len(lists), max(map(len, lists))), np.nan)
    for row, values in zip(table, lists):
        row[: len(values)] = np.array(values, float)
    return table
