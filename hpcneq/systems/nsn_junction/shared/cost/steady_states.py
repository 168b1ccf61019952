"""What the tasks that look for steady states cost, and ``modes``, from short probes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .....tasks import Cost, Given
from .....tasks.cost import BASE_BYTES, seconds
from ...physics import onsets, phase_lines, turning_states, uniform_states
from ...physics.operating_point import Point
from ...physics.pair_susceptibility import COARSE
from ...physics.rotating_condensate import levels
from ...physics.uniform_states import Finite, Grid, Infinite
from ..operating_point import branch_axes, point_of, sought_key
from ..polished_roots import grid_of
from ..turning_branches import is_mirrored
from ..uniform_response import response_of, wave_numbers

# evaluations that a step of a static task takes: of F(D), and of C(Q) on the coarse and fine grid
ROOTS_F = 400  # every root of the gap equation at one point
STABILITY_F = 2000  # the stability of one root: its branch is followed
REGION_C = 60  # the largest C(Q), besides a scan of the coarse grid
STEP_F = 12  # one step along a branch
MODE_SAMPLES = 2500  # evaluations of M for one wave number
GUIDED = 0.1  # of them on the full grid, where a cheaper one guides the search
FFLO_LINE = 2.5  # processor seconds of the free energy of FFLO states along one line

# between leads that do not mirror each other: evaluations of F(D, m) of scans and mode counts, of a
# step along a branch, and of the scan for FFLO onsets
TURNING_SCANS = 8000
TURNING_STEP = 60
FFLO_SCANS = 30000

ONE_CORE = "seconds on one core; what is swept is spread over ranks, row by row"


def static_rates(point: Point, grid: Grid) -> tuple[float, float, float]:
    """Processor seconds of one F(D), of one C(Q), and of a coarse scan of C(Q)."""
    D, Q = np.linspace(0.01, 0.5 * point.U, 20), 2 * np.pi * np.arange(5)
    if isinstance(grid, Finite):
        momenta, coarse = Q / grid.Lx, grid
    else:
        momenta, coarse = Q / 100, COARSE
    if point.hartree:  # each value is solved for by itself, and remembered: fields differ
        D, fields = D[:1], iter(point.h + 1e-6 * np.arange(1, 9))
        gap = seconds(
            lambda: uniform_states.gap_slopes(D, point.at(h=float(next(fields))), grid), 3, 1
        )
    else:
        gap = seconds(lambda: uniform_states.gap_slopes(D, point, grid), 3, 1) / len(D)
    pair = seconds(lambda: uniform_states.pair_sum(momenta, point, grid), 3, 1) / len(Q)
    scan = 61 * seconds(lambda: uniform_states.pair_sum(momenta, point, coarse), 3, 1) / len(Q)
    return gap, pair, scan


def static_bytes(grid: Grid) -> float:
    """Bytes of a rank that works on momentum sums."""
    momenta = grid.Lx * grid.Ly if isinstance(grid, Finite) else 0
    return BASE_BYTES + 8 * 8.0 * momenta


def steady(given: Given, ranks: int) -> Cost:
    """Cost of the task ``steady``."""
    point, grid = point_of(given), grid_of(given)
    if not point.mirrored:
        return Cost(60.0, static_bytes(grid), 1, (ONE_CORE, "condensates rotate: a rough guess"))
    gap, pair, scan = static_rates(point, grid)
    total = 3 * (ROOTS_F + STABILITY_F) * gap + 2 * (scan + REGION_C * pair)
    return Cost(total, static_bytes(grid), 1, (ONE_CORE,))


def tmatrix(given: Given, ranks: int) -> Cost:
    """Cost of the task ``tmatrix``."""
    point, grid = point_of(given), grid_of(given)
    _, pair, scan = static_rates(point, grid)
    momenta = len(given.sweep.get("Q", range(121)))
    finer = 3 if isinstance(grid, Infinite) else 1
    total = (finer + 1) * (momenta + REGION_C) * pair + 2 * scan
    return Cost(total, static_bytes(grid), 1, (ONE_CORE,))


def onset(given: Given, ranks: int) -> Cost:
    """Cost of the task ``onset``."""
    along, grid = sought_key(given) or "eV", grid_of(given)
    point = point_of(given)
    if not is_mirrored(given, along):
        return _turning(given, point, grid, along, 0.1, FFLO_SCANS)
    step = given.numerics.scan_step
    if along == "T":
        step *= 0.2
    values = len(phase_lines.scan_values(point, grid, along, step, given.numerics.scan_to))
    gap, pair, scan = static_rates(point, grid)
    each = values * (ROOTS_F * gap + 3 * pair + scan) + 10 * REGION_C * pair
    if given.numerics.fflo_line:
        each += FFLO_LINE
    lines = max([1, *map(len, given.sweep.values())])
    notes = (ONE_CORE, f"{lines} lines along {along}, {values} values on each")
    return Cost(lines * each, static_bytes(grid), lines, notes)


def branches(given: Given, ranks: int) -> Cost:
    """Cost of the task ``branches``."""
    along, slow = branch_axes(given)
    lines = max([1, *(len(given.sweep[key]) for key in slow)])
    if not is_mirrored(given, along):
        point = point_of(given, **{along: float(given.sweep[along][-1])})
        return _turning(given, point, grid_of(given), along, given.numerics.step)
    each, memory = _branch_cost(given, along, given.numerics.step)
    notes = (ONE_CORE, f"{lines} lines along {along}")
    return Cost(lines * each, memory, lines, notes)


def iv(given: Given, ranks: int) -> Cost:
    """Cost of the task ``iv``."""
    point, grid = point_of(given), grid_of(given)
    if not is_mirrored(given, "eV"):
        point = point.at(eV=float(given.sweep["eV"][-1]))
        return _turning(given, point, grid, "eV", 0.4 * given.numerics.step)
    each, memory = _branch_cost(given, "eV", 0.4 * given.numerics.step)
    gap, pair, scan = static_rates(point, grid)
    region = ROOTS_F * gap + STABILITY_F * gap + scan + REGION_C * pair
    return Cost(each + len(given.sweep["eV"]) * region, memory, 1, (ONE_CORE,))


def _branch_cost(given: Given, along: str, step: float) -> tuple[float, float]:
    """(seconds, bytes) of following the branches of one line."""
    values, grid = given.sweep[along], grid_of(given)
    gap, _, _ = static_rates(point_of(given, **{along: float(values[-1])}), grid)
    steps = 3 * float(values[-1] - values[0]) / step
    return (len(values) * ROOTS_F + steps * STEP_F + 4 * STABILITY_F) * gap, static_bytes(grid)


def _turning(
    given: Given, point: Point, grid: Grid, along: str, step: float, further: int = 0
) -> Cost:
    """The cost of the branches of turning condensates over every line; further : evaluations."""
    rough = turning_states.coarser(point, grid)
    middle = 0.5 * sum(levels(point))
    each = seconds(lambda: turning_states.gap_excess(0.3, middle, point, rough), 3, 1)
    evaluations = TURNING_SCANS + TURNING_STEP * 2.0 / step + further
    lines = max([1, *(len(values) for key, values in given.sweep.items() if key != along)])
    notes = (ONE_CORE, f"{lines} lines along {along} of condensates that turn: a rough guess")
    return Cost(lines * evaluations * each, static_bytes(grid), lines, notes)


def phase_diagram(given: Given, ranks: int) -> Cost:
    """Cost of the task ``phase-diagram``, from its middle line."""
    slow, fast = given.sweep
    lines, values = given.sweep[slow], given.sweep[fast]
    point, grid = point_of(given, **{slow: float(lines[len(lines) // 2])}), grid_of(given)
    each = _line_cost(point, grid, fast, values)
    notes = (f"{len(lines)} lines along {fast}, {len(lines) * len(values)} points",)
    return Cost(each * (len(lines) + 1), static_bytes(grid), len(lines), notes)


def _line_cost(point: Point, grid: Grid, along: str, values: np.ndarray) -> float:
    """Seconds of a line of a diagram: its curves, onsets at every second place, a few regions."""
    scanned = phase_lines.scan_of(along, values)
    edges, whole = 1, 0.0
    if len(values) > 1:
        curves, whole = _once(onsets.uniform_curves, point, grid, scanned, along)
        edges += len(curves.onsets) + len(curves.folds)
    if along == "h" and point.eV == 0:
        whole += _once(onsets.clogston_limit, point, grid)[1]
    found, half = _once(onsets.fflo_onsets, point, grid, scanned[::2], along)
    probed = values[len(values) // 8 :: 1 + len(values) // 4]
    each = [_once(onsets.region, point.at(**{along: float(x)}), grid)[1] for x in probed]
    return whole + 2 * half + 3 * (edges + len(found[0])) * float(np.mean(each))


def _once(call: Callable, *args: object) -> tuple[Any, float]:
    """What a call gives, and its processor seconds."""
    begun = time.process_time()
    given = call(*args)
    return given, time.process_time() - begun


def modes(given: Given, ranks: int) -> Cost:
    """Cost of the task ``modes``, from a few evaluations of M."""
    response = response_of(given)
    q, *_ = wave_numbers(given, response.grid)
    heights = iter((0.1, 0.2, 0.3, 0.4))
    each = seconds(lambda: response(q[-1], 1j * next(heights)), 3, 1)
    guided = isinstance(response.grid, Infinite) and q[-1] != 0
    samples = MODE_SAMPLES * (GUIDED if guided else 1.0)
    rows = response.items(q[-1])
    notes = (
        f"D = {response.D:.6f}; {len(q)} wave numbers, {rows} rows of momenta",
        f"one M: {1e3 * each:.1f} ms",
    )
    memory = BASE_BYTES + 16 * 200.0 * rows
    return Cost(samples * each * len(q), memory, max(len(q), rows), notes)
