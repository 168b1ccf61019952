"""Time and memory of the exciton-bec tasks before they are run, from a short probe of this machine.

Seconds are those of a processor; M stands for the matrix M(q, w) of the pair response.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ....errors import NotConverged
from ....solvers.supercell.linear import PatternResponse
from ....tasks import Cost, Given
from ....tasks.cost import BASE_BYTES, KERNEL_BYTES, PROBE_SECONDS, untimed
from ....tasks.supercell_cost import STATIONARY, evolution_cost, modes_cost, pattern_seconds
from ..physics import steady_states
from ..physics.gap_equations import Condensate, Drive
from ..physics.response import matrices, with_errors
from ..tasks.evolve import system_of
from ..tasks.response import FEW, grid
from .branching import state_near
from .drive import drive_of
from .stripes import equations, start_count

NEWTON = 12  # states of a search for a pattern, for each unknown
BRANCHING = 20  # the same of one of given amplitude
WINDING = 500  # M's in which the modes of a pattern are counted and found
TRAVELLING = 0.05  # any velocity: M takes the same time
BEGINNING = 60  # states that the search for an onset is worth
START = 0.7  # s: a run's start and end
PROBED_RATIO = 0.02  # where the probe's condensate is to have some decay
SEARCHES = {
    "A": 200,
    "B": 2200,
    "C": 2700,
    "gap": 850,
}  # M's of a search for a boundary, states included
DIAGRAM, DIAGRAM_C = 1670, 1570  # the same of all lines of a diagram but C, and of C
REFINED = 12  # interactions that a round of refinement adds
GROWTH, BELOW_THE_END = 1300, 0.9  # M's of a largest growth rate; ratios that have one
SIGNS = 210  # M's of the signs of alpha11 and beta22 along the decay
SAMPLES = {True: 450, False: 110}  # M's of one momentum of modes, counted or not
JUDGING = 700  # M's, on coarse panels, of the wave that grows fastest on a state
COEFFICIENTS = 40  # M's of one record of coefficients, beside its steady states
# steady states, in units of one found from rest
STEADY, SPECTRUM = 4.0, 3.0  # a run
ENDS_OF_A_CURVE, POINT = 2.5, 0.04  # of branches
WITH_COEFFICIENTS = 2.5  # one point of coefficients
FAMILY = 3.0  # one member of a family of response


class Probe:
    """A steady state like those of the run, and the seconds that finding it took."""

    def __init__(self, drive: Drive):
        """Raises NotConverged where there is no condensate."""
        self.seconds, self.state = clocked(lambda: _found_anew(drive))

    def seconds_of_M(self, q: float, fine: float = 1.0) -> float:
        """Seconds of one M(q, 0)."""
        return clocked(lambda: matrices(self.state, q, [0.0], fine=fine))[0]

    def cost(self, seconds: float, ranks: int, note: str, compiled: bool = True) -> Cost:
        """The Cost of a run that takes so many seconds and can use so many ranks."""
        memory = BASE_BYTES + compiled * KERNEL_BYTES
        return Cost(seconds + START, memory, ranks, (f"delta = {self.state.delta:.5f}; {note}",))


def _found_anew(drive: Drive) -> Condensate:
    """The steady state, not remembered where it is timed."""
    if not untimed():
        steady_states.forget()
    return steady_states.solve(drive)


def _unprobed(drive: Drive) -> Cost:
    """The Cost of a run that finds no condensate."""
    return Cost(START, BASE_BYTES, 1, (f"normal at ratio = {drive.ratio:g}: no probe",))


def clocked(function: Callable, least: float = 0.15) -> tuple[float, object]:
    """(seconds of the quickest call, its value) of calls until ``least`` seconds are spent.

    Two at least: the first may compile what it calls. One where nothing is timed.
    """
    spent: list[float] = []
    while len(spent) < 2 - untimed() or (sum(spent) < least and not untimed()):
        begun = time.process_time()
        value = function()
        spent.append(time.process_time() - begun)
    return min(spent), value


def planned(plan: Callable) -> Callable:
    """The cost function of a task from ``plan(given, probe) -> Cost``."""

    @functools.wraps(plan)
    def cost(given: Given, ranks: int) -> Cost:
        drive = _probed_drive(given)
        try:
            probe = Probe(drive)
        except NotConverged:
            return _unprobed(drive)
        return plan(given, probe)

    return cost


def _probed_drive(given):
    """The input's drive; one without decay gets the ratio and the temperature of the sweep."""
    drive = drive_of(given)
    if drive.ratio > 0:
        return drive
    ratio = float(np.median(given.sweep.get("ratio", [0.0])))
    if given.task in ("boundary", "phase-diagram"):
        ratio = PROBED_RATIO
    return replace(drive, ratio=ratio, T=float(np.median(given.sweep.get("T_b", [drive.T]))))


