"""One run owns its output: ``OUT.h5.lock`` says who writes, and refuses a second.

A JSON object, replaced as a whole every ten seconds by a thread of rank 0 that does no MPI:
``host``, ``pid``, ``start`` and ``heartbeat`` (seconds since 1970), ``status``, ``progress`` (0 to
1, or null), ``eta`` (seconds left, or null), ``numbers`` (of the last row), and what is run. A lock
is stale if its process is gone from this machine (also if another one has its number now) or, as
other machines see it, if it has not been renewed for a minute.
"""

from __future__ import annotations

import contextlib
import json
import math
import numbers
import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import HpcneqError, InputError, of_writing
from ..parallel import Communicator, on_root
from . import names
from .liveness import Claim, is_live, one_at_a_time, printable, this_process

FORMAT, FORMAT_VERSION = "hpcneq-lock", 1
HEARTBEAT = 10.0  # s between two renewals
TRIES = 20


def path_of(target: str | Path) -> str:
    """The lock of a result file, whatever link names it."""
    return f"{names.follow(target)}.lock"


def read(target: str | Path) -> dict[str, Any] | None:
    """What the lock of an output says, None if there is none; whether its run lives is `holder`."""
    claim = Claim.read(path_of(target))
    return None if claim is None else claim.content


def holder(target: str | Path, patient: bool = False) -> dict[str, Any] | None:
    """What the lock of an output says if its run goes on, else None; see `liveness.is_live`."""
    for path in (path_of(target), *_of_other_names(target)):
        claim = Claim.read(path)
        if claim is not None and is_live(claim, patient):
            return claim.content
    return None


def refuse_second(target: str | Path) -> None:
    """InputError, in one line, if a run that goes on owns the output."""
    owner = holder(target, patient=True)
    if owner is not None:
        raise InputError(refusal(target, owner))


def refusal(target: str | Path, owner: Mapping[str, Any]) -> str:
    """Who owns an output, and what can be done."""
    stop = ""
    if isinstance(owner.get("pid"), int):
        stop = f"stop it with kill -USR1 {owner['pid']} there, "
    return (
        f"{target}: is being written by {whose(owner)}; wait for its end, {stop}"
        "or give another name with -o"
    )


def whose(owner: Mapping[str, Any]) -> str:
    """Who owns an output, in words."""
    since = _clock_time(owner.get("start"))
    words = f"process {printable(owner.get('pid', '?'))} on {printable(owner.get('host', '?'))}"
    return f"{words} since {since}, last sign of life {_clock_time(owner.get('heartbeat'))}"


def going_on(owner: Mapping[str, Any]) -> str:
    """How far a run is that goes on, in words."""
    words = [f"is running: {whose(owner)}"]
    progress, eta = owner.get("progress"), owner.get("eta")
    if isinstance(progress, (int, float)):
        words.append(f"{100 * progress:.0f}% done")
    if isinstance(eta, (int, float)):
        words.append(f"about {eta:.0f} s left")
    return ", ".join(words)


