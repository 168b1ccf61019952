"""Tasks of the laser-semiconductor system: steady states, growth, Keldysh functional, maps; the evolution has its own module."""

from __future__ import annotations

import time

import numpy as np

from .... import petsc
from ....errors import InputError, NotConverged
from ....parallel import on_root
from ....solvers import farm as maps
from ....solvers import newton
from ....tasks import Outcome
from .. import inputs as laser_inputs
from ..physics import (
    keldysh as laser_keldysh,
)
from ..physics import (
    material as laser,
)
from ..physics import (
    published_formulas as laser_formulas,
)
from . import evolve as laser_evolve

SWEPT = (
    "V",
    "Omega",
    "Gamma",
    "gamma1",
    "gamma2",
    "Gamma12",
    "Gamma3",
    "tau",
    "kappa_plus",
    "v_minus",
    "v_plus",
    "T",
    "k_max",
    "mu1",
    "mu2",
)
LIMITS = {
    "Omega": (0, False),
    "Gamma": (0, True),
    "Gamma12": (0, True),
    "Gamma3": (0, True),
    "tau": (0, True),
    "T": (0, False),
    "k_max": (0, True),
    "gamma1": (0, False),
    "gamma2": (0, False),
}
EXACT = ("delta", "V_c", "growth_rate")  # numbers of a curve that have errors
FLOOR = 1e-11  # of numbers from sums that are exact but for rounding
TABLES = {"parameters": laser_inputs.Parameters, "numerics": laser_inputs.Numerics}
SOURCE = (
    'the projection in (18) makes pairing a source of particles (particle_source): without it, self_consistency = "full", '
    "no mode grows and nothing pairs at any V of either sign"
)
NOTHING = 'self_consistency = "full": the unprojected condition (17) has no pairing solution, stationary or rotating, at any V of either sign'
LINEAR = "three-band: the model's populations do not know the pairing (A11), so that it has a threshold and a growth rate, but no order parameter"


# ---- one point ------------------------------------------------------------------------------------------------------


def order_parameter(m, points):
    """|Delta| of the steady state, polished by SNES in ln |Delta|; 0 in the normal state. NotConverged if SNES is lost."""
    if m.model == "three-band" or not m.projected:
        return 0.0
    band = m.on(m.graded(points))
    start = laser.seed(m, band)
    if start == 0:
        return 0.0
    found = newton.solve_equations(
        lambda x: np.array([m.V * laser.gap_sum(m, band, np.exp(2 * x[0])) - 1]),
        [np.log(start)],
        prefix="steady_",
    )
    if not found.converged or abs(found.x[0] - np.log(start)) > 0.1:
        raise NotConverged(
            f"steady: SNES stopped with residual {found.residual:.1e} ({found.reason}); try [petsc] steady.snes_atol or more points"
        )
    return float(np.exp(found.x[0]))


def threshold(m, points):
    """V at which the normal state starts to pair, with its sign; inf if the normal state has nothing to pair."""
    total = laser.gap_sum(m, m.on(m.graded(points)), 0.0)
    return 1 / total if total != 0 else np.inf


def rate(m, points):
    """(lambda, eigenvalue) of the growing mode: root of the condition by SNES, started from the eigenvalue of the linearised equations."""
    band = m.on(m.graded(points))
    value = laser.growth_eigenvalue(m, band)
    if value.real < -0.99 * m.Gamma12:
        return complex(-m.Gamma12, 0.0), value

    def condition(x):
        left = laser.growth_condition(m, band, complex(*(x * m.Gamma12)))
        return np.array([left.real, left.imag])

    found = newton.solve_equations(
        condition, np.array([value.real, value.imag]) / m.Gamma12, prefix="steady_"
    )
    if not found.converged:
        raise NotConverged(
            f"growth: SNES stopped with residual {found.residual:.1e} ({found.reason}); try more [numerics] points"
        )
    return complex(*(found.x * m.Gamma12)), value


def state(m, points):
    """Everything the paper gives for a point: {"delta", "V_c", "delta_analytic", "V_c_analytic", "source", "formulas"}."""
    delta, band = order_parameter(m, points), m.on(m.graded(points))
    centre = m.on((np.zeros(1), np.ones(1)))
    f1, f2 = (float(f[0]) for f in m.fillings(centre))
    formulas, first, second = laser_formulas.all_of(m, f1 + f2 - 1)
    usable = m.projected
    return {
        "delta": delta,
        "V_c": float(threshold(m, points)),
        "delta_analytic": float(formulas[second]) if second and usable else 0.0,
        "V_c_analytic": float(formulas[first]),
        "particle_source": float(laser.source(m, band, delta)),
        "formulas": {name: float(value) for name, value in formulas.items()},
        "used": f"{first}, {second or 'none'}",
    }


