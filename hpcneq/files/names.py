"""Names of a run's files: links followed, temporaries nobody can foresee, leftovers removed."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from pathlib import Path

from ..errors import InputError

MOST_LINKS = 40
# after the name of a result: which of its files a temporary was to become
FRESH = re.compile(r"(\.lock|\.journal|\.ckpt-rows|\.ckpt-\d{6,}(\.sha256)?)?\.[0-9a-f]{12}\.new")
HDF5 = b"\x89HDF\r\n\x1a\n"
HASHES = b"sha256 of every "
ROWS = b"hpcneq rows of a result\n"


def follow(path: str | Path) -> Path:
    """The file that a name means: the end of its symbolic links, which need not exist.

    Raises InputError for links in a circle.
    """
    target = os.fspath(path)
    for _ in range(MOST_LINKS):
        if not os.path.islink(target):
            return Path(target)
        target = os.path.join(os.path.dirname(target), os.readlink(target))
    raise InputError(f"{path}: too many symbolic links, or links in a circle")


def create(target: str | Path) -> str:
    """Make an empty file beside ``target`` to be renamed later; returns its name.

    The name is random, and no link of that name is followed. Raises OSError.
    """
    name = f"{target}.{secrets.token_hex(6)}.new"
    os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666))
    return name


def write_aside(target: str | Path, content: bytes, sync: bool = True) -> str:
    """A new file beside ``target`` with this content; returns its name. Raises OSError."""
    fresh = create(target)
    try:
        with open(fresh, "r+b") as file:
            file.write(content)
            file.flush()
            if sync:
                os.fsync(file.fileno())
    except OSError:
        discard(fresh)
        raise
    return fresh


def replace(target: str | Path, content: bytes) -> None:
    """Give a file this content, all of it or nothing, safe from a loss of power. Raises OSError."""
    fresh = write_aside(target, content)
    try:
        os.replace(fresh, target)
    finally:
        discard(fresh)
    sync(os.path.dirname(os.path.abspath(target)))


def sync(path: str | Path) -> None:
    """Bring a file, or the names in a folder, to the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def discard(path: str | Path) -> None:
    """Delete a file if it is there and may be deleted."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def head(path: str | Path, count: int = 64) -> bytes | None:
    """The first bytes of a plain file; None if it is none or cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return file.read(count)


def remove_leftovers(target: str | Path) -> None:
    """Delete what a kill left of temporaries, for the one who owns the output.

    Only plain files of this user whose name and beginning are those of our own.
    """
    folder, base = os.path.split(os.path.abspath(target))
    for name in os.listdir(folder):
        if name.startswith(base) and FRESH.fullmatch(name[len(base) :]):
            path = os.path.join(folder, name)
            if _is_ours(path):
                discard(path)


def _is_ours(path):
    """Whether a temporary is a plain file of this user that begins as ours do."""
    try:
        if os.lstat(path).st_uid != os.geteuid():
            return False
    except OSError:
        return False
    begin = head(path)
    if begin is None:
        return False
    return not begin.strip(b"\x00") or begin.startswith((HDF5, HASHES, ROWS, b'{"format": "hpcneq'))
