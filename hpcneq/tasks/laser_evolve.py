"""Task ``evolve`` of the laser-semiconductor: the order parameter in time, for one or several interactions at once."""
from __future__ import annotations

import time

import numpy as np

from ..config import Task
from ..errors import InputError
from ..parallel import Layout, solo
from ..solvers.meanfield import FieldState
from ..systems.semiconductor import bands, laser, laser_dynamics, laser_formulas, laser_inputs
from .evolution import Recorder, run_evolution

TASKS = {
    "evolve": Task(tables={"parameters": laser_inputs.Parameters, "numerics": laser_inputs.EvolveNumerics, "initial": laser_inputs.Initial},
                   sweep=("V",), timed=True, petsc=("evolve",), doc="time evolution of pairing; [sweep] V: several runs at once"),
}
NEAR = 0.01         # of the steady order parameter: what counts as arrived
RESOLVED = 1.4      # step times largest energy, so that twice the step still damps what it does not resolve (limit 2.83)


def evolve(run, comm, log, output):
    """Goldstein, Aron & Chamon 2015, Eqs. (9), (18), Figs. 4 to 6. **Collective.**"""
    m, V, grid = checked(run)
    steady = [settled(m.at(V=float(v)), grid) for v in V]
    finer = [settled(m.at(V=float(v)), m.graded(64)) for v in V]

    def state(variant, begin):
        start = laser_dynamics.initial(m, grid, len(V), run.initial.state, run.initial.delta, run.initial.pairs, run.run.seed)
        return FieldState(laser_dynamics.Pairing(m, grid, V, start, run.initial.noise_floor, run.numerics.drive == "full"), comm, begin)

    outcome = run_evolution(run, comm, log, output, state, Records(m, V, grid, steady, comm))
    collect(outcome, len(V), run.run.t_max)
    single = len(V) == 1
    off = [abs(a - b) for a, b in zip(steady, finer)]
    outcome.summary["delta_steady"] = finer[0] if single else finer
    errors = outcome.errors
    errors["delta_steady"] = off[0] + 1e-10 if single else [x + 1e-10 for x in off]
    if "delta_final" in errors:
        known = [errors["delta_final"]] if single else errors["delta_final"]
        moved = [e + x for e, x in zip(known, off)]
        errors["delta_final"] = moved[0] if single else moved
    outcome.warnings += remarks(run, m)
    return outcome


def checked(run):
    """(material, interactions (runs,), grid). InputError for what the evolution cannot take."""
    p, n = run.parameters, run.numerics
    m = laser_inputs.material(p)
    if p.model == "three-band":
        raise InputError('[parameters] model = "three-band": its populations do not know the pairing (A11), so that it would grow for ever; '
                         "take task growth or steady")
    if np.isinf(p.k_max):
        raise InputError("[parameters] k_max = inf: must be finite in task evolve")
    top = laser_inputs.largest_energy(m) + (2 * m.E_g if n.drive == "full" else 0.0)
    if n.dt * top > RESOLVED:
        raise InputError(f"[numerics] dt = {n.dt:g}: must be <= {RESOLVED / top:.3g}, so that it resolves energies up to {top:.3g}")
    V = run.sweep["V"] if run.sweep else np.array([m.V])
    grid = bands.uniform(m.k_max, n.points) if n.grid == "uniform" else m.graded(n.points)
    return m, V, grid


def settled(m, grid):
    """|Delta| of the steady state on a grid; 0 in the normal state and with full self-consistency. By bisection to 1e-6, then secants."""
    band = m.on(grid)
    root = laser.seed(m, band) if m.projected else 0.0
    if root == 0:
        return 0.0
    a, b = np.log(root), np.log(root) + 1e-5
    f = [m.V * laser.gap_sum(m, band, np.exp(2 * x)) - 1 for x in (a, b)]
    return float(np.exp(a - f[0] * (b - a) / (f[1] - f[0])))


def collect(outcome, runs, t_max):
    """Numbered numbers of the runs as lists; a run that has not arrived has no converged_at."""
    for table in (outcome.summary, outcome.errors):
        for key in ("delta_final", "particle_source", "converged_at", "phase"):
            found = [table.pop(f"{key}_{j}") for j in range(runs) if f"{key}_{j}" in table]
            if key == "converged_at":
                found = [t if t < t_max * (1 - 1e-9) else None for t in found]
            if found:
                table[key] = found if runs > 1 else found[0]
    step = outcome.summary.pop("row_step", 0.0)
    outcome.errors["converged_at"] = step if runs == 1 else [step] * runs


