"""What a system writes of an evolution, and the progress line."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..maths.arrays import ComplexArray
from ..parallel import Logger, clock
from ..solvers.output_times import Row
from ..solvers.protocols import Observables, State

if TYPE_CHECKING:
    from ..files.writer import ResultFile

PROGRESS_SECONDS = 10.0
BAR_SECONDS = 0.25  # between two states of a bar
SAFETY = 4.0  # the step error of a fourth-order method is 1/15 of the difference to twice the step

Entries = dict[str, Any]  # of a row or a summary: name -> number, text or array
Numbers = Mapping[str, Any]  # the same, to be read


class Recorder:
    """What a system writes of an evolution: a base class.

    `declare`, `row` and `headline` must be given, the others may be.

    worst : {name: max or min}, numbers of `row` and `watch` of which the summary keeps the worst.
    variants : names of further runs with twice the step from which errors are estimated; the first
    tells the error of the step, of each other one the difference from the first counts.
    safety : the error of the step is the difference to twice the step over this.
    caution : factor of the differences of the other variants.
    defaults : PETSc options of this system, see `Evolution`.
    corrector : further passes over bath modes in each step.
    traced : names of rows whose errors are wanted at all times. `declare_errors` makes the growing
    axis t_error and over it, for each variant, "<name>_step_error" and so on; the summary gets
    "<name>_error", the largest of their sums.
    """

    worst: Mapping[str, Callable[[float, float], float]] = {}
    variants: tuple[str, ...] = ("step error",)
    safety: float = SAFETY
    caution: float = 1.0
    defaults: Mapping[str, object] = {}
    corrector: int = 0
    traced: tuple[str, ...] = ()

    def declare(self, out: ResultFile) -> None:
        """Make the axes and series of the result file. **Collective.**"""
        raise NotImplementedError

    def declare_errors(self, out: ResultFile) -> None:
        """Make the series of the errors of ``traced``. **Collective.**"""
        raise NotImplementedError

    def row(self, t: float, c: ComplexArray, observed: Observables) -> Entries:
        """A row of output {name: value}, the same on every rank.

        c : the mean field. observed : what the state observes.
        """
        raise NotImplementedError

    def local(self, row: Numbers, observed: Observables) -> Entries:
        """What this rank writes of a row; all of it unless series are distributed."""
        return dict(row)

    def headline(self, row: Numbers) -> Entries:
        """The summary's numbers of one row, "t" among them."""
        raise NotImplementedError

    def progress(self, row: Numbers) -> str:
        """A few words about a row for the progress line."""
        numbers = self.headline(row).items()
        return ", ".join(f"{name} = {value:.4g}" for name, value in numbers if name != "t")

    def watch(self, state: State, output: Row, observed: Observables) -> tuple[Entries, Entries]:
        """A row over the axis t_monitor of what is costly. **Collective.**

        output : the state at an output time (`solvers.output_times.Row`).
        Returns ({name: value} that this rank writes, {name: number} for ``worst``).
        """
        return {}, {}

    def warnings(self, worst: Numbers) -> list[str]:
        """What the worst numbers give reason to warn of."""
        return []

    def violations(self, worst: Numbers) -> list[str]:
        """What the worst numbers show to be no solution: such a run is not converged."""
        return []

    def further_error(self, key: str, other: Numbers, coarse: Numbers, variant: str = "") -> float:
        """The error of a number of the headline that a further variant tells.

        other : the variant's headline. coarse : that of the first, which differs from it by one
        source of error.
        """
        return self.caution * float(abs(other[key] - coarse[key]))

    def compared(self, variant: str, row: Entries, coarse: Entries) -> Entries:
        """Numbers for the summary from the last rows of a further variant and of the first."""
        return {}

    def balance(self, worst: Numbers) -> float | None:
        """The error of a conserved quantity, for the progress line; None if there is none."""
        return worst.get("balance")


@dataclass(frozen=True)
class Share:
    """The share of one part in a run: where it begins and how much it is, of 1 for all."""

    begin: float = 0.0
    size: float = 1.0

    def of(self, fraction: float) -> float:
        """How much of all is done with a fraction of this part."""
        return self.begin + self.size * min(fraction, 1.0)


def shares(variants: int) -> list[Share]:
    """Shares of an evolution and of its variants with twice the step, half as long each."""
    size = 1.0 / (1.0 + 0.5 * variants)
    return [Share(0.0, size), *(Share((1 + 0.5 * k) * size, 0.5 * size) for k in range(variants))]


class Progress:
    """How far a run is: a bar on a terminal, else a line every ten seconds.

    What, how far, rate, time left with all parts that are to come.
    """

    def __init__(
        self,
        log: Callable[[str], None],
        what: str,
        t_max: float,
        begin: float | None = None,
        every: float = PROGRESS_SECONDS,
        share: Share | None = None,
    ) -> None:
        """begin : the time from which the evolution goes on. every : seconds between lines."""
        self.log, self.what = log, what
        self.t_max, self.every = t_max, every
        self.share = share or Share()
        self.begin, self.steps = begin or 0.0, 0
        self.begun = self.last = time.monotonic()
        self.bar = isinstance(log, Logger) and log.bar
        if self.bar:
            self.every = BAR_SECONDS

    def step(self, t: float, words: Callable[[], str]) -> None:
        """Count a step to time t; write a line, with ``words()`` at its end, if one is due."""
        self.steps += 1
        now = time.monotonic()
        if now - self.last >= self.every and t > self.begin:
            self.last = now
            done, before = (self.share.of(at / self.t_max) for at in (t, self.begin))
            left = (now - self.begun) * (1.0 - done) / max(done - before, 1e-12)
            rate = f"{self.steps / (now - self.begun):.2f} steps/s"
            if self.bar and isinstance(self.log, Logger):
                where = f"{self.what}, t = {t:.2f} of {self.t_max:g}"
                self.log.show(done, f"ETA {clock(left)}, {where}, {rate}{words()}")
                return
            share = f"{100 * t / self.t_max:.0f}%"
            if self.share.size < 1.0:
                share += f", {100 * done:.0f}% with error estimates"
            self.log(
                f"{self.what}: t = {t:.2f} of {self.t_max:g} ({share}), {rate}, "
                f"ETA {clock(left)}{words()}"
            )
