"""Whether a stationary state is stable: its slowest deviations, apart from that of the phase."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....maths.pole_leads import LeadPoles
from ..physics.linear_modes import Deviations, Modes, Tail, sum_of
from ..physics.slow_modes import State, slow_modes
from .states import Stationary

SMALL = 400  # levels up to which all deviations of a ring are looked at, and rates polished
LARGEST = 1500  # levels up to which deviations of a state that does not repeat are followed
POLISHED_MODES = 2
POLISHED = 64  # entries of the mean field up to which rates are made exact
Record = dict[str, Any]


def add_stability(stationary: Stationary, record: Record, marginal: float) -> None:
    """Growth rate, frequency and stability of a record's state.

    Of a state that repeats along a ring and is large: against deviations that repeat, too.
    """
    levels = stationary.form.size
    whole = stationary.ring is None or levels <= SMALL
    if whole and levels > LARGEST:
        return
    state = block_state(stationary, record, whole)
    if not stationary.field.fields:
        modes = Modes(uncoupled(state), -1)
    else:
        modes = slow_modes(state, stationary.setup.pinned)
    z = np.delete(modes.z, modes.goldstone) if modes.goldstone >= 0 else modes.z
    if 0 < stationary.field.fields <= POLISHED and whole:
        z = _polished(stationary, state, z)
    first = z[0] if len(z) else -np.inf
    record["growth_rate"], record["frequency"] = float(first.real), float(abs(first.imag))
    record["stability"] = verdict(first.real, marginal)


def verdict(growth: float, marginal: float) -> str:
    """stable, marginal or unstable, by the growth rate of the fastest mode."""
    if growth > marginal:
        return "unstable"
    if growth > -marginal:
        return "marginal"
    return "stable"


def uncoupled(state: State) -> np.ndarray:
    """z of the slowest deviation where H depends on nothing."""
    slowest = np.linalg.eigvals(state.A).imag.max()
    return np.array([2 * slowest + 0j])


def _polished(stationary: Stationary, state: State, z: np.ndarray) -> np.ndarray:
    """The rates without the error of steps, growth descending."""
    deviations = Deviations(
        stationary.field, state.A[0], state.core[0], state.tail[0], state.modes, stationary.scale
    )
    exact = np.array([deviations.polished(value) for value in z[:POLISHED_MODES]])
    return exact[np.argsort(-exact.real)]


def block_state(stationary: Stationary, record: Record, whole: bool) -> State:
    """The state in blocks: one, or those of a ring's momenta."""
    mu, field = record["mu_c"], stationary.field
    values = stationary.values(record["c"], mu)
    if whole:
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
        if whole:
            return np.asarray(core[0][field.rows, field.columns])
        m = len(stationary.ring.component)
        return stationary.ring.entries(core[:, :m, :m], field.rows, field.columns)

    def answer(c: np.ndarray) -> np.ndarray:
        entries = straight @ c + conjugate @ c.conj()
        if whole:
            return field.dense(entries)[None]
        return stationary.ring.blocks(entries)

    model = stationary.setup.model
    V_bond = max([abs(bond[2]) for bond in model.bonds], default=0.0)
    attraction = max(abs(stationary.scale) * float(np.abs(model.U).max(initial=0.0)), 2 * V_bond)
    return State(
        np.array([leads.matrix(H, V, np.zeros(leads.count)) for H in blocks]),
        np.array([density.core for density in densities]),
        np.array([density.tail for density in densities]),
        Tail(leads.tail_couplings(), leads.tail_levels(V)),
        fields,
        answer,
        field.pairs,
        attraction,
    )