def refined(run):
    """Twice the points, or with an infinite range four times."""
    return (4 if np.isinf(run.parameters.k_max) else 2) * run.numerics.points


def errors_of(coarse, fine, keys):
    """Change of numbers under a finer grid."""
    return {
        key: abs(fine[key] - coarse[key]) + FLOOR * (1 + abs(coarse[key]))
        if np.isfinite(coarse[key])
        else 0.0
        for key in keys
    }


def refuse_unused(run):
    """InputError for a PETSc option that no solver of the task will ask for."""
    with petsc.Options(run.petsc) as options:
        newton.solve_equations(lambda x: x, [0.5], prefix="steady_")
        options.refuse_unused()


def check_sweep(run, count):
    """InputError unless the sweep has ``count`` keys (one of several counts) with values the parameters may have."""
    if len(run.sweep) not in count:
        raise InputError(
            f"[sweep]: {run.task} takes {' or '.join(str(c) for c in count)} of {', '.join(SWEPT)}, got {', '.join(run.sweep) or 'none'}"
        )
    if {"gamma1", "gamma2"} <= set(run.sweep):
        raise InputError("[sweep] gamma1, gamma2: they are shares of Gamma, sweep one of them")
    for key, values in run.sweep.items():
        low, open_end = LIMITS.get(key, (-np.inf, False))
        if (
            np.any(values < low)
            or (open_end and np.any(values == low))
            or (key in ("gamma1", "gamma2") and np.any(values > 1))
        ):
            raise InputError(
                f"[sweep] {key}: must be {'>' if open_end else '>='} {low}{' and <= 1' if key in ('gamma1', 'gamma2') else ''}"
            )
        if key in ("kappa_plus", "v_minus") and np.any(values == 0):
            raise InputError(f"[sweep] {key}: must not be 0")


def notes(run):
    """Warnings every task owes its reader."""
    if run.parameters.model == "three-band":
        return [LINEAR]
    return [SOURCE] if run.parameters.self_consistency == "projected" else [NOTHING]


# ---- steady ---------------------------------------------------------------------------------------------------------


def steady(run, comm, log, output):
    """Goldstein, Aron & Chamon 2015, Eqs. (10)-(33), (36)-(46), (A13): a steady state, or a curve of them. **Collective.**"""
    refuse_unused(run)
    check_sweep(run, (0, 1))
    if run.sweep:
        return curve(run, comm, log, output, state)
    m = laser_inputs.material(run.parameters)
    found, finer = on_root(comm, lambda: (state(m, run.numerics.points), state(m, refined(run))))
    out = output()
    band = m.on(m.graded(run.numerics.points))
    write_state(out, m, band, found["delta"])
    named = {name.replace(" ", "_"): value for name, value in found["formulas"].items()}
    keys = ("delta", "V_c", "delta_analytic", "V_c_analytic", "particle_source")
    summary = {key: found[key] for key in keys} | {"formulas_used": found["used"], **named}
    errors = errors_of(summary, finer, keys) | {
        key: FLOOR * (1 + abs(value)) for key, value in named.items()
    }
    log(
        f"steady: |Delta| = {found['delta']:.8g} (formula {found['delta_analytic']:.6g}), V_c = {found['V_c']:.6g} (formula {found['V_c_analytic']:.6g})"
    )
    return Outcome("complete", summary, errors, notes(run))


def write_state(out, m, band, delta):
    """Populations and pair amplitudes of the steady state over k."""
    order = np.argsort(band.k)
    out.axis("k", band.k[order], "1/length", "momentum")
    n11, n22 = laser.populations(m, band, delta**2)
    for name, values, text in (
        ("n11", n11, "population of the lower band"),
        ("n22", n22, "population of the upper band"),
        ("n", n11 + n22, "population of both bands"),
        ("s", laser.pair_amplitude(m, band, delta), "pair amplitude <c2+_k c1+_-k>, Delta real"),
    ):
        out.fixed(name, values[order], ("k",), "1", text)


