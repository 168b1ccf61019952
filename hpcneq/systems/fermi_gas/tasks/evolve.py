"""Task ``evolve`` of the fermi-gas: linearised, in full with adiabatic reservoirs, or with their memory."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from .... import petsc
from ....errors import InputError
from ....parallel import clock, on_root, solo
from ....solvers.evolution import Evolution
from ....solvers.mean_field import FieldState
from ....tasks.cost import BASE_BYTES, KERNEL_BYTES
from ....tasks.evolution import Recorder, run_evolution
from ..physics import late_rates as traces
from ..physics import linear_kinetics as kinetics
from ..physics import response
from . import evolve_full as fermi_full
from .evolve_full import SOONER, coarser, lasting, root_near, root_slip, step_of
from .stability import NOTES, at_point, gas_of, required

SWEPT = ("gamma", "T", "dmu", "q", "angle")
VECTORS = 12  # of the state's size: PETSc's stages and what a checkpoint copies
TABLES = 7  # of the whole state's size: coefficients of the linearised equation, on every rank
OVERHEAD = 1.5  # seconds to start and to write


def evolve(run, comm, log, output):
    """Kawamura, Hanai & Ohashi 2022, Figs. 6-8 (model linear), and the fate of a state in full. **Collective.**"""
    return (
        linear(run, comm, log, output)
        if run.numerics.model == "linear"
        else fermi_full.full(run, comm, log, output)
    )


# ---- linearised -----------------------------------------------------------------------------------------------------


def points_of(run):
    """[parameters] of the runs: one, or one per value of the swept key."""
    if len(run.sweep) > 1:
        raise InputError(f"[sweep] {', '.join(run.sweep)}: one key at most")
    for key, values in run.sweep.items():
        return [at_point(run, **{key: float(value)}) for value in values]
    return [run.parameters]


def responses(run):
    """[(Response, error of Delta)] of the runs."""
    n = run.numerics
    if n.variant == "D":
        raise InputError(
            '[numerics] variant = "D": memory has no linearised evolution here; use model = "memory" with a small kick, or task stability'
        )
    found = []
    for p in points_of(run):
        gas = gas_of(p, n)
        D, Q, slip = required(gas, p.branch)
        found.append(
            (
                response.Response(gas.baths, D, Q, p.q, p.angle, n.variant, n.dp, n.fine, n.angles),
                slip,
            )
        )
    return found


def linear(run, comm, log, output):
    """The linearised equation: late slopes are roots of det M. **Collective.**"""
    if (
        run.initial.start != "branch"
        or run.initial.field
        or run.parameters.dmu_end is not None
        or run.parameters.free_Q
        or run.initial.kick_Q
    ):
        raise InputError(
            '[numerics] model = "linear": start = "normal", field, dmu_end and free_Q need model = "kinetic" or "memory"'
        )
    if run.initial.kick == 0:
        raise InputError('[initial] kick = 0: model = "linear" needs a disturbance')
    known = on_root(comm, lambda: [(r.D, r.Q, slip) for r, slip in responses(run)])
    steady, system = linear_system(run, known)
    run = replace(run, numerics=replace(run.numerics, dt=step_of(run, system.fastest)))
    log(
        f"evolve: {run.parameters.branch}, Delta = {', '.join(f'{r.D:.6f}' for r in steady)}, {system.items} chunks of momenta"
    )
    recorder = LinearRecords(run, steady)

    def state(variant, begin):
        return FieldState(
            linear_system(run, known, coarser(run.numerics))[1]
            if variant == "grid error"
            else system,
            comm,
            begin,
        )

    outcome = run_evolution(run, comm, log, output, state, recorder)
    return finish(outcome, recorder, output, comm, steady, [slip for *_, slip in known])


def linear_system(run, known, numerics=None):
    """([Response of each run], the system of all) for states (D, Q, ...) on its grid, or on the coarser one of ``numerics``."""
    n, last = numerics or run.numerics, SOONER if numerics else 1.0
    steady = [
        response.Response(gas_of(p, n).baths, D, Q, p.q, p.angle, n.variant, n.dp, n.fine, n.angles)
        for p, (D, Q, _) in zip(points_of(run), known)
    ]
    return steady, kinetics.Linear(
        steady,
        [[run.initial.kick] * 2] * len(steady),
        n.p_c,
        last * lasting(run, min(r.baths.gamma for r in steady)),
    )


def finish(outcome, recorder, output, comm, states, slips):
    """Exponents of the traces beside the roots of det M next to them. **Collective.**"""
    out, runs = output(), range(len(states))
    t, x = out.read("t"), out.read("ddelta")
    late = [traces.late_exponent(t, x[:, j]) for j in runs]
    clean = [None if np.isnan(z) else z for z in late]
    roots = [root_near(r, z, comm) for r, z in zip(states, late)]
    pick = (lambda values: values[0]) if len(states) == 1 else list
    n = recorder.run.numerics
    outcome.summary |= {
        "branch": recorder.run.parameters.branch,
        "delta": pick([r.D for r in states]),
        "Q": pick([r.Q for r in states]),
        "late_rate": pick([z and z.real for z in clean]),
        "late_frequency": pick([z and z.imag for z in clean]),
        "root_rate": pick([z and z.real for z in roots]),
        "root_frequency": pick([z and z.imag for z in roots]),
        "model": "linear",
        "variant": n.variant,
    }
    if n.error_estimate and outcome.status == "complete":
        others = [output.part(name).result["trace"] for name in recorder.variants]
        errors = [
            z
            and root_slip(states[j], roots[j], comm)
            + traces.exponent_error(
                t,
                x[:, j],
                [
                    (np.array([row[0] for row in other]), np.array([row[1][j] for row in other]))
                    for other in others
                ],
                recorder.safety,
            )
            for j, z in enumerate(clean)
        ]
        outcome.errors |= {"late_rate": pick(errors), "late_frequency": pick(errors)}
    outcome.errors |= {"delta": pick(slips), "Q": pick(slips)}
    outcome.warnings.insert(0, NOTES[n.variant])
    return outcome


class LinearRecords(Recorder):
    """Data sets of a linearised evolution."""

    safety, defaults, traced = 15.0 / 4, {"ts_rk_type": "4", "ts_adapt_type": "none"}, ("ddelta",)
    variants = ("step error", "grid error")

    def __init__(self, run, states):
        self.run, self.states = run, states
        self.key = next(iter(run.sweep), "run")

    def declare(self, out):
        """Axes and series of the result file. **Collective.**"""
        out.growing_axis("t", "1/mu", "time")
        key = self.key
        out.axis(
            key,
            self.run.sweep.get(key, np.zeros(1)),
            {"q": "pF", "angle": "rad", "run": "1"}.get(key, "mu"),
            key,
        )
        out.fixed(
            "delta",
            np.array([r.D for r in self.states]),
            (key,),
            "mu",
            "order parameter of the steady state",
        )
        out.fixed("Q", np.array([r.Q for r in self.states]), (key,), "pF", "its wave number")
        out.series(
            "ddelta",
            complex,
            ("t", key),
            "mu",
            "(a + b)/2: deviation of the order parameter's modulus",
        )
        out.series(
            "dphase",
            complex,
            ("t", key),
            "mu",
            "(a - b)/2: deviation across it, which the phase mode carries",
        )

    def declare_errors(self, out):
        """Errors of the deviations in time. **Collective.**"""
        out.growing_axis("t_error", "1/mu", "times at which the deviations' errors are known")
        for name in self.variants:
            out.series(
                f"ddelta_{name.replace(' ', '_')}",
                float,
                ("t_error", self.key),
                "mu",
                f"error of ddelta from the {name.split()[0]}",
            )

    def row(self, t, c, seen):
        """One row, replicated on every rank."""
        x = c[:, 0]
        return {"t": t, "ddelta": 0.5 * x.sum(axis=1), "dphase": 0.5 * (x[:, 0] - x[:, 1])}

    @staticmethod
    def headline(row):
        """Summary numbers of one row."""
        return {"t": row["t"]}

    def local(self, row, seen):
        return {name: row[name] for name in ("t", "ddelta", "dphase")}

    def progress(self, row):
        return "|dDelta| = " + ", ".join(f"{abs(x):.3e}" for x in row["ddelta"])


def estimate(run, ranks):
    """Lines for ``hpcneq check``: size, memory, steps, and time from a few steps on this core."""
    begun = time.process_time()
    gas, n = gas_of(run.parameters, run.numerics), run.numerics
    if n.model == "linear":
        known = [(r.D, r.Q, slip) for r, slip in responses(run)]
        systems = [linear_system(run, known, numerics)[1] for numerics in (None, None, coarser(n))]
    else:
        start = fermi_full.beginning(run, gas)[:2]
        variants = ("step error", "grid error") + ("pole error",) * (n.model == "memory")
        systems = [fermi_full.system_of(run, gas, start, name) for name in (None, *variants)]
    systems, dt = systems if n.error_estimate else systems[:1], step_of(run, systems[0].fastest)
    fixed = time.process_time() - begun
    each = [seconds_a_step(system, dt * (2 if k else 1)) for k, system in enumerate(systems)]
    steps, size = run.run.t_max / dt, FieldState(systems[0], solo()).nbytes
    total = steps * (each[0] + 0.5 * sum(each[1:]))
    peak = (
        BASE_BYTES
        + KERNEL_BYTES * (n.model == "memory")
        + size * (VECTORS / ranks + TABLES * (n.model == "linear"))
    )
    return [
        f"  {systems[0].items} chunks of {kinetics.CHUNK} momenta, {steps:.0f} steps and {len(systems) - 1} runs with twice the step",
        f"  memory: state {size / 2**20:.1f} MB, {peak / 2**20:.0f} MB a rank at most",
        f"  time: about {clock(fixed + OVERHEAD + total / ranks)} on {ranks} rank{'s' * (ranks > 1)} ({1e3 * each[0]:.2f} ms a step on one)",
    ]


def seconds_a_step(system, dt, count=4):
    """Processor seconds of one step on one process, the first left out: it compiles."""
    taken = []
    with petsc.Options({}) as options:
        for steps in (1, count):
            evolution = Evolution(
                FieldState(system, solo()), steps * dt, dt, options, defaults=LinearRecords.defaults
            )
            begun = time.process_time()
            evolution.run(lambda row: None, every=steps * dt)
            taken.append(time.process_time() - begun)
            evolution.destroy()
    return taken[1] / count


ESTIMATES = {"evolve": estimate}
