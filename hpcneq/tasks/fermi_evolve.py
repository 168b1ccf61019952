"""Task ``evolve`` of the fermi-gas: linearised, in full with adiabatic reservoirs, or with their memory."""
from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from ..config import Task
from ..errors import InputError
from ..maths import poles
from ..parallel import on_root, solo
from ..solvers.meanfield import FieldState
from ..solvers.modes import Samples, secant
from ..systems.fermi_gas import branches, kinetics, response, states, traces, uniform, wave_inputs
from .evolution import Recorder, run_evolution
from .fermi_stability import NOTES, _curves, at_point, gas_of, required

SWEPT = ("gamma", "T", "dmu", "q", "angle")
TASKS = {
    "evolve": Task(tables={"parameters": wave_inputs.EvolveParameters, "numerics": wave_inputs.EvolveNumerics,
                           "initial": wave_inputs.EvolveInitial},
                   sweep=SWEPT, timed=True, petsc=("evolve",),
                   doc="a branch in time after a kick: linearised (several runs at once by [sweep]), or in full, adiabatic or with memory"),
}
STEP = 1.2          # default step times fastest rate
RESOLVED = 1.39     # largest: twice the step is still stable (limit 2.78)
NEAR = 0.02         # of the branch's Delta, or of the largest: what counts as having arrived
ROUNDING = 1e-8     # of exponents
SHORT = 0.3        # share of the trace whose exponent is compared with that of .4
FORGOTTEN = 9.0     # e-folds
WIDTHS = 2.0        # longest panel near pF in units of the blur, in the full equations


def evolve(run, comm, log, output):
    """Kawamura, Hanai & Ohashi 2022, Figs. 6-8 (model linear), and the fate of a state in full. **Collective.**"""
    return linear(run, comm, log, output) if run.numerics.model == "linear" else full(run, comm, log, output)


def step_of(run, fastest):
    """The step; InputError if it is not stable."""
    dt = run.numerics.dt
    if dt is None:
        return STEP / fastest
    if dt * fastest > RESOLVED:
        raise InputError(f"[numerics] dt = {dt:g}: must be <= {RESOLVED / fastest:.3g}, so that twice the step is stable; "
                         "a smaller p_c allows a larger one")
    return dt


def lasting(run, gamma):
    """How long levels along a ray must dephase like a continuum: until they have decayed, or to the end; where there are many rays, a third."""
    rays = 3 if run.parameters.q or run.parameters.branch.startswith("NFF") and run.initial.start == "branch" else 1
    return min(run.run.t_max, FORGOTTEN / max(4 * gamma, 1e-12)) / rays


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
        raise InputError('[numerics] variant = "D": memory has no linearised evolution here; use model = "memory" with a small kick, or task stability')
    found = []
    for p in points_of(run):
        gas = gas_of(p, n)
        D, Q, slip = required(gas, p.branch)
        found.append((response.Response(gas.baths, D, Q, p.q, p.angle, n.variant, n.dp, n.fine, n.angles), slip))
    return found


def linear(run, comm, log, output):
    """The linearised equation: late slopes are roots of det M. **Collective.**"""
    if run.initial.start != "branch" or run.initial.field or run.parameters.dmu_end is not None:
        raise InputError('[numerics] model = "linear": start = "normal", field and dmu_end need model = "kinetic" or "memory"')
    if run.initial.kick == 0:
        raise InputError('[initial] kick = 0: model = "linear" needs a disturbance')
    known = on_root(comm, lambda: [(r.D, r.Q, slip) for r, slip in responses(run)])
    n = run.numerics
    steady = [response.Response(gas_of(p, n).baths, D, Q, p.q, p.angle, n.variant, n.dp, n.fine, n.angles)
              for p, (D, Q, _) in zip(points_of(run), known)]
    system = kinetics.Linear(steady, [[run.initial.kick] * 2] * len(steady), n.p_c, lasting(run, min(r.baths.gamma for r in steady)))
    run = replace(run, numerics=replace(n, dt=step_of(run, system.fastest)))
    log(f"evolve: {run.parameters.branch}, Delta = {', '.join(f'{r.D:.6f}' for r in steady)}, {system.items} chunks of momenta")
    recorder = LinearRecords(run, steady)
    outcome = run_evolution(run, comm, log, output, lambda variant, begin: FieldState(system, comm, begin), recorder)
    return finish(outcome, recorder, output(), comm, steady, [slip for *_, slip in known])


