"""Task ``modes`` of the nsn-junction: growth rates and frequencies of the modes of a uniform state."""

from __future__ import annotations

import time

import numpy as np

from ....errors import InputError, NotConverged
from ....parallel import Layout, on_root, solo
from ....solvers.modes import spectrum
from ....tasks import Outcome
from .. import inputs
from ..physics import junction as model
from ..physics import onsets
from ..physics import uniform_states as static
from ..physics.response import UniformResponse


def modes(run, comm, log, output):
    """Roots of det M(q, z) for each q, Kawamura & Ohashi 2025 linearised with the leads' memory. **Collective.**

    Ranks take wave numbers where there are enough of them, else they share the momentum sums.
    """
    state = on_root(comm, uniform_state, run)
    q = wave_numbers(run, state.grid)
    log(f"modes: D = {state.D:.8f}, {len(q)} wave number{'s' if len(q) > 1 else ''}")
    floor = -run.numerics.floor * state.analytic_below
    found = search(state, q, floor, comm, log)
    status, warnings = (
        "complete",
        [f"q = {k:.6g}: {text}" for k, text in zip(q, found) if isinstance(text, str)],
    )
    if warnings:
        status = "not-converged"
    write(output(), q, found)
    summary, errors = headline(state, q, found, floor)
    if summary["growth_rate"] is None and not warnings:
        warnings = [
            f"no mode decays slower than {-floor:.4g} at the wave number{'s' if len(q) > 1 else ''} asked for"
        ]
    return Outcome(status, summary, errors, warnings)


def uniform_state(run):
    """The response of the state that [initial] names. InputError if there is no such root."""
    p, n = run.parameters, run.numerics
    table = run.tables.get("leads") or inputs.Leads()
    leads = tuple(
        model.Lead(
            name,
            *(
                getattr(own, key) if getattr(own, key) is not None else getattr(p, key)
                for key in ("gamma", "T", "mu")
            ),
            sign,
        )
        for name, own, sign in (("left", table.left, +1), ("right", table.right, -1))
    )
    point = static.Point(p.U, p.mu, p.gamma, p.h, p.T, p.eV, leads)
    grid = static.finite(n.Lx, n.Ly) if n.lattice == "finite" else static.infinite(error=n.error)
    if run.initial.state == "normal":
        return UniformResponse(0.0, point, grid)
    roots = onsets.roots(point, grid)
    if not -len(roots) <= run.initial.root < len(roots):
        listed = ", ".join(f"{D:.6f}" for D in roots)
        raise InputError(
            f"[initial] root = {run.initial.root}: the gap equation has {len(roots) or 'no'} roots D > 0 at eV = {p.eV:g}, "
            f"h = {p.h:g}" + (f" ({listed})" if listed else '; use state = "normal"')
        )
    return UniformResponse(roots[run.initial.root], point, grid).at_root()


def wave_numbers(run, grid):
    """The q asked for, (n,) ascending; on a finite lattice the nearest of its own, each once."""
    given = run.sweep.get("q", np.atleast_1d(np.asarray(run.parameters.q, float)))
    if isinstance(grid, static.Finite):
        given = 2 * np.pi * np.round(given * grid.Lx / (2 * np.pi)) / grid.Lx
    if len(given) == 0:
        raise InputError("[parameters] q = []: must hold at least one number")
    return np.unique(given)


def search(state, q, floor, comm, log):
    """For each q its Spectrum, or the reason why there is none (str), on every rank. **Collective.**"""
    if len(q) < comm.size:
        return [_one(state, k, floor, comm) for k in q]
    layout, last, mine = Layout.over(len(q), comm), time.monotonic(), []
    for i in range(layout.start, layout.stop):
        mine.append(_one(state, q[i], floor, solo()))
        if time.monotonic() - last > 10.0:
            last = time.monotonic()
            log(f"modes: {len(mine)} of {layout.count} wave numbers of rank 0 done")
    return [spectrum for part in comm.allgather(mine) for spectrum in part]


