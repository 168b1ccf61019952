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
from ..shared import state_records
from ..shared.periodic_states import mean_over_period, period_of
from ..shared.seeds import seeds
from ..shared.setup import LatticeLeads, Setup, begin, lead_facts, model_facts, write_model
from ..shared.state_records import Record
from ..shared.states import Stationary

LOOSE = 10.0  # the fits whose difference tells the errors are worse by this
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

    def stationary(self, eV: float, leads: LatticeLeads | None = None) -> Stationary:
        """The equations at a bias."""
        drives = self.setup.drives.at_bias(eV)
        return Stationary(
            self.setup,
            leads or self.leads,
            drives.shifts(-1.0),
            drives.vector_potential(-1.0),
            drives.U(-1.0),
        )

    def state(self, eV: float, name: str, c: np.ndarray, mu: float | None, relaxed: bool) -> Record:
        """The record of the state found from a mean field; mu : of a condensate that is known."""
        stationary = self.stationary(eV)
        found = stationary.normal(c) if name == "normal" else stationary.solve(c, mu, relaxed)
        record = state_records.record_of(stationary, found, name)
        if found.converged:
            self._add_errors(eV, record)
            if self.setup.given.numerics.stability:
                marginal = self.setup.given.numerics.marginal
                state_records.add_stability(stationary, record, marginal)
        return record

    def _add_errors(self, eV: float, record: Record) -> None:
        """What looser fits change of pairing and currents."""
        other = self.stationary(eV, self.loose)
        found = other.solve(record["c"], record["mu_c"], relaxed=False)
        coarse = state_records.record_of(other, found, "")
        if not found.converged:  # as far off as the numbers are large
            coarse |= {"delta_max": 0.0, "current": 0 * record["current"]}
        floor = record["residual"] + 1e-12
        record["delta_max_error"] = abs(coarse["delta_max"] - record["delta_max"]) + floor
        record["current_error"] = np.abs(coarse["current"] - record["current"]) + floor

    def periodic(self, eV: float, period: float) -> Record:
        """The record of two bcs leads at different bias: means over the period."""
        setup, steps = self.setup, self.setup.given.numerics.periodic_steps
        record = mean_over_period(setup, self.leads, period, eV, steps)
        coarse = mean_over_period(setup, self.loose, period, eV, steps // 2)
        floor = record["step_error"] + 1e-12
        record["current_error"] = np.abs(coarse["current"] - record["current"]) + floor
        record["delta_max_error"] = floor
        record["continued"] = False
        return record

    def states(self, eV: float, before: list[Record]) -> list[Record]:
        """All states at a bias; those continued from ``before`` first."""
        stationary = self.stationary(eV)
        continued = []
        for record in before:
            name = "normal" if record["seed"] == "normal" else "continued"
            state = self.state(eV, name, record["c"], record["mu_c"], False)
            if name == "continued" and state["converged"]:
                continued.append(state)
        fresh = [self.state(eV, name, c, None, True) for name, c in self.starts]
        return ordered(stationary, continued, fresh)


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
    if setup.form.size > state_records.LARGEST and given.numerics.stability:
        limit = state_records.LARGEST
        warnings.append(f"steady: stability is found up to {limit} levels; task evolve shows it")
    if setup.ring is not None:
        warnings.append("steady: only states that repeat along the ring ([numerics] uniform)")
    return Outcome("complete", summary, {}, warnings)


def _monitors(states: list[Record]) -> Record:
    """The largest of the monitors of all states."""
    names = ("continuity", "pair_source", "redundancy")
    return {name: max((record[name] for record in states), default=None) for name in names}


def _told(setup: Setup, record: Record) -> Record:
    """A state in the summary."""
    told = {name: record[name] for name in TOLD if name in record}
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


def _periodic(search: Search, period: float, output: Output) -> Outcome:
    """Two bcs leads at different bias: means over the period. **Collective.**"""
    setup = search.setup
    record = search.periodic(setup.given.parameters.eV, period)
    _write_states(setup, [record], output())
    summary = {**model_facts(setup), **lead_facts(setup, search.fits)}
    summary |= {name: record[name] for name in ("continuity", "pair_source", "redundancy")}
    summary |= {"growth_A": record["growth_A"], "period": period, "states_complete": True}
    summary["states"] = [_told(setup, record)]
    return Outcome("complete", summary)


# ---- along the bias -----------------------------------------------------------------------------


def _along(search: Search, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """States at every bias, each bias from the one before. **Collective.**"""
    given = search.setup.given

    def point(at: dict, previous: Record | None) -> Record:
        period = period_of(search.setup, at["eV"])
        if period is not None:
            return {"states": [search.periodic(at["eV"], period)]}
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
    out.fixed("current_of", table("current", np.full(len(setup.names), np.nan)))
    out.fixed("continued_of", table("continued", False))
    last = lists[-1]
    summary = {**model_facts(setup), **lead_facts(setup, search.fits), **_monitors(last)}
    summary |= {"period": None, "states_complete": not setup.interacting}
    summary["states"] = [_told(setup, record) for record in last]
    return sweep.outcome(summary)
