"""Tasks of the phonon-semiconductor system: evolution and effective model; stationary states and maps have their own modules."""

from __future__ import annotations

import numpy as np

from .... import petsc
from ....errors import InputError
from ....files import writer as store
from ....parallel import on_root, solo
from ....solvers.evolution import Evolution
from ....solvers.mean_field import FieldState
from ....tasks import Outcome, run_evolution
from ....tasks import cost as estimates
from ....tasks.evolution import Recorder
from .. import inputs as phonon_inputs
from ..physics import collisions as phonon
from ..physics import effective_bands as phonon_effective
from . import steady as phonon_states
from . import threshold as phonon_maps

FIXED_STEP = {
    "ts_rk_type": "5dp",
    "ts_adapt_type": "none",
}  # an adaptive step would seed the order with its own noise
POSITIVITY = "eigenvalues of the one-body matrix left [0, 1] ({low:.2e} .. {high:.2e}): {what} does not keep it positive"


# ---- evolution ------------------------------------------------------------------------------------------------------


class Driven:
    """Protocol MeanField over momenta; each rank computes the rates of all, which are few, and keeps its own."""

    everywhere = True
    fields = {"n11": (), "n22": (), "n21": (), "s": ()}

    def __init__(self, model, seed, share=1.0):
        """share : what an electron counts, where a grid stands in for another."""
        self.model, self.seed, self.share, self.items = model, seed, share, len(model.bands.k)

    def start(self, part):
        """Filled lower band."""
        return {
            name: values[part.start : part.stop]
            for name, values in zip(self.fields, phonon.start(self.items, self.seed * (1 + 1j)))
        }

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
        return self.model.rhs(
            t, local["n11"].real, local["n22"].real, local["n21"], local["s"], c[0]
        )

    def rhs(self, t, side, local, c, out, part):
        """This rank's share of them."""
        for name, rate in zip(self.fields, self.rates(t, local, c)):
            out[name][:] = rate[part.start : part.stop]

    def observables(self, t, side, local, c, part):
        """Rows (particles, d(s dk/2pi)/dt)."""
        own = slice(part.start, part.stop)
        change = self.rates(t, local, c)[3][own]
        return np.stack(
            [
                self.share * (local["n11"] + local["n22"])[own],
                self.model.bands.weight[own] * change,
            ],
            axis=1,
        )


class Records(Recorder):
    """Data sets of an evolution."""

    worst = {"min_eigenvalue": min, "max_eigenvalue": max, "particle_drift": max}
    variants, safety, caution, defaults = (
        ("step error", "grid error"),
        8.0,
        phonon_states.CAREFUL,
        FIXED_STEP,
    )

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
        for name, dtype, text in (
            ("n11", float, "population of the lower band"),
            ("n22", float, "population of the upper band"),
            ("n21", complex, "coherence <c2+ c1>"),
            ("s", complex, "pairs <c2+_k c1+_-k>"),
        ):
            out.series(name, dtype, ("t_monitor", "k"), "1", text, layout=self.layout)
        for name, text in (("min_eigenvalue", "smallest"), ("max_eigenvalue", "largest")):
            out.series(
                f"{name}_t", float, ("t_monitor",), "1", f"{text} eigenvalue of the one-body matrix"
            )

    def row(self, t, c, seen):
        """One row, replicated."""
        number, change = seen["sums"]
        return {
            "t": t,
            "delta": complex(c[0]),
            "delta_rate": complex(np.conj(self.model.V * change)),
            "particle_number": float(number.real),
            "particle_drift": abs(float(number.real) - self.particles),
        }

    def local(self, row, seen):
        """What is written of it."""
        return {name: row[name] for name in ("t", "delta", "delta_rate", "particle_number")}

    def watch(self, state, found, seen):
        """Momentum distributions and the positivity of the one-body matrix. **Collective.**"""
        whole = state.seen(found.array)
        low, high = self.model.eigenvalues(
            whole["n11"].real, whole["n22"].real, whole["n21"], whole["s"]
        )
        mine = seen["local"]
        rows = {
            "n11": mine["n11"].real,
            "n22": mine["n22"].real,
            "n21": mine["n21"],
            "s": mine["s"],
            "min_eigenvalue_t": low,
            "max_eigenvalue_t": high,
        }
        return rows, {"min_eigenvalue": low, "max_eigenvalue": high}

    def headline(self, row):
        """Summary numbers of a row."""
        size = abs(row["delta"])
        turning = float((row["delta_rate"] / row["delta"]).imag) if size > 0 else 0.0
        return {
            "t": row["t"],
            "delta_final": size,
            "delta_frequency": turning,
            "particle_number": row["particle_number"],
        }

    def warnings(self, worst):
        """If the one-body matrix lost its positivity."""
        if worst["min_eigenvalue"] > -1e-9 and worst["max_eigenvalue"] < 1 + 1e-9:
            return []
        what = (
            [f'collision = "{self.model.collision}"'] if self.model.collision == "redfield" else []
        )
        what += (
            [f'radiative = "{self.model.radiative}"'] if self.model.radiative == "printed" else []
        )
        return [
            POSITIVITY.format(
                low=worst["min_eigenvalue"],
                high=worst["max_eigenvalue"],
                what=" and ".join(what) or "the time step",
            )
        ]

    def balance(self, worst):
        """Particles lost."""
        return worst["particle_drift"]

    def progress(self, row):
        """A few words."""
        return f"|Delta| = {abs(row['delta']):.3e}"


