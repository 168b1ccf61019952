"""Task ``tmatrix`` of the nsn-junction: the pair susceptibility of the normal state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ....parallel import Communicator, on_root
from ....solvers import newton
from ....tasks import Given, Outcome, Output
from ..physics import gap_equations, pair_susceptibility, uniform_states
from ..physics.operating_point import Point
from ..physics.uniform_states import Finite, Grid, Infinite
from ..quantities import NORMAL_STABILITY
from ..shared.operating_point import point_of
from ..shared.polished_roots import FLOOR, grid_of, with_error

Pairs = Callable[[np.ndarray, Point, Grid], np.ndarray]
STEP = 1e-3  # of Q, over which the slope of dC/dQ is taken
FINER = (1.0, 0.6, 0.3, 0.1)  # of the finer grids' errors
ROUNDING = 1e-15  # of U C


@dataclass
class Peak:
    """Where C(Q) is largest, with errors; ``reason`` and ``residual`` of SNES."""

    Q: float
    C: float
    Q_error: float
    C_error: float
    reason: str = ""
    residual: float = 0.0


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Kawamura & Ohashi 2025, Eqs. (48), (53), Fig. 5(b): C(Q) and its peak. **Collective.**"""
    point, grid = point_of(given), grid_of(given)
    U = point.U
    Q = momenta(given, grid)
    C, C_error = on_root(comm, with_error, lambda g: uniform_states.pair_sum(Q, point, g), grid)
    peak = largest(comm, point, grid)
    zero, zero_error = on_root(
        comm, with_error, lambda g: float(uniform_states.gap_sum(0.0, point, g)), grid
    )
    out = output()
    out.axis("Q", Q)
    out.fixed("C", C)
    out.fixed("inverse_T", 1 / U - C)
    out.fixed("C_error", C_error)
    summary = {
        "Q_max": peak.Q,
        "U_C_max": U * float(peak.C),
        "U_C_0": U * float(zero),
        "inverse_T_min": 1 / U - float(peak.C),
        "normal": NORMAL_STABILITY[U * float(peak.C) < 1 and U * float(zero) < 1],
        "snes_reason": peak.reason,
        "residual": peak.residual,
    }
    errors = {"Q_max": peak.Q_error}
    _add_diagonal(comm, point, grid, summary, errors)
    if isinstance(grid, Infinite):
        diagonal = on_root(comm, pair_susceptibility.pair_sum_diagonal, Q, point, grid)
        out.fixed("C_diagonal", diagonal)
    errors |= {
        "U_C_max": U * float(peak.C_error),
        "U_C_0": U * float(zero_error),
        "inverse_T_min": float(peak.C_error),
    }
    log(
        f"tmatrix: U C(Q) = {summary['U_C_max']:.6f} at Q = {peak.Q:.5f}; "
        f"normal state {summary['normal']}"
    )
    return Outcome("complete", summary, errors, [])


def momenta(given: Given, grid: Grid) -> np.ndarray:
    """The momenta of the [sweep], or 0 to pi; on a finite lattice its own."""
    Q = given.sweep.get("Q")
    if not isinstance(grid, Finite):
        return np.linspace(0.0, np.pi, 121) if Q is None else Q
    own = 2 * np.pi * np.arange(grid.Lx // 2 + 1) / grid.Lx
    return own if Q is None else own[np.abs(Q[:, None] - own).argmin(1)]


def largest(comm: Communicator, point: Point, grid: Grid) -> Peak:
    """The peak of C(Q) along x, on the infinite lattice solved for as dC/dQ = 0. **Collective.**"""
    seed = on_root(comm, pair_susceptibility.strongest_pairing, point, grid)
    return polished_peak(comm, point, grid, uniform_states.pair_sum, seed)


def polished_peak(
    comm: Communicator, point: Point, grid: Grid, pairs: Pairs, seed: tuple[float, float]
) -> Peak:
    """The peak of C = pairs(Q, point, grid) next to the ``seed`` (Q, C). **Collective.**"""
    Q, C = seed
    if not isinstance(grid, Infinite):
        return Peak(Q, C, 0.0, FLOOR)

    reason, residual, Q_error = "", 0.0, 0.0
    if Q > 1e-6:
        equations = gap_equations.peak(lambda x: pairs(x, point, grid), point.U)
        solution = newton.solve_equations(equations, [Q], prefix="steady_")
        Q = abs(float(solution.x[0]))
        Q_error = on_root(comm, peak_error, point, grid, pairs, Q)
        reason, residual = solution.reason, solution.residual
    else:
        Q = 0.0
    C, C_error = on_root(comm, with_error, lambda g: float(pairs(np.array([Q]), point, g)[0]), grid)
    return Peak(Q, C, Q_error, C_error, reason, residual)


def peak_error(point: Point, grid: Infinite, pairs: Pairs, Q: float) -> float:
    """Error of the momentum Q of a peak.

    What dC/dQ is there on several finer grids, which differ by rounding too, and what twice the
    step of its difference changes, over its slope.
    """

    def slope(x: float, own: Infinite, spread: float = 1.0) -> float:
        return float(gap_equations.peak(lambda q: pairs(q, point, own), point.U, spread)([x])[0])

    fine = [replace(grid, error=part * grid.error**1.5) for part in FINER]
    missed = max(abs(slope(Q, own)) for own in (grid, *fine))
    step = abs(slope(Q, grid, 2.0) - slope(Q, grid)) / 8
    steep = abs(slope(Q + STEP, grid) - slope(Q - STEP, grid)) / (2 * STEP)
    return float(4 * (missed + step + ROUNDING) / steep)


def _add_diagonal(comm, point: Point, grid: Grid, summary: dict, errors: dict) -> None:
    """The same peak along the diagonal, where the lattice has one. **Collective.**"""
    if isinstance(grid, Finite) and grid.Lx != grid.Ly:
        return
    seed = on_root(comm, pair_susceptibility.strongest_diagonal, point, grid)
    top = polished_peak(comm, point, grid, pair_susceptibility.pair_sum_diagonal, seed)
    summary |= {"Q_max_diagonal": top.Q, "U_C_max_diagonal": point.U * top.C}
    errors |= {
        "Q_max_diagonal": top.Q_error,
        "U_C_max_diagonal": point.U * float(top.C_error),
    }