def growth(run, comm, log, output):
    """Growth of an infinitesimal order parameter, Delta^* ~ exp(lambda t): eigenvalue and formula. **Collective.**"""
    refuse_unused(run)
    check_sweep(run, (0, 1))

    def point(m, points):
        value, eigenvalue = rate(m, points)
        other, _ = rate(m.at(projected=not m.projected), points)
        name = "full" if m.projected else "projected"
        return {
            "growth_rate": value.real,
            "frequency": value.imag,
            "eigenvalue_rate": eigenvalue.real,
            f"{name}_rate": other.real,
            f"{name}_frequency": other.imag,
        }

    if run.sweep:
        return curve(run, comm, log, output, point)
    m = laser_inputs.material(run.parameters)
    found, finer = on_root(comm, lambda: (point(m, run.numerics.points), point(m, refined(run))))
    out = output()
    band = m.on(m.graded(run.numerics.points))
    order = np.argsort(band.k)
    out.axis("k", band.k[order], "1/length", "momentum")
    out.fixed(
        "imbalance",
        laser.imbalance(m, band)[order],
        ("k",),
        "1",
        "n11 + n22 - 1 of the driven normal state",
    )
    warnings = notes(run)
    if found["growth_rate"] <= -0.99 * m.Gamma12:
        warnings.insert(0, "no mode leaves the continuum: everything decays with Gamma12")
    log(f"growth: {found['growth_rate']:.8g} + {found['frequency']:.8g} i")
    return Outcome("complete", found, errors_of(found, finer, found), warnings)


def curve(run, comm, log, output, point):
    """Every number of ``point`` over the swept key, with the errors of the exact ones from a finer grid. **Collective.**"""
    ((key, values),) = run.sweep.items()

    def solve(i, j, warm):
        m = laser_inputs.material(run.parameters, **{key: float(values[i])})
        found, finer = point(m, run.numerics.points), point(m, refined(run))
        errors = errors_of(found, finer, [name for name in EXACT if name in found])
        return (
            {name: value for name, value in found.items() if name not in ("formulas", "used")}
            | found.get("formulas", {})
            | {f"{name} error": value for name, value in errors.items()}
        )

    records, stopped = maps.farm((len(values), 1), solve, comm, log, output.points(), run.task)
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    records = [row[0] for row in records]
    good = [record for record in records if "status" not in record]
    if not good:
        raise NotConverged(
            f"{run.task}: no point of the curve converged; try more [numerics] points"
        )
    out = output()
    out.axis(key, values, "paper's units", f"parameter {key}")
    for name in good[0]:
        out.fixed(
            name.replace(" ", "_"),
            np.array([record.get(name, np.nan) for record in records], float),
            (key,),
            "paper's units",
            label(name),
        )
    summary, errors = {"points": len(values)}, {}
    for name, record in (("first", records[0]), ("last", records[-1])):
        for item in EXACT:
            if record.get(item) is not None:
                summary[f"{item}_{name}"], errors[f"{item}_{name}"] = (
                    float(record[item]),
                    float(record[f"{item} error"]),
                )
    lost = len(records) - len(good)
    return Outcome(
        "not-converged" if lost else "complete",
        summary,
        errors,
        notes(run) + [f"{lost} points did not converge"] * bool(lost),
    )


def label(name):
    """A long name: exact numbers, or the equation a formula comes from."""
    words = {
        "delta": "exact order parameter",
        "V_c": "exact threshold",
        "delta_analytic": "the paper's formula (corrected) for the order parameter",
        "V_c_analytic": "the paper's formula (corrected) for the threshold",
        "particle_source": "particles per time from pairing, per length",
        "growth_rate": "growth rate",
        "frequency": "frequency",
        "eigenvalue_rate": "growth rate from the eigenvalue",
        **{
            f"{kind}_{what}": f"{words} with {kind} self-consistency"
            for kind in ("projected", "full")
            for what, words in (("rate", "growth rate"), ("frequency", "frequency"))
        },
    }
    if name in words:
        return words[name]
    if name.endswith(" error"):
        return f"error of the {words[name.removesuffix(' error')]}"
    what, _, rest = name.partition(" ")
    return f"{'threshold' if what == 'V_c' else 'order parameter' if what == 'delta' else 'largest v_plus'} by Eq. ({rest})"


# ---- keldysh --------------------------------------------------------------------------------------------------------


