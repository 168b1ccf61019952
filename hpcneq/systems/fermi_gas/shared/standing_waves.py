"""Larkin-Ovchinnikov states, Delta(x + pi/G) = -Delta(x): equations, numbers, potentials."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, Layout, on_root, ordered_sum
from ....solvers.newton import Solution
from ....solvers.supercell.linear import PatternResponse
from ....solvers.supercell.medium import Medium
from ....solvers.supercell.patterns import RealPattern, potential_rows
from ....tasks import Given, patterns
from ....tasks.supercell_tables import bloch_points, cell_of
from ..physics import state_curves
from ..physics.gap_and_current import Gas
from .branch_states import CurvesOf
from .supercell import coupling_of, medium_of, reference, single

LEAST = 1e-3  # of Delta_1: below it is the normal gas
SAME = 1e-4  # of the order parameter of NBCS: states that differ by less are one
# Delta_1, Delta_3 of starts over the order parameter of NBCS
STARTS = ((0.47, 0.0), (0.6, -0.12), (0.25, 0.0))
UNIFORM = {"NBCS": "potential_nbcs", "NFF": "potential_nff", "NFF'": "potential_nff_prime"}


def equations(given: Given, gas: Gas, curves_of: CurvesOf, comm: Communicator) -> RealPattern:
    """The equations, with rank 0's coupling. **Collective.**"""
    coupling = on_root(comm, coupling_of, given, gas, curves_of)
    h = given.numerics.supercell.harmonics
    _, periods = cell_of(given.numerics.wave_number, given.numerics.supercell)
    odd = range(periods, h + 1, 2 * periods)
    return RealPattern(medium_of(given.numerics, gas.baths), coupling, odd)


def solved(given: Given, problem: RealPattern, x: np.ndarray, comm: Communicator) -> Solution:
    """The state that SNES finds from ``x``, else NotConverged. **Collective.**"""
    solution = patterns.solved(given, problem, x, comm)
    if not solution.converged or abs(solution.x[0]) < LEAST:
        raise NotConverged(
            f"pattern: no such state from delta_1 = {x[0]:.4g} "
            f"({solution.reason}, Delta_1 = {solution.x[0]:.2e}); try another [initial] delta_1"
        )
    return solution


def starts(given: Given, problem: RealPattern, D: float) -> list[np.ndarray]:
    """Unknowns at which the search begins: the input's, else several for an NBCS of ``D``.

    Long waves are squarer than a cosine; from a small one Newton's method may find three in one.
    """
    pairs = [(given.initial.delta_1, 0.0)]
    if given.initial.delta_1 is None:
        pairs = [(D * first, D * third) for first, third in STARTS]
    rows = np.zeros((len(pairs), len(problem.chosen)))
    few = min(2, len(problem.chosen))
    rows[:, :few] = np.array(pairs)[:, :few]
    return list(rows)


@dataclass(frozen=True)
class Found:
    """The state of the lowest potential, and harmonics of all that are found, it first."""

    solution: Solution
    states: list[np.ndarray]


def lowest(
    given: Given, gas: Gas, problem: RealPattern, curves_of: CurvesOf, comm: Communicator
) -> Found:
    """The Larkin-Ovchinnikov state of the lowest potential. **Collective.**

    Raises NotConverged where no start leads to one.
    """
    D, _ = on_root(comm, reference, gas, curves_of)
    solutions, lost = [], None
    for x in starts(given, problem, D):
        try:
            solutions.append(solved(given, problem, x, comm))
        except NotConverged as failure:
            lost = lost or failure
    if not solutions:
        raise lost or NotConverged("pattern: no start")

    def height(solution: Solution) -> float:
        c = problem.harmonics(solution.x)
        return potential(problem.medium, problem.coupling, c, comm)

    heights = [height(solution) for solution in solutions]
    order = np.argsort(heights, kind="stable")
    states: list[np.ndarray] = []
    for k in order:
        c = problem.harmonics(solutions[k].x)
        if all(min(abs(c - s).max(), abs(c + s).max()) > SAME * D for s in states):
            states.append(c)
    return Found(solutions[order[0]], states)


def beside_uniform(c: np.ndarray, share: float, D: float) -> np.ndarray:
    """(2 h + 1,) harmonics that are ``D`` in a share of the cell around x = 0, c elsewhere.

    With the sign that c has at the edges; smoothed by the harmonics that are kept.
    """
    points = 32 * len(c)
    x = (np.arange(points) + 0.5) / points - 0.5
    waves = np.exp(2j * np.pi * np.outer(x, np.arange(len(c)) - len(c) // 2))
    values = (waves @ c).real
    inside = np.abs(x) < 0.5 * share
    values[inside] = D * np.sign(values[inside][:1])
    return np.asarray(values @ waves.conj() / points)


def potential(medium: Medium, coupling: np.ndarray, c: np.ndarray, comm: Communicator) -> float:
    """sum_p Tr Phi(H) + sum_m (1/U + dU_m) |Delta_m|^2, less that of no pairs. **Collective.**

    Stationary at stationary states, no free energy.
    """
    layout = Layout.over(medium.box.blocks, comm)
    part = range(layout.start, layout.stop)
    rows = potential_rows(medium, c, part)
    rows -= potential_rows(medium, np.zeros_like(c), part)
    return float(ordered_sum(comm, layout, rows)) + float(coupling @ np.abs(c) ** 2)


def numbers_of(problem: RealPattern, x: np.ndarray, comm: Communicator) -> dict[str, float]:
    """The numbers of a pattern that have errors. **Collective.**"""
    c = problem.harmonics(x)
    top, low = patterns.extremes(problem.medium, c)
    normal = patterns.density(problem.medium, np.zeros_like(c), comm)[problem.h].real
    number = patterns.density(problem.medium, c, comm)[problem.h].real
    return {
        "delta_max": top,
        "delta_min": low,
        "relative_density": float(number / normal),
        "potential": potential(problem.medium, problem.coupling, c, comm),
    }


def uniform_potentials(
    given: Given, gas: Gas, curves_of: CurvesOf, comm: Communicator
) -> dict[str, float]:
    """The potentials of NBCS, NFF and NFF', of those that exist. **Collective.**

    A wave is one harmonic of a cell of its own, with momenta at least as close.
    """
    states = on_root(comm, lambda: state_curves.find(gas, curves_of(gas)))
    return {
        UNIFORM[branch]: _of_plane_wave(given, gas, curves_of, (D, Q), comm)
        for branch, D, Q in states
        if branch in UNIFORM
    }


def _of_plane_wave(given, gas, curves_of, state, comm):
    """The potential of (Delta, Q)."""
    (D, Q), numerics = state, given.numerics
    cell, m = replace(numerics.supercell, length=None), 0
    if Q > 0:
        G, _ = cell_of(numerics.wave_number, numerics.supercell)
        points = int(np.ceil(bloch_points(G, cell) * Q / G - 1e-9))
        cell = replace(cell, even=False, parity=False, bloch_points=points + points % 2)
        numerics, m = replace(numerics, wave_number=Q), 1
    own = replace(given, numerics=replace(numerics, supercell=cell))
    coupling = on_root(comm, coupling_of, own, gas, curves_of)
    medium = medium_of(own.numerics, gas.baths)
    return potential(medium, coupling, single(medium.box, len(coupling), m, D), comm)


def response_of(problem: RealPattern, c: np.ndarray) -> PatternResponse:
    """How small changes of a pattern grow."""
    coupling = problem.coupling.astype(complex)
    return PatternResponse(problem.medium, c, coupling, problem.medium.box.lag)
