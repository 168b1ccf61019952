"""Tasks of the phonon-semiconductor system: evolution, threshold of pairing, map of the order parameter."""
from __future__ import annotations

from dataclasses import replace

import numpy as np

from .. import petsc, store
from ..config import Task
from ..errors import InputError
from ..parallel import on_root, solo
from ..solvers import maps
from ..solvers.evolve import Evolution
from ..solvers.meanfield import FieldState
from ..systems.semiconductor import phonon, phonon_effective, phonon_inputs, phonon_pairing
from .evolution import Outcome, Recorder, run_evolution

FIXED_STEP = {"ts_rk_type": "5dp", "ts_adapt_type": "none"}     # an adaptive step would seed the order with its own noise
SETTLED, PATIENCE = 1e-12, 150     # of the driven state's rates; and so many times its slowest time
LOOK, LARGE_STEP = 100, 0.8        # steps between two looks whether it has settled; their length
SWEPT = ("V", "Omega", "Gamma_ph", "Gamma_rr")
POSITIVITY = ("eigenvalues of the one-body matrix left [0, 1] ({low:.2e} .. {high:.2e}): {what} does not keep it positive")

TASKS = {
    "evolve": Task(tables={"parameters": phonon_inputs.Parameters, "numerics": phonon_inputs.Numerics, "initial": phonon_inputs.Initial},
                   timed=True, petsc=("evolve",), doc="populations, coherence and pairs in time after the laser is switched on"),
    "threshold": Task(tables={"parameters": phonon_inputs.Parameters, "numerics": phonon_inputs.ThresholdNumerics},
                      sweep=("Omega", "Gamma_ph", "Gamma_rr"), doc="interaction V_c at which pairs begin to grow, from the driven state without pairs"),
    "map": Task(tables={"parameters": phonon_inputs.Parameters, "numerics": phonon_inputs.Numerics, "initial": phonon_inputs.Initial},
                sweep=SWEPT, timed=True, petsc=("evolve",), doc="order parameter at t_max over two parameters"),
    "effective": Task(tables={"parameters": phonon_inputs.Parameters, "numerics": phonon_inputs.Numerics, "initial": phonon_inputs.Initial},
                      timed=True, petsc=("evolve",), doc="populations at t_max against two bands at rest with interband pairing"),
}


# ---- evolution ------------------------------------------------------------------------------------------------------

class Driven:
    """Protocol MeanField over momenta; each rank computes the rates of all, which are few, and keeps its own."""

    everywhere = True
    fields = {"n11": (), "n22": (), "n21": (), "s": ()}

    def __init__(self, model, seed):
        self.model, self.seed, self.items = model, seed, len(model.bands.k)

    def start(self, part):
        """Filled lower band."""
        return {name: values[part.start:part.stop] for name, values in zip(self.fields, phonon.start(self.items, self.seed * (1 + 1j)))}

    def breakpoints(self, t_max):
        """The laser is there from the beginning."""
        return []

    def partials(self, t, local, part):
        """s dk/2pi."""
        own = slice(part.start, part.stop)
        return (self.model.bands.weight[own] * local["s"][own])[:, None]

    def close(self, sums):
        """(Delta,)."""
        return np.conj(self.model.V * sums)

    def rates(self, t, local, c):
        """All four rates."""
        return self.model.rhs(t, local["n11"].real, local["n22"].real, local["n21"], local["s"], c[0])

    def rhs(self, t, side, local, c, out, part):
        """This rank's share of them."""
        for name, rate in zip(self.fields, self.rates(t, local, c)):
            out[name][:] = rate[part.start:part.stop]

    def observables(self, t, side, local, c, part):
        """Rows (particles, d(s dk/2pi)/dt)."""
        own = slice(part.start, part.stop)
        change = self.rates(t, local, c)[3][own]
        return np.stack([(local["n11"] + local["n22"])[own], self.model.bands.weight[own] * change], axis=1)


