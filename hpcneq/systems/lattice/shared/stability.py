"""Whether a stationary state is stable: its slowest deviations, apart from that of the phase."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....maths.pole_leads import LeadPoles
from ..physics.linear_modes import Deviations, Modes, Tail, sum_of
from ..physics.slow_modes import State, slow_modes
from .states import Stationary

SMALL = 400  # levels up to which the mean field's answers are a matrix
LARGEST = 1500  # levels up to which deviations are followed in time
Record = dict[str, Any]


def add_stability(stationary: Stationary, record: Record, marginal: float) -> None:
    """Growth rate, frequency and stability of a record's state.

    Of a state that repeats along a ring and is large: against deviations that repeat, too.
    """
    levels = stationary.form.size
    if stationary.ring is None and levels > LARGEST:
        return
    modes = _of_small(stationary, record) if levels <= SMALL else _of_large(stationary, record)
    z = np.delete(modes.z, modes.goldstone) if modes.goldstone >= 0 else modes.z
    first = z[0] if len(z) else -np.inf
    record["growth_rate"], record["frequency"] = float(first.real), float(abs(first.imag))
    record["stability"] = "stable"
    if first.real > marginal:
        record["stability"] = "unstable"
    elif first.real > -marginal:
        record["stability"] = "marginal"


def _of_small(stationary: Stationary, record: Record) -> Modes:
    leads, mu = stationary.leads, record["mu_c"]
    density = stationary.whole_density(record["c"], mu)
    H = stationary.field.dense(stationary.values(record["c"], mu))
    V = stationary.V - mu
    A = leads.matrix(H, V, np.zeros(leads.count))
    deviations = Deviations(
        stationary.field,
        A,
        density.core,
        density.tail,
        Tail(leads.tail_couplings(), leads.tail_levels(V)),
        stationary.scale,
    )
    energy = max(0.3 * record["delta_max"], 0.1)
    return deviations.modes_of(energy, stationary.setup.pinned)


def _of_large(stationary: Stationary, record: Record) -> Modes:
    mu, field = record["mu_c"], stationary.field
    values = stationary.values(record["c"], mu)
    if stationary.ring is None:
        leads: LeadPoles = stationary.leads
        blocks = [field.dense(values)]
        densities = [stationary.whole_density(record["c"], mu)]
    else:
        leads = stationary.cell_leads
        blocks = list(stationary.ring.blocks(values))
        densities = stationary.densities(record["c"], mu)
    V = stationary.V - mu
    straight, conjugate, _ = (sum_of(part, stationary.scale) for part in zip(*field.maps))

    def fields(core: np.ndarray) -> np.ndarray:
        if stationary.ring is None:
            return np.asarray(core[0][field.rows, field.columns])
        m = len(stationary.ring.component)
        return stationary.ring.entries(core[:, :m, :m], field.rows, field.columns)

    def answer(c: np.ndarray) -> np.ndarray:
        entries = straight @ c + conjugate @ c.conj()
        if stationary.ring is None:
            return field.dense(entries)[None]
        return stationary.ring.blocks(entries)

    model = stationary.setup.model
    V_bond = max([abs(bond[2]) for bond in model.bonds], default=0.0)
    attraction = max(abs(stationary.scale) * float(np.abs(model.U).max(initial=0.0)), 2 * V_bond)
    state = State(
        np.array([leads.matrix(H, V, np.zeros(leads.count)) for H in blocks]),
        np.array([density.core for density in densities]),
        np.array([density.tail for density in densities]),
        Tail(leads.tail_couplings(), leads.tail_levels(V)),
        fields,
        answer,
        field.pairs,
        attraction,
    )
    return slow_modes(state, stationary.setup.pinned)
