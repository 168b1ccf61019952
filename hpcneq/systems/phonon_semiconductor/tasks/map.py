"""Task map: the order parameter at t_max over one or two parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..inputs import Parameters
from ..physics import collisions, pairing
from ..shared import positivity
from ..shared.batches import FIELDS, TOGETHER, batches, evolved
from ..shared.grid_errors import GRID_FACTOR
from ..shared.model import moved_speeds, refined, semiconductor
from ..shared.onset import onset_of_pairs

LINE = ("V_c", "min_eigenvalue", "max_eigenvalue")
ROWS = 200  # times at which |Delta| is looked at
FLOOR = 1e-5  # growth rate that counts as growth for the lines
ORDERED = 1e-4  # |Delta| that counts as paired


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Porta et al. 2019, Fig. 2; over Omega and V with lines V_c(Omega). **Collective.**

    Raises NotConverged if no point converged.
    """
    jobs, lines = batches(given), line_jobs(given)

    def solve(at, previous):
        job = at["job"]
        if job < len(lines):
            line = lines[job]()
            return {name: line[name] for name in LINE}
        p, _, V, Omega = jobs[job - len(lines)]
        return final(given, p, V, Omega)

    numbers = np.arange(len(lines) + len(jobs))
    sweep = run_sweep({"job": numbers}, solve, comm, log, output, "map", everywhere=False)
    return sweep.report(output, lambda out: _report(given, jobs, lines, sweep, out))


def _report(given: Given, jobs: list, lines: list, sweep: Sweep, out: Written) -> Outcome:
    """The map and its lines written, its largest order parameter told with its error."""
    line_records, records = sweep.records[: len(lines)], sweep.records[len(lines) :]
    delta, before = tables(given, jobs, records)
    if np.isnan(delta).all():
        raise NotConverged("map: no point converged; try a smaller [numerics] dt")
    lost = sum(len(indices) for (_, indices, *_), record in zip(jobs, records) if "why" in record)
    write_map(out, given, delta, before)
    if len(given.sweep) == 1 and not lost:
        write_curves(out, given, records)
    if lines:
        write_lines(out, given, line_records)
        lost += sum("why" in record for record in line_records)
    errors = {}
    if given.numerics.error_estimate and not lost:
        errors = {"delta_max": top_error(given, jobs, delta)}
    ended = outcome(delta, before, lost, errors)
    ended.warnings[:0] = moved_speeds(given)
    say_positivity(ended, out, given, jobs, sweep.records)
    return ended


# ---- the points ---------------------------------------------------------------------------------


def final(given: Given, p: Parameters, V: np.ndarray, Omega: np.ndarray) -> dict:
    """Order parameters of a batch with V, Omega (runs,), by TS on one rank.

    delta, before : |Delta| (runs,) at t_max and at nine tenths of it; min_eigenvalue,
    max_eigenvalue (runs,) of the one-body matrix at t_max; for a curve also t (times,)
    and history (runs, times), |Delta| in time.
    """
    model = semiconductor(
        p, given.numerics, given.numerics.drive, V=V[:, None], Omega=Omega[:, None]
    )
    kinds, which = np.unique(Omega, return_inverse=True)
    alone = driven_alone(given, p, kinds, given.initial.alone)
    fields = {name: values[which] for name, values in alone.items()}
    fields["s"] = np.full_like(fields["s"], given.initial.seed * (1 + 1j))
    t_max = given.run.t_max
    last, seen = evolved(model, fields, t_max, given.numerics.dt, ROWS, given.petsc)
    t = np.array([t for t, _ in seen])
    sizes = np.abs(np.array([delta for _, delta in seen])).T
    record = {"delta": sizes[:, -1], "before": sizes[:, np.argmin(np.abs(t - 0.9 * t_max))]}
    record["min_eigenvalue"], record["max_eigenvalue"] = positivity.extremes(model, last)
    if len(given.sweep) == 1:
        record |= {"history": sizes, "t": t}
    return record


def driven_alone(
    given: Given, p: Parameters, Omega: np.ndarray, time: float
) -> dict[str, np.ndarray]:
    """{name: (runs, n)}: what the laser makes of the filled lower band within ``time``.

    Without pairs, by TS on one rank.
    """
    n = given.numerics
    model = semiconductor(p, n, n.drive, V=0.0, Omega=Omega[:, None])
    start = zip(FIELDS, collisions.start(len(model.bands.k), 0.0))
    fields = {name: np.tile(values.astype(complex), (len(Omega), 1)) for name, values in start}
    if time <= 0:
        return fields
    return evolved(model, fields, time, n.dt)[0]


def top_error(given: Given, jobs: list, delta: np.ndarray) -> float:
    """Error of the largest |Delta| of a map, of the time step and of the step in k.

    From that point again with either refined.
    """
    top = np.unravel_index(np.argmax(delta), delta.shape)
    p, V, Omega = next(
        (p, V[i : i + 1], Omega[i : i + 1])
        for p, indices, V, Omega in jobs
        for i, index in enumerate(indices)
        if index == top
    )

    def again(numerics, parameters):
        point = final(replace(given, numerics=numerics), parameters, V, Omega)
        return float(point["delta"][0])

    half_step = again(replace(given.numerics, dt=0.5 * given.numerics.dt), p)
    fine, finer = refined(p, given.numerics)
    change = abs(again(finer, fine) - delta[top])
    return abs(half_step - delta[top]) + GRID_FACTOR * change + 1e-9


