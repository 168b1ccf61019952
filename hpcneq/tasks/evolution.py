"""Running an evolution for any system: rows to the store, progress, monitors, error estimate, work per second."""
from __future__ import annotations

import resource
import time
from dataclasses import dataclass, field

import numpy as np

from .. import petsc
from ..solvers.bathmodes import State
from ..solvers.evolve import Evolution

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

    def __init__(self, log, what, t_max, begin=None, every=10.0):
        self.log, self.what, self.t_max, self.every = log, what, t_max, every
        self.begin, self.begun, self.last = begin or 0.0, time.monotonic(), time.monotonic()
        self.steps = 0

    def step(self, t, words):
        self.steps += 1
        now = time.monotonic()
        if now - self.last >= self.every and t > self.begin:
            self.last = now
            left = (now - self.begun) * (self.t_max - t) / (t - self.begin)
            self.log(f"{self.what}: t = {t:.2f} of {self.t_max:g} ({100 * t / self.t_max:.0f}%), "
                     f"{self.steps / (now - self.begun):.2f} steps/s, ETA {clock(left)}{words()}")


def clock(seconds):
    """Seconds as h:mm:ss."""
    seconds = int(round(seconds))
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def run_evolution(run, comm, log, output, make_system, recorder, headline):
    """One evolution with its error estimate; returns an Outcome. **Collective.**

    output : the run's `LongRun`. Stopped in either part, the run goes on from there when it is continued.
    """
    numerics, main = run.numerics, output.part("main")
    if main.result is None:
        with petsc.Options(run.petsc) as options:
            evolution = _evolution(run, comm, options, make_system(False), numerics.dt, main)
            try:
                options.refuse_unused()
                out = output()
                recorder.declare(out)
                reached, found = _main(run, log, out, evolution, recorder, main)
            finally:
                evolution.destroy()
        if reached < run.run.t_max * (1 - 1e-12):
            return Outcome("stopped", headline(found["last"]) | found["worst"] | found["work"], {}, [_stopped(output, reached)])
        main.finish(found)
    output()
    found = main.result
    last, worst = found["last"], found["worst"]
    errors, warnings = {}, _occupations(worst)
    if not numerics.error_estimate:
        warnings.insert(0, "no error estimates: [numerics] error_estimate = false")
        return Outcome("complete", headline(last) | worst | found["work"], errors, warnings)
    summary = headline(last) | worst | found["work"]
    rows = []
    for name, loose in (("step error", False), ("pole error", True)):
        reached, row = _coarse(run, comm, log, output, make_system, recorder, name, loose)
        if row is None:
            return Outcome("stopped", summary, {}, [_stopped(output, reached, f" of the run for the {name}")])
        rows.append(headline(row))
    coarse, both = rows
    errors = {key: abs(coarse[key] - value) / SAFETY + abs(both[key] - coarse[key]) + 1e-12
              for key, value in headline(last).items() if isinstance(value, float) and key != "t"}
    if coarse["state"] != summary["state"] or coarse["wave_number"] != summary["wave_number"]:
        warnings.insert(0, f"the run with twice the step ends in another state ({coarse['state']}, n={coarse['wave_number']})")
    return Outcome("complete", summary, errors, warnings)


def _stopped(output, t, what=""):
    return f"stopped by {output.stopping.reason} at t = {t:g}{what}"


def _occupations(worst):
    """A warning if occupations left [0, 1]."""
    if worst["occupation_min"] < -1e-6 or worst["occupation_max"] > 1 + 1e-6:
        return [f"occupations left [0, 1]: {worst['occupation_min']:.2e} .. {worst['occupation_max']:.2e}; use a smaller pole_error or dt"]
    return []


def watched(k):
    """Whether the eigenvalues are looked at in row k: the first eight, then eight in each doubling.

    A rule that does not ask how long the run is: going on to a later end must not change the rows before.
    """
    return k % (1 << max(0, k.bit_length() - 4)) == 0


def _main(run, log, out, evolution, recorder, part):
    """The evolution with all its rows: (time reached, {"last", "worst", "work"}), arrays and numbers. **Collective.**"""
    state, t_max = evolution.state, run.run.t_max
    seen = part.found or {"last": None, "count": 0, "seconds": 0.0, "worst": {
        "antihermiticity": 0.0, "occupation_min": np.inf, "occupation_max": -np.inf, "balance": 0.0}}
    worst, begun, flushed = seen["worst"], time.monotonic(), [time.monotonic()]
    progress = Progress(log, "evolve", t_max, evolution.reached)

    def so_far():
        return {**seen, "seconds": seen["seconds"] + time.monotonic() - begun}

    def on_row(found):
        t, row = found.t, recorder.row(found.t, found.c, _observe(state, found))
        out.append(recorder.local(row))
        seen["last"] = row
        worst["balance"] = max(worst["balance"], row["balance"])
        if watched(seen["count"]) or t >= t_max:
            error, low, high = state.extremes(found.green)
            out.append({"t_monitor": t, "antihermiticity": error, "occupation_min": low, "occupation_max": high})
            worst.update(antihermiticity=max(worst["antihermiticity"], error), occupation_min=min(worst["occupation_min"], low),
                         occupation_max=max(worst["occupation_max"], high))
        seen["count"] += 1
        late = state.comm.bcast(time.monotonic() - flushed[0] > FLUSH_SECONDS, root=0)
        if late or seen["count"] == 1:
            out.flush()
            flushed[0] = time.monotonic()

    def on_step(t):
        progress.step(t, lambda: f", {recorder.progress(seen['last'])}, balance {worst['balance']:.0e}")

    part.progress = so_far
    reached = evolution.run(on_row, on_step, run.run.output_every)
    return reached, {"last": seen["last"], "worst": worst, "work": _work(state.comm, evolution, so_far()["seconds"])}


def _coarse(run, comm, log, output, make_system, recorder, name, loose):
    """(time reached, last row) of a run with twice the step and, if ``loose``, ten times the pole error; no row if stopped.

    Two runs, since the effects of the step and of the poles on one number may cancel. **Collective.**
    """
    part = output.part(name)
    if part.result is not None:
        return run.run.t_max, part.result
    log(f"evolve: {name} from a run with twice the step" + (" and ten times the pole error" if loose else ""))
    with petsc.Options(run.petsc) as options:
        evolution = _evolution(run, comm, options, make_system(loose), 2 * run.numerics.dt, part)
        progress, last = Progress(log, name, run.run.t_max, evolution.reached), []

        def on_row(row):
            if row.t >= run.run.t_max:
                last.append(recorder.row(row.t, row.c, _observe(evolution.state, row)))

        try:
            reached = evolution.run(on_row, lambda t: progress.step(t, lambda: ""), run.run.t_max)
        finally:
            evolution.destroy()
    return reached, part.finish(last[0]) if last else None


def _evolution(run, comm, options, system, step, part):
    dtype = complex if run.numerics.precision == "double" else np.complex64
    state = State(system, comm, dtype, start=part.saved is None)
    return Evolution(state, run.run.t_max, step, options, run.numerics.corrector, part)


def _observe(state, row):
    return state.observe(row.t, row.side, row.green, row.modes, row.c)


def _work(comm, evolution, seconds):
    """Work and memory, for the summary and the closing line."""
    counts = evolution.counts
    flops = comm.allreduce(counts.flops)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"steps": counts.steps, "rejected_steps": counts.rejected, "seconds": seconds, "gflops": flops / max(seconds, 1e-9) / 1e9,
            "state_bytes": comm.allgather(int(evolution.state.nbytes)), "peak_bytes": comm.allgather(int(peak))}
