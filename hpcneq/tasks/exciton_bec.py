"""Driven-dissipative electron-hole condensate in the BCS-BEC crossover: steady states, spectra, long waves, phase diagram."""
from __future__ import annotations

import time

import numpy as np

from ..systems.exciton_bec import response as theory
from ..systems.exciton_bec import states
from . import exciton_boundary, exciton_coefficients, exciton_modes, exciton_response, exciton_steady, exciton_waves
from .exciton_coefficients import coefficients  # noqa: F401
from .exciton_boundary import boundary  # noqa: F401
from .exciton_modes import modes  # noqa: F401
from .exciton_response import response  # noqa: F401
from .exciton_steady import branches, spectrum, steady  # noqa: F401  (the driver finds tasks by name)
from .exciton_waves import phase_diagram  # noqa: F401

TASKS = {**exciton_steady.TASKS, **exciton_coefficients.TASKS, **exciton_waves.TASKS, **exciton_response.TASKS,
         **exciton_boundary.TASKS, **exciton_modes.TASKS}

SEARCHES = {"A": 0.4, "B": 4.0, "C": 14.0}      # s a boundary takes where one M takes 25 ms


def estimate(run, ranks):
    """Lines for ``hpcneq check``: size and time, from M evaluated once where the input asks for it."""
    if run.task not in ("response", "modes", "boundary", "phase-diagram"):
        return []
    drive = exciton_steady.drive_of(run)
    if run.task in ("boundary", "phase-diagram") and drive.ratio == 0:
        drive = states.replace(drive, ratio=0.02)
    state = states.solve(drive)
    q, w = (float(np.median(run.sweep.get(key, np.atleast_1d(default)))) for key, default in (("q", 0.02), ("w", 0.0)))
    fine = getattr(run.numerics, "panels", 0.7)
    begun = time.perf_counter()
    theory.matrices(state, q, [w], fine=fine)
    each = time.perf_counter() - begun
    lines = [f"  delta = {state.delta:.5f}; one M at q = {q:.3g}, w = {w:.3g}: {1e3 * each:.0f} ms"]
    if run.task == "response":
        points = len(run.sweep.get("q", [0])) * len(run.sweep.get("w", [0])) * len(run.parameters.ratios or [0])
        return [*lines, f"  {points} points with their errors: about {1.7 * points * each / ranks:.0f} s on {ranks} ranks"]
    if run.task == "modes":
        momenta = len(run.sweep.get("q", np.atleast_1d(np.asarray(run.parameters.q, float))))
        return [*lines, f"  {momenta} momenta, 200 to 700 samples each: about {300 * 0.5 * momenta * each / ranks:.0f} s on {ranks} ranks"]
    points = int(np.prod([len(x) for x in run.sweep.values()])) if run.task == "boundary" else len(run.sweep.get("inv_kfas", [0]))
    kinds = [run.parameters.kind] if run.task == "boundary" else ["A", "B", "C"] if run.numerics.boundaries == "modes" else ["A"]
    below = np.mean(run.sweep.get("inv_kfas", np.array([-9.0])) < run.numerics.switch) if run.task == "phase-diagram" else 1.0
    total = points * sum(SEARCHES[kind] * (below if kind == "C" else 1.0) for kind in kinds) * each / 0.025
    return [*lines, f"  {points} searches for {', '.join(kinds)}: about {total / ranks:.0f} s on {ranks} ranks"]
