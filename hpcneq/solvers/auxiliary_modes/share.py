"""Which rank holds which modes: pairs of a block and a chunk of its groups."""

from __future__ import annotations

from ...parallel import Communicator, Layout

GROUPS_PER_CHUNK = 4


class Share:
    """Which (block, chunk) pairs a rank holds, and who leads each block."""

    def __init__(self, comm: Communicator, n_blocks: int, n_groups: int):
        self.comm, self.n_blocks = comm, n_blocks
        self.chunks = [
            range(g, min(g + GROUPS_PER_CHUNK, n_groups))
            for g in range(0, n_groups, GROUPS_PER_CHUNK)
        ]
        self.layout = Layout.over(n_blocks * len(self.chunks), comm)
        items = range(self.layout.start, self.layout.stop)
        self.mine: dict[int, list[int]] = {}
        self._holders: dict[int, list[tuple[int, list[int]]]] = {}
        for item in items:
            b, c = divmod(item, len(self.chunks))
            self.mine.setdefault(b, []).append(c)

    def leader(self, b: int) -> int:
        """The rank that keeps G of block b."""
        return self.layout.owner(b * len(self.chunks))

    @property
    def led(self) -> list[int]:
        """Blocks led by this rank."""
        return [b for b in self.mine if self.leader(b) == self.comm.rank]

    def holders(self, b: int) -> list[tuple[int, list[int]]]:
        """(rank, its chunks) of block b in order."""
        if b not in self._holders:
            holders: dict[int, list[int]] = {}
            for c in range(len(self.chunks)):
                holders.setdefault(self.layout.owner(b * len(self.chunks) + c), []).append(c)
            self._holders[b] = list(holders.items())
        return self._holders[b]
