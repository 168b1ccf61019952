"""Task ``evolve`` of the lattice: a stationary state before t = 0, then whatever changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ....errors import NotConverged
from ....maths.pole_leads import Density
from ....parallel import Communicator
from ....solvers.pole_leads.columns import ColumnState
from ....solvers.pole_leads.state import PoleState
from ....tasks import Given, Outcome, Output
from ....tasks.evolution import run_evolution
from ..physics.open_lattice import OpenLattice
from ..shared import large_evolutions, large_starts, state_records
from ..shared.chosen_state import largest_state, words_of_lost
from ..shared.evolution_means import add_means
from ..shared.evolution_records import LatticeRecords
from ..shared.periodic_states import (
    mean_over_period,
    period_of,
    periodic_density,
    resolving_steps,
    start_of_period,
)
from ..shared.seeds import noise
from ..shared.setup import LOOSE, LatticeLeads, Setup, begin, lead_facts, model_facts
from ..shared.states import Stationary, stationary_before

SMALL = 64  # levels of the core up to which exponentials of whole matrices are taken
MONITORS = ("continuity", "redundancy", "pair_source")


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """The state at the drives' values before t = 0, and what follows. **Collective.**"""
    setup = begin(given, comm, output.recall)
    setup = replace(setup, drives=setup.drives.resolved(given.numerics.dt))
    fits = setup.fits()
    leads = setup.leads(fits)
    method = method_of(setup, leads)
    columns = method == "columns"
    if columns:
        start = output.recall("start", large_starts.start_of, setup, leads, comm, log)
    else:
        start = output.recall("start", start_of, setup, leads)

    def state(variant: str | None, first: bool) -> PoleState | ColumnState:
        """The run's state; that of "fit error" has looser fits, of "range error" fewer rows."""
        own = setup.leads(setup.fits(LOOSE)) if variant == "fit error" else leads
        if columns:
            reach = given.numerics.range
            if variant == "range error":
                reach *= large_evolutions.SHORTER
            known = start if first else None
            return large_evolutions.state_of(setup, own, comm, log, known, reach)
        system = OpenLattice(setup.field, setup.bonds, own, setup.drives)
        density = None
        if first:
            density = density_of(setup, own, start)
        return PoleState(system, comm, density, method)

    records = LatticeRecords(setup)
    outcome = run_evolution(given, comm, log, output, state, records)
    outcome.summary.update(model_facts(setup), **lead_facts(setup, fits))
    outcome.summary["start"] = {name: start[name] for name in ("delta_max", "mu_c", "residual")}
    outcome.summary |= {name: start[name] for name in (*MONITORS, "growth_A")}
    outcome.warnings[:0] = words_of_lost(start.get("lost", ()))
    if outcome.status == "complete":
        add_means(setup, comm, output(), outcome)
    return outcome


def method_of(setup: Setup, leads: LatticeLeads) -> str:
    """How steps are taken: whole matrices are exact, and affordable where they are small."""
    if large_evolutions.taken(setup, leads):
        return "columns"
    if setup.given.numerics.method != "auto":
        return str(setup.given.numerics.method)
    return "frozen" if leads.core <= SMALL else "etd"


def start_of(setup: Setup, leads: LatticeLeads) -> dict[str, Any]:
    """Mean field and frequency of the state before t = 0. Raises InputError."""
    eV = setup.drives.eV(-1.0)
    period = period_of(setup, eV)
    if period is not None:
        return _periodic_start(setup, leads, period, eV)
    stationary = before(setup, leads)
    state = largest_state(stationary)
    record = state_records.record_of(stationary, state, "")
    start = {name: record[name] for name in ("c", "mu_c", "delta_max", "residual")}
    start |= {name: record[name] for name in MONITORS}
    start |= {"growth_A": None, "lost": list(state.lost)}
    if leads.count:
        start["growth_A"] = stationary.growth(state.c, state.mu)
    return start


def _periodic_start(setup: Setup, leads: LatticeLeads, period: float, eV: float) -> dict[str, Any]:
    """That of two superconductors at different bias before t = 0. Raises NotConverged."""
    steps = resolving_steps(setup, period)
    start = {"c": np.zeros((steps, 0), complex), "mu_c": 0.0, "delta_max": 0.0, "residual": 0.0}
    if setup.interacting:
        begin = start_of_period(setup, steps, None)
        record = mean_over_period(setup, leads, period, eV, steps, begin)
        if not record["converged"]:
            raise NotConverged("evolve: no self-consistent periodic state before t = 0")
        start = {name: record[name] for name in start}
    return start | dict.fromkeys((*MONITORS, "growth_A"))


def before(setup: Setup, leads: LatticeLeads) -> Stationary:
    """The equations at the drives' values before t = 0."""
    return stationary_before(setup, leads, setup.drives, setup.given.initial.T)


def density_of(setup: Setup, leads: LatticeLeads, start: dict[str, Any]) -> Density:
    """R at t = 0, with the noise of [initial]."""
    period = period_of(setup, setup.drives.eV(-1.0))
    stationary = before(setup, leads)
    c = start["c"]
    if period is not None:
        return periodic_density(setup, leads, period, c)
    if setup.given.initial.noise:
        c = c + noise(setup.given, setup.field)
    if stationary.T is None:
        return stationary.whole_density(c, start["mu_c"])
    return stationary.density(c, start["mu_c"])
