"""Lines for ``hpcneq check`` of the fermi-gas tasks other than ``evolve``: sizes, memory and time from short pieces of the work itself."""

from __future__ import annotations

import time

import numpy as np

from ....tasks.cost import BASE_BYTES
from .. import inputs
from ..physics import gap_and_current as states
from ..physics import pair_amplitude as amplitudes
from ..physics import response
from ..physics import state_curves as states_of
from ..tasks.phase_diagram import NODES, axes
from ..tasks.stability import at_point, gas_of, state_of
from ..tasks.steady import gas_of as steady_gas
from ..tasks.steady import slow_key, state_record

FEW = 12  # nodes of curves made for timing: half the time of the whole search for states
PEAK = 4001 * 401  # momenta on which the largest pair amplitude is sought
PAIR_BYTES = 96  # of working memory per momentum of a pair amplitude
POINT_BYTES = {"A": 500, "C": 300, "D": 700}  # per momentum of M
ASKED = {"rough": 1000, "fine": 60, "other": 12}  # evaluations of M that a verdict takes
TRIED = 12  # for timing
OVERHEAD = 6e-5  # s of the search around each
AGAIN = 0.15  # of a search for states: another dmu on the same curves


def clocked(work):
    """(seconds, what it gives)."""
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


def lines(what, seconds, ranks, nbytes=0.0, more=""):
    """The lines: size, memory, time."""
    on = f"on {ranks} rank{'s' * (ranks > 1)}"
    return [
        f"  {what}",
        f"  memory: {(BASE_BYTES + nbytes) / 2**20:.0f} MB a rank {on}",
        f"  time: about {seconds:.{0 if seconds > 9.5 else 1}f} s {on}{more}",
    ]


def search(gas):
    """Seconds to find every state of a gas, from short curves."""
    return 2 * clocked(lambda: states_of.curves(gas, FEW))[0]


def steady(run, ranks):
    """One search."""
    return lines("one point, on one rank", search(inputs.gas(run.parameters, run.numerics)), ranks)


def branches(run, ranks):
    """Time from one row's curves and two of its points."""
    slow = slow_key(run)
    rows, dmu = run.sweep[slow] if slow else [None], run.sweep["dmu"]
    gas = steady_gas(run, **({slow: rows[len(rows) // 2]} if slow else {}))
    row, known = clocked(lambda: states_of.curves(gas, FEW))
    point, _ = clocked(
        lambda: [
            state_record(gas.at(x), *state)
            for x in (dmu[len(dmu) // 2], dmu[-1])
            for state in states_of.find(gas.at(x), known)
        ]
    )
    row, point, free = 2 * row, 0.5 * point, min(ranks, len(rows) if slow else len(dmu))
    total = len(rows) * (row * (1 if slow else free) + point * len(dmu)) / free
    return lines(
        f"{len(rows) * len(dmu)} points",
        total,
        ranks,
        more=f" ({row:.1f} s a curve, {point:.2f} s a point)",
    )


def phase_diagram(run, ranks):
    """Time from one line's curves."""
    slow, fast = axes(run)
    rows, columns = run.sweep[slow], run.sweep[fast]
    middle = {slow: float(rows[len(rows) // 2])} | (
        {} if fast == "dmu" else {fast: float(columns[len(columns) // 2])}
    )
    each = 1.3 * clocked(lambda: states_of.curves(steady_gas(run, **middle), NODES))[0]
    count = len(rows) * (1 if fast == "dmu" else len(columns))
    what = "lines along dmu" if fast == "dmu" else "points, each with its edges along dmu"
    return lines(
        f"{count} {what}", each * count / min(ranks, len(rows)), ranks, more=f" ({each:.1f} s each)"
    )


def pair_amplitude(run, ranks):
    """The search for the state, the plane, and the search for the largest value."""
    gas, n = inputs.gas(run.parameters, run.numerics), run.numerics
    plane = int(
        np.prod([len(run.sweep[key]) if key in run.sweep else n.points for key in ("p_x", "p_z")])
    )
    p = np.linspace(0.5, 1.5, 20000)
    each = clocked(lambda: amplitudes.pair(p, p, 0.1, 0.1, gas.baths.occupation))[0] / len(p)
    return lines(
        f"{plane} momenta",
        search(gas) + each * (PEAK + 3 * plane),
        ranks,
        PAIR_BYTES * max(PEAK, plane),
    )


def momentum(run, ranks):
    """The search for the state."""
    gas = inputs.gas(run.parameters, run.numerics)
    return lines(
        f"{len(run.sweep.get('p', range(run.numerics.points)))} momenta",
        0.1 + (search(gas) if run.parameters.branch != "normal" else 0.0),
        ranks,
    )


def current(run, ranks):
    """The search for the state, and one J."""
    gas, Q = inputs.gas(run.parameters, run.numerics), run.sweep.get("Q", np.zeros(1))
    each = clocked(lambda: states.both(gas, run.parameters.delta or 0.1, 0.15))[0]
    return lines(
        f"{len(Q)} wave numbers",
        each * (len(Q) + 40) + (search(gas) if run.parameters.delta is None else 0.0),
        ranks,
    )


def stability(run, ranks):
    """Search for the state and one verdict, from pieces of both; in a map at its middle."""
    n, keys = run.numerics, list(run.sweep)
    grids = [run.sweep[key] for key in keys]
    shape = [len(grid) for grid in grids] or [1]
    p = at_point(run, **{key: float(grid[len(grid) // 2]) for key, grid in zip(keys, grids)})
    gas, count = gas_of(p, n), int(np.prod(shape))
    find, (state, _) = clocked(lambda: state_of(gas, p.branch))
    if state is None:
        return [
            f"  {count} point{'s' * (count > 1)}; there is no {p.branch} at the middle one"
            if count > 1
            else f"  there is no {p.branch} here"
        ]
    made = response.Response(gas.baths, *state[:2], p.q, p.angle, n.variant, n.dp, n.fine, n.angles)
    parts = {"fine": made, "other": made.other} | (
        {"rough": rough} if (rough := made.rough(p.q)) else {}
    )
    each = sum(
        verdict_piece(m, ASKED[name if rough or name != "fine" else "rough"])
        for name, m in parts.items()
    )
    momenta = sum(len(m.points.p) for m in parts.values())
    curves = int(np.prod([len(run.sweep[key]) for key in ("gamma", "T") if key in keys]))
    finds = shape[0] if len(shape) == 2 and keys[1] in ("q", "angle") else count
    total = (each * count + find * (curves + AGAIN * finds)) / min(ranks, shape[0])
    return lines(
        f"{len(made.points.p)} momenta, {count} point{'s' * (count > 1)}",
        total,
        ranks,
        POINT_BYTES[n.variant] * momenta,
        f" ({each:.2f} s a verdict)",
    )


def verdict_piece(m, count):
    """Seconds of ``count`` evaluations of one M, its preparation included."""
    points = 0.3 * m.analytic_below * (1j + np.linspace(-1, 1, TRIED))
    begin, later = (
        clocked(lambda z=z: m.batch(m.q, z, range(m.items(m.q))))[0]
        for z in (points, 1.01 * points)
    )
    return begin + (later / TRIED + OVERHEAD) * (count - TRIED)


ESTIMATES = {
    "steady": steady,
    "branches": branches,
    "phase-diagram": phase_diagram,
    "pair-amplitude": pair_amplitude,
    "momentum": momentum,
    "current": current,
    "stability": stability,
}
