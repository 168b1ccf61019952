"""Task ``pump-probe`` of the lattice: the conductivity at delays after a pulse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ....parallel import Communicator, on_root
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..shared.chosen_state import largest_state
from ..shared.kicks import Pumped, Window, window_of
from ..shared.setup import LOOSE, LatticeLeads, Setup, begin, write_model
from ..shared.two_times import facts, pairing_error, words_of
from .conductivity import Response
from .evolve import before, start_of

Record = dict[str, Any]
SHARE = 0.3  # of what twice the step and looser fits change: more than their orders leave


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """sigma(w, delay) after what changes at t = 0, by kicks at each delay. **Collective.**

    Ranks take delays.
    """
    setup = begin(given, comm, output.recall)
    setup = replace(setup, drives=setup.drives.resolved(given.numerics.dt))
    leads, loose = setup.leads(setup.fits()), setup.leads(setup.fits(LOOSE))
    start = output.recall("start", start_of, setup, leads)
    axes = dict(given.sweep) or {"delay": np.array([given.parameters.delay])}
    window, delays = window_of(given), axes["delay"]
    first, last = min(float(delays.min()), 0.0), float(delays.max())
    dt = given.numerics.dt
    fine = Pumped(setup, leads, start, first, dt)
    coarse = Pumped(setup, loose, start, first, 2 * dt)
    log(f"pump-probe: {len(delays)} delays, {2 * window.steps} steps each")

    def point(at: Record, previous: Record | None) -> Record:
        record = fine.response(at["delay"], window, last)
        record["sigma_error"] = np.full(len(window.energies), np.nan)
        if given.numerics.error_estimate:
            rough = coarse.response(at["delay"], window.coarse(), last)
            miss = np.abs(rough["sigma"] - record["sigma"])
            square = window.kick**2 * np.abs(record["sigma"])
            record["sigma_error"] = SHARE * miss + record["cut"] + square
        return record

    sweep = run_sweep(axes, point, comm, log, output, "pump-probe", everywhere=False)
    still = on_root(comm, still_response, setup, leads, window)
    if given.numerics.error_estimate:
        error = on_root(comm, pairing_error, setup, loose, start)
        start = start | {"delta_max_error": error}
    return sweep.report(output, lambda out: _report(setup, window, start, still, sweep, out))


def still_response(setup: Setup, leads: LatticeLeads, window: Window) -> np.ndarray:
    """(energies,) sigma(w + i width) of the state before t = 0, by the linear equations."""
    stationary = before(setup, leads)
    response = Response(stationary, largest_state(stationary))
    z = window.energies + 1j * window.width
    return np.array([-1j * response.K(w) / w for w in z])


def _report(
    setup: Setup, window: Window, start: Record, still: np.ndarray, sweep: Sweep, out: Written
) -> Outcome:
    """The map written, its largest change told."""
    write_model(setup, out)
    out.axis("delay", sweep.axes["delay"])
    out.axis("energy", window.energies)
    lost = np.full(len(window.energies), np.nan, complex)
    sigma = np.array(sweep.values("sigma", lost))
    error = np.array(sweep.values("sigma_error", lost.real))
    out.fixed("sigma", sigma)
    out.fixed("sigma_error", error)
    out.fixed("sigma_still", still)
    out.fixed("delta_max_at", sweep.table("delta_max"), ("delay",))
    summary = facts(setup, start)
    change = np.abs(sigma - still)
    summary["change_max"] = float(np.nanmax(change, initial=0.0))
    errors = {}
    if setup.given.numerics.error_estimate:
        errors["change_max"] = float(np.nanmax(error, initial=0.0))
        errors["delta_max"] = start["delta_max_error"]
    return sweep.outcome(summary, errors, words_of(setup.given, start))
