"""Static tasks of the nsn-junction: the steady states of one point, and the pair susceptibility of its normal state."""

from __future__ import annotations

import numpy as np

from .... import petsc
from ....errors import InputError
from ....parallel import on_root
from ....solvers import newton
from ....tasks import Outcome
from ..physics import currents, onsets
from ..physics import gap_equations as conditions
from ..physics import junction as model
from ..physics import pair_susceptibility as pairing
from ..physics import rotating_condensate as turning
from ..physics import uniform_states as static

NORMAL_STABILITY = {True: "stable", False: "unstable"}
CODES = {"unstable": 0, "stable": 1, "metastable": 2}
CODES_TEXT = "0 unstable, 1 stable, 2 metastable"
FLOOR = 1e-11  # of what is computed from sums over frequencies, which are good to about that
HARTREE = "the model has no Hartree term: at mu = 0 and mirrored leads it would spare the charge, but add to the magnetization that h induces"


# ---- what all static tasks share ------------------------------------------------------------------------------------


def leads_of(run):
    """The two leads of an input with a [leads] table, or None: two equal ones that follow [parameters]."""
    table, p = run.tables.get("leads"), run.parameters
    own = (
        [(name, getattr(table, name), sign) for name, sign in (("left", +1), ("right", -1))]
        if table
        else []
    )
    keys = ("gamma", "T", "mu")
    if all(getattr(lead, key) is None for _, lead, _ in own for key in keys):
        return None
    if p.T is None and any(lead.T is None for _, lead, _ in own):
        raise InputError("[leads] T: give it for both leads, or in [parameters]")
    return tuple(
        model.Lead(
            name,
            *(
                getattr(lead, key) if getattr(lead, key) is not None else getattr(p, key)
                for key in keys
            ),
            sign,
        )
        for name, lead, sign in own
    )


def point_of(run, **values):
    """The Point of an input; ``values`` replace parameters (swept ones, or those the task seeks)."""
    p = run.parameters
    given = {key: getattr(p, key) for key in ("U", "mu", "gamma", "h", "T", "eV")} | values
    leads = leads_of(run)
    if leads and "T" in values:
        if any(
            getattr(lead, "T") is not None
            for lead in (run.tables["leads"].left, run.tables["leads"].right)
        ):
            raise InputError(
                "[leads] T: the temperature is swept or sought here; leads cannot have their own"
            )
        leads = tuple(
            model.Lead(lead.name, lead.gamma, values["T"], lead.mu, lead.sign) for lead in leads
        )
    return static.Point(
        leads=leads, **{key: 0.0 if value is None else value for key, value in given.items()}
    )


def grid_of(run):
    """The lattice of an input."""
    n = run.numerics
    return static.finite(n.Lx, n.Ly) if n.lattice == "finite" else static.infinite(n.error)


def refuse_unused(run, prefix):
    """InputError for a PETSc option that no solver of the task will ask for."""
    with petsc.Options(run.petsc) as options:
        newton.solve_equations(lambda x: x, [0.5], prefix=prefix)
        options.refuse_unused()


def polished(equations, start, grid, prefix="steady_"):
    """(solution, errors (n,)) of equations(grid=.., ...) = 0 from a seed, by SNES; errors by a finer grid.

    equations(grid) -> function. On a finite lattice only the solver errs.
    """
    found = newton.solve_equations(equations(grid), start, prefix=prefix)
    better = conditions.finer(grid)
    moved = (
        newton.solve_equations(equations(better), found.x, prefix=prefix).x
        if better is not None
        else found.x
    )
    return found, np.abs(moved - found.x) + FLOOR * (1 + np.abs(found.x))


def gridded(quantity, grid):
    """(value, error) of quantity(grid)."""
    value = quantity(grid)
    return value, np.abs(value - quantity(grid.refined())) + FLOOR if isinstance(
        grid, static.Infinite
    ) else np.full(np.shape(value), FLOOR)


# ---- steady ---------------------------------------------------------------------------------------------------------


