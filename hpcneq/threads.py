"""One thread of BLAS a process and the processor's kernels, unless the user has chosen.

A numpy from pip starts a thread for every core in every rank, and for small matrices even one
process is many times slower with them. An OpenBLAS that is older than the processor (that of
Debian 12 on Intel's since 2023) takes the kernels of 2004 and multiplies five times slower.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

CHOICES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
KERNELS = "OPENBLAS_CORETYPE"
# the kernels that OpenBLAS takes itself where it knows a processor with all these instructions
CORES = (
    ("SkylakeX", {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}),
    ("Haswell", {"avx2", "fma"}),
)


def chosen() -> dict[str, str]:
    """What the environment says of threads."""
    return {name: os.environ[name] for name in CHOICES if name in os.environ}


@contextlib.contextmanager
def own_kernels() -> Iterator[None]:
    """OpenBLAS takes the kernels of this processor if it is loaded meanwhile."""
    name = None if KERNELS in os.environ else core_name()
    if name is None:
        yield
        return
    os.environ[KERNELS] = name
    try:
        yield
    finally:
        os.environ.pop(KERNELS, None)


def core_name(file: str = "/proc/cpuinfo") -> str | None:
    """OpenBLAS's name for the instructions of this processor; None where they are not known."""
    try:
        with open(file) as lines:
            flags = next((set(line.split()) for line in lines if line.startswith("flags")), set())
    except OSError:
        return None
    return next((name for name, needed in CORES if needed <= flags), None)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """One thread for what is loaded already (by threadpoolctl, if there is one) and what follows.

    Nothing is changed where the environment names a number of threads.
    """
    if chosen():
        yield
        return
    os.environ.update(dict.fromkeys(CHOICES, "1"))  # libraries read them when they are loaded
    try:
        with _limited():
            yield
    finally:
        for name in CHOICES:
            os.environ.pop(name, None)


def _limited() -> contextlib.AbstractContextManager[object]:
    """The limit for libraries that are loaded."""
    if "numpy" not in sys.modules:
        return contextlib.nullcontext()
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return contextlib.nullcontext()
    limits: contextlib.AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits
