"""Task ``ensemble`` of the nsn-junction: the same quench from many seeds, and which pattern each ends in."""

from __future__ import annotations

import numpy as np

from .... import petsc
from ....errors import InputError
from ....parallel import solo
from ....solvers import farm as maps
from ....solvers.auxiliary_modes.state import BlockState
from ....solvers.evolution import Evolution
from ....tasks import Outcome
from ..physics import patterns as initial
from ..physics.stripe_dynamics import Quench
from ..shared.initial_state import build, start

ROWS = 200  # times at which the largest |Delta| is kept


def ensemble(run, comm, log, output):
    """Which wave number a quench ends in depends on the noise: Kawamura & Ohashi 2025, Fig. 4(b), many times. **Collective.**

    Each run is done by one rank; they are handed out one by one, and finished ones are kept.
    """
    seeds, steps = sweeps(run)
    junction = build(run, comm, output.recall)
    delta, found = output.recall("start", start, run, comm, junction, log)
    keeper = output.points()

    def solve(i, j, warm):
        k, s = divmod(i, len(seeds))
        noise = initial.noise(junction.lattice, run.initial.noise, seeds[s])
        return one(run, junction, delta + noise, float(steps[k]))

    records, stopped = maps.farm((len(steps) * len(seeds), 1), solve, comm, log, keeper, "ensemble")
    if stopped:
        done = sum(row[0] is not None for row in records)
        return Outcome(
            "stopped", {}, {}, [f"stopped by {stopped} after {done} of {len(records)} runs"]
        )
    shape = (len(steps), len(seeds))
    records = [row[0] for row in records]
    write(output(), records, seeds, steps, junction)
    waves = np.array([record["wave_number"] for record in records]).reshape(shape)
    states = [record["state"] for record in records]
    sizes = np.array([record["delta_max"] for record in records])
    counts = {int(n): int((waves == n).sum()) for n in np.unique(waves)}
    summary = {
        "runs": len(records),
        "wave_numbers": list(counts),
        "counts": list(counts.values()),
        "states": sorted(set(states)),
        "state_counts": [states.count(name) for name in sorted(set(states))],
        "wave_number_mean": float(waves.mean()),
        "wave_number_spread": float(waves.std()),
        "delta_max": float(sizes.mean()),
        "delta_max_spread": float(sizes.std()),
        **found["summary"],
    }
    errors = {
        "wave_number_mean": float(waves.std() / np.sqrt(waves.size)) + float(np.ptp(waves.mean(1)))
    }
    return Outcome("complete", summary, errors, list(found["warnings"]))


def sweeps(run):
    """(seeds, steps) as whole numbers and numbers; InputError if there is no seed to sweep."""
    if "seed" not in run.sweep:
        raise InputError("[sweep] seed: missing; an ensemble needs the seeds to begin from")
    if run.initial.state == "file":
        raise InputError('[initial] state = "file": an ensemble begins from stationary states')
    seeds = run.sweep["seed"]
    if np.any(seeds != np.round(seeds)) or np.any(seeds < 0):
        raise InputError("[sweep] seed: must be whole numbers >= 0")
    steps = run.sweep.get("dt", np.array([run.numerics.dt]))
    if np.any(steps <= 0):
        raise InputError("[sweep] dt: must be > 0")
    return [int(seed) for seed in seeds], steps


def one(run, junction, delta, dt):
    """The record of one run, on one rank."""
    dtype = complex if run.numerics.precision == "double" else np.complex64
    rows = []
    with petsc.Options(run.petsc) as options:
        evolution = Evolution(
            BlockState(Quench(junction, delta), solo(), dtype),
            run.run.t_max,
            dt,
            options,
            run.numerics.corrector,
        )
        try:
            evolution.run(
                lambda row: rows.append((row.t, row.c.copy())), every=run.run.t_max / ROWS
            )
        finally:
            evolution.destroy()
    last = rows[-1][1][junction.lattice.expand]
    return {
        **initial.describe(last),
        "harmonics": initial.harmonics(last),
        "t": np.array([t for t, _ in rows]),
        "size": np.array([np.abs(c).max() for _, c in rows]),
    }


def write(out, records, seeds, steps, junction):
    """Data sets over (dt, seed). **Collective.**"""
    shape = (len(steps), len(seeds))
    t = np.linspace(0, records[0]["t"][-1], ROWS + 1)
    out.axis("dt", steps, "1/t_par", "time step")
    out.axis("seed", np.array(seeds, np.int64), "1", "seed of the noise")
    out.axis("t", t, "1/t_par", "time")
    out.axis("n", np.arange(junction.lattice.Lx // 2 + 1), "2 pi / Lx", "wave number")
    out.fixed(
        "wave_number",
        np.array([r["wave_number"] for r in records], np.int64).reshape(shape),
        ("dt", "seed"),
        "2 pi / Lx",
        "largest harmonic at the end",
    )
    out.fixed(
        "final_delta_max",
        np.array([r["delta_max"] for r in records]).reshape(shape),
        ("dt", "seed"),
        "t_par",
        "largest |Delta| at the end",
    )
    out.fixed(
        "final_delta_n",
        np.array([r["harmonics"] for r in records]).reshape(*shape, -1),
        ("dt", "seed", "n"),
        "t_par",
        "modulus of the harmonics at the end",
    )
    size = np.array([np.interp(t, r["t"], r["size"]) for r in records]).reshape(*shape, -1)
    out.fixed("delta_max", size, ("dt", "seed", "t"), "t_par", "largest |Delta|")


def estimate(run, ranks):
    """Lines for ``hpcneq check``: time from a probe of one run."""
    from ....tasks import cost as estimates

    seeds, steps = sweeps(run)
    junction = build(run, solo())
    system = Quench(junction, np.zeros(len(junction.lattice.count)))
    dtype = np.dtype(complex if run.numerics.precision == "double" else np.complex64)
    seconds = sum(
        len(seeds) * run.run.t_max / dt * estimates.probe(system, float(dt), dtype) for dt in steps
    )
    state, work = estimates.memory(system, 1, float(steps[0]), dtype.itemsize)
    return [
        f"  {len(seeds) * len(steps)} runs, one a rank at a time",
        f"  memory: {(estimates.BASE_BYTES + state + work) / 2**20:.0f} MB a rank",
        f"  time: {estimates.clock(seconds / min(ranks, len(seeds) * len(steps)))} on {ranks} core{'s' * (ranks > 1)} like this one",
    ]
