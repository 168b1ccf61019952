"""Tasks ``steady`` and ``branches`` of the fermi-gas system: every steady state at a point, and along dmu."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .... import petsc
from ....errors import InputError
from ....parallel import on_root
from ....solvers import farm as maps
from ....solvers import newton
from ....tasks import Outcome
from .. import inputs
from ..physics import gap_and_current as states
from ..physics import phase_edges as edges
from ..physics import state_curves as states_of
from ..physics import unequal_couplings as unequal

SNES = {"snes_atol": 3e-12}
TURNED = {"snes_atol": 1e-10}  # where J/(Q Delta^2) is summed over rays: its rounding
ON_THE_WAY = {"snes_atol": 1e-8, "snes_max_it": 8}  # of states that are only followed
COARSE = 0.25  # share of the panels and angles that do for following states with Q > 0
SMALL = (0.006, 0.004, 0.002)  # Delta from which Delta -> 0 is extrapolated
BLUNT = 0.01  # mu: at smaller Delta J/(Q Delta^2) has more rounding than GOOD
BOUND = 1e-6  # largest residual of what may still be polished
WORDS = {"fold": "meets another state and ends", "vanishes": "vanishes", "lost": "is lost"}
FAR = 0.02  # a polished state farther than this from its seed is another
GOOD = 1e-9  # largest residual of what counts as a root
ROUNDING = 2e-11  # of polished numbers
TABLES = {"parameters": inputs.Parameters, "numerics": inputs.Numerics}
SLOW = {
    "gamma": "coupling to each reservoir",
    "T": "temperature of the reservoirs",
    "inv_kfas": "interaction 1/(pF a_s)",
}
COLUMNS = {
    "delta": ("mu", "order parameter"),
    "Q": ("pF", "wave number"),
    "gap_residual": ("1", "|g|"),
    "current_residual": ("1", "|J|"),
}


def refuse_unused(run):
    """InputError for a PETSc option that no solver of the task will ask for."""
    with petsc.Options(run.petsc) as options:
        newton.solve_equations(lambda x: x, [0.5], prefix="steady_")
        options.refuse_unused()


# ---- one state, one edge ----------------------------------------------------------------------------------------------


def polish(gas, D, Q):
    """(D, Q, Solution) : a state as a root of gap and, for Q > 0, stiffness, by SNES on panels held still."""
    held = gas.held(D, Q)
    if Q == 0:
        found = newton.solve_equations(lambda x: [states.gap(held, abs(x[0]), 0.0)], [D], SNES)
        return float(found.x[0]), 0.0, found
    found = newton.solve_equations(
        lambda x: states_of.equations(held, abs(x[0]), abs(x[1])), [D, Q], SNES
    )
    return float(found.x[0]), float(found.x[1]), found


def state_record(gas, name, D, Q):
    """A polished state as plain numbers, its errors from panels of half the length; ``good`` if SNES found it where the scan had."""
    at, turned, found = polish(gas, D, Q)
    finer = polish(gas.finer, at, turned)
    g, J = states.both(gas.held(at, turned), at, turned)
    return {
        "name": name,
        "delta": at,
        "Q": turned,
        "current_residual": abs(J),
        "gap_residual": abs(g),
        "snes_reason": found.reason,
        "delta_error": abs(finer[0] - at) + ROUNDING,
        "Q_error": (abs(finer[1] - turned) + ROUNDING) * (turned > 0),
        "good": bool(found.residual < GOOD and np.hypot(at - D, turned - Q) < FAR),
    }


def edge_records(gas, known):
    """{name: {dmu, delta, Q, error, good}} : every edge of a gas, polished by SNES, with its change on panels of half the length."""
    found, done = {}, {}
    for name, edge in edges.seeds(gas, known).items():
        if (edge.kind, edge.dmu) not in done:
            done[edge.kind, edge.dmu] = edge_record(gas, edge)
        found[name] = done[edge.kind, edge.dmu]
    return found


def edge_record(gas, edge):
    """One polished edge."""
    function, start = edges.equations(gas, edge)
    root = newton.solve_equations(function, start, SNES)
    here = edges.polished(edge, root.x)
    function, start = edges.equations(gas.finer, here)
    finer = edges.polished(edge, newton.solve_equations(function, start, SNES).x)
    good = root.residual < GOOD and abs(here.dmu - edge.dmu) < FAR
    return {
        "dmu": here.dmu,
        "delta": here.delta,
        "Q": here.Q,
        "error": abs(finer.dmu - here.dmu) + ROUNDING,
        "good": bool(good),
    }


# ---- steady -------------------------------------------------------------------------------------------------------------


def steady(run, comm, log, output):
    """Kawamura, Hanai & Ohashi 2022, Eqs. (46), (48): all solutions at one point. **Collective.**"""
    refuse_unused(run)
    gas = inputs.gas(run.parameters, run.numerics)
    unlike = run.parameters.unequal
    found, ends = (
        on_root(comm, follow, run, gas)
        if unlike
        else (on_root(comm, lambda: [state_record(gas, *s) for s in states_of.find(gas)]), [])
    )
    out = output()
    if found:
        out.axis(
            "branch",
            np.arange(len(found)),
            "1",
            "; ".join(f"{k}: {f['name']}" for k, f in enumerate(found)),
        )
        columns = COLUMNS | (
            {
                "mu_condensate": (
                    "mu",
                    "chemical potential of the condensate, half the frequency at which it turns",
                )
            }
            if unlike
            else {}
        )
        for key, (units, text) in columns.items():
            out.fixed(key, np.array([f[key] for f in found]), ("branch",), units, text)
    keys = ("name", *COLUMNS, *(("mu_condensate",) if unlike else ()), "snes_reason")
    errors = {
        "branches": [
            {
                "delta": f["delta_error"],
                "Q": f["Q_error"],
                "gap_residual": f["gap_residual"] + ROUNDING,
                "current_residual": f["current_residual"] + ROUNDING,
            }
            for f in found
        ]
    }
    for f, e in zip(found, errors["branches"] if unlike else []):
        e["mu_condensate"] = f["mu_error"]
    for f in found:
        log(f"steady: {f['name']:4s} Delta = {f['delta']:.8g}, Q = {f['Q']:.8g}")
    lost = [f["name"] for f in found if not f["good"]]
    gone = [end["name"] for end in ends if end["kind"] == "lost"]
    warnings = (
        []
        if found
        else ["steady: the normal gas is the only steady state" + " that was found" * unlike]
    )
    if unlike:
        warnings.append(
            "unequal couplings: the states of equal couplings followed to these; others are not looked for"
        )
        warnings += [
            f"{end['name']} {WORDS[end['kind']]} at (gamma_left - gamma_right)/(gamma_left + gamma_right) = {end['asymmetry']:.6g}, before these couplings"
            for end in ends
        ]
    warnings += [
        f"SNES left {', '.join(lost)} where the scan found it; try [petsc] steady.snes_max_it or a smaller [numerics] dp"
    ] * bool(lost)
    summary = {"branches": [{k: f[k] for k in keys} for f in found], "count": len(found)}
    if unlike:
        summary["ended"] = [{k: end[k] for k in ("name", "kind", *end["errors"])} for end in ends]
        errors["ended"] = [end["errors"] for end in ends]
    return Outcome("not-converged" if lost or gone else "complete", summary, errors, warnings)


def follow(run, gas):
    """(records, ends) : the states of equal couplings followed to unequal ones, and where the others end on the way."""
    p, found, ends = run.parameters, [], []
    pair = unequal.Pair(p.gamma_left, p.gamma_right, p.T, p.dmu, p.inv_kfas, run.numerics.dp)

    def root(equations, seed):
        solved = newton.solve_equations(equations, seed, ON_THE_WAY)
        return solved.x if solved.converged else None

    for name, D, Q in states_of.find(gas):
        way = unequal.steps(
            pair if Q == 0 else replace(pair, fine=COARSE), (D, Q) if Q else (D,), root
        )
        if way.arrived:
            found.append(unequal_record(name, way.x, pair))
        else:
            ends.append(end_record(name, way, pair, ends))
    return found, ends


def end_record(name, way, pair, known):
    """Where a state that was followed ends: it meets another, or its Delta vanishes; what is known already is not computed again."""
    n = len(way.x)
    for kind, find in (("fold", meeting), ("vanishes", vanishing)):
        same = [
            k
            for k in known
            if k["kind"] == kind
            and len(k["y"]) == n + 1
            and np.abs(k["y"] - [*way.x, way.asymmetry]).max() < FAR
        ]
        y, error, good = (same[0]["y"], same[0]["error"], True) if same else find(way, pair)
        if good and np.abs(y - [*way.x, way.asymmetry]).max() < 2 * FAR:
            break
    else:
        kind, y, error = "lost", np.append(way.x, way.asymmetry), np.full(n + 1, np.nan)
    values, errors = (
        {"asymmetry": v[n], "delta": v[0], "Q": v[1] if n > 2 else 0.0, "mu_condensate": v[n - 1]}
        for v in (y, error)
    )
    return {
        "name": name,
        "kind": kind,
        "y": y,
        "error": error,
        "errors": {k: float(v) for k, v in errors.items()},
    } | {k: float(v) for k, v in values.items()}


def meeting(way, pair):
    """((x, asymmetry), errors, whether found) of the fold next to the last couplings, by SNES; errors from panels and angles half as long."""
    along = way.slope / np.linalg.norm(way.slope)
    grids = [
        (h, unequal.nodes(way.x, h))
        for h in (replace(pair, fine=COARSE), pair, replace(pair, fine=2))
    ]
    coarse, here, finer = (lambda y, g=g: unequal.fold(y, *g, along) for g in grids)
    y = np.concatenate([way.x, [way.asymmetry], along])
    for function in (coarse, here):
        last = newton.solve_equations(function, y, TURNED)
        if not last.residual < BOUND:
            return y, y, False
        y = last.x
    step = 1e-6
    slopes = np.array(
        [(coarse(y + step * e) - coarse(y - step * e)) / (2 * step) for e in np.eye(len(y))]
    ).T
    n = len(way.x)
    rounding = (
        ROUNDING if n == 2 else np.append(np.full(n, 1e-9), 3e-10)
    )  # of sums over rays, and of their differences
    return (
        y[: n + 1],
        np.abs(np.linalg.solve(slopes, finer(y)))[: n + 1] + rounding,
        last.residual < GOOD and y[0] > 0,
    )


def vanishing(way, pair):
    """The same where Delta -> 0: SNES at three small Delta, extrapolated; errors from the largest Delta, and from panels and angles half as long."""
    y, limits, good = np.append(way.x[1:], way.asymmetry), [], True
    for here in (pair, replace(pair, fine=2)):
        found = []
        for D in SMALL:
            held = unequal.nodes((D, *y[:-1]), here)
            last = newton.solve_equations(
                lambda y, D=D, h=held, g=here: unequal.fading(y, D, g, h), y, {"snes_atol": 1e-8}
            )
            y, good = last.x, good and last.residual < BOUND
            found.append(y)
        if not good:
            break
        limits.append(unequal.faded(SMALL, found))
        y = found[0]
    if not good:
        return np.append(0.0, y), np.append(0.0, y), False
    (limit, error), (finer, _) = limits
    return np.append(0.0, limit), np.append(0.0, error + np.abs(finer - limit) + ROUNDING), True


def unequal_record(name, x, pair):
    """A state x = (D, nu) or (D, Q, nu) of unequal couplings, polished, as plain numbers; errors from panels and angles half as long."""
    held = [(h, unequal.nodes(x, h)) for h in (pair, replace(pair, fine=2))]
    last, finer = (
        newton.solve_equations(
            lambda y, h=h, n=n: unequal.equations(y, h, n), x, SNES if len(x) == 2 else TURNED
        )
        for h, n in held
    )
    values, error = last.x, np.abs(finer.x - last.x) + ROUNDING
    left = np.abs(unequal.equations(values, *held[0]))
    Q, off = (0.0, 0.0) if len(x) == 2 else (float(values[1]), float(error[1]))
    blunt = min(1.0, (values[0] / BLUNT) ** 2)  # rounding of J over the Delta^2 it is divided by
    return {
        "name": name,
        "delta": float(values[0]),
        "Q": Q,
        "mu_condensate": float(values[-1]),
        "gap_residual": float(left[:2].max()),
        "current_residual": float(left[2] * values[0] ** 2 * Q) if Q else 0.0,
        "snes_reason": last.reason,
        "delta_error": float(error[0]),
        "mu_error": float(error[-1]),
        "Q_error": off,
        "good": bool(left[:2].max() < GOOD and left[2:].max(initial=0.0) * blunt < GOOD),
    }


# ---- branches -----------------------------------------------------------------------------------------------------------


def branches(run, comm, log, output):
    """Figs. 4(a) and 5 and Table I: every branch along dmu, each state and each edge polished. **Collective.**"""
    refuse_unused(run)
    slow = slow_key(run)
    dmu, rows = run.sweep["dmu"], run.sweep[slow] if slow else [None]
    curves = {}  # of the row at hand; other ranks find the same

    def solve(i, j, warm):
        row, column = (i, j) if slow else (0, i)
        at = {slow: rows[row]} if slow else {}
        if row not in curves:
            curves.clear()
            curves[row] = states_of.curves(gas_of(run, **at))
        gas = gas_of(run, **at)
        record = {
            "states": [
                state_record(gas.at(dmu[column]), *state)
                for state in states_of.find(gas.at(dmu[column]), curves[row])
            ]
        }
        if column == 0:
            record |= {"edges": edge_records(gas, curves[row]), **lines_of(curves[row])}
        return record

    shape = (len(rows), len(dmu)) if slow else (len(dmu), 1)
    records, stopped = maps.farm(shape, solve, comm, log, output.points(), "branches")
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    return write_branches(
        run, output(), slow, rows, dmu, records if slow else [[row[0] for row in records]]
    )


def write_branches(run, out, slow, rows, dmu, records):
    """Data sets and Outcome of ``branches``."""
    axes = (slow, "dmu") if slow else ("dmu",)
    if slow:
        out.axis(slow, rows, "1" if slow == "inv_kfas" else "mu", SLOW[slow])
    out.axis("dmu", dmu, "mu", "half the difference of the reservoirs' chemical potentials")
    for name in inputs.NAMES:
        for key, (units, text) in COLUMNS.items():
            table = np.array(
                [
                    [
                        next((s[key] for s in point.get("states", []) if s["name"] == name), np.nan)
                        for point in row
                    ]
                    for row in records
                ]
            )
            out.fixed(
                f"{name.replace(chr(39), 'p')}_{key}",
                table if slow else table[0],
                axes,
                units,
                f"{text} of {name}; nan: no such state",
            )
    for curve in ("uniform", "twisted"):
        width = max(len(row[0].get(f"{curve}_D", ())) for row in records)
        if width:
            out.axis(
                f"{curve}_node",
                np.arange(width),
                "1",
                f"nodes of the curve of {'Q = 0' if curve == 'uniform' else 'Q > 0'} along Delta",
            )
            for key, units in (("D", "mu"), ("Q", "pF"), ("dmu", "mu")):
                table = np.full((len(rows), width), np.nan)
                for k, row in enumerate(records):
                    values = row[0].get(f"{curve}_{key}", ())
                    table[k, : len(values)] = values
                out.fixed(
                    f"{curve}_{key}",
                    table if slow else table[0],
                    (slow, f"{curve}_node") if slow else (f"{curve}_node",),
                    units,
                    f"{key} along the curve, through its folds",
                )
    found = [row[0].get("edges", {}) for row in records]
    pick = (lambda values: values) if slow else (lambda values: values[0])
    values = {
        name: pick([e[name]["dmu"] if name in e else None for e in found]) for name in edges.EDGES
    }
    errors = {
        name: pick([e[name]["error"] if name in e else None for e in found]) for name in edges.EDGES
    }
    every = [s for row in records for point in row for s in point.get("states", [])]
    lost = (
        sum(not s["good"] for s in every)
        + sum(not e["good"] for row in found for e in row.values())
        + sum("states" not in point for row in records for point in row)
    )
    summary = {
        "edges": values,
        "states": len(every),
        "count": pick([[len(p.get("states", [])) for p in row] for row in records]),
        "residual": max([max(s["gap_residual"], s["current_residual"]) for s in every] or [0.0]),
    }
    errors = {"edges": errors, "residual": summary["residual"] + ROUNDING}
    return Outcome(
        "not-converged" if lost else "complete",
        summary,
        errors,
        [f"branches: {lost} states or edges did not converge"] * bool(lost),
    )


def lines_of(known):
    """Both curves as plain arrays."""
    found = {}
    for name, curve in (("uniform", known.uniform), ("twisted", known.twisted)):
        if curve is not None:
            found |= {f"{name}_D": curve.D, f"{name}_Q": curve.Q, f"{name}_dmu": curve.dmu}
    return found


def gas_of(run, **at):
    """The Gas of an input with some parameters replaced."""
    return inputs.gas(
        replace(run.parameters, **{key: float(value) for key, value in at.items()}), run.numerics
    )


def slow_key(run):
    """The other key swept beside dmu, or None. InputError without dmu."""
    if "dmu" not in run.sweep or (len(run.sweep) == 2 and list(run.sweep)[1] != "dmu"):
        raise InputError(
            f"[sweep]: {run.task} needs dmu, alone or after one of {', '.join(SLOW)}, got {', '.join(run.sweep) or 'none'}"
        )
    if np.any(np.diff(run.sweep["dmu"]) <= 0):
        raise InputError("[sweep] dmu: must ascend")
    return next((key for key in run.sweep if key != "dmu"), None)