def _one(state, q, floor, comm):
    try:
        return spectrum(state, float(q), comm, floor=floor)
    except NotConverged as error:
        return str(error)


def write(out, q, found):
    """Axes q and mode; rates, frequencies, their errors and multiplicities (nan, 0 beyond the last mode). **Collective.**"""
    most = max([1, *(len(s.modes) for s in found if not isinstance(s, str))])
    rate, frequency, error = (np.full((len(q), most), np.nan) for _ in range(3))
    multiplicity = np.zeros((len(q), most), np.int64)
    vector = np.full((len(q), most, 2), np.nan, complex)
    for i, s in enumerate(found):
        for j, mode in enumerate(() if isinstance(s, str) else s.modes):
            rate[i, j], frequency[i, j], error[i, j] = mode.z.imag, mode.z.real, mode.error
            multiplicity[i, j], vector[i, j] = mode.multiplicity, mode.vectors[0]
    out.axis("q", q, "1/lattice constant", "wave number along x")
    out.axis("mode", np.arange(most), "1", "modes of one q, fastest growing first")
    out.axis(
        "component",
        np.array(["delta", "conjugate"]),
        "1",
        "amplitude in Delta at q, in Delta^* at -q",
    )
    for name, values, units, text in (
        ("growth_rate", rate, "t_par", "Im z of the mode e^{-izt}"),
        ("frequency", frequency, "t_par", "Re z of the mode"),
        ("mode_error", error, "t_par", "bound on the error of z"),
        ("multiplicity", multiplicity, "1", "how often the mode counts"),
    ):
        out.fixed(name, values, ("q", "mode"), units, text)
    out.fixed("vector", vector, ("q", "mode", "component"), "1", "null vector of M, of length 1")
    out.fixed(
        "growing",
        np.array([-1 if isinstance(s, str) else s.growing for s in found], np.int64),
        ("q",),
        "1",
        "number of growing modes; -1: not converged",
    )
    out.fixed(
        "samples",
        np.array([0 if isinstance(s, str) else s.samples for s in found], np.int64),
        ("q",),
        "1",
        "evaluations of M",
    )


def headline(state, q, found, floor):
    """(summary, errors): the fastest growing mode over all q, and what state it belongs to."""
    good = [(k, s) for k, s in zip(q, found) if not isinstance(s, str)]
    best = max(
        ((mode.z.imag, i, mode) for i, (_, s) in enumerate(good) for mode in s.modes[:1]),
        default=None,
        key=lambda b: b[0],
    )
    summary = {
        "delta": state.D,
        "growth_rate": None,
        "frequency": None,
        "q_max": None,
        "growing_modes": max((s.growing for _, s in good), default=None),
        "floor": floor,
        "verdict": "unstable"
        if any(s.growing for _, s in good)
        else "stable"
        if len(good) == len(q)
        else "unknown",
        "samples": sum(s.samples for _, s in good),
    }
    errors = {}
    if best is not None:
        _, i, mode = best
        summary.update(growth_rate=mode.z.imag, frequency=abs(mode.z.real), q_max=float(good[i][0]))
        errors.update(growth_rate=mode.error, frequency=mode.error)
    return summary, errors


def estimate(run, ranks):
    """Lines for ``hpcneq check``: size and time, from three evaluations of M."""
    state = uniform_state(run)
    q = wave_numbers(run, state.grid)
    state(q[-1], 0.1j)
    begun = time.perf_counter()
    for y in (0.2, 0.3, 0.4):
        state(q[-1], 1j * y)
    each = (time.perf_counter() - begun) / 3
    factor = (
        0.1 if isinstance(state.grid, static.Infinite) and q[-1] != 0 else 1.0
    )  # the rough guide of the search
    return [
        f"  D = {state.D:.6f}; {len(q)} wave numbers, {state.items(q[-1])} rows of momenta",
        f"  one M: {1e3 * each:.1f} ms; about {2500 * each * factor * len(q) / ranks:.0f} s on {ranks} ranks",
    ]
