"""Task ``evolve`` of the nsn-junction: a stationary state at the bias before t = 0, then eV(t)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .... import petsc
from ....parallel import Communicator, on_root
from ....solvers.auxiliary_modes import fast_poles
from ....solvers.auxiliary_modes.state import BlockState
from ....solvers.site_columns.state import SiteState
from ....solvers.site_windows.ranges import LONGER, WHOLE, matrices_of
from ....solvers.site_windows.state import WindowState
from ....tasks import Given, Outcome, Output
from ....tasks.cost import mode_dtype
from ....tasks.evolution import run_evolution
from ....tasks.start_progress import StartProgress
from ..physics import onsets, patterns
from ..physics.junction import Junction
from ..physics.lattice_dynamics import SiteQuench
from ..physics.stripe_dynamics import Quench
from ..physics.uniform_states import Point, finite
from ..shared.current_harmonics import write_harmonics
from ..shared.evolution_records import SiteRecords, StripeRecords
from ..shared.initial_state import Start, start_of, with_noise
from ..shared.input_junction import build_junction, loosen_poles, poles_summary
from ..shared.input_sites import build_sites
from ..shared.mode_ranges import ranges_of
from ..shared.previous_run import PreviousRun
from ..shared.site_patterns import noise_seed, noisy, site_start
from ..shared.turning_start import in_frame


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Kawamura & Ohashi 2025, Fig. 4: a change of the bias from a stationary state. **Collective.**

    With [initial] state = "file" the start is the last state of another run, its bath modes
    included; with [numerics] symmetry = "full" the order parameter is free on every site.
    """
    if given.numerics.symmetry == "full":
        return _run_sites(given, comm, log, output)
    return _run_stripes(given, comm, log, output)


def _run_stripes(given: Given, comm, log, output) -> Outcome:
    """The order parameter depends on x: blocks of k_y over ranks. **Collective.**"""
    previous = PreviousRun(given, comm, output) if given.initial.state == "file" else None
    facts = previous.facts if previous else None
    poles = facts["fits"] if facts else None
    junction = build_junction(given, comm, output.recall, poles=poles)
    if previous:
        start = previous.start()
    else:
        start = Start(*output.recall("start", start_of, given, comm, junction, log))
    frame = start.summary.get("mu_pair")
    junction = in_frame(junction, frame)
    noise = patterns.noise(junction.lattice, given.initial.noise, noise_seed(given))

    def state(variant: str | None, begin: bool) -> BlockState:
        """The run's state; that of "pole error" has a looser pole fit."""
        if previous and begin:
            return previous.state(junction, noise)
        model = junction
        if variant == "pole error":
            model = in_frame(loosen_poles(given, comm, junction, output.recall), frame)
        system = Quench(model, with_noise(start.delta, noise))
        return BlockState(system, comm, mode_dtype(given.numerics), start=begin)

    records = StripeRecords(junction, comm, given.numerics.corrector, facts)
    outcome = run_evolution(given, comm, log, output, state, records)
    if outcome.status == "complete" and junction.drive.kind == "sine":
        write_harmonics(output(), comm, junction.drive, outcome)
    _add_start(outcome, junction, start)
    outcome.summary["mode_matrices"] = _matrices(given, junction)
    outcome.summary.update(_regions(junction, comm, outcome.summary["t"]))
    return outcome


def _exponential(given: Given) -> bool:
    """Whether the exponential integrator is the one that runs."""
    with petsc.Options(given.petsc) as options:
        return options.get("evolve_ts_type", "exponential") == "exponential"


def _matrices(given: Given, junction: Junction) -> int:
    """Groups of modes that have a matrix when what jumps of the bias have left is gone."""
    groups = junction.groups()
    if not _exponential(given):
        return len(groups)
    rates = np.array([group.rate(junction, 0.0) for group in groups])
    return fast_poles.carried(rates, given.numerics.dt, np.inf)


def _run_sites(given: Given, comm, log, output) -> Outcome:
    """The order parameter is free on every site: columns of modes over ranks. **Collective.**"""
    junction = build_junction(given, comm, output.recall)
    sites = build_sites(given, comm, output.recall)
    fresh: list[bool] = []

    def begin_at(*given: object) -> tuple:
        fresh.append(True)
        return site_start(*given)

    start = Start(*output.recall("start", begin_at, given, comm, junction, sites, log))
    # a run that was begun when modes without a range were kept by columns goes on with those
    by_columns = output.recall("by_columns", lambda: not fresh) or not _exponential(given)
    frame = start.summary.get("mu_pair")
    junction = in_frame(junction, frame)
    delta = noisy(given, sites, start.delta)

    ranges = ranges_of(given)

    def state(variant: str | None, begin: bool) -> SiteState | WindowState:
        """The run's state; that of "pole error" has a looser fit, of "range error" more rows."""
        model, dtype = junction, mode_dtype(given.numerics)
        if variant == "pole error":
            model = in_frame(loosen_poles(given, comm, junction, output.recall), frame)
        system = SiteQuench(model, sites, delta)
        progress = StartProgress(log)

        def told(share: float) -> None:
            progress.part(share, "modes")

        if ranges is None and by_columns:
            return SiteState(system, comm, dtype, begin, told)
        if ranges is None:
            return WindowState(system, comm, WHOLE, dtype, begin, told)
        kept = ranges if variant is None else ranges_of(given, 2.0)
        if variant == "range error":
            kept = kept.longer(LONGER)
        return WindowState(system, comm, kept, dtype, begin, told)

    records = SiteRecords(junction, sites, comm, ranges is not None)
    outcome = run_evolution(given, comm, log, output, state, records)
    if ranges is not None:
        system = SiteQuench(junction, sites, delta)
        outcome.summary["mode_matrices"] = matrices_of(system, ranges)
    _add_start(outcome, junction, start)
    return outcome


def _add_start(outcome: Outcome, junction: Junction, start: Start) -> None:
    """Tell of the poles and of the state before t = 0 in the outcome."""
    outcome.summary.update(poles_summary(junction), **start.summary)
    outcome.warnings[:0] = start.warnings


def _regions(junction: Junction, comm, t: float) -> dict:
    """Region of the phase diagram of this lattice before t = 0 and at the bias of time t.

    None for unequal leads. **Collective.**
    """
    if not junction.balanced:
        return {"region_initial": None, "region": None}
    lead, lattice = junction.leads[0], junction.lattice
    grid = finite(lattice.Lx, lattice.Ly)
    points = [
        Point(
            junction.U,
            junction.mu,
            lead.gamma,
            junction.h,
            lead.T,
            abs(bias),
            hartree=junction.hartree,
        )
        for bias in (junction.drive.start, junction.drive(t, -1))
    ]
    names = on_root(comm, lambda: [onsets.region(point, grid) for point in points])
    return {"region_initial": names[0], "region": names[1]}
