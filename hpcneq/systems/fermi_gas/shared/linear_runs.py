"""Runs of the linearised equation: their steady states, equations of motion and records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ....tasks import Given
from ....tasks.evolution import Recorder
from .. import inputs
from ..physics.linear_poles import FewPairs
from ..physics.response import Response
from .branch_states import remembered_curves, required_branch
from .evolution_grid import SOONER, coarser, dephasing_time
from .gas import gas_of, response_of

if TYPE_CHECKING:
    from ....files.writer import ResultFile

StartState = tuple[float, float, float]  # (Delta, Q, error of Delta)


def parameters_of_runs(given: Given) -> list[inputs.EvolveParameters]:
    """[parameters] of the runs: one, or one for each value of the swept key."""
    for key, values in given.sweep.items():
        return [replace(given.parameters, **{key: float(value)}) for value in values]
    return [given.parameters]


def states_of_runs(given: Given) -> list[StartState]:
    """The steady state of each run; InputError if one of them does not exist."""
    curves_of = remembered_curves()
    return [
        required_branch(gas_of(p, given.numerics), p.branch, curves_of)
        for p in parameters_of_runs(given)
    ]


def linear_system(
    given: Given, states: list[StartState], variant: str | None = None
) -> tuple[list[Response], FewPairs]:
    """(Response of each run, the equations of all); on the coarser grid for the grid error."""
    n, share = given.numerics, 1.0
    if variant == "grid error":
        n, share = coarser(n), SOONER
    responses = [response_of(p, n, D, Q) for p, (D, Q, _) in zip(parameters_of_runs(given), states)]
    least = min(response.baths.gamma for response in responses)
    start = [[given.initial.kick] * 2] * len(responses)
    time = share * dephasing_time(given, least)
    return responses, FewPairs(responses, start, n.p_c, time)


class LinearRecords(Recorder):
    """Data sets of a linearised evolution."""

    safety = 15.0 / 4
    defaults = {"ts_rk_type": "4", "ts_adapt_type": "none"}
    traced = ("ddelta",)
    variants = ("step error", "grid error")

    def __init__(self, given: Given, responses: list[Response]) -> None:
        self.given, self.responses = given, responses
        self.key = next(iter(given.sweep), "run")

    def declare(self, out: ResultFile) -> None:
        """Axes and series of the result file. **Collective.**"""
        out.growing_axis("t")
        out.axis(self.key, self.given.sweep.get(self.key, np.zeros(1)))
        out.fixed("delta", np.array([r.D for r in self.responses]), (self.key,))
        out.fixed("Q", np.array([r.Q for r in self.responses]), (self.key,))
        out.series("ddelta", axes=("t", self.key))
        out.series("dphase", axes=("t", self.key))

    def declare_errors(self, out: ResultFile) -> None:
        """Errors of the deviations in time. **Collective.**"""
        out.growing_axis("t_error")
        for name in self.variants:
            out.series(f"ddelta_{name.replace(' ', '_')}", axes=("t_error", self.key))

    def row(self, t: float, c: np.ndarray, seen: dict) -> dict:
        """One row, replicated on every rank."""
        x = c[:, 0]
        return {"t": t, "ddelta": 0.5 * x.sum(axis=1), "dphase": 0.5 * (x[:, 0] - x[:, 1])}

    @staticmethod
    def headline(row: dict) -> dict:
        """Summary numbers of one row."""
        return {"t": row["t"]}

    def local(self, row: dict, seen: dict) -> dict:
        """What this rank writes of a row."""
        return {name: row[name] for name in ("t", "ddelta", "dphase")}

    def progress(self, row: dict) -> str:
        """A few words on a row."""
        return "|dDelta| = " + ", ".join(f"{abs(x):.3e}" for x in row["ddelta"])
