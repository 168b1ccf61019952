"""Running an evolution for any system: rows to the store, progress, monitors, error estimate, work per second."""
from __future__ import annotations

import resource
import time
from dataclasses import dataclass, field

import numpy as np

from .. import petsc
from ..solvers.bathmodes import State
from ..solvers.evolve import Evolution, row_times

MONITORS = 20        # times at which eigenvalues are looked at
FLUSH_SECONDS = 5.0
SAFETY = 4.0         # the step error of a fourth-order method is 1/15 of the difference to twice the step


@dataclass
class Outcome:
    """How a task ended, for the driver to store."""

    status: str
    summary: dict
    errors: dict = field(default_factory=dict)
    warnings: list = field(default_factory=list)


class Recorder:
    """What a system writes: ``declare(out)``, ``row(t, c, seen)``, ``local(row)``, ``progress(row)``."""


class Progress:
    """A line every ten seconds: what, how far, rate, ETA, conserved-quantity error."""

    def __init__(self, log, what, t_max, every=10.0):
        self.log, self.what, self.t_max, self.every = log, what, t_max, every
        self.begun = self.last = time.monotonic()
        self.steps = 0

    def step(self, t, words):
        self.steps += 1
        now = time.monotonic()
        if now - self.last >= self.every and t > 0:
            self.last = now
            left = (now - self.begun) * (self.t_max - t) / t
            self.log(f"{self.what}: t = {t:.2f} of {self.t_max:g} ({100 * t / self.t_max:.0f}%), "
                     f"{self.steps / (now - self.begun):.2f} steps/s, ETA {clock(left)}{words()}")


def clock(seconds):
    """Seconds as h:mm:ss."""
    seconds = int(round(seconds))
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def run_evolution(run, comm, log, output, make_system, recorder, headline):
    """One evolution with its error estimate; returns an Outcome. **Collective.**"""
    numerics = run.numerics
    with petsc.Options(run.petsc) as options:
        evolution = _evolution(run, comm, options, make_system(False), numerics.dt)
        try:
            options.refuse_unused()
            out = output()
            recorder.declare(out)
            last, worst, seconds = _main(run, log, out, evolution, recorder)
            work = _work(comm, evolution, seconds)
        finally:
            evolution.destroy()
    summary = headline(last) | worst | work
    errors, warnings = {}, []
    if numerics.error_estimate:
        coarse = headline(_coarse(run, comm, log, make_system, recorder))
        errors = {key: abs(coarse[key] - value) / SAFETY + 1e-12 for key, value in headline(last).items()
                  if isinstance(value, float) and key != "t"}
        if coarse["state"] != summary["state"] or coarse["wave_number"] != summary["wave_number"]:
            warnings.append(f"the run with twice the step ends in another state ({coarse['state']}, n={coarse['wave_number']})")
    else:
        warnings.append("no error estimates: [numerics] error_estimate = false")
    if worst["occupation_min"] < -1e-6 or worst["occupation_max"] > 1 + 1e-6:
        warnings.append(f"occupations left [0, 1]: {worst['occupation_min']:.2e} .. {worst['occupation_max']:.2e}; use a smaller pole_error or dt")
    if last["t"] < run.run.t_max * (1 - 1e-12):
        return Outcome("stopped", summary, errors, warnings)
    return Outcome("complete", summary, errors, warnings)


def _main(run, log, out, evolution, recorder):
    state, every = evolution.state, run.run.output_every
    times = row_times(run.run.t_max, state.system.breakpoints(run.run.t_max), run.numerics.dt, every)
    watched = set(np.unique(np.linspace(0, len(times) - 1, MONITORS).round().astype(int)))
    seen = {"last": None, "count": 0, "flushed": time.monotonic()}
    worst = {"antihermiticity": 0.0, "occupation_min": np.inf, "occupation_max": -np.inf, "balance": 0.0}
    progress = Progress(log, "evolve", run.run.t_max)

    def on_row(found):
        t, row = found.t, recorder.row(found.t, found.c, _observe(state, found))
        out.append(recorder.local(row))
        seen["last"] = row
        worst["balance"] = max(worst["balance"], row["balance"])
        if seen["count"] in watched:
            error, low, high = state.extremes(found.green)
            out.append({"t_monitor": t, "antihermiticity": error, "occupation_min": low, "occupation_max": high})
            worst.update(antihermiticity=max(worst["antihermiticity"], error), occupation_min=min(worst["occupation_min"], low),
                         occupation_max=max(worst["occupation_max"], high))
        seen["count"] += 1
        late = state.comm.bcast(time.monotonic() - seen["flushed"] > FLUSH_SECONDS, root=0)
        if late or seen["count"] == 1:
            out.flush()
            seen["flushed"] = time.monotonic()

    def on_step(t):
        progress.step(t, lambda: f", {recorder.progress(seen['last'])}, balance {worst['balance']:.0e}")

    begun = time.monotonic()
    evolution.run(on_row, on_step, every)
    return seen["last"], worst, time.monotonic() - begun


def _coarse(run, comm, log, make_system, recorder):
    """The last row of the run with twice the step and a looser pole fit."""
    log("evolve: error estimate from a run with twice the step and ten times the pole error")
    with petsc.Options(run.petsc) as options:
        evolution = _evolution(run, comm, options, make_system(True), 2 * run.numerics.dt)
        progress, last = Progress(log, "error estimate", run.run.t_max), {}

        def on_row(row):
            if row.t >= run.run.t_max:
                last.update(recorder.row(row.t, row.c, _observe(evolution.state, row)))

        try:
            evolution.run(on_row, lambda t: progress.step(t, lambda: ""), run.run.t_max)
        finally:
            evolution.destroy()
    return last


def _evolution(run, comm, options, system, step):
    dtype = complex if run.numerics.precision == "double" else np.complex64
    return Evolution(State(system, comm, dtype), run.run.t_max, step, options, run.numerics.corrector)


def _observe(state, row):
    return state.observe(row.t, row.side, row.green, row.modes, row.c)


def _work(comm, evolution, seconds):
    """Work and memory, for the summary and the closing line."""
    counts = evolution.counts
    flops = comm.allreduce(counts.flops)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"steps": counts.steps, "rejected_steps": counts.rejected, "seconds": seconds, "gflops": flops / max(seconds, 1e-9) / 1e9,
            "state_bytes": comm.allgather(int(evolution.state.nbytes)), "peak_bytes": comm.allgather(int(peak))}
