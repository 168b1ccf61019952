"""Task ``modes`` of the exciton-bec system: roots of det M(q, w) = 0, the sound they begin as, and the dispersion on the real axis."""

from __future__ import annotations

import numpy as np

from ....errors import InputError, NotConverged
from ....parallel import on_root, solo
from ....solvers import farm as maps
from ....solvers.contours import Box
from ....solvers.modes import spectrum
from ....tasks import Outcome
from ..physics import collective_modes as collective
from ..physics import growth
from .steady import WIDE, condensate, drive_of, given, refuse_unused

FINENESS = (
    0.1,
    0.5,
)  # between the thresholds of pairs M varies far more slowly than its distance from -ig lets expect
LINES = (0.5, 0.85)  # of g: where an approximant is sampled for the modes below the floor
DEEP = "below the floor modes are roots of det M too, but nothing counts them: next to the cut at Im w = -(gamma_b + gamma_v) some may be missing"
LADDER = (0.9, 0.5)  # of g: where roots are counted if they cannot be down to the floor

UNCOUNTED = "count = false: every mode is a root of det M, but nothing says that none is missing"


def modes(run, comm, log, output):
    """Roots of det M(q, w), Hanai et al. (2018), Eq. (37): counted by winding, located, polished. **Collective.**

    Ranks take pairs of ratio and momentum where there are enough of them, else they share the sums.
    """
    refuse_unused(run)
    p, n = run.parameters, run.numerics
    if not np.size(p.q):
        raise InputError("[parameters] q = []: must hold at least one number")
    ratios = run.sweep.get("ratio", np.array([p.decay]))
    family = [condensate(run, comm, drive_of(run, ratio=ratio)) for ratio in ratios]
    q = np.unique(run.sweep.get("q", np.atleast_1d(np.asarray(p.q, float))))
    if q[0] <= 0:
        raise InputError(f"[sweep] q: momenta must be > 0, got {q[0]:g}")
    out = output()
    found, stopped = search([state for state, _ in family], q, p.part, n, comm, log, output)
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    sound = np.array(on_root(comm, lambda: [collective.gapless(state) for state, _ in family]))
    write(out, run, ratios, q, family, found, sound)
    summary, errors = headline(ratios, q, found, "ratio" in run.sweep)
    state, solution = family[0]
    summary |= long_waves(sound, "ratio" in run.sweep) | {
        "floor": max(row["floor"] for line in found for row in line),
        "part": p.part,
        **given(state.drive),
    }
    summary |= {
        "ratio": ratios.tolist() if "ratio" in run.sweep else state.ratio,
        "delta": [s.delta for s, _ in family] if "ratio" in run.sweep else state.delta,
        "residual": max(x.residual for _, x in family),
    }
    lost = [
        f"ratio = {ratios[i]:.6g}, q = {q[j]:.6g}: {row['why']}"
        for i, line in enumerate(found)
        for j, row in enumerate(line)
        if "why" in row
    ]
    return Outcome(
        "not-converged" if lost else "complete",
        summary,
        errors,
        [WIDE, *_below(n, state.g, summary["floor"]), *lost],
    )


def _below(numerics, g, floor):
    """[warning] that not every root above -deep is counted."""
    if not numerics.count:
        return [UNCOUNTED]
    return [DEEP] if numerics.floor >= 0 and floor > -numerics.deep * g else []


def search(states, q, part, numerics, comm, log, output):
    """(records [ratio][q], why it was stopped or None). **Collective.**"""
    places = [(i, j) for i in range(len(states)) for j in range(len(q))]

    def solve(k, _, warm):
        i, j = places[k]
        return record(states[i], float(q[j]), part, numerics, solo())

    if len(places) < comm.size:
        rows, stopped = (
            [record(states[i], float(q[j]), part, numerics, comm) for i, j in places],
            None,
        )
    else:
        rows, stopped = maps.farm((len(places), 1), solve, comm, log, output.points(), "modes")
        rows = [row[0] for row in rows]
    return [rows[i * len(q) : (i + 1) * len(q)] for i in range(len(states))], stopped