def keldysh(run, comm, log, output):
    """Goldstein, Aron & Chamon 2015, Eq. (53), corrected, over the gap equation: 1 to all orders in Delta. **Collective.**"""
    refuse_unused(run)
    p, n = run.parameters, run.numerics
    if p.model != "two-band" or p.T > 0 or np.isinf(p.k_max):
        raise InputError(
            "[parameters]: the functional is that of the two-band model at T = 0 with a finite k_max"
        )
    m = laser_inputs.material(p)

    def compute():
        delta = p.delta or order_parameter(m, 64) or m.Gamma
        band = m.on(m.graded(n.points))
        values = [
            laser_keldysh.functional(m, band, delta, count)
            for count in (n.frequencies, 7 * n.frequencies // 8)
        ]
        return delta, band, values, laser_keldysh.gap_equation(m, band, delta)

    delta, band, (fine, coarse), wanted = on_root(comm, compute)
    ratio, half = (
        float(((band.weight * values).sum() / (band.weight * wanted).sum()).real)
        for values in (fine, coarse)
    )
    worst = float(np.abs(fine / wanted - 1).max())
    out = output()
    order = np.argsort(band.k)
    out.axis("k", band.k[order], "1/length", "momentum")
    out.fixed(
        "functional",
        fine[order].imag,
        ("k",),
        "1",
        "d L/d delta of the corrected Keldysh functional, imaginary part",
    )
    out.fixed(
        "gap_equation", wanted[order].imag, ("k",), "1", "4 Delta Re[1/(E + i Gamma)] (n - 1)"
    )
    log(f"keldysh: ratio {ratio:.10f} at Delta = {delta:.6g}, worst momentum {worst:.1e}")
    errors = {"ratio": 3 * abs(ratio - half) + FLOOR, "delta": FLOOR, "worst": worst + FLOOR}
    return Outcome("complete", {"ratio": ratio, "worst": worst, "delta": delta}, errors, [])


# ---- map ------------------------------------------------------------------------------------------------------------


def map(run, comm, log, output):  # noqa: A001  (the task's name in the input)
    """Order parameter, threshold and growth rate over two parameters, rows over ranks. **Collective.**"""
    refuse_unused(run)
    check_sweep(run, (2,))
    (slow, rows), (fast, columns) = run.sweep.items()

    def numbers(m, points):
        return {"delta": order_parameter(m, points), "V_c": float(threshold(m, points))}

    def solve(i, j, warm):
        m = laser_inputs.material(run.parameters, **{slow: float(rows[i]), fast: float(columns[j])})
        found, (value, _) = numbers(m, run.numerics.points), rate(m, run.numerics.points)
        errors = errors_of(found, numbers(m, refined(run)), found)
        return (
            found
            | {"growth_rate": value.real, "frequency": value.imag}
            | {f"{name} error": error for name, error in errors.items()}
        )

    records, stopped = maps.farm(
        (len(rows), len(columns)), solve, comm, log, output.points(), "map"
    )
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    out = output()
    for key, values in run.sweep.items():
        out.axis(key, values, "paper's units", f"parameter {key}")
    table = {
        name: np.array([[record.get(name, np.nan) for record in row] for row in records], float)
        for name in ("delta", "V_c", "growth_rate", "frequency", "delta error", "V_c error")
    }
    for name, values in table.items():
        out.fixed(name.replace(" ", "_"), values, (slow, fast), "paper's units", label(name))
    lost = int(np.isnan(table["delta"]).sum())
    if lost == table["delta"].size:
        raise NotConverged("map: no point converged; try more [numerics] points")
    top = np.unravel_index(np.nanargmax(table["delta"]), table["delta"].shape)
    summary = {
        "delta_max": float(table["delta"][top]),
        "paired": int((table["delta"] > 0).sum()),
        "points": int(table["delta"].size),
        "delta_error_max": float(np.nanmax(table["delta error"])),
    }
    errors = {"delta_max": float(table["delta error"][top])}
    return Outcome(
        "not-converged" if lost else "complete",
        summary,
        errors,
        notes(run) + [f"{lost} points did not converge"] * bool(lost),
    )


def estimate(run, ranks):
    """Lines for ``hpcneq check``: size, and time from one point or one right-hand side."""
    if run.task == "evolve":
        return laser_evolve.estimate(run, ranks)
    m, begun = laser_inputs.material(run.parameters), time.perf_counter()
    if run.task != "keldysh":
        laser.growth_eigenvalue(m, m.on(m.graded(run.numerics.points)))
    each = 3 * (time.perf_counter() - begun)
    count = int(np.prod([len(values) for values in run.sweep.values()])) if run.sweep else 1
    return [
        f"  {count} points",
        f"  time: about {each * count / min(ranks, count) + 1:.0f} s on {ranks} rank{'s' * (ranks > 1)}",
    ]
