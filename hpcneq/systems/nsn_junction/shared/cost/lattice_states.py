"""What evolutions, ensembles, stationary patterns and spectra cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .....parallel import solo
from .....solvers.output_times import row_times
from .....solvers.site_columns.stationary import CHUNK
from .....tasks import Cost, Given, cost
from ...physics.junction import Junction
from ...physics.lattice_dynamics import SiteQuench
from ...physics.patterns import site_seed
from ...physics.site_lattice import Sites
from ...physics.stripe_dynamics import Quench
from ..input_junction import build_junction, compute_anew
from ..input_sites import build_sites
from ..mode_ranges import ranges_of
from ..quench_runs import quench_runs
from ..site_patterns import even_equations, gap_equations, has_stripe_start, of_start

PROBED = (24, 11)  # largest lattice (Lx, Ly) on which steps of columns over sites are timed
PROBED_PATTERN = 10  # largest length of the lattice on which a resolvent is timed
START_SOLVES = 60  # diagonalisations of every block that a condensed start takes
LARGEST_BLOCK = 200  # levels of a block whose diagonalisation is timed
IMAGES = 40  # of a mean field, until a pattern is found
LARGE_BLOCKS = 0.5  # of their seconds from those of smaller ones, by the cube of the size
AFTERWARDS = 35  # iterations of a pattern behind its search among even ones
ITERATIONS = 60  # of a pattern, Newton's products of the Jacobian counted


def evolve(given: Given, ranks: int) -> Cost:
    """The cost of an evolution, from a short probe of this machine."""
    if given.initial.state == "file":
        words = "starts from a file: size and time are about those of the run that wrote it"
        return Cost(0.0, cost.BASE_BYTES, 1, (words,))
    junction = build_junction(given, solo())
    if given.numerics.symmetry == "full":
        estimate = _evolve_sites(given, ranks, junction)
    else:
        system = _at_rest(junction)
        estimate = cost.evolution(system, given, ranks, _rows(given, system))
    poles = len(junction.poles[0].w)
    error = max(fit.error for fit in junction.poles)
    note = f"poles: {poles} a lead, error {error:.1e}"
    return replace(estimate, notes=(note, *estimate.notes))


def _at_rest(junction: Junction) -> Quench:
    """The system without a condensate, whose matrices have the same size."""
    return Quench(junction, np.zeros(len(junction.lattice.count)))


def _rows(given: Given, system: Quench | SiteQuench) -> int:
    """Rows of output."""
    t_max, dt = given.run.t_max, given.numerics.dt
    return len(row_times(t_max, system.breakpoints(t_max), dt, given.run.output_every))


def _evolve_sites(given: Given, ranks: int, junction: Junction) -> Cost:
    """The cost of an evolution over sites."""
    sites = build_sites(given, solo(), compute_anew)
    system = SiteQuench(junction, sites, np.zeros(sites.count))

    def smaller() -> SiteQuench:
        """The system on a lattice that fits the time of a probe."""
        Lx, Ly = min(sites.Lx, PROBED[0]), min(sites.Ly, PROBED[1])
        pairing = np.full(Lx * Ly, given.parameters.U)
        boundary = (sites.open_x, sites.open_y)
        part = Sites(Lx, Ly, np.zeros(Lx * Ly), pairing, *boundary, sites.vector)
        return SiteQuench(junction, part, np.zeros(part.count))

    ranges = ranges_of(given)
    if ranges is not None:
        estimate = cost.windows(smaller, system, ranges, given, ranks)
    else:
        estimate = cost.columns(smaller, system, given, ranks, _rows(given, system))
    sites = of_start(given, sites)
    if has_stripe_start(given, sites):
        return estimate
    search, note = _search(given, junction, sites)
    return replace(
        estimate, core_seconds=estimate.core_seconds + search, notes=(*estimate.notes, note)
    )


def _search(given: Given, junction: Junction, sites: Sites) -> tuple[float, str]:
    """(seconds of one core, a note) of the search for a stationary pattern."""
    sectors = _even_levels(given, junction, sites)
    if not sectors:
        each, systems = _resolvent(given, junction)
        seconds = each * systems * IMAGES
        return seconds, f"the start's pattern: {seconds:.0f} s"
    seconds = _levels_seconds(sectors) * IMAGES
    return seconds, f"the start's pattern: {seconds:.0f} s, {len(sectors)} sectors of mirrors"


def _even_levels(given: Given, junction: Junction, sites: Sites) -> list[int]:
    """Levels of every sector of mirrors that the search for the pattern uses; none if it does not.

    A pattern in a file, and noise, count as not even.
    """
    initial = given.initial
    if initial.state == "pattern" or (given.task == "pattern" and initial.noise):
        return []
    seed = site_seed(sites.Lx, sites.Ly, initial.state, initial.wave_number or 1, 1.0)
    even = even_equations(gap_equations(junction, sites), sites, seed.ravel())
    return [] if even is None else [2 * len(h) for h in even.levels]


def _levels_seconds(sectors: list[int]) -> float:
    """Seconds of the levels of all sectors, from those of a small one."""
    probed = min(max(sectors), LARGEST_BLOCK)
    matrix = np.diag(np.arange(probed) + 0.0) + 0.1
    each = cost.seconds(lambda: np.linalg.eigh(matrix), 3, 1)
    return each * LARGE_BLOCKS * sum((size / probed) ** 3 for size in sectors)


def _resolvent(given: Given, junction: Junction) -> tuple[float, int]:
    """(seconds of one linear system of an iteration, their number), from a small lattice."""
    Lx, Ly = given.numerics.Lx, given.numerics.Ly
    small = (min(Lx, PROBED_PATTERN), min(Ly, PROBED_PATTERN))
    count = small[0] * small[1]
    problem = gap_equations(
        junction, Sites(*small, np.zeros(count), np.full(count, given.parameters.U))
    )
    x = np.full_like(problem.unknowns(np.zeros(count)), 0.1 * given.parameters.U)
    each = cost.seconds(lambda: problem.partials((x, [0])), calls=1, rounds=2)
    return each * (Lx * Ly / count) ** 2, problem.items  # as many columns as sites, each as long


def ensemble(given: Given, ranks: int) -> Cost:
    """The cost of all runs of an ensemble, from a probe of one."""
    axes = quench_runs(given)
    steps, seeds = axes["dt"], axes["seed"]
    system = _at_rest(build_junction(given, solo()))
    dtype = cost.mode_dtype(given.numerics)
    seconds = sum(
        len(seeds) * given.run.t_max / dt * cost.probe(system, float(dt), dtype) for dt in steps
    )
    state, work = cost.memory(system, 1, dtype.itemsize)
    runs = len(seeds) * len(steps)
    note = f"{runs} runs, one a rank at a time"
    return Cost(seconds, cost.BASE_BYTES + cost.KERNEL_BYTES + state + work, runs, (note,))


def pattern(given: Given, ranks: int) -> Cost:
    """The cost of a stationary pattern, from one resolvent on a small lattice."""
    junction = build_junction(given, solo())
    Lx, Ly = given.numerics.Lx, given.numerics.Ly
    each, systems = _resolvent(given, junction)
    sectors = _even_levels(given, junction, build_sites(given, solo(), compute_anew))
    iterations, even = ITERATIONS, 0.0
    if sectors:
        iterations, even = AFTERWARDS, IMAGES * _levels_seconds(sectors)
    right_hand_sides = 2 * 16 * Lx * Ly * 2 * CHUNK
    notes = (
        f"{Lx} x {Ly} sites, {systems} linear systems an iteration, {each:.3f} s each",
        f"time of {iterations} iterations",
    )
    return Cost(
        (each * systems * iterations + even) * cost.runs(given),
        cost.BASE_BYTES + right_hand_sides,
        systems,
        notes,
    )


def spectrum(given: Given, ranks: int) -> Cost:
    """Cost of the task ``spectrum``: every block is diagonalised, for its start many times."""
    numerics = given.numerics
    size, blocks = 2 * numerics.Lx, numerics.Ly // 2 + 1
    probed = min(size, LARGEST_BLOCK)
    matrix = np.diag(np.arange(probed) + 0j) + 0.1
    each = cost.seconds(lambda: np.linalg.eigh(matrix), 3, 1)
    each *= (size / probed) ** 3
    solves = 3 if given.initial.state in ("normal", "file") else START_SOLVES
    notes = (f"{blocks} blocks of {size} levels",)
    memory = cost.BASE_BYTES + 16.0 * size**2 * (2 * blocks + 8)
    return Cost(solves * blocks * each, memory, blocks, notes)
