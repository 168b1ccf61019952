"""Evolution of one condensate in full: equations (69) with adiabatic reservoirs or with their memory, Q held or moved by the current condition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from ....errors import InputError
from ....maths import poles
from ....parallel import on_root
from ....solvers.mean_field import FieldState
from ....solvers.modes import Samples, secant
from ....tasks.evolution import Recorder, run_evolution
from ..physics import dynamics as uniform
from ..physics import gap_and_current as states
from ..physics import late_rates as traces
from ..physics import response
from ..physics import state_curves as branches
from .stability import _curves, gas_of, required

STEP = 1.2  # default step times fastest rate
RESOLVED = 1.39  # largest: twice the step is still stable (limit 2.78)
NEAR = 0.02  # of the largest Delta, and in pF of Q: what counts as having arrived
FORGOTTEN = 9.0  # e-folds
PAST = 1.5  # ends: a panel for a time is off by much at that time
WIDTHS = 2.0  # longest panel near pF in units of the blur
VISIBLE = 1e-9  # distance from a state of which an exponent can be told
COARSER = {
    "fine": 0.7,
    "dp": 1.4,
    "angles": 0.7,
    "p_c": 0.85,
}  # the grid whose results tell the error of the grid
SOONER = 0.8  # end of the time for which levels dephase like a continuum on it
COARSER_POLES = 10.0
WIDEST = 0.25  # Q for which the grid of a condensate without one is made, where Q is free


def step_of(run, fastest):
    """The step; InputError if it is not stable."""
    dt = run.numerics.dt
    if dt is None:
        return STEP / fastest
    if dt * fastest > RESOLVED:
        raise InputError(
            f"[numerics] dt = {dt:g}: must be <= {RESOLVED / fastest:.3g}, so that twice the step is stable; "
            "a smaller p_c allows a larger one"
        )
    return dt


def lasting(run, gamma):
    """How long levels along a ray must dephase like a continuum: until they have decayed, or past the end; where there are many rays, a third."""
    p = run.parameters
    rays = (
        3 if p.q or p.free_Q or p.branch.startswith("NFF") and run.initial.start == "branch" else 1
    )
    return min(PAST * run.run.t_max, FORGOTTEN / max(4 * gamma, 1e-12)) / rays


def root_near(state, late, comm):
    """lambda of the root of det M that a secant from a trace's exponent finds; None if it finds none within half of the depth. **Collective.**"""
    if np.isnan(late):
        return None
    z = secant(Samples(state, state.q, comm), 1j * late)
    return None if z is None or abs(z - 1j * late) > 0.5 * state.analytic_below else -1j * z


def root_slip(state, root, comm):
    """How far that root moves on finer grids, half as much again: what a coarser grid may hide, where neither resolves an angle. **Collective.**"""
    if root is None:
        return 0.0
    many = len(state.points.p) > response.MANY // 2
    others = (
        response.Response(
            state.baths,
            state.D,
            state.Q,
            state.q,
            state.angle,
            state.variant,
            state.dp / k,
            state.fine * k,
            int(state.angles * k),
        )
        for k in ((1 / 1.5,) if many else (1.5, 2.0))
    )
    found = [root_near(other, root, comm) for other in others]
    return 1.5 * max((abs(z - root) for z in found if z is not None), default=0.0)


def coarser(numerics):
    """[numerics] of the coarser grid that tells the error of the grid."""
    return replace(
        numerics,
        **{
            key: type(getattr(numerics, key))(getattr(numerics, key) * factor)
            for key, factor in COARSER.items()
        },
    )


def system_of(run, gas, state, variant=None):
    """The equations of model kinetic or memory, from the branch or from the normal state; on the coarser grid, or with fewer poles, of a variant."""
    p, n, start = run.parameters, run.numerics, run.initial
    if variant == "grid error":
        n = coarser(n)
    end = p.dmu if p.dmu_end is None else p.dmu_end
    ramp = uniform.Ramp(p.dmu, end, p.ramp_begin, p.ramp_time, p.ramp_back)
    D, Q = state
    Delta = start.kick if start.start == "normal" else D + start.kick
    width = WIDTHS * (COARSER["dp"] if variant == "grid error" else 1.0)
    grid = {
        "p_c": n.p_c,
        "dp": min(n.dp, width * gas.baths.blur),
        "fine": n.fine,
        "angles": n.angles,
        "field": start.field,
        "lasting": lasting(run, p.gamma) * (SOONER if variant == "grid error" else 1.0),
        "start_Q": Q + start.kick_Q if p.free_Q else None,
    }
    near = (D, max(Q, WIDEST) if p.free_Q else Q)
    if n.model == "kinetic":
        return uniform.Kinetic(gas.baths, p.inv_kfas, ramp, Delta, near, **grid)
    if not gas.baths.gamma > 0:
        raise InputError(
            '[parameters] gamma = 0: model = "memory" needs gamma > 0; use model = "kinetic"'
        )
    window = n.p_c**2 + max(p.dmu, end) + near[1] * n.p_c
    fit = poles.fit(
        "aaa",
        p.T,
        gas.baths.width,
        window,
        n.pole_error * (COARSER_POLES if variant == "pole error" else 1.0),
    )
    return uniform.Memory(fit, gas.baths, p.inv_kfas, ramp, Delta, near, **grid)


