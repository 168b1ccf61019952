"""What tasks of the lattice cost, from a short probe of this machine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ....errors import NotConverged
from ....parallel import solo
from ....solvers.integrators import integrator
from ....solvers.output_times import Row, row_times
from ....solvers.pole_leads.cost import (
    evolution_bytes,
    period_seconds,
    step_seconds,
    zgemm_rate,
)
from ....solvers.pole_leads.state import PoleState
from ....tasks import Cost, Given
from ....tasks.cost import BASE_BYTES, step_count, untimed
from ....tasks.evolution import watched
from ..physics.nambu import Form
from ..physics.open_lattice import OpenLattice
from ..physics.reservoirs import Reservoir
from ..physics.spectra import Spectra
from ..tasks.evolve import before, method_of
from ..tasks.transport import PoleCurve, WindowCurve, by_window, curve_of
from . import column_costs
from .periodic_states import period_of, resolving_steps, steps_of
from .search_costs import MOST_PROBES, PROBE_SECONDS, Searches, seconds_of, since
from .seeds import seeds
from .setup import LatticeLeads, Setup, setup_of
from .stability_costs import stability_cost
from .states import stationary_before

LEVEL_POLES = 30  # poles of a lead with structure, before it is fitted
PERIODIC_ITERATIONS = 20  # of a self-consistent periodic state
FURTHER_START = 0.4  # of it: what a second start takes
PROBED_ENTRIES = 1e6  # of R, of which a large evolution is timed
LARGE = 4e6  # entries of R above which a step is timed by a few of its columns
EIGENVALUES = 4.0  # products of matrices that all eigenvalues of a Hermitian one take
WRITTEN = 1e-9  # seconds of a row of output for each entry of R that is read
PROBED = 400  # levels of the core up to which a stationary state is timed
START_PROBES = 2  # steps that are timed at least
RUNS = {True: 2.0, False: 1.0}  # with the errors: two more runs of twice the step
PERIOD_RUNS = 1.4  # a periodic state and that of half the steps and of looser fits
WRITING = 2.5e-3  # seconds of a row of output in the file
WORK_ARRAYS = 24  # matrices of the core in use
RING_ARRAYS = 2.6  # those of all sites, where a model repeats along a ring
TASK_BYTES = 5 * 2**20  # of scipy and the leads' fits
KERNELS = 88 * 2**20  # bytes of numba and its kernels
KERNEL_LOADING = 0.6  # seconds until they are loaded
LOADING = 0.9  # seconds until the interpreter and all libraries are loaded, and of files


def core_levels(form: Form, reservoirs: list[Reservoir]) -> int:
    """Levels of the core, before the leads are fitted."""
    count = form.size
    for lead in reservoirs:
        if lead.kind != "wide":
            count += LEVEL_POLES * sum(map(len, form.of_spin(lead.sites, lead.spin)))
    return count


def _state_seconds(setup: Setup) -> tuple[float, int]:
    """(processor seconds of one stationary state, levels of its core)."""
    size = core_levels(setup.form, setup.reservoirs)
    if setup.ring is None and size > PROBED:
        H = np.eye(PROBED) + 0j
        return seconds_of(lambda: np.linalg.eig(H)) * (size / PROBED) ** 3, size
    leads = setup.leads(setup.fits())
    stationary = stationary_before(setup, leads, setup.drives)
    c = np.zeros(setup.field.fields, complex)
    return seconds_of(lambda: stationary.image(c, 0.0)), leads.core


def _bytes(core: int, tail: int = 0) -> float:
    return BASE_BYTES + TASK_BYTES + 16.0 * core * (core + tail) * WORK_ARRAYS


def steady(given: Given, ranks: int) -> Cost:
    """The cost of all states from all seeds; of those that repeat in time, from some steps."""
    setup = setup_of(given)
    biases = given.sweep.get("eV", np.array([given.parameters.eV]))
    repeating = [eV for eV in biases if period_of(setup, eV) is not None]
    if not repeating:
        return states(given, given.numerics.stability)
    begun = time.process_time()
    leads = setup.leads(setup.fits())
    fitting = 2 * (time.process_time() - begun)
    further = 1 + int(len(repeating) > 1)  # starts at a bias: that without pairs, the state before
    starts = 1.0 + FURTHER_START * further * setup.interacting
    seconds = LOADING + fitting + _periods_seconds(setup, leads, repeating) * starts
    notes = (f"{setup.form.size} levels, {leads.core} with leads; states repeat in time",)
    if len(repeating) < len(biases):
        rest = np.array([eV for eV in biases if eV not in repeating])
        still = states(replace(given, sweep={"eV": rest}), given.numerics.stability)
        seconds += still.core_seconds - LOADING
    return Cost(seconds, _bytes(leads.core) + KERNELS, 1, notes)


def states(given: Given, stability: bool) -> Cost:
    """The cost of all states from all seeds, with their stability or without."""
    setup = setup_of(given)
    begun = time.process_time()
    each, core = _state_seconds(setup)
    fitting = 2 * max(0.0, time.process_time() - begun - 2 * each)
    points = int(np.prod([len(values) for values in given.sweep.values()]))
    starts, searches = seeds(setup), Searches(setup, each)
    searched = sum(searches.seconds(name) + searches.near(name) for name, _ in starts) * points
    found = len(starts) * points
    if points > 1:  # what continues the states of the bias before
        names = [name for name, _ in starts[:2]]
        searched += sum(2 * searches.near(name) for name in names) * (points - 1)
        found += len(names) * (points - 1)
    seconds = LOADING + fitting + searched
    memory = _bytes(core)
    if setup.ring is not None:  # blocks, but for rho
        memory = BASE_BYTES + TASK_BYTES + 16.0 * core**2 * RING_ARRAYS
    if stability:
        each, more = stability_cost(setup)
        seconds += each * found
        if setup.ring is not None:
            memory += more
        memory = max(memory, BASE_BYTES + TASK_BYTES + more)  # matrices of the search are free
    notes = (f"{setup.form.size} levels, {core} with leads", f"{len(starts)} starts a bias")
    return Cost(seconds, memory, max(1, len(starts)), notes)


def spectrum(given: Given, ranks: int) -> Cost:
    """The cost of one state and its Green functions."""
    setup = setup_of(given)
    each, core = _state_seconds(setup)
    searches = Searches(setup, each)
    searched = sum(searches.seconds(name) for name, _ in seeds(setup, 0))
    products = 4 * 8e-9 * setup.form.size**2 * core  # seconds of an energy at a GF/s
    if core <= PROBED:
        products = _energy_seconds(setup)
    seconds = LOADING + searched + 2 * given.numerics.points * products
    return Cost(seconds, _bytes(core), given.numerics.points, (f"{setup.form.size} levels",))


def _energy_seconds(setup: Setup) -> float:
    """Processor seconds of the densities of states at one energy."""
    fits = setup.fits()
    leads = setup.leads(fits)
    V = setup.drives.shifts(-1.0)
    H = setup.field.dense(setup.field.values(np.zeros(setup.field.fields, complex)))
    A = np.asarray(leads.matrix(H, V, np.zeros(leads.count)))
    spectra = Spectra(setup.form, setup.branches(fits), A, V)
    return seconds_of(lambda: spectra.local(0.1))


def middle(biases: Sequence[float]) -> float:
    """The bias of middle size: one of those given, whose leads have a common period."""
    return float(sorted(biases, key=abs)[len(biases) // 2])


def transport(given: Given, ranks: int) -> Cost:
    """The cost of a curve, from its first point."""
    setup = setup_of(given)
    points = max(1, int(np.prod([len(values) for values in given.sweep.values()])))
    if core_levels(setup.form, setup.reservoirs) > PROBED and setup.interacting:
        return steady(given, ranks)
    eV = middle(given.sweep.get("eV", [given.parameters.eV]))
    period = None if by_window(setup) else period_of(setup, eV)
    begun = time.process_time()
    if period is not None:
        leads = setup.leads(setup.fits())
        fitting = 2 * (time.process_time() - begun)
        biases = given.sweep.get("eV", [eV] * points)
        repeating = [bias for bias in biases if period_of(setup, bias) is not None]
        each = _periods_seconds(setup, leads, repeating) / points
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
    seconds = LOADING + fitting + each * points
    memory = _bytes(core) + KERNELS * (period is not None)
    return Cost(seconds, memory, most, (f"{points} biases by {name}",))


def _periods_seconds(setup: Setup, leads: LatticeLeads, biases: Sequence[float]) -> float:
    """Processor seconds of the periodic states at some biases, from steps at one of them."""
    counts = {}
    for eV in biases:
        try:
            counts[eV] = steps_of(setup, period_of(setup, eV) or 1.0)
        except NotConverged:
            continue  # a lost point takes no time
    if not counts:
        return 0.0
    eV = middle(list(counts))
    each = _period_seconds(setup, leads, eV, period_of(setup, eV) or 1.0, counts[eV])
    return each * sum(counts[eV] for eV in biases if eV in counts) / counts[eV]


def _period_seconds(
    setup: Setup, leads: LatticeLeads, eV: float, period: float, steps: int
) -> float:
    """Processor seconds of a periodic state and of that of half the steps, from some steps."""
    system = OpenLattice(setup.field, setup.bonds, leads, setup.drives.at_bias(eV), 0.0)
    iterations = PERIODIC_ITERATIONS if setup.interacting else 1
    return PERIOD_RUNS * period_seconds(system, period, steps) * iterations


def evolve(given: Given, ranks: int) -> Cost:
    """The cost of an evolution, from a few of its steps."""
    setup = setup_of(given)
    begun = time.process_time()
    fits = setup.fits()
    fitting = (time.process_time() - begun) * (1 + int(given.numerics.error_estimate))
    leads = setup.leads(fits)
    _refuse_undamped(setup, leads)
    method = method_of(setup, leads)
    if method == "columns":
        return column_costs.evolve(setup, leads, fitting, ranks)
    share = 16.0 * leads.core * leads.total
    steps = step_count(given)
    rows = len(row_times(given.run.t_max, [], given.numerics.dt, given.run.output_every))
    seconds = 0.0
    if not untimed():
        each, written, looked = step_and_row(setup, leads, given.numerics.dt, method)
        seconds = each * steps * RUNS[given.numerics.error_estimate] + written * rows
        seconds += looked * sum(map(watched, range(rows)))
        seconds += LOADING + fitting + _start_seconds(setup, leads)
    notes = (
        f"{setup.form.size} levels, {leads.total} with leads, {steps} steps, {rows} output rows",
        f"state: {share / ranks / 2**20:.1f} MB of the memory of a rank",
    )
    memory = _bytes(leads.core)  # of the state before t = 0
    arrays = share + evolution_bytes(leads, ranks, method)
    memory = max(memory, BASE_BYTES + TASK_BYTES + arrays)
    if method == "etd" or setup.interacting:
        memory += KERNELS
        seconds += KERNEL_LOADING * (seconds > 0)
    return Cost(seconds, memory, max(1, leads.total), notes)


def step_and_row(
    setup: Setup, leads: LatticeLeads, dt: float, method: str
) -> tuple[float, float, float]:
    """Processor seconds of a step, of a row of output, and of its occupations.

    Of a large state by a few of its columns.
    """
    system = OpenLattice(setup.field, setup.bonds, leads, setup.drives)
    if leads.core * leads.total > LARGE and method == "etd":
        each = step_seconds(system, dt, "etd", 1, 2, PROBED_ENTRIES)
        looked = EIGENVALUES * 8e-9 * setup.form.size**3 / zgemm_rate()
        return each, WRITING + WRITTEN * leads.core * leads.total, looked
    state = PoleState(system, solo(), None, method)
    numbers = np.random.default_rng(0).normal(size=(2, state.flat.size))
    size = 0.1 / max(1.0, setup.largest_energy() * dt)
    state.flat[:] = size * (numbers[0] + 1j * numbers[1])  # not zero: a mean field that moves
    stepper = integrator(state)
    stepper.start(1e3, dt)
    stepper.advance(1e3, dt)
    begun = time.process_time()
    count = 0
    while count < START_PROBES or (count < MOST_PROBES and since(begun) < PROBE_SECONDS):
        count += 1
        t = 1e3 + count * dt  # steps differ by rounding, as those of a run
        stepper.advance(t, 1e3 + (count + 1) * dt - t)
    each = since(begun) / count
    row = Row(1e3, +1, state.flat, stepper.now.c, None, None)
    looked = seconds_of(lambda: state.watch(row.array, row.t, row.side, row.c))
    return each, seconds_of(lambda: state.observe(row)) + WRITING, looked


def _start_seconds(setup: Setup, leads: LatticeLeads) -> float:
    """Processor seconds of the search for the state before t = 0."""
    period = period_of(setup, setup.drives.eV(-1.0))
    if period is not None:
        steps = resolving_steps(setup, period)
        return _period_seconds(setup, leads, setup.drives.eV(-1.0), period, steps)
    if not setup.interacting or setup.ring is not None:
        return 0.0
    stationary = before(setup, leads)
    c = np.zeros(setup.field.fields, complex)
    each = seconds_of(lambda: stationary.image(c, 0.0))
    searches = Searches(setup, each, setup.given.initial.T)
    return sum(searches.seconds(name) for name, _ in seeds(setup, 0))


def _refuse_undamped(setup: Setup, leads: LatticeLeads) -> None:
    """What the run would say of levels of the model that no lead damps. Raises InputError."""
    if period_of(setup, setup.drives.eV(-1.0)) is not None:
        return  # a state that repeats: its levels turn
    if setup.given.initial.T is None and leads.core <= PROBED:
        before(setup, leads).image(np.zeros(setup.field.fields, complex), 0.0)
