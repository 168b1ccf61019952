"""Branches of stationary states along a parameter, with their modes.

Curves are followed round folds; where a mode of a branch begins to grow without oscillating, the
branch that bifurcates there is followed too: from a normal state the condensate that the mode's
pairing begins, rotating with half its frequency.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....errors import NotConverged
from ....parallel import solo
from ....solvers.curves import FOLD, Curve
from ..physics import observables
from . import folds
from .mode_search import SHARE, Search
from .seeds import half_filled
from .states import Found, Stationary

Record = dict[str, Any]
AMPLITUDE = 0.03  # of the mode, in units of the mean field, where a branch is begun
MOST_POINTS = 400  # of a curve
STEADY = 1e-6  # frequencies below it are none
TWICE = 2.0  # of what the growth rate's error moves the value at which it vanishes
FOUND = 1e-7  # to which values of the parameter are found
SETTLED = 1e-9  # growth rate at which a mode counts as neutral
TRIALS = 40  # of the parameter at which it is
SAME = 1e-4  # pairings and growth rates that differ by less are those of one branch


@dataclass
class Branch:
    """States at places of the sweep, {number of the value: record}, and how it was found."""

    born: str
    records: dict[int, Record]


@dataclass
class Start:
    """Where a curve begins: mean field, mu_c, value, direction of the mean field (None: along)."""

    born: str
    record: Record
    value: float
    senses: tuple[int, ...]
    direction: np.ndarray | None = None


class Branches:
    """The branches found along the values (n,) of a search, and events on them."""

    def __init__(self, search: Search, values: np.ndarray) -> None:
        self.search, self.values = search, values
        self.limits = float(values.min()), float(values.max())
        self.listed: list[Branch] = []
        self.events: list[Record] = []
        self.unfinished = False

    def find(self, first: Record) -> None:
        """All that begin with the normal state and with the first record of the sweep."""
        most = self.search.numerics.branches
        waiting: list[Branch] = []
        if not self.search.setup.pinned:
            waiting.append(self._normal())
        if first["delta_max"] > folds.MIRRORED:
            sense = 1 if self.values[-1] > self.values[0] else -1
            start = Start("start", first, float(self.values[0]), (sense,))
            branches = list(self._along(start))
            if not branches:
                branches = [Branch("start", {})]
            branches[0].records[0] = first
            waiting += branches
        while waiting:
            branch = waiting.pop(0)
            if not branch.records or self._known(branch):
                continue
            if len(self.listed) == most:
                self.unfinished = True
                break
            self.listed.append(branch)
            for start in self._bifurcations(branch):
                waiting += self._along(start)

    # ---- branches --------------------------------------------------------------------------------

    def _normal(self) -> Branch:
        """The state without pairs at every value."""
        records, c = {}, half_filled(self.search.setup.field)
        for k, value in enumerate(self.values):
            place = self.search.at(float(value))
            state = place.stationary.normal(c)
            if not state.converged:
                continue
            c = state.c
            record = self._at_state(k, state)
            if record is not None:
                records[k] = record
        return Branch("normal", records)

    def _at_state(self, k: int, state: Found) -> Record | None:
        """The record of a state, None where its modes are not counted for certain."""
        try:
            return self.search.record(self.search.at(float(self.values[k])), state, solo())
        except NotConverged:
            self.unfinished = True
            return None

    def _along(self, start: Start) -> Iterator[Branch]:
        """The pieces of a curve between its folds, with a record wherever it passes a value."""
        for sense in start.senses:
            traced = self._traced(start, sense, False)
            if traced is None:
                self.unfinished = True
                continue
            curve, here = traced
            self.unfinished |= curve.ends[1] in folds.UNFINISHED
            self._note_folds(start, sense, folds.folds_of(curve, here))
            for number, piece in enumerate(pieces(curve)):
                records: dict[int, Record] = {}
                for k, c, mu in folds.crossings(piece, here, self.values, True):
                    record = self._at_crossing(k, c, mu)
                    if record is not None:
                        records[k] = record
                yield Branch(start.born if number == 0 else "fold", records)

    def _traced(self, start: Start, sense: int, coarse: bool) -> tuple[Curve, Stationary] | None:
        """The curve from a start; coarse : with looser fits of the leads."""

        def stationary_at(p: float) -> Stationary:
            place = self.search.at(p)
            return place.coarse if coarse else place.stationary

        record, value = start.record, start.value
        where = (self.limits, MOST_POINTS, sense, start.direction)
        return folds.follow(stationary_at, record, value, *where)

    def _note_folds(self, start: Start, sense: int, listed: list[dict[str, float]]) -> None:
        """Keep the folds of a curve; their errors from the curve with looser fits."""
        if not listed:
            return
        rough = self._traced(start, sense, True)
        others = [] if rough is None else [fold["eV"] for fold in folds.folds_of(*rough)]
        for fold in listed:
            if start.born == "pitchfork" and abs(fold["eV"] - start.value) < SAME:
                continue  # where the branch is born, it turns
            error = None
            if others:
                error = SHARE * min(abs(fold["eV"] - other) for other in others) + FOUND
            self._note("fold", fold["eV"], fold["delta_max"], 0.0, error)

    def _at_crossing(self, k: int, c: np.ndarray, mu: float) -> Record | None:
        """The record of the state with pairs next to a mean field, None if there is none."""
        state = self.search.at(float(self.values[k])).stationary.solve(c, mu, relaxed=False)
        if not state.converged:
            return None
        record = self._at_state(k, state)
        return record if record and record["delta_max"] > folds.MIRRORED else None

    def _known(self, branch: Branch) -> bool:
        """Whether all its states are on branches already listed."""
        return all(
            any(k in other.records and alike(record, other.records[k]) for other in self.listed)
            for k, record in branch.records.items()
        )

    # ---- bifurcations ----------------------------------------------------------------------------

    def _bifurcations(self, branch: Branch) -> Iterator[Start]:
        """Starts of the branches that leave this one where a mode begins to grow."""
        for k in range(len(self.values) - 1):
            if k in branch.records and k + 1 in branch.records:
                for pair in changes(branch.records[k], branch.records[k + 1]):
                    start = self._start_between(branch, k, pair)
                    if start is not None:
                        yield start

    def _start_between(self, branch: Branch, k: int, ends: tuple[complex, complex]) -> Start | None:
        """Where the mode is neutral between two values: an event, and the branch's start."""
        try:
            value, state, z, own = self._neutral(branch, k, ends)
        except NotConverged:
            self.unfinished = True
            return None
        field = self.search.setup.field
        half, paired = field.fields, branch.born != "normal"
        kind = "pairing"
        if paired:
            kind = "pitchfork" if abs(z.real) < STEADY else "oscillation"
        slope = abs(ends[1].imag - ends[0].imag) / abs(self.values[k + 1] - self.values[k])
        miss = max(branch.records[n]["mode_error"].max(initial=0.0) for n in (k, k + 1))
        self._note(
            kind, value, self._pairing(value, state), abs(z.real), TWICE * miss / slope + FOUND
        )
        if kind == "oscillation":
            return None
        moved = own[:half]
        if paired:
            moved = moved + own[half:].conj()
        else:
            moved = np.where(field.pairs, moved, 0)
        moved = moved / max(np.abs(moved).max(), 1e-300)
        mu = state.mu if paired else state.mu + 0.5 * z.real
        record = {"c": state.c + AMPLITUDE * moved, "mu_c": mu}
        return Start(kind, record, value, (1, -1) if paired else (1,), moved)

    def _pairing(self, value: float, state: Found) -> float:
        stationary = self.search.at(value).stationary
        H = stationary.values(state.c, state.mu)
        return float(observables.largest_pairing(stationary.field, H))

    def _neutral(
        self, branch: Branch, k: int, ends: tuple[complex, complex]
    ) -> tuple[float, Found, complex, np.ndarray]:
        """(value, state, root, deviations) where Im z = 0, by false position. NotConverged."""
        records = branch.records[k], branch.records[k + 1]
        a, b = (float(value) for value in self.values[k : k + 2])
        za, zb = ends
        for trial in range(TRIALS):
            share = za.imag / (za.imag - zb.imag)
            if trial % 3 == 2:  # a bisection, so that neither end stays
                share = 0.5
            value = a + share * (b - a)
            state = self._between(branch, records, value, k)
            z, own = self.search.nearest(self.search.at(value), state, za + share * (zb - za))
            if abs(z.imag) < SETTLED or abs(b - a) < SETTLED:
                return value, state, z, own
            if z.imag * za.imag > 0:
                a, za = value, z
            else:
                b, zb = value, z
        raise NotConverged("modes: a neutral mode is not found")

    def _between(
        self, branch: Branch, records: tuple[Record, Record], value: float, k: int
    ) -> Found:
        """The state of a branch at a value between two."""
        low, high = (float(x) for x in self.values[k : k + 2])
        share = (value - low) / (high - low)
        c, mu = ((1 - share) * records[0][x] + share * records[1][x] for x in ("c", "mu_c"))
        stationary = self.search.at(value).stationary
        if branch.born == "normal":
            state = stationary.normal(c)
        else:
            state = stationary.solve(c, mu, relaxed=False)
        if not state.converged:
            raise NotConverged("modes: the branch is lost between two values")
        return state

    def _note(
        self, kind: str, value: float, pairing: float, frequency: float, error: float | None
    ) -> None:
        """Keep an event, once. error : of the value."""
        event: Record = {"kind": kind, "at": value, "delta_max": pairing, "frequency": frequency}
        event["error"] = error
        numbers = ("at", "delta_max", "frequency")
        if not any(
            kind == other["kind"] and all(abs(event[x] - other[x]) < SAME for x in numbers)
            for other in self.events
        ):
            self.events.append(event)


