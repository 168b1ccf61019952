"""Tasks of the exciton-bec system that follow from its uniform steady states: steady, branches, spectrum."""

from __future__ import annotations

import numpy as np

from .... import petsc
from ....errors import InputError, NotConverged
from ....parallel import on_root, solo
from ....solvers import farm as maps
from ....solvers import newton
from ....tasks import Outcome
from .. import inputs
from ..physics import frequency_integrals as kernels
from ..physics import number_balance as balance
from ..physics import steady_states as states

TABLES = {"parameters": inputs.Parameters, "numerics": inputs.Numerics}
SLOW = ("inv_kfas", "gamma_b", "T_b", "p_c")
COLUMNS = {
    "delta": ("eF", "order parameter"),
    "mu": ("eF", "chemical potential of the condensate"),
    "mu_b": ("eF", "chemical potential of the bath"),
    "n0": ("1", "condensed pairs over all pairs"),
}
SHORTEST_CUTOFF = 5.0  # kF, as in [numerics]
WIDE = (
    "the baths are wide: at large momentum n_p = gamma_b/(pi p^2), so that every result depends on the cutoff p_c, "
    "which the number equation stops at"
)


# ---- what all tasks of this system share ------------------------------------------------------------------------------


def drive_of(run, **values):
    """The Drive of an input; ``values`` replace inv_kfas, gamma_b, ratio, T_b, p_c."""
    p, n = run.parameters, run.numerics
    given = {
        "inv_kfas": p.inv_kfas,
        "gamma_b": p.gamma_b,
        "ratio": p.decay,
        "T_b": p.T_b,
        "p_c": n.p_c,
    }
    given |= {key: float(value) for key, value in values.items()}
    return states.Drive(
        given["inv_kfas"], given["ratio"], given["gamma_b"], given["p_c"], n.number, given["T_b"]
    )


def refuse_unused(run, prefix="steady_"):
    """InputError for a PETSc option that no solver of the task will ask for, and for a swept cutoff that is too small."""
    if "p_c" in run.sweep and np.any(run.sweep["p_c"] < SHORTEST_CUTOFF):
        raise InputError(
            f"[sweep] p_c: must be >= {SHORTEST_CUTOFF:g}, got {run.sweep['p_c'].min():g}"
        )
    with petsc.Options(run.petsc) as options:
        newton.solve_equations(lambda x: x, [0.5], prefix=prefix)
        options.refuse_unused()


def polish(seed, comm, run):
    """(State, SNES solution) from a seed, momenta spread over the ranks. **Collective.** Raises NotConverged."""
    problem = balance.Balance(seed)
    with petsc.Options(run.petsc):
        found = newton.solve(
            problem,
            comm,
            problem.start(),
            {"snes_atol": run.numerics.tolerance},
            prefix="steady_",
            fix=False,
        )
    if not found.converged:
        raise NotConverged(
            f"steady: SNES stopped at residual {found.residual:.1e} ({found.reason}); try a larger [numerics] tolerance"
        )
    return problem.state(found.x, found.residual), found


def condensate(run, comm, drive=None):
    """(State, SNES solution) of an input. **Collective.** Raises NotConverged on every rank where there is no condensate."""
    drive = drive or drive_of(run)
    return polish(on_root(comm, states.solve, drive), comm, run)


def given(drive):
    """What every summary records of the input."""
    return {
        "inv_kfas": drive.inv,
        "gamma_b": drive.gb,
        "gamma_v": drive.gv,
        "T_b": drive.T,
        "p_c": drive.p_c,
        "number": drive.number,
    }


# ---- steady -----------------------------------------------------------------------------------------------------------