class Records(Recorder):
    """Data sets of an evolution."""

    worst = {"min_eigenvalue": min, "max_eigenvalue": max, "particle_drift": max}
    safety, defaults = 8.0, FIXED_STEP

    def __init__(self, model, layout):
        self.model, self.layout, self.particles = model, layout, float(len(model.bands.k))

    def declare(self, out):
        """Axes and series. **Collective.**"""
        out.growing_axis("t", "1/E_g", "time")
        out.axis("k", self.model.bands.k, "1", "momentum")
        out.series("delta", complex, ("t",), "E_g", "order parameter")
        out.series("delta_rate", complex, ("t",), "E_g^2", "its rate of change")
        out.series("particle_number", float, ("t",), "1", "electrons on the grid")
        out.growing_axis("t_monitor", "1/E_g", "times of the momentum distributions")
        for name, dtype, text in (("n11", float, "population of the lower band"), ("n22", float, "population of the upper band"),
                                  ("n21", complex, "coherence <c2+ c1>"), ("s", complex, "pairs <c2+_k c1+_-k>")):
            out.series(name, dtype, ("t_monitor", "k"), "1", text, layout=self.layout)
        for name, text in (("min_eigenvalue", "smallest"), ("max_eigenvalue", "largest")):
            out.series(f"{name}_t", float, ("t_monitor",), "1", f"{text} eigenvalue of the one-body matrix")

    def row(self, t, c, seen):
        """One row, replicated."""
        number, change = seen["sums"]
        return {"t": t, "delta": complex(c[0]), "delta_rate": complex(np.conj(self.model.V * change)), "particle_number": float(number.real),
                "particle_drift": abs(float(number.real) - self.particles)}

    def local(self, row, seen):
        """What is written of it."""
        return {name: row[name] for name in ("t", "delta", "delta_rate", "particle_number")}

    def watch(self, state, found, seen):
        """Momentum distributions and the positivity of the one-body matrix. **Collective.**"""
        whole = state.seen(found.array)
        low, high = self.model.eigenvalues(whole["n11"].real, whole["n22"].real, whole["n21"], whole["s"])
        mine = seen["local"]
        rows = {"n11": mine["n11"].real, "n22": mine["n22"].real, "n21": mine["n21"], "s": mine["s"], "min_eigenvalue_t": low, "max_eigenvalue_t": high}
        return rows, {"min_eigenvalue": low, "max_eigenvalue": high}

    def headline(self, row):
        """Summary numbers of a row."""
        size = abs(row["delta"])
        turning = float((row["delta_rate"] / row["delta"]).imag) if size > 0 else 0.0
        return {"t": row["t"], "delta_final": size, "delta_frequency": turning, "particle_number": row["particle_number"]}

    def warnings(self, worst):
        """If the one-body matrix lost its positivity."""
        if worst["min_eigenvalue"] > -1e-9 and worst["max_eigenvalue"] < 1 + 1e-9:
            return []
        what = [f'collision = "{self.model.collision}"'] if self.model.collision == "redfield" else []
        what += [f'radiative = "{self.model.radiative}"'] if self.model.radiative == "printed" else []
        return [POSITIVITY.format(low=worst["min_eigenvalue"], high=worst["max_eigenvalue"], what=" and ".join(what) or "the time step")]

    def balance(self, worst):
        """Particles lost."""
        return worst["particle_drift"]

    def progress(self, row):
        """A few words."""
        return f"|Delta| = {abs(row['delta']):.3e}"


def evolve(run, comm, log, output):
    """Porta et al. 2019, Figs. 4 to 7: the laser is switched on at t = 0 over a filled lower band. **Collective.**"""
    model = checked(run)

    def state(variant, begin):
        return FieldState(Driven(model, run.initial.seed), comm, begin)

    records = Records(model, state(None, False).layout)
    outcome = run_evolution(run, comm, log, output, state, records)
    m = phonon_inputs.steps(run.parameters, run.numerics)
    outcome.summary.update(m1=m[0], m2=m[1], v=m[0] * run.parameters.A1 * 2 * run.numerics.k_max / (run.numerics.points - 1))
    if outcome.status == "complete":
        out = output()
        out.flush()
        outcome.summary["onset"] = on_root(comm, onset, out.path)
        outcome.errors.setdefault("onset", run.run.output_every or run.numerics.dt)
    return outcome


