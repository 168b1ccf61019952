"""Running an evolution for any system: rows to the store, progress, monitors, error estimate, work per second."""

from __future__ import annotations

import resource
import time

import numpy as np

from .. import petsc
from ..files import writer as store
from ..parallel import clock, on_root
from ..solvers.evolution import Evolution
from .task import Outcome

FLUSH_SECONDS = 5.0
SAFETY = 4.0  # the step error of a fourth-order method is 1/15 of the difference to twice the step


class Recorder:
    """What a system writes of an evolution.

    A system gives ``declare(out)``, ``row(t, c, seen) -> {name: value}``, the same on every rank (``seen``: what the
    state observes), and ``headline(row)``, its numbers for the summary.

    worst : {name: max or min}, numbers of rows and of ``watch`` of which the summary keeps the worst.
    variants : names of further runs with twice the step from which errors are estimated; the first tells the error of the step,
    of each other one the difference from the first counts. defaults : PETSc options of this system, see `Evolution`.
    caution : factor of those differences. traced : names of rows whose errors are wanted at all times; ``declare_errors(out)`` makes the
    growing axis t_error and over it, for each variant, "<name>_step_error" and so on; the summary gets "<name>_error", the largest of their sums.
    """

    worst, variants, safety, caution, defaults, traced = {}, ("step error",), SAFETY, 1.0, {}, ()

    def local(self, row, seen):
        """What this rank writes of a row; all of it, unless series are distributed."""
        return row

    def progress(self, row):
        """A few words for the progress line."""
        numbers = self.headline(row).items()
        return ", ".join(f"{name} = {x:.4g}" for name, x in numbers if name != "t")

    def watch(self, state, found, seen):
        """A row over the axis t_monitor of what is costly: ({name: value} this rank writes, {name: number} for ``worst``)."""
        return {}, {}

    def warnings(self, worst):
        """What the worst numbers give reason to say."""
        return []

    def balance(self, worst):
        """The error of a conserved quantity, for the progress line; None if there is none."""
        return worst.get("balance")


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
            self.log(
                f"{self.what}: t = {t:.2f} of {self.t_max:g} ({100 * t / self.t_max:.0f}%), "
                f"{self.steps / (now - self.begun):.2f} steps/s, ETA {clock(left)}{words()}"
            )


def run_evolution(run, comm, log, output, make_state, recorder):
    """One evolution with its error estimate; returns an Outcome. **Collective.**

    make_state(variant, start) : the state of a run, at its start if ``start``, else to be filled from a checkpoint; ``variant`` is
    None for the run itself, or one of the recorder's variants.
    output : the run's `LongRun`. Stopped in any part, the run goes on from there when it is continued.
    """
    numerics, main, headline = run.numerics, output.part("main"), recorder.headline
    if main.result is None:
        with petsc.Options(run.petsc) as options:
            evolution = _evolution(
                run,
                comm,
                options,
                make_state(None, main.saved is None),
                numerics.dt,
                main,
                recorder,
            )
            try:
                options.refuse_unused()
                out = output()
                recorder.declare(out)
                reached, found = _main(run, log, out, evolution, recorder, main)
            finally:
                evolution.destroy()
        if reached < run.run.t_max * (1 - 1e-12):
            return Outcome(
                "stopped",
                headline(found["last"]) | found["worst"] | found["work"],
                {},
                [_stopped(output, reached)],
            )
        main.finish(found)
    elif recorder.traced:
        recorder.declare(output())  # rows of the errors are still to come
    output()
    found = main.result
    last, worst = found["last"], found["worst"]
    errors, warnings = {}, recorder.warnings(worst)
    if not numerics.error_estimate:
        warnings.insert(0, "no error estimates: [numerics] error_estimate = false")
        return Outcome("complete", headline(last) | worst | found["work"], errors, warnings)
    summary = headline(last) | worst | found["work"]
    rows, traces = [], []
    for name in recorder.variants:
        reached, ended = _coarse(run, comm, log, output, make_state, recorder, name)
        if ended is None:
            return Outcome(
                "stopped", summary, {}, [_stopped(output, reached, f" of the run for the {name}")]
            )
        rows.append(headline(ended["last"]))
        traces.append(ended["trace"])
    summary |= _traced(comm, output(), recorder, traces)
    coarse, others = rows[0], rows[1:]
    for key, value in headline(last).items():
        if isinstance(value, float) and key != "t":
            errors[key] = (
                abs(coarse[key] - value) / recorder.safety
                + recorder.caution * sum(abs(other[key] - coarse[key]) for other in others)
                + 1e-12
            )
    differ = [
        f"{key} = {coarse[key]}"
        for key, value in headline(last).items()
        if isinstance(value, (str, int)) and coarse[key] != value
    ]
    if differ:
        warnings.insert(
            0, f"the run with twice the step ends in another state ({', '.join(differ)})"
        )
    return Outcome("complete", summary, errors, warnings)


def _stopped(output, t, what=""):
    return f"stopped by {output.stopping.reason} at t = {t:g}{what}"


def watched(k):
    """Whether what is costly is looked at in row k: the first eight, then eight in each doubling.

    A rule that does not ask how long the run is: going on to a later end must not change the rows before.
    """
    return k % (1 << max(0, k.bit_length() - 4)) == 0


