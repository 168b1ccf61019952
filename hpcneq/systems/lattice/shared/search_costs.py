"""What searches for self-consistent states cost: one of each kind of start is tried."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from ....errors import NotConverged
from ....tasks.cost import untimed
from .seeds import seeds
from .setup import Setup
from .states import Stationary

# stationary states that are solved for a self-consistent one: from a pattern of pairs, from random
# ones, and of the densities alone
FROM_PATTERN, FROM_RANDOM = 115, 190
OF_LARGE = 0.73  # of these, of states too large to be tried, most of which repeat along a ring
OF_DENSITIES = 40
SEARCH_SECONDS = 3.0  # of a search that is tried
CUT = 4.0  # what longer searches take, in these
NEAR_KNOWN = 0.8  # of a search: one near a known state
MOST_PROBES, PROBE_SECONDS = 40, 0.4  # of short calls


def since(begun: float) -> float:
    """Processor seconds since a reading of the clock."""
    return time.process_time() - begun


def seconds_of(call: Callable[[], object]) -> float:
    """Processor seconds of a call, the mean of some after a first; 0 if only sizes are asked."""
    if untimed():
        return 0.0
    call()
    begun, count = time.process_time(), 0
    while count < 1 or (count < MOST_PROBES and since(begun) < PROBE_SECONDS / 4):
        call()
        count += 1
    return since(begun) / count


def _solved(setup: Setup, name: str) -> int:
    """Stationary states that are solved from a seed until it is self-consistent."""
    if not setup.interacting:
        return 1
    if name == "normal":
        return 1 + OF_DENSITIES * int(np.any(~setup.field.pairs))
    return FROM_RANDOM if name.startswith("random") else FROM_PATTERN


class Counted(Stationary):
    """The equations of stationary states, given up when their processor time is over."""

    until = np.inf

    def image(self, c: np.ndarray, mu: float) -> np.ndarray:
        """As of `Stationary`. Raises NotConverged when the time is over."""
        if time.process_time() > self.until:
            raise NotConverged("the probe's time is over")
        return super().image(c, mu)


class Searches:
    """Processor seconds of searches for self-consistent states, each kind of start tried once.

    What a search takes differs tenfold between models of one size. A search that is longer than a
    probe is taken for `CUT` probes; with large states none is tried. each : seconds of one state.
    T : of a closed system.
    """

    def __init__(self, setup: Setup, each: float, T: float | None = None):
        self.setup, self.each, self.T = setup, each, T
        self.tried: dict[bool, float] = {}

    def seconds(self, name: str) -> float:
        """Of the search from a start."""
        counted = self.each * _solved(self.setup, name)
        if untimed() or not self.setup.interacting or name == "normal":
            return counted
        kind = name.startswith("random")
        if kind not in self.tried:
            self.tried[kind] = OF_LARGE * counted
            if self.each * FROM_PATTERN < SEARCH_SECONDS:
                self.tried[kind] = self._tried(kind)
        return self.tried[kind]

    def near(self, name: str) -> float:
        """The same near a state that is known, and of looser fits."""
        if self.setup.interacting and name != "normal":
            return NEAR_KNOWN * self.seconds(name)
        return self.seconds(name)

    def _tried(self, kind: bool) -> float:
        setup, drives = self.setup, self.setup.drives
        starts = [c for name, c in seeds(setup) if name.startswith("random") == kind]
        A, U = drives.vector_potential(-1.0), drives.U(-1.0)
        counted = Counted(setup, setup.leads(setup.fits()), drives.shifts(-1.0), A, U, self.T)
        counted.image(starts[-1], counted.expected)
        begun = time.process_time()
        counted.until = begun + SEARCH_SECONDS
        counted.solve(starts[-1], counted.expected)
        spent = since(begun)
        return spent * (1.0 + (CUT - 1.0) * (spent > SEARCH_SECONDS))
