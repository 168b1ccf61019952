"""Task ``steady`` of the nsn-junction: every uniform steady state of one point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ....parallel import Communicator, on_root
from ....solvers import newton
from ....tasks import Given, Outcome, Output
from ..physics import (
    currents,
    gap_equations,
    hartree,
    onsets,
    pair_susceptibility,
    uniform_states,
)
from ..physics.operating_point import Point
from ..physics.uniform_states import Grid
from ..quantities import NORMAL_STABILITY, STABILITY_CODES
from ..shared import rotating_states
from ..shared.operating_point import COVERED, HARTREE, point_of
from ..shared.polished_roots import CAUTION, FLOOR, grid_of

CARRIED = ("slope", "current_left", "density", "magnetization")  # with errors in the result
COLUMNS = ("slope", "density", "magnetization", "current_left", "current_right", "free_energy")


@dataclass
class Roots:
    """The roots of the gap equation, polished: SNES solutions, order parameters, their errors."""

    solutions: list[newton.Solution]
    D: list[float]
    errors: list[float]

    @property
    def lost(self) -> list[newton.Solution]:
        """Those that SNES left unsolved."""
        return [solution for solution in self.solutions if not solution.converged]


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Kawamura & Ohashi 2025, Eq. (47): uniform steady states, polished by SNES. **Collective.**

    Between leads that do not mirror each other the condensates rotate: `shared.rotating_states`.
    """
    point, grid = point_of(given), grid_of(given)
    if not point.mirrored:
        return rotating_states.run(given, comm, log, output, point)
    roots = polished_roots(comm, point, grid)
    scanned = on_root(comm, lambda: _scanned(onsets.scan(point, grid)))
    records = on_root(comm, lambda: [state_record(D, point, grid) for D in [*roots.D, 0.0]])
    normal = on_root(comm, pair_susceptibility.normal_stable, point, grid)
    region = on_root(comm, onsets.region, point, grid)
    _write(comm, output(), roots, records, scanned[1], point, grid)
    summary = _summary(roots, records, point)
    summary |= {"normal": NORMAL_STABILITY[normal], "region": region, "scanned": scanned}
    summary["covers"] = COVERED
    errors = {"roots": roots.errors, **on_root(comm, carried_errors, summary, roots, point, grid)}
    if point.hartree:
        summary |= on_root(comm, _shifted, roots, point)
    _tell(log, summary)
    status = "not-converged" if roots.lost else "complete"
    return Outcome(status, summary, errors, _warnings(roots, scanned, point))


def polished_roots(comm: Communicator, point: Point, grid: Grid) -> Roots:
    """The roots of the gap equation, each solved by all ranks together. **Collective.**"""
    finer = gap_equations.finer(grid)

    def solve(D: float, on: Grid) -> newton.Solution:
        if point.hartree:
            return on_root(comm, _solve_coupled, D, point, on)
        problem = gap_equations.GapRoot(point, on)
        return newton.solve(problem, comm, np.array([D]), prefix="steady_", fix=False)

    solutions = [solve(D, grid) for D in on_root(comm, onsets.roots, point, grid)]
    errors = []
    for solution in solutions:
        D, moved = solution.x[0], 0.0
        if finer is not None:
            moved = CAUTION * abs(solve(D, finer).x[0] - D)
        errors.append(FLOOR * (1 + D) + moved)
    return Roots(solutions, [float(solution.x[0]) for solution in solutions], errors)


def _solve_coupled(D: float, point: Point, grid: Grid) -> newton.Solution:
    """The root next to D of the gap, density and magnetization together; unknowns in this order."""
    start = np.append(D, hartree.densities(np.array([D * D]), point, grid))
    return newton.solve_equations(hartree.coupled(point, grid), start, prefix="steady_")


def _scanned(D: np.ndarray) -> list[float]:
    """[from, to, largest step] of a scan."""
    return [float(D[0]), float(D[-1]), float(np.diff(D).max())]


def state_record(D: float, point: Point, grid: Grid) -> dict:
    """Slope, stability, free energy at rest and what the state carries; D = 0: normal."""
    record = carried(D, point, grid)
    record["stability"] = onsets.stability(D, point, grid) if D > 0 else ""
    if point.equilibrium and D == 0:
        record["free_energy"] = 0.0
    return record


