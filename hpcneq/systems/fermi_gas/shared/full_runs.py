"""Runs of one condensate in full: its start and possible ends, equations of motion, records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from ....maths import poles
from ....parallel import Communicator
from ....solvers.mean_field import FieldState
from ....solvers.propagated_fields import PropagatedState
from ....tasks import Given
from ....tasks.evolution import Recorder
from ..physics import gap_and_current, state_curves
from ..physics.dynamics import Kinetic
from ..physics.gap_and_current import Gas
from ..physics.memory_stepping import SteppedMemory
from ..physics.ramp import Ramp
from .branch_states import CurvesOf, required_branch
from .evolution_grid import (
    COARSER_PANELS,
    SOONER,
    coarser,
    dephasing_time,
    with_time_step,
)

if TYPE_CHECKING:
    from ....files.writer import ResultFile

NEAR = 0.02  # of the largest Delta, and in pF of Q: what counts as having arrived
WIDTHS = 2.0  # longest panel near pF in units of the blur
COARSER_POLES = 10.0
SHORTEST_RAMP = 1e-6  # 1/mu: what is shorter is a jump, which has no value of its own
WIDEST = 0.25  # Q for which the grid of a condensate without one is made, where Q is free
SAFER = 2.0  # with memory: what turns fastest is not resolved in its phase at late times
NORMAL_GRID = (0.1, 0.0, 0.0)  # the state whose grid a run from the normal gas takes


def variants_of(given: Given) -> tuple[str, ...]:
    """Names of the further runs from which errors are estimated."""
    if given.numerics.model == "memory":
        return ("step error", "grid error", "pole error")
    return ("step error", "grid error")


def last_dmu(given: Given) -> float:
    """dmu after the ramp up."""
    p = given.parameters
    return p.dmu if p.dmu_end is None else p.dmu_end


def start_of(given: Given, gas: Gas, curves_of: CurvesOf) -> tuple[float, float, float]:
    """(Delta, Q, error of Delta) at the start; of the normal gas the state its grid is for."""
    if given.initial.start == "normal":
        return NORMAL_GRID
    return required_branch(gas, given.parameters.branch, curves_of)


def final_states(
    given: Given, gas: Gas, Q: float, curves_of: CurvesOf
) -> dict[str, tuple[float, float]]:
    """{name: (Delta, Q)} of every solution of the gap equation at the end of the run.

    The normal one is included; where Q is held, those of this Q. Those that carry a current,
    possible where Q is held, are called flowing.
    """
    p = given.parameters
    gas = gas.at(p.dmu if p.ramp_back else last_dmu(given))
    states = {
        name: (D, other)
        for name, D, other in state_curves.find(gas, curves_of(gas))
        if p.free_Q or abs(other - Q) < 1e-6
    }
    if Q > 0 and not p.free_Q:
        D = np.geomspace(2e-3, 0.5, 60)
        g = np.array([gap_and_current.gap(gas, x, Q) for x in D])
        for k in np.flatnonzero(g[:-1] * g[1:] < 0):
            root = brentq(lambda x: gap_and_current.gap(gas, x, Q), D[k], D[k + 1], xtol=1e-11)
            if all(abs(root - x) > 1e-6 for x, _ in states.values()):
                states[f"flowing {k}"] = root, Q
    return {"normal": (0.0, Q)} | states


def full_system(
    given: Given, gas: Gas, state: tuple[float, float], variant: str | None = None
) -> Kinetic:
    """The equations of model kinetic or memory, from the branch or from the normal gas.

    On the coarser grid, or with fewer poles, of a variant.
    """
    p, n, start = given.parameters, given.numerics, given.initial
    width, share, pole_error = WIDTHS, 1.0, n.pole_error
    if variant == "grid error":
        n, width, share = coarser(n), WIDTHS * COARSER_PANELS, SOONER
    if variant == "pole error":
        pole_error = n.pole_error * COARSER_POLES
    D, Q = state
    Delta = start.kick if start.start == "normal" else D + start.kick
    time = max(p.ramp_time, SHORTEST_RAMP)
    ramp = Ramp(p.dmu, last_dmu(given), p.ramp_begin, time, p.ramp_back)
    near, start_Q = (D, Q), None
    if p.free_Q:
        near, start_Q = (D, max(Q, WIDEST)), Q + start.kick_Q
    grid = {
        "p_c": n.p_c,
        "dp": min(n.dp, width * gas.baths.blur),
        "fine": n.fine,
        "angles": n.angles,
        "field": start.field,
        "lasting": dephasing_time(given, p.gamma) * share,
        "start_Q": start_Q,
    }
    if n.model == "kinetic":
        return Kinetic(gas.baths, p.inv_kfas, ramp, Delta, near, **grid)
    window = n.p_c**2 + max(p.dmu, last_dmu(given)) + near[1] * n.p_c
    fit = poles.fit("aaa", p.T, gas.baths.width, window, pole_error)
    return SteppedMemory(fit, gas.baths, p.inv_kfas, ramp, Delta, near, **grid)


def full_state(
    exponential: bool, system: Kinetic, comm: Communicator, begin: bool = True
) -> FieldState:
    """The state of these equations, in exponential steps or in those of PETSc."""
    if exponential:
        return PropagatedState(system, comm, begin)
    return FieldState(system, comm, begin)


def with_full_step(given: Given, system: Kinetic, exponential: bool) -> Given:
    """The input with the time step of these equations."""
    if exponential and isinstance(system, SteppedMemory):
        return with_time_step(given, system.turning, exponential=True)
    return with_time_step(given, system.fastest)


class FullRecords(Recorder):
    """Data sets of an evolution in full: Delta, its deviation from the start's branch, Q, dmu.

    near : {name: (Delta, Q)} of the states it may arrive at. before : |Delta| of its branch.
    """

    safety = 15.0 / 4
    defaults = {"ts_rk_type": "4", "ts_adapt_type": "none"}
    traced = ("size",)
    # cutoff and panels of one coarser grid may cancel: on the way to the normal gas by a factor 2
    caution = 3.0

    def __init__(
        self, given: Given, system: Kinetic, near: dict[str, tuple[float, float]], before: float
    ) -> None:
        self.given, self.system, self.near, self.before = given, system, near, before
        self.free = given.parameters.free_Q
        self.variants = variants_of(given)
        if given.numerics.model == "memory":
            self.safety = SAFER

    def declare(self, out: ResultFile) -> None:
        """Axes and series of the result file. **Collective.**"""
        out.growing_axis("t")
        out.axis("state", np.arange(len(self.near)))
        out.fixed("state_name", np.array(list(self.near)))
        out.fixed("delta_states", np.array([D for D, _ in self.near.values()]))
        out.fixed("Q_states", np.array([Q for _, Q in self.near.values()]))
        for name in ("delta", "size", "Q", "dmu", "particles"):
            out.series(name)
        out.series("ddelta", dtype=float, axes=("t",))

    def declare_errors(self, out: ResultFile) -> None:
        """Errors of Delta in time. **Collective.**"""
        out.growing_axis("t_error")
        for name in self.variants:
            out.series(f"size_{name.replace(' ', '_')}")

    def row(self, t: float, c: np.ndarray, seen: dict) -> dict:
        """One row, replicated on every rank."""
        return {
            "t": t,
            "delta": complex(c[0]),
            "size": float(abs(c[0])),
            "ddelta": float(abs(c[0]) - self.before),
            "dmu": float(self.system.dmu(t)),
            "Q": float(c[2].real),
            "particles": float(np.real(seen["sums"][0])),
        }

    def headline(self, row: dict) -> dict:
        """Summary numbers of one row: the order parameter, and which state it has arrived at."""
        final, Q = float(abs(row["delta"])), row["Q"]
        scale = max(D for D, _ in self.near.values()) or 1.0
        away = {}
        for name, (D, other) in self.near.items():
            turned = abs(other - Q) if self.free and D > 0 else 0.0
            away[name] = max(abs(D - final) / scale, turned)
        name = min(away, key=away.get)
        numbers = {"t": row["t"], "delta_final": final}
        if self.free:
            numbers["Q_final"] = Q
        return numbers | {"fate": name if away[name] < NEAR else "under way"}

    def local(self, row: dict, seen: dict) -> dict:
        """What this rank writes of a row."""
        return row

    def progress(self, row: dict) -> str:
        """A few words on a row."""
        words = f"|Delta| = {abs(row['delta']):.6f}"
        return f"{words}, Q = {row['Q']:.5f}" if self.free else words
