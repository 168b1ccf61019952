"""Columns of neighbouring lattice sites that other ranks own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...maths.arrays import IntArray
from ...parallel import Communicator, Layout, all_rows, sent_rows


class Halo:
    """Who needs which site's data of whom, for sites spread over ranks in blocks.

    near : (N, k) neighbours of every site. The attribute ``near`` of this rank's sites points into
    arrays that hold the own sites first and then those of others, ``count`` in all; `fill` gets the
    latter from their owners, every time anew.
    """

    def __init__(self, comm: Communicator, near: IntArray):
        self.comm, self.layout = comm, Layout.over(len(near), comm)
        start, stop = self.layout.bounds()
        self.own = stop - start
        own = near[start:stop]
        others = np.unique(own[(own < start) | (own >= stop)])
        place = np.full(len(near), -1)
        place[start:stop] = np.arange(self.own)
        place[others] = self.own + np.arange(len(others))
        self.near, self.count = place[own].astype(np.int32), self.own + len(others)
        owners = np.array([self.layout.owner(int(site)) for site in others], int)
        counts = np.bincount(owners, minlength=comm.size)
        incoming = np.empty_like(counts)
        comm.Alltoall(counts, incoming)
        asked = np.split(sent_rows(comm, counts, others), np.cumsum(incoming)[:-1])
        self.gives = [(rank, rows - start) for rank, rows in enumerate(asked) if len(rows)]
        self.takes = [
            (int(rank), self.own + np.flatnonzero(owners == rank)) for rank in np.unique(owners)
        ]

    def fill(self, array: NDArray) -> NDArray:
        """Rows ``own``.. of ``array`` (count, ...) from the ranks that own them. **Collective.**"""
        if self.comm.size == 1:
            return array
        sent = [np.ascontiguousarray(array[rows]) for _, rows in self.gives]
        waiting = [
            self.comm.Isend(rows, dest=rank, tag=7) for (rank, _), rows in zip(self.gives, sent)
        ]
        # the sites of one other rank are neighbours in the array, in that rank's order
        for rank, rows in self.takes:
            self.comm.Recv(array[rows[0] : rows[-1] + 1], source=rank, tag=7)
        for request in waiting:
            request.Wait()
        return array

    def gather(self, rows: NDArray) -> NDArray:
        """The own sites' rows (own, ...) of all ranks, (N, ...). **Collective.**"""
        return all_rows(self.comm, rows)
