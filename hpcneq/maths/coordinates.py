"""Coordinates of two tables: which of their rows stand at the same place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SAME = 1e-9  # relative difference of coordinates that count as one
Coordinates = NDArray[Any]  # (n,) numbers or texts
Places = NDArray[np.intp]  # indices


def common_places(one: Coordinates, other: Coordinates) -> tuple[Places, Places]:
    """Indices into both (m,) of values that both have, in the order of the first."""
    if one.shape == other.shape and np.all(close(one, other)):
        return np.arange(len(one)), np.arange(len(other))
    if one.dtype.kind not in "fiu" or other.dtype.kind not in "fiu":
        _, mine, theirs = np.intersect1d(one.astype(str), other.astype(str), return_indices=True)
        return mine, theirs
    if not len(one) or not len(other):
        return np.arange(0), np.arange(0)
    order = np.argsort(other, kind="stable")
    after = np.searchsorted(other[order], one)
    left = order[np.clip(after - 1, 0, len(other) - 1)]
    right = order[np.clip(after, 0, len(other) - 1)]
    nearest = np.where(np.abs(other[left] - one) <= np.abs(other[right] - one), left, right)
    mine = np.nonzero(close(one, other[nearest]))[0]
    return mine, nearest[mine]


def close(one: Coordinates, other: Coordinates) -> NDArray[np.bool_]:
    """Whether coordinates count as one, entry by entry."""
    if one.dtype.kind not in "fciu" or other.dtype.kind not in "fciu":
        return np.asarray(one == other)
    near = SAME * np.maximum(np.abs(one), np.abs(other))
    return np.asarray(np.abs(one - other) <= near)
