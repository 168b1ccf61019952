"""Functions compiled by numba at their first call, and cached on disk.

Only who needs them waits for numba's import.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast, overload

import numpy as np

from .. import terminal

# nothing that changes the order of additions: the same bits on any rank
FAST = {"nnan", "ninf", "nsz", "contract"}
# flags of an array that numba's types have: contiguous in C or Fortran, aligned, writeable
LAYOUT = 0x1 | 0x2 | 0x100 | 0x400
# what tells a process its rank before MPI has started
RANKS = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID")


Plain = TypeVar("Plain", bound=Callable[..., object])  # compiled, it is called as before


@overload
def lazily(function: Plain) -> Plain: ...


@overload
def lazily(
    *, calls: Sequence[Callable[..., object]] = (), wide: bool = False
) -> Callable[[Plain], Plain]: ...


def lazily(
    function: Plain | None = None,
    *,
    calls: Sequence[Callable[..., object]] = (),
    wide: bool = False,
) -> Plain | Callable[[Plain], Plain]:
    """The function compiled at its first call.

    calls : plain functions that it, or a later one of them, calls; they are compiled with it. wide
    : loops take as many numbers at once as the processor can, their sums in an order that the
    number of terms alone decides, and 1/0 is infinite. Used as a decorator: ``@lazily`` or
    ``@lazily(calls=(helper,))``. What is cached is used until its module, or one of this package
    that such a module imports from, changes.
    """
    if function is None:
        return lambda function: _lazy(function, calls, wide)
    return _lazy(function, calls, wide)


def _lazy(function: Plain, calls: Sequence[Callable[..., object]], wide: bool) -> Plain:
    """The function compiled at its first call, with those it calls."""
    made: list[Callable[..., object]] = []
    entries: dict[tuple[object, ...], Callable[..., object]] = {}

    @functools.wraps(function)
    def call(*args: object) -> object:
        if not made:
            made.append(_ready(functools.partial(_compiled, function, calls, wide), args))
            if not any(map(_is_long, args)):
                entries[()] = made[0]
        if () in entries:
            return made[0](*args)
        kinds = tuple(map(_kind, args))
        entry = entries.get(kinds) or entries.setdefault(kinds, _entry(made[0], args))
        return entry(*args)

    return cast(Plain, call)


def _is_long(value: object) -> bool:
    """Whether a value is a tuple that numba 0.56 may take for another one.

    It forgets the first 40 bytes of a tuple's description where there are more: an array takes 8, a
    tuple 2. Its search for the type takes 0.1 ms then, and now and then finds a wrong one.
    """
    return type(value) is tuple and _described(value) > 40


def _described(value: object) -> int:
    """Bytes in which numba describes a value's type, or some more."""
    if type(value) is tuple:
        return 2 + sum(map(_described, value))
    return 8


def _kind(value: object) -> object:
    """What numba takes for an argument's type, as quick to find as to compare."""
    if isinstance(value, np.ndarray):
        return value.dtype.num, value.ndim, value.flags.num & LAYOUT
    return tuple(map(_kind, value)) if type(value) is tuple else type(value)


def _entry(function: Any, args: Sequence[object]) -> Callable[..., object]:
    """What is compiled for such arguments, without numba's search for it."""
    import numba

    return cast(Callable[..., object], function.compile(tuple(map(numba.typeof, args))))


def _compiled(
    function: Callable[..., object],
    calls: Sequence[Callable[..., object]],
    wide: bool = False,
    cache: bool = True,
) -> Any:
    """The function, with those it calls, as numba's."""
    options: dict[str, object] = {"fastmath": FAST}
    if wide:
        options = {"fastmath": FAST | {"reassoc"}, "error_model": "numpy"}
    version = _version([function, *calls])
    made: dict[str, object] = {}
    for helper in calls:
        made[helper.__name__] = jit(_bound(helper, made, version), cache, **options)
    return jit(_bound(function, made, version), cache, **options)


def _bound(function: Callable[..., object], names: dict[str, object], version: str) -> FunctionType:
    """The function with some other global names, cached under a name that tells its version."""
    plain = cast(FunctionType, function)
    bound = FunctionType(plain.__code__, plain.__globals__ | names, plain.__name__)
    bound.__qualname__, bound.__module__ = f"{plain.__qualname__}_{version}", plain.__module__
    return bound


def _version(functions: Sequence[Callable[..., object]]) -> str:
    """A digest of the files of the functions' modules, and of those that they import from.

    numba compiles a function anew when its own file changes, not when that of a helper does.
    """
    package = functions[0].__module__.partition(".")[0]
    waiting, modules = {function.__module__ for function in functions}, set()
    while waiting:
        name = waiting.pop()
        modules.add(name)
        for value in vars(sys.modules[name]).values():
            if not isinstance(value, ModuleType):
                value = sys.modules.get(str(getattr(value, "__module__", None)))
            if value is not None and value.__name__.partition(".")[0] == package:
                waiting |= {value.__name__} - modules
    stamps = hashlib.sha256()
    for name in sorted(modules):
        with contextlib.suppress(OSError):
            found = os.stat(str(sys.modules[name].__file__))
            stamps.update(f"{name} {found.st_mtime_ns} {found.st_size};".encode())
    return stamps.hexdigest()[:8]


# ---- the cache ----------------------------------------------------------------------------------


class Notice:
    """Whether this process has said that nothing is cached."""

    said = False


_notice = Notice()


def jit(function: Plain, cache: bool = True, **options: object) -> Plain:
    """numba.njit with a cache on disk, or without one where there is no place for it."""
    import numba

    try:
        return cast(Plain, numba.njit(cache=cache, nogil=True, **options)(function))
    except RuntimeError as error:  # "no locator available": no folder can be written
        if "cache" not in str(error):
            raise
    _say_uncached("no folder can be written")
    return cast(Plain, numba.njit(nogil=True, **options)(function))


def _ready(make: Callable[..., Any], args: Sequence[object]) -> Any:
    """What ``make`` gives, compiled for such arguments by one process of a node.

    The others wait, and load what it has cached.
    """
    import numba

    function, kinds = make(), tuple(map(numba.typeof, args))
    try:
        with _turn(function.stats.cache_path):
            function.compile(kinds)
    except OSError as error:  # full, or no longer to be written
        _say_uncached(error.strerror or str(error))
        return make(cache=False)
    return function


@contextlib.contextmanager
def _turn(folder: str | None) -> Iterator[None]:
    """While no other process that caches there compiles; at once where files cannot be locked."""
    if folder is None:
        yield
        return
    with contextlib.ExitStack() as closing:
        with contextlib.suppress(OSError):
            file = closing.enter_context(open(os.path.join(folder, ".hpcneq-lock"), "ab"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _say_uncached(why: str) -> None:
    """One line, from one rank, once."""
    first = next((os.environ[name] for name in RANKS if name in os.environ), "0") == "0"
    if first and not _notice.said:
        terminal.write(
            f"hpcneq: compiled kernels are not kept ({why}), each run compiles them again; "
            "NUMBA_CACHE_DIR may name a folder for them",
            errors=True,
        )
    _notice.said = True
