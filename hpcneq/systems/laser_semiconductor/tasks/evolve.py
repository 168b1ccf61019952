"""Task ``evolve`` of the laser-semiconductor: the order parameter in time, for one or several interactions at once."""

from __future__ import annotations

import numpy as np

from ....errors import InputError
from ....maths import bands
from ....parallel import Layout, solo
from ....solvers.mean_field import FieldState
from ....tasks import cost as estimates
from ....tasks.evolution import Recorder, run_evolution
from .. import inputs as laser_inputs
from ..physics import (
    dynamics as laser_dynamics,
)
from ..physics import (
    material as laser,
)
from ..physics import (
    published_formulas as laser_formulas,
)

NEAR = 0.01  # of the steady order parameter: what counts as arrived
RESOLVED = 1.4  # step times largest energy, so that twice the step still damps what it does not resolve (limit 2.83)


def evolve(run, comm, log, output):
    """Goldstein, Aron & Chamon 2015, Eqs. (9), (18), Figs. 4 to 6. **Collective.**"""
    m, V, grid = checked(run)
    steady = [settled(m.at(V=float(v)), grid) for v in V]
    finer, finest = (
        [settled(m.at(V=float(v)), m.graded(points)) for v in V] for points in (64, 96)
    )

    def state(variant, begin):
        at = denser(run, m) if variant == "grid error" else grid
        start = laser_dynamics.initial(
            m, at, len(V), run.initial.state, run.initial.delta, run.initial.pairs, run.run.seed
        )
        return FieldState(
            laser_dynamics.Pairing(
                m, at, V, start, run.initial.noise_floor, run.numerics.drive == "full"
            ),
            comm,
            begin,
        )

    records = Records(run, m, V, grid, steady, comm)
    outcome = run_evolution(run, comm, log, output, state, records)
    collect(outcome, len(V), run.run.t_max, records.spacing)
    errors = [abs(a - b) + 1e-10 for a, b in zip(finer, finest)]
    outcome.summary["delta_steady"] = finer if len(V) > 1 else finer[0]
    outcome.errors["delta_steady"] = errors if len(V) > 1 else errors[0]
    outcome.warnings += remarks(run, m, np.atleast_1d(outcome.summary["delta_smallest"]))
    return outcome


def checked(run):
    """(material, interactions (runs,), grid). InputError for what the evolution cannot take."""
    p, n = run.parameters, run.numerics
    m = laser_inputs.material(p)
    if p.model == "three-band":
        raise InputError(
            '[parameters] model = "three-band": its populations do not know the pairing (A11), so that it would grow for ever; '
            "take task growth or steady"
        )
    if np.isinf(p.k_max):
        raise InputError("[parameters] k_max = inf: must be finite in task evolve")
    top = laser_inputs.largest_energy(m) + (2 * m.E_g if n.drive == "full" else 0.0)
    if n.dt * top > RESOLVED:
        raise InputError(
            f"[numerics] dt = {n.dt:g}: must be <= {RESOLVED / top:.3g}, so that it resolves energies up to {top:.3g}"
        )
    V = run.sweep["V"] if run.sweep else np.array([m.V])
    grid = bands.uniform(m.k_max, n.points) if n.grid == "uniform" else m.graded(n.points)
    return m, V, grid


def denser(run, m):
    """The grid of a run that tells the error of the grid: half the spacing; twice as many points where they are Gauss's.

    Random pairs are drawn for each momentum of a grid, so that another grid is another start: they have no grid error.
    """
    points = run.numerics.points
    return (
        bands.uniform(m.k_max, 2 * points - 1)
        if run.numerics.grid == "uniform"
        else m.graded(2 * points)
    )


def settled(m, grid):
    """|Delta| of the steady state on a grid; 0 in the normal state and with full self-consistency. By bisection to 1e-6, then secants."""
    band = m.on(grid)
    root = laser.seed(m, band) if m.projected else 0.0
    if root == 0:
        return 0.0
    a, b = np.log(root), np.log(root) + 1e-5
    f = [m.V * laser.gap_sum(m, band, np.exp(2 * x)) - 1 for x in (a, b)]
    return float(np.exp(a - f[0] * (b - a) / (f[1] - f[0])))


def collect(outcome, runs, t_max, spacing):
    """Numbered numbers of the runs as lists; a run that has not arrived has no converged_at."""
    for table in (outcome.summary, outcome.errors):
        for key in ("delta_final", "particle_source", "converged_at", "delta_smallest"):
            found = [table.pop(f"{key}_{j}") for j in range(runs) if f"{key}_{j}" in table]
            if key == "converged_at":
                found = [t if t < t_max * (1 - 1e-9) else None for t in found]
            if found:
                table[key] = found if runs > 1 else found[0]
    outcome.errors["converged_at"] = spacing if runs == 1 else [spacing] * runs


