"""What tasks of the lattice cost, from a short probe of this machine."""

from __future__ import annotations

import time

import numpy as np

from ....maths.pole_leads import Density
from ....parallel import solo
from ....solvers.integrators import integrator
from ....solvers.output_times import Row, row_times
from ....solvers.pole_leads.periodic import steps_from
from ....solvers.pole_leads.state import PoleState
from ....tasks import Cost, Given
from ....tasks.cost import BASE_BYTES, step_count
from ..physics.nambu import Form
from ..physics.open_lattice import OpenLattice
from ..physics.reservoirs import Reservoir
from ..physics.slow_modes import BASIS, Propagator
from ..tasks.evolve import before, method_of
from ..tasks.transport import PoleCurve, WindowCurve, by_window, curve_of
from .periodic_states import period_of, steps_of
from .seeds import seeds
from .setup import LatticeLeads, Setup, setup_of
from .stability import block_state
from .states import Stationary

LEVEL_POLES = 30  # poles of a lead with structure, before it is fitted
ITERATIONS = 200  # of plain iterations and Newton's products, of one self-consistent state
PERIODIC_ITERATIONS = 20  # of a self-consistent periodic state
PROBED = 400  # levels of the core up to which a stationary state is timed
ROUGH = 1e3  # fits of a probe are worse by this
START_PROBES = 2  # steps that are timed
RUNS = {True: 2.0, False: 1.0}  # with the errors: two more runs of twice the step
PERIOD = 2.3  # what a step of a periodic state takes, in steps of an evolution
WRITING = 1e-3  # seconds of a row of output in the file
WORK_ARRAYS = 24  # matrices of the core in use
TASK_BYTES = 11 * 2**20  # of scipy and the leads' fits


def core_levels(form: Form, reservoirs: list[Reservoir]) -> int:
    """Levels of the core, before the leads are fitted."""
    count = form.size
    for lead in reservoirs:
        if lead.kind != "wide":
            count += LEVEL_POLES * sum(map(len, form.of_spin(lead.sites, lead.spin)))
    return count


def _seconds(call: object) -> float:
    """Processor seconds of a call, the better of two."""
    taken = []
    for _ in range(2):
        begun = time.process_time()
        call()  # type: ignore[operator]
        taken.append(time.process_time() - begun)
    return min(taken)


def _state_seconds(setup: Setup) -> tuple[float, int]:
    """(processor seconds of one stationary state, levels of its core)."""
    size = core_levels(setup.form, setup.reservoirs)
    if setup.ring is None and size > PROBED:
        H = np.eye(PROBED) + 0j
        return _seconds(lambda: np.linalg.eig(H)) * (size / PROBED) ** 3, size
    leads = setup.leads(setup.fits())
    drives = setup.drives
    stationary = Stationary(
        setup, leads, drives.shifts(-1.0), drives.vector_potential(-1.0), drives.U(-1.0)
    )
    c = np.zeros(setup.field.fields, complex)
    return _seconds(lambda: stationary.image(c, 0.0)), leads.core


def _bytes(core: int, tail: int = 0) -> float:
    return BASE_BYTES + TASK_BYTES + 16.0 * core * (core + tail) * WORK_ARRAYS


def steady(given: Given, ranks: int) -> Cost:
    """The cost of all states from all seeds."""
    return states(given, given.numerics.stability)


def states(given: Given, stability: bool) -> Cost:
    """The cost of all states from all seeds, with their stability or without."""
    setup = setup_of(given)
    begun = time.process_time()
    each, core = _state_seconds(setup)
    fitting = 2 * max(0.0, time.process_time() - begun - 2 * each)
    points = int(np.prod([len(values) for values in given.sweep.values()]))
    starts = len(seeds(setup))
    iterations = ITERATIONS if setup.interacting else 2
    state = each * iterations
    if stability and setup.interacting and setup.ring is None and core <= PROBED:
        state += _stability_seconds(setup)
    notes = (f"{setup.form.size} levels, {core} with leads", f"{starts} starts a bias")
    return Cost(fitting + state * starts * points, _bytes(core), max(1, starts), notes)


def _stability_seconds(setup: Setup) -> float:
    """Processor seconds of the slowest deviations of one state."""
    drives = setup.drives
    leads = setup.leads(setup.fits(ROUGH))
    A = drives.vector_potential(-1.0)
    stationary = Stationary(setup, leads, drives.shifts(-1.0), A, drives.U(-1.0))
    c = np.where(setup.field.diagonal, 0.5, 0.1).astype(complex)
    propagator = Propagator(block_state(stationary, {"c": c, "mu_c": 0.0}, True))
    blocks, n, total = propagator.shape
    start = np.zeros(2 * blocks * n * total)
    return 2 * BASIS * _seconds(lambda: propagator(start))  # restarted once