def carried(D: float, point: Point, grid: Grid) -> dict[str, float]:
    """Density, magnetization, currents, dF/dD, and the free energy at rest of one state."""
    numbers = {
        key: value
        for key, value in currents.transport(D, point, grid).items()
        if not key.startswith("by_")
    }
    numbers["slope"] = float(uniform_states.gap_slopes(D, point, grid)[1])
    if point.equilibrium:
        numbers["free_energy"] = float(uniform_states.free_energy(D, point, grid))
    return numbers


def carried_errors(summary: dict, roots: Roots, point: Point, grid: Grid) -> dict:
    """Errors of what follows from the roots: by a finer grid, and by the errors of the roots."""
    keys = [key for key in (*CARRIED, "free_energy") if key in summary]
    finer = gap_equations.finer(grid) or grid
    moved = [carried(D + error, point, grid) for D, error in zip(roots.D, roots.errors)]
    refined = [carried(D, point, finer) for D in roots.D]
    errors: dict = {
        key: [
            abs(a[key] - value) + CAUTION * abs(b[key] - value) + FLOOR
            for a, b, value in zip(moved, refined, summary[key])
        ]
        for key in keys
    }
    normal = carried(0.0, point, finer)["current_left"]
    errors["current_normal"] = CAUTION * abs(normal - summary["current_normal"]) + FLOOR
    return errors


def _shifted(roots: Roots, point: Point) -> dict[str, list[float]]:
    """The chemical potential and the field that the levels of every condensate see."""
    states = [hartree.shifted(point, *solution.x[1:]) for solution in roots.solutions]
    return {"mu_hartree": [s.mu for s in states], "h_hartree": [s.h for s in states]}


def _write(
    comm, out, roots: Roots, records: list[dict], top: float, point: Point, grid: Grid
) -> None:
    """Data sets over the states, normal last, and the gap equation's curve. **Collective.**"""
    codes = [STABILITY_CODES[record["stability"]] for record in records[:-1]]
    out.axis("state", np.arange(len(records)))
    out.fixed("delta", np.array([*roots.D, 0.0]))
    out.fixed("stability_code", np.array([*codes, -1]))
    out.fixed("residual", np.array([*(s.residual for s in roots.solutions), 0.0]))
    for key in COLUMNS:
        if key in records[0]:
            out.fixed(key, np.array([record[key] for record in records]))
    D = np.linspace(0.0, top, 301)
    out.axis("D", D)
    curve = on_root(comm, lambda: point.U * uniform_states.gap_sum(D, point, grid))
    out.fixed("U_F", curve)


def _summary(roots: Roots, records: list[dict], point: Point) -> dict:
    """The numbers of every condensate, in lists."""
    *condensates, normal = records
    keys = ["stability", *CARRIED]
    if point.equilibrium:
        keys.append("free_energy")
    summary = {key: [record[key] for record in condensates] for key in keys}
    return {
        "roots": roots.D,
        **summary,
        "current_normal": normal["current_left"],
        "residual": [solution.residual for solution in roots.solutions],
        "snes_reason": [solution.reason for solution in roots.solutions],
    }


def _warnings(roots: Roots, scanned: list[float], point: Point) -> list[str]:
    """What a reader of the result has to know."""
    warnings = [] if point.hartree else [HARTREE]
    if not roots.D:
        warnings.insert(
            0,
            f"no uniform condensate: D = U D F(D) has no root for 0 < D <= {scanned[1]:.6g}, "
            f"scanned in steps of at most {scanned[2]:.2g}",
        )
    if roots.lost:
        worst = max(solution.residual for solution in roots.lost)
        warnings.append(
            f"steady: SNES left {len(roots.lost)} of {len(roots.D)} roots with residual "
            f"{worst:.1e} ({roots.lost[0].reason}); try [petsc] steady.snes_atol or a larger "
            "[numerics] error"
        )
    return warnings


def _tell(log: Callable, summary: dict) -> None:
    """One line about the states found."""
    states = zip(summary["roots"], summary["stability"])
    words = ", ".join(f"D = {D:.6f} {stability}" for D, stability in states)
    log(f"steady: {words or 'no condensate'}; normal state {summary['normal']}")
