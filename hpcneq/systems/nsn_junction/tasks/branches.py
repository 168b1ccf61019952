"""Static tasks of the nsn-junction that follow states: the branches of uniform states over eV or h, and their I(V)."""

from __future__ import annotations

import dataclasses

import numpy as np

from ....errors import InputError
from ....parallel import on_root, solo
from ....solvers import farm as maps
from ....solvers.continuation import FOLD, Follower
from ....tasks import Outcome
from ..physics import currents, onsets
from ..physics import gap_equations as conditions
from ..physics import uniform_states as static
from .steady import CODES, CODES_TEXT, FLOOR, grid_of, gridded, point_of, polished, refuse_unused

VERTEX = 1e-5  # the slope of a branch where it leaves the normal state is a limit
NEAR = 1e-4  # a state this close to a branch lies on it


# ---- the branches of one line -----------------------------------------------------------------------------------------


def all_branches(point, grid, along, values, numerics):
    """(curves, solitary) : the Curves of uniform states that pass through the values, found from the roots at each of them.

    A root at one of the values that lies on no curve yet starts another; none is missed unless it lives between two values.
    """
    family = conditions.GapFamily(point, grid, along)
    low, high = (0.0, float(values.min())), (0.6 * point.U, float(values.max()))
    way = Follower(
        family,
        solo(),
        low,
        high,
        (1.0, 1.0),
        control=numerics.control,
        step=numerics.step,
        smallest=1e-5,
        largest=2 * numerics.step,
    )
    curves = []
    for x in values:
        for D in onsets.roots(point.at(**{along: float(x)}), grid):
            if not any(_passes(curve, D, float(x)) for curve in curves):
                curves.append(way.trace(way.start([D], float(x))))
    return sorted(curves, key=lambda curve: -curve.x.max())


def _passes(curve, D, x):
    """Whether a curve goes through (D, x), between two of its spots."""
    a, b = (
        np.column_stack([curve.x[:-1, 0], curve.p[:-1]]),
        np.column_stack([curve.x[1:, 0], curve.p[1:]]),
    )
    chord = b - a
    share = np.clip(
        ((np.array([D, x]) - a) * chord).sum(1) / np.maximum((chord**2).sum(1), 1e-300), 0, 1
    )
    gap = np.hypot(*(a + share[:, None] * chord - [D, x]).T)
    return bool(np.any(gap < NEAR + 0.1 * np.hypot(*chord.T)))


