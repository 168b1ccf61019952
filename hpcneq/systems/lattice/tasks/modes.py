"""Task ``modes`` of the lattice: growth rates and frequencies of a stationary state's modes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ....parallel import Communicator, solo
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..shared.chosen_state import words_of_lost
from ..shared.mode_branches import Branches
from ..shared.mode_search import MONITORS, Search
from ..shared.setup import Setup, begin, lead_facts, model_facts, write_model
from ..shared.stability import verdict

Record = dict[str, Any]
COLUMNS = {"growth_rate": float, "frequency": float, "mode_error": float, "multiplicity": int}

OF_BRANCH = ("delta_max", "mu_c", "growth_rate", "growth_rate_error", "lowest")


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Modes of the state of [initial], or of states followed along [sweep]. **Collective.**

    Ranks take values where there are several chains of them, else they share the sums over levels.
    """
    axes = dict(given.sweep) or {"eV": np.array([given.parameters.eV])}
    ((key, values),) = axes.items()
    search = Search(begin(given, comm, output.recall), key, values)
    log(f"modes: {search.setup.form.size} levels, by {search.method}")

    def point(at: Record, previous: Record | None, ranks: Communicator | None = None) -> Record:
        return search.point(at[key], previous, ranks or solo())

    options: dict[str, Any] = {"chain": None, "group": comm.size}
    sweep = run_sweep(axes, point, comm, log, output, "modes", everywhere=False, **options)
    return sweep.report(output, lambda out: _report(search, sweep, out))


def _report(search: Search, sweep: Sweep, out: Written) -> Outcome:
    """The modes written, the fastest told; the branches of states along the sweep."""
    records = sweep.filled({"growth_rate": np.zeros(0), "delta_mode": np.zeros((0, 2, 1))})
    _write(search, out, sweep.axes[search.key], records)
    summary, errors = headline(search, records)
    lost = sorted({name for names in sweep.values("lost", ()) for name in names})
    warnings = words_of_lost(lost)
    if search.note:
        warnings.append(search.note)
    if search.numerics.branches and "multiplicity" in records[0]:
        branches = Branches(search, sweep.axes[search.key])
        branches.find(records[0])
        _write_branches(search, branches, out)
        summary["bifurcations"] = branches.events
        if branches.unfinished:
            warnings.append("modes: perhaps not all branches: some are not followed to their ends")
    return sweep.outcome(summary, errors, warnings)


def _write_branches(search: Search, branches: Branches, out: Written) -> None:
    """Tables over branches and values, nan where a branch does not exist."""
    listed, values = branches.listed, branches.values
    out.axis("branch", np.arange(len(listed)))
    out.fixed("branch_begins", np.array([branch.born for branch in listed]))
    shape = (len(listed), len(values))
    tables = {name: np.full(shape, np.nan) for name in OF_BRANCH}
    growing_modes = np.full(shape, -1)
    for b, branch in enumerate(listed):
        for k, record in branch.records.items():
            entries = {name: record[name] for name in ("delta_max", "mu_c", "lowest")}
            for name, value in (entries | fastest_of(record)).items():
                tables[name][b, k] = value
            growing_modes[b, k] = growing(search.setup, record)
    for name, table in tables.items():
        out.fixed(f"branch_{name}", table, ("branch", search.key))
    out.fixed("branch_growing", growing_modes, ("branch", search.key))


def fastest_of(record: Record) -> Record:
    """The growth rate of the fastest mode but that of the phase, and its error; none without."""
    chosen = ~record["phase_mode"]
    if not chosen.any():
        return {}
    rates = record["growth_rate"][chosen]
    fastest = int(np.argmax(rates))
    return {
        "growth_rate": rates[fastest],
        "growth_rate_error": record["mode_error"][chosen][fastest],
    }


def _write(search: Search, out: Written, values: np.ndarray, records: Sequence[Record]) -> None:
    """Axes of the parameter and of modes; columns over both, nan or 0 beyond the last mode."""
    setup, key = search.setup, search.key
    most = max([1, *(len(record["growth_rate"]) for record in records)])
    write_model(setup, out)
    out.axis(key, values)
    out.axis("mode", np.arange(most))
    out.axis("component", np.array(["delta", "conjugate"]))
    shape = (len(values), most)
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
        rest = ("component", "site") if name == "delta_mode" else ()
        out.fixed(name, table, (key, "mode", *rest))
    for name, entry in (("delta_max_of", "delta_max"), ("lowest", "lowest")):
        column = np.array([record.get(entry, np.nan) for record in records], float)
        out.fixed(name, column, (key,))
    out.fixed("growing", np.array([growing(setup, record) for record in records]), (key,))


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
