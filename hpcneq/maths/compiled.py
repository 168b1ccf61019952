"""Functions compiled by numba at their first call, and cached on disk.

Only who needs them waits for numba's import.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Sequence

# nothing that changes the order of additions: the same bits on any rank
FAST = {"nnan", "ninf", "nsz", "contract"}


def lazily(function: Callable | None = None, *, calls: Sequence[Callable] = ()) -> Callable:
    """The function compiled at its first call.

    calls : plain functions of the same module that it, or a later one of them, calls; they are
    compiled with it. Used as a decorator: ``@lazily`` or ``@lazily(calls=(helper,))``.
    """
    if function is None:
        return functools.partial(lazily, calls=calls)

    @functools.wraps(function)
    def call(*args):
        if not made:
            made.append(_compiled(function, calls))
        return made[0](*args)

    made = []
    return call


def _compiled(function, calls):
    """The function, with those it calls, compiled."""
    import numba

    compiler = numba.njit(fastmath=FAST, cache=True, nogil=True)
    names = dict(function.__globals__)
    for helper in calls:
        names[helper.__name__] = compiler(_with_globals(helper, names))
    return compiler(_with_globals(function, names) if calls else function)


def _with_globals(function, names):
    """The function with other global names."""
    bound = types.FunctionType(function.__code__, names, function.__name__)
    bound.__qualname__, bound.__module__ = function.__qualname__, function.__module__
    return bound