def remarks(run, m):
    """What the reader must know of this run."""
    found = []
    if run.initial.noise_floor > 0:
        found.append(f"noise floor: a constant {run.initial.noise_floor:g} is added to Delta, from which pairing grows; it breaks the phase symmetry")
    if run.parameters.self_consistency == "projected":
        found.append("projected self-consistency (18): pairing creates particles, see particle_source")
    else:
        found.append("full self-consistency (17): pairing conserves particles and decays at any V")
    if run.numerics.drive == "full":
        found.append(f"full drive Omega cos(omega0 t), omega0 = {m.E_g:g}")
    return found


class Records(Recorder):
    """Data sets of an evolution: the order parameter, the particle source, populations and pair amplitudes."""

    safety = 15.0 / 4
    defaults = {"ts_rk_type": "4", "ts_adapt_type": "none"}

    def __init__(self, m, V, grid, steady, comm):
        self.m, self.V, self.grid, self.steady = m, V, grid, np.array(steady)
        self.layout = Layout.over(len(grid[0]), comm)
        self.worst = {f"converged_at_{j}": max for j in range(len(V))}
        self.before = None
        f1, f2 = m.fillings(m.on((np.zeros(1), np.ones(1))))
        self.N = float(f1[0] + f2[0] - 1)

    def declare(self, out):
        """Axes and series of the result file. **Collective.**"""
        out.growing_axis("t", "1/energy", "time")
        out.axis("V", self.V, "energy length", "interaction")
        out.axis("k", self.grid[0], "1/length", "momentum")
        out.fixed("delta_steady", self.steady, ("V",), "energy", "order parameter of the steady state on this grid")
        formula = [laser_formulas.all_of(self.m.at(V=float(v)), self.N) for v in self.V]
        out.fixed("delta_formula", np.array([table[name] for table, _, name in formula]), ("V",), "energy",
                  f"order parameter by the paper's formula, {formula[0][2].replace('delta ', 'Eq. ')}")
        out.series("delta", complex, ("t", "V"), "energy", "order parameter")
        out.series("particle_source", float, ("t", "V"), "energy/length", "particles per time that pairing creates")
        out.growing_axis("t_monitor", "1/energy", "times of the momentum-resolved rows")
        out.series("s_k", complex, ("t_monitor", "k", "V"), "1", "pair amplitude <c2+_k c1+_-k>", layout=self.layout)
        out.series("n_k", float, ("t_monitor", "k", "V"), "1", "population of both bands", layout=self.layout)

    def row(self, t, c, seen):
        """One row, replicated on every rank."""
        delta = np.array(c)
        away = np.abs(np.abs(delta) - self.steady) > np.where(self.steady > 0, NEAR * self.steady, 1e-6)
        step = 0.0 if self.before is None else t - self.before
        self.before = t
        return {"t": t, "delta": delta, "particle_source": np.asarray(seen["sums"]).real, "row_step": float(step),
                **{f"converged_at_{j}": float(t) if far else 0.0 for j, far in enumerate(away)}}

    @staticmethod
    def headline(row):
        """Summary numbers of one row."""
        return {"t": row["t"], "row_step": row["row_step"], **{f"delta_final_{j}": float(abs(d)) for j, d in enumerate(row["delta"])},
                **{f"particle_source_{j}": float(x) for j, x in enumerate(row["particle_source"])}}

    def watch(self, state, found, seen):
        """Pair amplitudes and populations over k, this rank's."""
        local = seen["local"]
        return {"s_k": local["s"], "n_k": (local["n11"] + local["n22"]).real}, {}

    def local(self, row, seen):
        return {name: row[name] for name in ("t", "delta", "particle_source")}

    def progress(self, row):
        return "|Delta| = " + ", ".join(f"{abs(d):.3e}" for d in row["delta"])


def estimate(run, ranks):
    """Lines for ``hpcneq check``: size, steps, and time from a hundred right-hand sides."""
    m, V, grid = checked(run)
    state = FieldState(laser_dynamics.Pairing(m, grid, V, laser_dynamics.initial(m, grid, len(V), "driven", 1e-3)), solo())
    out, begun = np.zeros_like(state.flat), time.perf_counter()
    for _ in range(100):
        state.rhs(0.0, 1, state.flat, out)
    each, steps = (time.perf_counter() - begun) / 100, run.run.t_max / run.numerics.dt
    share = 1.5 if run.numerics.error_estimate else 1.0
    return [f"  {len(grid[0])} momenta, {len(V)} run{'s' * (len(V) > 1)}, {steps:.0f} steps, {state.nbytes / 2 ** 20:.2f} MB",
            f"  time: about {4.3 * each * steps * share:.0f} s on one rank ({each * 1e6:.0f} us a right-hand side)"]
