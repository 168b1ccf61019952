"""Pair modes of the normal state that neither grow nor decay: where C(Q, z) is real, z real.

U C - 1 is analytic above the real axis of z and -1 far away. Its zeros there, the modes that grow,
are counted by the argument: as many as Im C passes zero upwards, along the real axis, where Re C is
above 1/U, less those where it passes downwards. The same holds at any other attraction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

ACCURATE = 1e-7  # of the frequency of a mode


@dataclass(frozen=True)
class StillMode:
    """mu_pair and U Re C - 1 of a mode; direction : +1 where Im C passes zero upwards, else -1."""

    mu: float
    excess: float
    direction: int


def still_modes(
    response: Callable[[np.ndarray], np.ndarray], values: np.ndarray
) -> list[StillMode]:
    """The modes between ``values`` (n,) of mu_pair; response : U C - 1 (n,) at some of them."""
    table = response(values)
    modes = []

    def imaginary(m: float) -> float:
        return float(response(np.array([m]))[0].imag)

    sign = np.where(table.imag < 0, -1, 1)  # a zero at one of the values belongs to one pair
    for k in np.flatnonzero(sign[1:] != sign[:-1]):
        at = brentq(imaginary, values[k], values[k + 1], xtol=ACCURATE)
        excess = float(response(np.array([at]))[0].real)
        modes.append(StillMode(at, excess, int(sign[k + 1])))
    return modes


def growing(modes: Sequence[StillMode], level: float = 0.0) -> int:
    """The number of modes that grow where 1 + level stands for 1 in U C - 1."""
    return sum(mode.direction for mode in modes if mode.excess > level)


def nearest_onset(modes: Sequence[StillMode]) -> tuple[float, float] | None:
    """(excess, mu_pair) of the mode at which growth begins or ends next; > 0: a mode grows.

    A change of U C by the excess would end, or begin, all growth. None without such a mode.
    """
    ordered = sorted(modes, key=lambda mode: -mode.excess)
    grows = np.cumsum([0, *(mode.direction for mode in ordered)]) > 0
    changes = [mode for k, mode in enumerate(ordered) if grows[k] != grows[k + 1]]
    if not changes:
        return None
    nearest = min(changes, key=lambda mode: abs(mode.excess))
    sign = 1 if growing(modes) > 0 else -1
    return sign * abs(nearest.excess), nearest.mu
