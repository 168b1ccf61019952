"""Task evolve: the order parameter in time, for one or several interactions at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ....errors import NotConverged
from ....maths import attractors, bands
from ....maths.arrays import ComplexArray
from ....maths.bands import Grid
from ....parallel import Communicator, Layout
from ....solvers.mean_field import FieldState
from ....tasks import Given, Outcome, Output, run_evolution
from ....tasks.evolution import Recorder
from ..physics import dynamics, material, published_formulas
from ..physics.material import Material
from ..shared import linear_stability
from ..shared.model import interactions, material_at, momenta
from ..shared.steady_state import growth_rate, order_parameter, turning_order, turning_order_on

if TYPE_CHECKING:
    from ....files.writer import ResultFile
    from ....solvers.output_times import Row

ARRIVED = 0.01  # of the steady order parameter: how near counts as arrived
STATIC_POINTS = 64  # momenta a side of the steady states beside an evolution
LARGE_ENOUGH = 1e-7  # |Delta| that a decayed condensate has at most
LISTED = ("delta_final", "particle_source", "converged_at", "delta_smallest")  # a number for each V


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Goldstein, Aron and Chamon 2015, Eqs. (9), (18), Figs. 4 to 6. **Collective.**"""
    m, initial = material_at(given.parameters), given.initial
    V, grid = interactions(given), momenta(given, m)

    def state(variant, begin):
        own = denser(given, m) if variant == "grid error" else grid
        start = dynamics.initial(
            m, own, len(V), initial.state, initial.delta, initial.pairs, given.run.seed
        )
        pairing = dynamics.Pairing(
            m, own, V, start, initial.noise_floor, given.numerics.drive == "full"
        )
        return FieldState(pairing, comm, begin)

    records = Records(given, m, V, grid, comm)
    outcome = run_evolution(given, comm, log, output, state, records)
    as_lists(outcome, len(V), given.run.t_max, records.spacing)
    add_steady_states(outcome, m, V)
    outcome.summary["formula_used"] = records.formula
    words = remarks(given, m, np.atleast_1d(outcome.summary["delta_smallest"]))
    if outcome.status == "not-converged":  # why stands last
        outcome.warnings[:0] = words
    else:
        outcome.warnings += words
    if outcome.status == "complete":
        add_attractors(outcome, output(), len(V), initial.noise_floor)
        write_stationary(output(), m, grid, np.atleast_1d(outcome.summary["delta_final"]))
    return outcome


def denser(given: Given, m: Material) -> Grid:
    """The grid whose run tells the error of the grid: half the spacing, or twice Gauss's points.

    Random pairs are drawn for each momentum of a grid, so that another grid is another start: they
    have no grid error.
    """
    if given.numerics.grid == "uniform":
        return bands.uniform(m.k_max, 2 * given.numerics.points - 1)
    return m.graded(2 * given.numerics.points)


def settled(m: Material, grid: Grid) -> float:
    """|Delta| of the steady state on a grid, by bisection to 1e-6 and one secant.

    Where none stands still, of one that turns; 0 in the normal state.
    """
    band = m.on(grid)
    root = material.seed(m, band) if m.projected else 0.0
    if root == 0:
        return turning_order_on(m, band, growth_rate(m, STATIC_POINTS)[0])[0]
    a, b = np.log(root), np.log(root) + 1e-5
    f = [m.V * material.gap_sum(m, band, np.exp(2 * x)) - 1 for x in (a, b)]
    return float(np.exp(a - f[0] * (b - a) / (f[1] - f[0])))


