"""Inputs that the tables allow but a task cannot compute: one function a task, named after it.

Each raises InputError, in one line that names table, key and value, and computes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from ....errors import InputError
from ....solvers.output_times import refuse_uncountable
from ..inputs import Leads, SiteTable
from ..physics.junction import balanced
from .biased_leads import bias_of, leads_of, vector_potential_of
from .finished_run import rows_of_finished_run
from .input_sites import is_uniform, pattern_in_file, site_fields

MOST_MOMENTA = 2 * 10**7  # of a finite lattice whose momenta are all held in memory
LONGEST_PATTERN = 1000  # sites along one direction


# ---- limits that several tasks share ------------------------------------------------------------


def leads_values(given, key: str) -> Iterator[tuple[str, float]]:
    """(table, value) of gamma, T or mu of each lead: its own, else that of [parameters]."""
    leads = given.tables.get("leads") or Leads()
    for name, lead in (("left", leads.left), ("right", leads.right)):
        own = vars(lead)[key]
        if own is not None:
            yield f"[leads.{name}]", own
        else:
            yield "[parameters]", vars(given.parameters)[key]


def require_coupling(given, reason: str) -> None:
    """Refuse a lead with gamma = 0."""
    for table, gamma in leads_values(given, "gamma"):
        if gamma == 0:
            raise InputError(f"{table} gamma = 0.0: must be > 0: {reason}")


def require_temperature(given) -> None:
    """Refuse a lead at T = 0, whose Fermi function has no expansion in poles."""
    for table, T in leads_values(given, "T"):
        if T == 0:
            raise InputError(
                f"{table} T = 0.0: must be > 0: the Fermi function is expanded in poles, "
                "which lie apart by about T"
            )


def require_baths(given) -> None:
    """Refuse leads that cannot be represented by bath modes."""
    require_coupling(given, "the levels decay into the leads by bath modes")
    require_temperature(given)


def require_few_momenta(given) -> None:
    """Refuse a finite lattice whose momenta do not fit into memory."""
    numerics = given.numerics
    if numerics.lattice == "finite" and numerics.Lx * numerics.Ly > MOST_MOMENTA:
        raise InputError(
            f"[numerics] Lx = {numerics.Lx}, Ly = {numerics.Ly}: Lx x Ly must be "
            f'<= {MOST_MOMENTA}: every momentum is held in memory; use lattice = "infinite"'
        )


def require_static_sums(given) -> None:
    """Refuse momentum sums that cannot be confirmed by more accurate ones."""
    require_few_momenta(given)
    error = given.numerics.error
    if not 1e-12 <= error <= 1e-2:
        raise InputError(
            f"[numerics] error = {error!r}: must be >= 1e-12 and <= 0.01: each result is confirmed "
            "with error^1.5, which must be small and above rounding"
        )


def _require_not_negative(given, key: str, reason: str) -> None:
    """Refuse a parameter, swept or not, that is negative."""
    if key in given.sweep:
        table, smallest = "[sweep]", float(np.min(given.sweep[key]))
    else:
        table, smallest = "[parameters]", vars(given.parameters)[key]
    if smallest < 0:
        raise InputError(f"{table} {key} = {smallest!r}: must be >= 0: {reason}")


# ---- static tasks -------------------------------------------------------------------------------


def steady(given) -> None:
    """Refuse what the task ``steady`` cannot compute."""
    require_static_sums(given)


def tmatrix(given) -> None:
    """Refuse what the task ``tmatrix`` cannot compute."""
    require_static_sums(given)


def onset(given) -> None:
    """Refuse what the task ``onset`` cannot compute."""
    require_static_sums(given)


def branches(given) -> None:
    """Refuse what the task ``branches`` cannot compute."""
    require_static_sums(given)


def iv(given) -> None:
    """Refuse what the task ``iv`` cannot compute."""
    require_static_sums(given)


def phase_diagram(given) -> None:
    """Refuse what the task ``phase-diagram`` cannot compute."""
    require_few_momenta(given)
    for key in ("h", "eV"):
        _require_not_negative(given, key, f"the diagram is the same at -{key}")


def modes(given) -> None:
    """Refuse what the task ``modes`` cannot compute."""
    require_few_momenta(given)
    require_coupling(given, "modes are sought above the decay rate of isolated pairs")


def spectrum(given) -> None:
    """Refuse what the task ``spectrum`` cannot compute."""
    require_baths(given)


# ---- dynamic tasks ------------------------------------------------------------------------------


def require_memory(given) -> None:
    """Refuse a lattice whose blocks of the hopping matrix do not fit into this machine."""
    numerics = given.numerics
    need = 8.0 * numerics.Lx**2 * (numerics.Ly // 2 + 1)
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if need > have:
        raise InputError(
            f"[numerics] Lx = {numerics.Lx}, Ly = {numerics.Ly}: the blocks of the hopping matrix "
            f"alone need {need / 2**30:.0f} GB, this machine has {have / 2**30:.0f} GB"
        )


def require_stationary_start(given) -> None:
    """Refuse a start along x that is not stationary, or has no name."""
    state, wave_number = given.initial.state, given.initial.wave_number
    if state in ("normal", "file"):
        return
    bias, mirrored = _start_bias(given), balanced(leads_of(given), given.parameters.mu)
    if state == "auto" and (bias != 0 or not mirrored):
        raise InputError(
            '[initial] state = "auto": states are compared by their free energy, which exists at '
            f"zero bias and equal leads only (got eV = {bias:g} before t = 0); "
            'use "normal", "bcs" or "fflo"'
        )
    if not mirrored:
        _refuse_turning_phase(state)
    if wave_number is not None:
        _require_wave_on_lattice(given)


def require_finished_run(given) -> None:
    """Refuse a start from a file that is not a finished evolution."""
    if given.initial.state == "file" and not given.begun:
        rows_of_finished_run(given)


def evolve(given) -> None:
    """Refuse what the task ``evolve`` cannot compute."""
    require_baths(given)
    if given.numerics.symmetry == "full":
        _require_free_modes(given)
    else:
        _require_stripes(given)
        require_finished_run(given)
    require_memory(given)
    _require_readable(given)
    if given.numerics.symmetry == "full":
        _require_site_start(given)
    else:
        require_stationary_start(given)
    _require_countable_rows(given, given.numerics.dt)


def ensemble(given) -> None:
    """Refuse what the task ``ensemble`` cannot compute."""
    require_baths(given)
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
    require_stationary_start(given)
    for dt in given.sweep.get("dt", [given.numerics.dt]):
        _require_countable_rows(given, dt, given.run.t_max)


def pattern(given) -> None:
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
    _require_seed_pattern(given)


def _start_bias(given) -> float:
    """The bias before t = 0; 0 where the file of a run that has begun is gone."""
    if given.begun and isinstance(given.parameters.eV, str):
        return 0.0
    return bias_of(given).start


def _require_readable(given) -> None:
    """Refuse a bias, a vector potential or site fields that cannot be read."""
    if given.begun:  # what they were is remembered; files may be gone
        return
    bias_of(given)
    if given.numerics.symmetry == "full":
        for axis in ("x", "y"):
            vector_potential_of(given, axis)
        site_fields(given)


def _require_stripes(given) -> None:
    """Refuse what needs an order parameter that is free on every site."""
    if given.tables.get("sites") not in (None, SiteTable()):
        raise InputError('[sites]: goes with [numerics] symmetry = "full" only')
    if given.initial.state in ("crossed", "pattern"):
        _refuse_state_over_sites(given)


def _refuse_state_over_sites(given) -> None:
    raise InputError(
        f'[initial] state = "{given.initial.state}": goes with [numerics] symmetry = "full" only'
    )


def _refuse_turning_phase(state: str) -> None:
    raise InputError(
        f'[initial] state = "{state}": with unequal leads the phase of a condensate turns; '
        'only "normal" is stationary'
    )


def _require_free_modes(given) -> None:
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


def _require_site_start(given) -> None:
    """Refuse a start over sites that is not known to be stationary."""
    if given.begun:
        return
    state = given.initial.state
    if state == "normal":
        return
    if is_uniform(given) and state not in ("crossed", "pattern"):
        if any(vector_potential_of(given, axis).start for axis in ("x", "y")):
            raise InputError(
                f'[initial] state = "{state}": with a vector potential before t = 0 '
                'only "normal" is known to be stationary'
            )
        require_stationary_start(given)
        return
    if state == "auto":
        raise InputError(
            '[initial] state = "auto": free energies are compared on uniform lattices only; '
            'use "normal", "bcs", "fflo", "crossed" or "pattern"'
        )
    if not balanced(leads_of(given), given.parameters.mu):
        _refuse_turning_phase(state)
    _require_seed_pattern(given)


def _require_seed_pattern(given) -> None:
    """Refuse a seed over sites that the lattice cannot hold, or that cannot be read."""
    state = given.initial.state
    if state in ("fflo", "crossed"):
        _require_wave_on_lattice(given)
    if state == "pattern" and not given.begun:
        pattern_in_file(given)


def _require_wave_on_lattice(given) -> None:
    """Refuse more waves than the lattice has, or any on a single site."""
    wave_number, most = given.initial.wave_number, given.numerics.Lx // 2
    if wave_number is not None and wave_number > most:
        raise InputError(f"[initial] wave_number = {wave_number}: must be <= Lx // 2 = {most}")
    if most == 0:
        raise InputError(f'[initial] state = "{given.initial.state}": needs [numerics] Lx >= 2')


def _require_seeds(given) -> None:
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


def _require_countable_rows(given, dt: float, every: float | None = None) -> None:
    """Refuse more steps or rows of output than an evolution can have."""
    refuse_uncountable(given.run.t_max, dt, every or given.run.output_every)
