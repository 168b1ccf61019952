"""The order in which rows that are spread over ranks are added: a binary tree over chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

TREE = 11  # tag of the messages of sums


class SumTree:
    """A sum over chunks of rows. A chunk, and a node of the tree, is at the rank of its first row.

    Nodes of one level are numbered from the left; node i has the children 2i and 2i + 1, of which
    the right one may be missing.
    """

    def __init__(self, comm: Any, layout: Any, chunk: int, dtype: DTypeLike) -> None:
        self.comm, self.layout = comm, layout
        self.chunk, self.dtype = chunk, dtype
        self.low = -(-layout.start // chunk)
        self.high = max(-(-layout.stop // chunk), self.low)
        self.sent: list[tuple[Any, NDArray]] = []

    def send(self, values: NDArray, chunk: int) -> None:
        """Begin to send to the rank of a chunk."""
        values = np.array(values, self.dtype, order="C")  # rows may be a transposed view
        request = self.comm.Isend(values, dest=self.layout.owner(chunk * self.chunk), tag=TREE)
        self.sent.append((request, values))

    def receive(self, shape: Sequence[int], rank: int) -> NDArray:
        """An array from a rank."""
        values = np.empty(shape, self.dtype)
        self.comm.Recv(values, source=rank, tag=TREE)
        return values

    def chunk_sums(self, terms: NDArray) -> list[NDArray]:
        """(high - low, ...): the sums of the own chunks, with rows that later ranks have of them.

        **Collective.**
        """
        (start, stop), chunk = self.layout.bounds(), self.chunk
        early = min(stop, self.low * chunk) - start
        if early > 0:  # rows of a chunk that an earlier rank has begun
            self.send(terms[:early], self.low - 1)
        own = []
        for c in range(self.low, self.high):
            high = min((c + 1) * chunk, self.layout.items)
            rows = [np.asarray(terms[c * chunk - start : high - start], self.dtype)]
            at = stop
            rank = self.layout.rank
            while at < high:
                rank += 1
                until = min(self.layout.bounds(rank)[1], high)
                rows.append(self.receive((until - at, *terms.shape[1:]), rank))
                at = until
            # one after the other: numpy's pairwise sum would depend on memory layout
            own.append(np.add.accumulate(np.concatenate(rows), axis=0)[-1])
        return own

    def up(self, sums: list[NDArray]) -> list[NDArray]:
        """[the root of the tree] on the first rank, [] elsewhere. **Collective.**"""
        low, high = self.low, self.high
        size = 1  # chunks of a node
        nodes = -(-self.layout.items // self.chunk)
        while nodes > 1:
            if low < high and low % 2:
                self.send(sums.pop(0), (low - 1) * size)
                low += 1
            if low < high and high % 2 and high < nodes:
                rank = self.layout.owner(high * size * self.chunk)
                sums.append(self.receive(sums[-1].shape, rank))
                high += 1
            pairs = [left + right for left, right in zip(sums[::2], sums[1::2])]
            sums = pairs + sums[len(pairs) * 2 :]
            low, high = (low + 1) // 2, (high + 1) // 2
            nodes, size = (nodes + 1) // 2, 2 * size
        for request, _ in self.sent:
            request.Wait()
        return sums