def pieces(curve: Curve) -> list[Curve]:
    """The parts of a curve between its folds."""
    cuts = [n for n, spot in enumerate(curve.spots) if spot.kind == FOLD]
    edges = [0, *cuts, len(curve.spots) - 1]
    return [Curve(curve.spots[a : b + 1]) for a, b in zip(edges, edges[1:])]


def alike(one: Record, other: Record) -> bool:
    """Whether two states pair as much and have the same fastest mode."""
    pairings, rates = [[own(r) for r in (one, other)] for own in (pairing_of, fastest_of)]
    return abs(pairings[0] - pairings[1]) < SAME and abs(rates[0] - rates[1]) < SAME


def pairing_of(record: Record) -> float:
    """The largest pairing."""
    return float(record["delta_max"])


def fastest_of(record: Record) -> float:
    """Growth rate of the fastest mode but that of the phase; the lowest sought without any."""
    rates = record["growth_rate"][~record["phase_mode"]]
    return float(rates.max(initial=record["lowest"]))


def roots_of(record: Record) -> list[complex]:
    """The modes but that of the phase, growth descending, each as often as it counts."""
    chosen = ~record["phase_mode"]
    z = record["frequency"] + 1j * record["growth_rate"]
    return [
        complex(root)
        for root, times in zip(z[chosen], record["multiplicity"][chosen])
        for _ in range(int(times))
    ]


def changes(one: Record, other: Record) -> list[tuple[complex, complex]]:
    """(z, z') of the modes that begin or cease to grow between two records, each pair once."""
    both = roots_of(one), roots_of(other)
    counts = [sum(z.imag > 0 for z in roots) for roots in both]
    more = int(np.argmax(counts))  # where they grow
    low = (one, other)[1 - more]["lowest"]
    rest = both[1 - more][min(counts) :]
    crossed: list[tuple[complex, complex]] = []
    for z in both[more][min(counts) : max(counts)]:
        still = complex(z.real, low)  # below the line, unless it is among the others
        if rest:
            still = rest.pop(int(np.argmin(np.abs(np.array(rest) - z))))
        pair = (still, z) if more else (z, still)
        mirrored = -pair[0].conjugate(), -pair[1].conjugate()
        if not any(near(known, pair) or near(known, mirrored) for known in crossed):
            crossed.append(pair)
    return crossed


def near(one: tuple[complex, complex], other: tuple[complex, complex]) -> bool:
    """Whether two pairs of roots are one."""
    return abs(one[0] - other[0]) < SAME and abs(one[1] - other[1]) < SAME
