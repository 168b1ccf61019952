"""Task ``modes``: the zeros of det M(q, w), the sound they begin as, and the real dispersion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....parallel import Communicator, solo
from ....tasks import Given, Outcome, Output, run_sweep
from ..physics import collective_modes
from ..shared.condensate import WIDE, condensates
from ..shared.drive import input_summary
from ..shared.modes_of_momentum import empty_record, modes_at

DEEP = (
    "below the floor modes are roots of det M too, but nothing counts them: next to the cut at "
    "Im w = -(gamma_b + gamma_v) some may be missing"
)
LOOKED_AT = (
    "the verdict is that of the momenta looked at, {where}: phase-diagram with growth = true looks "
    "for the mode that grows fastest at any"
)
UNCOUNTED = "count = false: every mode is a root of det M, but nothing says that none is missing"


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """Zeros of det M, Hanai et al. (2017), Eq. (37): counted, located, polished. **Collective.**

    Ranks take pairs of ratio and momentum where there are enough, else they share the sums.
    """
    parameters = given.parameters
    ratios = given.sweep.get("ratio", np.array([parameters.decay]))
    family, ratios, left_out = condensates(given, comm, ratios)
    ratios = np.array(ratios)
    states = [state for state, _ in family]
    q = np.unique(given.sweep.get("q", np.atleast_1d(np.asarray(parameters.q, float))))
    sweep = _search(given, states, q, comm, log, output)
    return sweep.report(
        output, lambda out: _report(given, (family, ratios, left_out), q, sweep, out)
    )


def _report(given, condensed, q, sweep, out):
    """The modes written, and told with the sound they begin as."""
    family, ratios, left_out = condensed
    parameters, states = given.parameters, [state for state, _ in family]
    records = sweep.filled(empty_record())
    table = [records[i * len(q) : (i + 1) * len(q)] for i in range(len(ratios))]
    sound, sound_errors = _sound(states)
    _write(out, given, ratios, q, states, table, sound)
    summary, errors = _fastest_mode(given, ratios, q, table)
    summary |= _roots(given, q, table) | _long_waves(given, sound)
    errors |= _long_wave_errors(given, sound, sound_errors)
    floor = max(record["floor"] for record in records)
    summary |= _condensates(given, family, ratios) | {"floor": floor, "part": parameters.part}
    lost = [
        f"ratio = {ratios[i]:.6g}, q = {q[j]:.6g}: {record['why']}"
        for i, row in enumerate(table)
        for j, record in enumerate(row)
        if "why" in record
    ]
    warnings = [WIDE, *left_out, *_uncounted(given.numerics, states[0].g, floor), *lost]
    if summary["verdict"] == "stable":
        warnings.append(LOOKED_AT.format(where=_momenta(q)))
    return Outcome("not-converged" if lost else "complete", summary, errors, warnings)


def _search(given, states, q, comm, log, output):
    """The Sweep of all pairs of state and momentum, the momentum fast. **Collective.**"""
    places = [(state, float(k)) for state in states for k in q]
    group = comm.size if len(places) < comm.size else 1

    def point(at, previous, together=None):
        return modes_at(
            *places[at["place"]], given.parameters.part, given.numerics, together or solo()
        )

    axes = {"place": np.arange(len(places))}
    return run_sweep(axes, point, comm, log, output, "modes", group=group, everywhere=False)


# ---- the result -----------------------------------------------------------------------------


def _momenta(q):
    """The momenta in words."""
    if len(q) == 1:
        return f"q = {q[0]:g}"
    return f"{len(q)} from q = {q[0]:g} to {q[-1]:g}"


def _uncounted(numerics, g, floor):
    """[warning] that not every mode above -deep g is counted."""
    if not numerics.count:
        return [UNCOUNTED]
    return [DEEP] if numerics.floor >= 0 and floor > -numerics.deep * g else []


def _fastest_mode(given, ratios, q, table):
    """(summary, errors) of the mode that grows fastest, and the verdict."""
    rows = [
        (ratios[i], q[j], record) for i, row in enumerate(table) for j, record in enumerate(row)
    ]
    summary = dict.fromkeys(("max_growth", "q_max", "frequency"))
    summary["verdict"] = _verdict([record for _, _, record in rows])
    if "ratio" in given.sweep:
        summary["ratio_max"] = None
    rows = [row for row in rows if len(row[2]["z"])]
    if not rows:
        return summary, {}
    ratio, momentum, record = max(rows, key=lambda row: row[2]["z"][0].imag)
    w, error = record["z"][0], float(record["error"][0])
    summary["max_growth"] = float(w.imag)
    summary["q_max"] = float(momentum)
    summary["frequency"] = float(abs(w.real))
    if "ratio" in given.sweep:
        summary["ratio_max"] = float(ratio)
    return summary, {"max_growth": error, "frequency": error}


def _verdict(records):
    """Whether the condensate holds: unstable, stable, or unknown where modes may be missing."""
    if any(record["growing"] for record in records):
        return "unstable"
    return "stable" if all(record["counted"] >= 0 for record in records) else "unknown"


def _roots(given, q, table):
    """Momenta, the roots at each of them, and how many grow; along a sweep of ratio for each."""
    roots = [[[[z.real, z.imag] for z in record["z"]] for record in row] for row in table]
    growing = [
        [None if record["counted"] < 0 else record["growing"] for record in row] for row in table
    ]
    if "ratio" not in given.sweep:
        (roots,), (growing,) = roots, growing
    return {"q": q.tolist(), "roots": roots, "growing": growing}


def _sound(states):
    """(c2 and Gamma of each state, their errors), (n, 2) each."""
    return (
        np.array([collective_modes.gapless(state) for state in states]),
        np.array([collective_modes.gapless_errors(state) for state in states]),
    )


def _long_waves(given, sound):
    """{c2, damping, sound_velocity, crossover_q} of Eq. (46): w^2 + i Gamma w - c2 q^2 = 0.

    Lists along a sweep of ratio. Below crossover_q = Gamma/2c the mode only diffuses, above it
    propagates.
    """
    columns = {"c2": sound[:, 0], "damping": sound[:, 1]}
    with np.errstate(invalid="ignore", divide="ignore"):
        columns["sound_velocity"] = np.sqrt(columns["c2"])
        columns["crossover_q"] = 0.5 * np.abs(columns["damping"]) / columns["sound_velocity"]
    return _listed(given, columns)


def _long_wave_errors(given, sound, errors):
    """The errors of `_long_waves`."""
    columns = {"c2": errors[:, 0], "damping": errors[:, 1]}
    with np.errstate(invalid="ignore", divide="ignore"):
        velocity, relative = np.sqrt(sound[:, 0]), errors / np.abs(sound)
        columns["sound_velocity"] = 0.5 * velocity * relative[:, 0]
        crossover = 0.5 * np.abs(sound[:, 1]) / velocity
        columns["crossover_q"] = crossover * (relative[:, 1] + 0.5 * relative[:, 0])
    return _listed(given, columns)


def _listed(given, columns):
    """{name: list along a sweep of ratio, else number}; None where there is none."""
    lists = {
        name: [float(x) if np.isfinite(x) else None for x in values]
        for name, values in columns.items()
    }
    if "ratio" in given.sweep:
        return lists
    return {name: values[0] for name, values in lists.items()}


def _condensates(given, family, ratios):
    """The input and the states whose modes these are."""
    state = family[0][0]
    summary = input_summary(state.drive)
    summary |= {"ratio": state.ratio, "delta": state.delta}
    if "ratio" in given.sweep:
        summary |= {"ratio": ratios.tolist(), "delta": [other.delta for other, _ in family]}
    summary["residual"] = max(solution.residual for _, solution in family)
    return summary


def _write(out, given, ratios, q, states, table, sound):
    """Axes (ratio,) q and mode; modes, the real dispersion, thresholds, sound."""
    modes = _in_columns(table)
    swept = "ratio" in given.sweep
    if swept:
        out.axis("ratio", ratios)
    out.axis("q", q)
    out.axis("mode", np.arange(modes["growth_rate"].shape[-1]))
    out.axis("component", np.array(["amplitude", "phase"]))
    values = {name: (table_of, ("q", "mode")) for name, table_of in modes.items()}
    values["vector"] = (modes["vector"], ("q", "mode", "component"))
    for name, dtype in (
        ("dispersion", float),
        ("counted", int),
        ("floor", float),
        ("samples", int),
    ):
        entries = np.array([[record[name] for record in row] for row in table], dtype)
        values[name] = (entries, ("q",))
    threshold = [[collective_modes.threshold(state, k) for k in q] for state in states]
    values["threshold"] = (np.array(threshold), ("q",))
    for name, (whole, axes) in values.items():
        if swept:
            out.fixed(name, whole, ("ratio", *axes))
        else:
            out.fixed(name, whole[0], axes)
    if swept:
        out.fixed("c2", sound[:, 0])
        out.fixed("damping", sound[:, 1])
        out.fixed("delta", np.array([state.delta for state in states]))


def _in_columns(table):
    """Modes over (ratio, q, mode), nan where a momentum has fewer than the one with most."""
    most = max([1, *(len(record["z"]) for row in table for record in row)])
    shape = (len(table), len(table[0]), most)
    columns = {name: np.full(shape, np.nan) for name in ("growth_rate", "frequency", "mode_error")}
    columns["vector"] = np.full((*shape, 2), np.nan, complex)
    for i, row in enumerate(table):
        for j, record in enumerate(row):
            n = len(record["z"])
            columns["growth_rate"][i, j, :n] = record["z"].imag
            columns["frequency"][i, j, :n] = record["z"].real
            columns["mode_error"][i, j, :n] = record["error"]
            columns["vector"][i, j, :n] = record["vector"]
    return columns