def finish(outcome, recorder, out, comm, states, slips):
    """Exponents of the traces beside the roots of det M next to them. **Collective.**"""
    t, x, runs = out.read("t"), out.read("ddelta"), range(len(states))
    late = [traces.late_exponent(t, x[:, j]) for j in runs]
    short = [traces.late_exponent(t, x[:, j], SHORT) for j in runs]
    roots = [root_near(r, z, comm) for r, z in zip(states, late)]
    steps = [outcome.errors.pop(f"rate_{j}", None) for j in runs]
    for table in (outcome.summary, outcome.errors):
        for name in [key for key in table if key.startswith("rate_")]:
            table.pop(name)
    single = len(states) == 1
    pick = (lambda values: values[0]) if single else list
    clean = [None if np.isnan(z) else z for z in late]
    outcome.summary |= {"branch": recorder.run.parameters.branch, "delta": pick([r.D for r in states]), "Q": pick([r.Q for r in states]),
                        "late_rate": pick([z and z.real for z in clean]), "late_frequency": pick([z and z.imag for z in clean]),
                        "root_rate": pick([z and z.real for z in roots]), "root_frequency": pick([z and z.imag for z in roots]),
                        "model": "linear", "variant": recorder.run.numerics.variant}
    if steps[0] is not None:
        errors = [None if z is None else abs(z - other) + step * 0.1 + slip + abs(z)**3 / (5 * recorder.run.numerics.p_c**5) + ROUNDING for z, other, step, slip in zip(clean, short, steps, slips)]
        outcome.errors |= {"late_rate": pick(errors), "late_frequency": pick(errors)}
    outcome.errors |= {"delta": pick(slips), "Q": pick(slips)}
    outcome.warnings.insert(0, NOTES[recorder.run.numerics.variant])
    return outcome


def root_near(state, late, comm):
    """lambda of the root of det M that a secant from a trace's exponent finds; None if it finds none within half of the depth. **Collective.**"""
    if np.isnan(late):
        return None
    z = secant(Samples(state, state.q, comm), 1j * late)
    return None if z is None or abs(z - 1j * late) > 0.5 * state.analytic_below else -1j * z


class LinearRecords(Recorder):
    """Data sets of a linearised evolution."""

    safety, defaults = 15.0 / 4, {"ts_rk_type": "4", "ts_adapt_type": "none"}

    def __init__(self, run, states):
        self.run, self.states = run, states

    def declare(self, out):
        """Axes and series of the result file. **Collective.**"""
        out.growing_axis("t", "1/mu", "time")
        key = next(iter(self.run.sweep), "run")
        out.axis(key, self.run.sweep.get(key, np.zeros(1)), {"q": "pF", "angle": "rad", "run": "1"}.get(key, "mu"), key)
        out.fixed("delta", np.array([r.D for r in self.states]), (key,), "mu", "order parameter of the steady state")
        out.fixed("Q", np.array([r.Q for r in self.states]), (key,), "pF", "its wave number")
        out.series("ddelta", complex, ("t", key), "mu", "(a + b)/2: deviation of the order parameter's modulus")
        out.series("dphase", complex, ("t", key), "mu", "(a - b)/2: deviation across it, which the phase mode carries")

    def row(self, t, c, seen):
        """One row, replicated on every rank."""
        x, v = c[:, 0], c[:, 1]
        total = x.sum(axis=1)
        rate = np.where(total == 0, 0, v.sum(axis=1) / np.where(total == 0, 1, total)).real
        return {"t": t, "ddelta": 0.5 * total, "dphase": 0.5 * (x[:, 0] - x[:, 1]), "rate": rate}

    @staticmethod
    def headline(row):
        """Summary numbers of one row: the present rates."""
        return {"t": row["t"], **{f"rate_{j}": float(x) for j, x in enumerate(row["rate"])}}

    def local(self, row, seen):
        return {name: row[name] for name in ("t", "ddelta", "dphase")}

    def progress(self, row):
        return "|dDelta| = " + ", ".join(f"{abs(x):.3e}" for x in row["ddelta"])


