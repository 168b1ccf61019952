"""Functions compiled by numba at their first call, and cached on disk.

Only who needs them waits for numba's import.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import TypeVar, cast, overload

# nothing that changes the order of additions: the same bits on any rank
FAST = {"nnan", "ninf", "nsz", "contract"}


Plain = TypeVar("Plain", bound=Callable[..., object])  # compiled, it is called as before


@overload
def lazily(function: Plain) -> Plain: ...


@overload
def lazily(*, calls: Sequence[Callable[..., object]]) -> Callable[[Plain], Plain]: ...


def lazily(
    function: Plain | None = None, *, calls: Sequence[Callable[..., object]] = ()
) -> Plain | Callable[[Plain], Plain]:
    """The function compiled at its first call.

    calls : plain functions of the same module that it, or a later one of them, calls; they are
    compiled with it. Used as a decorator: ``@lazily`` or ``@lazily(calls=(helper,))``.
    """
    if function is None:
        return lambda function: _lazy(function, calls)
    return _lazy(function, calls)


def _lazy(function: Plain, calls: Sequence[Callable[..., object]]) -> Plain:
    """The function compiled at its first call, with those it calls."""
    made: list[Callable[..., object]] = []

    @functools.wraps(function)
    def call(*args: object) -> object:
        if not made:
            made.append(_compiled(function, calls))
        return made[0](*args)

    return cast(Plain, call)


def _compiled(
    function: Callable[..., object], calls: Sequence[Callable[..., object]]
) -> Callable[..., object]:
    """The function, with those it calls, compiled."""
    import numba

    compiler: Callable[..., Callable[..., object]]
    compiler = numba.njit(fastmath=FAST, cache=True, nogil=True)
    if not calls:
        return compiler(function)
    names = dict(cast(FunctionType, function).__globals__)
    for helper in calls:
        names[helper.__name__] = compiler(_with_globals(helper, names))
    return compiler(_with_globals(function, names))


def _with_globals(function: Callable[..., object], names: dict[str, object]) -> FunctionType:
    """The function with other global names."""
    plain = cast(FunctionType, function)
    bound = FunctionType(plain.__code__, names, plain.__name__)
    bound.__qualname__, bound.__module__ = plain.__qualname__, plain.__module__
    return bound
