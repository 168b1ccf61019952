"""Task ``evolve``: the condensate in a supercell after a kick, with the bath's memory."""

from __future__ import annotations

from collections.abc import Callable

from ....parallel import Communicator, on_root
from ....solvers.supercell.state import Supercell
from ....tasks import Given, Outcome, Output
from ....tasks.supercell import Kick, kick_of, run_cell, varied, with_step, words_of
from ....tasks.supercell_records import VARIANTS
from ..physics.gap_equations import Condensate
from ..shared.condensate import WIDE, condensate_at
from ..shared.drive import drive_of, input_summary
from ..shared.stripes import chosen_of
from ..shared.supercell import resting

BOX = (
    "mu_b is fixed, not the density, which may drift; mu and frequencies count from the uniform "
    "condensate's mu"
)


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """What becomes of the uniform condensate after its instability. **Collective.**"""
    state = on_root(comm, condensate_at, drive_of(given))
    made = system_of(given, state, comm)
    given = with_step(given, made[0])
    log(f"evolve: delta = {state.delta:.6f}, {words_of(given, made[0])}")
    others: dict[str, Supercell] = {}
    if given.initial.start == "pattern" and given.numerics.error_estimate:
        others = {name: system_of(varied(given, name), state, comm)[0] for name in VARIANTS[1:]}

    def other(variant: str) -> Supercell:
        return others.get(variant) or system_of(varied(given, variant), state, comm)[0]

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


def system_of(
    given: Given, state: Condensate, comm: Communicator | None = None
) -> tuple[Supercell, int, Kick]:
    """(the equations, periods of the kick's wave in the cell, the kick) of an input.

    A pattern to start from is sought on all ranks of ``comm``. **Collective** then.
    """
    cell = given.numerics.supercell
    if given.initial.start == "pattern" and comm is not None:
        return at_pattern(given, state, comm)
    rest = resting(given, state)
    periods, kick = kick_of(given, rest.medium.box)
    return Supercell(rest.medium, rest.coupling, rest.start, kick, cell.even), periods, kick


def at_pattern(given: Given, state: Condensate, comm: Communicator) -> tuple[Supercell, int, Kick]:
    """The same from stripes at rest; energies count from the stripes' own mu. **Collective.**"""
    stripes = chosen_of(given, state, None, comm).stripes
    medium, problem = stripes.problem.medium(stripes.shift), stripes.problem
    periods, kick = kick_of(given, medium.box)
    system = Supercell(
        medium,
        problem.at_rest(stripes.shift),
        stripes.harmonics,
        kick,
        given.numerics.supercell.even,
        stripes.problem.in_frame(stripes.x),
    )
    return system, periods, kick
