"""Task ``iv`` of the nsn-junction: current and differential conductance along every branch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root
from ....tasks import Given, Outcome, Output
from ..inputs import BranchNumerics
from ..physics import currents, onsets, uniform_states
from ..physics.operating_point import Point
from ..physics.uniform_states import Grid
from ..shared import turning_branches
from ..shared.branch_records import branch_record, empty_record
from ..shared.operating_point import UNIFORM_ONLY, point_of
from ..shared.polished_roots import FLOOR, grid_of, with_error
from ..shared.turning_branches import is_mirrored

UNSOLVED = 1e-9  # residual above which a root counts as lost
VERTEX = 1e-5  # the slope of a branch where it leaves the normal state is a limit
STEEPNESS = np.array([0.0, 100.0, 0.0, 100.0, 0.0])  # conductances lose digits near folds
DIFFERENCES = 1e-7  # relative error of conductances with Hartree shifts
FINER = 0.4  # of the step along a branch: conductances bend sharply near folds


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """I(V) and dI/dV per site along every branch and of the normal state. **Collective.**

    Landauer's formula with each lead's own Fermi edges. Between leads that do not mirror each
    other condensates turn: their chemical potential is solved with the gap.
    """
    grid, eV, point = grid_of(given), given.sweep["eV"], point_of(given, eV=0.0)
    line = Mirrored(point, grid, eV)
    if not is_mirrored(given, "eV"):
        line = Turning(point, grid, eV)
    finer = dataclasses.replace(given.numerics, step=FINER * given.numerics.step)
    record = on_root(comm, line.record, finer)
    along = on_root(comm, line.along, record)
    normal, normal_error = on_root(comm, with_error, line.normal, grid)
    stable, stable_error = on_root(comm, line.stable, record)
    regions = on_root(comm, line.regions)
    _write(output(), eV, record, along, normal, stable)
    summary, errors = _summary(eV, normal, normal_error, stable, stable_error)
    summary |= {"region": regions, "folds": record["folds"]}
    summary |= {"folds_complete": record["complete"], "covers": UNIFORM_ONLY}
    warnings = line.warnings()
    if not record["complete"]:
        warnings.append("iv: folds may be missing: two searches differ; try a smaller step")
    if len(eV) == 1:
        warnings.append("one bias is no branch: branch_I and the other branch_* are empty")
    log(f"iv: {len(record['x'])} points on {len(set(record['branch']))} branches")
    return Outcome("complete", summary, errors, warnings)


@dataclasses.dataclass(frozen=True)
class Mirrored:
    """The branches of leads that mirror each other, and what their states carry."""

    point: Point
    grid: Grid
    eV: np.ndarray

    def record(self, numerics: BranchNumerics) -> dict:
        """The branches; of one bias none, though there may be a state at it."""
        if len(self.eV) > 1:
            return branch_record(self.point, self.grid, "eV", self.eV, numerics)
        return empty_record() | {"stable": [(float(self.eV[0]), float(self.eV[0]))]}

    def along(self, record: dict) -> np.ndarray:
        """`transported` at every point of the branches, (points, 4)."""
        return branch_currents(record, self.point, self.grid)

    def normal(self, grid: Grid) -> np.ndarray:
        """`transported` of the normal state at every bias, (biases, 4)."""
        return normal_currents(self.point, self.eV, grid)

    def stable(self, record: dict) -> tuple[np.ndarray, np.ndarray]:
        """(`transported`, D) of the stable uniform state (biases, 5), and its errors; nan: none."""
        table = stable_currents(record, self.point, self.grid, self.eV)
        errors = FLOOR * (1 + np.abs(table) * STEEPNESS)
        if self.point.hartree:  # derivatives by differences
            errors[:, [1, 3]] += DIFFERENCES * np.abs(table[:, [1, 3]])
        return table, errors

    def regions(self) -> list[str | None]:
        """The phase at every bias."""
        return [onsets.region(self.point.at(eV=float(x)), self.grid) for x in self.eV]

    def warnings(self) -> list[str]:
        """What a reader has to know."""
        return []


class Turning(Mirrored):
    """The same between leads that do not mirror each other; mu_pair is a sixth column."""

    def record(self, numerics: BranchNumerics) -> dict:
        """The branches; of one bias its states alone."""
        if len(self.eV) > 1:
            return turning_branches.turning_record(self.point, self.grid, "eV", self.eV, numerics)
        return turning_branches.single_record(self.point, self.grid, float(self.eV[0]))

    def along(self, record: dict) -> np.ndarray:
        """`turning_branches.transported` at every point of the branches, (points, 4)."""
        rows = [
            turning_branches.transported(max(D, VERTEX), m, self.point.at(eV=x), self.grid)
            for x, D, m in zip(*(record[name].tolist() for name in ("x", "delta", "mu")))
        ]
        return np.array(rows).reshape(-1, 4)

    def stable(self, record: dict) -> tuple[np.ndarray, np.ndarray]:
        """The same, and mu_pair: (biases, 6) twice."""
        table, errors = (np.full((len(self.eV), 6), np.nan) for _ in (0, 1))
        states = turning_branches.stable_states(record, self.point, self.grid, self.eV)
        for k, state in enumerate(states):
            if state is None:
                continue
            if not state[0].converged and state[0].residual > UNSOLVED:
                raise NotConverged(
                    f"iv: eV = {self.eV[k]:g}: the state of the stable branch is not found "
                    f"({state[0].reason}, residual {state[0].residual:.1e}); use a smaller step"
                )
            (D, m), at = state[0].x, self.point.at(eV=float(self.eV[k]))
            numbers, number_errors = with_error(
                lambda g, D=D, m=m, at=at: turning_branches.transported(D, m, at, g), self.grid
            )
            moved = turning_branches.transported(D + state[1][0], m + state[1][1], at, self.grid)
            table[k] = [*numbers, D, m]
            errors[k] = [*(number_errors + np.abs(moved - numbers)), *state[1]]
        return table, errors + FLOOR * np.array([1, 100, 1, 100, 1, 1])

    def regions(self) -> list[str | None]:
        """No phase has a name here."""
        return [None] * len(self.eV)

    def warnings(self) -> list[str]:
        """What a reader has to know."""
        return [turning_branches.TURNING]


def transported(D: float, point: Point, grid: Grid) -> np.ndarray:
    """(I_L, dI_L/dV, I_R, dI_R/dV) of a state, along its branch: dD/dV from the gap equation."""
    state, slope = currents.transport(D, point, grid), 0.0
    if D > 0:
        _, by_gap, by_voltage = uniform_states.gap_slopes(D, point, grid)
        slope = -by_voltage / by_gap
    total = state["by_eV"] + state["by_delta"] * slope
    return np.array([state["current_left"], total[0], state["current_right"], total[1]])


def branch_currents(record: dict, point: Point, grid: Grid) -> np.ndarray:
    """`transported` at every point of the branches, (points, 4)."""
    rows = [
        transported(max(float(D), VERTEX), point.at(eV=float(x)), grid)
        for D, x in zip(record["delta"], record["x"])
    ]
    return np.array(rows).reshape(-1, 4)


def normal_currents(point: Point, eV: np.ndarray, grid: Grid) -> np.ndarray:
    """`transported` of the normal state at every voltage, (voltages, 4)."""
    return np.array([transported(0.0, point.at(eV=float(x)), grid) for x in eV])


def stable_currents(record: dict, point: Point, grid: Grid, eV: np.ndarray) -> np.ndarray:
    """`transported` and D of the stable uniform state, (voltages, 5); nan without one."""
    table = np.full((len(eV), 5), np.nan)
    for row, x in zip(table, map(float, eV)):
        if not any(low - 1e-9 <= x <= high + 1e-9 for low, high in record["stable"]):
            continue
        point = point.at(eV=x)
        states = onsets.steady_states(point, grid)
        stable = [state.delta for state in states if state.stability == "stable"]
        if stable:
            row[:] = [*transported(max(stable), point, grid), max(stable)]
    return table


def _write(
    out, eV: np.ndarray, record: dict, along: np.ndarray, normal: np.ndarray, stable: np.ndarray
) -> None:
    """Data sets over the voltages and over the points of the branches. **Collective.**"""
    out.axis("eV", eV)
    out.fixed("I_normal", normal[:, 0])
    out.fixed("dI_dV_normal", normal[:, 1])
    names = ("I", "dI_dV", "current_right", None, "delta", "mu_pair")
    for name, column in zip(names, stable.T):
        if name:
            out.fixed(name, column)
    out.axis("point", np.arange(len(record["x"])))
    out.fixed("branch", record["branch"])
    out.fixed("branch_eV", record["x"])
    out.fixed("branch_delta", record["delta"])
    if "mu" in record:
        out.fixed("branch_mu_pair", record["mu"])
    out.fixed("branch_stability_code", record["code"])
    out.fixed("branch_I", along[:, 0])
    out.fixed("branch_dI_dV", along[:, 1])


def _summary(
    eV: np.ndarray,
    normal: np.ndarray,
    normal_error: np.ndarray,
    stable: np.ndarray,
    stable_error: np.ndarray,
) -> tuple[dict, dict]:
    """(summary, errors): lists over the voltages; None where there is no stable uniform state."""

    def listed(column: np.ndarray) -> list[float | None]:
        return [None if np.isnan(value) else float(value) for value in column]

    summary = {
        "eV": eV.tolist(),
        "I_normal": normal[:, 0].tolist(),
        "dI_dV_normal": normal[:, 1].tolist(),
    }
    errors = {
        "I_normal": normal_error[:, 0].tolist(),
        "dI_dV_normal": normal_error[:, 1].tolist(),
    }
    for name, column in (("I", 0), ("dI_dV", 1), ("delta", 4), ("mu_pair", 5)):
        if column < stable.shape[1]:
            summary[name] = listed(stable[:, column])
            errors[name] = listed(stable_error[:, column])
    return summary, errors
