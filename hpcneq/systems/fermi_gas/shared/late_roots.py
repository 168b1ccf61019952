"""The root of det M beside the exponent of a trace in time."""

from __future__ import annotations

import numpy as np

from ....parallel import Communicator
from ....solvers.modes import Samples, secant
from ..physics.response import MANY, Response

REFINED = (1.5, 2.0)  # how much finer the panels and angles are that tell the error
COARSENED = (1 / 1.5,)  # where there are many momenta


def root_near(state: Response, exponent: complex, comm: Communicator) -> complex | None:
    """lambda of the root of det M that a secant from a trace's exponent finds. **Collective.**

    None if it finds none within half of the depth to which M is analytic.
    """
    if np.isnan(exponent):
        return None
    z = secant(Samples(state, state.q, comm), 1j * exponent)
    if z is None or abs(z - 1j * exponent) > 0.5 * state.analytic_below:
        return None
    return -1j * z


def root_error(state: Response, root: complex | None, comm: Communicator) -> float:
    """How far that root moves on other grids, half as much again. **Collective.**

    The half is for what a coarser grid may hide, where neither resolves an angle.
    """
    if root is None:
        return 0.0
    factors = COARSENED if len(state.points.p) > MANY // 2 else REFINED
    roots = [root_near(other_grid(state, factor), root, comm) for factor in factors]
    return 1.5 * max((abs(z - root) for z in roots if z is not None), default=0.0)


def other_grid(state: Response, factor: float) -> Response:
    """The same response on panels and angles ``factor`` times finer."""
    return Response(
        state.baths,
        state.D,
        state.Q,
        state.q,
        state.angle,
        state.variant,
        state.dp / factor,
        state.fine * factor,
        int(state.angles * factor),
    )
