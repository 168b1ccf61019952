"""What the program prints: escaped, in whatever encoding, and never a reason for a run to end.

The reader of a log may leave (``hpcneq run in.toml | head``), its disk may be full, its terminal
may know ASCII alone; and what is printed may hold control characters of somebody else's file.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TextIO

from .config.words import one_line

CLEAR = "\r\x1b[K"  # back to the beginning of the line, and nothing in it
BAR = 20  # letters
RANKS = ("OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID")  # of ranks


def write(text: str, errors: bool = False) -> None:
    """Print lines and flush; without a reader, quietly do nothing.

    errors : to standard error, after what was printed before.
    """
    if errors:
        settle(sys.stdout)
    stream = sys.stderr if errors else sys.stdout
    if stream is None:  # closed before Python began
        return
    start = CLEAR if errors and is_terminal(stream) else ""  # a bar may stand there
    try:
        stream.write(start + encodable(clean(text), stream) + "\n")
        stream.flush()
    except (OSError, ValueError):  # ValueError: closed since
        _turn_off(stream)


def is_terminal(stream: TextIO | None = None) -> bool:
    """Whether a stream, standard output by default, shows lines that can be redrawn.

    mpiexec gives its ranks terminals of its own making: what counts is where it writes itself.
    """
    stream = stream or sys.stdout
    try:
        shows = stream is not None and stream.isatty() and os.environ.get("TERM", "") != "dumb"
        if shows and any(name in os.environ for name in RANKS):
            starter = os.readlink(f"/proc/{os.getppid()}/fd/1")
            return starter.startswith(("/dev/pts/", "/dev/tty"))
        return shows
    except (OSError, ValueError):
        return False


def bar(fraction: float) -> str:
    """A bar of plain letters: how much is done."""
    done = round(BAR * min(max(fraction, 0.0), 1.0))
    return f"[{'#' * done}{'.' * (BAR - done)}] {100 * fraction:.0f}%"


def overwrite(text: str) -> None:
    """Put one line, cut to the terminal's width, in the place of that of the cursor."""
    width = shutil.get_terminal_size().columns - 1
    try:
        sys.stdout.write(CLEAR + encodable(clean(text)[:width], sys.stdout))
        sys.stdout.flush()
    except (OSError, ValueError):
        _turn_off(sys.stdout)


def settle(stream: TextIO | None) -> None:
    """Flush now: at its end Python would complain of a reader that has left, or of a full disk."""
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        _turn_off(stream)


def clean(text: str) -> str:
    """Text with escapes for all that is not printable but the ends of its lines."""
    return "\n".join(map(one_line, text.split("\n")))


def encodable(text: str, stream: TextIO) -> str:
    """Text with escapes for what the stream cannot encode."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _turn_off(stream: TextIO) -> None:
    """From now on what is written there goes nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def fill_closed() -> None:
    """Open closed standard streams on nothing: else the next file opened would be one of them."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


class Logger:
    """A print for rank 0 that flushes at once; silent elsewhere and if quiet.

    That nobody reads it, or that it cannot be written, is no reason to end a run. bar : whether
    `show` can redraw a line, which a terminal can.
    """

    def __init__(self, speaks: bool) -> None:
        self.speaks = speaks
        self.bar = speaks and is_terminal()
        self._drawn = False

    def __call__(self, text: str) -> None:
        """Print lines, in the place of a bar."""
        if self._drawn:
            overwrite("")
            self._drawn = False
        if self.speaks:
            write(text)

    def show(self, fraction: float, text: str) -> None:
        """Draw the bar anew, with a text behind it."""
        if self.bar:
            overwrite(f"{bar(fraction)} {text}")
            self._drawn = True
