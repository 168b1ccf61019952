"""The state of a supercell: density matrices and bath modes of the blocks, spread over ranks.

What it is made of is `medium.Medium`; the order parameter follows from the gap equation

    (1/U + dU_m) Delta_m = F_m + i K dDelta_m/dt,    F_m = sum_p n12[n + m, n],

and is part of the integrator's history, not of the state: `stepping.DriftExact`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...maths.arrays import ComplexArray, FloatArray
from ...parallel import Communicator, Layout, Part, all_rows, ordered_sum
from ..output_times import Row
from .medium import Medium, even_part

Field = Callable[[float], ComplexArray]


@dataclass(frozen=True, eq=False)
class Supercell:
    """An order parameter with harmonics -h .. h in a medium.

    coupling : (2 h + 1,) 1/U + dU_m; complex where pairs outside the box decay. start : (2 h + 1,)
    the harmonics at rest, of which the medium starts in its stationary state. field : what is added
    to the order parameter in H, smooth in time, t -> (2 h + 1,). even : whether all is even in x.
    rest : the medium in the frame in which the start is stationary, where it travels.
    """

    medium: Medium
    coupling: ComplexArray
    start: ComplexArray
    field: Field
    even: bool = True
    rest: Medium | None = None

    @property
    def lag(self) -> float:
        """K of i K dDelta/dt in the gap equation."""
        return self.medium.box.lag

    @property
    def h(self) -> int:
        """The highest harmonic."""
        return len(self.start) // 2

    def breakpoints(self, t_max: float) -> Sequence[float]:
        """None: the field is smooth."""
        return []

    def total(self, t: float, c: ComplexArray) -> ComplexArray:
        """The order parameter with the field, as it stands in H."""
        return c + self.field(t)


class SupercellState:
    """n and modes of this rank's blocks.

    flat : n (blocks, 2 N, 2 N), and behind it the modes (blocks, 2 N, P, 2 N) unless they are in
    single precision: then they live beside it. dtype : of the modes.
    """

    ts_types = ("exponential",)

    def __init__(
        self,
        system: Supercell,
        comm: Communicator,
        dtype: DTypeLike = complex,
        start: bool = True,
    ):
        self.system, self.comm = system, comm
        self.dtype = np.dtype(dtype)
        self.medium = system.medium
        self.layout = Layout.over(self.medium.box.blocks, comm)
        self.part = range(self.layout.start, self.layout.stop)
        size, modes = self.medium.size, self.medium.modes
        self.green_count = len(self.part) * size**2
        self.mode_count = self.green_count * modes
        together = self.dtype == complex
        self.number = 1.0  # carriers of the first species at the start
        self.balance = 0.0  # carriers that the baths do not account for
        self.velocity = np.zeros(2 * system.h + 1, complex)  # dDelta/dt
        self.flat = np.zeros(self.green_count + together * self.mode_count, complex)
        self.green = self.view_green(self.flat)
        if together:
            self.modes = self.view_modes(self.flat[self.green_count :])
        else:
            self.modes = self.view_modes(np.zeros(self.mode_count, self.dtype))
        if start:
            self.fill()

    def view_green(self, flat: NDArray) -> NDArray:
        """(blocks here, 2 N, 2 N) n as a view of a flat array."""
        size = self.medium.size
        return flat[: self.green_count].reshape(len(self.part), size, size)

    def view_modes(self, flat: NDArray) -> NDArray:
        """(blocks here, 2 N, P, 2 N) the modes as a view of a flat array."""
        size, modes = self.medium.size, self.medium.modes
        return flat[: self.mode_count].reshape(len(self.part), size, modes, size)

    def local(self, blocks: range) -> slice:
        """Where blocks of this rank stand in its arrays."""
        return slice(blocks.start - self.part.start, blocks.stop - self.part.start)

    def fill(self) -> None:
        """Set the stationary state of the order parameter at the start."""
        medium = self.system.rest or self.medium
        pairing = medium.pairing(self.system.start)
        for blocks in self.medium.batches(self.part):
            here = self.local(blocks)
            E, V, n, _ = medium.stationary(blocks, pairing)
            self.green[here] = n
            self.modes[here] = medium.stationary_modes(blocks, E, V)

    def placed(self) -> dict[str, Part]:
        """What a checkpoint stores: name -> (flat array here, its start, size of the whole)."""
        each = self.medium.size**2
        start, items = self.layout.start, self.layout.items
        green = self.flat[: self.green_count]
        P = self.medium.modes
        return {
            "green": (green, start * each, items * each),
            "modes": (self.modes.reshape(-1), start * each * P, items * each * P),
        }

    @property
    def nbytes(self) -> int:
        """Bytes of n and modes on this rank."""
        return 16 * self.green_count + self.dtype.itemsize * self.mode_count

    def summed(self, rows: NDArray) -> NDArray:
        """The sum of rows (blocks here, ...) over all blocks, in a fixed order. **Collective.**"""
        return ordered_sum(self.comm, self.layout, rows)

    def pair_sums(self) -> ComplexArray:
        """F_m (2 h + 1,) of all blocks. **Collective.**"""
        h = self.system.h
        rows = np.zeros((len(self.part), 2 * h + 1), complex)
        for blocks in self.medium.batches(self.part):
            here = self.local(blocks)
            rows[here] = self.medium.pair_sums(blocks, self.green[here], h)
        return self.even(self.summed(rows))

    def even(self, sums: ComplexArray) -> ComplexArray:
        """Sums over the blocks of an even box, which hold half of all."""
        return even_part(sums) if self.system.even else sums

    def field(self, array: ComplexArray, t: float = 0.0) -> ComplexArray:
        """The order parameter that n closes to at rest. **Collective.**"""
        return self.pair_sums() / self.system.coupling

    def rhs(
        self, t: float, side: int, array: ComplexArray, out: ComplexArray, explicit: bool = True
    ) -> None:
        """Not integrated by PETSc's own types: `ts_types`."""
        raise NotImplementedError("a supercell is integrated by its own exponential steps")

    def observe(self, row: Row) -> Mapping[str, NDArray]:
        """{"density": (2, 2 h + 1) harmonics of both species, "momenta": (N_k, N) occupation of
        the first species over p_x, "pairs": sum of |n12|^2, "current": sum of 2 p_x n of both
        species, "velocity", "balance"}.

        **Collective.**
        """
        h, medium = self.system.h, self.medium
        box = medium.box
        density = np.zeros((len(self.part), 2, 2 * h + 1), complex)
        inside, holes = (np.zeros((len(self.part), box.waves), complex) for _ in range(2))
        pairs = np.zeros(len(self.part))
        nodes, N = len(box.transverse), box.states
        for blocks in medium.batches(self.part):
            here = self.local(blocks)
            n = self.green[here]
            density[here] = medium.density_sums(blocks, n, h)
            inside[here] = self._occupations(blocks, n[:, :N, :N])
            holes[here] = self._occupations(blocks, n[:, N:, N:])
            weights = box.weights[blocks.start : blocks.stop]
            pairs[here] = weights * (np.abs(n[:, :N, N:]) ** 2).reshape(len(n), -1).sum(1)
        columns = [box.column(b) for b in self.part]
        current = np.zeros(len(self.part))
        if not self.system.even:  # else none
            moved = [box.along[k] @ (a + b).real for k, a, b in zip(columns, inside, holes)]
            current = 2 * blocks_here(self) * moved
        rows = inside.real * box.shares_across[np.array(self.part, int) % nodes][:, None]
        return {
            "density": self.even(self.summed(density)),
            "momenta": self._over_columns(rows, columns),
            "pairs": self.summed(pairs),
            "current": self.summed(current),
            "velocity": self.velocity,
            "balance": self.balance,
            "number_at_start": self.number,
        }

    def _occupations(self, blocks: range, matrix: ComplexArray) -> ComplexArray:
        """(len(blocks), N) occupations of plane waves in matrices of one species."""
        return np.diagonal(self.medium.over_waves(blocks, matrix), axis1=1, axis2=2)

    def _over_columns(self, rows: FloatArray, columns: Sequence[int]) -> FloatArray:
        """(columns of the box, N) sums of rows (blocks here, N). **Collective.**"""
        box = self.medium.box
        if len(box.momenta) == box.blocks:  # a column for each
            return all_rows(self.comm, rows)
        spread = np.zeros((len(rows), len(box.momenta), box.waves))
        spread[np.arange(len(rows)), columns] = rows
        return self.summed(spread)

    def occupations(self) -> tuple[float, float]:
        """The least and the largest eigenvalue of n. **Collective.**"""
        low, high = np.inf, -np.inf
        for blocks in self.medium.batches(self.part):
            values = np.linalg.eigvalsh(self.green[self.local(blocks)])
            low, high = min(low, float(values.min())), max(high, float(values.max()))
        ends = self.comm.allgather((low, high))
        return min(a for a, _ in ends), max(b for _, b in ends)


def blocks_here(state: SupercellState) -> FloatArray:
    """Weights of this rank's blocks."""
    return state.medium.box.weights[state.part.start : state.part.stop]
