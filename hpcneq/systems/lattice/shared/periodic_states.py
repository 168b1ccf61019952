"""Two superconducting leads at different bias: the state repeats with half the Josephson period."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....maths.pole_leads import Density, LeadPoles
from ....solvers.pole_leads.periodic import Periodic, periodic
from ....solvers.pole_leads.stationary import Undamped
from ..physics import observables
from ..physics.open_lattice import OpenLattice
from .setup import Setup, undamped

HARMONIC = 1e-9  # how far ratios of potentials may be from whole numbers
STEPS = 80  # of a period where the input does not say
Record = dict[str, Any]


def levels_of(setup: Setup, eV: float) -> list[float]:
    """Potentials of the superconducting leads."""
    V = setup.drives.at_bias(eV).shifts(-1.0)
    return [float(v) for v, lead in zip(V, setup.reservoirs) if lead.superconducting]


def period_of(setup: Setup, eV: float) -> float | None:
    """pi over the difference of the potentials of the bcs leads; None if it is not periodic."""
    levels = levels_of(setup, eV)
    gaps = sorted({round(abs(level - levels[0]), 12) for level in levels} - {0.0})
    if not gaps or any(abs(gap / gaps[0] - round(gap / gaps[0])) > HARMONIC for gap in gaps):
        return None
    return float(np.pi / gaps[0])


def _periodic(setup: Setup, leads: LeadPoles, period: float, eV: float, steps: int) -> Periodic:
    """The periodic state in the frame of the first superconductor. Raises InputError."""
    drives = setup.drives.at_bias(eV)
    frame = levels_of(setup, eV)[0]
    system = OpenLattice(setup.field, setup.bonds, leads, drives, frame)
    try:
        return periodic(system, period, steps)
    except Undamped as error:
        raise undamped(setup, error.growth, np.array(error.components)) from None


def periodic_density(setup: Setup, leads: LeadPoles, period: float) -> Density:
    """R at t = 0 of the periodic state before it."""
    return _periodic(setup, leads, period, setup.drives.eV(-1.0), STEPS).density


def mean_over_period(
    setup: Setup, leads: LeadPoles, period: float, eV: float, steps: int
) -> Record:
    """A record of the periodic state: means over the period, with those of half the steps."""
    state = _periodic(setup, leads, period, eV, steps)
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
