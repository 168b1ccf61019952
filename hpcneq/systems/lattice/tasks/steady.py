"""Task ``steady`` of the lattice: all stationary states that are found, with their stability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ....errors import NotConverged
from ....files.writer import ResultFile
from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..shared import stability, state_records
from ..shared.fit_errors import least_of_currents, least_of_pairing
from ..shared.folds import UNFINISHED, crossings, folds_of, follow, lost
from ..shared.periodic_states import (
    mean_over_period,
    period_of,
    periodic_error,
    resampled,
    steps_of,
)
from ..shared.seeds import seeds
from ..shared.setup import LOOSE, LatticeLeads, Setup, begin, lead_facts, model_facts, write_model
from ..shared.state_records import Record, same
from ..shared.states import DISTINCT, Stationary, stationary_before

PERIODIC_STARTS = 2  # of self-consistent periodic states: without pairs, and the first with them
TOLD = ("delta_max", "mu_c", "residual", "growth_rate", "frequency")


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Self-consistent states at one bias, or followed along [sweep] eV. **Collective.**"""
    setup = begin(given, comm, output.recall)
    search = Search(setup)
    if not given.sweep:
        return _at_one_bias(search, comm, log, output)
    return _along(search, comm, log, output)


@dataclass
class Search:
    """Where states are sought: leads as they are fitted, and with looser fits for the errors."""

    setup: Setup

    def __post_init__(self) -> None:
        self.fits = self.setup.fits()
        self.leads = self.setup.leads(self.fits)
        self.loose = self.setup.leads(self.setup.fits(LOOSE))
        self.starts = seeds(self.setup)
        self.left: list[float] = []

    def stationary(self, eV: float, leads: LatticeLeads | None = None) -> Stationary:
        """The equations at a bias."""
        return stationary_before(self.setup, leads or self.leads, self.setup.drives.at_bias(eV))

    def state(self, eV: float, name: str, c: np.ndarray, mu: float | None, relaxed: bool) -> Record:
        """The record of the state found from a mean field; mu : of a condensate that is known."""
        stationary = self.stationary(eV)
        found = stationary.normal(c) if name == "normal" else stationary.solve(c, mu, relaxed)
        record = state_records.record_of(stationary, found, name)
        if found.converged:
            self._add_errors(eV, record)
            if self.setup.given.numerics.stability:
                marginal = self.setup.given.numerics.marginal
                stability.add_stability(stationary, record, marginal)
        return record

    def _add_errors(self, eV: float, record: Record) -> None:
        """What looser fits change of pairing and currents."""
        other = self.stationary(eV, self.loose)
        found = other.solve(record["c"], record["mu_c"], relaxed=False)
        coarse = state_records.record_of(other, found, "")
        if not found.converged:  # as far off as the numbers are large
            coarse |= {"delta_max": 0.0, "current": 0 * record["current"]}
        floor = record["residual"] + 1e-12
        change = abs(coarse["delta_max"] - record["delta_max"])
        least = least_of_pairing(self.fits, record["delta_max"])
        record["delta_max_error"] = max(change, least) + floor
        changes = np.abs(coarse["current"] - record["current"])
        least = least_of_currents(self.fits, record["current"])
        record["current_error"] = np.maximum(changes, least) + floor

    def states(self, eV: float, before: list[Record]) -> list[Record]:
        """All states at a bias; those continued from ``before`` first."""
        period = period_of(self.setup, eV)
        if period is not None:
            return periodic_records(self, period, eV, before)
        before = [record for record in before if not record.get("period")]
        stationary = self.stationary(eV)
        continued = []
        for k, record in enumerate(before):
            name = "normal" if record["seed"] == "normal" else "continued"
            state = self.state(eV, name, record["c"], record["mu_c"], False)
            if name == "continued" and state["converged"]:
                state["parent"] = k
                continued.append(state)
        fresh = [self.state(eV, name, c, None, True) for name, c in self.starts]
        return ordered(stationary, continued, fresh)

    def round_folds(
        self, lists: list[list[Record]], eV: np.ndarray
    ) -> tuple[list[Record], list[list[Record]]]:
        """(folds of the curves of states lost along the bias, further states at every bias)."""
        folds: list[Record] = []
        beyond: list[list[Record]] = [[] for _ in lists]
        most = self.setup.given.numerics.fold_points
        limits = float(eV.min()), float(eV.max())
        if not most:
            return folds, beyond
        for k, (now, later) in enumerate(zip(lists[:-1], lists[1:])):
            sense = 1 if eV[k + 1] > eV[k] else -1
            for record in lost(now, later):
                traced = follow(self.stationary, record, float(eV[k]), limits, most, sense)
                if traced is None or traced[0].ends[1] in UNFINISHED:
                    self.left.append(float(eV[k]))
                if traced is None:
                    continue
                folds += folds_of(*traced)
                for place, c, mu in crossings(*traced, eV):
                    self._add(float(eV[place]), c, mu, lists[place], beyond[place])
        return folds, beyond

    def _add(
        self, eV: float, c: np.ndarray, mu: float, known: list[Record], beyond: list[Record]
    ) -> None:
        """Append the state next to c to those beyond folds, unless it is known."""
        state = self.state(eV, "beyond a fold", c, mu, False)
        stationary = self.stationary(eV)
        others = [record for record in known + beyond if not record.get("period")]
        if state["converged"] and not any(same(stationary, state, record) for record in others):
            beyond.append({**state, "continued": False})


