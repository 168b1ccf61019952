"""Task ``phase-diagram`` of the nsn-junction: boundaries and regions over two of eV, h, T."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ....parallel import Communicator
from ....solvers import newton
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..physics import gap_equations, onsets, phase_lines, uniform_states
from ..physics.operating_point import Point
from ..physics.phase_lines import REGIONS
from ..physics.uniform_states import Grid
from ..shared import line_ends
from ..shared.operating_point import COVERED, point_of
from ..shared.polished_roots import ALONG_X, FLOOR, grid_of

BOUNDARIES = ("bcs_onset", "fflo_onset", "fold", "h_cc")
PARTNERS = {"fflo_Q": "fflo_onset", "fold_delta": "fold"}  # what belongs to a boundary's point
FAR = 0.02  # a polished point farther than this from its seed is another
UNSOLVED = 1e-9  # residual above which a point is not a root
LOOSER = 10.0  # the boundaries' error is their change under momentum sums so much less accurate


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Kawamura & Ohashi 2025, Figs. 3, 5(a), 8: regions and boundaries. **Collective.**

    A line along the second swept key for each value of the first, and the middle one once more
    under looser momentum sums, for the errors.
    """
    slow, fast = given.sweep
    grid, values = grid_of(given), given.sweep[fast]
    grids = [(float(y), grid) for y in given.sweep[slow]]
    loose = looser(given)
    if loose is not None:
        grids.append((grids[len(grids) // 2][0], loose))

    def line(at: dict, previous: dict | None) -> dict:
        y, own = grids[at["line"]]
        return polished_line(point_of(given, **{slow: y}), own, fast, values)

    axes = {"line": np.arange(len(grids))}
    sweep = run_sweep(axes, line, comm, log, output, "phase-diagram", everywhere=False)
    rough = sweep.records.pop() if loose is not None else None
    return sweep.report(output, lambda out: _report(given, sweep, rough, out))


def _report(given: Given, sweep: Sweep, rough: dict | None, out: Written) -> Outcome:
    """Regions and boundaries written, their shares and ends told.

    rough : the middle line under looser sums.
    """
    slow, fast = given.sweep
    grid, values = grid_of(given), given.sweep[fast]
    records = sweep.filled(empty_record(len(values)))
    regions = np.array([record["regions"] for record in records])
    for key, axis in given.sweep.items():
        out.axis(key, axis)
    out.fixed("region", regions, (slow, fast))
    _write_boundaries(out, slow, records)
    summary = _summary(records, regions)
    ends = _line_ends(point_of(given), grid, (fast, slow), records, given.sweep[slow])
    summary |= ends[0]
    error = boundary_error(records, rough)
    if error is not None:
        summary["boundary_error"] = error
    errors = {"shares": [1 / min(regions.shape)] * len(summary["shares"])} | ends[1]
    unsolved = sum(record["unsolved"] for record in records)
    warnings = []
    doubts = [doubt for record in records for doubt in record["doubts"]]
    if doubts:
        warnings.append(
            f"phase-diagram: folds may be missing: {doubts[0]} ({len(doubts)} such places)"
        )
    if unsolved:
        warnings.append(
            f"phase-diagram: SNES left {unsolved} points of the boundaries "
            "where the scan found them"
        )
    return sweep.outcome(summary, errors, warnings)


def empty_record(count: int) -> dict:
    """The record of a line of ``count`` points of which nothing is known: region -1."""
    boundaries = {name: [] for name in (*BOUNDARIES, *PARTNERS)}
    return {"regions": [-1] * count, **boundaries, "residual": 0.0, "unsolved": 0, "doubts": []}


class Polisher:
    """Solves for points of boundaries by SNES; remembers the largest residual and failures."""

    def __init__(self) -> None:
        self.residual, self.unsolved = 0.0, 0

    def solve(self, equations: Callable, seed: Sequence[float]) -> list[float]:
        """The root next to ``seed``; the seed itself where SNES goes elsewhere."""
        solution = newton.solve_equations(equations, seed, prefix="steady_")
        if not np.all(np.abs(solution.x - seed) < FAR):
            self.unsolved += 1
            return list(seed)
        self.residual = max(self.residual, solution.residual)
        self.unsolved += solution.residual > UNSOLVED
        return [float(x) for x in solution.x]


def polished_line(point: Point, grid: Grid, fast: str, values: np.ndarray) -> dict:
    """One line's regions and boundaries, each boundary polished as a root of its own equations."""
    record, polisher = phase_lines.line(point, grid, fast, values), Polisher()
    record["bcs_onset"] = [
        polisher.solve(gap_equations.onset(point, grid, fast), [x])[0] for x in record["bcs_onset"]
    ]
    for i, (x, Q) in enumerate(zip(record["fflo_onset"], record["fflo_Q"])):
        fixed = gap_equations.allowed(grid, Q)
        seed = [x, Q] if fixed == "free" else [x]
        x, *free = polisher.solve(gap_equations.onset(point, grid, fast, fixed), seed)
        record["fflo_onset"][i] = x
        record["fflo_Q"][i] = free[0] if free else Q
    for i, seed in enumerate(zip(record["fold"], record["fold_delta"])):
        fold = polisher.solve(gap_equations.fold(point, grid, fast), seed)
        record["fold"][i], record["fold_delta"][i] = fold
    if record["h_cc"]:
        seed = onsets.critical_field(point, grid)
        record["h_cc"] = polisher.solve(gap_equations.clogston(point, grid), seed)[:1]
    return {**record, "residual": polisher.residual, "unsolved": int(polisher.unsolved)}


def _line_ends(point: Point, grid: Grid, keys: tuple[str, str], records, axis: np.ndarray) -> tuple:
    """`line_ends` of the records of a map."""
    rows = [
        line_ends.Row(
            float(y),
            record["bcs_onset"],
            list(zip(record["fflo_onset"], record["fflo_Q"])),
            list(zip(record["fold"], record["fold_delta"])),
        )
        for y, record in zip(axis, records)
        if "why" not in record
    ]
    return line_ends.line_ends(point, grid, keys, rows)


def looser(given: Given) -> Grid | None:
    """Momentum sums so much less accurate; None on a finite lattice, whose sums are exact."""
    if given.numerics.lattice == "finite":
        return None
    return uniform_states.infinite(error=min(0.5, LOOSER * given.numerics.error))


def boundary_error(records: Sequence[dict], rough: dict | None) -> float | None:
    """Largest change of a boundary of the middle line under looser momentum sums.

    None where one of the two is not there, or was lost.
    """
    middle = records[len(records) // 2]
    if rough is None or "why" in rough or "why" in middle:
        return None
    changes = [abs(a - b) for name in BOUNDARIES for a, b in zip(rough[name], middle[name])]
    return float(max(changes, default=0.0)) + FLOOR


def _write_boundaries(out, slow: str, records: Sequence[dict]) -> None:
    """A boundary is ``name(slow, name_number)``, nan where there are fewer."""
    for name in BOUNDARIES:
        table = padded([record[name] for record in records])
        out.axis(f"{name}_number", np.arange(table.shape[1]))
        out.fixed(name, table, (slow, f"{name}_number"))
    for name, boundary in PARTNERS.items():
        table = padded([record[name] for record in records])
        out.fixed(name, table, (slow, f"{boundary}_number"))


def _summary(records: Sequence[dict], regions: np.ndarray) -> dict:
    """Which regions there are, and how much of the diagram they take."""
    known = regions[regions >= 0]
    share = np.bincount(known, minlength=len(REGIONS)) / max(known.size, 1)
    return {
        "regions": [name for name, part in zip(REGIONS, share) if part > 0],
        "shares": [float(part) for part in share if part > 0],
        "lines": len(records),
        "points": int(regions.size),
        "momenta": ALONG_X,
        "covers": COVERED,
        "folds_complete": all(
            not record["doubts"] and not record["unsolved"] and "why" not in record
            for record in records
        ),
        "residual": max(record["residual"] for record in records),
    }


def padded(lists: Sequence[Sequence[float]]) -> np.ndarray:
    """(rows, longest) with nan behind the shorter ones."""
    table = np.full((len(lists), max(1, *map(len, lists))), np.nan)
    for row, values in zip(table, lists):
        row[: len(values)] = values
    return table