def onset(path):
    """The first time at which |Delta| is half of what it is at the end; None if the end is no larger than 1e-9."""
    result = store.Result(path)
    size = np.abs(np.asarray(result.delta))
    return float(result.t[np.argmax(size >= 0.5 * size[-1])]) if size[-1] > 1e-9 else None


def checked(run, **changes):
    """The model of an input; InputError if v does not fit the grid."""
    try:
        return phonon_inputs.model(run.parameters, run.numerics, getattr(run.numerics, "drive", "rotating"), **changes)
    except ValueError as error:
        raise InputError(f"[parameters] {error}") from None


# ---- threshold ------------------------------------------------------------------------------------------------------

def driven_state(model, rate):
    """(n11, n22, n21, largest rate of change) of the state without pairs, by TS on one rank until nothing moves."""
    system = Driven(replace(model, V=0.0), 0.0)
    state, seen = FieldState(system, solo()), {"steps": 0, "moved": np.inf}

    def settled(t):
        seen["steps"] += 1
        if seen["steps"] % LOOK == 0:
            rates = system.rates(t, state.view(state.flat), np.zeros(1, complex))
            seen["moved"] = max(float(np.abs(x).max()) for x in rates)
        return seen["moved"] < SETTLED

    with petsc.Options({"evolve_ts_rk_type": "4", "evolve_ts_adapt_type": "none"}) as options:
        evolution = Evolution(state, PATIENCE / rate, LARGE_STEP, options)
        try:
            evolution.run(lambda row: None, settled, every=PATIENCE / rate)
            found = {name: values.copy() for name, values in state.view(state.flat).items()}
        finally:
            evolution.destroy()
    return found["n11"].real, found["n22"].real, found["n21"], seen["moved"]


def threshold(run, comm, log, output):
    """V_c over one parameter, Porta et al. 2019, Fig. 2: the driven state once, then eigenvalues for every V. **Collective.**"""
    if len(run.sweep) > 1:
        raise InputError(f"[sweep]: a threshold is a curve over one parameter, got {', '.join(run.sweep)}")
    key, values = next(iter(run.sweep.items()), ("Omega", np.array([run.parameters.Omega])))
    checked(run)

    def solve(i, j, warm):
        p = replace(run.parameters, **{key: float(values[i])})
        model = phonon_inputs.model(p, run.numerics)
        n11, n22, n21, moved = driven_state(model, max(min(p.Gamma_ph, p.Gamma_rr or p.Gamma_ph), 1e-6))
        M0, M1 = phonon_pairing.matrices(model, n11, n22, n21)
        Vc, near = (phonon_pairing.threshold(M0, M1, floor, run.numerics.V_max) for floor in (run.numerics.floor, 2 * run.numerics.floor))
        growth, frequency = phonon_pairing.growth(M0, M1, p.V)
        return {"V_c": Vc, "error": abs(near - Vc) + 1e-6 * run.numerics.V_max, "growth": growth, "frequency": frequency, "moved": moved,
                "n11": n11, "n22": n22}

    records, stopped = maps.farm((len(values), 1), solve, comm, log, output.points(), "threshold")
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    records = [row[0] for row in records]
    out = output()
    out.axis(key, values, "E_g", key)
    model = checked(run)
    out.axis("k", model.bands.k, "1", "momentum")
    for name, units, text in (("V_c", "E_g", "interaction at which pairs begin to grow; nan: none up to V_max"),
                              ("growth", "E_g", "growth rate at the interaction of the input"), ("frequency", "E_g", "its frequency"),
                              ("moved", "E_g", "largest rate of change left in the driven state")):
        out.fixed(name, np.array([r[name] for r in records]), (key,), units, text)
    for name in ("n11", "n22"):
        out.fixed(name, np.array([r[name] for r in records]), (key, "k"), "1", f"population {name} of the driven state")
    Vc = [None if np.isnan(r["V_c"]) else r["V_c"] for r in records]
    errors = [None if np.isnan(r["V_c"]) else r["error"] for r in records]
    single = len(records) == 1
    summary = {"V_c": Vc[0] if single else Vc, "floor": run.numerics.floor, "growth_rate": records[0]["growth"] if single else [r["growth"] for r in records]}
    lost = [float(v) for v, r in zip(values, records) if r["moved"] > 1e-8]
    warnings = [f"the driven state still moves at {key} = {lost}"] if lost else []
    return Outcome("not-converged" if lost else "complete", summary, {"V_c": errors[0] if single else errors} if any(errors) else {}, warnings)


