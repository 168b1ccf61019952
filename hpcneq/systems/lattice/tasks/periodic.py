"""Task ``periodic`` of the lattice: the state that repeats with its drives, found directly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ....errors import NotConverged
from ....maths.pole_leads import LeadPoles
from ....parallel import Communicator, on_root
from ....solvers.pole_leads.multipliers import free_multipliers, multipliers
from ....solvers.pole_leads.periodic_fields import ConsistentPeriod
from ....solvers.pole_leads.stationary import growth
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..physics import observables
from ..physics.open_lattice import OpenLattice
from ..shared.lead_input import bcs_levels
from ..shared.periodic_states import repeated
from ..shared.repeating import Repeating, period_of_drives
from ..shared.seeds import half_filled, prescribed, seeds
from ..shared.setup import LOOSE, Setup, begin, lead_facts, model_facts, write_model

MONITORS = ("growth_A", "continuity", "pair_source", "redundancy")
SERIES = ("harmonics", "bulk_harmonics", "mean_current", "mean_current_error")
TOLD = ("delta_max", "delta_max_error", "mu_c", "residual", "harmonics_error", "swing")
TOLD += ("growth_rate_error",)
COLUMNS = {
    "delta_max_at": "delta_max",
    "delta_swing": "swing",
    "growth_rate_at": "growth_rate",
    "growth_rate_error_at": "growth_rate_error",
    "harmonics_error_at": "harmonics_error",
}
ACCURATE = 1e-5  # multipliers, to this share
PHASE = 1e-3  # of 1: the multiplier of a phase that nothing holds
Record = dict[str, Any]


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """The periodic state, its means, and the multipliers of deviations. **Collective.**

    Along [sweep] frequency those of every frequency, which ranks share.
    """
    setup = begin(given, comm, output.recall)
    fits = setup.fits()
    if given.sweep:
        return _along(setup, fits, comm, log, output)
    setup = at_frequency(setup, given.parameters.frequency)
    period = period_of_drives(setup)
    log(f"periodic: period {period:.6g}, {given.numerics.periodic_steps} steps")
    record = on_root(comm, solved, setup, fits, period)
    out = output()
    write_model(setup, out)
    out.axis("t", record["t"])
    out.axis("harmonic", np.arange(len(record["harmonics"])))
    for name in ("delta", "density", "current", "bulk_current", "harmonics", "bulk_harmonics"):
        if record[name].size:
            out.fixed(name, record[name])
    summary: Record = {**model_facts(setup), **lead_facts(setup, fits), "period": period}
    for name in ("mean_current", "mean_current_error"):
        summary[name] = dict(zip(setup.names, map(float, record[name])))
    keys = ("delta_max", "mu_c", "residual", "current_error", "harmonics_error")
    summary |= {name: record[name] for name in (*keys, *MONITORS)}
    summary["multipliers"] = [[z.real, z.imag] for z in record["multipliers"].tolist()]
    verdict = verdict_of(setup, record, period)
    errors = {"delta_max": record["delta_max_error"]}
    if verdict["growth_rate"] is not None:
        errors["growth_rate"] = record["growth_rate_error"]
    return Outcome("complete", summary | verdict, errors, words_of(given, verdict["stability"]))


def at_frequency(setup: Setup, frequency: float | None) -> Setup:
    """The setup with all sines at a frequency, None: at their own."""
    if frequency is None:
        return setup
    return replace(setup, drives=setup.drives.at_frequency(frequency))


# ---- along the frequency ------------------------------------------------------------------------


def _along(setup: Setup, fits: list, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Periodic states at every frequency of the sines. **Collective.**"""

    def point(at: Record, previous: Record | None) -> Record:
        driven = at_frequency(setup, at["frequency"])
        period = period_of_drives(driven)
        record = solved(driven, fits, period)
        verdict = verdict_of(driven, record, period)
        record["swing"] = float(np.ptp(np.abs(record["delta"]), axis=0).max(initial=0.0))
        kept = {name: record[name] for name in (*SERIES, *TOLD, *MONITORS)}
        return kept | {"growth_rate": verdict["growth_rate"], "stability": verdict["stability"]}

    sweep = run_sweep(setup.given.sweep, point, comm, log, output, "periodic", everywhere=False)
    return sweep.report(output, lambda out: _report(setup, fits, sweep, out))