def spectrum(given: Given, ranks: int) -> Cost:
    """The cost of one state and its Green functions."""
    setup = setup_of(given)
    each, core = _state_seconds(setup)
    iterations = ITERATIONS if setup.interacting else 1
    products = 4 * 8e-9 * setup.form.size**2 * core  # seconds of an energy at a GF/s
    seconds = each * iterations + given.numerics.points * products
    return Cost(seconds, _bytes(core), given.numerics.points, (f"{setup.form.size} levels",))


def transport(given: Given, ranks: int) -> Cost:
    """The cost of a curve, from its first point."""
    setup = setup_of(given)
    points = max(1, int(np.prod([len(values) for values in given.sweep.values()])))
    if core_levels(setup.form, setup.reservoirs) > PROBED and setup.interacting:
        return steady(given, ranks)
    eV = float(np.mean(np.abs(given.sweep.get("eV", np.array([given.parameters.eV])))))
    period = None if by_window(setup) else period_of(setup, eV)
    begun = time.process_time()
    if period is not None:
        leads = setup.leads(setup.fits())
        fitting = 2 * (time.process_time() - begun)
        each = _period_seconds(setup, leads, eV, period)
        core, name = leads.core, PoleCurve.name
    else:
        curve: WindowCurve | PoleCurve = curve_of(setup)
        fitting = time.process_time() - begun
        begun = time.process_time()
        curve.point(eV, None)
        each = time.process_time() - begun
        core, name = core_levels(setup.form, setup.reservoirs), curve.name
        if isinstance(curve, WindowCurve):
            core = setup.form.size
    most = points if not setup.interacting else 1
    return Cost(fitting + each * points, _bytes(core), most, (f"{points} biases by {name}",))


def _period_seconds(setup: Setup, leads: LatticeLeads, eV: float, period: float) -> float:
    """Processor seconds of a periodic state and of that of half the steps, from two steps."""
    count = steps_of(setup, period)
    density = Density(
        np.zeros((leads.core, leads.core), complex), np.zeros((leads.core, leads.tail), complex)
    )
    system = OpenLattice(setup.field, setup.bonds, leads, setup.drives.at_bias(eV), 0.0)
    state = PoleState(system, solo(), density)
    step = _seconds(lambda: steps_from(state, 0.0, period / count, 1))
    iterations = PERIODIC_ITERATIONS if setup.interacting else 1
    return PERIOD * 1.5 * count * step * iterations


def evolve(given: Given, ranks: int) -> Cost:
    """The cost of an evolution, from a few of its steps."""
    setup = setup_of(given)
    begun = time.process_time()
    fits = setup.fits()
    fitting = (time.process_time() - begun) * (1 + int(given.numerics.error_estimate))
    leads = setup.leads(fits)
    _refuse_undamped(setup, leads)
    system = OpenLattice(setup.field, setup.bonds, leads, setup.drives)
    state = PoleState(system, solo(), None, method_of(given, leads))
    M = setup.form.size
    numbers = np.random.default_rng(0).normal(size=(2, state.flat.size))
    size = 0.1 / max(1.0, setup.largest_energy() * given.numerics.dt)
    state.flat[:] = size * (numbers[0] + 1j * numbers[1])  # not zero: a mean field that moves
    method = integrator(state)
    dt = given.numerics.dt
    method.start(1e3, dt)
    method.advance(1e3, dt)
    begun = time.process_time()
    for k in range(1, START_PROBES + 1):
        method.advance(1e3 + k * dt, dt)
    each = (time.process_time() - begun) / START_PROBES
    steps = step_count(given)
    rows = len(row_times(given.run.t_max, [], dt, given.run.output_every))
    runs = RUNS[given.numerics.error_estimate]
    share = 16.0 * leads.core * leads.total
    notes = (
        f"{M} levels, {leads.total} with leads, {steps} steps, {rows} output rows",
        f"state: {share / ranks / 2**20:.1f} MB of the memory of a rank",
    )
    memory = BASE_BYTES + TASK_BYTES + share * WORK_ARRAYS
    row = Row(1e3, +1, state.flat, method.now.c, None, None)
    writing = rows * (_seconds(lambda: state.observe(row)) + WRITING)
    if setup.interacting and setup.ring is None and leads.core <= PROBED:
        fitting += _state_seconds(setup)[0] * ITERATIONS * len(seeds(setup))
    return Cost(each * steps * runs + writing + fitting, memory, max(1, leads.total), notes)


def _refuse_undamped(setup: Setup, leads: LatticeLeads) -> None:
    """What the run would say of levels of the model that no lead damps. Raises InputError."""
    if setup.given.initial.T is None and leads.core <= PROBED:
        before(setup, leads).image(np.zeros(setup.field.fields, complex), 0.0)
