"""Whether a stationary state is stable: its slowest deviations, apart from that of the phase."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....maths.pole_leads import LeadPoles
from ..physics.linear_modes import Tail, sum_of
from ..physics.slow_modes import State, slow_modes
from .states import VANISHED, Stationary

SMALL = 400  # levels up to which all deviations of a ring are looked at
AT_ONCE = 512  # entries of the mean field
LARGEST = 1500  # levels up to which deviations of a state that does not repeat are followed
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
        z = uncoupled(state)
    else:
        z = slow_modes(state)
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

    to_real, to_field = field.to_real, field.to_field
    if not whole:  # one number for all entries that repeat
        to_real, to_field = stationary.to_real, stationary.to_field

    def fields(V: np.ndarray, Z: np.ndarray) -> np.ndarray:
        if whole:
            first = products(V[0], Z[0], field.rows, field.columns)
            return to_real(first + products(V[0], Z[0], field.columns, field.rows).conj())
        m = len(stationary.ring.component)
        half = V[:, :m] @ Z[:, :, :m]
        core = half + half.conj().swapaxes(1, 2)
        return to_real(stationary.ring.entries(core, field.rows, field.columns))

    def answer(left: np.ndarray, x: np.ndarray) -> np.ndarray:
        c = to_field(x)
        entries = straight @ c + conjugate @ c.conj()
        if whole:
            dH = field.sparse(entries)
            return np.asarray((dH.T @ left[0, :, : dH.shape[0]].T).T)[None]
        dH = stationary.ring.blocks(entries)
        return np.asarray(left[:, :, : dH.shape[1]] @ dH)

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
        attraction,
        _charges(stationary, record["c"], leads, whole),
    )


def products(V: np.ndarray, Z: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Entries (rows, columns) of V Z."""
    values = np.empty(len(rows), complex)
    for low in range(0, len(rows), AT_ONCE):
        some = slice(low, low + AT_ONCE)
        values[some] = np.einsum("ka,ak->k", V[rows[some]], Z[:, columns[some]])
    return values


def _charges(
    stationary: Stationary, c: np.ndarray, leads: LeadPoles, whole: bool
) -> tuple[np.ndarray, np.ndarray] | None:
    """Charges of the components of core and tail; None if the phase is fixed, or there is none."""
    pairs = np.abs(c[stationary.pairs]).max(initial=0.0)
    if stationary.setup.pinned or pairs < VANISHED:
        return None
    V, system = stationary.V, stationary.form.charge
    if not whole:
        system = system[stationary.ring.component]
    poles, tail = (
        np.rint((levels(V + 1) - levels(V)).real) for levels in (leads.levels, leads.tail_levels)
    )
    return np.concatenate([system, poles]), tail