def steady(run, comm, log, output):
    """Hanai et al. (2018), Eqs. (32), (33): the uniform steady state of one point. **Collective.**

    Beyond the ratio where the condensate ends the state is normal: delta = 0, its mu is undefined.
    """
    refuse_unused(run)
    drive = drive_of(run)
    end = on_root(comm, _end, drive)
    if end is not None:
        return _normal(drive, end, log, output)
    state, found = condensate(run, comm, drive)
    summary = {
        "delta": state.delta,
        "mu": state.mu,
        "mu_b": state.mu_b,
        "mt": state.mt,
        "ratio": drive.ratio,
        "state": "condensed",
        "n0": balance.fraction(state),
        "gap": float(state.delta if state.mu > 0 else np.hypot(state.mu, state.delta)),
        **given(drive),
        "residual": found.residual,
        "snes_reason": found.reason,
    }
    errors = on_root(comm, balance.errors, state)
    errors["gap"] = errors["delta"] + (0 if state.mu > 0 else errors["mu"])
    errors["n0"] = on_root(comm, _moved, balance.fraction, state, errors)
    problem = balance.Balance(state)
    order = np.argsort(problem.p)
    p = problem.p[order]
    out = output()
    out.axis("p", p, "kF", "momentum")
    xi = p**2 - state.mu
    G = kernels.pair_function(xi, state.delta, state.mt, state.gb, state.gv, state.T)
    out.fixed(
        "n_p",
        kernels.occupation(xi, state.delta, state.mt, state.gb, state.gv, state.T),
        ("p",),
        "1",
        "occupation of electrons and of holes",
    )
    out.fixed("pair_p", state.delta * (G[0] + 1j * G[1]), ("p",), "1", "pair amplitude <h e>_p")
    log(f"steady: delta = {state.delta:.6f}, mu = {state.mu:.6f}, mu_b = {state.mu_b:.6f}")
    return Outcome("complete", summary, errors, [WIDE])


def _end(drive):
    """The State where the condensate ends if ``drive`` lies beyond, else None."""
    try:
        states.solve(drive)
        return None
    except NotConverged as error:
        if drive.ratio == 0 and not isinstance(error, states.NoCondensate):
            raise
        end = states.critical(drive)
        if drive.ratio < end.ratio:
            raise
        return end


def _normal(drive, end, log, output):
    mu_b = balance.normal_mu_b(drive)
    out = output()
    p, _ = states.grid(0.0, mu_b, 0.0, drive.g, drive.p_c)
    out.axis("p", p, "kF", "momentum")
    out.fixed(
        "n_p",
        kernels.occupation(p**2 - mu_b, 0.0, 0.0, drive.gb, drive.gv, drive.T),
        ("p",),
        "1",
        "occupation of electrons and of holes",
    )
    log(f"steady: normal; the condensate ends at ratio_c = {end.ratio:.6f}")
    summary = {
        "delta": 0.0,
        "mu": None,
        "mu_b": mu_b,
        "ratio": drive.ratio,
        "ratio_c": end.ratio,
        "state": "normal",
        "n0": 0.0,
        **given(drive),
    }
    return Outcome(
        "complete",
        summary,
        {"delta": 0.0, "mu_b": 1e-11 * (1 + abs(mu_b)), "ratio_c": end_error(end), "n0": 0.0},
        [WIDE],
    )


def _moved(quantity, state, errors):
    """Change of quantity(state) under the state's own errors and a finer grid."""
    from dataclasses import replace

    fine = replace(state.drive, fine=2 * state.drive.fine)
    here = quantity(state)
    other = [
        replace(state, delta=state.delta + errors["delta"]),
        replace(state, mu=state.mu + errors["mu"]),
        replace(state, mt=state.mt + errors["mt"]),
        replace(state, drive=fine),
    ]
    return float(sum(abs(quantity(s) - here) for s in other)) + 1e-13 * (1 + abs(here))


def end_error(end):
    """Error of ratio_c: the same root on momentum panels of half the length, and rounding."""
    from dataclasses import replace

    if end.ratio == 0:
        return 0.0
    finer = states.at_delta(
        replace(end.drive, fine=2 * end.drive.fine), 0.0, (end.mu, end.mt, end.ratio)
    )
    return 2 * abs(finer.ratio - end.ratio) + 1e-11


# ---- branches ---------------------------------------------------------------------------------------------------------