def steady(run, comm, log, output):
    """Kawamura & Ohashi 2025, Eq. (47): every uniform steady state of one point, polished by SNES over all ranks. **Collective.**"""
    refuse_unused(run, "steady_")
    point, grid = point_of(run), grid_of(run)
    if not point.mirrored:
        return turning_states(run, comm, log, output, point, grid)
    seeds = on_root(comm, onsets.roots, point, grid)
    scanned = on_root(comm, lambda: _scanned(onsets.scan(point, grid)))
    found = [
        newton.solve(
            conditions.GapRoot(point, grid), comm, np.array([d]), prefix="steady_", fix=False
        )
        for d in seeds
    ]
    better = conditions.finer(grid)
    errors = [
        FLOOR * (1 + s.x[0])
        + (
            abs(
                newton.solve(
                    conditions.GapRoot(point, better), comm, s.x, prefix="steady_", fix=False
                ).x[0]
                - s.x[0]
            )
            if better
            else 0.0
        )
        for s in found
    ]
    lost = [s for s in found if not s.converged]
    records = on_root(
        comm,
        lambda: [_state(float(s.x[0]), point, grid) for s in found] + [_state(0.0, point, grid)],
    )
    growth = on_root(comm, lambda: NORMAL_STABILITY[pairing.normal_stable(point, grid)])
    region = on_root(comm, onsets.region, point, grid)
    out = output()
    _write_states(out, found, records)
    D = np.linspace(0.0, scanned[1], 301)
    out.axis("D", D, "t_par", "trial order parameter")
    out.fixed(
        "U_F",
        on_root(comm, lambda: point.U * static.gap_sum(D, point, grid)),
        ("D",),
        "1",
        "U F(D): a steady state where it is 1",
    )
    roots = [float(s.x[0]) for s in found]
    summary = {
        "roots": roots,
        "stability": [r["stability"] for r in records[:-1]],
        "normal": growth,
        "region": region,
        "scanned": scanned,
        "slope": [r["slope"] for r in records[:-1]],
        "current_left": [r["current_left"] for r in records[:-1]],
        "density": [r["density"] for r in records[:-1]],
        "magnetization": [r["magnetization"] for r in records[:-1]],
        "current_normal": records[-1]["current_left"],
        "residual": [s.residual for s in found],
        "snes_reason": [s.reason for s in found],
    }
    if point.equilibrium:
        summary["free_energy"] = [r["free_energy"] for r in records[:-1]]
    warnings = [HARTREE]
    if not roots:
        warnings.insert(
            0,
            f"no uniform condensate: D = U D F(D) has no root for 0 < D <= {scanned[1]:.6g}, scanned in steps of at most {scanned[2]:.2g}",
        )
    status = "complete"
    if lost:
        status = "not-converged"
        warnings.append(
            f"steady: SNES left {len(lost)} of {len(found)} roots with residual {max(s.residual for s in lost):.1e} "
            f"({lost[0].reason}); try [petsc] steady.snes_atol or a larger [numerics] error"
        )
    log(
        "steady: "
        + (
            ", ".join(f"D = {d:.6f} {s}" for d, s in zip(roots, summary["stability"]))
            or "no condensate"
        )
        + f"; normal state {growth}"
    )
    return Outcome(
        status, summary, _state_errors(comm, summary, roots, errors, point, grid), warnings
    )


def _scanned(D):
    """[from, to, largest step] of a scan."""
    return [float(D[0]), float(D[-1]), float(np.diff(D).max())]


def _state(D, point, grid):
    """Slope, stability, free energy (at rest) and what the state carries."""
    found = {
        key: value
        for key, value in currents.transport(D, point, grid).items()
        if not key.startswith("by_")
    }
    F, slope, _ = static.gap_slopes(D, point, grid)
    found |= {"slope": float(slope), "stability": onsets.stability(D, point, grid) if D > 0 else ""}
    if point.equilibrium:
        found["free_energy"] = float(static.free_energy(D, point, grid)) if D > 0 else 0.0
    return found


def _state_errors(comm, summary, roots, root_errors, point, grid):
    """Errors of the roots, and of what follows from them: by a finer grid, and by the root's own error through differences."""

    def rest():
        errors = {}
        keys = ["slope", "current_left", "density", "magnetization"] + (
            ["free_energy"] if point.equilibrium else []
        )
        finer = conditions.finer(grid)
        for key in keys:
            errors[key] = []
        for D, error, k in zip(roots, root_errors, range(len(roots))):
            moved = _numbers(D + error, point, finer or grid, keys)
            for key in keys:
                errors[key].append(abs(moved[key] - summary[key][k]) + FLOOR)
        errors["current_normal"] = (
            abs(
                _numbers(0.0, point, finer or grid, ["current_left"])["current_left"]
                - summary["current_normal"]
            )
            + FLOOR
        )
        return errors

    return {"roots": list(root_errors), **on_root(comm, rest)}


def _numbers(D, point, grid, keys):
    found = currents.transport(D, point, grid)
    found["slope"] = float(static.gap_slopes(D, point, grid)[1])
    if "free_energy" in keys:
        found["free_energy"] = float(static.free_energy(D, point, grid))
    return {key: found[key] for key in keys}


