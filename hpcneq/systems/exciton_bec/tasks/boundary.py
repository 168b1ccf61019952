"""Task ``boundary`` of the exciton-bec system: the decay at which a mode of the condensate begins to grow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....solvers import farm as maps
from ....solvers import newton
from ....tasks import Outcome
from ..physics import boundaries as onsets
from ..physics import growth
from ..physics import steady_states as states
from .steady import WIDE, drive_of, given, refuse_unused

CHUNK = 5  # points that follow one another, each started from the last
SNES = {"snes_atol": 1e-7, "snes_max_it": 8, "snes_stol": 1e-12}
NEARBY = 0.02  # of ratio: where SNES may go
SETTLED = 1e-5  # residual of a boundary's equations
COLUMNS = {
    "ratio": ("1", "gamma_v/gamma_b at the boundary; nan: there is none"),
    "q": ("kF", "momentum of the marginal mode"),
    "omega": ("eF", "its frequency"),
    "error": ("1", "error of ratio"),
    "q_error": ("kF", "error of q_mode"),
    "omega_error": ("eF", "error of omega"),
    "delta": ("eF", "order parameter there"),
    "delta_error": ("eF", "error of delta"),
    "residual": ("1", "what is left of the boundary's equations"),
    "growth": (
        "eF",
        "largest growth rate there of any mode; above 0 another instability comes first",
    ),
}
EARLIER = 1e-3  # of the levels' width: a mode that grows faster at a boundary is another one


def polished(point, kind):
    """(Onset, {ratio, q, omega, delta: error}, residual, why) : the boundary's equations solved by SNES from the seed ``point``.

    Where SNES leaves the seed's neighbourhood or stops before it has settled the seed is kept, and ``why``, else "", tells. None for the
    Onset where C's oscillation only begins as two modes at rest meet, one of which grows already: Im w has no maximum over q that touches 0.
    """
    function, start, place = onsets.equations(point, kind)
    found = newton.solve_equations(function, start, SNES, prefix="steady_")
    at = place(found.x)
    if found.residual < SETTLED and abs(at[0] / point.ratio - 1) < NEARBY:
        state = states.solve(replace(point.state.drive, ratio=float(at[0])), point.state)
        q, omega = (*map(float, at[1:]), 0.0, 0.0)[:2]
        point = replace(point, ratio=float(at[0]), q=q, omega=omega, state=state)
        return point, onsets.errors(kind, point), float(found.residual), ""
    if kind == "C" and _growth(point.state) > 0:
        return None, {}, float(found.residual), ""
    why = (
        f"boundary {kind} at inv_kfas = {point.state.inv:.6g}: SNES stopped at ratio = {at[0]:.6g}, residual {found.residual:.1e} "
        f"({found.reason}); what the search found is given"
    )
    return (
        point,
        {"ratio": point.error, "q": np.nan, "omega": np.nan, "delta": np.nan},
        float(found.residual),
        why,
    )


def _growth(state):
    """The largest growth rate of any mode; 0 where it is that of a mode at its boundary."""
    fastest = growth.fastest(state)
    return float(fastest.w.imag) if fastest and fastest.w.imag > EARLIER * state.g else 0.0


def boundary(run, comm, log, output):
    """Hanai et al. (2018), Fig. 5: the ratio at which a boundary is crossed, at one point or along one or two keys. **Collective.**

    Ranks take chunks of points of the last key; within one each search starts from the last. Where there is no such boundary ratio is nan.
    """
    refuse_unused(run)
    keys = list(run.sweep)
    axes = [run.sweep[key] for key in keys] or [np.zeros(1)]
    outer, last = (axes[0] if len(axes) > 1 else np.zeros(1)), axes[-1]
    chunks = -(-len(last) // CHUNK)

    def solve(i, j, warm):
        at = CHUNK * (i % chunks) + j
        if at >= len(last):
            return {}
        values = dict(zip(keys[::-1], (last[at], outer[i // chunks])))
        return _point(drive_of(run, ratio=0.0, **values), run.parameters.kind, warm)

    out = output()
    records, stopped = maps.farm(
        (len(outer) * chunks, CHUNK), solve, comm, log, output.points(), "boundary"
    )
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    rows = [
        record
        for i in range(len(outer))
        for row in records[i * chunks : (i + 1) * chunks]
        for record in row
        if record
    ]
    for key, values in zip(keys, axes):
        out.axis(key, values, {"p_c": "kF", "inv_kfas": "1"}.get(key, "eF"), "swept key")
    if not keys:
        out.axis("point", np.array([0]), "1", "the one point")
    shape = tuple(len(values) for values in axes)
    table = {name: np.array([row.get(name, np.nan) for row in rows], float) for name in COLUMNS}
    for name, (units, text) in COLUMNS.items():
        out.fixed(
            {"q": "q_mode"}.get(name, name),
            table[name].reshape(shape),
            tuple(keys) or ("point",),
            units,
            text,
        )
    return headline(run, keys, table, [row["why"] for row in rows if "why" in row])


def earlier(run, keys, table):
    """[warning] where something else grows at the boundary already."""
    first = table["growth"] > 0
    if not first.any():
        return []
    where = (
        f" at {np.count_nonzero(first)} of {np.count_nonzero(table['ratio'] > 0)} points"
        if keys
        else ""
    )
    return [
        f"boundary {run.parameters.kind}{where} is not where stability ends: another mode grows there, at up to {np.nanmax(table['growth']):.3g} eF (growth)"
    ]


def _point(drive, kind, warm):
    """The record of one boundary; nan where there is none."""
    soft = onsets.amplitude(drive)
    near = None
    if warm and warm.get("ratio", np.nan) > 0 and kind != "A" and soft:
        near = (warm["ratio"] * soft / warm["soft"], warm["q"], warm["omega"])
    found = onsets.onset(drive, kind, soft, near) if soft else None
    if found is None:
        return dict.fromkeys(COLUMNS, np.nan)
    found, errors, residual, why = polished(found, kind)
    if found is None:
        return dict.fromkeys(COLUMNS, np.nan)
    rate = _growth(found.state) if kind != "A" else 0.0
    return {
        "ratio": found.ratio,
        "q": found.q,
        "omega": found.omega,
        "growth": rate,
        "delta": found.state.delta,
        "residual": residual,
        "soft": soft,
        "error": errors["ratio"],
        **{f"{name}_error": errors[name] for name in ("q", "omega", "delta")},
    } | ({"why": why} if why else {})


def headline(run, keys, table, lost):
    """The Outcome: numbers for one point, lists along a sweep."""

    def pick(name):
        values = [None if np.isnan(x) else float(x) for x in table[name]]
        return values if keys else values[0]

    summary = {
        "kind": run.parameters.kind,
        **{name: pick(name) for name in ("ratio", "q", "omega", "delta", "residual")},
        **given(drive_of(run)),
    }
    summary["gamma_v"] = (
        None if keys or summary["ratio"] is None else summary["ratio"] * run.parameters.gamma_b
    )
    none = (
        [f"no boundary {run.parameters.kind} was found"]
        if np.isnan(table["ratio"]).all() and not lost
        else []
    )
    errors = {
        "ratio": pick("error"),
        **{name: pick(f"{name}_error") for name in ("q", "omega", "delta")},
    }
    if summary["gamma_v"] is not None:
        errors["gamma_v"] = errors["ratio"] * run.parameters.gamma_b
    return Outcome(
        "not-converged" if lost else "complete",
        summary,
        errors,
        [
            WIDE,
            *none,
            *(
                ["ratio or gamma_v of the input is not used: the ratio is what is sought"]
                if run.parameters.decay
                else []
            ),
            *earlier(run, keys, table),
            *lost,
        ],
    )
