"""Task ``pattern`` of the nsn-junction: a stationary order parameter, free on every site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root
from ....solvers.site_columns.stationary import Stationary, stationary_observables
from ....tasks import Given, Outcome, Output
from ..physics import patterns
from ..physics.junction import Junction, equilibrium
from ..physics.lattice_dynamics import SiteQuench, free_energy
from ..physics.site_lattice import Sites
from ..shared.evolution_records import BONDS, FLOWS, bond_maps
from ..shared.input_junction import build_junction
from ..shared.input_sites import build_sites
from ..shared.site_patterns import (
    exact_root,
    gap_equations,
    noise_seed,
    normal_levels,
    order_parameter,
    polish,
    seed_of,
    self_consistent,
)

CAUTION = 2.0  # factor of what the exact leads change
MOST_LEVELS = 3000  # of the matrix whose levels make the free energy
MEANS = ("density", "magnetization", "current_left", "current_right", "current_x", "current_y")


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Delta_j = -i U_j G^<_{j up, j hole}, nothing assumed of the pattern. **Collective.**

    Kawamura & Ohashi 2025, Eq. (21), with the Hartree shifts of every site where they are asked
    for. Self-consistency accelerated, then Newton. Errors: what exact leads change, by the
    linearised equations. Not every pattern is stable: evolve it.
    """
    junction = build_junction(given, comm, output.recall)
    sites = build_sites(given, comm, output.recall)
    seed, wave_number = seed_of(given, comm, junction, given.initial.state)
    if given.initial.noise:
        seed = seed + patterns.site_noise(sites.count, given.initial.noise, noise_seed(given))
    try:
        rough = self_consistent(given, comm, junction, sites, log, (seed, wave_number))
    except NotConverged as error:
        return Outcome("not-converged", {}, {}, [str(error)])
    problem = gap_equations(junction, sites)
    root = polish(problem, comm, rough, log)
    found = describe(problem, comm, root.x)
    _write(output(), sites, found)
    errors = {}
    if given.numerics.error_estimate:
        exact = exact_root(junction, sites, comm, root.x, log)
        other = describe(exact.equations, comm, exact.x)
        errors = _errors(found, other, exact.bound)
        delta_error = CAUTION * np.abs(other.delta - found.delta) + exact.bound
        output().fixed("delta_error", delta_error)
    summary = found.numbers | {
        "residual": root.residual,
        "iterations": root.iterations,
        "pole_error": max(fit.error for fit in junction.poles),
    }
    return Outcome("complete", summary, errors, found.left_out)


@dataclass(frozen=True)
class Description:
    """A pattern: delta (Lx, Ly), maps over sites, numbers, and why some are left out."""

    delta: np.ndarray
    maps: dict[str, np.ndarray]
    numbers: dict
    left_out: list[str]


def describe(problem: Stationary, comm: Communicator, x: np.ndarray) -> Description:
    """What the pattern of a root x is like, and what it carries. **Collective.**"""
    system, sites = problem.system, problem.system.sites
    delta, (_, levels) = order_parameter(x, sites), problem.fields(x)
    observed = stationary_observables(system, comm, delta.ravel(), levels)
    up, down = observed["density_up"], observed["density_down"]
    flows = bond_maps(observed["bonds"], delta.shape)
    maps = {"density": up + down, "magnetization": up - down}
    maps = {name: value.reshape(delta.shape) for name, value in maps.items()}
    numbers = patterns.describe_sites(delta)
    numbers |= {name: float(value.mean()) for name, value in maps.items()}
    numbers |= {f"current_{name}": value for name, value in observed["current"].items()}
    numbers |= {name: flows[name] for name in FLOWS}
    left_out = _left_out(system.junction, sites)
    try:
        numbers |= _beside_normal(problem, comm, delta.ravel(), levels, numbers)
    except NotConverged as error:
        left_out = [f"free_energy, supercurrent_x, supercurrent_y: left out: {error}"]
    maps |= {name: flows[name] for name in BONDS}
    return Description(delta, maps, numbers, left_out)


def _beside_normal(
    problem: Stationary,
    comm: Communicator,
    delta: np.ndarray,
    levels: np.ndarray | None,
    numbers: dict,
) -> dict[str, float]:
    """Supercurrents and free energy, of which those of the normal state are taken. **Collective.**

    Raises NotConverged, where there are no shifts of the normal state's levels.
    """
    system = problem.system
    flows = any(drive.start for drive in system.sites.vector)
    energy = _has_energy(system.junction, system.sites)
    normal = normal_levels(problem, comm) if flows or energy else None
    found = _supercurrent(system, comm, numbers, normal)
    if energy:
        found["free_energy"] = on_root(comm, free_energy, system, delta, levels, normal)
    return found


def _supercurrent(
    system: SiteQuench, comm: Communicator, numbers: dict, levels: np.ndarray | None
) -> dict[str, float]:
    """The mean bond currents less those without a condensate. **Collective.**

    levels : shifts (2, N) of those of the normal state.
    """
    normal = dict.fromkeys(FLOWS, 0.0)
    if any(drive.start for drive in system.sites.vector):
        empty = np.zeros(system.sites.count, complex)
        bonds = stationary_observables(system, comm, empty, levels)["bonds"]
        normal = {name: float(bonds[:, k].mean()) for k, name in enumerate(FLOWS)}
    return {f"super{name}": numbers[name] - normal[name] for name in FLOWS}


def _has_energy(junction: Junction, sites: Sites) -> bool:
    """Whether there is a free energy, and the levels that it takes can be found."""
    at_rest = equilibrium(junction.leads, junction.mu, junction.drive.start)
    return at_rest and 2 * sites.count <= MOST_LEVELS


def _left_out(junction: Junction, sites: Sites) -> list[str]:
    """Why there is no free energy, if there is none."""
    if _has_energy(junction, sites):
        return []
    if 2 * sites.count > MOST_LEVELS:
        return [f"free_energy: left out on more than {MOST_LEVELS // 2} sites"]
    return [
        f"free_energy: left out at eV = {junction.drive.start:g}: only states at zero bias have one"
    ]


def _errors(ours: Description, exact: Description, bound: float) -> dict[str, float]:
    """Errors of a pattern's numbers: what exact leads change, and what bounds their own error."""
    names = ("delta_max", "delta_rms", "stripe_fraction", "free_energy", *MEANS)
    names += tuple(f"super{name}" for name in FLOWS)
    return {
        name: CAUTION * abs(exact.numbers[name] - ours.numbers[name]) + bound
        for name in names
        if name in ours.numbers and name in exact.numbers
    }


def _write(out, sites: Sites, found: Description) -> None:
    """Data sets over (x, y). **Collective.**"""
    out.axis("x", np.arange(sites.Lx))
    out.axis("y", np.arange(sites.Ly))
    out.fixed("delta", found.delta)
    for name, values in found.maps.items():
        out.fixed(name, values)
    out.fixed("potential", sites.potential.reshape(found.delta.shape))
    out.fixed("pairing", sites.pairing.reshape(found.delta.shape))