def pieces(curve, point, grid, along):
    """[(first, last + 1, stability)] : a curve cut at its folds; each piece has one stability, asked in its middle."""
    cuts = [
        0,
        *(i for i, spot in enumerate(curve.spots) if spot.kind == FOLD),
        len(curve.spots) - 1,
    ]
    found = []
    for a, b in zip(cuts, cuts[1:]):
        if b <= a:
            continue
        middle = curve.spots[(a + b) // 2] if b - a > 1 else curve.spots[a]
        D, at = float(middle.x[0]), point.at(**{along: middle.p})
        if b - a == 1:  # between two cuts only: stand between them
            D, at = (
                float(0.5 * (curve.x[a, 0] + curve.x[b, 0])),
                point.at(**{along: float(0.5 * (curve.p[a] + curve.p[b]))}),
            )
        found.append((a, b + 1, onsets.stability(max(D, 1e-9), at, grid)))
    return found


def branch_record(point, grid, along, values, numerics):
    """What a map keeps of one line: columns over the points of all branches, folds, and where the stable ones end."""
    columns = {name: [] for name in ("branch", "x", "delta", "code", "residual")}
    folds, stretches, lost = [], [], 0
    for number, curve in enumerate(all_branches(point, grid, along, values, numerics)):
        for a, b, name in pieces(curve, point, grid, along):
            part = curve.spots[a:b]
            columns["branch"] += [number] * len(part)
            columns["x"] += [float(s.p) for s in part]
            columns["delta"] += [float(s.x[0]) for s in part]
            columns["code"] += [CODES[name]] * len(part)
            columns["residual"] += [float(s.residual) for s in part]
            if name == "stable":
                stretches.append((min(s.p for s in part), max(s.p for s in part)))
        folds += [(s.p, float(s.x[0]), s.reason) for s in curve.of_kind(FOLD)]
        lost += (
            sum(end in ("step", "most") for end in curve.ends)
            if numerics.control == "arclength"
            else 0
        )
    record = {name: np.array(column) for name, column in columns.items()}
    final = [
        polished(lambda g: conditions.fold(point, g, along), [p, D], grid)
        for p, D, _ in sorted(folds)
    ]
    record |= {
        "folds": [float(s.x[0]) for s, _ in final],
        "folds_delta": [float(s.x[1]) for s, _ in final],
        "folds_error": [float(e[0]) for _, e in final],
        "folds_delta_error": [float(e[1]) for _, e in final],
        "fold_reasons": [s.reason for s, _ in final],
        "lost": lost,
        "stable": _merged(stretches),
    }
    return record


def _merged(stretches):
    """Overlapping intervals joined."""
    found = []
    for low, high in sorted(stretches):
        if found and low <= found[-1][1] + 1e-9:
            found[-1][1] = max(found[-1][1], high)
        else:
            found.append([low, high])
    return found


# ---- branches -----------------------------------------------------------------------------------------------------------


def branches(run, comm, log, output):
    """Kawamura & Ohashi 2025, Fig. 7: every branch of uniform states over eV or h, past its folds; T as a slow key. **Collective.**"""
    refuse_unused(run, "branches_")
    along, slow, rows_at = _axes(run)
    values, grid = run.sweep[along], grid_of(run)
    points = [point_of(run, **{along: 0.0, **({slow: float(x)} if slow else {})}) for x in rows_at]
    for point in points:
        static.require_mirrored(point.at(**{along: float(values[-1])}), "branches")

    def solve(i, j, warm):
        return branch_record(points[i], grid, along, values, run.numerics)

    out = output()
    records, stopped = maps.farm((len(rows_at), 1), solve, comm, log, output.points(), "branches")
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    rows = [row[0] for row in records]
    _write_branches(out, rows, along, slow, rows_at)
    summary, errors = _branch_summary(rows, along, slow)
    lost = sum(row["lost"] for row in rows)
    warnings = (
        []
        if any(len(row["x"]) for row in rows)
        else [f"no uniform condensate at any of the {len(values)} values of {along}"]
    )
    if lost:
        warnings.append(f"branches: {lost} ends were not reached; try a smaller [numerics] step")
    return Outcome("not-converged" if lost else "complete", summary, errors, warnings)


def _axes(run):
    """(the parameter followed, the slow one or None, the slow one's values)."""
    along = next((key for key in ("eV", "h") if key in run.sweep), None)
    if along is None or len(run.sweep[along]) < 2:
        raise InputError(
            "[sweep]: branches are followed over eV or h; give one of them with at least two points"
        )
    if np.any(np.diff(run.sweep[along]) <= 0) or run.sweep[along][0] < 0:
        raise InputError(f"[sweep] {along}: must ascend from a value >= 0")
    slow = next((key for key in run.sweep if key != along), None)
    return along, slow, run.sweep[slow] if slow else np.array([np.nan])


def _write_branches(out, rows, along, slow, rows_at):
    """One long list of points: branch number, row, value, order parameter, stability."""
    row_of = np.concatenate([np.full(len(row["x"]), i) for i, row in enumerate(rows)]).astype(int)
    out.axis("point", np.arange(len(row_of)), "1", "points along all branches, branch by branch")
    for name, label, units, text in (
        ("branch", "branch", "1", "number of the branch"),
        ("x", along, "t_par", "parameter along the branch"),
        ("delta", "delta", "t_par", "order parameter"),
        ("code", "stability_code", "1", CODES_TEXT),
        ("residual", "residual", "1", "|U F(D) - 1| where SNES stopped"),
    ):
        out.fixed(label, np.concatenate([row[name] for row in rows]), ("point",), units, text)
    if slow:
        out.fixed(slow, rows_at[row_of], ("point",), "t_par", f"{slow} of the branch")


def _branch_summary(rows, along, slow):
    """Ends of the stable branches and folds; lists along a slow key."""

    def each(function):
        found = [function(row) for row in rows]
        return found if slow else found[0]

    summary = {
        f"{along}_min": each(lambda r: r["stable"][0][0] if r["stable"] else None),
        f"{along}_max": each(lambda r: r["stable"][-1][1] if r["stable"] else None),
        "stable": each(lambda r: r["stable"]),
        "folds": each(lambda r: r["folds"]),
        "folds_delta": each(lambda r: r["folds_delta"]),
        "branches": each(lambda r: int(len(set(r["branch"])))),
        "points": sum(len(r["x"]) for r in rows),
        "residual": max([float(np.max(r["residual"])) for r in rows if len(r["x"])], default=0.0),
        "snes_reasons": sorted({reason for r in rows for reason in r["fold_reasons"]}),
    }
    errors = {
        "folds": each(lambda r: r["folds_error"]),
        "folds_delta": each(lambda r: r["folds_delta_error"]),
    }
    for end, pick in (("min", 0), ("max", -1)):
        errors[f"{along}_{end}"] = each(lambda r: _end_error(r, pick))
    return summary, errors


def _end_error(row, pick):
    """The error of an end of the stable branches: that of its fold; rounding at the end of the sweep or at D = 0."""
    if not row["stable"]:
        return None
    x = row["stable"][pick][pick]
    near = [
        error for value, error in zip(row["folds"], row["folds_error"]) if abs(value - x) < 1e-6
    ]
    return max(near, default=FLOOR * (1 + abs(x)))


# ---- I(V) ---------------------------------------------------------------------------------------------------------------


def iv(run, comm, log, output):
    """I(V) and dI/dV per site along every branch and of the normal state: Landauer's formula for each lead's own edges. **Collective.**"""
    refuse_unused(run, "branches_")
    grid = grid_of(run)
    if "eV" not in run.sweep:
        raise InputError(
            "[sweep] eV: iv needs it, such as eV = {from = 0.0, to = 2.0, points = 101}"
        )
    values = run.sweep["eV"]
    if np.any(np.diff(values) <= 0) or values[0] < 0:
        raise InputError("[sweep] eV: must ascend from a value >= 0")
    point = point_of(run, eV=0.0)
    mirrored = point.at(eV=0.5).mirrored
    if mirrored and len(values) > 1:
        finer = dataclasses.replace(
            run.numerics, step=0.4 * run.numerics.step
        )  # conductances bend sharply near folds
        record = on_root(comm, branch_record, point, grid, "eV", values, finer)
    else:
        record = {
            "x": np.zeros(0),
            "delta": np.zeros(0),
            "branch": np.zeros(0, int),
            "code": np.zeros(0, int),
            "residual": np.zeros(0),
            "folds": [],
            "stable": [],
            "lost": 0,
        }
    table = on_root(comm, lambda: _iv_table(record, point, grid, values, mirrored))
    out = output()
    _write_iv(out, record, table, values)
    summary, errors = _iv_summary(table, values)
    warnings = (
        []
        if mirrored
        else [
            "leads that do not mirror each other turn the phase of a condensate: only the normal state is computed"
        ]
    )
    log(f"iv: {len(record['x'])} points on {len(set(record['branch']))} branches")
    return Outcome("complete", summary | {"folds": record["folds"]}, errors, warnings)


def transported(D, at, grid):
    """(I_L, dI_L/dV, I_R, dI_R/dV) of a state, along its branch: dD/dV from the gap equation."""
    found = currents.transport(D, at, grid)
    slope = 0.0
    if D > 0:
        _, by_gap, by_voltage = static.gap_slopes(D, at, grid)
        slope = -by_voltage / by_gap
    total = found["by_eV"] + found["by_delta"] * slope
    return np.array([found["current_left"], total[0], found["current_right"], total[1]])


def _iv_table(record, point, grid, values, mirrored):
    """Currents along the branches (points, 4), of the normal state (values, 4) and of the stable uniform state (values, 5), with errors."""
    along = np.array(
        [
            transported(max(float(D), VERTEX), point.at(eV=float(x)), grid)
            for D, x in zip(record["delta"], record["x"])
        ]
    ).reshape(-1, 4)
    normal, normal_error = gridded(
        lambda g: np.array([transported(0.0, point.at(eV=float(x)), g) for x in values]), grid
    )
    stable = np.full((len(values), 5), np.nan)
    for row, x in zip(stable, values):
        at = point.at(eV=float(x))
        if mirrored and any(a - 1e-9 <= x <= b + 1e-9 for a, b in record["stable"]):
            states = [s.delta for s in onsets.steady_states(at, grid) if s.stability == "stable"]
            if states:
                row[:] = [*transported(max(states), at, grid), max(states)]
    return {
        "along": along,
        "normal": normal,
        "normal_error": normal_error,
        "stable": stable,
        "regions": [
            onsets.region(point.at(eV=float(x)), grid) if mirrored else None for x in values
        ],
    }


def _write_iv(out, record, table, values):
    out.axis("eV", values, "t_par", "bias")
    for name, column, text in (
        ("I_normal", 0, "current from the left lead, normal state"),
        ("dI_dV_normal", 1, "its derivative in eV"),
    ):
        out.fixed(
            name,
            table["normal"][:, column],
            ("eV",),
            "t_par per site" if column == 0 else "per site",
            text,
        )
    for name, column, units, text in (
        (
            "I",
            0,
            "t_par per site",
            "current from the left lead, stable uniform state (nan: there is none)",
        ),
        ("dI_dV", 1, "per site", "its derivative in eV along the branch"),
        ("current_right", 2, "t_par per site", "current from the right lead"),
        ("delta", 4, "t_par", "order parameter"),
    ):
        out.fixed(name, table["stable"][:, column], ("eV",), units, text)
    out.axis(
        "point", np.arange(len(record["x"])), "1", "points along all branches, branch by branch"
    )
    for name, value, units, text in (
        ("branch", record["branch"], "1", "number of the branch"),
        ("branch_eV", record["x"], "t_par", "bias"),
        ("branch_delta", record["delta"], "t_par", "order parameter"),
        ("branch_stability_code", record["code"], "1", CODES_TEXT),
        ("branch_I", table["along"][:, 0], "t_par per site", "current from the left lead"),
        (
            "branch_dI_dV",
            table["along"][:, 1],
            "per site",
            "its derivative in eV along the branch; infinite at a fold",
        ),
    ):
        out.fixed(name, np.asarray(value), ("point",), units, text)


def _iv_summary(table, values):
    """Lists over the voltages; None where there is no stable uniform state."""

    def listed(column):
        return [None if np.isnan(v) else float(v) for v in column]

    stable = table["stable"]
    summary = {
        "eV": values.tolist(),
        "I": listed(stable[:, 0]),
        "dI_dV": listed(stable[:, 1]),
        "delta": listed(stable[:, 4]),
        "I_normal": table["normal"][:, 0].tolist(),
        "dI_dV_normal": table["normal"][:, 1].tolist(),
        "region": table["regions"],
    }
    errors = {
        "I_normal": table["normal_error"][:, 0].tolist(),
        "dI_dV_normal": table["normal_error"][:, 1].tolist(),
        "I": [FLOOR if v is not None else None for v in summary["I"]],
        "dI_dV": [FLOOR * (1 + abs(v) * 100) if v is not None else None for v in summary["dI_dV"]],
        "delta": [FLOOR if v is not None else None for v in summary["delta"]],
    }
    return summary, errors
