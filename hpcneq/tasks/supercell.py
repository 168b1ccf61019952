"""Evolutions of supercells: in what box, what is kicked, what is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..maths.arrays import FloatArray
from ..maths.crossed_box import CrossedBox, nodes_along_z
from ..maths.pair_box import pair_box
from ..maths.plane_wave_box import PlaneWaveBox, transverse_panels, waves_within
from ..parallel import Communicator
from ..solvers.protocols import State
from ..solvers.supercell.state import Supercell, SupercellState
from ..solvers.supercell.stepping import explicit_step
from .cost import mode_dtype
from .evolution import run_evolution
from .supercell_kicks import Kick, kick_shape
from .supercell_records import VARIANTS, SupercellRecords
from .supercell_tables import (
    COSINES,
    SupercellTable,
    bloch_points,
    cell_of,
    harmonic_count,
    pole_error,
)
from .task import Given, Outcome, Output

SMALLER_BOX = 0.85
COARSER_BLOCH = 0.75
COARSER_POLES = 5.0


def kick_of(given: Given, box: PlaneWaveBox) -> tuple[int, Kick]:
    """(periods of the kick's wave in the cell, the kick) of an input."""
    cell, start = given.numerics.supercell, given.initial
    _, periods = cell_of(given.numerics.wave_number, cell)
    shape = kick_shape(
        box.vectors(harmonic_count(cell)),
        periods,
        start.kick,
        start.noise,
        given.run.seed,
        cell.even,
        start.kick_across,
    )
    return periods, Kick(shape, start.kick_time, start.kick_width)


def box_of(
    wave_number: float, cell: SupercellTable, surface: float, mu: float, inner: Sequence[float]
) -> PlaneWaveBox:
    """The momenta of a cell, transverse panels to the outer Fermi surface (p^2) and beyond.

    inner : p^2 of further surfaces, for pairs of momenta.
    """
    G, _ = cell_of(wave_number, cell)
    if cell.pairs:
        points = cell.bloch_points or COSINES
        surfaces = np.array([surface, mu, *inner])
        return pair_box(G, mu, surfaces, cell.p_max, cell.panels, points, cell.even)
    waves = max(waves_within(G, cell.p_max), 2 * cell.harmonics + 1)
    if cell.across is None:
        y, weights = transverse_panels(surface, cell.panels, cell.y_max)
        points = bloch_points(G, cell)
        return PlaneWaveBox(G, waves, points, y, weights, cell.even, cell.parity)
    y, weights = nodes_along_z(surface, cell.panels, cell.y_max)
    h, points = cell.harmonics_across, cell.bloch_across
    aside = max(waves_within(cell.across, cell.p_max), 2 * h + 1)
    return CrossedBox(
        G,
        waves * aside,
        bloch_points(G, cell),
        y,
        weights,
        cell.even,
        False,
        cell.across,
        aside,
        points,
        h,
    )


def with_step(given: Given, system: Supercell) -> Given:
    """The input with its time step: its own, or one whose extrapolation of Delta is stable."""
    checked: Any = given
    numerics = given.numerics
    if numerics.dt is None:
        numerics = replace(numerics, dt=explicit_step(system.medium))
    changed: Given = replace(checked, numerics=numerics)
    return changed


def other_points(points: int) -> int:
    """Bloch points of another grid: fewer, an even number; twice as many where there are few."""
    fewer = round(COARSER_BLOCH * points)
    fewer += fewer % 2
    if 2 <= fewer < points:
        return fewer
    return 2 * points


def varied(given: Given, variant: str | None) -> Given:
    """The input on the smaller box, or the other grid, of a variant."""
    checked: Any = given
    numerics = given.numerics
    cell = numerics.supercell
    if variant == "box error":
        cell = replace(cell, p_max=cell.p_max * SMALLER_BOX, y_max=cell.y_max * SMALLER_BOX**2)
    if variant == "grid error":
        cell = replace(other_momenta(numerics.wave_number, cell), panels=cell.panels + 1)
        numerics = replace(numerics, pole_error=pole_error(numerics) * COARSER_POLES)
    changed: Given = replace(checked, numerics=replace(numerics, supercell=cell))
    return changed


def other_momenta(wave_number: float, cell: SupercellTable) -> SupercellTable:
    """The cell with other Bloch momenta, or cosines of pairs."""
    if cell.pairs:
        return replace(cell, bloch_points=other_points(cell.bloch_points or COSINES))
    if cell.parity:  # 0 and G/2, then +- G/8 and +- 3G/8
        return replace(cell, parity=False, bloch_points=4)
    points = other_points(bloch_points(cell_of(wave_number, cell)[0], cell))
    if cell.across is None:
        return replace(cell, bloch_points=points)
    return replace(cell, bloch_points=points, bloch_across=other_points(cell.bloch_across))


def run_cell(
    given: Given,
    comm: Communicator,
    log: Callable[[str], None],
    output: Output,
    made: tuple[Supercell, int, Kick],
    other: Callable[[str], Supercell],
) -> Outcome:
    """An evolution with all its records. **Collective.**

    made : (the equations, periods of the kick's wave in the cell, the kick). other : the equations
    of a variant in another box or on another grid.
    """
    system = made[0]
    records = SupercellRecords(given, *made)

    def make(variant: str | None, begin: bool) -> State:
        equations = system
        if variant not in (None, VARIANTS[0]):
            equations = other(str(variant))
        state: Any = SupercellState(equations, comm, mode_dtype(given.numerics), begin)
        checked: State = state
        return checked

    outcome = run_evolution(given, comm, log, output, make, records)
    if outcome.status == "complete":
        traces: list[FloatArray] = []
        if given.numerics.error_estimate:
            parts = [output.part(name).result for name in records.variants]
            traces = [np.asarray((part or {})["trace"], float) for part in parts]
        records.add_history(outcome, output(), traces)
    return outcome


def words_of(given: Given, system: Supercell) -> str:
    """Blocks, modes and step of an evolution, for the log."""
    medium = system.medium
    return (
        f"{medium.box.blocks} blocks of {medium.box.waves} plane waves, "
        f"{medium.modes} bath modes, dt = {given.numerics.dt:.4g}"
    )
