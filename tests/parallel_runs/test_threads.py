"""One thread of BLAS a process and the processor's kernels, unless the user has chosen."""

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


def program(*words, names=("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), **environment):
    """What two variables are while the command works, whether numpy was there, and afterwards."""
    unset = (*threads.CHOICES, threads.KERNELS)
    env = {name: value for name, value in alone().items() if name not in unset}
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


@pytest.mark.parametrize(
    "flags, name",
    [
        ("fpu avx avx2 fma avx512f avx512dq avx512cd avx512bw avx512vl amx_tile", "SkylakeX"),
        ("fpu avx avx2 fma avx512f avx512cd avx512er avx512pf", "Haswell"),  # a Xeon Phi
        ("fpu sse2 avx", None),
    ],
)
def test_kernels_are_named_by_the_instructions(tmp_path, flags, name):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    assert threads.core_name(str(tmp_path / "cpuinfo")) == name
    (tmp_path / "arm").write_text("processor\t: 0\nFeatures\t: fp asimd\n")
    assert threads.core_name(str(tmp_path / "arm")) is None
    assert threads.core_name(str(tmp_path / "none")) is None


def test_kernels_are_named_before_numpy_is_loaded_and_a_choice_stays():
    names = (threads.KERNELS,)
    assert program("run", "x", names=names) == [f"[{threads.core_name()!r}] False", "[None]"]
    chosen = program("check", "x", names=names, **{threads.KERNELS: "Nehalem"})
    assert chosen == ["['Nehalem'] False", "['Nehalem']"]


LOADED = """\
import hpcneq
try:
    hpcneq.run({})
except hpcneq.InputError:
    from threadpoolctl import threadpool_info
    print({pool.get("architecture") for pool in threadpool_info() if pool["user_api"] == "blas"})
"""


def test_openblas_takes_no_kernels_of_2004_on_this_processor():
    """From Python, where `hpcneq.run` loads numpy."""
    pytest.importorskip("threadpoolctl")
    if threads.core_name() is None:
        pytest.skip("a processor of before 2013")
    env = {name: value for name, value in alone().items() if name != threads.KERNELS}
    done = subprocess.run([sys.executable, "-c", LOADED], env=env, capture_output=True, text=True)
    assert done.stdout and "Prescott" not in done.stdout, done.stderr