def add_steady_states(outcome: Outcome, m: Material, V: np.ndarray) -> None:
    """Put the steady order parameter at each V into the summary, from 64 momenta against 96."""
    coarse, fine = ([settled(m.at(V=float(v)), m.graded(n)) for v in V] for n in (64, 96))
    errors = [abs(a - b) + 1e-10 for a, b in zip(coarse, fine)]
    values = [verdict(m.at(V=float(v))) for v in V]
    known = [z if np.isfinite(z) else None for z in values]
    outcome.summary["delta_steady_eigenvalue"] = per_run(known)
    outcome.summary["delta_steady_stable"] = per_run([z and z.real < 0 for z in known])
    outcome.summary["delta_steady"] = per_run(coarse)
    outcome.errors["delta_steady"] = per_run(errors)


def add_attractors(outcome: Outcome, out: ResultFile, runs: int, floor: float) -> None:
    """Put into the summary what each run has come to: fixed point, cycle or neither.

    **Collective.**
    """
    t, delta = out.read("t"), out.read("delta").reshape(-1, runs)
    tiny = max(LARGE_ENOUGH, 2 * floor)
    seen = [attractors.attractor(t, delta[:, j], tiny) for j in range(runs)]
    outcome.summary["attractor"] = per_run([each.kind for each in seen])
    for j, name in enumerate(("period", "delta_min", "delta_max")):
        values = [(each.period, each.low, each.high)[j] for each in seen]
        outcome.summary[name] = per_run([None if np.isnan(x) else x for x in values])
        errors = [each.errors[j] for each in seen]
        outcome.errors[name] = per_run([None if np.isnan(x) else x for x in errors])


def verdict(m: Material) -> complex:
    """The eigenvalue that grows fastest of the steady state of one interaction; nan if lost."""
    try:
        delta, turning = order_parameter(m, STATIC_POINTS), 0.0
        if delta == 0:
            delta, turning = turning_order(m, STATIC_POINTS)
    except NotConverged:
        return complex(np.nan, np.nan)
    turned = m.at(turning=turning)
    return linear_stability.verdicts(turned, delta, STATIC_POINTS)["eigenvalue"]


def as_lists(outcome: Outcome, runs: int, t_max: float, spacing: float) -> None:
    """Turn the numbered numbers of the runs into lists; a run on its way has no converged_at."""
    for table in (outcome.summary, outcome.errors):
        for name in LISTED:
            values = [table.pop(f"{name}_{j}") for j in range(runs) if f"{name}_{j}" in table]
            if name == "converged_at":
                values = [t if t < t_max * (1 - 1e-9) else None for t in values]
            if values:
                table[name] = per_run(values)
    outcome.errors["converged_at"] = per_run([spacing] * runs)


def per_run(values: list) -> list | float | None:
    """A list of one number for each run; the number itself where there is one run."""
    return values if len(values) > 1 else values[0]


def remarks(given: Given, m: Material, smallest: np.ndarray) -> list[str]:
    """What the reader must know of this run; smallest : (runs,), the least |Delta| of each."""
    warnings, floor = [], given.initial.noise_floor
    if floor > 0:
        warnings.append(
            f"noise floor: a constant {floor:g} is added to Delta, from which pairing grows; "
            "it breaks the phase symmetry"
        )
        if smallest.min() < 100 * floor:
            warnings.append(
                f"|Delta| fell to {smallest.min():.1e}, the noise floor's size, before the "
                "populations had settled: the time of the onset is that of growth from the floor "
                "(later by 2.3 growth times for a floor ten times smaller), what it settles to is "
                "not"
            )
    if m.projected:
        warnings.append(
            "projected self-consistency (18): pairing creates particles, see particle_source"
        )
    else:
        warnings.append(
            "full self-consistency (17): pairing conserves particles; two bands at T = 0 "
            "do not pair"
        )
    if given.numerics.drive == "full":
        warnings.append(f"full drive Omega cos(omega0 t), omega0 = {m.E_g + m.detuning:g}")
    return warnings


def write_stationary(out: ResultFile, m: Material, grid: Grid, delta: np.ndarray) -> None:
    """Pair amplitudes of Eq. (10) at the order parameters (runs,) of the end. **Collective.**"""
    band = m.on(grid)
    amplitudes = [material.pair_amplitude(m, band, float(size)) for size in delta]
    out.fixed("s_stationary", np.stack(amplitudes, axis=1))


