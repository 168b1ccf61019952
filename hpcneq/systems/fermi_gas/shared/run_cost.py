"""What evolutions of the gas cost, from a few of their steps."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from .... import petsc
from ....parallel import solo
from ....solvers.evolution import Evolution
from ....solvers.mean_field import FieldState
from ....tasks import Cost, Given
from ....tasks.cost import untimed
from ....tasks.supercell_cost import evolution_cost
from ..physics import linear_kinetics
from ..physics.dynamics import Kinetic
from ..physics.linear_poles import FewPairs
from . import cell_runs
from .branch_states import required_branch
from .cost import LONGER, STARTING, clocked, interpreter, short_curves
from .evolution_grid import seems_exponential, with_time_step
from .full_runs import full_state, full_system, start_of, variants_of, with_full_step
from .gas import gas_of
from .linear_runs import LinearRecords, linear_system, parameters_of_runs

OTHERS = {"step error": 1.0, "grid error": 0.7, "pole error": 0.9}  # a step, in those of the run
PASSES = 1.5, 2.6  # of an exponential step and of one twice as long; the first ones take more
BUFFERS = 6  # the same of exponential steps
VECTORS = 12  # of an evolution's state: PETSc's stages and what a checkpoint copies
TABLES = 7  # of the whole state: coefficients of the linearised equation, on every rank
CROWDED = 1.3  # of an exponential step on several ranks, which share memory and wait for sums
SHORT = 0.1  # s: timed steps that take less are timed in larger numbers
MESSAGES = 2.2e-4  # s of a step: sums over ranks, four times


def evolve(given: Given, ranks: int) -> Cost:
    """Size, steps, and time from a few steps on this core."""
    if given.numerics.supercell is not None:
        return cell(given, ranks)
    begun = time.process_time()
    system, variants = system_of(given)
    fixed = (1 + len(variants)) * (time.process_time() - begun)
    linear, model = given.numerics.model == "linear", given.numerics.model
    exponential = seems_exponential(given)
    if linear:
        given = with_time_step(given, system.fastest)
    else:
        given = with_full_step(given, system, exponential)
    dt, make = given.numerics.dt, partial(full_state, exponential)
    sharing = min(ranks, system.items)  # of small states a rank's own overhead is the most
    each, passes = seconds_a_step(of_a_rank(system, sharing), dt, make)
    each += MESSAGES * (sharing > 1)
    longer, vectors = each, VECTORS
    if exponential:
        each, longer = (count * each / max(passes, 1.0) for count in PASSES)
        vectors = BUFFERS
        if sharing > 1:
            each, longer = CROWDED * each, CROWDED * longer
    others = longer * sum(OTHERS[name] for name in variants)
    shared = "one rank" if sharing == 1 else f"{sharing} ranks"
    steps, size = given.run.t_max / dt, FieldState(system, solo()).nbytes
    peak = interpreter(given, model != "kinetic") + size * vectors / ranks
    if linear:
        peak += size * TABLES
    return Cost(
        fixed + STARTING + sharing * steps * (each + 0.5 * others),
        peak,
        system.items,
        (
            f"{system.items} chunks of {linear_kinetics.CHUNK} momenta, {steps:.0f} steps "
            f"and {len(variants)} runs with twice the step",
            f"state {size / 2**20:.1f} MB, {1e3 * each:.2f} ms a step on {shared}",
        ),
    )


def cell(given: Given, ranks: int) -> Cost:
    """An evolution in a supercell: a few steps of some blocks are run."""
    gas, curves_of = gas_of(given.parameters, given.numerics), short_curves()
    finding, (D, Q) = clocked(lambda: cell_runs.start_of(given, gas, curves_of))
    given = cell_runs.with_wave_number(given, Q)
    coupling = cell_runs.coupling_at(given, gas, curves_of, D, Q)
    start = cell_runs.harmonics_at(given, D, Q)
    system = cell_runs.cell_system(given, gas, start, coupling)[0]
    cost = evolution_cost(given, system, ranks)
    return replace(cost, core_seconds=cost.core_seconds + LONGER * finding + STARTING)


def system_of(given: Given) -> tuple:
    """(the equations of a run, names of the further runs that tell its errors)."""
    estimated = given.numerics.error_estimate
    gas, curves_of = gas_of(given.parameters, given.numerics), short_curves()
    if given.numerics.model == "linear":
        runs = parameters_of_runs(given)
        middle = runs[len(runs) // 2]
        state = required_branch(gas_of(middle, given.numerics), middle.branch, curves_of)
        system = linear_system(given, [state] * len(runs))[1]
        return system, LinearRecords.variants if estimated else ()
    start = start_of(given, gas, curves_of)[:2]
    return full_system(given, gas, start), variants_of(given) if estimated else ()


def of_a_rank(system: FewPairs | Kinetic, ranks: int) -> FewPairs | Kinetic:
    """The equations of the items of one of so many ranks, to be timed: sums lack the others."""
    share = copy.copy(system)
    share.items = -(-system.items // ranks)
    return share


def seconds_a_step(
    system: object, dt: float, make: Callable, count: int = 4
) -> tuple[float, float]:
    """(processor seconds, passes) of one step on one process, the first left out: it compiles.

    make : ``make(system, comm)`` gives its state.
    """
    if untimed():
        return 0.0, 0.0
    _timed(system, dt, make, 1)
    taken, passes = _timed(system, dt, make, count)
    if taken < SHORT:  # so short that to begin and to end takes as long
        longer, passes = _timed(system, dt, make, 5 * count)
        return (longer - taken) / (4 * count), passes / (5 * count)
    return taken / count, passes / count


def _timed(system: object, dt: float, make: Callable, steps: int) -> tuple[float, int]:
    """(processor seconds, passes) of so many steps."""
    with petsc.Options({}) as options:
        evolution = Evolution(
            make(system, solo()), steps * dt, dt, options, defaults=LinearRecords.defaults
        )
        begun = time.process_time()
        evolution.run(lambda row: None, every=steps * dt)
        taken, passes = time.process_time() - begun, evolution.counts.passes
        evolution.destroy()
    return taken, passes
