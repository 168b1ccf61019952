"""Numbers below the smallest normal one are zero in a step of an integrator.

The far ends of bath modes fall below 1e-38, the smallest normal number of single precision. Intel's
processors take a hundred cycles for an operation with such a number: with them a step in mixed
precision takes twice the time.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Callable
from functools import cache, partial, wraps
from typing import Any, ParamSpec, TypeVar

ZERO = 0x8040  # bits of MXCSR: results below the smallest become zero, operands are read as zero
SIZE, MXCSR = 32, 28  # bytes of glibc's fenv_t on x86-64, and where MXCSR lies in it

Given = ParamSpec("Given")
Found = TypeVar("Found")


class _Control:
    """The processor's control words as glibc reads and sets them."""

    def __init__(self, library: Any):
        kept = ctypes.create_string_buffer(SIZE)
        place = ctypes.addressof(kept)
        self.word = ctypes.c_uint32.from_buffer(kept, MXCSR)
        for name in ("fegetenv", "fesetenv"):
            getattr(library, name).argtypes = [ctypes.c_void_p]
        self.read: Callable[[], int] = partial(library.fegetenv, place)
        self.set: Callable[[], int] = partial(library.fesetenv, place)

    def change(self, bits: int) -> int:
        """Set the two bits to those of ``bits``; gives what they were."""
        self.read()
        before = self.word.value
        self.word.value = before & ~ZERO | bits & ZERO
        self.set()
        return before


@cache
def _control() -> _Control | None:
    """That of this machine; None where it is not known (not x86-64 with glibc)."""
    if platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc":
        return None
    return _Control(ctypes.PyDLL("libm.so.6"))


def without_subnormals(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """The function; until it returns such numbers are zero in this thread. A decorator."""

    @wraps(function)
    def call(*args: Given.args, **words: Given.kwargs) -> Found:
        control = _control()
        if control is None:
            return function(*args, **words)
        before = control.change(ZERO)
        try:
            return function(*args, **words)
        finally:
            control.change(before)

    return call
