"""Evolutions of the gas in a supercell: their start, their equations, their kick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ....parallel import Communicator, on_root
from ....solvers.newton import Solution
from ....solvers.supercell.state import Supercell
from ....tasks import Given, InputError, Outcome, Output, supercell
from ....tasks.supercell import Kick, kick_of, varied, with_step, words_of
from ....tasks.supercell_records import VARIANTS
from ....tasks.supercell_tables import cell_of, harmonic_count
from ..physics.gap_and_current import Gas
from . import standing_waves
from .branch_states import CurvesOf, remembered_curves, required_branch
from .gas import gas_of
from .supercell import coupling_from, coupling_of, medium_of, single

WAVE = 0.17  # pF: of a kick where nothing tells another


def run_cell(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """The exact mean field in a cell, from a branch, a pattern, the normal gas. **Collective.**"""
    gas, curves_of = gas_of(given.parameters, given.numerics), remembered_curves()
    D, Q = on_root(comm, start_of, given, gas, curves_of)
    given = with_wave_number(given, Q)

    chosen: list[Solution] = []  # the pattern of the run itself, from which the others are sought

    def made_for(variant: str | None) -> tuple[Supercell, int, Kick]:
        here = varied(given, variant)
        coupling = on_root(comm, coupling_at, here, gas, curves_of, D, Q)
        start = on_root(comm, harmonics_at, here, D, Q)
        if given.initial.start == "pattern":
            problem = standing_waves.equations(here, gas, curves_of, comm)
            if variant is None:
                chosen.append(standing_waves.lowest(here, gas, problem, curves_of, comm).solution)
            root = standing_waves.solved(here, problem, chosen[0].x, comm)
            start = problem.harmonics(root.x)
            coupling = problem.coupling
            if share := here.initial.uniform_share:
                nbcs, *_ = on_root(comm, required_branch, gas, "NBCS", curves_of)
                start = standing_waves.beside_uniform(start, share, nbcs)
        return cell_system(here, gas, start, coupling)

    made = made_for(None)
    given = with_step(given, made[0])
    log(f"evolve: |Delta| = {np.abs(made[0].start).sum():.6f}, {words_of(given, made[0])}")
    others = {name: made_for(name)[0] for name in VARIANTS[1:] if given.numerics.error_estimate}
    outcome = supercell.run_cell(given, comm, log, output, made, others.__getitem__)
    kind = given.initial.start
    outcome.summary |= {
        "branch": given.parameters.branch if kind == "branch" else kind,
        "Q": Q,
        "model": "supercell",
        "wave_number": given.numerics.wave_number,
    }
    return outcome


def start_of(given: Given, gas: Gas, curves_of: CurvesOf) -> tuple[float, float]:
    """(Delta, Q) at the start. Raises InputError for a branch that does not exist."""
    if given.initial.start != "branch":
        return 0.0, 0.0
    D, Q, _ = required_branch(gas, given.parameters.branch, curves_of)
    return D, Q


def with_wave_number(given: Given, Q: float) -> Given:
    """The input with a wave number for the kick, by default that of the start."""
    numerics = given.numerics
    if numerics.wave_number is None:
        numerics = replace(numerics, wave_number=Q or WAVE)
    G, _ = cell_of(numerics.wave_number, numerics.supercell)
    if abs(Q / G - round(Q / G)) > 1e-5:
        raise InputError(
            f"[numerics] wave_number = {numerics.wave_number:g}: the cell must hold the state's "
            f"own wave, a whole number of periods of Q = {Q:.9g}; leave it out, or give Q"
        )
    return replace(given, numerics=numerics)


def coupling_at(given: Given, gas: Gas, curves_of: CurvesOf, D: float, Q: float) -> np.ndarray:
    """1/U + dU_m on the grid, for which the start is a fixed point; from NBCS for no pairs."""
    if D == 0:
        return coupling_of(given, gas, curves_of)
    numerics = given.numerics
    G, _ = cell_of(numerics.wave_number, numerics.supercell)
    m = round(Q / G)
    medium = medium_of(numerics, gas.baths)
    count = harmonic_count(numerics.supercell)
    return coupling_from(medium, single(medium.box, count, m, D), m)


def harmonics_at(given: Given, D: float, Q: float) -> np.ndarray:
    """(n,) harmonics of D e^{iQx} in the cell."""
    numerics, cell = given.numerics, given.numerics.supercell
    G, _ = cell_of(numerics.wave_number, cell)
    count, stride = harmonic_count(cell), 1
    if cell.across is not None:
        stride = 2 * cell.harmonics_across + 1
    c = np.zeros(count, complex)
    c[count // 2 + round(Q / G) * stride] = D
    return c


def cell_system(
    given: Given, gas: Gas, start: np.ndarray, coupling: np.ndarray
) -> tuple[Supercell, int, Kick]:
    """(the equations, periods of the kick's wave in the cell, the kick) of an input."""
    medium = medium_of(given.numerics, gas.baths)
    periods, kick = kick_of(given, medium.box)
    even = given.numerics.supercell.even
    return Supercell(medium, coupling.astype(complex), start, kick, even), periods, kick
