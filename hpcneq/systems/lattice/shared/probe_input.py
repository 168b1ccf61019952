"""The wave vectors of an input, and what probes cannot look at."""

from __future__ import annotations

import numpy as np

from ....errors import InputError
from ....tasks import Given
from ..physics.model import Model
from ..physics.probes import along_path, whole_zone
from . import refusals

MOST = 4000  # steps of an evolution with a probe, and ...
REACH = 5.0
MOST_OF_KICKS = 10**5  # steps until the last response ends


def waves_of(given: Given, model: Model) -> np.ndarray:
    """(waves, d) wave vectors of a photoemission. Raises InputError."""
    table = given.tables["probe"]
    if table.zone:
        cell = given.tables["model"].cell
        if cell is None:
            raise InputError("[probe] zone: only for [model] cell; give k or path")
        return whole_zone(np.array(cell.vectors, float), cell.size)
    name = "k" if table.k else "path"
    rows = table.k or table.path
    d = model.position.shape[1]
    for number, row in enumerate(rows):
        if len(row) != d:
            raise InputError(f"[probe] {name}: item {number} must have {d} numbers, got {len(row)}")
    if name == "k":
        return np.array(rows, float)
    return along_path(np.array(rows, float), table.path_points)


def photoemission(given: Given) -> None:
    """Refuse what ``photoemission`` cannot do."""
    model = _refuse(given)
    if model is not None:
        waves_of(given, model)


def tunnelling(given: Given) -> None:
    """Refuse what ``tunnelling`` cannot do."""
    model = _refuse(given)
    chosen = given.tables["probe"].sites
    if model is not None and chosen and max(chosen) >= model.sites:
        raise InputError(f"[probe] sites: must be 0 to {model.sites - 1}, got {max(chosen)}")
    if len(set(chosen)) < len(chosen):
        raise InputError("[probe] sites: a site is listed twice")


def pump_probe(given: Given) -> None:
    """Refuse what ``pump-probe`` cannot do."""
    model = _open_model(given)
    numerics = given.numerics
    delays = given.sweep.get("delay", np.array([given.parameters.delay]))
    steps = numerics.length / numerics.dt + (max(delays) - min(min(delays), 0.0)) / numerics.dt
    if steps > MOST_OF_KICKS:
        raise InputError(
            f"[numerics] length, dt: {steps:.0f} steps until the last response ends, at most "
            f"{MOST_OF_KICKS}; use a larger dt or a shorter length"
        )
    if model is not None:
        refusals.refuse_direction(given, model)
        refusals.refuse_short_rings(model)


def _refuse(given: Given) -> Model | None:
    """The model, None where its code must not be run."""
    model = _open_model(given)
    if model is None:
        return None
    table = given.tables["probe"]
    steps = (
        table.times[-1] + 2 * REACH * table.width - min(table.times[0], 0.0)
    ) / given.numerics.dt
    if steps > MOST:
        raise InputError(
            f"[probe] times, width: {steps:.0f} steps of [numerics] dt, at most {MOST}; "
            "use a larger dt or a shorter probe"
        )
    return model


def _open_model(given: Given) -> Model | None:
    """The model between leads that are stationary before t = 0."""
    refusals.changing(given)
    parts = refusals.parts_of(given)
    if parts is None:
        return None
    model, reservoirs, drives = parts
    if given.initial.T is not None or not any(lead.widest() for lead in reservoirs):
        raise InputError(f'[leads]: none is given; task "{given.task}" needs one')
    if refusals.differ(reservoirs, drives):
        raise InputError(
            "[leads] bias: two bcs leads at different bias before t = 0: begin at equal bias, with "
            "a step"
        )
    return model