def _report(setup: Setup, fits: list, sweep: Sweep, out: Written) -> Outcome:
    """Harmonics and means over the frequency written."""
    records = [record for record in sweep.records if record and "swing" in record]
    summary: Record = {**model_facts(setup), **lead_facts(setup, fits)}
    write_model(setup, out)
    out.axis("frequency", sweep.axes["frequency"])
    if not records:
        return sweep.outcome(summary)
    count = min(len(record["harmonics"]) for record in records)
    out.axis("harmonic", np.arange(count))
    sides = {"harmonics": "lead", "bulk_harmonics": "axis", "mean_current": "lead"}
    for name, side in sides.items():
        part = records[0][name][:count] if side != name else records[0][name]
        empty = np.full(part.shape, np.nan)
        values = [row[: len(part)] for row in sweep.values(name, empty)]  # type: ignore[index]
        axes = ("frequency", "harmonic", side) if part.ndim == 2 else ("frequency", side)
        if part.size:
            out.fixed({"mean_current": "mean_current_at"}.get(name, name), np.array(values), axes)
    for name, entry in COLUMNS.items():
        out.fixed(name, sweep.table(entry), ("frequency",))
    for name in MONITORS:
        summary[name] = max(record[name] for record in records)
    summary["delta_max"] = max(record["delta_max"] for record in records)
    summary["mu_c"] = records[-1]["mu_c"]
    summary["residual"] = max(record["residual"] for record in records)
    errors = {"delta_max": max(record["delta_max_error"] for record in records)}
    unstable = [record for record in records if record["stability"] == "unstable"]
    words = [f"periodic: {len(unstable)} states are unstable"] if unstable else []
    return sweep.outcome(summary, errors, words)


