"""Running an evolution for any system: rows of output, monitors, error estimates, work."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import petsc
from ..errors import NotConverged
from ..files.reader import Result
from ..files.writer import ResultFile
from ..maths.arrays import FloatArray, NumberArray
from ..parallel import Communicator, on_root
from ..solvers.evolution import Evolution
from ..solvers.output_times import SAME, Row
from ..solvers.protocols import State
from .recorder import Entries, Numbers, Progress, Recorder, Share, shares
from .task import Given, Keeper, Kept, Outcome, Output

FIRST_FLUSH, FLUSH_SECONDS = 1.0, 5.0
ALWAYS_WATCHED = 8  # rows of output with which the costly monitors begin
# the largest and the smallest of no numbers
OF_NONE: dict[Callable[..., float], float] = {max: -np.inf, min: np.inf}
MakeState = Callable[[str | None, bool], State]


def run_evolution(
    given: Given,
    comm: Communicator,
    log: Callable[[str], None],
    output: Output,
    make_state: MakeState,
    recorder: Recorder,
) -> Outcome:
    """One evolution with its error estimate. **Collective.**

    output : the run's `LongRun`. Stopped in any part, the run goes on from there when continued.
    make_state : ``make_state(variant, start)`` gives the state of a run, at its start if ``start``,
    else to be filled from a checkpoint; ``variant`` is None for the run itself, or one of the
    recorder's variants.
    """
    runs = _Runs(given, comm, log, output, make_state, recorder)
    reached, main = runs.main()
    headline = recorder.headline(main["last"])
    summary = headline | main["worst"] | main["work"]
    if reached is not None:
        return Outcome("stopped", summary, {}, [_stopped(output, reached)])
    warnings = recorder.warnings(main["worst"])
    failures = [*recorder.violations(main["worst"]), *main.get("failures", [])]
    if failures:
        return Outcome("not-converged", summary, {}, [*warnings, *failures])
    if not given.numerics.error_estimate:
        warnings.insert(0, "no error estimates: [numerics] error_estimate = false")
        return Outcome("complete", summary, {}, warnings)
    lasts, traces = [], []
    for name in recorder.variants:
        try:
            reached, variant = runs.variant(name)
        except NotConverged as error:
            words = f"no errors: the run with twice the step for the {name} failed: {error}"
            return Outcome("not-converged", summary, {}, [*warnings, words])
        if variant is None:
            words = _stopped(output, reached, f" of the run for the {name}")
            return Outcome("stopped", summary, {}, [words])
        lasts.append(variant["last"])
        traces.append(variant["trace"])
    ends = [recorder.headline(last) for last in lasts]
    for name, last in zip(recorder.variants[1:], lasts[1:]):
        summary |= recorder.compared(name, last, lasts[0])
    if recorder.traced:
        summary |= _write_traced_errors(comm, output(), recorder, traces)
    warnings = _other_ends(headline, ends[0]) + warnings
    return Outcome("complete", summary, _errors(recorder, headline, ends), warnings)


def _stopped(output: Output, t: float, part: str = "") -> str:
    """Why and when a run was stopped."""
    return f"stopped by {output.stopping.reason} at t = {t:g}{part}"


def _errors(recorder: Recorder, headline: Numbers, ends: list[Entries]) -> dict[str, object]:
    """Errors of the headline's numbers from those of the variants."""
    coarse, others = ends[0], ends[1:]
    return {
        key: abs(coarse[key] - value) / recorder.safety
        + sum(
            recorder.further_error(key, other, coarse, name)
            for name, other in zip(recorder.variants[1:], others)
        )
        + 1e-12
        for key, value in headline.items()
        if isinstance(value, float) and key != "t"
    }


def _other_ends(headline: Numbers, coarse: Numbers) -> list[str]:
    """A warning if texts and whole numbers of the headline depend on the step."""
    different = [
        f"{key} = {coarse[key]}"
        for key, value in headline.items()
        if isinstance(value, (str, int)) and coarse[key] != value
    ]
    if not different:
        return []
    return [f"the run with twice the step ends in another state ({', '.join(different)})"]