def _write_states(out, found, records):
    """Data sets over the states: the uniform ones and, last, the normal one."""
    out.axis(
        "state",
        np.arange(len(records)),
        "1",
        "steady states: condensates by order parameter, then the normal state",
    )
    columns = [
        ("delta", [float(s.x[0]) for s in found] + [0.0], "t_par", "order parameter"),
        (
            "stability_code",
            [CODES[r["stability"]] for r in records[:-1]] + [-1],
            "1",
            f"{CODES_TEXT}; -1 the normal state",
        ),
        (
            "residual",
            [s.residual for s in found] + [0.0],
            "t_par",
            "|D - U D F(D)| where SNES stopped",
        ),
    ]
    columns += [
        (key, [r[key] for r in records], units, text)
        for key, units, text in (
            ("slope", "1/t_par^2", "dF/dD; > 0: a growing amplitude mode"),
            ("density", "per site", "particles per site"),
            ("magnetization", "per site", "up minus down"),
            ("current_left", "t_par per site", "particle current from the left lead"),
            ("current_right", "t_par per site", "particle current from the right lead"),
            ("free_energy", "t_par per site", "Omega(D) - Omega(0)"),
        )
        if key in records[0]
    ]
    for name, values, units, text in columns:
        out.fixed(name, np.array(values), ("state",), units, text)


def turning_states(run, comm, log, output, point, grid):
    """The task for leads that do not mirror each other: condensates whose phase turns, and the normal state's fastest pair mode. **Collective.**"""
    coarse = static.infinite(1e-3, 256) if isinstance(grid, static.Infinite) else grid
    D, m, seeds = on_root(comm, turning.scan, point, coarse)
    states, errors, lost = [], [], 0
    for seed in seeds:
        found, moved = polished(lambda g: turning.equations(point, g), seed, grid)
        if not found.converged:
            lost += found.residual > 1e-9 and abs(found.x[0]) > 1e-3
        elif found.x[0] > 1e-4 and all(np.abs(found.x - s.x).max() > 1e-6 for s in states):
            states.append(found)
            errors.append(moved)
    order = np.argsort([s.x[0] for s in states]).astype(int)
    states, errors = [states[k] for k in order], [errors[k] for k in order]
    Q, rough = on_root(comm, _fastest, point, coarse)
    z = (
        on_root(comm, lambda: complex(pairing.normal_growth(Q, point, static.infinite(1e-6))))
        if isinstance(grid, static.Infinite)
        else rough
    )
    growth = "unknown" if np.isnan(z) else NORMAL_STABILITY[z.imag <= 0]
    out = output()
    out.axis("state", np.arange(len(states)), "1", "turning condensates by order parameter")
    for name, values, text in (
        ("delta", [s.x[0] for s in states], "order parameter"),
        (
            "mu_pair",
            [s.x[1] for s in states],
            "chemical potential of the condensate: its phase turns as e^(-2 i mu_pair t)",
        ),
    ):
        out.fixed(name, np.array(values, float), ("state",), "t_par", text)
    summary = {
        "roots": [float(s.x[0]) for s in states],
        "mu_pair": [float(s.x[1]) for s in states],
        "stability": ["unknown"] * len(states),
        "normal": growth,
        "normal_growth": float(z.imag),
        "normal_frequency": float(z.real),
        "normal_Q": Q,
        "scanned": [float(D[0]), float(D[-1]), float(D[1] - D[0])],
        "scanned_mu": [float(m[0]), float(m[-1]), float(m[1] - m[0])],
        "residual": [s.residual for s in states],
        "snes_reason": [s.reason for s in states],
    }
    warnings = [
        "these leads do not mirror each other: the phase of a condensate turns at 2 mu_pair; its stability is a matter of the task modes",
        HARTREE,
    ]
    if not states:
        warnings.insert(
            0,
            f"no turning condensate for {D[0]:.3g} <= D <= {D[-1]:.6g} and {m[0]:.4g} <= mu_pair <= {m[-1]:.4g}, scanned on "
            f"{len(D)} x {len(m)} points",
        )
    if lost:
        warnings.append(
            f"steady: SNES left {lost} candidates unsolved; try [petsc] steady.snes_max_it"
        )
    log(f"steady: {len(states)} turning condensates; normal state {growth}")
    return Outcome(
        "not-converged" if lost else "complete",
        summary,
        {
            "roots": [float(e[0]) for e in errors],
            "mu_pair": [float(e[1]) for e in errors],
            "normal_growth": abs(z - rough) + 1e-9,
            "normal_frequency": abs(z - rough) + 1e-9,
        },
        warnings,
    )


