"""Tasks ``threshold`` and ``map`` of the phonon-semiconductor system: where pairs begin to grow, and the order parameter over parameters."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial

import numpy as np

from ....errors import InputError, NotConverged
from ....parallel import on_root
from ....solvers import farm as maps
from ....tasks import Outcome
from ....tasks import cost as estimates
from .. import inputs as phonon_inputs
from ..physics import collisions as phonon
from ..physics import pairing as phonon_pairing
from . import steady as phonon_states

SWEPT = ("V", "Omega", "Gamma_ph", "Gamma_rr", "A1", "A2", "v", "n_B")
TOGETHER = 20  # runs in one batch, which share what a step of TS costs
ROWS = 200  # times at which a map looks at |Delta|
FLOOR = 1e-5  # growth rate that counts as growth for the lines of a map
ORDERED = 1e-4  # |Delta| that counts as paired
ROUGH = 2.0  # factor of V_c's changes, which do not fall with the step, in its error


# ---- threshold ------------------------------------------------------------------------------------------------------


def onset_of_pairs(p, n, floor, V_max):
    """{"V_c", "doubled", "growth", "frequency", "moved", "n11", "n22"} of one point; doubled: what twice the floor adds to V_c; V_c is nan if there is none up to V_max."""
    model = phonon_inputs.model(p, n)
    n11, n22, n21, moved = phonon_states.driven_state(model, phonon_states.slowest(p))
    M0, M1 = phonon_pairing.matrices(model, n11, n22, n21)
    Vc, near = (phonon_pairing.threshold(M0, M1, value, V_max) for value in (floor, 2 * floor))
    growth, frequency = phonon_pairing.growth(M0, M1, p.V)
    return {
        "V_c": Vc,
        "doubled": near - Vc,
        "growth": growth,
        "frequency": frequency,
        "moved": moved,
        "n11": n11,
        "n22": n22,
    }


def errors_of_onset(p, n, found):
    """{"V_c_error", "growth_error"} from the same with a half and a third of the step in k; nan where there is none.

    V_c does not go smoothly with the step: one finer grid may by chance give the same, and a quarter of the step still moves it.
    """
    try:
        fine = [
            onset_of_pairs(*phonon_inputs.refined(p, n, times), n.floor, n.V_max)
            for times in (2, 3)
        ]
    except NotConverged:
        fine = [{"V_c": np.nan, "growth": np.nan}]
    moved = {key: max(abs(other[key] - found[key]) for other in fine) for key in ("V_c", "growth")}
    return {
        "V_c_error": ROUGH * moved["V_c"] + 2e-6 * n.V_max,
        "growth_error": phonon_states.CAREFUL * moved["growth"] + 1e-9,
    }


def threshold(run, comm, log, output):
    """V_c over one parameter, Porta et al. 2019, Fig. 2: the driven state once, then eigenvalues for every V. **Collective.**"""
    if len(run.sweep) > 1:
        raise InputError(
            f"[sweep]: a threshold is a curve over one parameter, got {', '.join(run.sweep)}"
        )
    key, values = next(iter(run.sweep.items()), ("Omega", np.array([run.parameters.Omega])))
    for value in values:
        phonon_states.built(*phonon_states.at(run, key, value))
    other = {"printed": "lindblad", "lindblad": "printed"}[run.parameters.radiative]

    def solve(i, j, warm):
        p, n = phonon_states.at(run, key, values[i])
        found = onset_of_pairs(p, n, n.floor, n.V_max)
        found |= errors_of_onset(p, n, found) if n.error_estimate else {}
        return found | {
            f"V_c_{other}": onset_of_pairs(replace(p, radiative=other), n, n.floor, n.V_max)["V_c"]
        }

    records, stopped = maps.farm((len(values), 1), solve, comm, log, output.points(), "threshold")
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    records = [row[0] for row in records]
    lost = [float(v) for v, r in zip(values, records) if "status" in r]
    out = output()
    write_thresholds(out, run, key, values, records, other)

    def listed(name):
        found = [None if np.isnan(r.get(name, np.nan)) else r[name] for r in records]
        return found[0] if len(found) == 1 else found

    summary = {"V_c": listed("V_c"), "floor": run.numerics.floor, "growth_rate": listed("growth")}
    errors = (
        {"V_c": listed("V_c_error"), "growth_rate": listed("growth_error")}
        if run.numerics.error_estimate
        else {}
    )
    most = max(
        (r["doubled"] for r in records if np.isfinite(r.get("doubled", np.nan))), default=0.0
    )
    warnings = [
        f"V_c is where pairs grow at {run.numerics.floor:g}; at twice that it is larger by up to {most:.2g}"
    ]
    warnings += [f"no driven state at {key} = {lost}"] if lost else []
    warnings += phonon_states.unknown(
        run.numerics, [None if np.isnan(r.get("V_c_error", np.nan)) else 0 for r in records]
    )
    return Outcome("not-converged" if lost else "complete", summary, errors, warnings)


def write_thresholds(out, run, key, values, records, other):
    """Curves, and the populations of the driven states where all have the same momenta. **Collective.**"""
    out.axis(key, values, phonon_states.UNITS.get(key, "E_g"), key)
    words = "interaction at which pairs begin to grow; nan: none up to V_max"
    for name, text in (
        ("V_c", words),
        (f"V_c_{other}", f'{words}; radiative = "{other}"'),
        ("growth", "growth rate at the interaction of the input"),
        ("frequency", "its frequency"),
        ("moved", "largest rate of change left in the driven state"),
        ("doubled", "what twice the floor adds to V_c"),
        ("V_c_error", "error of V_c from the step in k; nan: not known"),
    ):
        out.fixed(name, np.array([r.get(name, np.nan) for r in records]), (key,), "E_g", text)
    good = [r for r in records if "status" not in r]
    if key == "points" or not good:
        return
    out.axis(
        "k",
        phonon_states.built(run.parameters, run.numerics).bands.k
        if key != "v"
        else phonon_states.built(*phonon_states.at(run, key, values[0])).bands.k,
        "1",
        "momentum",
    )
    for name in ("n11", "n22"):
        rows = [r.get(name, np.full_like(good[0][name], np.nan)) for r in records]
        out.fixed(name, np.array(rows), (key, "k"), "1", f"population {name} of the driven state")


# ---- map ------------------------------------------------------------------------------------------------------------


def batches(run):
    """[(parameters, indices of the map, V (runs,), Omega (runs,))]: points that differ in V and Omega alone, ten at a time."""
    keys, axes = list(run.sweep), list(run.sweep.values())
    found = {}
    for index in itertools.product(*(range(len(axis)) for axis in axes)):
        given = {key: float(axis[i]) for key, axis, i in zip(keys, axes, index)}
        own = tuple(
            sorted((key, value) for key, value in given.items() if key not in ("V", "Omega"))
        )
        found.setdefault(own, []).append(
            (index, given.get("V", run.parameters.V), given.get("Omega", run.parameters.Omega))
        )
    work = []
    for own, points in found.items():
        p = replace(run.parameters, **({"m": None} if "v" in dict(own) else {}), **dict(own))
        for begin in range(0, len(points), TOGETHER):
            index, V, Omega = zip(*points[begin : begin + TOGETHER])
            work.append((p, index, np.array(V), np.array(Omega)))
    return work


def final(run, p, V, Omega):
    """{"delta", "before", "history"}: |Delta| (runs,) at t_max, at nine tenths of it, and for a curve (runs, times) in time, by TS on one rank."""
    model = phonon_inputs.model(
        p, run.numerics, run.numerics.drive, V=V[:, None], Omega=Omega[:, None]
    )
    kinds, which = np.unique(Omega, return_inverse=True)
    fields = {
        name: values[which]
        for name, values in driven_alone(run, p, kinds, run.initial.alone).items()
    }
    fields["s"] = np.full_like(fields["s"], run.initial.seed * (1 + 1j))
    _, seen = phonon_states.evolved(model, fields, run.run.t_max, run.numerics.dt, ROWS, run.petsc)
    t, sizes = np.array([t for t, _ in seen]), np.abs(np.array([delta for _, delta in seen])).T
    found = {"delta": sizes[:, -1], "before": sizes[:, np.argmin(np.abs(t - 0.9 * run.run.t_max))]}
    return found | ({"history": sizes, "t": t} if len(run.sweep) == 1 else {})


def driven_alone(run, p, Omega, time):
    """{name: (runs, n)}: what the laser makes of the filled lower band within ``time``, without pairs, by TS on one rank."""
    model = phonon_inputs.model(p, run.numerics, run.numerics.drive, V=0.0, Omega=Omega[:, None])
    start = zip(("n11", "n22", "n21", "s"), phonon.start(len(model.bands.k), 0.0))
    fields = {name: np.tile(values.astype(complex), (len(Omega), 1)) for name, values in start}
    return phonon_states.evolved(model, fields, time, run.numerics.dt)[0] if time > 0 else fields


def reached(run, Omega):
    """{"V_c": (runs,)}: where pairs grow in the populations that the laser alone has reached at t_max; nan if nowhere in the map."""
    last = driven_alone(run, run.parameters, Omega, run.initial.alone + run.run.t_max)
    found, top = [], float(run.sweep["V"].max())
    for x, *state in zip(Omega, last["n11"].real, last["n22"].real, last["n21"]):
        model = phonon_inputs.model(run.parameters, run.numerics, Omega=x)
        found.append(phonon_pairing.threshold(*phonon_pairing.matrices(model, *state), FLOOR, top))
    return {"V_c": np.array(found)}


def lines(run):
    """[function -> record with "V_c"] for the lines of a map over Omega and V: each stationary driven state, then batches of those at t_max."""
    if set(run.sweep) != {"Omega", "V"} or run.numerics.drive != "rotating":
        return []
    Omega, top = run.sweep["Omega"], float(run.sweep["V"].max())
    still = [
        partial(onset_of_pairs, replace(run.parameters, Omega=float(x)), run.numerics, FLOOR, top)
        for x in Omega
    ]
    return still + [
        partial(reached, run, Omega[i : i + TOGETHER]) for i in range(0, len(Omega), TOGETHER)
    ]


def map(run, comm, log, output):  # noqa: A001  (the task's name)
    """|Delta| at t_max over one or two parameters, Porta et al. 2019, Fig. 2; over Omega and V with lines V_c(Omega). **Collective.**"""
    if not run.sweep:
        raise InputError(f"[sweep]: a map needs one or two of {', '.join(SWEPT)}")
    work, extra = batches(run), lines(run)
    for p, *_ in work:
        phonon_states.built(p, run.numerics)

    def solve(i, j, warm):
        return (
            {"V_c": extra[i]()["V_c"]}
            if i < len(extra)
            else final(run, work[i - len(extra)][0], *work[i - len(extra)][2:])
        )

    records, stopped = maps.farm(
        (len(extra) + len(work), 1), solve, comm, log, output.points(), "map"
    )
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    records = [row[0] for row in records]
    drawn, records = records[: len(extra)], records[len(extra) :]
    shape = tuple(len(axis) for axis in run.sweep.values())
    delta, before = np.full(shape, np.nan), np.full(shape, np.nan)
    lost = 0
    for (_, indices, *_), record in zip(work, records):
        lost += len(indices) * ("status" in record)
        for at, size, earlier in zip(indices, record.get("delta", ()), record.get("before", ())):
            delta[at], before[at] = size, earlier
    write_map(run, output(), delta, before, drawn, records if len(shape) == 1 and not lost else [])
    return described(
        delta,
        before,
        lost,
        top_error(run, work, delta, comm) if run.numerics.error_estimate and not lost else None,
    )


def write_map(run, out, delta, before, drawn, curves):
    """The map, its lines, and along one key |Delta| in time. **Collective.**"""
    keys = list(run.sweep)
    for key, axis in run.sweep.items():
        out.axis(key, axis, phonon_states.UNITS.get(key, "E_g"), key)
    out.fixed("delta", delta, tuple(keys), "E_g", "|Delta| at t_max")
    out.fixed(
        "settling",
        np.abs(delta - before),
        tuple(keys),
        "E_g",
        "its change over the last tenth of the time",
    )
    if curves:
        out.axis("t", curves[0]["t"], "1/E_g", "time")
        out.fixed(
            "delta_t",
            np.concatenate([record["history"] for record in curves]),
            (keys[0], "t"),
            "E_g",
            "|Delta| in time",
        )
    if drawn:
        count, words = (
            len(run.sweep["Omega"]),
            "interaction at which pairs begin to grow in {}; nan: none in the map",
        )
        out.fixed(
            "V_c",
            np.array([record.get("V_c", np.nan) for record in drawn[:count]]),
            ("Omega",),
            "E_g",
            words.format("the stationary driven state"),
        )
        out.fixed(
            "V_c_reached",
            np.concatenate([record["V_c"] for record in drawn[count:]]),
            ("Omega",),
            "E_g",
            words.format("what the laser alone has reached at t_max"),
        )


def described(delta, before, lost, error):
    """The Outcome of a map."""
    top = np.unravel_index(np.nanargmax(delta), delta.shape)
    summary = {
        "delta_max": float(delta[top]),
        "points": int(delta.size),
        "paired": int((delta > ORDERED).sum()),
    }
    moving = int((np.abs(delta - before) > 0.01 * np.nanmax(delta)).sum())
    warnings = (
        [
            f"{moving} points still move by more than 1% of the largest |Delta|: slow growth near the threshold"
        ]
        if moving
        else []
    )
    warnings += [f"{lost} points did not converge"] if lost else []
    return Outcome(
        "not-converged" if lost else "complete",
        summary,
        {} if error is None else {"delta_max": error},
        warnings,
    )


def top_error(run, work, delta, comm):
    """Error of the largest |Delta| of a map: of the step and of the momenta, from that point again with either refined. **Collective.**"""
    top = np.unravel_index(np.argmax(delta), delta.shape)
    p, V, Omega = next(
        (p, V[i : i + 1], Omega[i : i + 1])
        for p, indices, V, Omega in work
        for i, at in enumerate(indices)
        if at == top
    )

    def again(numerics, parameters):
        return float(final(replace(run, numerics=numerics), parameters, V, Omega)["delta"][0])

    def both():
        step = again(replace(run.numerics, dt=0.5 * run.numerics.dt), p)
        fine, finer = phonon_inputs.refined(p, run.numerics)
        return (
            abs(step - delta[top])
            + phonon_states.CAREFUL * abs(again(finer, fine) - delta[top])
            + 1e-9
        )

    return on_root(comm, both)


def estimate(run, ranks):
    """Lines for ``hpcneq check``: batches, steps, and time from a hundred right-hand sides of one of them."""
    work = batches(run)
    p, _, V, Omega = work[0]
    model = phonon_inputs.model(
        p, run.numerics, run.numerics.drive, V=V[:, None], Omega=Omega[:, None]
    )
    fields = [np.tile(values, (len(V), 1)) for values in phonon.start(len(model.bands.k), 1e-3)]
    steps = run.run.t_max / run.numerics.dt
    each = 4 * steps * (estimates.seconds(lambda: model.rhs(0.0, *fields)) + 4e-5)
    return [
        f"  {len(work)} batches of up to {TOGETHER} runs, {steps:.0f} steps",
        f"  time: about {each * len(work) / min(ranks, len(work)):.0f} s on {ranks} rank{'s' * (ranks > 1)}",
    ]
