"""The physical model of an input: its parameters as a `Material`, its interactions and momenta."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ....maths import bands
from ....maths.bands import Grid
from ....tasks import Given
from ..inputs import Parameters
from ..physics.material import Material

SLOW_SHARE = 1e-3  # gamma2 of an input that gives neither share


def material_at(parameters: Parameters, **values: float) -> Material:
    """The `Material` of a parameter table, with some of its keys replaced by ``values``.

    A share gamma1 or gamma2 among the values takes the place of both.
    """
    changes: dict[str, Any] = dict(values)
    if "gamma1" in values:
        changes["gamma2"] = None
    if "gamma2" in values:
        changes["gamma1"] = None
    p = replace(parameters, **changes)
    gamma1, gamma2 = shares(p)
    decay = p.Gamma12
    if p.model == "two-band" or decay is None:
        decay = p.Gamma
    mu1, mu2 = chemical_potentials(p)
    return Material(
        V=p.V,
        Omega=p.Omega,
        Gamma1=p.Gamma * gamma1,
        Gamma2=p.Gamma * gamma2,
        Gamma12=decay,
        Gamma3=p.Gamma3,
        tau=p.tau,
        kappa_plus=p.kappa_plus,
        v_minus=p.v_minus,
        v_plus=p.v_plus,
        k_max=p.k_max,
        T=p.T,
        E_g=p.E_g,
        mu1=mu1,
        mu2=mu2,
        mu=p.mu,
        detuning=p.detuning,
        model=p.model,
        projected=p.self_consistency == "projected",
    )


def shares(p: Parameters) -> tuple[float, float]:
    """(gamma_1, gamma_2), the shares of Gamma of the two bands."""
    if p.gamma2 is not None:
        return 1 - p.gamma2, p.gamma2
    if p.gamma1 is not None:
        return p.gamma1, 1 - p.gamma1
    return 1 - SLOW_SHARE, SLOW_SHARE


def chemical_potentials(p: Parameters) -> tuple[float, float]:
    """(mu1, mu2) of the reservoirs: mu where they are not those of the optical-pumping model."""
    if p.model != "optical-pumping":
        return p.mu, p.mu
    if p.mu2 is None:
        return p.mu1, p.E_g
    return p.mu1, p.mu2


def largest_energy(m: Material, full_drive: bool = False) -> float:
    """The largest pair energy |E|, Rabi frequency or decay rate on the grid.

    What a time step must resolve. The Rabi frequency is sqrt(eps^2 + Omega^2) at detuning eps.
    full_drive : the laser without the rotating-wave approximation reaches twice Omega, and adds
    twice its frequency.
    """
    k, Omega = m.k_max, m.Omega
    carrier = 0.0
    if m.model == "optical-pumping":  # the laser acts by rates there, not in the motion
        Omega = 0.0
    if full_drive:
        Omega, carrier = 2 * Omega, 2 * abs(m.E_g + m.detuning)
    pair = abs(m.v_plus) * k + abs(m.kappa_plus) * k * k + 2 * abs(m.mu)
    rabi = np.hypot(abs(m.v_minus) * k + abs(m.detuning), Omega)
    pairs = np.hypot(pair, m.Gamma12)
    return float(max(np.hypot(rabi, m.Gamma), pairs, 2 * m.Gamma1, 2 * m.Gamma2)) + carrier


def interactions(given: Given) -> np.ndarray:
    """The interactions V, (runs,), float: those of the sweep, or the one of the parameters."""
    if given.sweep:
        return given.sweep["V"]
    return np.array([given.parameters.V])


def momenta(given: Given, m: Material) -> Grid:
    """The grid (k, dk/2pi) of the input, each (n,)."""
    if given.numerics.grid == "uniform":
        return bands.uniform(m.k_max, given.numerics.points)
    return m.graded(given.numerics.points)