class Records(Recorder):
    """What is written of an evolution: order parameter, particle source, populations and pairs."""

    # twice the step does not resolve the largest energies: no 15 times smaller error
    safety = 0.5
    caution = 4 / 3  # half the spacing leaves a quarter of a trapezoid's error
    defaults = {"ts_rk_type": "4", "ts_adapt_type": "none"}
    variants: tuple[str, ...] = ("step error", "grid error")
    traced: tuple[str, ...] = ("delta",)

    def __init__(self, given: Given, m: Material, V: np.ndarray, grid: Grid, comm):
        """V : (runs,); grid : (k, dk/2pi), each (n,)."""
        self.V, self.k = V, grid[0]
        self.layout = Layout.over(len(grid[0]), comm)
        self.steady = np.array([settled(m.at(V=float(v)), grid) for v in V])
        formulas = [published_formulas.at_resonance(m.at(V=float(v))) for v in V]
        self.analytic = np.array([table[name] for table, _, name in formulas if name])
        self.formula = formulas[0][2]
        self.worst = {f"converged_at_{j}": max for j in range(len(V))}
        self.worst |= {f"delta_smallest_{j}": min for j in range(len(V))}
        if given.initial.pairs == "random":
            self.variants = ("step error",)
        dt = given.numerics.dt
        self.spacing = max(1, round((given.run.output_every or dt) / dt)) * dt

    def declare(self, out: ResultFile) -> None:
        """Axes and series of the result file. **Collective.**"""
        out.growing_axis("t")
        out.axis("V", self.V)
        out.axis("k", self.k)
        out.fixed("delta_steady", self.steady)
        out.fixed("delta_formula", self.analytic)
        out.series("delta")
        out.series("particle_source")
        out.growing_axis("t_monitor")
        out.series("s_k", layout=self.layout)
        out.series("n_k", layout=self.layout)

    def declare_errors(self, out: ResultFile) -> None:
        """The errors of the order parameter in time. **Collective.**"""
        out.growing_axis("t_error")
        for name in self.variants:
            out.series(f"delta_{name.replace(' ', '_')}")

    def row(self, t: float, c: ComplexArray, observed: Mapping) -> dict:
        """One row, replicated on every rank."""
        delta = np.array(c)
        near = np.where(self.steady > 0, ARRIVED * self.steady, 1e-6)
        away = np.abs(np.abs(delta) - self.steady) > near
        return {
            "t": t,
            "delta": delta,
            "particle_source": np.asarray(observed["sums"]).real,
            **{f"converged_at_{j}": float(t) if far else 0.0 for j, far in enumerate(away)},
            **{f"delta_smallest_{j}": float(size) for j, size in enumerate(np.abs(delta))},
        }

    @staticmethod
    def headline(row: Mapping) -> dict:
        """Summary numbers of one row."""
        return {
            "t": row["t"],
            **{f"delta_final_{j}": float(abs(d)) for j, d in enumerate(row["delta"])},
            **{f"particle_source_{j}": float(x) for j, x in enumerate(row["particle_source"])},
        }

    def watch(self, state: FieldState, output: Row, observed: Mapping) -> tuple[dict, dict]:
        """Pair amplitudes and populations over k, this rank's."""
        local = observed["local"]
        return {"s_k": local["s"], "n_k": (local["n11"] + local["n22"]).real}, {}

    def local(self, row: Mapping, observed: Mapping) -> dict:
        """What is written of a row."""
        return {name: row[name] for name in ("t", "delta", "particle_source")}

    def progress(self, row: Mapping) -> str:
        """The order parameters, in words."""
        return "|Delta| = " + ", ".join(f"{abs(d):.3e}" for d in row["delta"])
