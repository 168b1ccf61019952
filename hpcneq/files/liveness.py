"""Whether the process that wrote a lock still runs, here or on another machine."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from ..errors import InputError
from . import names

STALE = 60.0  # s without a sign of life from another machine
QUIET = 15.0  # s after which a sign of life is overdue
WATCH = 25.0  # s in which a lock is renewed once at least
LARGEST = 1 << 16  # bytes of a lock
DYING = 3.0  # s that a killed process may take to end
PATIENCE = 2.0  # s to wait for others that take locks in the same folder


@dataclass(frozen=True)
class Claim:
    """A lock as it was read: its content (empty while it is being made) and when it was written."""

    path: str
    content: dict[str, Any]
    written: float

    @classmethod
    def read(cls, path: str) -> Self | None:
        """The lock at ``path``, None if there is none. InputError if the file is something else."""
        try:
            written = os.lstat(path).st_mtime
        except OSError:
            return None
        raw = names.head(path, LARGEST)
        content = None
        if raw is not None:
            with contextlib.suppress(ValueError, RecursionError):
                content = json.loads(raw or b"{}")
        if not isinstance(content, dict):
            if not os.path.lexists(path):
                return None
            raise InputError(f"{path}: is not a lock of hpcneq; move it away")
        return cls(path, content, written)

    def age(self) -> tuple[float, float]:
        """Seconds since the last renewal, by what it says and by the time of its file."""
        now = time.time()
        return now - _seconds(self.content.get("heartbeat")), now - self.written


def _seconds(value):
    """A time of a lock as seconds since 1970; a text as ISO 8601 has it; 0 for anything else."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError, OverflowError):
            return datetime.fromisoformat(value).timestamp()
    if isinstance(value, (int, float)):
        return float(value)
    return 0.0


def this_process() -> dict[str, Any]:
    """What names this process in a lock: host, pid, and what tells it from its successors."""
    return {
        "host": platform.node(),
        "pid": os.getpid(),
        "parent": os.getppid(),
        "boot": _boot(),
        "namespace": _namespace(),
        "process_start": process_start(os.getpid()),
    }


def is_live(claim: Claim, patient: bool = False) -> bool:
    """Whether the process that wrote a lock goes on.

    patient : watch a lock of another machine that may be stale until it is known; else it counts as
    that of a run that goes on.
    """
    content, mine = claim.content, this_process()
    here = content.get("host") == mine["host"] and all(
        content.get(key) in (None, mine[key]) for key in ("boot", "namespace")
    )
    if here and isinstance(content.get("pid"), int):
        return _runs_here(content) and not (patient and _ends(content))
    ages = claim.age()
    if min(ages) > STALE:
        return False
    if max(ages) < QUIET or not patient:
        return True
    seconds = STALE - max(ages)
    if seconds < 0:  # clocks differ, or somebody has copied or edited it
        seconds = WATCH
    return _is_renewed(claim, seconds)


def _runs_here(content):
    """Whether a process of this machine runs and is the one that wrote its number down."""
    pid, now = content["pid"], process_start(content["pid"])
    if now is not None:
        return content.get("process_start") in (None, now)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return not os.path.isdir("/proc/self")  # else it is a zombie


def _ends(content):
    """Whether a process that is being killed, or has lost its mpiexec, is gone within seconds."""
    end = time.monotonic() + DYING
    while time.monotonic() < end and _is_dying(content):
        if not _runs_here(content):
            return True
        time.sleep(0.02)
    return not _runs_here(content)


def _is_dying(content):
    """Whether SIGKILL is on its way to a process, or who started it is gone."""
    try:
        with open(f"/proc/{content['pid']}/status", encoding="utf-8", errors="replace") as file:
            words = dict(line.split(":", 1) for line in file if ":" in line)
        killed = int(words["ShdPnd"], 16) | int(words["SigPnd"], 16)
        return bool(killed >> 8 & 1) or int(words["PPid"]) != content.get("parent")
    except (OSError, ValueError, KeyError):
        return True


def process_start(pid: int) -> int | None:
    """When a process began, in ticks since the machine did; None if it is gone or ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            words = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    if words[0] in "ZX":
        return None
    return int(words[19])


def _is_renewed(claim, seconds):
    """Whether a lock changes while it is watched."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.2)
        later = Claim.read(claim.path)
        if later is None:
            return False
        if (later.content, later.written) != (claim.content, claim.written):
            return True
    return False


def _boot():
    """What tells this start of this machine from others; None where the system does not say."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return None


def _namespace():
    """In which containers a process number means the same."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


@contextlib.contextmanager
def one_at_a_time(folder: str) -> Iterator[None]:
    """Keep other processes of this machine from taking locks in a folder meanwhile.

    Ends with the process, however it ends; where the file system cannot do it, nobody is kept.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                break
        yield
    finally:
        os.close(handle)


def printable(value: object, most: int = 100) -> str:
    """A text of a file as a terminal may show it."""
    return "".join(c if c.isprintable() else "?" for c in str(value)[:most])
