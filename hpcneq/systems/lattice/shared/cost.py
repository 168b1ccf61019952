"""What tasks of the lattice cost, from a short probe of this machine."""

from __future__ import annotations

import time

import numpy as np

from ....parallel import solo
from ....solvers.evolution import integrator
from ....solvers.output_times import Row, row_times
from ....solvers.pole_leads.state import PoleState
from ....tasks import Cost, Given
from ....tasks.cost import BASE_BYTES, step_count
from ..physics.closed import equilibrium
from ..physics.nambu import Form
from ..physics.open_lattice import OpenLattice
from ..physics.reservoirs import Reservoir
from ..tasks.evolve import before, method_of
from ..tasks.transport import PoleCurve, WindowCurve, curve_of
from .setup import LatticeLeads, Setup, setup_of
from .states import Stationary

LEVEL_POLES = 30  # poles of a lead with structure, before it is fitted
ITERATIONS = 100  # of plain iterations and Newton's products, of one self-consistent state
STABILITY = 2000  # products of the equations of deviations, of one state
PROBED = 400  # levels of the core up to which a stationary state is timed
START_PROBES = 2  # steps that are timed
RUNS = {True: 2.0, False: 1.0}  # with the errors: two more runs of twice the step
WRITING = 1e-3  # seconds of a row of output in the file
WORK_ARRAYS = 24  # matrices of the core in use
TASK_BYTES = 40 * 2**20  # of scipy and the leads' fits


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
    setup = setup_of(given)
    each, core = _state_seconds(setup)
    points = int(np.prod([len(values) for values in given.sweep.values()]))
    starts = 1
    if setup.interacting:
        starts = 2 + given.numerics.seeds * (given.initial.state == "auto")
    iterations = ITERATIONS if setup.interacting else 2
    notes = (f"{setup.form.size} levels, {core} with leads", f"{starts} starts a bias")
    return Cost(each * iterations * starts * points, _bytes(core), max(1, starts), notes)


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
    curve: WindowCurve | PoleCurve = curve_of(setup)
    eV = float(np.mean(np.abs(given.sweep.get("eV", np.array([given.parameters.eV])))))
    begun = time.process_time()
    curve.point(eV, None)
    each = time.process_time() - begun
    core = core_levels(setup.form, setup.reservoirs)
    if isinstance(curve, WindowCurve):
        core = setup.form.size
    most = points if not setup.interacting else 1
    return Cost(each * points, _bytes(core), most, (f"{points} biases by {curve.name}",))


def evolve(given: Given, ranks: int) -> Cost:
    """The cost of an evolution, from a few of its steps."""
    setup = setup_of(given)
    leads = setup.leads(setup.fits())
    _refuse_undamped(setup, leads)
    system = OpenLattice(setup.field, setup.bonds, leads, setup.drives)
    state = PoleState(system, solo(), None, method_of(given, leads))
    M = setup.form.size
    if leads.core == M:
        state.set(_filled(setup, leads.tail))
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
    return Cost(each * steps * runs + writing, memory, max(1, leads.total), notes)


def _refuse_undamped(setup: Setup, leads: LatticeLeads) -> None:
    """What the run would say of levels of the model that no lead damps. Raises InputError."""
    if setup.given.initial.T is None and leads.core <= PROBED:
        before(setup, leads).image(np.zeros(setup.field.fields, complex), 0.0)


def _filled(setup: Setup, tail: int) -> object:
    """A state without pairs, for the probe."""
    H = setup.field.dense(setup.field.values(np.zeros(setup.field.fields)))
    density = equilibrium(H, 0.1)
    return type(density)(density.core, np.zeros((len(H), tail), complex))
