"""Task ``phase-diagram`` of the nsn-junction: boundaries and regions over two of eV, h, T."""

from __future__ import annotations

import time

import numpy as np

from ....errors import InputError
from ....parallel import on_root
from ....solvers import farm as maps
from ....solvers import newton
from ....tasks import Outcome
from ..physics import gap_equations as conditions
from ..physics import onsets
from ..physics import phase_lines as lines
from ..physics import uniform_states as static
from .steady import refuse_unused

AXES = {"eV": "bias", "h": "Zeeman field", "T": "temperature"}
CURVES = {
    "bcs_onset": "onset of the uniform state, C(0) = 1/U",
    "fflo_onset": "onset of the FFLO state, largest C(Q) = 1/U at Q > 0",
    "fold": "fold of the uniform branches",
    "h_cc": "Chandrasekhar-Clogston field, where uniform and normal state have the same free energy",
}
PARTNERS = {
    "fflo_Q": ("fflo_onset", "1/lattice constant", "wave number of the FFLO onset"),
    "fold_delta": ("fold", "t_par", "order parameter at the fold"),
}
FAR = 0.02  # a polished point farther than this from its seed is another
LOOSER = 10.0  # the error of the curves is their change under momentum sums so much less accurate


def phase_diagram(run, comm, log, output):
    """Kawamura & Ohashi 2025, Figs. 3, 5(a) and 8: one line along the second sweep key for each value of the first. **Collective.**"""
    refuse_unused(run, "steady_")
    slow, fast = axes(run)
    rows, columns = run.sweep[slow], run.sweep[fast]
    lattice = grid(run, run.numerics.error)

    def solve(i, j, warm):
        at = point(run, **{slow: float(rows[i])})
        return polish(lines.line(at, lattice, fast, columns), at, lattice, fast)

    records, stopped = maps.farm((len(rows), 1), solve, comm, log, output.points(), "phase-diagram")
    if stopped:
        done = sum(row[0] is not None for row in records)
        return Outcome(
            "stopped", {}, {}, [f"stopped by {stopped} after {done} of {len(rows)} lines"]
        )
    records = [row[0] for row in records]
    out = output()
    for name, values in ((slow, rows), (fast, columns)):
        out.axis(name, values, "t_par", AXES[name])
    code = np.array([record["regions"] for record in records])
    out.fixed(
        "region",
        code,
        (slow, fast),
        "1",
        "; ".join(f"{k}: {name}" for k, name in enumerate(lines.REGIONS)),
    )
    for name, text in CURVES.items():
        write_curve(
            out,
            slow,
            name,
            [record[name] for record in records],
            "t_par",
            f"{AXES[fast]} of the {text}",
        )
    for name, (curve, units, text) in PARTNERS.items():
        out.fixed(
            name,
            padded([record[name] for record in records]),
            (slow, f"{curve}_number"),
            units,
            text,
        )
    share = np.bincount(code.ravel(), minlength=len(lines.REGIONS)) / code.size
    summary = {
        "regions": [name for k, name in enumerate(lines.REGIONS) if share[k] > 0],
        "shares": [float(x) for x in share if x > 0],
        "lines": len(rows),
        "points": int(code.size),
        "residual": max(record["residual"] for record in records),
    }
    unsolved = sum(record["unsolved"] for record in records)
    warnings = (
        [f"phase-diagram: SNES left {unsolved} points of the boundaries where the scan found them"]
        if unsolved
        else []
    )
    error = on_root(comm, curve_error, run, slow, fast, records)
    if error is not None:
        summary["boundary_error"] = error
    return Outcome(
        "complete", summary, {"shares": [1 / min(code.shape)] * len(summary["shares"])}, warnings
    )


