"""Task ``modes`` of the lattice: growth rates and frequencies of a stationary state's modes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, solo
from ....solvers.modes import Samples, secant, spectrum, whole
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..physics import observables
from ..physics.susceptibility import Susceptibility
from ..shared.chosen_state import words_of_lost
from ..shared.deviations import deviations_of, state_near, susceptibility_of
from ..shared.krylov_modes import Jacobian, method_of
from ..shared.setup import LOOSE, Setup, begin, lead_facts, model_facts, write_model
from ..shared.stability import verdict
from ..shared.state_records import record_of
from ..shared.states import Found, Stationary, stationary_before

Record = dict[str, Any]
SHARE = 0.3  # of what fits looser by ten change: three times the error
FINENESS = (3.0, 12.0)  # of samples around the box: chi has poles, of any order, below it
OVERLAP = 0.99  # with i D: the mode that turns the phase
COLUMNS = {"growth_rate": float, "frequency": float, "mode_error": float, "multiplicity": int}
MONITORS = ("continuity", "pair_source", "redundancy")


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Modes of the state of [initial] at one bias, or followed along [sweep] eV. **Collective.**

    Ranks take biases where there are several chains of them, else they share the sums over levels.
    """
    search = Search(begin(given, comm, output.recall), comm)
    biases = given.sweep.get("eV", np.array([given.parameters.eV]))
    log(f"modes: {search.setup.form.size} levels, by {search.method}")

    def point(at: Record, previous: Record | None, ranks: Communicator | None = None) -> Record:
        return search.point(at["eV"], previous, ranks or solo())

    axes, options = {"eV": biases}, {"chain": None, "group": comm.size}
    sweep = run_sweep(axes, point, comm, log, output, "modes", everywhere=False, **options)
    return sweep.report(output, lambda out: _report(search, sweep, out))


def _report(search: Search, sweep: Sweep, out: Written) -> Outcome:
    """The modes written, the fastest told."""
    records = sweep.filled({"growth_rate": np.zeros(0), "delta_mode": np.zeros((0, 2, 1))})
    _write(search.setup, out, sweep.axes["eV"], records)
    summary, errors = headline(search, records)
    lost = sorted({name for names in sweep.values("lost", ()) for name in names})
    warnings = words_of_lost(lost)
    if search.note:
        warnings.append(search.note)
    return sweep.outcome(summary, errors, warnings)


@dataclass
class Search:
    """Where modes are sought: leads as they are fitted, and with looser fits for the errors."""

    setup: Setup
    comm: Communicator

    def __post_init__(self) -> None:
        setup = self.setup
        self.numerics = setup.given.numerics
        self.fits = setup.fits()
        self.leads = setup.leads(self.fits)
        self.loose = setup.leads(setup.fits(LOOSE))
        self.method = method_of(self.numerics.method, 2 * setup.field.fields, self.leads.core)

    @property
    def note(self) -> str:
        """What the method does not tell."""
        if self.method == "det":
            return ""
        return "modes: found by Krylov's method, not counted; others may decay as slowly"

    def point(self, eV: float, previous: Record | None, ranks: Communicator) -> Record:
        """The record of a bias. **Collective.**"""
        drives = self.setup.drives.at_bias(eV)
        stationary = stationary_before(self.setup, self.leads, drives)
        before = previous if previous and "c" in previous else {"c": None, "mu_c": 0.0}
        state = state_near(stationary, before["c"], before["mu_c"])
        found = record_of(stationary, state, "")
        keep = ("c", "mu_c", "residual", "delta_max", *MONITORS)
        record = {name: found[name] for name in keep} | {"eV": eV}
        record["growth_A"] = stationary.growth(state.c, state.mu)
        record["lost"] = list(state.lost)
        coarse = stationary_before(self.setup, self.loose, drives)
        rough = record_of(coarse, state_near(coarse, state.c, state.mu), "")
        miss = abs(rough["delta_max"] - found["delta_max"])
        record["delta_max_error"] = miss + state.residual + 1e-12
        record["lowest"] = float(2 * record["growth_A"] * self.numerics.depth)
        find = {"det": self._counted, "krylov": self._krylov}[self.method]
        return record | find(stationary, state, record, ranks)

    def _counted(
        self, stationary: Stationary, state: Found, record: Record, ranks: Communicator
    ) -> Record:
        """Every mode above a line, by the winding of det(1 - chi M). **Collective.**"""
        response = susceptibility_of(stationary, state, self.loose)
        if not len(response.basis.T):
            return columns_of(stationary, state, [])
        box = whole(response, record["lowest"])
        modes = spectrum(response, 0.0, ranks, box=box, fineness=FINENESS).modes
        rough = Samples(response.loose or response, 0.0, ranks)
        rows = []
        for mode in modes:
            other = secant(rough, mode.z)
            error = mode.error if other is None else SHARE * abs(other - mode.z) + 1e-12
            own = deviation_of(stationary, response, mode.vectors.sum(axis=0))
            rows.append((mode.z, error, mode.multiplicity, own))
        columns = columns_of(stationary, state, rows)
        condensed = np.any(np.abs(state.c[stationary.pairs]) > 0)
        if condensed and not stationary.setup.pinned and not np.any(columns["phase_mode"]):
            raise NotConverged(
                f"modes: eV = {record['eV']:g}: the mode that turns the phase is missing among "
                "those counted; use a smaller [numerics] depth"
            )
        return columns

    def _krylov(
        self, stationary: Stationary, state: Found, record: Record, ranks: Communicator
    ) -> Record:
        """The fastest growing modes and those next to some frequencies; each rank the same."""
        if not stationary.field.fields:
            return columns_of(stationary, state, [])
        energy = max(0.3 * record["delta_max"], 0.1)
        jacobian = Jacobian(deviations_of(stationary, state))
        modes = jacobian.modes(
            energy, self.numerics.count, self.numerics.frequencies, record["lowest"]
        )
        drives = self.setup.drives.at_bias(record["eV"])
        coarse = stationary_before(self.setup, self.loose, drives)
        rough = Jacobian(deviations_of(coarse, state_near(coarse, state.c, state.mu)))
        rows = [
            (1j * mode.z, mode.error + SHARE * abs(rough.near(mode.z) - mode.z), 1, mode.fields)
            for mode in modes
        ]
        return columns_of(stationary, state, rows)


