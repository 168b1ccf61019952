"""The condensate along the ratio of decay to pumping, each state started from those known."""

from __future__ import annotations

import bisect
from dataclasses import replace

import numpy as np

from hpcneq.errors import NotConverged

from . import steady_states
from .gap_equations import Condensate, Drive

BEYOND = 2.0  # of the last two known states' distance: how far they are continued
FARTHEST = 2.0  # ratios that are farther apart are reached by steps between them
CHANGE = 2.0  # of delta against its guess: more is another branch
LATE = 0.1  # of ratio_c: guesses so near to it come from the end of the condensate


class Curve:
    """States of one drive by their ratio; what is known depends on what was asked for before."""

    def __init__(self, drive: Drive):
        self.drive = drive
        self.ratios: list[float] = []
        self.states: list[Condensate] = []

    def at(self, ratio: float) -> Condensate:
        """The state at ``ratio`` > 0. Raises NotConverged where there is none."""
        ratio = float(ratio)
        self._come_nearer(ratio)
        place = bisect.bisect_left(self.ratios, ratio)
        if place < len(self.ratios) and self.ratios[place] == ratio:
            return self.states[place]
        state = self._beside(ratio, place)
        if state is None:
            nearest = self._nearest(ratio, place)
            state = steady_states.solve(replace(self.drive, ratio=ratio), nearest)
        self.ratios.insert(place, ratio)
        self.states.insert(place, state)
        return state

    def _come_nearer(self, ratio):
        """Find states until one is known next to ``ratio``; none if none is known at all."""
        while self.states:
            nearest = self._nearest(ratio, bisect.bisect_left(self.ratios, ratio))
            step = np.clip(ratio / nearest.ratio, 1 / FARTHEST, FARTHEST)
            if step * nearest.ratio == ratio or 1 / FARTHEST < step < FARTHEST:
                return
            self.at(step * nearest.ratio)

    def _nearest(self, ratio, place):
        """The known state whose ratio is nearest; None if none is known."""
        beside = self.states[max(place - 1, 0) : place + 1]
        return min(beside, key=lambda state: abs(np.log(state.ratio / ratio)), default=None)

    def _beside(self, ratio, place):
        """The state by Newton from a guess next to known ones; None where that fails."""
        nearest = self._nearest(ratio, place)
        if nearest is None:
            return None
        guess = self._guess(ratio, place, nearest)
        try:
            state = steady_states.at_ratio(replace(self.drive, ratio=ratio), guess)
        except NotConverged:
            return None
        return state if 1 / CHANGE < state.delta / guess[0] < CHANGE else None

    def _guess(self, ratio, place, nearest):
        """(delta, mu, mt) by a line through two known states; without them those of the nearest.

        In ln ratio, or next to the end of the condensate in the ratio, from there.
        """
        if place == len(self.states) and len(self.states) > 1:
            end = steady_states.critical(self.drive)
            if 0 < end.ratio - ratio < LATE * end.ratio:
                part = (ratio - nearest.ratio) / (end.ratio - nearest.ratio)
                return nearest.delta * (1 - part) ** 0.5, *_between(nearest, end, part)
        start = min(max(place - 1, 0), len(self.states) - 2)
        if start >= 0:
            low, high = self.states[start : start + 2]
            part = np.log(ratio / low.ratio) / np.log(high.ratio / low.ratio)
            if -BEYOND <= part <= 1 + BEYOND:
                return low.delta * (high.delta / low.delta) ** part, *_between(low, high, part)
        return nearest.delta, nearest.mu, nearest.mt


def _between(low, high, part):
    """(mu, mt) at ``part`` of the way from one state to the other."""
    return low.mu + part * (high.mu - low.mu), low.mt * (high.mt / low.mt) ** part
