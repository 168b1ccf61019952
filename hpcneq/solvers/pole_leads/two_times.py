"""Functions of two times: columns of U(t, t') and of U(t, t') R(t'), t > t', by the steps' maps.

For t > t' and components a, b of the system <Psi_b^+(t') Psi_a(t)> = [U(t, t') R(t')]_ab, with R
the whole density with the leads' modes and U its propagator; the anticommutator is [U(t, t')]_ab.
No history is kept: a column is one vector for each t'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import NotConverged
from ...maths.arrays import ComplexArray
from ...maths.pole_leads import Density
from ...parallel import solo
from .affine import Affine
from .frozen import Frozen, Generator
from .state import PoleState
from .system import OpenSystem

NEAR = 1e-9  # of a step: breakpoints closer to a time of the grid lie on it


class _Recorded(Frozen):
    """Steps that keep their maps."""

    last: tuple[Affine, ...] = ()

    def _map(self, heavy: Generator, light: Generator, step: float) -> Affine:
        half = super()._map(heavy, light, step)
        self.last = (*self.last, half)[-2:]
        return half


class March:
    """R on times ``start`` + k ``step``; each rank computes the same."""

    def __init__(
        self, system: OpenSystem, density: Density, start: float, step: float, end: float
    ) -> None:
        self.system = system
        self.origin, self.step = start, step
        self.count = 0
        self.state = PoleState(system, solo(), density, "frozen")
        self.stepper = _Recorded(self.state)
        self.stepper.start(start, None)
        self.breaks = [start, *(t for t in system.breakpoints(end) if t > start)]

    @property
    def t(self) -> float:
        """The time reached."""
        return self.origin + self.count * self.step

    @property
    def density(self) -> Density:
        """R now."""
        return self.state.gathered()

    @property
    def field(self) -> ComplexArray:
        """The mean field now."""
        return np.asarray(self.stepper.now.c)

    def advance(self) -> list[Affine]:
        """One step, in parts where something jumps; its maps in their order.

        Raises NotConverged.
        """
        begin, end = self.t, self.t + self.step
        near = NEAR * self.step
        inner = [t for t in self.breaks if begin + near < t < end - near]
        places = [begin, *inner, end]
        maps: list[Affine] = []
        for first, last in zip(places, places[1:]):
            if any(abs(first - t) <= near for t in self.breaks):
                self.stepper.start(first, None)
            self.stepper.advance(first, last - first)
            maps += self.stepper.last
            if self.stepper.failure is not None:
                raise NotConverged(f"t = {first:g}: {self.stepper.failure}")
        self.count += 1
        return maps


@dataclass
class Columns:
    """Columns of some earlier times: core (n, k), tail (N, k)."""

    core: ComplexArray
    tail: ComplexArray

    @classmethod
    def at(cls, density: Density, vectors: ComplexArray) -> tuple[Columns, Columns]:
        """(R K, K) for vectors K (size, p) of the system."""
        M, p = vectors.shape
        n, N = density.tail.shape
        filled = cls(density.core[:, :M] @ vectors, density.tail[:M].conj().T @ vectors)
        single = cls(np.zeros((n, p), complex), np.zeros((N, p), complex))
        single.core[:M] = vectors
        return filled, single

    @classmethod
    def joined(cls, parts: Sequence[Columns]) -> Columns:
        """Side by side."""
        return cls(
            np.concatenate([part.core for part in parts], axis=1),
            np.concatenate([part.tail for part in parts], axis=1),
        )

    def moved(self, maps: Sequence[Affine]) -> Columns:
        """After a step."""
        core, tail = self.core, self.tail
        for one in maps:
            core = one.cc @ core + one.ct @ tail
            tail = one.e[:, None] * tail
        return Columns(core, tail)

    def without(self, count: int) -> Columns:
        """Without the first columns."""
        return Columns(self.core[:, count:], self.tail[:, count:])
