"""Compiled kernels: one compilation a node, and none of the disk where nothing can be written."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest
from support.programs import alone

from hpcneq.maths.compiled import lazily

MODULE = '''\
"""A kernel as the package has them."""
import os, sys
import numpy as np
from hpcneq.maths import compiled


def double(x):
    return 2 * x


@compiled.lazily(calls=(double,))
def total(x):
    s = 0.0
    for i in range(len(x)):
        s += double(x[i])
    return s


real = compiled._ready
made = []
compiled._ready = lambda *args: made.append(real(*args)) or made[-1]
if __name__ == "__main__":
    sys.stdin.read()  # all at once
    print(total(np.arange(4.0)), total(np.arange(3.0)))
    stats = made[0].stats
    print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
'''


@pytest.fixture
def place(tmp_path):
    (tmp_path / "kernel.py").write_text(MODULE)
    (tmp_path / "run.py").write_text(
        "import runpy, sys\nimport numba.core.caching as caching\n"
        "if 'full' in sys.argv:\n"
        "    def save(self, *args): raise OSError(28, 'No space left on device')\n"
        "    caching.IndexDataCacheFile.save = save\n"
        "if 'nowhere' in sys.argv:\n    caching.CacheImpl._locator_classes = []\n"
        "runpy.run_path('kernel.py', run_name='__main__')\n"
    )
    return tmp_path


def start(place, *words, **environment):
    return subprocess.Popen(
        [sys.executable, "run.py", *words],
        cwd=place,
        env=alone({"NUMBA_CACHE_DIR": str(place / "cache"), **environment}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_many_processes_one_compiles_and_the_others_load(place):
    """Three at once with an empty cache: one miss; fails without the lock."""
    ends = [process.communicate("", timeout=200) for process in [start(place) for _ in range(3)]]
    assert all(errors == "" for _, errors in ends), ends
    lines = [out.splitlines() for out, _ in ends]
    assert {line[0] for line in lines} == {"12.0 6.0"}
    assert sorted(line[1] for line in lines) == ["0 1", "1 0", "1 0"]


@pytest.mark.parametrize("why", ["nowhere", "full"])
def test_without_a_place_for_the_cache_kernels_are_compiled_all_the_same(place, why):
    """One line says so, on one rank; numba alone would end with a traceback."""
    out, errors = start(place, why).communicate("", timeout=200)
    assert out.startswith("12.0 6.0\n"), errors
    assert errors.count("\n") == 1 and errors.startswith("hpcneq: compiled kernels are not kept")
    out, errors = start(place, why, OMPI_COMM_WORLD_RANK="1").communicate("", timeout=200)
    assert out.startswith("12.0 6.0\n") and errors == ""


def test_a_kernel_is_compiled_anew_when_a_module_it_imports_from_changes(tmp_path):
    """Helpers two modules away; numba alone looks at the kernel's own file."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "numbers.py").write_text("def step():\n    return 2.0\n")
    (package / "helpers.py").write_text(
        "from .numbers import step\n\n\ndef double(x):\n    return step() * x\n"
    )
    (package / "kernel.py").write_text(
        "from hpcneq.maths.compiled import lazily\nfrom .helpers import double, step\n\n\n"
        "@lazily(calls=(step, double))\ndef total(x):\n    return double(x) + 1.0\n"
    )

    def value():
        words = [sys.executable, "-c", "from package.kernel import total; print(total(3.0))"]
        given = alone({"NUMBA_CACHE_DIR": str(tmp_path / "cache")})
        return subprocess.run(words, cwd=tmp_path, env=given, capture_output=True, text=True)

    assert value().stdout == "7.0\n"
    (package / "numbers.py").write_text("def step():\n    return 10.0\n")
    assert value().stdout == "31.0\n"


@lazily
def digits(arrays, several):
    """Five entries of five arrays, as digits."""
    a, b, c, d, e = arrays
    found = a[0, 1] + 10 * b[0, 1] + 100 * c[0, 1]
    return found + 1000 * d[0, 1] + 1e4 * e[0, 1] + 1e5 * several[0] + 1e6 * several[1]


def test_long_tuples_of_arrays_are_told_apart():
    """numba 0.56 took another type for three of 400 such calls, and 0.1 ms for each."""
    plain = np.array([[0.0, 1.0], [2.0, 3.0]])
    kinds = plain, np.repeat(np.repeat(plain, 2, 0), 2, 1)[::2, ::2], plain.astype(np.float32)
    chosen = random.Random(0)
    for _ in range(3000):
        arrays = (chosen.choice(kinds), chosen.choice(kinds), plain, plain, plain)
        several = (1, chosen.choice((1, 1.0)))
        assert digits(arrays, several) == 1111111.0