# ---- map ------------------------------------------------------------------------------------------------------------

def map(run, comm, log, output):  # noqa: A001  (the task's name)
    """|Delta| at t_max over one or two parameters, Porta et al. 2019, Fig. 2. **Collective.**"""
    if not run.sweep:
        raise InputError(f"[sweep]: a map needs one or two of {', '.join(SWEPT)}")
    keys = list(run.sweep)
    axes = [run.sweep[key] for key in keys]
    checked(run)
    shape = tuple(len(axis) for axis in axes)

    def solve(i, j, warm):
        at = np.unravel_index(i, shape)
        p = replace(run.parameters, **{key: float(axis[n]) for key, axis, n in zip(keys, axes, at)})
        return final(run, phonon_inputs.model(p, run.numerics, run.numerics.drive))

    records, stopped = maps.farm((int(np.prod(shape)), 1), solve, comm, log, output.points(), "map")
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    size = np.array([row[0]["delta"] for row in records]).reshape(shape)
    before = np.array([row[0]["before"] for row in records]).reshape(shape)
    out = output()
    for key, axis in zip(keys, axes):
        out.axis(key, axis, "E_g", key)
    out.fixed("delta", size, tuple(keys), "E_g", "|Delta| at t_max")
    out.fixed("settling", np.abs(size - before), tuple(keys), "E_g", "its change over the last tenth of the time")
    summary = {"delta_max": float(size.max()), "points": int(size.size), "paired": int((size > 1e-4).sum())}
    return Outcome("complete", summary, {"delta_max": float(np.abs(size - before).max()) + 1e-9}, [])


def final(run, model):
    """{"delta", "before"}: |Delta| at t_max and at nine tenths of it, by TS on one rank."""
    sizes = []
    with petsc.Options(run.petsc) as options:
        evolution = Evolution(FieldState(Driven(model, run.initial.seed), solo()), run.run.t_max, run.numerics.dt, options, defaults=FIXED_STEP)
        try:
            evolution.run(lambda row: sizes.append(abs(row.c[0])), every=run.run.t_max / 10)
        finally:
            evolution.destroy()
    return {"delta": float(sizes[-1]), "before": float(sizes[-2])}


# ---- the effective model --------------------------------------------------------------------------------------------

def effective(run, comm, log, output):
    """Porta et al. 2019, Sec. III B and Fig. 3: two bands at rest, paired between each other, that look like the driven state. **Collective.**"""
    model = checked(run)
    last, rows = {}, []
    with petsc.Options(run.petsc) as options:
        state = FieldState(Driven(model, run.initial.seed), comm)
        evolution = Evolution(state, run.run.t_max, run.numerics.dt, options, defaults=FIXED_STEP)

        def keep(row):
            whole = state.seen(row.array)
            rows.append({name: whole[name].real.copy() for name in ("n11", "n22")})
            last["delta"] = abs(row.c[0])

        try:
            evolution.run(keep, every=run.run.t_max / 10)
        finally:
            evolution.destroy()
    p, k = run.parameters, model.bands.k
    fits = [on_root(comm, phonon_effective.fit, k, row["n11"], row["n22"], p.A1, p.A2) for row in (rows[-1], rows[-2])]
    C, delta, rms = fits[0]
    out = output()
    out.axis("k", k, "1", "momentum")
    for name, values, text in (("n11", rows[-1]["n11"], "population of the lower band at t_max"), ("n22", rows[-1]["n22"], "population of the upper band at t_max"),
                               ("n_eff", phonon_effective.population(k, p.A1, p.A2, C, delta), "population of the effective model")):
        out.fixed(name, values, ("k",), "1", text)
    moved = [abs(a - b) + 1e-9 for a, b in zip(*fits)]
    summary = {"fit": [C, delta, rms], "C": C, "delta_tilde": delta, "rms": rms, "delta_final": float(last["delta"])}
    return Outcome("complete", summary, {"C": moved[0], "delta_tilde": moved[1], "rms": moved[2], "fit": moved}, [])
