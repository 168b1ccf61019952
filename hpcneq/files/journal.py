"""The finished points of a map, one line each: a kill costs the points under way and no other.

Beside ``out.h5`` lies ``out.h5.journal``. Every line holds the hash of what follows it, so that a
line cut short by a kill, or spoiled, is a point that was not computed. The first line tells the
physics the points belong to and the input they were asked for with, so that a map goes on even if
its result file was killed in the writing. Every other one counts the points up to it: how far a map
is, the end of its journal tells.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import HpcneqError, InputError
from . import names
from .checkpoint import dumps, loads
from .opening import identity
from .provenance import end_part, moment

SYNC_SECONDS = 1.0
BEGIN = re.compile(rb"^[0-9a-f]{32} \{", re.MULTILINE)
TAIL = 1 << 14  # bytes read first to find the last line


def path_of(target: str | Path) -> Path:
    """The journal of a result file."""
    return Path(f"{target}.journal")


def header(target: str | Path) -> dict | None:
    """{"physics", "input", "folder"} of the map a journal belongs to.

    None if there is no journal or its first line is spoiled.
    """
    first: dict = next(_whole_lines(path_of(target)), {})
    if "physics" in first and "input" in first:
        return first
    return None


def parts(target: str | Path) -> list[dict]:
    """What a journal says of the parts of its map; the last one ended with the last line."""
    noted: list[dict] = []
    for line in _whole_lines(path_of(target)):
        noted = line.get("parts", noted)
    if noted:
        end_part(noted, "killed", moment(os.path.getmtime(path_of(target))))
    return noted


def remove(target: str | Path) -> None:
    """Delete a journal. A file of that name that is none stays: HpcneqError."""
    path = path_of(target)
    begin = names.head(path, 1 << 16)
    if begin is None:
        return
    if begin.strip(b"\x00") and not BEGIN.search(begin):
        raise HpcneqError(f"{path}: is not a journal of hpcneq; move it away")
    _unlink(path)


def _unlink(path):
    try:
        os.unlink(path)
    except OSError as error:
        raise HpcneqError(f"{path}: cannot delete it ({error.strerror})") from None


def count(target: str | Path) -> int | None:
    """How many points a journal holds, by its last whole line; None if there is no journal."""
    path = path_of(target)
    if not path.exists():
        return None
    last = _last_line(path)
    if "count" in last:
        return int(last["count"])
    return len({line["point"] for line in _whole_lines(path) if "point" in line})


class Journal:
    """Finished points by name, for the one rank that hands them out. Not collective.

    done : {name: record} of the points found, records as `checkpoint.dumps` takes them. A context
    that closes the file. Raises InputError if the journal belongs to other physics, HpcneqError if
    a line cannot be written.
    """

    def __init__(
        self,
        target: str | Path,
        physics: dict,
        changed: Callable[[dict, dict], list[str]],
        text: str = "",
        folder: str | Path = ".",
        parts: Sequence[dict] = (),
    ):
        """changed(saved, now) lists the keys in which two physics differ.

        text, folder : the input and where it lies. parts : see `note_parts`.
        """
        self.path, self._synced = path_of(target), 0.0
        self.done: dict[str, dict] = {}
        lines = list(_whole_lines(self.path))
        if lines:
            different = ["the first line"]
            if "physics" in lines[0]:
                different = changed(lines[0]["physics"], physics)
            if different:
                raise InputError(
                    f"{self.path}: its points have other physics: {', '.join(different)} changed "
                    "(start anew with run --force)"
                )
            self.done = {line["point"]: line["record"] for line in lines[1:] if "point" in line}
        self._file = self._open(bool(lines))
        self._identity = identity(self.path)
        if lines:
            self._file.write("\n")  # ends a line that was cut short
            self.note_parts(parts)
        else:
            first: dict = {"physics": physics, "input": text, "folder": str(folder)}
            if parts:
                first["parts"] = list(parts)
            self._write(dumps(first))

    def _open(self, goes_on):
        """The file at its end, or a new one."""
        try:
            if not goes_on:
                fresh = names.create(self.path)
                os.replace(fresh, self.path)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        except OSError as error:
            raise HpcneqError(f"{self.path}: cannot be written ({error.strerror})") from None
        return open(handle, "a", encoding="ascii")

    def note_parts(self, parts: Sequence[dict]) -> None:
        """Keep what is known of the parts of the run so far, see `provenance.begin_part`."""
        if parts:
            self._write(dumps({"count": len(self.done), "parts": list(parts)}))

    def add(self, point: str, record: dict) -> None:
        """Keep a point's record: safe from a kill when this returns."""
        text = dumps(record)
        self.done[point] = loads(text)
        head = dumps({"point": point, "count": len(self.done)})
        self._write(f'{head[:-1]}, "record": {text}}}')

    def _write(self, text):
        try:
            self._file.write(f"{_hash(text)} {text}\n")
            self._file.flush()
            # a killed process loses nothing, a lost machine a second
            if time.monotonic() - self._synced > SYNC_SECONDS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise HpcneqError(f"{self.path}: cannot be written ({error.strerror})") from None

    def remove(self) -> None:
        """Close it and delete the file: the result is complete."""
        self._file.close()
        if identity(self.path) == self._identity:
            _unlink(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self._file.close()


def _whole_lines(path):
    """Every line that has the hash it was written with."""
    try:
        with open(path, "rb") as file:
            for raw in file:
                yield from _content(raw)
    except FileNotFoundError:
        return


def _last_line(path):
    """The last line that has the hash it was written with, {} if there is none."""
    with open(path, "rb") as file:
        end, window = file.seek(0, os.SEEK_END), TAIL
        while True:
            first = file.seek(max(end - window, 0))
            lines = file.read().split(b"\n")
            # the first of them may have begun before the window
            for raw in reversed(lines[min(first, 1) :]):
                for content in _content(raw):
                    return content
            if not first:
                return {}
            window *= 16


def _content(raw):
    """[what a line holds], [] if it does not have its hash."""
    text = raw.decode("ascii", "replace").rstrip("\n")
    known, _, body = text.partition(" ")
    if not body or known != _hash(body):
        return []
    try:
        content = loads(body)
    except (ValueError, TypeError, RecursionError):  # made by another program
        return []
    return [content] if isinstance(content, dict) else []


def _hash(text):
    return hashlib.sha256(text.encode("ascii", "replace")).hexdigest()[:32]