def polish(record, at, lattice, fast):
    """The record with its boundaries polished by SNES, each as a root of its own equations; ``residual`` the largest left."""
    worst, unsolved = 0.0, 0

    def solve(equations, seed):
        nonlocal worst, unsolved
        found = newton.solve_equations(equations, seed, prefix="steady_")
        if not np.all(np.abs(found.x - seed) < FAR):  # it went elsewhere
            unsolved += 1
            return seed
        worst, unsolved = max(worst, found.residual), unsolved + (found.residual > 1e-9)
        return [float(x) for x in found.x]

    for i, x in enumerate(record["bcs_onset"]):
        (record["bcs_onset"][i],) = solve(conditions.onset(at, lattice, fast), [x])
    for i, (x, Q) in enumerate(zip(record["fflo_onset"], record["fflo_Q"])):
        kept = conditions.allowed(lattice, Q)
        record["fflo_onset"][i], *rest = solve(
            conditions.onset(at, lattice, fast, kept), [x, Q] if kept == "free" else [x]
        )
        record["fflo_Q"][i] = rest[0] if rest else Q
    for i, seed in enumerate(zip(record["fold"], record["fold_delta"])):
        record["fold"][i], record["fold_delta"][i] = solve(
            conditions.fold(at, lattice, fast), list(seed)
        )
    for i, h in enumerate(record["h_cc"]):
        upper = max(onsets.roots(at.at(h=h), lattice))
        record["h_cc"][i], _ = solve(conditions.clogston(at, lattice), [h, float(upper)])
    return {**record, "residual": worst, "unsolved": unsolved}


def axes(run):
    """(slow, fast) sweep keys. InputError unless there are two."""
    if len(run.sweep) != 2:
        raise InputError(
            f"[sweep]: a phase diagram needs two of {', '.join(AXES)}, got {', '.join(run.sweep) or 'none'}"
        )
    for key, values in run.sweep.items():
        if np.any(np.diff(values) <= 0):
            raise InputError(f"[sweep] {key}: must ascend")
    return tuple(run.sweep)


def point(run, **at):
    """The Point of an input, with some parameters replaced."""
    p = run.parameters
    return static.Point(p.U, p.mu, p.gamma, p.h, p.T, p.eV).at(**at)


def grid(run, error):
    """The lattice of an input."""
    return (
        static.finite(run.numerics.Lx, run.numerics.Ly)
        if run.numerics.lattice == "finite"
        else static.infinite(error=error)
    )


def padded(lists):
    """(rows, longest) with nan behind the shorter ones."""
    table = np.full((len(lists), max(1, *map(len, lists))), np.nan)
    for row, values in zip(table, lists):
        row[: len(values)] = values
    return table


def write_curve(out, slow, name, lists, units, text):
    """A boundary: ``name(slow, name_number)``, nan where there are fewer."""
    table = padded(lists)
    out.axis(
        f"{name}_number", np.arange(table.shape[1]), "1", f"number of the {name} along the line"
    )
    out.fixed(name, table, (slow, f"{name}_number"), units, text)


def curve_error(run, slow, fast, records):
    """Largest change of a boundary of the middle line under looser momentum sums; None on a finite lattice, whose sums are exact."""
    if run.numerics.lattice == "finite":
        return None
    middle = len(records) // 2
    loose = lines.line(
        point(run, **{slow: float(run.sweep[slow][middle])}),
        grid(run, min(0.5, LOOSER * run.numerics.error)),
        fast,
        run.sweep[fast],
    )
    loose = polish(
        loose,
        point(run, **{slow: float(run.sweep[slow][middle])}),
        grid(run, min(0.5, LOOSER * run.numerics.error)),
        fast,
    )
    found = [abs(a - b) for name in CURVES for a, b in zip(loose[name], records[middle][name])]
    return float(max(found, default=0.0)) + 1e-11


def estimate(run, ranks):
    """Lines for ``hpcneq check``: size, and time from one line."""
    slow, fast = axes(run)
    begun = time.perf_counter()
    values = run.sweep[fast]
    lines.line(
        point(run, **{slow: float(run.sweep[slow][len(run.sweep[slow]) // 2])}),
        grid(run, run.numerics.error),
        fast,
        values,
    )
    each = time.perf_counter() - begun
    count = len(run.sweep[slow])
    return [
        f"  {count} lines along {fast}, {count * len(values)} points",
        f"  time: about {each * (count + 1) / min(ranks, count):.0f} s on {ranks} rank{'s' * (ranks > 1)} ({each:.2f} s a line)",
    ]
