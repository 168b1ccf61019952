"""The pairing field that kicks a supercell."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..maths.arrays import ComplexArray, IntArray

QUIET = 3.0  # widths after which a kick is over


@dataclass(frozen=True, eq=False)
class Kick:
    """A pairing field shape e^{-(t - center)^2/width^2}; shape : (2 h + 1,) harmonics."""

    shape: ComplexArray
    center: float
    width: float

    def __call__(self, t: float) -> ComplexArray:
        """The field at time t."""
        size = math.exp(-(((t - self.center) / self.width) ** 2))
        return self.shape * size

    @property
    def over(self) -> float:
        """When it has ended."""
        return self.center + QUIET * self.width


def kick_shape(
    vectors: IntArray,
    periods: int,
    wave: float,
    noise: float,
    seed: int,
    even: bool,
    across: float = 0.0,
) -> ComplexArray:
    """(n,) of a field ``wave`` cos(Gx) with ``periods`` periods in the cell, and noise.

    vectors : (n, 2) numbers of the harmonics. noise : size of random amplitudes of all harmonics,
    keyed by (seed, harmonic). across : of a further wave, one period across the stripes.
    """
    shape = np.zeros(len(vectors), complex)
    size = np.abs(vectors)
    shape[(size == (periods, 0)).all(1)] += 0.5 * wave
    shape[(size == (0, 1)).all(1)] += 0.5 * across
    if noise:
        for place, (m, k) in enumerate(vectors):
            key = [seed, (int(m) + 2**31 + (int(k) << 33)) % 2**64]
            stream = np.random.Generator(np.random.Philox(key=key))
            shape[place] += noise * complex(*stream.standard_normal(2))
    if even:
        shape = 0.5 * (shape + shape[::-1])
    return shape
