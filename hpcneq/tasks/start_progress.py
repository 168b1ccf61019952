"""Lines of progress while the start of an evolution, or a stationary state, is computed."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from ..parallel import clock

EVERY = 10.0  # seconds between lines


class StartProgress:
    """A line every ten seconds, which begins with ``name``.

    tolerance : of an image of the mean field, at which a search ends; 0 where that is not known.
    """

    def __init__(
        self, log: Callable[[str], None], tolerance: float = 0.0, name: str = "start"
    ) -> None:
        self.log, self.tolerance, self.name = log, tolerance, name
        self.begun = self.last = time.monotonic()
        self.first = self.miss = 0.0
        self.images = 0

    def image(self, miss: float | None) -> None:
        """Count an image of the mean field that differs from it by ``miss``.

        None: a product of its Jacobian, which takes as long.
        """
        if miss is None:
            miss = self.miss
        elif not self.first:
            self.first = miss
        self.miss = miss
        self.images += 1
        if not (miss > 0 and self._due()):
            return
        words = f"{self.name}: {self.images} evaluations of the mean field, it moves by {miss:.1e}"
        if 0 < self.tolerance < miss < self.first:
            share = float(np.log(self.first / miss) / np.log(self.first / self.tolerance))
            words += f", {self._left(share)}"
        self.log(words)

    def part(self, share: float, what: str) -> None:
        """Tell the share of ``what`` that is done, once that is a hundredth."""
        if share >= 0.01 and self._due():
            self.log(f"{self.name}: {100 * share:.0f}% of the {what}, {self._left(share)}")

    def _due(self) -> bool:
        """Whether the last line is long ago; the next one then is told now."""
        now = time.monotonic()
        if now - self.last < EVERY:
            return False
        self.last = now
        return True

    def _left(self, share: float) -> str:
        """The time left when a share is done."""
        return f"ETA {clock((time.monotonic() - self.begun) * (1 / share - 1))}"
