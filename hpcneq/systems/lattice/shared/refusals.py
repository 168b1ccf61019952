"""What the tables of an input alone cannot rule out. Builds the model, computes nothing."""

from __future__ import annotations

import numpy as np

from ....errors import InputError
from ....maths.drives import refuse_unresolved
from ....tasks import Given
from ..physics.model import Model
from ..physics.reservoirs import Reservoir
from . import lead_input, model_input, variations
from .lead_input import Drives

Parts = tuple[Model, list[Reservoir], Drives]


def parts_of(given: Given) -> Parts | None:
    """Model, leads and drives; None where the model's code must not be run, or is gone."""
    if model_input.runs_code(given) and given.begun:
        return None  # it was checked when the run was begun
    model, _ = model_input.model_of(given)
    reservoirs = lead_input.reservoirs_of(given, model)
    model, reservoirs = variations.applied(given.parameters, model, reservoirs)
    drives = lead_input.drives_of(given, model, reservoirs)
    if given.numerics.uniform == "yes":
        from .rings import field_of, ring_of  # loads scipy, which other inputs need not

        ring_of(given, field_of(given, model), reservoirs)
    return model, reservoirs, drives


def _refuse_start(given: Given, model: Model) -> None:
    """A seed that does not fit the model."""
    initial = given.initial
    if initial.state == "seed" and initial.delta is None and initial.bond is None:
        raise InputError('[initial] state = "seed": needs delta or bond')
    if initial.state != "seed" and (initial.delta is not None or initial.bond is not None):
        raise InputError('[initial] delta, bond: go with state = "seed"')
    if isinstance(initial.delta, list) and len(initial.delta) != model.sites:
        count = len(initial.delta)
        raise InputError(
            f"[initial] delta: must be one for each of {model.sites} sites, got {count}"
        )
    if initial.bond is not None and not model.bonds:
        raise InputError("[initial] bond: the model has no bonds with an attraction V")
    if initial.delta is not None and not np.any(model.U):
        raise InputError("[initial] delta: the model has no attraction U on sites")
    if isinstance(initial.bond, dict):
        for axis in initial.bond:
            if axis not in lead_input.AXES[: model.position.shape[1]]:
                raise InputError(f"[initial] bond.{axis}: must be x, y or z of the positions")
    bonds = given.tables["interaction"].bond
    if isinstance(initial.bond, list) and len(initial.bond) != len(bonds):
        raise InputError(
            f"[initial] bond: must be one for each of {len(bonds)} [interaction] bonds, "
            f"got {len(initial.bond)}"
        )


def _refuse_vector_potential(model: Model, drives: Drives) -> None:
    """Rings of two sites: a hop and the one around the ring have the same ends."""
    if drives.A:
        refuse_short_rings(model)


def refuse_direction(given: Given, model: Model) -> None:
    """A direction that the positions of the sites do not have."""
    direction = given.parameters.direction
    if lead_input.AXES.index(direction) >= model.position.shape[1]:
        raise InputError(
            f'[parameters] direction = "{direction}": the positions of the sites '
            f"have {model.position.shape[1]} components"
        )


