"""The one state that tasks look at which do not list all: the largest pairing from the seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ....errors import NotConverged
from ..physics import observables
from .fit_errors import least_of_pairing
from .seeds import seeds
from .states import Found, Stationary


def largest_state(stationary: Stationary) -> Found:
    """The state of the largest pairing that the usual seeds lead to. Raises NotConverged."""
    setup = stationary.setup
    if not setup.interacting:
        return stationary.solve(np.zeros(0, complex))
    best, most = None, -1.0
    lost = []
    for name, c in seeds(setup, 0):
        state = stationary.normal(c) if name == "normal" else stationary.solve(c)
        size = observables.largest_pairing(stationary.field, stationary.values(state.c, state.mu))
        if not state.converged:
            lost.append(name)
        elif size > most + 1e-9:
            best, most = state, size
    if best is None:
        raise NotConverged("no self-consistent state is found; give another [initial] seed")
    return replace(best, lost=tuple(lost))


def pairing_miss(loose: Stationary, c: np.ndarray, mu: float) -> float:
    """Twice what looser fits change of a state's largest pairing; all of it without a state.

    Fits of a few poles may be hardly better than looser ones. c, mu : of the state.
    """
    if loose.setup.given.initial.state == "normal":
        found = loose.normal(c)
    else:
        found = loose.solve(c, mu, relaxed=False)
    sizes = [
        observables.largest_pairing(loose.field, loose.values(*place))
        for place in ((c, mu), (found.c, found.mu))
    ]
    if not found.converged:
        return float(sizes[0])
    least = least_of_pairing(loose.setup.fits(), sizes[0])
    return float(max(2 * abs(sizes[1] - sizes[0]), least))


def words_of_lost(lost: Sequence[str]) -> list[str]:
    """A warning of seeds that led to no state: another state may pair more."""
    return [f"no state from the seeds {', '.join(lost)}"] if lost else []
