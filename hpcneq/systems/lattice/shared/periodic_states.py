"""Two superconducting leads at different bias: the state repeats with half the Josephson period."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ....errors import InputError, NotConverged
from ....maths.pole_leads import Density, LeadPoles
from ....solvers.pole_leads.periodic import Periodic, Unresolved, periodic
from ....solvers.pole_leads.stationary import Undamped
from ..physics import observables
from ..physics.open_lattice import OpenLattice
from .setup import Setup, undamped

HARMONIC = 1e-9  # how far ratios of potentials may be from whole numbers
MOST_PARTS = 64  # of the smallest difference of potentials that count in a common period
STEPS = 80  # of a period where the input does not say
MOST_STEPS = 4000  # of a period before t = 0
Record = dict[str, Any]


def levels_of(setup: Setup, eV: float) -> list[float]:
    """Potentials of the superconducting leads."""
    V = setup.drives.at_bias(eV).shifts(-1.0)
    return [float(v) for v, lead in zip(V, setup.reservoirs) if lead.superconducting]


def period_of(setup: Setup, eV: float) -> float | None:
    """pi over the difference of the potentials of the bcs leads; None if they are equal.

    Raises InputError if there is no common period.
    """
    return common_period(levels_of(setup, eV))


def common_period(levels: list[float]) -> float | None:
    """pi over the largest common divisor of the differences of levels; None if they are equal.

    Raises InputError if there is none.
    """
    gaps = sorted({round(abs(level - levels[0]), 12) for level in levels} - {0.0})
    if not gaps:
        return None
    for parts in range(1, MOST_PARTS + 1):
        ratios = parts * np.array(gaps) / gaps[0]
        if np.all(np.abs(ratios - np.round(ratios)) <= HARMONIC):
            return float(np.pi * parts / gaps[0])
    raise InputError(
        "[leads] bias, V: the potentials of the bcs leads have no common period: their differences "
        f"must be whole multiples of one of them, or of up to 1/{MOST_PARTS} of it"
    )


def _periodic(setup: Setup, leads: LeadPoles, period: float, eV: float, steps: int) -> Periodic:
    """The periodic state in the frame of the first superconductor.

    Raises InputError for undamped levels, Unresolved for too few steps.
    """
    drives = setup.drives.at_bias(eV)
    frame = levels_of(setup, eV)[0]
    system = OpenLattice(setup.field, setup.bonds, leads, drives, frame)
    try:
        return periodic(system, period, steps)
    except Undamped as error:
        raise undamped(setup, error.growth, np.array(error.components)) from None


def periodic_density(setup: Setup, leads: LeadPoles, period: float) -> Density:
    """R at t = 0 of the periodic state before it. Raises NotConverged."""
    eV, dt = setup.drives.eV(-1.0), setup.given.numerics.dt
    try:
        return _periodic(setup, leads, period, eV, STEPS).density
    except Unresolved:
        pass
    steps = math.ceil(period / dt)
    if steps > MOST_STEPS:
        raise NotConverged(
            f"before t = 0: the period {period:g} of two bcs leads takes {steps:.3g} steps of dt "
            f"(most: {MOST_STEPS}); begin at equal bias, or further from it"
        )
    try:
        return _periodic(setup, leads, period, eV, max(STEPS, steps)).density
    except Unresolved as error:
        raise NotConverged(f"before t = 0: {error}; try a smaller [numerics] dt") from None


def mean_over_period(
    setup: Setup, leads: LeadPoles, period: float, eV: float, steps: int
) -> Record:
    """A record of the periodic state: means over the period, with those of half the steps.

    Raises NotConverged.
    """
    try:
        state = _periodic(setup, leads, period, eV, steps)
    except Unresolved as error:
        raise NotConverged(f"eV = {eV:g}: {error}; use more [numerics] periodic_steps") from None
    field, bonds = setup.field, setup.bonds
    form = field.form
    mean = state.mean_flows
    every = state.flows[::2].mean(axis=0)
    H = field.values(np.zeros(0, complex), setup.drives.vector_potential(-1.0))
    rho = state.rho.mean(axis=0)
    size = form.size
    particles = mean @ form.particle
    return {
        "seed": "",
        "converged": True,
        "residual": 0.0,
        "mu_c": levels_of(setup, eV)[0],
        "delta": observables.site_pairing(field, H),
        "delta_bond": observables.bond_pairing(field, H),
        "delta_max": observables.largest_pairing(field, H),
        "density": form.density(rho[:size]),
        "bond_current": observables.bond_flows(field, bonds, H, rho[size : size + len(bonds.rows)]),
        "current": particles,
        "spin_current": mean @ form.spin_z,
        "continuity": abs(float(particles.sum())),
        "pair_source": 0.0,
        "redundancy": 0.0,
        "step_error": float(np.abs(every @ form.particle - particles).max()),
        "growth_A": float(np.log(np.abs(state.multipliers).max()) / (2 * period)),
        "growth_rate": float(np.log(np.abs(state.multipliers).max()) / period),
        "frequency": 0.0,
        "stability": "stable",
        "period": period,
    }