def refuse_short_rings(model: Model) -> None:
    """Refuse rings in which a hop reaches half around: its phase would not be its own."""
    if not len(model.periods):
        return
    i, j = model.hopping.rows, model.hopping.columns
    inner = model.hopping.size // model.sites
    moved = np.linalg.norm(model.displacement(i // inner, j // inner), axis=1)
    shortest = np.linalg.norm(model.periods, axis=1).min()
    if moved.max(initial=0.0) >= 0.5 * shortest * (1 - 1e-9):
        raise InputError(
            "[vector_potential] A: a hop reaches half around the ring; take more cells along it"
        )


def _refuse_leads(reservoirs: list[Reservoir]) -> None:
    if not any(lead.widest() for lead in reservoirs):
        raise InputError("[leads]: none is given; at least one must touch the model")


def differ(reservoirs: list[Reservoir], drives: Drives) -> bool:
    """Whether two bcs leads are at different bias."""
    levels = lead_input.bcs_levels(reservoirs, drives)
    return len(levels) > 1 and float(np.ptp(levels)) > 0


def _refuse_periods(given: Given, reservoirs: list[Reservoir], drives: Drives) -> None:
    """Three bcs leads whose potentials have no common measure."""
    for eV in given.sweep.get("eV", [given.parameters.eV]):
        levels = lead_input.bcs_levels(reservoirs, drives.at_bias(eV))
        lead_input.common_period(levels)


def checked_parts(given: Given) -> Parts | None:
    """`parts_of` after what is refused of every state between leads."""
    parts = parts_of(given)
    if parts is not None:
        model, reservoirs, drives = parts
        _refuse_leads(reservoirs)
        _refuse_start(given, model)
        _refuse_vector_potential(model, drives)
    return parts


def steady(given: Given) -> None:
    """Refuse what ``steady`` cannot do."""
    parts = checked_parts(given)
    if parts is None:
        return
    model, reservoirs, drives = parts
    _refuse_periods(given, reservoirs, drives)


def spectrum(given: Given) -> None:
    """Refuse what ``spectrum`` cannot do."""
    steady(given)
    parts = parts_of(given)
    if parts is None:
        return
    model, reservoirs, drives = parts
    if differ(reservoirs, drives):
        raise InputError("[leads] bias: two bcs leads at different bias: no stationary spectrum")
    for number, k in enumerate(given.parameters.k):
        d = model.position.shape[1]
        if len(k) != d:
            raise InputError(f"[parameters] k: item {number} must have {d} numbers, got {len(k)}")


def transport(given: Given) -> None:
    """Refuse what ``transport`` cannot do."""
    steady(given)
    if not given.sweep and given.parameters.eV == 0:
        raise InputError('[sweep] eV: missing; task "transport" needs {from, to, points} or a list')
    if len(given.sweep) > 1:
        raise InputError(
            f'[sweep]: task "transport" goes along one key, got {", ".join(given.sweep)}'
        )
    parts = parts_of(given)
    if parts is None or given.numerics.energies != "window":
        return
    model, reservoirs, _ = parts
    if model.bonds or np.any(model.U) or any(lead.kind == "bcs" for lead in reservoirs):
        raise InputError(
            '[numerics] energies = "window": only for normal leads and no interaction; use "poles"'
        )


def _require_resolved(given: Given, drives: Drives) -> None:
    """Refuse time steps that do not resolve what changes; PETSc's own integrators choose theirs."""
    if given.begun or given.petsc.get("evolve_ts_type", "exponential") != "exponential":
        return
    refuse_unresolved(given.numerics.dt, drives.named())


def evolve(given: Given) -> None:
    """Refuse what ``evolve`` cannot do."""
    parts = changing(given)
    if parts is not None:
        _, reservoirs, drives = parts
        _refuse_columns(given, reservoirs, drives)


def changing(given: Given) -> Parts | None:
    """`parts_of` after what is refused of all tasks that begin with a state before t = 0."""
    parts = parts_of(given)
    if parts is None:
        return None
    model, reservoirs, drives = parts
    _refuse_start(given, model)
    _refuse_vector_potential(model, drives)
    _require_resolved(given, drives)
    lead_input.common_period(lead_input.bcs_levels(reservoirs, drives))
    if given.initial.T is None:
        if not any(lead.widest() for lead in reservoirs):
            raise InputError(
                "[leads]: none is given; a closed system needs [initial] T of its start"
            )
    elif reservoirs:
        raise InputError("[initial] T: goes with a closed system; the leads have a T of their own")
    return parts


def _refuse_structured(key: str, reservoirs: list[Reservoir]) -> None:
    """Leads whose poles act back on the sites: rows of R have poles too, and fast ones."""
    if not reservoirs:
        raise InputError(f'[numerics] {key}: needs leads, all of kind "wide"')
    for lead in reservoirs:
        if lead.kind != "wide":
            raise InputError(
                f'[numerics] {key}: needs leads, all of kind "wide"; {lead.name} is "{lead.kind}", '
                'whose poles act back: method = "etd" steps them exactly'
            )


def _refuse_columns(given: Given, reservoirs: list[Reservoir], drives: Drives) -> None:
    """Columns within a range, or in single precision, of what they cannot be had of."""
    numerics = given.numerics
    for key, wanted in (
        (f'method = "{numerics.method}"', numerics.method == "columns"),
        (f"range = {numerics.range}", numerics.range is not None),
        (f'precision = "{numerics.precision}"', numerics.precision == "mixed"),
    ):
        if not wanted:
            continue
        if numerics.method not in ("auto", "columns"):
            raise InputError(
                f'[numerics] {key}: goes with method = "columns", got "{numerics.method}"'
            )
        _refuse_structured(key, reservoirs)
        levels = np.concatenate([drives.shifts(-1.0), [lead.mu for lead in reservoirs]])
        split = any(lead.h for lead in reservoirs)
        if np.any(levels) or split or np.ptp([lead.T for lead in reservoirs]):
            raise InputError(
                f"[numerics] {key}: starts from equilibrium: before t = 0 all leads must have "
                "one T, mu and h = 0, and no bias"
            )
