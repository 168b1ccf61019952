"""What the stability of a stationary state costs."""

from __future__ import annotations

import numpy as np

from ....solvers.pole_leads.cost import zgemm_rate
from ....tasks.cost import untimed
from ..physics.slow_modes import BASIS, DENSE, Motion
from .search_costs import seconds_of
from .setup import Setup
from .stability import LARGEST, SMALL, block_state
from .states import Stationary, stationary_before

PROBED = 400  # levels of the core up to which responses are timed
APPLICATIONS = 60  # of the resolvent, of states some of which are unstable
ITERATIONS = 13  # responses of one, where the mean field has many unknowns
POLISHING = 180  # responses
PASSES = 2.4 * BASIS  # of a vector at each application, for its orthogonality
ARRAYS = 12  # deviations in use besides those of Arnoldi's method
SPARSE = 4.0  # those of a response, where dH is sparse, for each level of core and tail
EIG = 30.0  # products of matrices that the eigenvectors of one take, and its inverse


def stability_cost(setup: Setup) -> tuple[float, float]:
    """(processor seconds, bytes) of the slowest deviations of one state, 0 if not sought."""
    whole = setup.ring is None or setup.form.size <= SMALL
    if not setup.interacting or (whole and setup.form.size > LARGEST):
        return 0.0, 0.0
    leads = setup.leads(setup.fits())
    stationary = stationary_before(setup, leads, setup.drives)
    blocks, own = 1, leads
    if not whole:
        blocks, own = stationary.ring.length, stationary.cell_leads
    n, total = own.core, own.total
    length = 2 * blocks * n * total
    memory = 8.0 * length * (BASIS + 1 + ARRAYS)
    field = stationary.field
    unknowns = field.unknowns if whole else len(stationary.to_real(np.zeros(field.fields, complex)))
    count = unknowns + APPLICATIONS + POLISHING
    if unknowns > DENSE:
        count = ITERATIONS * APPLICATIONS + POLISHING
    else:
        memory += 3 * 8.0 * unknowns**2
    if untimed():
        return 0.0, memory
    if whole and n > PROBED:
        product = 8e-9 * n**3 / zgemm_rate()
        begin, each = EIG * product, SPARSE * product * total / n
    else:
        begin, each = _probed(stationary, whole)
    vector = np.ones(length)
    passing = seconds_of(lambda: vector @ vector)
    return begin + count * each + APPLICATIONS * PASSES * passing, memory


def _probed(stationary: Stationary, whole: bool) -> tuple[float, float]:
    """Seconds of the eigenvectors of a state, and of a response."""
    c = np.where(stationary.field.diagonal, 0.5, 0.1).astype(complex)
    state = block_state(stationary, {"c": c, "mu_c": 0.0}, whole)
    motion = Motion(state)
    Y = np.ones(motion.shape, complex)
    each = seconds_of(lambda: Y * motion.answer(motion.fields(Y)))
    return seconds_of(lambda: Motion(state)), each