def branches(run, comm, log, output):
    """Fig. 4: the condensate over ratio, every point polished by SNES, and the ratio where it ends; a second key gives a family. **Collective.**"""
    refuse_unused(run)
    if "ratio" not in run.sweep or np.any(np.diff(run.sweep["ratio"]) <= 0):
        raise InputError(
            "[sweep] ratio: branches are followed over it; give ascending values, such as {from = 0.0, to = 1.0, points = 51}"
        )
    slow = next((key for key in run.sweep if key != "ratio"), None)
    rows, ratios = run.sweep[slow] if slow else np.array([np.nan]), run.sweep["ratio"]

    def solve(i, j, warm):
        return _curve(run, drive_of(run, **({slow: rows[i]} if slow else {})), ratios)

    out = output()
    records, stopped = maps.farm((len(rows), 1), solve, comm, log, output.points(), "branches")
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    records = [row[0] for row in records]
    lost = [record["why"] for record in records if "why" in record]
    if slow:
        out.axis(
            slow, rows, {"p_c": "kF", "inv_kfas": "1"}.get(slow, "eF"), "slow key of the sweep"
        )
    out.axis("ratio", ratios, "1", "gamma_v/gamma_b")
    axes = (slow, "ratio") if slow else ("ratio",)
    empty = np.full(len(ratios), np.nan)
    for name, (units, text) in COLUMNS.items():
        table = np.array([record.get(name, empty) for record in records])
        out.fixed(
            name,
            table if slow else table[0],
            axes,
            units,
            text + (" (0 in the normal state)" if name in ("delta", "n0") else ""),
        )
    end = [record.get("ratio_c") for record in records]
    out.fixed(
        "ratio_c_row" if slow else "ratio_end",
        np.array([np.nan if x is None else x for x in end])
        if slow
        else np.array([end[0] or np.nan]),
        (slow,) if slow else (_single(out),),
        "1",
        "ratio where the condensate ends",
    )
    gone = [record.get("ratio_c_error") for record in records]
    summary = {
        "ratio_c": end if slow else end[0],
        "delta_max": float(
            np.nanmax([np.nanmax(r["delta"]) for r in records if "delta" in r] or [np.nan])
        ),
        "points": int(sum(np.count_nonzero(r["delta"]) for r in records if "delta" in r)),
        "number": run.numerics.number,
        "p_c": run.numerics.p_c,
        "residual": max([r["residual"] for r in records if "residual" in r] or [None]),
    }
    status = "not-converged" if lost else "complete"
    return Outcome(status, summary, {"ratio_c": gone if slow else gone[0]}, [WIDE, *lost])


def _single(out):
    out.axis("end", np.array([0]), "1", "ends of the branch")
    return "end"


def _curve(run, drive, ratios):
    """One record: columns over ``ratios``, the end of the condensate."""
    end = states.critical(drive)
    columns = {name: np.full(len(ratios), np.nan) for name in COLUMNS}
    residual, warm = 0.0, None
    for j, ratio in enumerate(ratios):
        at = states.replace(drive, ratio=float(ratio))
        if ratio >= end.ratio:
            values = (0.0, np.nan, balance.normal_mu_b(at), 0.0)
        else:
            state, found = polish(states.solve(at, warm), solo(), run)
            values, residual, warm = (
                (state.delta, state.mu, state.mu_b, balance.fraction(state)),
                max(residual, found.residual),
                state,
            )
        for name, value in zip(COLUMNS, values):
            columns[name][j] = value
    return {**columns, "ratio_c": end.ratio, "ratio_c_error": end_error(end), "residual": residual}


# ---- spectrum ---------------------------------------------------------------------------------------------------------


def spectrum(run, comm, log, output):
    """Fig. 9: occupied spectral weight of electrons, w from the condensate's mu. **Collective.**

    upper_weight : share of the carriers that sit at w > 0, broken pairs: 0 at equilibrium.
    """
    refuse_unused(run)
    state, found = condensate(run, comm)
    n, reach = run.numerics, 1.2 * float(np.hypot(run.numerics.p_max**2 - state.mu, state.delta))
    p = run.sweep.get("p", np.linspace(0.0, n.p_max, n.points))
    w = run.sweep.get("w", np.linspace(-reach, reach, n.points))
    if np.any(p < 0):
        raise InputError(f"[sweep] p: momenta must be >= 0, got {p.min():g}")
    at = (state.delta, state.mu, state.mt, state.gb, state.gv, state.T)
    L = on_root(comm, lambda: kernels.spectrum(p[:, None], w, *at))
    xi = p**2 - state.mu
    out = output()
    out.axis("p", p, "kF", "momentum")
    out.axis("w", w, "eF", "energy from the condensate's chemical potential")
    out.fixed("L", L, ("p", "w"), "1/eF", "occupied spectral weight L(p, w) of electrons")
    out.fixed("E_p", np.hypot(xi, state.delta), ("p",), "eF", "energy of the upper branch")
    out.fixed("n_p", kernels.occupation(xi, *at[:1], *at[2:]), ("p",), "1", "occupation")
    share = on_root(comm, balance.upper_share, state)
    errors = on_root(comm, balance.errors, state)
    summary = {
        "upper_weight": share,
        "delta": state.delta,
        "mu": state.mu,
        "mu_b": state.mu_b,
        "ratio": state.ratio,
        "L_max": float(L.max()),
        **given(state.drive),
        "residual": found.residual,
        "snes_reason": found.reason,
    }
    errors["upper_weight"] = on_root(comm, _moved, balance.upper_share, state, errors)
    log(f"spectrum: share of carriers in the upper branch {share:.6f}")
    return Outcome("complete", summary, errors, [WIDE])
