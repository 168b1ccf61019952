"""What evolutions by columns cost: entries are counted, a step of some columns is timed."""

from __future__ import annotations

import time

import numpy as np

from ....solvers.output_times import row_times
from ....solvers.pole_leads.column_steps import ARRAYS
from ....solvers.pole_leads.cost import column_step_seconds
from ....solvers.pole_leads.slowest import slowest_seconds
from ....tasks import Cost
from ....tasks.cost import BASE_BYTES, step_count, untimed
from ....tasks.evolution import watched
from ..physics.open_lattice import OpenLattice
from .large_evolutions import kept_entries, near_sites
from .large_starts import LargeStationary
from .setup import LatticeLeads, Setup

ITERATIONS = 25  # images of the mean field until the state before t = 0 is found
LANCZOS = 10.0  # of a row's occupations, in slopes
SLOPES = 4.0  # of a step
MADE = 64  # columns of the start, of which the time is taken
LOADING = 3.0  # seconds until libraries and kernels are loaded
OVERHEAD = 150 * 2**20  # bytes of scipy, numba, factors and lists


def evolve(setup: Setup, leads: LatticeLeads, fitting: float, ranks: int) -> Cost:
    """The cost of an evolution by columns."""
    given = setup.given
    numerics, steps = given.numerics, step_count(given)
    near = None
    if numerics.range is not None:
        near = near_sites(setup.model, numerics.range)
    entries = kept_entries(setup, leads, numerics.range, near)
    size = 8 if numerics.precision == "mixed" else 16
    rows = len(row_times(given.run.t_max, [], numerics.dt, given.run.output_every))
    seconds = 0.0
    if not untimed():
        system = OpenLattice(setup.field, setup.bonds, leads, setup.drives)
        single = numerics.precision == "mixed"
        each = column_step_seconds(system, setup.form.site, near, single, numerics.dt)
        # with the errors also runs of twice the step: that, other fits, a shorter range
        runs = 1.0
        if numerics.error_estimate:
            runs = 2.0 if numerics.range is None else 2.5
        seen = LANCZOS * each / SLOPES * sum(map(watched, range(rows)))
        starting, made = _start_seconds(setup, leads)
        seconds = LOADING + fitting + each * steps * runs + seen + starting
        seconds += made * (1 + 2 * int(numerics.error_estimate))
    share = size * entries / ranks
    notes = (
        f"{setup.form.size} levels, {leads.total} with leads, {steps} steps, {rows} output rows",
        f"columns: {entries:.3g} entries, {share / 2**20:.0f} MB of a rank, {ARRAYS} such arrays",
    )
    memory = BASE_BYTES + OVERHEAD + share * ARRAYS
    return Cost(seconds, memory, leads.size, notes)


def _start_seconds(setup: Setup, leads: LatticeLeads) -> tuple[float, float]:
    """Processor seconds of the search for the state before t = 0, and of making all columns."""
    stationary = LargeStationary(setup, leads)
    c = np.where(setup.field.diagonal, 0.5, 0.1).astype(complex)
    begun = time.process_time()
    if setup.interacting:
        stationary.image(c, 0.0)
    searched = (time.process_time() - begun) * ITERATIONS
    searched += slowest_seconds(stationary.matrix(c))
    begun = time.process_time()
    maker = stationary.equilibrium.maker(stationary.matrix(c))
    factored = time.process_time() - begun
    begun = time.process_time()
    maker(np.arange(min(MADE, leads.size)))
    made = (time.process_time() - begun) * leads.size / min(MADE, leads.size)
    return searched, factored + made
