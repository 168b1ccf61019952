"""Size, memory and time of the exciton-bec tasks before they are run, from a short probe of this machine."""

from __future__ import annotations

import time

import numpy as np

from ....errors import NotConverged
from ....tasks.cost import BASE_BYTES, KERNEL_BYTES
from ..physics import response as theory
from ..physics import steady_states as states
from ..tasks import steady as exciton_steady
from ..tasks.response import FEW

START = 0.7  # s: a run's start and end
SEARCHES = {
    "A": 150,
    "B": 700,
    "C": 1700,
}  # M's of one search for a boundary, the steady states it needs included
SIGNS = 210  # of the signs of alpha11 and beta22 along the decay
SAMPLES = {True: 450, False: 110}  # M's of one momentum of modes, counted or not
SOLVES = {
    "steady": 4,
    "branches": 2.5,
    "spectrum": 3,
}  # steady states, in units of one found from rest: a run, the ends of a row, a run
POINT = 0.04  # of a point on a branch
COEFFICIENTS = 40  # M(q, 0) of one record, beside its steady states


def estimate(run, ranks):
    """Lines for ``hpcneq check``: points, seconds on ``ranks`` ranks, memory of one rank."""
    drive = exciton_steady.drive_of(run)
    if drive.ratio == 0:
        drive = states.replace(
            drive,
            ratio=0.02
            if run.task in ("boundary", "phase-diagram")
            else float(np.median(run.sweep.get("ratio", [0.0]))),
            T=float(np.median(run.sweep.get("T_b", [drive.T]))),
        )
    try:
        solved, state = clocked(lambda: states.solve(drive))
    except NotConverged:
        return [f"  normal at ratio = {drive.ratio:g}: no probe"]
    text, seconds, cores, compiled = PLANS.get(run.task, static)(run, state, solved)
    memory = BASE_BYTES + compiled * KERNEL_BYTES
    return [
        f"  delta = {state.delta:.5f}; {text}",
        f"  about {seconds / min(ranks, cores) + START:.2g} s on {ranks} ranks, {memory / 2**20:.0f} MB a rank",
    ]


def clocked(function, least=0.15):
    """(CPU seconds of the quickest of a few calls, two at least and ``least`` seconds in all, what the function returns)."""
    spent = []
    while len(spent) < 2 or sum(spent) < least:
        begun = time.process_time()
        found = function()
        spent.append(time.process_time() - begun)
    return min(spent), found


def static(run, state, solved):
    """Plan of what needs steady states alone: (text, CPU seconds, ranks that can share them, compiled kernels are loaded)."""
    points = len(run.sweep.get("ratio", [0]))
    rows = int(np.prod([len(x) for key, x in run.sweep.items() if key not in ("ratio", "p", "w")]))
    if run.task == "branches":
        return (
            f"{points} points in {rows} rows",
            rows * (SOLVES["branches"] + POINT * points) * solved,
            rows,
            False,
        )
    return "one steady state", SOLVES[run.task] * solved, 1, False


def coefficients(run, state, solved):
    """Plan of ``coefficients``."""
    points = len(run.sweep.get("ratio", [0]))
    each, _ = clocked(lambda: theory.matrices(state, 1e-3, [0.0]))
    return f"{points} points", points * (2.5 * solved + COEFFICIENTS * each), points, True


def response(run, state, solved):
    """Plan of ``response``: a few of the map's pieces are run, from corners and middle of the grid of momenta and frequencies."""
    p = run.parameters
    q, w = (
        np.asarray(run.sweep.get(key, [value]), float) for key, value in (("q", p.q), ("w", p.w))
    )
    some = [
        w[k : k + FEW]
        for k in sorted({0, (len(w) - 1) // 2 // FEW * FEW, (len(w) - 1) // FEW * FEW})
    ]
    spent, done = 0.0, 0
    for k in sorted({len(q) // 6, len(q) // 2, 5 * len(q) // 6}):
        for piece in some:
            piece = piece[: max(1, FEW // 3)] if len(piece) > FEW // 2 else piece
            theory.matrices(state, float(q[k]), piece[:1] + 1j * p.growth, p.part, 0.3)
            begun = time.process_time()
            theory.with_errors(
                state, float(q[k]), piece + 1j * p.growth, p.part, run.numerics.panels
            )
            spent, done = spent + time.process_time() - begun, done + len(piece)
    family = len(p.ratios or [0])
    points = len(q) * len(w) * family
    return (
        f"{points} points, {1e3 * spent / done:.2g} ms each with its error",
        points * spent / done + 3 * family * solved,
        points,
        True,
    )


def modes(run, state, solved):
    """Plan of ``modes``."""
    q = np.atleast_1d(np.asarray(run.sweep.get("q", run.parameters.q), float))
    family = len(run.sweep.get("ratio", [0]))
    each, _ = clocked(
        lambda: theory.matrices(state, float(np.median(q)), [0.0], fine=run.numerics.panels)
    )
    points = family * len(q)
    return (
        f"{points} momenta, one M takes {1e3 * each:.2g} ms",
        SAMPLES[run.numerics.count] * points * each + family * solved,
        points,
        True,
    )


def searches(run, state, solved):
    """Plan of ``boundary`` and ``phase-diagram``."""
    each, _ = clocked(lambda: theory.matrices(state, 0.02, [0.0], fine=0.7))
    diagram = run.task == "phase-diagram"
    points = (
        len(run.sweep["inv_kfas"])
        if diagram
        else int(np.prod([len(x) for x in run.sweep.values()]))
    )
    modes = not diagram or run.numerics.boundaries == "modes"
    kinds = [run.parameters.kind] if not diagram else ["A", "B", "C"]
    below = np.mean(run.sweep["inv_kfas"] < run.numerics.switch) if diagram else 1.0
    total = points * (
        sum(SEARCHES[kind] * (below if kind == "C" else 1.0) for kind in kinds) if modes else SIGNS
    )
    return (
        f"{points} searches for {', '.join(kinds) if modes else 'alpha11 = 0 and beta22 = 0'}, one M takes {1e3 * each:.2g} ms",
        total * each,
        points,
        True,
    )


PLANS = {
    "coefficients": coefficients,
    "response": response,
    "modes": modes,
    "boundary": searches,
    "phase-diagram": searches,
}
