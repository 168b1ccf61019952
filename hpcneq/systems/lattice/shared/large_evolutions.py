"""Evolutions of large models between wide leads: columns of R within a range, no dense matrix."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from ....errors import InputError
from ....maths.pole_leads import LeadPoles
from ....parallel import Communicator
from ....solvers.pole_leads.columns import ColumnState
from ....solvers.pole_leads.equilibrium import Equilibrium
from ....tasks import Given
from ....tasks.start_progress import StartProgress
from ..physics.model import Model
from ..physics.open_lattice import OpenLattice
from .large_starts import LargeStationary, ToldColumns
from .seeds import noise
from .setup import LatticeLeads, Setup

COLUMNS_FROM = 2e7  # entries of R above which columns are taken where they can be
TOGETHER = 64  # sites whose neighbours are sought at a time
SHORTER = 0.75  # of the range, in the run that tells the error of leaving out rows


def state_of(
    setup: Setup,
    leads: LatticeLeads,
    comm: Communicator,
    log: Callable[[str], None],
    start: dict[str, Any] | None,
    reach: float | None,
) -> ColumnState:
    """The columns of an evolution, at its start or empty. reach : range, None for all rows."""
    system = OpenLattice(setup.field, setup.bonds, leads, setup.drives)
    near = None
    if reach is not None:
        near = near_sites(setup.model, reach)
    columns = None
    if start is not None:
        stationary, c = LargeStationary(setup, leads), start["c"]
        if setup.given.initial.noise:
            c = c + noise(setup.given, setup.field)
        maker = stationary.equilibrium.maker(stationary.matrix(c))
        columns = ToldColumns(maker, StartProgress(log), -(-leads.total // comm.size))
    single = setup.given.numerics.precision == "mixed"
    return ColumnState(system, comm, setup.form.site, near, single, columns)


def near_sites(model: Model, reach: float) -> list[np.ndarray]:
    """The sites no further from each site than ``reach``, round rings the shorter way."""
    rings = len(model.periods)
    turns = np.array(list(product((-1.0, 0.0, 1.0), repeat=rings))).reshape(3**rings, rings)
    moved = turns @ model.periods
    images = (model.position[None] + moved[:, None]).reshape(-1, model.position.shape[1])
    tree, near = cKDTree(images), []
    for low in range(0, model.sites, TOGETHER):  # lists of numbers take much memory
        part = model.position[low : low + TOGETHER]
        for found in tree.query_ball_point(part, reach * (1 + 1e-9)):
            near.append(np.unique(np.asarray(found, np.int32) % model.sites))
    return near


def kept_entries(
    setup: Setup,
    leads: LeadPoles,
    reach: float | None,
    near: list[np.ndarray] | None = None,
) -> int:
    """Entries of R that are kept; near : those of `near_sites` where they are known."""
    if reach is None:
        return leads.size * leads.total
    lengths = np.array([len(part) for part in near or near_sites(setup.model, reach)])
    lengths = lengths * (setup.form.size // setup.model.sites)
    components = np.concatenate([np.arange(leads.size), leads.tail_couplings()])
    return int(lengths[setup.form.site[components]].sum())


def taken(setup: Setup, leads: LatticeLeads) -> bool:
    """Whether an evolution is one of columns: asked for, or large and possible."""
    numerics = setup.given.numerics
    if asked(setup.given):
        return True
    if numerics.method != "auto" or leads.core * leads.total <= COLUMNS_FROM:
        return False
    if leads.core != leads.size or setup.given.initial.T is not None:
        return False
    try:
        Equilibrium(leads, setup.drives.shifts(-1.0))
    except InputError:
        return False
    return True


def asked(given: Given) -> bool:
    """Whether an input asks for columns."""
    numerics = given.numerics
    single = numerics.precision == "mixed"
    return numerics.method == "columns" or numerics.range is not None or single
