"""Task ``transport`` of the lattice: currents and conductances over the bias."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..physics.window_integrals import KINDS, Scattering, integrate
from ..shared import state_records
from ..shared.chosen_state import largest_state, words_of_lost
from ..shared.fit_errors import least_of_currents
from ..shared.periodic_states import (
    mean_over_period,
    period_of,
    periodic_error,
    start_of_period,
    steps_of,
)
from ..shared.setup import (
    LOOSE,
    LatticeLeads,
    Setup,
    begin,
    lead_facts,
    model_facts,
    setup_of,
    write_model,
)
from ..shared.state_records import Record
from ..shared.states import Stationary, stationary_before

MONITORS = ("continuity", "redundancy", "pair_source", "growth_A")
STEP = 2e-3  # of the lowest temperature: half the difference of biases of a conductance
LARGEST = 600  # levels of core and leads from which on energies are integrated


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """I(V) and dI/dV of every lead. **Collective.**"""
    setup = begin(given, comm, output.recall)
    axes = dict(given.sweep) or {"eV": np.array([given.parameters.eV])}
    (key,) = axes
    curve = curve_of(setup)
    chain = None if setup.interacting else 1

    def curve_at(at: dict) -> WindowCurve | PoleCurve:
        """The curve of a bias; each phase has leads of its own."""
        if "phase" not in at:
            return curve
        turned = replace(given, parameters=replace(given.parameters, phase=at["phase"]))
        return curve_of(setup_of(turned, setup.source), curve)

    def point(at: dict, previous: Record | None) -> Record:
        return curve_at(at).point(at.get("eV", given.parameters.eV), previous)

    sweep = run_sweep(axes, point, comm, log, output, "transport", chain=chain, everywhere=False)
    return sweep.report(output, lambda out: _report(setup, curve, sweep, out))


def _report(setup: Setup, curve: WindowCurve | PoleCurve, sweep: Sweep, out: Written) -> Outcome:
    """Currents and conductances written, the largest told."""
    (key,) = axes = sweep.axes
    write_model(setup, out)
    out.axis(key, axes[key])
    if key == "eV":
        _add_slopes(sweep.records, axes[key])
    empty = np.full(len(setup.names), np.nan)
    for name in ("current", "current_error", "spin_current", "conductance", "conductance_error"):
        out.fixed(name, np.array(sweep.values(name, empty)), (key, "lead"))
    out.fixed("delta_max_at", sweep.table("delta_max"), (key,))
    out.fixed("period_at", sweep.table("period"), (key,))
    summary = {**model_facts(setup), **curve.facts(), "energies": curve.name}
    errors = {}
    for name in ("current", "conductance"):
        values = np.abs(np.array(sweep.values(name, np.zeros(len(setup.names)))))
        place = np.unravel_index(np.argmax(np.nan_to_num(values)), values.shape)
        summary[f"{name}_max"] = float(values[place])
        errors[f"{name}_max"] = float(np.array(sweep.values(f"{name}_error", empty))[place])
    monitors = {name: _largest(sweep.values(name, None)) for name in MONITORS}
    lost = sorted({name for names in sweep.values("lost", ()) for name in names})
    return sweep.outcome(summary | monitors, errors, words_of_lost(lost))


def _largest(values: list) -> float | None:
    """The largest number, None if there is none."""
    numbers = [value for value in values if value is not None]
    return max(numbers, default=None)


def _add_slopes(records: list, eV: np.ndarray) -> None:
    """Conductances of periodic states by differences of neighbouring biases."""
    if len(eV) < 3 or any(record is None or "current" not in record for record in records):
        return
    current = np.array([record["current"] for record in records])
    slope = np.pi * np.gradient(current, eV, axis=0)
    rough = np.pi * np.gradient(current, eV, axis=0, edge_order=2)
    rough[1:-1] = 0.5 * (slope[2:] + slope[:-2])
    for k, record in enumerate(records):
        if np.all(np.isnan(record["conductance"])):
            record["conductance"] = slope[k]
            record["conductance_error"] = np.abs(rough[k] - slope[k]) + 1e-9


def curve_of(setup: Setup, like: object = None) -> WindowCurve | PoleCurve:
    """How the currents of an input are computed; with the fits of another curve."""
    if by_window(setup):
        return WindowCurve(setup)
    return PoleCurve(setup, like)


def levels_of_leads(setup: Setup) -> int:
    """A bound on the levels that leads with structure add to the core."""
    count = 0
    for lead in setup.reservoirs:
        if lead.kind != "wide":
            electrons, holes = setup.form.of_spin(lead.sites, lead.spin)
            count += 40 * (len(electrons) + len(holes))
    return count


def by_window(setup: Setup) -> bool:
    """Whether energies are integrated rather than summed over poles."""
    wanted = setup.given.numerics.energies
    kinds = {lead.kind for lead in setup.reservoirs}
    possible = not setup.interacting and kinds <= set(KINDS)
    large = setup.form.size + levels_of_leads(setup) > LARGEST
    better = large or "chain" in kinds  # whose poles need a floor outside the band
    return wanted == "window" or (wanted == "auto" and possible and better)


def half_difference(setup: Setup) -> float:
    """Half the difference of two biases whose currents give a conductance."""
    T = min(lead.T for lead in setup.reservoirs)
    return STEP * max(T, 1e-3)


# ---- energies integrated ------------------------------------------------------------------------


@dataclass
class WindowCurve:
    """Normal leads, no interaction: integrals over the bias window."""

    setup: Setup
    name = "window"

    def __post_init__(self) -> None:
        setup = self.setup
        self.step = half_difference(setup)
        H = setup.field.values(np.zeros(0, complex), setup.drives.vector_potential(-1.0))
        self.scattering = Scattering(setup.field, H, setup.reservoirs)

    def facts(self) -> Record:
        """Nothing is fitted: no poles, no error."""
        names = self.setup.names
        return {"poles": dict.fromkeys(names, 0), "fit_error": dict.fromkeys(names, 0.0)}

    def point(self, eV: float, previous: Record | None) -> Record:
        """The record of a bias."""
        scattering, step = self.scattering, self.step
        contacts = scattering.contacts
        spin = scattering.form.spin_z[contacts.component]
        if scattering.twice == 2.0:
            spin = 2 * spin if scattering.form.spin == "full" else 0 * spin
        V, up, down = (self._V(eV + x) for x in (0.0, step, -step))

        def integrand(w: np.ndarray) -> np.ndarray:
            now = scattering.flows(w, V, np.array([contacts.weight, spin]))
            more = scattering.flows(w, up, contacts.weight[None])
            less = scattering.flows(w, down, contacts.weight[None])
            slope = np.pi * (more - less) / (2 * step)
            return np.concatenate([now, slope], axis=1).reshape(len(w), -1)

        error = self.setup.given.numerics.quadrature_error
        total, miss, reached = integrate(integrand, scattering.edges(V), error)
        current, spin_current, conductance = np.split(total, 3)
        record: Record = {
            "current": current,
            "spin_current": spin_current,
            "conductance": conductance,
            "current_error": np.full(len(current), miss + 1e-12),
            "conductance_error": miss + 1e-6 * np.abs(conductance) + 1e-9,
            "continuity": abs(float(current.sum())),
            "delta_max": 0.0,
        }
        if not reached:
            record["why"] = f"eV = {eV:g}: the integral over energies is off by {miss:.1e}"
        return record

    def _V(self, eV: float) -> np.ndarray:
        return self.setup.drives.at_bias(eV).shifts(-1.0)


# ---- poles --------------------------------------------------------------------------------------


class PoleCurve:
    """Any leads: stationary or periodic states by poles."""

    name = "poles"

    def __init__(self, setup: Setup, like: object = None) -> None:
        self.setup, self.step = setup, half_difference(setup)
        if isinstance(like, PoleCurve):
            self.fits, self.loose_fits = like.fits, like.loose_fits
        else:
            self.fits, self.loose_fits = setup.fits(), setup.fits(LOOSE)
        self.leads, self.loose = setup.leads(self.fits), setup.leads(self.loose_fits)
        count = sum(lead.superconducting for lead in setup.reservoirs)
        self.pair_of_superconductors = count > 1

    def facts(self) -> Record:
        """Poles and errors of the fits."""
        return lead_facts(self.setup, self.fits)

    def point(self, eV: float, previous: Record | None) -> Record:
        """The record of a bias; with an interaction from that before it."""
        period = period_of(self.setup, eV)
        if period is not None:
            return self._periodic_point(eV, period, previous)
        record = self._state(eV, self.leads, previous)
        stationary = self._stationary(eV, self.leads)
        record["growth_A"] = stationary.growth(record["c"], record["mu_c"])
        coarse = self._state(eV, self.loose, record)
        least = least_of_currents(self.fits, record["current"])
        relative = np.maximum(np.abs(coarse["current"] - record["current"]), least)
        record["current_error"] = relative + record["residual"] + 1e-12
        if self.pair_of_superconductors:  # a bias would make the state periodic
            record["conductance"] = record["conductance_error"] = np.full(len(relative), np.nan)
            return record
        sides = [self._state(eV + x * self.step, self.leads, record) for x in (-2, -1, 1, 2)]
        wide, near = (
            np.pi * (sides[3 - k]["current"] - sides[k]["current"]) / ((4 - 2 * k) * self.step)
            for k in (0, 1)
        )
        record["conductance"] = near
        noise = (record["residual"] + 1e-13) / self.step
        record["conductance_error"] = (
            np.abs(near - wide) + noise + np.pi * relative / max(abs(eV), 100 * self.step)
        )
        return record

    def _periodic_point(self, eV: float, period: float, previous: Record | None) -> Record:
        """The means over a period; conductances follow from neighbouring points."""
        setup, steps = self.setup, steps_of(self.setup, period)
        start = None
        if setup.interacting:
            start = start_of_period(setup, steps, previous)
        record = mean_over_period(setup, self.leads, period, eV, steps, start)
        if not record["converged"]:
            record["why"] = f"eV = {eV:g}: no self-consistent periodic state"
        coarse = mean_over_period(setup, self.loose, period, eV, steps // 2, record["c"])
        record["current_error"] = periodic_error(record, coarse, self.fits)
        record["conductance"] = record["conductance_error"] = np.full(
            len(record["current"]), np.nan
        )
        return record

    def _state(self, eV: float, leads: LatticeLeads, before: Record | None) -> Record:
        stationary = self._stationary(eV, leads)
        if not self.setup.interacting:
            found = stationary.solve(np.zeros(0, complex))
            return state_records.record_of(stationary, found, "")
        if before is not None and "c" in before:
            c = before["c"].mean(axis=0) if before.get("period") else before["c"]
            found = stationary.solve(c, before["mu_c"], relaxed=False)
            if found.converged:
                return state_records.record_of(stationary, found, "continued")
        found = largest_state(stationary)
        record = state_records.record_of(stationary, found, "")
        record["lost"] = list(found.lost)
        return record

    def _stationary(self, eV: float, leads: LatticeLeads) -> Stationary:
        return stationary_before(self.setup, leads, self.setup.drives.at_bias(eV))
