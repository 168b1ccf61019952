"""Functions compiled by numba at their first call, and cached on disk: only who needs them waits for numba's import."""

from __future__ import annotations

import functools

FAST = {
    "nnan",
    "ninf",
    "nsz",
    "contract",
}  # nothing that changes the order of additions: the same bits on any rank


def lazily(function):
    """The function compiled at its first call."""

    @functools.wraps(function)
    def call(*args):
        if not made:
            import numba

            made.append(numba.njit(fastmath=FAST, cache=True, nogil=True)(function))
        return made[0](*args)

    made = []
    return call