def _fastest(point, grid):
    """(Q, z) of the normal state's fastest growing pair mode, over a lattice's momenta or 13 of the infinite one."""
    Q = (
        2 * np.pi * np.arange(grid.Lx // 2 + 1) / grid.Lx
        if isinstance(grid, static.Finite)
        else np.linspace(0.0, 1.2, 13)
    )
    z = [pairing.normal_growth(float(q), point, grid) for q in Q]
    k = int(np.argmax([-np.inf if np.isnan(x) else x.imag for x in z]))
    return float(Q[k]), complex(z[k])


# ---- tmatrix --------------------------------------------------------------------------------------------------------


def tmatrix(run, comm, log, output):
    """Kawamura & Ohashi 2025, Eqs. (48), (53), Fig. 5(b): C(Q) along x, its largest value and where it lies. **Collective.**"""
    refuse_unused(run, "steady_")
    point, grid = point_of(run), grid_of(run)
    static.require_mirrored(point, "static pair susceptibility")
    Q = _momenta(run, grid)
    value, error = on_root(comm, lambda: gridded(lambda g: static.pair_sum(Q, point, g), grid))
    best, top = on_root(comm, pairing.strongest_pairing, point, grid)
    errors, reason, residual = {}, "", 0.0
    if isinstance(grid, static.Infinite):
        if best > 1e-6:
            found, moved = polished(lambda g: conditions.peak(point, g), [best], grid)
            best, errors["Q_max"] = abs(float(found.x[0])), float(moved[0]) + 1e-10
            reason, residual = found.reason, found.residual
        else:
            best, errors["Q_max"] = 0.0, 0.0
        top, off = on_root(
            comm, lambda: gridded(lambda g: float(static.pair_sum(best, point, g)), grid)
        )
    else:
        errors["Q_max"], off = 0.0, FLOOR
    U = point.U
    zero, zero_error = on_root(
        comm, lambda: gridded(lambda g: float(static.gap_sum(0.0, point, g)), grid)
    )
    out = output()
    out.axis("Q", Q, "1/lattice constant", "pair momentum along x")
    out.fixed("C", value, ("Q",), "1/t_par", "static pair susceptibility C(Q) of the normal state")
    out.fixed(
        "inverse_T",
        1 / U - value,
        ("Q",),
        "1/t_par",
        "1/U - C(Q): the inverse T-matrix; < 0: pairs of this momentum grow",
    )
    out.fixed("C_error", error, ("Q",), "1/t_par", "error of C(Q)")
    summary = {
        "Q_max": best,
        "U_C_max": U * float(top),
        "U_C_0": U * float(zero),
        "inverse_T_min": 1 / U - float(top),
        "normal": NORMAL_STABILITY[U * float(top) < 1 and U * float(zero) < 1],
        "snes_reason": reason,
        "residual": residual,
    }
    if isinstance(grid, static.Infinite) or grid.Lx == grid.Ly:
        slanted, most = on_root(comm, pairing.strongest_diagonal, point, grid)
        summary |= {"Q_max_diagonal": slanted, "U_C_max_diagonal": U * most}
        _, unsure = on_root(
            comm,
            lambda: gridded(lambda g: float(pairing.pair_sum_diagonal(slanted, point, g)[0]), grid),
        )
        errors |= {
            "Q_max_diagonal": 1e-7 if isinstance(grid, static.Infinite) else 0.0,
            "U_C_max_diagonal": U * float(unsure),
        }
    if isinstance(grid, static.Infinite):
        out.fixed(
            "C_diagonal",
            on_root(comm, pairing.pair_sum_diagonal, Q, point, grid),
            ("Q",),
            "1/t_par",
            "the same with a pair momentum of modulus Q along the diagonal",
        )
    errors |= {
        "U_C_max": U * float(off),
        "U_C_0": U * float(zero_error),
        "inverse_T_min": float(off),
    }
    log(
        f"tmatrix: U C(Q) = {summary['U_C_max']:.6f} at Q = {best:.5f}; normal state {summary['normal']}"
    )
    return Outcome("complete", summary, errors, [])


def _momenta(run, grid):
    """The momenta of the [sweep], or 0 to pi; on a finite lattice its own."""
    Q = run.sweep.get("Q")
    if isinstance(grid, static.Finite):
        own = 2 * np.pi * np.arange(grid.Lx // 2 + 1) / grid.Lx
        if Q is not None and not all(np.isclose(Q[:, None], own, atol=1e-6).any(1)):
            raise InputError(
                f"[sweep] Q: must be 2 pi n/Lx on a finite lattice (Lx = {grid.Lx}); leave it out to get all"
            )
        return own if Q is None else own[np.abs(Q[:, None] - own).argmin(1)]
    return np.linspace(0.0, np.pi, 121) if Q is None else Q
