"""Matrices that the integrator of blocks keeps from step to step, and scratch memory."""

from __future__ import annotations

import numpy as np

from ...maths.arrays import ComplexArray, IntArray
from ..aligned import aligned_zeros
from ..protocols import AuxiliaryModes
from .polynomials import DOUBLE
from .state import BlockState, Green


def entries(system: AuxiliaryModes, b: int) -> IntArray:
    """Places of the entries of G that the mean field reads in the own rows of a `greens` band."""
    rows, columns, _, _ = system.probe(b)
    n = system.size(b) // 2
    kinds = {(0, 1): 0, (0, 0): 1, (1, 1): 2}  # (row's, column's component)
    return np.array([kinds[r // n, k // n] * n + k % n for r, k in zip(rows, columns)], int)


def green_like(state: BlockState) -> Green:
    """Zero matrices of the led blocks."""
    return state.view_green(aligned_zeros(state.green_count, complex))


class Generation:
    """U^T of a step and, at its end, X and Z of the led blocks."""

    def __init__(self, state: BlockState):
        self.U, self.X, self.Z = (green_like(state) for _ in range(3))


class Generations:
    """Those of the last steps: what a step writes is none that the next ones read, nor those that
    are read when it is taken back.
    """

    def __init__(self, state: BlockState):
        self._all = [Generation(state) for _ in range(4)]
        self._last = 0

    def following(self) -> Generation:
        """The one for a new step."""
        self._last = (self._last + 1) % len(self._all)
        return self._all[self._last]

    def back(self) -> None:
        """The last one is free: its step has been taken back."""
        self._last = (self._last - 1) % len(self._all)


def _rough(N, kind):
    """Two (2N, N) and two (N, N) matrices."""
    return (*aligned_zeros((2, 2 * N, N), kind), *aligned_zeros((2, N, N), kind))


class Work:
    """Scratch memory for the Green function of a block of N levels; ``rough`` is in the precision
    of the modes.
    """

    def __init__(self, N: int, kind: np.dtype):
        self.rough = _rough(N, kind)
        self.matrices = self.rough
        if kind.itemsize < 16:
            self.matrices = _rough(N, DOUBLE)
        self.sums = aligned_zeros((1, 2, N, N), complex)
        self.near, self.rows = (
            np.empty((2, 3, 3, N // 2), complex),
            np.empty((2, 3, N // 2), complex),
        )

    def entries(self, places: IntArray) -> ComplexArray:
        """Of the rows of G and of dG/dt what the mean field reads, (2, probes)."""
        return self.rows.reshape(2, -1)[:, places]
