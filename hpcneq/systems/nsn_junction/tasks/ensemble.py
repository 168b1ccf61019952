"""Task ``ensemble`` of the nsn-junction: one quench from many seeds, and what each ends in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .... import petsc
from ....errors import NotConverged
from ....parallel import Communicator, on_root, solo
from ....solvers.auxiliary_modes.state import BlockState
from ....solvers.evolution import Evolution
from ....tasks import Given, Outcome, Output
from ....tasks.cost import mode_dtype
from ....tasks.sweep import Sweep, Written, run_sweep
from ..physics import patterns
from ..physics.junction import Junction
from ..physics.stripe_dynamics import Quench
from ..shared.initial_state import Start, start_of, with_noise
from ..shared.input_junction import build_junction
from ..shared.quench_runs import quench_runs
from ..shared.turning_start import in_frame

ROWS = 200  # times at which the largest |Delta| is kept


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Which wave number a quench ends in depends on the noise. **Collective.**

    Kawamura & Ohashi 2025, Fig. 4(b), many times. Each run is done by one rank; they are handed out
    one by one, and finished ones are kept.
    """
    axes = quench_runs(given)
    junction = build_junction(given, comm, output.recall)
    start = Start(*output.recall("start", start_of, given, comm, junction, log))
    junction = in_frame(junction, start.summary.get("mu_pair"))

    def quench(at: dict, previous: dict | None) -> dict:
        """The record of one run."""
        noise = patterns.noise(junction.lattice, given.initial.noise, at["seed"])
        return _quench(given, junction, with_noise(start.delta, noise), at["dt"])

    sweep = run_sweep(axes, quench, comm, log, output, "ensemble", everywhere=False)
    if sweep.stopped:
        done = on_root(comm, lambda: sum(record is not None for record in sweep.records))
        words = f"stopped by {sweep.stopped} after {done} of {len(sweep.records)} runs"
        return Outcome("stopped", {}, {}, [words])
    return sweep.report(output, lambda out: _report(sweep, out, junction, start))


def _report(sweep: Sweep, out: Written, junction: Junction, start: Start) -> Outcome:
    """The runs written, told what they ended in."""
    ended = [record for record in sweep.records if "why" not in record]
    if not ended:
        raise NotConverged(f"ensemble: no run reached its end: {sweep.lost[0]}")
    _write(out, sweep, junction)
    waves = np.array([record["wave_number"] for record in ended])
    summary = _distribution(waves, ended) | start.summary
    if len(ended) == 1:
        words = "wave_number_mean: no error is known of a single run"
        return sweep.outcome(summary, {}, [*start.warnings, words])
    errors = {"wave_number_mean": _error_of_mean(sweep)}
    return sweep.outcome(summary, errors, start.warnings)


def _error_of_mean(sweep: Sweep) -> float:
    """Error of the mean wave number: of its sample, and how it differs between time steps."""
    waves = sweep.table("wave_number")
    spread = np.nanstd(waves) / np.sqrt(np.isfinite(waves).sum())
    means = [np.nanmean(row) for row in waves if np.isfinite(row).any()]
    return float(spread) + float(np.ptp(means))


def _distribution(waves: np.ndarray, ended: list[dict]) -> dict:
    """What the runs that reached their end ended in."""
    states = [record["state"] for record in ended]
    sizes = np.array([record["delta_max"] for record in ended])
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
    last = junction.order(rows[-1][1])[junction.lattice.expand]
    return {
        **patterns.describe_stripes(last),
        "harmonics": patterns.harmonics(last),
        "t": np.array([t for t, _ in rows]),
        "size": np.array([np.abs(junction.order(c)).max() for _, c in rows]),
    }


def _write(out, sweep: Sweep, junction: Junction) -> None:
    """Data sets over (dt, seed); nan, or wave number -1, of runs not ended."""
    waves = junction.lattice.Lx // 2 + 1
    last = next(record["t"][-1] for record in sweep.records if "why" not in record)
    t = np.linspace(0, last, ROWS + 1)
    sweep.write(out)
    out.axis("t", t)
    out.axis("n", np.arange(waves))
    out.fixed("wave_number", sweep.table("wave_number", -1, np.int64))
    out.fixed("final_delta_max", sweep.table("delta_max"))
    unknown = {"harmonics": np.full(waves, np.nan), "t": t, "size": np.full(len(t), np.nan)}
    records = [unknown if "why" in record else record for record in sweep.records]
    harmonics = np.array([record["harmonics"] for record in records])
    out.fixed("final_delta_n", harmonics.reshape(*sweep.shape, -1))
    size = np.array([np.interp(t, record["t"], record["size"]) for record in records])
    out.fixed("delta_max", size.reshape(*sweep.shape, -1))