# ---- the lines ----------------------------------------------------------------------------------


def line_jobs(given: Given) -> list[Callable[[], dict]]:
    """Functions that give records with "V_c", for the lines of a map over Omega and V.

    First the stationary driven state at each Omega, then batches of those reached at t_max.
    """
    if set(given.sweep) != {"Omega", "V"} or given.numerics.drive != "rotating":
        return []
    Omega, top = given.sweep["Omega"], float(given.sweep["V"].max())
    stationary = [
        partial(
            onset_of_pairs, replace(given.parameters, Omega=float(x)), given.numerics, FLOOR, top
        )
        for x in Omega
    ]
    return stationary + [
        partial(reached, given, Omega[i : i + TOGETHER]) for i in range(0, len(Omega), TOGETHER)
    ]


def reached(given: Given, Omega: np.ndarray) -> dict[str, np.ndarray]:
    """{"V_c": (runs,)}: where pairs grow in the populations reached at t_max without pairs.

    nan if nowhere in the map. Also the extreme eigenvalues of the one-body matrices there.
    """
    duration = given.initial.alone + given.run.t_max
    last = driven_alone(given, given.parameters, Omega, duration)
    top, V_c = float(given.sweep["V"].max()), []
    for x, *state in zip(Omega, last["n11"].real, last["n22"].real, last["n21"]):
        model = semiconductor(given.parameters, given.numerics, Omega=x)
        V_c.append(pairing.threshold(*pairing.matrices(model, *state), FLOOR, top))
    low, high = positivity.extremes(model, last)
    return {"V_c": np.array(V_c), "min_eigenvalue": low, "max_eigenvalue": high}


# ---- what is written ----------------------------------------------------------------------------


def tables(given: Given, jobs: list, records: list) -> tuple[np.ndarray, np.ndarray]:
    """|Delta| at t_max and at nine tenths of it over the map; nan where it is not known."""
    shape = tuple(len(axis) for axis in given.sweep.values())
    delta, before = np.full(shape, np.nan), np.full(shape, np.nan)
    for (_, indices, *_), record in zip(jobs, records):
        for index, last, earlier in zip(indices, record.get("delta", ()), record.get("before", ())):
            delta[index], before[index] = last, earlier
    return delta, before


def say_positivity(ended: Outcome, out: Written, given: Given, jobs: list, records: list) -> None:
    """Eigenvalues of the one-body matrix at t_max and of the lines' states.

    Data sets over the map, their range in the summary, a warning where one leaves [0, 1].
    """
    shape = tuple(len(axis) for axis in given.sweep.values())
    first = len(records) - len(jobs)
    line_records = records[:first]
    points = records[first:]
    ends = []
    for name in ("min_eigenvalue", "max_eigenvalue"):
        table = np.full(shape, np.nan)
        for (_, indices, *_), record in zip(jobs, points):
            for index, value in zip(indices, record.get(name, ())):
                table[index] = value
        out.fixed(name, table, tuple(given.sweep))
        lines = [np.ravel(record[name]) for record in line_records if name in record]
        ends.append((table, np.concatenate([table.ravel(), *lines])))
    (low, all_low), (high, all_high) = ends
    ended.summary |= positivity.range_of(low, high)
    model = semiconductor(given.parameters, given.numerics)
    ended.warnings[:0] = positivity.remarks_of_many(model, all_low, all_high)


def write_map(out: Written, given: Given, delta: np.ndarray, before: np.ndarray) -> None:
    """|Delta| and how it still moves, over the swept keys."""
    for key, values in given.sweep.items():
        out.axis(key, values)
    out.fixed("delta", delta, tuple(given.sweep))
    out.fixed("settling", np.abs(delta - before), tuple(given.sweep))


def write_curves(out: Written, given: Given, records: list) -> None:
    """|Delta| in time along the swept key. **Collective.**"""
    out.axis("t", records[0]["t"])
    history = np.concatenate([record["history"] for record in records])
    out.fixed("delta_t", history, (*given.sweep, "t"))


def write_lines(out: Written, given: Given, records: list) -> None:
    """V_c over Omega, in the stationary driven state and in that of t_max. **Collective.**"""
    count = len(given.sweep["Omega"])
    stationary = [record.get("V_c", np.nan) for record in records[:count]]
    out.fixed("V_c", np.array(stationary))
    Omega = given.sweep["Omega"]
    unknown = [np.full(len(Omega[i : i + TOGETHER]), np.nan) for i in range(0, count, TOGETHER)]
    reached = [record.get("V_c", nan) for record, nan in zip(records[count:], unknown)]
    out.fixed("V_c_reached", np.concatenate(reached))


def outcome(delta: np.ndarray, before: np.ndarray, lost: int, errors: dict) -> Outcome:
    """The Outcome of a map; lost : points that did not converge."""
    largest = np.nanmax(delta)
    summary = {
        "delta_max": float(largest),
        "points": int(delta.size),
        "paired": int((delta > ORDERED).sum()),
    }
    moving, warnings = int((np.abs(delta - before) > 0.01 * largest).sum()), []
    if moving:
        warnings.append(
            f"{moving} points still move by more than 1% of the largest |Delta|: slow growth near "
            "the threshold"
        )
    if lost:
        warnings.append(f"{lost} points or lines did not converge")
    return Outcome("not-converged" if lost else "complete", summary, errors, warnings)
