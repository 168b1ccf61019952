"""One thread of BLAS a process, unless the user has chosen: ranks use the cores.

A numpy from pip starts a thread for every core in every rank, and for small matrices even one
process is many times slower with them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

CHOICES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


def chosen() -> dict[str, str]:
    """What the environment says of threads."""
    return {name: os.environ[name] for name in CHOICES if name in os.environ}


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