def solved(setup: Setup, fits: list, period: float) -> Record:
    """The record of the state and its errors. Raises NotConverged, InputError."""
    numerics = setup.given.numerics
    steps = numerics.periodic_steps
    leads = setup.leads(fits)
    system = system_of(setup, leads, period)
    found = state_of(setup, system, period, steps, None)
    record = record_of(setup, system, found)
    half = 2 * (steps // 4)
    other = system_of(setup, setup.leads(setup.fits(LOOSE)), period)
    rough_state = state_of(setup, other, period, half, found.c)
    coarse = record_of(setup, other, rough_state)
    miss = np.abs(coarse["mean_current"] - record["mean_current"])
    record["mean_current_error"] = miss + record["residual"] + 1e-12
    every = np.abs(coarse["current"][0] - record["current"][0])
    record["current_error"] = float(max(every.max(), miss.max()) + record["residual"])
    floor = record["residual"] + 1e-12
    told = min(len(coarse["harmonics"]), len(record["harmonics"]))
    worst = floor
    for name in ("harmonics", "bulk_harmonics"):
        record[name], rough = record[name][:told], coarse[name][:told]
        worst = max(worst, float(np.abs(rough - record[name]).max(initial=0.0)))
    record["harmonics_error"] = worst
    record["delta_max_error"] = abs(coarse["delta_max"] - record["delta_max"]) + floor
    record["multipliers"] = factors_of(setup, system, found)
    record["growth_rate_error"] = ACCURATE / period
    kept = without_phase(setup, record)
    rough = factors_of(setup, other, rough_state)
    if len(kept):
        fastest = kept[np.argmax(np.abs(kept))]
        near = rough[np.argmin(np.abs(rough - fastest))]
        record["growth_rate_error"] += abs(rate_of(near, period) - rate_of(fastest, period))
    return record


def rate_of(factor: complex, period: float) -> float:
    """The growth rate that a multiplier means."""
    return float(np.log(max(abs(factor), 1e-300)) / period)


def factors_of(setup: Setup, system: OpenLattice, found: ConsistentPeriod) -> np.ndarray:
    """The largest multipliers that are wanted."""
    count, state = setup.given.numerics.multipliers, found.state
    if not count:
        return np.zeros(0, complex)
    if not setup.interacting:
        V = setup.drives.shifts(-1.0) - system.frame
        return free_multipliers(system.leads, V, state, count)
    return multipliers(system, state.density, state.period, len(state.times), count)


def system_of(setup: Setup, leads: LeadPoles, period: float) -> OpenLattice:
    """The lattice under drives that have always repeated, from the first superconductor's level."""
    frame = (bcs_levels(setup.reservoirs, setup.drives) or [0.0])[0]
    drives = Repeating(setup.drives, period, frame)
    return OpenLattice(setup.field, setup.bonds, leads, drives, frame)


def state_of(
    setup: Setup, system: OpenLattice, period: float, steps: int, c: np.ndarray | None
) -> ConsistentPeriod:
    """The periodic state from the mean field c (steps', fields) on, else from [initial]."""
    if c is None:
        c = np.tile(start_of(setup), (steps, 1))
    found = repeated(setup, system, period, steps, c)
    if found.miss > setup.given.numerics.tolerance:
        raise NotConverged(
            f"periodic: self-consistent to {found.miss:.1e} only ({found.reason}): the "
            "state is not found, or its condensate turns with a frequency of its own"
        )
    return found


def start_of(setup: Setup) -> np.ndarray:
    """The mean field that [initial] asks for."""
    state = setup.given.initial.state
    if state == "normal":
        return half_filled(setup.field)
    if state == "seed":
        return prescribed(setup)
    return seeds(setup, 0)[-1][1]


def record_of(setup: Setup, system: OpenLattice, found: ConsistentPeriod) -> Record:
    """Series over the period, and means."""
    state, field = found.state, setup.field
    form, links = field.form, setup.bonds
    particles = state.flows @ form.particle
    H = [system.values(t, +1, c) for t, c in zip(state.times, found.c)]
    rho = state.rho
    size = form.size
    density = form.density(rho[:, :size])
    delta = np.array([observables.site_pairing(field, values) for values in H])
    hops = rho[:, size : size + len(links.rows)]
    change, through = [], []
    for values, row, own, pairs in zip(H, hops, state.flows, rho[:, size + len(links.rows) :]):
        rate = 2 * np.imag(field.at(values, *system.pair_places) * pairs[: _count(system)])
        rate = np.bincount(system.pair_places[0], rate, size)
        by_site = np.bincount(form.site, form.particle * own.sum(0), form.sites)
        sources = np.bincount(form.site, form.particle * rate, form.sites)
        flows = observables.bond_flows(field, links, values, row)
        through.append(flows)
        change.append(
            (observables.continuity(form, links, flows, by_site, sources), np.abs(sources).max())
        )
    moved = setup.model.displacement(links.j, links.i)
    bulk = np.array(through) @ moved / form.sites
    most = min(setup.given.numerics.harmonics, len(state.times) // 2 - 1)
    A = system.leads.matrix(
        system.hamiltonian(0.0, +1, found.c[0]).toarray(), system.shifts(0.0), system.phases(0.0)
    )
    return {
        "t": state.times,
        "delta": delta,
        "density": density,
        "current": particles,
        "bulk_current": bulk,
        "harmonics": harmonics(particles, most),
        "bulk_harmonics": harmonics(bulk, most),
        "mean_current": particles.mean(axis=0),
        "delta_max": max(observables.largest_pairing(field, values) for values in H),
        "mu_c": system.frame,
        "residual": found.miss,
        "continuity": float(np.abs(np.mean([row for row, _ in change], axis=0)).max()),
        "pair_source": float(max(source for _, source in change)),
        "growth_A": growth(np.asarray(A)),
        "redundancy": 0.0,
    }


def harmonics(series: np.ndarray, most: int) -> np.ndarray:
    """c_n (most + 1, k) of a series (steps, k) over a period: Re[c_0 + 2 sum c_n e^{-inwt}]."""
    return np.asarray(np.fft.ifft(series, axis=0)[: most + 1])


def _count(system: OpenLattice) -> int:
    return len(system.pair_places[0])


def verdict_of(setup: Setup, record: Record, period: float) -> Record:
    """`growth_of` a record, by the error of its growth rate."""
    return growth_of(setup, record, period, record["growth_rate_error"])


def growth_of(setup: Setup, record: Record, period: float, error: float = 0.0) -> Record:
    """{growth_rate, stability} by the multipliers, without that of a phase that nothing holds.

    A growth rate of no more than its error is marginal; without any multiplier there is none.
    """
    rest = without_phase(setup, record)
    if not len(rest):
        return {"growth_rate": None, "stability": "not computed"}
    rate = rate_of(rest[np.argmax(np.abs(rest))], period)
    word = "marginal"
    if rate > error:
        word = "unstable"
    elif rate < -error:
        word = "stable"
    return {"growth_rate": rate, "stability": word}


def without_phase(setup: Setup, record: Record) -> np.ndarray:
    """The multipliers but that of a phase that nothing holds."""
    factors: np.ndarray = record["multipliers"]
    if not len(factors) or setup.pinned or not record["delta_max"] > 0:
        return factors
    nearest = int(np.argmin(np.abs(factors - 1)))
    return np.delete(factors, nearest) if abs(factors[nearest] - 1) < PHASE else factors


def words_of(given: Given, stability: str) -> list[str]:
    """What a reader has to know of a state that nobody would see, or that may be none."""
    if stability == "unstable":
        return ["periodic: the state is unstable: deviations grow from period to period"]
    if stability == "not computed" and given.numerics.multipliers:
        return ["growth_rate: no multiplier but that of the phase was found; ask for more"]
    return []