@dataclass
class _Runs:
    """The run itself and the variants from which its errors are estimated."""

    given: Given
    comm: Communicator
    log: Callable[[str], None]
    output: Output
    make_state: MakeState
    recorder: Recorder

    def main(self) -> tuple[float | None, Kept]:
        """(time at which it was stopped, or None; {"last", "worst", "work"}). **Collective.**

        Of a run that failed behind its first row also "failures", why in words.
        """
        part = self.output.part("main")
        part.share = self._share(None)
        if part.result is not None:
            if self.recorder.traced:
                self.recorder.declare(self.output())  # rows of the errors are still to come
            self.output()
            return None, part.result
        with petsc.Options(self.given.petsc) as options:
            evolution = self._evolution(options, None, self.given.numerics.dt, part)
            try:
                out = self.output()
                self.recorder.declare(out)
                rows = _MainRows(self.given, self.log, out, evolution, self.recorder, part)
                reached = evolution.run(rows.add, rows.step, self.given.run.output_every)
                end = rows.end()
            except NotConverged as error:
                if rows.account["last"] is None:
                    raise
                return None, rows.end() | {"failures": [str(error)]}
            finally:
                evolution.destroy()
        if reached < self.given.run.t_max * (1 - 1e-12):
            return reached, end
        return None, part.finish(end)

    def variant(self, name: str) -> tuple[float, Kept | None]:
        """(time reached, {"last", "trace"} or None if stopped) of a run with twice the step.

        One run for each source of error, since their effects on one number may cancel.
        trace : [[t, traced numbers]]. **Collective.**
        """
        t_max, part = self.given.run.t_max, self.output.part(name)
        part.share = self._share(name)
        if part.result is not None:
            return t_max, part.result
        self.log(f"evolve: {name} from another run with twice the step")
        with petsc.Options(self.given.petsc) as options:
            evolution = self._evolution(options, name, 2 * self.given.numerics.dt, part)
            rows = _VariantRows(self.given, evolution.state, self.recorder, part)
            progress = Progress(self.log, name, t_max, evolution.reached, share=part.share)

            def step(t: float) -> None:
                part.reached = t
                progress.step(t, _memory)

            try:
                reached = evolution.run(
                    rows.add,
                    step,
                    rows.every,
                    align=bool(self.recorder.traced),
                )
            finally:
                evolution.destroy()
        if rows.last is None:
            return reached, None
        return reached, part.finish({"last": rows.last, "trace": rows.trace})

    def _share(self, name: str | None) -> Share:
        """How much of all the run itself, or one of its variants, is."""
        variants: tuple[str, ...] = ()
        if self.given.numerics.error_estimate:
            variants = self.recorder.variants
        place = 0 if name is None else 1 + variants.index(name)
        return shares(len(variants))[place]

    def _evolution(
        self, options: petsc.Options, variant: str | None, step: float, part: Keeper
    ) -> Evolution:
        """An evolution from its start or from a checkpoint."""
        return Evolution(
            self.make_state(variant, part.saved is None),
            self.given.run.t_max,
            step,
            options,
            self.recorder.corrector,
            part,
            self.recorder.defaults,
        )


def watched(k: int) -> bool:
    """Whether what is costly is looked at in row k: the first eight, then eight in each doubling.

    A rule that does not ask how long the run is: going on to a later end must not change the rows
    before.
    """
    return k % (1 << max(0, k.bit_length() - ALWAYS_WATCHED.bit_length())) == 0


class _MainRows:
    """Rows, monitors and progress of the run itself. Methods are **Collective**.

    account : {"last": row, "count": rows, "seconds", "worst"}; checkpoints keep it.
    """

    def __init__(
        self,
        given: Given,
        log: Callable[[str], None],
        out: ResultFile,
        evolution: Evolution,
        recorder: Recorder,
        part: Keeper,
    ) -> None:
        self.out, self.evolution, self.recorder = out, evolution, recorder
        self.state, self.t_max = evolution.state, given.run.t_max
        self.account: Kept = part.found or {
            "last": None,
            "count": 0,
            "seconds": 0.0,
            "worst": {name: OF_NONE[pick] for name, pick in recorder.worst.items()},
        }
        self.begun = self.flushed = time.monotonic()
        self.part = part
        self.progress = Progress(log, "evolve", self.t_max, evolution.reached, share=part.share)
        part.progress = self.so_far

    def so_far(self) -> Kept:
        """The account up to now."""
        seconds = self.account["seconds"] + time.monotonic() - self.begun
        return {**self.account, "seconds": seconds}

    def add(self, output: Row) -> None:
        """Write the row of an output time, and every now and then one of the costly monitors."""
        observed = self.state.observe(output)
        row = self.recorder.row(output.t, output.c, observed)
        self.out.append(self.recorder.local(row, observed))
        self.account["last"] = row
        numbers = dict(row)
        if watched(self.account["count"]) or output.t >= self.t_max:
            local, monitored = self.recorder.watch(self.state, output, observed)
            numbers |= monitored
            if local:
                self.out.append({"t_monitor": output.t, **local})
        worst = self.account["worst"]
        for name, pick in self.recorder.worst.items():
            if name in numbers:
                worst[name] = pick(worst[name], numbers[name])
        self.account["count"] += 1
        self._flush()

    def _flush(self) -> None:
        """Bring rows to the file: the first at once, later ones after some seconds."""
        now = time.monotonic()
        young = FIRST_FLUSH + (now - self.begun) / 5  # soon at first: somebody may look
        late = now - self.flushed > min(FLUSH_SECONDS, young)
        if self.state.comm.bcast(late, root=0) or self.account["count"] == 1:
            self.out.flush()
            self.flushed = time.monotonic()

    def step(self, t: float) -> None:
        """Show progress after a step."""
        self.part.reached = t
        self.progress.step(t, self._words)

    def _words(self) -> str:
        words = f", {self.recorder.progress(self.account['last'])}"
        balance = self.recorder.balance(self.account["worst"])
        if balance is not None:
            words += f", balance {balance:.0e}"
        return words + _memory()

    def end(self) -> Kept:
        """What is left of the run: its last row, the worst numbers, the work it took."""
        return {
            "last": self.account["last"],
            "worst": self.account["worst"],
            "work": _work(self.evolution, self.so_far()["seconds"]),
        }


