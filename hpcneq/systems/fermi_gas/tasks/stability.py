"""Task ``stability`` of the fermi-gas: growing and slow modes of a steady state, at one point or over one or two swept keys."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from ....errors import InputError, NotConverged
from ....parallel import on_root, solo
from ....solvers import farm as maps
from ....tasks import Outcome
from .. import inputs
from ..physics import gap_and_current as states
from ..physics import response
from ..physics import state_curves as branches
from .modes import modes_of

SWEPT = ("gamma", "T", "dmu", "q", "angle")
UNITS = {"gamma": "mu", "T": "mu", "dmu": "mu", "q": "pF", "angle": "rad"}
NOTES = {
    "A": "variant A: the paper's equation without its gradient term; at q != 0 its verdicts may be wrong",
    "C": "variant C: quantum kinetic equation with the exact static response of N(H)",
    "D": "variant D: exact mean field with the memory of the reservoirs",
}


def at_point(run, **values):
    """The parameters of a run with other values."""
    return replace(run.parameters, **values)


def gas_of(parameters, numerics):
    """The Gas of these parameters; InputError where no response is defined."""
    gas = inputs.gas(parameters, numerics)
    if not gas.baths.blur > 0:
        raise InputError(
            "[parameters] gamma = 0, T = 0: stability and evolution need one of them > 0"
        )
    return gas


@lru_cache(maxsize=8)
def _curves(gas):
    return branches.curves(gas)


def state_of(gas, branch):
    """(Delta, Q, error of Delta) of a branch; None if it does not exist here; (None, names) of what does is for :func:`required`."""
    found = {name: (D, Q) for name, D, Q in branches.find(gas, _curves(gas.at(0.0)))}
    if branch not in found:
        return None, tuple(found)
    D, Q = found[branch]
    h = 1e-4 * D
    slope = (states.gap(gas, D + h, Q) - states.gap(gas, D - h, Q)) / (2 * h)
    return (D, Q, abs(states.gap(gas.finer, D, Q) / slope) + 1e-12), tuple(found)


def required(gas, branch):
    """(Delta, Q, error of Delta) of a branch. InputError if it does not exist here."""
    state, there = state_of(gas, branch)
    if state is None:
        b = gas.baths
        raise InputError(
            f'[parameters] branch = "{branch}": there is no such state at dmu = {b.dmu:g}, gamma = {b.gamma:g}, T = {b.T:g} '
            f"(there: {', '.join(there) or 'only the normal state'})"
        )
    return state


def stability(run, comm, log, output):
    """Modes of Kawamura, Hanai & Ohashi 2022, Eq. (74), in variant A, C or D. **Collective.**"""
    p, n = run.parameters, run.numerics
    if not np.min(run.sweep.get("gamma", p.gamma)) > 0:
        raise InputError(
            f"[{'sweep' if 'gamma' in run.sweep else 'parameters'}] gamma = 0: stability needs gamma > 0: every rate falls to 0 with gamma, "
            "and at 0 the modes lie where M has no analytic form; the signs are those of any small gamma"
        )
    if run.sweep:
        return over(run, comm, log, output)
    gas = gas_of(p, n)
    D, Q, slip = on_root(comm, required, gas, p.branch)
    log(f"stability: {p.branch}, Delta = {D:.8f}, Q = {Q:.8f}, variant {n.variant}")
    found = modes_of(
        response.Response(gas.baths, D, Q, p.q, p.angle, n.variant, n.dp, n.fine, n.angles), comm
    )
    out, modes = output(), found.modes
    out.axis(
        "mode",
        np.arange(len(modes)),
        "1",
        "modes, fastest growing first; without the phase mode 0 of q = 0",
    )
    out.axis(
        "component",
        np.array(["a", "b"]),
        "1",
        "amplitude in Delta at q, and in Delta^* of the same wave",
    )
    for name, values, text in (
        ("growth_rate", [m.z.imag for m in modes], "Re lambda of e^{lambda t}"),
        ("frequency", [-m.z.real for m in modes], "Im lambda"),
        ("mode_error", [m.error for m in modes], "bound on its error"),
    ):
        out.fixed(name, np.array(values, float), ("mode",), "mu", text)
    out.fixed(
        "multiplicity",
        np.array([m.multiplicity for m in modes], np.int64),
        ("mode",),
        "1",
        "how often the mode counts",
    )
    out.fixed(
        "vector",
        np.array([m.vectors[0] for m in modes]).reshape(len(modes), 2),
        ("mode", "component"),
        "1",
        "null vector of M",
    )
    best = modes[0] if modes else None
    summary = {
        "branch": p.branch,
        "delta": D,
        "Q": Q,
        "growth_rate": best and best.z.imag,
        "frequency": best and -best.z.real,
        "unstable_modes": found.unstable,
        "verdict": found.verdict,
        "variant": n.variant,
        "floor": found.floor,
        "samples": found.samples,
    }
    errors = {"delta": slip, "Q": slip} | (
        {"growth_rate": best.error + slip, "frequency": best.error + slip} if best else {}
    )
    warnings = [NOTES[n.variant]] + ["no mode decays more slowly than the search looks"] * (
        best is None
    )
    warnings += [
        f"the sign of the mode {-1j * m.z:.2g} is within three errors ({m.error:.0e}): a larger [numerics] fine tells"
        for m in found.doubtful
    ]
    return Outcome("complete", summary, errors, warnings)


def one(run, values, warm=None):
    """The record of one point of a map; ``warm`` has its state already if only the wave differs."""
    p, n = at_point(run, **values), run.numerics
    gas = gas_of(p, n)
    if warm is not None:
        state = None if np.isnan(warm["delta"]) else (warm["delta"], warm["Q"], warm["slip"])
    else:
        state = state_of(gas, p.branch)[0]
    lost = {
        "delta": np.nan,
        "Q": np.nan,
        "slip": 0.0,
        "rate": np.nan,
        "frequency": np.nan,
        "error": np.nan,
        "floor": np.nan,
        "unstable": -1,
    }
    if state is None:
        return lost
    D, Q, slip = state
    known = lost | {"delta": D, "Q": Q, "slip": slip, "unstable": -2}
    try:
        found = modes_of(
            response.Response(gas.baths, D, Q, p.q, p.angle, n.variant, n.dp, n.fine, n.angles),
            solo(),
        )
    except NotConverged as error:
        return known | {"status": "not-converged", "why": str(error)}
    best = found.modes[0] if found.modes else None
    return (
        known
        | {"unstable": found.unstable, "floor": found.floor}
        | (
            {"rate": best.z.imag, "frequency": -best.z.real, "error": best.error + slip}
            if best
            else {}
        )
    )


def over(run, comm, log, output):
    """A line or a map. **Collective.**"""
    keys = list(run.sweep)
    if len(keys) > 2:
        raise InputError(f"[sweep] {', '.join(keys)}: a map has at most two keys")
    grids = [run.sweep[key] for key in keys]
    wave = len(keys) == 2 and keys[1] in ("q", "angle")  # the state is that of the row

    def solve(i, j, warm):
        values = {key: float(grid[k]) for key, grid, k in zip(keys, grids, (i, j))}
        return one(run, values, warm if wave and warm and "delta" in warm else None)

    out = output()
    shape = (len(grids[0]), len(grids[1]) if len(keys) == 2 else 1)
    records, stopped = maps.farm(shape, solve, comm, log, output.points(), "stability")
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    for key, grid in zip(keys, grids):
        out.axis(key, grid, UNITS[key], key)
    shape = tuple(len(grid) for grid in grids)
    table = {
        name: np.array([[record.get(name, np.nan) for record in row] for row in records]).reshape(
            shape
        )
        for name in ("delta", "Q", "rate", "frequency", "error", "floor", "unstable")
    }
    for name, key, units, text in (
        ("delta", "delta", "mu", "order parameter; nan: no such state"),
        ("Q", "Q", "pF", "its wave number"),
        ("growth_rate", "rate", "mu", "Re lambda of the fastest mode"),
        ("frequency", "frequency", "mu", "its Im lambda"),
        ("growth_rate_error", "error", "mu", "bound on its error"),
        (
            "floor",
            "floor",
            "mu",
            "Re lambda above which no mode of a frequency below the gap is missing",
        ),
    ):
        out.fixed(name, table[key].astype(float), tuple(keys), units, text)
    count = np.where(np.isnan(table["unstable"].astype(float)), -2, table["unstable"]).astype(
        np.int64
    )
    out.fixed(
        "unstable_modes",
        count,
        tuple(keys),
        "1",
        "number of growing modes; -1: no such state, -2: not converged",
    )
    rates = table["rate"][np.isfinite(table["rate"])]
    summary = {
        "branch": run.parameters.branch,
        "variant": run.numerics.variant,
        "growth_rate": float(rates.max()) if len(rates) else None,
        "unstable_modes": int(count.max()),
        "verdict": "unstable" if count.max() > 0 else "stable" if (count >= 0).any() else "absent",
        "points": int(count.size),
        "stable": int((count == 0).sum()),
        "unstable": int((count > 0).sum()),
        "absent": int((count == -1).sum()),
    }
    lost = [record["why"] for row in records for record in row if "why" in record]
    errors = (
        {"growth_rate": float(np.nanmax(table["rate"] + table["error"]) - rates.max())}
        if len(rates)
        else {}
    )  # whichever point then is fastest
    return Outcome(
        "not-converged" if lost else "complete",
        summary,
        errors,
        [NOTES[run.numerics.variant], *lost[:1]],
    )
