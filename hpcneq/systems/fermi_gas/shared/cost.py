"""What each task costs, from short pieces of the work itself."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from ....maths.cauchy import Poles
from ....solvers.supercell.linear import PatternResponse
from ....solvers.supercell.patterns import RealPattern
from ....tasks import Cost, Given
from ....tasks.cost import BASE_BYTES, KERNEL_BYTES
from ....tasks.supercell_cost import STATIONARY, modes_cost, pattern_seconds
from ....tasks.supercell_tables import cell_of
from ..physics import gap_and_current, pair_amplitude, state_curves
from ..physics.gap_and_current import Gas
from ..physics.response import Response
from .branch_states import CurvesOf, find_branch
from .fastest_wave import FINE, waves
from .gas import gas_at, gas_of, response_of, with_wave
from .polished_states import state_record
from .standing_waves import STARTS
from .supercell import coupling_of, medium_of

NEWTON = 18  # states of a search for a pattern, for each unknown
BLOCKS = 32  # that are timed
WINDING = 300  # M's in which the modes of a pattern are counted and found
LONGER = 1.5  # time of curves over that of those of few nodes
FEW = 6  # nodes of curves made for timing
SOLVES = 190  # of the gap equation for dmu, that a search for states is worth
LINE = 1.8  # times short curves, that a line of a phase diagram takes
PEAK = 4001 * 401  # momenta on which the largest pair amplitude is sought
PAIR_BYTES = 96  # of working memory per momentum of a pair amplitude
POINT_BYTES = {"A": 500, "C": 300, "D": 700}  # per momentum of M
SAMPLES_OF_A_WAVE = 150  # M's of one wave of a search
REFINED = 15  # waves looked at next to the fastest
ASKED = {"rough": 380, "fine": 20, "other": 5}  # evaluations of M that a verdict takes
TRIED = 12  # for timing
OVERHEAD = 6e-5  # s of the search around each
AGAIN = 0.15  # of a search for states: another dmu on the same curves
STARTING = 1.5  # s to start an evolution and to write


def clocked(work: Callable) -> tuple[float, object]:
    """(processor seconds, what it gives)."""
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


def search(gas: Gas) -> float:
    """Seconds to find every state of a gas, from one point of its curves."""
    return SOLVES * clocked(lambda: state_curves.dmu_of(gas, 0.1, 0.15))[0]


def interpreter(given: Given, compiled: bool = False) -> int:
    """Bytes before there are arrays; warm occupations are compiled."""
    warm = np.max(given.sweep.get("T", given.parameters.T)) > 0
    return BASE_BYTES + (compiled or warm) * KERNEL_BYTES


def load() -> None:
    """Load what is compiled, before anything is timed."""
    Poles(np.zeros(1), np.ones((4, 1)), 1.0, 1.0)


def uniform_and_twisted(gas: Gas) -> tuple:
    """Both curves of few nodes."""
    curves = state_curves.curves(gas, FEW)
    return curves.uniform, curves.twisted


def short_curves() -> CurvesOf:
    """`remembered_curves` of few nodes, on which the same states are found."""
    made = lru_cache(maxsize=8)(lambda gas: state_curves.curves(gas, FEW))
    return lambda gas: made(gas.at(0.0))


# ---- states and their momenta ------------------------------------------------------------------


def steady(given: Given, ranks: int) -> Cost:
    """One search."""
    p = given.parameters
    gas = gas_of(replace(p, gamma=p.mean_coupling), given.numerics)
    return Cost(search(gas), interpreter(given), 1, ("one point, on one rank",))


def branches(given: Given, ranks: int) -> Cost:
    """Time from one row's curves and two of its points."""
    dmu = given.sweep["dmu"]
    slow = {key: values for key, values in given.sweep.items() if key != "dmu"}
    middle = {key: float(values[len(values) // 2]) for key, values in slow.items()}
    rows = math.prod(len(values) for values in slow.values())
    gas = gas_at(given.parameters, given.numerics, middle)
    curves = state_curves.curves(gas, FEW)
    short_curve = clocked(lambda: uniform_and_twisted(gas))[0]

    def middle_point():
        x = dmu[len(dmu) // 2]
        for state in state_curves.find(gas.at(x), curves):
            state_record(gas.at(x), *state)

    curve, point = 1.5 * short_curve, clocked(middle_point)[0]
    most = rows if slow else len(dmu)
    made = rows if slow else min(ranks, most)  # without rows every rank makes the curve
    return Cost(
        made * curve + rows * point * len(dmu),
        interpreter(given),
        most,
        (f"{rows * len(dmu)} points", f"{curve:.1f} s a curve, {point:.2f} s a point"),
    )


def phase_diagram(given: Given, ranks: int) -> Cost:
    """Time from short curves at a few lines, spread over the diagram: many have no condensate."""
    keys = [key for key in given.sweep if key != "dmu"]
    count, what = math.prod(len(given.sweep[key]) for key in keys), "lines along dmu"
    if len(keys) == 2:
        what = "points, each with its edges along dmu"
    places = itertools.product(*(_sixths(given.sweep[key]) for key in keys))
    gases = [gas_at(given.parameters, given.numerics, dict(zip(keys, at))) for at in places]
    state_curves.dmu_of(gases[-1], 0.1, 0.15)  # loads what is compiled
    spent = [clocked(partial(uniform_and_twisted, gas))[0] for gas in gases]
    each = LINE * sum(spent) / len(spent)
    notes = (f"{count} {what}", f"{each:.1g} s each in the mean")
    return Cost(each * count + STARTING, interpreter(given), len(given.sweep[keys[0]]), notes)


def _sixths(values):
    """The middle of each third of a sweep's values."""
    return [float(values[k * len(values) // 6]) for k in (1, 3, 5)]


def pair_amplitudes(given: Given, ranks: int) -> Cost:
    """The search for the state, the plane, and the search for the largest value."""
    gas, points = gas_of(given.parameters, given.numerics), given.numerics.points
    plane = math.prod(len(given.sweep.get(key, range(points))) for key in ("p_x", "p_z"))
    p = np.linspace(0.5, 1.5, 20000)
    taken, _ = clocked(lambda: pair_amplitude.pair(p, p, 0.1, 0.1, gas.baths.occupation))
    return Cost(
        search(gas) + taken / len(p) * (PEAK + 3 * plane),
        interpreter(given) + PAIR_BYTES * max(PEAK, plane),
        1,
        (f"{plane} momenta",),
    )


def momentum(given: Given, ranks: int) -> Cost:
    """The search for the state."""
    count, total = len(given.sweep.get("p", range(given.numerics.points))), 0.1
    if given.parameters.branch != "normal":
        total += search(gas_of(given.parameters, given.numerics))
    return Cost(total, interpreter(given), 1, (f"{count} momenta",))


def current(given: Given, ranks: int) -> Cost:
    """The search for the state, and one J."""
    p, count = given.parameters, len(given.sweep["Q"])
    gas = gas_of(p, given.numerics)
    each, _ = clocked(lambda: gap_and_current.both(gas, p.delta or 0.1, 0.15))
    total = each * (count + 40)
    if p.delta is None:
        total += search(gas)
    return Cost(total, interpreter(given), 1, (f"{count} wave numbers",))


# ---- stability ---------------------------------------------------------------------------------


def stability(given: Given, ranks: int) -> Cost:
    """Search for the state and one verdict, from pieces of both; in a map at its middle."""
    keys, shape = list(given.sweep), [len(values) for values in given.sweep.values()]
    count, most = math.prod(shape), shape[0] if shape else 1
    middle = {key: float(values[len(values) // 2]) for key, values in given.sweep.items()}
    p, n = replace(given.parameters, **middle), given.numerics
    points = f"{count} point{'s' if count > 1 else ''}"
    find, (state, _) = clocked(lambda: find_branch(gas_of(p, n), p.branch, short_curves()))
    if state is None:
        nowhere = f"there is no {p.branch} at the middle one" if shape else "there is no such state"
        return Cost(find * count, interpreter(given), most, (points, nowhere))
    response = response_of(p, n, *state[:2])
    load()
    each, momenta = verdict(response)
    if p.q is None:
        each += search_of_waves(response, p.angle)
    curves = math.prod(len(given.sweep[key]) for key in ("gamma", "T") if key in keys)
    finds = count
    if len(keys) == 2 and keys[1] in ("q", "angle"):  # the state is that of the row
        finds = shape[0]
    return Cost(
        each * count + find * (curves + AGAIN * finds),
        interpreter(given, n.variant != "D") + POINT_BYTES[n.variant] * momenta,
        most,
        (f"{len(response.points.p)} momenta, {points}", f"{each:.2f} s a verdict"),
    )


def search_of_waves(response: Response, angle: float | None) -> float:
    """Seconds of a search of all waves, from one wave of each kind in it."""
    places = waves(response, angle)
    seconds = 0.0
    for plain in (True, False):
        alike = [place for place in places if (response.Q == 0 or place[1] == 0) == plain]
        if alike:
            typical = with_wave(response, *alike[len(alike) // 2]).refined(FINE[plain][0])
            seconds += len(alike) * evaluations(typical, SAMPLES_OF_A_WAVE)
    return seconds + REFINED * evaluations(response, SAMPLES_OF_A_WAVE)


def verdict(response: Response) -> tuple[float, int]:
    """(seconds of one count of all modes, momenta of all M it needs)."""
    rough = response.rough(response.q)
    parts = [(response, ASKED["fine" if rough else "rough"]), (response.other, ASKED["other"])]
    if rough:
        parts.append((rough, ASKED["rough"]))
    seconds = sum(evaluations(part, asked) for part, asked in parts)
    return seconds, sum(len(part.points.p) for part, _ in parts)


def evaluations(m: Response, count: int) -> float:
    """Seconds of ``count`` evaluations of one M, its preparation included."""
    points = 0.3 * m.analytic_below * (1j + np.linspace(-1, 1, TRIED))
    begin, later = (
        clocked(lambda z=z: m.batch(m.q, z, range(m.items(m.q))))[0]
        for z in (points, 1.01 * points)
    )
    return begin + (later / TRIED + OVERHEAD) * (count - TRIED)


# ---- patterns ----------------------------------------------------------------------------------


def pattern(given: Given, ranks: int) -> Cost:
    """F_m of one state, and M of its modes, are timed."""
    gas, curves_of = gas_of(given.parameters, given.numerics), short_curves()
    finding, coupling = clocked(lambda: coupling_of(given, gas, curves_of))
    medium = medium_of(given.numerics, gas.baths)
    h = given.numerics.supercell.harmonics
    _, periods = cell_of(given.numerics.wave_number, given.numerics.supercell)
    problem = RealPattern(medium, coupling, range(periods, h + 1, 2 * periods))
    x = np.full(len(problem.chosen), 0.1)
    part = range(min(problem.items, BLOCKS))  # all are alike
    points = math.prod(len(values) for values in given.sweep.values())
    starts = 1 if given.initial.delta_1 else len(STARTS)
    states = NEWTON * len(x) * (starts - 1 + points * (1 + 2 * given.numerics.error_estimate))
    spent = states * pattern_seconds(lambda: problem.prepare(x, part))
    response = PatternResponse(medium, problem.harmonics(x), coupling + 0j, medium.box.lag)
    modes, kept = modes_cost(given, response, WINDING, part, ranks)
    return Cost(
        STARTING + LONGER * finding + (spent + points * modes) * problem.items / len(part),
        BASE_BYTES + STATIONARY + kept,
        problem.items,
        (f"{problem.items} blocks of {medium.size} levels, {states} states",),
    )
