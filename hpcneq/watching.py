"""``hpcneq watch``: how far a run is, from its lock alone; the result is never opened."""

from __future__ import annotations

import glob
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import terminal
from .config.words import nearest_file, one_line, refuse_name
from .errors import InputError
from .files import lock
from .parallel import clock

EVERY = 2.0  # s on a terminal
MOST_NUMBERS = 12


def watch(path: str, every: float | None = None) -> tuple[int, str | None]:
    """Say how far the run of a result is; returns (exit code, last words).

    every : go on until the run ends, with a look after each of so many seconds; on a terminal that
    is so without it. The exit code is 1 for a run that was killed. Raises InputError if there is
    neither a run nor a result.
    """
    refuse_name(Path(path))
    if os.path.isdir(path):
        raise InputError(f"{path}: is a folder, not a result file")
    goes_on = every is not None or sys.stdout is not None and sys.stdout.isatty()
    said = ""
    while True:
        content = lock.read(path)
        if content is None:
            return 0, _ended(path, bool(said))
        if lock.holder(path) is None:
            return 1, "\n".join([_killed(path, content), *_numbers(content)])
        text = "\n".join(_lines(path, content))
        if not goes_on:
            return 0, text
        if text != said:
            terminal.write(text)
            said = text
        time.sleep(every or EVERY)


def _ended(path: str, watched: bool) -> str:
    """That no run goes on."""
    if not watched and not os.path.exists(path):
        meant = nearest_file(Path(path), ".h5").strip()
        raise InputError(f"{path}: there is neither a run nor a result" + (meant and f"; {meant}"))
    words = "its run has ended" if watched else "no run goes on"
    return f"{path}: {words}; hpcneq show {path} says how it ended"


def _killed(path: str, content: Mapping[str, Any]) -> str:
    hint = f"go on with: hpcneq resume {path}"
    if not os.path.exists(path) and not glob.glob(f"{glob.escape(path)}.ckpt-*"):
        hint = "nothing is there to go on with: run it again"
    return f"{path}: its run was killed ({lock.whose(content)}); {hint}"


def _lines(path: str, content: Mapping[str, Any]) -> list[str]:
    """What a lock says of a run that goes on."""
    words = [_word(content, "system"), _word(content, "task")]
    what = " ".join(word for word in words if word)
    lines = [f"{path}: {what or 'a run'}, {_word(content, 'status') or '?'}{_progress(content)}"]
    where = f"{_word(content, 'ranks') or '?'} ranks on {_word(content, 'host') or '?'}"
    lines.append(f"  {where}, process {_word(content, 'pid')}, {_times(content)}")
    return lines + _numbers(content)


def _progress(content: Mapping[str, Any]) -> str:
    """How far, and how much is left."""
    progress, eta, memory = (content.get(name) for name in ("progress", "eta", "memory"))
    text = ""
    if _is_number(progress):
        text += f", {100 * progress:.0f}% done"
    if content.get("part") not in (None, "main"):
        text += f", now the {_word(content, 'part')}"
    if _is_number(eta):
        text += f", about {clock(eta)} left"
    if _is_number(memory):
        text += f", {memory / 2**20:.0f} MB"
    return text


def _times(content: Mapping[str, Any]) -> str:
    now = time.time()
    parts = []
    for name, words in (("start", "for {}"), ("heartbeat", "last sign of life {} ago")):
        value = content.get(name)
        if _is_number(value):
            parts.append(words.format(clock(max(now - value, 0.0))))
    return ", ".join(parts)


def _numbers(content: Mapping[str, Any]) -> list[str]:
    """The numbers of the last row."""
    numbers = content.get("numbers")
    if not isinstance(numbers, dict) or not numbers:
        return []
    words = []
    for name, value in list(numbers.items())[:MOST_NUMBERS]:
        text = f"{value:.6g}" if _is_number(value) else one_line(str(value))[:40]
        words.append(f"{one_line(str(name))[:40]} = {text}")
    return ["  " + ", ".join(words)]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15


def _word(content: Mapping[str, Any], name: str) -> str:
    """An entry of a lock, which somebody else may have written, as one short line."""
    value = content.get(name)
    return "" if value is None else one_line(str(value))[:60]