def _clock_time(seconds):
    """A time of the lock as people write it."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(float(seconds)))
    except (TypeError, ValueError, OverflowError, OSError):
        return "?"


def _of_other_names(target):
    """Locks of other names that the same file has in its folder (hard links)."""
    path = names.follow(target)
    with contextlib.suppress(OSError):
        there = os.stat(path)
        if there.st_nlink > 1:
            for entry in os.scandir(path.absolute().parent):
                if entry.name != path.name and entry.inode() == there.st_ino:
                    yield f"{entry.path}.lock"


class Lock:
    """The lock of an output while this process owns it; of rank 0 alone.

    lost : who else owns the output now, None as long as it is this process.
    """

    def __init__(self, path: str, content: dict[str, Any]) -> None:
        """Use `take`."""
        self.path = path
        self.lost = ""
        self._content = content
        self._first: tuple[float, float] | None = None  # (time, progress) this process began with
        self._guard = threading.Lock()  # of the content
        self._disk = threading.Lock()  # of the file: what computes never waits for a slow disk
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew_for_ever, daemon=True)
        self._thread.start()

    def tell(self, row: Mapping[str, object] | None = None, **words: object) -> None:
        """Note what the next renewal says: numbers of the last row, progress; status at once."""
        with self._guard:
            if row is not None:
                self._content["numbers"] = _scalars(row)
            self._content.update(words)
            if "progress" in words:
                self._content["eta"] = self._left(words["progress"])
        if "status" in words:
            self.renew()

    def _left(self, progress):
        """Seconds left at the rate since the first progress told."""
        now = time.monotonic()
        if progress is None:
            return None
        if self._first is None:
            self._first = (now, progress)
        begun, before = self._first
        if progress <= before:
            return None
        return (now - begun) * (1.0 - progress) / (progress - before)

    def renew(self) -> None:
        """Replace the lock by one with the time of now; a full disk is no reason to fail."""
        with self._disk:
            if self._over.is_set() or not self._is_ours():
                return
            try:
                fresh = names.write_aside(self.path, self._now(), sync=False)
                try:
                    os.replace(fresh, self.path)
                finally:
                    names.discard(fresh)
            except OSError:
                with contextlib.suppress(OSError):
                    os.utime(self.path)

    def check(self) -> None:
        """HpcneqError if another process has taken the output over."""
        with self._disk:
            self._is_ours()
        if self.lost:
            raise HpcneqError(
                f"{self.path.removesuffix('.lock')}: was taken over by {self.lost}; "
                "this run ends without writing to it"
            )

    def release(self) -> None:
        """Delete the lock and stop renewing it."""
        with self._disk:
            if not self._over.is_set() and self._is_ours():
                names.discard(self.path)
            self._over.set()
        self._thread.join(timeout=1.0)

    def _now(self):
        """What the lock says from now on."""
        with self._guard:
            self._content["heartbeat"] = time.time()
            return _text(self._content)

    def _is_ours(self):
        """Whether the lock is still that of this process; one that was deleted is made again."""
        content: Mapping[str, Any] = {}
        with contextlib.suppress(InputError, OSError):  # spoiled; or a full disk
            claim = Claim.read(self.path)
            if claim is None and not _create(self.path, self._now()):
                claim = Claim.read(self.path)
            if claim is None:
                return True
            content = claim.content
        if content.get("token") == self._content["token"]:
            return True
        self.lost = self.lost or whose(content)
        return False

    def _renew_for_ever(self):
        while not self._over.wait(HEARTBEAT):
            self.renew()


def take(target: str | Path, about: Mapping[str, object]) -> Lock:
    """Own an output from now on; on one rank. Of several that try at once, one succeeds.

    about : further entries of the lock. Raises InputError if a run that goes on owns it, or if the
    folder or the lock cannot be written to.
    """
    path, now = path_of(target), time.time()
    content = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **this_process(),
        "token": secrets.token_hex(16),
        "start": now,
        "heartbeat": now,
        "status": "starting",
        "progress": None,
        "eta": None,
        "numbers": {},
        **about,
    }
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise InputError(f"{target}: there is no folder {folder}")
    try:
        if _taken(target, path, content):
            names.remove_leftovers(names.follow(target))
            return Lock(path, content)
    except PermissionError:
        raise InputError(f"{target}: no permission to write into {folder}") from None
    except OSError as error:
        raise of_writing(error)(f"{target}: cannot be written there ({error.strerror})") from None
    raise InputError(f"{path}: others keep taking it; try again")


def _taken(target, path, content):
    """Try to make the lock, setting stale ones aside; InputError if the owner lives."""
    for _ in range(TRIES):
        stale = Claim.read(path)  # before it is judged: what comes later is not set aside
        refuse_second(target)
        with one_at_a_time(os.path.dirname(os.path.abspath(path))):
            if stale is not None:
                _set_aside(path, stale)
            if _create(path, _text(content)):
                return True
    return False


def _set_aside(path, stale):
    """Take a stale lock away. One that has come in its place meanwhile stays, or is put back."""
    now = Claim.read(path)
    if now is None or now.content != stale.content:
        return
    moved = f"{path}.{secrets.token_hex(6)}.new"
    try:
        os.rename(path, moved)
    except FileNotFoundError:
        return
    claim = Claim.read(moved)
    if claim is None or claim.content != stale.content:
        with contextlib.suppress(OSError):
            _put_in_place(moved, path)
    names.discard(moved)


def _create(path, text):
    """Make the lock if there is none, at once with its content; whether it was made."""
    fresh = names.write_aside(path, text, sync=False)
    try:
        return _put_in_place(fresh, path)
    finally:
        names.discard(fresh)


def _put_in_place(fresh, path):
    """Give a file the lock's name if no other has it; whether it has it now."""
    try:
        os.link(fresh, path, follow_symlinks=False)
        return True
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        return _create_empty(path, Path(fresh).read_bytes())


def _create_empty(path, text):
    """The same where there are no hard links: for a moment the lock is empty."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    except FileExistsError:
        return False
    with open(handle, "wb") as file:
        file.write(text)
    return True


def _text(content):
    return (json.dumps(content, allow_nan=False) + "\n").encode()


def _scalars(row):
    """The numbers and texts of a row that JSON can hold."""
    kept: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, (bool, str)):
            kept[name] = value
        elif isinstance(value, numbers.Integral):
            kept[name] = int(value)
        elif isinstance(value, numbers.Real) and math.isfinite(value):
            kept[name] = float(value)
    return kept


@contextlib.contextmanager
def owning(comm: Communicator, target: str | Path, about: Mapping[str, object]) -> Iterator[Owner]:
    """A context in which this run owns an output; its lock is rank 0's. See `take`.

    **Collective** at its beginning.
    """
    locks: list[Lock] = []
    on_root(comm, lambda: locks.append(take(target, about)))
    try:
        yield Owner(comm, next(iter(locks), None))
    finally:
        for lock in locks:
            lock.release()


@dataclass(frozen=True)
class Owner:
    """The run that owns an output, on every rank; ``lock`` is None on others than rank 0."""

    comm: Communicator
    lock: Lock | None

    def tell(self, row: Mapping[str, object] | None = None, **words: object) -> None:
        """Note what the next renewal says: numbers of the last row, progress, status."""
        if self.lock is not None:
            self.lock.tell(row, **words)

    def check(self) -> None:
        """HpcneqError if another process has taken the output over. **Collective.**"""
        on_root(self.comm, self._check)

    def _check(self):
        if self.lock is not None:
            self.lock.check()
