"""The condensed steady state of an input, polished by SNES, and errors of what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from .... import petsc
from ....errors import NormalState, NotConverged
from ....parallel import Communicator, on_root
from ....solvers import newton
from ....tasks import Given
from ..physics import number_balance, steady_states
from ..physics.gap_equations import Condensate, Drive
from .drive import drive_of

WIDE = (
    "the baths are wide: at large momentum n_p = gamma_b/(pi p^2), so that every result depends "
    "on the cutoff p_c, which the number equation stops at"
)


def polish(
    seed: Condensate, comm: Communicator, given: Given
) -> tuple[Condensate, newton.Solution]:
    """The `Condensate` and the SNES solution from a seed, momenta over the ranks. **Collective.**

    Raises NotConverged if the residual stays above [numerics] tolerance.
    """
    problem = number_balance.Balance(seed)
    tolerance = {"snes_atol": given.numerics.tolerance}
    with petsc.Options(given.petsc):
        solution = newton.solve(
            problem, comm, problem.start(), tolerance, prefix="steady_", fix=False
        )
    if not solution.converged:
        raise NotConverged(
            f"steady: SNES stopped at residual {solution.residual:.1e} ({solution.reason}); "
            "try a larger [numerics] tolerance"
        )
    return problem.state(solution.x, solution.residual), solution


def condensate(
    given: Given, comm: Communicator, drive: Drive | None = None
) -> tuple[Condensate, newton.Solution]:
    """The `Condensate` and the SNES solution of an input, or of another drive. **Collective.**

    Raises NormalState on every rank where there is no condensate, NotConverged if it is not found.
    """
    seed = on_root(comm, condensate_at, drive or drive_of(given))
    return polish(seed, comm, given)


def condensate_at(drive: Drive) -> Condensate:
    """The `Condensate` of a drive. Raises NormalState beyond its end, NotConverged if lost."""
    try:
        return steady_states.solve(drive)
    except NormalState:
        raise
    except NotConverged:
        if drive.ratio == 0:
            raise
        end = steady_states.critical(drive)
        if drive.ratio < end.ratio:
            raise
        raise steady_states.NoCondensate(
            f"normal: no condensate at inv_kfas = {drive.inv:g}, ratio = {drive.ratio:g}; "
            f"it ends at ratio_c = {end.ratio:.6g}"
        ) from None


def condensates(
    given: Given, comm: Communicator, ratios: Iterable[float]
) -> tuple[list[tuple[Condensate, newton.Solution]], list[float], list[str]]:
    """(`condensate` of each ratio that has one, these ratios, a warning on the others).

    **Collective.** Raises NormalState if no ratio has one.
    """
    family: list[tuple[Condensate, newton.Solution]] = []
    there: list[float] = []
    normal: list[NormalState] = []
    for ratio in ratios:
        try:
            family.append(condensate(given, comm, drive_of(given, ratio=ratio)))
            there.append(float(ratio))
        except NormalState as answer:
            normal.append(answer)
    if not family:
        raise normal[0]
    left_out = [f"{len(normal)} ratios are left out: {normal[0]}"] if normal else []
    return family, there, left_out


def error_through_state(quantity: Callable[[Condensate], float], state: Condensate) -> float:
    """Error of quantity(state): what the errors of the state and a finer grid change."""
    finer = replace(state.drive, fine=2 * state.drive.fine)
    value = quantity(state)
    change = abs(quantity(replace(state, drive=finer)) - value)
    moved = number_balance.through_state(quantity, state)
    return float(moved + 2 * change + 1e-13 * (1 + abs(value)))


def end_error(end: Condensate) -> float:
    """Error of ratio_c: the same root on momentum panels of half the length, and rounding."""
    if end.ratio == 0:
        return 0.0
    finer = steady_states.at_delta(
        replace(end.drive, fine=2 * end.drive.fine), 0.0, (end.mu, end.mt, end.ratio)
    )
    return 2 * abs(finer.ratio - end.ratio) + 1e-11