def neighbours(run, gas, Q):
    """{name: (Delta, Q)} of every solution of the gap equation at the end of the run, the normal one included; where Q is held, with this Q.

    Those that carry a current, possible where Q is held, are called flowing.
    """
    p = run.parameters
    gas = gas.at(p.dmu if p.dmu_end is None or p.ramp_back else p.dmu_end)
    known = {
        name: (D, other)
        for name, D, other in branches.find(gas, _curves(gas.at(0.0)))
        if p.free_Q or abs(other - Q) < 1e-6
    }
    if Q > 0 and not p.free_Q:
        D = np.geomspace(2e-3, 0.5, 60)
        g = np.array([states.gap(gas, x, Q) for x in D])
        for k in np.flatnonzero(g[:-1] * g[1:] < 0):
            root = brentq(lambda x: states.gap(gas, x, Q), D[k], D[k + 1], xtol=1e-11)
            if all(abs(root - x) > 1e-6 for x, _ in known.values()):
                known[f"flowing {k}"] = root, Q
    return {"normal": (0.0, Q)} | known


def beginning(run, gas):
    """(Delta, Q, error of Delta) from which a run starts; of the normal state what its grid is made for."""
    return (
        (0.1, 0.0, 0.0) if run.initial.start == "normal" else required(gas, run.parameters.branch)
    )


def full(run, comm, log, output):
    """One condensate Delta(t) e^{iQr} in full. **Collective.**"""
    p, n = run.parameters, run.numerics
    if p.q or run.sweep:
        raise InputError(f'[numerics] model = "{n.model}": takes q = 0 and no [sweep]')
    if run.initial.kick_Q and not p.free_Q:
        raise InputError("[initial] kick_Q: needs [parameters] free_Q = true")
    gas = gas_of(p, n)
    D, Q, _ = on_root(comm, beginning, run, gas)
    near = on_root(comm, neighbours, run, gas, Q)
    system = system_of(run, gas, (D, Q))
    run = replace(run, numerics=replace(n, dt=step_of(run, system.fastest)))
    log(
        f"evolve: {n.model}, {system.items} chunks of momenta, dt = {run.numerics.dt:.3g}, "
        + ", ".join(f"{k} {v:.5f}" + f" (Q = {w:.5f})" * (w > 0) for k, (v, w) in near.items())
    )
    recorder = FullRecords(run, system, near, D if run.initial.start == "branch" else 0.0)

    def state(variant, begin):
        return FieldState(system_of(run, gas, (D, Q), variant) if variant else system, comm, begin)

    outcome = run_evolution(run, comm, log, output, state, recorder)
    outcome.summary |= {
        "branch": p.branch if run.initial.start == "branch" else "normal",
        "Q": Q,
        "model": n.model,
        "fixed_Q": bool(Q > 0 and not p.free_Q),
    }
    if outcome.status == "complete":
        if "delta_final" in outcome.errors:
            outcome.errors["delta_final"] = max(
                outcome.errors["delta_final"], lasting_error(output(), recorder.variants)
            )
        late_rates(run, comm, output, recorder, outcome, gas)
    if outcome.summary["fixed_Q"]:
        outcome.warnings.append("Q is held: the states of this Q alone are within reach")
    return outcome


def lasting_error(out, names):
    """The largest error of |Delta| in the last tenth of the run: differences of runs pass through 0."""
    t = out.read("t_error")
    return float(
        sum(out.read(f"size_{name.replace(' ', '_')}") for name in names)[t >= 0.9 * t[-1]].max()
    )


