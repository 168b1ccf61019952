"""Task ``evolve``: the condensate in a supercell after a kick, with the bath's memory."""

from __future__ import annotations

from collections.abc import Callable

from ....parallel import Communicator, on_root
from ....solvers.supercell.state import Supercell
from ....tasks import Given, Outcome, Output
from ....tasks.supercell import Kick, kick_of, run_cell, varied, with_step, words_of
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
    made = system_of(given, state)
    given = with_step(given, made[0])
    log(f"evolve: delta = {state.delta:.6f}, {words_of(given, made[0])}")

    def other(variant: str) -> Supercell:
        return system_of(varied(given, variant), state)[0]

    outcome = run_cell(given, comm, log, output, made, other)
    outcome.summary |= {
        "delta": state.delta,
        "mu": state.mu,
        "mu_b": state.mu_b,
        "ratio": state.ratio,
        "wave_number": given.numerics.wave_number,
        **input_summary(state.drive),
    }
    outcome.warnings += [WIDE, BOX]
    return outcome


def system_of(given: Given, state: Condensate) -> tuple[Supercell, int, Kick]:
    """(the equations, periods of the kick's wave in the cell, the kick) of an input."""
    rest, even = resting(given, state), given.numerics.supercell.even
    periods, kick = kick_of(given, rest.medium.box)
    return Supercell(rest.medium, rest.coupling, rest.start, kick, even), periods, kick
