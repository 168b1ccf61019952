"""One thread of BLAS a process, unless the user has chosen."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.programs import alone

from hpcneq import threads

SCRIPT = """\
import os, sys
from hpcneq import cli
real = cli._command
def spy(words):
    print([os.environ.get(name) for name in {names!r}], "numpy" in sys.modules)
    return 0
cli._command = spy
cli.main(sys.argv[1:])
print([os.environ.get(name) for name in {names!r}])
"""


def program(*words, **environment):
    """What two variables are while the command works, whether numpy was there, and afterwards."""
    env = {name: value for name, value in alone().items() if name not in threads.CHOICES}
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(names=names), *words],
        env={**env, **environment},
        capture_output=True,
        text=True,
        timeout=100,
    ).stdout.splitlines()


@pytest.mark.parametrize("command", ["run", "resume", "check"])
def test_libraries_are_told_before_they_are_loaded(command):
    """So that check measures what run will have; afterwards the environment is as before."""
    assert program(command, "x") == ["['1', '1'] False", "[None, None]"]


def test_a_choice_of_the_user_stays():
    assert program("run", "x", OMP_NUM_THREADS="4") == ["['4', None] False", "['4', None]"]
    chosen = program("run", "x", OPENBLAS_NUM_THREADS="2")
    assert chosen == ["[None, '2'] False", "[None, '2']"]
    assert program("show", "x") == ["[None, None] False", "[None, None]"]


def test_libraries_that_are_loaded_are_limited_for_the_time_of_a_run(monkeypatch):
    """A script that has imported numpy: by threadpoolctl, and given back afterwards."""
    control = pytest.importorskip("threadpoolctl")
    for name in threads.CHOICES:
        monkeypatch.delenv(name, raising=False)

    def counts():
        return [
            pool["num_threads"] for pool in control.threadpool_info() if pool["user_api"] == "blas"
        ]

    with control.threadpool_limits(2, user_api="blas"):
        before = counts()
        with threads.one_thread():
            assert set(counts()) <= {1} and os.environ["OMP_NUM_THREADS"] == "1"
        assert counts() == before and "OMP_NUM_THREADS" not in os.environ


def test_without_threadpoolctl_a_run_goes_on(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    for name in threads.CHOICES:
        monkeypatch.delenv(name, raising=False)
    with threads.one_thread():
        assert threads.chosen() == dict.fromkeys(threads.CHOICES, "1")
    assert threads.chosen() == {}