def late_rates(run, comm, output, recorder, outcome, gas):
    """late_rate of a run that has arrived somewhere, with its error, and the root of det M next to it. **Collective.**"""
    out, summary, errors = output(), outcome.summary, outcome.errors
    summary |= {"late_rate": None, "root_rate": None}
    fate = summary.get("fate")
    if fate not in recorder.near or run.parameters.dmu_end is not None:
        return
    target, Q = recorder.near[fate]
    t, y = out.read("t"), out.read("size") - target
    if abs(y[-1]) < max(
        VISIBLE, errors.get("delta_final", 0.0)
    ):  # what is left is the grid's own steady state
        return
    rate = traces.late_exponent(t, y)
    if np.isnan(rate):
        return
    summary["late_rate"], slip = rate.real, 0.0
    if target > 0 and not run.parameters.free_Q:
        variant = "C" if run.numerics.model == "kinetic" else "D"
        n = run.numerics
        state = response.Response(
            gas.baths, target, Q, variant=variant, dp=n.dp, fine=n.fine, angles=n.angles
        )
        root = root_near(state, rate, comm)
        summary["root_rate"], slip = root and root.real, root_slip(state, root, comm)
    if "delta_final" in errors:
        others = [np.array(output.part(name).result["trace"]) for name in recorder.variants]
        errors["late_rate"] = slip + traces.exponent_error(
            t, y, [(x[:, 0], x[:, 1] - target) for x in others], recorder.safety
        )


class FullRecords(Recorder):
    """Data sets of an evolution in full: Delta, its deviation from the start's branch, Q, dmu."""

    safety, defaults, traced = 15.0 / 4, {"ts_rk_type": "4", "ts_adapt_type": "none"}, ("size",)
    caution = 3.0  # cutoff and panels of one coarser grid may cancel: on the way to the normal gas by a factor 2

    def __init__(self, run, system, near, before):
        self.run, self.system, self.near, self.before, self.free = (
            run,
            system,
            near,
            before,
            run.parameters.free_Q,
        )
        self.variants = ("step error", "grid error") + ("pole error",) * (
            run.numerics.model == "memory"
        )

    def declare(self, out):
        """Axes and series of the result file. **Collective.**"""
        out.growing_axis("t", "1/mu", "time")
        names = list(self.near)
        out.axis(
            "state",
            np.arange(len(names)),
            "1",
            "; ".join(f"{k}: {name}" for k, name in enumerate(names)),
        )
        for k, (key, text) in enumerate(
            (("delta_states", "order parameters"), ("Q_states", "wave numbers"))
        ):
            out.fixed(
                key,
                np.array([self.near[name][k] for name in names]),
                ("state",),
                ("mu", "pF")[k],
                text + " of the steady states at the last dmu",
            )
        out.series("delta", complex, ("t",), "mu", "order parameter")
        out.series("size", float, ("t",), "mu", "|Delta|")
        out.series(
            "ddelta",
            float,
            ("t",),
            "mu",
            "|Delta| less that of the branch it starts from (0: normal)",
        )
        out.series("Q", float, ("t",), "pF", "wave number of the condensate")
        out.series(
            "dmu", float, ("t",), "mu", "half the difference of the reservoirs' chemical potentials"
        )
        out.series(
            "particles",
            float,
            ("t",),
            "pF^3",
            "sum of g11 + 1 - g22 below p_c: particles of both spins, int p^2 dp",
        )

    def declare_errors(self, out):
        """Errors of Delta in time. **Collective.**"""
        out.growing_axis("t_error", "1/mu", "times at which the order parameter's errors are known")
        for name in self.variants:
            out.series(
                f"size_{name.replace(' ', '_')}",
                float,
                ("t_error",),
                "mu",
                f"error of |Delta| from the {name.split()[0]}",
            )

    def row(self, t, c, seen):
        """One row, replicated on every rank."""
        return {
            "t": t,
            "delta": complex(c[0]),
            "size": float(abs(c[0])),
            "ddelta": float(abs(c[0]) - self.before),
            "dmu": float(self.system.dmu(t)),
            "Q": float(c[2].real),
            "particles": float(np.real(seen["sums"][0])),
        }

    def headline(self, row):
        """Summary numbers of one row: where the order parameter is, and which state it has arrived at."""
        final, Q = float(abs(row["delta"])), row["Q"]
        scale = max(D for D, _ in self.near.values()) or 1.0
        away = {
            name: max(abs(D - final) / scale, abs(other - Q) if self.free and D > 0 else 0.0)
            for name, (D, other) in self.near.items()
        }
        name = min(away, key=away.get)
        return {
            "t": row["t"],
            "delta_final": final,
            **({"Q_final": Q} if self.free else {}),
            "fate": name if away[name] < NEAR else "under way",
        }

    def local(self, row, seen):
        return {
            name: row[name] for name in ("t", "delta", "size", "ddelta", "Q", "dmu", "particles")
        }

    def progress(self, row):
        return f"|Delta| = {abs(row['delta']):.6f}" + f", Q = {row['Q']:.5f}" * self.free