def _main(run, log, out, evolution, recorder, part):
    """The evolution with all its rows: (time reached, {"last", "worst", "work"}), arrays and numbers. **Collective.**"""
    state, t_max = evolution.state, run.run.t_max
    seen = part.found or {
        "last": None,
        "count": 0,
        "seconds": 0.0,
        "worst": {
            name: -np.inf if pick is max else np.inf for name, pick in recorder.worst.items()
        },
    }
    worst, begun, flushed = seen["worst"], time.monotonic(), [time.monotonic()]
    progress = Progress(log, "evolve", t_max, evolution.reached)

    def so_far():
        return {**seen, "seconds": seen["seconds"] + time.monotonic() - begun}

    def on_row(found):
        looked = state.observe(found)
        row = recorder.row(found.t, found.c, looked)
        out.append(recorder.local(row, looked))
        seen["last"] = row
        numbers = dict(row)
        if watched(seen["count"]) or found.t >= t_max:
            rare, rest = recorder.watch(state, found, looked)
            numbers |= rest
            if rare:
                out.append({"t_monitor": found.t, **rare})
        worst.update(
            {
                name: pick(worst[name], numbers[name])
                for name, pick in recorder.worst.items()
                if name in numbers
            }
        )
        seen["count"] += 1
        late = state.comm.bcast(time.monotonic() - flushed[0] > FLUSH_SECONDS, root=0)
        if late or seen["count"] == 1:
            out.flush()
            flushed[0] = time.monotonic()

    def on_step(t):
        progress.step(
            t,
            lambda: (
                f", {recorder.progress(seen['last'])}"
                + (
                    f", balance {recorder.balance(worst):.0e}"
                    if recorder.balance(worst) is not None
                    else ""
                )
            ),
        )

    part.progress = so_far
    reached = evolution.run(on_row, on_step, run.run.output_every)
    return reached, {
        "last": seen["last"],
        "worst": worst,
        "work": _work(state.comm, evolution, so_far()["seconds"]),
    }


def _coarse(run, comm, log, output, make_state, recorder, name):
    """(time reached, {"last", "trace"}) of a variant of the run with twice the step; None if stopped. trace : [[t, traced numbers]].

    One run for each source of error, since their effects on one number may cancel. **Collective.**
    """
    part, every = output.part(name), run.run.t_max
    if part.result is not None:
        return run.run.t_max, part.result
    log(f"evolve: {name} from another run with twice the step")
    with petsc.Options(run.petsc) as options:
        evolution = _evolution(
            run,
            comm,
            options,
            make_state(name, part.saved is None),
            2 * run.numerics.dt,
            part,
            recorder,
        )
        progress, last, trace = (
            Progress(log, name, run.run.t_max, evolution.reached),
            [],
            list((part.found or {}).get("trace", [])),
        )
        if recorder.traced:
            every = (
                2
                * max(1, round((run.run.output_every or run.numerics.dt) / run.numerics.dt))
                * run.numerics.dt
            )
            part.progress = lambda: {"trace": trace}

        def on_row(row):
            found = (
                recorder.row(row.t, row.c, evolution.state.observe(row))
                if recorder.traced or row.t >= run.run.t_max
                else None
            )
            if recorder.traced:
                trace.append([row.t, *(found[key] for key in recorder.traced)])
            if row.t >= run.run.t_max:
                last.append(found)

        try:
            reached = evolution.run(on_row, lambda t: progress.step(t, lambda: ""), every)
        finally:
            evolution.destroy()
    return reached, part.finish({"last": last[0], "trace": trace}) if last else None


def _traced(comm, out, recorder, traces):
    """Write the errors of the traced numbers at the times all runs have rows of; {"<name>_error": the largest over time}. **Collective.**"""
    if not recorder.traced:
        return {}
    recorder.declare_errors(out)
    out.flush()
    main = on_root(comm, _rows, out.path, recorder.traced)
    where = {t: i for i, t in enumerate(main.pop("t"))}
    largest = {f"{key}_error": 0.0 for key in recorder.traced}
    for found in zip(*traces):
        t = found[0][0]
        row = {"t_error": t}
        for j, key in enumerate(recorder.traced, 1):
            own = main[key][where[t]]
            parts = [
                _size(found[0][j] - own) / recorder.safety,
                *(recorder.caution * _size(other[j] - found[0][j]) for other in found[1:]),
            ]
            row |= {
                f"{key}_{name.replace(' ', '_')}": part
                for name, part in zip(recorder.variants, parts)
            }
            largest[f"{key}_error"] = max(largest[f"{key}_error"], float(np.max(sum(parts))))
        out.append(row)
    return largest


def _size(values):
    """|values|; numpy's abs of complex numbers rounds differently with where a short array lies in memory."""
    return np.hypot(np.real(values), np.imag(values))


def _rows(path, names):
    result = store.Result(path)
    return {name: np.asarray(result[name]) for name in ("t", *names)}


def _evolution(run, comm, options, state, step, part, recorder):
    return Evolution(
        state,
        run.run.t_max,
        step,
        options,
        getattr(run.numerics, "corrector", 0),
        part,
        recorder.defaults,
    )


def _work(comm, evolution, seconds):
    """Work and memory, for the summary and the closing line."""
    counts = evolution.counts
    flops = comm.allreduce(counts.flops)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "steps": counts.steps,
        "rejected_steps": counts.rejected,
        "seconds": seconds,
        "gflops": flops / max(seconds, 1e-9) / 1e9,
        "state_bytes": comm.allgather(int(evolution.state.nbytes)),
        "peak_bytes": comm.allgather(int(peak)),
    }