def record(state, q, part, numerics, comm):
    """Modes of one momentum: {z (n,), error (n,), vector (n, 2), counted, growing, samples, dispersion}, fastest first. **Collective.**

    counted : how many are at Im w above the floor, with mirrored ones; -1 where not counted, or M's error blurs the count: ``why`` tells.
    """
    counted, floor = _counted(state, q, part, numerics, comm)
    certain = not isinstance(counted, str)
    deep = []
    if numerics.floor >= 0 and not (certain and floor <= -numerics.deep * state.g):
        deep = on_root(
            comm,
            growth.roots,
            state,
            q,
            min(numerics.panels, growth.FINE),
            part,
            LINES,
            numerics.deep,
        )
    if certain:
        found = {"counted": counted.count, "samples": counted.samples}
        rows = [(_on_axis(m, state.g), m.error, m.vectors[0]) for m in counted.modes]
        deep = [w for w in deep if w.imag < floor]
    else:
        found, rows = {"counted": -1, "samples": 0} | ({"why": counted} if counted else {}), []
    rows += [
        on_root(comm, _uncounted, state, q, z, part)
        for w in deep
        for z in ([w, -np.conj(w)] if w.real else [w])
    ]
    rows.sort(key=lambda row: (-round(row[0].imag, 10), -row[0].real))
    z = np.array([row[0] for row in rows], complex)
    found["growing"] = counted.growing if certain else int(np.count_nonzero(z.imag > 1e-9))
    return found | {
        "z": z,
        "floor": floor,
        "error": np.array([row[1] for row in rows], float),
        "vector": np.array([row[2] for row in rows], complex).reshape(-1, 2),
        "dispersion": on_root(comm, growth.dispersion, state, q, part),
    }


def _counted(state, q, part, numerics, comm):
    """(the Spectrum at one q, or why there is none, its floor) : as deep as counting is certain. **Collective.**"""
    if not numerics.count:
        return "", -numerics.floor * state.g
    for share in (numerics.floor, *(x for x in LADDER if x < numerics.floor)):
        found = one(state, q, -share * state.g, part, numerics.panels, comm)
        if not isinstance(found, str):
            return found, found.box.bottom
    return found, -share * state.g


def _on_axis(mode, g):
    """The root, on the imaginary axis where it is one, to its error: M(q, -w*) = M(q, w)*."""
    return (
        1j * mode.z.imag
        if mode.multiplicity == 1 and abs(mode.z.real) < min(1e-6 * g, mode.error)
        else mode.z
    )


def one(state, q, floor, part, fine, comm):
    """The Spectrum at one q, or why there is none. **Collective.**"""
    x, y = collective.reach(state, q)
    try:
        return spectrum(
            collective.Collective(state, part, fine),
            float(q),
            comm,
            box=Box(-1.013 * x, 1.013 * x, floor, 1.011 * y),
            fineness=FINENESS,
        )
    except NotConverged as error:
        return str(error)


def _uncounted(state, q, w, part):
    """(w, error, null vector) of a root that the approximant showed; the error is its change on finer panels."""
    sharp = growth.root(state, q, w, 1.4 * growth.FINE, part=part) or w
    M = growth.response.matrices(state, q, [sharp], part, growth.FINE)[0]
    return (
        complex(sharp),
        float(2 * abs(sharp - w) + 1e-7 * state.g),
        np.linalg.svd(M)[2][-1].conj(),
    )


def long_waves(sound, swept):
    """{c2, damping, sound_velocity, crossover_q} of Eq. (46): w^2 + i Gamma w - c2 q^2 = 0; lists along a sweep over ratio.

    Below crossover_q = Gamma/2c the mode only diffuses, above it propagates.
    """
    columns = {"c2": sound[:, 0], "damping": sound[:, 1]}
    with np.errstate(invalid="ignore", divide="ignore"):
        columns["sound_velocity"] = np.sqrt(columns["c2"])
        columns["crossover_q"] = 0.5 * np.abs(columns["damping"]) / columns["sound_velocity"]
    lists = {
        name: [float(x) if np.isfinite(x) else None for x in values]
        for name, values in columns.items()
    }
    return lists if swept else {name: values[0] for name, values in lists.items()}