def ordered(stationary: Stationary, continued: list[Record], fresh: list[Record]) -> list[Record]:
    """Each state once: those continued first, the others by falling pairing."""
    first = state_records.distinct(stationary, continued)
    known = [r for r in fresh if not any(state_records.same(stationary, r, f) for f in first)]
    for record in first:
        record["continued"] = True
    rest = state_records.distinct(stationary, known)
    for record in rest:
        record["continued"] = False
    return first + rest


# ---- one bias -----------------------------------------------------------------------------------


def _at_one_bias(search: Search, comm: Communicator, log: Callable, output: Output) -> Outcome:
    setup, given = search.setup, search.setup.given
    eV = given.parameters.eV
    period = period_of(setup, eV)
    if period is not None:
        return _periodic(search, period, output)

    def point(at: dict, previous: Record | None) -> Record:
        name, c = search.starts[round(at["seed"])]
        return search.state(eV, name, c, None, True)

    axis = {"seed": np.arange(len(search.starts), dtype=float)}
    sweep = run_sweep(axis, point, comm, log, output, "steady", everywhere=False)
    return sweep.report(output, lambda out: _report_seeds(search, sweep, out))


def _report_seeds(search: Search, sweep: Sweep, out: Written) -> Outcome:
    """Each state that a seed led to written once, and told."""
    setup, given = search.setup, search.setup.given
    eV = given.parameters.eV
    records = [record for record in sweep.records if record is not None]
    stationary = search.stationary(eV)
    states = ordered(stationary, [], records)
    if not states:
        raise NotConverged("steady: no seed led to a self-consistent state")
    _write_states(setup, states, out)
    summary = {**model_facts(setup), **lead_facts(setup, search.fits), **_monitors(states)}
    summary["growth_A"] = stationary.growth(states[0]["c"], states[0]["mu_c"])
    summary |= {"period": None, "states_complete": not setup.interacting}
    summary["states"] = [_told(setup, record) for record in states]
    failed = [record["seed"] for record in records if not record["converged"]]
    warnings = [f"steady: no state from the seeds {', '.join(failed)}"] if failed else []
    return Outcome("complete", summary, {}, warnings + _left_out(setup, states))


def _left_out(setup: Setup, states: list[Record]) -> list[str]:
    """What was not looked at, of these states."""
    words = []
    unjudged = [record for record in states if "stability" not in record]
    if setup.given.numerics.stability and any(not r.get("period") for r in unjudged):
        words.append(f"stability: only of up to {stability.LARGEST} levels with no ring")
    if setup.given.numerics.stability and any(r.get("period") for r in unjudged):
        words.append("stability: not of states that repeat in time; task periodic has multipliers")
    if setup.ring is not None:
        words.append("steady: only states that repeat along the ring ([numerics] uniform)")
    return words


def _monitors(states: list[Record]) -> Record:
    """The largest of the monitors of all states."""
    names = ("continuity", "pair_source", "redundancy")
    return {name: max((record[name] for record in states), default=None) for name in names}


def _told(setup: Setup, record: Record) -> Record:
    """A state in the summary."""
    told = {name: record.get(name) for name in TOLD}
    told["stability"] = record.get("stability", "not computed")
    for name in ("current", "current_error", "spin_current"):
        told[name] = dict(zip(setup.names, map(float, record[name])))
    told["delta_max_error"] = record["delta_max_error"]
    return {**told, "continued": record["continued"], "seed": record["seed"]}


def _write_states(setup: Setup, states: list[Record], out: ResultFile | Written) -> None:
    """The data sets over states."""
    write_model(setup, out)
    out.axis("state", np.arange(len(states)))
    for name in ("delta", "delta_bond", "density", "bond_current"):
        values = np.array([record[name] for record in states])
        if values.size:
            out.fixed(name, values)