def remarks(run, m, smallest):
    """What the reader must know of this run."""
    found = []
    if run.initial.noise_floor > 0:
        found.append(
            f"noise floor: a constant {run.initial.noise_floor:g} is added to Delta, from which pairing grows; it breaks the phase symmetry"
        )
        if smallest.min() < 100 * run.initial.noise_floor:
            found.append(
                f"|Delta| fell to {smallest.min():.1e}, the noise floor's size, before the populations had settled: the time of the onset is that of "
                "growth from the floor (later by 2.3 growth times for a floor ten times smaller), what it settles to is not"
            )
    if run.parameters.self_consistency == "projected":
        found.append(
            "projected self-consistency (18): pairing creates particles, see particle_source"
        )
    else:
        found.append("full self-consistency (17): pairing conserves particles and decays at any V")
    if run.numerics.drive == "full":
        found.append(f"full drive Omega cos(omega0 t), omega0 = {m.E_g:g}")
    return found


class Records(Recorder):
    """Data sets of an evolution: the order parameter, the particle source, populations and pair amplitudes."""

    safety = 0.5  # twice the step does not resolve the largest energies: the difference is no fifteen times the error
    caution = 4 / 3  # half the spacing leaves a quarter of a trapezoid's error
    defaults = {"ts_rk_type": "4", "ts_adapt_type": "none"}

    variants, traced = ("step error", "grid error"), ("delta",)

    def __init__(self, run, m, V, grid, steady, comm):
        self.m, self.V, self.grid, self.steady = m, V, grid, np.array(steady)
        self.layout = Layout.over(len(grid[0]), comm)
        self.worst = {f"converged_at_{j}": max for j in range(len(V))} | {
            f"delta_smallest_{j}": min for j in range(len(V))
        }
        if run.initial.pairs == "random":
            self.variants = ("step error",)
        self.spacing = (
            max(1, round((run.run.output_every or run.numerics.dt) / run.numerics.dt))
            * run.numerics.dt
        )
        f1, f2 = m.fillings(m.on((np.zeros(1), np.ones(1))))
        self.N = float(f1[0] + f2[0] - 1)

    def declare(self, out):
        """Axes and series of the result file. **Collective.**"""
        out.growing_axis("t", "1/energy", "time")
        out.axis("V", self.V, "energy length", "interaction")
        out.axis("k", self.grid[0], "1/length", "momentum")
        out.fixed(
            "delta_steady",
            self.steady,
            ("V",),
            "energy",
            "order parameter of the steady state on this grid",
        )
        formula = [laser_formulas.all_of(self.m.at(V=float(v)), self.N) for v in self.V]
        out.fixed(
            "delta_formula",
            np.array([table[name] for table, _, name in formula]),
            ("V",),
            "energy",
            f"order parameter by the paper's formula, {formula[0][2].replace('delta ', 'Eq. ')}",
        )
        out.series("delta", complex, ("t", "V"), "energy", "order parameter")
        out.series(
            "particle_source",
            float,
            ("t", "V"),
            "energy/length",
            "particles per time that pairing creates",
        )
        out.growing_axis("t_monitor", "1/energy", "times of the momentum-resolved rows")
        out.series(
            "s_k",
            complex,
            ("t_monitor", "k", "V"),
            "1",
            "pair amplitude <c2+_k c1+_-k>",
            layout=self.layout,
        )
        out.series(
            "n_k",
            float,
            ("t_monitor", "k", "V"),
            "1",
            "population of both bands",
            layout=self.layout,
        )

    def declare_errors(self, out):
        """Their errors in time. **Collective.**"""
        out.growing_axis(
            "t_error", "1/energy", "times at which the order parameter's errors are known"
        )
        for name in self.variants:
            what = name.removesuffix(" error")
            out.series(
                f"delta_{what}_error",
                float,
                ("t_error", "V"),
                "energy",
                f"error of the order parameter from the {what}",
            )

    def row(self, t, c, seen):
        """One row, replicated on every rank."""
        delta = np.array(c)
        away = np.abs(np.abs(delta) - self.steady) > np.where(
            self.steady > 0, NEAR * self.steady, 1e-6
        )
        return {
            "t": t,
            "delta": delta,
            "particle_source": np.asarray(seen["sums"]).real,
            **{f"converged_at_{j}": float(t) if far else 0.0 for j, far in enumerate(away)},
            **{f"delta_smallest_{j}": float(size) for j, size in enumerate(np.abs(delta))},
        }

    @staticmethod
    def headline(row):
        """Summary numbers of one row."""
        return {
            "t": row["t"],
            **{f"delta_final_{j}": float(abs(d)) for j, d in enumerate(row["delta"])},
            **{f"particle_source_{j}": float(x) for j, x in enumerate(row["particle_source"])},
        }

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
    state = FieldState(
        laser_dynamics.Pairing(m, grid, V, laser_dynamics.initial(m, grid, len(V), "driven", 1e-3)),
        solo(),
    )
    out = np.zeros_like(state.flat)
    each, steps = (
        estimates.seconds(lambda: state.rhs(0.0, 1, state.flat, out), 100),
        run.run.t_max / run.numerics.dt,
    )
    share = 2.2 if run.numerics.error_estimate else 1.0
    return [
        f"  {len(grid[0])} momenta, {len(V)} run{'s' * (len(V) > 1)}, {steps:.0f} steps, {state.nbytes / 2**20:.2f} MB",
        f"  time: about {5.5 * each * steps * share:.0f} s on one rank ({each * 1e6:.0f} us a right-hand side)",
    ]