def evolve(run, comm, log, output):
    """Porta et al. 2019, Figs. 4 to 7: the laser is switched on at t = 0 over a filled lower band. **Collective.**"""
    model = checked(run)
    fine, share = finer(run), run.numerics.points / (2 * run.numerics.points - 1)

    def state(variant, begin):
        return FieldState(
            Driven(fine, run.initial.seed, share)
            if variant == "grid error"
            else Driven(model, run.initial.seed),
            comm,
            begin,
        )

    records = Records(model, state(None, False).layout)
    outcome = run_evolution(run, comm, log, output, state, records)
    m = phonon_inputs.steps(run.parameters, run.numerics)
    outcome.summary.update(
        m1=m[0],
        m2=m[1],
        v=m[0] * run.parameters.A1 * 2 * run.numerics.k_max / (run.numerics.points - 1),
    )
    if outcome.status == "complete":
        out = output()
        out.flush()
        outcome.summary["onset"] = on_root(comm, onset, out.path)
        if run.numerics.error_estimate:
            outcome.errors["particle_number"] += outcome.summary["particle_drift"]
            outcome.errors |= {"onset": run.run.output_every or run.numerics.dt} | on_root(
                comm, between_looks, out.path
            )
    return outcome


def between_looks(path):
    """{"min_eigenvalue", "max_eigenvalue"}: how far the extremes may lie beyond those seen at the times of the monitor.

    Twice what a parabola through an extreme and its neighbours in time overshoots; nothing at t = 0 and at the end.
    """
    result, errors = store.Result(path), {}
    for name, pick in (("min_eigenvalue", np.argmin), ("max_eigenvalue", np.argmax)):
        seen = np.asarray(result[f"{name}_t"])
        at = int(pick(seen))
        near = seen[at - 1 : at + 2] if 0 < at < len(seen) - 1 else seen[[at, at, at]]
        bend = abs(near[0] - 2 * near[1] + near[2])
        errors[name] = 1e-12 + (0.25 * float((near[2] - near[0]) ** 2 / bend) if bend > 0 else 0.0)
    return errors


def onset(path):
    """The first time at which |Delta| is half of what it is at the end; None if the end is no larger than 1e-9."""
    result = store.Result(path)
    size = np.abs(np.asarray(result.delta))
    return float(result.t[np.argmax(size >= 0.5 * size[-1])]) if size[-1] > 1e-9 else None


