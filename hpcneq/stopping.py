"""When to stop and when to write a checkpoint, agreed by all ranks at the same step.

SIGUSR1, TERM, INT, HUP and XCPU ask a run to stop; ``run.wall_limit`` does when a step and a
checkpoint might no longer fit.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Self

import numpy as np

from . import interrupts
from .errors import StoppedEarly
from .interrupts import LIMIT, SIGNAL, SIGNALS
from .parallel import Communicator

MARGIN = 1.0  # s to close the result file and leave MPI
SAFETY = 1.5  # a checkpoint may take this much longer than the last one


class Stopping:
    """The clock and the signals of one run.

    Make it after PETSc has started, which sets handlers of its own.

    minutes : wall time between checkpoints; limit : seconds after which the run must have ended, or
    None. As a context it puts the handlers in place and later the former ones back.
    """

    def __init__(self, comm: Communicator, minutes: float = 10.0, limit: float | None = None):
        self.comm, self.limit = comm, limit
        self.every = 60.0 * minutes
        self.begun = self.written = self.stepped = time.monotonic()
        self.cost = self.slowest = 0.0
        self.hasty = False  # whether the limit was over before anything was computed
        self.asked: str | None = None  # what asked to stop, on this rank
        self.reason: str | None = None  # what made all ranks stop
        self._former: dict = {}
        if (early := interrupts.early()) is not None:  # what the program noted since its start
            self.begun, self.asked = early.begun, early.asked

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in filter(interrupts.listened_to, SIGNALS):
                self._former[number] = signal.signal(number, self._noted)
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._former.items():
            if handler is None:
                handler = signal.SIG_DFL
            signal.signal(number, handler)
            if isinstance(handler, Later) and self.asked == signal.Signals(number).name:
                handler.asked = True
        self._former = {}

    def _noted(self, number, frame):
        if number == signal.SIGINT and self.asked == "SIGINT" and self.comm.size == 1:
            raise KeyboardInterrupt  # asked twice at a keyboard
        self.asked = signal.Signals(number).name

    @contextlib.contextmanager
    def in_solvers(self, keeps: bool) -> Iterator[None]:
        """Let solvers stop a task wherever it is. **Collective.**

        keeps : whether the task keeps something, an evolution its first step, a sweep its points;
        else StoppedEarly here, on all ranks, if a signal came while the run was starting. A limit
        that is over by now stops a task that keeps something where it has something to keep.
        """
        self.hasty = keeps and self._late(0.0)
        with interrupts.asking(self.interrupted, self.comm):
            if not keeps:
                interrupts.stop_if_asked()
            yield

    def interrupted(self) -> str | None:
        """What asks this rank alone to stop in the middle of something. Not collective.

        Nothing any more once all ranks have stopped an evolution: what follows is short.
        """
        if self.reason is not None:
            return None
        if self.asked is not None:
            return SIGNAL
        return LIMIT if self._late(0.0) and not self.hasty else None

    def decide(self) -> tuple[bool, bool]:
        """(stop, write) after a step, the same on every rank. **Collective.**"""
        from mpi4py import MPI

        now = time.monotonic()
        self.slowest = max(self.slowest, now - self.stepped)
        self.stepped = now
        mine = np.zeros(3, np.int64)
        mine[0] = self.asked is not None
        if self.comm.rank == 0:
            mine[1] = self._late(self.slowest + SAFETY * self.cost)
            mine[2] = now - self.written > self.every
        agreed = np.empty_like(mine)
        self.comm.Allreduce(mine, agreed, op=MPI.MAX)
        asked, late, due = agreed.astype(bool)
        if asked or late:
            cause = SIGNAL if asked else LIMIT
            self.reason = self.reason or cause
        return bool(asked or late), bool(due)

    def wanted(self, seconds: float = 0.0) -> str | None:
        """What asks this rank alone to stop before something that may take so long.

        Not collective.
        """
        if self.asked is not None:
            return SIGNAL
        if self._late(seconds):
            return LIMIT
        return None

    def _late(self, seconds):
        """Whether something that takes so long would end after the limit."""
        if self.limit is None:
            return False
        return time.monotonic() - self.begun + seconds + MARGIN > self.limit

    def wrote(self, seconds: float) -> None:
        """Note what a checkpoint took; the next is due from now on.

        The time does not count as a step's.
        """
        self.cost = max(seconds, 0.5 * self.cost)
        self.written = self.stepped = time.monotonic()


class Later:
    """A handler of a signal for a run inside a script: what the signal does waits for its end.

    former : the script's own handler. asked : whether the signal has stopped a run.
    """

    def __init__(self, former: signal.Handlers | Callable[..., object] | int | None):
        self.former = signal.SIG_DFL if former is None else former
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Outside of the run itself nothing waits."""
        signal.signal(number, self.former)
        signal.raise_signal(number)


@contextlib.contextmanager
def ended_by_signals(comm: Communicator, warn: Callable[[str], None]) -> Iterator[None]:
    """A signal that stopped a run does what it would have done without the run. **Collective.**

    TERM ends the script, unless it has a handler of its own or ignores the signal: an exception
    would be caught by an ``except Exception`` somewhere above. SIGUSR1 asks for the stop alone.
    warn : is told of the stop before the script ends.
    """
    later: dict[int, Later] = {}
    if threading.current_thread() is threading.main_thread():
        for number in set(SIGNALS) - {signal.SIGUSR1}:
            former = signal.getsignal(number)
            if former is not signal.SIG_IGN:
                later[number] = Later(former)
                signal.signal(number, later[number])
    try:
        yield
    except StoppedEarly as stopped:
        comm.barrier()
        if any(handler.asked for handler in later.values()):
            warn(str(stopped))
        raise
    finally:
        for number, handler in later.items():
            signal.signal(number, handler.former)
        for number, handler in later.items():
            if handler.asked:
                signal.raise_signal(number)