def headline(ratios, q, found, swept):
    """(summary, errors) : roots of every q (of every ratio), the largest growth rate and where."""
    rows = [(ratios[i], q[j], row) for i, line in enumerate(found) for j, row in enumerate(line)]
    ratio, k, best = max(
        (row for row in rows if len(row[2]["z"])),
        key=lambda row: row[2]["z"][0].imag,
        default=(None, None, None),
    )
    roots = [[[[z.real, z.imag] for z in row["z"]] for row in line] for line in found]
    growing = [[None if row["counted"] < 0 else row["growing"] for row in line] for line in found]
    some, sure = (
        any(row["growing"] for _, _, row in rows),
        all(row["counted"] >= 0 for _, _, row in rows),
    )
    summary = {
        "q": q.tolist(),
        "roots": roots if swept else roots[0],
        "growing": growing if swept else growing[0],
        "max_growth": float(best["z"][0].imag) if best else None,
        "q_max": float(k) if best else None,
        "frequency": float(abs(best["z"][0].real)) if best else None,
        "verdict": "unstable" if some else "stable" if sure else "unknown",
    }
    if swept:
        summary["ratio_max"] = float(ratio) if best else None
    return summary, {
        "max_growth": float(best["error"][0]),
        "frequency": float(best["error"][0]),
    } if best else {}


def write(out, run, ratios, q, family, found, sound):
    """Axes (ratio,) q and mode; frequencies, growth rates, errors, the real dispersion, the threshold of pairs, sound. **Collective.**"""
    swept = "ratio" in run.sweep
    most = max([1, *(len(row["z"]) for line in found for row in line)])
    shape = (len(ratios), len(q), most)
    rate, frequency, error = (np.full(shape, np.nan) for _ in range(3))
    vector = np.full((*shape, 2), np.nan, complex)
    for i, line in enumerate(found):
        for j, row in enumerate(line):
            n = len(row["z"])
            rate[i, j, :n], frequency[i, j, :n], error[i, j, :n], vector[i, j, :n] = (
                row["z"].imag,
                row["z"].real,
                row["error"],
                row["vector"],
            )

    def put(name, values, axes, units, text):
        out.fixed(
            name, values if swept else values[0], ("ratio", *axes) if swept else axes, units, text
        )

    if swept:
        out.axis("ratio", ratios, "1", "gamma_v/gamma_b")
    out.axis("q", q, "kF", "momentum")
    out.axis("mode", np.arange(most), "1", "modes of one q, fastest growing first")
    out.axis("component", np.array(["amplitude", "phase"]), "1", "component of the null vector")
    for name, values, text in (
        ("growth_rate", rate, "Im w of the mode e^{-iwt}"),
        ("frequency", frequency, "Re w of the mode"),
        ("mode_error", error, "bound on the error of w"),
    ):
        put(name, values, ("q", "mode"), "eF", text)
    put("vector", vector, ("q", "mode", "component"), "1", "null vector of M, of length 1")
    put(
        "dispersion",
        np.array([[row["dispersion"] for row in line] for line in found]),
        ("q",),
        "eF",
        "lowest real w > 0 where Re det M changes sign, Eq. (43)",
    )
    put(
        "threshold",
        np.array([[collective.threshold(state, k) for k in q] for state, _ in family]),
        ("q",),
        "eF",
        "least energy of a broken pair",
    )
    put(
        "counted",
        np.array([[row["counted"] for row in line] for line in found], np.int64),
        ("q",),
        "1",
        "modes above the floor by winding; -1: not counted, or not certain",
    )
    put(
        "floor",
        np.array([[row["floor"] for row in line] for line in found]),
        ("q",),
        "eF",
        "Im w above which modes are counted",
    )
    put(
        "samples",
        np.array([[row["samples"] for row in line] for line in found], np.int64),
        ("q",),
        "1",
        "evaluations of M",
    )
    if swept:
        for name, values, units, text in (
            ("c2", sound[:, 0], "(eF/kF)^2", "c^2 of Eq. (46)"),
            ("damping", sound[:, 1], "eF", "Gamma of Eq. (46)"),
            ("delta", np.array([s.delta for s, _ in family]), "eF", "order parameter"),
        ):
            out.fixed(name, values, ("ratio",), units, text)