def checked(run):
    """The model of an input; InputError if v does not fit the grid."""
    try:
        return phonon_inputs.model(run.parameters, run.numerics, run.numerics.drive)
    except ValueError as error:
        raise InputError(f"[parameters] {error}") from None


def finer(run):
    """The model with half the step in k."""
    p, n = phonon_inputs.refined(run.parameters, run.numerics)
    return phonon_inputs.model(p, n, n.drive)


# ---- the effective model --------------------------------------------------------------------------------------------


def effective(run, comm, log, output):
    """Porta et al. 2019, Sec. III B and Fig. 3: two bands at rest, paired between each other, that look like the driven state. **Collective.**"""
    model, p = checked(run), run.parameters
    before, last = looks(run, comm, model)
    summary, errors = last[0], {}
    if run.numerics.error_estimate:
        fine = looks(run, comm, finer(run))[-1][0]
        errors = {
            key: abs(before[0][key] - value) + phonon_states.CAREFUL * abs(fine[key] - value) + 1e-9
            for key, value in summary.items()
        }
        errors["fit"] = [errors[key] for key in ("C", "delta_tilde", "rms")]
    k = model.bands.k
    out = output()
    out.axis("k", k, "1", "momentum")
    for name, values, text in (
        ("n11", last[1], "population of the lower band at t_max"),
        ("n22", last[2], "population of the upper band at t_max"),
        (
            "n_eff",
            phonon_effective.population(k, p.A1, p.A2, summary["C"], summary["delta_tilde"]),
            "population of the effective model",
        ),
    ):
        out.fixed(name, values, ("k",), "1", text)
    warnings = [] if errors else ["no error estimates: [numerics] error_estimate = false"]
    return Outcome(
        "complete",
        {"fit": [summary[key] for key in ("C", "delta_tilde", "rms")]} | summary,
        errors,
        warnings,
    )


def looks(run, comm, model):
    """[({"C", "delta_tilde", "rms", "delta_final"}, n11, n22)] at nine tenths of t_max and at t_max. **Collective.**"""
    rows = []
    with petsc.Options(run.petsc) as options:
        state = FieldState(Driven(model, run.initial.seed), comm)
        evolution = Evolution(state, run.run.t_max, run.numerics.dt, options, defaults=FIXED_STEP)

        def keep(row):
            whole = state.seen(row.array)
            rows.append((whole["n11"].real.copy(), whole["n22"].real.copy(), float(abs(row.c[0]))))

        try:
            evolution.run(keep, every=run.run.t_max / 10)
        finally:
            evolution.destroy()
    found = []
    for n11, n22, size in rows[-2:]:
        C, delta, rms = on_root(
            comm,
            phonon_effective.fit,
            model.bands.k,
            n11,
            n22,
            run.parameters.A1,
            run.parameters.A2,
        )
        found.append(({"C": C, "delta_tilde": delta, "rms": rms, "delta_final": size}, n11, n22))
    return found


def estimate(run, ranks):
    """Lines for ``hpcneq check``."""
    if run.task == "map":
        return phonon_maps.estimate(run, ranks)
    points, count = (
        run.numerics.points,
        max(1, int(np.prod([len(values) for values in run.sweep.values()]))),
    )
    if run.task in ("steady", "threshold"):
        each = phonon_states.cost(run) * (2 if run.task == "threshold" else 1)
        shared = 1 if run.task == "steady" else min(ranks, count)
        return [
            f"  {count} points of {points} momenta",
            f"  time: about {each * count / shared:.0f} s on {ranks} rank{'s' * (ranks > 1)}",
        ]
    state = FieldState(Driven(checked(run), 1e-3), solo())
    out = np.zeros_like(state.flat)
    each, steps = (
        estimates.seconds(lambda: state.rhs(0.0, 1, state.flat, out)),
        run.run.t_max / run.numerics.dt,
    )
    share = 2.6 if run.numerics.error_estimate else 1.0
    return [
        f"  {points} momenta, {steps:.0f} steps",
        f"  time: about {7.5 * each * steps * share:.0f} s on one rank",
    ]
