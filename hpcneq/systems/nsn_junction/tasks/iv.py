"""Task ``iv`` of the nsn-junction: current and differential conductance along every branch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from ....parallel import Communicator, on_root
from ....tasks import Given, Outcome, Output
from ..physics import currents, onsets, uniform_states
from ..physics.operating_point import Point
from ..physics.uniform_states import Grid
from ..shared.branch_records import branch_record, empty_record
from ..shared.operating_point import point_of
from ..shared.polished_roots import FLOOR, grid_of, with_error

VERTEX = 1e-5  # the slope of a branch where it leaves the normal state is a limit
FINER = 0.4  # of the step along a branch: conductances bend sharply near folds


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """I(V) and dI/dV per site along every branch and of the normal state. **Collective.**

    Landauer's formula with each lead's own Fermi edges.
    """
    grid, eV, point = grid_of(given), given.sweep["eV"], point_of(given, eV=0.0)
    mirrored = point.at(eV=0.5).mirrored
    record = empty_record()
    if mirrored and len(eV) > 1:
        finer = dataclasses.replace(given.numerics, step=FINER * given.numerics.step)
        record = on_root(comm, branch_record, point, grid, "eV", eV, finer)
    elif mirrored:  # a branch has no single point, but there may be a state at it
        record["stable"] = [(float(eV[0]), float(eV[0]))]
    along = on_root(comm, branch_currents, record, point, grid)
    normal, normal_error = on_root(comm, with_error, lambda g: normal_currents(point, eV, g), grid)
    stable, regions = np.full((len(eV), 5), np.nan), [None] * len(eV)
    if mirrored:
        stable = on_root(comm, stable_currents, record, point, grid, eV)
        regions = on_root(comm, lambda: [onsets.region(point.at(eV=float(x)), grid) for x in eV])
    _write(output(), eV, record, along, normal, stable)
    summary, errors = _summary(eV, normal, normal_error, stable)
    summary |= {"region": regions, "folds": record["folds"]}
    summary["folds_complete"] = record["complete"]
    warnings = []
    if not record["complete"]:
        warnings.append("iv: folds may be missing: two searches differ; try a smaller step")
    if len(eV) == 1:
        warnings.append("one bias is no branch: branch_I and the other branch_* are empty")
    if not mirrored:
        warnings.append(
            "leads that do not mirror each other turn the phase of a condensate: "
            "only the normal state is computed"
        )
    log(f"iv: {len(record['x'])} points on {len(set(record['branch']))} branches")
    return Outcome("complete", summary, errors, warnings)


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
    for name, column in (("I", 0), ("dI_dV", 1), ("current_right", 2), ("delta", 4)):
        out.fixed(name, stable[:, column])
    out.axis("point", np.arange(len(record["x"])))
    out.fixed("branch", record["branch"])
    out.fixed("branch_eV", record["x"])
    out.fixed("branch_delta", record["delta"])
    out.fixed("branch_stability_code", record["code"])
    out.fixed("branch_I", along[:, 0])
    out.fixed("branch_dI_dV", along[:, 1])


def _summary(
    eV: np.ndarray, normal: np.ndarray, normal_error: np.ndarray, stable: np.ndarray
) -> tuple[dict, dict]:
    """(summary, errors): lists over the voltages; None where there is no stable uniform state."""

    def listed(column: np.ndarray) -> list[float | None]:
        return [None if np.isnan(value) else float(value) for value in column]

    def errors_of(values: list[float | None], slope: float = 0.0) -> list[float | None]:
        return [None if value is None else FLOOR * (1 + abs(value) * slope) for value in values]

    summary = {
        "eV": eV.tolist(),
        "I": listed(stable[:, 0]),
        "dI_dV": listed(stable[:, 1]),
        "delta": listed(stable[:, 4]),
        "I_normal": normal[:, 0].tolist(),
        "dI_dV_normal": normal[:, 1].tolist(),
    }
    errors = {
        "I_normal": normal_error[:, 0].tolist(),
        "dI_dV_normal": normal_error[:, 1].tolist(),
        "I": errors_of(summary["I"]),
        "dI_dV": errors_of(summary["dI_dV"], 100),
        "delta": errors_of(summary["delta"]),
    }
    return summary, errors
