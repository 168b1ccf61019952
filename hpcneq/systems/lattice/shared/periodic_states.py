"""Two superconducting leads at different bias: the state repeats with half the Josephson period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....errors import NotConverged
from ....maths.lead_fits import Fit
from ....maths.pole_leads import Density, LeadPoles
from ....solvers.pole_leads.periodic import Periodic, Unresolved, periodic
from ....solvers.pole_leads.periodic_fields import ConsistentPeriod, consistent_period, refined
from ....solvers.pole_leads.stationary import Undamped
from ..physics import observables
from ..physics.open_lattice import OpenLattice
from .fit_errors import least_of_currents
from .lead_input import bcs_levels, common_period
from .seeds import seeds
from .setup import Setup, undamped

STEPS = 80  # of a period where the input does not say, if hops are small
RESOLVED = 0.4  # of a hop times the step, at most
ENOUGH = 0.3  # of the tolerance of H, for the norm of the mean field
MOST_STEPS = 4000  # of a period
Record = dict[str, Any]


def levels_of(setup: Setup, eV: float) -> list[float]:
    """Potentials of the superconducting leads."""
    return bcs_levels(setup.reservoirs, setup.drives.at_bias(eV))


def period_of(setup: Setup, eV: float) -> float | None:
    """pi over the difference of the potentials of the bcs leads; None: the state is stationary."""
    return common_period(levels_of(setup, eV))


def steps_of(setup: Setup, period: float) -> int:
    """Steps of a period: those of the input, else `resolving_steps`. Raises NotConverged."""
    given = setup.given.numerics.periodic_steps
    return resolving_steps(setup, period) if given is None else int(given)


def resolving_steps(setup: Setup, period: float) -> int:
    """So many steps of a period that they resolve the hops. Raises NotConverged for too many."""
    values = np.abs(setup.field.values(np.zeros(setup.field.fields)))
    rows = np.bincount(setup.field.H_rows, values, setup.form.size)
    steps = max(STEPS, 2 * int(np.ceil(0.5 * period * float(rows.max()) / RESOLVED)))
    if steps > MOST_STEPS:
        raise NotConverged(
            f"the period {period:g} of two bcs leads takes {steps:.3g} steps (most: {MOST_STEPS}): "
            "the difference of their bias is too small"
        )
    return steps


def _system(setup: Setup, leads: LeadPoles, eV: float) -> OpenLattice:
    """The lattice at a bias in the frame of the first superconductor."""
    drives = setup.drives.at_bias(eV)
    frame = levels_of(setup, eV)[0]
    return OpenLattice(setup.field, setup.bonds, leads, drives, frame)


def periodic_state(
    setup: Setup,
    leads: LeadPoles,
    period: float,
    eV: float,
    steps: int,
    c: np.ndarray | None = None,
) -> ConsistentPeriod:
    """The periodic state from the mean field c (steps', fields) on, raises as `repeated`.

    c is that of the frame of the first superconductor.
    """
    if c is None:
        c = np.zeros((steps, setup.field.fields), complex)
    try:
        return repeated(setup, _system(setup, leads, eV), period, steps, c)
    except NotConverged as error:
        raise NotConverged(f"eV = {eV:g}: {error}") from None


def repeated(
    setup: Setup, system: OpenLattice, period: float, steps: int, c: np.ndarray
) -> ConsistentPeriod:
    """The state of a system that repeats, from the mean field c (steps', fields) on.

    Raises InputError for undamped states, NotConverged for steps that are too long.
    """
    try:
        if not setup.interacting:
            state = periodic(system, period, steps)
            return ConsistentPeriod(state, np.zeros((steps, 0), complex), 0.0, True, "")
        tolerance = ENOUGH * setup.given.numerics.tolerance
        return consistent_period(system, period, resampled(c, steps), tolerance)
    except Undamped as error:
        raise undamped(setup, error.growth, np.array(error.components)) from None
    except Unresolved as error:
        words = str(error)
        if "periodic_steps" in vars(setup.given.numerics):  # task evolve chooses its own
            words += "; use more [numerics] periodic_steps"
        raise NotConverged(words) from None


def resampled(c: np.ndarray, steps: int) -> np.ndarray:
    """A mean field (steps', fields) of a period at other times of it, (steps, fields)."""
    if len(c) == steps:
        return c
    fine = refined(c, steps)
    return fine[:: len(c)]


def start_of_period(setup: Setup, steps: int, before: Record | None) -> np.ndarray:
    """A mean field (steps, fields): of a state before, or the first start with pairs."""
    if before is None or "c" not in before:
        return np.tile(seeds(setup, 0)[-1][1], (steps, 1))
    return resampled(np.atleast_2d(before["c"]), steps)


def periodic_density(setup: Setup, leads: LeadPoles, period: float, c: np.ndarray) -> Density:
    """R at t = 0 of the periodic state before it, with the mean field c (steps, fields)."""
    eV = setup.drives.eV(-1.0)
    steps = max(len(c), resolving_steps(setup, period))
    return periodic_state(setup, leads, period, eV, steps, c).state.density


def mean_over_period(
    setup: Setup,
    leads: LeadPoles,
    period: float,
    eV: float,
    steps: int,
    c: np.ndarray | None = None,
) -> Record:
    """A record of the periodic state next to c: means over the period, and the steps' error."""
    found = periodic_state(setup, leads, period, eV, steps, c)
    state, field = found.state, setup.field
    form = field.form
    mean = state.mean_flows
    every = state.flows[::2].mean(axis=0)
    particles = mean @ form.particle
    H, residual = _hamiltonians(setup, found)
    step_error = float(np.abs(every @ form.particle - particles).max())
    record = {
        "seed": "",
        "c": found.c,
        "residual": residual,
        "converged": residual <= setup.given.numerics.tolerance,
        "mu_c": levels_of(setup, eV)[0],
        "current": particles,
        "spin_current": mean @ form.spin_z,
        "continuity": abs(float(particles.sum())),
        "pair_source": 0.0,
        "redundancy": 0.0,
        "step_error": step_error,
        "growth_A": float(np.log(np.abs(state.multipliers).max()) / (2 * period)),
        "period": period,
        **_means(setup, state, H),
    }
    if not setup.interacting:
        rate = float(np.log(np.abs(state.multipliers).max()) / period)
        record |= {"growth_rate": rate, "frequency": 0.0, "stability": "stable"}
    return record


def _hamiltonians(setup: Setup, found: ConsistentPeriod) -> tuple[list[np.ndarray], float]:
    """Entries of H at the steps (one if it is constant), and their largest mismatch."""
    field, drives = setup.field, setup.drives
    A, scale = drives.vector_potential(-1.0), drives.U(-1.0)
    if not field.fields:
        return [field.values(np.zeros(0, complex), A)], 0.0
    H = [field.values(c, A, scale) for c in found.c]
    new = [field.values(c, A, scale) for c in found.state.field]
    return H, float(max(np.abs(a - b).max() for a, b in zip(H, new)))


def _means(setup: Setup, state: Periodic, H: list[np.ndarray]) -> Record:
    """Means over the period of pairing (in the first superconductor's frame), density, links."""
    field, bonds = setup.field, setup.bonds
    form = field.form
    size, links = form.size, slice(form.size, form.size + len(bonds.rows))
    rho = state.rho
    if len(H) == 1:
        rho = state.rho.mean(axis=0)[None]
    delta = np.mean([observables.site_pairing(field, row) for row in H], axis=0)
    delta_bond = np.mean([observables.bond_pairing(field, row) for row in H], axis=0)
    flows = [observables.bond_flows(field, bonds, a, row[links]) for a, row in zip(H, rho)]
    return {
        "delta": delta,
        "delta_bond": delta_bond,
        "delta_max": float(np.abs(np.concatenate([delta, delta_bond])).max(initial=0.0)),
        "density": np.mean([form.density(row[:size]) for row in rho], axis=0),
        "bond_current": np.mean(flows, axis=0),
    }


def periodic_error(record: Record, coarse: Record, fits: Sequence[Fit]) -> np.ndarray:
    """Of the currents (leads,): what fewer steps and looser fits change, and what is not kept."""
    change = np.abs(coarse["current"] - record["current"])
    change = np.maximum(change, least_of_currents(fits, record["current"]))
    missing = record["continuity"] + record["residual"]
    return np.asarray(np.maximum(change, missing) + record["step_error"] + 1e-12)
