"""Signals that ask a run to stop, from its first moment on, and who wants to know of them.

The run itself listens by `stopping.Stopping`; what is computed deep inside a solver asks `wanted`.
"""

from __future__ import annotations

import contextlib
import inspect
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from .errors import StoppedEarly

# what batch systems, closing terminals and limits of processor time send
SIGNALS = (
    signal.SIGUSR1,
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGXCPU,
)
Wanted = Callable[[], str | None]  # what asks this rank to stop, in words


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

    ranks : of the run. together : whether they all compute in step.
    """

    def __init__(self) -> None:
        self.wanted: Wanted | None = None
        self.ranks = 1
        self.together = True


_listener = Listener()


@contextlib.contextmanager
def asking(wanted: Wanted, ranks: int) -> Iterator[None]:
    """While a run of so many ranks goes on, solvers ask ``wanted`` what asks this rank to stop."""
    former = (_listener.wanted, _listener.ranks)
    _listener.wanted, _listener.ranks = wanted, ranks
    try:
        yield
    finally:
        _listener.wanted, _listener.ranks = former


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """While this rank computes what no other does: then it may stop by itself."""
    former, _listener.together = _listener.together, False
    try:
        yield
    finally:
        _listener.together = former


def wanted(ranks: int) -> str | None:
    """What asks this rank to stop, in words, for a solver that so many ranks work on in step.

    None where they are not all of the run, and the others would wait for them for ever.
    """
    if _listener.wanted is None or (_listener.together and ranks < _listener.ranks):
        return None
    return _listener.wanted()


def stopped(reason: str) -> StoppedEarly:
    """The error that ends what is being computed."""
    return StoppedEarly(f"stopped by {reason}")
