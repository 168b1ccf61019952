"""A uniform condensate between leads that do not mirror each other, as the start of an evolution.

Its phase turns as e^(-2 i m t); in the frame of its chemical potential m it is stationary, and the
evolution is followed there: band energies and the leads' levels are measured from m.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root
from ....solvers import newton
from ....solvers.newton import Solution
from ..physics.junction import Junction, stripe
from ..physics.stripe_states import GapProblem
from ..physics.uniform_states import Point, finite
from .rotating_states import find

LARGEST_RESIDUAL = 1e-9


def in_frame(junction: Junction, m: float | None) -> Junction:
    """The junction seen from chemical potential m; the leads stay where they are.

    None: the junction itself.
    """
    if m is None:
        return junction
    lattice = junction.lattice
    parity = len(lattice.count) < lattice.Lx
    return dataclasses.replace(
        junction, mu=m, lattice=stripe(lattice.Lx, lattice.Ly, m, parity=parity)
    )


def turning_condensate(comm: Communicator, junction: Junction, bias: float) -> Solution:
    """(order parameter D, chemical potential m) of the largest uniform condensate.

    From the momentum sums of the task ``steady`` on this lattice, solved again for the fitted
    poles. **Collective.** Raises NotConverged.
    """
    lattice = junction.lattice
    point = Point(U=junction.U, mu=junction.mu, h=junction.h, eV=bias, leads=junction.leads)
    grid = finite(lattice.Lx, lattice.Ly)
    seeds = find(comm, point, grid, grid).states
    if not seeds:
        raise NotConverged(
            f"initial: no turning condensate was found at eV={bias:g}, h={junction.h:g} on "
            f'{lattice.Lx} x {lattice.Ly} sites; use [initial] state = "normal"'
        )
    seed = np.array(seeds[-1].x)
    function = equations(junction, bias)
    root = on_root(comm, lambda: newton.solve_equations(function, seed, prefix="initial_"))
    if not root.converged or root.residual > LARGEST_RESIDUAL:
        raise NotConverged(
            f"initial: SNES stopped with residual {root.residual:.1e} ({root.reason}); "
            "try [petsc] initial.snes_max_it or a smaller pole_error"
        )
    return root


def equations(junction: Junction, bias: float) -> Callable[[np.ndarray], np.ndarray]:
    """Real and imaginary part of U F(D, m) - D for the fitted poles, a function of (D, m)."""

    def residual(u: np.ndarray) -> np.ndarray:
        problem = GapProblem(in_frame(junction, float(u[1])), bias)
        x = problem.flat(np.full(len(junction.lattice.count), float(u[0]), complex))
        sums = problem.partials(problem.prepare(x, range(problem.items))).sum(axis=0)
        left = problem.complex(x - sums)[0]
        return np.array([left.real, left.imag])

    return residual