# ---- tasks ----------------------------------------------------------------------------------


@planned
def steady(given: Given, probe: Probe) -> Cost:
    """Of ``steady``."""
    seconds = STEADY * probe.seconds + _judging(given, probe)
    return probe.cost(seconds, 1, "one steady state", compiled=given.numerics.stability)


def _judging(given: Given, probe: Probe) -> float:
    """Seconds of the search for a wave that grows on one state, 0 if it is not asked for."""
    return given.numerics.stability * JUDGING * probe.seconds_of_M(0.1, 0.4)


@planned
def spectrum(given: Given, probe: Probe) -> Cost:
    """Of ``spectrum``."""
    return probe.cost(SPECTRUM * probe.seconds, 1, "one steady state", compiled=False)


@planned
def branches(given: Given, probe: Probe) -> Cost:
    """Of ``branches``."""
    points = len(given.sweep["ratio"])
    curves = int(np.prod([len(x) for key, x in given.sweep.items() if key != "ratio"]))
    seconds = curves * (ENDS_OF_A_CURVE + POINT * points) * probe.seconds
    seconds += curves * points * _judging(given, probe)
    note = f"{points} points in {curves} rows"
    return probe.cost(seconds, curves, note, compiled=given.numerics.stability)


@planned
def coefficients(given: Given, probe: Probe) -> Cost:
    """Of ``coefficients``."""
    points = len(given.sweep.get("ratio", [0]))
    each = WITH_COEFFICIENTS * probe.seconds + COEFFICIENTS * probe.seconds_of_M(1e-3)
    return probe.cost(points * each, points, f"{points} points")


@planned
def response(given: Given, probe: Probe) -> Cost:
    """Of ``response``: a few points are run, from corners and middle of the grid."""
    q, w = grid(given)
    each = _seconds_of_a_point(given, probe.state, q, w)
    family = len(given.parameters.ratios or [0])
    points = len(q) * len(w) * family
    seconds = points * each + FAMILY * family * probe.seconds
    note = f"{points} points, {1e3 * each:.2g} ms each with its error"
    return probe.cost(seconds, points, note)


