"""Task ``ensemble`` of the nsn-junction: one quench from many seeds, and what each ends in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .... import petsc
from ....parallel import Communicator, solo
from ....solvers.auxiliary_modes.state import BlockState
from ....solvers.evolution import Evolution
from ....tasks import Given, Outcome, Output
from ....tasks.cost import mode_dtype
from ....tasks.sweep import Sweep, run_sweep
from ..physics import patterns
from ..physics.junction import Junction
from ..physics.stripe_dynamics import Quench
from ..shared.initial_state import Start, start_of
from ..shared.input_junction import build_junction
from ..shared.quench_runs import quench_runs

ROWS = 200  # times at which the largest |Delta| is kept


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Which wave number a quench ends in depends on the noise. **Collective.**

    Kawamura & Ohashi 2025, Fig. 4(b), many times. Each run is done by one rank; they are handed out
    one by one, and finished ones are kept.
    """
    axes = quench_runs(given)
    junction = build_junction(given, comm, output.recall)
    start = Start(*output.recall("start", start_of, given, comm, junction, log))

    def quench(at: dict, previous: dict | None) -> dict:
        """The record of one run."""
        noise = patterns.noise(junction.lattice, given.initial.noise, at["seed"])
        return _quench(given, junction, start.delta + noise, at["dt"])

    sweep = run_sweep(axes, quench, comm, log, output, "ensemble")
    if sweep.stopped:
        done = sum(record is not None for record in sweep.records)
        words = f"stopped by {sweep.stopped} after {done} of {len(sweep.records)} runs"
        return Outcome("stopped", {}, {}, [words])
    _write(output(), sweep, junction)
    waves = sweep.table("wave_number", dtype=np.int64)
    error = float(waves.std() / np.sqrt(waves.size)) + float(np.ptp(waves.mean(1)))
    summary = _distribution(waves, sweep) | start.summary
    return Outcome("complete", summary, {"wave_number_mean": error}, list(start.warnings))


def _distribution(waves: np.ndarray, sweep: Sweep) -> dict:
    """What the runs ended in."""
    states, sizes = sweep.values("state"), np.array(sweep.values("delta_max"))
    names = sorted(set(states))
    counts = {int(n): int((waves == n).sum()) for n in np.unique(waves)}
    return {
        "runs": waves.size,
        "wave_numbers": list(counts),
        "counts": list(counts.values()),
        "states": names,
        "state_counts": [states.count(name) for name in names],
        "wave_number_mean": float(waves.mean()),
        "wave_number_spread": float(waves.std()),
        "delta_max": float(sizes.mean()),
        "delta_max_spread": float(sizes.std()),
    }


def _quench(given: Given, junction: Junction, delta: np.ndarray, dt: float) -> dict:
    """The record of one run, on one rank."""
    rows = []
    with petsc.Options(given.petsc) as options:
        evolution = Evolution(
            BlockState(Quench(junction, delta), solo(), mode_dtype(given.numerics)),
            given.run.t_max,
            dt,
            options,
            given.numerics.corrector,
        )
        try:
            evolution.run(
                lambda row: rows.append((row.t, row.c.copy())), every=given.run.t_max / ROWS
            )
        finally:
            evolution.destroy()
    last = rows[-1][1][junction.lattice.expand]
    return {
        **patterns.describe_stripes(last),
        "harmonics": patterns.harmonics(last),
        "t": np.array([t for t, _ in rows]),
        "size": np.array([np.abs(c).max() for _, c in rows]),
    }


def _write(out, sweep: Sweep, junction: Junction) -> None:
    """Data sets over (dt, seed). **Collective.**"""
    t = np.linspace(0, sweep.records[0]["t"][-1], ROWS + 1)
    sweep.write(out)
    out.axis("t", t)
    out.axis("n", np.arange(junction.lattice.Lx // 2 + 1))
    out.fixed("wave_number", sweep.table("wave_number", dtype=np.int64))
    out.fixed("final_delta_max", sweep.table("delta_max"))
    harmonics = np.array([record["harmonics"] for record in sweep.records])
    out.fixed("final_delta_n", harmonics.reshape(*sweep.shape, -1))
    size = np.array([np.interp(t, record["t"], record["size"]) for record in sweep.records])
    out.fixed("delta_max", size.reshape(*sweep.shape, -1))
