"""Strips of lattice sites, and the rows around each of them that a matrix keeps.

The columns of up to four neighbouring sites along y, a strip, share their rows: those of all sites
within a reach of the strip along x and along y, its window. Windows of one reach have one shape
everywhere, a torus included: a direction that the window covers is a ring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ..aligned import aligned_zeros

STRIP = 4  # sites of a strip; with two components each, one vector of eight columns


def by_lanes(values: ComplexArray, real: DTypeLike) -> NDArray:
    """Complex (..., lanes, k) as real and imaginary parts in lanes, (..., k, 2, lanes)."""
    turned = np.moveaxis(values, -1, -2)
    parts = aligned_zeros((*turned.shape[:-1], 2, turned.shape[-1]), real)
    parts[..., 0, :], parts[..., 1, :] = turned.real, turned.imag
    return parts


def by_parts(values: ComplexArray, real: DTypeLike) -> NDArray:
    """Complex (..., lanes) as real and imaginary parts, (..., 2, lanes)."""
    return np.stack([values.real, values.imag], axis=-2).astype(real)


class Strips:
    """All sites of an Lx x Ly lattice (site x Ly + y) in strips, x by x.

    x, y (strips,): place of the first site. sites (strips, 4): numbers of the sites, -1 where a
    strip has fewer. strip, slot (N,): where a site is. near (strips, 4): the strips at +x, -x, +y,
    -y.
    """

    def __init__(self, Lx: int, Ly: int) -> None:
        self.Lx, self.Ly = Lx, Ly
        row = -(-Ly // STRIP)
        first = np.array([k * Ly // row for k in range(row)])
        width = np.diff([*first, Ly])
        self.count = Lx * row
        self.x, self.y = np.repeat(np.arange(Lx), row), np.tile(first, Lx)
        slots = np.arange(STRIP)
        numbers = (self.x * Ly + self.y)[:, None] + slots
        self.sites = np.where(slots < np.tile(width, Lx)[:, None], numbers, -1)
        inside = self.sites >= 0
        self.strip, self.slot = np.nonzero(inside)
        k, x = np.arange(self.count) % row, self.x
        self.near = np.stack(
            [
                (x + 1) % Lx * row + k,
                (x - 1) % Lx * row + k,
                x * row + (k + 1) % row,
                x * row + (k - 1) % row,
            ],
            axis=1,
        )

    def window(self, reach: int) -> Window:
        """The rows within ``reach`` of a strip."""
        x_ring, y_ring = 2 * reach + 1 >= self.Lx, 2 * reach + STRIP >= self.Ly
        wx, wy = min(2 * reach + 1, self.Lx), min(2 * reach + STRIP, self.Ly)
        origin = (0 if x_ring else reach), (0 if y_ring else reach)
        return Window(self, reach, (wx, wy), origin, (x_ring, y_ring))


@dataclass(frozen=True)
class Window:
    """Sites (n = wx wy), x by x, around any strip, whose first site is at ``origin`` of them."""

    strips: Strips
    reach: int
    shape: tuple[int, int]
    origin: tuple[int, int]
    ring: tuple[bool, bool]

    @property
    def size(self) -> int:
        """Number of sites."""
        return self.shape[0] * self.shape[1]

    @property
    def whole(self) -> bool:
        """Whether it holds all sites."""
        return self.size == self.strips.Lx * self.strips.Ly

    @cached_property
    def geometry(self) -> IntArray:
        """(Lx, Ly, origin x, origin y, wx, wy), for the kernels."""
        return np.array([self.strips.Lx, self.strips.Ly, *self.origin, *self.shape])

    @cached_property
    def own(self) -> IntArray:
        """Places of the strip's four sites, (4,); of sites that it has not, some place."""
        y = (self.origin[1] + np.arange(STRIP)) % self.shape[1]
        return self.origin[0] * self.shape[1] + y

    @cached_property
    def near(self) -> IntArray:
        """Places of the neighbours at +x, -x, +y, -y, (n, 4) int32; n for those outside."""
        wx, wy = self.shape
        dx, dy = np.divmod(np.arange(self.size), wy)
        near = np.empty((self.size, 4), np.int32)
        for k, (x, y) in enumerate(((dx + 1, dy), (dx - 1, dy), (dx, dy + 1), (dx, dy - 1))):
            inside = (self.ring[0] | ((x >= 0) & (x < wx))) & (self.ring[1] | ((y >= 0) & (y < wy)))
            near[:, k] = np.where(inside, x % wx * wy + y % wy, self.size)
        return near

    def inside(self, outer: Window) -> IntArray:
        """Where the sites are in another window, (n,); -1 for those outside."""
        if outer.reach not in self._inside:
            self._inside[outer.reach] = self._placed_in(outer)
        return self._inside[outer.reach]

    @cached_property
    def _inside(self) -> dict[int, IntArray]:
        """What `inside` gave, by the other's reach."""
        return {}

    def _placed_in(self, outer):
        wx, wy = outer.shape
        dx, dy = np.divmod(np.arange(self.size), self.shape[1])
        x = (dx - self.origin[0] + outer.origin[0]) % self.strips.Lx
        y = (dy - self.origin[1] + outer.origin[1]) % self.strips.Ly
        return np.where((x < wx) & (y < wy), x * wy + y, -1)

    def fields(self, strip: int, field: FloatArray) -> FloatArray:
        """Values of a field (N, ...) on the window's sites around a strip."""
        dx, dy = np.divmod(np.arange(self.size), self.shape[1])
        x = (self.strips.x[strip] - self.origin[0] + dx) % self.strips.Lx
        y = (self.strips.y[strip] - self.origin[1] + dy) % self.strips.Ly
        return field[x * self.strips.Ly + y]


class Stack:
    """Windows one behind the other, for kernels that take several planes in turn.

    first (windows + 1,): where each begins. near (all, 4), own (windows, 4), geometry (windows, 6):
    those of `Window`, places within each.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self.first = np.cumsum([0, *(window.size for window in windows)])
        self.near = np.concatenate([np.empty((0, 4), np.int32), *(w.near for w in windows)])
        self.own = np.array([window.own for window in windows], int).reshape(-1, STRIP)
        self.geometry = np.array([window.geometry for window in windows], int).reshape(-1, 6)
        self.windows = windows

    @property
    def arrays(self) -> tuple[NDArray, ...]:
        """What kernels take."""
        return self.geometry, self.near, self.own, self.first

    def inside(self, outer: Window) -> IntArray:
        """`Window.inside` of all."""
        return np.concatenate([[], *(window.inside(outer) for window in self.windows)]).astype(int)
