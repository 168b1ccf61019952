"""What evolutions of supercells cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import DTypeLike

from ..maths.crossed_box import CrossedBox
from ..parallel import solo
from ..solvers.supercell import jacobian
from ..solvers.supercell.linear import PatternResponse
from ..solvers.supercell.state import Supercell, SupercellState
from ..solvers.supercell.stepping import EXPLICIT, DriftExact
from .cost import BASE_BYTES, mode_dtype, runs, step_count, untimed
from .supercell import SMALLER_BOX, other_points, with_step
from .task import Cost, Given

SMALL_KICK = 1e-3  # below it a wave stays small
PASSES, MORE = 2.3, 5.0  # of a step that is solved for: of a small wave, of others
PROBED = 3  # steps
COMPILED = 100 * 2**20  # the kernels' machine code, LLVM, and the arrays of a batch of blocks
FURTHER = 50 * 2**20  # what the runs for errors leave behind
STATIONARY = 20 * 2**20  # the states of a batch of blocks
KEPT = 2.2  # memory of what M keeps of all blocks, with what goes and comes, over its size
PANEL = 1.2  # blocks with one panel more
JACOBIAN = 120  # M's that the eigenvalues next to a shift are worth
WHOLE = 2.0  # time of a block over that of its even and odd parts, the second Bloch point left out


def evolution_cost(given: Given, system: Supercell, ranks: int) -> Cost:
    """The cost of an evolution, from a few steps of some blocks."""
    given = with_step(given, system)
    medium, dt = system.medium, given.numerics.dt
    dtype = mode_dtype(given.numerics)
    rows = int(given.run.t_max / (given.run.output_every or dt)) + 1
    here = -(-medium.box.blocks // ranks)
    solved = 2 * medium.highest * dt > EXPLICIT
    state = here * medium.size**2 * (16 + medium.modes * np.dtype(dtype).itemsize)
    copies = 1 + solved
    each = seconds_of_a_pass(system, dt, dtype)
    passes = passes_of(given) if solved else 1.0
    more = runs_of_all(given, solved, system)
    note = (
        f"{medium.box.blocks} blocks of {medium.size} levels, {medium.modes} bath modes, "
        f"{step_count(given)} steps, {rows} output rows"
    )
    return Cost(
        each * passes * step_count(given) * more,
        BASE_BYTES + COMPILED + state * copies + (more > 1) * FURTHER,
        medium.box.blocks,
        (note, f"state: {state / 2**20:.1f} MB of the memory of a rank"),
    )


def passes_of(given: Given) -> float:
    """Of a step that is solved for."""
    start = given.initial
    kick = max(abs(start.kick), start.noise, start.kick_across)
    return PASSES if kick < SMALL_KICK else MORE


def pattern_seconds(work: Callable[[], object]) -> float:
    """Processor seconds of one evaluation for a pattern, the shortest of three."""
    if untimed():
        return 0.0
    spent = []
    for _ in range(3):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent)


def modes_cost(
    given: Given, response: PatternResponse, winding: float, part: range, ranks: int
) -> tuple[float, float]:
    """(processor seconds, bytes of a rank) of the search for the modes of one pattern.

    winding : M's in which they are counted and found.
    """
    if not given.numerics.stability:
        return 0.0, 0.0
    medium = response.medium
    matrices = 2 * len(response.directions) + 4
    kept = KEPT * 16 * medium.box.blocks * medium.size**2 * matrices
    response.partials(0.0, 0.1j, part)
    each = pattern_seconds(lambda: response.partials(0.0, 0.2j, part))
    if given.numerics.modes == "winding":
        return winding * each, kept / ranks
    shifts = len(jacobian.shifts_of(response))
    return JACOBIAN * shifts * each, kept + jacobian.bytes_of(response)


def runs_of_all(given: Given, solved: bool, system: Supercell) -> float:
    """Time of all runs over that of the first."""
    if runs(given) == 1:
        return 1.0
    each = 0.5 if solved else 0.5 * passes_of(given)
    box = system.medium.box
    grid = PANEL * other_points(box.bloch) / box.bloch
    if box.parity:
        grid *= WHOLE
    if isinstance(box, CrossedBox):
        grid *= other_points(box.bloch_across) / box.bloch_across
    return 1 + each * (1 + SMALLER_BOX**4 + grid)


def seconds_of_a_pass(system: Supercell, dt: float, dtype: DTypeLike) -> float:
    """Seconds of one step on one core, scaled up from the first blocks."""
    if untimed():
        return 0.0
    box = system.medium.box
    few = max(1, min(len(box.transverse), 2**18 // (system.medium.size**2 * system.medium.modes)))
    part = box.part(few)
    medium = replace(system.medium, box=part)
    method = DriftExact(SupercellState(replace(system, medium=medium), solo(), dtype), False)
    method.start(0.0, dt)
    method.advance(0.0, dt)
    begun = time.process_time()
    for k in range(1, PROBED + 1):
        method.advance(k * dt, dt)
    return (time.process_time() - begun) / PROBED * box.blocks / part.blocks