# ---- in full --------------------------------------------------------------------------------------------------------

def system_of(run, gas, state):
    """The equations of model kinetic or memory, from the branch or from the normal state."""
    p, n, start = run.parameters, run.numerics, run.initial
    end = p.dmu if p.dmu_end is None else p.dmu_end
    ramp = uniform.Ramp(p.dmu, end, p.ramp_begin, p.ramp_time, p.ramp_back)
    D, Q = state
    Delta = start.kick if start.start == "normal" else D + start.kick
    grid = {"p_c": n.p_c, "dp": min(n.dp, WIDTHS * gas.baths.blur), "fine": n.fine, "angles": n.angles, "field": start.field,
            "lasting": lasting(run, p.gamma)}
    if n.model == "kinetic":
        return uniform.Kinetic(gas.baths, p.inv_kfas, ramp, Delta, (D, Q), **grid)
    if not gas.baths.gamma > 0:
        raise InputError('[parameters] gamma = 0: model = "memory" needs gamma > 0; use model = "kinetic"')
    window = n.p_c**2 + max(p.dmu, end) + Q * n.p_c
    fit = poles.fit("aaa", p.T, gas.baths.width, window, n.pole_error)
    return uniform.Memory(fit, gas.baths, p.inv_kfas, ramp, Delta, (D, Q), **grid)


def neighbours(run, gas, Q):
    """{name: Delta} of every solution of the gap equation with this Q at the end of the run, the normal one included.

    Those that carry a current, possible where Q is held, are called flowing.
    """
    p = run.parameters
    gas = gas.at(p.dmu if p.dmu_end is None or p.ramp_back else p.dmu_end)
    known = {name: D for name, D, other in branches.find(gas, _curves(gas.at(0.0))) if abs(other - Q) < 1e-6}
    if Q > 0:
        D = np.geomspace(2e-3, 0.5, 60)
        g = np.array([states.gap(gas, x, Q) for x in D])
        for k in np.flatnonzero(g[:-1] * g[1:] < 0):
            root = brentq(lambda x: states.gap(gas, x, Q), D[k], D[k + 1], xtol=1e-11)
            if all(abs(root - x) > 1e-6 for x in known.values()):
                known[f"flowing {k}"] = root
    return {"normal": 0.0} | known


def full(run, comm, log, output):
    """One condensate Delta(t) e^{iQr} in full. **Collective.**"""
    p, n = run.parameters, run.numerics
    if p.q or run.sweep:
        raise InputError(f'[numerics] model = "{n.model}": takes q = 0 and no [sweep]')
    gas = gas_of(p, n)
    if run.initial.start == "normal":
        D, Q, slip = 0.1, 0.0, 0.0      # only the grid's
    else:
        D, Q, slip = on_root(comm, required, gas, p.branch)
    near = on_root(comm, neighbours, run, gas, Q)
    system = system_of(run, gas, (D, Q))
    run = replace(run, numerics=replace(n, dt=step_of(run, system.fastest)))
    log(f"evolve: {n.model}, {system.items} chunks of momenta, dt = {run.numerics.dt:.3g}, " + ", ".join(f"{k} {v:.5f}" for k, v in near.items()))
    recorder = FullRecords(run, system, near, D if run.initial.start == "branch" else 0.0)
    outcome = run_evolution(run, comm, log, output, lambda variant, begin: FieldState(system, comm, begin), recorder)
    out = output()
    t, delta = out.read("t"), np.abs(out.read("delta"))
    fate = outcome.summary.get("fate")
    target = near.get(fate, delta[-1])
    still = p.dmu_end is None
    rate = traces.late_exponent(t, delta - target) if fate in near and still else complex(np.nan)
    visible = abs(delta[-1] - target) > 1e-9
    outcome.summary |= {"branch": p.branch if run.initial.start == "branch" else "normal", "Q": Q, "late_rate": rate.real if visible and not np.isnan(rate) else None,
                        "model": n.model, "fixed_Q": Q > 0}
    if visible and "delta_final" in outcome.errors and not np.isnan(rate):
        outcome.errors["late_rate"] = abs(rate - traces.late_exponent(t, delta - target, SHORT)) + outcome.errors["delta_final"] / max(abs(delta[-1] - target), 1e-9) * abs(rate)
    if Q > 0:
        outcome.warnings.append("Q is held: the states of this Q alone are within reach")
    return outcome


