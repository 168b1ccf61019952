"""A state as levels, for the tasks that look at small deviations from it."""

from __future__ import annotations

import numpy as np

from ..physics.linear_modes import Deviations, Tail
from ..physics.susceptibility import Level, Susceptibility
from .chosen_state import largest_state
from .setup import LatticeLeads
from .states import Found, Stationary


def state_near(stationary: Stationary, c: np.ndarray | None, mu: float) -> Found:
    """The state next to a mean field, of [initial] if there is none. Raises NotConverged."""
    if c is None:
        return largest_state(stationary)
    if not np.any(c[stationary.pairs]):
        found = stationary.normal(c)
    else:
        found = stationary.solve(c, mu, relaxed=False)
    if found.converged:
        return found
    return largest_state(stationary)


def level_of(stationary: Stationary, state: Found) -> Level:
    """The state's levels and density, in the frame of its condensate."""
    leads = stationary.leads
    density = stationary.whole_density(state.c, state.mu)
    H = stationary.field.dense(stationary.values(state.c, state.mu))
    V = stationary.V - state.mu
    A = np.asarray(leads.matrix(H, V, np.zeros(leads.count)))
    return Level(A, density.core, density.tail, leads.tail_levels(V), leads.tail_couplings())


def susceptibility_of(
    stationary: Stationary, state: Found, loose: LatticeLeads | None = None
) -> Susceptibility:
    """The response of a state's mean field; with that of looser fits for its errors."""
    other = None
    if loose is not None:
        drives = stationary
        coarse = Stationary(drives.setup, loose, drives.V, drives.A, drives.scale)
        near = state_near(coarse, state.c, state.mu)
        other = Susceptibility(coarse.field, level_of(coarse, near), coarse.scale)
    return Susceptibility(stationary.field, level_of(stationary, state), stationary.scale, other)


def deviations_of(stationary: Stationary, state: Found) -> Deviations:
    """The linear equations of deviations from a state."""
    level = level_of(stationary, state)
    tail = Tail(level.component, level.levels)
    scale = stationary.scale
    return Deviations(stationary.field, level.A, level.core, level.tail, tail, scale)
