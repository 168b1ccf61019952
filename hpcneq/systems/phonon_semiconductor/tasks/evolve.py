"""Task evolve: populations, coherence and pairs in time after the laser is switched on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ....files.reader import Result
from ....maths import attractors
from ....maths.arrays import ComplexArray
from ....parallel import Communicator, Layout, on_root
from ....solvers.mean_field import FieldState
from ....tasks import Given, Outcome, Output, run_evolution
from ....tasks.evolution import Recorder
from ..physics.collisions import Semiconductor
from ..shared import positivity
from ..shared.grid_errors import GRID_FACTOR
from ..shared.model import moved_speeds, refined, semiconductor, steps
from ..shared.momentum_fields import FIXED_STEP, MomentumFields

if TYPE_CHECKING:
    from ....files.writer import ResultFile
    from ....solvers.output_times import Row

CYCLE = ("period", "delta_min", "delta_max")  # numbers of a limit cycle
DECAYED = 1e-9  # |Delta| that counts as none
FORBIDDEN = 1e-3  # no solution: eigenvalues so far outside, of equations that keep them inside
FORBIDDEN_ELSEWHERE = 1.0  # the same of other equations
LOST = 1e-6  # no solution: this share of the particles lost


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Porta et al. 2019, Figs. 4 to 7: the laser is switched on at t = 0. **Collective.**

    The lower band is filled and the upper one empty then.
    """
    p, n, seed = given.parameters, given.numerics, given.initial.seed
    model, fine = semiconductor(p, n, n.drive), semiconductor(*refined(p, n), n.drive)
    share = n.points / (2 * n.points - 1)

    def state(variant, begin):
        if variant == "grid error":
            return FieldState(MomentumFields(fine, seed, share), comm, begin)
        return FieldState(MomentumFields(model, seed), comm, begin)

    records = Records(model, state(None, False).layout, seed)
    outcome = run_evolution(given, comm, log, output, state, records)
    m1, m2 = steps(p, n)
    speed = m1 * p.A1 * 2 * n.k_max / (n.points - 1)
    outcome.summary.update(m1=m1, m2=m2, v=speed)
    if outcome.status != "stopped":
        outcome.warnings += moved_speeds(given)
    if outcome.status == "complete":
        out = output()
        out.flush()
        add_onset(given, comm, outcome, out.path)
        add_attractor(outcome, out, seed)
    return outcome


def add_onset(given: Given, comm: Communicator, outcome: Outcome, path: str | Path) -> None:
    """Put into the outcome what needs all rows: the onset, errors of extremes. **Collective.**"""
    outcome.summary["onset"] = on_root(comm, onset, path)
    if given.numerics.error_estimate:
        outcome.errors["particle_number"] += outcome.summary["particle_drift"]
        if outcome.summary["onset"] is not None:
            outcome.errors["onset"] = given.run.output_every or given.numerics.dt
        outcome.errors |= on_root(comm, errors_between_rows, path)


def add_attractor(outcome: Outcome, out: ResultFile, seed: float) -> None:
    """Put into the summary whether a fixed point or a cycle was reached. **Collective.**"""
    seen = attractors.attractor(out.read("t"), out.read("delta"), max(DECAYED, seed))
    outcome.summary["attractor"] = seen.kind
    values = (seen.period, seen.low, seen.high)
    for name, value, error in zip(CYCLE, values, seen.errors):
        known = not np.isnan(value)
        outcome.summary[name] = value if known else None
        outcome.errors[name] = error if known else None


def onset(path: str | Path) -> float | None:
    """The first time at which |Delta| is half of what it is at the end.

    None if the end is no larger than 1e-9.
    """
    result = Result(path, own=True)
    size = np.abs(np.asarray(result["delta"]))
    if size[-1] <= 1e-9:
        return None
    return float(result["t"][np.argmax(size >= 0.5 * size[-1])])


def errors_between_rows(path: str | Path) -> dict[str, float]:
    """How far the extreme eigenvalues may lie beyond those seen at the times of the monitor.

    Twice what a parabola through an extreme and its neighbours in time overshoots; nothing at t = 0
    and at the end.
    """
    result, errors = Result(path, own=True), {}
    for name, pick in (("min_eigenvalue", np.argmin), ("max_eigenvalue", np.argmax)):
        seen = np.asarray(result[f"{name}_t"])
        at = int(pick(seen))
        errors[name] = 1e-12
        if 0 < at < len(seen) - 1:
            before, extreme, after = seen[at - 1 : at + 2]
            bend = abs(before - 2 * extreme + after)
            if bend > 0:
                errors[name] += 0.25 * float((after - before) ** 2 / bend)
    return errors


