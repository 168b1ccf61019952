"""The junction of an input and its stationary start: leads, lattice, drive, poles, and the order parameter before t = 0."""

from __future__ import annotations

import dataclasses
import os

import numpy as np

from ....errors import InputError, NotConverged
from ....maths import poles as pole_fits
from ....parallel import on_root
from ....solvers import newton
from .. import inputs
from ..physics import drive
from ..physics import junction as model
from ..physics import patterns as initial
from ..physics import stripe_states as stationary

ANY_PATTERN = ("evolve", "pattern")


def build(run, comm, recall=lambda name, compute, *args: compute(*args), which="", fits=None):
    """The Junction of an input: leads, lattice, drive, poles fitted once by rank 0. **Collective.**

    recall : gives the drive and the poles the run was begun with, where it is continued; ``which`` tells fits apart. fits : poles
    to use instead of new ones, as a checkpoint remembers them.
    """
    p, n = run.parameters, run.numerics
    if n.symmetry == "full" and run.task not in ANY_PATTERN:
        raise InputError(
            f'[numerics] symmetry = "full": task {run.task} needs "stripe" or "stripe-parity"; tasks with "full": {", ".join(ANY_PATTERN)}'
        )
    need, have = (
        8.0 * n.Lx**2 * (n.Ly // 2 + 1),
        os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    )
    if need > have:
        raise InputError(
            f"[numerics] Lx = {n.Lx}, Ly = {n.Ly}: the blocks of the hopping matrix alone need {need / 2**30:.0f} GB, "
            f"this machine has {have / 2**30:.0f} GB"
        )
    try:
        bias = drive.Drive.of(
            recall(
                "drive",
                lambda: dataclasses.asdict(on_root_value(comm, drive.read, p.eV, run.folder)),
            )
        )
    except ValueError as error:
        raise InputError(f"[parameters] {error}") from None
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
    width = sum(lead.gamma for lead in leads)
    window = n.pole_window or model.window(leads, p.mu, p.h, bias, run.run.t_max)
    fits = recall(
        which + "poles",
        lambda: (
            fits
            or [
                dataclasses.asdict(fit)
                for fit in on_root(
                    comm, model.fit_poles, leads, width, window, n.pole_error, n.poles
                )
            ]
        ),
    )
    poles = tuple(pole_fits.Poles(**fit) for fit in fits)
    lattice = model.stripe(n.Lx, n.Ly, p.mu, parity=n.symmetry == "stripe-parity")
    return model.Junction(p.U, p.mu, p.h, leads, lattice, bias, poles)


def loosened(run, comm, junction, recall):
    """The junction with poles of at least ten times the error, for error estimates; more if a fit would come out the same. **Collective.**"""
    error, size = run.numerics.pole_error, [len(fit.w) for fit in junction.poles]
    for _ in range(4):
        error = min(0.5, 10 * error)
        loose = build(
            dataclasses.replace(run, numerics=dataclasses.replace(run.numerics, pole_error=error)),
            comm,
            recall,
            f"loose {error:g} ",
        )
        if error == 0.5 or all(len(fit.w) < n for fit, n in zip(loose.poles, size)):
            break
    return loose


def on_root_value(comm, function, *args):
    """Like ``parallel.on_root`` for functions that raise ValueError."""

    def guarded():
        try:
            return function(*args), None
        except ValueError as error:
            return None, str(error)

    value, fault = on_root(comm, guarded)
    if fault:
        raise ValueError(fault)
    return value


# ---- the start ----------------------------------------------------------------------------------------------------


def start(run, comm, junction, log):
    """The stationary order parameter before t = 0 and what to say about it. **Collective.**"""
    state, bias = run.initial.state, junction.drive.start
    nothing = np.zeros(len(junction.lattice.count), complex)
    if state == "auto" and (bias != 0 or not junction.balanced):
        raise InputError(
            f'[initial] state = "auto": states are compared by their free energy, which exists at zero bias and equal '
            f'leads only (got eV = {bias:g} before t = 0); use "normal", "bcs" or "fflo"'
        )
    if state != "normal" and not junction.balanced:
        raise InputError(
            f'[initial] state = "{state}": with unequal leads the phase of a condensate turns; only "normal" is stationary'
        )
    summary = {"initial_state": state}
    if state == "normal":
        return nothing, {"summary": summary, "warnings": []}
    candidates = list(_candidates(run, comm, junction, state, log))
    if state == "auto" and not candidates:
        return nothing, _normal(comm, junction, bias)
    if not candidates:
        raise NotConverged(
            f"initial: no {state} state was found at eV={bias:g}, h={junction.h:g}, T={junction.leads[0].T:g} "
            f"on {junction.lattice.Lx} x {junction.lattice.Ly} sites; try another state or wave_number"
        )
    energy, name, n, delta = min(candidates, key=lambda c: c[0])
    if (
        state == "auto"
        and energy > on_root(comm, stationary.free_energy, junction, nothing) - 1e-12
    ):
        return nothing, _normal(comm, junction, bias)
    delta, residual = polish(comm, junction, bias, delta, n)
    log(
        f"initial: {name} state"
        + (f" with {n} periods" if n else "")
        + f", max|Delta| = {np.abs(delta).max():.5f}, residual {residual:.1e}"
    )
    summary.update(
        initial_state=name,
        initial_wave_number=n,
        initial_residual=residual,
        initial_delta_max=float(np.abs(delta).max()),
    )
    return delta, {"summary": summary, "warnings": []}


def _normal(comm, junction, bias):
    """The normal state as the answer of "auto", with a warning if pairing would grow from it all the same."""
    strength = on_root(
        comm,
        lambda: [
            initial.pair_susceptibility(junction, bias, n)
            for n in range(junction.lattice.Lx // 2 + 1)
        ],
    )
    n = int(np.argmax(strength))
    warnings = []
    if strength[n] > 1:
        warnings.append(
            f"initial: the normal state is unstable (U C = {strength[n]:.4f} at n = {n}) but no condensed state of lower "
            "free energy was found; give [initial] state and wave_number"
        )
    return {"summary": {"initial_state": "normal"}, "warnings": warnings}


def _candidates(run, comm, junction, state, log):
    """(free energy or 0, name, n, delta) of every converged real, even candidate on the mirror lattice."""
    n = run.numerics
    mirror = dataclasses.replace(
        junction, lattice=model.stripe(n.Lx, n.Ly, junction.mu, parity=True)
    )
    bias = junction.drive.start
    problem = stationary.GapProblem(mirror, bias, real=True)
    expand = (
        mirror.lattice.expand
        if len(junction.lattice.expand) == len(junction.lattice.count)
        else slice(None)
    )
    waves = ([0] if state in ("auto", "bcs") else []) + (
        _wave_numbers(run, mirror, bias) if state in ("auto", "fflo") else []
    )
    seen = set()
    for k in waves:
        seed = (
            np.full(len(mirror.lattice.count), 0.25 * junction.U)
            if k == 0
            else initial.cosine(mirror.lattice, k, 0.2 * junction.U)
        )
        found = newton.relax(problem, comm, problem.flat(seed))
        found = newton.solve(problem, comm, found.x)
        delta = found.x[expand] + 0j
        named = initial.describe(found.x[mirror.lattice.expand] + 0j)
        n_found = named["wave_number"]
        if not found.converged or named["state"] == "normal" or n_found in seen:
            continue
        if n_found != k and (state != "auto" or run.initial.wave_number is not None):
            continue  # it was asked for by name
        seen.add(n_found)
        k = n_found
        energy = on_root(comm, stationary.free_energy, mirror, found.x + 0j) if bias == 0 else 0.0
        log(
            f"initial: {'bcs' if k == 0 else f'fflo n={k}'}: max|Delta| = {named['delta_max']:.5f}"
            + (f", free energy {energy:.8f}" if bias == 0 else "")
        )
        yield energy, "bcs" if k == 0 else "fflo", k, delta


def _wave_numbers(run, junction, bias):
    """Wave numbers worth trying: the given one, else those around the largest pair susceptibility."""
    if run.initial.wave_number is not None:
        if run.initial.wave_number > run.numerics.Lx // 2:
            raise InputError(
                f"[initial] wave_number = {run.initial.wave_number}: must be <= Lx // 2 = {run.numerics.Lx // 2}"
            )
        return [run.initial.wave_number]
    top = run.numerics.Lx // 2
    strength = [initial.pair_susceptibility(junction, bias, n) for n in range(1, top + 1)]
    if not strength:
        return []
    peak = 1 + int(np.argmax(strength))
    reach = max(2, top // 10)
    return [n for n in range(1, top + 1) if abs(n - peak) <= reach]


def polish(comm, junction, bias, delta, n):
    """Newton on the junction's own lattice with phase and translation fixed; (delta, largest residual). **Collective.**

    A pattern found off the lattice's mirror axis keeps a pinning force, seen as a multiplier; it is then
    centred and solved again.
    """
    problem = stationary.GapProblem(junction, bias)
    found = newton.solve(problem, comm, problem.flat(delta))
    if found.residual > 1e-12 and n and len(delta) == junction.lattice.Lx:
        moved = initial.centre(problem.complex(found.x), n)
        found = newton.solve(problem, comm, problem.flat(moved))
    if not found.converged or found.residual > 1e-9:
        raise NotConverged(
            f"initial: SNES stopped with residual {found.residual:.1e} ({found.reason}); "
            "try [petsc] initial.snes_max_it, another wave_number, or a smaller Lx"
        )
    return problem.complex(found.x), found.residual
