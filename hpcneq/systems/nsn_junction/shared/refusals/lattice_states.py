"""Refused inputs of the tasks on a lattice: evolutions, patterns and spectra."""

from __future__ import annotations

import os

import numpy as np

from .....errors import InputError
from .....maths.drives import refuse_unresolved
from .....solvers.output_times import refuse_uncountable
from .....tasks import Given
from ...inputs import SiteTable
from ...physics.junction import at_rest, equilibrium
from ..biased_leads import bias_of, leads_of, sites_table_of, vector_potential_of
from ..input_sites import is_nominal, site_fields
from .limits import refuse_hartree, require_baths

LONGEST_PATTERN = 1000  # sites along one direction
FIXED_LEVELS = (
    'not in evolve with symmetry = "full": the compiled products with H over sites take its levels '
    'as fixed numbers; use symmetry = "stripe", or task pattern, which has shifts on every site'
)
MOST_TURNING_SITES = 2000  # of a full lattice on which a condensate turns at the start


def require_memory(given: Given) -> None:
    """Refuse a lattice whose blocks of the hopping matrix do not fit into this machine."""
    numerics = given.numerics
    need = 8.0 * numerics.Lx**2 * (numerics.Ly // 2 + 1)
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if need > have:
        raise InputError(
            f"[numerics] Lx = {numerics.Lx}, Ly = {numerics.Ly}: the blocks of the hopping matrix "
            f"alone need {need / 2**30:.0f} GB, this machine has {have / 2**30:.0f} GB"
        )


def require_stationary_start(given: Given, turning: bool = False) -> None:
    """Refuse a start along x that is not stationary, or has no name.

    turning : whether a uniform condensate may be stationary in the frame of its phase.
    """
    state, wave_number = given.initial.state, given.initial.wave_number
    if state in ("normal", "file"):
        return
    bias = _start_bias(given)
    place = (leads_of(given), given.parameters.mu, bias)
    if state == "auto" and not equilibrium(*place):
        raise InputError(
            '[initial] state = "auto": states are compared by their free energy, which exists for '
            "leads of one temperature at mu and zero bias only "
            f'(got eV = {bias:g} before t = 0); use "normal", "bcs" or "fflo"'
        )
    if not (turning and state == "bcs"):
        _require_rest(given)
    if wave_number is not None:
        _require_wave_on_lattice(given)


def spectrum(given: Given) -> None:
    """Refuse what the task ``spectrum`` cannot compute."""
    require_baths(given)
    require_memory(given)
    require_stationary_start(given)


def evolve(given: Given) -> None:
    """Refuse what the task ``evolve`` cannot compute."""
    require_baths(given)
    _require_shifts(given)
    if given.numerics.symmetry == "full":
        refuse_hartree(given, FIXED_LEVELS)
        _require_free_modes(given)
    else:
        _require_stripes(given)
    require_memory(given)
    _require_readable(given)
    if given.numerics.symmetry == "full":
        _require_site_start(given)
        _require_vortices_on_lattice(given)
    else:
        require_stationary_start(given, turning=True)
    _require_resolved(given, given.numerics.dt)
    _require_countable_rows(given, given.numerics.dt)


def ensemble(given: Given) -> None:
    """Refuse what the task ``ensemble`` cannot compute."""
    require_baths(given)
    _require_shifts(given)
    _require_seeds(given)
    if given.numerics.symmetry == "full":
        raise InputError(
            '[numerics] symmetry = "full": task ensemble needs "stripe" or "stripe-parity"; '
            'tasks with "full": evolve, pattern'
        )
    if given.initial.state in ("crossed", "pattern"):
        _refuse_state_over_sites(given)
    require_memory(given)
    _require_readable(given)
    require_stationary_start(given, turning=True)
    for dt in given.sweep.get("dt", [given.numerics.dt]):
        _require_resolved(given, dt)
        _require_countable_rows(given, dt, given.run.t_max)


def pattern(given: Given) -> None:
    """Refuse what the task ``pattern`` cannot compute."""
    require_baths(given)
    for key in ("Lx", "Ly"):
        length = vars(given.numerics)[key]
        if length > LONGEST_PATTERN:
            raise InputError(
                f"[numerics] {key} = {length}: must be <= {LONGEST_PATTERN}: "
                "each pole is a linear system over all sites"
            )
    require_memory(given)
    _require_readable(given)
    if given.initial.state in ("fflo", "crossed"):
        _require_wave_on_lattice(given)


def _require_shifts(given: Given) -> None:
    """Refuse starts that are not found with Hartree shifts."""
    if not given.parameters.hartree or given.initial.state == "normal":
        return
    if given.initial.state == "file":
        refuse_hartree(
            given, 'not with [initial] state = "file": the poles of that run need not reach as far'
        )
    if not at_rest(leads_of(given), given.parameters.mu, _start_bias(given)):
        refuse_hartree(
            given,
            "between these leads the phase of a condensate turns, and its chemical potential is "
            'found without shifts of the levels; use [initial] state = "normal"',
        )


def _require_dense_start(given: Given) -> None:
    """Refuse a turning condensate over more sites than whose levels are found at once."""
    turning = not at_rest(leads_of(given), given.parameters.mu, _start_bias(given))
    sites = given.numerics.Lx * given.numerics.Ly
    if turning and sites > MOST_TURNING_SITES:
        raise InputError(
            f"[numerics] Lx, Ly: {sites} sites: must be <= {MOST_TURNING_SITES} for a condensate "
            'whose phase turns with symmetry = "full"; use "stripe" or state = "normal"'
        )


def _require_rest(given: Given) -> None:
    """Refuse a condensate whose phase turns."""
    if not at_rest(leads_of(given), given.parameters.mu, _start_bias(given)):
        _refuse_turning_phase(given.initial.state)


def _start_bias(given: Given) -> float:
    """The bias before t = 0; 0 where the file of a run that has begun is gone."""
    if given.begun and isinstance(given.parameters.eV, str):
        return 0.0
    return bias_of(given).start


def _require_readable(given: Given) -> None:
    """Refuse a bias, a vector potential or site fields that cannot be read."""
    if given.begun:  # what they were is remembered; files may be gone
        return
    bias_of(given)
    if given.numerics.symmetry == "full":
        for axis in ("x", "y"):
            vector_potential_of(given, axis)
        site_fields(given)


def _require_stripes(given: Given) -> None:
    """Refuse what needs an order parameter that is free on every site."""
    if given.tables.get("sites") not in (None, SiteTable()):
        raise InputError('[sites]: goes with [numerics] symmetry = "full" only')
    if given.initial.state in ("crossed", "pattern"):
        _refuse_state_over_sites(given)
    if given.initial.vortices:
        raise InputError('[initial] vortices: goes with [numerics] symmetry = "full" only')
    if given.initial.clean:
        raise InputError('[initial] clean: goes with [numerics] symmetry = "full" only')


def _require_vortices_on_lattice(given: Given) -> None:
    """Refuse vortices beside the lattice, or whose phase does not close on it."""
    vortices, sides = given.initial.vortices, sites_table_of(given)
    if not vortices:
        return
    for x, y, _ in vortices:
        if not (0 <= x < given.numerics.Lx and 0 <= y < given.numerics.Ly):
            raise InputError(f"[initial] vortices: [{x:g}, {y:g}, ...] is not on the lattice")
    if sides.boundary_x != sides.boundary_y:
        raise InputError("[initial] vortices: need both boundaries periodic, or both open")
    turns = sum(vortex[2] for vortex in vortices)
    if sides.boundary_x == "periodic" and turns:
        raise InputError(
            f"[initial] vortices: turns must add up to 0 on a periodic lattice, got {turns:g}"
        )


def _refuse_state_over_sites(given: Given) -> None:
    raise InputError(
        f'[initial] state = "{given.initial.state}": goes with [numerics] symmetry = "full" only'
    )


def _refuse_turning_phase(state: str) -> None:
    raise InputError(
        f'[initial] state = "{state}": between these leads, at the bias before t = 0, '
        'the phase of a condensate turns; only "normal" is stationary, and in tasks evolve and '
        'ensemble, on uniform lattices or with [initial] clean, "bcs" in the frame of its phase'
    )


def _require_free_modes(given: Given) -> None:
    """Refuse what columns of modes over sites cannot do."""
    if given.initial.state == "file":
        raise InputError(
            '[initial] state = "file": not with symmetry = "full"; a stopped run goes on with '
            '--resume, a stationary order parameter is taken up by state = "pattern"'
        )
    if given.numerics.corrector:
        raise InputError(
            f"[numerics] corrector = {given.numerics.corrector}: must be 0 with "
            'symmetry = "full", whose modes are advanced in place'
        )


def _require_site_start(given: Given) -> None:
    """Refuse a start over sites that is not known to be stationary."""
    if given.begun:
        return
    if given.numerics.range is not None and given.initial.state != "normal":
        _require_rest(given)
    state = given.initial.state
    if given.initial.clean and is_nominal(given):
        raise InputError(
            "[initial] clean: this lattice has no disorder, no [sites] file that changes it and no "
            "open boundary"
        )
    if state == "normal":
        return
    if (given.initial.clean or is_nominal(given)) and state not in ("crossed", "pattern"):
        if any(vector_potential_of(given, axis).start for axis in ("x", "y")):
            _require_seed_under_vector_potential(given)
            return
        require_stationary_start(given, turning=True)
        _require_dense_start(given)
        return
    if state == "auto":
        raise InputError(
            '[initial] state = "auto": free energies are compared on uniform lattices, or with '
            '[initial] clean; use "normal", "bcs", "fflo", "crossed" or "pattern"'
        )
    _require_rest(given)
    if state in ("fflo", "crossed"):
        _require_wave_on_lattice(given)


def _require_seed_under_vector_potential(given: Given) -> None:
    """Refuse a start that is no seed: under a vector potential states are sought over sites."""
    if given.initial.state == "auto":
        raise InputError(
            '[initial] state = "auto": with a vector potential before t = 0 no free energies are '
            'compared; use "normal", "bcs" or "fflo"'
        )
    _require_rest(given)
    if given.initial.state == "fflo":
        _require_wave_on_lattice(given)


def _require_wave_on_lattice(given: Given) -> None:
    """Refuse more waves than the lattice has, or any on a single site."""
    wave_number, most = given.initial.wave_number, given.numerics.Lx // 2
    if wave_number is not None and wave_number > most:
        raise InputError(f"[initial] wave_number = {wave_number}: must be <= Lx // 2 = {most}")
    if most == 0:
        raise InputError(f'[initial] state = "{given.initial.state}": needs [numerics] Lx >= 2')


def _require_seeds(given: Given) -> None:
    """Refuse an ensemble without usable seeds and time steps."""
    if "seed" not in given.sweep:
        raise InputError("[sweep] seed: missing; an ensemble needs the seeds to begin from")
    if given.initial.state == "file":
        raise InputError('[initial] state = "file": an ensemble begins from stationary states')
    seeds, steps = given.sweep["seed"], given.sweep.get("dt", np.ones(1))
    if np.any(seeds != np.round(seeds)) or np.any(seeds < 0):
        raise InputError("[sweep] seed: must be whole numbers >= 0")
    if np.any(steps <= 0):
        raise InputError("[sweep] dt: must be > 0")


def _require_resolved(given: Given, dt: float) -> None:
    """Refuse time steps that do not resolve the bias or the vector potential.

    PETSc's own integrators choose theirs.
    """
    if given.begun or given.petsc.get("evolve_ts_type", "exponential") != "exponential":
        return
    drives = [("[parameters] eV", bias_of(given), False)]
    if given.numerics.symmetry == "full":
        for axis in ("x", "y"):
            drives.append((f"[sites] A_{axis}", vector_potential_of(given, axis), True))
    refuse_unresolved(dt, drives)


def _require_countable_rows(given: Given, dt: float, every: float | None = None) -> None:
    """Refuse more steps or rows of output than an evolution can have."""
    refuse_uncountable(given.run.t_max, dt, every or given.run.output_every)
