"""Arrays that begin where a cache line does."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import DTypeLike, NDArray

LINE = 64  # bytes of a cache line


def aligned_zeros(shape: int | tuple[int, ...], dtype: DTypeLike = float) -> NDArray:
    """Zeros whose first entry begins a cache line, in huge pages where the system has them.

    numpy's own large arrays begin 16 bytes behind one: each vector of 64 bytes then lies across two
    lines, and is read and written in up to twice the time. It asks for huge pages for what it does
    not set to zero.
    """
    kind = np.dtype(dtype)
    size = prod(np.atleast_1d(shape).tolist()) * kind.itemsize
    raw = np.empty(size + LINE, np.uint8)
    raw.fill(0)
    first = -raw.ctypes.data % LINE
    return raw[first : first + size].view(kind).reshape(shape)
