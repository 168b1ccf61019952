"""Functions compiled by numba at their first call, and cached on disk.

Only who needs them waits for numba's import.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Sequence
from typing import TypeVar, cast, overload

# nothing that changes the order of additions: the same bits on any rank
FAST = {"nnan", "ninf", "nsz", "contract"}
Function = TypeVar("Function", bound=Callable[..., object])


@overload
def lazily(function: Function, *, calls: Sequence[Callable[..., object]] = ()) -> Function: ...


@overload
def lazily(
    function: None = None, *, calls: Sequence[Callable[..., object]] = ()
) -> Callable[[Function], Function]: ...


def lazily(
    function: Function | None = None, *, calls: Sequence[Callable[..., object]] = ()
) -> Function | Callable[[Function], Function]:
    """The function compiled at its first call.

    calls : plain functions of the same module that it, or a later one of them, calls; they are
    compiled with it. Used as a decorator: ``@lazily`` or ``@lazily(calls=(helper,))``.
    """
    if function is None:
        return lambda later: lazily(later, calls=calls)
    plain = function
    made: list[Callable[..., object]] = []

    @functools.wraps(plain)
    def call(*args: object) -> object:
        if not made:
            made.append(_compiled(plain, calls))
        return made[0](*args)

    return cast(Function, call)


def _compiled(
    function: Callable[..., object], calls: Sequence[Callable[..., object]]
) -> Callable[..., object]:
    """The function, with those it calls, compiled."""
    import numba

    compiler: Callable[[Callable[..., object]], Callable[..., object]]
    compiler = numba.njit(fastmath=FAST, cache=True, nogil=True)
    if not calls:
        return compiler(function)
    names = dict(function.__globals__)
    for helper in calls:
        names[helper.__name__] = compiler(_with_globals(helper, names))
    return compiler(_with_globals(function, names))


def _with_globals(
    function: Callable[..., object], names: dict[str, object]
) -> Callable[..., object]:
    """The function with other global names."""
    bound = types.FunctionType(function.__code__, names, function.__name__)
    bound.__qualname__, bound.__module__ = function.__qualname__, function.__module__
    return bound