def _seconds_of_a_point(given, state, q, w):
    """Seconds of one M with its error, the mean over a few pieces of the grid.

    The middle comes first: where a piece takes long the others are left out.
    """
    parameters = given.parameters
    starts = {0, (len(w) - 1) // 2 // FEW * FEW, (len(w) - 1) // FEW * FEW}
    pieces = [(k, start) for k in dict.fromkeys(_thirds(len(q))) for start in sorted(starts)]
    spent, done = 0.0, 0
    begun = time.process_time()
    # loads the compiled kernels, and what the first call of a kind takes longer
    matrices(state, float(q[len(q) // 2]), [1j * parameters.growth], parameters.part, 0.3)
    for k, start in pieces[len(starts) // 2 :] + pieces[: len(starts) // 2]:
        z = w[start : start + FEW] + 1j * parameters.growth
        if len(z) > FEW // 2:
            z = z[: FEW // 3]
        since = time.process_time()
        with_errors(state, float(q[k]), z, parameters.part, given.numerics.panels)
        spent += time.process_time() - since
        done += len(z)
        if time.process_time() - begun > PROBE_SECONDS:
            break
    return spent / done


def _thirds(count):
    """Places in the middle, the first and the last third of so many."""
    return count // 2, count // 6, 5 * count // 6


@planned
def modes(given: Given, probe: Probe) -> Cost:
    """Of ``modes``."""
    q = np.atleast_1d(np.asarray(given.sweep.get("q", given.parameters.q), float))
    family = len(given.sweep.get("ratio", [0]))
    each = probe.seconds_of_M(float(np.median(q)), given.numerics.panels)
    points = family * len(q)
    seconds = SAMPLES[given.numerics.count] * points * each + family * probe.seconds
    return probe.cost(seconds, points, f"{points} momenta, one M takes {1e3 * each:.2g} ms")


@planned
def boundary(given: Given, probe: Probe) -> Cost:
    """Of ``boundary``."""
    kind = given.parameters.kind
    points = int(np.prod([len(x) for x in given.sweep.values()]))
    return _searches(probe, points, SEARCHES[kind], f"{points} searches for {kind}")


@planned
def phase_diagram(given: Given, probe: Probe) -> Cost:
    """Of ``phase-diagram``."""
    inv = given.sweep["inv_kfas"]
    sought, samples = "alpha11 = 0 and beta22 = 0", SIGNS
    if given.numerics.boundaries == "modes":
        below = np.mean(inv < given.numerics.switch)  # C is sought there only
        sought = "A, B, C"
        samples = DIAGRAM + DIAGRAM_C * below
    note = f"{len(inv)} searches for {sought}"
    searches = len(inv)
    if given.numerics.refine:
        searches += REFINED * given.numerics.refine
        note += f", and about {searches - len(inv)} between them"
    places = 0.0
    if given.numerics.growth:
        places = BELOW_THE_END * len(inv) * len(given.sweep["ratio"])
        note += f", growth rates at about {places:.0f} places"
    return _searches(probe, searches, samples + GROWTH * places / searches, note)


def evolve(given: Given, ranks: int) -> Cost:
    """Of ``evolve``: a few steps of some blocks are run."""
    drive = drive_of(given)
    try:
        solving, state = clocked(lambda: _found_anew(drive))
    except NotConverged:
        return _unprobed(drive)
    cost = evolution_cost(given, system_of(given, state)[0], ranks)
    return replace(cost, core_seconds=cost.core_seconds + solving + START)


def pattern(given: Given, ranks: int) -> Cost:
    """Of ``pattern``: F_m of one state, and M of its modes, are timed."""
    drive = drive_of(given)
    try:
        solving, state = clocked(lambda: _found_anew(drive))
    except NotConverged:
        return _unprobed(drive)
    problem = equations(given, state)
    medium, h = problem.medium(0.0), problem.h
    c, part = np.full(2 * h + 1, 0.1, complex), range(problem.items)
    x = problem.unknowns(c, 0.0)
    each = pattern_seconds(lambda: problem.prepare(x, part))
    starts, newton, branch = start_count(given), NEWTON, "amplitude" in given.sweep
    points = int(np.prod([len(values) for values in given.sweep.values()]))
    if branch or given.initial.amplitude is not None:
        starts, newton = 1, BRANCHING
        near = replace(drive, ratio=1.001 * drive.ratio)
        each = 2 * each + clocked(lambda: equations(given, state_near(near, state)))[0]
        solving += BEGINNING * each
    tries = starts + points - 1 + 2 * points * given.numerics.error_estimate
    states = newton * len(x) * tries
    if newton == BRANCHING and not given.numerics.supercell.even:  # it may travel
        medium = replace(medium, velocity=TRAVELLING)
    response = PatternResponse(medium, c, problem.at_rest(0.0), problem.lag)
    modes, kept = modes_cost(given, response, WINDING, part, ranks)
    spent = states * each + points * modes
    memory = BASE_BYTES + STATIONARY + kept
    note = f"{medium.box.blocks} blocks of {medium.size} levels, {states} states"
    return Cost(START + solving + spent, memory, medium.box.blocks, (note,))


def _searches(probe, points, samples, note):
    """The Cost of searches along the decay that need so many M's each."""
    each = probe.seconds_of_M(0.02, 0.7)
    note += f", one M takes {1e3 * each:.2g} ms"
    return probe.cost(points * samples * each, points, note)