class _VariantRows:
    """The last row of a variant and, where errors in time are wanted, the traced numbers of all."""

    def __init__(self, given: Given, state: State, recorder: Recorder, part: Keeper) -> None:
        self.state, self.recorder, self.t_max = state, recorder, given.run.t_max
        self.last: Entries | None = None
        self.every = self.t_max
        self.trace: list[list[Any]] = list((part.found or {}).get("trace", []))
        if recorder.traced:
            step = given.numerics.dt
            self.every = 2 * max(1, round((given.run.output_every or step) / step)) * step
            part.progress = lambda: {"trace": self.trace}

    def add(self, output: Row) -> None:
        """Take a row. **Collective.**"""
        if not self.recorder.traced and output.t < self.t_max:
            return
        row = self.recorder.row(output.t, output.c, self.state.observe(output))
        if self.recorder.traced:
            self.trace.append([output.t, *(row[key] for key in self.recorder.traced)])
        if output.t >= self.t_max:
            self.last = row


def _write_traced_errors(
    comm: Communicator, out: ResultFile, recorder: Recorder, traces: list[list[list[Any]]]
) -> dict[str, float]:
    """Write the errors of the traced numbers at the times all runs have rows of. **Collective.**

    Returns {"<name>_error": the largest over time}.
    """
    recorder.declare_errors(out)
    out.flush()
    main = on_root(comm, _stored, out.path, recorder.traced)
    times = main.pop("t")
    largest = {f"{key}_error": 0.0 for key in recorder.traced}
    for rows in zip(*traces):
        t = rows[0][0]
        place = int(np.searchsorted(times, t * (1 - SAME)))
        if place == len(times) or times[place] > t * (1 + SAME):  # a step that is no row
            continue
        errors: Entries = {"t_error": t}
        for j, key in enumerate(recorder.traced, 1):
            parts = _parts_of_error(recorder, main[key][place], [row[j] for row in rows])
            for name, part in zip(recorder.variants, parts):
                errors[f"{key}_{name.replace(' ', '_')}"] = part
            largest[f"{key}_error"] = max(largest[f"{key}_error"], float(np.max(sum(parts))))
        out.append(errors)
    return largest


def _parts_of_error(
    recorder: Recorder, value: NumberArray, variants: list[NumberArray]
) -> list[FloatArray]:
    """The error that each variant tells of one traced number."""
    coarse, others = variants[0], variants[1:]
    return [
        _modulus(coarse - value) / recorder.safety,
        *(recorder.caution * _modulus(other - coarse) for other in others),
    ]


def _modulus(values: NumberArray) -> FloatArray:
    """|values|; numpy's abs of complex numbers rounds differently with its place in memory."""
    return np.hypot(np.real(values), np.imag(values))


def _stored(path: str | Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """The times and some series of a result file."""
    result = Result(path, own=True)
    return {name: np.asarray(result[name]) for name in ("t", *names)}


def _memory() -> str:
    """The most memory this rank has had, in words."""
    return f", {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def _work(evolution: Evolution, seconds: float) -> Entries:
    """Work and memory, for the summary and the closing line. **Collective.**"""
    comm, counts = evolution.comm, evolution.counts
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
