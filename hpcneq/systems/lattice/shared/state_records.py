"""What is told of a stationary state: a record of numbers and arrays, for results and journals."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..physics import observables
from .setup import Setup
from .states import DISTINCT, Found, Stationary

Record = dict[str, Any]


def record_of(stationary: Stationary, state: Found, name: str) -> Record:
    """Arrays and numbers of a state. name : of the seed it came from."""
    setup, field = stationary.setup, stationary.field
    form = field.form
    H = stationary.values(state.c, state.mu)
    rho = state.rho
    flows = observables.bond_flows(
        field, setup.bonds, H, rho[setup.bonds.rows, setup.bonds.columns]
    )
    by_site = on_sites(state.flows, form.particle, form.site)
    sources = observables.pair_sources(form, field.dense(H), rho)
    change = observables.continuity(form, setup.bonds, flows, by_site.sum(0), sources)
    return {
        "seed": name,
        "c": state.c,
        "mu_c": state.mu,
        "residual": state.residual,
        "converged": state.converged,
        "delta": observables.site_pairing(field, H),
        "delta_bond": observables.bond_pairing(field, H),
        "delta_max": observables.largest_pairing(field, H),
        "density": form.density(np.diagonal(rho)),
        "bond_current": flows,
        "current": by_site.sum(1),
        "spin_current": on_sites(state.flows, form.spin_z, form.site).sum(1),
        "continuity": float(np.abs(change).max()),
        "pair_source": float(np.abs(sources).max()),
        "redundancy": redundancy(setup, rho),
    }


def on_sites(flows: np.ndarray, weights: np.ndarray, site: np.ndarray) -> np.ndarray:
    """(leads, n) of the weighted diagonals (leads, M) of current matrices, on every site."""
    sites = int(site.max()) + 1
    rows = [np.bincount(site, weights * row, sites) for row in flows]
    return np.array(rows).reshape(len(rows), sites)


def redundancy(setup: Setup, rho: np.ndarray) -> float:
    """What should vanish by the symmetry of the form."""
    if setup.form.name == "4n":
        return float(np.abs(rho - setup.form.particle_hole(rho)).max())
    return float(np.abs(rho - rho.conj().T).max())


def same(stationary: Stationary, one: Record, other: Record) -> bool:
    """Whether two records are one state, modulo the phase of the condensate."""
    pinned = stationary.setup.pinned
    gap = observables.distance(one["c"], other["c"], stationary.pairs, pinned)
    return gap < DISTINCT


def distinct(stationary: Stationary, records: list[Record]) -> list[Record]:
    """The converged states, each once, by falling pairing."""
    kept: list[Record] = []
    for record in records:
        if record["converged"] and not any(same(stationary, record, known) for known in kept):
            kept.append(record)
    return sorted(kept, key=lambda record: -record["delta_max"])
