"""A boundary of stability, solved by SNES from a seed: where it lies, and its errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ....solvers import newton
from ..physics import boundaries, boundary_equations, growth, steady_states
from ..physics.boundary_equations import Onset
from ..physics.gap_equations import Condensate

SNES = {"snes_atol": 1e-7, "snes_max_it": 8, "snes_stol": 1e-12}
# with slopes taken once
CHORD = {
    "snes_atol": 1e-8,
    "snes_max_it": 5,
    "snes_stol": 1e-9,
    "snes_linesearch_type": "basic",
}
ROUNDS, LOST = 3, 0.3  # of slopes; residual at which they end
NEARBY = 0.02  # of ratio: where SNES may go
UNPOLISHED = 5e-4  # of ratio: seeds as rough as this may be made better where SNES fails
SETTLED = 1e-5  # residual of a boundary's equations
EARLIER = 1e-3  # of the levels' width: a mode that grows faster at a boundary is another one


@dataclass(frozen=True)
class Solved:
    """A solved boundary.

    onset : None where there is no boundary. errors : {ratio, q, omega, delta: error}. residual :
    what is left of its equations. why : what went wrong, "" if nothing did.
    """

    onset: Onset | None
    errors: dict
    residual: float
    why: str = ""


def solve_boundary(seed: Onset, kind: str) -> Solved:
    """The boundary's equations solved by SNES from ``seed``.

    Where SNES leaves the seed's neighbourhood or stops before it has settled, the seed is kept and
    ``why`` tells. There is no boundary C where its oscillation only begins as two modes at rest
    meet, one of which grows already: Im w has no maximum over q that touches 0.
    """
    solved, solution, place = _by_newton(seed, kind)
    if solved is None and kind in ("B", "C") and seed.error > UNPOLISHED * seed.ratio:
        near = (seed.ratio, seed.q, seed.omega)
        sharp = boundaries.beside(seed.state.drive, kind, near, sharp=True)
        if sharp is not None:
            return solve_boundary(sharp, kind)
    if solved is not None:
        return solved
    residual = float(solution.residual)
    ratio = float(place(solution.x)[0])
    if kind == "C" and growth_at(seed.state) > 0:
        return Solved(None, {}, residual)
    why = (
        f"boundary {kind} at inv_kfas = {seed.state.inv:.6g}: SNES stopped at "
        f"ratio = {ratio:.6g}, residual {residual:.1e} ({solution.reason}); "
        "what the search found is given"
    )
    errors = {"ratio": seed.error, "q": np.nan, "omega": np.nan, "delta": np.nan}
    return Solved(seed, errors, residual, why)


def _by_newton(seed, kind):
    """(`Solved`, None unless SNES settles next to the seed; its solution; place of unknowns)."""
    size = boundary_equations.unit(seed, kind)
    function, start, place = boundary_equations.equations(seed, kind, 1, size)
    noise = boundary_equations.noise(kind, seed, size)
    solution, slope = settled(function, start, noise)
    ratio, *rest = map(float, place(solution.x))
    if solution.residual > SETTLED + noise or abs(ratio / seed.ratio - 1) > NEARBY:
        return None, solution, place
    state = steady_states.solve(replace(seed.state.drive, ratio=ratio), seed.state)
    q, omega = (*rest, 0.0, 0.0)[:2]
    onset = replace(seed, ratio=ratio, q=q, omega=omega, state=state)
    errors = boundary_equations.errors(kind, seed, onset, solution.x, slope, size)
    return Solved(onset, errors, float(solution.residual)), solution, place


def settled(
    function: Callable[[np.ndarray], np.ndarray], start: np.ndarray, noise: float = 0.0
) -> tuple[newton.Solution, np.ndarray]:
    """(SNES's solution, slopes next to it).

    Slopes are taken once for some steps. Where that does not settle they are taken in every step.
    noise : of the function's values, which no step makes smaller.
    """
    x = start
    for _ in range(ROUNDS):
        slope = boundary_equations.slopes(function, x)
        solution = newton.solve_equations(function, x, CHORD, "steady_", slope)
        if solution.converged or solution.residual < noise or not solution.residual < LOST:
            break
        x = solution.x
    if not (solution.converged or solution.residual < noise):
        solution = newton.solve_equations(function, start, SNES, "steady_")
    return solution, slope


def growth_at(state: Condensate) -> float:
    """The largest growth rate of any mode; 0 where it is that of a mode at its boundary."""
    fastest = growth.fastest(state)
    if fastest and fastest.w.imag > EARLIER * state.g:
        return float(fastest.w.imag)
    return 0.0
