"""Task ``evolve``: the condensate in a supercell after a kick, with the bath's memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ....parallel import Communicator, on_root
from ....solvers.supercell.state import Supercell, SupercellState
from ....tasks import Given, Outcome, Output, run_evolution
from ....tasks.cost import mode_dtype
from ....tasks.supercell import Kick, SupercellRecords, default_step, kick_shape, varied
from ....tasks.supercell_tables import cell_of
from ..physics.gap_equations import Condensate
from ..shared.condensate import WIDE, condensate_at
from ..shared.drive import drive_of, input_summary
from ..shared.supercell import resting

BOX = (
    "mu_b is fixed, not the density, which may drift; mu and frequencies count from the uniform "
    "condensate's mu"
)


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """What becomes of the uniform condensate after its instability. **Collective.**"""
    state = on_root(comm, condensate_at, drive_of(given))
    system, periods, kick = system_of(given, state)
    given = with_step(given, system)
    box = system.medium.box
    log(
        f"evolve: delta = {state.delta:.6f}, {box.blocks} blocks of {box.waves} plane waves, "
        f"{system.medium.modes} bath modes, dt = {given.numerics.dt:.4g}"
    )
    records = SupercellRecords(given, system, periods, kick)
    dtype = mode_dtype(given.numerics)

    def make(variant: str | None, begin: bool) -> SupercellState:
        equations = system
        if variant not in (None, "step error"):
            equations = system_of(varied(given, variant), state)[0]
        return SupercellState(equations, comm, dtype, begin)

    outcome = run_evolution(given, comm, log, output, make, records)
    outcome.summary |= {
        "delta": state.delta,
        "mu": state.mu,
        "mu_b": state.mu_b,
        "ratio": state.ratio,
        "wave_number": given.numerics.wave_number,
        **input_summary(state.drive),
    }
    outcome.warnings += [WIDE, BOX]
    if outcome.status == "complete":
        records.add_history(outcome, output())
    return outcome


def system_of(given: Given, state: Condensate) -> tuple[Supercell, int, Kick]:
    """(the equations, periods of the kick's wave in the cell, the kick) of an input."""
    cell, start = given.numerics.supercell, given.initial
    _, periods = cell_of(given.numerics.wave_number, cell)
    shape = kick_shape(cell.harmonics, periods, start.kick, start.noise, given.run.seed, cell.even)
    kick = Kick(shape, start.kick_time, start.kick_width)
    rest = resting(given, state)
    return Supercell(rest.medium, rest.coupling, rest.start, kick, cell.even), periods, kick


def with_step(given: Given, system: Supercell) -> Given:
    """The input with its time step."""
    if given.numerics.dt is not None:
        return given
    return replace(given, numerics=replace(given.numerics, dt=default_step(system)))
