"""Signals that ask a run to stop, from its first moment on, and who wants to know of them.

The run itself listens by `stopping.Stopping`; what is computed deep inside a solver asks `agreed`.
"""

from __future__ import annotations

import contextlib
import inspect
import signal
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Protocol

from .errors import StoppedEarly

# what batch systems, closing terminals and limits of processor time send
SIGNALS = (
    signal.SIGUSR1,
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGXCPU,
)
SIGNAL, LIMIT = REASONS = ("a signal", "run.wall_limit")
Wanted = Callable[[], str | None]  # what asks this rank to stop: one of REASONS


class Team(Protocol):
    """What is used of a communicator."""

    size: int

    def Allreduce(self, send: Any, receive: Any) -> None:
        """The sums over all ranks."""


class Early:
    """Notes signals before the run listens to them: while libraries load and the input is read.

    begun : when the program started. asked : the signal that came. A context.
    """

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.asked: str | None = None
        self._former: dict = {}

    def __enter__(self) -> Early:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                # INT still interrupts a program that has not begun to compute
                if number != signal.SIGINT and listened_to(number):
                    self._former[number] = signal.signal(number, self.noted)
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def noted(self, number: int, frame: FrameType | None) -> None:
        """The handler."""
        self.asked = signal.Signals(number).name


def listened_to(number: int) -> bool:
    """Whether a signal asks to stop: HUP does not where it was ignored before (nohup)."""
    return number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN


def early() -> Early | None:
    """What has noted signals since the start of this program, if anything has."""
    handler = signal.getsignal(signal.SIGTERM)
    if inspect.ismethod(handler) and isinstance(handler.__self__, Early):
        return handler.__self__
    return None


class Listener:
    """Whom to ask whether this rank shall stop.

    team : the communicator of the ranks that compute in step here, None of this rank alone.
    """

    def __init__(self) -> None:
        self.wanted: Wanted | None = None
        self.team: Team | None = None


_listener = Listener()


@contextlib.contextmanager
def asking(wanted: Wanted, comm: Team) -> Iterator[None]:
    """While a run on ``comm`` goes on, solvers ask ``wanted`` what asks this rank to stop."""
    former = (_listener.wanted, _listener.team)
    _listener.wanted, _listener.team = wanted, comm
    try:
        yield
    finally:
        _listener.wanted, _listener.team = former


@contextlib.contextmanager
def apart(team: Team | None = None) -> Iterator[None]:
    """While this rank, or this ``team`` of ranks in step, computes what the others do not."""
    former, _listener.team = _listener.team, team
    try:
        yield
    finally:
        _listener.team = former


def wanted() -> str | None:
    """What asks this rank alone to stop, in words. Not collective."""
    if _listener.wanted is None:
        return None
    return _listener.wanted()


def agreed() -> str | None:
    """What asks any of the ranks that compute in step here to stop, the same on all of them.

    **Collective** over them.
    """
    if _listener.wanted is None:
        return None
    reason = _listener.wanted()
    if _listener.team is None or _listener.team.size == 1:
        return reason
    mine = array("q", [reason == word for word in REASONS])
    total = array("q", mine)
    _listener.team.Allreduce(mine, total)
    return next((word for word, count in zip(REASONS, total) if count), None)


def stop_if_asked() -> None:
    """Raise StoppedEarly if a rank that computes in step here is asked to. **Collective.**"""
    reason = agreed()
    if reason is not None:
        raise stopped(reason)


def stopped(reason: str) -> StoppedEarly:
    """The error that ends what is being computed."""
    return StoppedEarly(f"stopped by {reason}")
