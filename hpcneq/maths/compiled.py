"""Functions compiled by numba at their first call: only who needs them waits for its import."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar, cast

# Nothing that changes the order of additions: the same bits on any rank.
FAST = {"nnan", "ninf", "nsz", "contract"}
Function = TypeVar("Function", bound=Callable[..., object])


def lazily(function: Function) -> Function:
    """The function compiled at its first call."""
    made: list[Function] = []

    @functools.wraps(function)
    def call(*args: object) -> object:
        if not made:
            import numba

            made.append(numba.njit(fastmath=FAST, cache=True, nogil=True)(function))
        return made[0](*args)

    return cast(Function, call)
