"""Rows of matrices within windows that other ranks hold as columns: what a transpose needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...maths.arrays import IntArray
from ...parallel import Communicator, Layout
from ..aligned import aligned_zeros
from .layout import Strips, Window


class Exchange:
    """Rows of the own sites in the columns of all strips, by whole lines along y.

    lookup : for `sweeps.turned`: where the line x of a strip begins (strips, own lines) in units of
    sites, >= 0 in the own matrices, -2 - place in what `fill` got, -1 nowhere; the first own line;
    strip and slot of every site; y of every strip.
    """

    def __init__(self, comm: Communicator, layout: Layout, strips: Strips, window: Window) -> None:
        self.comm, self.layout = comm, layout
        self.strips, self.window = strips, window
        start, stop = layout.bounds()
        first, lines = self._lines(layout.rank)
        base = np.full((strips.count, max(1, lines)), -1)
        size, line = window.size, window.shape[1]
        if lines:
            dx, inside = self._crossed(np.arange(start, stop), first, lines)
            own = size * np.arange(stop - start)[:, None] + dx * line
            base[start:stop] = np.where(inside, own, -1)
        place = 0
        for rank in self._sources():
            begin, end = layout.bounds(rank)
            if lines and end > begin:
                _, inside = self._crossed(np.arange(begin, end), first, lines)
                order = np.cumsum(inside).reshape(inside.shape) - 1
                base[begin:end] = np.where(inside, -2 - place - line * order, -1)
                place += line * int(inside.sum())
        self.received = place
        self.lookup = base, first, strips.strip, strips.slot, strips.y
        self.turns = list(self._turns())
        self.room, self.sent = np.empty((0, 2, 2, 8)), []

    def _lines(self, rank):
        """(first, number) of the x that a rank's sites have."""
        start, stop = self.layout.bounds(rank)
        if stop == start:
            return 0, 0
        first, last = int(self.strips.x[start]), int(self.strips.x[stop - 1])
        return first, last - first + 1

    def _sources(self):
        """The other ranks, in the order in which their rows come."""
        size, rank = self.layout.size, self.layout.rank
        return [(rank - k) % size for k in range(1, size)]

    def _crossed(self, strips: IntArray, first: int, lines: int) -> tuple[IntArray, NDArray]:
        """Places of lines in the windows of strips, and whether they are inside; (n, lines)."""
        x = first + np.arange(lines) - self.strips.x[strips][:, None] + self.window.origin[0]
        dx = x % self.strips.Lx
        return dx, dx < self.window.shape[0]

    def fill(self, W: NDArray) -> NDArray:
        """What others hold of the own rows, (n, 2, 2, 8), from W (own strips, 2n, 2, 8).

        Valid until the next time. **Collective.**
        """
        line = self.window.shape[1]
        if not self.sent or self.room.dtype != W.dtype:
            self.room = aligned_zeros((self.received, 2, 2, W.shape[3]), W.dtype)
            self.sent = [
                aligned_zeros((len(mine), line * 4 * W.shape[3]), W.dtype)
                for _, _, _, mine in self.turns
            ]
        lines = W.reshape(-1, line * 4 * W.shape[3])
        for (source, target, rows, mine), sent in zip(self.turns, self.sent):
            np.take(lines, mine, axis=0, out=sent, mode="clip")
            waiting = self.comm.Isend(sent.reshape(-1), dest=target, tag=8)
            self.comm.Recv(self.room[rows].reshape(-1), source=source, tag=8)
            waiting.Wait()
        return self.room

    def _turns(self):
        """(source, target, rows of what comes, own lines that go) of every turn."""
        comm, place = self.comm, 0
        start, stop = self.layout.bounds()
        wx, line = self.window.shape
        for k, source in enumerate(self._sources(), 1):
            target = (comm.rank + k) % comm.size
            dx, inside = self._crossed(np.arange(start, stop), *self._lines(target))
            begin, end = self.layout.bounds(source)
            _, held = self._crossed(np.arange(begin, end), *self._lines(comm.rank))
            rows = line * int(held.sum())
            yield (
                source,
                target,
                slice(place, place + rows),
                np.nonzero(inside)[0] * wx + dx[inside],
            )
            place += rows