class FullRecords(Recorder):
    """Data sets of an evolution in full: Delta, its deviation from the start's branch, dmu."""

    safety, defaults = 15.0 / 4, {"ts_rk_type": "4", "ts_adapt_type": "none"}

    def __init__(self, run, system, near, before):
        self.run, self.system, self.near, self.before = run, system, near, before

    def declare(self, out):
        """Axes and series of the result file. **Collective.**"""
        out.growing_axis("t", "1/mu", "time")
        names = list(self.near)
        out.axis("state", np.arange(len(names)), "1", "; ".join(f"{k}: {name}" for k, name in enumerate(names)))
        out.fixed("delta_states", np.array([self.near[name] for name in names]), ("state",), "mu", "order parameters of the steady states with this Q at the last dmu")
        out.series("delta", complex, ("t",), "mu", "order parameter")
        out.series("ddelta", float, ("t",), "mu", "|Delta| less that of the branch it starts from (0: normal)")
        out.series("dmu", float, ("t",), "mu", "half the difference of the reservoirs' chemical potentials")
        out.series("particles", float, ("t",), "pF^3", "sum of g11 + 1 - g22 below p_c: particles of both spins, int p^2 dp")

    def row(self, t, c, seen):
        """One row, replicated on every rank."""
        return {"t": t, "delta": complex(c[0]), "ddelta": float(abs(c[0]) - self.before), "dmu": float(self.system.dmu(t)),
                "particles": float(np.real(seen["sums"][0]))}

    def headline(self, row):
        """Summary numbers of one row: where the order parameter is, and which state it has arrived at."""
        final = abs(row["delta"])
        scale = max(self.near.values()) or 1.0
        name = min(self.near, key=lambda k: abs(self.near[k] - final))
        return {"t": row["t"], "delta_final": float(final), "fate": name if abs(self.near[name] - final) < NEAR * scale else "under way"}

    def local(self, row, seen):
        return {name: row[name] for name in ("t", "delta", "ddelta", "dmu", "particles")}

    def progress(self, row):
        return f"|Delta| = {abs(row['delta']):.6f}"


def estimate(run, ranks):
    """Lines for ``hpcneq check``: size, steps, and time from a few right-hand sides."""
    gas = gas_of(run.parameters, run.numerics)
    if run.numerics.model == "linear":
        found = [r for r, _ in responses(run)]
        system = kinetics.Linear(found, [[1e-3] * 2] * len(found), run.numerics.p_c, lasting(run, run.parameters.gamma))
    else:
        state = required(gas, run.parameters.branch)[:2] if run.initial.start == "branch" else (0.1, 0.0)
        system = system_of(run, gas, state)
    state = FieldState(system, solo())
    out, begun = np.zeros_like(state.flat), time.perf_counter()
    for _ in range(10):
        state.rhs(0.0, 1, state.flat, out)
    each, steps = (time.perf_counter() - begun) / 10, run.run.t_max / step_of(run, system.fastest)
    share = 1.5 if run.numerics.error_estimate else 1.0
    return [f"  {system.items} chunks of 64 momenta, {steps:.0f} steps, {state.nbytes / 2 ** 20:.1f} MB",
            f"  time: about {4 * (each + 1e-4) * steps * share / ranks:.0f} s on {ranks} rank{'s' * (ranks > 1)} ({1e3 * each:.2f} ms a right-hand side)"]


ESTIMATES = {"evolve": estimate}
