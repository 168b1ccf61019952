"""How far a run says it is: all of its parts in one time left, a bar on a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from hpcneq import parallel, terminal
from hpcneq.parallel import Logger
from hpcneq.tasks import recorder
from hpcneq.tasks.recorder import Progress, Share, shares


class Terminal(io.StringIO):
    """What takes a bar."""

    def isatty(self):
        return True


def test_the_parts_of_a_run_share_all_of_it():
    """Two runs with twice the step cost half of the first each: half of all is the run itself."""
    main, first, second = shares(2)
    assert (main.begin, main.size) == (0.0, 0.5)
    assert main.of(1.0) == first.begin and first.of(1.0) == second.begin
    assert second.of(1.0) == pytest.approx(1.0) and shares(0) == [Share()]


def test_the_time_left_counts_the_runs_for_the_errors(monkeypatch):
    """A quarter of the first of three parts in 20 s: an eighth of all, so 140 s are left."""
    lines, clock = [], [100.0]
    monkeypatch.setattr(recorder.time, "monotonic", lambda: clock[-1])
    progress = Progress(lines.append, "evolve", 10.0, share=shares(2)[0])
    clock.append(120.0)
    progress.step(2.5, lambda: "")
    assert lines == [
        "evolve: t = 2.50 of 10 (25%, 12% with error estimates), 0.05 steps/s, ETA 0:02:20"
    ]


def test_a_terminal_shows_a_bar_that_lines_replace(monkeypatch):
    """Nothing of it on a stream that is no terminal."""
    monkeypatch.setenv("TERM", "xterm")
    for name in terminal.RANKS:
        monkeypatch.delenv(name, raising=False)
    screen, clock = Terminal(), [0.0]
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(recorder.time, "monotonic", lambda: clock[-1])
    log = parallel.logger(parallel.solo())
    progress = Progress(log, "evolve", 10.0, share=Share())
    clock.append(1.0)
    progress.step(5.0, lambda: ", 100 MB")
    log("complete")
    shown = screen.getvalue()
    assert shown.startswith("\r\x1b[K[##########..........] 50% ETA 0:00:01, evolve, t = 5.00")
    assert shown.endswith("\r\x1b[Kcomplete\n")
    monkeypatch.setenv("PMIX_RANK", "0")  # whose terminal is not that of its mpiexec
    monkeypatch.setattr(terminal.os, "readlink", lambda path: "pipe:[1]")
    assert not Logger(True).bar
    monkeypatch.delenv("PMIX_RANK")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not Logger(True).bar
