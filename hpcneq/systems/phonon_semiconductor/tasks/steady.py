"""Stationary states of the phonon-semiconductor system by SNES, started by TS; task ``steady``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .... import petsc
from ....errors import InputError, NotConverged
from ....parallel import on_root, solo
from ....solvers import farm as maps
from ....solvers import newton
from ....solvers.evolution import Evolution
from ....solvers.mean_field import FieldState
from ....tasks import Outcome
from ....tasks import cost as estimates
from .. import inputs as phonon_inputs
from ..physics import collisions as phonon
from ..physics import pairing as phonon_pairing
from ..physics.stationary import Stationary

STEP = {"ts_rk_type": "4", "ts_adapt_type": "none"}
START = 10.0  # slowest times of the driven state that TS goes before SNES takes over
ROUNDS, CLOSE, CAUTION = 200, 1e-13, 10.0
RICHARDSON = {"snes_type": "nrichardson", "snes_linesearch_type": "basic", "snes_max_it": 1}
PHYSICAL = (
    1e-6  # what populations may leave [0, 1] by: the printed recombination does not keep them there
)
CAREFUL = 1.5  # factor of a change with half the step in k, in errors
LONGEST = 2e4  # time that growth near the threshold is waited for
LEAST = 1e-5  # growth rate that counts as growth, as in task threshold
NUMBERS = {
    "delta": "delta",
    "frequency": "delta_frequency",
    "growth": "growth_rate",  # of a state, and as the summary has them
    "min_eigenvalue": "min_eigenvalue",
    "max_eigenvalue": "max_eigenvalue",
}
NONE = 1e-6  # |Delta| of a root that is the state without pairs, to what a singular Jacobian leaves
SIZE = 1e-3  # |Delta| at which TS begins, of the fastest growing pairs
SWEPT = ("V", "Omega", "Gamma_ph", "Gamma_rr", "A1", "A2", "v", "n_B", "points")
UNITS = {"v": "1", "n_B": "1", "points": "1"}


class Batch:
    """Protocol MeanField of many runs at once on one rank: one item, whose fields are (runs, n).

    start_fields : {name: (runs, n)}.
    """

    def __init__(self, model, start_fields):
        self.model, self.start_fields, self.items = model, start_fields, 1
        self.fields = {name: values.shape for name, values in start_fields.items()}

    def start(self, part):
        """The given fields."""
        return {name: values[None] for name, values in self.start_fields.items()}

    def breakpoints(self, t_max):
        """None."""
        return []

    def partials(self, t, local, part):
        """int s dk/2pi, (1, runs)."""
        return local["s"] @ self.model.bands.weight

    def close(self, sums):
        """Delta (runs,)."""
        return np.conj(np.asarray(self.model.V).reshape(-1) * sums)

    def rhs(self, t, side, local, c, out, part):
        """All rates."""
        rates = self.model.rhs(t, local["n11"].real, local["n22"].real, local["n21"], local["s"], c)
        for name, rate in zip(("n11", "n22", "n21", "s"), rates):
            out[name][:] = rate


def evolved(model, fields, t_max, dt, rows=1, options=None, defaults=STEP):
    """({name: (runs, n)} at t_max, [(t, Delta (runs,))] at about ``rows`` equidistant times) by TS on one rank from fields {name: (runs, n)}."""
    found = []
    with petsc.Options(options or {}) as given:
        state = FieldState(Batch(model, fields), solo())
        evolution = Evolution(state, t_max, dt, given, defaults=defaults)
        try:
            evolution.run(lambda row: found.append((row.t, np.array(row.c))), every=t_max / rows)
            last = {name: values[0].copy() for name, values in state.view(state.flat).items()}
        finally:
            evolution.destroy()
    return last, found


def polished(problem, x):
    """(root, largest rate of change left, last correction) by SNES. NotConverged if lost.

    Each round is one step x - (J - shift)^-1 F with the shift in proportion to F: Newton's in the end, but where states fill up roots are double,
    and where filled and empty ones alone meet a whole family of them, so that J is singular there.
    """
    for _ in range(ROUNDS):
        left = float(np.abs(problem.residual(x)).max())
        inverse = np.linalg.inv(problem.jacobian(x) - CAUTION * left * np.diag(problem.moving))
        found = newton.solve_equations(
            lambda y: inverse @ problem.residual(y), x, RICHARDSON, prefix="steady_"
        )
        moved, x = float(np.abs(found.x - x).max()), found.x
        left = float(np.abs(problem.residual(x)).max())
        if left < CLOSE and moved < 1e-6:
            return x, left, moved
        if not left < 1e3:
            break
    raise NotConverged(
        f"steady: SNES stopped with residual {left:.1e} after a step of {moved:.1e}; try a larger [numerics] t_start"
    )


def driven_state(model, rate, dt=0.8):
    """(n11, n22, n21, residual) of the state without pairs: TS from the filled lower band for a while, then SNES. rate : the slowest one.

    Where SNES is lost, or goes where populations leave [0, 1], TS goes on, twice as long each time. NotConverged after the third.
    """
    still = replace(model, V=0.0)
    fields = {
        name: values[None].astype(complex)
        for name, values in zip(("n11", "n22", "n21", "s"), phonon.start(len(model.bands.k), 0.0))
    }
    problem = Stationary(still, False)
    for stretch in (1, 2, 4):
        fields, _ = evolved(still, fields, stretch * START / rate, dt)
        try:
            x, left, _ = polished(
                problem,
                problem.pack(fields["n11"][0].real, fields["n22"][0].real, fields["n21"][0]),
            )
        except NotConverged:
            continue
        n11, n22, n21, _, _ = problem.unpack(x)
        if min(n11.min(), n22.min()) > -PHYSICAL and max(n11.max(), n22.max()) < 1 + PHYSICAL:
            return n11, n22, n21, left
    raise NotConverged(
        f"steady: no driven state by t = {7 * START / rate:.3g}: the laser is too weak to fill the upper band by then"
    )


def slowest(p):
    """The slowest rate of the populations."""
    return max(
        min(rate for rate in (p.Gamma_ph, p.Gamma_rr) if rate > 0)
        if p.Gamma_ph + p.Gamma_rr > 0
        else 0.0,
        1e-4,
    )


def condensed(model, p, dt, t_start, warm=None):
    """{"delta", "frequency", "growth", "residual", fields}: the state with pairs, or without where the driven state is stable.

    warm : (n11, n22, n21, s, w) of a near-by point, from which SNES alone is tried first.
    """
    n11, n22, n21, left = driven_state(model, slowest(p))
    M0, M1 = phonon_pairing.matrices(model, n11, n22, n21)
    growth, mode = phonon_pairing.fastest(M0, M1, float(model.V))
    none = {
        "delta": 0.0,
        "frequency": 0.0,
        "growth": growth,
        "residual": left,
        "n11": n11,
        "n22": n22,
        "n21": n21,
        "s": np.zeros_like(n21),
    }
    if growth <= LEAST:
        return watched(model, none)
    problem = Stationary(model, True)

    def polish(n11, n22, n21, s, w):
        x, left, moved = polished(problem, problem.pack(n11, n22, n21, s, w))
        n11, n22, n21, s, w = problem.unpack(x)
        size = abs(model.order(s))
        if size < NONE or min(n11.min(), n22.min()) < -0.01:
            raise NotConverged(
                "steady: SNES went to a state without pairs; try a larger [numerics] t_start"
            )
        return watched(
            model,
            {
                "delta": float(size),
                "frequency": float(-w),
                "growth": growth,
                "residual": left,
                "n11": n11,
                "n22": n22,
                "n21": n21,
                "s": s,
            },
        )

    if warm is not None:
        try:
            return polish(*warm)
        except NotConverged:
            pass
    s = mode * SIZE / abs(model.order(mode))
    fields = {"n11": n11, "n22": n22, "n21": n21, "s": s}
    last, seen = evolved(
        model,
        {name: np.asarray(values, complex)[None] for name, values in fields.items()},
        max(t_start, min(12 / growth, LONGEST)),
        dt,
    )
    last = {name: values[0] for name, values in last.items()}
    rates = model.rhs(0.0, last["n11"].real, last["n22"].real, last["n21"], last["s"])
    w = float((rates[3] @ model.bands.weight / (last["s"] @ model.bands.weight)).imag)
    return polish(last["n11"].real, last["n22"].real, last["n21"], last["s"], w)


def watched(model, found):
    """A state with the extreme eigenvalues of its one-body matrix."""
    low, high = model.eigenvalues(*(found[name] for name in ("n11", "n22", "n21", "s")))
    return found | {"min_eigenvalue": low, "max_eigenvalue": high}


def grid_errors(p, n, found):
    """{name: error} of `NUMBERS`, those of a stationary state from the one with half the step in k; {} if there is none.

    The interval of momenta and the speed of sound stay; how |Delta| goes to its limit is irregular, hence a factor beyond the difference.
    """
    fine, finer = phonon_inputs.refined(p, n)
    model, warm = phonon_inputs.model(fine, finer), None
    if found["delta"] > 0:
        k = phonon_inputs.model(p, n).bands.k
        warm = (
            *(
                np.interp(model.bands.k, k, np.asarray(found[name]))
                for name in ("n11", "n22", "n21", "s")
            ),
            -found["frequency"],
        )
    try:
        other = condensed(model, fine, finer.dt, finer.t_start, warm)
    except NotConverged:
        return {}
    return {name: CAREFUL * abs(found[name] - other[name]) + 1e-9 for name in NUMBERS}


def at(run, key, value):
    """(parameters, numerics) with one key of either replaced."""
    if key == "points":
        points = int(round(value))
        if points % 2 == 0 or points < 3:
            raise InputError(f"[sweep] points: must be odd numbers from 3 on, got {value:g}")
        return run.parameters, replace(run.numerics, points=points)
    return replace(
        run.parameters, **({"m": None} if key == "v" else {}), **{key: float(value)}
    ), run.numerics


def built(p, n):
    """The model; InputError if v does not fit the grid."""
    try:
        return phonon_inputs.model(p, n)
    except ValueError as error:
        raise InputError(f"[parameters] {error}") from None


def steady(run, comm, log, output):
    """Porta et al. 2019: the stationary state that Figs. 3 to 7 settle to, at one point or over one parameter. **Collective.**"""
    if len(run.sweep) > 1:
        raise InputError(f"[sweep]: a curve is over one parameter, got {', '.join(run.sweep)}")
    n = run.numerics
    if not run.sweep:
        model = built(run.parameters, n)
        found = on_root(comm, condensed, model, run.parameters, n.dt, n.t_start)
        return single(
            run,
            model,
            found,
            on_root(comm, grid_errors, run.parameters, n, found) if n.error_estimate else None,
            log,
            output,
        )
    ((key, values),) = run.sweep.items()
    [built(*at(run, key, value)) for value in values]

    def solve(i, j, warm):
        p, numerics = at(run, key, values[j])
        model = built(p, numerics)
        near = None
        if warm is not None and warm.get("delta", 0) > 0 and len(warm["s"]) == len(model.bands.k):
            near = (
                *(np.asarray(warm[name]) for name in ("n11", "n22", "n21", "s")),
                -warm["frequency"],
            )
        found = condensed(model, p, numerics.dt, numerics.t_start, near)
        return found | (
            {"errors": grid_errors(p, numerics, found)} if numerics.error_estimate else {}
        )

    records, stopped = maps.farm((1, len(values)), solve, comm, log, output.points(), "steady")
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    out, records = output(), records[0]
    lost = [float(v) for v, r in zip(values, records) if "status" in r]
    out.axis(key, values, UNITS.get(key, "E_g"), key)
    for name, text in (
        ("delta", "|Delta| of the stationary state"),
        ("frequency", "rate at which its phase turns"),
        ("growth", "growth rate of pairs in the driven state without them"),
        ("residual", "largest rate of change left"),
    ):
        out.fixed(name, np.array([r.get(name, np.nan) for r in records]), (key,), "E_g", text)
    sizes, doubts = ([r.get(*name) for r in records] for name in (("delta",), ("errors", {})))
    doubts = [table.get("delta") for table in doubts]
    out.fixed(
        "delta_error",
        np.array([np.nan if x is None else x for x in doubts]),
        (key,),
        "E_g",
        "error of delta from the step in k; nan: not known",
    )
    best = max(
        (j for j, size in enumerate(sizes) if size is not None), key=sizes.__getitem__, default=None
    )
    summary = {"delta": sizes, "delta_max": None if best is None else sizes[best]}
    errors = (
        {"delta": doubts, "delta_max": None if best is None else doubts[best]}
        if n.error_estimate
        else {}
    )
    return Outcome(
        "not-converged" if lost else "complete",
        summary,
        errors,
        [f"not converged at {key} = {lost}"] * bool(lost) + unknown(n, doubts),
    )


def unknown(n, doubts):
    """What to say of errors that are not known."""
    if not n.error_estimate:
        return ["no error estimates: [numerics] error_estimate = false"]
    count = sum(x is None for x in doubts)
    return (
        [f"no error of {count} of {len(doubts)} points: no state with half the step in k was found"]
        if count
        else []
    )


def single(run, model, found, doubts, log, output):
    """Fields and numbers of one state."""
    out = output()
    out.axis("k", model.bands.k, "1", "momentum")
    for name, text in (
        ("n11", "population of the lower band"),
        ("n22", "population of the upper band"),
        ("n21", "coherence <c2+ c1>"),
        ("s", "pairs <c2+_k c1+_-k>, Delta real"),
    ):
        out.fixed(name, np.asarray(found[name]), ("k",), "1", text)
    summary = {new: found[name] for name, new in NUMBERS.items()}
    summary |= {
        "particle_number": float((found["n11"] + found["n22"]).sum()),
        "residual": found["residual"],
    }
    errors = {NUMBERS[name]: value for name, value in (doubts or {}).items()} | {
        "particle_number": 1e-9
    }
    log(
        f"steady: |Delta| = {found['delta']:.8g}, turning at {found['frequency']:.6g}, residual {found['residual']:.0e}"
    )
    notes = (
        []
        if found["delta"]
        else ["pairs decay in the driven state: no state with pairs was looked for"]
    )
    return Outcome(
        "complete", summary, errors, notes + unknown(run.numerics, [(doubts or {}).get("delta")])
    )


def cost(run):
    """Seconds of one point, from a few right-hand sides and one inverse; the errors' grid has twice the momenta, inverses of eight times the work."""
    model = built(run.parameters, run.numerics)
    fields = phonon.start(len(model.bands.k), 1e-3)
    each = estimates.seconds(lambda: model.rhs(0.0, *fields)) + 4e-5
    problem = Stationary(model, True)
    x = problem.pack(*fields)
    inverse = estimates.seconds(
        lambda: np.linalg.inv(problem.jacobian(x) + np.eye(problem.size)), 1, 1
    )
    return 4 * each * (START / slowest(run.parameters) / 0.8 + 2000) + 15 * inverse * (
        9 if run.numerics.error_estimate else 1
    )