def periodic_records(
    search: Search, period: float, eV: float, before: list[Record]
) -> list[Record]:
    """The periodic states at a bias, by falling pairing.

    With an interaction from those of the bias before and from two starts.
    """
    setup = search.setup
    steps = steps_of(setup, period)
    starts: list[np.ndarray | None] = [None]
    if setup.interacting:
        starts = [np.tile(c, (steps, 1)) for _, c in search.starts[:PERIODIC_STARTS]]
        starts = [
            resampled(record["c"], steps) for record in before if record.get("period")
        ] + starts
    states: list[Record] = []
    for start in starts:
        record = mean_over_period(setup, search.leads, period, eV, steps, start)
        fresh = [np.abs(record["c"] - state["c"]).max(initial=0.0) > DISTINCT for state in states]
        if record["converged"] and all(fresh):
            states.append(record)
    states.sort(key=lambda record: -record["delta_max"])
    for record in states:
        coarse = mean_over_period(setup, search.loose, period, eV, steps // 2, record["c"])
        record["current_error"] = periodic_error(record, coarse, search.fits)
        floor = record["step_error"] + record["residual"] + 1e-12
        change = abs(coarse["delta_max"] - record["delta_max"])
        least = least_of_pairing(search.fits, record["delta_max"])
        record["delta_max_error"] = max(change, least) + floor
        record["continued"] = False
    return states


def _periodic(search: Search, period: float, output: Output) -> Outcome:
    """Two bcs leads at different bias: means over the period. **Collective.**"""
    setup = search.setup
    states = periodic_records(search, period, setup.given.parameters.eV, [])
    if not states:
        raise NotConverged("steady: no start led to a self-consistent periodic state")
    _write_states(setup, states, output())
    summary = {**model_facts(setup), **lead_facts(setup, search.fits), **_monitors(states)}
    summary |= {"growth_A": states[0]["growth_A"], "period": period}
    summary["states_complete"] = not setup.interacting
    summary["states"] = [_told(setup, record) for record in states]
    return Outcome("complete", summary, {}, _left_out(setup, states))


# ---- along the bias -----------------------------------------------------------------------------


def _along(search: Search, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """States at every bias, each bias from the one before. **Collective.**"""
    given = search.setup.given

    def point(at: dict, previous: Record | None) -> Record:
        states = search.states(at["eV"], (previous or {}).get("states", []))
        if not states:
            raise NotConverged(f"eV = {at['eV']:g}: no seed led to a self-consistent state")
        return {"states": states}

    sweep = run_sweep(given.sweep, point, comm, log, output, "steady", chain=None, everywhere=False)
    return sweep.report(output, lambda out: _report_along(search, sweep, out))


def _report_along(search: Search, sweep: Sweep, out: Written) -> Outcome:
    """The states along the bias written, those at its end told."""
    setup, given = search.setup, search.setup.given
    lists = sweep.values("states", [])
    folds, beyond = search.round_folds(lists, given.sweep["eV"])
    lists = [row + more for row, more in zip(lists, beyond)]
    most = max(map(len, lists))
    if not most:
        raise NotConverged("; ".join(sweep.lost[:2]))
    write_model(setup, out)
    out.axis("eV", given.sweep["eV"])
    out.axis("number", np.arange(most))

    def table(name: str, empty: object) -> np.ndarray:
        rows = [[r.get(name, empty) for r in row] + [empty] * (most - len(row)) for row in lists]
        return np.array(rows)

    out.fixed("delta_max_of", table("delta_max", np.nan))
    out.fixed("growth_rate_of", table("growth_rate", np.nan))
    out.fixed("mu_c_of", table("mu_c", np.nan))
    out.fixed("current_of", table("current", np.full(len(setup.names), np.nan)))
    out.fixed("continued_of", table("continued", False))
    last = next(row for row in reversed(lists) if row)
    summary = {**model_facts(setup), **lead_facts(setup, search.fits), **_monitors(last)}
    summary |= {
        "folds": folds,
        "period": last[0].get("period"),
        "states_complete": not setup.interacting,
    }
    summary["states"] = [_told(setup, record) for record in last]
    warnings = _left_out(setup, [record for row in lists for record in row])
    if search.left:
        places = ", ".join(f"{eV:g}" for eV in sorted(set(search.left)))
        warnings.append(
            f"folds: perhaps not all: the curves of states lost after eV = {places} are not "
            "followed to their ends"
        )
    return sweep.outcome(summary, {}, warnings)