class Records(Recorder):
    """What is written of an evolution."""

    worst = {"min_eigenvalue": min, "max_eigenvalue": max, "particle_drift": max}
    variants: tuple[str, ...] = ("step error", "grid error")
    safety, caution, defaults = 8.0, GRID_FACTOR, FIXED_STEP

    def __init__(self, model: Semiconductor, layout: Layout, seed: float = 0.0):
        """model : `Semiconductor`; layout : of its momenta over ranks; seed : of the pairs."""
        self.seed = seed
        self.model, self.layout, self.particles = model, layout, float(len(model.bands.k))

    def declare(self, out: ResultFile) -> None:
        """Axes and series. **Collective.**"""
        out.growing_axis("t")
        out.axis("k", self.model.bands.k)
        for name in ("delta", "delta_rate", "particle_number"):
            out.series(name)
        out.growing_axis("t_monitor")
        for name in ("n11", "n22", "n21", "s"):
            out.series(name, layout=self.layout)
        for name in ("min_eigenvalue_t", "max_eigenvalue_t"):
            out.series(name)

    def row(self, t: float, c: ComplexArray, observed: Mapping) -> dict:
        """One row, replicated."""
        number, change = observed["sums"]
        return {
            "t": t,
            "delta": complex(c[0]),
            "delta_rate": complex(np.conj(self.model.V * change)),
            "particle_number": float(number.real),
            "particle_drift": abs(float(number.real) - self.particles),
        }

    def local(self, row: Mapping, observed: Mapping) -> dict:
        """What is written of it."""
        return {name: row[name] for name in ("t", "delta", "delta_rate", "particle_number")}

    def watch(self, state: FieldState, output: Row, observed: Mapping) -> tuple[dict, dict]:
        """Momentum distributions and the positivity of the one-body matrix. **Collective.**"""
        whole = state.seen(output.array)
        low, high = self.model.eigenvalues(
            whole["n11"].real, whole["n22"].real, whole["n21"], whole["s"]
        )
        mine = observed["local"]
        rows = {
            "n11": mine["n11"].real,
            "n22": mine["n22"].real,
            "n21": mine["n21"],
            "s": mine["s"],
            "min_eigenvalue_t": low,
            "max_eigenvalue_t": high,
        }
        return rows, {"min_eigenvalue": low, "max_eigenvalue": high}

    def headline(self, row: Mapping) -> dict:
        """Summary numbers of a row."""
        size = abs(row["delta"])
        turning = float((row["delta_rate"] / row["delta"]).imag) if size > 0 else 0.0
        return {
            "t": row["t"],
            "delta_final": size,
            "delta_frequency": turning,
            "particle_number": row["particle_number"],
        }

    def warnings(self, worst: Mapping) -> list[str]:
        """If the one-body matrix lost its positivity."""
        return positivity.remarks(self.model, worst["min_eigenvalue"], worst["max_eigenvalue"])

    def violations(self, worst: Mapping) -> list[str]:
        """Eigenvalues far outside [0, 1], particles lost."""
        low, high = worst["min_eigenvalue"], worst["max_eigenvalue"]
        words = []
        allowed = FORBIDDEN_ELSEWHERE if positivity.causes(self.model) else FORBIDDEN
        allowed += 2 * self.seed  # a seed itself, in filled and empty bands, leaves [0, 1]
        if not (low >= -allowed and high <= 1 + allowed):
            words.append(
                f"no solution: eigenvalues of the one-body matrix left [0, 1] by more than "
                f"{allowed:g} ({low:.2e} .. {high:.2e}); use a smaller dt"
            )
        lost = worst["particle_drift"] / self.particles
        if not lost <= LOST:
            words.append(f"no solution: a share {lost:.1e} of the particles was lost; smaller dt")
        return words

    def balance(self, worst: Mapping) -> float:
        """Particles lost."""
        return worst["particle_drift"]

    def progress(self, row: Mapping) -> str:
        """The order parameter, in words."""
        return f"|Delta| = {abs(row['delta']):.3e}"
