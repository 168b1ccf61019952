"""What the tasks that look at responses of a state cost."""

from __future__ import annotations

import time

import numpy as np

from ....solvers.pole_leads.cost import period_seconds
from ....tasks import Cost, Given
from ....tasks.cost import untimed
from ..tasks.conductivity import Response
from ..tasks.periodic import at_frequency, system_of
from . import cost
from .krylov_modes import method_of
from .repeating import period_of_drives
from .seeds import seeds
from .setup import LatticeLeads, Setup, setup_of
from .states import Found, stationary_before

COUNTED = 4000  # evaluations of the mean field's response at a state
KRYLOV = 3000  # products
PROBE_VECTORS = 2  # columns of an earlier time for each level: filled, and all
STEP_SECONDS = 3e-3  # of a step of the evolution, with its overhead
SOLVED = 40  # products of GMRES at a frequency
ITERATIONS = 30  # of a mean field
KRYLOV_BASIS = 40  # products until multipliers converge
EIGEN_BYTES = 14 * 2**20  # of SLEPc
MAPS = 4  # of a step, where the generator jumps alone
RATE = 4e9  # flops of complex matrix products a second, with what is around them


def modes(given: Given, ranks: int) -> Cost:
    """The cost of the states, and of the evaluations of the mean field's response."""
    setup = setup_of(given)
    states = cost.states(given, False)
    core = cost.core_levels(setup.form, setup.reservoirs)
    fields = 2 * setup.field.fields
    biases = len(given.sweep.get("eV", np.zeros(1)))
    counted = COUNTED * (2.0 * core * fields * (core**2 + core * fields) * 8 / RATE + 5e-4)
    krylov = KRYLOV * (given.numerics.count + 1) * 64.0 * core**3 / RATE
    seconds = {"det": counted, "krylov": krylov}
    method = method_of(given.numerics.method, fields, core)
    most = min(core, 16) if method == "det" else 1
    return Cost(
        states.core_seconds + seconds[method] * biases,
        EIGEN_BYTES + states.bytes_per_rank + 16.0 * (40 * core**2 + COUNTED * fields**2),
        max(1, most),
        (f"{fields} entries of the mean field, by {method}", *states.notes),
    )


def probe(given: Given, ranks: int) -> Cost:
    """The cost of the evolution with the columns of all earlier times."""
    setup = setup_of(given)
    states = cost.states(given, False)
    core = cost.core_levels(setup.form, setup.reservoirs)
    table, numerics = given.tables["probe"], given.numerics
    window = 10.0 * table.width / numerics.dt
    steps = (table.times[-1] - min(0.0, table.times[0])) / numerics.dt + window
    columns = min(2 * window, steps) * PROBE_VECTORS * setup.form.size
    products = 3.0 * core**2 * columns  # they become as many in the course of the run
    maps = 400.0 * core**3 * (steps if _moves(setup) else MAPS)
    sums = 8.0 * numerics.points * columns * min(len(table.times), 1 + window)
    seconds = (steps * (products + sums) + maps) / RATE + steps * STEP_SECONDS
    if numerics.error_estimate:
        seconds *= 1.3
    return Cost(
        states.core_seconds + seconds,
        states.bytes_per_rank + 48.0 * 2 * core * columns / ranks,
        max(1, int(steps)),
        (f"{steps:.0f} steps, up to {columns:.0f} columns of earlier times", *states.notes),
    )


def _moves(setup: Setup) -> bool:
    """Whether the generator differs from step to step: a mean field, or a drive that goes on."""
    drives = setup.drives.all()
    return setup.interacting or any(d.kind not in ("constant", "step", "pulse") for d in drives)


def pump_probe(given: Given, ranks: int) -> Cost:
    """The cost of two evolutions after each delay, and of that up to it."""
    setup = setup_of(given)
    states = cost.states(given, False)
    core = cost.core_levels(setup.form, setup.reservoirs)
    numerics = given.numerics
    delays = given.sweep.get("delay", np.array([given.parameters.delay]))
    steps = 2 * len(delays) * numerics.length / numerics.dt
    steps += (max(delays) - min(min(delays), 0.0)) / numerics.dt * min(ranks, len(delays))
    seconds = steps * (400.0 * core**3 / RATE + STEP_SECONDS)
    if numerics.error_estimate:
        seconds *= 1.5
    return Cost(
        states.core_seconds + seconds,
        states.bytes_per_rank + 16.0 * 40 * core**2,
        len(delays),
        (f"{len(delays)} delays, {steps:.0f} steps", *states.notes),
    )


def conductivity(given: Given, ranks: int) -> Cost:
    """The cost of the state, and of one linear equation a frequency."""
    setup = setup_of(given)
    states = cost.states(given, False)
    core = cost.core_levels(setup.form, setup.reservoirs)
    points = given.numerics.points
    products = 1 + min(2 * setup.field.fields, SOLVED)
    each = 2 * products * (64.0 * core**3 / RATE + 3e-4)
    if core <= cost.PROBED:
        each = _frequency_seconds(setup)
    return Cost(
        states.core_seconds + points * each,
        EIGEN_BYTES + states.bytes_per_rank + 16.0 * (40 + 2 * products) * core**2,
        points,
        (f"{points} frequencies, {core} levels with leads", *states.notes),
    )


def _frequency_seconds(setup: Setup) -> float:
    """Processor seconds of the answers at one frequency, in no state that is one."""
    leads = setup.leads(setup.fits())
    stationary = stationary_before(setup, leads, setup.drives)
    c = seeds(setup, 0)[-1][1]
    mu = stationary.expected
    response = Response(stationary, Found(c, mu, 0.0, True, *stationary.rho_and_flows(c, mu)))
    numerics = setup.given.numerics
    w = 0.5 * (numerics.energy_min + numerics.energy_max)
    begun = time.process_time()
    response.bubble(w)
    for part in (0.5, 1.5):
        response.K(part * w)
    return time.process_time() - begun


def periodic(given: Given, ranks: int) -> Cost:
    """The cost of the iterations of a period, and of its multipliers."""
    swept = given.sweep.get("frequency", np.array([given.parameters.frequency]))
    setup = at_frequency(setup_of(given), swept[len(swept) // 2])
    leads, steps = setup.leads(setup.fits()), given.numerics.periodic_steps
    each = 0.0 if untimed() else _period_seconds(setup, leads, steps)
    points = int(np.prod([len(values) for values in given.sweep.values()]))
    notes = (f"{steps} steps a period of {leads.total} levels with leads",)
    memory = cost.BASE_BYTES + 16.0 * 40 * leads.core * leads.total
    memory += cost.KERNELS
    seconds = cost.LOADING + cost.KERNEL_LOADING + each * points
    return Cost(seconds, memory, points, notes)


def _period_seconds(setup: Setup, leads: LatticeLeads, steps: int) -> float:
    """Processor seconds of one periodic state, of that of half the steps, of their multipliers."""
    period = period_of_drives(setup)
    each = cost.PERIOD_RUNS * period_seconds(system_of(setup, leads, period), period, steps)
    if not setup.interacting:
        return each
    krylov = 3 * KRYLOV_BASIS * (setup.given.numerics.multipliers > 0) * steps
    return ITERATIONS * each + krylov * cost.step_and_row(setup, leads, period / steps, "etd")[0]