def deviation_of(
    stationary: Stationary, response: Susceptibility, vector: np.ndarray
) -> np.ndarray:
    """Deviations of the mean field's entries, then at the conjugate places, (2 fields,)."""
    field = stationary.field
    size = field.form.size
    order = response.places[0] * size + response.places[1]
    wanted = np.append(field.rows * size + field.columns, field.columns * size + field.rows)
    return response.pairing_of(vector)[np.searchsorted(order, wanted)]


def columns_of(
    stationary: Stationary, state: Found, rows: Sequence[tuple[complex, float, int, np.ndarray]]
) -> Record:
    """Columns over the modes (z, error, multiplicity, deviations), growth descending."""
    field = stationary.field
    half = field.fields
    pairs = np.where(field.pairs, state.c, 0)
    turn = np.concatenate([1j * pairs, -1j * pairs.conj()])
    straight, conjugate = (
        stationary.scale * one + other for one, other in zip(field.maps[0][:2], field.maps[1][:2])
    )
    phase, delta = [], []
    for z, error, _, own in rows:
        overlap = abs(np.vdot(turn, own)) / max(np.linalg.norm(turn) * np.linalg.norm(own), 1e-300)
        phase.append(
            not stationary.setup.pinned and overlap > OVERLAP and abs(z) < max(3 * error, 1e-5)
        )
        H = straight @ own[:half] + conjugate @ own[half:]
        H = H / max(np.abs(H).max(), 1e-300)
        sides = H, field.transposed(H).conj()
        delta.append([observables.site_pairing(field, values) for values in sides])
    return {
        "growth_rate": np.array([row[0].imag for row in rows]),
        "frequency": np.array([row[0].real for row in rows]),
        "mode_error": np.array([row[1] for row in rows]),
        "multiplicity": np.array([row[2] for row in rows], np.int64),
        "phase_mode": np.array(phase, bool),
        "delta_mode": np.array(delta, complex).reshape(len(rows), 2, field.form.sites),
    }


def _write(setup: Setup, out: Any, biases: np.ndarray, records: Sequence[Record]) -> None:
    """Axes eV and mode; columns over both, nan or 0 beyond the last mode. **Collective.**"""
    most = max([1, *(len(record["growth_rate"]) for record in records)])
    write_model(setup, out)
    out.axis("eV", biases)
    out.axis("mode", np.arange(most))
    out.axis("component", np.array(["delta", "conjugate"]))
    shape = (len(biases), most)
    tables: dict[str, np.ndarray] = {
        name: np.full(shape, 0 if dtype is int else np.nan, dtype)
        for name, dtype in COLUMNS.items()
    }
    tables["phase_mode"] = np.zeros(shape, bool)
    tables["delta_mode"] = np.full((*shape, 2, setup.model.sites), np.nan, complex)
    for i, record in enumerate(records):
        for name, table in tables.items():
            if name in record and len(record["growth_rate"]):
                table[i, : len(record[name])] = record[name]
    for name, table in tables.items():
        out.fixed(name, table)
    for name, entry in (("delta_max_of", "delta_max"), ("lowest", "lowest")):
        out.fixed(name, np.array([record.get(entry, np.nan) for record in records], float))
    out.fixed("growing", np.array([growing(setup, record) for record in records]))


def growing(setup: Setup, record: Record) -> int:
    """How many modes grow, with multiplicity; -1 of a lost point."""
    if "multiplicity" not in record:
        return -1
    grows = record["growth_rate"] > setup.given.numerics.marginal
    return int(record["multiplicity"][grows & ~record["phase_mode"]].sum())


def headline(search: Search, records: Sequence[Record]) -> tuple[Record, Record]:
    """(summary, errors): the fastest growing mode of all biases, and the last state."""
    setup = search.setup
    solved = [record for record in records if "multiplicity" in record]
    summary: Record = {**model_facts(setup), **lead_facts(setup, search.fits)}
    summary |= {"counted": search.method == "det", "growing_modes": None, "stability": "unknown"}
    summary |= {"growth_rate": None, "frequency": None}
    if not solved:
        return summary, {}
    last = solved[-1]
    summary |= {name: last[name] for name in ("delta_max", "mu_c", "residual")}
    for name in (*MONITORS, "growth_A"):
        summary[name] = max(record[name] for record in solved)
    summary["growing_modes"] = max(growing(setup, record) for record in solved)
    errors = {"delta_max": last["delta_max_error"]}
    rows = [
        (rate, abs(frequency), error)
        for record in solved
        for rate, frequency, error, phase in zip(
            record["growth_rate"],
            record["frequency"],
            record["mode_error"],
            record["phase_mode"],
        )
        if not phase
    ]
    summary["stability"] = "stable"
    if rows:
        rate, frequency, error = map(float, max(rows))
        summary |= {"growth_rate": rate, "frequency": frequency}
        errors |= {"growth_rate": error, "frequency": error}
        summary["stability"] = verdict(rate, setup.given.numerics.marginal)
    return summary, errors
